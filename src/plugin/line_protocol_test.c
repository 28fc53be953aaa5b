#include "plugin/line_protocol.h"
#include "plugin/line_questions.h"

#include "base/test.h"
#include "config/plugin_options.h"
#include "json/doc.h"

#define WHO "\"ok\":true,\"protocol\":1,\"name\":\"my\",\"description\":\"d\""
#define TWO "\"ok\":true,\"protocol\":2,\"name\":\"my\",\"description\":\"d\",\"kinds\":[\"authenticator\"]"
#define AUTH WHO ",\"kinds\":[\"authenticator\"],\"challenges\":[\"http-01\"]"

static const struct {
    const char *name, *line, *why; /* why NULL: it is taken */
} descriptions[] = {
    { "nothing", "", "answer" },
    { "not JSON", "hello", "answer" },
    { "cut short", "{\"ok\":tr", "answer" },
    { "two objects", "{\"ok\":true}{\"ok\":true}", "answer" },
    { "an array", "[{\"ok\":true}]", "not a JSON object" },
    { "member twice: the last one counts", "{\"ok\":true,\"ok\":\"true\"}", "ok" },
    { "no ok", "{\"name\":\"my\"}", "no \"ok\"" },
    { "ok is text", "{\"ok\":\"true\"}", "ok" },
    { "it says no", "{\"ok\":false,\"error\":\"not today\\u001b[2J\"}", "not today?[2J" },
    { "it says no, and nothing else", "{\"ok\":false}", "does not say why" },
    { "no version", "{\"ok\":true,\"name\":\"my\",\"description\":\"d\"}", "version 1" },
    { "version as text", "{\"ok\":true,\"protocol\":\"1\"}", "version 1" },
    { "a later version", "{\"ok\":true,\"protocol\":3,\"name\":\"my\"}", "version 1" },
    { "no name", "{\"ok\":true,\"protocol\":1}", "name" },
    { "another name", "{\"ok\":true,\"protocol\":1,\"name\":\"webroot\"}", "calls itself \"webroot\"" },
    { "no description", "{\"ok\":true,\"protocol\":1,\"name\":\"my\"}", "description" },
    { "no kind", "{" WHO "}", "neither authenticator nor installer" },
    { "unknown kind", "{" WHO ",\"kinds\":[\"oracle\"]}", "unknown kind \"oracle\"" },
    { "kinds no array", "{" WHO ",\"kinds\":\"authenticator\"}", "kinds" },
    { "no challenge", "{" WHO ",\"kinds\":[\"authenticator\"]}", "neither http-01 nor dns-01" },
    { "unknown challenge only", "{" WHO ",\"kinds\":[\"authenticator\"],\"challenges\":[\"smtp-09\"]}",
        "neither http-01" },
    { "options no array", "{" AUTH ",\"options\":{}}", "not an array" },
    { "option no object", "{" AUTH ",\"options\":[\"root\"]}", "not all objects" },
    { "option without a name", "{" AUTH ",\"options\":[{\"help\":\"x\"}]}", "name" },
    { "option with a blank", "{" AUTH ",\"options\":[{\"name\":\"a b\"}]}", "lower case" },
    { "option with an equals sign", "{" AUTH ",\"options\":[{\"name\":\"a=b\"}]}", "lower case" },
    { "option twice", "{" AUTH ",\"options\":[{\"name\":\"a\"},{\"name\":\"a\"}]}", "twice" },
    { "required is text", "{" AUTH ",\"options\":[{\"name\":\"a\",\"required\":\"yes\"}]}", "required" },
    { "limits no object", "{" AUTH ",\"limits\":5}", "limits" },
    { "limit zero", "{" AUTH ",\"limits\":{\"wait\":0}}", "limit for wait" },
    { "limit for ever", "{" AUTH ",\"limits\":{\"wait\":3601}}", "limit for wait" },
    { "limit with a fraction", "{" AUTH ",\"limits\":{\"wait\":1.5}}", "limit for wait" },
    { "the least", "{" AUTH "}", NULL },
    { "white space", " { " AUTH " } ", NULL },
    { "nulls", "{" AUTH ",\"options\":null,\"limits\":null,\"hint\":null}", NULL },
    { "of a later time", "{" AUTH ",\"colour\":{\"red\":1}}", NULL },
    { "installer", "{" WHO ",\"kinds\":[\"installer\"]}", NULL },
    { "version 0", "{\"ok\":true,\"protocol\":0,\"name\":\"my\"}", "version 1" },
    { "only versions of a later time", "{\"ok\":true,\"protocol\":3,\"protocols\":[3,4],\"name\":\"my\"}",
        "version 1" },
    { "version 2 without a type", "{" TWO ",\"challenges\":[]}", "neither http-01" },
    { "version 2, a type with a blank", "{" TWO ",\"challenges\":[\"a b\"]}", "neither http-01" },
    { "version 2", "{" TWO ",\"challenges\":[\"dns-persist-01\"]}", NULL },
};

