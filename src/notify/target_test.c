/* What --notify and the lines of --notify-file say. */
#include "base/test.h"

#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "notify/target.h"

TEST(good_targets)
{
    static const struct {
        const char *text;
        enum target_kind kind;
        const char *shown; /* or how that begins */
        size_t words;
    } cases[] = {
        { "mailto:a@b.example", TARGET_MAIL, "mailto:a@b.example", 1 },
        { "mailto:a@b.example, c@d.example", TARGET_MAIL, "mailto:a@b.example, c@d.example", 2 },
        { "command:/bin/cat -u  -", TARGET_PROGRAM, "command:/bin/cat", 3 },
        { "shell:echo secret; true", TARGET_SHELL, "shell-", 1 },
        { "json:https://x.example/secret", TARGET_FORM, "json-", 0 },
        { "telegram:1:secret -100", TARGET_FORM, "telegram-", 0 },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(targets_clear) struct targets targets = { 0 };

        targets_add(&targets, test_dir(), cases[i].text);
        targets_add(&targets, test_dir(), cases[i].text);
        REQUIRE(targets.len == 1, "each once: %s", cases[i].text);
        CHECK(targets.at[0].kind == cases[i].kind, "%s: %s", cases[i].text, targets.at[0].why);
        CHECK(text_starts(targets.at[0].shown, cases[i].shown), "%s", targets.at[0].shown);
        CHECK(strstr(targets.at[0].shown, "secret") == NULL && strstr(targets.at[0].id, "/") == NULL, "%s",
            targets.at[0].id);
        CHECK_INT((int)targets.at[0].words.len, (int)cases[i].words, cases[i].text);
    }
}

TEST(bad_targets)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        { "", "a target begins with" },
        { "a@b.example", "a target begins with" },
        { "Slack:x", "a target begins with" },
        { "../x:y", "a target begins with" },
        { "mailto:", "not a valid e-mail address" },
        { "mailto:a@b.example,", "not a valid e-mail address" },
        { "mailto:a@b.example\nBcc: c@d.example", "not a valid e-mail address" },
        { "mailto:-oX/tmp/x@b.example", "must not begin with a dash" },
        { "mailto:b\xc3\xbc@b.example", "ASCII" },
        { "command:cat", "the whole path" },
        { "command:", "the whole path" },
        { "shell: ", "needs a command" },
        { "nothing:x", "there is no form 'nothing'" },
        { "matrix:https://x.example", "room is missing" },
        { "slack:https://x.example secret", "more words" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(targets_clear) struct targets targets = { 0 };

        targets_add(&targets, test_dir(), cases[i].text);
        REQUIRE(targets.len == 1 && targets.at[0].kind == TARGET_BROKEN, "%s", cases[i].text);
        CHECK(strstr(targets.at[0].why, cases[i].why) != NULL, "%s: %s", cases[i].text, targets.at[0].why);
        CHECK(strstr(targets.at[0].why, "secret") == NULL, "%s", targets.at[0].why);
    }
}

TEST(no_more_than_there_is_room_for)
{
    AUTO(targets_clear) struct targets targets = { 0 };

    for (int i = 0; i < TARGETS_MAX + 3; i++) {
        AUTO(free) char *text = xprintf("mailto:a%d@b.example", i);

        targets_add(&targets, test_dir(), text);
    }
    CHECK(targets.len == TARGETS_MAX && targets.left_out == 3, "%zu and %zu", targets.len, targets.left_out);
}

TEST(who_may_read_the_file)
{
    static const struct {
        mode_t mode;
        bool good;
    } cases[] = { { 0600, true }, { 0400, true }, { 0604, false }, { 0606, false }, { 0601, false } };
    AUTO(free) char *path = xprintf("%s/targets", test_dir());
    struct error err = { 0 };

    REQUIRE(targets_check_file(path, &err), "what is not there: %s", err.why);
    REQUIRE(file_create(path, view_of("x"), FILE_PRIVATE, &err), "%s", err.why);
    for (size_t i = 0; i < COUNT(cases); i++) {
        REQUIRE(chmod(path, cases[i].mode) == 0, "mode");
        CHECK(targets_check_file(path, &err) == cases[i].good, "%o", (unsigned)cases[i].mode);
    }
}

TEST_MAIN()
