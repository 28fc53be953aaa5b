/* What is made of the user's keys when a provider is opened: choices, words for words, texts; and what is secret of it.
 */
#include "recipe/service.h"

#include "base/test.h"
#include "base/text.h"
#include "tree/template.h"

static const struct {
    const char *top, *keys; /* keys: "a=1;b=2" */
    const char *made;       /* templates of what was made, expanded; or what is wrong */
    const char *show;
} rows[] = {
    { "{}", "a=1", "1 60", "{a} {ttl}" },
    { "{\"pick\":{\"p\":[[\"a\",\"A {a}\"],[\"b\",\"B {b}\"]]}}", "a=1;b=2", "A 1", "{p}" },
    { "{\"pick\":{\"p\":[[\"a\",\"A {a}\"],[\"b\",\"B {b}\"]]}}", "b=2", "B 2", "{p}" },
    { "{\"pick\":{\"p\":[[\"a\",\"A {a}\"]]}}", "b=2", "none", "{p|or:none}" },
    { "{\"pick\":{\"p\":[[\"a\",\"A {c}\"]]}}", "a=1", "failed: 'c' is not set", "" },
    { "{\"map\":{\"host\":{\"from\":\"region\",\"eu\":\"eu.x.test\",\"us\":\"us.x.test\"}}}", "region=us", "us.x.test",
        "{host}" },
    { "{\"map\":{\"host\":{\"from\":\"region\",\"eu\":\"{a}.x.test\"}}}", "region=eu;a=1", "1.x.test", "{host}" },
    { "{\"map\":{\"host\":{\"from\":\"region\",\"eu\":\"e\",\"us\":\"u\"}}}", "region=from",
        "failed: 'region' must be one of eu, us", "" },
    { "{\"map\":{\"host\":{\"from\":\"region\",\"eu\":\"e\"}}}", "a=1", "failed: 'region' must be one of eu", "" },
    { "{\"let\":{\"x\":\"{a|b64}\",\"y\":\"{x}!\"}}", "a=1", "MQ==!", "{y}" },
    { "{\"let\":{\"x\":\"{c}\"}}", "a=1", "failed: 'c' is not set", "" },
    { "{\"map\":{\"m\":{\"from\":\"a\",\"1\":\"one\"}},\"pick\":{\"p\":[[\"m\",\"{m}-p\"]]},\"let\":{\"l\":\"{p}-l\"}}",
        "a=1", "one-p-l", "{l}" },
};

static void set_keys(struct vars *vars, const char *keys)
{
    struct view rest = view_of(keys), key, name;

    while (view_cut(&rest, ';', &key))
        if (view_cut(&key, '=', &name)) {
            AUTO(free) char *text = view_dup(name);
            AUTO(value_clear) struct value value = { 0 };

            value_set_text(&value, key);
            vars_set(vars, text, &value, true);
        }
}

static void begin(struct description *description, const char *top)
{
    struct error err = { 0 };

    *description = (struct description){ .name = "x", .title = "X", .ttl = 60 };
    REQUIRE(value_read_json(view_of(top), "top", &description->top, &err), "%s: %s", top, err.why);
}

TEST(what_is_made_of_keys)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct description description;
        AUTO(vars_clear) struct vars keys = { 0 };
        AUTO(wipe_free) char *made = NULL;
        struct service *service = NULL;
        struct error err = { 0 };

        begin(&description, rows[i].top);
        set_keys(&keys, rows[i].keys);
        if (!service_open(&description, &keys, &service, &err))
            made = xprintf("failed: %s", err.why);
        else
            CHECK(template_text(rows[i].show, &service->keys, &made, &err), "%s: %s", rows[i].top, err.why);
        CHECK_TEXT(made, rows[i].made, rows[i].top);
        CHECK(keys.len == 0, "%s: they were taken over", rows[i].top);
        if (service != NULL)
            service_close(service);
        value_free_all(&description.top);
    }
}

/* A header of basic authentication is as secret as the password in it; the name of a server is not. */
TEST(what_is_made_is_secret)
{
    static const char top[] =
        "{\"map\":{\"host\":{\"from\":\"region\",\"eu\":\"eu.x.test\"}},\"pick\":{\"p\":[[\"a\",\"{a|hex}\"]]},"
        "\"let\":{\"l\":\"{a|b64}\"}}";
    struct description description;
    AUTO(vars_clear) struct vars keys = { 0 };
    AUTO(wipe_free) char *shown = NULL;
    struct service *service = NULL;
    struct error err = { 0 };

    begin(&description, top);
    set_keys(&keys, "a=s3cret;region=eu");
    REQUIRE(service_open(&description, &keys, &service, &err), "%s", err.why);
    shown = vars_redact(&service->keys, "s3cret 733363726574 czNjcmV0 eu.x.test");
    CHECK_TEXT(shown, "*** *** *** eu.x.test", "redacted");
    service_close(service);
    value_free_all(&description.top);
}

TEST(whom_to_trust)
{
    static const struct {
        const char *top, *keys, *trust, *why;
    } cases[] = {
        { "{}", "a=1", NULL, NULL },
        { "{\"trust\":\"{ca}\"}", "ca=PEM", "PEM", NULL },
        { "{\"trust\":\"{ca}\"}", "a=1", NULL, NULL },
        { "{\"trust\":\"{ca|unb64}\"}", "ca=?", NULL, "should be written in Base64" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct description description;
        AUTO(vars_clear) struct vars keys = { 0 };
        struct service *service = NULL;
        struct error err = { 0 };
        bool ok;

        begin(&description, cases[i].top);
        set_keys(&keys, cases[i].keys);
        ok = service_open(&description, &keys, &service, &err);
        CHECK(ok == (cases[i].why == NULL), "%s: %s", cases[i].top, err.why);
        CHECK(ok || strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].top, err.why);
        if (ok)
            CHECK_TEXT(service->trust, cases[i].trust, cases[i].top);
        if (service != NULL)
            service_close(service);
        value_free_all(&description.top);
    }
}

TEST_MAIN()
