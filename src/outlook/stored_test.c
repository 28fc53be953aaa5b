/* Tests which certificates of a store are known: what lies there in either layout, whole or not. */
#include "outlook/stored.h"

#include <errno.h>

#include "base/test_files.h"
#include "issuer.h"

#define DAY 86400
#define NOW 1800000000

static struct cert *make(const char *names, int64_t from_days, struct buf *pem)
{
    const struct certificate_order order = {
        .names = names, .from = NOW + from_days * DAY, .to = NOW + (from_days + 90) * DAY
    };
    struct cert *cert;
    struct error err = { 0 };

    issuer_sign(&order, pem);
    REQUIRE(cert_from_pem(buf_view(pem), "made", &cert, &err), "%s", err.why);
    return cert;
}

/* Puts a new certificate there, making the directories. */
static struct cert *put(const char *path, const char *names, int64_t from_days)
{
    AUTO(buf_clear) struct buf pem = BUF(FILE_MAX_TEXT);
    AUTO(free) char *dir = file_dirname(path);
    struct cert *cert = make(names, from_days, &pem);
    struct error err = { 0 };

    REQUIRE(file_mkdirs(dir, 0700, &err) && file_create(path, buf_view(&pem), FILE_PUBLIC, &err), "%s", err.why);
    return cert;
}

static void read_store(struct stored *known, bool other)
{
    struct error err = { 0 };

    REQUIRE(stored_add_store(known, at("."), other, &err), "%s: %s", err.what, err.why);
    stored_end(known);
}

TEST(every_version_of_both_layouts)
{
    static const char *const paths[] = { "archive/a/cert1.pem", "archive/a/cert12.pem", "archive/a/previous_cert.pem",
        "archive/b/20270101T000000Z-04ab/cert.pem", "archive/b/20270201T000000Z-04ac.next/cert.pem",
        "archive/b/.20270301T000000Z-04ad.new/cert.pem", "live/b/cert.pem", "archive/deleted/cert3.pem" };
    AUTO(stored_clear) struct stored known = { 0 };
    struct cert *certs[COUNT(paths)];

    for (size_t i = 0; i < COUNT(paths); i++)
        certs[i] = put(at("%s", paths[i]), "DNS:a.test", (int64_t)i);
    write_text(at("archive/a/privkey1.pem"), "no certificate");
    write_text(at("archive/a/cert13.pem"), "half");
    write_text(at("archive/README"), "text");
    read_store(&known, false);
    CHECK_INT(known.len, COUNT(paths), "all of them, and nothing else");
    for (size_t i = 0; i < COUNT(paths); i++) {
        const struct stored_cert *found = stored_find(&known, certs[i]->serial, ISSUER_NAME);

        REQUIRE(found != NULL, "%s", paths[i]);
        CHECK(found->live == (strncmp(paths[i], "live", 4) == 0), "%s", paths[i]);
        CHECK(found->names.len == (found->live ? 1 : 0), "%s", paths[i]);
        CHECK(stored_find(&known, certs[i]->serial, "Another CA") == NULL, "%s: an issuer of another name", paths[i]);
        cert_free(certs[i]);
    }
    CHECK(stored_find(&known, "123456", ISSUER_NAME) == NULL, "another serial number");
}

TEST(a_link_is_the_certificate_once)
{
    AUTO(stored_clear) struct stored known = { 0 };
    AUTO(cert_free) struct cert *cert = put(at("archive/a/cert1.pem"), "DNS:a.test,DNS:b.test", 0);
    AUTO(free) char *padded = xprintf("000%s", cert->serial);
    const struct stored_cert *live;
    struct error err = { 0 };

    REQUIRE(file_mkdirs(at("live/a"), 0700, &err), "%s", err.why);
    REQUIRE(symlink("../../archive/a/cert1.pem", at("live/a/cert.pem")) == 0, "link");
    REQUIRE(symlink("../../archive/a/cert9.pem", at("live/a/mycert.pem")) == 0, "link that leads nowhere");
    read_store(&known, false);
    CHECK_INT(known.len, 1, "one certificate");
    live = stored_live(&known, "a");
    REQUIRE(live != NULL && live == stored_find(&known, padded, ISSUER_NAME), "live, zeros before its number or not");
    CHECK_INT(live->names.len, 2, "its names");
    CHECK(stored_live(&known, "b") == NULL, "no such lineage");
}

TEST(the_very_certificate_or_its_key)
{
    AUTO(stored_clear) struct stored known = { 0 };
    AUTO(cert_free) struct cert *old = put(at("archive/a/cert1.pem"), "DNS:a.test", 0);
    AUTO(cert_free) struct cert *live = put(at("live/a/cert.pem"), "DNS:a.test", 60);
    AUTO(buf_clear) struct buf pem = BUF(FILE_MAX_TEXT);
    AUTO(cert_free) struct cert *stranger = make("DNS:a.test", 60, &pem);
    bool same_key = true;

    read_store(&known, false);
    CHECK(stored_find_cert(&known, old, &same_key) != NULL && !same_key, "superseded");
    CHECK(stored_find_cert(&known, live, &same_key) == stored_live(&known, "a") && !same_key, "live");
    CHECK(stored_find_cert(&known, stranger, &same_key) == NULL && !same_key, "a stranger's");
    free(known.at[0].cert);
    known.at[0].cert = xstrdup("another certificate");
    known.at[0].live = true;
    CHECK(stored_find_cert(&known, strcmp(known.at[0].serial, live->serial) == 0 ? live : old, &same_key) ==
                  &known.at[0] &&
              same_key,
        "another certificate for its key");
}

TEST(stores_of_others)
{
    AUTO(stored_clear) struct stored known = { 0 };
    struct error err = { 0 };

    cert_free(put(at("live/a/cert.pem"), "DNS:a.test", 0));
    read_store(&known, true);
    REQUIRE(known.len == 1, "%zu", known.len);
    CHECK(known.at[0].other && known.at[0].names.len == 0 && stored_live(&known, "a") == NULL, "not our own");
    CHECK(!stored_add_store(&known, at("archive"), true, &err) && err.kind == ERROR_STORE, "no store");
    CHECK(stored_add_store(&known, at("nowhere"), false, &err), "our own may be empty: %s", err.why);
    read_store(&known, false);
    CHECK_INT(known.len, 1, "the same certificate in both");
    CHECK(!known.at[0].other, "is our own");
}

TEST(what_may_not_be_read_is_no_absence)
{
    AUTO(stored_clear) struct stored known = { 0 };
    struct error err = { 0 };
    bool is_root = geteuid() == 0, ok;

    cert_free(put(at("archive/a/cert1.pem"), "DNS:a.test", 0));
    REQUIRE(chmod(at("archive"), is_root ? 0700 : 0) == 0 && (!is_root || seteuid(65534) == 0), "close it");
    ok = stored_add_store(&known, at("."), false, &err);
    REQUIRE((!is_root || seteuid(0) == 0) && chmod(at("archive"), 0700) == 0, "open it");
    CHECK(!ok && err.sys == EACCES, "%s", err.why);
}

TEST_MAIN()
