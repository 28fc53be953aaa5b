/*
 * The responders, seen from the privileged side: sockets over, what they are to answer over.
 */
#include <string.h>

#include "base/interrupt.h"
#include "base/mem.h"
#include "base/mutex.h"
#include "net/listen.h"
#include "net/net.h"
#include "net/private.h"

static void close_all(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        (void)close(fds[i]);
}

/* Under the lock. */
static bool hand_over(
    struct net *net, enum responder responder, uint8_t row, const char *address, int port, struct error *err)
{
    AUTO(buf_clear) struct buf frame = BUF(64);
    int fds[MESSAGE_MAX_SOCKETS];
    size_t count;
    uint32_t id;
    bool ok;

    TRY(listen_open(responder, address, port, fds, &count, err));
    id = channel_next_id(net->channel);
    message_put_listen(&frame, id, &(struct message_listen){ responder, row, count });
    channel_expect_visits(net->channel, MESSAGE_VISITS_LISTEN);
    ok = private_ask(net, id, &frame, fds, count, err);
    close_all(fds, count); /* the network process has its own by now */
    return ok;
}

static char *where_of(const char *address, int port)
{
    return xprintf("%s port %d", address != NULL ? address : "", port);
}

/* Under the lock: the row of a place that is open, else a free one, else COUNT(net->places). */
static size_t find_row(const struct net *net, enum responder responder, const char *where)
{
    size_t free_row = COUNT(net->places);

    for (size_t i = 0; i < COUNT(net->places); i++) {
        if (net->places[i].opens == 0)
            free_row = free_row == COUNT(net->places) ? i : free_row;
        else if (net->places[i].responder == responder && strcmp(net->places[i].where, where) == 0)
            return i;
    }
    return free_row;
}

static bool open_row(struct net *net, enum responder responder, const char *address, int port, struct error *err)
{
    AUTO(free) char *where = where_of(address, port);
    size_t row = find_row(net, responder, where);

    if (row == COUNT(net->places))
        return error_set(err, ERROR_CONFIG, "cannot answer at %s: %d places are in use already", where, NET_PLACES);
    if (net->places[row].opens == 0) {
        TRY(hand_over(net, responder, (uint8_t)row, address, port, err));
        net->places[row].responder = responder;
        xreplace(&net->places[row].where, where);
    }
    net->places[row].opens++;
    return true;
}

bool net_responder_open(struct net *net, enum responder responder, const char *address, int port, struct error *err)
{
    MUTEX_HOLD(&net->lock);

    return open_row(net, responder, address, port, err);
}

/* Under the lock. */
static void close_row(struct net *net, size_t row)
{
    AUTO(buf_clear) struct buf frame = BUF(64);
    struct error ignored = { 0 }; /* a process that is gone listens no more */
    uint32_t id = channel_next_id(net->channel);

    message_put_unlisten(&frame, id, &(struct message_listen){ net->places[row].responder, (uint8_t)row, 0 });
    interrupt_shield();
    (void)!private_ask(net, id, &frame, NULL, 0, &ignored);
    interrupt_unshield();
}

void net_responder_close(struct net *net, enum responder responder, const char *address, int port)
{
    AUTO(free) char *where = where_of(address, port);
    size_t row;
    MUTEX_HOLD(&net->lock);

    row = find_row(net, responder, where);
    if (row < COUNT(net->places) && net->places[row].opens > 0 && --net->places[row].opens == 0)
        close_row(net, row);
}

static bool check_token(const char *token, struct error *err)
{
    if (message_is_token(view_of(token)))
        return true;
    return error_set(err, ERROR_ACME, "the CA sent a challenge token that is not one: %s", token);
}

bool net_responder_add(struct net *net, const char *token, struct view content, struct error *err)
{
    AUTO(buf_clear) struct buf frame = BUF(MESSAGE_MAX_TOKEN + MESSAGE_MAX_CONTENT + 64);
    uint32_t id;

    TRY(check_token(token, err));
    if (content.len > MESSAGE_MAX_CONTENT)
        return error_set(err, ERROR_INTERNAL, "a key authorization of %zu bytes", content.len);
    id = channel_next_id(net->channel);
    message_put_add(&frame, id, &(struct message_token){ view_of(token), content });
    channel_expect_visits(net->channel, MESSAGE_VISITS_ADD);
    return private_ask(net, id, &frame, NULL, 0, err);
}

bool net_responder_remove(struct net *net, const char *token, struct error *err)
{
    AUTO(buf_clear) struct buf frame = BUF(MESSAGE_MAX_TOKEN + 64);
    uint32_t id;

    TRY(check_token(token, err));
    id = channel_next_id(net->channel);
    message_put_remove(&frame, id, &(struct message_token){ view_of(token), { 0 } });
    return private_ask(net, id, &frame, NULL, 0, err);
}

static bool check_identifier(const char *identifier, struct error *err)
{
    if (message_is_identifier(view_of(identifier)))
        return true;
    return error_set(err, ERROR_ACME, "no certificate for a tls-alpn-01 challenge can be made for %s", identifier);
}

bool net_alpn_add(
    struct net *net, const char *identifier, const uint8_t digest[static NET_DIGEST_SIZE], struct error *err)
{
    AUTO(buf_clear) struct buf frame = BUF(MESSAGE_MAX_IDENTIFIER + NET_DIGEST_SIZE + 64);
    struct view bytes = { (const char *)digest, NET_DIGEST_SIZE };
    uint32_t id;

    TRY(check_identifier(identifier, err));
    id = channel_next_id(net->channel);
    message_put_alpn_add(&frame, id, &(struct message_alpn){ view_of(identifier), bytes });
    channel_expect_visits(net->channel, MESSAGE_VISITS_ADD);
    return private_ask(net, id, &frame, NULL, 0, err);
}

bool net_alpn_remove(struct net *net, const char *identifier, struct error *err)
{
    AUTO(buf_clear) struct buf frame = BUF(MESSAGE_MAX_IDENTIFIER + 64);
    uint32_t id;

    TRY(check_identifier(identifier, err));
    id = channel_next_id(net->channel);
    message_put_alpn_remove(&frame, id, &(struct message_alpn){ view_of(identifier), { 0 } });
    return private_ask(net, id, &frame, NULL, 0, err);
}
