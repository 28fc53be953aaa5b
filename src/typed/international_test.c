#include "base/test.h"

#include "typed/international.h"
#include "typed/names.h"

static const struct {
    const char *name, *typed, *ascii, *why; /* ascii NULL: refused, with why in the text */
} rows[] = {
    { "a letter with two dots",
        "b\xc3\xbc"
        "cher.example",
        "xn--bcher-kva.example", NULL },
    { "the same of two characters",
        "bu\xcc\x88"
        "cher.example",
        "xn--bcher-kva.example", NULL },
    { "upper case",
        "B\xc3\x9c"
        "CHER.Example",
        "xn--bcher-kva.example", NULL },
    { "sharp s is a letter of its own",
        "stra\xc3\x9f"
        "e.example",
        "xn--strae-oqa.example", NULL },
    { "another script throughout", "\xe4\xbe\x8b\xe3\x81\x88.\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88",
        "xn--r8jz45g.xn--zckzah", NULL },
    { "an ideographic full stop", "\xe4\xbe\x8b\xe3\x81\x88\xe3\x80\x82test", "xn--r8jz45g.test", NULL },
    { "a wildcard",
        "*.b\xc3\xbc"
        "cher.example",
        "*.xn--bcher-kva.example", NULL },
    { "a final dot",
        "b\xc3\xbc"
        "cher.example.",
        "xn--bcher-kva.example", NULL },
    { "ASCII as ever", "WWW.a.test", "www.a.test", NULL },
    { "not UTF-8",
        "b\xfc"
        "cher.example",
        NULL, "cannot be a domain name" },
    { "a slash in it",
        "b\xc3\xbc"
        "cher.example/x",
        NULL, "a character that no domain name has" },
    { "a URL",
        "https://b\xc3\xbc"
        "cher.example",
        NULL, "appears to be a URL" },
    { "an empty label",
        "b\xc3\xbc"
        "cher..example",
        NULL, "" },
    { "a picture", "\xf0\x9f\x98\x80.example", NULL, "cannot be a domain name" },
    { "from right to left within left to right", "a\xd7\x90.example", NULL, "cannot be a domain name" },
    { "a label that grows too long",
        "\xc3\xbc\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xb6\xc3\xa4"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example",
        NULL, "cannot be a domain name" },
};

TEST(domain_read)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(free) char *got = NULL;
        struct error err = { 0 };
        bool ok = domain_read(rows[i].typed, true, &got, &err);

        CHECK(ok == (rows[i].ascii != NULL), "%s: %s %s", rows[i].name, err.why, ok ? got : "");
        CHECK_TEXT(got, rows[i].ascii, rows[i].name);
        CHECK(ok || strstr(err.why, rows[i].why) != NULL, "%s: %s", rows[i].name, err.why);
    }
}

TEST(as_certbot_it_is_refused)
{
    AUTO(free) char *got = NULL;
    struct error err = { 0 };

    CHECK(!domain_read(rows[0].typed, false, &got, &err), "taken");
    CHECK_TEXT(err.why,
        "Non-ASCII domain names not supported. To issue for an Internationalized Domain Name, use Punycode.",
        "its words");
}

TEST(international_names)
{
    static const char *const names[] = { "a.test", "xn--bcher-kva.example", "*.xn--bcher-kva.example", "xn--.test",
        "xn--a.test", "xn--e-xn--b.test" };
    AUTO(list_clear) struct list list = { 0 };
    AUTO(free) char *none = NULL, *some = NULL;

    none = international_names(&list);
    CHECK_TEXT(none, NULL, "no names");
    for (size_t i = 0; i < COUNT(names); i++)
        list_add(&list, names[i]);
    some = international_names(&list);
    CHECK_TEXT(some,
        "b\xc3\xbc"
        "cher.example, *.b\xc3\xbc"
        "cher.example",
        "those that lead back");
}

TEST_MAIN()
