/* Names and extensions, from single bytes. */
#include "base/test.h"
#include "base/text.h"
#include "crypto/cert_names.h"
#include "crypto/csr.h"

static const struct {
    const char *name, *hex, *common, *why; /* hex: the RDNs of a Name */
} subjects[] = {
    { "nothing", "", NULL, NULL },
    { "cut", "310c300a06035504030c0461c3a9", NULL, "beyond the end" },
    { "UTF8String", "310d300b06035504030c0461c3a962",
        "a\xc3\xa9"
        "b",
        NULL },
    { "PrintableString", "310b3009060355040313026162", "ab", NULL },
    { "IA5String", "310b3009060355040316026162", "ab", NULL },
    { "T61String is Latin-1", "310b30090603550403140261e9", "a\xc3\xa9", NULL },
    { "BMPString",
        "310f300d06035504031e060061"
        "00e9"
        "20ac",
        "a\xc3\xa9\xe2\x82\xac", NULL },
    { "BMPString of odd length", "310c300a06035504031e03006100", NULL, "not a text" },
    { "a number",
        "310a300806035504030201"
        "05",
        NULL, "not a text" },
    { "organisation only", "310b3009060355040a13026162", NULL, NULL },
    { "empty",
        "310930070603550403"
        "1300",
        NULL, NULL },
    { "two: the first counts",
        "310b3009060355040313026162"
        "310b3009060355040313026364",
        "ab", NULL },
    { "two in one set", "31163009060355040a130261623009060355040313026364", "cd", NULL },
    { "more behind the value",
        "310e300c060355040313026162"
        "020105",
        NULL, "3 bytes too many" },
    { "delete character",
        "310b30090603550403130261"
        "7f",
        NULL, "control characters" },
    { "C1 control in UTF-8", "310c300a06035504030c0361c29b", NULL, "control characters" },
};

TEST(names_common)
{
    for (size_t i = 0; i < COUNT(subjects); i++) {
        AUTO(buf_clear) struct buf der = BUF(256);
        AUTO(free) char *common = NULL;
        struct error err = { 0 };
        bool ok;

        REQUIRE(buf_put_unhex(&der, view_of(subjects[i].hex)), "%s", subjects[i].name);
        ok = names_common(buf_view(&der), &common, "subject", &err);
        CHECK(ok == (subjects[i].why == NULL), "%s: %s", subjects[i].name, err.why);
        CHECK(ok || strstr(err.why, subjects[i].why) != NULL, "%s: %s", subjects[i].name, err.why);
        CHECK_TEXT(common, subjects[i].common, subjects[i].name);
    }
}

TEST(names_common_too_long)
{
    AUTO(buf_clear) struct buf der = BUF(4096);
    char *common = NULL;
    struct error err = { 0 };

    REQUIRE(buf_put_unhex(&der, view_of("318204103082040c06035504030c820403"))); /* a text of 1027 bytes */
    for (int i = 0; i < 1027; i++)
        buf_put_char(&der, 'a');
    CHECK(!names_common(buf_view(&der), &common, "subject", &err) && common == NULL);
    CHECK(strstr(err.why, "bearable length") != NULL, "%s", err.why);
}

static const struct {
    const char *name, *hex, *dns, *ips, *why;
} alternatives[] = {
    { "empty list", "3000", "", "", NULL },
    { "empty name", "30028200", NULL, NULL, "no DNS name has" },
    { "cut",
        "300a"
        "820161"
        "8704c0000201",
        NULL, NULL, "beyond the end" },
    { "both",
        "3009"
        "820161"
        "8704c0000201",
        "a", "192.0.2.1", NULL },
    { "IPv6",
        "3012"
        "871020010db8000000000000000000000001",
        "", "2001:db8::1", NULL },
    { "address with a mask",
        "300a"
        "8708c0000200ffffff00",
        NULL, NULL, "an IP address of 8 bytes" },
    { "e-mail and directory name",
        "3008"
        "810361"
        "4062"
        "a4013000",
        NULL, NULL, "alternative name" },
    { "e-mail only",
        "3005"
        "8103614062",
        "", "", NULL },
    { "more behind the list", "300000", NULL, NULL, "too many" },
};

TEST(names_alternative)
{
    for (size_t i = 0; i < COUNT(alternatives); i++) {
        AUTO(buf_clear) struct buf der = BUF(256);
        AUTO(list_clear) struct list dns = { NULL, 0 }, ips = { NULL, 0 };
        AUTO(free) char *dns_text = NULL, *ips_text = NULL;
        struct error err = { 0 };
        bool ok;

        REQUIRE(buf_put_unhex(&der, view_of(alternatives[i].hex)), "%s", alternatives[i].name);
        ok = names_alternative(buf_view(&der), &dns, &ips, &err);
        CHECK(ok == (alternatives[i].why == NULL), "%s: %s", alternatives[i].name, err.why);
        CHECK(ok || strstr(err.why, alternatives[i].why) != NULL, "%s: %s", alternatives[i].name, err.why);
        dns_text = list_join(&dns, ",");
        ips_text = list_join(&ips, ",");
        if (ok)
            CHECK_TEXT(dns_text, alternatives[i].dns, alternatives[i].name);
        if (ok)
            CHECK_TEXT(ips_text, alternatives[i].ips, alternatives[i].name);
    }
}

TEST(names_alternative_too_many)
{
    AUTO(buf_clear) struct buf der = BUF(1 << 16);
    AUTO(list_clear) struct list dns = { NULL, 0 }, ips = { NULL, 0 };
    struct error err = { 0 };
    size_t count = 5000;

    buf_put(&der, (struct view){ "\x30\x82", 2 });
    buf_put_char(&der, (char)(count * 3 >> 8));
    buf_put_char(&der, (char)(count * 3 & 0xff));
    for (size_t i = 0; i < count; i++)
        buf_put(&der, (struct view){ "\x82\x01"
                                     "a",
                          3 });
    CHECK(!names_alternative(buf_view(&der), &dns, &ips, &err) && strstr(err.why, "more than 4096"), "%s", err.why);
}

TEST(names_must_staple)
{
    static const struct {
        const char *name, *hex, *why;
        bool staple;
    } cases[] = {
        { "nothing asked", "3000", NULL, false },
        { "status_request", "3003020105", NULL, true },
        { "status_request_v2 only", "3003020111", NULL, false },
        { "both", "3006020111020105", NULL, true },
        { "a text", "30030c0135", "TLS feature", false },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_clear) struct buf der = BUF(64);
        struct error err = { 0 };
        bool staple = false, ok;

        REQUIRE(buf_put_unhex(&der, view_of(cases[i].hex)));
        ok = names_must_staple(buf_view(&der), &staple, &err);
        CHECK(ok == (cases[i].why == NULL), "%s: %s", cases[i].name, err.why);
        CHECK(ok || strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].name, err.why);
        CHECK(staple == cases[i].staple, "%s", cases[i].name);
    }
}

TEST_MAIN()
