#include "web/replacement.h"

#include <errno.h>
#include <linux/fs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "base/test_files.h"

static bool replace(struct replacement *replacement, struct error *err)
{
    return replacement_prepare(replacement, err) && replacement_sync(replacement, err) &&
           replacement_place(replacement, NULL, NULL, err);
}

static bool write_new(const char *path, const char *text, bool *in_place, struct error *err)
{
    struct replacement replacement = { .path = path, .content = view_of(text) };
    bool ok = replacement_prepare(&replacement, err);

    *in_place = ok && replacement.temporary == NULL;
    ok = ok && replacement_sync(&replacement, err) && replacement_place(&replacement, NULL, NULL, err);
    replacement_clear(&replacement);
    return ok;
}

static void make(const char *name, const char *text, mode_t mode)
{
    write_text(at("%s", name), text);
    if (chmod(at("%s", name), mode) != 0)
        fail_msg("%s", name);
}

static void make_dirs(void)
{
    struct error err = { 0 };

    if (!file_mkdirs(at("etc/real"), 0755, &err))
        fail_msg("%s", err.why);
}

static const struct {
    const char *name;
    const char *path;
    mode_t mode;
    bool in_place;
    const char *file; /* that is to have the new text */
} ways[] = {
    { "a plain file", "etc/plain", 0644, false, "etc/plain" },
    { "a closed one", "etc/plain", 0600, false, "etc/plain" },
    { "a read-only one", "etc/plain", 0444, false, "etc/plain" },
    { "a link", "etc/link", 0640, false, "etc/plain" },
    { "a link to a link", "etc/link2", 0640, false, "etc/plain" },
    { "an absolute link", "etc/absolute", 0640, false, "etc/plain" },
    { "two names", "etc/second", 0604, true, "etc/plain" },
};

TEST(where_it_is_written)
{
    for (size_t i = 0; i < COUNT(ways); i++) {
        AUTO(free) char *text = NULL, *names = NULL, *path = xstrdup(at("%s", ways[i].path));
        struct error err = { 0 };
        bool in_place = false;

        test_drop_dir();
        make_dirs();
        make("etc/plain", "old and long\n", ways[i].mode);
        REQUIRE(symlink("plain", at("etc/link")) == 0 && symlink("link", at("etc/link2")) == 0, "links");
        REQUIRE(symlink(at("etc/plain"), at("etc/absolute")) == 0, "links");
        if (ways[i].in_place)
            REQUIRE(link(at("etc/plain"), at("etc/second")) == 0, "a second name");
        free(path);
        path = xstrdup(at("%s", ways[i].path));
        CHECK(write_new(path, "new\n", &in_place, &err), "%s: %s", ways[i].name, err.why);
        CHECK_INT(in_place, ways[i].in_place, ways[i].name);
        text = read_text(at("%s", ways[i].file));
        CHECK_TEXT(text, "new\n", ways[i].name);
        CHECK_INT(mode_of(at("%s", ways[i].file)), ways[i].mode, ways[i].name);
        CHECK_TEXT(link_text(at("etc/link")), "plain", ways[i].name);
        CHECK_TEXT(link_text(at("etc/link2")), "link", ways[i].name);
        names = names_in(at("etc"));
        CHECK(strstr(names, ".plain") == NULL, "%s: %s", ways[i].name, names);
    }
}

TEST(a_dangling_link_gets_its_target)
{
    struct error err = { 0 };
    AUTO(free) char *text = NULL;
    bool in_place;

    make_dirs();
    REQUIRE(symlink("real/later", at("etc/link")) == 0, "link");
    CHECK(write_new(at("etc/link"), "new\n", &in_place, &err), "%s", err.why);
    text = read_text(at("etc/real/later"));
    CHECK_TEXT(text, "new\n", "its target");
    REQUIRE(symlink("loop", at("etc/loop")) == 0, "link");
    CHECK(!write_new(at("etc/loop"), "new\n", &in_place, &err) && err.sys == ELOOP, "%s", err.why);
    CHECK(!write_new(at("etc/real"), "new\n", &in_place, &err), "a directory is refused");
}

TEST(owner_list_and_attributes_are_kept)
{
    struct acl acl = { 0 }, now = { 0 };
    struct error err = { 0 };
    struct stat st;
    char label[100] = "";
    bool in_place, labelled;

    make_dirs();
    make("etc/plain", "old\n", 0640);
    if (geteuid() == 0)
        REQUIRE(chown(at("etc/plain"), 65534, 65533) == 0, "chown");
    labelled = setxattr(at("etc/plain"), "security.selinux", "system_u:object_r:httpd_config_t:s0", 36, 0) == 0;
    if (has_lists()) {
        AUTO(close) int fd = open(at("etc/plain"), O_RDONLY | O_CLOEXEC);

        REQUIRE(stat(at("etc/plain"), &st) == 0 && acl_of_fd(fd, "plain", &acl, &err), "%s", err.why);
        REQUIRE(acl_grant(&acl, st.st_gid, 4711, 4) && acl_set_fd(fd, "plain", &acl, &err), "%s", err.why);
    }
    REQUIRE(write_new(at("etc/plain"), "new\n", &in_place, &err), "%s", err.why);
    CHECK(!in_place, "by another file");
    REQUIRE(stat(at("etc/plain"), &st) == 0, "stat");
    if (geteuid() == 0)
        CHECK(st.st_uid == 65534 && st.st_gid == 65533, "%d %d", (int)st.st_uid, (int)st.st_gid);
    if (acl.len > 0)
        CHECK(acl_of_path(at("etc/plain"), &st, &now, &err) && acl_is_extended(&now) && now.len == acl.len, "list");
    if (labelled)
        CHECK(getxattr(at("etc/plain"), "security.selinux", label, sizeof label) == 36 &&
                  strcmp(label, "system_u:object_r:httpd_config_t:s0") == 0,
            "label: %s", label);
}

