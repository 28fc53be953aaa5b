/*
 * Looking at TLS servers, seen from the privileged side.
 */
#include "net/probe.h"

#include "base/mem.h"
#include "net/private.h"

#define TIMEOUT_MS 10000

static bool check(const struct probe *probe, struct error *err)
{
    if (probe->port < 1 || probe->port > UINT16_MAX)
        return error_set(err, ERROR_CONFIG, "no port of a server: %d", probe->port);
    if (probe->sni != NULL && !message_is_identifier(view_of(probe->sni)))
        return error_set(err, ERROR_CONFIG, "not a server's name: %s", probe->sni);
    if (view_of(probe->address).len > MESSAGE_MAX_SERVER || view_of(probe->alpn).len > MESSAGE_MAX_ALPN ||
        view_of(probe->starttls).len > MESSAGE_MAX_STARTTLS)
        return error_set(err, ERROR_CONFIG, "too long an address or protocol for %s", probe->address);
    return true;
}

static void fill(const struct message_probed *from, struct probed *out)
{
    for (size_t i = 0; i < from->count; i++) {
        out->chain[i] = BUF(PROBE_MAX_CHAIN);
        buf_put(&out->chain[i], from->chain[i]);
    }
    out->count = from->count;
    out->version = view_dup(from->version);
    out->cipher = view_dup(from->cipher);
    out->alpn = view_dup(from->alpn);
    out->trust = (enum probe_trust)from->trust;
    out->why = view_dup(from->why);
    out->weak = view_dup(from->weak);
}

bool net_probe(struct net *net, const struct probe *probe, struct probed *out, struct error *err)
{
    AUTO(buf_clear) struct buf frame = BUF(2048);
    AUTO(answer_clear) struct answer answer = { 0 };
    int timeout_ms = probe->timeout_ms > 0 ? probe->timeout_ms : TIMEOUT_MS;
    uint32_t id = channel_next_id(net->channel);
    struct message_probed got;
    bool answered;

    TRY(check(probe, err));
    message_put_probe(&frame, id,
        &(struct message_probe){ .address = view_of(probe->address),
            .port = (uint16_t)probe->port,
            .sni = view_of(probe->sni),
            .alpn = view_of(probe->alpn),
            .starttls = view_of(probe->starttls),
            .key = (uint8_t)probe->key,
            .timeout_ms = (uint32_t)timeout_ms,
            .verify = probe->verify });
    TRY(channel_send(net->channel, id, buf_view(&frame), NULL, 0, err));
    answered = channel_wait(net->channel, id, MESSAGE_PROBED, timeout_ms + PRIVATE_GRACE_MS, &answer, err);
    private_note_protection(net);
    TRY(answered);
    if (!message_get_probed(answer.frame.fields, &got))
        return channel_violated(net->channel, "broken PROBED", err);
    fill(&got, out);
    return true;
}

void probed_clear(struct probed *probed)
{
    for (size_t i = 0; i < probed->count; i++)
        buf_clear(&probed->chain[i]);
    free(probed->version);
    free(probed->cipher);
    free(probed->alpn);
    free(probed->why);
    free(probed->weak);
    *probed = (struct probed){ 0 };
}
