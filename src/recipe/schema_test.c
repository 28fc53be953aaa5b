/* What a description may hold: each kind of member, and what is said of one that is wrong, with its place. */
#include "recipe/schema.h"

#include "base/test.h"
#include "base/text.h"

#define TOP "{\"name\":\"x\",\"title\":\"X\",\"ttl\":60,\"wait\":10"
#define RECORDS ",\"add\":{\"do\":\"PUT /{rel}\"},\"del\":{\"do\":\"DELETE /{rel}\"}"
#define EDIT(more) ",\"edit\":{\"read\":{\"do\":\"GET /\"},\"entry\":\"{value}\",\"write\":{\"do\":\"PUT /\"}" more "}"

/* What is wrong with it, "" when nothing is; of the caller's. */
static char *check(const char *text)
{
    AUTO(value_clear) struct value value = { 0 };
    struct error err = { 0 };

    REQUIRE(value_read_json(view_of(text), "d", &value, &err), "%s", err.why);
    if (schema_check(DESCRIBES_DNS, &value, view_of(text), "d", &err))
        return xstrdup("");
    CHECK(err.kind == ERROR_CONFIG, "%s", err.why);
    return xstrdup(err.why);
}

static const struct {
    const char *member; /* beside RECORDS */
    const char *why;    /* a part of it; NULL: it is good */
} members[] = {
    { "\"#a\":{\"b\":[]}", NULL },
    { "\"docs\":1", "(docs): this must be a text" },
    { "\"base\":1", NULL },
    { "\"base\":{}", "(base): this must be a text" },
    { "\"base\":\"https://{host\"", "(base): a brace is not closed (a brace itself is written '{{')" },
    { "\"base\":\"https://{nope}\"", "(base): there is no variable 'nope'" },
    { "\"base\":\"https://{value|nope}\"", "(base): there is no filter 'nope'" },
    { "\"slots\":1000000", NULL },
    { "\"slots\":1000001", "(slots): this must be a number from 0 to 1000000" },
    { "\"slots\":-1", "(slots): this must be a number from 0 to 1000000" },
    { "\"slots\":\"1\"", "(slots): this must be a number from 0 to 1000000" },
    { "\"pause\":0.5", "(pause): this must be a number from 0 to 1000000" },
    { "\"plain\":false", NULL },
    { "\"plain\":0", "(plain): this must be true or false" },
    { "\"old\":\"a\"", "(old): this must be a list" },
    { "\"old\":[\"a\",1]", "(old.1): this must be a text" },
    { "\"credentials\":\"aws\"", NULL },
    { "\"credentials\":\"aw\"", "(credentials): this must be one of ini|json|aws|none" },
    { "\"credentials\":[]", "(credentials): this must be one of ini|json|aws|none" },
    { "\"reply\":\"lines\"", NULL },
    { "\"reply\":\"ini\"", "(reply): this must be one of json|xml|xmlrpc|form|lines|text" },

    { "\"keys\":{\"a\":{\"help\":\"b\",\"optional\":true,\"default\":\"c\",\"file\":false,\"public\":true,\"option\":"
      "false,\"env\":[\"D\"],\"old\":[\"e\"]}}",
        NULL },
    { "\"keys\":[]", "(keys): this must be an object" },
    { "\"keys\":{\"a\":1}", "(keys.a): this must be an object" },
    { "\"keys\":{\"a\":{\"secret\":true}}", "(keys.a.secret): there is no 'secret' here" },
    { "\"keys\":{\"a\":{\"default\":1}}", "(keys.a.default): this must be a text" },
    { "\"need\":[[\"a\"],[\"b\",\"c\"]]", NULL },
    { "\"need\":[\"a\"]", "(need.0): this must be a list" },
    { "\"need\":[[\"a\",{}]]", "(need.0.1): this must be a text" },
    { "\"pick\":{\"a\":[[\"b\",\"{value}\"]]}", NULL },
    { "\"pick\":{\"a\":{}}", "(pick.a): this must be a list" },
    { "\"pick\":{\"a\":[[\"b\"]]}", "(pick.a.0): this must be a list of a key and a template" },
    { "\"pick\":{\"a\":[[\"b\",\"c\",\"d\"]]}", "(pick.a.0): this must be a list of a key and a template" },
    { "\"pick\":{\"a\":[[\"b\",\"{nope}\"]]}", "(pick.a.0.1): there is no variable 'nope'" },
    { "\"map\":{\"a\":{\"from\":\"b\",\"c\":\"{a}\"}}", NULL },
    { "\"map\":{\"a\":{\"c\":\"d\"}}", "(map.a): this must be an object with 'from', the name of a variable" },
    { "\"map\":{\"a\":{\"from\":\"b\",\"c\":[]}}", "(map.a.c): this must be a text" },

    { "\"let\":{\"a\":\"{value}\",\"b\":\"{a}{hdr_x}{status}\"}", NULL },
    { "\"let\":{\"a\":\"{c}\"}", "(let.a): there is no variable 'c'" },
    { "\"let\":{\"a\":{}}", "(let.a): this must be a text" },
    { "\"headers\":{\"A\":\"b\"}", NULL },
    { "\"headers\":[]", "(headers): this must be an object" },
    { "\"headers\":{\"A\":\"{c}\"}", "(headers.A): there is no variable 'c'" },
    { "\"query\":{\"{*list}\":{\"H{n}\":\"{entry}\"}}", NULL },
    { "\"query\":{\"{c}\":\"d\"}", "(query.{c}): there is no variable 'c'" },
    { "\"trust\":\"{c}\"", "(trust): there is no variable 'c'" },

    { "\"ok\":[{\"status\":[200,\"201\"]},{\"path\":\"a\",\"is\":true,\"has\":\"b\",\"set\":true,\"text\":\"c\"}]",
        NULL },
    { "\"ok\":true", "(ok): this must be an object" },
    { "\"ok\":[[],1]", "(ok.1): this must be an object" },
    { "\"ok\":{\"status\":{}}", "(ok.status): this must be a text or a number" },
    { "\"ok\":{\"is\":[1,[]]}", "(ok.is.1): this must be a text or a number" },
    { "\"ok\":{\"not\":{\"not\":{\"x\":1}}}", "(ok.not.not.x): there is no 'x' here" },
    { "\"ok\":{\"set\":\"yes\"}", "(ok.set): this must be true or false" },
    { "\"absent\":{\"path\":1}", "(absent.path): this must be a text" },
    { "\"error\":\"a\"", "(error): this must be a list" },
    { "\"hints\":[{\"when\":{\"status\":1},\"next\":\"a\"}]", NULL },
    { "\"hints\":{\"when\":{}}", "(hints): a hint needs 'when' and 'next'" },
    { "\"hints\":[{\"next\":\"a\"}]", "(hints.0): a hint needs 'when' and 'next'" },

    { "\"sign\":{\"alg\":\"hmac-sha1\",\"key\":\"{value}\",\"text\":\"a\",\"as\":\"HEX\",\"to\":\"mine\"},\"headers\":{"
      "\"A\":\"{mine}\"}",
        NULL },
    { "\"sign\":{}", "(sign): 'sign' needs 'alg'" },
    { "\"sign\":[{\"alg\":\"aws4\"},{\"alg\":\"aws5\"}]", "(sign.1.alg): this must be one of none|md5|sha1|sha256" },
    { "\"sign\":{\"alg\":\"md5\",\"as\":\"oct\"}", "(sign.as): this must be one of hex|HEX|b64|b64url" },
    { "\"login\":{\"do\":\"GET /\",\"jwt\":{\"alg\":\"HS256\"}}", "(login.jwt.alg): this must be one of RS256" },
    { "\"login\":{\"do\":\"GET /\",\"jwt\":{\"claims\":{\"a\":[\"{c}\"]}}}",
        "(login.jwt.claims.a.0): there is no variable" },

    { "\"login\":[{\"do\":\"POST /{a}\",\"get\":{\"a\":\"b\"}},{\"let\":{\"c\":\"{a}\"}}]", NULL },
    { "\"login\":1", "(login): this must be an object" },
    { "\"login\":{\"do\":\"GET\"}", "(login.do): this must be a method (GET, POST, PUT, PATCH, DELETE), a blank and" },
    { "\"login\":{\"do\":\"HEAD /\"}", "(login.do): this must be a method" },
    { "\"login\":{\"do\":1}", "(login.do): this must be a text" },
    { "\"login\":{\"do\":\"GET /{c}\"}", "(login.do): there is no variable 'c'" },
    { "\"login\":{\"do\":\"GET /\",\"get\":{\"a\":1}}", "(login.get.a): this must be a text" },
    { "\"login\":{\"do\":\"GET /\",\"json\":{},\"form\":{}}",
        "(login): a step has one body: one of json, form, xml and" },
    { "\"login\":{\"do\":\"GET /\",\"json\":{\"a\":[1,\"{c}\"]}}", "(login.json.a.1): there is no variable 'c'" },
    { "\"login\":{\"do\":\"GET /\",\"json\":{\"{c}\":1}}", "(login.json.{c}): there is no variable 'c'" },
    { "\"login\":{\"do\":\"GET /\",\"xml\":{\"a\":{\"b\":1}}}", NULL },
    { "\"login\":{\"do\":\"GET /\",\"xml\":{\"a\":1,\"b\":2}}",
        "(login.xml): this must be an object of one member, the" },
    { "\"login\":{\"do\":\"GET /\",\"xml\":\"a\"}", "(login.xml): this must be an object of one member, the root" },
    { "\"login\":{\"do\":\"GET /\",\"items\":\"a\"}", "(login.items): there is no 'items' here" },
    { "\"login\":{\"poll\":{\"do\":\"GET /\"}}", "(login.poll): 'poll' needs 'do' and 'until'" },
    { "\"login\":{\"poll\":{\"do\":\"GET /\",\"until\":{\"x\":1}}}", "(login.poll.until.x): there is no 'x' here" },
    { "\"finish\":[{\"do\":\"GET /\"},{\"until\":{}}]", "(finish.1.until): there is no 'until' here" },

    { "\"find\":{\"do\":\"GET /\",\"where\":{\"a\":[\"{rel}\",\"b\"]},\"except\":{\"c\":\"d\"},\"page\":{\"size\":5}}",
        NULL },
    { "\"find\":{\"do\":\"GET /\",\"where\":{\"a\":[\"b\",{}]}}", "(find.where.a.1): this must be a text" },
    { "\"find\":{\"do\":\"GET /\",\"page\":{\"size\":\"5\"}}", "(find.page.size): this must be a number" },
    { "\"find\":{\"do\":\"GET /\",\"detail\":\"/x\"}", "(find.detail): this must be a method" },
    { "\"find\":{\"do\":\"GET /\",\"look\":true}", "(find.look): there is no 'look' here" },
    { "\"zone\":{\"fixed\":\"a\",\"set\":{\"b\":\"c\"},\"then\":{\"do\":\"GET /{b}\"}}", NULL },
    { "\"zone\":{\"name\":\"a\"}", "(zone): 'zone' needs 'do', 'of' or 'fixed'" },
    { "\"zone\":{\"do\":\"GET /\",\"ask\":1}", "(zone.ask): this must be true or false" },
    { "\"zone\":{\"do\":\"GET /\",\"then\":[1]}", "(zone.then.0): this must be an object" },
};

