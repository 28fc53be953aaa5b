/*
 * Versions that are newer than what is live, and of no use: nobody makes them live by himself.
 */
#include "disk/version_dir.h"
#include "health/test_others.h"
#include "health/world.h"
#include "store/fixture.h"
#include "store/lineage_conf.h"
#include "store/lineage_create.h"
#include "store/lineage_waiting.h"

static const struct {
    const char *name;
    const char *cert, *key, *issuer;
    const char *live_elsewhere; /* another lineage has it live */
    bool ordered;               /* a recorded order has its key */
    const char *objection;      /* in its words; NULL: it becomes live */
    const char *serial;         /* what counts then */
} cases[] = {
    { "the next one", pem_b, key_b, pem_ca, NULL, false, NULL, SERIAL_B },
    { "expired", pem_expired, key_c, pem_third_ca, NULL, false, "it has expired, and what is live is valid", SERIAL_A },
    { "other names", pem_foreign, key_c, pem_third_ca, NULL, false, "it is for other names: other.test", SERIAL_A },
    { "other names, as they were ordered", pem_foreign, key_c, pem_third_ca, NULL, true, NULL, "1a04" },
    { "of another lineage", pem_b, key_b, pem_ca, "b", false, "it is the certificate of b", SERIAL_A },
    { "another key", pem_b, key_c, pem_ca, NULL, false, "its files do not belong together", SERIAL_A },
    { "another issuer", pem_b, key_b, pem_third_ca, NULL, false, "its files do not belong together", SERIAL_A },
    { "empty", "", "", "", NULL, false, "its certificate cannot be read", SERIAL_A },
};

static struct issued issued_for(size_t i)
{
    static char fullchain[8192];

    (void)snprintf(fullchain, sizeof fullchain, "%s%s", cases[i].cert, cases[i].issuer);
    return (struct issued){ .cert = view_of(cases[i].cert),
        .chain = view_of(cases[i].issuer),
        .fullchain = view_of(fullchain),
        .privkey = view_of(cases[i].key) };
}

/* Whole as far as file names go, and newer than what is live. */
static void put_waiting(size_t i, bool versioned)
{
    struct issued issued = issued_for(i);
    AUTO(cert_free) struct cert *cert = NULL;
    AUTO(free) char *id = NULL;
    struct error err = { 0 };

    if (!versioned) {
        for (int kind = 0; kind < KIND_COUNT; kind++)
            write_text(at("archive/a/%s2.pem", kind_name((enum kind)kind)), issued_part(&issued, (enum kind)kind).at);
        return;
    }
    REQUIRE(cert_from_pem(issued.cert, "the case", &cert, &err), "%s", err.why);
    id = version_id(cert);
    REQUIRE(mkdir(at("archive/a/%s.next", id), 0700) == 0, "mkdir");
    for (int kind = 0; kind < KIND_COUNT; kind++)
        write_text(
            at("archive/a/%s.next/%s.pem", id, kind_name((enum kind)kind)), issued_part(&issued, (enum kind)kind).at);
}

static void make_other(struct store *store, const struct settings *settings, size_t i)
{
    AUTO(lineage_free) struct lineage *other = NULL;
    struct issued issued = issued_for(i);
    struct error err = { 0 };

    if (cases[i].live_elsewhere != NULL)
        REQUIRE(lineage_create(store, cases[i].live_elsewhere, &issued, settings, &other, &err), "%s", err.why);
    if (!cases[i].ordered)
        return;
    REQUIRE(mkdir(at("pending"), 0700) == 0 && mkdir(at("pending/a"), 0700) == 0, "mkdir");
    write_text(at("pending/a/privkey.pem"), cases[i].key);
}

static void check_live(struct store *store, const char *serial, const char *name)
{
    AUTO(cert_free) struct cert *live = NULL;
    AUTO(free) char *pem = read_text(at("live/a/cert.pem"));
    struct error err = { 0 };

    (void)store;
    REQUIRE(pem != NULL && cert_from_pem(view_of(pem), "live", &live, &err), "%s: %s", name, err.why);
    CHECK_TEXT(live->serial, serial, name);
}

static void run_case(size_t i, const char *layout)
{
    AUTO(settings_free) struct settings *settings = settings_of(layout);
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(lineage_free) struct lineage *lineage = NULL, *found = NULL;
    AUTO(findings_clear) struct findings findings = { 0 };
    AUTO(free) char *name = xprintf("%s (%s)", cases[i].name, layout), *objection = NULL;
    struct error err = { 0 };

    make_lineage(store, settings, "a");
    make_other(store, settings, i);
    put_waiting(i, strcmp(layout, "versioned") == 0);
    REQUIRE(lineage_load(store, "a", &lineage, &err), "%s: %s", name, err.why);
    CHECK_TEXT(lineage->cert->serial, cases[i].serial, name);
    CHECK(lineage->pending_deployment == (cases[i].objection == NULL), "%s", name);

    REQUIRE(lineage_open(store, "a", &found, &err) && found->layout->find(found, &err), "%s: %s", name, err.why);
    objection = lineage_objection(store, found);
    CHECK(cases[i].objection == NULL ? objection == NULL
                                     : objection != NULL && strstr(objection, cases[i].objection) != NULL,
        "%s: %s", name, objection);

    REQUIRE(health_examine(store, settings, NULL, HEALTH_FIX, &findings, &err), "%s: %s", name, err.why);
    CHECK((findings_open(&findings) == 0) == (cases[i].objection == NULL), "%s: %zu remain", name,
        findings_open(&findings));
    check_live(store, cases[i].serial, name);
    test_drop_dir();
}

TEST(what_waits)
{
    for (size_t i = 0; i < COUNT(cases); i++)
        OVER_LAYOUTS(layout)
    if (cases[i].cert[0] != '\0' || strcmp(*layout, "certbot") == 0) /* a directory is called by what is in it */
        run_case(i, *layout);
}

/* The next one takes its place; nothing of it is lost. */
TEST(a_renewal_comes_after_it)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(settings_free) struct settings *settings = settings_of(*layout);
        AUTO(store_close) struct store *store = store_here(settings);
        AUTO(lineage_free) struct lineage *lineage = NULL;
        struct issued issued = issued_of('b');
        struct error err = { 0 };

        make_lineage(store, settings, "a");
        put_waiting(1, strcmp(*layout, "versioned") == 0);
        REQUIRE(lineage_load(store, "a", &lineage, &err), "%s: %s", *layout, err.why);
        REQUIRE(lineage_add_version(store, lineage, &issued, settings, &err), "%s: %s", *layout, err.why);
        CHECK(!lineage->pending_deployment, "%s", *layout);
        check_live(store, SERIAL_B, *layout);
        test_drop_dir();
    }
}

/* When what is live has expired, too, the newer of the two is no worse. */
TEST(nothing_valid_to_lose)
{
    AUTO(settings_free) struct settings *settings = settings_of("certbot");
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct error err = { 0 };

    make_lineage(store, settings, "a");
    put_waiting(1, false);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *text = read_text(at("archive/a/%s2.pem", kind_name((enum kind)kind)));

        write_text(at("archive/a/%s1.pem", kind_name((enum kind)kind)), text);
    }
    REQUIRE(lineage_load(store, "a", &lineage, &err), "%s", err.why);
    CHECK(lineage->pending_deployment, "becomes live");
}

TEST_MAIN()
