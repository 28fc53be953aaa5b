/* What is recorded of keys that others know. */
#include "store/compromised.h"

#include "store/fixture.h"

static struct compromised load(const struct store *store, int64_t now)
{
    struct compromised out = { 0 };
    struct error err = { 0 };

    REQUIRE(compromised_load(store, "a", now, &out, &err), "%s", err.why);
    return out;
}

TEST(what_is_to_be_revoked)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    struct issued a = issued_of('a'), b = issued_of('b');
    AUTO(cert_free) struct cert *cert = NULL;
    AUTO(free) char *key = NULL, *folder = test_path("conf/.compromised");
    AUTO(compromised_clear) struct compromised first = load(store, 0), all, over, left, none;
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    CHECK(first.serials.len == 0 && first.keys.len == 0 && first.new_key == NULL, "nothing is recorded");
    REQUIRE(cert_from_pem(a.cert, "a", &cert, &err), "%s", err.why);
    key = cert_key_hash(cert);
    CHECK(strlen(key) == 64, "%s", key);
    REQUIRE(compromised_add(store, "a", "0a", a.cert, &err) && compromised_add(store, "a", "0b", b.cert, &err) &&
                compromised_add(store, "a", "0c", a.cert, &err) && compromised_set_new_key(store, "a", "beef", &err),
        "%s", err.why);
    all = load(store, 0);
    CHECK(all.serials.len == 3 && all.keys.len == 2 && list_has(&all.keys, key), "%zu, of %zu keys", all.serials.len,
        all.keys.len);
    CHECK_TEXT(all.new_key, "beef", "the new key");
    over = load(store, INT64_MAX);
    CHECK(over.serials.len == 0 && over.new_key != NULL, "what has expired needs no revocation");
    REQUIRE(compromised_remove(store, "a", "0b", &err) && compromised_names(store, &names, &err), "%s", err.why);
    left = load(store, 0);
    CHECK(left.serials.len == 2 && left.keys.len == 1 && !list_has(&left.serials, "0b"));
    CHECK(names.len == 1 && strcmp(names.at[0], "a") == 0);
    REQUIRE(compromised_drop(store, "a", &err) && compromised_drop(store, "a", &err), "%s", err.why);
    none = load(store, 0);
    CHECK(none.serials.len == 0 && !file_exists(folder), "nothing stays");
    test_drop_dir();
}

TEST(what_is_no_certificate_is_told)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(compromised_clear) struct compromised out = { 0 };
    struct error err = { 0 };

    REQUIRE(compromised_add(store, "a", "0a", view_of("no certificate"), &err), "%s", err.why);
    CHECK(!compromised_load(store, "a", 0, &out, &err) && err.kind != ERROR_NONE);
    test_drop_dir();
}

TEST_MAIN()
