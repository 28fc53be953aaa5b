#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/test.h"
#include "base/text.h"

static void write_text(const char *path, const char *text)
{
    struct error err = { 0 };

    REQUIRE(file_replace(path, view_of(text), FILE_PRIVATE, &err), "%s", err.why);
}

static void check_content(const char *path, const char *want)
{
    AUTO(buf_clear) struct buf content = BUF(1000);
    struct error err = { 0 };

    CHECK(file_read(path, &content, &err), "%s", err.why);
    CHECK_TEXT(buf_text(&content), want, path);
}

static int mode_of(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0 ? (int)(st.st_mode & 07777) : -1;
}

static size_t names_in(const char *path)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    CHECK(file_list_dir(path, &names, &err), "%s", err.why);
    return names.len;
}

TEST(file_read_refuses)
{
    AUTO(free) char *big = test_path("big"), *fifo = test_path("fifo"), *missing = test_path("missing");
    struct {
        const char *name, *path;
        int sys;
    } cases[] = {
        { "larger than the buffer", big, EFBIG },
        { "a FIFO without a writer", fifo, EINVAL },
        { "a directory", test_dir(), EISDIR },
        { "missing", missing, ENOENT },
        { "a device", "/dev/zero", EINVAL },
    };

    write_text(big, "0123456789");
    REQUIRE(mkfifo(fifo, 0600) == 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_clear) struct buf out = BUF(10);
        struct error err = { 0 };

        buf_put_text(&out, "x");
        CHECK(!file_read(cases[i].path, &out, &err), "%s", cases[i].name);
        CHECK_INT(err.sys, cases[i].sys, cases[i].name);
        CHECK_INT(err.kind, ERROR_STORE, cases[i].name);
        CHECK(strstr(err.why, cases[i].path) != NULL, "%s: %s", cases[i].name, err.why);
        CHECK_TEXT(buf_text(&out), "x", cases[i].name);
    }
}

TEST(file_read_given)
{
    AUTO(free) char *fifo = file_join(test_dir(), "pipe");
    AUTO(buf_clear) struct buf content = BUF(4), large = BUF(200 * 1024);
    struct error err = { 0 };
    int status;
    pid_t pid;

    CHECK(file_read_given("/dev/null", &content, &err) && content.len == 0, "/dev/null: %s", err.why);
    CHECK(!file_read_given("/dev/zero", &content, &err) && err.sys == EFBIG && content.len == 0, "/dev/zero: %s",
        err.why);
    CHECK(!file_read_given("/", &content, &err) && err.sys == EISDIR, "/: %s", err.why);

    /* A writer that comes late and takes its time. */
    REQUIRE(mkfifo(fifo, 0600) == 0, "mkfifo");
    pid = fork();
    if (pid == 0) {
        int fd = open(fifo, O_WRONLY);
        bool ok = file_write_all(fd, view_of("first "));

        for (int i = 0; ok && i < 20000; i++)
            ok = file_write_all(fd, view_of("more "));
        _exit(ok ? 0 : 1);
    }
    CHECK(file_read_given(fifo, &large, &err), "%s", err.why);
    CHECK(large.len == 6 + 5 * 20000 && view_starts(buf_view(&large), "first more more"), "%zu bytes", large.len);
    REQUIRE(waitpid(pid, &status, 0) == pid && status == 0, "the writer failed");
    CHECK(!file_read(fifo, &large, &err) && err.sys == EINVAL, "a pipe in the store: %s", err.why);
}

TEST(file_read_appends)
{
    AUTO(free) char *path = test_path("a"), *link = test_path("link");
    AUTO(buf_clear) struct buf out = BUF(11), large = BUF_SECRET(1000000), back = BUF_SECRET(1000000);
    struct error err = { 0 };

    write_text(path, "0123456789");
    REQUIRE(symlink(path, link) == 0);
    buf_put_text(&out, "x");
    CHECK(file_read(link, &out, &err), "%s", err.why);
    CHECK_TEXT(buf_text(&out), "x0123456789", "just fits");
    for (int i = 0; i < 50000; i++)
        buf_putf(&large, "%d\n", i);
    CHECK(file_replace(path, buf_view(&large), FILE_PRIVATE, &err), "%s", err.why);
    CHECK(file_read(path, &back, &err) && view_equal(buf_view(&large), buf_view(&back)), "%s", err.why);
}

