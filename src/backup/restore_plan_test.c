/* What a restore changes, and what it leaves: stores as people have them, and copies of them as people make them. */
#include "backup/restore_world.h"

/* "a" has 'a' and 'b'; the copy is "backup". */
static struct world world_with_backup(const char *layout)
{
    struct world world = world_new(layout);

    world_add(&world, "a", 'b');
    shell("cp -a conf backup");
    return world;
}

static void check_restored(struct world *world, const char *from, const char *names, const char *name)
{
    struct error err = { 0 };

    CHECK(restore_from(world, from, names, &err), "%s: %s: %s", name, err.what, err.why);
    CHECK(!tree_has(at(".restore")), "%s", name);
}

/* ---- damage, and what heals it ---- */

static const struct {
    const char *name;
    const char *damage; /* done to the store, in the test's directory */
} damages[] = {
    { "the store is gone", "rm -rf conf/*" },
    { "live is gone", "rm -r conf/live" },
    { "the archive is gone", "rm -r conf/archive/a" },
    { "a key is another one's", "cp conf/archive/a/privkey1.pem conf/archive/a/privkey2.pem" },
    { "the renewal file is empty", ": >conf/renewal/a.conf" },
    { "the renewal file is garbage", "echo '[[[' >conf/renewal/a.conf" },
    { "links lead nowhere", "for i in cert chain; do ln -sf nowhere conf/live/a/$i.pem; done" },
    { "a live file is missing", "rm conf/live/a/chain.pem" },
    { "nothing", "true" },
};

TEST(damage_is_healed)
{
    for (size_t i = 0; i < COUNT(damages); i++) {
        AUTO(world_clear) struct world world = world_with_backup("certbot");

        shell("%s", damages[i].damage);
        check_restored(&world, "backup", "", damages[i].name);
        check_whole(&world, "a", damages[i].name);
        CHECK_INT(live_version("a"), 'b', damages[i].name);
        shell("diff -r --no-dereference backup conf");
    }
}

TEST(damage_is_healed_in_the_other_layout)
{
    static const char *const all[] = { "rm -rf conf/*", "rm -r conf/live/a", "rm conf/live/a/meta.txt",
        "rm -r conf/archive/a", "cp conf/archive/a/*/privkey.pem conf/live/a/privkey.pem", "true" };

    for (size_t i = 0; i < COUNT(all); i++) {
        AUTO(world_clear) struct world world = world_with_backup("versioned");

        shell("%s", all[i]);
        check_restored(&world, "backup", "", all[i]);
        check_whole(&world, "a", all[i]);
        CHECK_INT(live_version("a"), 'b', all[i]);
    }
}

/* What is somebody's decision is refused before anything is changed. */
TEST(in_the_way)
{
    static const char *const all[] = { "rm conf/live/a/cert.pem && mkdir conf/live/a/cert.pem",
        "rm -r conf/live/a && touch conf/live/a", "rm -r conf/archive/a && touch conf/archive/a",
        "rm conf/renewal/a.conf && mkdir conf/renewal/a.conf" };

    for (size_t i = 0; i < COUNT(all); i++) {
        AUTO(world_clear) struct world world = world_with_backup("certbot");
        AUTO(restoration_clear) struct restoration it = { 0 };
        struct error err = { 0 };

        shell("%s", all[i]);
        CHECK(!prepare(&world, "backup", "", &it, &err) && strstr(err.why, "in the way") != NULL, "%s: %s", all[i],
            err.why);
    }
}

/* ---- copies as people make them ---- */

static const struct {
    const char *name;
    const char *layout;
    const char *copy; /* makes "backup" of conf */
} copies[] = {
    { "in a directory above", "certbot", "mkdir -p backup/etc && cp -a conf backup/etc/letsencrypt" },
    { "links as files, as tar -h has them", "certbot", "cp -aL conf backup" },
    { "absolute links", "certbot",
        "cp -a conf backup && for i in cert chain fullchain privkey; do "
        "ln -sf $PWD/conf/archive/a/${i}2.pem backup/live/a/$i.pem; done" },
    { "a store that was elsewhere", "certbot",
        "cp -a conf backup && sed -i \"s,$PWD/conf/,/etc/letsencrypt/,\" backup/renewal/a.conf" },
    { "a store that was elsewhere, versioned", "versioned",
        "cp -a conf backup && sed -i \"s,$PWD/conf/,/etc/letsencrypt/,\" backup/renewal/a.conf" },
    { "with locks and leftovers", "certbot",
        "cp -a conf backup && touch backup/.certbot.lock && mkdir backup/.restore backup/live/.a.next" },
};

