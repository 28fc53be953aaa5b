/* What the user gives for a provider: files of both forms, options, defaults, files that keys name; which of them must
 * be there; and the question for a file. */
#include <stdlib.h>
#include <sys/stat.h>

#include "base/test.h"
#include "base/text.h"
#include "config/plugin_options.h"
#include "recipe/provider.h"
#include "ui/scene.h"

struct desk {
    struct settings *settings;
    struct ui *ui;
    struct answers answers;
    struct plugin_context context;
};

static void desk_open(struct desk *desk, bool asks)
{
    desk->settings = settings_new(&voice_own);
    desk->ui = ui_new(&(struct ui_options){ .non_interactive = !asks, .voice = &voice_own });
    desk->context = (struct plugin_context){ .settings = desk->settings, .answers = &desk->answers, .ui = desk->ui };
    (void)unsetenv("GOOGLE_APPLICATION_CREDENTIALS");
    (void)setenv("HOME", test_dir(), 1);
}

static void desk_close_at(struct desk *desk)
{
    answers_clear(&desk->answers);
    settings_free(desk->settings);
    ui_free(desk->ui);
}

static char *put_file(const char *name, const char *text)
{
    AUTO(free) char *path = test_path(name);
    struct error err = { 0 };

    (void)remove(path);
    REQUIRE(file_create(path, view_of(text), FILE_PRIVATE, &err), "%s", err.why);
    return TAKE(path);
}

static void give(struct desk *desk, const char *option, const char *value)
{
    AUTO(free) char *name = plugin_option_key("dns-x-y", option);

    plugin_options_put(&desk->settings->plugin_options, "dns-x-y", name, value, ORIGIN_COMMAND_LINE);
}

static void begin(struct description *description, const char *top)
{
    struct error err = { 0 };

    *description = (struct description){ .name = "x-y", .title = "X", .ttl = 60 };
    REQUIRE(value_read_json(view_of(top), "top", &description->top, &err), "%s: %s", top, err.why);
}

/* "a=1 b=2" of the keys that are set, or what is wrong; of the caller's. */
static char *read_keys(struct desk *desk, const struct description *description, struct error *err)
{
    AUTO(vars_clear) struct vars keys = { 0 };
    AUTO(buf_clear) struct buf text = BUF(65536);
    AUTO(free) char *where = NULL;

    if (!recipe_keys(&desk->context, description, "dns-x-y", &keys, &where, err)) {
        buf_putf(&text, "failed: %s", err->why);
        return buf_take(&text);
    }
    for (size_t i = 0; i < keys.len; i++)
        buf_putf(&text, "%s%s%s=%s", i > 0 ? " " : "", keys.at[i].name, keys.at[i].secret ? "" : "(public)",
            value_text(&keys.at[i].value));
    return buf_take(&text);
}

