#include "store/pending.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <utime.h>

#include "store/fixture.h"
#include "store/probe.h"

#define CREATED 1795329206 /* 2026-11-22T06:33:26Z */

#define ORDER "order: https://ca.test/order/1\n"
#define REST                                                                                                           \
    "server: https://ca.test/dir\naccount: https://ca.test/acct/1\nnames: a.test, b.test\n"                            \
    "requested names: a.test, b.test\ncsr sha256: 00\n"
#define TIME "created: 2026-11-22T06:33:26Z\n"

static struct pending a_record(void)
{
    struct pending pending = {
        .order_url = xstrdup("https://ca.test/order/1"),
        .server = xstrdup("https://ca.test/dir"),
        .account_url = xstrdup("https://ca.test/acct/1"),
        .account_id = xstrdup("0123"),
        .profile = xstrdup("short"),
        .must_staple = true,
        .csr_sha256 = xstrdup("ab12"),
        .previous = xstrdup("cd34"),
        .created = CREATED,
        .has_key = true,
        .key = BUF_SECRET(4096),
    };

    list_add(&pending.names, "a.test");
    list_add(&pending.names, "2001:db8::1");
    list_add_all(&pending.requested, &pending.names);
    list_add(&pending.requested, "*.b.test");
    buf_put_text(&pending.key, key_a);
    return pending;
}

static const struct {
    const char *name, *text, *why; /* why: NULL when it is read */
} texts[] = {
    { "an escape sequence", "order: \x1b[2J\n" REST TIME, "the value of 'order' cannot be read" },
    { "bytes that are no UTF-8", "order: \xff\n" REST TIME, "the value of 'order' cannot be read" },
    { "a name that is empty", ORDER "names: a,,b\n", "the value of 'names' cannot be read" },
    { "names that end in a comma", ORDER "names: a,\n", "the value of 'names' cannot be read" },
    { "a value that is empty", "order:\n" REST TIME, "the value of 'order' cannot be read" },
    { "twice", ORDER ORDER REST TIME, "'order' is there twice" },
    { "no colon", "order\n" REST TIME, "is not of the form" },
    { "nothing", "", "'order' is missing" },
    { "cut short", ORDER REST, "'created' is missing" },
    { "cut within the time", ORDER REST "created: 2026-11-22T06", "the value of 'created' cannot be read" },
    { "before 1970", ORDER REST "created: 1969-12-31T23:59:59Z\n", "the value of 'created' cannot be read" },
    { "a flag that says no", ORDER REST TIME "must staple: no\n", "the value of 'must staple' cannot be read" },
    { "whole", ORDER REST TIME, NULL },
    { "without the last line feed", ORDER REST "created: 2026-11-22T06:33:26Z", NULL },
    { "keys of a later version", "later: thing\n" ORDER REST TIME "later: thing\n", NULL },
};

TEST(order_txt_is_read)
{
    for (size_t i = 0; i < COUNT(texts); i++) {
        AUTO(pending_clear) struct pending pending = { 0 };
        struct error err = { 0 };
        bool ok = pending_parse(view_of(texts[i].text), &pending, &err);

        CHECK(ok == (texts[i].why == NULL), "%s: %s", texts[i].name, err.why);
        CHECK(ok || (err.kind == ERROR_STORE && strstr(err.why, texts[i].why)), "%s: %s", texts[i].name, err.why);
        CHECK(ok || pending.order_url == NULL, "%s: *out was touched", texts[i].name);
        if (!ok)
            continue;
        CHECK_TEXT(pending.order_url, "https://ca.test/order/1", texts[i].name);
        CHECK_INT(pending.names.len, 2, texts[i].name);
        CHECK_INT(pending.created, CREATED, texts[i].name);
        CHECK(!pending.must_staple && !pending.has_key && pending.profile == NULL, "%s", texts[i].name);
    }
}

