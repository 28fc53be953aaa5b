/* Tests what is said of servers: by people's eyes, by a reader of JSON, by the rules of Nagios' plugins. */
#include "outlook/watch_show.h"

#include "base/test.h"
#include "json/doc.h"

#define DAY 86400
#define NOW 1800000000

static struct host hosts[] = { { .name = (char *)"a.test", .port = 443 },
    { .name = (char *)"mail.test", .port = 25, .starttls = "smtp" },
    { .name = (char *)"2001:db8::1", .port = 8443, .is_ip = true } };

static struct cert *made(int64_t left)
{
    struct cert *cert = xcalloc(1, sizeof *cert);

    (void)snprintf(cert->serial, sizeof cert->serial, "04ab");
    cert->der = BUF(10);
    buf_put_text(&cert->der, "der");
    cert->not_after = NOW + left;
    cert->not_before = cert->not_after - 90 * (int64_t)DAY;
    cert->issuer_common_name = xstrdup("R11\x1b[31m | \"x\"");
    list_add(&cert->names, "a.test");
    return cert;
}

/* One that is well, one with a warning, and one that cannot be reached. */
static void fill(struct watch *watch)
{
    *watch = (struct watch){ .at = xcalloc(3, sizeof *watch->at), .len = 3, .now = NOW, .level = LEVEL_CRITICAL };
    watch->at[0] = (struct sight){ .host = &hosts[0],
        .address = xstrdup("192.0.2.1"),
        .cert = made(60 * (int64_t)DAY),
        .lineage = xstrdup("a.test"),
        .newest = true,
        .seen = { .trust = PROBE_TRUSTED, .version = xstrdup("TLSv1.3") },
        .revocation = REVOCATION_GOOD };
    watch->at[1] = (struct sight){ .host = &hosts[1], .address = xstrdup("192.0.2.2"), .cert = made(9 * (int64_t)DAY) };
    sight_remark(&watch->at[1], "late", LEVEL_WARNING, xstrdup("it expires | soon\nor so"));
    watch->at[2] = (struct sight){ .host = &hosts[2], .address = xstrdup("2001:db8::1"), .failure = xstrdup("silent") };
    sight_remark(&watch->at[2], "unreachable", LEVEL_CRITICAL, xstrdup("silent"));
}

TEST(for_people)
{
    AUTO(watch_clear) struct watch watch;
    AUTO(buf_clear) struct buf all = BUF(WATCH_SHOW_MAX), bad = BUF(WATCH_SHOW_MAX);

    fill(&watch);
    watch_show_text(&watch, false, &all);
    CHECK_TEXT(buf_text(&all),
        "OK        a.test:443 at 192.0.2.1: 60 days left, by R11?[31m | \"x\", as a.test here\n"
        "WARNING   mail.test:25 at 192.0.2.2: 9 days left, by R11?[31m | \"x\"\n"
        "          late: it expires | soon or so\n"
        "CRITICAL  [2001:db8::1]:8443\n"
        "          unreachable: silent\n",
        "text");
    watch_show_text(&watch, true, &bad);
    CHECK(strncmp(buf_text(&bad), "WARNING   mail.test", 19) == 0, "%s", buf_text(&bad));
}

TEST(for_programs)
{
    AUTO(watch_clear) struct watch watch;
    AUTO(buf_clear) struct buf text = BUF(WATCH_SHOW_MAX);
    AUTO(doc_free) struct doc *doc = NULL;
    const struct node *servers, *cert;
    struct error err = { 0 };
    int64_t left = 0;

    fill(&watch);
    watch_show_json(&watch, "1.2.3", &text);
    REQUIRE(doc_read(buf_view(&text), "watch", &doc, &err), "%s", err.why);
    servers = node_member(doc_root(doc), "servers");
    REQUIRE(node_count(servers) == 3, "%zu", node_count(servers));
    CHECK_TEXT(node_text(node_member(doc_root(doc), "level")), "critical", "level");
    cert = node_member(node_at(servers, 0), "certificate");
    CHECK(node_number(node_member(cert, "seconds_left"), &left) && left == 60 * (int64_t)DAY, "%" PRId64, left);
    CHECK_TEXT(node_text(node_member(node_at(servers, 0), "revocation")), "good", "revocation");
    CHECK(node_is_true(node_member(node_at(servers, 0), "trusted")) &&
              !node_is_true(node_member(node_at(servers, 1), "trusted")),
        "trust");
    CHECK_TEXT(node_text(node_member(node_at(servers, 1), "starttls")), "smtp", "STARTTLS");
    CHECK(node_member(node_at(servers, 2), "certificate") == NULL, "none");
    CHECK_TEXT(
        node_text(node_member(node_at(node_member(node_at(servers, 1), "remarks"), 0), "code")), "late", "remark");
}

TEST(for_monitoring)
{
    AUTO(watch_clear) struct watch watch;
    AUTO(buf_clear) struct buf text = BUF(WATCH_SHOW_MAX);
    const struct thresholds thresholds = { 25, 12 };

    fill(&watch);
    watch_show_nagios(&watch, &thresholds, &text);
    CHECK_TEXT(buf_text(&text),
        "EVERCERT CRITICAL - 3 servers: 1 critical, 1 warning, 1 well; [2001:db8::1]:8443: silent; mail.test:25 at "
        "192.0.2.2: it expires / soon or so | servers=3;;;0 critical=1;;0;0;3 warning=1;0;;0;3 next_expiry=777600s;;;0 "
        "least_life_left=10%;25:;12:;0;100\n",
        "the worst first, no bar in it, one line");
}

TEST(all_are_well_or_nothing_is_known)
{
    static const struct {
        const char *name, *want;
        size_t len;
        int64_t left; /* of the certificate's life */
    } rows[] = {
        { "well",
            "EVERCERT OK - 1 server: 0 critical, 0 warnings, 1 well | servers=1;;;0 critical=0;;0;0;1 "
            "warning=0;0;;0;1 next_expiry=7776000s;;;0 least_life_left=100%;25:;12:;0;100\n",
            1, 90 * (int64_t)DAY },
        { "expired: no time is left to tell of",
            "EVERCERT OK - 1 server: 0 critical, 0 warnings, 1 well | servers=1;;;0 critical=0;;0;0;1 "
            "warning=0;0;;0;1\n",
            1, -5 },
        { "no server",
            "EVERCERT OK - 0 servers: 0 critical, 0 warnings, 0 well | servers=0;;;0 critical=0;;0;0;0 "
            "warning=0;0;;0;0\n",
            0, 0 },
    };
    const struct thresholds thresholds = { 25, 12 };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(watch_clear) struct watch watch = { .at = xcalloc(1, sizeof *watch.at), .len = rows[i].len, .now = NOW };
        AUTO(buf_clear) struct buf text = BUF(WATCH_SHOW_MAX), quiet = BUF(WATCH_SHOW_MAX);

        if (rows[i].len > 0)
            watch.at[0] =
                (struct sight){ .host = &hosts[0], .address = xstrdup("192.0.2.1"), .cert = made(rows[i].left) };
        watch_show_nagios(&watch, &thresholds, &text);
        CHECK_TEXT(buf_text(&text), rows[i].want, rows[i].name);
        watch_show_text(&watch, true, &quiet);
        CHECK_TEXT(buf_text(&quiet), "", "quietly nothing is said");
    }
}

TEST_MAIN()
