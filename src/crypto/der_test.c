/* The DER reader: every way in which bytes can lie. */
#include "base/test.h"
#include "base/text.h"
#include "crypto/der.h"

static const struct {
    const char *name, *hex;
    unsigned tag;
    const char *content; /* hex, when it is read */
    const char *why;     /* NULL when it is read */
} elements[] = {
    { "nothing", "", DER_SEQUENCE, NULL, "missing" },
    { "tag alone", "30", DER_SEQUENCE, NULL, "cut short" },
    { "another tag", "0400", DER_SEQUENCE, NULL, "tag 0x04 where 0x30 belongs" },
    { "content cut", "300305", DER_SEQUENCE, NULL, "beyond the end" },
    { "long length cut", "308201", DER_SEQUENCE, NULL, "cut short" },
    { "long length lies", "30820100aa", DER_SEQUENCE, NULL, "beyond the end" },
    { "length of 4 GiB", "3084ffffffffaa", DER_SEQUENCE, NULL, "beyond the end" },
    { "length of 8 bytes", "308800000000000000010a", DER_SEQUENCE, NULL, "beyond the end" },
    { "indefinite length", "308005000000", DER_SEQUENCE, NULL, "indefinite" },
    { "long form of a short length", "30810105", DER_SEQUENCE, NULL, "shortest form" },
    { "length with a zero in front", "3082000500000000ff", DER_SEQUENCE, NULL, "shortest form" },
    { "tag of several bytes", "1f810100", 0x1f, NULL, "tag of several bytes" },
    { "empty", "3000", DER_SEQUENCE, "", NULL },
    { "short", "0402abcd", DER_OCTET_STRING, "abcd", NULL },
    { "with more behind it", "0401abff", DER_OCTET_STRING, "ab", NULL },
};

TEST(der_take)
{
    for (size_t i = 0; i < COUNT(elements); i++) {
        AUTO(buf_clear) struct buf bytes = BUF(64), hex = BUF(128);
        struct view rest, content = { "untouched", 9 };
        struct error err = { 0 };
        bool ok;

        REQUIRE(buf_put_unhex(&bytes, view_of(elements[i].hex)));
        rest = buf_view(&bytes);
        ok = der_take(&rest, elements[i].tag, &content, "the thing", &err);
        CHECK(ok == (elements[i].why == NULL), "%s: %s", elements[i].name, err.why);
        CHECK(ok || strstr(err.why, elements[i].why) != NULL, "%s: %s", elements[i].name, err.why);
        CHECK(ok || (strstr(err.why, "the thing") && err.kind == ERROR_CONFIG), "%s: %s", elements[i].name, err.why);
        CHECK(ok || (rest.len == bytes.len && content.len == 9), "%s: a view was touched", elements[i].name);
        if (ok) {
            buf_put_hex(&hex, content);
            CHECK_TEXT(buf_text(&hex), elements[i].content, elements[i].name);
        }
    }
}

static const struct {
    const char *name, *hex, *magnitude, *why;
} numbers[] = {
    { "empty", "0200", NULL, "empty number" },
    { "negative", "0201ff", NULL, "negative" },
    { "needless zero", "02020001", NULL, "needless zeros" },
    { "zero twice", "02020000", NULL, "needless zeros" },
    { "zero", "020100", "", NULL },
    { "one", "020101", "01", NULL },
    { "zero for the sign", "02020080", "80", NULL },
};

TEST(der_unsigned)
{
    for (size_t i = 0; i < COUNT(numbers); i++) {
        AUTO(buf_clear) struct buf bytes = BUF(64), hex = BUF(128);
        struct view rest, magnitude = { "", 0 };
        struct error err = { 0 };
        bool ok;

        REQUIRE(buf_put_unhex(&bytes, view_of(numbers[i].hex)));
        rest = buf_view(&bytes);
        ok = der_unsigned(&rest, &magnitude, "number", &err);
        CHECK(ok == (numbers[i].why == NULL), "%s: %s", numbers[i].name, err.why);
        CHECK(ok || strstr(err.why, numbers[i].why) != NULL, "%s: %s", numbers[i].name, err.why);
        buf_put_hex(&hex, magnitude);
        if (ok)
            CHECK_TEXT(buf_text(&hex), numbers[i].magnitude, numbers[i].name);
    }
}

