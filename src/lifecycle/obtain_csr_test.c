#include "lifecycle/obtain_csr.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "crypto/csr.h"
#include "fixture.h"

#define ISSUED "new-account new-order finalize cert"

enum given { A_CSR, A_CSR_IN_PEM, NO_FILE, NO_CSR };

struct row {
    const char *name;
    struct setup setup;
    enum given given;
    const char *cert, *chain, *fullchain; /* paths that are given, below the test's directory; NULL: none */
    const char *taken;                    /* a file that is there already */
    const char *no_dir;                   /* a file where a directory would have to be made */
    enum error_kind want;
    const char *why;
    const char *files; /* files that exist afterwards, with blanks between; below the working directory */
    const char *trace, *said;
    bool recorded;
};

static void write_csr(enum given given, struct key *key)
{
    AUTO(free) char *path = test_path("request");
    AUTO(list_clear) struct list names = fixture_words("a.test www.a.test");
    AUTO(identifiers_clear) struct identifiers identifiers = identifiers_typed(&names);
    AUTO(buf_clear) struct buf der = BUF(65536), pem = BUF(65536);
    struct error err = { 0 };

    REQUIRE(csr_make(key, &identifiers, false, &der, &err), "%s", err.why);
    buf_put_text(&pem, "-----BEGIN CERTIFICATE REQUEST-----\n");
    buf_put_base64(&pem, buf_view(&der));
    buf_put_text(&pem, "\n-----END CERTIFICATE REQUEST-----\n");
    if (given == NO_FILE)
        return;
    REQUIRE(file_replace(path,
                given == NO_CSR         ? view_of("hello")
                : given == A_CSR_IN_PEM ? buf_view(&pem)
                                        : buf_view(&der),
                FILE_PUBLIC, &err),
        "%s", err.why);
}

static void put_file(const char *name, const char *text)
{
    AUTO(free) char *path = name == NULL ? NULL : test_path(name);
    struct error err = { 0 };

    if (path != NULL)
        REQUIRE(file_replace(path, view_of(text), FILE_PUBLIC, &err), "%s", err.why);
}

static void set_path(char **setting, struct settings *settings, size_t at, const char *name)
{
    if (name == NULL)
        return;
    free(*setting);
    *setting = test_path(name);
    settings_mark(settings, at, ORIGIN_COMMAND_LINE);
}

/* Files in the working directory other than the store's and the test's. */
static char *files_there(void)
{
    static const char *const known[] = { "conf", "work", "logs", "request" };
    AUTO(list_clear) struct list all = { 0 }, found = { 0 };
    struct error err = { 0 };

    REQUIRE(file_list_dir(".", &all, &err), "%s", err.why);
    for (size_t i = 0; i < all.len; i++) {
        bool is_known = false;

        for (size_t k = 0; k < COUNT(known); k++)
            is_known = is_known || strcmp(all.at[i], known[k]) == 0;
        if (!is_known)
            list_add(&found, all.at[i]);
    }
    list_sort(&found);
    return list_join(&found, " ");
}

static void use_paths(const struct row *row, struct fixture *fixture)
{
    struct settings *settings = fixture->settings;

    free(settings->csr_path);
    settings->csr_path = test_path("request");
    set_path(&settings->cert_path, settings, offsetof(struct settings, cert_path), row->cert);
    set_path(&settings->chain_path, settings, offsetof(struct settings, chain_path), row->chain);
    set_path(&settings->fullchain_path, settings, offsetof(struct settings, fullchain_path), row->fullchain);
}

static void check_cert(const struct row *row, const struct csr_result *result, const struct key *key)
{
    AUTO(buf_clear) struct buf pem = BUF(65536);
    AUTO(cert_free) struct cert *cert = NULL;
    struct error err = { 0 };

    REQUIRE(file_read(result->cert_path, &pem, &err) && cert_from_pem(buf_view(&pem), "cert", &cert, &err), "%s: %s",
        row->name, err.why);
    CHECK(cert_matches_key(cert, key) && cert->not_after == result->not_after, "%s", row->name);
}

static void check_row(const struct row *row)
{
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(csr_result_clear) struct csr_result result = { 0 };
    AUTO(key_free) struct key *key = NULL;
    AUTO(free) char *files = NULL, *trace = NULL, *pending = test_path("conf/pending");
    struct error err = { 0 };
    bool ok;

    fixture_open(&fixture, &row->setup);
    if (row->setup.ca.valid == NULL)
        fixture.ca.ways.valid = "all";
    REQUIRE(chdir(test_dir()) == 0);
    REQUIRE(key_generate((struct key_params){ .type = KEY_EC, .curve = "secp256r1" }, &key, &err), "%s", err.why);
    write_csr(row->given, key);
    put_file(row->taken, "mine");
    put_file(row->no_dir, "");
    use_paths(row, &fixture);
    ok = obtain_for_csr(&fixture.context, &result, &err);
    CHECK(ok == (row->want == ERROR_NONE) && err.kind == row->want, "%s: %s: %s: %s", row->name,
        error_kind_name(err.kind), err.what, err.why);
    CHECK(row->why == NULL || strstr(err.why, row->why) != NULL || strstr(err.next, row->why) != NULL, "%s: %s / %s",
        row->name, err.why, err.next);
    if (ok && !fixture.settings->dry_run)
        check_cert(row, &result, key);
    files = files_there();
    CHECK_TEXT(files, row->files == NULL ? "" : row->files, row->name);
    trace = acme_ca_trace(&fixture.ca);
    CHECK(row->trace == NULL || strcmp(trace, row->trace) == 0, "%s: %s", row->name, trace);
    CHECK(row->said == NULL || fixture_has_said(&fixture, row->said), "%s: %s", row->name, buf_text(&fixture.said));
    CHECK(file_exists(pending) == row->recorded, "%s: its record", row->name);
    REQUIRE(chdir("/") == 0);
}

