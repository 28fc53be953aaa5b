#pragma once
/*
 * The nginx of this machine that a run configures, shared by all uses of the plugin in the run: where its configuration
 * is, what its program can do, and the clerk, in whose thread everything that changes is done.
 */
#include "base/mutex.h"
#include "web/managed_file.h"
#include "webplugin/plugin.h"
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
    struct web_plugin plugin;
    struct settings *settings; /* of the first use; those that concern the server are the same in all (its key) */
    char *conf_path;           /* DIR/nginx.conf */
    char *root;                /* DIR */
    char *program;             /* absolute */
    char *test_argv[5], *version_argv[5], *reload_argv[6], *start_argv[4];
    char *pid_file, *error_log, *start_log; /* NULL: not known */
    struct web_server web;
    struct plugin_net net;

    struct mutex lock; /* guards what follows: prepared once in a run */
    bool prepared;
    struct nginx_facts facts;
    uint64_t tested;           /* nginx_conf_stamp of the configuration whose test has passed; 0: none */
    struct nginx_reading kept; /* for the next who reads; empty: none */

    bool port_unused; /* of the clerk's thread: nothing of the user's listened at the http port when challenges came */
};

extern const struct plugin_share nginx_share;

/* The configuration as it is on disk now: what was kept, where that would be read as the same, else read anew. */
MUST_USE bool nginx_read(struct nginx_server *server, struct nginx_reading *out, struct error *err);
/* Whether its test has passed already, of one that was not edited. In the clerk's thread. */
bool nginx_is_tested(const struct nginx_server *server, const struct nginx_reading *reading);
/* Gives one that was not edited to the next who reads; *reading is empty afterwards. */
void nginx_keep(struct nginx_server *server, struct nginx_reading *reading);

/* ---- as of struct web_kind (webplugin/plugin.h); server is the struct nginx_server ---- */

MUST_USE bool nginx_install(void *server, void *const *plans, size_t count, struct error **each, struct error *err);
MUST_USE bool nginx_answer(void *server, const struct web_answer *answers, size_t count, struct web_spot *spots,
    struct error **each, struct error *err);
char *nginx_host(const struct proof *proof);
