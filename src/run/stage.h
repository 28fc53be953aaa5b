#pragma once
/*
 * For tests of this room and of those above it: what a command works with, in the test's directory; hooks that write
 * what they are into the file "ran" there, plugins that are shell scripts, and what was said meanwhile.
 * Included by test programs only, once each.
 */
#include <signal.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "config/test_verbs.h"
#include "run/context.h"
#include "store/fixture.h"

struct stage {
    struct settings *settings;
    struct store *store;
    struct ui *ui;
    struct context context;
};

static struct answers stage_answers; /* of the stage that there is */

/* Messages for the terminal, one to a line, of the thread that made the stage. */
static struct buf stage_heard;

static void stage_hear(void *ctx, enum log_level level, const char *message)
{
    (void)level;
    buf_putf(ctx, "%s\n", message);
}

/* verb: "renew" ...; no question is asked, and nothing is written on standard output. */
__attribute__((unused)) static struct stage stage_new(const char *verb, bool as_certbot)
{
    struct stage stage = {
        .settings = settings_here(),
        .ui = ui_new(&(struct ui_options){
            .quiet = true, .non_interactive = true, .voice = as_certbot ? &voice_certbot : &voice_own }),
    };

    REQUIRE(test_verb(verb) != NULL, "%s", verb);
    (void)signal(SIGPIPE, SIG_IGN);
    answers_clear(&stage_answers);
    buf_clear(&stage_heard);
    stage_heard = BUF(1 << 20);
    log_thread_sink(stage_hear, &stage_heard);
    stage.settings->voice = as_certbot ? &voice_certbot : &voice_own;
    stage.settings->random_sleep = false;
    free(stage.settings->plugin_dir);
    stage.settings->plugin_dir = test_path("plugins");
    stage.store = store_here(stage.settings);
    stage.context = (struct context){
        .settings = stage.settings,
        .answers = &stage_answers,
        .store = stage.store,
        .ui = stage.ui,
        .run = run_new(NULL),
        .verb = test_verb(verb),
        .voice = as_certbot ? &voice_certbot : &voice_own,
        .arguments = "",
    };
    return stage;
}

__attribute__((unused)) static void stage_clear_at(struct stage *stage)
{
    log_thread_sink(NULL, NULL);
    buf_clear(&stage_heard);
    run_free(stage->context.run);
    answers_clear(&stage_answers);
    store_close(stage->store);
    ui_free(stage->ui);
    settings_free(stage->settings);
    test_drop_dir();
}

/* Checks that such a text was shown to the user; "" or NULL: nothing was. */
__attribute__((unused)) static void check_said(const char *part, const char *name)
{
    const char *said = buf_text(&stage_heard);

    if (part == NULL || *part == '\0')
        CHECK_TEXT(said, "", name);
    else
        CHECK(strstr(said, part) != NULL, "%s: \"%s\" is not in \"%s\"", name, part, said);
}

/* ---- hooks ---- */

/* A command that writes a line into "ran"; of the caller's. */
__attribute__((unused)) static char *note(const char *what)
{
    AUTO(free) char *ran = test_path("ran");

    return xprintf("echo \"%s\" >> %s", what, ran);
}

__attribute__((unused)) static void put_program(const char *path, const char *text)
{
    AUTO(free) char *dir = xstrdup(path);
    struct error err = { 0 };

    *strrchr(dir, '/') = '\0';
    REQUIRE(file_mkdirs(dir, 0755, &err), "%s", err.why);
    REQUIRE(file_replace(path, view_of(text), (struct file_access){ .mode = 0755 }, &err), "%s", err.why);
}

/* An executable in CONF/renewal-hooks/KIND. */
__attribute__((unused)) static void add_file(const char *kind, const char *name, const char *command)
{
    AUTO(free) char *script = xprintf("#!/bin/sh\n%s\n", command);

    put_program(at("renewal-hooks/%s/%s", kind, name), script);
}

/* Checks the commands that have run since the last call; "": none. */
__attribute__((unused)) static void check_ran_since(const char *want, const char *name)
{
    AUTO(free) char *path = test_path("ran");
    AUTO(free) char *ran = read_text(path);

    CHECK_TEXT(ran == NULL ? "" : ran, want, name);
    (void)unlink(path);
}

/* ---- plugins ---- */

/* An installer NAME that notes "deploy DOMAIN" and "NAME reloads" in "ran"; reload: what answers to that. */
__attribute__((unused)) static void add_installer(const char *name, const char *reload)
{
    AUTO(free) char *relative = xprintf("plugins/%s", name);
    AUTO(free) char *path = test_path(relative), *ran = test_path("ran");
    AUTO(free)
    char *script =
        xprintf("#!/bin/sh\n"
                "while read -r question; do\ncase $question in\n"
                "*'\"describe\"'*) echo '{\"ok\":true,\"protocol\":1,\"name\":\"%s\",\"description\":\"of a test\","
                "\"kinds\":[\"installer\"],\"options\":[{\"name\":\"root\",\"help\":\"of the server\"}]}';;\n"
                "*'\"deploy\"'*) d=${question#*'\"domain\":'}; d=${d#*\\\"}; echo \"deploy ${d%%%%\\\"*}\" >>'%s'\n"
                "echo '{\"ok\":true}';;\n"
                "*'\"reload\"'*) echo '%s reloads' >>'%s'\n%s;;\n"
                "*) echo '{\"ok\":true}';;\nesac\ndone\n",
            name, ran, name, ran, reload);

    put_program(path, script);
}

#define ANSWER_YES "echo '{\"ok\":true}'"
#define ANSWER_NO "echo '{\"ok\":false,\"error\":\"the server is asleep\"}'"
