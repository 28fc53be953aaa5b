#pragma once
/*
 * What the plugins of web servers have in common. One object serves all uses of a plugin in a run: its clerk puts the
 * plans of both roles, authenticator (webplugin/authenticator.h) and installer (web/installer.h), into effect.
 *
 * What differs from server to server are the functions of a struct web_kind. Knows no syntax.
 */
#include "plugin/clerk.h"
#include "plugin/plugin.h"
#include "webplugin/answering.h"
#include "web/commit.h"
#include "webplugin/live_challenges.h"

/* The head of each plan: by it the clerk knows of which role it is. */
enum web_plan_kind { WEB_PLAN_INSTALL, WEB_PLAN_CHALLENGE };
struct web_plan {
    enum web_plan_kind kind;
    struct list said; /* of an installation: to be told to the user once it is in effect; set by the clerk */
};

struct web_kind { /* server: the object that the plugin shares, which begins with a struct web_plugin */
    /* Once in a run, before the first plan or challenge; any thread. */
    bool (*prepare)(void *server, struct error *err);
    /* The same for a rollback: its configuration need not pass any test. */
    bool (*prepare_rollback)(void *server, struct error *err);

    /* In the clerk's thread, before what a killed run has left is taken back: finds the server's process, as far as a
     * configuration that may be half of each tells; no failure is told. */
    void (*locate)(void *server);
    /* In the clerk's thread. As installer->commit, of plans of the installer; no challenge is in place meanwhile. */
    bool (*install)(void *server, void *const *plans, size_t count, struct error **each, struct error *err);
    /* Makes the server answer (web_temporary), beside what it answers already. spots, each: one for each answer; spots
     * are set, each[i] (NULL before; the caller's) where that answer is the cause of a failure. */
    bool (*answer)(void *server, const struct web_answer *answers, size_t count, struct web_spot *spots,
        struct error **each, struct error *err);
    /* What is known of its configuration counts no longer: a checkpoint is taken back. NULL: each reads it anew. */
    void (*forget)(void *server);

    /* How this server calls the name or the address of a proof (struct web_answer); of the caller's. */
    char *(*host)(const struct proof *proof);
    /* How long it may take until challenges are answered. NULL: WEB_ANSWER_MS. */
    int64_t (*answer_ms)(const struct settings *settings);
    /* As of web_rollback; NULL: there never is one. */
    bool (*opposite)(const struct list *undo, struct list *out);
};

struct web_plugin { /* the first member of struct nginx_server and of struct apache_server */
    const struct web_kind *kind;
    struct web_service service;
    struct clerk *clerk;
    struct web_live live; /* the clerk's thread alone */
};

/* Takes back what a killed run has left, through the clerk: not under a lock that the functions above take. */
MUST_USE bool web_plugin_recover(struct web_plugin *plugin, struct error *err);

/* What the clerk does, with the server as its self. */
extern const struct clerk_work web_clerk_work;

static inline void web_forget(struct web_plugin *plugin)
{
    if (plugin->kind->forget != NULL)
        plugin->kind->forget(plugin);
}