TEST(read_description)
{
    for (size_t i = 0; i < COUNT(descriptions); i++) {
        AUTO(line_description_clear) struct line_description about = { 0 };
        struct error err = { 0 };
        bool ok = line_read_description(view_of(descriptions[i].line), "my", &about, &err);

        CHECK(ok == (descriptions[i].why == NULL), "%s: %s", descriptions[i].name, err.why);
        CHECK(ok || (strstr(err.why, descriptions[i].why) != NULL && err.kind == ERROR_PLUGIN), "%s: %d %s",
            descriptions[i].name, err.kind, err.why);
        CHECK(ok || about.description == NULL, "%s: *out was touched", descriptions[i].name);
    }
}

TEST(the_highest_version_that_both_speak)
{
    static const struct {
        const char *said;
        int version;
        size_t types; /* of http-01 and dns-persist-01, which is not of version 1 */
    } cases[] = {
        { "\"protocol\":1", 1, 1 },
        { "\"protocol\":2", 2, 2 },
        { "\"protocol\":1,\"protocols\":[1,2]", 2, 2 },
        { "\"protocol\":1,\"protocols\":[2,1,\"2\",null,99]", 2, 2 },
        { "\"protocol\":1,\"protocols\":[1]", 1, 1 },
        { "\"protocol\":1,\"protocols\":[3]", 1, 1 },
        { "\"protocol\":1,\"protocols\":2", 1, 1 },
        { "\"protocols\":[2,3]", 2, 2 },
        { "\"protocol\":3,\"protocols\":[2,3]", 2, 2 },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(line_description_clear) struct line_description about = { 0 };
        AUTO(free)
        char *line = xprintf("{\"ok\":true,%s,\"name\":\"my\",\"description\":\"d\",\"kinds\":[\"authenticator\"],"
                             "\"challenges\":[\"http-01\",\"dns-persist-01\"]}",
            cases[i].said);
        struct error err = { 0 };

        CHECK(line_read_description(view_of(line), "my", &about, &err), "%s: %s", cases[i].said, err.why);
        CHECK_INT(about.version, cases[i].version, cases[i].said);
        CHECK_INT(about.types.len, cases[i].types, cases[i].said);
    }
}

TEST(read_whole_description)
{
    AUTO(line_description_clear) struct line_description about = { 0 };
    struct error err = { 0 };

    REQUIRE(
        line_read_description(
            view_of("{" WHO ",\"kinds\":[\"installer\",\"authenticator\"],\"challenges\":[\"dns-01\","
                    "\"smtp-09\",\"http-01\",\"dns-01\"],\"options\":[{\"name\":\"root\",\"help\":\"two\\nlines\","
                    "\"required\":true},"
                    "{\"name\":\"b-c\"}],\"limits\":{\"wait\":3600,\"describe\":9999,\"other\":1},\"hint\":\"look\"}"),
            "my", &about, &err),
        "%s", err.why);
    CHECK(about.authenticator && about.installer, " ");
    CHECK(about.types.len == 2 && strcmp(about.types.at[0], "dns-01") == 0 && strcmp(about.types.at[1], "http-01") == 0,
        " ");
    CHECK_INT(about.option_count, 2, "options");
    CHECK_TEXT(about.options[0].help, "two lines", "help");
    CHECK(about.options[0].required && !about.options[1].required && about.options[1].help == NULL, " ");
    CHECK_TEXT(about.hint, "look", "hint");
    CHECK_INT(about.limit_s[LINE_WAIT], 3600, "its own");
    CHECK_INT(about.limit_s[LINE_PRESENT], 60, "ours");
    CHECK_INT(about.limit_s[LINE_DESCRIBE], LINE_DESCRIBE_LIMIT_S, "not its to choose");
}

