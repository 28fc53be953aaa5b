/* Filters one by one: what each makes of a text, which arguments it takes, and what it refuses. */
#include "tree/filter.h"

#include "base/test.h"
#include "base/text.h"

static const struct {
    const char *filter; /* with its argument behind a colon */
    const char *in, *out;
    const char *why; /* out NULL: part of what is told */
} rows[] = {
    { "url", "a/b c", "a%2Fb%20c", NULL },
    { "raw", "a/b c", "a/b c", NULL },
    { "quote", "", "\"\"", NULL },
    { "quote", "a\"b", "\"a\"b\"", NULL },
    { "unquote", "\"a\"", "a", NULL },
    { "unquote", "\"", "\"", NULL },
    { "unquote", "\"a", "\"a", NULL },
    { "unquote", "a\"", "a\"", NULL },
    { "dot", "a", "a.", NULL },
    { "dot", "a.", "a.", NULL },
    { "dot", "", ".", NULL },
    { "undot", "a.", "a", NULL },
    { "undot", "a", "a", NULL },
    { "undot", "", "", NULL },
    { "lower", "AZaz09[@`", "azaz09[@`", NULL },
    { "upper", "AZaz09{`", "AZAZ09{`", NULL },
    { "trim", " \ta b\r\n", "a b", NULL },
    { "json", "a\"\n", "a\\\"\\n", NULL },
    { "xml", "<&", "&lt;&amp;", NULL },
    { "b64", "\xff\xfe", "//4=", NULL },
    { "b64url", "\xff\xfe", "__4", NULL },
    { "unb64", "//4=", "\xff\xfe", NULL },
    { "unb64", "*", NULL, "should be written in Base64" },
    { "hex", "aZ", "615a", NULL },
    { "unhex", "615A", "aZ", NULL },
    { "unhex", "615", NULL, "should be written in hexadecimal" },

    { "md5", "", "d41d8cd98f00b204e9800998ecf8427e", NULL },
    { "md5:hex", "abc", "900150983cd24fb0d6963f7d28e17f72", NULL },
    { "md5:b64", "abc", "kAFQmDzST7DWlj99KOF/cg==", NULL },
    { "sha1", "abc", "a9993e364706816aba3e25717850c26c9cd0d89d", NULL },
    { "sha256", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", NULL },
    { "sha256:b64", "abc", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=", NULL },
    { "sha384", "abc",
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7", NULL },
    { "sha512:b64", "abc",
        "3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9RU1EI2Q86A4qmslPpUyknw==", NULL },
    { "sha256:HEX", "abc", NULL, "the filter 'sha256' needs something else behind a colon" },

    { "label:1", "a.b.c", "c", NULL },
    { "label:3", "a.b.c", "a", NULL },
    { "label:4", "a.b.c", "", NULL },
    { "label:0", "a.b.c", "", NULL },
    { "label:2", "a", "", NULL },
    { "label:1", "", "", NULL },
    { "up:0", "a.b.c", "a.b.c", NULL },
    { "up:2", "a.b.c", "c", NULL },
    { "up:3", "a.b.c", "", NULL },
    { "strip:ab", "abc", "c", NULL },
    { "strip:ab", "bab", "bab", NULL },
    { "strip:abcd", "abc", "abc", NULL },
    { "chop:bc", "abc", "a", NULL },
    { "chop:bc", "bcb", "bcb", NULL },
    { "front:X", "a", "Xa", NULL },
    { "front:X", "", "", NULL },
    { "cut:2", "abc", "ab", NULL },
    { "cut:3", "abc", "abc", NULL },
    { "cut:0", "abc", "", NULL },
    { "before:.", "a.b.c", "a", NULL },
    { "before:/", "a.b.c", "a.b.c", NULL },
    { "after:.", "a.b.c", "b.c", NULL },
    { "after:/", "a.b.c", "a.b.c", NULL },
    { "or:x", "a", "a", NULL },

    { "plus:1", "41", "42", NULL },
    { "plus:-1", "0", "-1", NULL },
    { "plus:1", "-1", "0", NULL },
    { "plus:1", "a", NULL, "that should be a number is none" },
    { "plus:1", "", NULL, "that should be a number is none" },
    { "add:ten", "5", "15", NULL },
    { "minus:ten", "5", "-5", NULL },
    { "add:word", "5", NULL, "that should be a number is none" },
    { "add:none", "5", NULL, "'none' is not set" },
    { "date:%Y-%m-%dT%H:%M:%SZ", "0", "1970-01-01T00:00:00Z", NULL },
    { "date:%a, %d %b %Y", "1709164800", "Thu, 29 Feb 2024", NULL },
    { "date:100%", "0", "100%", NULL },
    { "date:%y", "0", NULL, "a date has no '%y'" },
    { "date:%Y", "soon", NULL, "that should be a number is none" },
    { "cet", "1704067200", "1704070800", NULL }, /* 1 January: one hour */
    { "cet", "1719792000", "1719799200", NULL }, /* 1 July: two */
    { "cet", "1711846799", "1711850399", NULL }, /* 31 March 2024, 00:59:59 UTC */
    { "cet", "1711846800", "1711854000", NULL },
    { "cet", "1729990799", "1729997999", NULL }, /* 27 October 2024, 00:59:59 UTC */
    { "cet", "1729990800", "1729994400", NULL },

    { "hmac-md5:key", "what do ya want for nothing?",
        "\x75\x0c\x78\x3e\x6a\xb0\xb5\x03\xea\xa8\x6e\x31\x0a\x5d\xb7\x38", NULL },
    { "hmac-sha1:none", "a", NULL, "the variable 'none' is not set" },
    { "totp", "", "", NULL },
    { "totp", "1", NULL, "should be written in Base32" },

    { "b65", "a", NULL, "there is no filter 'b65'" },
    { "url:x", "a", NULL, "the filter 'url' takes nothing behind a colon" },
    { "strip", "a", NULL, "the filter 'strip' needs something else behind a colon" },
    { "label:x", "a", NULL, "the filter 'label' needs something else behind a colon" },
    { "cut", "a", NULL, "the filter 'cut' needs something else behind a colon" },
    { "hmac-sha1", "a", NULL, "the filter 'hmac-sha1' needs something else behind a colon" },
};

TEST(filters)
{
    AUTO(vars_clear) struct vars vars = { 0 };

    vars_set_text(&vars, "key", "Jefe");
    vars_set_number(&vars, "ten", 10);
    vars_set_text(&vars, "word", "ten");
    vars_set_number(&vars, "now", 59);
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(buf_clear) struct buf out = BUF(1000);
        struct view arg = view_of(rows[i].filter), name;
        struct error err = { 0 };
        bool ok;

        REQUIRE(view_cut(&arg, ':', &name), "cut");
        if (arg.at == NULL)
            arg = view_of("");
        ok = filter_apply(name, arg, &vars, view_of(rows[i].in), &out, &err);
        CHECK(ok == (rows[i].out != NULL), "%s of \"%s\": %s", rows[i].filter, rows[i].in, err.why);
        if (ok)
            CHECK_TEXT(buf_text(&out), rows[i].out, rows[i].filter);
        else
            CHECK(err.kind == ERROR_CONFIG && rows[i].why != NULL && strstr(err.why, rows[i].why) != NULL, "%s: %s",
                rows[i].filter, err.why);
    }
}

/* RFC 6238, appendix B, of which these are the last six of eight digits. */
TEST(one_time_passwords)
{
    static const struct {
        int64_t now;
        const char *code;
    } codes[] = {
        { 59, "287082" },
        { 1111111109, "081804" },
        { 1111111111, "050471" },
        { 1234567890, "005924" },
        { 2000000000, "279037" },
        { 20000000000, "353130" },
    };

    for (size_t i = 0; i < COUNT(codes); i++) {
        AUTO(vars_clear) struct vars vars = { 0 };
        AUTO(buf_clear) struct buf out = BUF(100);
        struct error err = { 0 };

        vars_set_number(&vars, "now", codes[i].now);
        CHECK(
            filter_apply(view_of("totp"), view_of(""), &vars, view_of("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), &out, &err),
            "%s", err.why);
        CHECK_TEXT(buf_text(&out), codes[i].code, "code");
    }
}

TEST(passwords_are_for_requests)
{
    AUTO(vars_clear) struct vars vars = { 0 };
    AUTO(buf_clear) struct buf out = BUF(100);
    struct error err = { 0 };

    CHECK(!filter_apply(view_of("totp"), view_of(""), &vars, view_of("GEZD"), &out, &err), "no time");
    CHECK(strstr(err.why, "for requests only") != NULL, "%s", err.why);
}

TEST(digests_as_bytes)
{
    AUTO(vars_clear) struct vars vars = { 0 };
    AUTO(buf_clear) struct buf raw = BUF(100), hex = BUF(100);
    struct error err = { 0 };

    CHECK(filter_apply(view_of("sha1"), view_of("raw"), &vars, view_of("abc"), &raw, &err) && raw.len == 20, "%s",
        err.why);
    CHECK(filter_apply(view_of("hex"), view_of(""), &vars, buf_view(&raw), &hex, &err), "%s", err.why);
    CHECK_TEXT(buf_text(&hex), "a9993e364706816aba3e25717850c26c9cd0d89d", "RFC 3174");
}

TEST_MAIN()
