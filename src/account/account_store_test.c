#include "account/account_store.h"

#include <errno.h>

#include "base/clock.h"
#include "store/fixture.h"

#define SERVER "https://ca.test:14000/dir?x=1"
#define SERVER_DIR "accounts/ca.test:14000/dir"
#define NEWER_DIR "accounts/acme-v02.api.letsencrypt.org/directory"
#define OLDER_DIR "accounts/acme-v01.api.letsencrypt.org/directory"
#define OLDER "https://acme-v01.api.letsencrypt.org/directory"

/* An RSA key of 2048 bits takes a while: one for all tests. The other is a curve's. */
static struct key *key_of(enum key_type type)
{
    static char pem[2][8192];
    struct key_params params = { .type = type, .bits = 2048, .curve = "secp256r1" };
    AUTO(buf_clear) struct buf made = BUF_SECRET(sizeof pem[0]);
    struct key *key = NULL;
    struct error err = { 0 };

    if (pem[type][0] != '\0') {
        if (!key_from_pem(view_of(pem[type]), "test key", &key, &err))
            fail_msg("%s", err.why);
        return key;
    }
    if (!key_generate(params, &key, &err) || !key_to_pem(key, &made, &err))
        fail_msg("%s", err.why);
    (void)snprintf(pem[type], sizeof pem[type], "%s", buf_text(&made));
    return key;
}

/* Saves an account and returns its id, of the caller's. */
static char *save(struct store *store, const char *server, enum key_type type)
{
    AUTO(stored_account_free) struct stored_account *account = NULL;
    struct error err = { 0 };

    if (!account_store_save(store, server, key_of(type), "https://ca.test/acct/1", NULL, &account, &err))
        fail_msg("%s: %s", err.what, err.why);
    return xstrdup(account->id);
}

static char *ids_of(struct store *store, const char *server)
{
    AUTO(list_clear) struct list ids = { 0 };
    struct error err = { 0 };

    if (!account_store_ids(store, server, &ids, &err))
        fail_msg("%s", err.why);
    return list_join(&ids, " ");
}

TEST(save_and_load)
{
    static const enum key_type types[] = { KEY_RSA, KEY_EC };

    for (size_t i = 0; i < COUNT(types); i++) {
        AUTO(settings_free) struct settings *settings = settings_here();
        AUTO(store_close) struct store *store = store_here(settings);
        AUTO(stored_account_free) struct stored_account *saved = NULL;
        AUTO(stored_account_free) struct stored_account *loaded = NULL;
        AUTO(key_free) struct key *key = key_of(types[i]);
        AUTO(free) char *slug = NULL, *want = NULL, *names = NULL, *meta = NULL;
        char created[CLOCK_TEXT_SIZE];
        struct error err = { 0 };
        mode_t before = umask(0);
        bool ok = account_store_save(store, SERVER, key_of(types[i]), "https://ca.test/acct/1", "a@b.c", &saved, &err);

        (void)umask(before);
        REQUIRE(ok, "%s: %s", err.what, err.why);
        CHECK(!account_store_is_empty(store));
        names = names_in(at(SERVER_DIR));
        CHECK_TEXT(names, saved->id, "nothing but the account");
        CHECK_INT(strlen(saved->id), 32, saved->id);
        CHECK_INT(mode_of(at("accounts")), 0700, "accounts");
        CHECK_INT(mode_of(at(SERVER_DIR)), 0700, "server");
        CHECK_INT(mode_of(saved->dir), 0700, "account");
        CHECK_INT(mode_of(at(SERVER_DIR "/%s/private_key.json", saved->id)), 0400, "key");
        CHECK_INT(mode_of(at(SERVER_DIR "/%s/regr.json", saved->id)), 0644, "registration");
        meta = read_text(at(SERVER_DIR "/%s/meta.json", saved->id));
        CHECK(strstr(meta, "\"register_to_eff\""), "%s", meta);

        REQUIRE(account_store_load(store, SERVER, saved->id, &loaded, &err), "%s: %s", err.what, err.why);
        CHECK_TEXT(loaded->url, "https://ca.test/acct/1", "url");
        CHECK_INT(loaded->created, saved->created, "created");
        CHECK_TEXT(loaded->creation_host, saved->creation_host, "host");
        CHECK(key_equal(loaded->key, key), "key");
        slug = stored_account_slug(loaded);
        clock_format_rfc3339(saved->created, created);
        want = xprintf("%s@%s (%.4s)", saved->creation_host, created, saved->id);
        CHECK_TEXT(slug, want, "slug");
        test_drop_dir();
    }
}