/* A plugin "key" with an option "type" would be --key-type, which is ours; "plugin" with "dir" too. */
TEST(options_that_are_ours)
{
    static const char *const cases[][2] = { { "key", "type" }, { "plugin", "dir" }, { "renew", "hook" },
        { "config", "dir" } };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(line_description_clear) struct line_description about = { 0 };
        AUTO(free)
        char *line =
            xprintf("{\"ok\":true,\"protocol\":1,\"name\":\"%s\",\"description\":\"d\",\"kinds\":[\"installer\"],"
                    "\"options\":[{\"name\":\"%s\"}]}",
                cases[i][0], cases[i][1]);
        struct error err = { 0 };

        CHECK(!line_read_description(view_of(line), cases[i][0], &about, &err) &&
                  strstr(err.why, "one of our own") != NULL,
            "%s-%s: %s", cases[i][0], cases[i][1], err.why);
    }
}

TEST(too_many_options)
{
    AUTO(buf_clear) struct buf line = BUF(65536);
    AUTO(line_description_clear) struct line_description about = { 0 };
    struct error err = { 0 };

    buf_put_text(&line, "{" AUTH ",\"options\":[{\"name\":\"o0\"}");
    for (int i = 1; i <= LINE_MAX_OPTIONS; i++)
        buf_putf(&line, ",{\"name\":\"o%d\"}", i);
    buf_put_text(&line, "]}");
    CHECK(!line_read_description(buf_view(&line), "my", &about, &err) && strstr(err.why, "more than 64") != NULL, "%s",
        err.why);
}

static const struct {
    const char *name, *line, *state, *why, *next;
} answers[] = {
    { "not an object", "true", NULL, "not a JSON object", "" },
    { "state is a number", "{\"ok\":true,\"state\":1}", NULL, "state", "" },
    { "no, with advice", "{\"ok\":false,\"error\":\"full\",\"next\":\"buy a disk\"}", NULL, "full", "buy a disk" },
    { "error is a number", "{\"ok\":false,\"error\":7}", NULL, "error", "" },
    { "yes", "{\"ok\":true}", NULL, NULL, "" },
    { "yes, with a state", "{\"ok\":true,\"state\":\"a\\nb\"}", "a\nb", NULL, "" },
    { "error beside yes", "{\"ok\":true,\"error\":\"ignored\"}", NULL, NULL, "" },
};

TEST(read_answer)
{
    AUTO(buf_clear) struct buf big = BUF(10000);
    struct error err = { 0 };
    char *untouched = NULL;

    for (size_t i = 0; i < COUNT(answers); i++) {
        AUTO(free) char *state = NULL;
        bool ok;

        error_clear(&err);
        ok = line_read_answer(view_of(answers[i].line), &state, &err);
        CHECK(ok == (answers[i].why == NULL), "%s: %s", answers[i].name, err.why);
        CHECK(ok || (strstr(err.why, answers[i].why) != NULL && err.kind == ERROR_PLUGIN), "%s: %s", answers[i].name,
            err.why);
        CHECK_TEXT(err.next, answers[i].next, answers[i].name);
        CHECK_TEXT(state, answers[i].state, answers[i].name);
    }
    buf_put_text(&big, "{\"ok\":true,\"state\":\"");
    for (int i = 0; i <= LINE_MAX_STATE; i++)
        buf_put_char(&big, 'x');
    buf_put_text(&big, "\"}");
    CHECK(!line_read_answer(buf_view(&big), &untouched, &err) && untouched == NULL &&
              strstr(err.why, "longer than") != NULL,
        "%s", err.why);
}

