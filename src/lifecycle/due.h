#pragma once
/*
 * Decides when a certificate is due. Pure: clock, renewal information and revocation are passed in.
 */
#include "base/bytes.h"

struct due_facts {
    int64_t now, not_before, not_after; /* UTC seconds */
    bool force, dry_run;                /* --force-renewal, --dry-run */
    bool autorenew;                     /* false: the renewal file says autorenew = False */
    int64_t instant;                    /* chosen in the CA's suggested window, 0 when there is none */
    int64_t predecessor; /* not_before of the certificate that this one replaced, 0 when there was none */
    bool waiting;        /* its successor was ordered, and never saved */
    bool revoked;
    bool has_renew_before; /* renew_before_expiry of the renewal file */
    int64_t renew_before_s;
};

enum due {
    DUE_NOT,
    DUE_FORCED,
    DUE_DRY_RUN,
    DUE_WAITING,
    DUE_RENEWAL_INFO,
    DUE_REVOKED,
    DUE_RENEW_BEFORE,
    DUE_LIFETIME
};

/* Whether renew_before_expiry is shorter than the certificate lives: else it would be due as soon as it was there. */
bool due_renew_before_fits(const struct due_facts *facts);

/*
 * The time before which the CA's window alone does not renew; 0: none. A CA that calls the window of each new
 * certificate past would have one ordered at each run. The first time is obeyed at once.
 */
int64_t due_floor(const struct due_facts *facts);

enum due due_decide(const struct due_facts *facts);

/*
 * The first time at which due_decide says so, if nothing of the facts but the clock changes: now or before, when it is
 * due. INT64_MAX: never, as it is not to be renewed. What would force it (force, dry_run) does not count.
 */
int64_t due_at(const struct due_facts *facts);

/* "30 days", "3 weeks", "6 months 1 week", "3 days, 12 hours", "100 years"; a bare number means days. In seconds.
 * ERROR_CONFIG when unreadable or beyond 10,000 years. */
MUST_USE bool due_parse_interval(const char *text, int64_t *seconds, struct error *err);