/* Certbot refuses one without a body. */
TEST(registration_file)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(free) char *id = save(store, SERVER, KEY_EC);
    AUTO(free) char *text = read_text(at(SERVER_DIR "/%s/regr.json", id));

    CHECK_TEXT(text, "{\"body\":{},\"uri\":\"https://ca.test/acct/1\"}", "regr.json");
}

TEST(saved_again)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(stored_account_free) struct stored_account *account = NULL;
    AUTO(stored_account_free) struct stored_account *loaded = NULL;
    AUTO(free) char *id = save(store, SERVER, KEY_EC), *ids = NULL;
    struct error err = { 0 };

    REQUIRE(unlink(at(SERVER_DIR "/%s/meta.json", id)) == 0); /* it was damaged */
    REQUIRE(account_store_save(store, SERVER, key_of(KEY_EC), "https://ca.test/acct/2", NULL, &account, &err), "%s",
        err.why);
    REQUIRE(account_store_load(store, SERVER, id, &loaded, &err), "%s", err.why);
    CHECK_TEXT(loaded->url, "https://ca.test/acct/2", "the new URL");
    ids = ids_of(store, SERVER);
    CHECK_TEXT(ids, id, "one account");
}

static const struct {
    const char *name, *file, *content, *why; /* why: NULL when it can be read */
} damages[] = {
    { "an old file with more in it", "regr.json",
        "{\"body\":{\"key\":{\"kty\":\"RSA\"},\"contact\":[]},\"new_authzr_uri\":\"x\",\"uri\":"
        "\"https://ca.test/a\"}",
        NULL },
    { "nothing", "private_key.json", "", "private_key.json" },
    { "not JSON", "private_key.json", "-----BEGIN", "private_key.json" },
    { "key of an unknown type", "private_key.json", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\"}", "OKP" },
    { "key with a member missing", "private_key.json", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}",
        "'d'" },
    { "key that is no base64url", "private_key.json",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"A+\",\"y\":\"AA\",\"d\":\"AA\"}", "'x'" },
};

TEST(damaged_accounts)
{
    for (size_t i = 0; i < COUNT(damages); i++) {
        AUTO(settings_free) struct settings *settings = settings_here();
        AUTO(store_close) struct store *store = store_here(settings);
        AUTO(stored_account_free) struct stored_account *account = NULL;
        AUTO(free) char *id = save(store, SERVER, KEY_EC), *ids = NULL;
        struct error err = { 0 };
        bool ok;

        write_text(at(SERVER_DIR "/%s/%s", id, damages[i].file), damages[i].content);
        ok = account_store_load(store, SERVER, id, &account, &err);
        CHECK(ok == (damages[i].why == NULL), "%s: %s", damages[i].name, err.why);
        CHECK(ok || strstr(err.why, damages[i].why), "%s: %s", damages[i].name, err.why);
        ids = ids_of(store, SERVER);
        CHECK_TEXT(ids, ok ? id : "", damages[i].name);
        test_drop_dir();
    }
}

static const struct {
    const char *name, *file, *content; /* content NULL: it is missing */
    bool url, meta;                    /* members that exist all the same */
} halves[] = {
    { "no URL", "regr.json", "{\"body\":{}}", false, true },
    { "empty registration", "regr.json", "", false, true },
    { "no registration", "regr.json", NULL, false, true },
    { "registration is a list", "regr.json", "[]", false, true },
    { "no date", "meta.json", "{\"creation_dt\":\"yesterday\",\"creation_host\":\"h\"}", true, false },
    { "no host", "meta.json", "{\"creation_dt\":\"2026-11-22T00:29:12Z\"}", true, false },
    { "empty meta", "meta.json", "", true, false },
    { "no meta", "meta.json", NULL, true, false },
};

