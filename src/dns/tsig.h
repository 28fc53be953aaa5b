#pragma once
/*
 * TSIG (RFC 8945): signs a message to a name server with a secret that both share, and says whether the answer is the
 * server's. Pure: time and messages are handed in. The network process sees neither keys nor this.
 */
#include "crypto/hmac.h"

#define TSIG_FUDGE 300 /* seconds by which clocks may differ (RFC 8945 section 10) */
#define TSIG_MAX_SECRET 1024

struct tsig_key {
    char *name; /* as in the server's configuration, with or without final dot */
    enum digest algorithm;
    struct buf secret; /* its bytes; secret */
};

void tsig_key_clear(struct tsig_key *key);
static inline void tsig_key_clear_at(struct tsig_key *key)
{
    tsig_key_clear(key);
}

/*
 * Appends the signature to a whole message, and its MAC to *mac, by which the answer is verified. now: UTC seconds
 * since 1970. ERROR_CONFIG for a key whose name is none, or whose algorithm this machine does not allow.
 */
MUST_USE bool tsig_sign(struct buf *message, const struct tsig_key *key, struct view request_mac, int64_t now,
    struct buf *mac, struct error *err);

/*
 * Verifies the answer to a message with that MAC: its bytes, and where in them the TSIG record begins (struct
 * dns_answer has both). A MAC may be cut to half its length, never below 10 bytes (RFC 8945 section 5.2.2.1).
 * ERROR_PLUGIN when the server has not accepted our signature, in words that say what to do; ERROR_NETWORK when the
 * answer is not the server's, or cannot be read.
 */
MUST_USE bool tsig_verify(struct view wire, size_t tsig_at, const struct tsig_key *key, struct view request_mac,
    int64_t now, struct error *err);
