/*
 * Messages that belong to no single question: bounds per type, FAILED, and messages without fields.
 */
#include <errno.h>

#include "net/dns.h"
#include "net/dns_name.h"
#include "net/message.h"

/* Room for the fixed fields and the length of each string, beside the bounds of the strings themselves. */
#define FIXED 64

size_t message_max_question(uint8_t type)
{
    switch (type) {
    case MESSAGE_HELLO:
        return MESSAGE_MAX_USER_AGENT + MESSAGE_MAX_BUNDLE + FIXED;
    case MESSAGE_REQUEST:
        return 2 * MESSAGE_MAX_URL + 2 * MESSAGE_MAX_NAME + MESSAGE_MAX_UPLOAD + 2 * HTTP_MAX_TRUST + HTTP_MAX_KEY +
               HTTP_MAX_FIELDS * (MESSAGE_MAX_NAME + MESSAGE_MAX_VALUE + 9) + HTTP_MAX_WANTED * (MESSAGE_MAX_NAME + 4) +
               FIXED;
    case MESSAGE_DNS:
        return MESSAGE_MAX_SERVER + DNS_MAX_MESSAGE + FIXED;
    case MESSAGE_PROBE:
        return MESSAGE_MAX_SERVER + MESSAGE_MAX_IDENTIFIER + MESSAGE_MAX_ALPN + MESSAGE_MAX_STARTTLS + FIXED;
    case MESSAGE_ADD:
    case MESSAGE_REMOVE:
        return MESSAGE_MAX_TOKEN + MESSAGE_MAX_CONTENT + FIXED;
    case MESSAGE_ALPN_ADD:
    case MESSAGE_ALPN_REMOVE:
        return MESSAGE_MAX_IDENTIFIER + NET_DIGEST_SIZE + FIXED;
    case MESSAGE_LISTEN:
    case MESSAGE_UNLISTEN:
    case MESSAGE_READ:
    case MESSAGE_CANCEL:
        return FIXED;
    default: /* a number from outside, not one of ours */
        return 0;
    }
}

size_t message_max_answer(uint8_t type)
{
    switch (type) {
    case MESSAGE_RESPONSE:
        return MESSAGE_MAX_FINAL_URL + HTTP_MAX_HEADERS * (MESSAGE_MAX_NAME + MESSAGE_MAX_VALUE + 8) + HTTP_CHUNK +
               FIXED;
    case MESSAGE_DATA:
        return HTTP_CHUNK + FIXED;
    case MESSAGE_DNS_ANSWER: /* two names in the data of a record, each of which may have been compressed */
        return MESSAGE_MAX_SERVER + 2 * DNS_MAX_MESSAGE + FIXED +
               DNS_MAX_RECORDS * (MESSAGE_MAX_DNS_NAME + 2 * DNS_NAME_SIZE + 17);
    case MESSAGE_PROBED:
        return PROBE_MAX_CHAIN + PROBE_MAX_CERTS * 4 + 2 * MESSAGE_MAX_CIPHER + MESSAGE_MAX_ALPN + FIXED;
    case MESSAGE_FAILED:
        return MESSAGE_MAX_WHY + MESSAGE_MAX_NEXT + FIXED;
    case MESSAGE_VISIT:
        return MESSAGE_MAX_FROM + MESSAGE_MAX_LINE + MESSAGE_MAX_GIVEN + FIXED;
    case MESSAGE_READY:
        return MESSAGE_MAX_LACKS + FIXED;
    case MESSAGE_DONE:
        return FIXED;
    default:
        return 0;
    }
}

void message_put_empty(struct buf *out, enum message_type type, uint32_t id)
{
    wire_end(out, wire_begin(out, (uint8_t)type, id));
}

bool message_get_empty(struct view fields)
{
    return fields.len == 0;
}

enum message_failure message_failure_of_errno(int sys)
{
    if (sys == ECONNREFUSED)
        return MESSAGE_FAILURE_REFUSED;
    if (sys == ETIMEDOUT)
        return MESSAGE_FAILURE_SILENT;
    return sys == ENETUNREACH || sys == EHOSTUNREACH || sys == EADDRNOTAVAIL ? MESSAGE_FAILURE_UNREACHABLE
                                                                             : MESSAGE_FAILURE_NETWORK;
}

void message_put_failed(struct buf *out, uint32_t id, const struct message_failed *failed)
{
    size_t begun = wire_begin(out, MESSAGE_FAILED, id);

    wire_put_u8(out, (uint8_t)failed->kind);
    wire_put_cut(out, failed->why, MESSAGE_MAX_WHY); /* a sentence may be cut; that it failed must arrive */
    wire_put_cut(out, failed->next, MESSAGE_MAX_NEXT);
    wire_end(out, begun);
}

bool message_get_failed(struct view fields, struct message_failed *out)
{
    struct wire_cursor from = WIRE_CURSOR(fields);
    struct message_failed failed = { 0 };

    failed.kind = (enum message_failure)wire_get_u8(&from, MESSAGE_FAILURE_INTERNAL);
    failed.why = wire_get_text(&from, MESSAGE_MAX_WHY);
    failed.next = wire_get_text(&from, MESSAGE_MAX_NEXT);
    if (!wire_done(&from))
        return false;
    *out = failed;
    return true;
}
