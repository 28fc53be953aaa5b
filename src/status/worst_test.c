/* Tests that the gravest certificates are kept, in order, whatever order they come in. */
#include "status/worst.h"

#include "base/mem.h"
#include "base/test.h"

#define MANY 1000

static void add(struct worst *worst, size_t number, enum cert_state state, int64_t at)
{
    struct cert_status cert = { .state = state, .due = at, .not_after = at };

    cert.name = xprintf("n%04zu", number);
    worst_add(worst, &cert);
    CHECK(cert.name == NULL, "%zu is taken over", number);
}

TEST(those_that_need_attention_first_are_kept)
{
    static const size_t limits[] = { 0, 1, 2, 7, 64, 65, MANY - 1, MANY, MANY + 1 };

    for (size_t i = 0; i < COUNT(limits); i++) {
        struct worst worst = { .max = limits[i] };
        size_t kept = limits[i] < MANY ? limits[i] : MANY;

        for (size_t n = 0; n < MANY; n++) /* 7 and MANY have no common factor: each comes once, in no order */
            add(&worst, n * 7 % MANY, n * 7 % MANY < MANY / 2 ? CERT_LATE : CERT_VALID, (int64_t)(n * 7 % MANY) / 3);
        worst_sort(&worst);
        CHECK_INT(worst.len, kept, "kept");
        CHECK_INT(worst.left_out, MANY - kept, "left out");
        for (size_t n = 0; n < worst.len; n++) {
            AUTO(free) char *want = xprintf("n%04zu", n);

            CHECK_TEXT(worst.at[n].name, want, "in order");
        }
        worst_clear(&worst);
    }
}

TEST(state_comes_before_time_and_time_before_name)
{
    struct worst worst = { .max = 4 };

    add(&worst, 1, CERT_VALID, 5);
    add(&worst, 2, CERT_VALID, 4);
    add(&worst, 3, CERT_EXPIRED, 9);
    add(&worst, 0, CERT_VALID, 5);
    worst_sort(&worst);
    CHECK_TEXT(worst.at[0].name, "n0003", "the expired one");
    CHECK_TEXT(worst.at[1].name, "n0002", "due first");
    CHECK_TEXT(worst.at[2].name, "n0000", "by name");
    CHECK_TEXT(worst.at[3].name, "n0001", "by name");
    worst_clear(&worst);
}

TEST_MAIN()
