#pragma once
/*
 * The messages between the privileged process and the network process, each with its writer and its reader.
 *
 * The privileged side asks (numbers below 64), the network process answers (64 and above). Every question but CANCEL
 * gets exactly one answer with its id: the one that its type names, or FAILED. FAILED with id 0 says that the network
 * process cannot work at all and goes. VISIT, with id 0, is no answer: somebody has come to a responder. Descriptors
 * travel with LISTEN only.
 *
 *   HELLO    options and trust, the first message     -> READY     which protections are active
 *   REQUEST  one HTTP exchange                        -> RESPONSE, the head and the first piece of the body
 *   READ     the next piece of that body              -> DATA
 *   DNS      a question to a name server              -> DNS_ANSWER
 *   PROBE    what a TLS server shows                  -> PROBED
 *   LISTEN   listening sockets of one place           -> DONE
 *   UNLISTEN closes them                              -> DONE
 *   ADD      a token and what to answer for it        -> DONE
 *   REMOVE   forgets a token                          -> DONE
 *   ALPN_ADD     an identifier and its digest         -> DONE
 *   ALPN_REMOVE  forgets an identifier                -> DONE
 *   CANCEL   ends what has that id: a question (its answer is then FAILED, or the one already under way), or an
 *            exchange of whose body there is more
 *
 * A body comes as it is read, so that neither side has more of it in memory than HTTP_CHUNK: after a RESPONSE or DATA
 * that says `more`, the exchange stays until a READ has got its last piece, or its failure, or CANCEL has its id.
 *
 * Readers borrow from the frame; they are strict and change *out only when all of the message is right.
 */
#include "net/net.h"
#include "net/probe.h"
#include "net/wire.h"

enum message_type {
    MESSAGE_HELLO = 1,
    MESSAGE_REQUEST = 2,
    MESSAGE_LISTEN = 3,
    MESSAGE_UNLISTEN = 4,
    MESSAGE_ADD = 5,
    MESSAGE_REMOVE = 6,
    MESSAGE_CANCEL = 7,
    MESSAGE_ALPN_ADD = 8,
    MESSAGE_ALPN_REMOVE = 9,
    MESSAGE_READ = 10,
    MESSAGE_DNS = 11,
    MESSAGE_PROBE = 12,

    MESSAGE_READY = 64,
    MESSAGE_RESPONSE = 65,
    MESSAGE_DONE = 66,
    MESSAGE_FAILED = 67,
    MESSAGE_VISIT = 68,
    MESSAGE_DATA = 69,
    MESSAGE_DNS_ANSWER = 70,
    MESSAGE_PROBED = 71,
};

#define MESSAGE_SOCKET 3 /* the descriptor on which the network process finds its end of the socket pair */
#define MESSAGE_VERSION 7

/* Bounds of fields, in bytes. */
#define MESSAGE_MAX_BUNDLE (4 * 1024 * 1024)
#define MESSAGE_MAX_UPLOAD (1024 * 1024)
#define MESSAGE_MAX_URL 8192
#define MESSAGE_MAX_FINAL_URL (4 * MESSAGE_MAX_URL) /* libcurl writes out what was short: a slash, escapes */
#define MESSAGE_MAX_NAME 256
#define MESSAGE_MAX_VALUE 8192
#define MESSAGE_MAX_USER_AGENT 2048
#define MESSAGE_MAX_TOKEN 256
#define MESSAGE_MAX_CONTENT 2048
#define MESSAGE_MAX_TIMEOUT_MS (24 * 60 * 60 * 1000)
#define MESSAGE_MAX_WHY 1200
#define MESSAGE_MAX_NEXT 480
#define MESSAGE_MAX_SOCKETS 2         /* of one place: IPv6 and IPv4 */
#define MESSAGE_MAX_PLACES NET_PLACES /* where responders listen at one time, each with an address and a port */
#define MESSAGE_MAX_FROM 64
#define MESSAGE_MAX_LINE 512
#define MESSAGE_MAX_GIVEN 128
#define MESSAGE_MAX_IDENTIFIER 253 /* of a DNS name as text (RFC 1035 section 2.3.4); addresses are shorter */

/* Numbers of visits that the network process may report, for each LISTEN and for each ADD or ALPN_ADD: a CA comes from
 * several places, and others who reach the port must not fill the log. */
