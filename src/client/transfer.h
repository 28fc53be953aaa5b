#pragma once
/*
 * One HTTP exchange inside the engine: its options, what it has received, and its time limits.
 */
#include <curl/curl.h>
#include <event2/event.h>

#include "net/message.h"
#include "client/guard.h"
#include "client/trust_store.h"

struct transfer;

/* Called when there is something to hand on: a stream has its head, a body more than fits, a reader its piece. */
typedef void (*transfer_ready)(struct transfer *transfer);

/* Why we ended an exchange ourselves: libcurl reports only that a callback failed. */
enum transfer_limit {
    LIMIT_NONE,
    LIMIT_BODY,
    LIMIT_HEADERS,
    LIMIT_SILENCE,
    LIMIT_PLACE,
};

/* Phase of a round. Until libcurl begins a connection for it, it waits for one that others use. */
enum transfer_phase {
    PHASE_WAITING,
    PHASE_RESOLVING,
    PHASE_CONNECTING, /* TLS and the tunnel of a proxy included */
    PHASE_CONNECTED,
};

struct transfer {
    struct transfer *next;
    struct engine *engine; /* set by the engine, as is the next */
    transfer_ready ready;
    uint32_t id;
    CURL *easy;
    struct curl_slist *send_headers, *at; /* at: where the server is; NULL: where the URL leads */
    struct list wanted;                   /* header fields to keep; none: all */
    struct guard guard;
    struct trust_store *trust; /* of this exchange alone; NULL: that of all */
    struct buf client_key;
    char *url; /* of this round */
    char error[CURL_ERROR_SIZE];
    struct event *silence_timer; /* the engine's; ends the wait for a connection, the server, the next piece */
    uint32_t connect_ms, silence_ms;

    enum http_method method;
    bool follow, stream;
    bool direct; /* past any proxy */
    bool raw;    /* the body is not decoded */
    unsigned redirects;
    int64_t until, round; /* end of all rounds, start of this one; of clock_monotonic_ms */

    /* what came so far */
    enum transfer_phase phase;
    struct buf body;       /* of it the bytes not yet asked for, at most HTTP_CHUNK */
    size_t max_body, got;  /* of the whole; max_body 0: no bound */
    bool told;             /* the head has been answered: what comes is for readers */
    bool paused;           /* libcurl waits for room in body */
    bool ended;            /* nothing comes any more */
    uint32_t reader;       /* id of the READ that waits for a piece; 0: none */
    struct event *reading; /* ends that wait; the engine's */
    char *why, *hint;      /* the error for the next reader when the exchange failed; why NULL: it has not */
    struct {
        char *name, *value; /* owned */
    } headers[HTTP_MAX_HEADERS];
    size_t header_count, header_bytes, cookie_count;
    enum transfer_limit limit;
};

/* Options that all exchanges of a process share. */
struct transfer_options {
    const char *user_agent;
    bool no_verify, raw;
    uint32_t connect_timeout_ms, silence_timeout_ms;
    CURLSH *share;                   /* TLS sessions and cookies of the run */
    curl_ssl_ctx_callback use_trust; /* gives each TLS context the certificates that we trust */
    void *trust;
};

/* Prepares an exchange; libcurl copies what it needs of the request. */
struct transfer *transfer_new(const struct transfer_options *options, uint32_t id,
    const struct message_request *request) __attribute__((returns_nonnull));

/* Sets the limits of the round that is about to be handed to libcurl. */
void transfer_begin(struct transfer *transfer);

void transfer_free(struct transfer *transfer);

/* Fills a response from what came; it borrows from the transfer. */
void transfer_response(const struct transfer *transfer, struct message_response *out);

/* After the body has been handed on: lets libcurl go on if it waited for that. Not inside one of its callbacks. What it
 * returns but CURLE_OK ends the round. */
CURLcode transfer_go_on(struct transfer *transfer);

/*
 * After an answer with a redirect that is to be followed: prepares the next round. False with a sentence in *why when
 * it must not be followed. *again stays false when there is none.
 */
bool transfer_redirect(struct transfer *transfer, bool *again, const char **why);

/*
 * After a GET whose answer was said to be in a content coding that cannot be read: prepares another round that takes it
 * as it comes. Some servers call a character set a coding. False: it is another failure, or no GET.
 */
bool transfer_raw(struct transfer *transfer, CURLcode result);

/*
 * After a round that failed with that result, or that looked only for the CA's place: whether another one is prepared.
 * Else *result is what to tell.
 */
bool transfer_guarded(struct transfer *transfer, CURLcode *result);
