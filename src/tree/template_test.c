/* Templates and their filters, as a table. */
#include "tree/template.h"

#include "base/test.h"

static void set_all(struct vars *vars)
{
    static const char json[] = "{\"id\":7,\"list\":[{\"a\":\"x\",\"n\":1},{\"a\":\"y\"}],\"on\":true,\"off\":\"no\"}";
    AUTO(value_clear) struct value item = { 0 };
    struct error err = { 0 };

    REQUIRE(value_read_json(view_of(json), "json", &item, &err), "%s", err.why);
    vars_set(vars, "item", &item, false);
    vars_set_text(vars, "fqdn", "_acme-challenge.a.example.org");
    vars_set_text(vars, "value", "a/b c\"");
    vars_set_text(vars, "zone", "Example.org.");
    vars_set_text(vars, "empty", "");
    vars_set_text(vars, "key", "Jefe");
    vars_set_text(vars, "secret", "gezd GNBV-GY3TQOJQGEZDGNBVGY3TQOJQ=");
    vars_set_number(vars, "now", 1792000000);
}

TEST(texts)
{
    static const struct {
        const char *text, *plain, *url; /* NULL: an error */
    } rows[] = {
        { "", "", "" },
        { "a}b", "a}b", "a}b" },
        { "{{x}", "{x}", "{x}" },
        { "{{{key}", "{Jefe", "{Jefe" },
        { "x{value}y", "xa/b c\"y", "xa%2Fb%20c%22y" },
        { "{value|raw}", "a/b c\"", "a/b c\"" },
        { "{value|url}", "a%2Fb%20c%22", "a%2Fb%20c%22" },
        { "{item.id}", "7", "7" },
        { "{item.list.1.a}{item.list.-1.a}", "yy", "yy" },
        { "{item.list.*.n}", "1", "1" },
        { "{item.nothing}", NULL, NULL },
        { "{?item.nothing}", "", "" },
        { "{nothing|or:b}", "b", "b" },
        { "{empty|or:b|upper}", "B", "B" },
        { "{key|or:b}", "Jefe", "Jefe" },
        { "{empty}", "", "" },
        { "{zone|undot|lower}", "example.org", "example.org" },
        { "{zone|dot}{key|dot}", "Example.org.Jefe.", "Example.org.Jefe." },
        { "{fqdn|label:1}", "org", "org" },
        { "{fqdn|label:3}", "a", "a" },
        { "{fqdn|label:9}", "", "" },
        { "{fqdn|up:1}", "a.example.org", "a.example.org" },
        { "{fqdn|up:9}", "", "" },
        { "{fqdn|strip:_acme-challenge.}", "a.example.org", "a.example.org" },
        { "{fqdn|chop:.org}", "_acme-challenge.a.example", "_acme-challenge.a.example" },
        { "{fqdn|before:.}", "_acme-challenge", "_acme-challenge" },
        { "{fqdn|after:a.ex}", "ample.org", "ample.org" },
        { "{key|quote}{key|quote|unquote}", "\"Jefe\"Jefe", "%22Jefe%22Jefe" },
        { "{key|b64}", "SmVmZQ==", "SmVmZQ%3D%3D" },
        { "{key|b64|unb64|hex}", "4a656665", "4a656665" },
        { "{value|unb64}", NULL, NULL },
        { "{value|json}", "a/b c\\\"", NULL },
        { "{value|xml}", "a/b c&quot;", NULL },
        { "{now|plus:-1}", "1791999999", "1791999999" },
        { "{now|minus:now}", "0", "0" },
        { "{now|date:%Y%m%d}", "20261014", "20261014" },
        { "{now|date:%q}", NULL, NULL },
        { "{now|plus:889999|cet|date:%d %H:%M:%S}", "25 02:59:59", "25%2002%3A59%3A59" }, /* the last hour of summer */
        { "{now|plus:890000|cet|date:%d %H:%M:%S}", "25 02:00:00", "25%2002%3A00%3A00" },
        { "{now|plus:-17254001|cet|date:%H:%M:%S}", "01:59:59", "01%3A59%3A59" },
        { "{now|plus:-17254000|cet|date:%H:%M:%S}", "03:00:00", "03%3A00%3A00" },
        { "{now|plus:6758000|cet|date:%Y}", "2027", "2027" },
        { "{now|plus:-11728000|cet|date:%H}", "02", "02" },
        { "{key|cet}", NULL, NULL },
        { "{secret|totp}", "405874", "405874" },
        { "{value|totp}", NULL, NULL },
        { "{?nothing|totp}", "", "" },
        { "{key|front:Mr }", "Mr Jefe", "Mr%20Jefe" },
        { "{empty|front:Mr }", "", "" },
        { "{key|cut:2}{key|cut:9}", "JeJefe", "JeJefe" },
        { "{item.*n.a}{item.list.*n.a}", NULL, NULL },
        { "{item.list.*n.a}", "x", "x" },
        { "{key|plus:1}", NULL, NULL },
        { "{key", NULL, NULL },
        { "{item.list}", "[{\"a\":\"x\",\"n\":1},{\"a\":\"y\"}]", NULL },
    };
    AUTO(vars_clear) struct vars vars = { 0 };

    set_all(&vars);
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(buf_clear) struct buf plain = BUF(1000), url = BUF(1000);
        struct error err = { 0 };
        bool ok = template_expand(rows[i].text, false, &vars, &plain, &err);

        CHECK(ok == (rows[i].plain != NULL), "%s: %s", rows[i].text, err.why);
        if (ok)
            CHECK_TEXT(buf_text(&plain), rows[i].plain, rows[i].text);
        if (rows[i].url != NULL && template_expand(rows[i].text, true, &vars, &url, &err))
            CHECK_TEXT(buf_text(&url), rows[i].url, rows[i].text);
    }
}

