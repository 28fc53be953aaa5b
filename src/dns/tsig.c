#include "dns/tsig.h"

#include <inttypes.h>

#include "dns/rcode.h"
#include "net/dns.h"
#include "net/dns_name.h"

#define HEADER 12
#define CLASS_ANY 255
#define MAC_LEAST 10 /* bytes */

/* RFC 8945 section 6 */
static const char *const algorithms[DIGEST_COUNT] = {
    [DIGEST_MD5] = "hmac-md5.sig-alg.reg.int",
    [DIGEST_SHA1] = "hmac-sha1",
    [DIGEST_SHA224] = "hmac-sha224",
    [DIGEST_SHA256] = "hmac-sha256",
    [DIGEST_SHA384] = "hmac-sha384",
    [DIGEST_SHA512] = "hmac-sha512",
};

struct signature {  /* a TSIG record as it is signed and sent (RFC 8945 section 4.2) */
    struct buf key; /* both as labels in lower case */
    struct buf algorithm;
    uint64_t time; /* UTC seconds since 1970, of 48 bits */
    unsigned fudge, original_id, error;
    struct view mac, other; /* borrowed */
};

static void signature_clear_at(struct signature *signature)
{
    buf_clear(&signature->key);
    buf_clear(&signature->algorithm);
}

void tsig_key_clear(struct tsig_key *key)
{
    free(key->name);
    buf_clear(&key->secret);
    *key = (struct tsig_key){ .secret = BUF_SECRET(TSIG_MAX_SECRET) };
}

/* ---- writing ---- */

static void put_number(struct buf *out, uint64_t value, unsigned bytes)
{
    while (bytes-- > 0)
        buf_put_char(out, (char)(unsigned char)(value >> (8 * bytes) & 0xff));
}

static void put_counted(struct buf *out, struct view bytes)
{
    put_number(out, bytes.len, 2);
    buf_put(out, bytes);
}

/* Name and algorithm of our key, in the form in which they are signed. */
static bool of_key(const struct tsig_key *key, struct signature *out, struct error *err)
{
    out->key = BUF(DNS_NAME_SIZE);
    out->algorithm = BUF(DNS_NAME_SIZE);
    if (!dns_name_put(&out->key, key->name) || !dns_name_put(&out->algorithm, algorithms[key->algorithm]))
        return error_set(err, ERROR_CONFIG, "the name of the key is no name of DNS: %s", key->name);
    dns_name_lower(&out->key);
    return true;
}

/*
 * The MAC of a message that ends where its TSIG record begins, or will begin (RFC 8945 section 4.3): of the request's
 * MAC before an answer, the message as it was before it was signed, and the record but for the MAC in it.
 */
static bool compute(const struct signature *signature, struct view message, unsigned others, struct view request_mac,
    const struct tsig_key *key, struct buf *mac, struct error *err)
{
    AUTO(buf_clear) struct buf data = BUF(3 * (size_t)DNS_MAX_MESSAGE);

    if (request_mac.len > 0)
        put_counted(&data, request_mac);
    put_number(&data, signature->original_id, 2);
    buf_put(&data, (struct view){ message.at + 2, 8 });
    put_number(&data, others, 2);
    buf_put(&data, (struct view){ message.at + HEADER, message.len - HEADER });
    buf_put(&data, buf_view(&signature->key));
    put_number(&data, CLASS_ANY, 2);
    put_number(&data, 0, 4);
    buf_put(&data, buf_view(&signature->algorithm));
    put_number(&data, signature->time, 6);
    put_number(&data, signature->fudge, 2);
    put_number(&data, signature->error, 2);
    put_counted(&data, signature->other);
    if (data.failed)
        return error_set(err, ERROR_INTERNAL, "a message of %zu bytes is too long to be signed", message.len);
    return hmac_of(key->algorithm, buf_view(&key->secret), buf_view(&data), mac, err);
}

