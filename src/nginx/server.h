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

struct nginx_reading {       /* the configuration, as it was read at one time */
    struct changes *changes; /* its texts, and what is to become of them */
    struct nginx_conf *conf; /* borrows of changes */
};
void nginx_reading_clear(struct nginx_reading *reading);
static inline void nginx_reading_clear_at(struct nginx_reading *reading)
{
    nginx_reading_clear(reading);
}

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
    uint64_t tested;           /* nginx_conf_stamp of the configuration whose test has passed; 0: none */
    struct nginx_reading kept; /* for the next who reads; empty: none */

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

/* The same for a rollback: nothing is tested, no file is kept up to date. */
MUST_USE bool nginx_prepare_rollback(struct nginx_server *server, struct error *err);

/* The configuration as it is on disk now: what was kept, where that would be read as the same, else read anew. */
MUST_USE bool nginx_read(struct nginx_server *server, struct nginx_reading *out, struct error *err);
/* Whether its test has passed already, of one that was not edited. In the clerk's thread. */
bool nginx_is_tested(const struct nginx_server *server, const struct nginx_reading *reading);
/* Gives one that was not edited to the next who reads; *reading is empty afterwards. */
void nginx_keep(struct nginx_server *server, struct nginx_reading *reading);

/* ---- in the clerk's thread ---- */

/* Puts plans into effect, by role; results as of installer->commit. Installing ends the challenges that are in place,
 * and puts them in place again. */
MUST_USE bool nginx_commit_installs(
    struct nginx_server *server, void *const *plans, size_t count, struct error **each, struct error *err);
MUST_USE bool nginx_commit_challenges(
    struct nginx_server *server, void *const *plans, size_t count, struct error **each, struct error *err);
