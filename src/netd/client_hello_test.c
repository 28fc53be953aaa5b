#include "netd/client_hello.h"

#include "base/test.h"

#define BYTES(text)                                                                                                    \
    {                                                                                                                  \
        text, sizeof text - 1                                                                                          \
    }

static const struct {
    const char *name;
    struct view extension;
    const char *want; /* NULL: refused */
} names[] = {
    { "one name",
        BYTES("\0\x06\0\0\x03"
              "a.b"),
        "a.b" },
    { "one letter",
        BYTES("\0\x04\0\0\x01"
              "a"),
        "a" },
    { "empty data", BYTES(""), NULL },
    { "half a length", BYTES("\0"), NULL },
    { "an empty list", BYTES("\0\0"), NULL },
    { "a type alone", BYTES("\0\x01\0"), NULL },
    { "a type and half a length", BYTES("\0\x02\0\0"), NULL },
    { "an empty name", BYTES("\0\x03\0\0\0"), NULL },
    { "another type of name",
        BYTES("\0\x06\x01\0\x03"
              "a.b"),
        NULL },
    { "a list longer than the data",
        BYTES("\0\x07\0\0\x03"
              "a.b"),
        NULL },
    { "a name longer than the list",
        BYTES("\0\x06\0\0\x04"
              "a.b"),
        NULL },
    { "a name longer than everything",
        BYTES("\0\x06\0\xff\xff"
              "a.b"),
        NULL },
    { "a byte behind the list",
        BYTES("\0\x06\0\0\x03"
              "a.bc"),
        NULL },
    { "two names",
        BYTES("\0\x08\0\0\x01"
              "a\0\0\x01"
              "b"),
        NULL },
    { "a byte behind the name",
        BYTES("\0\x07\0\0\x03"
              "a.bc"),
        NULL },
};

TEST(client_hello_name)
{
    for (size_t i = 0; i < COUNT(names); i++) {
        struct view name = { "unchanged", 9 };
        bool ok = client_hello_name(names[i].extension, &name);

        CHECK(ok == (names[i].want != NULL), "%s", names[i].name);
        CHECK(view_is(name, ok ? names[i].want : "unchanged"), "%s: %.*s", names[i].name, (int)name.len, name.at);
    }
}

static const struct {
    const char *name;
    struct view extension;
    bool is_acme, is_whole;
    const char *shown;
} protocols[] = {
    { "acme-tls/1",
        BYTES("\0\x0b\x0a"
              "acme-tls/1"),
        true, true, "acme-tls/1" },
    { "h2", BYTES("\0\x03\x02h2"), false, true, "h2" },
    { "h2 and acme-tls/1",
        BYTES("\0\x0e\x02h2\x0a"
              "acme-tls/1"),
        false, true, "h2, acme-tls/1" },
    { "acme-tls/1 and h2",
        BYTES("\0\x0e\x0a"
              "acme-tls/1\x02h2"),
        false, true, "acme-tls/1, h2" },
    { "another version",
        BYTES("\0\x0b\x0a"
              "acme-tls/2"),
        false, true, "acme-tls/2" },
    { "capitals",
        BYTES("\0\x0b\x0a"
              "ACME-TLS/1"),
        false, true, "ACME-TLS/1" },
    { "a NUL behind it",
        BYTES("\0\x0c\x0b"
              "acme-tls/1\0"),
        false, true, "acme-tls/1" },
    { "empty data", BYTES(""), false, false, "" },
    { "an empty list", BYTES("\0\0"), false, true, "" },
    { "an empty protocol", BYTES("\0\x01\0"), false, false, "" },
    { "a list longer than the data",
        BYTES("\0\x0c\x0a"
              "acme-tls/1"),
        false, false, "" },
    { "a protocol longer than the list",
        BYTES("\0\x0b\x0b"
              "acme-tls/1"),
        false, false, "" },
    { "a byte behind the list",
        BYTES("\0\x0b\x0a"
              "acme-tls/1\0"),
        false, false, "" },
    { "a fault behind a good one", BYTES("\0\x05\x02h2\x09x"), false, false, "h2" },
};

TEST(client_hello_protocols)
{
    for (size_t i = 0; i < COUNT(protocols); i++) {
        AUTO(buf_clear) struct buf shown = BUF(100);

        CHECK(client_hello_is_acme(protocols[i].extension) == protocols[i].is_acme, "%s", protocols[i].name);
        CHECK(client_hello_put_protocols(protocols[i].extension, &shown) == protocols[i].is_whole, "%s",
            protocols[i].name);
        CHECK_TEXT(buf_text(&shown), protocols[i].shown, protocols[i].name);
    }
}

TEST_MAIN()
