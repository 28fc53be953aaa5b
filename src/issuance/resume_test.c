#include "issuance/resume.h"

#include "base/clock.h"
#include "store/fixture.h"
#include "store/pending.h"

#define SERVER "https://ca.test/dir"
#define DAY 86400

/* A record for lineage "a" as a run that was cut short would have left it. */
static struct pending a_record(const struct lineage *lineage, const char *key)
{
    AUTO(buf_clear) struct buf previous = BUF(128);
    struct pending pending = {
        .order_url = xstrdup("https://ca.test/order/1"),
        .server = xstrdup(SERVER),
        .account_url = xstrdup("https://ca.test/acct/1"),
        .csr_sha256 = xstrdup("ab12"),
        .created = clock_now(),
        .has_key = key != NULL,
        .key = BUF_SECRET(4096),
    };
    struct error err = { 0 };

    if (!cert_fingerprint(lineage->cert, &previous, &err))
        fail_msg("%s", err.why);
    pending.previous = xstrdup(buf_text(&previous));
    list_add_all(&pending.names, &lineage->cert->names);
    list_add_all(&pending.requested, &lineage->cert->names);
    if (key != NULL)
        buf_put_text(&pending.key, key);
    return pending;
}

struct place {
    struct settings *settings;
    struct store *store;
    struct lineage *lineage;
    struct context context;
};

static void place_open(struct place *place)
{
    struct error err = { 0 };

    *place = (struct place){ .settings = settings_here() };
    xreplace(&place->settings->server, SERVER);
    place->store = store_here(place->settings);
    make_lineage(place->store, place->settings, "a");
    if (!lineage_load(place->store, "a", &place->lineage, &err))
        fail_msg("%s", err.why);
    place->context = (struct context){
        .settings = place->settings, .store = place->store, .run = run_new(NULL), .voice = &voice_own
    };
}

static void place_clear_at(struct place *place)
{
    run_free(place->context.run);
    lineage_free(place->lineage);
    store_close(place->store);
    settings_free(place->settings);
}

enum change {
    NOTHING,
    OTHER_CA,
    OTHER_NAMES,
    OLD,
    OTHER_CERT,
    OTHER_CERT_SAME_KEY,
    NO_KEY_OTHER_CERT,
    NEW_THEN,
    DRY_RUN
};

TEST(a_lineage_whose_successor_was_never_saved)
{
    static const struct {
        const char *name;
        enum change change;
        bool waits, stays;
    } cases[] = {
        { "another CA's", OTHER_CA, false, true },
        { "for other names", OTHER_NAMES, false, true },
        { "of last week", OLD, false, false },
        { "of a certificate before", OTHER_CERT, false, true },
        { "saved: the key is live", OTHER_CERT_SAME_KEY, false, false },
        { "saved: the lineage has changed, and kept its key", NO_KEY_OTHER_CERT, false, false },
        { "of another certificate that was to be new", NEW_THEN, false, true },
        { "a dry run asks for none", DRY_RUN, false, true },
        { "as it was left", NOTHING, true, true },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(place_clear) struct place place;
        AUTO(pending_clear) struct pending pending = { 0 };
        enum change change = cases[i].change;
        struct error err = { 0 };

        place_open(&place);
        pending = a_record(place.lineage, change == NO_KEY_OTHER_CERT     ? NULL
                                          : change == OTHER_CERT_SAME_KEY ? key_a
                                                                          : key_b);
        if (change == OTHER_CA)
            xreplace(&pending.server, "https://other.test/dir");
        if (change == OTHER_NAMES)
            list_add(&pending.requested, "c.test");
        if (change == OLD)
            pending.created -= 7 * DAY + 2;
        if (change == OTHER_CERT || change == OTHER_CERT_SAME_KEY || change == NO_KEY_OTHER_CERT)
            xreplace(&pending.previous, "00");
        if (change == NEW_THEN)
            xreplace(&pending.previous, NULL);
        place.settings->dry_run = change == DRY_RUN;
        REQUIRE(pending_save(place.store, "a", &pending, &err), "%s", err.why);
        CHECK(resume_is_waiting(&place.context, place.lineage) == cases[i].waits, "%s", cases[i].name);
        CHECK(file_exists(at("pending/a/order.txt")) == cases[i].stays, "%s: its record", cases[i].name);
        test_drop_dir();
    }
}

TEST(what_could_not_be_saved_is_told)
{
    AUTO(place_clear) struct place place;
    AUTO(pending_clear) struct pending pending = { 0 };
    struct issue_request request = { .record = "a" };
    struct issued_chain chain = { .cert = BUF(8192) };
    struct error err = { 0 };

    place_open(&place);
    pending = a_record(place.lineage, key_b);
    request.lineage = place.lineage;
    REQUIRE(pending_save(place.store, "a", &pending, &err), "%s", err.why);
    buf_put_text(&chain.cert, pem_b);
    (void)error_set(&err, ERROR_STORE, "no room");
    (void)error_next(&err, "make room");
    CHECK(!resume_keep(&place.context, &request, &chain, &err));
    CHECK_TEXT(err.why, "no room", "cause");
    CHECK(strstr(err.what, "was issued, but could not be saved") && strstr(err.next, "make room; ") &&
              strstr(err.next, "conf/pending/a, and the next run fetches it"),
        "%s / %s", err.what, err.next);
    CHECK(file_exists(at("pending/a/order.txt")));

    /* Written, and only not made live: then the lineage keeps it, and has said so. */
    buf_cut(&chain.cert, 0);
    buf_put_text(&chain.cert, pem_a);
    error_clear(&err);
    (void)error_set(&err, ERROR_STORE, "no room");
    CHECK(!resume_keep(&place.context, &request, &chain, &err));
    CHECK_TEXT(err.next, "", "nothing to add");
    CHECK(!file_exists(at("pending")));
    issued_chain_clear(&chain);
}

TEST_MAIN()
