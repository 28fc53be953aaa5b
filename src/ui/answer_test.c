#include "ui/answer.h"
#include "ui/scene.h"

#define WAIT "go> "

static void read_answers(void *ctx)
{
    const char *count = ctx;

    for (int i = 0; i < count[0] - '0'; i++) {
        AUTO(free) char *before = xstrdup("untouched"), *answer = NULL;
        char *got = before;
        struct error err = { 0 };

        dprintf(STDOUT_FILENO, WAIT);
        if (!answer_read(&got, &err)) {
            dprintf(STDERR_FILENO, "%s|%s|%s\n", error_kind_name(err.kind), err.why, got);
            return;
        }
        answer = got;
        dprintf(STDERR_FILENO, "<%s>\n", answer != NULL ? answer : "(NULL)");
    }
}

static char long_line[ANSWER_MAX + 10];

TEST(answer)
{
    static const struct {
        const char *name, *input, *count, *want;
        bool terminal;
    } cases[] = {
        { "end of file", "", "1", "canceled|the input ended before the question was answered|untouched\n", false },
        { "end of file behind an answer", "a\n", "2",
            "<a>\ncanceled|the input ended before the question was answered|untouched\n", false },
        { "escape sequence", "\033[2J\n", "1", "<(NULL)>\n", false },
        { "not UTF-8", "\xff\xfe\n", "1", "<(NULL)>\n", false },
        { "a line without end", long_line, "1", "<(NULL)>\n", false },
        { "no line feed at the end", "last", "1", "<last>\n", false },
        { "blanks around, CR LF", "  \t a b \r\n", "1", "<a b>\n", false },
        { "tab", "a\tb\n", "1", "<a b>\n", false },
        { "no-break spaces",
            "a\xc2\xa0"
            "b\xe2\x80\xaf"
            "c\n",
            "1", "<a b c>\n", false },
        { "spaces of a table",
            "\xe2\x80\x83"
            "a\xe3\x80\x80"
            "b\xe2\x80\xa8"
            "c\n",
            "1", "<a b c>\n", false },
        { "without width",
            "\xef\xbb\xbf"
            "a\xe2\x80\x8b\n",
            "1", "<a>\n", false },
        { "cut in a character", "a\xe2\x80\n", "1", "<(NULL)>\n", false },
        { "empty", "\n", "1", "<>\n", false },
        { "three", "1\n2\n3\n", "3", "<1>\n<2>\n<3>\n", false },
        { "UTF-8", "gr\xc3\xbc\xc3\x9f\n", "1", "<gr\xc3\xbc\xc3\x9f>\n", false },
        { "typed", "yes\n", "1", "<yes>\n", true },
        { "typed and corrected", "yez\177s\n", "1", "<yes>\n", true },
        { "Ctrl-D", "\004", "1", "canceled|the input ended before the question was answered|untouched\n", true },
        { "Ctrl-C", "ye\003", "1", "canceled|Exiting due to user request.|untouched\n", true },
        { "Ctrl-\\", "\034", "1", "canceled|stopped by SIGQUIT|untouched\n", true },
    };

    memset(long_line, 'x', sizeof long_line - 1);
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(scene_clear) struct scene scene = { .input = cases[i].input, .after = WAIT };

        scene.terminal = cases[i].terminal;
        scene_play(&scene, read_answers, (void *)(uintptr_t)cases[i].count);
        CHECK_INT(scene.status, 0, cases[i].name);
        CHECK_TEXT(buf_text(&scene.err), cases[i].want, cases[i].name);
    }
}

static void read_one_and_run(void *ctx)
{
    read_answers(ctx);
    (void)!system("cat >&2"); /* as a hook that reads on */
}

TEST(nothing_is_taken_beyond_the_line)
{
    AUTO(scene_clear) struct scene scene = { .input = "one\ntwo\n" };

    scene_play(&scene, read_one_and_run, (void *)(uintptr_t) "1");
    CHECK_TEXT(buf_text(&scene.err), "<one>\ntwo\n", "the hook gets the second line");
}

static void read_shielded(void *ctx)
{
    (void)raise(SIGTERM);
    interrupt_shield();
    read_answers(ctx);
    interrupt_unshield();
    read_answers(ctx);
}

TEST(an_interrupt_of_before)
{
    AUTO(scene_clear) struct scene scene = { .input = "a\nb\n", .stays_open = true };

    scene_play(&scene, read_shielded, (void *)(uintptr_t) "1");
    CHECK_TEXT(buf_text(&scene.err), "<a>\ncanceled|stopped by SIGTERM|untouched\n", "shielded first");
}

static void read_closed(void *ctx)
{
    (void)close(STDIN_FILENO);
    read_answers(ctx);
}

TEST(no_standard_input_at_all)
{
    AUTO(scene_clear) struct scene scene = { 0 };

    scene_play(&scene, read_closed, (void *)(uintptr_t) "1");
    CHECK(strstr(buf_text(&scene.err), "canceled|the input ended") != NULL, "%s", buf_text(&scene.err));
}

TEST(answer_means)
{
    static const struct {
        const char *answer, *label;
        bool want;
    } cases[] = {
        { "", "Yes", false },
        { "yesterday", "Yes", false },
        { "n", "Yes", false },
        { "y", "Yes", true },
        { "Y", "Yes", true },
        { "yE", "Yes", true },
        { "yes", "Yes", true },
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        CHECK(answer_means(cases[i].answer, cases[i].label) == cases[i].want, "%s", cases[i].answer);
    CHECK(answer_is_cancel("c") && answer_is_cancel("C") && !answer_is_cancel("") && !answer_is_cancel("cc"), " ");
}

TEST_MAIN()
