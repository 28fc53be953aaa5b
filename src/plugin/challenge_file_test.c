#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include "plugin/challenge_dir.h"
#include "plugin/challenge_file.h"
#include "ui/scene.h"

#define TOKEN "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA"
#define ANSWER TOKEN ".nP1qzpXGymHBrUEepNY9HCsQk7K8KhOypzEt62jcerQ"
#define BELOW ".well-known/acme-challenge"

static char *in_root(const char *name)
{
    AUTO(free) char *root = test_path("www");

    return file_join(root, name);
}

/* An empty webroot that others may enter; of the caller's. */
static char *new_root(void)
{
    char *root = test_path("www");

    REQUIRE(chmod(test_dir(), 0755) == 0 && mkdir(root, 0755) == 0 && chmod(root, 0755) == 0, "%s", root);
    return root;
}

static void make(const char *name, bool is_dir, const char *content)
{
    AUTO(free) char *path = in_root(name);
    struct error err = { 0 };

    REQUIRE(
        is_dir ? file_mkdirs(path, 0755, &err) : file_create(path, view_of(content), FILE_PUBLIC, &err), "%s", err.why);
}

static bool is_there(const char *name)
{
    AUTO(free) char *path = in_root(name);
    struct stat st;

    return lstat(path, &st) == 0;
}

static void check_content(const char *name, const char *want)
{
    AUTO(free) char *path = in_root(name);
    AUTO(buf_clear) struct buf text = BUF(4096);
    struct error err = { 0 };

    CHECK(file_read(path, &text, &err), "%s", err.why);
    CHECK_TEXT(buf_text(&text), want, name);
}

static void check_mode(const char *name, mode_t mode)
{
    AUTO(free) char *path = in_root(name);
    struct stat st = { 0 };

    CHECK(lstat(path, &st) == 0 && (st.st_mode & 07777) == mode, "%s: %o", name, st.st_mode);
}

static struct challenge_file *put(const char *root, const char *token, const char *content)
{
    struct challenge_file *file = NULL;
    struct error err = { 0 };

    REQUIRE(challenge_file_put(root, token, content, &file, &err), "%s", err.why);
    return file;
}

static void drop(struct challenge_file *file)
{
    struct error err = { 0 };

    CHECK(challenge_file_drop(file, &err), "%s", err.why);
}

static void check_refused(const char *name, const char *root, const char *why, const char *next)
{
    struct challenge_file *file = NULL;
    struct error err = { 0 };

    CHECK(!challenge_file_put(root, TOKEN, ANSWER, &file, &err), "%s", name);
    CHECK(file == NULL, "%s: *out was touched", name);
    CHECK_INT(err.kind, ERROR_PLUGIN, name);
    CHECK(strstr(err.why, why) != NULL, "%s: %s", name, err.why);
    CHECK(next == NULL || strstr(err.next, next) != NULL, "%s: %s", name, err.next);
}

TEST(modes_whatever_the_umask)
{
    static const mode_t masks[] = { 0, 022, 077, 0177 };

    for (size_t i = 0; i < COUNT(masks); i++) {
        AUTO(free) char *root = i == 0 ? new_root() : test_path("www");
        mode_t before = umask(masks[i]);
        struct challenge_file *file = put(root, TOKEN, ANSWER);

        check_mode(".well-known", 0755);
        check_mode(BELOW, 0755);
        check_mode(BELOW "/" TOKEN, 0644);
        check_content(BELOW "/" TOKEN, ANSWER);
        drop(file);
        CHECK(!is_there(".well-known"), "umask %o: what was made is removed", masks[i]);
        (void)umask(before);
    }
}

TEST(what_was_there_stays)
{
    AUTO(free) char *root = new_root();

    make(".well-known", true, NULL);
    drop(put(root, TOKEN, ANSWER));
    CHECK(is_there(".well-known") && !is_there(BELOW), "only the level that we made goes");
    make(BELOW, true, NULL);
    make(BELOW "/other", false, "not ours");
    drop(put(root, TOKEN, ANSWER));
    check_content(BELOW "/other", "not ours");
    CHECK(!is_there(BELOW "/" TOKEN), "the token goes");
}

TEST(somebody_uses_what_we_made)
{
    AUTO(free) char *root = new_root();
    struct challenge_file *file = put(root, TOKEN, ANSWER);

    make(BELOW "/other", false, "not ours");
    drop(file);
    check_content(BELOW "/other", "not ours");
}

TEST(orders_share_a_directory)
{
    AUTO(free) char *root = new_root(), *again = xprintf("%s/./", root);
    struct challenge_file *first = put(root, "first", "1"), *second = put(again, "second", "2");

    drop(first);
    check_content(BELOW "/second", "2");
    CHECK(!is_there(BELOW "/first"), "the first is gone");
    first = put(root, "third", "3");
    drop(second);
    check_content(BELOW "/third", "3");
    drop(first);
    CHECK(!is_there(".well-known"), "with the last file the directories go");
}

