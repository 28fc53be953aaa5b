/* Tests that a summary that is kept as bytes comes back as it was, and that other bytes are none. */
#include "store/summary.h"

#include "base/mem.h"
#include "base/test.h"

static const struct {
    const char *name, *serial, *names, *issuer, *server;
    int64_t not_before, not_after;
    enum key_type key_type;
    unsigned key_bits;
    bool can_be_asked_about;
    const char *renew_before, *installer;
    bool autorenew;
    int64_t instant, said_at;
} rows[] = {
    { "as most are", "3ab", "a.test,b.test", "Some CA", "https://ca.test/dir", 1700000000, 1707776000, KEY_EC, 256,
        true, "30 days", "nginx", true, 1705000000, 1704000000 },
    { "of RSA, and of a time before 1970", "0", "192.0.2.1", "a CA, with words", "https://ca.test/", -5, 4102444800,
        KEY_RSA, 4096, false },
    { "no issuer's name, no server", "1", "a.test", NULL, NULL, 0, 1, KEY_EC, 384, false },
    { "an empty name of the issuer", "1", "a.test", "", "=", 0, 1, KEY_EC, 384, false },
    { "no identifiers", "1", "", "x", NULL, 0, 1, KEY_RSA, 2048, false },
};

static struct summary *summary_of_row(size_t i)
{
    struct summary *summary = xcalloc(1, sizeof *summary);
    struct view rest = { rows[i].names, strlen(rows[i].names) }, part;

    while (rest.len > 0 && view_cut(&rest, ',', &part))
        list_add_view(&summary->names, part);
    summary->serial = xstrdup(rows[i].serial);
    summary->issuer = xstrdup_or_null(rows[i].issuer);
    summary->server = xstrdup_or_null(rows[i].server);
    summary->not_before = rows[i].not_before;
    summary->not_after = rows[i].not_after;
    summary->key_type = rows[i].key_type;
    summary->key_bits = rows[i].key_bits;
    summary->can_be_asked_about = rows[i].can_be_asked_about;
    summary->renew_before = xstrdup_or_null(rows[i].renew_before);
    summary->installer = xstrdup_or_null(rows[i].installer);
    summary->autorenew = rows[i].autorenew;
    summary->instant = rows[i].instant;
    summary->said_at = rows[i].said_at;
    return summary;
}

static void check_same(const struct summary *got, const struct summary *want, const char *name)
{
    CHECK_TEXT(got->serial, want->serial, name);
    CHECK_TEXT(got->issuer, want->issuer, name);
    CHECK_TEXT(got->server, want->server, name);
    CHECK(list_equal(&got->names, &want->names), "%s", name);
    CHECK(got->not_before == want->not_before && got->not_after == want->not_after, "%s", name);
    CHECK(got->key_type == want->key_type && got->key_bits == want->key_bits, "%s", name);
    CHECK(got->can_be_asked_about == want->can_be_asked_about, "%s", name);
    CHECK_TEXT(got->renew_before, want->renew_before, name);
    CHECK_TEXT(got->installer, want->installer, name);
    CHECK(got->autorenew == want->autorenew && got->instant == want->instant && got->said_at == want->said_at, "%s",
        name);
}

TEST(it_comes_back_as_it_was)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(summary_free) struct summary *summary = summary_of_row(i), *again = NULL;
        AUTO(buf_clear) struct buf bytes = BUF(1024);

        summary_put(summary, &bytes);
        REQUIRE(!bytes.failed && summary_get(buf_view(&bytes), &again), "%s", rows[i].name);
        check_same(again, summary, rows[i].name);
    }
}

/* Whatever ends in the middle of the serial number, the issuer or the server is none. */
TEST(what_is_cut_short_is_none)
{
    AUTO(summary_free) struct summary *summary = summary_of_row(4); /* without identifiers */
    AUTO(buf_clear) struct buf bytes = BUF(1024);

    summary_put(summary, &bytes);
    for (size_t len = 0; len < bytes.len; len++) {
        AUTO(summary_free) struct summary *got = NULL;
        AUTO(free) char *part = xcalloc(1, len + 1); /* of that size, so that reading beyond it is seen */

        memcpy(part, bytes.at, len);
        CHECK(!summary_get((struct view){ part, len }, &got), "%zu of %zu bytes", len, bytes.len);
    }
}

TEST_MAIN()
