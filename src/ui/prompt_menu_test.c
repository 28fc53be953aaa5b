#include "ui/scene.h"
#include "ui/ui.h"

#define FRAME "- - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - -\n"
#define MISSING "config|Missing command line flag or config entry for this setting:\nWhich?\n"
#define SHOWN "\nWhich?\n" FRAME "1: red\n2: green\n3: blue\n" FRAME
#define CHOOSE "Select the appropriate number [1-3] then [enter] (press 'c' to cancel): "
#define CHECK_OFF                                                                                                      \
    "Select the appropriate numbers separated by commas and/or spaces, or leave input\n"                               \
    "blank to select all options shown (Enter 'c' to cancel): "
#define WRONG "Please type a number from 1 to 3 or c, then Enter.\n"
#define CERTBOT_WRONG "\n** Invalid input **\n"
#define WRONG_ONES "Please type numbers from 1 to 3, nothing for all of them, or c; then Enter.\n"
#define CERTBOT_WRONG_ONES "** Error - Invalid selection **\n"
#define CANCELED "canceled|the question was not answered (canceled)\n"

static struct ui_options options;
static char *colours[] = { (char[]){ "red" }, (char[]){ "green" }, (char[]){ "blue" } };
static struct list choices = { colours, 3 };

static void ask_menu(void *ctx)
{
    AUTO(ui_free) struct ui *ui = ui_new(&options);
    struct error err = { 0 };
    size_t chosen = 9;

    if (ui_menu(ui, ctx, &choices, 2, &chosen, &err))
        dprintf(STDERR_FILENO, "%zu\n", chosen);
    else
        dprintf(STDERR_FILENO, "%s|%s\n", error_kind_name(err.kind), err.why);
}

static void ask_checklist(void *ctx)
{
    AUTO(ui_free) struct ui *ui = ui_new(&options);
    struct error err = { 0 };
    bool chosen[3] = { false, false, false };

    if (ui_checklist(ui, ctx, &choices, chosen, &err))
        dprintf(STDERR_FILENO, "%d%d%d\n", chosen[0], chosen[1], chosen[2]);
    else
        dprintf(STDERR_FILENO, "%s|%s|%d\n", error_kind_name(err.kind), err.why, chosen[0] || chosen[1] || chosen[2]);
}

static struct question forced = { .text = "Which?", .forced = true };
static struct question with_default = { .text = "Which?", .has_default = true };

static const struct menu_case {
    const char *name;
    void (*ask)(void *);
    struct question *question;
    bool non_interactive, as_certbot;
    const char *input, *out, *err;
} cases[] = {
    { "menu: -n", ask_menu, &forced, true, false, NULL, "", MISSING "Choices: ['red', 'green', 'blue']\n" },
    { "menu: -n, default", ask_menu, &with_default, true, false, NULL, "", "2\n" },
    { "menu: no such numbers", ask_menu, &forced, false, false, "0\n4\n-1\n1x\n99999999999999999999\n\n3\n",
        SHOWN CHOOSE WRONG CHOOSE WRONG CHOOSE WRONG CHOOSE WRONG CHOOSE WRONG CHOOSE WRONG CHOOSE, "2\n" },
    { "menu: canceled", ask_menu, &forced, false, false, "C\n", SHOWN CHOOSE, CANCELED },
    { "menu: first", ask_menu, &forced, false, false, " 1 \n", SHOWN CHOOSE, "0\n" },
    { "checklist: -n", ask_checklist, &forced, true, false, NULL, "", MISSING "red? green? blue?|0\n" },
    { "checklist: -n, default", ask_checklist, &with_default, true, false, NULL, "", "111\n" },
    { "checklist: all", ask_checklist, &forced, false, false, "\n", SHOWN CHECK_OFF, "111\n" },
    { "checklist: commas and blanks", ask_checklist, &forced, false, false, ", 3,,1 \n", SHOWN CHECK_OFF, "101\n" },
    { "checklist: the same twice", ask_checklist, &forced, false, false, "2 2\n", SHOWN CHECK_OFF, "010\n" },
    { "checklist: one is wrong", ask_checklist, &forced, false, false, "1,4\nred\n2\n",
        SHOWN CHECK_OFF WRONG_ONES SHOWN CHECK_OFF WRONG_ONES SHOWN CHECK_OFF, "010\n" },
    { "checklist: one is wrong, certbot", ask_checklist, &forced, false, true, "3 4\n3\n",
        SHOWN CHECK_OFF CERTBOT_WRONG_ONES SHOWN CHECK_OFF, "001\n" },
    { "menu: wrong, certbot", ask_menu, &forced, false, true, "4\n1\n", SHOWN CHOOSE CERTBOT_WRONG CHOOSE, "0\n" },
    { "menu: canceled, certbot", ask_menu, &forced, false, true, "c\n", SHOWN CHOOSE,
        "canceled|User ended interaction.\n" },
    { "checklist: canceled", ask_checklist, &forced, false, false, "1\x7f\nc\n", NULL,
        "canceled|the question was not answered (canceled)|0\n" },
};

TEST(prompt_menu)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(scene_clear) struct scene scene = { .input = cases[i].input };

        options = (struct ui_options){ .non_interactive = cases[i].non_interactive,
            .voice = cases[i].as_certbot ? &voice_certbot : &voice_own };
        scene_play(&scene, cases[i].ask, cases[i].question);
        CHECK_INT(scene.status, 0, cases[i].name);
        if (cases[i].out != NULL)
            CHECK_TEXT(buf_text(&scene.out), cases[i].out, cases[i].name);
        CHECK_TEXT(buf_text(&scene.err), cases[i].err, cases[i].name);
    }
}

TEST(a_menu_of_one)
{
    AUTO(scene_clear) struct scene scene = { .input = "1\n", .terminal = true, .columns = 80, .after = "cancel): " };

    options = (struct ui_options){ 0 };
    choices.len = 1;
    scene_play(&scene, ask_menu, &with_default);
    choices.len = 3;
    CHECK_TEXT(buf_text(&scene.out),
        "\nWhich?\n" FRAME "1: red\n" FRAME "Press 1 [enter] to confirm the selection (press 'c' to cancel): 1\n",
        "one");
    CHECK_TEXT(buf_text(&scene.err), "0\n", "one");
}

TEST_MAIN()
