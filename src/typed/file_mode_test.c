#include "typed/file_mode.h"

#include "base/test.h"

static const struct {
    const char *text;
    int mode; /* -1: refused */
    const char *why;
} cases[] = {
    { "", -1, "octal" },
    { "u+r", -1, "octal" },
    { "0x1a", -1, "octal" },
    { "-640", -1, "octal" },
    { " 640", -1, "octal" },
    { "640 ", -1, "octal" },
    { "64", -1, "octal" },
    { "00640", -1, "octal" },
    { "680", -1, "octal" },
    { "4600", -1, "set-id" },
    { "2640", -1, "set-id" },
    { "1600", -1, "sticky" },
    { "642", -1, "everybody write" },
    { "0666", -1, "everybody write" },
    { "0777", -1, "everybody write" },
    { "040", -1, "owner" },
    { "200", -1, "owner" },
    { "000", -1, "owner" },
    { "600", 0600, NULL },
    { "0600", 0600, NULL },
    { "400", 0400, NULL },
    { "640", 0640, NULL },
    { "0660", 0660, NULL },
    { "644", 0644, NULL },
    { "0755", 0755, NULL },
};

TEST(modes)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        mode_t mode = 07777;
        const char *why = "";
        bool ok = file_mode_parse(cases[i].text, &mode, &why);

        CHECK(ok == (cases[i].mode >= 0), "%s: %s", cases[i].text, why);
        CHECK(ok || strstr(why, cases[i].why) != NULL, "%s: %s", cases[i].text, why);
        CHECK_INT(mode, ok ? cases[i].mode : 07777, cases[i].text);
    }
}

TEST_MAIN()
