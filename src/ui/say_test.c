#include "ui/scene.h"
#include "ui/ui.h"

#define FRAME "- - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - -\n"
#define WORDS "one two three four five six seven eight nine ten eleven twelve thirteen fourteen "

static struct ui_options options;

static void say_all(void *ctx __attribute__((unused)))
{
    AUTO(ui_free) struct ui *ui = ui_new(&options);

    ui_say(ui, "%s and %d%%", "text", 7);
    ui_say(ui, "%s", "");
    ui_frame(ui, true, WORDS "fifteen");
    ui_frame(ui, false, WORDS "fifteen\n");
    ui_frame_line(ui);
    ui_write(ui, view_of("{}"));
}

TEST(say)
{
    AUTO(scene_clear) struct scene scene = { 0 };

    options = (struct ui_options){ 0 };
    scene_play(&scene, say_all, NULL);
    CHECK_INT(scene.status, 0, "say");
    CHECK_TEXT(buf_text(&scene.out),
        "text and 7%\n\n\n" FRAME
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen\nfifteen\n" FRAME
        "\n" FRAME WORDS "fifteen\n" FRAME FRAME "{}",
        "say");
    CHECK_TEXT(buf_text(&scene.err), "", "say");
    CHECK_INT((int64_t)strlen(FRAME), 80, "79 characters and a line feed");
}

static void say_foreign(void *ctx __attribute__((unused)))
{
    AUTO(ui_free) struct ui *ui = ui_new(&options);
    AUTO(ui_free) struct ui *worker = ui_collect(ui);
    static const struct question question = { .text = "Which\033[1m?", .forced = true };
    AUTO(list_clear) struct list choices = { 0 };
    struct error err = { 0 };
    size_t chosen;

    list_add(&choices, "a\033]0;x\a");
    ui_say(ui, "file %s\n\tcaf\xc3\xa9 \xff", "\033[2J");
    ui_frame(ui, false, "bad\033[2J");
    ui_frame(ui, true,
        "\xe2\x80\xae"
        "turned");
    ui_say(worker, "%s",
        "\x9b"
        "1m");
    ui_flush(worker);
    (void)!ui_menu(ui, &question, &choices, 0, &chosen, &err);
    ui_write(ui, view_of("\033"));
}

TEST(what_stands_in_lines_is_made_printable)
{
    AUTO(scene_clear) struct scene scene = { .input = "c\n" };

    options = (struct ui_options){ 0 };
    scene_play(&scene, say_foreign, NULL);
    CHECK_INT(scene.status, 0, "say");
    CHECK(strstr(buf_text(&scene.out), "file ?[2J\n\tcaf\xc3\xa9 ?\n") != NULL, "%s", buf_text(&scene.out));
    CHECK(strstr(buf_text(&scene.out), "bad?[2J\n" FRAME) != NULL && strstr(buf_text(&scene.out), "?turned\n") != NULL,
        "%s", buf_text(&scene.out));
    CHECK(strstr(buf_text(&scene.out), "?1m\n") != NULL && strstr(buf_text(&scene.out), "Which?[1m?\n") != NULL, "%s",
        buf_text(&scene.out));
    CHECK(strstr(buf_text(&scene.out), "1: a?]0;x?\n") != NULL, "%s", buf_text(&scene.out));
    CHECK(scene.out.len > 0 && memchr(scene.out.at, 033, scene.out.len) == scene.out.at + scene.out.len - 1,
        "escapes but the one that scripts get: %s", buf_text(&scene.out));
}

TEST(quiet)
{
    AUTO(scene_clear) struct scene scene = { 0 };

    options = (struct ui_options){ .quiet = true };
    scene_play(&scene, say_all, NULL);
    CHECK_TEXT(buf_text(&scene.out), "{}", "only what scripts read");
}

static void tell_terminal(void *ctx __attribute__((unused)))
{
    AUTO(ui_free) struct ui *ui = ui_new(&options);
    AUTO(ui_free) struct ui *worker = ui_collect(ui);

    ui_say(ui, "%d %u %d %d", ui_is_terminal(ui), ui_columns(ui), ui_is_interactive(ui), ui_may_ask(ui));
    ui_say(ui, "%d %d", ui_is_interactive(worker), ui_may_ask(worker));
}

TEST(terminal)
{
    static const struct {
        const char *name;
        bool terminal;
        unsigned short columns;
        struct ui_options options;
        const char *want;
    } cases[] = {
        { "pipe", false, 0, { 0 }, "0 80 0 1\n0 0\n" },
        { "pipe, forced", false, 0, { .force_interactive = true }, "0 80 1 1\n0 0\n" },
        { "terminal", true, 132, { 0 }, "1 132 1 1\n0 0\n" },
        { "terminal without a size", true, 0, { 0 }, "1 80 1 1\n0 0\n" },
        { "terminal, -n", true, 50, { .non_interactive = true, .force_interactive = true }, "1 50 0 0\n0 0\n" },
        { "terminal, -q", true, 50, { .quiet = true, .force_interactive = true }, "" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(scene_clear) struct scene scene = { .terminal = cases[i].terminal, .columns = cases[i].columns };

        options = cases[i].options;
        scene_play(&scene, tell_terminal, NULL);
        CHECK_TEXT(buf_text(&scene.out), cases[i].want, cases[i].name);
    }
}

static void say_to(void *ctx)
{
    AUTO(ui_free) struct ui *ui = ui_new(&options);
    struct error err = { 0 };
    int full = open(ctx, O_WRONLY);

    (void)dup2(full, STDOUT_FILENO);
    ui_say(ui, "a line");
    if (!ui_check_output(ui, &err))
        ui_error(ui, &err, NULL);
}

TEST(output_is_lost)
{
    AUTO(scene_clear) struct scene full = { 0 }, fine = { 0 };

    options = (struct ui_options){ 0 };
    scene_play(&full, say_to, (void *)(uintptr_t) "/dev/full");
    CHECK(strstr(buf_text(&full.err), "No space left") != NULL, "%s", buf_text(&full.err));
    scene_play(&fine, say_to, (void *)(uintptr_t) "/dev/null");
    CHECK_TEXT(buf_text(&fine.err), "", "nothing was lost");
}

TEST_MAIN()
