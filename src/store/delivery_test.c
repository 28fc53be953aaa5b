#include "store/delivery.h"

#include "store/fixture.h"

#define LEAST "certificate sha256: ab\nnot before: 2026-11-22T06:33:26Z\n"

static const struct {
    const char *name, *text, *why; /* why: NULL when it is read */
} texts[] = {
    { "nothing", "", "'certificate sha256' is missing" },
    { "cut short", "certificate sha256: ab\n", "'not before' is missing" },
    { "an empty entry", LEAST "done: a,,b\n", "the value of 'done' cannot be read" },
    { "a number with a sign", LEAST "failures: -1\n", "the value of 'failures' cannot be read" },
    { "a number with a blank", LEAST "failures: 1 2\n", "the value of 'failures' cannot be read" },
    { "a number too large", LEAST "failures: 1000000000\n", "the value of 'failures' cannot be read" },
    { "a flag that says no", LEAST "reload done: no\n", "the value of 'reload done' cannot be read" },
    { "an escape sequence", LEAST "last failure: \x1b[2J\n", "the value of 'last failure' cannot be read" },
    { "least", LEAST, NULL },
    { "the largest number", LEAST "failures: 999999999\n", NULL },
    { "keys of a later version", "later: thing\n" LEAST, NULL },
};

TEST(the_record_is_read)
{
    for (size_t i = 0; i < COUNT(texts); i++) {
        AUTO(delivery_clear) struct delivery delivery = { 0 };
        struct error err = { 0 };
        bool ok = delivery_parse(view_of(texts[i].text), &delivery, &err);

        CHECK(ok == (texts[i].why == NULL), "%s: %s", texts[i].name, err.why);
        CHECK(ok || (err.kind == ERROR_STORE && strstr(err.why, texts[i].why)), "%s: %s", texts[i].name, err.why);
        CHECK(ok || delivery.version == NULL, "%s: *out was touched", texts[i].name);
        CHECK(!ok || strcmp(delivery.version, "ab") == 0, "%s", texts[i].name);
    }
}

static struct delivery delivery_of(const struct cert *cert)
{
    AUTO(buf_clear) struct buf fingerprint = BUF(128);
    struct error err = { 0 };

    REQUIRE(cert_fingerprint(cert, &fingerprint, &err), "%s", err.why);
    return (struct delivery){ .version = buf_take(&fingerprint) };
}

static struct cert *cert_of(const char *pem)
{
    struct cert *cert = NULL;
    struct error err = { 0 };

    REQUIRE(cert_from_pem(view_of(pem), "a certificate", &cert, &err), "%s", err.why);
    return cert;
}

TEST(what_has_run_is_remembered_on_disk)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(cert_free) struct cert *a = cert_of(pem_a);
    AUTO(delivery_clear) struct delivery delivery = delivery_of(a), again = { 0 };
    AUTO(list_clear) struct list names = { 0 };
    AUTO(free) char *path = delivery_path(store, "a"), *top = file_dirname(path);
    struct error err = { 0 };
    struct stat st;
    bool found = true;

    CHECK(delivery_load(store, "a", &again, &found, &err) && !found, "%s", err.why);
    delivery_note_run(&delivery, "reload, and\nsay so");
    REQUIRE(delivery_save(store, "a", &delivery, &err), "%s", err.why);
    CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600, "mode");
    CHECK(stat(top, &st) == 0 && (st.st_mode & 07777) == 0700, "mode of the directory");
    REQUIRE(delivery_load(store, "a", &again, &found, &err) && found, "%s", err.why);
    CHECK(delivery_has_run(&again, "reload, and\nsay so") && !delivery_has_run(&again, "reload"), "marks");
    CHECK(delivery_settle(&again, a), "version");
    REQUIRE(delivery_names(store, &names, &err) && names.len == 1, "%s", err.why);
    CHECK_TEXT(names.at[0], "a", "name");
    CHECK(delivery_drop(store, "a", &err) && delivery_drop(store, "a", &err), "%s", err.why);
    CHECK(!delivery_is_recorded(store, "a") && !file_exists(top), "the directory goes with the last one");
}

TEST(a_version_that_never_went_live_gives_way_to_the_one_before)
{
    AUTO(cert_free) struct cert *a = cert_of(pem_a), *b = cert_of(pem_b), *other = cert_of(pem_ca);
    AUTO(delivery_clear) struct delivery of_a = delivery_of(a), of_b = delivery_of(b);

    CHECK(!delivery_settle(&of_b, a), "nothing was left to do for a");
    of_b.superseded = xstrdup(of_a.version);
    delivery_note_run(&of_b, "x");
    CHECK(!delivery_settle(&of_b, other), "neither of them");
    CHECK(delivery_settle(&of_b, b) && delivery_has_run(&of_b, "x"), "b went live");
    CHECK(delivery_settle(&of_b, a), "b did not go live");
    CHECK(!delivery_has_run(&of_b, "x"), "what has run for b has not run for a");
    CHECK_TEXT(of_b.version, of_a.version, "version");
    CHECK(of_b.superseded == NULL, "once");
}

TEST_MAIN()