/* The key is all that is needed: the CA tells the rest, and it is written anew. */
TEST(accounts_of_which_the_key_is_left)
{
    for (size_t i = 0; i < COUNT(halves); i++) {
        AUTO(settings_free) struct settings *settings = settings_here();
        AUTO(store_close) struct store *store = store_here(settings);
        AUTO(stored_account_free) struct stored_account *account = NULL;
        AUTO(stored_account_free) struct stored_account *again = NULL;
        AUTO(free) char *id = save(store, SERVER, KEY_EC), *ids = NULL, *newest = NULL;
        const char *path = at(SERVER_DIR "/%s/%s", id, halves[i].file);
        struct error err = { 0 };

        if (halves[i].content != NULL)
            write_text(path, halves[i].content);
        else
            REQUIRE(unlink(path) == 0);
        ids = ids_of(store, SERVER);
        CHECK_TEXT(ids, id, halves[i].name);
        CHECK(account_store_look(store, SERVER, id, &newest, &err), "%s: %s", halves[i].name, err.why);
        REQUIRE(account_store_load(store, SERVER, id, &account, &err), "%s: %s", halves[i].name, err.why);
        CHECK((account->url != NULL) == halves[i].url, "%s: %s", halves[i].name, account->url);
        CHECK(account->no_meta == !halves[i].meta, "%s", halves[i].name);
        CHECK(account->created > 0 && account->creation_host != NULL, "%s", halves[i].name);
        REQUIRE(account_store_mend(account, "https://ca.test/acct/7", &err), "%s: %s", halves[i].name, err.why);
        REQUIRE(account_store_load(store, SERVER, id, &again, &err), "%s: %s", halves[i].name, err.why);
        CHECK_TEXT(again->url, "https://ca.test/acct/7", halves[i].name);
        CHECK(!again->no_meta && again->created == account->created, "%s", halves[i].name);
        test_drop_dir();
    }
}

TEST(a_key_is_kept_until_it_has_an_account)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(stored_account_free) struct stored_account *account = NULL;
    AUTO(key_free) struct key *key = key_of(KEY_EC), *kept = NULL, *none = NULL;
    AUTO(free) char *ids = NULL, *all = NULL;
    struct error err = { 0 };

    CHECK(account_store_kept_key(store, SERVER, &none, &err) && none == NULL, "%s", err.why);
    REQUIRE(account_store_keep_key(store, SERVER, key, &err), "%s: %s", err.what, err.why);
    REQUIRE(account_store_keep_key(store, SERVER, key, &err), "twice: %s", err.why);
    ids = ids_of(store, SERVER);
    CHECK_TEXT(ids, "", "it is no account yet");
    REQUIRE(account_store_kept_key(store, SERVER, &kept, &err) && kept != NULL, "%s", err.why);
    CHECK(key_equal(kept, key), "another key");
    REQUIRE(
        account_store_save(store, SERVER, TAKE(kept), "https://ca.test/acct/1", NULL, &account, &err), "%s", err.why);
    all = names_in(at(SERVER_DIR));
    CHECK_TEXT(all, account->id, "nothing but the account");
    CHECK_INT(mode_of(at(SERVER_DIR "/%s/private_key.json", account->id)), 0400, "key");
    CHECK(account_store_kept_key(store, SERVER, &none, &err) && none == NULL, "%s", err.why);
    REQUIRE(account_store_keep_key(store, SERVER, key, &err), "one that has an account: %s", err.why);
    CHECK(account_store_kept_key(store, SERVER, &none, &err) && none == NULL, "is not kept twice");
}

TEST(a_key_that_was_refused_is_forgotten)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(key_free) struct key *key = key_of(KEY_EC), *kept = NULL;
    struct error err = { 0 };

    REQUIRE(account_store_keep_key(store, SERVER, key, &err), "%s", err.why);
    REQUIRE(account_store_forget_key(store, SERVER, key, &err), "%s", err.why);
    CHECK(account_store_kept_key(store, SERVER, &kept, &err) && kept == NULL, "%s", err.why);
    CHECK(account_store_forget_key(store, SERVER, key, &err), "twice: %s", err.why);
}

TEST(another_key_is_for_one_account)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(stored_account_free) struct stored_account *next = NULL, *again = NULL;
    AUTO(free) char *id = save(store, SERVER, KEY_RSA), *ids = NULL, *all = NULL;
    AUTO(list_clear) struct list prepared = { 0 }, of_another = { 0 };
    AUTO(key_free) struct key *kept = NULL;
    struct error err = { 0 };

    REQUIRE(account_store_prepare(store, SERVER, id, key_of(KEY_EC), &next, &err), "%s", err.why);
    ids = ids_of(store, SERVER);
    CHECK_TEXT(ids, id, "it is no account yet");
    CHECK(account_store_kept_key(store, SERVER, &kept, &err) && kept == NULL, "nor one for who registers");
    REQUIRE(account_store_prepared(store, SERVER, next->id, &of_another, &err), "%s", err.why);
    CHECK_INT(of_another.len, 0, "nor for another account");
    REQUIRE(account_store_prepared(store, SERVER, id, &prepared, &err) && prepared.len == 1, "%s", err.why);
    REQUIRE(account_store_load_prepared(prepared.at[0], &again, &err), "%s", err.why);
    CHECK(key_equal(again->key, next->key), "another key");
    REQUIRE(account_store_adopt(again, "https://ca.test/acct/1", &err), "%s", err.why);
    REQUIRE(account_store_remove(store, SERVER, id, &err), "%s", err.why);
    all = names_in(at(SERVER_DIR));
    CHECK_TEXT(all, next->id, "nothing but the account");
    all = (free(all), names_in(at(SERVER_DIR "/%s", next->id)));
    CHECK_TEXT(all, "meta.json private_key.json regr.json", "it is whole");
}

