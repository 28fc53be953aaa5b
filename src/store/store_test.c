#include "store/store.h"

#include <errno.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "disk/layouts.h"
#include "store/fixture.h"
#include "store/lineage_new.h"
#include "store/probe.h"

static const struct {
    mode_t umask;
    mode_t logs, config, work, hooks;
} modes[] = {
    { 0022, 0700, 0755, 0755, 0755 },
    { 0077, 0700, 0700, 0755, 0700 },
    { 0000, 0700, 0755, 0755, 0755 },
};

TEST(directories_are_made)
{
    for (size_t i = 0; i < COUNT(modes); i++) {
        AUTO(free) char *name = xprintf("umask %03o", (unsigned)modes[i].umask);
        AUTO(settings_free) struct settings *settings = settings_here();
        AUTO(store_close) struct store *store = NULL;
        struct error err = { 0 };
        mode_t before = umask(modes[i].umask);
        bool ok = store_open(settings, STORE_CREATE, &store, &err);

        (void)umask(before);
        REQUIRE(ok, "%s: %s", name, err.why);
        CHECK_INT(mode_of(settings->logs_dir), modes[i].logs, name);
        CHECK_INT(mode_of(settings->config_dir), modes[i].config, name);
        CHECK_INT(mode_of(settings->work_dir), modes[i].work, name);
        CHECK_INT(mode_of(at("renewal-hooks/deploy")), modes[i].hooks, name);
        CHECK_TEXT(store_config_dir(store), settings->config_dir, name);
        test_drop_dir();
    }
}

TEST(nothing_is_made_without_being_asked)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = NULL;
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    REQUIRE(store_open(settings, 0, &store, &err), "%s", err.why);
    CHECK(!file_exists(settings->config_dir));
    CHECK(store_lineage_names(store, &names, &err), "%s", err.why);
    CHECK_INT(names.len, 0, "names");
}

TEST(strict_permissions)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *strict = NULL;
    struct error err = { 0 };

    store_close(store_here(settings)); /* makes the directories */
    settings->strict_permissions = true;
    REQUIRE(chmod(settings->config_dir, 0750) == 0);
    CHECK(!store_open(settings, STORE_CREATE, &strict, &err));
    CHECK(strstr(err.why, "exists, but it should be owned by current user with permissions 0o755"), "%s", err.why);
    CHECK(strict == NULL);
    REQUIRE(chmod(settings->config_dir, 0755) == 0);
    CHECK(store_open(settings, STORE_CREATE, &strict, &err), "%s", err.why);
}

TEST(a_file_in_the_way)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = NULL;
    struct error err = { 0 };

    write_text(settings->work_dir, "");
    CHECK(!store_open(settings, STORE_CREATE, &store, &err));
    CHECK(strstr(err.why, settings->work_dir), "%s", err.why);
    CHECK_INT(err.sys, ENOTDIR, "errno");
}

/* POSIX locks exclude other processes only: the second holder is a child. */
static int lock_in_child(const struct settings *settings, unsigned needs, char *why, size_t size)
{
    int ends[2], status = -1;
    pid_t pid;

    if (pipe(ends) != 0 || (pid = fork()) < 0)
        return -1;
    if (pid == 0) {
        struct store *store = NULL;
        struct error err = { 0 };
        bool ok = store_open(settings, needs, &store, &err);

        (void)!write(ends[1], err.why, strlen(err.why));
        _exit(ok ? 0 : 1);
    }
    (void)close(ends[1]);
    memset(why, 0, size);
    (void)!read(ends[0], why, size - 1);
    (void)close(ends[0]);
    (void)waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(locks)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = NULL;
    struct error err = { 0 };
    char why[1024];

    settings->lock_timeout_s = 0;
    REQUIRE(store_open(settings, STORE_CREATE | STORE_LOCK, &store, &err), "%s", err.why);
    CHECK(file_exists(at(".certbot.lock")));
    CHECK_INT(lock_in_child(settings, STORE_LOCK, why, sizeof why), 1, "while it is held");
    CHECK(strstr(why, "already running"), "%s", why);
    store_close(TAKE(store));
    CHECK(!file_exists(at(".certbot.lock")));
    CHECK_INT(lock_in_child(settings, STORE_LOCK, why, sizeof why), 0, "after it was given up");
}

