/* Updates (RFC 2136) byte by byte, and what does not fit into one. */
#include "dns/update.h"

#include "base/test.h"
#include "base/text.h"
#include "net/dns.h"

#define X63 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static struct buf put_one(const char *name, const char *value, enum update_action action, struct error *err)
{
    struct txt txt = { .name = name, .value = value };
    struct txt *const txts[] = { &txt };
    struct buf message = BUF(DNS_MAX_MESSAGE);

    if (!update_put(&message, 0x0102, "a.test", action, txts, 1, err))
        buf_clear(&message);
    return message;
}

#define HEAD "010228000001000000010000" /* id, UPDATE, one zone, one record */
#define ZONE "0161047465737400"         /* a.test */
#define NAME "0178" ZONE                /* x.a.test */

TEST(records)
{
    static const struct {
        const char *name;
        enum update_action action;
        const char *value, *hex;
    } cases[] = {
        { "add", UPDATE_ADD, "v1", HEAD ZONE "00060001" NAME "00100001000000780003027631" },
        { "remove", UPDATE_REMOVE, "v1", HEAD ZONE "00060001" NAME "001000fe000000000003027631" },
        { "an empty value", UPDATE_ADD, "", HEAD ZONE "00060001" NAME "0010000100000078000100" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = { 0 };
        AUTO(buf_clear) struct buf message = put_one("x.a.test", cases[i].value, cases[i].action, &err);
        AUTO(buf_clear) struct buf hex = BUF(1024);

        buf_put_hex(&hex, buf_view(&message));
        CHECK_TEXT(buf_text(&hex), cases[i].hex, cases[i].name);
    }
}

TEST(long_values)
{
    char value[UPDATE_MAX_VALUE + 2];
    static const size_t lengths[] = { 254, 255, 256, 510, 511, UPDATE_MAX_VALUE };
    struct error err = { 0 };

    for (size_t i = 0; i < COUNT(lengths); i++) {
        size_t strings = (lengths[i] + 254) / 255, left = lengths[i], at = 24 + 18;

        memset(value, 'v', lengths[i]);
        value[lengths[i]] = '\0';
        {
            AUTO(buf_clear) struct buf message = put_one("x.a.test", value, UPDATE_ADD, &err);

            REQUIRE(message.len == at + 2 + lengths[i] + strings, "%zu: %zu %s", lengths[i], message.len, err.why);
            for (at += 2; at < message.len; at += 1 + (unsigned char)message.at[at]) {
                CHECK((unsigned char)message.at[at] == (left < 255 ? left : 255), "%zu at %zu", lengths[i], at);
                left -= (unsigned char)message.at[at];
            }
            CHECK(left == 0 && at == message.len, "%zu", lengths[i]);
        }
    }
    memset(value, 'v', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    CHECK(put_one("x.a.test", value, UPDATE_ADD, &err).len == 0 && strstr(err.why, "too long"), "%s", err.why);
}

TEST(what_is_no_name)
{
    struct error err = { 0 };

    CHECK(put_one("a..b", "v", UPDATE_ADD, &err).len == 0 && err.kind == ERROR_PLUGIN, "%s", err.why);
    CHECK(strstr(err.why, "not a domain name: a..b") != NULL, "%s", err.why);
}

/* As many of the longest records as an update may have leave room for a signature. */
TEST(full)
{
    struct txt txt = { .name = X63 "." X63 "." X63 ".0123456789012345678901234567890123456789012345678901234567890",
        .value = X63 X63 X63 X63 "xyz" };
    struct txt *txts[UPDATE_MAX_VALUES + 1];
    AUTO(buf_clear) struct buf message = BUF(DNS_MAX_MESSAGE);
    struct error err = { 0 };

    for (size_t i = 0; i < COUNT(txts); i++)
        txts[i] = &txt;
    REQUIRE(update_put(&message, 1, "a.test", UPDATE_ADD, txts, UPDATE_MAX_VALUES, &err), "%s", err.why);
    CHECK(message.len < DNS_MAX_MESSAGE - 1024, "%zu", message.len);
    CHECK(!update_put(&message, 1, "a.test", UPDATE_ADD, txts, UPDATE_MAX_VALUES + 1, &err));
    CHECK_INT(err.kind, ERROR_INTERNAL, err.why);
}

TEST_MAIN()