TEST(what_was_prepared_goes_with_its_account)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(stored_account_free) struct stored_account *next = NULL;
    AUTO(free) char *id = save(store, SERVER, KEY_RSA), *all = NULL;
    struct error err = { 0 };

    REQUIRE(account_store_prepare(store, SERVER, id, key_of(KEY_EC), &next, &err), "%s", err.why);
    REQUIRE(account_store_forget_prepared(next, &err), "%s", err.why);
    all = names_in(at(SERVER_DIR));
    CHECK_TEXT(all, id, "forgotten");
    stored_account_free(next);
    next = NULL;
    REQUIRE(account_store_prepare(store, SERVER, id, key_of(KEY_EC), &next, &err), "%s", err.why);
    REQUIRE(account_store_remove(store, SERVER, id, &err), "%s", err.why);
    CHECK(access(at(SERVER_DIR), F_OK) != 0, "the directory is empty, and goes");
}

TEST(what_interrupted_work_left_is_swept)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(stored_account_free) struct stored_account *next = NULL;
    AUTO(free) char *id = save(store, SERVER, KEY_RSA), *before = NULL, *after = NULL;
    struct error err = { 0 };

    REQUIRE(account_store_prepare(store, SERVER, id, key_of(KEY_EC), &next, &err), "%s", err.why);
    before = names_in(at(SERVER_DIR));
    REQUIRE(mkdir(at(SERVER_DIR "/.%s.old", id), 0700) == 0 && mkdir(at(SERVER_DIR "/.%s.part", id), 0700) == 0);
    write_text(at(SERVER_DIR "/.%s.old/private_key.json", id), "{}");
    REQUIRE(account_store_sweep(store, SERVER, &err), "%s", err.why);
    after = names_in(at(SERVER_DIR));
    CHECK_TEXT(after, before, "accounts and keys that wait stay");
    CHECK(account_store_is_rest(".0123456789abcdef0123456789abcdef.old") && !account_store_is_rest(".mine.old") &&
          !account_store_is_rest("0123456789abcdef0123456789abcdef.old"));
    CHECK(account_store_sweep(store, "https://nowhere.test/dir", &err), "no directory: %s", err.why);
}

TEST(who_takes_the_place_of_an_account_that_is_gone)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(free) char *id = save(store, SERVER, KEY_EC), *newest = NULL, *none = NULL;
    struct error err = { 0 };

    CHECK(!account_store_look(store, SERVER, "0123", &newest, &err), "found");
    CHECK_TEXT(newest, id, "the one that is there");
    CHECK(!account_store_look(store, "https://other.test/dir", "0123", &none, &err) && none == NULL, "%s", none);
    CHECK(!file_exists(at("accounts/other.test")), "looking makes no directory");
    CHECK(!account_store_look(store, SERVER, "../dir", &none, &err), "a path");
}

TEST(id_of_another_key)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(stored_account_free) struct stored_account *account = NULL;
    AUTO(free) char *id = save(store, SERVER, KEY_EC);
    struct error err = { 0 };

    REQUIRE(rename(at(SERVER_DIR "/%s", id), at(SERVER_DIR "/0123")) == 0);
    CHECK(!account_store_load(store, SERVER, "0123", &account, &err));
    CHECK(strstr(err.why, "Account ids mismatch (expected: 0123, found "), "%s", err.why);
}

static const struct {
    const char *server, *id, *why;
} missing[] = {
    { SERVER, "1234", "Account at " },
    { SERVER, "../dir", "Account at " },
    { SERVER, "", "Account at " },
    { "https://ca.test/../../etc", "x", "cannot be used" },
    { "https://", "x", "is not a URL" },
};