#define OK "{\"ok\":true}"

static const struct {
    const char *name, *line, *why; /* why NULL: it is taken */
    enum proof_state states[2];
    const char *reasons[2], *outputs[2];
} results[] = {
    { "all are done", OK, NULL, { PROOF_READY, PROOF_READY }, { NULL }, { "before" } },
    { "each is told of", "{\"ok\":true,\"results\":[" OK ",{\"ok\":true,\"state\":\"s\"}]}", NULL,
        { PROOF_READY, PROOF_READY }, { NULL }, { "before", "s" } },
    { "one has failed",
        "{\"ok\":true,\"results\":[{\"ok\":true,\"state\":\"new\"},{\"ok\":false,\"error\":\"locked\",\"next\":"
        "\"wait\"}]}",
        NULL, { PROOF_READY, PROOF_FAILED }, { NULL, "locked" }, { "new" } },
    { "all have failed", "{\"ok\":true,\"results\":[{\"ok\":false,\"error\":\"a\"},{\"ok\":false}]}", NULL,
        { PROOF_FAILED, PROOF_FAILED }, { "a", "does not say why" }, { "before" } },
    { "no to all", "{\"ok\":false,\"error\":\"no network\",\"results\":[" OK "," OK "]}", "no network",
        { PROOF_WANTED, PROOF_WANTED }, { NULL }, { "before" } },
    { "one too few", "{\"ok\":true,\"results\":[" OK "]}", "1 \"results\" for 2 challenges",
        { PROOF_WANTED, PROOF_WANTED }, { NULL }, { "before" } },
    { "one too many", "{\"ok\":true,\"results\":[" OK "," OK "," OK "]}", "3 \"results\"",
        { PROOF_WANTED, PROOF_WANTED }, { NULL }, { "before" } },
    { "results that are an object", "{\"ok\":true,\"results\":{}}", "not an array", { PROOF_WANTED, PROOF_WANTED },
        { NULL }, { "before" } },
    { "a result that is text", "{\"ok\":true,\"results\":[" OK ",\"ok\"]}", "not all objects",
        { PROOF_WANTED, PROOF_WANTED }, { NULL }, { "before" } },
    { "a result without a verdict", "{\"ok\":true,\"results\":[" OK ",{}]}", "no \"ok\"",
        { PROOF_WANTED, PROOF_WANTED }, { NULL }, { "before" } },
    { "a state that is a number", "{\"ok\":true,\"results\":[" OK ",{\"ok\":true,\"state\":5}]}", "state",
        { PROOF_WANTED, PROOF_WANTED }, { NULL }, { "before" } },
};

TEST(read_results)
{
    for (size_t i = 0; i < COUNT(results); i++) {
        struct proof proofs[2] = { { .output = xstrdup("before") }, { 0 } }, *all[] = { &proofs[0], &proofs[1] };
        struct error err = { 0 };
        bool ok = line_read_results(view_of(results[i].line), all, 2, PROOF_READY, &err);

        CHECK(ok == (results[i].why == NULL), "%s: %s", results[i].name, err.why);
        CHECK(ok || (err.kind == ERROR_PLUGIN && strstr(err.why, results[i].why) != NULL), "%s: %s", results[i].name,
            err.why);
        for (size_t k = 0; k < 2; k++) {
            CHECK_INT(proofs[k].state, results[i].states[k], results[i].name);
            CHECK((proofs[k].error != NULL) == (results[i].reasons[k] != NULL) &&
                      (proofs[k].error == NULL || strstr(proofs[k].error->why, results[i].reasons[k]) != NULL),
                "%s", results[i].name);
            CHECK_TEXT(proofs[k].output, results[i].outputs[k], results[i].name);
            proof_clear(&proofs[k]);
        }
    }
}

