/* What a restore changes, and what it leaves: stores as people have them, and copies of them as people make them. */
#include "restore/world.h"

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

/* What is no version does not come along with a certificate, and what does is shown. */
TEST(files_beside)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(world_clear) struct world world = world_with_backup(*layout);
        AUTO(restoration_clear) struct restoration it = { 0 };
        struct error err = { 0 };

        shell("mkdir -p backup/archive/a/deploy && echo : >backup/archive/a/deploy/x.sh && echo : "
              ">backup/archive/a/notes && echo : >backup/live/a/haproxy.pem && for i in backup/archive/a/2*; do "
              "! [ -d $i ] || echo : >$i/x.sh; done && rm -r conf/archive/a conf/live/a");
        REQUIRE(prepare(&world, "backup", "a", &it, &err) && put_in_place(&it, &err), "%s: %s", *layout, err.why);
        CHECK(it.plan.left.len >= 2, "%s: %zu", *layout, it.plan.left.len);
        CHECK(list_has(&it.plan.others, "live/a/haproxy.pem"), "%s: not shown", *layout);
        shell("test -f conf/live/a/haproxy.pem && ! find conf/archive | grep -E 'x.sh|notes|deploy'");
        check_whole(&world, "a", *layout);
    }
}

/* The directory of hooks is no archive. */
TEST(an_archive_that_is_none)
{
    AUTO(world_clear) struct world world = world_with_backup("certbot");
    AUTO(restoration_clear) struct restoration it = { 0 };
    struct error err = { 0 };

    shell("mkdir -p backup/renewal-hooks/deploy && echo : >backup/renewal-hooks/deploy/x.sh && sed -i "
          "\"s,^archive_dir.*,archive_dir = $PWD/conf/renewal-hooks,\" backup/renewal/a.conf && rm conf/live/a/*");
    REQUIRE(prepare(&world, "backup", "a", &it, &err), "%s", err.why);
    CHECK_INT(it.plan.at[0].fate, FATE_REFUSED, "fate");
    CHECK_INT(it.txn.steps.len, 0, "steps");
}

/* What was staged and is gone is no reason to remove what is here. */
TEST(what_is_staged_goes)
{
    AUTO(world_clear) struct world world = world_with_backup("certbot");
    AUTO(restoration_clear) struct restoration it = { 0 };
    struct error err = { 0 };

    shell("echo x >backup/cli.ini && echo y >conf/cli.ini");
    REQUIRE(prepare(&world, "backup", "", &it, &err), "%s", err.why);
    CHECK(txn_check(&it.txn, &err), "%s", err.why);
    shell("rm conf/.restore/new/conf/cli.ini");
    CHECK(!txn_check(&it.txn, &err) && err.next[0] != '\0', "%s", err.why);
}

/* As archives of ours keep what renewal files name outside the store. */
static const struct {
    const char *name;
    const char *make; /* files$D is of the archive, $D is here */
    const char *now;  /* what is in it afterwards; NULL: it is not there */
    size_t outside, missing;
} outsides[] = {
    { "it is gone", "echo secret >files$D/x.ini", "secret\n", 1, 0 },
    { "it is gone for good", "true", NULL, 0, 1 },
    { "it is here, and another", "echo secret >files$D/x.ini && echo here >x.ini", "here\n", 0, 0 },
    { "a link in the archive", "ln -s /etc/passwd files$D/x.ini", NULL, 0, 1 },
    { "a directory", "mkdir files$D/x.ini", NULL, 0, 1 },
};

static bool prepare_archive(struct world *world, struct restoration *it, struct error *err)
{
    AUTO(free) char *root = test_path("backup"), *files = test_path("files");
    const struct list all = { 0 };

    txn_init(&it->txn, world->settings->config_dir);
    return txn_begin(&it->txn, err) && stage_move(&it->stage, &it->txn, root, files, err) &&
           stage_prepare(&it->stage, world->settings, &all, err) &&
           plan_make(world->store, &it->stage, true, &it->txn, &it->plan, err);
}

TEST(files_outside)
{
    for (size_t i = 0; i < COUNT(outsides); i++) {
        AUTO(world_clear) struct world world = world_new("certbot");
        AUTO(restoration_clear) struct restoration it = { 0 };
        AUTO(free) char *path = test_path("x.ini"), *now = NULL;
        const char *name = outsides[i].name;
        struct error err = { 0 };

        shell("D=$PWD && echo \"dns_x_credentials = $D/x.ini\" >>conf/renewal/a.conf && cp -a conf backup && mkdir -p "
              "files$D "
              "&& %s && rm -r conf/live/a",
            outsides[i].make);
        REQUIRE(prepare_archive(&world, &it, &err), "%s: %s", name, err.why);
        CHECK_INT(it.plan.outside.len, outsides[i].outside, name);
        CHECK_INT(it.plan.missing.len, outsides[i].missing, name);
        REQUIRE(
            txn_save(&it.txn, &err) && txn_commit(&it.txn, &err) && txn_apply(&it.txn, SIDE_NEW, &err), "%s", err.why);
        now = read_text(path);
        CHECK_TEXT(now, outsides[i].now, name);
        REQUIRE(txn_take_back(&it.txn, &err) && txn_end(&it.txn, &err), "%s: %s", name, err.why);
        CHECK_INT(tree_has(path), outsides[i].now != NULL && outsides[i].outside == 0, name);
    }
}

TEST(files_outside_that_nobody_wants)
{
    AUTO(world_clear) struct world world = world_new("certbot");
    AUTO(restoration_clear) struct restoration it = { 0 };
    AUTO(free) char *path = test_path("x.ini");
    struct error err = { 0 };

    shell("D=$PWD && echo \"dns_x_credentials = $D/x.ini\" >>conf/renewal/a.conf && cp -a conf backup && mkdir -p "
          "files$D && echo x >files$D/x.ini && chmod 6777 files$D/x.ini && rm -r conf/live/a");
    REQUIRE(prepare_archive(&world, &it, &err), "%s", err.why);
    CHECK_INT(mode_of(at(".restore/new/files%s", path)), 0700, "what is left of its mode");
    plan_leave_outside(&it.plan, &it.txn);
    CHECK_INT(it.plan.outside.len, 0, "outside");
    CHECK_INT(it.plan.left.len, 1, "left out");
    REQUIRE(put_in_place(&it, &err), "%s", err.why);
    CHECK(!tree_has(path), "it is there");
    CHECK_INT(live_version("a"), 'a', "the rest is");
}

TEST_MAIN()
