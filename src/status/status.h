#pragma once
/*
 * What there is to be known of everything here: gathered once, and then shown in whichever form (show.h).
 *
 * Certificates are gathered as a stream; what is kept of them is sums, and a bounded number of those that need
 * attention first.
 */
#include "health/health.h"
#include "ops/scheduled.h"
#include "run/context.h"
#include "status/worst.h"

#define STATUS_KEPT 5000     /* certificates */
#define STATUS_EXAMINED 1000 /* of them, whose permissions are looked at */
#define STATUS_BANDS 10      /* parts of a life */
#define STATUS_CAS 16

struct moment { /* something that happened to a certificate, or will */
    int64_t at; /* UTC seconds */
    char *name; /* of the lineage; NULL: it never does */
};

struct authority {          /* a CA that certificates here are from */
    char *url;              /* of its directory */
    size_t count;           /* of certificates */
    bool is_asked, answers; /* --online */
    char *why;              /* it does not */
    bool has_clock;         /* its answer was dated: */
    int64_t ahead_s;        /* how far its clock is ahead of this machine's */
};
struct backups {   /* of the whole store, that somebody asked for */
    bool is_known; /* this user may look */
    size_t count;
    int64_t newest; /* UTC seconds; with count > 0 */
};

#define CLOCK_OFF_S 300    /* a difference that is told */
#define CLOCK_WRONG_S 3600 /* one that keeps things from working */

struct status {
    int64_t now; /* UTC seconds */
    char *config_dir;
    struct thresholds thresholds;
    size_t in_store; /* lineages */
    size_t counts[CERT_STATE_COUNT];
    size_t tests;      /* from a CA's test server */
    size_t unattended; /* that no run renews by itself */
    size_t failing;    /* whose last renewal failed */
    size_t undelivered;
    size_t left[STATUS_BANDS]; /* certificates that have not expired, by how many tenths of their life are left */
    int least_left;            /* percent: the least of what is left of a life, of those that have not expired */
    struct moment ends;        /* the next that expires */
    struct moment due;         /* the next that is renewed */
    struct moment issued;      /* the last that was renewed */
    struct moment failed;      /* the last whose renewal failed */
    struct worst certs;
    struct scheduled_entries schedules; /* who renews by himself */
    struct findings runs;               /* of renew, and the store itself, that are not as they should be */
    struct backups backups;
    struct findings access; /* permissions; examined may be fewer than there are */
    struct authority authorities[STATUS_CAS];
    size_t authority_count;
    bool is_online;               /* --online: servers and CAs were asked */
    size_t served[SERVING_COUNT]; /* servers, by what they show */
    size_t unasked; /* certificates whose servers were not asked: there were too many, or it took too long */
    enum level level;
};

/* Reads the store, and asks servers and CAs where settings want it. ERROR_STORE when the store cannot be read at all;
 * ERROR_CANCELED on an interrupt. */
MUST_USE bool status_gather(struct context *context, struct status *out, struct error *err);
/* The same with --online, and of what servers show and whether CAs answer alone: for who looks at the rest himself. */
MUST_USE bool status_gather_online(struct context *context, struct status *out, struct error *err);
void status_clear(struct status *status);
static inline void status_clear_at(struct status *status)
{
    status_clear(status);
}

/* ---- what screens say of it ---- */

size_t status_all(const struct status *status); /* certificates that are shown, whatever there is in the store */
size_t status_at_level(const struct status *status, enum level level); /* of them */
size_t status_attention(const struct status *status);                  /* of them, that are not well */
enum level status_level_of(const struct finding *finding);
/* Whether a finding counts: not a note. */
bool status_counts(const struct finding *finding);
bool authority_is_well(const struct authority *authority);
