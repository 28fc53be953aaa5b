/* Credentials: what files say, as Certbot reads them; where else they come from; what is said of those that are
 * missing. */
#include "dns/credentials.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/test.h"
#include "base/text.h"
#include "ui/scene.h"

static const struct credential keys[] = {
    { .key = "api_token", .hint = "API token for Ovh account", .old = "ovh_token my:key", .env = "OVH_A OVH_B" },
    { .key = "email", .hint = "e-mail address" },
    { .key = "region", .hint = "region", .optional = true },
};
static const struct credentials_form form = { "dns-ovh", "OVH credentials INI file", keys, COUNT(keys) };

TEST(values)
{
    static const struct {
        const char *text, *token; /* token NULL: it is an error */
        const char *why;
    } cases[] = {
        { "dns_ovh_api_token = abc", "abc", NULL },
        { "dns_ovh_api_token=abc", "abc", NULL },
        { "\xef\xbb\xbf"
          "dns_ovh_api_token = abc",
            "abc", NULL },
        { "  dns_ovh_api_token  =  abc  ", "abc", NULL },
        { "dns_ovh_api_token = abc#def", "abc", NULL },
        { "dns_ovh_api_token = abc #def", "abc", NULL },
        { "dns_ovh_api_token = \"a,b # c\"", "a,b # c", NULL },
        { "dns_ovh_api_token = 'x\"y'", "x\"y", NULL },
        { "dns_ovh_api_token = a=b==", "a=b==", NULL },
        { "dns_ovh_api_token = 50%done", "50%done", NULL },
        { "dns_ovh_api_token = a$b", "a$b", NULL },
        { "dns_ovh_api_token = x ; y", "x ; y", NULL },
        { "other = in\ndns_ovh_api_token = %(other)s-put", "in-put", NULL },
        { "dns_ovh_api_token = '''a\nb'''", "a\nb", NULL },
        { "dns_ovh_api_token = \"\"\"a\nb\"\"\"", "a\nb", NULL },
        { "certbot_dns_ovh:dns_ovh_api_token = old", "old", NULL },
        { "ovh_token = older", "older", NULL },
        { "my:key = oldest", "oldest", NULL },
        { "my:key = oldest\ndns_ovh_api_token = new", "new", NULL },
        { "dns_ovh_api_token = abc\n[section]\nanything = here", "abc", NULL },
        { "dns_ovh_api_token = a,b", NULL,
            "Property \"dns_ovh_api_token\" in credentials configuration file f.ini has a comma outside of quotes: put "
            "the "
            "value in double quotes" },
        { "dns_ovh_api_token", NULL, "Error parsing credentials configuration 'f.ini': " },
        { "dns_ovh_api_token: abc", NULL, "Error parsing credentials configuration 'f.ini': " },
        { "; comment", NULL, "Error parsing credentials configuration 'f.ini': " },
        { "dns_ovh_api_token = \"abc", NULL, "Error parsing credentials configuration 'f.ini': " },
        { "dns_ovh_api_token = a\ndns_ovh_api_token = b", NULL, "Error parsing credentials configuration 'f.ini': " },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(credentials_free) struct credentials *credentials = NULL;
        struct error err = { 0 };
        bool ok = credentials_read(view_of(cases[i].text), "f.ini", &form, &credentials, &err);

        CHECK(ok == (cases[i].token != NULL), "%s: %s", cases[i].text, err.why);
        if (ok)
            CHECK_TEXT(credentials_get(credentials, "api_token"), cases[i].token, cases[i].text);
        else
            CHECK(text_starts(err.why, cases[i].why) && err.kind == ERROR_PLUGIN, "%s: %s", cases[i].text, err.why);
    }
}

