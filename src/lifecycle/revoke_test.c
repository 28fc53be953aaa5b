#include "lifecycle/revoke.h"

#include "base/test.h"

TEST(reasons_have_the_codes_of_rfc_5280)
{
    static const struct {
        const char *word;
        int want;
    } cases[] = {
        { "unspecified", 0 },
        { "keycompromise", 1 },
        { "keyCompromise", 1 },
        { "AFFILIATIONCHANGED", 3 },
        { "superseded", 4 },
        { "cessationOfOperation", 5 },
        { "", -1 },
        { "key", -1 },
        { "cacompromise", -1 },
        { "certificatehold", -1 },
        { "1", -1 },
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        CHECK_INT(revoke_reason_code(cases[i].word), cases[i].want, cases[i].word);
}

TEST_MAIN()