TEST(members_of_descriptions)
{
    for (size_t i = 0; i < COUNT(members); i++) {
        AUTO(free) char *text = xprintf(TOP RECORDS ",%s}", members[i].member), *why = check(text);

        if (members[i].why == NULL)
            CHECK_TEXT(why, "", members[i].member);
        else
            CHECK(strstr(why, members[i].why) != NULL, "%s: %s", members[i].member, why);
    }
}

TEST(what_must_be_there)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        { TOP RECORDS "}", "" },
        { "[]", "d, line 1, column 1 (top): this must be an object" },
        { "{}", "d, line 1, column 1 (top): 'name' is missing" },
        { "{\"name\":\"x\"}", "d, line 1, column 1 (top): 'title' is missing" },
        { "{\"name\":\"x\",\"title\":\"X\"}", "d, line 1, column 1 (top): 'ttl' is missing" },
        { "{\"name\":\"x\",\"title\":\"X\",\"ttl\":60}", "d, line 1, column 1 (top): 'wait' is missing" },
        { TOP "}", "d, line 1, column 1 (top): either 'edit' or both 'add' and 'del' must be there" },
        { TOP ",\"add\":{\"do\":\"PUT /\"}}",
            "d, line 1, column 1 (top): either 'edit' or both 'add' and 'del' must be there" },
        { TOP RECORDS EDIT("") "}", "d, line 1, column 1 (top): either 'edit' or both 'add' and 'del' must be there" },
        { TOP EDIT("") "}", "" },
        { TOP EDIT(",\"in\":\"a\",\"select\":{\"b\":\"{rel}\"},\"max\":9,\"check\":false") "}", "" },
        { TOP EDIT(",\"whole\":true") "}", "d, line 1, column 1 (top): 'edit' of whole zones needs 'zone'" },
        { TOP EDIT(",\"whole\":true") ",\"zone\":{\"fixed\":\"a\"}}", "" },
        { TOP ",\"edit\":{\"read\":{\"do\":\"GET /\"},\"entry\":\"a\"}}",
            "d, line 1, column 51 (edit): 'edit' needs 'read', 'entry' and 'write'" },
        { TOP "\n,\n \"edit\":\n {\"read\":[]}}", "d, line 4, column 10 (edit.read): this must be an object" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(free) char *why = check(rows[i].text);

        CHECK_TEXT(why, rows[i].why, rows[i].text);
    }
}

/* It becomes part of paths and options. */
TEST(names)
{
    static const struct {
        const char *name;
        bool good;
    } rows[] = {
        { "x", true },
        { "he-ddns2", true },
        { "1984", true },
        { "a234567890123456789012345678901234567890", true },
        { "a2345678901234567890123456789012345678901", false },
        { "", false },
        { "-x", false },
        { "X", false },
        { "x_y", false },
        { "x/y", false },
        { "../x", false },
        { "x.y", false },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(free)
        char *text = xprintf("{\"name\":\"%s\",\"title\":\"X\",\"ttl\":60,\"wait\":10" RECORDS "}", rows[i].name),
             *why = check(text);

        CHECK((why[0] == '\0') == rows[i].good, "%s: %s", rows[i].name, why);
        CHECK(
            rows[i].good || strstr(why, "the name must be of lower case letters") != NULL, "%s: %s", rows[i].name, why);
    }
}

TEST_MAIN()