TEST(locks_that_are_shared)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = NULL;
    struct error err = { 0 };
    char why[1024];

    settings->lock_timeout_s = 0;
    REQUIRE(store_open(settings, STORE_CREATE | STORE_LOCK | STORE_SHARE, &store, &err), "%s", err.why);
    CHECK_INT(lock_in_child(settings, STORE_LOCK | STORE_SHARE, why, sizeof why), 0, "another of ours");
    CHECK_INT(lock_in_child(settings, STORE_LOCK, why, sizeof why), 1, "Certbot, or who acts as it");
    CHECK(strstr(why, "already running"), "%s", why);
    store_close(TAKE(store));
    CHECK(!file_exists(at(".certbot.lock")), "what is removed: the lock of the last one");
    REQUIRE(store_open(settings, STORE_LOCK, &store, &err), "%s", err.why);
    CHECK_INT(lock_in_child(settings, STORE_LOCK | STORE_SHARE, why, sizeof why), 1, "another of ours, beside Certbot");
}

/* So that what becomes of the others is told in the log. */
TEST(logs_come_first)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = NULL;
    struct error err = { 0 };

    write_text(settings->config_dir, "");
    REQUIRE(store_open_logs(settings, STORE_CREATE | STORE_LOCK, &store, &err), "%s", err.why);
    CHECK(file_is_dir(settings->logs_dir) && !file_exists(settings->work_dir));
    CHECK(!store_open_rest(store, &err));
    CHECK(strstr(err.why, settings->config_dir), "%s", err.why);
}

TEST(work_directory_is_made_as_if_the_umask_were_usual)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = NULL;
    AUTO(free) char *above = test_path("a"), *between = test_path("a/b"), *work = test_path("a/b/work");
    struct error err = { 0 };
    mode_t before = umask(0077);
    bool ok;

    xreplace(&settings->work_dir, work);
    ok = store_open(settings, STORE_CREATE, &store, &err);
    CHECK_INT(umask(before), 0077, "the umask afterwards");
    REQUIRE(ok, "%s", err.why);
    CHECK_INT(mode_of(above), 0755, "a");
    CHECK_INT(mode_of(between), 0755, "a/b");
    CHECK_INT(mode_of(work), 0755, "a/b/work");
    CHECK_INT(mode_of(settings->config_dir), 0700, "conf");
}

/* One that was killed left its file, and another process has its number now. */
TEST(probing_passes_leftovers_over)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    struct error err = { 0 };

    for (int i = 0; i < 8; i++)
        write_text(at(".evercert-probe.%ld.%d", (long)getpid(), i), "");
    CHECK(store_probe(store, NULL, &err), "%s: %s", err.what, err.why);
}

TEST(lineage_names)
{
    static const char *const files[] = { "a.conf", "a-0001.conf", "b.conf", ".hidden.conf", "c.conf.new", "README",
        "::1.conf" };
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(list_clear) struct list names = { 0 };
    AUTO(free) char *joined = NULL;
    struct error err = { 0 };

    REQUIRE(file_mkdirs(at("renewal"), 0755, &err), "%s", err.why);
    for (size_t i = 0; i < COUNT(files); i++)
        write_text(at("renewal/%s", files[i]), "");
    REQUIRE(store_lineage_names(store, &names, &err), "%s", err.why);
    joined = list_join(&names, " ");
    CHECK_TEXT(joined, "::1 a-0001 a b", "order of the paths");
    CHECK(store_has_lineage(store, "::1") && !store_has_lineage(store, "c") && !store_has_lineage(store, ".hidden"));
    CHECK(!store_has_lineage(store, "../renewal/a") && !store_has_lineage(store, ""));
}

TEST(probe)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(free) char *left = NULL;
    struct error err = { 0 };

    CHECK(store_probe(store, NULL, &err), "without archive: %s", err.why);
    REQUIRE(file_mkdirs(at("archive"), 0700, &err), "%s", err.why);
    CHECK(store_probe(store, NULL, &err), "with archive: %s", err.why);
    left = names_in(settings->config_dir);
    CHECK_TEXT(left, "archive renewal-hooks", "nothing is left");
    REQUIRE(rmdir(at("archive")) == 0);
    write_text(at("archive"), "");
    CHECK(!store_probe(store, NULL, &err), "a file where archive should be");
    CHECK_INT(err.sys, ENOTDIR, err.why);
}

