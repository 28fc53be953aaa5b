#include <errno.h>

#include "base/clock.h"
#include "store/fixture.h"
#include "store/lineage_conf.h"
#include "store/lineage_verify.h"

/* ---- loading ---- */

/* Each breaks a whole lineage "a" in one way. */
static void drop_key(void)
{
    write_text(at("renewal/a.conf"), "cert = /x/cert.pem\nchain = /x/chain.pem\nfullchain = /x/f.pem\n");
}

static void empty_conf(void)
{
    write_text(at("renewal/a.conf"), "");
}

static void bad_conf(void)
{
    write_text(at("renewal/a.conf"), "cert\n");
}

static void no_conf(void)
{
    (void)unlink(at("renewal/a.conf"));
}

static void no_link(void)
{
    (void)unlink(at("live/a/chain.pem"));
}

static void file_for_link(void)
{
    (void)unlink(at("live/a/cert.pem"));
    write_text(at("live/a/cert.pem"), pem_a);
}

static void no_target(void)
{
    (void)unlink(at("archive/a/privkey1.pem"));
}

static void odd_target(void)
{
    write_text(at("archive/a/mine.pem"), pem_a);
    (void)unlink(at("live/a/cert.pem"));
    (void)!symlink("../../archive/a/mine.pem", at("live/a/cert.pem"));
}

static void no_whole_version(void)
{
    (void)rename(at("archive/a/cert1.pem"), at("archive/a/cert2.pem"));
    (void)unlink(at("live/a/cert.pem"));
    (void)!symlink("../../archive/a/cert2.pem", at("live/a/cert.pem"));
}

static void bad_cert(void)
{
    write_text(at("archive/a/cert1.pem"), "-----BEGIN NOTHING-----\n");
}

static void no_archive(void)
{
    struct error err = { 0 };

    if (!file_remove_tree(at("archive/a"), &err))
        fail_msg("%s", err.why);
}

static const struct {
    const char *name;
    void (*damage)(void);
    enum error_kind kind;
    const char *what, *why; /* parts of them */
} broken[] = {
    { "no file", no_conf, ERROR_CONFIG, "", "No certificate found with name a (expected " },
    { "unparsable", bad_conf, ERROR_CONFIG, "error parsing ", "a.conf" },
    { "empty", empty_conf, ERROR_STORE, "", "is missing a required file reference: cert" },
    { "one path missing", drop_key, ERROR_STORE, "", "is missing a required file reference: privkey" },
    { "link missing", no_link, ERROR_STORE, "", "live/a/chain.pem to be a symlink" },
    { "file instead of link", file_for_link, ERROR_STORE, "", "live/a/cert.pem to be a symlink" },
    { "target missing", no_target, ERROR_STORE, "", "live/a/privkey.pem does not exist" },
    { "archive missing", no_archive, ERROR_STORE, "", "live/a/cert.pem does not exist" },
    { "target of another name", odd_target, ERROR_STORE, "", "does not have the name of a version" },
    { "no version is whole", no_whole_version, ERROR_STORE, "", "no version of a in " },
    { "not a certificate", bad_cert, ERROR_STORE, "", "archive/a/cert1.pem is no certificate: " },
};

TEST(broken_lineages)
{
    for (size_t i = 0; i < COUNT(broken); i++) {
        AUTO(settings_free) struct settings *settings = settings_here();
        AUTO(store_close) struct store *store = store_here(settings);
        AUTO(lineage_free) struct lineage *lineage = NULL;
        struct error err = { 0 };

        make_lineage(store, settings, "a");
        broken[i].damage();
        CHECK(!lineage_load(store, "a", &lineage, &err), "%s", broken[i].name);
        CHECK_INT(err.kind, broken[i].kind, broken[i].name);
        CHECK(strstr(err.what, broken[i].what), "%s: %s", broken[i].name, err.what);
        CHECK(strstr(err.why, broken[i].why), "%s: %s", broken[i].name, err.why);
        CHECK(lineage == NULL, "%s", broken[i].name);
        test_drop_dir();
    }
}

