#include "run/register.h"

#include "base/test.h"

TEST(contacts_come_from_a_comma_list)
{
    static const struct {
        const char *email, *want; /* want: NULL when refused */
    } cases[] = {
        { NULL, "" },
        { "", "" },
        { "a@example.org", "mailto:a@example.org" },
        { "a@example.org, b@example.org", "mailto:a@example.org mailto:b@example.org" },
        { "a@example.org,", NULL },
        { "nobody", NULL },
        { "a b@example.org", NULL },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(list_clear) struct list contacts = { 0 };
        AUTO(free) char *got = NULL;
        struct error err = { 0 };
        bool ok = contacts_of(cases[i].email, &contacts, &err);

        CHECK_INT(ok, cases[i].want != NULL, cases[i].email != NULL ? cases[i].email : "none");
        CHECK(ok || err.kind == ERROR_CONFIG, "%s: kind %d", cases[i].email, err.kind);
        got = list_join(&contacts, " ");
        if (ok)
            CHECK_TEXT(got, cases[i].want, cases[i].want);
    }
}

TEST_MAIN()
