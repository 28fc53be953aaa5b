#pragma once
/*
 * What a screen shows of one certificate, and what is to be thought of it. Pure: the clock is passed in.
 */
#include "base/bytes.h"

enum level { /* as monitoring plugins count: their exit status */
    LEVEL_OK,
    LEVEL_WARNING,
    LEVEL_CRITICAL,
    LEVEL_UNKNOWN,
};
const char *level_name(enum level level); /* "ok", "warning", "critical", "unknown" */
/* The graver of both: critical, then warning, then unknown. */
enum level level_worse(enum level a, enum level b);

enum cert_state { /* the gravest first: a certificate is in the first that holds */
    CERT_EXPIRED,
    CERT_REVOKED,
    CERT_BROKEN,         /* its files or its renewal file cannot be used */
    CERT_ENDING,         /* little of its life is left */
    CERT_SERVED_EXPIRED, /* a server shows one that has expired */
    CERT_LATE,           /* less is left than there would be, had it been renewed in time */
    CERT_FAILING,        /* its last renewal failed */
    CERT_SERVED_WRONG,   /* a server shows another one than it should */
    CERT_UNDELIVERED,    /* it was renewed, and not all that was to follow is done */
    CERT_UNREADABLE,     /* this user may not read it */
    CERT_DUE,            /* the next run renews it */
    CERT_VALID,
    CERT_STATE_COUNT,
};
const char *cert_state_name(enum cert_state state); /* stable, for programs: "served-expired" */
enum level cert_state_level(enum cert_state state);

enum serving { /* what a server shows, in comparison with what the store has */
    SERVING_RIGHT,
    SERVING_OLDER,   /* an earlier one for these names */
    SERVING_OTHER,   /* one for this name, which is not of this lineage */
    SERVING_FOREIGN, /* one that is not for this name */
    SERVING_EXPIRED, /* whichever, it has expired */
    SERVING_NONE,    /* none: it cannot be reached, or does not begin TLS */
    SERVING_COUNT,
};
const char *serving_name(enum serving serving); /* stable, for programs */

struct served {    /* one server that was asked */
    char *name;    /* that it was asked for */
    char *address; /* NULL: none is known */
    int port;
    enum serving how;
    char *what;        /* what it shows, or why nothing; NULL when it is right */
    char *key;         /* cert_key_hash of what it shows; NULL: nothing that can be read */
    int64_t not_after; /* of what it shows, 0: nothing */
};

#define CERT_NAMES_SHOWN 8
#define CERT_SERVED_MAX 8

struct cert_status {
    char *name;                        /* of the lineage */
    struct list names;                 /* the first CERT_NAMES_SHOWN of its identifiers */
    size_t name_count;                 /* of all */
    char *server, *installer, *issuer; /* NULL: not known, or none */
    bool is_known;                     /* the certificate could be read: the next two, and what follows from them */
    int64_t not_before, not_after;
    int64_t due; /* when a run renews it, which may be past; UPCOMING_NEVER (lifecycle/upcoming.h): none does */
    bool is_test, is_revoked;
    bool is_denied;         /* it could not be read, as this user may not */
    char *why;              /* it could not be read; NULL otherwise */
    unsigned failures;      /* renewals in a row, 0: the last one succeeded */
    int64_t tried;          /* the last that failed */
    int64_t retry;          /* no run tries before; 0: the next one does */
    char *failure;          /* of the last one */
    bool is_undelivered;    /* what was to follow a renewal is not all done */
    char *delivery_failure; /* NULL: none is told */
    struct served *served;  /* what was asked (--online) */
    size_t served_len;
    enum cert_state state; /* cert_judge */
};

void cert_status_clear(struct cert_status *cert);

struct thresholds { /* percent of its life that is left */
    int warn, critical;
};

/*
 * The time from which a certificate that is not renewed is late, or ending: when so much of its life is left as the
 * thresholds say, but not before a quarter, or half, of the time between the moment it was due and its end has gone by.
 * So a certificate that is to be renewed late, by its renewal file or by the CA's wish, alarms nobody before.
 */
int64_t cert_late_at(const struct cert_status *cert, const struct thresholds *thresholds);
int64_t cert_ending_at(const struct cert_status *cert, const struct thresholds *thresholds);

enum cert_state cert_judge(const struct cert_status *cert, const struct thresholds *thresholds, int64_t now);

/* The order in which they are shown: by state, then what ends or falls due first, then by name. As of strcmp. */
int cert_compare(const struct cert_status *a, const struct cert_status *b);
