#include "store/trace.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#include "store/fixture.h"
#include "store/pending.h"

#define HEAD                                                                                                           \
    "authenticator: webroot\ncreated: 2026-11-22T06:33:26Z\nidentifiers: a.test, b.test\noptions: "                    \
    "[renewalparams]\\n\n"
#define PROOF "\ntype: http-01\nkind: file\nidentifier: a.test\n"

static const struct {
    const char *name, *text, *why; /* why: NULL when it is read */
    size_t count;                  /* of proofs */
} texts[] = {
    { "nothing", "", "'authenticator' is missing", 0 },
    { "only empty lines", "\n\n\n", "'authenticator' is missing", 0 },
    { "cut short", "authenticator: webroot\n", "'created' is missing", 0 },
    { "an escape that is none", HEAD "\ntype: http-01\nkind: file\nidentifier: a\\y\n", "'identifier' cannot be read",
        0 },
    { "an escape that is cut short", HEAD "\ntype: http-01\nkind: file\nidentifier: a\\x4\n",
        "'identifier' cannot be read", 0 },
    { "an escape in upper case", HEAD "\ntype: http-01\nkind: file\nidentifier: a\\x4A\n",
        "'identifier' cannot be read", 0 },
    { "a byte that ends texts", HEAD "\ntype: http-01\nkind: file\nidentifier: a\\x00b\n",
        "'identifier' cannot be read", 0 },
    { "a proof without a type", HEAD PROOF "\nkind: file\nidentifier: a.test\n", "'type' is missing", 0 },
    { "a member twice", HEAD PROOF "type: dns-01\n", "'type' is there twice", 0 },
    { "an escape sequence", HEAD PROOF "token: \x1b[2J\n", "'token' cannot be read", 0 },
    { "no proofs", HEAD, NULL, 0 },
    { "one", HEAD PROOF, NULL, 1 },
    { "two, and empty lines", HEAD "\n\n" PROOF "\n\n" PROOF "\n\n", NULL, 2 },
    { "keys of a later version", "later: thing\n" HEAD PROOF "colour: red\n", NULL, 1 },
};

TEST(proofs_txt_is_read)
{
    for (size_t i = 0; i < COUNT(texts); i++) {
        AUTO(trace_clear) struct trace trace = { 0 };
        struct error err = { 0 };
        bool ok = trace_parse(view_of(texts[i].text), &trace, &err);

        CHECK(ok == (texts[i].why == NULL), "%s: %s", texts[i].name, err.why);
        CHECK(ok || (err.kind == ERROR_STORE && strstr(err.why, texts[i].why)), "%s: %s", texts[i].name, err.why);
        CHECK(ok || trace.authenticator == NULL, "%s: *out was touched", texts[i].name);
        CHECK_INT(trace.count, texts[i].count, texts[i].name);
    }
}

#define HARD " \\ two\nlines\t\x01 \xc3\xa4 \xff "

static struct trace a_trace(void)
{
    struct trace trace = { .authenticator = xstrdup("manual"),
        .options = xstrdup("[renewalparams]\nmanual_cleanup_hook = \"x\"\n"),
        .created = 1795329206,
        .proofs = xcalloc(2, sizeof(struct trace_proof)),
        .count = 2 };

    list_add(&trace.identifiers, "a.test");
    list_add(&trace.identifiers, "2001:db8::1");
    trace.proofs[0] = (struct trace_proof){ .type = xstrdup("http-01"),
        .kind = xstrdup("file"),
        .identifier = xstrdup("2001:db8::1"),
        .is_ip = true,
        .token = xstrdup("tok"),
        .key_authorization = xstrdup("tok.key"),
        .remaining = 1,
        .place = xstrdup(HARD) };
    trace.proofs[1] = (struct trace_proof){ .type = xstrdup("dns-01"),
        .kind = xstrdup("record"),
        .identifier = xstrdup("a.test"),
        .wildcard = true,
        .record_name = xstrdup("_acme-challenge.a.test"),
        .record_value = xstrdup("v; \""),
        .account_url = xstrdup("https://ca.test/acct/1"),
        .output = xstrdup(HARD) };
    return trace;
}

static void check_same(const struct trace *got, const struct trace *want)
{
    AUTO(buf_clear) struct buf a = BUF(1 << 20), b = BUF(1 << 20);

    trace_format(got, &a);
    trace_format(want, &b);
    CHECK_TEXT(buf_text(&a), buf_text(&b), "the same");
    CHECK_TEXT(got->options, want->options, "options");
    CHECK_TEXT(got->proofs[0].place, HARD, "every byte of it");
    CHECK_TEXT(got->proofs[1].output, HARD, "every byte of it");
    CHECK(got->proofs[0].is_ip && !got->proofs[0].wildcard && got->proofs[1].wildcard, "flags");
    CHECK(got->proofs[0].record_name == NULL && got->proofs[1].token == NULL, "what there is not");
    CHECK_INT(got->proofs[0].remaining, 1, "remaining");
}