static void put_record(struct buf *out, const struct signature *signature)
{
    buf_put(out, buf_view(&signature->key));
    put_number(out, DNS_TSIG, 2);
    put_number(out, CLASS_ANY, 2);
    put_number(out, 0, 4);
    put_number(out, signature->algorithm.len + 16 + signature->mac.len, 2);
    buf_put(out, buf_view(&signature->algorithm));
    put_number(out, signature->time, 6);
    put_number(out, signature->fudge, 2);
    put_counted(out, signature->mac);
    put_number(out, signature->original_id, 2);
    put_number(out, 0, 2); /* no error */
    put_number(out, 0, 2); /* nothing else */
}

static unsigned u16_at(const char *at)
{
    return (unsigned)(unsigned char)at[0] << 8 | (unsigned char)at[1];
}

bool tsig_sign(struct buf *message, const struct tsig_key *key, struct view request_mac, int64_t now, struct buf *mac,
    struct error *err)
{
    AUTO(signature_clear) struct signature signature = { .time = (uint64_t)now, .fudge = TSIG_FUDGE };
    AUTO(buf_clear) struct buf made = BUF(DIGEST_MAX);
    unsigned others;

    if (message->failed || message->len < HEADER)
        return error_set(err, ERROR_INTERNAL, "no message to sign");
    others = u16_at(message->at + 10);
    signature.original_id = u16_at(message->at);
    TRY(of_key(key, &signature, err));
    TRY(compute(&signature, buf_view(message), others, request_mac, key, &made, err));
    signature.mac = buf_view(&made);
    put_record(message, &signature);
    buf_put(mac, buf_view(&made));
    if (message->failed || mac->failed)
        return error_set(err, ERROR_INTERNAL, "a signed message does not fit");
    message->at[10] = (char)(unsigned char)((others + 1) >> 8);
    message->at[11] = (char)(unsigned char)((others + 1) & 0xff);
    return true;
}

/* ---- reading ---- */

static bool get_number(struct view wire, size_t *at, unsigned bytes, uint64_t *out)
{
    *out = 0;
    if (bytes > wire.len - *at)
        return false;
    while (bytes-- > 0)
        *out = *out << 8 | (unsigned char)wire.at[(*at)++];
    return true;
}

static bool get_u16(struct view wire, size_t *at, unsigned *out)
{
    uint64_t value;

    if (!get_number(wire, at, 2, &value))
        return false;
    *out = (unsigned)value;
    return true;
}

static bool get_counted(struct view wire, size_t *at, struct view *out)
{
    unsigned len;

    if (!get_u16(wire, at, &len) || len > wire.len - *at)
        return false;
    *out = (struct view){ wire.at + *at, len };
    *at += len;
    return true;
}

/* The record that begins at `at` and is the last one (RFC 8945 section 5.1). */
static bool read_record(struct view wire, size_t at, struct signature *out)
{
    unsigned type, class, size;
    uint64_t ttl;

    out->key = BUF(DNS_NAME_SIZE);
    out->algorithm = BUF(DNS_NAME_SIZE);
    if (wire.len > DNS_MAX_MESSAGE || wire.len < HEADER || at < HEADER || at >= wire.len || u16_at(wire.at + 10) == 0)
        return false;
    if (!dns_name_follow(wire, &at, &out->key) || !get_u16(wire, &at, &type) || !get_u16(wire, &at, &class) ||
        !get_number(wire, &at, 4, &ttl) || !get_u16(wire, &at, &size))
        return false;
    if (type != DNS_TSIG || class != CLASS_ANY || ttl != 0 || size != wire.len - at)
        return false;
    if (!dns_name_follow(wire, &at, &out->algorithm) || !get_number(wire, &at, 6, &out->time) ||
        !get_u16(wire, &at, &out->fudge) || !get_counted(wire, &at, &out->mac) ||
        !get_u16(wire, &at, &out->original_id) || !get_u16(wire, &at, &out->error) ||
        !get_counted(wire, &at, &out->other))
        return false;
    dns_name_lower(&out->key);
    dns_name_lower(&out->algorithm);
    return at == wire.len;
}

