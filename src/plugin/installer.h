#pragma once
/*
 * Installers: make a server use certificates, as one transaction for everything that a run has for it.
 *
 * The order of calls is: recover (once, before anything else is asked of the server in this run), prepare, plan for
 * each deployment, commit for all of the plans together, drop for each, release. A plan decides and changes nothing;
 * only commit, step and rollback change anything, and they take the server's lock for that (plugin/clerk.h). All are
 * called with the lock of a lineage held or none, never by the clerk: the order of locks is lineage, then server.
 */
#include <stddef.h>

#include "base/error.h"
#include "base/identifier.h"
#include "base/text.h"

struct plugin_context; /* plugin/plugin.h */

enum enhancement { /* in the order in which they are applied: Certbot's, then ours, then what takes steps */
    ENHANCE_HSTS,
    ENHANCE_REDIRECT,
    ENHANCE_STAPLE_OCSP,
    ENHANCE_UIR,
    /* A set of headers of the plugin's. HSTS is one, unless ENHANCE_AUTO_HSTS is wanted, too, or settings->hsts is NO.
     */
    ENHANCE_SECURITY_HEADERS,
    ENHANCE_AUTO_HSTS, /* HSTS for a minute at first; installer->step goes on with it */
    ENHANCE_COUNT
};
/* Name of its option: "hsts", "redirect", "staple-ocsp", "uir", "security-headers", "auto-hsts". */
const char *enhancement_name(enum enhancement enhancement);
#define ENHANCEMENT(enhancement) (1u << (enhancement)) /* in a set */

struct pair { /* paths of one certificate and its key; those that are not known are NULL */
    const char *cert, *key, *chain, *fullchain;
};

/* The files that a server is to use for one lineage, and the names it serves with them. Borrowed by plan until it
 * returns. */
struct deployment {
    const char *lineage;             /* its name; NULL: files of the user's */
    const struct identifiers *names; /* domains and IP addresses that are to be served with it */
    const struct pair *pairs;        /* one for each type of key */
    size_t pair_count;
    unsigned enhancements; /* set of ENHANCEMENT(...) */
    bool in_use;           /* the server was told of these paths before: it has to read the files again, no more */
    /* What the server has for a name already, by key and certificate of another type of key in our own live directory,
     * stays beside these pairs. False: it makes room for them, as with Certbot. */
    bool keeps_other_type;
    /* Gets the names that the server has TLS for, but not at settings->https_port, each once. NULL: not wanted; else it
     * is used until commit has returned. */
    struct list *elsewhere;
};

/* A copy that owns all it has; of the caller's, for deployment_free. */
struct deployment *deployment_dup(const struct deployment *deployment) __attribute__((returns_nonnull));
void deployment_free(struct deployment *copy); /* NULL is fine */
DEFINE_AUTO(struct deployment, deployment_free)

struct installer {
    /* Undoes what a run that was killed has left half done; quick when there is nothing. NULL: there cannot be. */
    bool (*recover)(const struct plugin_context *context, struct error *err);
    bool (*prepare)(const struct plugin_context *context, void **self, struct error *err); /* NULL: nothing to do */
    /* The same where nothing but rollback comes: what the server refuses may be what is to be taken back, so that its
     * configuration need not pass any test. NULL: prepare. */
    bool (*prepare_rollback)(const struct plugin_context *context, void **self, struct error *err);
    bool (*supports)(void *self, enum enhancement enhancement);
    bool (*is_running)(void *self);      /* the server; true where that cannot be known. NULL: it is not known */
    bool (*takes_addresses)(void *self); /* whether names may be IP addresses. NULL: they may not */
    /* Adds the names that the server's configuration has sites for, as they are offered to a user who gave none: in
     * that order, each once, fit for a certificate. None is no error. NULL: it does not know. */
    bool (*names)(void *self, struct list *out, struct error *err);
    /* Works out the changes for a deployment. May ask the user; changes nothing. *plan is the caller's, for drop. */
    bool (*plan)(void *self, const struct deployment *deployment, void **plan, struct error *err);
    void (*drop)(void *plan); /* NULL: plans own nothing */
    /*
     * Puts plans into effect, with one reload, and returns when the server serves what they say. Also those of other
     * uses of this plugin in this run that come at the same moment go along (plugin/clerk.h). True: every plan is in
     * effect but those with an error in each[] (NULL before; allocated, the caller's), which have changed nothing.
     * False: nothing of it is in effect, and the server is as it was before; each[] may tell which plans are the cause.
     */
    bool (*commit)(void *self, void *const *plans, size_t count, struct error **each, struct error *err);
    /*
     * Performs what depends on time alone (--auto-hsts): called once at each `renew` for each server that lineages
     * have, recovered but not prepared, after what was renewed is in effect. Quick when there is nothing to do.
     * renewed: the deployments that were renewed in this run and that the server has read, which may be none; borrowed
     * until it returns. NULL: nothing depends on time.
     */
    bool (*step)(
        const struct plugin_context *context, const struct deployment *const *renewed, size_t count, struct error *err);
    /* Takes the newest changes of this server back, and reloads. */
    bool (*rollback)(void *self, int checkpoints, struct error *err);
    void (*release)(void *self); /* NULL: nothing to do */
};
