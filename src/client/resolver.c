#include "client/resolver.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "client/dns_message.h"
#include "client/event_timeout.h"
#include "client/name_server.h"

#define MAX_LOOKUPS 4096
#define MAX_ACTIVE 256 /* lookups that have a socket; the others wait for their turn */
#define ATTEMPTS 3     /* of a given server, by UDP */
#define ROUNDS 2       /* of the system's servers */
#define MAX_STRAY 64   /* packets of an attempt that are not the answer: spoofed ones, or strays */
#define WHY_SIZE 300

struct lookup {
    struct lookup *next;
    struct resolver *resolver;
    uint32_t id;
    struct buf wire; /* the question */
    struct dns_message question;
    struct name_server servers[NAME_SERVERS_MAX];
    size_t server_count;
    bool is_system, always_tcp;
    int64_t until; /* of clock_monotonic_ms */
    struct event *timer;

    /* the attempt under way */
    unsigned attempt;
    bool tcp;
    int fd; /* -1: it waits for its turn */
    struct event *event;
    struct buf in; /* TCP: length and answer */
    size_t sent;
    unsigned stray;

    /* what came of earlier ones */
    struct buf refusal; /* an answer that says no, when no other comes */
    size_t refused_by;
    char why[WHY_SIZE];
};

struct resolver {
    struct event_base *base;
    struct resolver_sink sink;
    struct lookup *lookups; /* the newest first */
    size_t count, active;
    char datagram[DNS_MAX_MESSAGE]; /* one is read at a time */
};

static void start_waiting(struct resolver *resolver);
static void begin(struct lookup *lookup);

static struct name_server *server_of(struct lookup *lookup)
{
    return &lookup->servers[lookup->attempt % lookup->server_count];
}

/* ---- the end of a lookup ---- */

static void close_socket(struct lookup *lookup)
{
    if (lookup->fd < 0)
        return;
    event_free(lookup->event);
    lookup->event = NULL;
    (void)close(lookup->fd);
    lookup->fd = -1;
    lookup->resolver->active--;
}

static void lookup_free(struct lookup *lookup)
{
    struct lookup **at = &lookup->resolver->lookups;

    while (*at != NULL && *at != lookup)
        at = &(*at)->next;
    *at = lookup->next;
    lookup->resolver->count--;
    close_socket(lookup);
    event_free(lookup->timer);
    dns_message_clear(&lookup->question);
    buf_clear(&lookup->wire);
    buf_clear(&lookup->in);
    buf_clear(&lookup->refusal);
    free(lookup);
}

static void fail(struct lookup *lookup, enum message_failure kind, const char *why, const char *next)
{
    struct resolver *resolver = lookup->resolver;

    resolver->sink.failed(
        resolver->sink.ctx, lookup->id, &(struct message_failed){ kind, view_of(why), view_of(next) });
    lookup_free(lookup);
    start_waiting(resolver);
}

static void answer(struct lookup *lookup, struct dns_message *message, size_t server)
{
    struct resolver *resolver = lookup->resolver;

    message->answer.server = view_of(lookup->servers[server].text);
    resolver->sink.answer(resolver->sink.ctx, lookup->id, &message->answer);
    lookup_free(lookup);
    start_waiting(resolver);
}

/* All servers were asked. */
static void give_up(struct lookup *lookup)
{
    AUTO(dns_message_clear) struct dns_message message = { 0 };

    if (lookup->refusal.len > 0 && dns_message_read(buf_view(&lookup->refusal), &message)) {
        answer(lookup, &message, lookup->refused_by);
        return;
    }
    fail(lookup, MESSAGE_FAILURE_NETWORK, lookup->why,
        "see that this name server can be reached from here by UDP and TCP (firewall, route)");
}

static unsigned attempts_of(const struct lookup *lookup)
{
    if (lookup->is_system)
        return ROUNDS * (unsigned)lookup->server_count;
    return lookup->always_tcp ? 1 : ATTEMPTS;
}

/* The attempt failed: goes on with the next. what: "did not answer". */
static void next_attempt(struct lookup *lookup, const char *what)
{
    (void)snprintf(lookup->why, sizeof lookup->why, "the name server %s %s%s", server_of(lookup)->text, what,
        lookup->tcp && !lookup->always_tcp ? ", asked by TCP, as the answer is too long for UDP" : "");
    close_socket(lookup);
    lookup->attempt++;
    lookup->tcp = lookup->always_tcp;
    if (lookup->attempt >= attempts_of(lookup) || clock_monotonic_ms() >= lookup->until)
        give_up(lookup);
    else
        begin(lookup);
}

static void next_attempt_errno(struct lookup *lookup, int sys)
{
    char what[128];

    if (sys == ECONNREFUSED)
        (void)snprintf(what, sizeof what, "is not there (connection refused)");
    else
        (void)snprintf(what, sizeof what, "cannot be reached (%s)", strerror(sys));
    next_attempt(lookup, what);
}

/* ---- what comes ---- */