#define MESSAGE_VISITS_LISTEN 100
#define MESSAGE_VISITS_ADD 20
#define MESSAGE_MAX_SERVER 64     /* an IP address with its zone */
#define MESSAGE_MAX_AT 80         /* the same in brackets, and a port */
#define MESSAGE_MAX_DNS_NAME 1024 /* as text, escaped */
#define MESSAGE_NO_EDE 0x10000    /* an extended error that is none */
#define MESSAGE_MAX_ALPN 255
#define MESSAGE_MAX_STARTTLS 16
#define MESSAGE_MAX_CIPHER 64
#define MESSAGE_MAX_LANDLOCK 1000
#define MESSAGE_MAX_LACKS 400

/* Largest frame of either direction, for buffers that hold one. */
#define MESSAGE_MAX (MESSAGE_MAX_BUNDLE + 65536)

/* Largest length of the fields, 0 for a type that does not come from that side (for wire_peek). */
size_t message_max_question(uint8_t type);
size_t message_max_answer(uint8_t type);

enum message_trust {
    MESSAGE_TRUST_SYSTEM, /* the directory or file that this system has */
    MESSAGE_TRUST_BUNDLE, /* the certificates in bundle, PEM, and no others */
    MESSAGE_TRUST_BOTH,
};

struct message_hello {
    struct view user_agent; /* may be empty: an empty header is sent */
    bool no_verify;
    uint32_t connect_timeout_ms, silence_timeout_ms;
    enum message_trust trust;
    struct view bundle;
};

struct message_ready {
    uint32_t landlock; /* ABI in force, 0: none */
    bool seccomp;
    uint32_t uid;
    char lacks[MESSAGE_MAX_LACKS + 1]; /* which steps were refused, and why; "" when none was */
};

struct message_request {
    enum http_method method;
    struct view url, content_type, accept, body;
    size_t field_count;
    struct {
        struct view name, value;
        bool secret;
    } fields[HTTP_MAX_FIELDS];
    size_t wanted_count; /* 0: all that there is room for */
    struct view wanted[HTTP_MAX_WANTED];
    struct view trust, client_cert, client_key; /* PEM, or empty */
    uint32_t max_body, timeout_ms, silence_ms;  /* timeout_ms 0: a day; silence_ms 0: the time-outs in HELLO */
    bool follow;
    bool stream;      /* answered as soon as the head is there; max_body and, after that, silence_ms do not count */
    bool guarded;     /* never leads to places that only this machine can reach (client/guard.h) */
    struct view home; /* guarded: the directory of the CA that named url; may be empty */
    struct view at;   /* ADDRESS:PORT of the server, whatever url says; may be empty */
    bool direct;      /* past any proxy */
};

struct message_response {
    uint32_t status;
    struct view url;
    size_t header_count;
    struct {
        struct view name, value;
    } headers[HTTP_MAX_HEADERS];
    struct view body; /* its first piece */
    bool more;
};

struct message_read {
    uint32_t exchange; /* id of its REQUEST */
    uint32_t timeout_ms;
};

struct message_data {
    struct view piece; /* empty when nothing came in time, or nothing is left */
    bool more;
};

struct message_dns {
    struct view server; /* "": those of the system */
    uint16_t port;
    bool tcp;
    struct view message;
    uint32_t timeout_ms;
};

struct message_record {
    uint8_t section; /* enum dns_section */
    struct view name;
    uint16_t type;
    uint32_t ttl;
    struct view data;
};

struct message_dns_answer {
    uint16_t rcode;
    bool aa, tc, ad;
    uint32_t ede; /* MESSAGE_NO_EDE: none */
    uint32_t tsig_at;
    struct view server, wire;
    size_t record_count;
    struct message_record *records; /* of the reader's caller, for message_dns_answer_clear */
};

struct message_probe {
    struct view address; /* a numeric one */
    uint16_t port;
    struct view sni, alpn, starttls; /* may be empty */
    uint8_t key;                     /* enum probe_key */
    uint32_t timeout_ms;
    bool verify;
};

struct message_probed {
    struct view version, cipher, alpn;
    size_t count; /* at least one */
    struct view chain[PROBE_MAX_CERTS];
    uint8_t trust;         /* enum probe_trust */
    struct view why, weak; /* may be empty */
};

enum message_failure { /* how the privileged side reports it */
    MESSAGE_FAILURE_NETWORK,
    MESSAGE_FAILURE_REFUSED,     /* of these three it tells the errno, too */
    MESSAGE_FAILURE_SILENT,      /* nothing took the connection in time */
    MESSAGE_FAILURE_UNREACHABLE, /* no way leads there from this machine */
    MESSAGE_FAILURE_CONFIG,
    MESSAGE_FAILURE_CANCELED,
    MESSAGE_FAILURE_INTERNAL,
};

struct message_failed {
    enum message_failure kind;
    struct view why, next;
};