#define CHECK_ROWS(rows)                                                                                               \
    for (size_t i = 0; i < COUNT(rows); i++)                                                                           \
    check_row(&rows[i])

TEST(a_request_of_the_users_is_granted)
{
    static const struct row rows[] = {
        { .name = "into the working directory",
            .files = "0000_cert.pem 0000_chain.pem 0001_chain.pem",
            .trace = ISSUED },
        { .name = "in PEM", .given = A_CSR_IN_PEM, .files = "0000_cert.pem 0000_chain.pem 0001_chain.pem" },
        { .name = "the first numbers are taken",
            .taken = "0000_cert.pem",
            .files = "0000_cert.pem 0000_chain.pem 0001_cert.pem 0001_chain.pem" },
        { .name = "to where the user wants them",
            .cert = "c.pem",
            .chain = "i.pem",
            .fullchain = "new/f.pem",
            .files = "c.pem i.pem new" },
        { .name = "with -d of a name that it has",
            .setup.options = "domains=a.test",
            .files = "0000_cert.pem 0000_chain.pem 0001_chain.pem" },
        { .name = "a dry run",
            .setup.options = "dry-run server=" CA_DIRECTORY,
            .said = "Simulating a certificate request" },
        { .name = "a dry run looks at no folder",
            .setup.options = "dry-run server=" CA_DIRECTORY,
            .cert = "new/c.pem" },
        { .name = "a dry run that cannot clean up",
            .setup = { .options = "dry-run server=" CA_DIRECTORY, .ca.valid = "", .plugin.cleanup_fails = true },
            .recorded = true },
    };

    CHECK_ROWS(rows);
}

TEST(what_would_fail_afterwards_is_said_before)
{
    static const struct row rows[] = {
        { .name = "no file", .given = NO_FILE, .want = ERROR_STORE, .trace = "" },
        { .name = "no request", .given = NO_CSR, .want = ERROR_CONFIG, .why = "Failed to parse CSR file", .trace = "" },
        { .name = "with -d of a name that it has not",
            .setup.options = "domains=b.test",
            .want = ERROR_CONFIG,
            .why =
                "Inconsistent requests:\nFrom the CSR: a.test, www.a.test\nFrom command line/config: b.test, a.test, "
                "www.a.test",
            .trace = "" },
        { .name = "the file is there already",
            .cert = "c.pem",
            .taken = "c.pem",
            .want = ERROR_STORE,
            .why = "File exists",
            .files = "c.pem",
            .trace = "" },
        { .name = "two are the same file",
            .cert = "c.pem",
            .chain = "c.pem",
            .want = ERROR_STORE,
            .why = "File exists",
            .trace = "" },
        { .name = "a file is in the way",
            .cert = "there/c.pem",
            .no_dir = "there",
            .want = ERROR_STORE,
            .files = "there",
            .trace = "" },
    };

    CHECK_ROWS(rows);
}

static void put_in_the_way(struct fixture *fixture __attribute__((unused)))
{
    put_file("c.pem", "mine");
}

TEST(what_was_issued_is_not_lost)
{
    static const struct row rows[] = {
        { .name = "the CA refuses",
            .setup.ca.faults = { { CA_FINALIZE, .status = 400, .problem = "badCSR" } },
            .want = ERROR_ACME },
        { .name = "it cannot be fetched now",
            .setup.ca.faults = { { CA_CERTIFICATE } },
            .want = ERROR_NETWORK,
            .why = "the next run fetches the certificate",
            .recorded = true },
    };

    CHECK_ROWS(rows);
}

/* A file that appears between check and saving: the others are saved, and that one elsewhere. */
TEST(a_file_that_comes_in_between)
{
    static const struct setup setup = { .ca.valid = "all" };
    static const struct row row = { .cert = "c.pem", .chain = "i.pem", .fullchain = "f.pem" };
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(csr_result_clear) struct csr_result result = { 0 };
    AUTO(key_free) struct key *key = NULL;
    AUTO(free) char *files = NULL;
    AUTO(buf_clear) struct buf mine = BUF(64);
    struct error err = { 0 };

    fixture_open(&fixture, &setup);
    REQUIRE(chdir(test_dir()) == 0);
    REQUIRE(key_generate((struct key_params){ .type = KEY_EC, .curve = "secp256r1" }, &key, &err), "%s", err.why);
    write_csr(A_CSR, key);
    use_paths(&row, &fixture);
    fixture.cue = "Requesting a certificate";
    fixture.on_cue = put_in_the_way;
    CHECK(!obtain_for_csr(&fixture.context, &result, &err) && err.kind == ERROR_STORE, "%s", err.why);
    files = files_there();
    CHECK_TEXT(files, "0000_cert.pem c.pem f.pem i.pem", "files");
    CHECK(file_read("c.pem", &mine, &err) && view_is(buf_view(&mine), "mine"), "a file of the user's");
    CHECK(fixture_has_said(&fixture, "The CA has issued the certificate, but not every file could be written"), "%s",
        buf_text(&fixture.said));
    CHECK(strstr(err.next, "the next run fetches it") != NULL, "%s", err.next);
    REQUIRE(chdir("/") == 0);
}

TEST_MAIN()
