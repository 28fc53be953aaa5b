/*
 * Which account a command uses, and that a CA that is away is asked once.
 */
#include "run/context.h"

#include <pthread.h>

#include "base/text.h"
#include "fixture.h"
#include "store/fixture.h"

/* ---- which account ---- */

enum have { NONE, ONE, TWO, TWINS }; /* accounts that are here; twins have the same address at the CA */

static const struct row {
    const char *name;
    enum have have;
    const char *named;  /* "first", "second", "gone"; NULL: none is */
    enum origin origin; /* where the setting came from */
    const char *answers;
    const char *want; /* "first", "second", "new"; NULL: it fails */
    const char *why, *said;
} rows[] = {
    { "none: one is made", NONE, NULL, ORIGIN_DEFAULT, NULL, "new", NULL, "Account registered." },
    { "the only one", ONE, NULL, ORIGIN_DEFAULT, NULL, "first", NULL, NULL },
    { "of two, and nobody is there", TWO, NULL, ORIGIN_DEFAULT, NULL, NULL, "--account", NULL },
    { "of two: the second", TWO, NULL, ORIGIN_DEFAULT, "2\n", "second", NULL, "Please choose an account" },
    { "of two: the first", TWO, NULL, ORIGIN_DEFAULT, "1\n", "first", NULL, "Please choose an account" },
    { "of two: none", TWO, NULL, ORIGIN_DEFAULT, "c\n", NULL, "not answered", NULL },
    { "two that are one: nobody is asked", TWINS, NULL, ORIGIN_DEFAULT, NULL, "second", NULL, NULL },
    { "named by the user", TWO, "first", ORIGIN_COMMAND_LINE, NULL, "first", NULL, NULL },
    { "named by a renewal file", TWO, "first", ORIGIN_RENEWAL, NULL, "first", NULL, NULL },
    { "named by the user, and not there", TWO, "gone", ORIGIN_COMMAND_LINE, NULL, NULL, "does not exist", NULL },
    { "named by a renewal file, and not there: the newest", TWO, "gone", ORIGIN_RENEWAL, NULL, "second", NULL,
        "takes its place" },
    { "named by a renewal file, and there is none", NONE, "gone", ORIGIN_RENEWAL, NULL, "new", NULL, "is not here" },
};

#define GONE "0123456789abcdef0123456789abcdef"

/* Of the CA, too: known: that is asked to make it. *id is the caller's. */
static void add_account(struct fixture *fixture, bool known, const char *url, char **id)
{
    AUTO(stored_account_free) struct stored_account *account = NULL;
    AUTO(account_info_clear) struct account_info info = { 0 };
    struct account_request request = { .terms_agreed = true };
    struct session *session;
    struct key *key = NULL;
    struct signer signer;
    struct error err = { 0 };

    REQUIRE(key_generate((struct key_params){ .type = KEY_EC, .curve = "secp256r1" }, &key, &err), "%s", err.why);
    if (known) {
        REQUIRE(context_session(&fixture->context, CA_DIRECTORY, &session, &err), "%s", err.why);
        REQUIRE(signer_open(key, &signer, &err), "%s", err.why);
        REQUIRE(account_request(session, &signer, &request, &info, &err), "%s", err.why);
        signer_close(&signer);
    }
    REQUIRE(account_store_save(fixture->store, CA_DIRECTORY, key, known ? info.url : url, NULL, &account, &err), "%s",
        err.why);
    *id = xstrdup(account->id);
}

/* Accounts are told apart by their age in seconds. */
static void make_older(const char *id)
{
    static const char created[] = "{\"creation_dt\": \"2020-01-01T00:00:00Z\", \"creation_host\": \"here.test\"}";

    write_text(at("accounts/ca.test/dir/%s/meta.json", id), created);
}

static void check_row(const struct row *row)
{
    const struct setup setup = { .answers = row->answers };
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(free) char *first = NULL, *second = NULL;
    const char *want;
    struct error err = { 0 };
    struct ca *ca = NULL;
    bool ok;

    fixture_open(&fixture, &setup);
    if (row->have != NONE)
        add_account(&fixture, row->have != TWINS, CA_URL "/account/0", &first);
    if (row->have != NONE)
        make_older(first);
    if (row->have == TWO || row->have == TWINS)
        add_account(&fixture, true, NULL, &second);
    fixture_next_run(&fixture);
    if (row->named != NULL) {
        xreplace(&fixture.settings->account, strcmp(row->named, "first") == 0 ? first : GONE);
        SETTING_MARK(fixture.settings, account, row->origin);
        SETTING_MARK(fixture.settings, server, row->origin); /* the two come together */
    }
    ok = context_account(&fixture.context, &ca, &err);
    CHECK(ok == (row->want != NULL), "%s: %s: %s", row->name, err.what, err.why);
    CHECK(ok || row->why == NULL || strstr(err.why, row->why) != NULL, "%s: %s", row->name, err.why);
    CHECK(row->said == NULL || fixture_has_said(&fixture, row->said), "%s: %s", row->name, buf_text(&fixture.said));
    if (!ok || row->want == NULL)
        return;
    want = strcmp(row->want, "first") == 0 ? first : strcmp(row->want, "second") == 0 ? second : NULL;
    CHECK(want == NULL || strcmp(ca->account->id, want) == 0, "%s", row->name);
    CHECK_TEXT(fixture.answers.account, ca->account->id, row->name);
    CHECK(row->have != TWINS || !file_exists(at("accounts/ca.test/dir/%s", first)), "%s: both are still there",
        row->name);
}