TEST(der_bits_whole_bytes_only)
{
    struct error err = { 0 };
    struct view rest = { "\x03\x02\x01\xfe", 4 }, bytes;

    CHECK(!der_bits(&rest, &bytes, "bits", &err) && strstr(err.why, "whole number of bytes"), "%s", err.why);
    rest = (struct view){ "\x03\x00", 2 };
    CHECK(!der_bits(&rest, &bytes, "bits", &err) && strstr(err.why, "whole number of bytes"), "%s", err.why);
    rest = (struct view){ "\x03\x02\x00\xfe", 4 };
    CHECK(der_bits(&rest, &bytes, "bits", &err) && view_is(bytes, "\xfe"), "%s", err.why);
}

static const struct {
    const char *name;
    unsigned tag;
    const char *text;
    int64_t at;
    const char *why;
} times[] = {
    { "no seconds", DER_UTC_TIME, "2611010000Z", 0, "with seconds" },
    { "offset", DER_UTC_TIME, "261101000000+0100", 0, "in UTC" },
    { "letters", DER_UTC_TIME, "26110100000xZ", 0, "other characters" },
    { "fraction", DER_GENERALIZED_TIME, "20261101000000.5Z", 0, "with seconds" },
    { "UTCTime length under the other tag", DER_GENERALIZED_TIME, "261101000000Z", 0, "with seconds" },
    { "31 April", DER_UTC_TIME, "260431000000Z", 0, "does not exist" },
    { "29 February 2100", DER_GENERALIZED_TIME, "21000229000000Z", 0, "does not exist" },
    { "month 0", DER_UTC_TIME, "260001000000Z", 0, "does not exist" },
    { "hour 24", DER_UTC_TIME, "260101240000Z", 0, "does not exist" },
    { "another type", DER_UTF8_STRING, "261101000000Z", 0, "time types" },
    { "1950", DER_UTC_TIME, "500101000000Z", -631152000, NULL },
    { "2049", DER_UTC_TIME, "491231235959Z", 2524607999, NULL },
    { "29 February 2028", DER_UTC_TIME, "280229120000Z", 1835438400, NULL },
    { "no end", DER_GENERALIZED_TIME, "99991231235959Z", 253402300799, NULL },
};

TEST(der_time)
{
    for (size_t i = 0; i < COUNT(times); i++) {
        AUTO(buf_clear) struct buf bytes = BUF(64);
        struct error err = { 0 };
        struct view rest;
        int64_t at = 0;
        bool ok;

        buf_put_char(&bytes, (char)times[i].tag);
        buf_put_char(&bytes, (char)strlen(times[i].text));
        buf_put_text(&bytes, times[i].text);
        rest = buf_view(&bytes);
        ok = der_time(&rest, &at, "time", &err);
        CHECK(ok == (times[i].why == NULL), "%s: %s", times[i].name, err.why);
        CHECK(ok || strstr(err.why, times[i].why) != NULL, "%s: %s", times[i].name, err.why);
        CHECK_INT(at, times[i].at, times[i].name);
    }
}

TEST(der_oid_text)
{
    static const struct {
        struct view oid;
        const char *text;
    } cases[] = {
        { { "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b", 9 }, "1.2.840.113549.1.1.11" },
        { { "\x55\x04\x03", 3 }, "2.5.4.3" },
        { { "\x88\x37", 2 }, "2.999" },
        { { "\x2b\x65\x70", 3 }, "1.3.101.112" },
        { { "", 0 }, "?" },
        { { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12 }, "?" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[DER_OID_TEXT_SIZE];

        der_oid_text(cases[i].oid, text);
        CHECK_TEXT(text, cases[i].text, cases[i].text);
    }
}

TEST_MAIN()
