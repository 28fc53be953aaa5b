/* Tests what a look makes of store and memory, where nobody is asked; and acknowledging. */
#include "outlook/ct.h"

#include "fixture.h"
#include "store/pending.h"

#define NO_QUESTIONS "ct-requests=0"

/* A certificate in the store, at that path below it. */
static struct cert *put(const struct fixture *fixture, const char *below, const char *names)
{
    const struct certificate_order order = {
        .names = names, .from = FIXTURE_NOW - FIXTURE_DAY, .to = FIXTURE_NOW + 80 * FIXTURE_DAY
    };
    AUTO(buf_clear) struct buf pem = BUF(FILE_MAX_TEXT);
    AUTO(free) char *path = file_join(fixture->settings->config_dir, below), *dir = file_dirname(path);
    struct cert *cert;
    struct error err = { 0 };

    issuer_sign(&order, &pem);
    REQUIRE(cert_from_pem(buf_view(&pem), below, &cert, &err) && file_mkdirs(dir, 0700, &err) &&
                file_replace(path, buf_view(&pem), FILE_PUBLIC, &err),
        "%s", err.why);
    return cert;
}

/* As if earlier looks had found these. */
static void remember(const struct fixture *fixture, const char *lines)
{
    AUTO(ct_record_clear) struct ct_record record = { 0 };
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    struct error err = { 0 };

    ct_record_parse(view_of(lines), &record);
    REQUIRE(ct_record_lock(fixture->settings->config_dir, &lock, &err) &&
                ct_record_save(fixture->settings->config_dir, &record, &err),
        "%s", err.why);
}

#define FOUND(id, serial, issuer)                                                                                      \
    "found\t" id "\t" serial "\t2027-01-14T08:00:00Z\t2027-04-01T00:00:00Z\t2027-01-14T09:00:00Z\tCN=" issuer          \
    "\ta.test\n"

TEST(questions_wait_for_later_runs)
{
    static const struct setup setup = { .options = NO_QUESTIONS };
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(ct_look_clear) struct ct_look look = { 0 };
    AUTO(cert_free) struct cert *one = NULL, *two = NULL;
    struct error err = { 0 };

    fixture_open(&fixture, &setup);
    one = put(&fixture, "live/a/cert.pem", "DNS:a.test,DNS:www.a.test");
    two = put(&fixture, "archive/b/cert1.pem", "DNS:superseded.test");
    remember(&fixture, "looked\t2027-01-15T07:00:00Z\tb.test\n");
    REQUIRE(ct_look(&fixture.context, &look, &err), "%s: %s", err.what, err.why);
    CHECK(look.all == 1 && look.due == 1 && look.asked == 0, "%zu, %zu, %zu", look.all, look.due, look.asked);
    CHECK_INT(look.record.own_len, 2, "both are remembered as ours");
    CHECK(ct_record_has_own(&look.record, one->serial, ISSUER_NAME), "by serial and issuer");
}

TEST(what_is_known_by_now_is_forgotten)
{
    static const struct setup setup = { .options = NO_QUESTIONS };
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(ct_look_clear) struct ct_look look = { 0 };
    AUTO(cert_free) struct cert *cert = NULL;
    AUTO(free) char *lines = NULL;
    struct error err = { 0 };

    fixture_open(&fixture, &setup);
    cert = put(&fixture, "archive/a/20270114T000000Z-1/cert.pem", "DNS:a.test");
    lines = xprintf(FOUND("1", "%s", ISSUER_NAME) FOUND("2", "%s", "Another CA") FOUND(
                        "3", "abcdef", ISSUER_NAME) "own\t2027-04-01T00:00:00Z\tabcd\tDeleted CA\n" FOUND("4", "abcd",
                        "Deleted CA") "found\t5\tfe\t2026-01-14T08:00:00Z\t2027-01-15T07:59:59Z\t-\tCN=X\ta.test\n",
        cert->serial, cert->serial);
    remember(&fixture, lines);
    REQUIRE(ct_look(&fixture.context, &look, &err), "%s: %s", err.what, err.why);
    REQUIRE(look.record.found_len == 2, "%zu", look.record.found_len);
    CHECK(ct_record_find(&look.record, 2) != NULL && ct_record_find(&look.record, 3) != NULL,
        "our number of another issuer, and a stranger's");
    CHECK_INT(ct_strangers(&look.record), 2, "nobody knows of them");
}

