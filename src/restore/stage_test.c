/* Staging: where the store is in what was given, and what hostile copies try. */
#include "restore/world.h"

#include "restore/paths.h"

static const struct {
    const char *name, *make, *found; /* below the test's directory; NULL: refused */
} places[] = {
    { "itself", "mkdir -p b/renewal b/live", "b" },
    { "without live", "mkdir -p b/renewal b/archive", "b" },
    { "some way below", "mkdir -p b/host/etc/letsencrypt/renewal b/host/etc/letsencrypt/live",
        "b/host/etc/letsencrypt" },
    { "too deep", "mkdir -p b/1/2/3/4/5/renewal b/1/2/3/4/5/live", NULL },
    { "none", "mkdir -p b/etc", NULL },
    { "only renewal files", "mkdir -p b/renewal", NULL },
    { "two", "mkdir -p b/x/renewal b/x/live b/y/renewal b/y/live", NULL },
    { "by a link", "mkdir -p b other/renewal other/live && ln -s ../other b/x", NULL },
};

TEST(where_the_store_is)
{
    for (size_t i = 0; i < COUNT(places); i++) {
        AUTO(free) char *dir = test_path("b"), *found = NULL, *want = NULL;
        struct error err = { 0 };
        bool ok;

        shell("%s", places[i].make);
        want = places[i].found != NULL ? test_path(places[i].found) : NULL;
        ok = stage_find(dir, &found, &err);
        CHECK_INT(ok, want != NULL, places[i].name);
        CHECK_TEXT(found, want, places[i].name);
        CHECK(ok || err.next[0] != '\0', "%s", places[i].name);
        test_drop_dir();
    }
}

static const struct {
    const char *name, *attack; /* on the copy; $V is a store that must stay as it is */
} attacks[] = {
    { "renewal is a link", "rm -r backup/renewal && ln -s $V/renewal backup/renewal" },
    { "live is a link", "rm -r backup/live && ln -s $V/live backup/live" },
    { "a live directory is a link", "rm -r backup/live/a && ln -s $V/live/a backup/live/a" },
    { "an archive is a link", "rm -r backup/archive/a && ln -s $V/archive/a backup/archive/a" },
    { "a renewal file is a link", "ln -sf $V/renewal/a.conf backup/renewal/a.conf" },
    { "a live file is a link to another's key", "ln -sf $V/secret backup/live/a/privkey.pem" },
    { "an archive's file is one", "ln -sf $V/secret backup/archive/a/privkey1.pem" },
    { "the renewal file names another store", "sed -i \"s,= .*/live/,= $V/live/,\" backup/renewal/a.conf" },
    { "it names a link in the staging directory, and is to be mended",
        "ln -s $V backup/lnk && mkdir -p $V/dir && mkdir -p victim.was/dir && rm -r backup/live/a && cp -rL "
        "conf/live/a backup/live/a && sed -i \"s,^archive_dir.*,archive_dir = $PWD/conf/.restore/new/conf/lnk/dir,\" "
        "backup/renewal/a.conf" },
    { "it names a link beside live", "ln -s $V backup/x && sed -i 's,conf/live/,conf/x/live/,' backup/renewal/a.conf" },
    { "it names a path upwards", "sed -i \"s,/archive/a,/archive/../../victim/archive/a,\" backup/renewal/a.conf" },
};

/* Whatever the copy says, nothing outside is read or changed. */
TEST(hostile_copies)
{
    for (size_t i = 0; i < COUNT(attacks); i++) {
        AUTO(world_clear) struct world world = world_new("certbot");
        AUTO(restoration_clear) struct restoration it = { 0 };
        struct error err = { 0 };

        shell("cp -a conf backup && cp -a conf victim && echo secret >victim/secret && cp -a victim victim.was && "
              "V=$PWD/victim && %s",
            attacks[i].attack);
        shell("rm -r conf/live/a");
        if (prepare(&world, "backup", "", &it, &err))
            (void)!put_in_place(&it, &err);
        shell("diff -r --no-dereference victim.was victim && ! grep -rqs secret conf/live/a/ conf/archive/");
    }
}

static const struct {
    const char *name, *make; /* of the copy: $V is elsewhere */
    const char *gone;        /* what is not restored */
} leaving[] = {
    { "hooks", "rm -rf backup/renewal-hooks && ln -s $V backup/renewal-hooks", "renewal-hooks/secret" },
    { "settings", "ln -s $V/secret backup/cli.ini", "cli.ini" },
    { "accounts", "rm -rf backup/accounts && ln -s $V backup/accounts", "accounts/secret" },
    { "deep below", "mkdir -p backup/x/y && ln -s $V backup/x/y/z", "x/y/z" },
    { "a link to a link", "ln -s $V backup/q && ln -s q backup/r", "r" },
    { "nowhere", "ln -s nowhere backup/s", "s" },
};