static const struct {
    const char *name, *top, *file; /* file NULL: none is named */
    const char *option, *value;
    const char *keys, *next; /* next NULL: whatever it is */
} rows[] = {
    { "a file as Certbot has it", "{\"keys\":{\"a\":{},\"b\":{\"public\":true}}}", "dns_x_y_a = 1\ndns_x_y_b = two\n",
        NULL, NULL, "a=1 b(public)=two", NULL },
    { "names of old", "{\"keys\":{\"a-k\":{\"old\":[\"older_name\"]},\"b\":{},\"c\":{}}}",
        "older_name = 1\nx_y_b = 2\ncertbot_dns_x_y:dns_x_y_c = 3\n", NULL, NULL, "a-k=1 b=2 c=3", NULL },
    { "one is missing", "{\"keys\":{\"a\":{\"help\":\"the key of X\"}}}", "other = 1\n", NULL, NULL,
        "failed: Missing property in", NULL },
    { "one that may be missing", "{\"keys\":{\"a\":{},\"b\":{\"optional\":true}}}", "dns_x_y_a = 1\n", NULL, NULL,
        "a=1", NULL },
    { "a default", "{\"keys\":{\"a\":{\"default\":\"d\"}}}", "dns_x_y_b = 1\n", NULL, NULL, "a=d", NULL },
    { "an empty one has it, too", "{\"keys\":{\"a\":{\"default\":\"d\"}}}", "dns_x_y_a =\n", NULL, NULL, "a=d", NULL },
    { "a file that is named", "{\"keys\":{\"a\":{\"file\":true}}}", "dns_x_y_a = FOLDER/named\n", NULL, NULL,
        "a=of the file", NULL },
    { "one that is not there", "{\"keys\":{\"a\":{\"file\":true}}}", "dns_x_y_a = FOLDER/nothing\n", NULL, NULL,
        "failed: ", NULL },
    { "no keys", "{}", NULL, NULL, NULL, "", NULL },
    { "no file", "{\"keys\":{\"a\":{}}}", NULL, NULL, NULL, "failed: Missing command line flag or config entry", NULL },
    { "none is needed", "{\"credentials\":\"none\",\"keys\":{\"o\":{\"option\":true}}}", NULL, "o", "v", "o=v", NULL },

    { "an option", "{\"keys\":{\"a\":{},\"o\":{\"option\":true,\"public\":true}}}", "dns_x_y_a = 1\n", "o", "v",
        "o(public)=v a=1", NULL },
    { "an option is not read from a file", "{\"keys\":{\"a\":{},\"o\":{\"option\":true}}}",
        "dns_x_y_a = 1\ndns_x_y_o = 2\n", NULL, NULL, "a=1", NULL },
    { "its default", "{\"keys\":{\"o\":{\"option\":true,\"default\":\"d\"}}}", NULL, NULL, NULL, "o=d", NULL },

    { "one way of two",
        "{\"keys\":{\"a\":{\"optional\":true},\"b\":{\"optional\":true},\"c\":{\"optional\":true}},\"need\":[[\"a\"],["
        "\"b\",\"c\"]]}",
        "dns_x_y_b = 1\ndns_x_y_c = 2\n", NULL, NULL, "b=1 c=2", NULL },
    { "half a way",
        "{\"keys\":{\"a\":{\"optional\":true},\"b\":{\"optional\":true},\"c\":{\"optional\":true}},\"need\":[[\"a\"],["
        "\"b\",\"c\"]]}",
        "dns_x_y_b = 1\n", NULL, NULL, "failed: credentials configuration file FOLDER/given lacks keys",
        "set either dns_x_y_a, or dns_x_y_b and dns_x_y_c" },
    { "both ways", "{\"keys\":{\"a\":{\"optional\":true},\"b\":{\"optional\":true}},\"need\":[[\"a\"],[\"b\"]]}",
        "dns_x_y_a = 1\ndns_x_y_b = 2\n", NULL, NULL,
        "failed: credentials configuration file FOLDER/given has keys that exclude each other", NULL },
    { "a way and a half",
        "{\"keys\":{\"a\":{\"optional\":true},\"b\":{\"optional\":true},\"c\":{\"optional\":true}},\"need\":[[\"a\"],["
        "\"b\",\"c\"]]}",
        "dns_x_y_a = 1\ndns_x_y_b = 2\n", NULL, NULL,
        "failed: credentials configuration file FOLDER/given has keys that exclude", NULL },

    { "JSON", "{\"credentials\":\"json\",\"keys\":{\"a\":{},\"b\":{\"optional\":true},\"c\":{\"default\":\"d\"}}}",
        "{\"a\":1,\"x\":2}", NULL, NULL, "a=1 c=d", NULL },
    { "JSON without a member", "{\"credentials\":\"json\",\"keys\":{\"a\":{}}}", "{\"b\":1}", NULL, NULL,
        "failed: FOLDER/given has no member \"a\"", NULL },
    { "JSON with an empty one", "{\"credentials\":\"json\",\"keys\":{\"a\":{}}}", "{\"a\":\"\"}", NULL, NULL,
        "failed: FOLDER/given has no member \"a\"", NULL },
    { "no JSON", "{\"credentials\":\"json\",\"keys\":{\"a\":{}}}", "a = 1\n", NULL, NULL,
        "failed: FOLDER/given is not valid JSON", NULL },
    { "no file of JSON", "{\"credentials\":\"json\",\"keys\":{\"a\":{}}}", NULL, NULL, NULL,
        "failed: Missing command line flag", NULL },
};

/* The text with the folder of the test for FOLDER; of the caller's. */
static char *in_folder(const char *text)
{
    const char *at = strstr(text, "FOLDER");

    return at == NULL ? xstrdup(text) : xprintf("%.*s%s%s", (int)(at - text), text, test_dir(), at + strlen("FOLDER"));
}

TEST(what_is_given)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(desk_close) struct desk desk = { 0 };
        AUTO(free)
        char *file = NULL, *path = NULL, *keys = NULL, *wanted = NULL;
        struct description description;
        struct error err = { 0 };

        free(put_file("named", " of the file\n"));
        desk_open(&desk, false);
        begin(&description, rows[i].top);
        if (rows[i].file != NULL) {
            file = in_folder(rows[i].file);
            path = put_file("given", file);
            give(&desk, "credentials", path);
        }
        if (rows[i].option != NULL)
            give(&desk, rows[i].option, rows[i].value);
        keys = read_keys(&desk, &description, &err);
        wanted = in_folder(rows[i].keys);
        if (text_starts(wanted, "failed: "))
            CHECK(text_starts(keys, wanted), "%s: %s", rows[i].name, keys);
        else
            CHECK_TEXT(keys, wanted, rows[i].name);
        if (rows[i].next != NULL)
            CHECK_TEXT(err.next, rows[i].next, rows[i].name);
        value_free_all(&description.top);
    }
}

