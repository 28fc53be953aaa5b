/*
 * Reading two extensions of a TLS ClientHello.
 */
#include "netd/client_hello.h"

#define HOST_NAME 0 /* the only type of name there is */

/* Cuts a vector of TLS (RFC 8446 section 3.4) off the front: its length, in one or two bytes, and its content. */
static bool cut_vector(struct view *from, size_t size, struct view *content)
{
    size_t len = 0;

    if (from->len < size)
        return false;
    for (size_t i = 0; i < size; i++)
        len = len << 8 | (unsigned char)from->at[i];
    if (from->len - size < len)
        return false;
    *content = (struct view){ from->at + size, len };
    *from = (struct view){ content->at + len, from->len - size - len };
    return true;
}

bool client_hello_name(struct view extension, struct view *name)
{
    struct view names, found;

    if (!cut_vector(&extension, 2, &names) || extension.len > 0 || names.len == 0 || names.at[0] != HOST_NAME)
        return false;
    names = (struct view){ names.at + 1, names.len - 1 };
    if (!cut_vector(&names, 2, &found) || names.len > 0 || found.len == 0)
        return false;
    *name = found;
    return true;
}

bool client_hello_is_acme(struct view extension)
{
    static const char alone[] = "\0\x0b\x0a"
                                "acme-tls/1";

    return view_equal(extension, (struct view){ alone, sizeof alone - 1 });
}

bool client_hello_put_protocols(struct view extension, struct buf *out)
{
    struct view protocols, protocol;

    if (!cut_vector(&extension, 2, &protocols) || extension.len > 0)
        return false;
    for (bool first = true; protocols.len > 0; first = false) {
        if (!cut_vector(&protocols, 1, &protocol) || protocol.len == 0)
            return false;
        if (!first)
            buf_put_text(out, ", ");
        buf_put(out, protocol);
    }
    return true;
}
