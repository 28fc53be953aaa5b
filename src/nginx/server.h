#pragma once
/*
 * The nginx of this machine that a run configures, shared by all uses of the plugin in the run: where its configuration
 * is, what its program can do, and the clerk, in whose thread everything that changes is done.
 */
#include "base/mutex.h"
#include "plugin/clerk.h"
#include "plugin/plugin.h"
#include "web/commit.h"
#include "web/managed_file.h"
#include "webconf/nginx_conf.h"

struct nginx_facts {  /* what `nginx -V` says; versions as numbers (web/version.h), 0: not known */
    unsigned version; /* 1.22.1: 1022001 */
    unsigned openssl; /* 3.0.2: that it runs with, else that it was built with */
    bool tls, sni;    /* the module of TLS for http is there; it knows server names */
    bool other;       /* another product's name: OpenResty, Angie, Tengine ... */
};

/* Reads the output of `nginx -V`. */
void nginx_facts_read(struct view output, struct nginx_facts *out);
/* ERROR_PLUGIN when it is too old, or lacks TLS or server names. */
MUST_USE bool nginx_facts_check(const struct nginx_facts *facts, struct error *err);

struct nginx_challenges; /* nginx/challenge.h */

struct nginx_server {
    struct settings *settings; /* of the first use; those that concern the server are the same in all (its key) */
    char *conf_path;           /* DIR/nginx.conf */
    char *root;                /* DIR */
    char *program;             /* absolute */
    char *test_argv[5], *version_argv[5], *reload_argv[6], *start_argv[4];
    char *pid_file, *error_log, *start_log; /* NULL: not known */
    struct web_server web;
    struct web_service service;
    struct plugin_net net;
    struct clerk *clerk;

    struct mutex lock; /* guards what follows: prepared once in a run */
    bool prepared;
    struct nginx_facts facts;
    uint64_t tested; /* nginx_stamp of the configuration whose test has passed; 0: none */
    struct nginx_conf
        *read; /* as it was read then, for the first who asks; NULL: nobody has read it, or it was given */

    struct nginx_challenges *challenges; /* of the clerk's thread: what is in place; NULL: none */
};

/* A plan begins with its kind: the clerk puts those of both roles into effect. */
enum nginx_plan_kind { NGINX_PLAN_INSTALL, NGINX_PLAN_CHALLENGE };
struct nginx_plan {
    enum nginx_plan_kind kind;
};

extern const struct plugin_share nginx_share;

/*
 * Program found, version fit, configuration test passed, TLS files in the config dir up to date: once in a run. For
 * `prepare` of both roles. ERROR_PLUGIN.
 */
MUST_USE bool nginx_prepare(struct nginx_server *server, struct error *err);

/* The configuration as it is now. changes NULL: from the disk; else as it is to be, and borrowed until
 * nginx_conf_free. *out is the caller's. */
MUST_USE bool nginx_load(
    const struct nginx_server *server, struct changes *changes, struct nginx_conf **out, struct error *err);

/* The same from the disk, for a plan: what nginx_prepare has read is given to the first who asks, as long as its files
 * are the same. */
MUST_USE bool nginx_load_to_plan(struct nginx_server *server, struct nginx_conf **out, struct error *err);

/* Inodes, sizes and times of all files of a configuration, as one number, never 0. */
uint64_t nginx_stamp(const struct nginx_conf *conf);

/* ---- in the clerk's thread ---- */

/* Puts plans into effect, by role; results as of installer->commit. Installing ends the challenges that are in place,
 * and puts them in place again. */
MUST_USE bool nginx_commit_installs(
    struct nginx_server *server, void *const *plans, size_t count, struct error **each, struct error *err);
MUST_USE bool nginx_commit_challenges(
    struct nginx_server *server, void *const *plans, size_t count, struct error **each, struct error *err);