TEST(copies_as_people_make_them)
{
    for (size_t i = 0; i < COUNT(copies); i++) {
        const char *name = copies[i].name;
        AUTO(world_clear) struct world world = world_new(copies[i].layout);
        AUTO(free) char *conf = NULL;

        world_add(&world, "a", 'b');
        shell("%s && rm -rf conf/*", copies[i].copy);
        check_restored(&world, "backup", "", name);
        check_whole(&world, "a", name);
        CHECK_INT(live_version("a"), 'b', name);
        CHECK(!tree_has(at(".certbot.lock")), "%s", name);
        conf = read_text(at("renewal/a.conf"));
        CHECK(conf != NULL && strstr(conf, at("live/a/cert.pem")) != NULL, "%s: %s", name, conf);
        CHECK(conf != NULL && strstr(conf, ".restore") == NULL, "%s: %s", name, conf);
        CHECK(strcmp(copies[i].layout, "versioned") == 0 ||
                  strcmp(link_text(at("live/a/cert.pem")), "../../archive/a/cert2.pem") == 0,
            "%s: %s", name, link_text(at("live/a/cert.pem")));
    }
}

/* ---- what stays ---- */

TEST(others_stay)
{
    AUTO(world_clear) struct world world = world_with_backup("certbot");
    AUTO(restoration_clear) struct restoration it = { 0 };
    struct error err = { 0 };

    make_lineage(world.store, world.settings, "other");
    shell("rm -r conf/live/a && mkdir conf/accounts && echo mine >conf/accounts/mine && cp -a conf was");
    REQUIRE(prepare(&world, "backup", "", &it, &err), "%s", err.why);
    CHECK(it.plan.kept.len == 1 && strcmp(it.plan.kept.at[0], "other") == 0, "%zu", it.plan.kept.len);
    REQUIRE(put_in_place(&it, &err), "%s", err.why);
    check_whole(&world, "a", "a");
    check_whole(&world, "other", "other");
    CHECK(file_exists(at("accounts/mine")), "what the backup lacks stays");
}

/* One of several: settings, hooks and the others are not touched; the account comes along where it is missing. */
TEST(one_of_several)
{
    AUTO(world_clear) struct world world = world_new("certbot");
    struct error err = { 0 };

    make_lineage(world.store, world.settings, "b");
    shell("echo account = abc >>conf/renewal/a.conf && mkdir -p conf/accounts/ca/directory/abc "
          "conf/accounts/ca/directory/def && echo key >conf/accounts/ca/directory/abc/private_key.json && "
          "echo key >conf/accounts/ca/directory/def/private_key.json && echo x >conf/cli.ini && cp -a conf backup && "
          "rm -r conf/accounts conf/live/a conf/live/b conf/cli.ini");
    check_restored(&world, "backup", "a", "one");
    check_whole(&world, "a", "a");
    CHECK(file_exists(at("accounts/ca/directory/abc/private_key.json")), "its account");
    CHECK(!tree_has(at("accounts/ca/directory/def")), "another account");
    CHECK(!tree_has(at("live/b")) && !tree_has(at("cli.ini")), "what was not named");
    CHECK(!restore_from(&world, "backup", "a nowhere", &err) && strstr(err.why, "nowhere") != NULL, "%s", err.why);
    CHECK(strstr(err.next, "a, b") != NULL, "%s", err.next);
}

/* ---- what is told ---- */

