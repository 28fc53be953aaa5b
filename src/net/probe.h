#pragma once
/*
 * Looking at what a TLS server shows. The handshake verifies nothing: the caller compares what is shown with what it
 * expects.
 */
#include "net/net.h"

enum probe_key { PROBE_ANY, PROBE_RSA, PROBE_ECDSA };

enum probe_trust {
    PROBE_UNVERIFIED, /* nobody has asked */
    PROBE_TRUSTED,
    PROBE_SELF_SIGNED,
    PROBE_INCOMPLETE, /* who signed the server's own is neither shown nor trusted here */
    PROBE_UNKNOWN_CA, /* the issuers that are shown lead to nobody who is trusted here */
    PROBE_UNTRUSTED,  /* for another reason */
};

#define PROBE_MAX_CERTS 16
#define PROBE_MAX_CHAIN (100 * 1024) /* bytes of all certificates */

struct probe {
    const char *address; /* an IP address, with a zone where it needs one */
    int port;
    const char *sni;      /* the server name that is asked for; NULL: none. An IP address is not sent */
    const char *alpn;     /* protocols with commas between, "h2,http/1.1"; NULL: none */
    const char *starttls; /* how TLS begins: smtp, imap, pop3, ftp, sieve, xmpp, xmpp-server, ldap, postgres, mysql;
                             NULL: at once */
    enum probe_key key;   /* key type wanted of the certificate: a server may have one of each */
    int timeout_ms;       /* for all of it; 0: 10 s */
    bool verify;          /* also say whether what is shown is trusted: by the certificates that net_http goes by */
};

struct probed {
    struct buf chain[PROBE_MAX_CERTS]; /* DER, as it was served: the server's own first */
    size_t count;
    char *version, *cipher; /* "TLSv1.3", "TLS_AES_256_GCM_SHA384" */
    char *alpn;             /* the protocol agreed on; "" when none */
    enum probe_trust trust; /* whatever names it is for, and though its own time is over */
    char *why;              /* it is not trusted; "" */
    char *weak;             /* which key or signature is weaker than CAs may make them today; "" when none is */
};

/*
 * Shakes hands with that server, from SSL 3's successors on and with weak keys, too, and tells what it showed.
 * ERROR_NETWORK when it cannot be reached, does not begin TLS, or the handshake fails (it has no certificate for such a
 * key); err->sys as of net_http. *out must be zero or cleared.
 */
MUST_USE bool net_probe(struct net *net, const struct probe *probe, struct probed *out, struct error *err);
void probed_clear(struct probed *probed);
static inline void probed_clear_at(struct probed *probed)
{
    probed_clear(probed);
}
