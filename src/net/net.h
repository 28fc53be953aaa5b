#pragma once
/*
 * The calls that talk to the network process (net/message.h says how, netd/ is that process).
 *
 * The privileged process has no HTTP, TLS or DNS code in it: everything that meets the outside is behind these calls.
 * Thread-safe: many threads may have requests under way at once. Whichever thread waits reads for all.
 */
#include "base/bytes.h"

struct net;

struct net_options {
    const char *user_agent;
    bool no_verify;         /* --no-verify-ssl */
    int connect_timeout_ms; /* 0: 15 s */
    int silence_timeout_ms; /* no byte for so long; 0: 45 s */
    const char *program;    /* NULL: evercert-net beside our executable, else in the compiled-in libexecdir */
};

/*
 * Starts the network process: call before any key is read. It drops privileges and locks itself in before it reads the
 * first message. What SSL_CERT_FILE, REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE name is read here, with our rights, and
 * the certificates in it (never a key) are handed over (ERROR_CONFIG when that is no certificate). Does not wait for
 * the process: it comes up while we do other things, and what keeps it from working shows at the first call. It ends
 * when the connection does: with net_stop, or with us. ERROR_NETWORK when it cannot be started. *out is the caller's,
 * for net_stop.
 */
MUST_USE bool net_start(const struct net_options *options, struct net **out, struct error *err);
void net_stop(struct net *net); /* closes the connection and waits for the process; NULL is fine */
DEFINE_AUTO(struct net, net_stop)
int net_pid(const struct net *net);

#define NET_LACKS_SIZE 401

/* Protections of the network process in force. */
struct net_protection {
    unsigned landlock; /* ABI in force, 0: none */
    bool seccomp;
    unsigned uid;
    char lacks[NET_LACKS_SIZE]; /* which further protections were refused, and why; "" when none was */
};

/* Waits for the network process to be ready: the other calls do not need that. ERROR_NETWORK when it did not start. */
MUST_USE bool net_protection(struct net *net, struct net_protection *out, struct error *err);

/* "user 65534, Landlock (version 7), a filter of system calls", and what was refused. Of the caller's. */
char *net_protection_describe(const struct net_protection *protection) __attribute__((returns_nonnull));

/* ---- HTTP ---- */

#define HTTP_MAX_BODY (4 * 1024 * 1024)
#define HTTP_MAX_LARGE_BODY (12 * 1024 * 1024) /* used on request: revocation lists */
#define HTTP_MAX_HEADERS 64
#define HTTP_MAX_FIELDS 32          /* that a request adds, each of at most 8 KiB */
#define HTTP_MAX_WANTED 16          /* names of fields */
#define HTTP_MAX_TRUST (256 * 1024) /* certificates to trust, and a client's own */
#define HTTP_MAX_KEY (16 * 1024)    /* a client's key */

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_PATCH, HTTP_DELETE };

struct http_field { /* of a request's head, beside those that have members below and those that belong to the connection
                     */
    const char *name;  /* a token (RFC 9110 section 5.1) */
    struct view value; /* without line ends and other control characters */
    bool secret;       /* the copies that are made on its way are overwritten; no redirect is followed with it */
};

struct http_header {
    char *name, *value; /* name in lower case, unless the request says otherwise */
};

struct http_request {
    enum http_method method;
    const char *url;          /* http or https */
    const char *content_type; /* of the body */
    const char *accept;       /* NULL: none */
    struct view body;         /* for POST, PUT, PATCH and DELETE */
    const struct http_field *fields;
    size_t field_count;
    const char *const
        *wanted;       /* the answer's fields to have, with a NULL behind them; NULL: the first HTTP_MAX_HEADERS */
    struct view trust; /* PEM: these certificates vouch for the server, and no others; "": as usual */
    struct view client_cert, client_key; /* PEM, both or neither: for servers that want one */
    size_t max_body;                     /* of the answer, up to HTTP_MAX_LARGE_BODY; 0: HTTP_MAX_BODY */
    int timeout_ms;                      /* for the whole exchange; 0: 120 s */
    int silence_ms;                      /* for the connection, and for each silence; 0: as in net_options */
    bool names_as_sent;                  /* of the answer's fields: http_header finds none of them */
    bool follow;                         /* GET and HEAD without secrets: up to 5 redirects, never from https to http */
    /*
     * NULL: url is the user's or the CA's. Else url stands in a certificate of the CA whose directory is at named_by
     * ("" when that is not known): connections to loopback, link-local and private addresses are refused, unless the CA
     * itself lives at such (ERROR_NETWORK).
     */
    const char *named_by;
    /* "192.0.2.1:80", "[2001:db8::1]:8080": where the server is whom we ask for url, on a connection of its own and
     * past any proxy. NULL: where url leads. Goes with neither follow nor named_by. */
    const char *at;
    bool direct; /* past any proxy: the server is to see this machine */
};

