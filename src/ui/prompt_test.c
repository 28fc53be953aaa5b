#include "ui/scene.h"
#include "ui/ui.h"

#define FRAME "- - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - -\n"
#define SKIPPED                                                                                                        \
    "Skipped user interaction because Evercert doesn't appear to be running in a terminal. You should "                \
    "probably include --non-interactive or --force-interactive on the command line.\n"
#define MISSING "config|Missing command line flag or config entry for this setting:\n"

#define EXPAND "(E)xpand/(C)ancel: "
#define HINT "Please type e or c, then Enter.\n"

static struct ui_options options;

static void tell_error(const struct error *err)
{
    dprintf(STDERR_FILENO, "%s|%s\n", error_kind_name(err->kind), err->why);
}

static void ask_yes_no(void *ctx)
{
    AUTO(ui_free) struct ui *ui = ui_new(&options);
    struct error err = { 0 };
    bool yes = false;

    if (ui_yes_no(ui, ctx, "Expand", "Cancel", true, &yes, &err))
        dprintf(STDERR_FILENO, "%s\n", yes ? "yes" : "no");
    else
        tell_error(&err);
}

static void ask_text(void *ctx)
{
    AUTO(ui_free) struct ui *ui = ui_new(&options);
    AUTO(free) char *text = NULL;
    struct error err = { 0 };

    if (ui_text(ui, ctx, "the default", &text, &err))
        dprintf(STDERR_FILENO, "<%s>\n", text);
    else
        tell_error(&err);
}

static void ask_pause(void *ctx)
{
    AUTO(ui_free) struct ui *ui = ui_new(&options);
    const struct question *question = ctx;
    struct error err = { 0 };

    if (ui_pause(ui, question->text, &err))
        dprintf(STDERR_FILENO, "on\n");
    else
        tell_error(&err);
}

static struct question none = { .text = "Expand?", .flag = "--expand" };
static struct question with_default = { .text = "Expand?", .flag = "--expand", .has_default = true };
static struct question forced = { .text = "Expand?", .forced = true };
static struct question explained = { .text = "Expand?", .forced = true, .canceled = "Name one." };

static const struct prompt_case {
    const char *name;
    void (*ask)(void *);
    struct question *question;
    struct ui_options options;
    bool terminal;
    const char *input, *out, *err; /* out: NULL when the input is echoed into it */
} cases[] = {
    { "yes/no: -n, no default", ask_yes_no, &none, { .non_interactive = true }, true, NULL, "",
        MISSING "Expand?\n\n(You can set this with the --expand flag)\n" },
    { "yes/no: -n, forced", ask_yes_no, &forced, { .non_interactive = true }, true, NULL, "", MISSING "Expand?\n" },
    { "yes/no: -n, default", ask_yes_no, &with_default, { .non_interactive = true }, true, NULL, "", "yes\n" },
    { "yes/no: -q, default", ask_yes_no, &with_default, { .quiet = true }, true, NULL, "", "yes\n" },
    { "yes/no: pipe, default", ask_yes_no, &with_default, { 0 }, false, "c\n", "", SKIPPED "yes\n" },
    { "yes/no: pipe, no default", ask_yes_no, &none, { 0 }, false, "e\n", "",
        SKIPPED MISSING "Expand?\n\n(You can set this with the --expand flag)\n" },
    { "yes/no: pipe, forced", ask_yes_no, &forced, { 0 }, false, "x\n\nExp\n",
        "\n" FRAME "Expand?\n" FRAME EXPAND HINT EXPAND HINT EXPAND, "yes\n" },
    { "yes/no: pipe, forced, certbot", ask_yes_no, &forced, { .voice = &voice_certbot }, false, "x\n\neh?\n",
        "\n" FRAME "Expand?\n" FRAME EXPAND EXPAND EXPAND, "yes\n" },
    { "yes/no: pipe ends", ask_yes_no, &forced, { 0 }, false, "x\n", "\n" FRAME "Expand?\n" FRAME EXPAND HINT EXPAND,
        "canceled|the input ended before the question was answered\n" },
    { "yes/no: --force-interactive", ask_yes_no, &with_default, { .force_interactive = true }, false, "C\n",
        "\n" FRAME "Expand?\n" FRAME "(E)xpand/(C)ancel: ", "no\n" },
    { "yes/no: typed", ask_yes_no, &with_default, { 0 }, true, "cancel\n",
        "\n" FRAME "Expand?\n" FRAME "(E)xpand/(C)ancel: cancel\n", "no\n" },
    { "yes/no: Ctrl-C", ask_yes_no, &with_default, { 0 }, true, "e\003", NULL,
        "canceled|Exiting due to user request.\n" },
    { "yes/no: Ctrl-D", ask_yes_no, &with_default, { 0 }, true, "\004",
        "\n" FRAME "Expand?\n" FRAME "(E)xpand/(C)ancel: \n",
        "canceled|the input ended before the question was answered\n" },
    { "text: -n", ask_text, &with_default, { .non_interactive = true }, false, NULL, "", "<the default>\n" },
    { "text: canceled", ask_text, &forced, { 0 }, false, "c\n",
        "Expand? (Enter 'c' to cancel): ", "canceled|the question was not answered (canceled)\n" },
    { "text: canceled, certbot", ask_text, &forced, { .voice = &voice_certbot }, false, "C\n",
        "Expand? (Enter 'c' to cancel): ", "canceled|User ended interaction.\n" },
    { "text: canceled, certbot has words for it", ask_text, &explained, { .voice = &voice_certbot }, false, "c\n",
        "Expand? (Enter 'c' to cancel): ", "canceled|Name one.\n" },
    { "text: canceled, certbot's words are not ours", ask_text, &explained, { 0 }, false, "c\n",
        "Expand? (Enter 'c' to cancel): ", "canceled|the question was not answered (canceled)\n" },
    { "text: empty", ask_text, &forced, { 0 }, false, "\n", "Expand? (Enter 'c' to cancel): ", "<>\n" },
    { "text: escape sequences are refused", ask_text, &forced, { 0 }, false, "\033]0;x\007\nfine\n",
        "Expand? (Enter 'c' to cancel): That line is too long, or holds characters that cannot be printed.\n"
        "Expand? (Enter 'c' to cancel): ",
        "<fine>\n" },
    { "pause: -n", ask_pause, &forced, { .non_interactive = true }, false, NULL, "", MISSING "Expand?\n" },
    { "pause: pipe", ask_pause, &forced, { 0 }, false, "\n", "\n" FRAME "Expand?\n" FRAME "Press Enter to Continue",
        "on\n" },
};