TEST(load)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(buf_clear) struct buf key = BUF(FILE_MAX_TEXT);
    struct error err = { 0 };

    make_lineage(store, settings, "a");
    REQUIRE(lineage_load(store, "a", &lineage, &err), "%s", err.why);
    CHECK_TEXT(lineage->name, "a", "name");
    CHECK_TEXT(lineage->conf_path, at("renewal/a.conf"), "conf");
    CHECK_TEXT(lineage->live_dir, at("live/a"), "live");
    CHECK_TEXT(lineage->archive_dir, at("archive/a"), "archive");
    CHECK_TEXT(lineage->live[KIND_FULLCHAIN], at("live/a/fullchain.pem"), "fullchain");
    CHECK_TEXT(lineage->current[KIND_PRIVKEY], at("archive/a/privkey1.pem"), "key");
    CHECK_TEXT(lineage->cert->serial, SERIAL_A, "serial");
    CHECK_TEXT(lineage->version, "1", "version");
    CHECK(!lineage->pending_deployment);
    CHECK(lineage_verify(lineage, &err), "%s: %s", err.what, err.why);
    CHECK(lineage_read_key(lineage, &key, &err), "%s", err.why);
    CHECK(key.secret);
    CHECK_TEXT(buf_text(&key), key_a, "key");
}

/* ---- verifying ---- */

static const struct {
    const char *name, *file, *content, *what, *why;
} mismatches[] = {
    { "chain of another issuer", "chain1", pem_other_ca, "verifying the signature of the certificate located at", "" },
    { "chain is empty", "chain1", "", "", "fullchain does not match cert + chain for a!" },
    { "fullchain is the leaf alone", "fullchain1", pem_a, "", "fullchain does not match cert + chain for a!" },
    { "fullchain is empty", "fullchain1", "", "", "fullchain does not match cert + chain for a!" },
    { "key of another certificate", "privkey1", key_b, "matches the private key located at", "" },
    { "no key", "privkey1", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "matches the private key",
        "" },
};

/* Of a CA that sends no issuer. */
TEST(the_leaf_alone)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct error err = { 0 };

    make_lineage(store, settings, "a");
    write_text(at("archive/a/chain1.pem"), "");
    write_text(at("archive/a/fullchain1.pem"), pem_a);
    REQUIRE(lineage_load(store, "a", &lineage, &err), "%s", err.why);
    CHECK(lineage_verify(lineage, &err), "%s: %s", err.what, err.why);
}

TEST(mismatches)
{
    for (size_t i = 0; i < COUNT(mismatches); i++) {
        AUTO(settings_free) struct settings *settings = settings_here();
        AUTO(store_close) struct store *store = store_here(settings);
        AUTO(lineage_free) struct lineage *lineage = NULL;
        struct error err = { 0 };

        make_lineage(store, settings, "a");
        write_text(at("archive/a/%s.pem", mismatches[i].file), mismatches[i].content);
        REQUIRE(lineage_load(store, "a", &lineage, &err), "%s: %s", mismatches[i].name, err.why);
        CHECK(!lineage_verify(lineage, &err), "%s", mismatches[i].name);
        CHECK_INT(err.kind, ERROR_STORE, mismatches[i].name);
        CHECK(strstr(err.what, mismatches[i].what), "%s: %s", mismatches[i].name, err.what);
        CHECK(strstr(err.why, mismatches[i].why), "%s: %s", mismatches[i].name, err.why);
        test_drop_dir();
    }
}

/* ---- deployments ---- */

/* Puts version 2 (certificate b) into the archive of lineage a; the links stay. */
static void put_version_2(void)
{
    struct issued issued = issued_of('b');

    write_text(at("archive/a/cert2.pem"), issued.cert.at);
    write_text(at("archive/a/privkey2.pem"), issued.privkey.at);
    write_text(at("archive/a/chain2.pem"), issued.chain.at);
    write_text(at("archive/a/fullchain2.pem"), issued.fullchain.at);
}

TEST(pending_deployment)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(free) char *names = NULL;
    struct error err = { 0 };

    make_lineage(store, settings, "a");
    put_version_2();
    REQUIRE(lineage_load(store, "a", &lineage, &err), "%s", err.why);
    CHECK(lineage->pending_deployment);
    CHECK_TEXT(lineage->version, "2", "the newest counts");
    CHECK_TEXT(lineage->cert->serial, SERIAL_B, "serial");
    REQUIRE(lineage_fix_deployment(lineage, &err), "%s", err.why);
    CHECK(!lineage->pending_deployment);
    CHECK_TEXT(link_text(at("live/a/privkey.pem")), "../../archive/a/privkey2.pem", "stays relative");
    names = names_in(at("live/a"));
    CHECK_TEXT(names, "README cert.pem chain.pem fullchain.pem privkey.pem", "nothing else is left");
}

