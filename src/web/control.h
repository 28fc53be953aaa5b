#pragma once
/*
 * A web server's own programs: its configuration test, its reload, its start.
 *
 * Knows processes, services and the server's error log; knows nothing of configuration files. Programs run with our
 * environment (a container passes settings to its server by it), their messages in English, and with limits.
 */
#include "base/bytes.h"
#include "web/server_log.h"

/*
 * Filled by who knows the server; all of it is borrowed. An argument vector begins with the program's absolute path
 * (web_program_find) and is ended by NULL.
 */
struct web_server {
    const char *name;        /* "nginx", "Apache": for people */
    char *const *test;       /* nginx -c CONF -t; apache2ctl configtest */
    char *const *reload;     /* nginx -c CONF -s reload; apache2ctl graceful */
    char *const *reload_too; /* tried when that fails while the server is running: apachectl restart. NULL: none */
    char *const *start;      /* nginx -c CONF. May stay in the foreground */
    const struct list *env;  /* NAME=VALUE that are set over our environment; NULL: none */
    bool may_end; /* of a reload, when it cannot read its configuration; else it goes on with the old one. It writes its
                     pid file anew when it could */
    const char *unit;      /* of systemd, "nginx.service", where that is what runs this configuration; NULL: none */
    const char *service;   /* the name of its init script, likewise; NULL: none */
    const char *pid_file;  /* NULL: not known */
    const char *error_log; /* NULL: not known, or no file */
    const char *root;      /* below which /run and /etc/init.d are looked for; NULL: "". For tests */
    const char *start_log; /* new each time: what a server says that we had to start, also later when it stays in the
                              foreground. NULL: dropped */
};

/*
 * The absolute path of a program: name as it is when it has a slash, else looked for in PATH and then in the
 * directories of system programs. ERROR_PLUGIN when there is none; err->sys is ENOENT then. ERROR_CONFIG when we are
 * root and others may write it (refuse: struct voice, refuses_shared_code; else that is a warning). *path is the
 * caller's.
 */
MUST_USE bool web_program_find(const char *name, bool refuse, char **path, struct error *err);

/* Runs a program of the server's: argv as in struct web_server. True whatever its exit status: *out, the caller's, for
 * child_result_clear (base/child.h), has it and what was said. ERROR_PLUGIN when it cannot be run, or is not done in
 * time. For questions as `nginx -V`, `apache2ctl -t -D DUMP_MODULES`. */
#define WEB_RUN_MS 60000
struct child_result;
MUST_USE bool web_run(
    const struct web_server *server, char *const *argv, int64_t limit_ms, struct child_result *out, struct error *err);

/* The server's own test of its configuration. ERROR_PLUGIN with its words: the refused line ("FILE:LINE: why") first
 * where it names one. Changes nothing. */
MUST_USE bool web_test(const struct web_server *server, struct error *err);

/*
 * Makes the server read its configuration again, by the means at hand; one that is stopped is started, through systemd
 * or its init script where these are at work here. Returns as soon as the server was told, and one that may end of it
 * has read its configuration, or some seconds are over: whether it obeys is seen by web_verify, and in what *log gets
 * from now on, which is marked before anything is done and is the caller's, for web_log_clear. One that has ended is an
 * error, but log NULL: nobody looks, so it is started. ERROR_PLUGIN with what the programs and the log say; *log is
 * marked then, too. An interrupt would reach the programs: a caller who has changed files is shielded from it
 * (base/interrupt.h).
 */
MUST_USE bool web_reload(const struct web_server *server, struct web_log *log, struct error *err);

/* Whether the process that the pid file names is there; true when that cannot be known. */
bool web_is_running(const struct web_server *server);
