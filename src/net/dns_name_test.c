/* Domain names, from text to labels and back, and those that are none. */
#include "net/dns.h"
#include "net/dns_name.h"

#include "base/test.h"

#define X63 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct {
    const char *name, *text;
    const char *wire;  /* NULL: it is none; without the last NUL */
    const char *again; /* NULL: the same text */
} cases[] = {
    { "two labels", "a.example", "\1a\7example", NULL },
    { "a dot at the end", "a.example.", "\1a\7example", "a.example" },
    { "the root", ".", "", NULL },
    { "case stays", "A.eXample", "\1A\7eXample", NULL },
    { "underscore and asterisk", "*._acme-challenge", "\1*\17_acme-challenge", NULL },
    { "an escaped dot", "a\\.b.c", "\3a.b\1c", "a\\046b.c" },
    { "a decimal escape", "\\065\\255", "\2A\xff", "A\\255" },
    { "a blank", "a b", "\3a b", "a\\032b" },
    { "the longest label", X63, "\77" X63, NULL },
    { "a longer label", X63 "x", NULL, NULL },
    { "the longest name",
        X63 "." X63 "." X63 "."
            "0123456789012345678901234567890123456789012345678901234567890",
        "\77" X63 "\77" X63 "\77" X63 "\75"
        "0123456789012345678901234567890123456789012345678901234567890",
        NULL },
    { "a longer name",
        X63 "." X63 "." X63 "."
            "01234567890123456789012345678901234567890123456789012345678901",
        NULL, NULL },
    { "empty", "", NULL, NULL },
    { "an empty label", "a..b", NULL, NULL },
    { "a dot at the start", ".a", NULL, NULL },
    { "two dots", "..", NULL, NULL },
    { "half an escape", "a\\", NULL, NULL },
    { "two digits", "a\\06", NULL, NULL },
    { "too large an escape", "a\\256", NULL, NULL },
};

TEST(dns_names)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_clear) struct buf wire = BUF(1024), text = BUF(DNS_NAME_TEXT_SIZE);
        bool ok = dns_name_put(&wire, cases[i].text);
        size_t at = 0;

        CHECK(ok == (cases[i].wire != NULL), "%s", cases[i].name);
        if (!ok || cases[i].wire == NULL)
            continue;
        CHECK(wire.len == strlen(cases[i].wire) + 1 && memcmp(wire.at, cases[i].wire, wire.len) == 0, "%s",
            cases[i].name);
        CHECK(dns_name_get(buf_view(&wire), &at, &text) && at == wire.len, "%s, back", cases[i].name);
        CHECK_TEXT(buf_text(&text), cases[i].again != NULL ? cases[i].again : cases[i].text, cases[i].name);
        for (size_t len = 0; len < wire.len; len++) {
            at = 0;
            CHECK(!dns_name_get((struct view){ wire.at, len }, &at, &text) && at == 0, "%s, cut", cases[i].name);
        }
    }
}

TEST(dns_names_that_are_none)
{
    static const struct {
        const char *name;
        struct view wire;
    } bad[] = {
        { "compressed", { "\300\0", 2 } },
        { "an unknown kind of label", { "\100a\0", 3 } },
        { "nothing", { "", 0 } },
    };
    AUTO(buf_clear) struct buf longest = BUF(1024);

    for (size_t i = 0; i < COUNT(bad); i++) {
        AUTO(buf_clear) struct buf text = BUF(DNS_NAME_TEXT_SIZE);
        size_t at = 0;

        CHECK(!dns_name_get(bad[i].wire, &at, &text), "%s", bad[i].name);
    }
    for (int i = 0; i < 127; i++)
        buf_put(&longest, (struct view){ "\1\377", 2 });
    for (int i = 0; i < 2; i++) {
        AUTO(buf_clear) struct buf text = BUF(DNS_NAME_TEXT_SIZE);
        size_t at = i == 0 ? 0 : 2;

        buf_put_char(&longest, '\0');
        CHECK(dns_name_get(buf_view(&longest), &at, &text), "255 bytes and less");
        buf_cut(&longest, longest.len - 1);
        buf_put(&longest, (struct view){ "\1a", 2 });
    }
    {
        AUTO(buf_clear) struct buf text = BUF(2 * DNS_NAME_TEXT_SIZE);
        size_t at = 0;

        buf_put_char(&longest, '\0');
        CHECK(!dns_name_get(buf_view(&longest), &at, &text), "more than 255 bytes");
    }
}

TEST(dns_questions)
{
    AUTO(buf_clear) struct buf one = BUF(512), two = BUF(512), small = BUF(20);
    struct error err = { 0 };
    bool differs = false;

    REQUIRE(dns_put_question(&one, "a.example", DNS_CAA, DNS_RECURSE, &err), "%s", err.why);
    CHECK_INT(one.len, 12 + 11 + 4 + 11, "size");
    CHECK(
        memcmp(one.at + 2, "\1\0\0\1\0\0\0\0\0\1\1a\7example\0\1\1\0\1\0\0\x29\x04\xd0\0\0\0\0\0\0", one.len - 2) == 0,
        "all but its id");
    for (int i = 0; i < 20 && !differs; i++) {
        buf_clear(&two);
        REQUIRE(dns_put_question(&two, "a.example", DNS_CAA, DNS_RECURSE, &err), "%s", err.why);
        differs = memcmp(one.at, two.at, 2) != 0;
    }
    CHECK(differs, "ids are random");
    CHECK(!dns_put_question(&two, "a..example", DNS_A, 0, &err) && err.kind == ERROR_CONFIG, "%s", err.why);
    CHECK(!dns_put_question(&small, "a.example", DNS_A, 0, &err), "no room");
}

TEST_MAIN()
