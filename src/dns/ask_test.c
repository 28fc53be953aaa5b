/* What the data of records says, also where it is broken. */
#include "dns/ask.h"

#include "base/test.h"

#define DATA(text)                                                                                                     \
    {                                                                                                                  \
        text, sizeof text - 1                                                                                          \
    }

TEST(data_of_records)
{
    static const struct {
        const char *name;
        enum dns_type type;
        struct view data;
        const char *host, *address, *text;
    } cases[] = {
        { "a host", DNS_NS, DATA("\2NS\7example\0"), "ns.example", NULL, NULL },
        { "an alias", DNS_CNAME, DATA("\1a\1b\0"), "a.b", NULL, NULL },
        { "the root", DNS_NS, DATA("\0"), ".", NULL, NULL },
        { "a host that is cut", DNS_NS, DATA("\2ns\7exa"), NULL, NULL, NULL },
        { "a compressed one", DNS_NS, DATA("\xc0\x0c"), NULL, NULL, NULL },
        { "IPv4", DNS_A, DATA("\xc0\0\2\1"), NULL, "192.0.2.1", NULL },
        { "too short", DNS_A, DATA("\xc0\0\2"), NULL, NULL, NULL },
        { "IPv6", DNS_AAAA, DATA("\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1"), NULL, "2001:db8::1", NULL },
        { "too long", DNS_A, DATA("\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1"), NULL, NULL, NULL },
        { "a text", DNS_TXT, DATA("\3abc"), NULL, NULL, "abc" },
        { "a text in parts", DNS_TXT, DATA("\3abc\2de"), NULL, NULL, "abcde" },
        { "an empty text", DNS_TXT, DATA("\0"), NULL, NULL, "" },
        { "no text", DNS_TXT, DATA(""), NULL, NULL, NULL },
        { "a text that is cut", DNS_TXT, DATA("\4abc"), NULL, NULL, NULL },
        { "a text with a NUL", DNS_TXT, DATA("\3a\0c"), NULL, NULL, NULL },
        { "another type", DNS_MX, DATA("\0\1\1a\0"), NULL, NULL, NULL },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct dns_record record = { .type = (uint16_t)cases[i].type, .data = BUF(256) };
        AUTO(free) char *host = NULL, *address = NULL, *text = NULL;

        buf_put(&record.data, cases[i].data);
        host = record_host(&record);
        address = record_address(&record);
        text = record_text(&record);
        CHECK_TEXT(host, cases[i].host, cases[i].name);
        CHECK_TEXT(address, cases[i].address, cases[i].name);
        CHECK_TEXT(text, cases[i].text, cases[i].name);
        buf_clear(&record.data);
    }
}

TEST(names_of_hosts)
{
    CHECK(host_equal("a.Example", "A.example.") && !host_equal("a.example", "b.example"), " ");
    CHECK(
        host_is_below("a.example", "example.") && host_is_below("Example", "example") && host_is_below("a", "."), " ");
    CHECK(!host_is_below("badexample", "example") && !host_is_below("example", "a.example"), " ");
}

TEST_MAIN()