TEST(orders_share_a_token)
{
    AUTO(free) char *root = new_root();
    struct challenge_file *first = put(root, TOKEN, ANSWER), *second = put(root, TOKEN, ANSWER), *third = NULL;
    struct error err = { 0 };

    CHECK(!challenge_file_put(root, TOKEN, "another", &third, &err) && strstr(err.why, "two orders") != NULL, "%s",
        err.why);
    drop(first);
    check_content(BELOW "/" TOKEN, ANSWER);
    drop(second);
    CHECK(!is_there(".well-known"), "gone with the last");
}

TEST(files_in_the_way)
{
    AUTO(free) char *root = new_root(), *token = in_root(BELOW "/" TOKEN);

    make(".well-known", false, "x");
    check_refused(".well-known is a file", root, "Not a directory", "move it away");
    check_content(".well-known", "x");
    {
        AUTO(free) char *path = in_root(".well-known");

        REQUIRE(unlink(path) == 0, "%s", path);
    }
    make(".well-known", true, NULL);
    make(BELOW, false, "y");
    check_refused("acme-challenge is a file", root, "acme-challenge: Not a directory", "move it away");
    {
        AUTO(free) char *path = in_root(BELOW);

        REQUIRE(unlink(path) == 0, "%s", path);
    }
    make(BELOW "/" TOKEN, true, NULL);
    check_refused("the token is a directory", root, TOKEN ": File exists", "move it away");
    REQUIRE(rmdir(token) == 0 && mkfifo(token, 0644) == 0, "%s", token);
    check_refused("the token is a FIFO", root, "File exists", NULL);
    REQUIRE(unlink(token) == 0 && symlink("/etc/passwd", token) == 0, "%s", token);
    check_refused("the token is a link", root, "File exists", NULL);
    REQUIRE(unlink(token) == 0 && symlink("/tmp/evercert-dangling", token) == 0, "%s", token);
    check_refused("the token is a dangling link", root, "File exists", NULL);
    CHECK(!file_exists("/tmp/evercert-dangling"), "nothing is written through a link");
}

TEST(a_token_file_that_is_there)
{
    AUTO(free) char *root = new_root(), *path = in_root(BELOW "/" TOKEN);

    make(BELOW, true, NULL);
    make(BELOW "/" TOKEN, false, ANSWER "\n");
    check_refused("other content", root, "File exists", NULL);
    REQUIRE(unlink(path) == 0, "%s", path);
    make(BELOW "/" TOKEN, false, ANSWER);
    drop(put(root, TOKEN, ANSWER));
    check_content(BELOW "/" TOKEN, ANSWER);
    REQUIRE(chmod(path, 0600) == 0, "%s", path);
    check_refused("unreadable for the web server", root, "File exists", NULL);
}

TEST(no_webroot)
{
    AUTO(free) char *root = new_root(), *file = file_join(root, "file"), *below = file_join(root, "file/below");
    AUTO(free) char *link = file_join(root, "link");

    make("file", false, "x");
    check_refused("a file", file, "Not a directory", NULL);
    check_refused("below a file", below, "Not a directory", NULL);
    REQUIRE(symlink("missing", link) == 0, "%s", link);
    check_refused("a link to nothing", link, "No such file", "--webroot-path");
}

/* It may lie where a start of the system clears up; the web server knows its name all the same. */
TEST(a_missing_webroot_is_made)
{
    AUTO(free) char *root = new_root(), *deep = file_join(root, "not/there/"), *not = file_join(root, "not");
    AUTO(free) char *other = file_join(root, "not/other");
    mode_t before = umask(077);
    struct challenge_file *file = put(deep, TOKEN, ANSWER);
    struct stat st;

    (void)umask(before);
    check_content("not/there/" BELOW "/" TOKEN, ANSWER);
    CHECK(stat(not, &st) == 0 && (st.st_mode & 07777) == 0755, "whatever the umask: %o", (unsigned)st.st_mode);
    drop(file);
    CHECK(!file_exists(not ), "what was made is removed");
    file = put(deep, TOKEN, ANSWER);
    REQUIRE(mkdir(other, 0755) == 0, "%s", other);
    drop(file);
    CHECK(file_is_dir(other) && !file_exists(deep), "what somebody else has put there stays");
}

TEST(replaced_files_stay)
{
    AUTO(free) char *root = new_root(), *path = in_root(BELOW "/" TOKEN);
    struct challenge_file *file = put(root, TOKEN, ANSWER);

    make(BELOW "/new", false, "somebody else's");
    {
        AUTO(free) char *from = in_root(BELOW "/new");

        REQUIRE(rename(from, path) == 0, "%s", path);
    }
    drop(file);
    check_content(BELOW "/" TOKEN, "somebody else's");
}