/* An answer that leaves the question open, where others can be asked. */
static bool is_refusal(const struct lookup *lookup, unsigned rcode)
{
    return lookup->is_system && rcode != DNS_NOERROR && rcode != DNS_NXDOMAIN;
}

/* Takes a whole message. False: it is no answer to this question. */
static bool take(struct lookup *lookup, struct view bytes)
{
    AUTO(dns_message_clear) struct dns_message message = { 0 };

    if (!dns_message_read(bytes, &message) || !dns_message_answers(&message, &lookup->question))
        return false;
    if (message.answer.tc && !lookup->tcp) {
        close_socket(lookup);
        lookup->tcp = true;
        begin(lookup);
    } else if (is_refusal(lookup, message.answer.rcode)) {
        buf_clear(&lookup->refusal);
        lookup->refusal = BUF(DNS_MAX_MESSAGE);
        buf_put(&lookup->refusal, bytes);
        lookup->refused_by = lookup->attempt % lookup->server_count;
        next_attempt(lookup, "does not know");
    } else {
        answer(lookup, &message, lookup->attempt % lookup->server_count);
    }
    return true;
}

/* Whether an answer is truncated (TC, RFC 1035 section 4.1.1). Some servers cut it right after the header. */
static bool says_cut(const struct lookup *lookup, struct view bytes)
{
    return bytes.len >= 12 && lookup->wire.len >= 2 && memcmp(bytes.at, lookup->wire.at, 2) == 0 &&
           ((unsigned char)bytes.at[2] & 0x82) == 0x82;
}

static void receive_udp(struct lookup *lookup)
{
    char *room = lookup->resolver->datagram;
    ssize_t got = recv(lookup->fd, room, DNS_MAX_MESSAGE, 0);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got < 0) {
        next_attempt_errno(lookup, errno);
        return;
    }
    if (take(lookup, (struct view){ room, (size_t)got }))
        return;
    if (says_cut(lookup, (struct view){ room, (size_t)got })) {
        close_socket(lookup);
        lookup->tcp = true;
        begin(lookup);
    } else if (++lookup->stray >= MAX_STRAY) {
        next_attempt(lookup, "sends answers to what nobody asked");
    }
}

static void receive_tcp(struct lookup *lookup)
{
    size_t want = lookup->in.len < 2 ? 2 - lookup->in.len : 0;
    ssize_t got;

    if (want == 0)
        want = 2 + ((size_t)(unsigned char)lookup->in.at[0] << 8 | (unsigned char)lookup->in.at[1]) - lookup->in.len;
    got = want == 0 ? 0 : recv(lookup->fd, buf_room(&lookup->in, want), want, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got < 0) {
        next_attempt_errno(lookup, errno);
        return;
    }
    if (got == 0) {
        next_attempt(lookup, "closed the connection without an answer");
        return;
    }
    buf_grow(&lookup->in, (size_t)got);
    if (lookup->in.len > 2 && (size_t)got == want &&
        !take(lookup, (struct view){ lookup->in.at + 2, lookup->in.len - 2 }))
        next_attempt(lookup, "sent an answer that cannot be read");
}

/* ---- an attempt ---- */

static void on_event(evutil_socket_t fd, short what, void *ctx);

static void watch(struct lookup *lookup, short what)
{
    if (event_assign(lookup->event, lookup->resolver->base, lookup->fd, what, on_event, lookup) != 0 ||
        event_add(lookup->event, NULL) != 0)
        abort();
}

/* TCP: the question behind its length (RFC 1035 section 4.2.2). */
static void send_tcp(struct lookup *lookup)
{
    AUTO(buf_clear) struct buf out = BUF(DNS_MAX_MESSAGE + 2);
    ssize_t sent;

    buf_put_char(&out, (char)(lookup->wire.len >> 8));
    buf_put_char(&out, (char)(lookup->wire.len & 0xff));
    buf_put(&out, buf_view(&lookup->wire));
    sent = send(lookup->fd, out.at + lookup->sent, out.len - lookup->sent, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        next_attempt_errno(lookup, errno);
        return;
    }
    lookup->sent += sent > 0 ? (size_t)sent : 0;
    watch(lookup, lookup->sent < out.len ? EV_WRITE : EV_READ | EV_PERSIST);
}

static void on_event(evutil_socket_t fd __attribute__((unused)), short what, void *ctx)
{
    struct lookup *lookup = ctx;

    if ((what & EV_WRITE) != 0)
        send_tcp(lookup);
    else if (lookup->tcp)
        receive_tcp(lookup);
    else
        receive_udp(lookup);
}

/* The time of an attempt is an equal part of what is left. */
static void set_timer(struct lookup *lookup)
{
    int64_t left = lookup->until - clock_monotonic_ms();
    unsigned attempts = attempts_of(lookup) - lookup->attempt;

    (void)event_add_ms(lookup->timer, left <= 0 ? 0 : left / attempts + 1);
}

