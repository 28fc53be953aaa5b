/* Variables: scopes, paths in them, and that secrets are not shown. */
#include "tree/vars.h"

#include "base/test.h"
#include "base/text.h"

static void set_json(struct vars *vars, const char *name, const char *json, bool secret)
{
    AUTO(value_clear) struct value value = { 0 };
    struct error err = { 0 };

    REQUIRE(value_read_json(view_of(json), "json", &value, &err), "%s", err.why);
    vars_set(vars, name, &value, secret);
}

TEST(scopes)
{
    AUTO(vars_clear) struct vars outer = { 0 }, inner = { .outer = &outer }, more = { 0 };

    set_json(&outer, "a", "{\"b\":{\"c\":\"deep\"},\"n\":1}", false);
    vars_set_text(&outer, "x", "outer");
    vars_set_number(&outer, "n", -3);
    vars_set_text(&inner, "x", "inner");
    CHECK_TEXT(value_text(vars_get(&inner, view_of("x"))), "inner", "the inner one comes first");
    CHECK_TEXT(value_text(vars_get(&outer, view_of("x"))), "outer", "and leaves the other");
    CHECK_TEXT(value_text(vars_get(&inner, view_of("a.b.c"))), "deep", "a path");
    CHECK_TEXT(value_text(vars_get(&inner, view_of("n"))), "-3", "a number");
    CHECK(vars_get(&inner, view_of("a.q")) == NULL && vars_get(&inner, view_of("q")) == NULL, "nothing");
    CHECK(vars_get(&inner, view_of("")) == NULL && vars_get(NULL, view_of("x")) == NULL, "nothing");
    vars_unset(&inner, "x");
    CHECK_TEXT(value_text(vars_get(&inner, view_of("x"))), "outer", "the outer one is seen again");
    vars_unset(&inner, "x");
    CHECK(vars_is_set(&inner, "x"), "not unset from within");
    vars_set_text(&inner, "x", "");
    CHECK(!vars_is_set(&inner, "x"), "an empty one hides it");
    vars_set_text(&more, "y", "why");
    vars_set_text(&more, "x", "again");
    vars_set_all(&inner, &more);
    CHECK_TEXT(value_text(vars_get(&inner, view_of("y"))), "why", "taken over");
    CHECK_TEXT(value_text(vars_get(&inner, view_of("x"))), "again", "in the place of the first");
    CHECK_INT((int64_t)inner.len, 2, "each once");
}

/* An inner variable whose path leads nowhere does not let the outer one of that name through. */
TEST(a_name_means_one_thing)
{
    AUTO(vars_clear) struct vars outer = { 0 }, inner = { .outer = &outer };

    set_json(&outer, "item", "{\"id\":1}", false);
    set_json(&inner, "item", "{\"name\":2}", false);
    CHECK(vars_get(&inner, view_of("item.id")) == NULL, "hidden");
}

TEST(secrets)
{
    static const struct {
        const char *json, *text, *shown;
    } rows[] = {
        { "\"s3cret\"", "a s3cret b s3crets", "a *** b ***s" },
        { "\"s3cret\"", "nothing", "nothing" },
        { "\"four\"", "four", "four" },
        { "\"five5\"", "five5", "***" },
        { "\"a b/c\"", "?t=a%20b%2Fc&u=a b/c", "?t=***&u=***" },
        { "1234567", "id 1234567", "id ***" },
        { "{\"user\":\"somebody\",\"list\":[\"first-1\",\"second\"]}", "somebody: first-1, second, third",
            "***: ***, ***, third" },
        { "true", "true or false", "true or false" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(vars_clear) struct vars outer = { 0 }, inner = { .outer = &outer };
        AUTO(wipe_free) char *shown = NULL;

        set_json(&outer, "secret", rows[i].json, true);
        shown = vars_redact(&inner, rows[i].text);
        CHECK_TEXT(shown, rows[i].shown, rows[i].json);
    }
}

TEST(what_is_no_secret)
{
    AUTO(vars_clear) struct vars vars = { 0 }, copy = { 0 };
    AUTO(wipe_free) char *shown = NULL, *later = NULL, *copied = NULL;

    set_json(&vars, "token", "\"token-1\"", true);
    vars_set_text(&vars, "zone", "example.org");
    vars_set_all(&copy, &vars);
    copied = vars_redact(&copy, "token-1 example.org");
    CHECK_TEXT(copied, "*** example.org", "a copy is as secret");
    shown = vars_redact(&vars, "token-1 example.org");
    CHECK_TEXT(shown, "*** example.org", "public ones stay");
    vars_set_text(&vars, "token", "token-1");
    later = vars_redact(&vars, "token-1");
    CHECK_TEXT(later, "token-1", "a new value is what it is said to be");
}

TEST(secrets_in_errors)
{
    AUTO(vars_clear) struct vars vars = { 0 };
    struct error err = { 0 };

    set_json(&vars, "token", "\"token-1\"", true);
    (void)error_set(&err, ERROR_NETWORK, "cannot send token-1");
    (void)error_in(&err, "PUT /token-1");
    (void)error_next(&err, "look at token-1");
    vars_redact_error(&vars, &err);
    CHECK_TEXT(err.why, "cannot send ***", "why");
    CHECK_TEXT(err.what, "PUT /***", "what");
    CHECK_TEXT(err.next, "look at ***", "next");
}

TEST_MAIN()