TEST(directories_vanish)
{
    AUTO(free) char *root = new_root(), *path = in_root(".well-known");
    struct challenge_file *first = put(root, "first", "1"), *second;
    struct error err = { 0 };

    REQUIRE(file_remove_tree(path, &err), "%s", err.why);
    second = put(root, "second", "2");
    check_content(BELOW "/second", "2");
    drop(first);
    drop(second);
    CHECK(!is_there(".well-known"), "the directories made the second time are ours, too");
}

#define USER 12345
#define GROUP 12346

TEST(owner_of_the_webroot)
{
    AUTO(free) char *root = new_root(), *path = in_root(BELOW);
    struct challenge_file *file;
    struct stat st = { 0 };

    if (geteuid() != 0)
        skip();
    REQUIRE(chown(root, USER, GROUP) == 0, "%s", root);
    file = put(root, TOKEN, ANSWER);
    CHECK(stat(path, &st) == 0 && st.st_uid == USER && st.st_gid == GROUP, "%u:%u", st.st_uid, st.st_gid);
    {
        AUTO(free) char *token = in_root(BELOW "/" TOKEN);

        CHECK(stat(token, &st) == 0 && st.st_uid == 0, "what is read need not be owned: %u", st.st_uid);
    }
    drop(file);
    CHECK(!is_there(".well-known"), "removed");
}

/* Each directory that is made has the owner of its own parent, which need not be the webroot's. */
TEST(owner_of_the_directory_above)
{
    AUTO(free) char *root = new_root(), *above = in_root(".well-known"), *path = in_root(BELOW);
    struct challenge_file *file;
    struct stat st = { 0 };

    if (geteuid() != 0)
        skip();
    REQUIRE(
        chown(root, USER, GROUP) == 0 && mkdir(above, 0755) == 0 && chown(above, USER + 1, GROUP + 1) == 0, "%s", root);
    file = put(root, TOKEN, ANSWER);
    CHECK(stat(path, &st) == 0 && st.st_uid == USER + 1 && st.st_gid == GROUP + 1, "%u:%u", st.st_uid, st.st_gid);
    drop(file);
}

/* Does what the advice says in parentheses, until the link is followed. */
static void follow_advice(const char *name, const char *root)
{
    struct challenge_file *file = NULL;
    struct error err = { 0 };
    bool ok = false;

    for (int tries = 0; !ok && tries < 3; tries++) {
        ok = challenge_file_put(root, TOKEN, ANSWER, &file, &err);
        if (!ok) {
            const char *from = strrchr(err.next, '(');
            AUTO(free) char *command = from == NULL ? xstrdup("false") : xstrndup(from + 1, strcspn(from + 1, ")"));

            REQUIRE(system(command) == 0, "%s: %s", name, err.next);
        }
    }
    CHECK(ok, "%s: %s", name, err.why);
    if (ok)
        drop(file);
}

TEST(links_on_the_way)
{
    static const struct {
        const char *name;
        uid_t link, target, holder;
        mode_t mode; /* of the directory that holds it */
        bool followed;
    } cases[] = {
        { "a user's link into root's directory", USER, 0, 0, 0755, false },
        { "a user's link into another user's directory", USER, USER + 1, 0, 0755, false },
        { "a user's link into his own", USER, USER, 0, 0755, true },
        { "root's link into a user's", 0, USER, 0, 0755, true },
        { "root's link into root's", 0, 0, 0, 0755, true },
        { "a user's link in his own webroot", USER, USER, USER, 0755, true },
        { "a user's link in his own webroot into root's", USER, 0, USER, 0755, false },
        { "root's link in a user's webroot", 0, 0, USER, 0755, false }, /* root's: the user could have moved it there */
        { "a user's link in another one's webroot", USER, USER, USER + 1, 0755, false },
        { "a user's link where everybody may write", USER, USER, 0, 0777, false },
        { "a user's link where a group may write", USER, USER, 0, 0775, false },
    };
    AUTO(free) char *root = new_root(), *link = in_root(".well-known"), *target = test_path("elsewhere");

    if (geteuid() != 0)
        skip();
    REQUIRE(mkdir(target, 0755) == 0 && symlink("../elsewhere", link) == 0, "%s", target);
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(free) char *inside = file_join(target, "acme-challenge/" TOKEN);

        REQUIRE(lchown(link, cases[i].link, 0) == 0 && chown(target, cases[i].target, 0) == 0 &&
                    chown(root, cases[i].holder, GROUP) == 0 && chmod(root, cases[i].mode) == 0,
            "%s", link);
        if (cases[i].followed) {
            struct challenge_file *file = put(root, TOKEN, ANSWER);

            CHECK(file_exists(inside), "%s", cases[i].name);
            drop(file);
        } else {
            check_refused(cases[i].name, root, "is a link of", "chown ");
            follow_advice(cases[i].name, root);
        }
        CHECK(!file_exists(inside) && file_is_link(link) && file_is_dir(target), "%s", cases[i].name);
    }
}