/* RFC 8945 section 5.2.3: the server's time is in the other data. */
static bool explain_time(const struct signature *seen, int64_t now, struct error *err)
{
    uint64_t theirs = seen->time;
    size_t at = 0;
    int64_t ahead;

    if (seen->error == RCODE_BADTIME && seen->other.len == 6)
        (void)get_number(seen->other, &at, 6, &theirs);
    ahead = (int64_t)theirs - now;
    (void)error_set(err, ERROR_PLUGIN, "BADTIME: the server's clock is %" PRId64 " s %s that of this machine",
        ahead < 0 ? -ahead : ahead, ahead < 0 ? "behind" : "ahead of");
    return error_next(err, "set the clock that is wrong, best by NTP: signatures are good for %d s", TSIG_FUDGE);
}

/* What the server found wrong with our signature. Nothing of such an answer is signed but BADTIME and BADTRUNC. */
static bool explain(const struct signature *seen, const struct tsig_key *key, int64_t now, struct error *err)
{
    const char *digest = digest_name(key->algorithm);
    char room[RCODE_NAME_SIZE];

    switch (seen->error) {
    case RCODE_BADKEY:
        (void)error_set(err, ERROR_PLUGIN, "BADKEY: the server has no key %s for HMAC-%s", key->name, digest);
        return error_next(err,
            "compare the key's name and algorithm with those in the server's configuration; Knot says the same of "
            "a key that its acl does not let change these records");
    case RCODE_BADSIG:
        (void)error_set(err, ERROR_PLUGIN, "BADSIG: the server has another secret for the key %s", key->name);
        return error_next(err, "copy the secret again from the server's configuration, whole and in base64");
    case RCODE_BADTRUNC:
        (void)error_set(err, ERROR_PLUGIN, "BADTRUNC: the server wants a longer signature than HMAC-%s gives", digest);
        return error_next(err, "use a key with a longer digest");
    case RCODE_BADTIME:
        return explain_time(seen, now, err);
    default:
        return error_set(
            err, ERROR_PLUGIN, "the server does not accept our signature: %s", rcode_name((int)seen->error, room));
    }
}

static bool not_the_servers(const char *why, struct error *err)
{
    (void)error_set(err, ERROR_NETWORK, "the answer is not the server's: %s", why);
    return error_next(err, "look what stands between this machine and the server, and whether the key is the server's");
}

/* Whether the MAC is that of the answer's bytes, cut or not. */
static bool check_mac(const struct signature *seen, const struct signature *ours, struct view message,
    const struct tsig_key *key, struct view request_mac, struct error *err)
{
    AUTO(buf_clear) struct buf wanted = BUF(DIGEST_MAX);
    size_t full = digest_size(key->algorithm), least = full / 2 > MAC_LEAST ? full / 2 : MAC_LEAST;

    if (!view_equal(buf_view(&seen->key), buf_view(&ours->key)) ||
        !view_equal(buf_view(&seen->algorithm), buf_view(&ours->algorithm)))
        return not_the_servers("it is signed with another key", err);
    if (seen->mac.len < least || seen->mac.len > full)
        return not_the_servers("its signature has a length that is not allowed", err);
    TRY(compute(seen, message, u16_at(message.at + 10) - 1, request_mac, key, &wanted, err));
    return hmac_equal((struct view){ wanted.at, seen->mac.len }, seen->mac) ||
           not_the_servers("its signature does not fit", err);
}

bool tsig_verify(struct view wire, size_t tsig_at, const struct tsig_key *key, struct view request_mac, int64_t now,
    struct error *err)
{
    AUTO(signature_clear) struct signature seen = { 0 };
    AUTO(signature_clear) struct signature ours = { 0 };
    int64_t apart;

    TRY(of_key(key, &ours, err));
    if (!read_record(wire, tsig_at, &seen))
        return not_the_servers("its signature cannot be read", err);
    if (seen.error != 0 && seen.mac.len == 0) /* section 5.3.2: believed as far as that it failed */
        return explain(&seen, key, now, err);
    TRY(check_mac(&seen, &ours, (struct view){ wire.at, tsig_at }, key, request_mac, err));
    apart = (int64_t)seen.time - now;
    if (seen.error == 0 && (apart > (int64_t)seen.fudge || -apart > (int64_t)seen.fudge))
        return explain_time(&seen, now, err);
    return seen.error == 0 || explain(&seen, key, now, err);
}
