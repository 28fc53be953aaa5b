#pragma once
/*
 * What a name server says with the code of its answer (RFC 1035 section 4.1.1, RFC 2136 section 2.2, RFC 8945 section
 * 3).
 */

enum rcode_more { /* besides enum dns_rcode */
    RCODE_YXDOMAIN = 6,
    RCODE_YXRRSET,
    RCODE_NXRRSET,
    RCODE_NOTAUTH,
    RCODE_NOTZONE,
    RCODE_BADSIG = 16, /* these in TSIG records only */
    RCODE_BADKEY,
    RCODE_BADTIME,
    RCODE_BADTRUNC = 22,
};

/* "REFUSED"; "RCODE 14" for one without a name: then in room, which is returned. */
#define RCODE_NAME_SIZE 16
const char *rcode_name(int rcode, char room[static RCODE_NAME_SIZE]);
