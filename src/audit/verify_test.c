/* What verification finds in a trail that somebody was at. */
#include "audit/verify.h"

#include "audit/test_trail.h"

#define LINES 8 /* trail-begun and seven acts */

/* A whole trail, as its lines, each with its line feed. */
static void make_trail(struct list *lines)
{
    AUTO(free) char *text = NULL;
    struct view rest, line;

    append_anew(LINES - 1);
    text = trail_text("audit.log");
    rest = view_of(text);
    while (view_cut(&rest, '\n', &line) && line.len > 0) {
        AUTO(free) char *whole = xprintf("%.*s\n", (int)line.len, line.at);

        list_add(lines, whole);
    }
    REQUIRE(lines->len == LINES, "%zu", lines->len);
}

/* Writes the lines with these numbers, from 1; 0 ends them. */
static void write_lines(const struct list *lines, const int *order)
{
    AUTO(buf_clear) struct buf text = BUF(1 << 20);

    for (size_t i = 0; order[i] != 0; i++)
        buf_put_text(&text, lines->at[order[i] - 1]);
    write_trail("audit.log", buf_text(&text));
}

TEST(lines_that_were_moved_or_taken_out_are_found)
{
    static const struct {
        const char *name;
        int order[LINES + 3];
        const char *problems;
    } cases[] = {
        { "whole", { 1, 2, 3, 4, 5, 6, 7, 8 }, "" },
        { "one is missing", { 1, 2, 3, 5, 6, 7, 8 }, "audit.log:4: line 4 is missing in front of it" },
        { "several are", { 1, 2, 6, 7, 8 }, "audit.log:3: lines 3 to 5 are missing in front of it" },
        { "two are exchanged", { 1, 2, 4, 3, 5, 6, 7, 8 },
            "audit.log:3: line 3 is missing in front of it; audit.log:4: line 3 stands behind line 4: lines were put "
            "in "
            "another order, or in a second time; audit.log:5: line 4 is missing in front of it" },
        { "one stands twice", { 1, 2, 3, 3, 4, 5, 6, 7, 8 },
            "audit.log:4: line 3 stands behind line 3: lines were put in another order, or in a second time" },
        { "the first is missing", { 2, 3, 4, 5, 6, 7, 8 }, "" }, /* as after a rotation */
        { "a trail begins anew", { 1, 2, 3, 1, 2, 3 },
            "audit.log:4: a new trail begins here, as the one that ends with line 3 was not there, or could not be "
            "read" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(free) char *path = test_path("audit.log"), *problems = NULL;
        AUTO(list_clear) struct list lines = { 0 };

        (void)unlink(path);
        make_trail(&lines);
        write_lines(&lines, cases[i].order);
        problems = problems_with(NULL);
        CHECK_TEXT(problems, cases[i].problems, cases[i].name);
    }
}

/* A byte of each line in turn, anywhere in it. */
TEST(a_line_that_was_changed_is_found)
{
    AUTO(list_clear) struct list lines = { 0 };
    static const int all[] = { 1, 2, 3, 4, 5, 6, 7, 8, 0 };

    make_trail(&lines);
    for (size_t line = 0; line + 1 < LINES; line++) {
        for (size_t at = 0; at < strlen(lines.at[line]); at += 7) {
            AUTO(free) char *problems = NULL, *where = xprintf("audit.log:%zu: ", line + 1);
            char before = lines.at[line][at];

            lines.at[line][at] = before == '8' ? '9' : '8';
            write_lines(&lines, all);
            lines.at[line][at] = before;
            problems = problems_with(NULL);
            /* Its number, or the hash of the line before, may point at a neighbour, too. */
            CHECK(problems[0] != '\0' && (strstr(problems, where) != NULL || at < 90), "%zu, byte %zu: %s", line + 1,
                at, problems);
        }
    }
}

/* What nobody has the hash of is not found, and a head finds it: the very line. */
TEST(a_head_shows_what_the_chain_cannot)
{
    AUTO(list_clear) struct list lines = { 0 };
    AUTO(audit_heads_clear) struct audit_heads heads = { 0 };
    AUTO(free) char *none = NULL, *cut = NULL, *changed = NULL;
    struct audit_head head = { .seq = LINES };
    struct error err = { 0 };

    make_trail(&lines);
    REQUIRE(audit_hash(view_of(lines.at[LINES - 1]), head.hash, &err));
    REQUIRE(audit_heads_add(&heads, &head));
    none = problems_with(&heads);
    CHECK_TEXT(none, "", "as it was");

    write_lines(&lines, (const int[]){ 1, 2, 3, 4, 5, 0 });
    check_whole("the chain is");
    cut = problems_with(&heads);
    CHECK_TEXT(cut, "audit.log:5: there is a head of line 8: lines behind this one were taken away", "cut off");

    memcpy(strstr(lines.at[LINES - 1], "example.org"), "example.net", strlen("example.net"));
    write_lines(&lines, (const int[]){ 1, 2, 3, 4, 5, 6, 7, 8, 0 });
    check_whole("the chain is");
    changed = problems_with(&heads);
    CHECK_TEXT(changed, "audit.log:8: there is another head of it: it, or a line before it, was changed", "changed");
}

TEST(heads_may_be_old_or_without_number)
{
    AUTO(list_clear) struct list lines = { 0 };
    AUTO(audit_heads_clear) struct audit_heads heads = { 0 };
    AUTO(audit_verdict_clear) struct audit_verdict verdict = { 0 };
    struct audit_head first = { .seq = 1 }, fifth = { 0 }, third = { .seq = 3 };
    struct error err = { 0 };

    make_trail(&lines);
    REQUIRE(audit_hash(view_of(lines.at[0]), first.hash, &err) && audit_hash(view_of(lines.at[4]), fifth.hash, &err) &&
            audit_hash(view_of(lines.at[2]), third.hash, &err));
    REQUIRE(audit_heads_add(&heads, &third) && audit_heads_add(&heads, &first) && audit_heads_add(&heads, &third) &&
            audit_heads_add(&heads, &fifth));
    audit_heads_sort(&heads);
    write_lines(&lines, (const int[]){ 3, 4, 5, 6, 7, 8, 0 });
    REQUIRE(audit_verify(test_dir(), &heads, &verdict, &err), "%s", err.why);
    CHECK_INT(verdict.problem_count, 0, "problems");
    CHECK_INT(verdict.older, 1, "the first line was rotated away, and the one behind it");
    CHECK_INT(verdict.compared, 2, "the third, once, and the fifth");
    write_lines(&lines, (const int[]){ 6, 7, 8, 0 });
    audit_verdict_clear(&verdict);
    REQUIRE(audit_verify(test_dir(), &heads, &verdict, &err), "%s", err.why);
    CHECK_INT(verdict.problem_count, 1, "one without a number must be there");
}

/* Nothing can be said of heads of which no line is there, but of the last before the first one. */
TEST(a_trail_that_begins_behind_all_heads_is_told)
{
    AUTO(list_clear) struct list lines = { 0 };
    AUTO(audit_heads_clear) struct audit_heads heads = { 0 };
    AUTO(free) char *next = NULL, *other = NULL, *behind = NULL, *with_a_newer = NULL;
    struct audit_head second = { .seq = 2 }, fourth = { .seq = 4 };
    struct error err = { 0 };

    make_trail(&lines);
    REQUIRE(audit_hash(view_of(lines.at[1]), second.hash, &err) && audit_hash(view_of(lines.at[3]), fourth.hash, &err));
    REQUIRE(audit_heads_add(&heads, &second));
    write_lines(&lines, (const int[]){ 3, 4, 5, 6, 7, 8, 0 });
    next = problems_with(&heads);
    CHECK_TEXT(next, "", "the first line has its hash");
    heads.at[0].hash[0] = heads.at[0].hash[0] == '0' ? '1' : '0';
    other = problems_with(&heads);
    CHECK_TEXT(other,
        "audit.log:1: there is another head of line 2, which stood in front of it: it, or a line before it, was "
        "changed",
        "the first line has another hash");
    write_lines(&lines, (const int[]){ 4, 5, 6, 7, 8, 0 });
    behind = problems_with(&heads);
    CHECK_TEXT(behind,
        "audit.log:0: the newest head is of line 2, and the trail begins with line 4: nothing could be compared",
        "behind");
    REQUIRE(audit_heads_add(&heads, &fourth));
    with_a_newer = problems_with(&heads);
    CHECK_TEXT(with_a_newer, "", "one of them is enough");
}

TEST(files_are_one_chain_whatever_they_are_called)
{
    AUTO(list_clear) struct list lines = { 0 };
    AUTO(free) char *text = NULL, *gone = NULL, *others = NULL;

    make_trail(&lines);
    write_lines(&lines, (const int[]){ 1, 2, 0 });
    rename_trail("audit.log", "audit.log.2");
    write_lines(&lines, (const int[]){ 3, 4, 0 });
    rename_trail("audit.log", "audit.log-20261201");
    write_lines(&lines, (const int[]){ 5, 6, 0 });
    rename_trail("audit.log", "audit.log.from-000000000005");
    write_lines(&lines, (const int[]){ 7, 8, 0 });
    write_trail("audit.log.old", "not one of them\n");
    check_whole("four files");
    text = test_path("audit.log-20261201");
    (void)unlink(text);
    gone = problems_with(NULL);
    CHECK_TEXT(gone, "audit.log.from-000000000005:1: lines 3 to 4 are missing in front of it", "one is gone");
    write_trail("audit.log.1", "what is this?\n");
    others = problems_with(NULL);
    CHECK(strstr(others, "audit.log.1:1: cannot be read: it was changed, or damaged") != NULL, "%s", others);
}

TEST(a_clock_that_goes_back_is_counted)
{
    struct audit_trail trail = trail_here();
    AUTO(audit_verdict_clear) struct audit_verdict verdict = { 0 };
    struct error err = { 0 };

    CHECK_INT(append(&trail, 2, &err), 2, err.why);
    trail.now -= 3600;
    CHECK_INT(append(&trail, 2, &err), 2, err.why);
    REQUIRE(audit_verify(test_dir(), NULL, &verdict, &err), "%s", err.why);
    CHECK_INT(verdict.problem_count, 0, "no problem");
    CHECK_INT(verdict.clock_back, 1, "once");
}

/* Problems are bounded, and so is a line. */
TEST(what_is_no_trail_at_all_is_read_with_bounds)
{
    AUTO(buf_clear) struct buf text = BUF(4 << 20);
    AUTO(audit_verdict_clear) struct audit_verdict verdict = { 0 };
    struct error err = { 0 };

    for (int i = 0; i < 200; i++)
        buf_put_text(&text, "junk\n");
    for (size_t i = 0; i < 3 * AUDIT_LINE_MAX; i++)
        buf_put_char(&text, 'x');
    buf_put_text(&text, "\nend\n");
    AUTO(free) char *path = test_path("audit.log");
    FILE *file = fopen(path, "w");
    REQUIRE(file != NULL && fputs(buf_text(&text), file) >= 0 && fclose(file) == 0);
    REQUIRE(audit_verify(test_dir(), NULL, &verdict, &err), "%s", err.why);
    CHECK_INT(verdict.lines, 202, "lines");
    CHECK_INT(verdict.problem_count, 202, "problems");
    CHECK_INT(verdict.problems[AUDIT_PROBLEMS_KEPT - 1].line, AUDIT_PROBLEMS_KEPT, "the first ones are kept");
}

TEST(the_end_alone_is_read_quickly)
{
    AUTO(audit_verdict_clear) struct audit_verdict verdict = { 0 };
    AUTO(list_clear) struct list lines = { 0 };
    struct error err = { 0 };

    REQUIRE(audit_verify_end(test_dir(), 1000, &verdict, &err) && verdict.lines == 0, "no trail: %s", err.why);
    make_trail(&lines);
    REQUIRE(audit_verify_end(test_dir(), 1000, &verdict, &err), "%s", err.why);
    CHECK(verdict.problem_count == 0 && verdict.lines > 1 && verdict.lines < LINES, "%d lines", (int)verdict.lines);
    audit_verdict_clear(&verdict);
    write_lines(&lines, (const int[]){ 1, 2, 3, 4, 5, 6, 8, 0 });
    REQUIRE(audit_verify_end(test_dir(), 1000, &verdict, &err), "%s", err.why);
    CHECK_INT(verdict.problem_count, 1, "missing");
}

TEST_MAIN()
