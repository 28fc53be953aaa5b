/*
 * DNS: a question to a name server. DNS_ANSWER: its answer, parsed.
 */
#include "base/mem.h"
#include "net/dns.h"
#include "net/message.h"

#define DNS_HEADER 12

void message_put_dns(struct buf *out, uint32_t id, const struct message_dns *dns)
{
    size_t begun = wire_begin(out, MESSAGE_DNS, id);

    wire_put_bytes(out, dns->server);
    wire_put_u32(out, dns->port);
    wire_put_u8(out, dns->tcp);
    wire_put_bytes(out, dns->message);
    wire_put_u32(out, dns->timeout_ms);
    wire_end(out, begun);
}

bool message_get_dns(struct view fields, struct message_dns *out)
{
    struct wire_cursor from = WIRE_CURSOR(fields);
    struct message_dns dns = { 0 };

    dns.server = wire_get_text(&from, MESSAGE_MAX_SERVER);
    dns.port = (uint16_t)wire_get_u32(&from, UINT16_MAX);
    dns.tcp = wire_get_bool(&from);
    dns.message = wire_get_bytes(&from, DNS_MAX_MESSAGE);
    dns.timeout_ms = wire_get_u32(&from, MESSAGE_MAX_TIMEOUT_MS);
    if (!wire_done(&from))
        return false;
    *out = dns;
    return true;
}

void message_put_dns_answer(struct buf *out, uint32_t id, const struct message_dns_answer *answer)
{
    size_t begun = wire_begin(out, MESSAGE_DNS_ANSWER, id);

    wire_put_u32(out, answer->rcode);
    wire_put_u8(out, answer->aa);
    wire_put_u8(out, answer->tc);
    wire_put_u8(out, answer->ad);
    wire_put_u32(out, answer->ede);
    wire_put_u32(out, answer->tsig_at);
    wire_put_bytes(out, answer->server);
    wire_put_bytes(out, answer->wire);
    wire_put_u32(out, (uint32_t)answer->record_count);
    for (size_t i = 0; i < answer->record_count; i++) {
        const struct message_record *record = &answer->records[i];

        wire_put_u8(out, record->section);
        wire_put_bytes(out, record->name);
        wire_put_u32(out, record->type);
        wire_put_u32(out, record->ttl);
        wire_put_bytes(out, record->data);
    }
    wire_end(out, begun);
}

void message_dns_answer_clear(struct message_dns_answer *answer)
{
    free(answer->records);
    *answer = (struct message_dns_answer){ 0 };
}

static void get_records(struct wire_cursor *from, struct message_dns_answer *out)
{
    out->record_count = wire_get_u32(from, DNS_MAX_RECORDS);
    out->records = xcalloc(out->record_count, sizeof *out->records);
    for (size_t i = 0; i < out->record_count; i++) {
        struct message_record *record = &out->records[i];

        record->section = wire_get_u8(from, DNS_IN_ADDITIONAL);
        record->name = wire_get_text(from, MESSAGE_MAX_DNS_NAME);
        record->type = (uint16_t)wire_get_u32(from, UINT16_MAX);
        record->ttl = wire_get_u32(from, UINT32_MAX);
        record->data = wire_get_bytes(from, DNS_MAX_MESSAGE);
    }
}

bool message_get_dns_answer(struct view fields, struct message_dns_answer *out)
{
    AUTO(message_dns_answer_clear) struct message_dns_answer answer = { 0 };
    struct wire_cursor from = WIRE_CURSOR(fields);

    answer.rcode = (uint16_t)wire_get_u32(&from, 0xfff);
    answer.aa = wire_get_bool(&from);
    answer.tc = wire_get_bool(&from);
    answer.ad = wire_get_bool(&from);
    answer.ede = wire_get_u32(&from, MESSAGE_NO_EDE);
    answer.tsig_at = wire_get_u32(&from, DNS_MAX_MESSAGE);
    answer.server = wire_get_text(&from, MESSAGE_MAX_SERVER);
    answer.wire = wire_get_bytes(&from, DNS_MAX_MESSAGE);
    get_records(&from, &answer);
    if (!wire_done(&from) || answer.wire.len < DNS_HEADER || answer.tsig_at >= answer.wire.len)
        return false;
    *out = answer;
    answer.records = NULL;
    return true;
}