TEST(names_are_whole_and_have_case)
{
    static const char *const texts[] = { "", "DNS_OVH_API_TOKEN = a", "api_token = a", "[s]\ndns_ovh_api_token = a",
        "dns_ovh_api_token_ = a" };

    for (size_t i = 0; i < COUNT(texts); i++) {
        AUTO(credentials_free) struct credentials *credentials = NULL;
        struct error err = { 0 };

        REQUIRE(credentials_read(view_of(texts[i]), "f.ini", &form, &credentials, &err), "%s: %s", texts[i], err.why);
        CHECK_TEXT(credentials_get(credentials, "api_token"), NULL, texts[i]);
    }
}

/* ---- where they come from ---- */

struct desk {
    struct settings *settings;
    struct ui *ui;
    struct answers answers;
    struct plugin_context context;
};

static void desk_open(struct desk *desk, bool asks)
{
    desk->settings = settings_new(&voice_certbot);
    desk->ui = ui_new(&(struct ui_options){ .non_interactive = !asks, .voice = &voice_certbot });
    desk->context = (struct plugin_context){ .settings = desk->settings, .answers = &desk->answers, .ui = desk->ui };
}

static void desk_close_at(struct desk *desk)
{
    answers_clear(&desk->answers);
    settings_free(desk->settings);
    ui_free(desk->ui);
    (void)unsetenv("CREDENTIALS_DIRECTORY");
    (void)unsetenv("DNS_OVH_API_TOKEN");
    (void)unsetenv("DNS_OVH_EMAIL");
    (void)unsetenv("OVH_B");
}

static void put_file(const char *name, const char *text, mode_t mode)
{
    AUTO(free) char *path = test_path(name);
    struct error err = { 0 };

    REQUIRE(file_create(path, view_of(text), (struct file_access){ .mode = mode }, &err), "%s", err.why);
}

static void use_file(struct desk *desk, const char *name)
{
    AUTO(free) char *path = test_path(name);

    xreplace(&desk->settings->dns[DNS_OVH].credentials, path);
}

/* What is missing is told in Certbot's words, all at once. */
TEST(what_is_missing)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        { "dns_ovh_api_token = a\n", "Missing property in credentials configuration file FILE:\n * Property "
                                     "\"dns_ovh_email\" not found (should be "
                                     "e-mail address)." },
        { "dns_ovh_email =\n",
            "Missing properties in credentials configuration file FILE:\n * Property \"dns_ovh_api_token\" not found "
            "(should be API token for Ovh account).\n * Property \"dns_ovh_email\" not set (should be e-mail "
            "address)." },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(desk_close) struct desk desk = { 0 };
        AUTO(credentials_free) struct credentials *credentials = NULL;
        AUTO(free) char *name = xprintf("%zu.ini", i), *path = test_path(name), *want = NULL;
        const char *place = strstr(cases[i].why, "FILE");
        struct error err = { 0 };

        want = xprintf("%.*s%s%s", (int)(place - cases[i].why), cases[i].why, path, place + 4);
        desk_open(&desk, false);
        put_file(name, cases[i].text, 0600);
        use_file(&desk, name);
        CHECK(!credentials_load(&desk.context, &form, NULL, NULL, &credentials, &err), "%s", cases[i].text);
        CHECK_TEXT(err.why, want, cases[i].text);
        CHECK_INT(err.kind, ERROR_PLUGIN, cases[i].text);
    }
}

static struct buf warned = { .max = 4096 };

static void hear(void *arg __attribute__((unused)), enum log_level level __attribute__((unused)), const char *text)
{
    buf_putf(&warned, "%s\n", text);
}

