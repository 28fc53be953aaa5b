#include "lifecycle/inventory_ask.h"

#include "base/mem.h"
#include "base/test.h"

#define NOW 1700000000
#define DAY 86400

TEST(status_is_told_as_certbot_tells_it)
{
    static const struct {
        int64_t left;
        bool test, revoked;
        const char *want;
    } cases[] = {
        { 90 * DAY, false, false, "VALID: 90 days" },
        { 90 * DAY - 1, false, false, "VALID: 89 days" },
        { 2 * DAY, false, false, "VALID: 2 days" },
        { 2 * DAY - 1, false, false, "VALID: 1 day" },
        { DAY - 1, false, false, "VALID: 23 hour(s)" },
        { 1, false, false, "VALID: 0 hour(s)" },
        { 0, false, false, "INVALID: EXPIRED" },
        { 90 * DAY, true, false, "INVALID: TEST_CERT" },
        { -1, true, false, "INVALID: TEST_CERT, EXPIRED" },
        { 90 * DAY, false, true, "INVALID: REVOKED" },
        { 90 * DAY, true, true, "INVALID: TEST_CERT, REVOKED" },
        { -1, false, true, "INVALID: EXPIRED" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct summary summary = { .not_after = NOW + cases[i].left };
        struct inventory_entry entry = {
            .summary = &summary,
            .is_test = cases[i].test,
            .is_expired = cases[i].left <= 0,
            .is_revoked = cases[i].revoked,
        };
        AUTO(free) char *got = inventory_status(&entry, NOW);

        CHECK_TEXT(got, cases[i].want, cases[i].want);
    }
}

/* However many certificates a host has, the others are asked at the same time. */
TEST(each_host_is_asked_first_about_one)
{
    static const struct {
        const char *ocsp, *crl;
    } urls[] = {
        { "http://a.example/ocsp", "http://b.example/1.crl" },
        { "http://a.example/ocsp", NULL },
        { "http://a.example/other", NULL },
        { NULL, "http://b.example/1.crl" },
        { NULL, "http://b.example/2.crl" },
        { NULL, "http://b.example:81/2.crl" },
    };
    static const size_t first[] = { 0, 3, 5 };
    struct cert certs[COUNT(urls)] = { 0 };
    struct lineage lineages[COUNT(urls)] = { 0 };
    struct inventory_entry entries[COUNT(urls)] = { 0 }, *at[COUNT(urls)];
    bool seen[COUNT(urls)] = { false };

    for (size_t i = 0; i < COUNT(urls); i++) {
        certs[i].ocsp_url = urls[i].ocsp == NULL ? NULL : xstrdup(urls[i].ocsp);
        certs[i].crl_url = urls[i].crl == NULL ? NULL : xstrdup(urls[i].crl);
        lineages[i].cert = &certs[i];
        entries[i].lineage = &lineages[i];
        at[i] = &entries[i];
    }
    CHECK(inventory_order_by_host(at, COUNT(urls)) == COUNT(first));
    for (size_t i = 0; i < COUNT(urls); i++)
        seen[at[i] - entries] = true;
    for (size_t i = 0; i < COUNT(urls); i++) {
        CHECK(seen[i], "entry %zu is gone", i);
        CHECK(i >= COUNT(first) || at[i] == &entries[first[i]], "place %zu", i);
        free(certs[i].ocsp_url);
        free(certs[i].crl_url);
    }
}

TEST_MAIN()