TEST(older_and_newer)
{
    AUTO(world_clear) struct world world = world_new("certbot");
    AUTO(restoration_clear) struct restoration it = { 0 };
    struct error err = { 0 };

    shell("cp -a conf backup");
    world_add(&world, "a", 'b');
    REQUIRE(prepare(&world, "backup", "", &it, &err), "%s", err.why);
    REQUIRE(it.plan.len == 1);
    CHECK_INT(it.plan.at[0].fate, FATE_REPLACED, "fate");
    CHECK(it.plan.at[0].here && strcmp(it.plan.at[0].serial, it.stage.at[0].serial) != 0, "serials");
    CHECK_INT(it.plan.at[0].removed, 4, "files of version 2");
    REQUIRE(put_in_place(&it, &err), "%s", err.why);
    CHECK_INT(live_version("a"), 'a', "live");
    CHECK(!tree_has(at("archive/a/cert2.pem")), "a newer version would be made live by Certbot");
}

TEST(nothing_to_do)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(world_clear) struct world world = world_with_backup(*layout);
        AUTO(restoration_clear) struct restoration it = { 0 };
        struct error err = { 0 };

        REQUIRE(prepare(&world, "backup", "", &it, &err), "%s", err.why);
        CHECK_INT(it.plan.at[0].fate, FATE_SAME, *layout);
        CHECK_INT(it.txn.steps.len, 0, *layout);
    }
}

TEST(broken_in_the_backup)
{
    AUTO(world_clear) struct world world = world_with_backup("certbot");
    AUTO(restoration_clear) struct restoration it = { 0 };
    struct error err = { 0 };

    make_lineage(world.store, world.settings, "b");
    shell("rm -r backup && cp -a conf backup && rm backup/archive/a/privkey* && cp -a conf was");
    REQUIRE(prepare(&world, "backup", "", &it, &err), "%s", err.why);
    REQUIRE(it.plan.len == 2);
    CHECK_INT(it.plan.at[0].fate, FATE_REFUSED, "a");
    CHECK(it.plan.at[0].why != NULL && it.plan.at[0].why[0] != '\0', "why");
    CHECK_INT(it.plan.at[1].fate, FATE_SAME, "b");
    CHECK_INT(live_version("a"), 'b', "the one here stays");
}

static const struct {
    const char *name, *renewal;
    const char *make; /* in the backup or the machine */
    const char *back, *missing;
} outsides[] = {
    { "credentials that are gone", "dns_x_credentials = %s/x.ini", "mkdir -p files%s && echo secret >files%s/x.ini",
        "x.ini", NULL },
    { "credentials that are gone for good", "dns_x_credentials = %s/x.ini", "true", NULL, "x.ini" },
    { "a hook with arguments", "renew_hook = %s/hook --now", "true", NULL, "hook" },
    { "a link in the backup", "dns_x_credentials = %s/x.ini", "mkdir -p files%s && ln -s /etc/passwd files%s/x.ini",
        NULL, "x.ini" },
    { "what is there", "dns_x_credentials = %s/x.ini", "echo here >.%s/../x.ini; mkdir -p files; echo here >x.ini",
        NULL, NULL },
};

/* How evercert's own archives keep what renewal files name outside the store. */
TEST(files_outside)
{
    for (size_t i = 0; i < COUNT(outsides); i++) {
        AUTO(world_clear) struct world world = world_new("certbot");
        AUTO(restoration_clear) struct restoration it = { 0 };
        AUTO(free) char *line = NULL, *path = test_path(outsides[i].back != NULL ? outsides[i].back : "x.ini");
        AUTO(buf_clear) struct buf make = BUF(8192);
        struct error err = { 0 };
        const char *name = outsides[i].name;

        for (const char *c = outsides[i].make; *c != '\0'; c++)
            if (c[0] == '%' && c[1] == 's')
                buf_put_text(&make, test_dir()), c++;
            else
                buf_put_char(&make, *c);
        line = xprintf("%.*s%s%s", (int)(strstr(outsides[i].renewal, "%s") - outsides[i].renewal), outsides[i].renewal,
            test_dir(), strstr(outsides[i].renewal, "%s") + 2);
        shell("echo '%s' >>conf/renewal/a.conf && cp -a conf backup && rm -r conf/live/a", line);
        if (i != 4)
            shell("%s", buf_text(&make));
        else
            shell("echo here >x.ini");
        REQUIRE(prepare(&world, "backup", "", &it, &err), "%s: %s", name, err.why);
        CHECK_INT(it.plan.missing.len, outsides[i].missing != NULL || outsides[i].back != NULL, name);
    }
}

TEST_MAIN()