TEST(which_account)
{
    for (size_t i = 0; i < COUNT(rows); i++)
        check_row(&rows[i]);
}

TEST(looking_makes_none)
{
    static const struct setup setup = { .verb = "show_account" };
    AUTO(fixture_clear) struct fixture fixture;
    struct error err = { 0 };
    struct ca *ca;

    fixture_open(&fixture, &setup);
    CHECK(context_existing_account(&fixture.context, &ca, &err) && ca == NULL, "%s", err.why);
    CHECK(account_store_is_empty(fixture.store) && fixture.ca.requests[CA_THE_DIRECTORY] == 0, "nobody was asked");
}

TEST(an_account_is_made_once_in_a_run)
{
    static const struct setup setup = { .verb = "certonly" };
    AUTO(fixture_clear) struct fixture fixture;
    struct ca *first, *second;
    struct error err = { 0 };

    fixture_open(&fixture, &setup);
    REQUIRE(context_account(&fixture.context, &first, &err), "%s", err.why);
    REQUIRE(context_account(&fixture.context, &second, &err), "%s", err.why);
    CHECK(first == second, "the same one");
    CHECK_INT(fixture.ca.requests[CA_NEW_ACCOUNT], 1, "asked once");
    CHECK_INT(fixture.ca.requests[CA_THE_DIRECTORY], 1, "one session");
}

/* ---- many workers ---- */

#define WORKERS 8

struct worker {
    struct fixture *fixture;
    struct answers answers; /* of its own, as each lineage under renewal has */
    struct ca *ca;
    bool ok;
};

static void *get_account(void *arg)
{
    struct worker *worker = arg;
    struct context own = worker->fixture->context;
    struct error err = { 0 };

    own.answers = &worker->answers;
    worker->ok = context_account(&own, &worker->ca, &err);
    return NULL;
}

static void *recover_account_of(void *arg)
{
    struct worker *worker = arg;
    struct context own = worker->fixture->context;
    struct error err = { 0 };

    own.answers = &worker->answers;
    (void)error_set(&err, ERROR_ACME, "unknown");
    (void)error_problem(&err, "accountDoesNotExist", 0);
    worker->ok = context_recover_account(&own, &worker->ca, &err);
    return NULL;
}

static void run_all(struct worker *workers, void *(*work)(void *arg))
{
    pthread_t threads[WORKERS];

    for (size_t i = 0; i < WORKERS; i++)
        REQUIRE(pthread_create(&threads[i], NULL, work, &workers[i]) == 0, "no thread");
    for (size_t i = 0; i < WORKERS; i++)
        REQUIRE(pthread_join(threads[i], NULL) == 0, "no thread");
    for (size_t i = 0; i < WORKERS; i++) {
        CHECK(workers[i].ok, "worker %zu", i);
        CHECK(workers[i].ca == workers[0].ca, "worker %zu has an account of its own", i);
        CHECK_TEXT(workers[i].answers.account, workers[i].ca->account->id, "it is kept for the renewal file");
    }
}

/* Two workers never register twice, neither at first nor when the CA has lost the account. */
TEST(workers_share_an_account)
{
    static const struct setup setup = { .verb = "renew" };
    AUTO(fixture_clear) struct fixture fixture;
    struct worker workers[WORKERS];
    struct ca *first;

    fixture_open(&fixture, &setup);
    for (size_t i = 0; i < WORKERS; i++)
        workers[i] = (struct worker){ .fixture = &fixture };
    run_all(workers, get_account);
    CHECK_INT((int64_t)fixture.ca.account_count, 1, "one account");
    CHECK_INT(fixture.ca.requests[CA_THE_DIRECTORY], 1, "one session");
    first = workers[0].ca;
    acme_ca_lose_accounts(&fixture.ca);
    run_all(workers, recover_account_of);
    CHECK_INT((int64_t)fixture.ca.account_count, 2, "one more");
    CHECK_INT(fixture.ca.requests[CA_NEW_ACCOUNT], 3, "made, looked for, made again: one worker asks for all");
    CHECK(workers[0].ca != first && first->successor == workers[0].ca, "it takes the first one's place");
    for (size_t i = 0; i < WORKERS; i++)
        answers_clear(&workers[i].answers);
}