TEST(it_is_on_disk_until_it_is_dropped)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(trace_clear) struct trace trace = a_trace(), again = { 0 };
    AUTO(list_clear) struct list names = { 0 };
    AUTO(free) char *path = trace_path(store, "a"), *dir = file_dirname(path), *top = file_dirname(dir);
    struct error err = { 0 };
    struct stat st;
    bool found = true;

    CHECK(trace_load(store, "a", &again, &found, &err) && !found, "%s", err.why);
    REQUIRE(trace_save(store, "a", &trace, &err) && trace_save(store, "a", &trace, &err), "twice: %s", err.why);
    CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600, "mode");
    CHECK(stat(dir, &st) == 0 && (st.st_mode & 07777) == 0700, "mode of the directory");
    REQUIRE(trace_load(store, "a", &again, &found, &err) && found, "%s", err.why);
    check_same(&again, &trace);
    CHECK(trace_names(store, &names, &err) && names.len == 1 && strcmp(names.at[0], "a") == 0, "%s", err.why);
    CHECK(trace_drop(store, "a", &err) && trace_drop(store, "a", &err), "%s", err.why);
    CHECK(!trace_is_there(store, "a") && !file_exists(top), "directories go with the last thing in them");
    CHECK(trace_names(store, &names, &err) && names.len == 0, "%s", err.why);
}

TEST(what_is_damaged_is_told)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(free) char *path = trace_path(store, "a"), *dir = file_dirname(path);
    AUTO(trace_clear) struct trace trace = { 0 };
    struct error err = { 0 };
    bool found;

    REQUIRE(file_mkdirs(dir, 0700, &err) && file_create(path, view_of("garbage"), FILE_PRIVATE, &err), "%s", err.why);
    CHECK(!trace_load(store, "a", &trace, &found, &err) && err.kind == ERROR_STORE, "read");
    CHECK(strstr(err.what, path) != NULL, "%s", err.what);
}

static void put_order(struct store *store, struct pending *pending)
{
    struct error err = { 0 };

    *pending = (struct pending){ .order_url = xstrdup("https://ca.test/order/1"),
        .server = xstrdup("https://ca.test/dir"),
        .account_url = xstrdup("https://ca.test/acct/1"),
        .csr_sha256 = xstrdup("00"),
        .created = 1795329206,
        .has_key = true,
        .key = BUF_SECRET(4096) };
    list_add(&pending->names, "a.test");
    list_add(&pending->requested, "a.test");
    buf_put_text(&pending->key, key_a);
    REQUIRE(pending_save(store, "a", pending, &err), "%s", err.why);
}

/* They share a directory, and each comes and goes without the other. */
TEST(beside_the_record_of_an_order)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(trace_clear) struct trace trace = a_trace();
    AUTO(pending_clear) struct pending pending = { 0 }, again = { 0 };
    AUTO(free) char *key = pending_key_path(store, "a"), *dir = pending_dir(store, "a");
    struct error err = { 0 };

    REQUIRE(trace_save(store, "a", &trace, &err), "%s", err.why);
    CHECK_INT(pending_look(store, "a", &again, &err), PENDING_NONE, "a trace is no leftover of an order");
    put_order(store, &pending);
    CHECK(trace_is_there(store, "a"), "the trace stays");
    CHECK_INT(pending_look(store, "a", &again, &err), PENDING_WHOLE, "both");
    REQUIRE(pending_drop(store, "a", &err), "%s", err.why);
    CHECK(trace_is_there(store, "a") && !file_exists(key), "the key is gone, the trace is not");
    CHECK_INT(pending_look(store, "a", &again, &err), PENDING_NONE, "the trace alone");
    REQUIRE(file_create(key, view_of("k"), FILE_PRIVATE, &err), "%s", err.why);
    pending_clear(&again);
    CHECK_INT(pending_look(store, "a", &again, &err), PENDING_LEFTOVER, "a key without its order");
    CHECK(pending_drop(store, "a", &err) && !file_exists(key) && trace_is_there(store, "a"), "%s", err.why);
    pending_sweep(store, INT64_C(4000000000));
    CHECK(trace_is_there(store, "a"), "however old it is");
    pending_clear(&pending);
    put_order(store, &pending);
    REQUIRE(trace_drop(store, "a", &err), "%s", err.why);
    CHECK_INT(pending_look(store, "a", &again, &err), PENDING_WHOLE, "the order alone");
    CHECK(pending_drop(store, "a", &err) && !file_exists(dir), "%s", err.why);
}

TEST(a_full_disk_leaves_nothing)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(trace_clear) struct trace trace = a_trace();
    AUTO(free) char *dir = pending_dir(store, "a");
    struct rlimit before, none;
    struct error err = { 0 };

    REQUIRE(signal(SIGXFSZ, SIG_IGN) != SIG_ERR && getrlimit(RLIMIT_FSIZE, &before) == 0, " ");
    none = (struct rlimit){ 0, before.rlim_max };
    REQUIRE(setrlimit(RLIMIT_FSIZE, &none) == 0, " ");
    CHECK(!trace_save(store, "a", &trace, &err) && err.sys == EFBIG, "%s", err.why);
    REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0, " ");
    CHECK(!file_exists(dir), "an empty directory would count as what is left of an order");
}

TEST(a_trace_grows_old)
{
    static const struct {
        int64_t age_s;
        bool old;
    } cases[] = { { 0, false }, { 604800, false }, { 604801, true }, { -604800, false }, { -604801, true } };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct trace trace = { .created = 1795329206 };

        CHECK(trace_is_old(&trace, 1795329206 + cases[i].age_s) == cases[i].old, "%lld", (long long)cases[i].age_s);
    }
}

TEST_MAIN()