TEST(absolute_links_stay_absolute)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct error err = { 0 };

    make_lineage(store, settings, "a");
    put_version_2();
    REQUIRE(unlink(at("live/a/cert.pem")) == 0);
    REQUIRE(symlink(at("archive/a/cert1.pem"), at("live/a/cert.pem")) == 0);
    REQUIRE(lineage_load(store, "a", &lineage, &err), "%s", err.why);
    REQUIRE(lineage_fix_deployment(lineage, &err), "%s", err.why);
    CHECK_TEXT(link_text(at("live/a/cert.pem")), at("archive/a/cert2.pem"), "absolute");
    CHECK_TEXT(link_text(at("live/a/chain.pem")), "../../archive/a/chain2.pem", "relative");
}

static const char *const kinds[] = { "cert", "privkey", "chain", "fullchain" };

static void link_to(const char *text, const char *path)
{
    (void)unlink(path);
    if (symlink(text, path) != 0)
        fail_msg("%s", path);
}

/*
 * A switch from version 1 to 2 that was killed: previous links [from, to) are there, the first `switched`
 * links are new, and the next is missing (Certbot takes it away first) or not.
 */
static const struct {
    const char *name;
    int from, to, switched;
    bool missing, loads;
    unsigned live; /* what is live after loading */
} kills[] = {
    { "before all previous links were there", 0, 2, 0, false, true, 1 },
    { "all previous links, no other", 0, 4, 0, false, true, 1 },
    { "one link switched", 0, 4, 1, false, true, 1 },
    { "one link switched, one taken away", 0, 4, 1, true, true, 1 },
    { "three switched", 0, 4, 3, false, true, 1 },
    { "all switched", 0, 4, 4, false, true, 1 },
    { "previous links being removed", 1, 4, 4, false, true, 2 },
    { "last previous link being removed", 3, 4, 4, false, true, 2 },
};

TEST(interrupted_switches)
{
    for (size_t i = 0; i < COUNT(kills); i++) {
        AUTO(settings_free) struct settings *settings = settings_here();
        AUTO(store_close) struct store *store = store_here(settings);
        AUTO(lineage_free) struct lineage *lineage = NULL;
        struct error err = { 0 };

        make_lineage(store, settings, "a");
        put_version_2();
        for (int kind = kills[i].from; kind < kills[i].to; kind++)
            link_to(at("archive/a/%s1.pem", kinds[kind]), at("live/a/previous_%s.pem", kinds[kind]));
        for (int kind = 0; kind < kills[i].switched; kind++) {
            AUTO(free) char *text = xprintf("../../archive/a/%s2.pem", kinds[kind]);

            link_to(text, at("live/a/%s.pem", kinds[kind]));
        }
        if (kills[i].missing)
            (void)unlink(at("live/a/%s.pem", kinds[kills[i].switched]));
        CHECK(lineage_load(store, "a", &lineage, &err) == kills[i].loads, "%s: %s", kills[i].name, err.why);
        for (int kind = 0; kind < 4; kind++) {
            AUTO(free) char *live = realpath(at("live/a/%s.pem", kinds[kind]), NULL);
            AUTO(free) char *want = realpath(at("archive/a/%s%u.pem", kinds[kind], kills[i].live), NULL);

            CHECK_TEXT(live, want, kills[i].name);
        }
        REQUIRE(lineage != NULL && lineage_fix_deployment(lineage, &err), "%s: %s", kills[i].name, err.why);
        for (int kind = 0; kind < 4; kind++) {
            CHECK(!file_is_link(at("live/a/previous_%s.pem", kinds[kind])), "%s: %s", kills[i].name, kinds[kind]);
            CHECK(strstr(link_text(at("live/a/%s.pem", kinds[kind])), "2.pem"), "%s: %s", kills[i].name, kinds[kind]);
        }
        test_drop_dir();
    }
}

/* Previous links to what is no longer there tell nothing. */
TEST(previous_links_to_nowhere)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(free) char *names = NULL;
    struct error err = { 0 };

    make_lineage(store, settings, "a");
    for (int kind = 0; kind < 4; kind++)
        link_to("/nowhere/cert1.pem", at("live/a/previous_%s.pem", kinds[kind]));
    CHECK(lineage_load(store, "a", &lineage, &err), "%s", err.why);
    names = names_in(at("live/a"));
    CHECK_TEXT(names, "README cert.pem chain.pem fullchain.pem privkey.pem", "removed");
}

/* ---- renewal files ---- */