/* ---- an account that the CA refuses ---- */

static const struct {
    const char *name, *problem;
    bool lost, agree, dry_run, recovers;
} refusals[] = {
    { "it is unknown, and may be registered again", "accountDoesNotExist", true, true, false, true },
    { "told as some tell it", "malformed", true, true, false, true },
    { "it is unknown, and nobody has agreed to the terms", "accountDoesNotExist", true, false, false, false },
    { "a dry run registers nothing", "accountDoesNotExist", true, true, true, false },
    { "it is well, and was refused for another cause", "unauthorized", false, true, false, false },
    { "a refusal that is about something else", "rateLimited", true, true, false, false },
};

TEST(an_account_that_is_refused)
{
    for (size_t i = 0; i < COUNT(refusals); i++) {
        static const struct setup setup = { .verb = "certonly" };
        AUTO(fixture_clear) struct fixture fixture;
        struct ca *ca, *before;
        struct error err = { 0 };
        bool ok;

        fixture_open(&fixture, &setup);
        REQUIRE(context_account(&fixture.context, &ca, &err), "%s", err.why);
        before = ca;
        if (refusals[i].lost)
            acme_ca_lose_accounts(&fixture.ca);
        fixture.settings->agree_tos = refusals[i].agree;
        fixture.settings->dry_run = refusals[i].dry_run;
        (void)error_set(&err, ERROR_ACME, "the refusal");
        (void)error_problem(&err, refusals[i].problem, 0);
        ok = context_recover_account(&fixture.context, &ca, &err);
        CHECK(ok == refusals[i].recovers, "%s: %s", refusals[i].name, err.why);
        CHECK((ca != before) == ok && (before->successor == ca) == ok, "%s", refusals[i].name);
        CHECK((err.kind == ERROR_NONE) == ok, "%s: %s", refusals[i].name, err.why);
        CHECK_INT((int64_t)fixture.ca.account_count, 1 + ok, refusals[i].name);
    }
}

/* ---- sessions ---- */

TEST(a_ca_that_is_away_is_asked_once)
{
    static const struct setup setup = { .ca.faults = { { CA_THE_DIRECTORY } } };
    AUTO(fixture_clear) struct fixture fixture;
    struct error first = { 0 }, second = { 0 };
    struct session *session;

    fixture_open(&fixture, &setup);
    CHECK(!context_session(&fixture.context, CA_DIRECTORY, &session, &first), "away");
    CHECK(!context_session(&fixture.context, CA_DIRECTORY, &session, &second), "still away");
    CHECK_TEXT(second.why, first.why, "the same error");
    CHECK_INT(fixture.ca.requests[CA_THE_DIRECTORY], 1, "asked once");
}

/* ---- the network process ---- */

TEST(a_played_outside_has_no_network_process)
{
    static const struct setup setup = { .verb = "install" };
    AUTO(fixture_clear) struct fixture fixture;
    struct plugin_net net, nobody = { 0 };
    struct net *out = (struct net *)&net;
    struct error err = { 0 };

    fixture_open(&fixture, &setup);
    net = context_net_when_needed(&fixture.context);
    fixture.context.settings = NULL; /* who asks later has no context */
    CHECK(plugin_net_get(&net, &out, &err) && out == NULL, "%s", err.why);
    out = (struct net *)&net;
    CHECK(plugin_net_get(&nobody, &out, &err) && out == NULL, "a test of the plugin alone");
    fixture.context.settings = fixture.settings;
}

/* ---- what hooks leave ---- */

TEST(trails_are_joined)
{
    AUTO(run_free) struct run *run = run_new(NULL);
    struct context context = { .run = run };
    struct hook_trail one = { 0 }, other = { 0 };

    list_add(&one.post, "reload");
    list_add(&one.env, "CERTBOT_DOMAIN=one.test");
    one.renewed_lineage = xstrdup("live/one");
    list_add(&other.env, "CERTBOT_TOKEN=of another");
    list_add(&other.post, "reload");
    list_add(&other.post, "mail");
    hook_trail_join(run, &one);
    hook_trail_join(run, &other);
    CHECK_INT((int64_t)context_trail(&context)->post.len, 2, "each command once");
    CHECK_TEXT(context_trail(&context)->renewed_lineage, "live/one", "the last that renewed any");
    CHECK_INT((int64_t)context_trail(&context)->env.len, 1, "only what the last one was told");
    CHECK_TEXT(context_trail(&context)->env.at[0], "CERTBOT_TOKEN=of another", "only what the last one was told");
    CHECK(one.post.len == 0 && other.post.len == 0 && one.renewed_lineage == NULL, "they are empty");
    context.trail = &one;
    CHECK(context_trail(&context) == &one, "a lineage's own");
}

TEST_MAIN()
