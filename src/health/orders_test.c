/*
 * Recorded orders and deletions that were cut short, as a doctor sees them.
 */
#include "base/clock.h"
#include "crypto/cert.h"
#include "health/world.h"
#include "store/fixture.h"
#include "store/lineage_gone.h"
#include "store/pending.h"

struct record {
    char key;      /* 'a', 'b', 'x': of nothing; '-': none; '?': unreadable */
    char previous; /* 'a', 'b', '-' */
    int age_days;
};

static const char key_x[] = /* of no certificate here */
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgx4C5NaYYed43+5eL\n"
    "kOiAcB9+xiUEFBdMosudB/XmMQShRANCAATneZe2cEY3vG8hMD6/ortOXmz5kvny\n"
    "KanHeJBj/2wj+Hh7ud1nzHluB1Z5FlY9qMup7XrzXji+ck6VthDL2zmZ\n"
    "-----END PRIVATE KEY-----\n";

static void put_record(struct world *world, const char *name, const struct record *record)
{
    AUTO(buf_clear) struct buf digest = BUF(128);
    struct pending pending = {
        .order_url = xstrdup("https://ca.test/order/1"),
        .server = xstrdup("https://ca.test/dir"),
        .account_url = xstrdup("https://ca.test/acct/1"),
        .csr_sha256 = xstrdup("00"),
        .created = clock_now() - record->age_days * 86400L,
        .has_key = record->key != '-',
        .key = BUF_SECRET(4096),
    };
    struct error err = { 0 };

    list_add(&pending.names, "a.example");
    list_add(&pending.names, "www.a.example");
    list_add_all(&pending.requested, &pending.names);
    buf_put_text(&pending.key, record->key == 'a'   ? key_a
                               : record->key == 'b' ? key_b
                               : record->key == 'x' ? key_x
                                                    : "?");
    if (record->previous != '-') {
        AUTO(cert_free) struct cert *cert = NULL;

        REQUIRE(cert_from_pem(view_of(record->previous == 'a' ? pem_a : pem_b), "x", &cert, &err) &&
                    cert_fingerprint(cert, &digest, &err),
            "%s", err.why);
        pending.previous = xstrdup(buf_text(&digest));
    }
    REQUIRE(pending_save(world->store, name, &pending, &err), "%s", err.why);
    pending_clear(&pending);
}

static const char other[] = "b.example";

static const struct {
    const char *name, *of;
    struct record record;
    const char *then; /* commands in the configuration directory */
    const char *found;
    bool kept;        /* after --fix */
    const char *says; /* in an answer */
} orders[] = {
    { "of the newest certificate", NAME, { 'x', 'b', 1 }, "true", "order-waiting", true,
        "the next `certonly` for a.example, www" },
    { "of the newest certificate, at its CA", NAME, { 'x', 'b', 1 },
        "sed -i 's#^server = .*#server = https://ca.test/dir#' renewal/a.example.conf", "order-waiting", true,
        "the next `renew` asks https://ca.test/dir for that certificate" },
    { "with the key of the certificate before", NAME, { '-', 'b', 1 }, "true", "order-waiting", true, "leave it" },
    { "of a certificate that never was", other, { 'x', '-', 6 }, "true", "order-waiting", true,
        "the next `certonly` for a.example" },
    { "of a CSR", ".csr-00", { '-', '-', 1 }, "true", "order-waiting", true, "`certonly --csr` with the same request" },
    { "too old", NAME, { 'x', 'b', 8 }, "true", "order-old!", false, NULL },
    { "too old, and of no certificate", other, { 'x', '-', 8 }, "true", "order-old!", false, NULL },
    { "too old, of a CSR", ".csr-00", { '-', '-', 8 }, "true", "order-old!", false, NULL },
    { "saved", NAME, { 'b', 'a', 1 }, "true", "order-done!", false, NULL },
    { "another came first", NAME, { 'x', 'a', 1 }, "true", "order-superseded", true, "leave it" },
    { "renewal file gone", other, { 'x', 'b', 1 }, "true", "order-without-renewal-file", true,
        "put the renewal file of b.example" },
    { "emptied", NAME, { 'x', 'b', 1 }, ": >pending/a.example/order.txt", "order-damaged!", false, NULL },
    { "hostile", NAME, { 'x', 'b', 1 }, "printf 'order: \\033[2J\\n' >pending/a.example/order.txt", "order-damaged!",
        false, NULL },
    { "without its key", NAME, { 'x', 'b', 1 }, "rm pending/a.example/privkey.pem", "order-damaged!", false, NULL },
    { "with a damaged key", NAME, { '?', 'b', 1 }, "true", "order-damaged!", false, NULL },
    { "a directory where a file should be", NAME, { 'x', 'b', 1 },
        "rm pending/a.example/order.txt; mkdir pending/a.example/order.txt", "order-unreadable", true,
        "make it readable" },
    { "a leftover", NAME, { 'x', 'b', 1 }, "rm pending/a.example/order.txt", "order-leftover!", false, NULL },
    { "an empty leftover", other, { 'x', 'b', 1 }, "rm pending/b.example/*", "order-leftover!", false, NULL },
    { "the only copy of a key", other, { 'b', '-', 8 },
        "mkdir live/b.example archive/b.example && cp live/a.example/*.pem live/b.example && rm "
        "live/b.example/privkey.pem",
        "order-old live-without-renewal-file", true, "it is nowhere else" },
};

