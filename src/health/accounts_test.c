/*
 * Accounts that renewal files name, or that lie about, as a doctor sees them.
 */
#include "account/account_store.h"
#include "store/fixture.h"
#include "health/world.h"

#define SERVER "https://ca.test/dir"
#define DIR "accounts/ca.test/dir"

static char *add_account(struct world *world)
{
    AUTO(stored_account_free) struct stored_account *account = NULL;
    const struct key_params params = { .type = KEY_EC, .curve = "secp256r1" };
    struct key *key = NULL;
    struct error err = { 0 };

    REQUIRE(key_generate(params, &key, &err), "%s", err.why);
    REQUIRE(
        account_store_save(world->store, SERVER, key, "https://ca.test/acct/1", NULL, &account, &err), "%s", err.why);
    return xstrdup(account->id);
}

/* Sets account and server in the renewal file, as `renew` does. */
static void name_account(const char *id)
{
    shell("sed -i '/^account =/d; /^server =/d; s|^.renewalparams.|&\\naccount = %s\\nserver = " SERVER "|' "
          "renewal/a.example.conf",
        id);
}

static const struct {
    const char *name;
    const char *damage; /* of the account that the renewal file names; %s is its ID */
    bool other;         /* there is another one at the same CA */
    const char *found, *fixed, *after;
} cases[] = {
    { "well", "true %s", false, "", "", "" },
    { "gone, and no other", "rm -r " DIR "/%s", false, "account-gone", "account-gone", "account-gone" },
    { "none at all", "rm -r accounts # %s", false, "account-gone", "account-gone", "account-gone" },
    { "gone, and another is there", "rm -r " DIR "/%s", true, "account-gone! account-unused", "account-gone+", "" },
    { "without a key", ": > " DIR "/%s/private_key.json", false, "account-gone account-broken",
        "account-gone account-broken", "account-gone account-broken" },
    { "without a registration", "rm " DIR "/%s/regr.json", false, "account-incomplete", "account-incomplete",
        "account-incomplete" },
    { "with an empty registration", ": > " DIR "/%s/regr.json", false, "account-incomplete", "account-incomplete",
        "account-incomplete" },
    { "half removed", "cp -r " DIR "/%s " DIR "/.$id.old", false, "account-leftover!", "account-leftover+", "" },
    { "with an empty meta.json", ": > " DIR "/%s/meta.json", false, "account-incomplete!", "account-incomplete+", "" },
};

TEST(accounts_that_renewal_files_name)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(world_clear) struct world world = world_new(i % 2 == 0);
        AUTO(free) char *id = add_account(&world), *other = NULL;
        AUTO(free) char *damage = NULL;

        if (cases[i].other)
            other = add_account(&world);
        name_account(id);
        check_codes(&world, HEALTH_LOOK, cases[i].other ? "account-unused" : "", cases[i].name);
        damage = xprintf("id=%s; %.*s$id%s", id, (int)strcspn(cases[i].damage, "%"), cases[i].damage,
            strchr(cases[i].damage, '%') + 2);
        shell("%s", damage);
        check_codes(&world, HEALTH_LOOK, cases[i].found, cases[i].name);
        check_codes(&world, HEALTH_FIX, cases[i].fixed, cases[i].name);
        check_codes(&world, HEALTH_LOOK, cases[i].after, cases[i].name);
    }
}

/* A key that waits for its account is no account, and nothing that is left over. */
TEST(a_kept_key_is_left_alone)
{
    AUTO(world_clear) struct world world = world_new(true);
    AUTO(key_free) struct key *key = NULL, *kept = NULL;
    const struct key_params params = { .type = KEY_EC, .curve = "secp256r1" };
    struct error err = { 0 };

    REQUIRE(key_generate(params, &key, &err), "%s", err.why);
    REQUIRE(account_store_keep_key(world.store, SERVER, key, &err), "%s", err.why);
    check_codes(&world, HEALTH_FIX, "", "kept");
    CHECK(account_store_kept_key(world.store, SERVER, &kept, &err) && kept != NULL, "%s", err.why);
}

TEST_MAIN()