struct message_token {
    struct view token;
    struct view content; /* ADD only */
};

struct message_listen {
    enum responder responder;
    uint8_t place;  /* a number below MESSAGE_MAX_PLACES that is not in use */
    size_t sockets; /* LISTEN only */
};

struct message_alpn {
    struct view identifier;
    struct view digest; /* ALPN_ADD only: NET_DIGEST_SIZE bytes */
};

struct message_visit {
    struct view from;     /* a numeric address */
    struct view question; /* the first line of what was asked, or what there is of it */
    struct view given;    /* its answer, for messages: "HTTP status 404"; "" when it had not asked */
};

/* message_start.c */
void message_put_hello(struct buf *out, uint32_t id, const struct message_hello *hello);
MUST_USE bool message_get_hello(struct view fields, struct message_hello *out);
void message_put_ready(struct buf *out, uint32_t id, const struct message_ready *ready);
MUST_USE bool message_get_ready(struct view fields, struct message_ready *out);

/* message_http.c */
void message_put_request(struct buf *out, uint32_t id, const struct message_request *request);
MUST_USE bool message_get_request(struct view fields, struct message_request *out);
/* Whether a request may add such a header field: no line end in it, and none that is ours or the connection's to set.
 */
bool message_is_field(struct view name, struct view value);
bool message_is_field_name(struct view name);
void message_put_response(struct buf *out, uint32_t id, const struct message_response *response);
MUST_USE bool message_get_response(struct view fields, struct message_response *out);
void message_put_read(struct buf *out, uint32_t id, const struct message_read *read);
MUST_USE bool message_get_read(struct view fields, struct message_read *out);
void message_put_data(struct buf *out, uint32_t id, const struct message_data *data);
MUST_USE bool message_get_data(struct view fields, struct message_data *out);

/* message_dns.c */
void message_put_dns(struct buf *out, uint32_t id, const struct message_dns *dns);
MUST_USE bool message_get_dns(struct view fields, struct message_dns *out);
void message_put_dns_answer(struct buf *out, uint32_t id, const struct message_dns_answer *answer);
MUST_USE bool message_get_dns_answer(struct view fields, struct message_dns_answer *out);
void message_dns_answer_clear(struct message_dns_answer *answer);
static inline void message_dns_answer_clear_at(struct message_dns_answer *answer)
{
    message_dns_answer_clear(answer);
}

/* message_probe.c */
void message_put_probe(struct buf *out, uint32_t id, const struct message_probe *probe);
MUST_USE bool message_get_probe(struct view fields, struct message_probe *out);
void message_put_probed(struct buf *out, uint32_t id, const struct message_probed *probed);
MUST_USE bool message_get_probed(struct view fields, struct message_probed *out);

/* message_responder.c */
void message_put_listen(struct buf *out, uint32_t id, const struct message_listen *listen);
MUST_USE bool message_get_listen(struct view fields, struct message_listen *out);
void message_put_unlisten(struct buf *out, uint32_t id, const struct message_listen *listen);
MUST_USE bool message_get_unlisten(struct view fields, struct message_listen *out);
void message_put_add(struct buf *out, uint32_t id, const struct message_token *token);
MUST_USE bool message_get_add(struct view fields, struct message_token *out);
void message_put_remove(struct buf *out, uint32_t id, const struct message_token *token);
MUST_USE bool message_get_remove(struct view fields, struct message_token *out);
void message_put_visit(struct buf *out, const struct message_visit *visit); /* texts that are too long are cut */
MUST_USE bool message_get_visit(struct view fields, struct message_visit *out);
bool message_is_token(struct view token); /* base64url, not empty, within its bound (RFC 8555 section 8.3) */

/* message_alpn.c */
void message_put_alpn_add(struct buf *out, uint32_t id, const struct message_alpn *alpn);
MUST_USE bool message_get_alpn_add(struct view fields, struct message_alpn *out);
void message_put_alpn_remove(struct buf *out, uint32_t id, const struct message_alpn *alpn);
MUST_USE bool message_get_alpn_remove(struct view fields, struct message_alpn *out);
bool message_is_identifier(struct view identifier); /* an IP address, or a host name as in DNS; no "*." */

/* message_answer.c: the answers that fit every question, and messages without fields */
void message_put_empty(struct buf *out, enum message_type type, uint32_t id); /* CANCEL, DONE */
MUST_USE bool message_get_empty(struct view fields);
enum message_failure message_failure_of_errno(int sys); /* of connect(2) */
void message_put_failed(struct buf *out, uint32_t id, const struct message_failed *failed);
MUST_USE bool message_get_failed(struct view fields, struct message_failed *out);