TEST(which_names_are_asked_about)
{
    static const struct {
        struct setup setup;
        size_t all;
        enum error_kind want;
    } rows[] = {
        { { .options = NO_QUESTIONS }, 2, ERROR_NONE },
        { { .options = NO_QUESTIONS " cert-name=a" }, 1, ERROR_NONE },
        { { .options = NO_QUESTIONS " domains=c.test,d.test,e.test" }, 3, ERROR_NONE },
        { { .options = NO_QUESTIONS " cert-name=a domains=c.test" }, 2, ERROR_NONE },
        { { .options = NO_QUESTIONS " cert-name=nowhere" }, 0, ERROR_CONFIG },
        { { .options = NO_QUESTIONS " also-store=/nowhere" }, 0, ERROR_STORE },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(fixture_clear) struct fixture fixture;
        AUTO(ct_look_clear) struct ct_look look = { 0 };
        AUTO(cert_free) struct cert *one = NULL, *two = NULL;
        struct error err = { 0 };

        fixture_open(&fixture, &rows[i].setup);
        one = put(&fixture, "live/a/cert.pem", "DNS:a.test");
        two = put(&fixture, "live/b/cert.pem", "DNS:b.test");
        CHECK(ct_look(&fixture.context, &look, &err) == (rows[i].want == ERROR_NONE), "%s: %s", rows[i].setup.options,
            err.why);
        CHECK_INT(err.kind, rows[i].want, rows[i].setup.options);
        CHECK(rows[i].want != ERROR_NONE || look.all == rows[i].all, "%s: %zu", rows[i].setup.options, look.all);
    }
}

/* A certificate that the CA has issued, and that no run has saved yet. */
TEST(orders_that_are_under_way)
{
    static const struct {
        const char *name;
        const char *requested; /* of the order */
        int64_t created;       /* seconds ago */
        bool is_ours;
    } rows[] = {
        { "its name", "a.test", 60, true },
        { "its name among others", "b.test a.test", 60, true },
        { "another name", "b.test", 60, false },
        { "placed long after the certificate began", "a.test", -86400, false },
        { "given up long ago", "a.test", 8 * 86400, false },
    };
    static const struct setup setup = { .options = NO_QUESTIONS };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(fixture_clear) struct fixture fixture;
        AUTO(ct_look_clear) struct ct_look look = { 0 };
        AUTO(pending_clear)
        struct pending pending = { .order_url = xstrdup("https://ca.test/order/1"),
            .server = xstrdup("https://ca.test/dir"),
            .account_url = xstrdup("https://ca.test/account/1"),
            .csr_sha256 = xstrdup("ab"),
            .created = FIXTURE_NOW - rows[i].created };
        struct view rest = view_of(rows[i].requested), name;
        struct error err = { 0 };

        while (view_cut(&rest, ' ', &name)) {
            list_add_view(&pending.names, name);
            list_add_view(&pending.requested, name);
        }
        fixture_open(&fixture, &setup);
        REQUIRE(pending_save(fixture.store, "x", &pending, &err), "%s", err.why);
        remember(&fixture, "found\t1\tab\t2027-01-15T07:30:00Z\t2027-04-01T00:00:00Z\t-\tCN=X\ta.test\n");
        REQUIRE(ct_look(&fixture.context, &look, &err), "%s: %s", err.what, err.why);
        CHECK_INT(look.under_way, rows[i].is_ours ? 1 : 0, rows[i].name);
        CHECK_INT(look.record.found_len, rows[i].is_ours ? 0 : 1, rows[i].name);
    }
}

TEST(acknowledging)
{
    static const struct setup setup = { 0 };
    static const struct {
        const char *ids; /* with a blank between */
        bool all, ok;
        size_t count, strangers;
    } rows[] = {
        { "9", false, false, 0, 3 },
        { "1 x", false, false, 0, 3 },
        { "-1", false, false, 0, 3 },
        { "1", false, true, 1, 2 },
        { "1", false, true, 1, 2 },
        { "", true, true, 2, 0 },
        { "", true, true, 0, 0 },
    };
    AUTO(fixture_clear) struct fixture fixture;

    fixture_open(&fixture, &setup);
    remember(&fixture, FOUND("1", "a", "X") FOUND("2", "b", "X") FOUND("3", "c", "X"));
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(list_clear) struct list ids = { 0 };
        AUTO(ct_record_clear) struct ct_record record = { 0 };
        struct view rest = view_of(rows[i].ids), id;
        struct error err = { 0 };
        size_t count = 0;

        while (view_cut(&rest, ' ', &id))
            if (id.len > 0)
                list_add_view(&ids, id);
        CHECK(ct_acknowledge(&fixture.context, &ids, rows[i].all, "known", &count, &err) == rows[i].ok, "%zu: %s", i,
            err.why);
        REQUIRE(ct_remembered(&fixture.context, &record, &err), "%s", err.why);
        CHECK(count == rows[i].count && ct_strangers(&record) == rows[i].strangers, "%zu: %zu, %zu", i, count,
            ct_strangers(&record));
    }
}

TEST_MAIN()
