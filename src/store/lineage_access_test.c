/*
 * Owner, group and mode of the files of a version, in both layouts. What root alone may do is tested as root.
 */
#include "store/lineage_access.h"

#include <sys/wait.h>
#include <unistd.h>

#include "config/option_apply.h"
#include "config/option_find.h"
#include "disk/layout.h"
#include "store/fixture.h"
#include "store/history.h"
#include "store/lineage_create.h"

#define GROUP 54321
#define GROUP_TEXT "54321"
#define USER 54320
#define USER_TEXT "54320"

static bool is_root(const char *test)
{
    if (geteuid() == 0)
        return true;
    (void)fprintf(stderr, "skipped: %s: only root may give files away\n", test);
    return false;
}

/* "key-mode=640 key-group=54321" */
static void set(struct settings *settings, const char *words)
{
    struct view rest = view_of(words), word;

    while (words[0] != '\0' && view_cut(&rest, ' ', &word)) {
        AUTO(free) char *name = view_dup(word);
        char *value = strchr(name, '=');
        struct error err = { 0 };

        *value++ = '\0';
        REQUIRE(option_apply(settings, option_find(name), value, ORIGIN_COMMAND_LINE, &err), "%s: %s", words, err.why);
    }
}

static struct settings *settings_for(const char *layout, const char *words)
{
    struct settings *settings = settings_of(layout);

    set(settings, words);
    return settings;
}

/* ---- which ownership counts ---- */

static const struct {
    const char *name, *words;
    mode_t by_hand, key, cert; /* by_hand 0: a new one */
    bool group;                /* the key gets GROUP */
} wins[] = {
    { "nothing asked", "", 0, 0600, 0644, false },
    { "nothing asked, kept by hand", "", 0640, 0640, 0644, false },
    { "a mode", "key-mode=640", 0, 0640, 0644, false },
    { "a mode over what is by hand", "key-mode=600", 0644, 0600, 0644, false },
    { "a group reads", "key-group=" GROUP_TEXT, 0, 0640, 0644, true },
    { "a group, and others by hand no more", "key-group=" GROUP_TEXT, 0644, 0640, 0644, true },
    { "a group that may write by hand", "key-group=" GROUP_TEXT, 0660, 0660, 0644, true },
    { "a group that is not to read", "key-group=" GROUP_TEXT " key-mode=600", 0640, 0600, 0644, true },
    { "certificates only", "cert-mode=640", 0, 0600, 0640, false },
    { "certificates by hand", "cert-mode=600", 0604, 0604, 0600, false },
    { "a key for all, asked for", "key-mode=644", 0, 0644, 0644, false },
    { "read only", "key-mode=0400 cert-mode=0444", 0, 0400, 0444, false },
};

TEST(precedence)
{
    for (size_t i = 0; is_root("precedence") && i < 2 * COUNT(wins); i++) {
        const char *layout = i % 2 == 0 ? "certbot" : "versioned", *name = wins[i / 2].name;
        AUTO(settings_free) struct settings *silent = settings_for(layout, "");
        AUTO(settings_free) struct settings *settings = settings_for(layout, wins[i / 2].words);
        AUTO(store_close) struct store *store = store_here(settings);
        AUTO(lineage_free) struct lineage *lineage = NULL;
        struct issued issued = issued_of('b');
        struct error err = { 0 };
        struct stat st;

        make_lineage(store, wins[i / 2].by_hand != 0 ? silent : settings, "a");
        if (wins[i / 2].by_hand != 0) {
            REQUIRE(chmod(at("live/a/privkey.pem"), wins[i / 2].by_hand) == 0);
            REQUIRE(lineage_load(store, "a", &lineage, &err), "%s: %s", name, err.why);
            REQUIRE(lineage_add_version(store, lineage, &issued, settings, &err), "%s: %s", name, err.why);
        }
        REQUIRE(stat(at("live/a/privkey.pem"), &st) == 0, "%s", name);
        CHECK_INT(st.st_mode & 07777, wins[i / 2].key, name);
        CHECK_INT(st.st_gid, wins[i / 2].group ? GROUP : getegid(), name);
        CHECK_INT(mode_of(at("live/a/fullchain.pem")), wins[i / 2].cert, name);
        CHECK_INT(mode_of(at("live/a/cert.pem")), wins[i / 2].cert, name);
        test_drop_dir();
    }
}

/* Under a umask that closes certificates, a group that may read the key reads them all the same. */
TEST(a_umask)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(settings_free) struct settings *settings = settings_for(*layout, "");
        AUTO(store_close) struct store *store = store_here(settings);
        mode_t before = umask(0077);

        make_lineage(store, settings, "silent");
        if (is_root("a_umask")) {
            set(settings, "key-group=" GROUP_TEXT);
            make_lineage(store, settings, "asked");
        }
        (void)umask(before);
        CHECK_INT(mode_of(at("live/silent/fullchain.pem")), 0600, *layout);
        CHECK_INT(mode_of(at("live/silent/privkey.pem")), 0600, *layout);
        if (geteuid() == 0) {
            CHECK_INT(mode_of(at("live/asked/fullchain.pem")), 0644, *layout);
            CHECK_INT(mode_of(at("live/asked/privkey.pem")), 0640, *layout);
        }
        test_drop_dir();
    }
}

