/* From proofs to values of records and back, with a provider that is played. */
#include <stdatomic.h>

#include "base/parallel.h"
#include "dns/played_provider.h"

struct desk { /* what one order works with */
    struct settings *settings;
    struct ui *ui;
    struct buf said;
    struct answers answers;
    struct plugin_context context;
    void *self;
    struct proof proofs[4], *all[4];
    size_t count;
};

static void hear(void *ctx, int fd __attribute__((unused)), struct view text)
{
    buf_put(ctx, text);
}

static void desk_open(struct desk *desk)
{
    struct error err = { 0 };

    played_reset();
    desk->settings = settings_new(&voice_own);
    desk->settings->dns[DNS_RFC2136].propagation_s = 0;
    desk->said = BUF(4096);
    desk->ui = ui_new(&(struct ui_options){ .non_interactive = true, .put = hear, .put_ctx = &desk->said });
    desk->context = (struct plugin_context){
        .plugin = &played_plugin.plugin, .settings = desk->settings, .answers = &desk->answers, .ui = desk->ui
    };
    REQUIRE(dns_share.make(&desk->context, &desk->context.shared, &err), "%s", err.why);
}

static void desk_close(struct desk *desk)
{
    for (size_t i = 0; i < desk->count; i++)
        proof_clear(&desk->proofs[i]);
    if (desk->self != NULL)
        dns_authenticator.release(desk->self);
    dns_share.end(desk->context.shared);
    answers_clear(&desk->answers);
    settings_free(desk->settings);
    ui_free(desk->ui);
    buf_clear(&desk->said);
    played_reset();
}

static void need(struct desk *desk, const char *name, const char *value)
{
    struct proof *proof = &desk->proofs[desk->count];

    *proof = (struct proof){ .type = "dns-01",
        .kind = PROOF_RECORD,
        .identifier = name + sizeof "_acme-challenge",
        .record_name = name,
        .record_value = value };
    desk->all[desk->count++] = proof;
}

static const char *zone(void)
{
    static char *text;

    free(text);
    return text = list_join(&played.zone, "\n");
}

#define WWW "_acme-challenge.www.example"

TEST(values_of_an_order_come_and_go_together)
{
    struct desk desk = { 0 };
    struct error err = { 0 };

    desk_open(&desk);
    list_add(&played.zone, WWW " another");
    need(&desk, WWW, "one");
    need(&desk, WWW, "two");
    REQUIRE(dns_authenticator.prepare(&desk.context, &desk.self, &err), "%s", err.why);
    CHECK_INT((int64_t)played.opens, 1, "opened while it is prepared, as nobody can be asked");
    REQUIRE(dns_authenticator.plan(desk.self, desk.all, 2, &err), "%s", err.why);
    CHECK_TEXT(desk.proofs[0].place, WWW, "the place is kept for a sweep");
    CHECK_TEXT(zone(), WWW " another", "planned");
    REQUIRE(dns_authenticator.present(desk.self, desk.all, 2, &err), "%s", err.why);
    CHECK(desk.proofs[0].state == PROOF_PRESENTED && desk.proofs[1].state == PROOF_PRESENTED, " ");
    CHECK_TEXT(zone(), WWW " another\n" WWW " one\n" WWW " two", "presented");
    CHECK_INT((int64_t)played.changes, 1, "one change");
    REQUIRE(dns_authenticator.wait(desk.self, desk.all, 2, &err), "%s", err.why);
    CHECK(desk.proofs[0].state == PROOF_READY && desk.proofs[1].state == PROOF_READY, " ");
    CHECK_TEXT(buf_text(&desk.said), "Waiting 0 seconds for DNS changes to propagate\n", "waits");
    REQUIRE(dns_authenticator.cleanup(desk.self, desk.all, 2, &err), "%s", err.why);
    CHECK(desk.proofs[0].state == PROOF_WANTED && desk.proofs[1].state == PROOF_WANTED, " ");
    CHECK_TEXT(zone(), WWW " another", "cleaned up");
    CHECK(dns_authenticator.cleanup(desk.self, desk.all, 2, &err), "again: %s", err.why);
    CHECK_INT((int64_t)played.opens, 1, "opened once");
    desk_close(&desk);
}

