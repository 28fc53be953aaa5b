/* Tests what is made of a certificate that a server shows. */
#include "status/serving.h"

#include "base/test.h"
#include "issuer.h"

#define DAY 86400
#define NOW 1800000000

static struct cert *make(const char *names, int64_t from_days, int64_t to_days)
{
    const struct certificate_order order = { .names = names, .from = NOW + from_days * DAY, .to = NOW + to_days * DAY };
    AUTO(buf_clear) struct buf pem = BUF(FILE_MAX_TEXT);
    struct cert *cert;
    struct error err = { 0 };

    issuer_sign(&order, &pem);
    REQUIRE(cert_from_pem(buf_view(&pem), "made", &cert, &err), "%s", err.why);
    return cert;
}

static void clear(struct served *served)
{
    free(served->what);
    free(served->key);
    *served = (struct served){ 0 };
}

TEST(what_is_shown_is_compared)
{
    static const struct {
        const char *name, *shown, *asked;
        int64_t from_days, to_days;
        enum serving want;
    } rows[] = {
        { "an earlier one for the same names", "DNS:a.test,DNS:b.test", "a.test", -70, 20, SERVING_OLDER },
        { "an earlier one, of fewer names", "DNS:a.test", "a.test", -70, 20, SERVING_OLDER },
        { "an earlier one, of more names", "DNS:a.test,DNS:b.test,DNS:c.test", "a.test", -70, 20, SERVING_OLDER },
        { "an earlier one that has expired", "DNS:a.test,DNS:b.test", "a.test", -100, -10, SERVING_EXPIRED },
        { "a later one for the same names", "DNS:a.test,DNS:b.test", "a.test", -1, 89, SERVING_OTHER },
        { "another's, which has the name among others", "DNS:a.test,DNS:cdn.test", "a.test", -70, 20, SERVING_OTHER },
        { "a wildcard for the name", "DNS:*.test", "a.test", -1, 89, SERVING_OTHER },
        { "a wildcard for other names", "DNS:*.a.test", "a.test", -1, 89, SERVING_FOREIGN },
        { "a wildcard stands for one label", "DNS:*.test", "x.a.test", -1, 89, SERVING_FOREIGN },
        { "one for other names", "DNS:c.test", "a.test", -1, 89, SERVING_FOREIGN },
        { "one for other names that has expired, too", "DNS:c.test", "a.test", -100, -10, SERVING_FOREIGN },
        { "upper case", "DNS:A.TEST,DNS:cdn.test", "a.test", -1, 89, SERVING_OTHER },
        { "an address", "IP:192.0.2.1", "192.0.2.1", -1, 89, SERVING_OTHER },
        { "another address", "IP:192.0.2.2", "192.0.2.1", -1, 89, SERVING_FOREIGN },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(cert_free) struct cert *ours = make("DNS:a.test,DNS:b.test", -10, 80);
        AUTO(cert_free) struct cert *shown = make(rows[i].shown, rows[i].from_days, rows[i].to_days);
        struct served served = { 0 };

        serving_judge(buf_view(&shown->der), ours, rows[i].asked, NOW, &served);
        CHECK_INT(served.how, rows[i].want, rows[i].name);
        CHECK_INT(served.not_after, shown->not_after, rows[i].name);
        REQUIRE(served.what != NULL, "%s", rows[i].name);
        CHECK(strstr(served.what, shown->serial) != NULL && strstr(served.what, shown->names.at[0]) != NULL, "%s: %s",
            rows[i].name, served.what);
        clear(&served);
    }
}

TEST(the_right_one_is_right_even_when_it_has_expired)
{
    AUTO(cert_free) struct cert *ours = make("DNS:a.test", -100, -10);
    struct served served = { 0 };

    serving_judge(buf_view(&ours->der), ours, "a.test", NOW, &served);
    CHECK_INT(served.how, SERVING_RIGHT, "the same bytes");
    CHECK(served.what == NULL, "nothing more is told");
    CHECK(strlen(served.key) == 64, "its key");
    clear(&served);
}

TEST(what_is_no_certificate_is_foreign)
{
    AUTO(cert_free) struct cert *ours = make("DNS:a.test", -10, 80);
    struct served served = { 0 };

    serving_judge(view_of("0\x82\xff\xff nothing"), ours, "a.test", NOW, &served);
    CHECK_INT(served.how, SERVING_FOREIGN, "no DER");
    CHECK_TEXT(served.what, "one that cannot be read", "no DER");
    clear(&served);
}

TEST_MAIN()