/* RFC 2202 section 3, test case 2, and RFC 3174's example. */
TEST(digests)
{
    AUTO(vars_clear) struct vars vars = { 0 };
    AUTO(wipe_free) char *mac = NULL, *digest = NULL;
    struct error err = { 0 };

    vars_set_text(&vars, "key", "Jefe");
    vars_set_text(&vars, "value", "what do ya want for nothing?");
    CHECK(template_text("{value|hmac-sha1:key|hex}", &vars, &mac, &err), "%s", err.why);
    CHECK_TEXT(mac, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79", "RFC 2202");
    CHECK(template_text("{nothing|or:abc|sha1}", &vars, &digest, &err), "%s", err.why);
    CHECK_TEXT(digest, "a9993e364706816aba3e25717850c26c9cd0d89d", "RFC 3174");
}

static bool is_not_other(void *arg, struct view name)
{
    (void)arg;
    return !view_is(name, "other");
}

TEST(bodies)
{
    static const struct {
        const char *body, *becomes;
    } rows[] = {
        { "{\"a\":\"{#item.id}\",\"b\":\"{item.id}\"}", "{\"a\":7,\"b\":\"7\"}" },
        { "{\"a\":\"{?nothing}\",\"b\":[\"{?nothing}\",\"{?key}\"]}", "{\"b\":[\"Jefe\"]}" },
        { "[\"{!item.on}\",\"{!item.off}\",\"{!nothing}\"]", "[true,false,false]" },
        { "{\"l\":{\"{*item.list}\":{\"a\":\"{entry.a}\",\"n\":\"{#n}\"}}}",
            "{\"l\":[{\"a\":\"x\",\"n\":1},{\"a\":\"y\",\"n\":2}]}" },
        { "{\"l\":\"{*item.list}\",\"t\":1.5,\"f\":false}",
            "{\"l\":[{\"a\":\"x\",\"n\":1},{\"a\":\"y\"}],\"t\":1.5,\"f\":false}" },
        { "\"{#key}\"", NULL },
        { "\"{*nothing}\"", NULL },
        { "{\"{*key}\":1}", NULL },
    };
    AUTO(vars_clear) struct vars vars = { 0 };

    set_all(&vars);
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(value_clear) struct value body = { 0 }, out = { 0 };
        AUTO(buf_clear) struct buf text = BUF(1000);
        struct error err = { 0 };
        bool left_out, ok;

        REQUIRE(value_read_json(view_of(rows[i].body), "body", &body, &err), "%s", err.why);
        ok = template_value(&body, &vars, &out, &left_out, &err);
        CHECK(ok == (rows[i].becomes != NULL), "%s: %s", rows[i].body, err.why);
        value_put_json(&out, &text);
        if (ok)
            CHECK_TEXT(buf_text(&text), rows[i].becomes, rows[i].body);
    }
}