TEST(what_a_ca_says_makes_no_line)
{
    AUTO(pending_clear) struct pending pending = a_record(), again = { 0 };
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);
    struct error err = { 0 };

    xreplace(&pending.profile, "x\nprivate key here: yes");
    pending.has_key = false;
    pending_format(&pending, &text);
    REQUIRE(pending_parse(buf_view(&text), &again, &err), "%s", err.why);
    CHECK(!again.has_key);
    CHECK_TEXT(again.profile, "x private key here: yes", "profile");
}

TEST(saved_and_loaded)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(pending_clear) struct pending pending = a_record(), again = { 0 };
    AUTO(free) char *left = NULL;
    struct error err = { 0 };
    mode_t before = umask(0);
    bool found = false;

    REQUIRE(pending_save(store, "a.test", &pending, &err), "%s", err.why);
    (void)umask(before);
    CHECK_INT(mode_of(at("pending")), 0700, "pending");
    CHECK_INT(mode_of(at("pending/a.test")), 0700, "pending/a.test");
    CHECK_INT(mode_of(at("pending/a.test/privkey.pem")), 0600, "key");
    CHECK_INT(mode_of(at("pending/a.test/order.txt")), 0600, "order.txt");
    REQUIRE(pending_load(store, "a.test", &again, &found, &err) && found, "%s", err.why);
    CHECK_TEXT(again.order_url, pending.order_url, "order");
    CHECK_TEXT(again.server, pending.server, "server");
    CHECK_TEXT(again.account_url, pending.account_url, "account");
    CHECK_TEXT(again.profile, pending.profile, "profile");
    CHECK_TEXT(again.previous, pending.previous, "previous");
    CHECK_TEXT(again.csr_sha256, pending.csr_sha256, "csr");
    CHECK(list_equal(&again.names, &pending.names) && list_equal(&again.requested, &pending.requested));
    CHECK(again.must_staple && again.has_key && again.created == CREATED);
    CHECK_TEXT(buf_text(&again.key), key_a, "key");
    CHECK(again.key.secret);
    REQUIRE(pending_drop(store, "a.test", &err), "%s", err.why);
    left = names_in(settings->config_dir);
    CHECK_TEXT(left, "renewal-hooks", "nothing is left");
    CHECK(pending_load(store, "a.test", &again, &found, &err) && !found, "%s", err.why);
    CHECK(pending_drop(store, "a.test", &err), "%s", err.why);
}

TEST(a_record_takes_the_place_of_another)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(pending_clear) struct pending pending = a_record(), again = { 0 };
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };
    bool found = false;

    REQUIRE(
        pending_save(store, "a.test", &pending, &err) && pending_save(store, "b.test", &pending, &err), "%s", err.why);
    pending.has_key = false;
    REQUIRE(pending_save(store, "a.test", &pending, &err), "%s", err.why);
    CHECK(!file_exists(at("pending/a.test/privkey.pem")), "the key of the other order");
    REQUIRE(pending_load(store, "a.test", &again, &found, &err) && found, "%s", err.why);
    CHECK(!again.has_key && again.key.len == 0);
    REQUIRE(pending_drop(store, "a.test", &err) && pending_names(store, &names, &err), "%s", err.why);
    CHECK_INT(names.len, 1, "b.test stays");
}

