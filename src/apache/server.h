#pragma once
/*
 * An Apache server: what all uses of the plugin with the same options share in one run.
 *
 * Knows where its configuration is, its programs, and what it says of itself; reads its configuration. Changes nothing.
 */
#include "apache/layout.h"
#include "base/mutex.h"
#include "webplugin/plugin.h"
#include "webconf/apache_conf.h"

struct apache_server {
    struct web_plugin plugin;
    struct settings *settings; /* of the first use; the same options of ours in all of them */
    struct apache_layout layout;
    struct list test, reload, restart, dump, version; /* commands, of absolute programs */
    struct list beside;                               /* directories whose files count, read by the server or not */
    char **test_argv, **reload_argv, **restart_argv;  /* borrowed from them, ended by NULL */
    struct web_server control;
    char *pid_file, *error_log;
    struct plugin_net net;

    struct mutex lock; /* guards what follows */
    bool prepared;
    struct apache_facts facts; /* what it has said of itself, */
    int64_t asked_at;          /* at that moment of the monotonic clock (ms); 0: never, or before it was changed */
};

/* Which server settings mean, for plugin_share; of the caller's. */
char *apache_server_key(const struct plugin *plugin, const struct settings *settings);

/* Whether its control script is found; nothing is run. */
bool apache_server_is_here(const struct settings *settings);

/* Finds its main file and its programs. ERROR_PLUGIN when there is no Apache here. *out is the caller's. */
MUST_USE bool apache_server_new(
    const struct settings *settings, const struct web_kind *kind, struct apache_server **out, struct error *err);
void apache_server_free(struct apache_server *server);
DEFINE_AUTO(struct apache_server, apache_server_free)

/* As of struct web_kind, with the struct apache_server as self: its version is one that we know, its configuration
 * passes the test, and the file of TLS options is up to date. */
MUST_USE bool apache_server_prepare(void *self, struct error *err);
/* The same: what it says of itself is asked, but need not be answered. */
void apache_server_locate(void *self);
MUST_USE bool apache_server_prepare_rollback(void *self, struct error *err);

/* What the server says of itself: asks it, unless it has said so within the last max_age_ms. It answers only where its
 * configuration passes its test. Any thread. *out is the caller's, for apache_facts_clear. */
MUST_USE bool apache_server_ask(
    struct apache_server *server, int64_t max_age_ms, struct apache_facts *out, struct error *err);
/* What it has said counts no longer: its configuration was changed. Any thread. */
void apache_server_forget(struct apache_server *server);

/* Its configuration as it is on disk. facts are borrowed until the conf is freed. */
MUST_USE bool apache_server_load(
    const struct apache_server *server, const struct apache_facts *facts, struct apache_conf **out, struct error *err);

/* Path of the file of TLS options; of the caller's. */
char *apache_server_options_file(const struct apache_server *server);
