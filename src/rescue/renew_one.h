#pragma once
/*
 * One certificate is renewed now, as `renew --cert-name NAME` does it.
 */
#include "run/context.h"

struct renewed_one {
    bool issued;    /* a new certificate is live */
    bool delivered; /* everybody who uses the one that is live was told of it */
    char *why;      /* one of both is not so; NULL: both are */
};
void renewed_one_clear(struct renewed_one *one);
static inline void renewed_one_clear_at(struct renewed_one *one)
{
    renewed_one_clear(one);
}

/*
 * verb: that of renew. forced: whether it is due or not, and with a new key; else also makes up for deliveries that
 * failed before. What renew says is in the log. False: ERROR_CANCELED.
 */
MUST_USE bool renew_one(struct context *context, const struct verb *verb, const char *name, bool forced,
    struct renewed_one *out, struct error *err);