/* A process that watches a directory is not woken, whether anything is written there afterwards or not. */
TEST(probe_wakes_nobody)
{
    static const char *const parts[] = { "archive", "archive/a", "live", "live/a", "renewal" };
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    AUTO(lineage_free) struct lineage *lineage = lineage_new(store, "a", layout_find("versioned"));
    AUTO(close) int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    char events[4096];
    struct error err = { 0 };

    for (size_t i = 0; i < COUNT(parts); i++)
        REQUIRE(file_mkdirs(at("%s", parts[i]), 0700, &err), "%s", err.why);
    for (size_t i = 0; i < COUNT(parts); i++)
        REQUIRE(inotify_add_watch(watch, at("%s", parts[i]), IN_ALL_EVENTS) >= 0);
    CHECK(store_probe(store, lineage, &err) && store_probe(store, NULL, &err), "%s", err.why);
    CHECK(read(watch, events, sizeof events) < 0 && errno == EAGAIN, "woken");
    REQUIRE(rmdir(at("renewal")) == 0);
    write_text(at("renewal"), "");
    CHECK(!store_probe(store, NULL, &err), "a file where renewal was");
    CHECK_INT(err.sys, ENOTDIR, err.why);
}

TEST(probe_of_a_full_disk)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    struct error err = { 0 };

    if (mount("tmpfs", settings->config_dir, "tmpfs", 0, "size=64k") != 0)
        skip();
    CHECK(!store_probe(store, NULL, &err));
    CHECK_INT(err.sys, ENOSPC, err.why);
    CHECK(strstr(err.next, "make room") != NULL, "%s", err.next);
    CHECK(mount("tmpfs", settings->config_dir, "tmpfs", MS_REMOUNT | MS_RDONLY, "size=8m") == 0);
    CHECK(!store_probe(store, NULL, &err));
    CHECK_INT(err.sys, EROFS, err.why);
    CHECK(umount(settings->config_dir) == 0);
}

/* Each may be a file system of its own, and each is looked at. */
TEST(probe_of_parts_on_their_own)
{
    static const char *const parts[] = { "archive", "live", "live/a", "renewal" };

    for (size_t i = 0; i < COUNT(parts); i++) {
        AUTO(settings_free) struct settings *settings = settings_here();
        AUTO(store_close) struct store *store = store_here(settings);
        AUTO(lineage_free) struct lineage *lineage = lineage_new(store, "a", layout_find("versioned"));
        AUTO(free) char *left = NULL;
        struct error err = { 0 };

        REQUIRE(file_mkdirs(at("archive/a"), 0700, &err) && file_mkdirs(at("live/a"), 0700, &err) &&
                    file_mkdirs(at("renewal"), 0700, &err),
            "%s", err.why);
        if (mount("tmpfs", at("%s", parts[i]), "tmpfs", 0, "size=8m") != 0)
            skip();
        CHECK(store_probe(store, lineage, &err), "%s: %s", parts[i], err.why);
        left = names_in(at("%s", parts[i]));
        CHECK_TEXT(left, "", parts[i]);
        CHECK(mount("tmpfs", at("%s", parts[i]), "tmpfs", MS_REMOUNT, "size=64k") == 0);
        CHECK(!store_probe(store, lineage, &err), "%s: full", parts[i]);
        CHECK_INT(err.sys, ENOSPC, err.why);
        CHECK(mount("tmpfs", at("%s", parts[i]), "tmpfs", MS_REMOUNT | MS_RDONLY, "size=8m") == 0);
        CHECK(!store_probe(store, lineage, &err), "%s: read-only", parts[i]);
        CHECK_INT(err.sys, EROFS, err.why);
        CHECK(umount(at("%s", parts[i])) == 0);
        test_drop_dir();
    }
}

TEST(probe_without_permission)
{
    AUTO(settings_free) struct settings *settings = settings_here();
    AUTO(store_close) struct store *store = store_here(settings);
    struct error err = { 0 };
    bool ok;

    REQUIRE(chmod(settings->config_dir, 0555) == 0);
    if (geteuid() == 0)
        REQUIRE(seteuid(65534) == 0);
    REQUIRE(geteuid() != 0);
    ok = store_probe(store, NULL, &err);
    if (getuid() == 0)
        REQUIRE(seteuid(0) == 0);
    CHECK(!ok);
    CHECK_INT(err.sys, EACCES, err.why);
}

TEST_MAIN()