TEST(file_create_makes_a_new_file_only)
{
    AUTO(free)
    char *there = test_path("there"), *link = test_path("link"), *target = test_path("target"),
         *deep = test_path("no/such");
    struct error err = { 0 };

    write_text(there, "old");
    REQUIRE(symlink(target, link) == 0);
    CHECK(!file_create(there, view_of("new"), FILE_PRIVATE, &err) && err.sys == EEXIST, "%s", err.why);
    check_content(there, "old");
    CHECK(!file_create(link, view_of("new"), FILE_PRIVATE, &err) && err.sys == EEXIST, "%s", err.why);
    CHECK(!file_exists(target), "followed a link");
    CHECK(!file_create(deep, view_of("new"), FILE_PRIVATE, &err) && err.sys == ENOENT, "%s", err.why);
}

TEST(file_access)
{
    static const struct {
        const char *name;
        struct file_access access;
        int mode;
    } cases[] = {
        { "private", { .mode = 0600 }, 0600 },
        { "exact in spite of the umask", { .mode = 0666 }, 0666 },
        { "masked", { .mode = 0666, .masked = true }, 0640 },
        { "read only", { .mode = 0440 }, 0440 },
        { "set-group-id", { .mode = 02640 }, 02640 },
        { "owner left alone", { .mode = 0640, .set_owner = true, .uid = (uid_t)-1, .gid = (gid_t)-1 }, 0640 },
    };
    mode_t old = umask(027);

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(free) char *created = test_path("created"), *replaced = test_path("replaced");
        struct error err = { 0 };

        write_text(replaced, "old");
        CHECK(file_create(created, view_of("text"), cases[i].access, &err), "%s: %s", cases[i].name, err.why);
        CHECK(file_replace(replaced, view_of("text"), cases[i].access, &err), "%s: %s", cases[i].name, err.why);
        CHECK_INT(mode_of(created), cases[i].mode, cases[i].name);
        CHECK_INT(mode_of(replaced), cases[i].mode, cases[i].name);
        check_content(created, "text");
        check_content(replaced, "text");
        CHECK(file_remove(created, &err) && file_remove(replaced, &err), "%s", err.why);
    }
    umask(old);
}

TEST(file_owner)
{
    struct file_access access = { .mode = 0640, .set_owner = true, .uid = 65534, .gid = 12345 };
    AUTO(free) char *path = test_path("key");
    struct error err = { 0 };
    struct stat st;

    if (geteuid() != 0) { /* then nothing may be left behind */
        CHECK(!file_create(path, view_of("secret"), access, &err) && err.sys == EPERM, "%s", err.why);
        CHECK(!file_exists(path), "left behind");
        return;
    }
    CHECK(file_create(path, view_of("secret"), access, &err), "%s", err.why);
    REQUIRE(stat(path, &st) == 0);
    CHECK(st.st_uid == 65534 && st.st_gid == 12345 && (st.st_mode & 07777) == 0640, "%o", st.st_mode);
}

TEST(file_replace_replaces_links)
{
    AUTO(free) char *target = test_path("target"), *link = test_path("link"), *text = NULL;
    struct error err = { 0 };

    write_text(target, "old");
    REQUIRE(symlink("target", link) == 0);
    CHECK(file_is_link(link) && file_read_link(link, &text, &err), "%s", err.why);
    CHECK_TEXT(text, "target", "link");
    CHECK(file_replace(link, view_of("new"), FILE_PRIVATE, &err), "%s", err.why);
    CHECK(!file_is_link(link) && file_is_link(target) == false, "still a link");
    check_content(target, "old");
    check_content(link, "new");
    CHECK_INT(names_in(test_dir()), 2, "temporary files left behind");
}

/* A write that fails half way, by way of the limit for file sizes, in a child for the limit's sake. */
TEST(file_write_that_fails_leaves_nothing)
{
    AUTO(free) char *old = test_path("old"), *fresh = test_path("fresh");
    pid_t pid;
    int status = 0;

    write_text(old, "old");
    pid = fork();
    if (pid == 0) {
        static char much[100000];
        struct rlimit limit = { 5000, 5000 };
        struct error err = { 0 };
        struct view text = { much, sizeof much };

        (void)signal(SIGXFSZ, SIG_IGN);
        (void)setrlimit(RLIMIT_FSIZE, &limit);
        if (file_replace(old, text, FILE_PRIVATE, &err) || err.sys != EFBIG)
            _exit(1);
        if (file_create(fresh, text, FILE_PRIVATE, &err) || err.sys != EFBIG)
            _exit(2);
        _exit(0);
    }
    REQUIRE(waitpid(pid, &status, 0) == pid);
    CHECK_INT(status, 0, "the write went through, or failed otherwise");
    check_content(old, "old");
    CHECK_INT(names_in(test_dir()), 1, "left behind");
}

