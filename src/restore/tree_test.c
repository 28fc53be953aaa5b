/* Trees of files: what a copy keeps, what is the same, and what goes. */
#include <sys/wait.h>
#include <unistd.h>

#include "base/test_faults.h"
#include "restore/tree.h"
#include "base/test_files.h"

static struct error err;

static void make_tree(void)
{
    REQUIRE(mkdir(at("%s", ""), 0755) == 0 && mkdir(at("from"), 0750) == 0 && mkdir(at("from/sub"), 0700) == 0);
    write_text(at("from/cert.pem"), "certificate");
    write_text(at("from/sub/privkey.pem"), "key");
    REQUIRE(chmod(at("from/sub/privkey.pem"), 0640) == 0 && symlink("sub/privkey.pem", at("from/link")) == 0);
    REQUIRE(symlink("nowhere", at("from/broken")) == 0);
}

TEST(a_copy_is_the_same)
{
    static const char *const files[] = { "cert.pem", "sub/privkey.pem", "link", "broken" };
    AUTO(list_clear) struct list told = { 0 };
    struct stat from, to;

    make_tree();
    REQUIRE(tree_copy(at("from"), at("to"), &told, &err), "%s", err.why);
    for (size_t i = 0; i < COUNT(files); i++)
        CHECK(tree_same(at("from/%s", files[i]), at("to/%s", files[i])), "%s", files[i]);
    CHECK_INT(mode_of(at("to")), 0750, "the top");
    CHECK_INT(mode_of(at("to/sub")), 0700, "a directory");
    CHECK_INT(told.len, 0, "told");
    REQUIRE(stat(at("from/cert.pem"), &from) == 0 && stat(at("to/cert.pem"), &to) == 0);
    CHECK_INT(to.st_mtim.tv_sec, from.st_mtim.tv_sec, "time");
    CHECK(from.st_ino != to.st_ino, "a file of its own");
}

static const struct {
    const char *name;
    const char *a, *b; /* contents */
    mode_t mode_b;
    bool same, same_text;
} pairs[] = {
    { "the same", "text", "text", 0644, true, true },
    { "another mode", "text", "text", 0600, false, true },
    { "other text", "text", "tex2", 0644, false, false },
    { "shorter", "text", "tex", 0644, false, false },
    { "empty", "", "", 0644, true, true },
};

TEST(same_or_not)
{
    REQUIRE(mkdir(at("%s", ""), 0755) == 0);
    for (size_t i = 0; i < COUNT(pairs); i++) {
        write_text(at("a"), pairs[i].a);
        write_text(at("b"), pairs[i].b);
        REQUIRE(chmod(at("a"), 0644) == 0 && chmod(at("b"), pairs[i].mode_b) == 0);
        CHECK_INT(tree_same(at("a"), at("b")), pairs[i].same, pairs[i].name);
        CHECK_INT(tree_same_text(at("a"), at("b")), pairs[i].same_text, pairs[i].name);
    }
    CHECK(!tree_same(at("a"), at("missing")) && !tree_same_text(at("missing"), at("a")), "what is missing");
    REQUIRE(symlink("a", at("l1")) == 0 && symlink("a", at("l2")) == 0 && symlink("b", at("l3")) == 0);
    CHECK(tree_same(at("l1"), at("l2")) && !tree_same(at("l1"), at("l3")) && !tree_same(at("l1"), at("a")), "links");
}

/* A second name where there can be one, else a copy; of a link, another one. */
TEST(second_names)
{
    for (int no_links = 0; no_links < 2; no_links++) {
        const char *name = no_links ? "without" : "with";

        make_tree();
        faults.no_links = no_links ? EPERM : 0;
        CHECK(tree_place(at("from/sub/privkey.pem"), at("key"), &err), "%s: %s", name, err.why);
        CHECK(tree_place(at("from/broken"), at("link"), &err), "%s: %s", name, err.why);
        CHECK(!tree_place(at("from/cert.pem"), at("key"), &err), "%s: what is there stays", name);
        faults.no_links = 0;
        CHECK(tree_same(at("key"), at("from/sub/privkey.pem")) && tree_same(at("link"), at("from/broken")), "%s", name);
        test_drop_dir();
    }
}