TEST(accounts_that_are_not_there)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(free) char *id = save(store, SERVER, KEY_EC), *ids = NULL;

    for (size_t i = 0; i < COUNT(missing); i++) {
        AUTO(stored_account_free) struct stored_account *account = NULL;
        struct error err = { 0 };

        CHECK(!account_store_load(store, missing[i].server, missing[i].id, &account, &err), "%s", missing[i].id);
        CHECK_INT(err.kind, ERROR_CONFIG, missing[i].id);
        CHECK(strstr(err.why, missing[i].why), "%s", err.why);
        CHECK(!account_store_remove(store, missing[i].server, missing[i].id, &err), "%s", missing[i].id);
    }
    ids = ids_of(store, SERVER);
    CHECK_TEXT(ids, id, "the one there is stays");
}

TEST(directory_of_the_server)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(free) char *ids = ids_of(store, SERVER), *gone = NULL;
    struct stat st;

    CHECK_TEXT(ids, "", "none");
    for (size_t up = 0; up < 3; up++) {
        static const char *const dirs[] = { SERVER_DIR, "accounts/ca.test:14000", "accounts" };

        REQUIRE(stat(at("%s", dirs[up]), &st) == 0, "%s is made by looking", dirs[up]);
        CHECK_INT(st.st_mode & 07777, 0700, dirs[up]);
    }
    REQUIRE(rmdir(at(SERVER_DIR)) == 0 && symlink("gone", at(SERVER_DIR)) == 0);
    gone = ids_of(store, SERVER);
    CHECK_TEXT(gone, "", "a link that leads nowhere");
}

TEST(oldest_first)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(free) char *rsa = save(store, SERVER, KEY_RSA), *ec = save(store, SERVER, KEY_EC);
    AUTO(free) char *ids = NULL, *want = NULL;

    write_text(
        at(SERVER_DIR "/%s/meta.json", ec), "{\"creation_dt\":\"2019-01-01T00:00:00Z\",\"creation_host\":\"h\"}");
    want = xprintf("%s %s", ec, rsa);
    ids = ids_of(store, SERVER);
    CHECK_TEXT(ids, want, "by creation");
}

TEST(remove)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(free) char *rsa = save(store, SERVER, KEY_RSA), *ec = save(store, SERVER, KEY_EC), *left = NULL;
    struct error err = { 0 };

    REQUIRE(account_store_remove(store, SERVER, rsa, &err), "%s", err.why);
    left = names_in(at(SERVER_DIR));
    CHECK_TEXT(left, ec, "the other stays");
    CHECK(!account_store_is_empty(store));
    REQUIRE(account_store_remove(store, SERVER, ec, &err), "%s", err.why);
    CHECK(!file_exists(at(SERVER_DIR)));
    CHECK(file_is_dir(at("accounts/ca.test:14000")));
    CHECK(account_store_is_empty(store));
}

/* ---- accounts of the server's older name ---- */

TEST(older_name_is_adopted_whole)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(free) char *id = save(store, OLDER, KEY_EC), *ids = NULL;
    struct error err = { 0 };

    REQUIRE(file_mkdirs(at(NEWER_DIR), 0700, &err), "%s", err.why);
    ids = ids_of(store, SERVER_PRODUCTION);
    CHECK_TEXT(ids, id, "found");
    CHECK_TEXT(link_text(at(NEWER_DIR)), at(OLDER_DIR), "the empty directory became a link");
    REQUIRE(account_store_remove(store, SERVER_PRODUCTION, id, &err), "%s", err.why);
    CHECK(!file_exists(at(OLDER_DIR)) && !file_is_link(at(NEWER_DIR)));
    CHECK(account_store_is_empty(store));
}

TEST(older_name_is_adopted_by_account)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(stored_account_free) struct stored_account *account = NULL;
    AUTO(free) char *older = save(store, OLDER, KEY_RSA), *newer = save(store, SERVER_PRODUCTION, KEY_EC);
    AUTO(free) char *ids = NULL;
    struct error err = { 0 };

    ids = ids_of(store, SERVER_PRODUCTION);
    CHECK_TEXT(ids, newer, "its own are enough");
    REQUIRE(account_store_load(store, SERVER_PRODUCTION, older, &account, &err), "%s", err.why);
    CHECK_TEXT(link_text(at(NEWER_DIR "/%s", older)), at(OLDER_DIR "/%s", older), "link to the one account");
    REQUIRE(account_store_remove(store, SERVER_PRODUCTION, older, &err), "%s", err.why);
    CHECK(!file_is_link(at(NEWER_DIR "/%s", older)) && !file_exists(at(OLDER_DIR)));
    CHECK(file_is_dir(at(NEWER_DIR "/%s", newer)));
}

TEST_MAIN()
