#pragma once
/*
 * Redirects of http-01 (RFC 8555 section 8.3): whether CAs follow them, and whether they lead away from the name.
 */
#include "base/bytes.h"

#define HOPS_MAX 10 /* more are not followed by Let's Encrypt's software */

enum hop {
    HOP_SAME,    /* the same host by http */
    HOP_SECURE,  /* the same host by https */
    HOP_AWAY,    /* another host */
    HOP_REFUSED, /* no http(s), another port than 80 and 443, a user's name, an IP address: CAs do not go there */
};

/* Judges an absolute URL, as the answer for `host` has it. */
enum hop hop_judge(const char *host, const char *url);
