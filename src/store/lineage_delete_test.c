#include <errno.h>

#include "store/fixture.h"
#include "store/lineage_delete.h"
#include "store/lineage_users.h"

static void make_two(struct store *store, const struct settings *settings)
{
    make_lineage(store, settings, "a");
    make_lineage(store, settings, "b");
}

/* Replaces text in a renewal file. */
static void edit_conf(const char *name, const char *from, const char *to)
{
    AUTO(free) char *text = read_text(at("renewal/%s.conf", name));
    char *found = text == NULL ? NULL : strstr(text, from);
    AUTO(free) char *edited = NULL;

    if (found == NULL)
        fail_msg("%s is not in %s", from, name);
    else {
        edited = xprintf("%.*s%s%s", (int)(found - text), text, to, found + strlen(from));
        write_text(at("renewal/%s.conf", name), edited);
    }
}

TEST(delete)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(free) char *live = NULL, *archive = NULL, *renewal = NULL;
    struct error err = { 0 };

    make_two(store, settings);
    (void)!symlink("/nowhere", at("live/a/previous_cert.pem"));
    REQUIRE(lineage_delete(store, "a", &err), "%s", err.why);
    live = names_in(at("live"));
    archive = names_in(at("archive"));
    renewal = names_in(at("renewal"));
    CHECK_TEXT(live, "README b", "live");
    CHECK_TEXT(archive, "b", "archive");
    CHECK_TEXT(renewal, "b.conf", "renewal");
    CHECK(!lineage_delete(store, "a", &err));
    CHECK(strstr(err.why, "No certificate found with name a (expected "), "%s", err.why);
}

TEST(delete_leaves_what_is_not_ours)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(free) char *live = NULL, *elsewhere = NULL, *conf = NULL, *mine = NULL;
    AUTO(free) char *archive = test_path("elsewhere");
    struct error err = { 0 };

    make_lineage(store, settings, "a");
    write_text(at("live/a/haproxy.pem"), "x");
    REQUIRE(rename(at("archive/a"), archive) == 0);
    mine = file_join(archive, "mine");
    write_text(mine, "x");
    conf = xprintf("archive_dir = %s\n", archive);
    edit_conf("a", "archive_dir = ", conf);
    edit_conf("a", at("archive/a"), "");
    REQUIRE(lineage_delete(store, "a", &err), "%s", err.why);
    live = names_in(at("live/a"));
    CHECK_TEXT(live, "haproxy.pem", "live");
    elsewhere = names_in(archive);
    CHECK_TEXT(elsewhere, "mine", "an archive that lies elsewhere");
}

TEST(delete_refuses_a_shared_archive)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct error err = { 0 };
    size_t users = 0;

    make_two(store, settings);
    edit_conf("b", at("archive/b"), at("archive/a"));
    REQUIRE(store_count_archive_users(store, at("archive/../archive/a/"), &users, &err), "%s", err.why);
    CHECK_INT(users, 2, "users");
    CHECK(!lineage_delete(store, "a", &err));
    CHECK(strstr(err.why, "more than one certificate is using "), "%s", err.why);
    CHECK(lineage_load(store, "a", &lineage, &err), "nothing was removed: %s", err.why);
}

TEST(delete_refuses_an_archive_shared_with_a_layout_of_the_future)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct error err = { 0 };

    make_two(store, settings);
    edit_conf("b", at("archive/b"), at("archive/a"));
    edit_conf("b", "archive_dir = ", "store_layout = of-the-future\narchive_dir = ");
    CHECK(!lineage_load(store, "b", &lineage, &err) && strstr(err.why, "of-the-future"), "%s", err.why);
    CHECK(!lineage_delete(store, "a", &err));
    CHECK(strstr(err.why, "more than one certificate is using "), "%s", err.why);
    CHECK(lineage_load(store, "a", &lineage, &err), "nothing was removed: %s", err.why);
}

static const struct {
    const char *name, *conf, *why, *live, *archive; /* why: NULL when deleting succeeds */
} broken[] = {
    { "empty", "", NULL, "README a b", "a b" },
    { "cannot be parsed", "cert\n", "a.conf", "README a b", "a b" },
    { "nothing but the archive", "archive_dir = %s/conf/archive/a\n", NULL, "README a b", "b" },
    { "no key", "cert = %1$s/conf/live/a/cert.pem\nchain = %1$s/conf/live/a/chain.pem\n", NULL, "README a b", "b" },
};

TEST(delete_broken)
{
    for (size_t i = 0; i < COUNT(broken); i++) {
        AUTO(settings_free) struct settings *settings = settings_here();
        AUTO(store_close) struct store *store = store_here(settings);
        AUTO(buf_clear) struct buf conf = BUF(FILE_MAX_TEXT);
        AUTO(free) char *live = NULL, *archive = NULL;
        struct view rest = view_of(broken[i].conf), part;
        struct error err = { 0 };
        bool ok;

        make_two(store, settings);
        while (view_cut(&rest, '%', &part)) { /* %s, %1$s: the test's directory */
            buf_put(&conf, part);
            if (rest.at == NULL)
                break;
            buf_put_text(&conf, test_dir());
            rest.len -= strcspn(rest.at, "s") + 1;
            rest.at += strcspn(rest.at, "s") + 1;
        }
        write_text(at("renewal/a.conf"), buf_text(&conf));
        ok = lineage_delete(store, "a", &err);
        CHECK(ok == (broken[i].why == NULL), "%s: %s", broken[i].name, err.why);
        CHECK(ok || (strstr(err.why, broken[i].why) && strstr(err.what, "error parsing ")), "%s: %s", broken[i].name,
            err.why);
        CHECK(!file_exists(at("renewal/a.conf")), "%s", broken[i].name);
        live = names_in(at("live"));
        archive = names_in(at("archive"));
        CHECK_TEXT(live, broken[i].live, broken[i].name);
        CHECK_TEXT(archive, broken[i].archive, broken[i].name);
        test_drop_dir();
    }
}

TEST(delete_with_a_file_for_the_live_directory)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(free) char *archive = NULL;
    struct error err = { 0 };

    make_two(store, settings);
    REQUIRE(file_remove_tree(at("live/a"), &err), "%s", err.why);
    write_text(at("live/a"), "x");
    CHECK(lineage_delete(store, "a", &err), "%s", err.why);
    archive = names_in(at("archive"));
    CHECK_TEXT(archive, "b", "no key is left behind");
}

static const struct {
    const char *path, *name;
} paths[] = {
    { "live/b/cert.pem", "b" },
    { "live/b/../b/fullchain.pem", "b" },
    { "archive/b/cert1.pem", "b" },
    { "archive/a/fullchain1.pem", "a" },
    { "archive/b/cert2.pem", NULL },
    { "archive/b/privkey1.pem", NULL },
    { "live/b/chain.pem", NULL },
    { "live/c/cert.pem", NULL },
};

TEST(find_by_path)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);

    make_two(store, settings);
    write_text(at("renewal/aa.conf"), "broken\n");
    for (size_t i = 0; i < COUNT(paths); i++) {
        AUTO(free) char *name = NULL;
        struct error err = { 0 };

        REQUIRE(store_find_by_path(store, at("%s", paths[i].path), &name, &err), "%s: %s", paths[i].path, err.why);
        CHECK_TEXT(name, paths[i].name, paths[i].path);
    }
}

TEST_MAIN()