TEST(file_write_all_to_a_slow_reader)
{
    enum { SIZE = 1024 * 1024 }; /* more than a pipe holds */
    AUTO(buf_clear) struct buf content = BUF(SIZE);
    int ends[2], status = -1;
    pid_t reader;

    for (int i = 0; i < SIZE / 8; i++)
        buf_putf(&content, "%08d", i);
    REQUIRE(pipe2(ends, O_NONBLOCK) == 0);
    reader = fork();
    if (reader == 0) {
        AUTO(buf_clear) struct buf read_back = BUF(SIZE);
        char piece[4096];
        ssize_t got;

        (void)close(ends[1]);
        (void)usleep(20 * 1000); /* the pipe is full by now */
        (void)fcntl(ends[0], F_SETFL, 0);
        while ((got = read(ends[0], piece, sizeof piece)) > 0)
            buf_put(&read_back, (struct view){ piece, (size_t)got });
        _exit(view_equal(buf_view(&read_back), buf_view(&content)) ? 0 : 1);
    }
    (void)close(ends[0]);
    CHECK(file_write_all(ends[1], buf_view(&content)), "%s", strerror(errno));
    (void)close(ends[1]);
    CHECK(waitpid(reader, &status, 0) == reader && status == 0, "the reader got something else: %d", status);
    CHECK(!file_write_all(ends[1], view_of("x")) && errno == EBADF, "%s", strerror(errno));
}

TEST(file_create_whole_replaces_nothing)
{
    AUTO(free) char *path = test_path("new"), *temporary = test_path("new.part"), *want = NULL;
    struct error err = { 0 };

    write_text(temporary, "what a crash left");
    CHECK(file_create_whole(path, temporary, view_of("first"), FILE_PRIVATE, &err), "%s", err.why);
    CHECK(
        !file_create_whole(path, temporary, view_of("second"), FILE_PRIVATE, &err) && err.sys == EEXIST, "%s", err.why);
    want = xprintf("cannot create %s: %s", path, strerror(EEXIST));
    CHECK_TEXT(err.why, want, "nothing was to be replaced");
    check_content(path, "first");
    CHECK_INT(names_in(test_dir()), 1, "temporary file left behind");
}

TEST(file_replace_onto_a_directory)
{
    AUTO(free) char *dir = test_path("dir");
    struct error err = { 0 };

    CHECK(file_mkdirs(dir, 0700, &err), "%s", err.why);
    CHECK(!file_replace(dir, view_of("x"), FILE_PRIVATE, &err) && err.sys == EISDIR, "%s", err.why);
    CHECK_INT(names_in(test_dir()), 1, "temporary file left behind");
}

TEST(directories)
{
    AUTO(free) char *deep = test_path("a//b/c/"), *top = test_path("a"), *c = test_path("a/b/c");
    AUTO(free) char *file = test_path("file"), *below = test_path("file/x"), *missing = test_path("missing");
    AUTO(free) char *outside = test_path("outside"), *kept = test_path("outside/kept");
    AUTO(free) char *trap = test_path("a/b/trap");
    struct error err = { 0 };
    AUTO(list_clear) struct list names = { 0 };

    CHECK(file_mkdirs(deep, 0750, &err) && file_mkdirs(deep, 0700, &err), "%s", err.why);
    CHECK_INT(mode_of(top), 0750, "mode of a parent");
    CHECK_INT(mode_of(c), 0750, "one that is there is left alone");
    write_text(file, "x");
    CHECK(!file_mkdirs(below, 0700, &err) && err.sys == ENOTDIR, "%s", err.why);
    CHECK(!file_mkdirs(file, 0700, &err) && err.sys == ENOTDIR, "%s", err.why);
    CHECK(file_mkdirs(outside, 0700, &err), "%s", err.why);
    write_text(kept, "x");
    REQUIRE(symlink(outside, trap) == 0);
    CHECK(file_remove_tree(top, &err) && file_remove_tree(top, &err), "%s", err.why);
    CHECK(!file_exists(top) && file_exists(kept), "followed a link");
    CHECK(!file_remove_tree(file, &err) && file_exists(file), "removed what is no directory");
    list_add(&names, "old");
    CHECK(file_list_dir(test_dir(), &names, &err), "%s", err.why);
    REQUIRE(names.len == 2, "%zu names", names.len);
    CHECK_TEXT(names.at[0], "file", "sorted");
    CHECK_TEXT(names.at[1], "outside", "sorted");
    CHECK(file_list_dir(missing, &names, &err) && names.len == 0, "missing is empty");
    CHECK(!file_list_dir(file, &names, &err) && err.sys == ENOTDIR, "%s", err.why);
    CHECK(file_remove(missing, &err), "%s", err.why);
    CHECK(!file_remove(outside, &err), "removed a directory");
    CHECK(file_sync_dir(outside, &err) && !file_sync_dir(missing, &err), "%s", err.why);
}