TEST(recorded_orders)
{
    for (size_t i = 0; i < 2 * COUNT(orders); i++) {
        AUTO(world_clear) struct world world = world_new(i % 2 == 1);
        AUTO(free) char *name = xprintf("%s (%s)", orders[i / 2].name, world.versioned ? "versioned" : "certbot");
        AUTO(findings_clear) struct findings findings = { 0 };

        put_record(&world, orders[i / 2].of, &orders[i / 2].record);
        shell("%s", orders[i / 2].then);
        check_codes(&world, HEALTH_LOOK, orders[i / 2].found, name);
        findings = examine(&world, HEALTH_FIX);
        CHECK(file_exists(at("pending/%s", orders[i / 2].of)) == orders[i / 2].kept, "%s", name);
        CHECK(orders[i / 2].says == NULL || strstr(findings.at[0].answers.at[0], orders[i / 2].says) != NULL, "%s: %s",
            name, findings.at[0].answers.at[0]);
        check_whole(&world, NAME, SERIAL_B, name);
    }
}

/* A key that was lost, but still is in the record of its order, is put back; then the record is of no more use. */
TEST(a_key_from_a_record)
{
    for (int versioned = 0; versioned < 2; versioned++) {
        AUTO(world_clear) struct world world = world_new(versioned);

        put_record(&world, NAME, &(struct record){ 'b', 'a', 8 });
        shell("rm $(readlink -f live/a.example/privkey.pem)");
        check_codes(&world, HEALTH_FIX, "version-file-missing+ order-old+", "fix");
        check_whole(&world, NAME, SERIAL_B, "then");
        CHECK(!file_exists(at("pending")), "removed");
    }
}

static const char gone[] = "mv renewal/a.example.conf renewal/.a.example.conf.gone";

static const struct {
    const char *name, *then, *found, *repaired;
    bool kept; /* the live files */
} deletions[] = {
    { "nothing removed yet", "true", "deletion-interrupted!", "deletion-interrupted+", false },
    { "half of it", "rm live/a.example/cert.pem", "deletion-interrupted!", "deletion-interrupted+", false },
    { "all but the file", "rm -r live/a.example archive/a.example", "deletion-interrupted!", "deletion-interrupted+",
        false },
    { "put back", "cp renewal/.a.example.conf.gone renewal/a.example.conf", "deletion-interrupted!",
        "deletion-interrupted+", true },
    { "used by another", "cp renewal/.a.example.conf.gone renewal/b.example.conf", NULL, NULL, true },
    { "garbled", "echo [x >renewal/.a.example.conf.gone",
        "deletion-interrupted live-without-renewal-file archive-without-renewal-file", NULL, true },
    { "by no name", "mv renewal/.a.example.conf.gone renewal/.conf.gone; rm -r live/a.example archive/a.example", "",
        NULL, false },
};

TEST(deletions_cut_short)
{
    for (size_t i = 0; i < 2 * COUNT(deletions); i++) {
        AUTO(world_clear) struct world world = world_new(i % 2 == 1);
        AUTO(free) char *name = xprintf("%s (%s)", deletions[i / 2].name, world.versioned ? "versioned" : "certbot");
        AUTO(findings_clear) struct findings findings = { 0 };

        shell("%s && %s", gone, deletions[i / 2].then);
        if (deletions[i / 2].found != NULL)
            check_codes(&world, HEALTH_LOOK, deletions[i / 2].found, name);
        if (deletions[i / 2].repaired != NULL)
            check_codes(&world, HEALTH_FIX, deletions[i / 2].repaired, name);
        else
            findings = examine(&world, HEALTH_FIX);
        CHECK(file_exists(at("live/a.example/privkey.pem")) == deletions[i / 2].kept, "%s", name);
        CHECK(deletions[i / 2].kept || !file_exists(at("archive/a.example")), "%s", name);
        CHECK(deletions[i / 2].repaired == NULL || !file_exists(at("renewal/.a.example.conf.gone")), "%s", name);
    }
}

/* The name of its file is cut where the certificate's is as long as can be; what the file says tells whose it is. */
TEST(a_deletion_with_a_long_name)
{
    AUTO(world_clear) struct world world = world_new(false);
    char name[251];

    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    make_lineage(world.store, world.settings, name);
    {
        AUTO(free) char *to = lineage_gone_path(world.store, name), *from = store_conf_path(world.store, name);

        REQUIRE(rename(from, to) == 0);
    }
    check_codes(&world, HEALTH_FIX, "deletion-interrupted+", "fix");
    CHECK(!file_exists(at("live/%s", name)), "removed");
    check_whole(&world, NAME, SERIAL_B, "then");
}

TEST_MAIN()