TEST(renewal_information)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(lineage_free) struct lineage *again = NULL;
    const struct renewal_memory kept = { 1795314549, 1795400000, 1795300000 };
    struct renewal_memory memory = { -1, -1, -1 };
    struct error err = { 0 };

    make_lineage(store, settings, "a");
    REQUIRE(chmod(at("renewal/a.conf"), 0600) == 0);
    REQUIRE(lineage_load(store, "a", &lineage, &err), "%s", err.why);
    CHECK(lineage_renewal_info(lineage, &memory, &err) && memory.retry_at == 0 && memory.instant == 0);
    REQUIRE(lineage_save_renewal_info(lineage, &kept, &err), "%s", err.why);
    REQUIRE(lineage_load(store, "a", &again, &err), "%s", err.why);
    REQUIRE(lineage_renewal_info(again, &memory, &err), "%s", err.why);
    CHECK_INT(memory.retry_at, kept.retry_at, "retry");
    CHECK_INT(memory.instant, kept.instant, "instant");
    CHECK_INT(memory.said_at, kept.said_at, "said");
    CHECK_INT(mode_of(at("renewal/a.conf")), 0600, "mode is kept");
    REQUIRE(lineage_save_renewal_info(again, &(struct renewal_memory){ 0 }, &err), "%s", err.why);
    CHECK(conf_get(again->conf, "acme_renewal_info", "ari_retry_after") == NULL);
    CHECK(conf_get(again->conf, "acme_renewal_info", "evercert_renew_of") == NULL);

    conf_set(again->conf, "acme_renewal_info", "ari_retry_after", "tomorrow");
    memory.retry_at = 7;
    CHECK(!lineage_renewal_info(again, &memory, &err));
    CHECK_INT(err.kind, ERROR_CONFIG, "kind");
    CHECK(strstr(err.why, "tomorrow"), "%s", err.why);
    CHECK_INT(memory.retry_at, 7, "untouched");
}

/* Renewal information saved for one certificate does not apply to another. */
TEST(renewal_information_of_another_certificate)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct renewal_memory memory = { -1, -1, -1 };
    struct error err = { 0 };

    make_lineage(store, settings, "a");
    REQUIRE(lineage_load(store, "a", &lineage, &err), "%s", err.why);
    REQUIRE(lineage_save_renewal_info(lineage, &(struct renewal_memory){ 1795314549, 1795400000, 1795300000 }, &err),
        "%s", err.why);
    conf_set(lineage->conf, "acme_renewal_info", "evercert_renew_of", "1234");
    REQUIRE(lineage_renewal_info(lineage, &memory, &err), "%s", err.why);
    CHECK(memory.retry_at == 0 && memory.instant == 0 && memory.said_at == 0, "another serial number");
    conf_remove(lineage->conf, "acme_renewal_info", "evercert_renew_of");
    REQUIRE(lineage_renewal_info(lineage, &memory, &err), "%s", err.why);
    CHECK(memory.retry_at == 0 && memory.instant == 0, "nobody knows whose");
    conf_remove(lineage->conf, "acme_renewal_info", "evercert_renew_at");
    REQUIRE(lineage_renewal_info(lineage, &memory, &err), "%s", err.why);
    CHECK_INT(memory.retry_at, 1795314549, "Certbot's own line is about the newest");
}

TEST(saving_keeps_what_is_not_ours)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(free) char *before = NULL, *more = NULL, *after = NULL;
    struct error err = { 0 };

    make_lineage(store, settings, "a");
    before = read_text(at("renewal/a.conf"));
    more = xprintf("# mine\nrenew_before_expiry = 20 days\n%s[other]\nx = y\n", before);
    write_text(at("renewal/a.conf"), more);
    REQUIRE(lineage_load(store, "a", &lineage, &err), "%s", err.why);
    xreplace(&settings->authenticator, "webroot");
    REQUIRE(lineage_save_settings(lineage, settings, &err), "%s", err.why);
    after = read_text(at("renewal/a.conf"));
    CHECK(strstr(after, "# mine\nrenew_before_expiry = 20 days\n"), "%s", after);
    CHECK(strstr(after, "[other]\nx = y\n"), "%s", after);
    CHECK(strstr(after, "authenticator = webroot\n"), "%s", after);
    CHECK_TEXT(conf_get(lineage->conf, "renewalparams", "authenticator"), "webroot", "in memory");
}

TEST(server)
{
    CHECK(server_is_staging("https://acme-staging-v02.api.letsencrypt.org/directory"));
    CHECK(server_is_staging("https://ca.test/staging/dir"));
    CHECK(!server_is_staging("https://acme-v02.api.letsencrypt.org/directory"));
}

TEST_MAIN()
