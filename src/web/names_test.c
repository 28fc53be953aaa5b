/* Which names are offered, and their order. */
#include "base/mem.h"
#include "base/test.h"
#include "web/names.h"

#define L63 "a23456789012345678901234567890123456789012345678901234567890123"

TEST(which_names)
{
    static const struct {
        const char *name;
        bool offered;
    } cases[] = {
        { "example.com", true },
        { "a-b.example.com", true },
        { "xn--bcher-kva.example", true },
        { "1.example", true },
        { "1.2", true },
        { "localhost", false },
        { "", false },
        { "_", false },
        { ".", false },
        { ".example.com", false },
        { "example..com", false },
        { "*.example.com", false },
        { "example.*", false },
        { "~^www\\d+\\.example\\.com$", false },
        { "a_b.example.com", false },
        { "-a.example.com", false },
        { "a-.example.com", false },
        { "b\303\274cher.example", false },
        { "www.example.com:80", false },
        { "http://example.com", false },
        { "$host.example.com", false },
        { "192.0.2.1", false },
        { "2001:db8::1", false },
        { "256.0.2.1", true }, /* no address; a CA will say what it thinks of it */
        { L63 ".example", true },
        { L63 "x.example", false },
        { L63 "." L63 "." L63 "." L63, true },
        { L63 "." L63 "." L63 "." L63 ".a", false },
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        CHECK(web_name_is_offered(view_of(cases[i].name)) == cases[i].offered, "%s", cases[i].name);
}

TEST(the_order)
{
    static const struct {
        const char *found[8], *offered;
    } cases[] = {
        { { NULL }, "" },
        { { "localhost", "_", "*.a.example" }, "" },
        { { "www.b.example", "b.example", "a.example", "www.a.example" },
            "a.example www.a.example b.example www.b.example" },
        { { "b.com", "a.org" }, "a.org b.com" }, /* the top-level label is left out */
        { { "a.org", "a.com", "a.net" }, "a.com a.net a.org" },
        { { "x.a.com", "a.org", "a.com" }, "a.com a.org x.a.com" },
        { { "ab.example", "a.example", "a-b.example" }, "a.example a-b.example ab.example" },
        { { "A.Example", "a.example.", "a.EXAMPLE" }, "a.example" },
        { { "a.example.." }, "" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(list_clear) struct list found = { 0 }, offered = { 0 };
        AUTO(free) char *joined = NULL;

        for (size_t j = 0; cases[i].found[j] != NULL; j++)
            list_add(&found, cases[i].found[j]);
        web_names_offer(&found, &offered);
        joined = list_join(&offered, " ");
        CHECK_TEXT(joined, cases[i].offered, cases[i].offered);
    }
}

TEST_MAIN()
