#include "lifecycle/obtain.h"

#include "base/test.h"

TEST(names_are_summed_up_as_certbot_does)
{
    static const struct {
        const char *names[4], *want;
    } cases[] = {
        { { NULL }, "" },
        { { "a.test" }, "a.test" },
        { { "a.test", "b.test" }, "a.test and b.test" },
        { { "a.test", "b.test", "c.test" }, "a.test and 2 more" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(list_clear) struct list names = { 0 };
        AUTO(free) char *got = NULL;

        for (size_t k = 0; cases[i].names[k] != NULL; k++)
            list_add(&names, cases[i].names[k]);
        got = names_summary(&names);
        CHECK_TEXT(got, cases[i].want, cases[i].want);
    }
}

TEST_MAIN()