TEST(what_is_checked)
{
    static const struct {
        const char *text, *why; /* NULL: it is good */
    } rows[] = {
        { "", NULL },
        { "no variable", NULL },
        { "{key}{value|quote|b64}{{", NULL },
        { "{?item.a-b_c.0.@d.*e.$}", NULL },
        { "{#n}{*list}{!on}", NULL },
        { "{", NULL },
        { "a}", NULL },
        { "{key", "a brace is not closed" },
        { "{key}{", NULL },
        { "{key}{x", "a brace is not closed" },
        { "{}", "is no variable" },
        { "{ key}", "is no variable" },
        { "{a b}", "is no variable" },
        { "{##n}", "is no variable" },
        { "{|quote}", "is no variable" },
        { "{other}", "there is no variable 'other'" },
        { "{other.key}", "there is no variable 'other'" },
        { "{key|nope}", "there is no filter 'nope'" },
        { "{key|}", "there is no filter ''" },
        { "{key|cut}", "the filter 'cut' needs something else" },
        { "{key|quote:x}", "the filter 'quote' takes nothing" },
        { "{key|url|cut:x}", "the filter 'cut' needs something else" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct error err = { 0 };
        bool ok = template_check(rows[i].text, is_not_other, NULL, &err);

        CHECK(ok == (rows[i].why == NULL), "%s: %s", rows[i].text, err.why);
        CHECK(rows[i].why == NULL || (err.kind == ERROR_CONFIG && strstr(err.why, rows[i].why) != NULL), "%s: %s",
            rows[i].text, err.why);
    }
}

TEST(what_is_mentioned)
{
    CHECK(template_has("a{value}", "value") && template_has("{value.x|quote}", "value"), "there");
    CHECK(!template_has("value {values} {{value} {x.value}", "value"), "not there");
    CHECK(template_has("{x}{?value}", "value"), "the second one");
}

TEST(fields)
{
    static const struct {
        const char *fields, *becomes; /* name=value, with ; between; NULL: an error */
    } rows[] = {
        { "{}", "" },
        { "{\"a\":\"{key}\",\"b\":1,\"c\":true}", "a=Jefe;b=1;c=true" },
        { "{\"x-{key}\":\"y\"}", "x-Jefe=y" },
        { "{\"a\":\"{?nothing}\",\"b\":\"\",\"c\":\"x{?nothing}\"}", "b=;c=x" },
        { "{\"a\":\"{nothing}\"}", NULL },
        { "{\"a\":[]}", NULL },
        { "{\"{*item.list}\":{\"H{n}\":\"{entry.a}\",\"N{n}\":\"{?entry.n}\"},\"end\":\"1\"}", "H1=x;N1=1;H2=y;end=1" },
        { "{\"{*key}\":{\"a\":\"b\"}}", NULL },
        { "{\"{*nothing}\":{\"a\":\"b\"}}", NULL },
    };
    AUTO(vars_clear) struct vars vars = { 0 };

    set_all(&vars);
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(value_clear) struct value fields = { 0 };
        AUTO(list_clear) struct list out = { 0 };
        AUTO(buf_clear) struct buf text = BUF(1000);
        struct error err = { 0 };
        bool ok;

        REQUIRE(value_read_json(view_of(rows[i].fields), "fields", &fields, &err), "%s", err.why);
        ok = template_fields(&fields, &vars, &out, &err);
        CHECK(ok == (rows[i].becomes != NULL), "%s: %s", rows[i].fields, err.why);
        for (size_t k = 0; k + 1 < out.len; k += 2)
            buf_putf(&text, "%s%s=%s", k > 0 ? ";" : "", out.at[k], out.at[k + 1]);
        if (ok)
            CHECK_TEXT(buf_text(&text), rows[i].becomes, rows[i].fields);
    }
    CHECK(template_fields(NULL, &vars, &(struct list){ 0 }, &(struct error){ 0 }), "none");
}

TEST(texts_that_are_too_long)
{
    AUTO(vars_clear) struct vars vars = { 0 };
    AUTO(buf_clear) struct buf small = BUF(5);
    struct error err = { 0 };

    set_all(&vars);
    CHECK(!template_expand("{key}{key}", false, &vars, &small, &err), "more than fits");
    CHECK(strstr(err.why, "more than 5 bytes") != NULL, "%s", err.why);
}

/* What is secret is hidden as it is and percent-encoded, also of outer scopes. */
TEST(secrets)
{
    AUTO(vars_clear) struct vars outer = { 0 }, vars = { .outer = &outer };
    AUTO(value_clear) struct value token = { 0 };
    AUTO(wipe_free) char *shown = NULL;
    struct error err = { 0 };

    value_set_text(&token, view_of("to ken"));
    vars_set(&outer, "token", &token, true);
    value_set_text(&token, view_of("abc"));
    vars_set(&vars, "short", &token, true);
    shown = vars_redact(&vars, "a to ken to%20ken abc");
    CHECK_TEXT(shown, "a *** *** abc", "hidden");
    (void)error_set(&err, ERROR_NETWORK, "cannot reach https://x/?t=to%%20ken");
    vars_redact_error(&vars, &err);
    CHECK_TEXT(err.why, "cannot reach https://x/?t=***", "error");
}

TEST_MAIN()
