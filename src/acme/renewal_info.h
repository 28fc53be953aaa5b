#pragma once
/*
 * Renewal information (RFC 9773): when the CA would like a certificate to be renewed.
 *
 * Asking is here; the choice of the instant within the window is pure.
 */
#include "acme/session.h"
#include "crypto/cert.h"

#define RENEWAL_INFO_PAUSE_S (6 * 3600) /* until the next question, where the CA names no time (section 4.3) */

struct renewal_info {
    int64_t start, end;    /* suggestedWindow, UTC seconds; start < end (start <= end as Certbot takes it) */
    char *explanation_url; /* NULL when absent */
    int64_t retry_at;      /* ask again then: Retry-After, bounded to [1 minute, 1 day]; 6 hours where it is
                              missing (section 4.3) */
};

/* A window that ends at or before its start is an error (section 4.2), and so is one without sense (years
 * outside 1970-9999). allow_instant: one that ends as it starts is an instant. */
MUST_USE bool renewal_info_parse(struct view body, bool allow_instant, struct renewal_info *out, struct error *err);
/* ERROR_CONFIG when the certificate has no authority key identifier or the CA no renewal information (for
 * this certificate: 404); out->retry_at is set even on failure (when to ask again). */
MUST_USE bool renewal_info_fetch(
    struct session *session, const struct cert *cert, bool allow_instant, struct renewal_info *out, struct error *err);

/* Whether an instant kept as retry_at is one: no CA keeps us off for longer, so a clock was wrong that made it. */
bool renewal_info_may_wait(int64_t retry_at, int64_t now);
void renewal_info_clear(struct renewal_info *info);
static inline void renewal_info_clear_at(struct renewal_info *info)
{
    renewal_info_clear(info);
}

/*
 * The instant to renew: uniformly random in the window (random in [0, 2^64), section 4.2). chosen is the
 * instant that was chosen and kept earlier, 0 when none: it stays as long as it still lies in the window, so
 * that asking every few hours does not push the renewal forward or back each time. A window in the past gives
 * an instant in the past: renew at once. 0 when the window begins at not_after, the certificate's end, or later: it
 * says nothing then.
 */
int64_t renewal_info_instant(const struct renewal_info *info, int64_t not_after, int64_t chosen, uint64_t random);
