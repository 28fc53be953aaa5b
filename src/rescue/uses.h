#pragma once
/*
 * Which certificates of a store the configurations of nginx and Apache name, and for which hosts: so that it is known
 * what belongs there when the store itself is lost.
 *
 * Reads files; asks no server, which may not start. nginx's includes are followed; of Apache the directories are read
 * from which its distributions include.
 */
#include "config/settings.h"

#define USES_MAX 1000 /* certificates */

struct use {            /* of one name in live/ */
    char *name;         /* of the lineage */
    const char *server; /* "nginx" or "apache": the plugin's name */
    struct list hosts;  /* names and addresses that are served with it; what no certificate can have is left out */
    struct list places; /* "FILE:LINE" */
    struct list certs;  /* the very paths that it reads, in pairs: certificate, */
    struct list keys;   /* and its key; "": that is not told. Either may be another's, or lie elsewhere */
    bool accepted;      /* that server has accepted its configuration (servers.h) */
};

struct uses {
    struct use *at;
    size_t len;
};

/* Those below LIVE ("/etc/letsencrypt/live"), or the archive beside it, in the servers that settings name
 * (--nginx-server-root ...). A server that is not here, or whose files cannot be read, has none. */
void uses_find(const struct settings *settings, const char *live, struct uses *out);
const struct use *uses_of(const struct uses *uses, const char *name); /* NULL: it is not used */
bool uses_have(const struct uses *uses, const char *server);          /* any of that server */
void uses_clear(struct uses *uses);
static inline void uses_clear_at(struct uses *uses)
{
    uses_clear(uses);
}
