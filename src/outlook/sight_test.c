/* Tests what is thought of a server by what it shows. */
#include "outlook/sight.h"

#include "base/test.h"
#include "issuer.h"

#define DAY 86400
#define NOW 1800000000

static struct host host = { .name = (char *)"a.test", .port = 443 };
static struct host address = { .name = (char *)"192.0.2.1", .port = 443, .is_ip = true };

static void make(const char *names, int from_days, int to_days, struct sight *out)
{
    const struct certificate_order order = {
        .names = names, .from = NOW + (int64_t)from_days * DAY, .to = NOW + (int64_t)to_days * DAY
    };
    AUTO(buf_clear) struct buf pem = BUF(FILE_MAX_TEXT);
    struct error err = { 0 };

    issuer_sign(&order, &pem);
    *out = (struct sight){ .host = &host, .address = xstrdup("192.0.2.1") };
    REQUIRE(cert_from_pem(buf_view(&pem), "made", &out->cert, &err), "%s", err.why);
    out->seen = (struct probed){ .count = 0,
        .version = xstrdup("TLSv1.3"),
        .cipher = xstrdup("AES"),
        .alpn = xstrdup(""),
        .trust = PROBE_TRUSTED,
        .why = xstrdup(""),
        .weak = xstrdup("") };
}

static struct expectation usual(const struct stored *stored)
{
    return (struct expectation){ .thresholds = { 25, 12 }, .now = NOW, .stored = stored };
}

/* "wrong-name late" */
static char *codes_of(const struct sight *sight)
{
    AUTO(list_clear) struct list codes = { 0 };

    for (size_t i = 0; i < sight->remark_count; i++)
        list_add(&codes, sight->remarks[i].code);
    return list_join(&codes, " ");
}

static void check(
    struct sight *sight, const struct expectation *expected, const char *want, enum level level, const char *name)
{
    AUTO(free) char *codes = NULL;

    sight_judge(sight, expected);
    codes = codes_of(sight);
    CHECK_TEXT(codes, want, name);
    CHECK_INT(sight->level, level, name);
}

TEST(names_and_times)
{
    static const struct {
        const char *names;
        int from, to; /* days */
        struct host *host;
        const char *codes;
        enum level level;
    } rows[] = {
        { "DNS:a.test", -10, 80, &host, "", LEVEL_OK },
        { "DNS:A.Test", -10, 80, &host, "", LEVEL_OK },
        { "DNS:*.test", -10, 80, &host, "", LEVEL_OK },
        { "DNS:*.a.test", -10, 80, &host, "wrong-name", LEVEL_CRITICAL },
        { "DNS:b.test", -10, 80, &host, "wrong-name", LEVEL_CRITICAL },
        { "IP:192.0.2.1", -10, 80, &host, "wrong-name", LEVEL_CRITICAL },
        { "IP:192.0.2.1", -10, 80, &address, "", LEVEL_OK },
        { "IP:192.0.2.2", -10, 80, &address, "wrong-name", LEVEL_CRITICAL },
        { "DNS:a.test", -67, 23, &host, "", LEVEL_OK },
        { "DNS:a.test", -68, 22, &host, "late", LEVEL_WARNING },
        { "DNS:a.test", -80, 10, &host, "ending", LEVEL_CRITICAL },
        { "DNS:a.test", -90, 0, &host, "expired", LEVEL_CRITICAL },
        { "DNS:a.test", 1, 90, &host, "not-yet-valid", LEVEL_CRITICAL },
        { "DNS:a.test", -4, 2, &host, "", LEVEL_OK }, /* of six days */
        { "DNS:a.test", -5, 1, &host, "late", LEVEL_WARNING },
        { "DNS:b.test", -90, -1, &host, "wrong-name expired", LEVEL_CRITICAL },
    };
    struct stored none = { 0 };
    struct expectation expected = usual(&none);

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sight sight;

        make(rows[i].names, rows[i].from, rows[i].to, &sight);
        sight.host = rows[i].host;
        check(&sight, &expected, rows[i].codes, rows[i].level, rows[i].names);
        sight_clear(&sight);
    }
}

