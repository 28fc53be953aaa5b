/*
 * ALPN_ADD and ALPN_REMOVE: identifiers and digests for the tls-alpn-01 responder (RFC 8737).
 */
#include <arpa/inet.h>
#include <string.h>

#include "net/message.h"

#define LABEL_MAX 63

static bool is_label(struct view label)
{
    for (size_t i = 0; i < label.len; i++) {
        char c = label.at[i];

        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
            return false;
    }
    return label.len > 0 && label.len <= LABEL_MAX;
}

static bool is_host_name(struct view name)
{
    struct view label;

    while (view_cut(&name, '.', &label))
        if (!is_label(label))
            return false;
    return true;
}

bool message_is_identifier(struct view identifier)
{
    char text[MESSAGE_MAX_IDENTIFIER + 1] = { 0 };
    unsigned char address[16];

    if (identifier.len == 0 || identifier.len > MESSAGE_MAX_IDENTIFIER)
        return false;
    if (is_host_name(identifier))
        return true;
    memcpy(text, identifier.at, identifier.len);
    return strlen(text) == identifier.len && inet_pton(AF_INET6, text, address) == 1;
}

/* ALPN_ADD has an identifier and its digest, ALPN_REMOVE an identifier. */
static void put_alpn(struct buf *out, uint8_t type, uint32_t id, const struct message_alpn *alpn)
{
    size_t begun = wire_begin(out, type, id);

    wire_put_bytes(out, alpn->identifier);
    if (type == MESSAGE_ALPN_ADD)
        wire_put_bytes(out, alpn->digest);
    wire_end(out, begun);
}

static bool get_alpn(struct view fields, uint8_t type, struct message_alpn *out)
{
    struct wire_cursor from = WIRE_CURSOR(fields);
    struct message_alpn alpn = { 0 };

    alpn.identifier = wire_get_text(&from, MESSAGE_MAX_IDENTIFIER);
    if (type == MESSAGE_ALPN_ADD)
        alpn.digest = wire_get_bytes(&from, NET_DIGEST_SIZE);
    if (!wire_done(&from) || !message_is_identifier(alpn.identifier) ||
        alpn.digest.len != (type == MESSAGE_ALPN_ADD ? NET_DIGEST_SIZE : 0))
        return false;
    *out = alpn;
    return true;
}

void message_put_alpn_add(struct buf *out, uint32_t id, const struct message_alpn *alpn)
{
    put_alpn(out, MESSAGE_ALPN_ADD, id, alpn);
}

bool message_get_alpn_add(struct view fields, struct message_alpn *out)
{
    return get_alpn(fields, MESSAGE_ALPN_ADD, out);
}

void message_put_alpn_remove(struct buf *out, uint32_t id, const struct message_alpn *alpn)
{
    put_alpn(out, MESSAGE_ALPN_REMOVE, id, alpn);
}

bool message_get_alpn_remove(struct view fields, struct message_alpn *out)
{
    return get_alpn(fields, MESSAGE_ALPN_REMOVE, out);
}