/* ---- Google's ---- */

#define GOOGLE                                                                                                         \
    "{\"credentials\":\"json\",\"files\":[\"$GOOGLE_APPLICATION_CREDENTIALS\","                                        \
    "\"~/.config/gcloud/application_default_credentials.json\"],"                                                      \
    "\"keys\":{\"client_email\":{\"public\":true},\"private_key\":{}}}"
#define ACCOUNT "{\"client_email\":\"a@b\",\"private_key\":\"KEY\",\"type\":\"service_account\"}"

static char *read_google(struct desk *desk, char **where, struct error *err)
{
    AUTO(vars_clear) struct vars keys = { 0 };
    struct description description;
    char *text;

    begin(&description, GOOGLE);
    description.name = "google";
    description.title = "Google Cloud DNS";
    if (recipe_keys(&desk->context, &description, "dns-google", &keys, where, err))
        text = xprintf("%s %s", value_text(vars_get(&keys, view_of("client_email"))),
            value_text(vars_get(&keys, view_of("private_key"))));
    else
        text = xprintf("failed: %s", err->why);
    value_free_all(&description.top);
    return text;
}

/* Where nothing is named, the file counts that the service's own tools find: first by the variable, then at its usual
 * place. */
TEST(files_that_googles_tools_find)
{
    AUTO(desk_close) struct desk desk = { 0 };
    AUTO(free) char *folder = test_path(".config/gcloud"), *variable = put_file("variable.json", ACCOUNT);
    AUTO(free) char *usual = NULL, *by_variable = NULL, *where = NULL, *at_home = NULL, *there = NULL;
    struct error err = { 0 };

    desk_open(&desk, false);
    REQUIRE(file_mkdirs(folder, 0700, &err), "%s", err.why);
    usual = put_file(".config/gcloud/application_default_credentials.json", ACCOUNT);
    at_home = read_google(&desk, &there, &err);
    CHECK_TEXT(at_home, "a@b KEY", "the usual place");
    CHECK_TEXT(there, usual, "named for messages");
    (void)setenv("GOOGLE_APPLICATION_CREDENTIALS", variable, 1);
    by_variable = read_google(&desk, &where, &err);
    CHECK_TEXT(by_variable, "a@b KEY", "the variable");
    CHECK_TEXT(where, variable, "named for messages");
    (void)unsetenv("GOOGLE_APPLICATION_CREDENTIALS");
    REQUIRE(remove(usual) == 0, "remove");
}

static void play(void *ctx __attribute__((unused)))
{
    AUTO(desk_close) struct desk desk = { 0 };
    AUTO(free) char *keys = NULL, *again = NULL, *where = NULL, *same = NULL;
    struct error err = { 0 };

    desk_open(&desk, true);
    keys = read_google(&desk, &where, &err);
    printf("KEYS %s\n", keys);
    if (desk.answers.plugin_option != NULL) {
        printf("OPTION %s FILE %s\n", desk.answers.plugin_option, file_basename(desk.answers.plugin_value));
        again = read_google(&desk, &same, &err); /* by the same order, once more */
        printf("AGAIN %s\n", again);
    }
    (void)fflush(stdout);
}

/* Asked until the file is one, which is kept for renewals and not asked for again. */
TEST(googles_question)
{
    static const char *const seen[] = { "Input the path to your Google Cloud DNS credentials JSON file",
        "File not found: /no/such.json", "ini.json is not valid JSON", "lacks.json has no member \"private_key\"",
        "KEYS a@b KEY", "OPTION dns-google-credentials FILE good.json", "AGAIN a@b KEY" };
    AUTO(free)
    char *ini = put_file("ini.json", "dns_google_key = 1\n"),
         *lacks = put_file("lacks.json", "{\"client_email\":\"a@b\"}");
    AUTO(free) char *good = put_file("good.json", ACCOUNT), *input = NULL;
    AUTO(scene_clear)
    struct scene scene = { .terminal = true, .columns = 200 }, other = { .terminal = true, .columns = 200 };

    scene.input = input = xprintf("/no/such.json\n%s\n%s\n%s\n", ini, lacks, good);
    scene_play(&scene, play, NULL);
    for (size_t i = 0; i < COUNT(seen); i++)
        CHECK(strstr(buf_text(&scene.out), seen[i]) != NULL, "%s is not in %s", seen[i], buf_text(&scene.out));
    CHECK(
        strstr(buf_text(&scene.out), "KEYS a@b KEY") > strstr(buf_text(&scene.out), "has no member"), "in this order");
    other.input = "c\n";
    scene_play(&other, play, NULL);
    CHECK(strstr(buf_text(&other.out), "KEYS failed: the question was not answered (canceled)") != NULL, "%s",
        buf_text(&other.out));
    CHECK(strstr(buf_text(&other.out), "OPTION") == NULL, "%s", buf_text(&other.out));
}

TEST_MAIN()