static const struct {
    const char *name, *line;
    bool ok;
    const char *why, *reasons[2];
} installed[] = {
    { "all", "{\"ok\":true}", true, NULL, { NULL, NULL } },
    { "each", "{\"ok\":true,\"results\":[" OK "," OK "]}", true, NULL, { NULL, NULL } },
    { "one is left out", "{\"ok\":true,\"results\":[" OK ",{\"ok\":false,\"error\":\"no site\"}]}", true, NULL,
        { NULL, "no site" } },
    { "none", "{\"ok\":false,\"error\":\"it is down\"}", false, "it is down", { NULL, NULL } },
    { "none, because of one",
        "{\"ok\":false,\"error\":\"test\",\"results\":[{\"ok\":false,\"error\":\"line 7\"}," OK "]}", false, "test",
        { "line 7", NULL } },
    { "one too few", "{\"ok\":true,\"results\":[{\"ok\":false}]}", false, "1 \"results\" for 2 deployments",
        { NULL, NULL } },
    { "one that says nothing", "{\"ok\":false,\"results\":[{\"ok\":false},{}]}", false, "no \"ok\"", { NULL, NULL } },
    { "no object", "[]", false, "not a JSON object", { NULL, NULL } },
};

TEST(read_installed)
{
    for (size_t i = 0; i < COUNT(installed); i++) {
        struct error err = { 0 }, *each[2] = { NULL, NULL };

        CHECK(line_read_installed(view_of(installed[i].line), 2, each, &err) == installed[i].ok, "%s: %s",
            installed[i].name, err.why);
        CHECK(installed[i].ok || (err.kind == ERROR_PLUGIN && strstr(err.why, installed[i].why) != NULL), "%s: %s",
            installed[i].name, err.why);
        for (size_t k = 0; k < 2; k++) {
            CHECK_TEXT(each[k] == NULL ? NULL : each[k]->why, installed[i].reasons[k], installed[i].name);
            free(each[k]);
        }
    }
}

/* A question is one line of JSON whatever its values are, and holds only the plugin's own options. */
TEST(questions)
{
    AUTO(settings_free) struct settings *settings = settings_new(&voice_own);
    AUTO(line_description_clear) struct line_description about = { 0 };
    AUTO(buf_clear) struct buf line = BUF(LINE_MAX_QUESTION);
    AUTO(doc_free) struct doc *doc = NULL;
    struct proof http = {
        .type = "http-01", .identifier = "a.test", .token = "T", .key_authorization = "T.x", .remaining = 1
    };
    struct proof dns = { .type = "dns-01",
        .kind = PROOF_RECORD,
        .identifier = "b.test",
        .token = "T",
        .key_authorization = "secret",
        .record_name = "_acme-challenge.b.test",
        .record_value = "v\n\"{",
        .output = xstrdup("id 7") };
    struct proof alpn = { .type = "tls-alpn-01",
        .kind = PROOF_ALPN,
        .identifier = "::1",
        .is_ip = true,
        .token = "U",
        .key_authorization = "U.x" };
    struct proof *all[] = { &http, &dns, &alpn };
    struct pair pair = { "/c", "/k", "/ch", "/f" };
    struct error err = { 0 };

    REQUIRE(line_read_description(
                view_of("{" AUTH ",\"options\":[{\"name\":\"web-root\"},{\"name\":\"other\"}]}"), "my", &about, &err),
        "%s", err.why);
    plugin_options_put(&settings->plugin_options, "my", "my_web_root", "/srv\n\"x\"", ORIGIN_COMMAND_LINE);
    plugin_options_put(&settings->plugin_options, "my", "my_gone", "x", ORIGIN_RENEWAL);
    line_put_challenges(&line, LINE_WAIT, &about, "my", settings, all, 3);
    CHECK(memchr(line.at, '\n', line.len) == line.at + line.len - 1, "one line");
    REQUIRE(doc_read(buf_view(&line), "question", &doc, &err), "%s", err.why);
    CHECK_TEXT(buf_text(&line),
        "{\"request\":\"wait\",\"protocol\":1,\"options\":{\"web-root\":\"/srv\\n\\\"x\\\"\"},\"challenges\":["
        "{\"type\":\"http-01\",\"identifier\":\"a.test\",\"is_ip\":false,\"token\":\"T\",\"key_authorization\":\"T.x\","
        "\"remaining\":1},"
        "{\"type\":\"dns-01\",\"identifier\":\"b.test\",\"is_ip\":false,\"record_name\":\"_acme-challenge.b.test\","
        "\"record_value\":\"v\\n\\\"{\",\"remaining\":0,\"state\":\"id 7\"},"
        "{\"type\":\"tls-alpn-01\",\"identifier\":\"::1\",\"is_ip\":true,\"token\":\"U\",\"key_authorization\":\"U.x\","
        "\"remaining\":0}]}\n",
        "wait");
    buf_clear(&line);
    line_put_challenges(&line, LINE_PRESENT, &about, "my", settings, &all[0], 1);
    CHECK(strstr(buf_text(&line), "\"request\":\"present\"") != NULL &&
              strstr(buf_text(&line), "\"challenge\":{") != NULL,
        "%s", buf_text(&line));
    buf_clear(&line);
    line_put_deploy(&line, &about, "other", settings, "a.test", &pair);
    CHECK_TEXT(buf_text(&line),
        "{\"request\":\"deploy\",\"protocol\":1,\"options\":{},\"domain\":\"a.test\",\"cert_path\":\"/c\","
        "\"key_path\":\"/k\",\"chain_path\":\"/ch\",\"fullchain_path\":\"/f\"}\n",
        "deploy");
    buf_clear(&line);
    line_put_request(&line, LINE_RELOAD, &about, "other", settings);
    CHECK_TEXT(buf_text(&line), "{\"request\":\"reload\",\"protocol\":1,\"options\":{}}\n", "reload");
    buf_clear(&line);
    line_put_describe(&line);
    CHECK_TEXT(buf_text(&line), "{\"request\":\"describe\",\"protocol\":1,\"protocols\":[1,2]}\n", "describe");
    free(dns.output);
}