/* ---- what is there ---- */

TEST(all_versions_at_once)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(settings_free) struct settings *settings = settings_for(*layout, "");
        AUTO(store_close) struct store *store = store_here(settings);
        AUTO(lineage_free) struct lineage *lineage = NULL;
        AUTO(list_clear) struct list ids = { 0 };
        struct issued issued = issued_of('b');
        struct error err = { 0 };

        make_lineage(store, settings, "a");
        REQUIRE(lineage_load(store, "a", &lineage, &err), "%s", err.why);
        REQUIRE(lineage_add_version(store, lineage, &issued, settings, &err), "%s", err.why);
        set(settings, geteuid() == 0 ? "key-owner=" USER_TEXT " key-group=" GROUP_TEXT " key-mode=440 cert-mode=640 "
                                       "cert-group=" GROUP_TEXT
                                     : "key-mode=440 cert-mode=640");
        REQUIRE(lineage_apply_access(store, lineage, settings, &err), "%s: %s", *layout, err.why);
        REQUIRE(lineage->layout->list(lineage, &ids, &err) && ids.len == 2, "%s: %s", *layout, err.why);
        for (size_t i = 0; i < ids.len * KIND_COUNT; i++) {
            enum kind kind = (enum kind)(i % KIND_COUNT);
            AUTO(free) char *path = lineage->layout->path(lineage, ids.at[i / KIND_COUNT], kind);
            struct stat st;

            REQUIRE(stat(path, &st) == 0, "%s", path);
            CHECK_INT(st.st_mode & 07777, kind == KIND_PRIVKEY ? 0440 : 0640, path);
            if (geteuid() == 0) {
                CHECK_INT(st.st_gid, GROUP, path);
                CHECK_INT(st.st_uid, kind == KIND_PRIVKEY ? USER : 0, path);
            }
        }
        test_drop_dir();
    }
}

/* An old version that becomes live again is read by those who read the one before. */
TEST(an_old_version_again)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(settings_free) struct settings *settings = settings_for(*layout, "");
        AUTO(store_close) struct store *store = store_here(settings);
        AUTO(lineage_free) struct lineage *lineage = NULL;
        AUTO(list_clear) struct list ids = { 0 };
        AUTO(free) char *now = NULL;
        struct issued issued = issued_of('b');
        struct error err = { 0 };
        struct stat st;

        make_lineage(store, settings, "a");
        REQUIRE(lineage_load(store, "a", &lineage, &err), "%s", err.why);
        REQUIRE(lineage_add_version(store, lineage, &issued, settings, &err), "%s", err.why);
        REQUIRE(chmod(at("live/a/privkey.pem"), 0640) == 0);
        if (geteuid() == 0)
            REQUIRE(chown(at("live/a/privkey.pem"), (uid_t)-1, GROUP) == 0);
        REQUIRE(lineage->layout->list(lineage, &ids, &err) && ids.len == 2, "%s: %s", *layout, err.why);
        REQUIRE(lineage_restore(store, lineage, ids.at[0], &now, &err), "%s: %s", *layout, err.why);
        CHECK_TEXT(lineage->cert->serial, SERIAL_A, *layout);
        REQUIRE(stat(at("live/a/privkey.pem"), &st) == 0, "%s", *layout);
        CHECK_INT(st.st_mode & 07777, 0640, *layout);
        if (geteuid() == 0)
            CHECK_INT(st.st_gid, GROUP, *layout);
        test_drop_dir();
    }
}

TEST(silent_settings_change_nothing)
{
    OVER_LAYOUTS(layout)
    {
        AUTO(settings_free) struct settings *settings = settings_for(*layout, "");
        AUTO(store_close) struct store *store = store_here(settings);
        AUTO(lineage_free) struct lineage *lineage = NULL;
        struct error err = { 0 };

        make_lineage(store, settings, "a");
        REQUIRE(chmod(at("live/a/privkey.pem"), 0444) == 0 && chmod(at("live/a/cert.pem"), 0600) == 0);
        REQUIRE(lineage_load(store, "a", &lineage, &err), "%s", err.why);
        REQUIRE(lineage_apply_access(store, lineage, settings, &err), "%s", err.why);
        CHECK_INT(mode_of(at("live/a/privkey.pem")), 0444, *layout);
        CHECK_INT(mode_of(at("live/a/cert.pem")), 0600, *layout);
        set(settings, "key-mode=600");
        REQUIRE(lineage_apply_access(store, lineage, settings, &err), "%s", err.why);
        CHECK_INT(mode_of(at("live/a/privkey.pem")), 0600, *layout);
        CHECK_INT(mode_of(at("live/a/cert.pem")), 0600, *layout);
        test_drop_dir();
    }
}

