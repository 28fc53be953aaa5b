#include "audit/head.h"

#include "base/mem.h"
#include "base/test.h"

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

TEST(a_head_is_read_as_it_was_written)
{
    static const char *const trails[] = { "/var/log/letsencrypt/audit.log", "/a b/\"c\"/audit.log", "/\\/audit.log",
        "/x trail=\"/y\"/audit.log", "/\xc3\xbc/audit.log" };

    for (size_t i = 0; i < COUNT(trails); i++) {
        struct audit_head head = { .seq = 12, .hash = HASH }, found = { 0 };
        AUTO(free) char *text = audit_head_text(&head, trails[i], "act=key-made lineage=a audit head=9:x trail=\"/z\"");
        AUTO(free) char *line = xprintf("Dec  1 03:45:31 host evercert[7]: %s\n", text);
        AUTO(free) char *trail = NULL;

        REQUIRE(audit_head_read(view_of(line), &found, &trail), "%s", line);
        CHECK_INT(found.seq, 12, line);
        CHECK_TEXT(found.hash, HASH, line);
        CHECK_TEXT(trail, trails[i], line);
    }
}

TEST(other_lines_have_none)
{
    static const char *const lines[] = { "", "audit", "audit head=", "audit head=12:" HASH,
        "audit head=12:" HASH " trail=", "audit head=12:" HASH " trail=\"/x", "audit head=12:" HASH " trail=/x",
        "audit head=" HASH " trail=\"/x\"", "audit head=0:" HASH " trail=\"/x\"",
        "audit head=12:0" HASH " trail=\"/x\"", "audit head=12:" HASH " trail=\"\\u0000\"",
        "audit head=12:" HASH " trail=\"\\\"" };

    for (size_t i = 0; i < COUNT(lines); i++) {
        struct audit_head head = { 0 };
        char *trail = NULL;

        CHECK(!audit_head_read(view_of(lines[i]), &head, &trail), "%s", lines[i]);
        CHECK(trail == NULL, "%s", lines[i]);
    }
}

/* What others have the system's log say has the mark as well, but not where we have it. */
TEST(only_what_we_have_said_counts)
{
    static const struct {
        const char *before;
        bool is;
    } rows[] = {
        { "", true },
        { "evercert[7]: ", true },
        { "<85>Dec  1 03:45:31 evercert[4711]: ", true },
        { "2026-12-01T03:45:31.123456+00:00 host evercert[7]: ", true },
        { "Dec  1 03:45:31 host sshd[9]: Invalid user ", false },
        { "Dec  1 03:45:31 host sshd[9]: Invalid user evercert[7]: ", false },
        { "Dec  1 03:45:31 host notevercert[7]: ", false },
        { "Dec  1 03:45:31 host evercert[]: ", false },
        { "Dec  1 03:45:31 host evercert[7x]: ", false },
        { "Dec  1 03:45:31 host evercert: ", false },
        { "Dec  1 03:45:31 host evercert[7]: x ", false },
        { "Dec  1 03:45:31 host evercert[7]:", false },
        { " ", false },
        { "]: ", false },
        { ": ", false },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(free) char *line = xprintf("%saudit head=12:" HASH " trail=\"/x\"", rows[i].before), *trail = NULL;
        struct audit_head head = { 0 };

        CHECK(audit_head_read(view_of(line), &head, &trail) == rows[i].is, "%s", line);
    }
}

TEST(a_head_may_be_typed)
{
    struct audit_head head = { 0 };

    CHECK(audit_head_parse(view_of("4711:" HASH), &head) && head.seq == 4711);
    CHECK(audit_head_parse(view_of(HASH), &head) && head.seq == 0);
    CHECK(!audit_head_parse(view_of(""), &head) && !audit_head_parse(view_of(":" HASH), &head));
    CHECK(!audit_head_parse(view_of("x:" HASH), &head) && !audit_head_parse(view_of("1:" HASH ":"), &head));
}

TEST(heads_of_another_trail_are_passed_over)
{
    AUTO(free) char *path = test_path("log");
    AUTO(audit_reader_close) struct audit_reader *reader = NULL;
    AUTO(audit_heads_clear) struct audit_heads heads = { 0 };
    struct error err = { 0 };
    FILE *file = fopen(path, "w");

    REQUIRE(file != NULL);
    for (int seq = 40; seq > 0; seq--)
        fprintf(file, "host evercert[7]: audit head=%d:" HASH " trail=\"/%s/audit.log\"\nsomething else\n", seq,
            seq % 2 == 0 ? "ours" : "theirs");
    REQUIRE(fclose(file) == 0);
    REQUIRE(audit_reader_open(path, &reader, &err), "%s", err.why);
    REQUIRE(audit_heads_read(reader, "/ours/audit.log", &heads, &err), "%s", err.why);
    audit_heads_sort(&heads);
    CHECK_INT(heads.count, 20, "ours");
    CHECK(heads.at[0].seq == 2 && heads.at[19].seq == 40, "sorted");
}

TEST(a_program_may_be_the_log)
{
    char *argv[] = { (char[]){ "echo" }, (char[]){ "audit head=3:" HASH " trail=\"/x\"" }, NULL };
    char *fails[] = { (char[]){ "false" }, NULL };
    char *missing[] = { (char[]){ "no-such-program-here" }, NULL };
    AUTO(audit_reader_close) struct audit_reader *reader = NULL, *failing = NULL, *none = NULL;
    AUTO(audit_heads_clear) struct audit_heads heads = { 0 };
    struct error err = { 0 };

    REQUIRE(audit_reader_run(argv, &reader, &err) && audit_heads_read(reader, "/x", &heads, &err), "%s", err.why);
    CHECK_INT(heads.count, 1, "one");
    REQUIRE(audit_reader_run(fails, &failing, &err));
    CHECK(!audit_heads_read(failing, "/x", &heads, &err), "a log that was not read to its end is none");
    CHECK(!audit_reader_run(missing, &none, &err));
}

TEST_MAIN()
