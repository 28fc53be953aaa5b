/* Random bytes and numbers. */
#include "base/test.h"
#include "crypto/key.h"

TEST(random_bytes)
{
    unsigned char a[5000] = { 0 }, b[5000] = { 0 };
    struct error err = { 0 };
    size_t zeros = 0;

    REQUIRE(random_bytes(a, sizeof a, &err) && random_bytes(b, sizeof b, &err), "%s", err.why);
    CHECK(memcmp(a, b, sizeof a) != 0);
    for (size_t i = 0; i < sizeof a; i++)
        zeros += a[i] == 0;
    CHECK(zeros < 100, "%zu bytes of 5000 are zero", zeros); /* 20 are likely */
}

TEST(random_below)
{
    static const uint64_t bounds[] = { 1, 2, 3, 10, 86400, UINT64_MAX / 2 + 2, UINT64_MAX };
    struct error err = { 0 };
    uint64_t value, seen[3] = { 0 };

    CHECK(!random_below(0, &value, &err) && err.kind == ERROR_INTERNAL);
    for (size_t i = 0; i < COUNT(bounds); i++) {
        for (int n = 0; n < 200; n++)
            CHECK(random_below(bounds[i], &value, &err) && value < bounds[i], "below %ju", (uintmax_t)bounds[i]);
    }
    for (int n = 0; n < 3000; n++) {
        REQUIRE(random_below(3, &value, &err), "%s", err.why);
        seen[value]++;
    }
    for (size_t i = 0; i < COUNT(seen); i++)
        CHECK(seen[i] > 800 && seen[i] < 1200, "%ju of 3000", (uintmax_t)seen[i]); /* 7 standard deviations */
}

TEST_MAIN()