TEST(records_of_no_use)
{
    static const struct {
        const char *name, *file, *text; /* text: NULL: the file is missing */
        bool stays;                     /* what is left may be in the making */
    } cases[] = {
        { "order.txt was not written yet", "order.txt", NULL, true },
        { "order.txt is empty", "order.txt", "", false },
        { "order.txt is something else", "order.txt", "-----BEGIN", false },
        { "the key is missing", "privkey.pem", NULL, false },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(settings_free) struct settings *settings = settings_here();
        AUTO(store_close) struct store *store = store_here(settings);
        AUTO(pending_clear) struct pending pending = a_record(), again = { 0 };
        struct error err = { 0 };
        bool found = true;

        REQUIRE(pending_save(store, "a", &pending, &err), "%s", err.why);
        if (cases[i].text == NULL)
            REQUIRE(remove(at("pending/a/%s", cases[i].file)) == 0);
        else
            write_text(at("pending/a/%s", cases[i].file), cases[i].text);
        CHECK(pending_load(store, "a", &again, &found, &err) && !found, "%s: %s", cases[i].name, err.why);
        CHECK(again.order_url == NULL, "%s: *out was touched", cases[i].name);
        CHECK(file_exists(at("pending/a")) == cases[i].stays, "%s", cases[i].name);
        CHECK(pending_save(store, "a", &pending, &err), "%s: %s", cases[i].name, err.why);
        test_drop_dir();
    }
}

TEST(old_ones_are_swept)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(pending_clear) struct pending pending = a_record();
    AUTO(free) char *first = NULL, *second = NULL;
    const struct utimbuf long_ago = { CREATED, CREATED };
    struct error err = { 0 };

    REQUIRE(pending_save(store, "old", &pending, &err), "%s", err.why);
    pending.created++;
    REQUIRE(pending_save(store, "young", &pending, &err), "%s", err.why);
    pending.created = INT64_C(4000000000);
    REQUIRE(pending_save(store, "of the future", &pending, &err), "%s", err.why);
    REQUIRE(file_mkdirs(at("pending/made now"), 0700, &err) && file_mkdirs(at("pending/made then"), 0700, &err));
    REQUIRE(utime(at("pending/made then"), &long_ago) == 0);
    pending_sweep(store, CREATED + PENDING_MAX_AGE_S + 1);
    first = names_in(at("pending"));
    CHECK_TEXT(first, "made now of the future young", "a second after the first has become too old");
    pending_sweep(store, CREATED + PENDING_MAX_AGE_S + 2);
    second = names_in(at("pending"));
    CHECK_TEXT(second, "made now of the future", "and another");
}

/* ---- several at once ---- */

struct worker {
    pthread_t thread;
    struct store *store;
    char name[16];
    struct error err;
};

static void *come_and_go(void *data)
{
    struct worker *worker = data;
    AUTO(pending_clear) struct pending pending = a_record();

    for (int i = 0; i < 100; i++)
        if (!store_probe(worker->store, NULL, &worker->err) ||
            !pending_save(worker->store, worker->name, &pending, &worker->err) ||
            !pending_drop(worker->store, worker->name, &worker->err))
            break;
    return NULL;
}

/* The directory of them all comes and goes with the first record and the last. */
TEST(renewals_side_by_side)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    struct worker workers[6] = { 0 };

    for (size_t i = 0; i < COUNT(workers); i++) {
        workers[i].store = store;
        (void)snprintf(workers[i].name, sizeof(workers[i].name), "w%zu", i);
        REQUIRE(pthread_create(&workers[i].thread, NULL, come_and_go, &workers[i]) == 0);
    }
    for (size_t i = 0; i < COUNT(workers); i++) {
        REQUIRE(pthread_join(workers[i].thread, NULL) == 0);
        CHECK(
            workers[i].err.kind == ERROR_NONE, "%s: %s: %s", workers[i].name, workers[i].err.what, workers[i].err.why);
    }
    CHECK(!file_exists(at("pending")), "it goes with the last record");
}

TEST(no_room_for_a_record)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(pending_clear) struct pending pending = a_record();
    struct error err = { 0 };

    write_text(at("pending"), "");
    CHECK(!pending_save(store, "a", &pending, &err));
    CHECK_INT(err.sys, ENOTDIR, err.why);
}

TEST(the_name_for_a_csr_is_no_lineages)
{
    AUTO(free) char *name = pending_csr_name("ab12");

    CHECK_TEXT(name, ".csr-ab12", "a lineage's name never begins with a dot");
}

TEST_MAIN()
