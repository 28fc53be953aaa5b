/*
 * PROBE and PROBED: what a TLS server shows.
 */
#include "net/message.h"
#include "net/probe.h"

void message_put_probe(struct buf *out, uint32_t id, const struct message_probe *probe)
{
    size_t begun = wire_begin(out, MESSAGE_PROBE, id);

    wire_put_bytes(out, probe->address);
    wire_put_u32(out, probe->port);
    wire_put_bytes(out, probe->sni);
    wire_put_bytes(out, probe->alpn);
    wire_put_bytes(out, probe->starttls);
    wire_put_u8(out, probe->key);
    wire_put_u32(out, probe->timeout_ms);
    wire_put_u8(out, probe->verify ? 1 : 0);
    wire_end(out, begun);
}

bool message_get_probe(struct view fields, struct message_probe *out)
{
    struct wire_cursor from = WIRE_CURSOR(fields);
    struct message_probe probe = { 0 };

    probe.address = wire_get_text(&from, MESSAGE_MAX_SERVER);
    probe.port = (uint16_t)wire_get_u32(&from, UINT16_MAX);
    probe.sni = wire_get_text(&from, MESSAGE_MAX_IDENTIFIER);
    probe.alpn = wire_get_text(&from, MESSAGE_MAX_ALPN);
    probe.starttls = wire_get_text(&from, MESSAGE_MAX_STARTTLS);
    probe.key = wire_get_u8(&from, PROBE_ECDSA);
    probe.timeout_ms = wire_get_u32(&from, MESSAGE_MAX_TIMEOUT_MS);
    probe.verify = wire_get_u8(&from, 1) == 1;
    if (!wire_done(&from) || (probe.sni.len > 0 && !message_is_identifier(probe.sni)))
        return false;
    *out = probe;
    return true;
}

void message_put_probed(struct buf *out, uint32_t id, const struct message_probed *probed)
{
    size_t begun = wire_begin(out, MESSAGE_PROBED, id);

    wire_put_bytes(out, probed->version);
    wire_put_bytes(out, probed->cipher);
    wire_put_bytes(out, probed->alpn);
    wire_put_u8(out, (uint8_t)probed->count);
    for (size_t i = 0; i < probed->count; i++)
        wire_put_bytes(out, probed->chain[i]);
    wire_put_u8(out, probed->trust);
    wire_put_bytes(out, probed->why);
    wire_put_bytes(out, probed->weak);
    wire_end(out, begun);
}

bool message_get_probed(struct view fields, struct message_probed *out)
{
    struct wire_cursor from = WIRE_CURSOR(fields);
    struct message_probed probed = { 0 };

    probed.version = wire_get_text(&from, MESSAGE_MAX_CIPHER);
    probed.cipher = wire_get_text(&from, MESSAGE_MAX_CIPHER);
    probed.alpn = wire_get_text(&from, MESSAGE_MAX_ALPN);
    probed.count = wire_get_u8(&from, PROBE_MAX_CERTS);
    for (size_t i = 0; i < probed.count; i++)
        probed.chain[i] = wire_get_bytes(&from, PROBE_MAX_CHAIN);
    probed.trust = wire_get_u8(&from, PROBE_UNTRUSTED);
    probed.why = wire_get_text(&from, MESSAGE_MAX_WHY);
    probed.weak = wire_get_text(&from, MESSAGE_MAX_WHY);
    if (!wire_done(&from) || probed.count == 0)
        return false;
    *out = probed;
    return true;
}