TEST(trust_and_strength)
{
    static const struct {
        enum probe_trust trust;
        enum revocation revocation;
        const char *version, *weak, *codes;
        enum level level;
    } rows[] = {
        { PROBE_TRUSTED, REVOCATION_GOOD, "TLSv1.2", "", "", LEVEL_OK },
        { PROBE_UNVERIFIED, REVOCATION_UNKNOWN, "TLSv1.2", "", "", LEVEL_OK },
        { PROBE_SELF_SIGNED, REVOCATION_UNKNOWN, "TLSv1.3", "", "self-signed", LEVEL_CRITICAL },
        { PROBE_INCOMPLETE, REVOCATION_UNKNOWN, "TLSv1.3", "", "incomplete", LEVEL_CRITICAL },
        { PROBE_UNKNOWN_CA, REVOCATION_UNKNOWN, "TLSv1.3", "", "untrusted", LEVEL_CRITICAL },
        { PROBE_UNTRUSTED, REVOCATION_UNKNOWN, "TLSv1.3", "", "untrusted", LEVEL_CRITICAL },
        { PROBE_TRUSTED, REVOCATION_REVOKED, "TLSv1.3", "", "revoked", LEVEL_CRITICAL },
        { PROBE_TRUSTED, REVOCATION_GOOD, "TLSv1.1", "", "old-protocol", LEVEL_WARNING },
        { PROBE_TRUSTED, REVOCATION_GOOD, "TLSv1", "CA md too weak", "weak old-protocol", LEVEL_WARNING },
    };
    struct stored none = { 0 };
    struct expectation expected = usual(&none);

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sight sight;

        make("DNS:a.test", -10, 80, &sight);
        sight.seen.trust = rows[i].trust;
        sight.revocation = rows[i].revocation;
        xreplace(&sight.seen.version, rows[i].version);
        xreplace(&sight.seen.weak, rows[i].weak);
        check(&sight, &expected, rows[i].codes, rows[i].level, rows[i].codes);
        sight_clear(&sight);
    }
}

TEST(nothing_to_judge)
{
    struct stored none = { 0 };
    struct expectation expected = usual(&none);
    struct sight silent = { .host = &host, .failure = xstrdup("it is silent") };
    struct sight garbage = { .host = &host, .seen = { .count = 1 } };

    check(&silent, &expected, "unreachable", LEVEL_CRITICAL, "no answer");
    CHECK_TEXT(silent.remarks[0].what, "it is silent", "why");
    garbage.seen.chain[0] = BUF(100);
    buf_put_text(&garbage.seen.chain[0], "no DER");
    check(&garbage, &expected, "unreadable", LEVEL_CRITICAL, "no certificate");
    sight_clear(&silent);
    sight_clear(&garbage);
}

/* The store has the lineage "a" with one certificate, in several states. */
TEST(in_comparison_with_the_store)
{
    static const struct {
        const char *name;
        bool live, other, same_key, is_in;
        const char *expects, *codes;
        bool newest;
    } rows[] = {
        { "the newest", true, false, false, true, NULL, "", true },
        { "the newest, as expected", true, false, false, true, "a", "", true },
        { "an earlier one", false, false, false, true, NULL, "older", false },
        { "an earlier one of what is expected", false, false, false, true, "a", "older", false },
        { "another one for our key", true, false, true, true, NULL, "other-certificate", false },
        { "of another lineage", true, false, false, true, "b", "unexpected", true },
        { "a stranger's", true, false, false, false, NULL, "", false },
        { "a stranger's, where ours is expected", true, false, false, false, "a", "unexpected", false },
        { "of another store", true, true, false, true, "a", "unexpected", false },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(stored_clear) struct stored stored = { 0 };
        struct expectation expected = usual(&stored);
        struct sight sight;

        make("DNS:a.test", -10, 80, &sight);
        if (rows[i].is_in)
            stored_add(&stored, sight.cert, "a", rows[i].live, rows[i].other);
        if (rows[i].same_key)
            xreplace(&stored.at[0].cert, "another");
        stored_end(&stored);
        expected.lineage = rows[i].expects;
        sight_judge(&sight, &expected);
        {
            AUTO(free) char *codes = codes_of(&sight);

            CHECK_TEXT(codes, rows[i].codes, rows[i].name);
        }
        CHECK(sight.newest == rows[i].newest, "%s", rows[i].name);
        CHECK((sight.lineage != NULL) == (rows[i].is_in && !rows[i].other), "%s", rows[i].name);
        sight_clear(&sight);
    }
}

TEST(addresses_are_compared)
{
    struct sight at[4];

    make("DNS:a.test", -10, 80, &at[0]);
    make("DNS:a.test", -10, 80, &at[1]);
    make("DNS:a.test", -10, 80, &at[2]);
    at[3] = (struct sight){ .host = &host, .failure = xstrdup("silent") };
    cert_free(at[2].cert);
    {
        struct error err = { 0 };

        REQUIRE(cert_from_der(buf_view(&at[0].cert->der), "copy", &at[2].cert, &err), "%s", err.why);
    }
    sight_compare(at, COUNT(at));
    CHECK(at[0].remark_count == 0 && at[2].remark_count == 0 && at[3].remark_count == 0, "the same, or none");
    CHECK(at[1].remark_count == 1 && strcmp(at[1].remarks[0].code, "differs") == 0, "another one");
    for (size_t i = 0; i < COUNT(at); i++)
        sight_clear(&at[i]);
}

TEST_MAIN()
