#pragma once
/*
 * A stop-gap: a certificate that is signed by its own key, so that a server whose files are lost can start again.
 * Clients warn of it.
 *
 * It is marked by its subject and issuer, and is near its end from the beginning: of a life of STOP_GAP_LIFE_S all but
 * STOP_GAP_LEFT_S is over, so that whoever renews (Certbot, too) takes it for due.
 */
#include "crypto/cert.h"

#define STOP_GAP_ORGANIZATION "Evercert stop-gap"
#define STOP_GAP_LIFE_S ((int64_t)90 * 86400)
#define STOP_GAP_LEFT_S ((int64_t)7 * 86400)

/* PEM, appended. now: UTC seconds since 1970. At least one identifier. */
MUST_USE bool stop_gap_make(
    const struct key *key, const struct identifiers *identifiers, int64_t now, struct buf *pem, struct error *err);

/* Whether it was made so. Its signature is not asked for: whoever writes such a name makes no other claim. */
bool cert_is_stop_gap(const struct cert *cert);
