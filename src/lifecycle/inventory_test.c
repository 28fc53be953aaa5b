#include "lifecycle/inventory.h"

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
        struct cert cert = { .not_after = NOW + cases[i].left };
        struct lineage lineage = { .cert = &cert };
        struct inventory_entry entry = {
            .lineage = &lineage,
            .is_test = cases[i].test,
            .is_expired = cases[i].left <= 0,
            .is_revoked = cases[i].revoked,
        };
        AUTO(free) char *got = inventory_status(&entry, NOW);

        CHECK_TEXT(got, cases[i].want, cases[i].want);
    }
}

TEST_MAIN()