TEST(a_new_file)
{
    struct error err = { 0 };
    struct stat st;

    make_dirs();
    make("etc/like", "old\n", 0604);
    if (geteuid() == 0)
        REQUIRE(chown(at("etc/like"), 65534, 65533) == 0, "chown");
    for (int i = 0; i < 2; i++) {
        AUTO(free) char *path = xprintf("%s%d", at("etc/new"), i), *like = xstrdup(at("etc/like"));
        struct replacement replacement = { .path = path,
            .content = view_of("new\n"),
            .is_new = true,
            .like = i == 0 ? like : NULL,
            .set_mode = i == 1,
            .mode = 0640 };

        CHECK(replace(&replacement, &err), "%s", err.why);
        CHECK_INT(mode_of(path), i == 0 ? 0604 : 0640, path);
        REQUIRE(stat(path, &st) == 0, "stat");
        if (geteuid() == 0)
            CHECK_INT(st.st_uid, i == 0 ? 65534 : 0, path);
        replacement_clear(&replacement);
        CHECK(!replace(&replacement, &err) && err.sys == EEXIST, "once only: %s", err.why);
        replacement_clear(&replacement);
    }
}

static int noted;

static bool note(void *arg, const char *path, struct error *err)
{
    (void)arg;
    (void)path;
    (void)err;
    noted++;
    return true;
}

TEST(a_directory_that_cannot_be_written)
{
    AUTO(free) char *path = NULL, *text = NULL;
    struct error err = { 0 };
    pid_t pid;
    int status = 0;

    make_dirs();
    make("etc/plain", "old and long\n", 0666);
    path = xstrdup(at("etc/plain"));
    REQUIRE(chmod(at("etc"), 0555) == 0 && chmod(at("etc/.."), 0755) == 0 && chmod(test_dir(), 0755) == 0, "chmod");
    pid = fork();
    if (pid == 0) {
        struct replacement replacement = { .path = path, .content = view_of("new\n") };

        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(2);
        if (!replacement_prepare(&replacement, &err) || !replacement_place(&replacement, note, NULL, &err))
            _exit(3);
        _exit(noted == 1 ? 0 : 4);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", (unsigned)status);
    text = read_text(path);
    CHECK_TEXT(text, "new\n", "in place");
    CHECK(chmod(at("etc"), 0755) == 0, "chmod");
}

/* In a mount namespace of its own; 77 where none can be had. */
static int write_mounted(const char *path)
{
    struct replacement replacement = { .path = path, .content = view_of("new\n") };
    struct error err = { 0 };

    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount(path, path, NULL, MS_BIND, NULL) != 0)
        return 77;
    if (!replacement_prepare(&replacement, &err) || replacement.temporary == NULL)
        return 3;
    if (!replacement_place(&replacement, note, NULL, &err))
        return 4;
    return noted == 1 && replacement.temporary == NULL ? 0 : 5;
}

TEST(a_file_that_is_a_mount_point)
{
    AUTO(free) char *path = NULL, *text = NULL, *names = NULL;
    int status = 0;
    pid_t pid;

    make_dirs();
    make("etc/plain", "old and long\n", 0644);
    path = xstrdup(at("etc/plain"));
    pid = fork();
    if (pid == 0)
        _exit(write_mounted(path));
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
        (void)fprintf(stderr, "skipped: nothing can be mounted here\n");
        return;
    }
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", (unsigned)status);
    text = read_text(path);
    CHECK_TEXT(text, "new\n", "in place");
    names = names_in(at("etc"));
    CHECK_TEXT(names, "plain real", "nothing beside it");
}

/* As chattr +i; false where that cannot be. */
static bool set_immutable(const char *path, bool is)
{
    AUTO(close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    int flags = 0;

    if (fd < 0 || ioctl(fd, FS_IOC_GETFLAGS, &flags) != 0)
        return false;
    flags = is ? flags | FS_IMMUTABLE_FL : flags & ~FS_IMMUTABLE_FL;
    return ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0;
}

TEST(an_immutable_file)
{
    AUTO(free) char *text = NULL, *names = NULL;
    struct error err = { 0 };
    bool in_place;

    make_dirs();
    make("etc/plain", "old\n", 0644);
    if (!set_immutable(at("etc/plain"), true)) {
        (void)fprintf(stderr, "skipped: no immutable files here\n");
        return;
    }
    CHECK(!write_new(at("etc/plain"), "new\n", &in_place, &err) && err.sys == EPERM, "refused: %s", err.why);
    CHECK(strstr(err.next, "lsattr") != NULL, "%s", err.next);
    CHECK(set_immutable(at("etc/plain"), false), "back");
    text = read_text(at("etc/plain"));
    CHECK_TEXT(text, "old\n", "as it was");
    names = names_in(at("etc"));
    CHECK_TEXT(names, "plain real", "nothing beside it");
}

TEST_MAIN()