TEST(failures_are_of_single_values)
{
    static const struct {
        const char *name, *refuses, *stops;
        enum error_kind as;
        bool forgets, ok;
        enum proof_state first, second;
        const char *why;
    } cases[] = {
        { "one is refused", "two", NULL, ERROR_NETWORK, false, true, PROOF_PRESENTED, PROOF_FAILED, "two is refused" },
        { "no answer any more", NULL, "two", ERROR_NETWORK, false, true, PROOF_PRESENTED, PROOF_FAILED,
            "stopped at two" },
        { "interrupted", NULL, "two", ERROR_CANCELED, false, false, PROOF_PRESENTED, PROOF_FAILED, "stopped at two" },
        { "says nothing", NULL, NULL, ERROR_NETWORK, true, true, PROOF_FAILED, PROOF_FAILED,
            "dns-rfc2136 has neither done nor refused it" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct desk desk = { 0 };
        struct error err = { 0 };

        desk_open(&desk);
        need(&desk, WWW, "one");
        need(&desk, WWW, "two");
        played.refuses = cases[i].refuses;
        played.stops = cases[i].stops;
        played.stops_as = cases[i].as;
        played.forgets = cases[i].forgets;
        REQUIRE(dns_authenticator.prepare(&desk.context, &desk.self, &err), "%s", err.why);
        REQUIRE(dns_authenticator.plan(desk.self, desk.all, 2, &err), "%s", err.why);
        CHECK(dns_authenticator.present(desk.self, desk.all, 2, &err) == cases[i].ok, "%s: %s", cases[i].name, err.why);
        CHECK_INT(desk.proofs[0].state, cases[i].first, cases[i].name);
        CHECK_INT(desk.proofs[1].state, cases[i].second, cases[i].name);
        CHECK_TEXT(desk.proofs[1].error != NULL ? desk.proofs[1].error->why : NULL, cases[i].why, cases[i].name);
        played.refuses = played.stops = NULL; /* what has failed half way is removed as well */
        played.forgets = false;
        CHECK(dns_authenticator.cleanup(desk.self, desk.all, 2, &err), "%s: %s", cases[i].name, err.why);
        CHECK(desk.proofs[1].state == PROOF_WANTED && desk.proofs[1].error == NULL, "%s", cases[i].name);
        CHECK_TEXT(zone(), "", cases[i].name);
        desk_close(&desk);
    }
}

TEST(sweep_removes_where_it_was_put)
{
    struct desk desk = { 0 };
    struct error err = { 0 };

    desk_open(&desk);
    need(&desk, WWW, "one");
    desk.proofs[0].state = PROOF_PRESENTED;
    desk.proofs[0].place = xstrdup("www.elsewhere.example");
    list_add(&played.zone, "www.elsewhere.example one");
    list_add(&played.zone, "www.elsewhere.example two");
    list_add(&played.zone, WWW " one");
    CHECK(dns_authenticator.sweep(&desk.context, desk.all, 1, &err), "%s", err.why);
    CHECK_INT(desk.proofs[0].state, PROOF_WANTED, "swept");
    CHECK_TEXT(zone(), "www.elsewhere.example two\n" WWW " one", "exactly that one");
    desk_close(&desk);
}

TEST(what_is_no_record_fails_alone)
{
    struct desk desk = { 0 };
    struct error err = { 0 };

    desk_open(&desk);
    need(&desk, WWW, NULL);
    need(&desk, WWW, "two");
    REQUIRE(dns_authenticator.prepare(&desk.context, &desk.self, &err), "%s", err.why);
    CHECK(dns_authenticator.present(desk.self, desk.all, 2, &err), "%s", err.why);
    CHECK_INT(desk.proofs[0].state, PROOF_FAILED, "no value");
    CHECK_INT(desk.proofs[1].state, PROOF_PRESENTED, "the other one");
    CHECK(dns_authenticator.cleanup(desk.self, desk.all, 2, &err), "%s", err.why);
    CHECK_INT(desk.proofs[0].state, PROOF_WANTED, "was never there");
    desk_close(&desk);
}

TEST(opened_when_needed)
{
    struct desk desk = { 0 };
    struct error err = { 0 };

    desk_open(&desk);
    played.fails_to_open = true;
    CHECK(!dns_authenticator.prepare(&desk.context, &desk.self, &err) && err.kind == ERROR_PLUGIN, "%s", err.why);
    played.fails_to_open = false;
    ui_free(desk.ui);
    desk.context.ui = desk.ui = ui_new(&(struct ui_options){ .put = hear, .put_ctx = &desk.said });
    played.opens = 0;
    CHECK(dns_authenticator.prepare(&desk.context, &desk.self, &err), "%s", err.why);
    CHECK_INT((int64_t)played.opens, 0, "the user is asked later");
    need(&desk, WWW, "one");
    CHECK(dns_authenticator.plan(desk.self, desk.all, 1, &err), "%s", err.why);
    CHECK_INT((int64_t)played.opens, 1, "by the plan");
    desk_close(&desk);
}

/* ---- many orders ---- */

static atomic_int changing, most;

static bool slow_change(void *self __attribute__((unused)), struct txt *const *txts, size_t count,
    struct error *err __attribute__((unused)))
{
    int now = atomic_fetch_add(&changing, 1) + 1, before = most;

    while (now > before && !atomic_compare_exchange_weak(&most, &before, now)) {
    }
    (void)clock_sleep_ms(2);
    for (size_t i = 0; i < count; i++)
        txt_done(txts[i]);
    atomic_fetch_sub(&changing, 1);
    return true;
}

static void present_one(void *ctx, size_t index __attribute__((unused)))
{
    struct proof proof = {
        .type = "dns-01", .kind = PROOF_RECORD, .identifier = "www.example", .record_name = WWW, .record_value = "one"
    };
    struct proof *all[] = { &proof };
    void *self = NULL;
    struct error err = { 0 };

    REQUIRE(dns_authenticator.prepare(ctx, &self, &err), "%s", err.why);
    CHECK(dns_authenticator.present(self, all, 1, &err) && proof.state == PROOF_PRESENTED, "%s", err.why);
    CHECK(dns_authenticator.cleanup(self, all, 1, &err) && proof.state == PROOF_WANTED, "%s", err.why);
    dns_authenticator.release(self);
    proof_clear(&proof);
}

TEST(not_too_many_changes_at_the_same_time)
{
    struct provider provider = played_provider;
    struct dns_plugin plugin = played_plugin;
    struct desk desk = { 0 };
    struct error err = { 0 };

    provider.add = provider.remove = slow_change;
    plugin.provider = &provider;
    desk_open(&desk);
    dns_share.end(desk.context.shared);
    desk.context.plugin = &plugin.plugin;
    REQUIRE(dns_share.make(&desk.context, &desk.context.shared, &err), "%s", err.why);
    parallel_wait_for(24, 24, present_one, &desk.context);
    CHECK(most >= 1 && most <= 8, "%d", most);
    CHECK_INT(changing, 0, "all are over");
    desk_close(&desk);
}

TEST(advice)
{
    static const struct {
        const struct voice *voice;
        int wait_s;
        const char *part;
    } cases[] = {
        { &voice_certbot, 1, "or try increasing --dns-rfc2136-propagation-seconds (currently 1 second)." },
        { &voice_certbot, 60, "created by --dns-rfc2136. Ensure" },
        { &voice_own, 60, "The CA did not find the TXT records that --dns-rfc2136 made." },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct desk desk = { 0 };
        AUTO(free) char *hint = NULL;
        struct error err = { 0 };

        desk_open(&desk);
        desk.settings->voice = cases[i].voice;
        desk.settings->dns[DNS_RFC2136].propagation_s = cases[i].wait_s;
        REQUIRE(dns_authenticator.prepare(&desk.context, &desk.self, &err), "%s", err.why);
        hint = dns_authenticator.hint(desk.self, "dns-01");
        CHECK(strstr(hint, cases[i].part) != NULL, "%s", hint);
        desk_close(&desk);
    }
}

TEST_MAIN()