/* A socket of its own, so a port of its own, that takes packets of this server alone. */
static bool open_socket(struct lookup *lookup)
{
    const struct name_server *server = server_of(lookup);
    int type = (lookup->tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;

    lookup->fd = socket(server->at.ss_family, type, 0);
    if (lookup->fd < 0)
        return false;
    lookup->resolver->active++;
    lookup->event = event_new(lookup->resolver->base, lookup->fd, EV_READ | EV_PERSIST, on_event, lookup);
    if (lookup->event == NULL)
        abort();
    return connect(lookup->fd, (const struct sockaddr *)&server->at, server->len) == 0 || errno == EINPROGRESS;
}

static void begin(struct lookup *lookup)
{
    lookup->sent = 0;
    lookup->stray = 0;
    buf_clear(&lookup->in);
    lookup->in = BUF(DNS_MAX_MESSAGE + 2);
    set_timer(lookup);
    if (!open_socket(lookup))
        next_attempt_errno(lookup, errno);
    else if (lookup->tcp)
        watch(lookup, EV_WRITE);
    else if (send(lookup->fd, lookup->wire.at, lookup->wire.len, MSG_NOSIGNAL) < 0)
        next_attempt_errno(lookup, errno);
    else
        watch(lookup, EV_READ | EV_PERSIST);
}

static void on_timer(evutil_socket_t fd __attribute__((unused)), short what __attribute__((unused)), void *ctx)
{
    struct lookup *lookup = ctx;

    if (lookup->fd < 0)
        fail(lookup, MESSAGE_FAILURE_NETWORK, "earlier questions to name servers took all the time", "try again later");
    else
        next_attempt(lookup, "did not answer in time");
}

/* ---- from outside ---- */

/* Starts the lookup that has waited longest: new ones are put at the front. */
static void start_waiting(struct resolver *resolver)
{
    struct lookup *oldest = NULL;

    if (resolver->active >= MAX_ACTIVE)
        return;
    for (struct lookup *lookup = resolver->lookups; lookup != NULL; lookup = lookup->next)
        if (lookup->fd < 0)
            oldest = lookup;
    if (oldest != NULL)
        begin(oldest);
}

static struct lookup *find_lookup(const struct resolver *resolver, uint32_t id)
{
    struct lookup *lookup = resolver->lookups;

    while (lookup != NULL && lookup->id != id)
        lookup = lookup->next;
    return lookup;
}

struct resolver *resolver_new(struct event_base *base, struct resolver_sink sink)
{
    struct resolver *resolver = xcalloc(1, sizeof *resolver);

    resolver->base = base;
    resolver->sink = sink;
    return resolver;
}

void resolver_free(struct resolver *resolver)
{
    while (resolver->lookups != NULL)
        lookup_free(resolver->lookups);
    free(resolver);
}

static struct lookup *lookup_new(struct resolver *resolver, uint32_t id, const struct message_dns *dns)
{
    struct lookup *lookup = xcalloc(1, sizeof *lookup);

    lookup->resolver = resolver;
    lookup->id = id;
    lookup->fd = -1;
    lookup->tcp = lookup->always_tcp = dns->tcp;
    lookup->wire = BUF(DNS_MAX_MESSAGE);
    buf_put(&lookup->wire, dns->message);
    lookup->until = clock_monotonic_ms() + dns->timeout_ms;
    lookup->timer = event_new(resolver->base, -1, 0, on_timer, lookup);
    if (lookup->timer == NULL)
        abort();
    lookup->next = resolver->lookups;
    resolver->lookups = lookup;
    resolver->count++;
    return lookup;
}

bool resolver_ask(struct resolver *resolver, uint32_t id, const struct message_dns *dns)
{
    AUTO(dns_message_clear) struct dns_message question = { 0 };
    struct lookup *lookup;

    if (resolver->count >= MAX_LOOKUPS || find_lookup(resolver, id) != NULL)
        return false;
    lookup = lookup_new(resolver, id, dns);
    if (!dns_message_read(dns->message, &question) || question.is_answer || question.question.len == 0) {
        fail(lookup, MESSAGE_FAILURE_INTERNAL, "what is to be asked of a name server is no question", "");
        return true;
    }
    lookup->question = question;
    question = (struct dns_message){ 0 };
    lookup->is_system = dns->server.len == 0;
    if (lookup->is_system) {
        lookup->server_count = name_servers_of_system(dns->port, lookup->servers);
    } else if (name_server_read(dns->server, dns->port, &lookup->servers[0])) {
        lookup->server_count = 1;
    } else {
        fail(lookup, MESSAGE_FAILURE_CONFIG, "the address of a name server is none", "");
        return true;
    }
    if (resolver->active < MAX_ACTIVE)
        begin(lookup);
    else
        (void)event_add_ms(lookup->timer, dns->timeout_ms);
    return true;
}

void resolver_cancel(struct resolver *resolver, uint32_t id)
{
    struct lookup *lookup = find_lookup(resolver, id);

    if (lookup != NULL)
        fail(lookup, MESSAGE_FAILURE_CANCELED, "stopped", "");
}