TEST(questions_of_version_two)
{
    char *issuer_at[] = { (char[]){ "ca.example" } };
    AUTO(settings_free) struct settings *settings = settings_new(&voice_own);
    struct line_description about = { .version = 2 };
    AUTO(buf_clear) struct buf line = BUF(LINE_MAX_QUESTION);
    struct proof http = { .type = "http-01",
        .identifier = "a.test",
        .token = "T",
        .key_authorization = "T.x",
        .account_url = "https://a/1" };
    struct proof dns = { .type = "dns-account-01",
        .kind = PROOF_RECORD,
        .identifier = "b.test",
        .wildcard = true,
        .token = "T",
        .key_authorization = "kept back",
        .record_name = "_x._acme-challenge.b.test",
        .record_value = "v",
        .account_url = "https://a/1",
        .output = (char[]){ "id 7" } };
    struct proof persist = { .type = "dns-persist-01",
        .kind = PROOF_STANDING,
        .identifier = "c.test",
        .record_name = "_validation-persist.c.test",
        .record_value = "ca.example; accounturi=https://a/1",
        .account_url = "https://a/1",
        .issuers = { issuer_at, 1 } };
    struct proof alpn = { .type = "tls-alpn-01",
        .kind = PROOF_ALPN,
        .identifier = "::1",
        .is_ip = true,
        .token = "U",
        .key_authorization = "U.x",
        .digest = { 0xab },
        .account_url = "https://a/1" };
    struct proof *all[] = { &http, &dns, &persist, &alpn };

    line_put_challenges(&line, LINE_SWEEP, &about, "my", settings, all, 4);
    CHECK_TEXT(buf_text(&line),
        "{\"request\":\"sweep\",\"protocol\":2,\"options\":{},\"challenges\":["
        "{\"type\":\"http-01\",\"kind\":\"file\",\"identifier\":\"a.test\",\"is_ip\":false,\"wildcard\":false,"
        "\"token\":\"T\",\"key_authorization\":\"T.x\",\"account_url\":\"https://a/1\"},"
        "{\"type\":\"dns-account-01\",\"kind\":\"record\",\"identifier\":\"b.test\",\"is_ip\":false,\"wildcard\":true,"
        "\"record_name\":\"_x._acme-challenge.b.test\",\"record_value\":\"v\",\"account_url\":\"https://a/1\","
        "\"state\":\"id 7\"},"
        "{\"type\":\"dns-persist-01\",\"kind\":\"standing record\",\"identifier\":\"c.test\",\"is_ip\":false,"
        "\"wildcard\":false,\"record_name\":\"_validation-persist.c.test\","
        "\"record_value\":\"ca.example; accounturi=https://a/1\",\"issuers\":[\"ca.example\"],"
        "\"account_url\":\"https://a/1\"},"
        "{\"type\":\"tls-alpn-01\",\"kind\":\"certificate\",\"identifier\":\"::1\",\"is_ip\":true,\"wildcard\":false,"
        "\"token\":\"U\",\"key_authorization\":\"U.x\","
        "\"digest\":\"ab00000000000000000000000000000000000000000000000000000000000000\","
        "\"account_url\":\"https://a/1\"}]}\n",
        "sweep");
    buf_clear(&line);
    line_put_challenges(&line, LINE_PRESENT, &about, "my", settings, all, 1);
    CHECK(strstr(buf_text(&line), "\"request\":\"present\"") != NULL &&
              strstr(buf_text(&line), "\"challenges\":[{") != NULL,
        "an array for one as well: %s", buf_text(&line));
}

