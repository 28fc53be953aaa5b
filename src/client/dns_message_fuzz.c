/* A message of a name server: what is read has its records within bounds, and names in them that can be read. */
#include "client/dns_message.h"
#include "net/dns_name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(dns_message_clear) struct dns_message message = { 0 };
    AUTO(buf_clear) struct buf frame = BUF(MESSAGE_MAX);
    AUTO(message_dns_answer_clear) struct message_dns_answer again = { 0 };

    if (!dns_message_read((struct view){ (const char *)data, size }, &message))
        return 0;
    if (!dns_message_answers(&message, &message) && message.is_answer && message.question.len > 0)
        abort();
    for (size_t i = 0; i < message.answer.record_count; i++) {
        const struct message_record *record = &message.answer.records[i];
        AUTO(buf_clear) struct buf text = BUF(DNS_NAME_TEXT_SIZE);
        size_t at = 0;

        if ((record->type == DNS_NS || record->type == DNS_CNAME) && !dns_name_get(record->data, &at, &text))
            abort();
    }
    if (message.answer.tsig_at != 0 && (message.answer.record_count == 0 || message.answer.tsig_at < 12 ||
                                           message.answer.records[message.answer.record_count - 1].type != DNS_TSIG))
        abort(); /* a signature is the last record, behind the header */
    message_put_dns_answer(&frame, 1, &message.answer);
    if (frame.failed || frame.len - WIRE_HEAD > message_max_answer(MESSAGE_DNS_ANSWER) ||
        !message_get_dns_answer((struct view){ frame.at + WIRE_HEAD, frame.len - WIRE_HEAD }, &again))
        abort(); /* what was read can be handed on */
    return 0;
}
