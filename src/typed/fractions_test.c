#include "base/test.h"

#include "typed/fractions.h"

TEST(good_fractions)
{
    static const struct {
        const char *text;
        struct fractions are;
    } cases[] = {
        { "", { .len = 0 } },
        { "0.75,0.85,0.95", { { 750, 850, 950 }, 3 } },
        { " .5 , 0.999", { { 500, 999 }, 2 } },
        { "0.001", { { 1 }, 1 } },
        { "0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8", { { 100, 200, 300, 400, 500, 600, 700, 800 }, 8 } },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fractions got = { 0 };

        CHECK(fractions_read(cases[i].text, &got), "%s", cases[i].text);
        CHECK_INT((int)got.len, (int)cases[i].are.len, cases[i].text);
        for (size_t k = 0; k < got.len; k++)
            CHECK_INT((int)got.per_mille[k], (int)cases[i].are.per_mille[k], cases[i].text);
    }
}

TEST(bad_fractions)
{
    static const char *const cases[] = { "1", "0", "0.0", "0.", ".", "1.5", "0.7512", "-0.5", "0,5", "0.5,", ",0.5",
        "0.9,0.5", "0.5,0.5", "half", "0.5x", "0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9" };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fractions got = { .len = 99 };

        CHECK(!fractions_read(cases[i], &got) && got.len == 99, "%s", cases[i]);
    }
}

TEST_MAIN()