/* ---- refused by the system ---- */

/* A link that somebody put in the place of a version's file leads to what is not ours. */
TEST(links_are_not_followed)
{
    AUTO(settings_free) struct settings *settings = settings_for("certbot", "key-mode=640");
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct error err = { 0 };

    make_lineage(store, settings, "a");
    write_text(at("other"), "x");
    REQUIRE(chmod(at("other"), 0600) == 0);
    REQUIRE(lineage_load(store, "a", &lineage, &err), "%s", err.why);
    REQUIRE(unlink(at("archive/a/privkey1.pem")) == 0 && symlink("../../other", at("archive/a/privkey1.pem")) == 0);
    (void)!lineage_apply_access(store, lineage, settings, &err);
    CHECK_INT(mode_of(at("other")), 0600, "left alone");
    test_drop_dir();
}

/* As some Certbots made them when a key was kept. */
TEST(a_key_that_is_a_link_to_the_one_before)
{
    AUTO(settings_free) struct settings *settings = settings_for("certbot", "key-mode=640");
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct issued b = issued_of('b');
    struct error err = { 0 };

    make_lineage(store, settings, "a");
    REQUIRE(lineage_load(store, "a", &lineage, &err), "%s", err.why);
    REQUIRE(lineage_add_version(store, lineage, &b, settings, &err), "%s", err.why);
    REQUIRE(unlink(at("archive/a/privkey2.pem")) == 0 && symlink("privkey1.pem", at("archive/a/privkey2.pem")) == 0);
    set(settings, "key-mode=600");
    CHECK(lineage_apply_access(store, lineage, settings, &err), "%s", err.why);
    CHECK(file_is_link(at("archive/a/privkey2.pem")), "still a link");
    CHECK_INT(mode_of(at("archive/a/privkey1.pem")), 0600, "the key");
    test_drop_dir();
}

static const struct {
    mode_t asked, got;
} without[] = { { 0640, 0600 }, { 0660, 0600 }, { 0644, 0644 }, { 0664, 0644 }, { 0604, 0604 }, { 0600, 0600 },
    { 0400, 0400 } };

/* In a child that gave up root: files are not given away, and who is in the group by chance reads no more than others.
 */
static int create_as_nobody(const char *dir)
{
    int failed = 0;

    if (chdir(dir) != 0 || setgid(65534) != 0 || setuid(65534) != 0)
        return 100;
    for (size_t i = 0; i < COUNT(without); i++) {
        AUTO(free) char *path = xprintf("f%zu", i);
        struct file_access access = { .mode = without[i].asked, .set_owner = true, .uid = (uid_t)-1, .gid = GROUP };
        struct error err = { 0 };

        failed += !access_create(path, view_of("x"), access, &err) || mode_of(path) != without[i].got;
    }
    return failed;
}

/* A list given by hand goes along; but the group in it was another one than the file has now. */
static int list_as_nobody(const char *dir)
{
    struct access access = { .key = { .mode = 0640, .set_owner = true, .uid = (uid_t)-1, .gid = GROUP },
        .key_acl = { .len = 5,
            .at = { { ACL_OWNER, 6, UINT32_MAX }, { ACL_USER, 4, USER }, { ACL_OWNING_GROUP, 4, UINT32_MAX },
                { ACL_MASK, 4, UINT32_MAX }, { ACL_OTHER, 0, UINT32_MAX } } } };
    struct error err = { 0 };
    struct stat st;
    struct acl acl;

    if (chdir(dir) != 0 || setgid(65534) != 0 || setuid(65534) != 0)
        return 100;
    if (!access_create_part("key", KIND_PRIVKEY, view_of("x"), &access, &err) || stat("key", &st) != 0 ||
        !acl_of_path("key", &st, &acl, &err))
        return 101;
    return (acl_group_may(&acl, st.st_gid, st.st_gid) != 0) +
           (acl_user_may(&acl, st.st_gid, &(struct acl_user){ .uid = USER }) != 4);
}

static void check_as_nobody(int (*work)(const char *dir))
{
    AUTO(free) char *dir = test_path("d");
    int status = 0;
    pid_t child;

    REQUIRE(chmod(test_dir(), 0755) == 0 && mkdir(dir, 0755) == 0 && chown(dir, 65534, 65534) == 0);
    child = fork();
    if (child == 0)
        _exit(work(dir));
    REQUIRE(child > 0 && waitpid(child, &status, 0) == child);
    CHECK_INT(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0, "files that are wrong");
    test_drop_dir();
}

TEST(not_root)
{
    if (is_root("not_root"))
        check_as_nobody(create_as_nobody);
}

TEST(not_root_with_a_list)
{
    AUTO(settings_free) struct settings *settings = settings_for("certbot", "");
    AUTO(store_close) struct store *store __attribute__((unused)) = store_here(settings);

    if (is_root("not_root_with_a_list") && has_lists())
        check_as_nobody(list_as_nobody);
}

TEST_MAIN()
