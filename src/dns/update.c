#include "dns/update.h"

#include "net/dns.h"
#include "net/dns_name.h"

#define OPCODE_UPDATE 0x2800U
#define CLASS_IN 1
#define CLASS_NONE 254
#define STRING_MAX 255 /* RFC 1035 section 3.3 */

static void put_u16(struct buf *out, unsigned value)
{
    buf_put_char(out, (char)(value >> 8 & 0xff));
    buf_put_char(out, (char)(value & 0xff));
}

static bool put_name(struct buf *out, const char *name, struct error *err)
{
    return dns_name_put(out, name) || error_set(err, ERROR_PLUGIN, "not a domain name: %s", name);
}

/* The data of a TXT record (RFC 1035 section 3.3.14), behind its length. */
static bool put_value(struct buf *out, struct view value, struct error *err)
{
    size_t strings = value.len == 0 ? 1 : (value.len + STRING_MAX - 1) / STRING_MAX;

    if (value.len > UPDATE_MAX_VALUE)
        return error_set(err, ERROR_PLUGIN, "a TXT record of %zu bytes is too long", value.len);
    put_u16(out, (unsigned)(value.len + strings));
    for (size_t i = 0; i < strings; i++) {
        size_t begun = i * STRING_MAX, len = value.len - begun < STRING_MAX ? value.len - begun : STRING_MAX;

        buf_put_char(out, (char)(unsigned char)len);
        buf_put(out, (struct view){ value.at + begun, len });
    }
    return true;
}

static bool put_record(struct buf *out, enum update_action action, const struct txt *txt, struct error *err)
{
    TRY(put_name(out, txt->name, err));
    put_u16(out, DNS_TXT);
    put_u16(out, action == UPDATE_ADD ? CLASS_IN : CLASS_NONE);
    put_u16(out, 0);
    put_u16(out, action == UPDATE_ADD ? UPDATE_TTL : 0);
    return put_value(out, view_of(txt->value), err);
}

bool update_put(struct buf *out, unsigned id, const char *zone, enum update_action action, struct txt *const *txts,
    size_t count, struct error *err)
{
    if (count > UPDATE_MAX_VALUES)
        return error_set(err, ERROR_INTERNAL, "%zu values in one update", count);
    put_u16(out, id);
    put_u16(out, OPCODE_UPDATE);
    put_u16(out, 1); /* zone; no prerequisites; updates; nothing else */
    put_u16(out, 0);
    put_u16(out, (unsigned)count);
    put_u16(out, 0);
    TRY(put_name(out, zone, err));
    put_u16(out, DNS_SOA);
    put_u16(out, CLASS_IN);
    for (size_t i = 0; i < count; i++)
        TRY(put_record(out, action, txts[i], err));
    return !out->failed || error_set(err, ERROR_PLUGIN, "an update of %zu values does not fit into a message", count);
}
