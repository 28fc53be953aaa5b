#pragma once
/*
 * What an Apache server says of itself, read from the output of its programs. Pure.
 */
#include "base/bytes.h"

/* Empty members are not known. */
struct apache_facts {
    char *server_root;          /* where relative paths begin */
    char *pid_file, *error_log; /* of the main server; absolute, or as the server says them */
    char *user, *group;
    struct list defines;     /* "NAME" or "NAME=VALUE": all of them at the end of reading, those that files make, too */
    struct list modules;     /* "ssl_module": all that are loaded, */
    struct list built_in;    /* those among them that no LoadModule loads */
    struct list environment; /* "NAME=VALUE": variables that the server is started with, as far as they matter */
    unsigned version[3];     /* 2, 4, 62; all 0: not known */
};

/*
 * Reads the output of `apache2ctl -t -D DUMP_RUN_CFG` and `... DUMP_MODULES` (which may be one call) or `-v`; other
 * lines are passed over. Adds to facts. False when it is none of these at all.
 */
bool apache_facts_read(struct apache_facts *facts, struct view output);

/* Reads Debian's envvars, a shell script: `export NAME=VALUE` and `NAME=VALUE` with values of which no program has to
 * be run. Adds to facts->environment, what is there already stays. */
void apache_facts_read_environment(struct apache_facts *facts, struct view script);

void apache_facts_clear(struct apache_facts *facts);
static inline void apache_facts_clear_at(struct apache_facts *facts)
{
    apache_facts_clear(facts);
}

/* The identifier of a module that IfModule names by that ("ssl_module") or by its source file ("mod_ssl.c"); of the
 * caller's. */
char *apache_module_identifier(const char *name) __attribute__((returns_nonnull));
/* Whether such a module is loaded. */
bool apache_facts_has_module(const struct apache_facts *facts, const char *name);
