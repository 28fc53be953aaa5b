/* Which addresses are asked of which CA. */
#include "config/addresses.h"

#include "base/mem.h"
#include "base/test.h"

static const struct {
    const char *url;
    bool is_private;
} servers[] = {
    { SERVER_PRODUCTION, false },
    { SERVER_STAGING, false },
    { "https://ca.example.org:8443/dir", false },
    { "https://ca.test.example.org/dir", false },
    { "https://1.1.1.1/dir", false },
    { "https://[2606:4700::1111]/dir", false },
    { "https://localhost:14000/dir", true },
    { "https://pebble:14000/dir", true },
    { "https://ca.localhost/dir", true },
    { "https://CA.Internal./dir", true },
    { "https://step.home.arpa/dir", true },
    { "https://ca.local/dir", true },
    { "https://ca.test/dir", true },
    { "https://127.0.0.1:14000/dir", true },
    { "https://10.1.2.3/dir", true },
    { "https://192.0.2.1/dir", true },
    { "https://[::1]:14000/dir", true },
    { "https://[fd00::1]/dir", true },
    { "ftp://10.1.2.3/", false },
    { "https://", false },
    { "", false },
};

TEST(server_is_private)
{
    for (size_t i = 0; i < COUNT(servers); i++)
        CHECK_INT(server_is_private(servers[i].url), servers[i].is_private, servers[i].url);
}

static const struct {
    const char *name, *address, *known, *server; /* server NULL: Let's Encrypt */
    bool allowed, certbot;
    const char *why, *next; /* NULL: it passes */
} cases[] = {
    { .name = "a public one", .address = "8.8.8.8" },
    { .name = "a public one of IPv6", .address = "2606:4700::1111" },
    { .name = "private",
        .address = "10.0.0.1",
        .why = "10.0.0.1 is a private address (RFC 1918): a public CA, which "
               "acme-v02.api.letsencrypt.org is taken for, gives no certificates for it",
        .next = "--allow-private-ip" },
    { .name = "documentation",
        .address = "2001:db8::1",
        .why = "documentation (RFC 3849)",
        .next = "--allow-private-ip" },
    { .name = "mapped", .address = "::ffff:8.8.8.8", .why = "IPv4-mapped", .next = "--ip-address 8.8.8.8" },
    { .name = "known", .address = "10.0.0.1", .known = "10.0.0.1" },
    { .name = "another one is known", .address = "10.0.0.1", .known = "10.0.0.2", .why = "RFC 1918" },
    { .name = "allowed", .address = "10.0.0.1", .allowed = true },
    { .name = "a private CA", .address = "10.0.0.1", .server = "https://ca.internal/dir" },
    { .name = "Certbot asks the CA", .address = "10.0.0.1", .certbot = true },
};

TEST(addresses_check)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(settings_free)
        struct settings *settings = settings_new(cases[i].certbot ? &voice_certbot : &voice_own);
        AUTO(identifiers_clear) struct identifiers wanted = { 0 };
        AUTO(identifiers_clear) struct identifiers known = { 0 };
        struct error err = { 0 };
        bool ok;

        if (cases[i].server != NULL)
            xreplace(&settings->server, cases[i].server);
        settings->allow_private_ip = cases[i].allowed;
        identifiers_add(&wanted, IDENTIFIER_DNS, "a.example");
        identifiers_add(&wanted, IDENTIFIER_IP, cases[i].address);
        if (cases[i].known != NULL)
            identifiers_add(&known, IDENTIFIER_IP, cases[i].known);
        ok = addresses_check(settings, &wanted, cases[i].known == NULL ? NULL : &known, &err);
        CHECK(ok == (cases[i].why == NULL), "%s: %s", cases[i].name, err.why);
        CHECK(ok || (err.kind == ERROR_CONFIG && strstr(err.why, cases[i].why) != NULL), "%s: %s", cases[i].name,
            err.why);
        CHECK(cases[i].next == NULL || strstr(err.next, cases[i].next) != NULL, "%s: %s", cases[i].name, err.next);
    }
}

TEST_MAIN()