TEST(links_that_lead_nowhere)
{
    AUTO(free) char *root = new_root(), *link = in_root(".well-known");

    REQUIRE(symlink("missing", link) == 0, "%s", link);
    check_refused("dangling", root, "cannot follow the link", NULL);
    REQUIRE(unlink(link) == 0 && symlink(".well-known", link) == 0, "%s", link);
    check_refused("to itself", root, "cannot follow the link", NULL);
}

static void try_as_nobody(void *ctx)
{
    struct challenge_file *file = NULL;
    struct error err = { 0 };

    if (geteuid() == 0 && seteuid(65534) != 0)
        _exit(99);
    if (challenge_file_put(ctx, TOKEN, ANSWER, &file, &err))
        _exit(98);
    dprintf(STDERR_FILENO, "%s|%s", err.why, err.next);
    _exit(0); /* the leak check may not look at a process that has changed its user */
}

TEST(no_permission)
{
    AUTO(free) char *root = new_root();
    AUTO(scene_clear) struct scene scene = { 0 };

    REQUIRE(chmod(root, 0555) == 0, "%s", root);
    scene_play(&scene, try_as_nobody, root);
    CHECK_INT(scene.status, 0, "status");
    CHECK(strstr(buf_text(&scene.err), "Permission denied|run as root") != NULL, "%s", buf_text(&scene.err));
    CHECK(!is_there(".well-known"), "nothing is left");
}

/* No user is advised to become the user that he is. */
TEST(advice_fits_the_cause)
{
    const struct {
        int sys;
        const char *next;
    } cases[] = {
        { EACCES, geteuid() == 0 ? "forbidden even to root" : "run as root, or choose a webroot that you may write" },
        { EPERM, geteuid() == 0 ? "lsattr -d /w" : "run as root, or choose a webroot that you may write" },
        { EROFS, "mount it for writing, or choose a webroot elsewhere" },
        { ENOSPC, "make room on the file system of /w " },
        { EDQUOT, "make room within the quota" },
        { ENOTDIR, "move it away" },
        { ENOENT, "--webroot-path has to name" },
        { EIO, "" },
    };
    char root[] = "/w";
    const struct challenge_dir dir = { .root = root };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = { 0 };

        errno = cases[i].sys;
        CHECK(!challenge_dir_error(&dir, "create", "/w/x", &err), "returned true");
        CHECK_INT(err.kind, ERROR_PLUGIN, "kind");
        CHECK(cases[i].next[0] == '\0' ? err.next[0] == '\0' : strstr(err.next, cases[i].next) != NULL, "%s", err.next);
    }
}

static void try_without_room(void *ctx)
{
    struct rlimit none = { 4, 4 }; /* bytes: a file system that fills up while we write */
    struct challenge_file *file = NULL;
    struct error err = { 0 };

    (void)signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &none) != 0 || challenge_file_put(ctx, TOKEN, ANSWER, &file, &err))
        _exit(98);
    _exit(strstr(err.why, "File too large") != NULL ? 0 : 97);
}

TEST(no_room)
{
    AUTO(free) char *root = new_root();
    AUTO(scene_clear) struct scene scene = { 0 };

    scene_play(&scene, try_without_room, root);
    CHECK_INT(scene.status, 0, "status");
    CHECK(!is_there(".well-known"), "nothing is left half-written");
}

static atomic_int thread_failures;

static void *put_and_drop(void *ctx)
{
    for (int i = 0; i < 200; i++) {
        AUTO(free) char *token = xprintf("token-%d", i % 7);
        struct challenge_file *file = NULL;
        struct error err = { 0 };

        if (!challenge_file_put(ctx, token, token, &file, &err) || !challenge_file_drop(file, &err)) {
            thread_failures++;
            fprintf(stderr, "%s\n", err.why);
        }
    }
    return NULL;
}

TEST(many_orders_at_once)
{
    AUTO(free) char *root = new_root();
    pthread_t threads[8];

    for (size_t i = 0; i < COUNT(threads); i++)
        REQUIRE(pthread_create(&threads[i], NULL, put_and_drop, root) == 0, "thread");
    for (size_t i = 0; i < COUNT(threads); i++)
        (void)pthread_join(threads[i], NULL);
    CHECK_INT(thread_failures, 0, "failures");
    CHECK(!is_there(".well-known"), "all is removed");
}

TEST_MAIN()