TEST(questions_to_an_installer_of_version_two)
{
    AUTO(settings_free) struct settings *settings = settings_new(&voice_own);
    struct line_description about = { .version = 2 };
    AUTO(buf_clear) struct buf line = BUF(LINE_MAX_INSTALL);
    char a[] = "a.test", b[] = "192.0.2.1";
    struct identifier both[] = { { IDENTIFIER_DNS, a }, { IDENTIFIER_IP, b } }, one[] = { { IDENTIFIER_IP, b } };
    const struct identifiers two_names = { both, 2 }, one_name = { one, 1 };
    const struct pair pairs[] = { { "/c", "/k", "/ch", "/f" }, { "/c2", "/k2", NULL, NULL } };
    const struct deployment first = { .lineage = "a.test",
        .names = &two_names,
        .pairs = pairs,
        .pair_count = 2,
        .enhancements = ENHANCEMENT(ENHANCE_HSTS) | ENHANCEMENT(ENHANCE_REDIRECT) };
    const struct deployment second = { .names = &one_name, .pairs = pairs, .pair_count = 1, .in_use = true },
                            *const all[] = { &first, &second };

    line_put_install(&line, &about, "my", settings, all, 2);
    CHECK_TEXT(buf_text(&line),
        "{\"request\":\"install\",\"protocol\":2,\"options\":{},\"deployments\":["
        "{\"lineage\":\"a.test\",\"names\":[\"a.test\",\"192.0.2.1\"],\"certificates\":["
        "{\"cert_path\":\"/c\",\"key_path\":\"/k\",\"chain_path\":\"/ch\",\"fullchain_path\":\"/f\"},"
        "{\"cert_path\":\"/c2\",\"key_path\":\"/k2\"}],\"enhancements\":[\"hsts\",\"redirect\"],\"in_use\":false},"
        "{\"names\":[\"192.0.2.1\"],\"certificates\":[{\"cert_path\":\"/c\",\"key_path\":\"/k\",\"chain_path\":\"/ch\","
        "\"fullchain_path\":\"/f\"}],\"enhancements\":[],\"in_use\":true}]}\n",
        "install");
    buf_clear(&line);
    line_put_request(&line, LINE_RECOVER, &about, "my", settings);
    CHECK_TEXT(buf_text(&line), "{\"request\":\"recover\",\"protocol\":2,\"options\":{}}\n", "recover");
    buf_clear(&line);
    line_put_rollback(&line, &about, "my", settings, 2);
    CHECK_TEXT(
        buf_text(&line), "{\"request\":\"rollback\",\"protocol\":2,\"options\":{},\"checkpoints\":2}\n", "rollback");
}

TEST_MAIN()