struct http_response {
    int status;
    struct http_header headers[HTTP_MAX_HEADERS]; /* owned; more than that are dropped */
    size_t header_count;
    struct buf body;
    char *url; /* the final one; Location and Link are relative to it */
};

/*
 * Performs one exchange. True for any HTTP status: the caller judges it. ERROR_NETWORK with a "why" that says which of
 * resolving, connecting, TLS trust, time-out or size failed, and a hint; ERROR_CANCELED on an interrupt. err->sys tells
 * how connecting failed: ECONNREFUSED; ETIMEDOUT: nothing took the connection; ENETUNREACH: no way leads there from
 * here; 0 for all else. *out must be zero or cleared.
 */
MUST_USE bool net_http(
    struct net *net, const struct http_request *request, struct http_response *out, struct error *err);

void http_response_clear(struct http_response *response);
static inline void http_response_clear_at(struct http_response *response)
{
    http_response_clear(response);
}
/* ---- answers that come in pieces ---- */

#define HTTP_CHUNK (256 * 1024) /* the largest piece */

struct net_stream;

enum stream_step {
    STREAM_PIECE,  /* there is something new */
    STREAM_SILENT, /* nothing came in time; what comes later is not lost */
    STREAM_END,    /* the answer is complete: there is nothing new */
};

/*
 * Begins an exchange whose answer is read piece by piece, while it comes and for as long as it comes: lists too large
 * for memory, and servers that tell what happens. *head gets status and header fields. Nothing runs ahead of the
 * reader: what the network process has of the answer is HTTP_CHUNK at most, and the server waits. request as for
 * net_http, but it follows no redirect, timeout_ms 0 is a day, max_body does not count, and silence_ms ends with
 * the head. One connection for each: NET_STREAMS at one time. Errors as of net_http; *out is the caller's, for
 * net_stream_close.
 */
MUST_USE bool net_stream_open(struct net *net, const struct http_request *request, struct http_response *head,
    struct net_stream **out, struct error *err);
void net_stream_close(struct net_stream *stream); /* also in the middle */
DEFINE_AUTO(struct net_stream, net_stream_close)

#define NET_STREAMS 8

/*
 * Appends what has come, at most HTTP_CHUNK bytes, and waits for it up to timeout_ms. After a failure (ERROR_NETWORK;
 * ERROR_CANCELED on an interrupt) the stream is of no more use. One thread at a time.
 */
MUST_USE bool net_stream_read(
    struct net_stream *stream, int timeout_ms, struct buf *out, enum stream_step *step, struct error *err);

/*
 * The same line by line: *line gets the next one without its end (LF or CR LF), also a last one that lacks it.
 * ERROR_NETWORK when it is longer than line->max.
 */
MUST_USE bool net_stream_line(
    struct net_stream *stream, int timeout_ms, struct buf *line, enum stream_step *step, struct error *err);

/* First header of that name (lower case), NULL when absent; *from (may be NULL) is where to look and is moved on. */
const char *http_header(const struct http_response *response, const char *name, size_t *from);

/* ---- the responders ---- */

#define NET_PLACES 16 /* where they listen at one time, all together */

enum responder {
    RESPONDER_HTTP, /* http-01 (RFC 8555 section 8.3) */
    RESPONDER_ALPN, /* tls-alpn-01 (RFC 8737) */
    RESPONDER_COUNT
};

/*
 * Opens a responder's listening sockets here (ports below 1024 need our rights) and hands them over. address: NULL or
 * "" for all, IPv6 first and then IPv4, one of which may fail. Counted: each open wants a close with the same address
 * and port; the sockets are shared by all threads. A responder may listen at several places, and says the same at each.
 * "localhost" stands for both loopback addresses. ERROR_PLUGIN with Certbot's words and, where it can be known, the
 * program that has the port; ERROR_CONFIG for more places than NET_PLACES.
 */
MUST_USE bool net_responder_open(
    struct net *net, enum responder responder, const char *address, int port, struct error *err);
void net_responder_close(struct net *net, enum responder responder, const char *address, int port);

/* Answers /.well-known/acme-challenge/TOKEN with content from now on. Returns when the responder has it. */
MUST_USE bool net_responder_add(struct net *net, const char *token, struct view content, struct error *err);
MUST_USE bool net_responder_remove(struct net *net, const char *token, struct error *err);

#define NET_DIGEST_SIZE 32 /* of SHA-256 */

/*
 * Presents, from now on, the certificate of RFC 8737 section 3 to clients that ask for identifier (a DNS name or an IP
 * address) by "acme-tls/1". digest: SHA-256 of the key authorization. Key and certificate are made in the network
 * process. A second one for an identifier replaces the first. Returns when the responder has it.
 */
MUST_USE bool net_alpn_add(
    struct net *net, const char *identifier, const uint8_t digest[static NET_DIGEST_SIZE], struct error *err);
MUST_USE bool net_alpn_remove(struct net *net, const char *identifier, struct error *err);
