/*
 * LISTEN and UNLISTEN: sockets of responders. ADD and REMOVE: tokens of the http-01 responder. VISIT: a connection to
 * either responder.
 */
#include "net/message.h"

bool message_is_token(struct view token)
{
    for (size_t i = 0; i < token.len; i++) {
        char c = token.at[i];

        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
            return false;
    }
    return token.len > 0 && token.len <= MESSAGE_MAX_TOKEN;
}

/* LISTEN says how many sockets come with it, UNLISTEN has none. */
static void put_listen(struct buf *out, uint8_t type, uint32_t id, const struct message_listen *listen)
{
    size_t begun = wire_begin(out, type, id);

    wire_put_u8(out, (uint8_t)listen->responder);
    wire_put_u8(out, listen->place);
    if (type == MESSAGE_LISTEN)
        wire_put_u8(out, (uint8_t)listen->sockets);
    wire_end(out, begun);
}

static bool get_listen(struct view fields, uint8_t type, struct message_listen *out)
{
    struct wire_cursor from = WIRE_CURSOR(fields);
    struct message_listen listen = { 0 };

    listen.responder = (enum responder)wire_get_u8(&from, RESPONDER_COUNT - 1);
    listen.place = wire_get_u8(&from, MESSAGE_MAX_PLACES - 1);
    if (type == MESSAGE_LISTEN)
        listen.sockets = wire_get_u8(&from, MESSAGE_MAX_SOCKETS);
    if (!wire_done(&from) || (type == MESSAGE_LISTEN && listen.sockets == 0))
        return false;
    *out = listen;
    return true;
}

void message_put_listen(struct buf *out, uint32_t id, const struct message_listen *listen)
{
    put_listen(out, MESSAGE_LISTEN, id, listen);
}

bool message_get_listen(struct view fields, struct message_listen *out)
{
    return get_listen(fields, MESSAGE_LISTEN, out);
}

void message_put_unlisten(struct buf *out, uint32_t id, const struct message_listen *listen)
{
    put_listen(out, MESSAGE_UNLISTEN, id, listen);
}

bool message_get_unlisten(struct view fields, struct message_listen *out)
{
    return get_listen(fields, MESSAGE_UNLISTEN, out);
}

/* ADD has a token and its content, REMOVE a token. */
static void put_token(struct buf *out, uint8_t type, uint32_t id, const struct message_token *token)
{
    size_t begun = wire_begin(out, type, id);

    wire_put_bytes(out, token->token);
    if (type == MESSAGE_ADD)
        wire_put_bytes(out, token->content);
    wire_end(out, begun);
}

static bool get_token(struct view fields, uint8_t type, struct message_token *out)
{
    struct wire_cursor from = WIRE_CURSOR(fields);
    struct message_token token = { 0 };

    token.token = wire_get_text(&from, MESSAGE_MAX_TOKEN);
    if (type == MESSAGE_ADD)
        token.content = wire_get_bytes(&from, MESSAGE_MAX_CONTENT);
    if (!wire_done(&from) || !message_is_token(token.token))
        return false;
    *out = token;
    return true;
}

void message_put_add(struct buf *out, uint32_t id, const struct message_token *token)
{
    put_token(out, MESSAGE_ADD, id, token);
}

bool message_get_add(struct view fields, struct message_token *out)
{
    return get_token(fields, MESSAGE_ADD, out);
}

void message_put_remove(struct buf *out, uint32_t id, const struct message_token *token)
{
    put_token(out, MESSAGE_REMOVE, id, token);
}

bool message_get_remove(struct view fields, struct message_token *out)
{
    return get_token(fields, MESSAGE_REMOVE, out);
}

void message_put_visit(struct buf *out, const struct message_visit *visit)
{
    size_t begun = wire_begin(out, MESSAGE_VISIT, 0);

    wire_put_cut(out, visit->from, MESSAGE_MAX_FROM);
    wire_put_cut(out, visit->question, MESSAGE_MAX_LINE);
    wire_put_cut(out, visit->given, MESSAGE_MAX_GIVEN);
    wire_end(out, begun);
}

bool message_get_visit(struct view fields, struct message_visit *out)
{
    struct wire_cursor from = WIRE_CURSOR(fields);
    struct message_visit visit = { 0 };

    visit.from = wire_get_text(&from, MESSAGE_MAX_FROM);
    visit.question = wire_get_bytes(&from, MESSAGE_MAX_LINE);
    visit.given = wire_get_text(&from, MESSAGE_MAX_GIVEN);
    if (!wire_done(&from))
        return false;
    *out = visit;
    return true;
}