/* A copy that fails leaves nothing of a file. */
TEST(a_full_disk)
{
    for (int call = 1; call < 12; call++) {
        AUTO(list_clear) struct list told = { 0 };
        bool ok;

        make_tree();
        faults.calls = 0;
        faults.first = faults.last = call;
        faults.sys = ENOSPC;
        ok = tree_copy(at("from"), at("to"), &told, &err);
        faults.first = faults.last = 0;
        CHECK(ok || err.sys == ENOSPC, "call %d: %s", call, err.why);
        CHECK(!tree_has(at("to/cert.pem")) || tree_same(at("to/cert.pem"), at("from/cert.pem")), "call %d", call);
        CHECK(tree_remove(at("to"), &err) && !tree_has(at("to")), "call %d: %s", call, err.why);
        test_drop_dir();
    }
}

TEST(removing)
{
    AUTO(free) char *kept = NULL;

    make_tree();
    REQUIRE(link(at("from/sub/privkey.pem"), at("second")) == 0);
    REQUIRE(tree_remove(at("from"), &err), "%s", err.why);
    CHECK(!tree_has(at("from")), "all of it");
    kept = read_text(at("second"));
    CHECK_TEXT(kept, "key", "a key with another name is not overwritten");
    CHECK(tree_remove(at("from"), &err), "what is missing is fine");
}

/* As this user, or (for root) as one who may do less: a directory that its owner cannot write is copied, and goes. */
TEST(directories_that_cannot_be_written)
{
    AUTO(list_clear) struct list told = { 0 };
    AUTO(free) char *from = NULL, *to = NULL;
    pid_t child;
    int status = -1;

    make_tree();
    REQUIRE(chmod(at("from/sub"), 0555) == 0 && chmod(at("from"), 0555) == 0);
    from = xstrdup(at("from"));
    to = xstrdup(at("to/copy"));
    REQUIRE(mkdir(at("to"), 0777) == 0 && chmod(at("to"), 0777) == 0 && chmod(at("from/sub/privkey.pem"), 0644) == 0 &&
            chmod(at("from/cert.pem"), 0644) == 0 && chmod(test_dir(), 0711) == 0 && chmod(at("."), 0711) == 0);
    child = fork();
    if (child == 0) {
        bool ok = (geteuid() != 0 || (setgid(65534) == 0 && setuid(65534) == 0)) && tree_copy(from, to, &told, &err) &&
                  tree_has(to) && tree_remove(to, &err) && !tree_has(to);

        _exit(ok ? 0 : 1);
    }
    REQUIRE(child > 0 && waitpid(child, &status, 0) == child);
    CHECK_INT(status, 0, "copied and removed");
    REQUIRE(tree_copy(at("from"), at("again"), &told, &err), "%s", err.why);
    CHECK_INT(mode_of(at("again/sub")), 0555, "its mode");
}

/* Opening a lock by a second name and closing it would give it up. */
TEST(locks_are_not_copied)
{
    AUTO(list_clear) struct list told = { 0 };

    make_tree();
    write_text(at("from/sub/.evercert.lock"), "");
    REQUIRE(tree_copy(at("from"), at("to"), &told, &err), "%s", err.why);
    CHECK(!tree_has(at("to/sub/.evercert.lock")), "it is copied");
    CHECK_INT(told.len, 0, "told");
}

TEST(directories)
{
    make_tree();
    CHECK(tree_make_dir(at("made"), &err) && tree_dress_dir(at("made"), at("from"), &err), "%s", err.why);
    CHECK_INT(mode_of(at("made")), 0750, "like the other");
    CHECK(tree_make_dir(at("made"), &err), "%s", err.why);
    CHECK_INT(mode_of(at("made")), 0750, "one that is there is left alone");
    CHECK(!tree_make_dir(at("from/cert.pem"), &err), "a file is in the way");
    CHECK(tree_sync(at("from"), &err), "%s", err.why);
    CHECK(tree_is_dir(at("from")) && !tree_is_dir(at("from/link")) && tree_has(at("from/broken")), "kinds");
}

TEST_MAIN()