TEST(files_that_others_may_read)
{
    static const struct {
        mode_t mode;
        bool warns;
    } cases[] = { { 0600, false }, { 0640, false }, { 0660, false }, { 0604, true }, { 0601, true } };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(free) char *name = xprintf("%zu.ini", i), *path = test_path(name);
        AUTO(free) char *want = xprintf("Unsafe permissions on credentials configuration file: %s\n", path);
        AUTO(buf_clear) struct buf text = BUF_SECRET(4096);
        struct error err = { 0 };

        put_file(name, "a = b\n", cases[i].mode);
        buf_clear(&warned);
        log_thread_sink(hear, NULL);
        CHECK(credentials_read_file(path, &text, &err), "%s", err.why);
        log_thread_sink(NULL, NULL);
        CHECK_TEXT(buf_text(&warned), cases[i].warns ? want : "", name);
    }
    buf_clear(&warned);
}

TEST(files_that_are_not_there)
{
    AUTO(buf_clear) struct buf text = BUF_SECRET(4096);
    AUTO(free) char *dir_why = xprintf("Path is a directory: %s", test_dir());
    struct error err = { 0 };

    CHECK(!credentials_read_file("/no/such.ini", &text, &err) && err.kind == ERROR_PLUGIN, " ");
    CHECK_TEXT(err.why, "File not found: /no/such.ini", "missing");
    CHECK(!credentials_read_file(test_dir(), &text, &err), " ");
    CHECK_TEXT(err.why, dir_why, "directory");
}

TEST(sources)
{
    static const struct {
        const char *name;
        bool file, systemd_file, systemd_value, variable, other_variable;
        const char *token, *source;
    } cases[] = {
        { "a file, and all others", true, true, true, true, true, "of the file", "credentials configuration file " },
        { "a file of systemd's", false, true, true, true, true, "of systemd's file",
            "credentials configuration file " },
        { "values of systemd's", false, false, true, true, true, "of systemd", "the credentials of systemd in " },
        { "variables", false, false, false, true, true, "of the environment", "the environment" },
        { "another variable", false, false, false, false, true, "of another variable", "the environment" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(desk_close) struct desk desk = { 0 };
        AUTO(credentials_free) struct credentials *credentials = NULL;
        struct error err = { 0 };

        desk_open(&desk, false);
        test_drop_dir();
        REQUIRE(setenv("CREDENTIALS_DIRECTORY", test_dir(), 1) == 0, " ");
        put_file("f.ini", "dns_ovh_api_token = of the file\ndns_ovh_email = e\n", 0600);
        if (cases[i].file)
            use_file(&desk, "f.ini");
        if (cases[i].systemd_file)
            put_file("dns-ovh-credentials", "dns_ovh_api_token = of systemd's file\ndns_ovh_email = e\n", 0400);
        if (cases[i].systemd_value) {
            put_file("dns_ovh_api_token", "of systemd\r\n", 0400);
            put_file("dns_ovh_email", "e", 0400);
        }
        REQUIRE(setenv("DNS_OVH_EMAIL", "e", 1) == 0, " ");
        if (cases[i].variable)
            REQUIRE(setenv("DNS_OVH_API_TOKEN", "of the environment", 1) == 0, " ");
        if (cases[i].other_variable)
            REQUIRE(setenv("OVH_B", "of another variable", 1) == 0, " ");
        REQUIRE(
            credentials_load(&desk.context, &form, NULL, NULL, &credentials, &err), "%s: %s", cases[i].name, err.why);
        CHECK_TEXT(credentials_get(credentials, "api_token"), cases[i].token, cases[i].name);
        CHECK_TEXT(credentials_get(credentials, "region"), NULL, cases[i].name);
        CHECK(text_starts(credentials_source(credentials), cases[i].source), "%s", credentials_source(credentials));
    }
}

/* One source is used: what it lacks is not taken from others. */
TEST(sources_are_not_mixed)
{
    AUTO(desk_close) struct desk desk = { 0 };
    AUTO(credentials_free) struct credentials *credentials = NULL;
    struct error err = { 0 };

    desk_open(&desk, false);
    put_file("f.ini", "dns_ovh_api_token = a\n", 0600);
    use_file(&desk, "f.ini");
    REQUIRE(setenv("DNS_OVH_EMAIL", "e", 1) == 0, " ");
    CHECK(!credentials_load(&desk.context, &form, NULL, NULL, &credentials, &err), " ");
    CHECK(text_starts(err.why, "Missing property in credentials configuration file "), "%s", err.why);
}

TEST(nothing_is_given)
{
    static const struct {
        const struct voice *voice;
        const char *next;
    } cases[] = { { &voice_certbot, "" },
        { &voice_own,
            "name a file with --dns-ovh-credentials, which has lines such as `dns_ovh_api_token = ...`; or give "
            "each of these names in upper case as a variable of the environment, or as a credential of systemd" } };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(desk_close) struct desk desk = { 0 };
        AUTO(credentials_free) struct credentials *credentials = NULL;
        struct error err = { 0 };

        desk_open(&desk, false);
        ui_free(desk.ui);
        desk.context.ui = desk.ui = ui_new(&(struct ui_options){ .non_interactive = true, .voice = cases[i].voice });
        CHECK(!credentials_load(&desk.context, &form, NULL, NULL, &credentials, &err), " ");
        CHECK_INT(err.kind, ERROR_CONFIG, "nobody can be asked");
        CHECK_TEXT(err.why,
            "Missing command line flag or config entry for this setting:\nInput the path to your OVH credentials INI "
            "file",
            "Certbot's words");
        CHECK_TEXT(err.next, cases[i].next, "advice");
    }
}

