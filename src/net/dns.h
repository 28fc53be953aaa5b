#pragma once
/*
 * Questions to name servers (RFC 1035), asked by the network process. Whoever signs a question (TSIG, RFC 8945) does so
 * before it crosses over, and verifies the answer by its bytes: no key goes along.
 */
#include "net/net.h"

enum dns_type {
    DNS_A = 1,
    DNS_NS = 2,
    DNS_CNAME = 5,
    DNS_SOA = 6,
    DNS_PTR = 12,
    DNS_MX = 15,
    DNS_TXT = 16,
    DNS_AAAA = 28,
    DNS_OPT = 41,
    DNS_TLSA = 52,
    DNS_TSIG = 250,
    DNS_CAA = 257,
};

enum dns_rcode { DNS_NOERROR, DNS_FORMERR, DNS_SERVFAIL, DNS_NXDOMAIN, DNS_NOTIMP, DNS_REFUSED };

#define DNS_MAX_MESSAGE 65535
#define DNS_MAX_RECORDS 512

/* Flags of a question (RFC 1035 section 4.1.1, RFC 4035 section 3.2.2). */
#define DNS_RECURSE 0x0100U           /* to a resolver */
#define DNS_CHECKING_DISABLED 0x0010U /* also what DNSSEC finds to be bogus */

/*
 * Appends a question for one name and type, with an id that nobody can guess, and EDNS (RFC 6891) for answers up to
 * 1,232 bytes by UDP. ERROR_CONFIG when that is no domain name.
 */
MUST_USE bool dns_put_question(
    struct buf *out, const char *name, enum dns_type type, unsigned flags, struct error *err);

struct dns_question {
    const char *server;  /* an IP address, with a zone where it needs one; NULL: those of /etc/resolv.conf in turn */
    int port;            /* 0: 53 */
    bool tcp;            /* at once; else after an answer by UDP that was cut */
    struct view message; /* one question, or an update (RFC 2136); its id is what makes it hard to answer for others */
    int timeout_ms;      /* for all of it; 0: 5 s */
};

enum dns_section { DNS_IN_ANSWER, DNS_IN_AUTHORITY, DNS_IN_ADDITIONAL };

struct dns_record { /* of the class IN, and TSIG; OPT is not among them */
    enum dns_section section;
    char *name; /* as dns_name_get writes it */
    uint16_t type;
    uint32_t ttl;
    struct buf data; /* names in NS, CNAME, SOA, PTR and MX are not compressed */
};

struct dns_answer {
    int rcode;   /* extended ones (RFC 6891 section 6.1.3), too */
    bool aa, tc; /* authoritative; cut, although it came by TCP */
    bool ad;     /* the resolver says that DNSSEC vouches for it */
    int ede;     /* the first extended error (RFC 8914), -1: none */
    struct dns_record *at;
    size_t len;
    size_t tsig_at; /* where in wire the TSIG record begins, which is the last one; 0: none */
    char *server;   /* which one answered, "192.0.2.53" */
    struct buf wire;
};

/*
 * Asks, by UDP three times and by TCP when the answer was cut, or each of the system's servers twice until one knows
 * something. True for any answer to this question from this server, whatever it says. ERROR_NETWORK when none came that
 * can be read. *out must be zero or cleared.
 */
MUST_USE bool net_dns(struct net *net, const struct dns_question *question, struct dns_answer *out, struct error *err);
void dns_answer_clear(struct dns_answer *answer);
static inline void dns_answer_clear_at(struct dns_answer *answer)
{
    dns_answer_clear(answer);
}

struct dns_reply { /* zero, or to be cleared */
    struct dns_answer answer;
    struct error *error; /* why there is none; NULL: it answered */
};

/* Asks all of them at the same time. False, with ERROR_CANCELED, only when the user interrupts; *replies are to be
 * cleared in any case. */
MUST_USE bool net_dns_all(
    struct net *net, const struct dns_question *questions, size_t count, struct dns_reply *replies, struct error *err);
void dns_reply_clear(struct dns_reply *reply);
