#pragma once
/*
 * For tests of commits: a server's configuration of a few files, and a server that is played. conf/etc has the files,
 * conf/work the checkpoints.
 *
 * Included by test programs only, once each.
 */
#include <dirent.h>
#include <sys/wait.h>

#include "base/test_files.h"
#include "web/checkpoint.h"
#include "base/interrupt.h"
#include "web/commit.h"

static struct {
    int tests, reloads, verifies; /* calls */
    int watched;                  /* reloads after which nobody else looks whether the server goes on */
    int refuses_test;             /* the call of that number fails, from 1 on; 0: none */
    int refuses_reload, refuses_verify;
    bool refuses_reloads;      /* all of them */
    bool is_broken_by_content; /* the test fails as long as some file has BROKEN in it */
    void (*at_test)(int number);
} server;

static bool any_is_broken(void)
{
    static const char *const names[] = { "etc/main.conf", "etc/sites/a.conf", "etc/sites/b.conf", "etc/new.conf",
        "etc/sites/other.conf" };

    for (size_t i = 0; i < COUNT(names); i++) {
        AUTO(free) char *text = read_text(at("%s", names[i]));

        if (text != NULL && strstr(text, "BROKEN") != NULL)
            return true;
    }
    return false;
}

static bool play_test(const struct web_server *of, struct error *err)
{
    (void)of;
    server.tests++;
    if (server.at_test != NULL)
        server.at_test(server.tests);
    if (server.tests == server.refuses_test || (server.is_broken_by_content && any_is_broken()))
        return error_set(err, ERROR_PLUGIN, "main.conf:7: unknown directive");
    return true;
}

static bool play_reload(const struct web_server *of, struct web_log *log, struct error *err)
{
    (void)of;
    if (log != NULL)
        web_log_mark(log, NULL);
    server.reloads++;
    server.watched += log == NULL;
    return (server.reloads != server.refuses_reload && !server.refuses_reloads) ||
           error_set(err, ERROR_PLUGIN, "no such process");
}

static bool play_verify(struct net *net, const struct expected *expected, size_t count, const struct web_log *log,
    int64_t limit_ms, struct error **each, struct error *err)
{
    (void)net;
    (void)expected;
    (void)count;
    (void)log;
    (void)limit_ms;
    (void)each;
    server.verifies++;
    return server.verifies != server.refuses_verify || error_set(err, ERROR_PLUGIN, "another certificate was served");
}

static const struct web_calls played = { play_test, play_reload, play_verify };
static const struct web_server played_server = { .name = "nginx" };
static const struct expected one_expected[1];
static char work_dir[4096];
static const struct web_service service = {
    .server = &played_server, .voice = &voice_own, .work_dir = work_dir, .calls = &played
};

/* ---- files ---- */

static void make_file(const char *name, const char *text, mode_t mode)
{
    const struct timespec times[] = { { 1000000000, 0 }, { 1000000001, 500 } };
    const char *path = at("%s", name);

    write_text(path, text);
    if (chmod(path, mode) != 0 || utimensat(AT_FDCWD, path, times, 0) != 0)
        fail_msg("%s", path);
}

static void make_link(const char *name, const char *target)
{
    if (symlink(target, at("%s", name)) != 0)
        fail_msg("%s", name);
}

/* etc/main.conf, two sites that links lead to, a file with two names, and the work directory. */
static void make_scene(void)
{
    struct error err = { 0 };

    memset(&server, 0, sizeof server);
    if (!file_remove_tree(at("etc"), &err) || !file_remove_tree(at("work"), &err))
        fail_msg("%s", err.why);
    if (!file_mkdirs(at("etc/sites"), 0755, &err) || !file_mkdirs(at("etc/enabled"), 0755, &err) ||
        !file_mkdirs(at("work"), 0755, &err))
        fail_msg("%s", err.why);
    (void)snprintf(work_dir, sizeof work_dir, "%s", at("work"));
    make_file("etc/main.conf", "main\n", 0640);
    make_file("etc/sites/a.conf", "site a\n", 0644);
    make_file("etc/sites/b.conf", "site b\n", 0604);
    make_file("etc/hard.conf", "two names\n", 0600);
    if (link(at("etc/hard.conf"), at("etc/hard2.conf")) != 0)
        fail_msg("hard2.conf");
    make_link("etc/enabled/a", "../sites/a.conf");
    make_link("etc/enabled/b", "b2");
    make_link("etc/enabled/b2", "../sites/b.conf");
}

static void describe(const char *dir, struct buf *out)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    if (!file_list_dir(dir, &names, &err))
        fail_msg("%s", err.why);
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(dir, names.at[i]), *text = NULL;
        struct stat st;

        if (lstat(path, &st) != 0)
            fail_msg("%s", path);
        buf_putf(out, "%s %o %d", path + strlen(test_dir()), (unsigned)st.st_mode, (int)st.st_nlink);
        if (S_ISREG(st.st_mode)) {
            text = read_text(path);
            buf_putf(out, " %jd.%09ld: %s", (intmax_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec, text);
        } else {
            buf_putf(out, " %s\n", S_ISLNK(st.st_mode) ? link_text(path) : "");
        }
        if (S_ISDIR(st.st_mode))
            describe(path, out);
    }
}

/* All of etc: names, modes, times, targets and contents; of the caller's. */
static char *scene(void)
{
    AUTO(buf_clear) struct buf out = BUF(FILE_MAX_TEXT);

    describe(at("etc"), &out);
    return buf_take(&out);
}

/* The same without times, for what was written just now. */
__attribute__((unused)) static char *scene_of(const char *name)
{
    char *text = read_text(at("%s", name));

    return text != NULL ? text : xstrdup("(none)");
}

__attribute__((unused)) static void set(struct changes *changes, const char *name, const char *text)
{
    AUTO(free) char *path = xstrdup(at("%s", name));
    struct error err = { 0 };
    struct view old;

    if (!changes_read(changes, path, &old, &err))
        fail_msg("%s", err.why);
    changes_set(changes, path, view_of(text));
}

/* Two stages over all of the scene. */
__attribute__((unused)) static struct changes *all_changes(void)
{
    struct changes *changes = changes_new();

    set(changes, "etc/enabled/a", "site a with TLS\n");
    set(changes, "etc/enabled/b", "site b with TLS\n");
    set(changes, "etc/hard.conf", "two names, and TLS\n");
    changes_create(changes, at("etc/new.conf"), view_of("new\n"), 0640);
    changes_link(changes, at("etc/enabled/new"), "../new.conf");
    set(changes, "etc/main.conf", "main, include new.conf\n");
    changes_stage(changes, "Add enhancement redirect");
    set(changes, "etc/enabled/a", "site a with TLS, redirected\n");
    set(changes, "etc/new.conf", "new, redirected\n");
    changes_create_like(changes, at("etc/redirect.conf"), view_of("redirect\n"), at("etc/sites/b.conf"));
    return changes;
}

static bool commit(struct changes *changes, struct error *err)
{
    struct web_commit commit = {
        .service = &service, .changes = changes, .expected = one_expected, .expected_count = 1
    };

    return web_commit(&commit, err);
}
