#pragma once
/*
 * Messages that change TXT records of a zone (RFC 2136). Pure: whoever sends one signs it (dns/tsig.h) and believes the
 * answer or not.
 */
#include "dns/provider.h"

enum update_action {
    UPDATE_ADD,    /* besides what is there (RFC 2136 section 2.5.1); what is there already stays as it is */
    UPDATE_REMOVE, /* exactly that value (section 2.5.4); what is not there is not missed */
};

#define UPDATE_MAX_VALUES 100 /* of one message: with the longest names, and a signature, it still is one of DNS */
#define UPDATE_MAX_VALUE 4000 /* bytes */
#define UPDATE_TTL 120        /* seconds that an added record may be kept in mind: Certbot's */

/*
 * Appends the update: the message's id, the zone without final dot, and at most UPDATE_MAX_VALUES records, all of that
 * zone. A value of more than 255 bytes is written in parts, which its readers join (RFC 7208 section 3.3 has the same).
 * ERROR_PLUGIN for a name or value that DNS cannot hold.
 */
MUST_USE bool update_put(struct buf *out, unsigned id, const char *zone, enum update_action action,
    struct txt *const *txts, size_t count, struct error *err);
