#pragma once
/*
 * CAA records to paste: those that let one account at one CA issue for a name, after the proof in use, and nobody else.
 */
#include "acme/authz.h"
#include "base/identifier.h"
#include "preflight/caa.h"

struct caa_advice {
    char *name;             /* where the records belong */
    struct caa_set records; /* that are suggested */
    /* what is there now */
    struct caa_now {
        bool known;
        char *at;           /* whose records count; NULL: there are none */
        char *alias;        /* the name is an alias of it: no records may stand beside that; NULL: it is none */
        struct list texts;  /* `0 issue "ca.example"` */
        bool allows;        /* us, for all that was asked */
        const char *reason; /* why not, in words; "" */
    } now;
};

struct caa_wanted { /* borrowed */
    const struct identifiers *names;
    const struct list *types;      /* challenge types, in the order in which they are tried */
    const struct list *identities; /* the CA's; at least one */
    const char *account;           /* NULL: there is none */
    const char *email;             /* where to report what others ask for (iodef); NULL: nowhere */
};

/* One advice for each name, a wildcard's beside that of the name that it stands below; appended to *all, which has *len
 * of them already: a name that is there gets what it lacks. */
void caa_advise(const struct caa_wanted *wanted, struct caa_advice **all, size_t *len);

struct net;
/* Looks at what is there now. */
void caa_look(struct net *net, const struct caa_wanted *wanted, struct caa_advice *advice);
void caa_advice_clear(struct caa_advice *advice);

/* Appends the record as name servers read it that do not know CAA (RFC 3597 section 5): "\# 12 00056973...". */
void caa_put_generic(const struct caa_record *record, struct buf *out);
