#include "base/log.h"
#include "plugin/plugin.h"
#include "ui/scene.h"

static void write_hook(const char *path, const char *text, mode_t mode)
{
    struct error err = { 0 };

    REQUIRE(file_create(path, view_of(text), (struct file_access){ .mode = mode }, &err), "%s", err.why);
}

TEST(hook_check)
{
    AUTO(free) char *good = test_path("good"), *plain = test_path("plain"), *arguments = xprintf("  %s a b", good);
    const struct {
        const char *name, *command, *why;
    } cases[] = {
        { "no such file", "/nowhere/hook", "Unable to find pre-hook command /nowhere/hook in the PATH.\n(PATH is " },
        { "not in PATH", "evercert-no-such-program x",
            "Unable to find pre-hook command evercert-no-such-program in the PATH.\n" },
        { "escape sequence", "\033[2Jx", "command ?[2Jx in" },
        { "a directory", "/etc", "/etc-hook command pre exists, but is not executable." },
        { "not executable", plain, "-hook command pre exists, but is not executable." },
        { "relative", "./no-such-hook", "Unable to find" },
        { "executable", good, NULL },
        { "with arguments", arguments, NULL },
        { "in PATH", "true && false", NULL },
        { "none", NULL, NULL },
        { "empty", "", NULL },
        { "blanks", "  \t", NULL },
    };

    write_hook(good, "#!/bin/sh\n", 0755);
    write_hook(plain, "#!/bin/sh\n", 0644);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = { 0 };
        bool ok = hook_check("pre-hook", cases[i].command, &err);

        CHECK(ok == (cases[i].why == NULL), "%s: %s", cases[i].name, err.why);
        CHECK(ok || strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].name, err.why);
        CHECK(ok || err.kind == ERROR_HOOK, "%s", cases[i].name);
    }
}

struct run {
    const char *command;
    struct list env;
};

static void run(void *ctx)
{
    static const struct ui_options options = { 0 };
    AUTO(ui_free) struct ui *ui = ui_new(&options);
    const struct run *run = ctx;
    AUTO(free) char *output = NULL;
    struct error err = { 0 };
    int status = -1;

    log_terminal_level(LOG_LEVEL_INFO);
    if (!hook_run(ui, "deploy-hook", "Hook 'deploy-hook'", run->command, &run->env, &output, &status, &err))
        dprintf(STDERR_FILENO, "%s|%s: %s\n", error_kind_name(err.kind), err.what, err.why);
    else
        dprintf(STDERR_FILENO, "%d|%s\n", status, output);
}

#define OUT "Hook 'deploy-hook' ran with output:\n"
#define ERR "Hook 'deploy-hook' ran with error output:\n"

TEST(hook_run)
{
    static const struct {
        const char *name, *command, *env, *out, *err;
    } cases[] = {
        { "silent", "true", NULL, "", "0|\n" },
        { "fails", "exit 7", NULL, "", "Hook 'deploy-hook' reported error code 7\n7|\n" },
        { "the shell's name", "echo $0", NULL, OUT " /bin/sh\n", "0|/bin/sh\n" },
        { "killed", "kill -9 $$", NULL, "", "Hook 'deploy-hook' reported error code 137\n137|\n" },
        { "no such command", "/nowhere/x 2>/dev/null", NULL, "", "Hook 'deploy-hook' reported error code 127\n127|\n" },
        { "output is trimmed and indented", "printf '\\n a\\n\\n  b\\n\\n'", NULL, OUT " a\n\n   b\n", "0|a\n\n  b\n" },
        { "error output", "echo one >&2; echo two >&2", NULL, "", ERR " one\n two\n0|\n" },
        { "escape sequences are for nobody", "printf 'a\\033[2Jb'; printf '\\033]0;x' >&2", NULL, OUT " a?[2Jb\n",
            ERR " ?]0;x\n0|a\033[2Jb\n" },
        { "environment", "echo $RENEWED_DOMAINS", "RENEWED_DOMAINS=a.test b.test", OUT " a.test b.test\n",
            "0|a.test b.test\n" },
        { "a value is no command", "echo \"$X\"", "X=$(touch /tmp/evercert-x); `id`",
            OUT " $(touch /tmp/evercert-x); `id`\n", "0|$(touch /tmp/evercert-x); `id`\n" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(scene_clear) struct scene scene = { 0 };
        AUTO(free) char *want = xprintf("Running deploy-hook command: %s\n%s", cases[i].command, cases[i].err);
        struct run row = { .command = cases[i].command };

        if (cases[i].env != NULL)
            list_add(&row.env, cases[i].env);
        scene_play(&scene, run, &row);
        CHECK_INT(scene.status, 0, cases[i].name);
        CHECK_TEXT(buf_text(&scene.out), cases[i].out, cases[i].name);
        CHECK_TEXT(buf_text(&scene.err), want, cases[i].name);
        list_clear(&row.env);
    }
}

static void run_with_path(void *ctx)
{
    struct error err = { 0 };

    (void)setenv("PATH", "/usr/bin:/bin", 1);
    if (!hook_check("deploy-hook", ((struct run *)ctx)->command, &err))
        _exit(97);
    run(ctx);
    if (strcmp(getenv("PATH"), "/usr/bin:/bin") != 0)
        _exit(98);
}

TEST(system_programs_are_found)
{
    AUTO(scene_clear) struct scene sbin = { 0 }, bin = { 0 };

    if (access("/usr/sbin/ldconfig", X_OK) != 0)
        skip();
    scene_play(&sbin, run_with_path, &(struct run){ .command = "ldconfig --version >/dev/null; echo $PATH" });
    CHECK_INT(sbin.status, 0, "found");
    CHECK_TEXT(buf_text(&sbin.out), OUT " /usr/bin:/bin:/usr/sbin:/usr/local/bin:/usr/local/sbin\n", "extended");
    scene_play(&bin, run_with_path, &(struct run){ .command = "echo $PATH" });
    CHECK_TEXT(buf_text(&bin.out), OUT " /usr/bin:/bin\n", "left alone");
}

TEST_MAIN()