/* As the kernel says it of a file that is immutable (chattr +i), which not every file system knows. */
static const char *immutable;

int unlinkat(int dir, const char *name, int flags)
{
    if (immutable != NULL && strcmp(name, immutable) == 0) {
        errno = EPERM;
        return -1;
    }
    return (int)syscall(SYS_unlinkat, dir, name, flags);
}

TEST(file_remove_tree_tells_what_is_in_the_way)
{
    AUTO(free)
    char *top = test_path("tree"), *sub = test_path("tree/sub"), *file = test_path("tree/sub/held"), *want = NULL;
    struct error err = { 0 };

    REQUIRE(mkdir(top, 0700) == 0 && mkdir(sub, 0700) == 0);
    write_text(file, "x");
    immutable = "held";
    CHECK(!file_remove_tree(top, &err) && err.sys == EPERM, "%s", err.why);
    want = xprintf("cannot remove %s: %s", file, strerror(EPERM));
    CHECK_TEXT(err.why, want, "the file, and why");
    immutable = "sub";
    CHECK(unlink(file) == 0 && !file_remove_tree(top, &err), "a directory");
    CHECK(strstr(err.why, "/tree/sub: ") != NULL, "a directory: %s", err.why);
    immutable = NULL;
    CHECK(file_remove_tree(top, &err), "%s", err.why);
}

TEST(file_beside_has_room)
{
    static const struct {
        const char *name;
        size_t len;
        const char *suffix;
    } cases[] = { { "short", 1, "convert.was" }, { "just fits", 242, "convert.was" },
        { "one too long", 243, "convert.was" }, { "the longest", 255, "new" },
        { "the longest renewal file's", 250, "conf.gone" } };
    AUTO(free) char *a = NULL, *b = NULL, *whole = NULL;

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(free) char *name = xprintf("%0*d", (int)cases[i].len, 7), *path = file_join("/x", name);
        AUTO(free) char *beside = file_beside(path, cases[i].suffix), *again = file_beside(path, cases[i].suffix);
        bool fits = cases[i].len + 2 + strlen(cases[i].suffix) <= 255;
        AUTO(free) char *plain = xprintf("/x/.%s.%s", name, cases[i].suffix);

        CHECK(strlen(file_basename(beside)) <= 255, "%s: %zu", cases[i].name, strlen(beside));
        CHECK(strncmp(beside, "/x/.0", fits ? 4 : 5) == 0 && text_ends(beside, cases[i].suffix), "%s: %s",
            cases[i].name, beside);
        CHECK((strcmp(beside, plain) == 0) == fits, "%s: %s", cases[i].name, beside);
        CHECK_TEXT(again, beside, cases[i].name);
    }
    whole = xprintf("/x/%0*d", 250, 1);
    a = file_beside(whole, "convert");
    whole[strlen(whole) - 1] = '2';
    b = file_beside(whole, "convert");
    CHECK(strcmp(a, b) != 0, "two names: %s", a);
    /* between characters: these have two bytes each */
    for (size_t i = 0; i < 124; i++)
        memcpy(whole + 3 + 2 * i, "\xc3\xa4", 2);
    free(a);
    a = file_beside(whole, "convert");
    CHECK(strchr(a, '~') != NULL && (unsigned char)strchr(a, '~')[-1] == 0xa4, "%s", a);
}

