/*
 * Tests the list of `certificates`: which lineages, in which state, and those that are broken.
 */
#include "base/text.h"
#include "fixture.h"
#include "lifecycle/inventory.h"
#include "store/fixture.h"

static void nothing(void)
{
}

static void from_staging(void)
{
    AUTO(free) char *text = read_text(at("renewal/a.test.conf"));
    char *server = strstr(text, "https://ca.test/dir");

    REQUIRE(server != NULL, "%s", text);
    memcpy(server, "https://staging/dir", strlen("https://ca.test/dir"));
    write_text(at("renewal/a.test.conf"), text);
}

static void no_certificate(void)
{
    write_text(at("live/a.test/cert.pem"), "nothing");
}

static void another_key(void)
{
    write_text(at("live/a.test/privkey.pem"), key_a);
}

static void another_issuer(void)
{
    AUTO(free) char *cert = read_text(at("live/a.test/cert.pem"));
    AUTO(free) char *full = xprintf("%s%s", cert, pem_other_ca);

    write_text(at("live/a.test/chain.pem"), pem_other_ca);
    write_text(at("live/a.test/fullchain.pem"), full);
}

static void another_chain(void)
{
    write_text(at("live/a.test/fullchain.pem"), pem_a);
}

static void no_renewal_file(void)
{
    write_text(at("renewal/a.test.conf"), "");
}

static const struct {
    const char *name, *lineages; /* "a.test=5 b.test=70": age in days, of 90 */
    const char *options;
    void (*damage)(void); /* done to a.test */
    const char *want;     /* NAME STATE, a comma between */
} rows[] = {
    { "none", "", "", nothing, "" },
    { "in the order of their files", "b.test=5 a.test=10", "", nothing,
        "a.test VALID: 80 days, b.test VALID: 85 days" },
    { "the last day", "a.test=89", "", nothing, "a.test VALID: 1 day" },
    { "expired", "a.test=90 b.test=5", "", nothing, "a.test INVALID: EXPIRED, b.test VALID: 85 days" },
    { "of a test", "a.test=5", "", from_staging, "a.test INVALID: TEST_CERT" },

    { "--cert-name", "a.test=5 b.test=5", "cert-name=b.test", nothing, "b.test VALID: 85 days" },
    { "-d", "a.test=5 b.test=5", "domains=a.test", nothing, "a.test VALID: 85 days" },
    { "-d of two, which none has", "a.test=5 b.test=5", "domains=a.test,b.test", nothing, "" },
    { "--cert-name and -d that do not go together", "a.test=5 b.test=5", "cert-name=a.test domains=b.test", nothing,
        "" },
    { "an address that none has", "a.test=5", "ip-address=192.0.2.1", nothing, "" },
    { "broken ones are always there", "a.test=5 b.test=5 c.test=5", "cert-name=b.test", no_certificate,
        "a.test broken: no PEM block, b.test VALID: 85 days" },

    { "a key that is another's", "a.test=5", "", another_key,
        "a.test broken: the private key does not belong to the certificate" },
    { "an issuer who has not signed it", "a.test=5", "", another_issuer, "a.test broken: issued by" },
    { "a chain that does not belong to it", "a.test=5", "", another_chain, "a.test broken: fullchain does not match" },
    { "a renewal file that says nothing", "a.test=5", "", no_renewal_file, "a.test broken: missing" },
};

/* Writes an entry's row; the text of a broken lineage is cut to the part that the case wants. */
static void put_entry(const struct inventory_window *window, size_t i, const char *want, struct buf *to)
{
    const struct inventory_entry *entry = &window->at[i];
    AUTO(free) char *status = entry->summary == NULL ? NULL : inventory_status(entry, window->now);
    const char *broken = strstr(want, "broken: ");
    size_t len = broken == NULL ? 0 : strcspn(broken + strlen("broken: "), ",");
    AUTO(free) char *part = broken == NULL ? xstrdup("") : xprintf("%.*s", (int)len, broken + strlen("broken: "));

    buf_putf(to, "%s%s ", to->len > 0 ? ", " : "", entry->name);
    if (status != NULL)
        buf_put_text(to, status);
    else
        buf_putf(to, "broken: %s", strstr(entry->why, part) != NULL ? part : entry->why);
    CHECK(entry->conf_path != NULL && text_ends(entry->conf_path, ".conf"), "%s", entry->name);
}

static char *list(struct fixture *fixture, const char *want)
{
    AUTO(inventory_end) struct inventory *inventory = NULL;
    const struct inventory_window *window = NULL;
    AUTO(buf_clear) struct buf text = BUF(64 * 1024);
    struct error err = { 0 };

    REQUIRE(inventory_begin(&fixture->context, &inventory, &err), "%s", err.why);
    do {
        REQUIRE(inventory_next(inventory, &window, &err), "%s", err.why);
        for (size_t i = 0; i < window->len; i++)
            put_entry(window, i, want, &text);
    } while (!window->is_last);
    return buf_take(&text);
}

static void put_lineages(struct fixture *fixture, const char *text)
{
    AUTO(list_clear) struct list lineages = fixture_words(text);

    for (size_t i = 0; i < lineages.len; i++) {
        char *days = strchr(lineages.at[i], '=');

        *days++ = '\0';
        lineage_free(fixture_lineage(fixture, lineages.at[i], lineages.at[i], strtol(days, NULL, 10) * FIXTURE_DAY));
    }
}

TEST(what_is_listed)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        static const struct setup setup = { .verb = "certificates" };
        AUTO(fixture_clear) struct fixture fixture;

        fixture_open(&fixture, &setup);
        put_lineages(&fixture, rows[i].lineages);
        fixture_set(fixture.settings, rows[i].options, ORIGIN_COMMAND_LINE);
        rows[i].damage();
        for (int turn = 0; turn < 2; turn++) { /* what was verified is remembered, and says the same */
            AUTO(free) char *got = list(&fixture, rows[i].want);

            CHECK_TEXT(got, rows[i].want, rows[i].name);
        }
        CHECK_INT(fixture.ca.requests[CA_THE_DIRECTORY], 0, "the CA is not asked");
    }
}

TEST_MAIN()
