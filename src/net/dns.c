/*
 * Questions to name servers, seen from the privileged side.
 */
#include "net/dns.h"

#include <errno.h>
#include <sys/random.h>

#include "base/mem.h"
#include "net/dns_name.h"
#include "net/private.h"

#define TIMEOUT_MS 5000
#define UDP_SIZE 1232 /* passes everywhere without being cut into fragments */
#define CLASS_IN 1

static void put_u16(struct buf *out, unsigned value)
{
    buf_put_char(out, (char)(value >> 8 & 0xff));
    buf_put_char(out, (char)(value & 0xff));
}

static bool put_id(struct buf *out, struct error *err)
{
    char id[2];

    if (getrandom(id, sizeof id, 0) != (ssize_t)sizeof id)
        return error_errno(err, ERROR_INTERNAL, "no random numbers");
    buf_put(out, (struct view){ id, sizeof id });
    return true;
}

bool dns_put_question(struct buf *out, const char *name, enum dns_type type, unsigned flags, struct error *err)
{
    static const char counts[] = { 0, 1, 0, 0, 0, 0, 0, 1 }; /* one question, and OPT in the additional section */

    TRY(put_id(out, err));
    put_u16(out, flags);
    buf_put(out, (struct view){ counts, sizeof counts });
    if (!dns_name_put(out, name))
        return error_set(err, ERROR_CONFIG, "not a domain name: %s", name);
    put_u16(out, type);
    put_u16(out, CLASS_IN);
    buf_put_char(out, '\0'); /* OPT is the root's */
    put_u16(out, DNS_OPT);
    put_u16(out, UDP_SIZE);
    for (int i = 0; i < 3; i++) /* no extended code, version 0, no flags, no options */
        put_u16(out, 0);
    return !out->failed || error_set(err, ERROR_INTERNAL, "no room for a question about %s", name);
}

static void fill(const struct message_dns_answer *from, struct dns_answer *out)
{
    *out = (struct dns_answer){
        .rcode = from->rcode,
        .aa = from->aa,
        .tc = from->tc,
        .ad = from->ad,
        .ede = from->ede == MESSAGE_NO_EDE ? -1 : (int)from->ede,
        .tsig_at = from->tsig_at,
        .server = view_dup(from->server),
        .at = xcalloc(from->record_count, sizeof *out->at),
        .len = from->record_count,
        .wire = BUF(DNS_MAX_MESSAGE),
    };
    buf_put(&out->wire, from->wire);
    for (size_t i = 0; i < out->len; i++) {
        const struct message_record *record = &from->records[i];

        out->at[i] = (struct dns_record){
            .section = (enum dns_section)record->section,
            .name = view_dup(record->name),
            .type = record->type,
            .ttl = record->ttl,
            .data = BUF(DNS_MAX_MESSAGE),
        };
        buf_put(&out->at[i].data, record->data);
    }
}

static int timeout_of(const struct dns_question *question)
{
    return question->timeout_ms > 0 ? question->timeout_ms : TIMEOUT_MS;
}

/* Sends it; the answer must then be waited for. */
static bool send_question(struct net *net, const struct dns_question *question, uint32_t *id, struct error *err)
{
    AUTO(buf_clear) struct buf frame = BUF(DNS_MAX_MESSAGE + MESSAGE_MAX_SERVER + 64);
    struct message_dns message = {
        .server = view_of(question->server),
        .port = question->port > 0 ? (uint16_t)question->port : 53,
        .tcp = question->tcp,
        .message = question->message,
        .timeout_ms = (uint32_t)timeout_of(question),
    };

    *id = channel_next_id(net->channel);
    if (message.message.len > DNS_MAX_MESSAGE || message.server.len > MESSAGE_MAX_SERVER)
        return error_set(err, ERROR_INTERNAL, "a question of %zu bytes for %s", message.message.len, question->server);
    message_put_dns(&frame, *id, &message);
    return channel_send(net->channel, *id, buf_view(&frame), NULL, 0, err);
}

static bool take_answer(
    struct net *net, const struct dns_question *question, uint32_t id, struct dns_answer *out, struct error *err)
{
    AUTO(answer_clear) struct answer answer = { 0 };
    AUTO(message_dns_answer_clear) struct message_dns_answer got = { 0 };
    bool answered =
        channel_wait(net->channel, id, MESSAGE_DNS_ANSWER, timeout_of(question) + PRIVATE_GRACE_MS, &answer, err);

    private_note_protection(net);
    TRY(answered);
    if (!message_get_dns_answer(answer.frame.fields, &got))
        return channel_violated(net->channel, "broken DNS_ANSWER", err);
    fill(&got, out);
    return true;
}

bool net_dns(struct net *net, const struct dns_question *question, struct dns_answer *out, struct error *err)
{
    uint32_t id;

    return send_question(net, question, &id, err) && take_answer(net, question, id, out, err);
}

bool net_dns_all(
    struct net *net, const struct dns_question *questions, size_t count, struct dns_reply *replies, struct error *err)
{
    AUTO(free) uint32_t *ids = xcalloc(count + 1, sizeof *ids);
    AUTO(free) bool *sent = xcalloc(count + 1, sizeof *sent);
    bool canceled = false;

    for (size_t i = 0; i < count; i++) {
        struct error why = { 0 };

        replies[i] = (struct dns_reply){ 0 };
        sent[i] = send_question(net, &questions[i], &ids[i], &why);
        if (!sent[i])
            replies[i].error = error_dup(&why);
    }
    for (size_t i = 0; i < count; i++) { /* what was sent is waited for, also after an interrupt */
        struct error why = { 0 };

        if (sent[i] && !take_answer(net, &questions[i], ids[i], &replies[i].answer, &why))
            replies[i].error = error_dup(&why);
        if (replies[i].error != NULL && replies[i].error->kind == ERROR_CANCELED && !canceled) {
            canceled = true;
            *err = *replies[i].error;
        }
    }
    return !canceled;
}

void dns_reply_clear(struct dns_reply *reply)
{
    dns_answer_clear(&reply->answer);
    free(reply->error);
    reply->error = NULL;
}

void dns_answer_clear(struct dns_answer *answer)
{
    for (size_t i = 0; i < answer->len; i++) {
        free(answer->at[i].name);
        buf_clear(&answer->at[i].data);
    }
    free(answer->at);
    free(answer->server);
    buf_clear(&answer->wire);
    *answer = (struct dns_answer){ 0 };
}