TEST(paths)
{
    static const struct {
        const char *path, *dir, *base, *absolute;
    } cases[] = {
        { "/", "/", "", "/" },
        { "/a", "/", "a", "/a" },
        { "//a", "/", "a", "/a" },
        { "/a/b", "/a", "b", "/a/b" },
        { "/a//b", "/a", "b", "/a/b" },
        { "/a/b/", "/a/b", "", "/a/b" },
        { "/a/./b/../c", "/a/./b/..", "c", "/a/c" },
        { "/../..", "/..", "..", "/" },
        { "/a/...", "/a", "...", "/a/..." },
        { "/a/.b/c", "/a/.b", "c", "/a/.b/c" },
        { "/a/b/..", "/a/b", "..", "/a" },
        { "/a/b/.", "/a/b", ".", "/a/b" },
        { "/a/b/../../../c", "/a/b/../../..", "c", "/c" },
    };
    static const struct {
        const char *dir, *name, *joined;
    } joins[] = {
        { "a", "b", "a/b" },
        { "a/", "b", "a/b" },
        { "a//", "//b", "a/b" },
        { "/", "b", "/b" },
        { "", "b", "b" },
        { "//", "b", "/b" },
        { "a", "", "a/" },
    };
    AUTO(free) char *here = getcwd(NULL, 0), *want = xprintf("%s/y", here);
    AUTO(free) char *relative = file_absolute("x/../y"), *dot = file_dirname("x");

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(free) char *dir = file_dirname(cases[i].path), *absolute = file_absolute(cases[i].path);

        CHECK_TEXT(dir, cases[i].dir, cases[i].path);
        CHECK_TEXT(file_basename(cases[i].path), cases[i].base, cases[i].path);
        CHECK_TEXT(absolute, cases[i].absolute, cases[i].path);
    }
    for (size_t i = 0; i < COUNT(joins); i++) {
        AUTO(free) char *joined = file_join(joins[i].dir, joins[i].name);

        CHECK_TEXT(joined, joins[i].joined, joins[i].joined);
    }
    CHECK_TEXT(relative, want, "relative");
    CHECK_TEXT(dot, ".", "no directory");
}

TEST(file_read_link_of_any_length)
{
    AUTO(free) char *link = test_path("link"), *text = NULL;
    char target[1001];
    struct error err = { 0 };

    memset(target, 'x', sizeof target - 1);
    target[sizeof target - 1] = '\0';
    REQUIRE(symlink(target, link) == 0);
    CHECK(file_read_link(link, &text, &err), "%s", err.why);
    CHECK_TEXT(text, target, "long");
    CHECK(file_exists(link) == false && file_is_link(link), "a link to nowhere");
    CHECK(!file_read_link(test_dir(), &text, &err) && err.sys == EINVAL, "%s", err.why);
    CHECK_TEXT(text, target, "*out was touched");
}

TEST(file_error_hints)
{
    const struct {
        int sys;
        const char *next;
    } cases[] = {
        { ENOSPC, "make room" },
        { EDQUOT, "make room within the quota" },
        { EACCES, geteuid() == 0 ? "even to root" : "run as root, or set --config-dir" },
        { EPERM, geteuid() == 0 ? "lsattr -d /x/y" : "run as root" },
        { EROFS, "read-only" },
        { EIO, "" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = { 0 };

        errno = cases[i].sys;
        CHECK(!file_error(&err, "write", "/x/y"), "returned true");
        CHECK(strncmp(err.why, "cannot write /x/y: ", 19) == 0, "%s", err.why);
        CHECK_INT(err.sys, cases[i].sys, "sys");
        CHECK(cases[i].next[0] != '\0' ? strstr(err.next, cases[i].next) != NULL : err.next[0] == '\0', "%s", err.next);
    }
}

TEST(file_error_of_readers)
{
    AUTO(free) char *missing = test_path("nothing/there");
    struct error err = { 0 };

    errno = EACCES;
    CHECK(!file_error(&err, "list", "/x/y"), "returned true");
    CHECK(strstr(err.next, geteuid() == 0 ? "even to root" : "a user who may read it") != NULL, "%s", err.next);
    error_clear(&err);
    CHECK(!file_is_closed(missing, &err) && err.kind == ERROR_NONE, "missing is not closed");
    CHECK(!file_is_closed("/", &err) && err.kind == ERROR_NONE, "there, and open");
}

TEST(file_fill_standard)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        int fd;

        (void)close(STDIN_FILENO);
        (void)close(STDERR_FILENO);
        file_fill_standard();
        fd = open("/", O_RDONLY);
        _exit(fd > STDERR_FILENO && write(STDERR_FILENO, "x", 1) == 1 && fcntl(STDIN_FILENO, F_GETFD) == 0 ? 77 : 1);
    }
    REQUIRE(waitpid(pid, &status, 0) == pid, "waitpid");
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 77, "status %x", status);
}

TEST(file_error_says_how_to_write_elsewhere)
{
    struct error err = { 0 };

    file_set_elsewhere("set --there to a directory");
    errno = EROFS;
    CHECK(!file_error(&err, "write", "/x") && err.sys == EROFS);
    CHECK(strstr(err.next, "or set --there to a directory elsewhere") != NULL, "%s", err.next);
}

TEST_MAIN()