/* ---- the question ---- */

static bool refuse_short(const struct credentials *credentials, void *arg __attribute__((unused)), struct error *err)
{
    return strlen(credentials_get(credentials, "api_token")) > 1 || error_set(err, ERROR_PLUGIN, "That is too short.");
}

static void play(void *ctx __attribute__((unused)))
{
    AUTO(desk_close) struct desk desk = { 0 };
    AUTO(credentials_free) struct credentials *credentials = NULL;
    struct error err = { 0 };

    desk_open(&desk, true);
    if (credentials_load(&desk.context, &form, refuse_short, NULL, &credentials, &err))
        printf("TOKEN %s OPTION %s FILE %s\n", credentials_get(credentials, "api_token"), desk.answers.plugin_option,
            file_basename(desk.answers.plugin_value));
    else
        printf("ERROR %s\n", err.why);
    (void)fflush(stdout);
}

TEST(asked_until_it_fits)
{
    AUTO(free) char *input = NULL;
    AUTO(scene_clear)
    struct scene scene = { .terminal = true, .columns = 80 }, other = { .terminal = true, .columns = 80 };
    static const char *const seen[] = { "Input the path to your OVH credentials INI file (Enter 'c' to cancel): ",
        "Please enter a valid path to your OVH credentials INI file.", "File not found: /no/such.ini",
        "Property \"dns_ovh_email\" not found", "That is too short.",
        "TOKEN ab OPTION dns-ovh-credentials FILE good.ini" };

    put_file("lacks.ini", "dns_ovh_api_token = ab\n", 0600);
    put_file("short.ini", "dns_ovh_api_token = a\ndns_ovh_email = e\n", 0600);
    put_file("good.ini", "dns_ovh_api_token = ab\ndns_ovh_email = e\n", 0600);
    REQUIRE(setenv("HOME", test_dir(), 1) == 0, " ");
    scene.input = input = xprintf("\n/no/such.ini\n~/lacks.ini\n%s/short.ini\n~/good.ini\n", test_dir());
    scene_play(&scene, play, NULL);
    for (size_t i = 0; i < COUNT(seen); i++)
        CHECK(strstr(buf_text(&scene.out), seen[i]) != NULL, "%s is not in %s", seen[i], buf_text(&scene.out));
    other.input = "c\n";
    scene_play(&other, play, NULL);
    CHECK(strstr(buf_text(&other.out), "ERROR OVH credentials INI file required to proceed.") != NULL, "%s",
        buf_text(&other.out));
}

TEST_MAIN()