TEST(prompt)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(scene_clear) struct scene scene = { .input = cases[i].input, .terminal = cases[i].terminal };

        scene.after = cases[i].terminal && cases[i].input != NULL ? ": " : NULL;
        options = cases[i].options;
        scene_play(&scene, cases[i].ask, cases[i].question);
        CHECK_INT(scene.status, 0, cases[i].name);
        if (cases[i].out != NULL)
            CHECK_TEXT(buf_text(&scene.out), cases[i].out, cases[i].name);
        CHECK_TEXT(buf_text(&scene.err), cases[i].err, cases[i].name);
    }
}

static void ask_twice(void *ctx)
{
    AUTO(ui_free) struct ui *ui = ui_new(&options);
    struct error err = { 0 };
    bool yes = false;

    for (int i = 0; i < 2; i++)
        if (!ui_yes_no(ui, ctx, "Yes", "No", true, &yes, &err))
            tell_error(&err);
}

TEST(skipping_is_told_once)
{
    AUTO(scene_clear) struct scene scene = { 0 };

    options = (struct ui_options){ 0 };
    scene_play(&scene, ask_twice, &with_default);
    CHECK_TEXT(buf_text(&scene.err), SKIPPED, "once");
}

static const char question_of_120[] =
    "Do you want a question that is longer than a narrow terminal, though not too long for "
    "a wide one, with/a/path/that/is/never/broken?";

static void ask_all(void *ctx __attribute__((unused)))
{
    AUTO(ui_free) struct ui *ui = ui_new(&options);
    AUTO(list_clear) struct list choices = { 0 };
    struct question question = { .text = question_of_120, .forced = true };
    struct error err = { 0 };
    size_t chosen;
    bool yes;

    list_add(&choices, "a choice that has more words than go on a line of forty columns, and even of eighty");
    list_add(&choices, "another");
    if (!ui_yes_no(ui, &question, "Yes", "No", false, &yes, &err) ||
        !ui_menu(ui, &question, &choices, 0, &chosen, &err) ||
        !ui_checklist(ui, &question, &choices, (bool[2]){ false }, &err) || !ui_pause(ui, question_of_120, &err))
        tell_error(&err);
}

static size_t widest(const struct buf *text)
{
    struct view rest = buf_view(text), line;
    size_t widest = 0;

    while (view_cut(&rest, '\n', &line))
        widest = line.len > widest ? line.len : widest;
    return widest;
}

TEST(width)
{
    static const struct {
        const char *name;
        unsigned short columns;
        bool as_certbot;
        size_t want;
    } widths[] = {
        { "no size", 0, false, 80 },
        { "one column", 1, false, 33 }, /* the path */
        { "narrow", 40, false, 40 },
        { "usual", 80, false, 80 },
        { "wide", 300, false, 80 },
        { "narrow, certbot", 40, true, sizeof question_of_120 - 1 },
        { "wide, certbot", 300, true, sizeof question_of_120 - 1 },
    };

    for (size_t i = 0; i < COUNT(widths); i++) {
        AUTO(scene_clear)
        struct scene scene = { .input = "y\n1\n1\n\n", .terminal = true, .columns = widths[i].columns };

        options = (struct ui_options){ .voice = widths[i].as_certbot ? &voice_certbot : &voice_own };
        scene_play(&scene, ask_all, NULL);
        CHECK_TEXT(buf_text(&scene.err), "", widths[i].name);
        CHECK_INT((int64_t)widest(&scene.out), (int64_t)widths[i].want, widths[i].name);
        CHECK(strstr(buf_text(&scene.out), "Press Enter to Continue") != NULL, "%s", widths[i].name);
    }
}

TEST_MAIN()
