#pragma once
/*
 * For tests: a web server that is played. Its configuration is conf/etc/site, a line for each thing: "cert NAME" of an
 * installation, "HOST TOKEN" of a challenge. A word that begins with "bad" is refused. Included by test programs only,
 * once each.
 */
#include "base/test_files.h"
#include "config/settings.h"
#include "voice/voice.h"
#include "webplugin/authenticator.h"
#include "webplugin/installer.h"

struct install_plan {
    struct web_plan plan;
    const char *name; /* "bad...": refused; "gone": it ends as the user interrupts */
};

static struct {
    struct web_plugin plugin; /* the first: it is the server */
    struct buf said;          /* what was called, a word each */
    bool cannot_prepare, refuses_reload;
    const char *refuses_word; /* its test fails as long as the site has that; NULL: none */
} played;

static char work_dir[4096];
static struct settings settings = { .http_01_port = 80, .https_port = 443 };

static void say(const char *word)
{
    buf_putf(&played.said, "%s%s", played.said.len > 0 ? " " : "", word);
}

/* What was called since the last time. */
static void check_said(const char *want, const char *name)
{
    CHECK_TEXT(buf_text(&played.said), want, name);
    buf_cut(&played.said, 0);
}

static char *site(void)
{
    char *text = read_text(at("etc/site"));

    return text != NULL ? text : xstrdup("(none)");
}

static void check_site(const char *want, const char *name)
{
    AUTO(free) char *text = site();

    CHECK_TEXT(text, want, name);
}

/* ---- what is asked of the server itself ---- */

static bool play_test(const struct web_server *of, struct error *err)
{
    AUTO(free) char *text = site();

    (void)of;
    say("test");
    return played.refuses_word == NULL || strstr(text, played.refuses_word) == NULL ||
           error_set(err, ERROR_PLUGIN, "site:1: %s", played.refuses_word);
}

static bool play_reload(const struct web_server *of, struct web_log *log, struct error *err)
{
    (void)of;
    if (log != NULL)
        web_log_mark(log, NULL);
    say("reload");
    return !played.refuses_reload || error_set(err, ERROR_PLUGIN, "no such process");
}

static const struct web_calls calls = { play_test, play_reload, NULL };
static const struct web_server web = { .name = "the server" };

/* ---- its kind ---- */

static bool play_prepare(void *server, struct error *err)
{
    (void)server;
    say("prepare");
    return !played.cannot_prepare || error_set(err, ERROR_PLUGIN, "it is too old");
}

static bool play_prepare_rollback(void *server, struct error *err)
{
    (void)server;
    (void)err;
    say("prepare-rollback");
    return true;
}

static void play_locate(void *server)
{
    (void)server;
    say("locate");
}

static void play_forget(void *server)
{
    (void)server;
    say("forget");
}

static bool is_bad(const char *word)
{
    return strncmp(word, "bad", 3) == 0;
}

/* Each is the cause of its own failure; the last one of all. */
static bool refuse(const char *word, struct error **each, struct error *err)
{
    (void)error_set(err, ERROR_PLUGIN, "there is no place for %s", word);
    *each = error_dup(err);
    return false;
}

static bool add_line(struct changes *changes, const char *first, const char *second, struct error *err)
{
    AUTO(free) char *text = NULL, *path = xstrdup(at("etc/site"));
    struct view old;

    if (!changes_read(changes, path, &old, err))
        return false;
    text = xprintf("%.*s%s %s\n", (int)old.len, old.at, first, second);
    changes_set(changes, path, view_of(text));
    return true;
}

static bool play_install(void *server, void *const *plans, size_t count, struct error **each, struct error *err)
{
    struct web_plugin *plugin = server;
    AUTO(changes_free) struct changes *changes = changes_new();
    struct web_commit commit = { .service = &plugin->service, .changes = changes };
    bool ok = true;

    say("install");
    for (size_t i = 0; i < count; i++) {
        struct install_plan *plan = plans[i];
        AUTO(free) char *text = xprintf("deployed to %s", plan->name);

        if (strcmp(plan->name, "gone") == 0)
            return error_set(err, ERROR_CANCELED, "interrupted");
        if (is_bad(plan->name))
            ok = refuse(plan->name, &each[i], err);
        else if (!add_line(changes, "cert", plan->name, err))
            return false;
        list_clear(&plan->plan.said); /* of a try before */
        list_add(&plan->plan.said, text);
    }
    return ok && web_commit(&commit, err);
}

static bool play_answer(void *server, const struct web_answer *answers, size_t count, struct web_spot *spots,
    struct error **each, struct error *err)
{
    struct web_plugin *plugin = server;
    AUTO(changes_free) struct changes *changes = changes_new();
    struct web_commit commit = { .service = &plugin->service, .changes = changes };
    bool ok = true;

    say("answer");
    for (size_t i = 0; i < count; i++) {
        if (is_bad(answers[i].host))
            ok = refuse(answers[i].host, &each[i], err);
        else if (!add_line(changes, answers[i].host, answers[i].token, err))
            return false;
        (void)snprintf(spots[i].address, sizeof spots[i].address, "at-%s", answers[i].host);
        spots[i].port = (int)strlen(answers[i].token);
    }
    return ok && web_temporary(&commit, err);
}

static char *play_host(const struct proof *proof)
{
    return xstrdup(proof->identifier);
}

static const struct web_kind played_kind = {
    .prepare = play_prepare,
    .prepare_rollback = play_prepare_rollback,
    .locate = play_locate,
    .install = play_install,
    .answer = play_answer,
    .forget = play_forget,
    .host = play_host,
};

/* ---- a scene ---- */

/* A new server with an empty site; of the caller's, for end. */
static struct web_plugin *begin(void)
{
    struct error err = { 0 };

    memset(&played, 0, sizeof played);
    REQUIRE(file_remove_tree(at("work"), &err) && file_mkdirs(at("work"), 0755, &err), "%s", err.why);
    REQUIRE(file_mkdirs(at("etc"), 0755, &err), "%s", err.why);
    write_text(at("etc/site"), "");
    (void)snprintf(work_dir, sizeof work_dir, "%s", at("work"));
    played.said = BUF(FILE_MAX_TEXT);
    played.plugin.kind = &played_kind;
    played.plugin.service =
        (struct web_service){ .server = &web, .voice = &voice_own, .work_dir = work_dir, .calls = &calls };
    played.plugin.clerk = clerk_new(&(struct server_id){ .dir = at("etc"), .key = "site", .name = "the server" }, -1,
        &web_clerk_work, &played.plugin);
    return &played.plugin;
}

static void end(struct web_plugin *plugin)
{
    clerk_free(plugin->clerk);
    web_live_clear(&plugin->live);
    buf_clear(&played.said);
}

/* What a killed run leaves: a challenge in the site, and its journal. */
__attribute__((unused)) static void leave_challenge(void)
{
    AUTO(changes_free) struct changes *changes = changes_new();
    struct web_commit commit = { .service = &played.plugin.service, .changes = changes };
    struct error err = { 0 };

    REQUIRE(add_line(changes, "left.example", "token", &err) && web_temporary(&commit, &err), "%s", err.why);
    buf_cut(&played.said, 0);
}

__attribute__((unused)) static struct plugin_context context_of(struct web_plugin *plugin, struct ui *ui)
{
    return (struct plugin_context){ .settings = &settings, .ui = ui, .shared = plugin };
}
