/* The credentials of --dns-rfc2136: what is accepted, and what is said of the rest. No server is asked. */
#include "dns/rfc2136.h"

#include "base/test.h"

#define GOOD "dns_rfc2136_name = k.\ndns_rfc2136_server = 192.0.2.53\n"
#define SECRET "dns_rfc2136_secret = c2VjcmV0\n"

static const struct {
    const char *name, *text;
    const char *why, *next; /* NULL: accepted; what the error begins with, and a part of its advice */
} cases[] = {
    { "the least", GOOD SECRET, NULL, NULL },
    { "all",
        GOOD SECRET "dns_rfc2136_port = 5353\ndns_rfc2136_algorithm = hmac-Sha384\ndns_rfc2136_sign_query = TRUE\n",
        NULL, NULL },
    { "IPv6", "dns_rfc2136_name = k\ndns_rfc2136_server = 2001:db8::53\n" SECRET, NULL, NULL },
    { "IPv6 of a link", "dns_rfc2136_name = k\ndns_rfc2136_server = fe80::1%eth0\n" SECRET, NULL, NULL },
    { "a host's name", "dns_rfc2136_name = k\ndns_rfc2136_server = ns.example\n" SECRET,
        "The configured target DNS server (ns.example) is not a valid IPv4 or IPv6 address. A hostname is not allowed.",
        "" },
    { "IPv4 with a zone", "dns_rfc2136_name = k\ndns_rfc2136_server = 192.0.2.1%eth0\n" SECRET,
        "The configured target DNS server (192.0.2.1%eth0) is not a valid", "" },
    { "an unknown algorithm", GOOD SECRET "dns_rfc2136_algorithm = HMAC-SHA3\n", "Unknown algorithm: HMAC-SHA3.",
        "HMAC-SHA256" },
    { "an algorithm of nothing", GOOD SECRET "dns_rfc2136_algorithm = SHA256\n", "Unknown algorithm: SHA256.",
        "HMAC-SHA256" },
    { "no base64", GOOD "dns_rfc2136_secret = ***\n", "dns_rfc2136_secret is no key in base64", "quotes" },
    { "a port of letters", GOOD SECRET "dns_rfc2136_port = domain\n", "dns_rfc2136_port is no port: domain", "" },
    { "port 0", GOOD SECRET "dns_rfc2136_port = 0\n", "dns_rfc2136_port is no port: 0", "" },
    { "a port beyond all", GOOD SECRET "dns_rfc2136_port = 65536\n", "dns_rfc2136_port is no port: 65536", "" },
    { "all is missing", "", "Missing properties in credentials configuration file", "" },
};

static bool open_with(const char *path, struct error *err)
{
    struct settings *settings = settings_new(&voice_own);
    struct answers answers = { 0 };
    struct ui *ui = ui_new(&(struct ui_options){ .non_interactive = true });
    struct plugin_context context = {
        .plugin = &plugin_dns_rfc2136.plugin, .settings = settings, .answers = &answers, .ui = ui
    };
    void *self;
    bool ok;

    xreplace(&settings->dns[DNS_RFC2136].credentials, path);
    CHECK(plugin_dns_rfc2136.plugin.is_here(settings), "it is offered to who has credentials");
    ok = plugin_dns_rfc2136.provider->open(&context, plugin_dns_rfc2136.provider, &self, err);
    if (ok)
        plugin_dns_rfc2136.provider->close(self);
    answers_clear(&answers);
    settings_free(settings);
    ui_free(ui);
    return ok;
}

TEST(credentials)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(free) char *path = test_path("rfc2136.ini");
        struct error err = { 0 };
        bool ok;

        REQUIRE(file_replace(path, view_of(cases[i].text), FILE_PRIVATE, &err), "%s", err.why);
        ok = open_with(path, &err);
        CHECK(ok == (cases[i].why == NULL), "%s: %s", cases[i].name, err.why);
        if (ok || cases[i].why == NULL)
            continue;
        CHECK_INT(err.kind, ERROR_PLUGIN, cases[i].name);
        CHECK(strncmp(err.why, cases[i].why, strlen(cases[i].why)) == 0, "%s: %s", cases[i].name, err.why);
        CHECK(strstr(err.next, cases[i].next) != NULL, "%s: %s", cases[i].name, err.next);
        CHECK(strstr(err.why, "c2VjcmV0") == NULL && strstr(err.why, "***") == NULL, "%s: no secrets", cases[i].name);
    }
}

TEST_MAIN()
