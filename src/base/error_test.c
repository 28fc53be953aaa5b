#include "base/error.h"

#include <errno.h>

#include "base/test.h"

TEST(error_set_makes_foreign_text_printable)
{
    static const struct {
        const char *name, *given, *why;
    } cases[] = {
        { "escape sequence", "\033[2Jgone", "?[2Jgone" },
        { "line feed", "one\ntwo", "one two" },
        { "invalid UTF-8", "a\xff", "a?" },
        { "format in an argument", "100%s", "100%s" },
        { "plain", "no such host", "no such host" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = { 0 };

        CHECK(!error_set(&err, ERROR_NETWORK, "%s", cases[i].given), "%s: returned true", cases[i].name);
        CHECK_TEXT(err.why, cases[i].why, cases[i].name);
        CHECK_INT(err.kind, ERROR_NETWORK, cases[i].name);
    }
}

TEST(error_set_keeps_the_lines_of_its_own_format)
{
    struct error err = { 0 };

    error_set(&err, ERROR_CONFIG, "Inconsistent requests:\nFrom the CSR: %s", "a\033, b");
    CHECK_TEXT(err.why, "Inconsistent requests:\nFrom the CSR: a?, b", "two lines");
}

TEST(error_set_starts_afresh)
{
    struct error err = { .kind = ERROR_ACME, .what = "old", .next = "old", .problem = "old", .retry_at = 7, .sys = 5 };

    strcpy(err.why, "inner");
    error_set(&err, ERROR_STORE, "outer (%s)", err.why); /* an argument that lies in the error itself */
    CHECK_TEXT(err.why, "outer (inner)", "why");
    CHECK_TEXT(err.what, "", "what");
    CHECK_TEXT(err.next, "", "next");
    CHECK_TEXT(err.problem, "", "problem");
    CHECK(err.retry_at == 0 && err.sys == 0, "numbers stayed");
}

TEST(error_set_cuts_what_is_too_long)
{
    char text[5000];
    struct error err = { 0 };

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    error_set(&err, ERROR_ACME, "%s", text);
    CHECK_INT(strlen(err.why), sizeof err.why - 1, "length");
    CHECK_TEXT(err.why + sizeof err.why - 5, "x...", "end");
    for (int i = 0; i < 4; i++)
        error_in(&err, "%.200s", text);
    CHECK_INT(strlen(err.what), sizeof err.what - 1, "length of what");
    error_next(&err, "%s", text);
    CHECK_TEXT(err.next + sizeof err.next - 4, "...", "end of next");
}

TEST(error_errno_keeps_the_number)
{
    struct error err = { 0 };

    errno = ENOENT;
    CHECK(!error_errno(&err, ERROR_STORE, "cannot read %s", "/x\n"), "returned true");
    CHECK_INT(err.sys, ENOENT, "sys");
    CHECK_TEXT(err.why, "cannot read /x : No such file or directory", "why");
}

TEST(error_in_puts_steps_in_front)
{
    struct error err = { 0 };

    error_set(&err, ERROR_ACME, "no");
    error_in(&err, "order for %s", "a.example");
    error_in(&err, "renew");
    CHECK_TEXT(err.what, "renew: order for a.example", "what");
    CHECK_TEXT(err.why, "no", "why stays");
}

TEST(error_next_default_leaves_a_better_hint)
{
    struct error err = { 0 };

    error_set(&err, ERROR_ACME, "no");
    error_next_default(&err, "first %d", 1);
    error_next_default(&err, "second");
    CHECK_TEXT(err.next, "first 1", "default twice");
    error_next(&err, "was: %s", err.next);
    CHECK_TEXT(err.next, "was: first 1", "replaced");
    error_clear(&err);
    CHECK(err.kind == ERROR_NONE && err.why[0] == '\0' && err.next[0] == '\0', "not cleared");
}

TEST(error_kind_names_are_unique)
{
    for (int a = ERROR_NONE; a <= ERROR_INTERNAL; a++)
        for (int b = a + 1; b <= ERROR_INTERNAL; b++)
            CHECK(strcmp(error_kind_name(a), error_kind_name(b)) != 0, "%d and %d", a, b);
    CHECK_TEXT(error_kind_name(ERROR_CANCELED), "canceled", "canceled");
}

TEST(error_says_more_without_changing_its_text)
{
    static const char type[] =
        "a type that is longer than any of the registered ones, and is cut where there is no room";
    struct error err = { 0 };

    CHECK(!error_set_lines(&err, ERROR_STORE, "two\nlines\a"));
    CHECK(strchr(err.why, '\n') != NULL && strchr(err.why, '\a') == NULL, "%s", err.why);
    CHECK(!error_as(&err, ERROR_ACME) && err.kind == ERROR_ACME);
    CHECK(!err.expected && !error_is_answer(&err) && err.expected);
    CHECK(!error_sys(&err, 2) && err.sys == 2);
    CHECK(!error_retry_at(&err, 77) && err.retry_at == 77);
    CHECK(!error_problem(&err, "malformed", 3) && err.detail == 3);
    CHECK_TEXT(err.problem, "malformed", "type");
    CHECK(!error_problem(&err, type, 0) && strlen(err.problem) < sizeof err.problem, "%s", err.problem);
    CHECK(!error_problem(&err, NULL, 0));
    CHECK_TEXT(err.problem, "", "no type");
    CHECK(strncmp(err.why, "two", 3) == 0, "%s", err.why);
    error_set(&err, ERROR_NETWORK, "afresh");
    CHECK(!err.expected && err.sys == 0 && err.retry_at == 0 && err.detail == 0, "what belonged to another error");
}

TEST_MAIN()