TEST(links_that_leave)
{
    for (size_t i = 0; i < COUNT(leaving); i++) {
        AUTO(world_clear) struct world world = world_new("certbot");
        AUTO(restoration_clear) struct restoration it = { 0 };
        const char *name = leaving[i].name;
        struct error err = { 0 };

        shell("cp -a conf backup && mkdir victim && echo x >victim/secret && V=$PWD/victim && %s && rm -r conf/live/a",
            leaving[i].make);
        REQUIRE(prepare(&world, "backup", "", &it, &err) && put_in_place(&it, &err), "%s: %s", name, err.why);
        CHECK(it.stage.told.len > 0, "%s: nothing is told", name);
        CHECK(!tree_has(at("%s", leaving[i].gone)), "%s", name);
        CHECK_INT(live_version("a"), 'a', name);
    }
}

/* As Certbot links the accounts of two versions of one server. */
TEST(links_of_accounts)
{
    AUTO(world_clear) struct world world = world_new("certbot");
    AUTO(restoration_clear) struct restoration it = { 0 };
    struct error err = { 0 };

    shell("cp -a conf backup && mkdir -p backup/accounts/v1/directory/abc backup/accounts/v2 && "
          "ln -s /etc/letsencrypt/accounts/v1/directory backup/accounts/v2/directory");
    REQUIRE(prepare(&world, "backup", "", &it, &err) && put_in_place(&it, &err), "%s", err.why);
    CHECK(file_is_dir(at("accounts/v2/directory/abc")), "it leads to the one beside it");
    CHECK_INT(it.stage.told.len, 0, "told");
}

TEST(the_staging_directory_is_named)
{
    AUTO(world_clear) struct world world = world_new("certbot");
    AUTO(restoration_clear) struct restoration it = { 0 };
    struct error err = { 0 };

    shell("cp -a conf backup && sed -i \"s,= .*/conf/,= $PWD/conf/.restore/new/conf/,\" backup/renewal/a.conf");
    REQUIRE(prepare(&world, "backup", "", &it, &err), "%s", err.why);
    CHECK_INT(it.plan.at[0].fate, FATE_REFUSED, "fate");
    CHECK(strstr(it.plan.at[0].why, "staged") != NULL, "%s", it.plan.at[0].why);
}

TEST(the_store_itself)
{
    AUTO(world_clear) struct world world = world_new("certbot");
    AUTO(restoration_clear) struct restoration it = { 0 };
    struct error err = { 0 };

    CHECK(!prepare(&world, "conf", "", &it, &err) && strstr(err.why, "this store itself") != NULL, "%s", err.why);
}

TEST(odd_files_are_left_out)
{
    AUTO(world_clear) struct world world = world_new("certbot");
    AUTO(restoration_clear) struct restoration it = { 0 };
    struct error err = { 0 };

    shell("cp -a conf backup && mkfifo backup/fifo && touch \"backup/$(printf 'a\\nb')\" && chmod 4755 "
          "backup/renewal/a.conf && rm -r conf/live/a");
    REQUIRE(prepare(&world, "backup", "", &it, &err), "%s", err.why);
    CHECK_INT(it.stage.told.len, 2, "told");
    REQUIRE(put_in_place(&it, &err), "%s", err.why);
    CHECK_INT(mode_of(at("renewal/a.conf")) & 07000, 0, "set-id bits");
    CHECK(!tree_has(at("fifo")), "a FIFO");
}

TEST(a_file_that_is_too_large)
{
    AUTO(world_clear) struct world world = world_new("certbot");
    AUTO(restoration_clear) struct restoration it = { 0 };
    struct error err = { 0 };

    shell("cp -a conf backup && truncate -s 65M backup/huge");
    CHECK(!prepare(&world, "backup", "", &it, &err) && strstr(err.why, "larger") != NULL, "%s", err.why);
}

static const struct {
    const char *text, *want; /* "KEY PATH ..." */
} named[] = {
    { "[renewalparams]\ndns_x_credentials = /root/x.ini\n", "dns_x_credentials /root/x.ini" },
    { "[renewalparams]\nrenew_hook = /bin/hook -x >/dev/null\n", "renew_hook /bin/hook" },
    { "[renewalparams]\nrenew_hook = systemctl reload nginx\n", "" },
    { "[renewalparams]\nwebroot_path = /var/www,\nserver = https://x/\n", "" },
    { "[evercert]\nplugin_dir = /opt/x\n", "plugin_dir /opt/x" },
    { "cert = /etc/letsencrypt/live/a/cert.pem\n[renewalparams]\na = /\n", "" },
};

TEST(what_renewal_files_name_outside)
{
    for (size_t i = 0; i < COUNT(named); i++) {
        AUTO(conf_free) struct conf *conf = NULL;
        AUTO(list_clear) struct list found = { 0 };
        AUTO(free) char *text = NULL;
        struct error err = { 0 };

        REQUIRE(conf_read(view_of(named[i].text), "x", &conf, &err), "%s", err.why);
        paths_outside(conf, &found);
        text = list_join(&found, " ");
        CHECK_TEXT(text, named[i].want, named[i].text);
    }
}

TEST_MAIN()
