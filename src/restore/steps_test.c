#include "restore/steps.h"

#include "base/test.h"

TEST(what_is_written_is_read)
{
    AUTO(steps_clear) struct steps steps = { 0 }, again = { 0 };
    AUTO(buf_clear) struct buf text = BUF(4096);
    struct error err = { 0 };

    steps_add(&steps, STEP_DIR, "live/a b");
    steps_add(&steps, STEP_FILE, "archive/a/cert1.pem");
    steps_add(&steps, STEP_LIVE, "live/a");
    steps_add(&steps, STEP_OUTSIDE, "/root/dns.ini");
    REQUIRE(steps_write(&steps, &text, &err), "%s", err.why);
    REQUIRE(steps_read(buf_view(&text), &again, &err), "%s", err.why);
    CHECK_INT(again.len, 4, "steps");
    for (size_t i = 0; i < again.len; i++) {
        CHECK_TEXT(again.at[i].path, steps.at[i].path, "path");
        CHECK_INT(again.at[i].kind, steps.at[i].kind, "kind");
    }
}

/* None of them would be read as it was meant. */
TEST(names_that_no_journal_has)
{
    static const char *const all[] = { "BB\nf cli.ini", "C\x01", "a\nend", "", "../x" };

    for (size_t i = 0; i < COUNT(all); i++) {
        AUTO(steps_clear) struct steps steps = { 0 };
        AUTO(buf_clear) struct buf text = BUF(4096);
        struct error err = { 0 };

        steps_add(&steps, STEP_FILE, all[i]);
        CHECK(!steps_write(&steps, &text, &err) && err.why[0] != '\0', "%zu", i);
    }
}

static const struct {
    const char *name, *text;
    bool taken;
} journals[] = {
    { "no steps", "evercert restore 1\nend\n", true },
    { "one", "evercert restore 1\nf cli.ini\nend\n", true },
    { "empty", "", false },
    { "of another version", "evercert restore 2\nend\n", false },
    { "cut short", "evercert restore 1\nf cli.ini\n", false },
    { "cut short in its last word", "evercert restore 1\nf cli.ini\nen", false },
    { "an unknown step", "evercert restore 1\nq cli.ini\nend\n", false },
    { "no path", "evercert restore 1\nf \nend\n", false },
    { "no blank", "evercert restore 1\nfcli.ini\nend\n", false },
    { "upwards", "evercert restore 1\nf ../cli.ini\nend\n", false },
    { "upwards in between", "evercert restore 1\nf live/../../x\nend\n", false },
    { "itself", "evercert restore 1\nf live/./x\nend\n", false },
    { "two slashes", "evercert restore 1\nf live//x\nend\n", false },
    { "a slash at the end", "evercert restore 1\nd live/\nend\n", false },
    { "absolute, but a file of the store", "evercert restore 1\nf /etc/passwd\nend\n", false },
    { "relative, but outside", "evercert restore 1\nx etc/passwd\nend\n", false },
    { "outside, and upwards", "evercert restore 1\nx /etc/../passwd\nend\n", false },
    { "a control character", "evercert restore 1\nf a\tb\nend\n", false },
};

TEST(journals_of_others)
{
    for (size_t i = 0; i < COUNT(journals); i++) {
        AUTO(steps_clear) struct steps steps = { 0 };
        struct error err = { 0 };
        bool taken = steps_read(view_of(journals[i].text), &steps, &err);

        CHECK_INT(taken, journals[i].taken, journals[i].name);
        CHECK(taken || (err.why[0] != '\0' && steps.len == 0), "%s", journals[i].name);
    }
}

TEST_MAIN()
