/*
 * Removing what may be a key: overwritten before it goes, where that is possible and nobody else has it.
 */
#include "disk/remove.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/test_files.h"

/* Whether this file system is one of which it is known that files are overwritten in place. */
static bool overwrites(void)
{
    struct statfs fs;

    if (statfs(test_dir(), &fs) == 0 && ((unsigned long)fs.f_type == 0xef53 || (unsigned long)fs.f_type == 0x01021994))
        return true;
    (void)fprintf(stderr, "not looked at: whether keys are overwritten, which this file system may not do\n");
    return false;
}

static void shell(const char *words)
{
    AUTO(free) char *command = xprintf("cd '%s' && %s", at("%s", ""), words);

    REQUIRE(system(command) == 0, "%s", command); /* NOLINT(cert-env33-c): a test's own words */
}

static bool remove_key(const char *path, struct error *err)
{
    return remove_version_file(path, KIND_PRIVKEY, err);
}

static bool remove_cert(const char *path, struct error *err)
{
    return remove_version_file(path, KIND_CERT, err);
}

static bool undo_one(const char *path, struct error *err)
{
    (void)err;
    undo_file(path);
    return true;
}

static bool wipe_only(const char *path, struct error *err)
{
    (void)err;
    wipe_file(path);
    return true;
}

static const struct {
    const char *name;
    bool (*remove)(const char *path, struct error *err);
    const char *path;  /* that is removed */
    const char *shell; /* done before */
    const char *key;   /* that is looked into afterwards, though its name may be gone */
    bool zeros;        /* nothing is left of it */
    const char *left;  /* names in the directory */
    bool refused;
} cases[] = {
    { "a key", remove_key, "privkey.pem", "printf secret >privkey.pem", "privkey.pem", true, "" },
    { "a key, overwritten only", wipe_only, "privkey.pem", "printf secret >privkey.pem", "privkey.pem", true,
        "privkey.pem" },
    { "a long key", remove_key, "privkey.pem", "printf '%09000d' 7 >privkey.pem", "privkey.pem", true, "" },
    { "an empty key", remove_key, "privkey.pem", ": >privkey.pem", "privkey.pem", true, "" },
    { "a key that is read-only", remove_key, "privkey.pem", "printf secret >privkey.pem; chmod 400 privkey.pem",
        "privkey.pem", true, "" },
    { "a key with a second name, which is a user's", remove_key, "privkey.pem",
        "printf secret >privkey.pem; ln privkey.pem mine", "mine", false, "mine" },
    { "a link to a user's key", remove_key, "privkey.pem", "printf secret >mine; ln -s mine privkey.pem", "mine", false,
        "mine" },
    { "a certificate", remove_cert, "cert.pem", "printf public >cert.pem", "cert.pem", false, "" },
    { "nothing", remove_key, "privkey.pem", "printf secret >mine", "mine", false, "mine" },

    { "undone: a key", undo_one, "privkey.pem", "printf secret >privkey.pem", "privkey.pem", true, "" },
    { "undone: a numbered key", undo_one, "privkey7.pem", "printf secret >privkey7.pem", "privkey7.pem", true, "" },
    { "undone: a certificate", undo_one, "cert7.pem", "printf public >cert7.pem", "cert7.pem", false, "" },
    { "undone: a directory with something in it", undo_one, "d", "mkdir d; printf secret >d/privkey.pem",
        "d/privkey.pem", false, "d" },

    { "a tree: keys of a version", remove_version_tree, "d", "mkdir d; printf secret >d/privkey.pem", "d/privkey.pem",
        true, "" },
    { "a tree: numbered keys", remove_version_tree, "d", "mkdir d; printf secret >d/privkey12.pem", "d/privkey12.pem",
        true, "" },
    { "a tree: keys of versions below", remove_version_tree, "d", "mkdir -p d/v; printf secret >d/v/privkey.pem",
        "d/v/privkey.pem", true, "" },
    { "a tree: another file", remove_version_tree, "d", "mkdir d; printf public >d/notes", "d/notes", false, "" },
    { "a tree: a link to a user's directory", remove_version_tree, "d",
        "mkdir d mine; printf secret >mine/privkey.pem; ln -s ../mine d/v", "mine/privkey.pem", false, "mine" },
    { "a tree that is a link", remove_version_tree, "d", "mkdir mine; printf secret >mine/privkey.pem; ln -s mine d",
        "mine/privkey.pem", false, "d mine", true },
    { "a tree: a key with a second name", remove_version_tree, "d",
        "mkdir d; printf secret >d/privkey.pem; ln d/privkey.pem mine", "mine", false, "mine" },
    { "a tree that is not there", remove_version_tree, "d", "printf secret >mine", "mine", false, "mine" },
};

TEST(what_is_left_of_a_key)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(close) int fd = -1;
        AUTO(free) char *left = NULL;
        char text[16384];
        struct error err = { 0 };
        bool zeros = true;
        ssize_t len;

        REQUIRE(file_mkdirs(at("%s", ""), 0700, &err), "%s", err.why);
        shell(cases[i].shell);
        fd = open(at("%s", cases[i].key), O_RDONLY | O_CLOEXEC);
        REQUIRE(fd >= 0, "%s", cases[i].name);
        CHECK(cases[i].remove(at("%s", cases[i].path), &err) != cases[i].refused, "%s: %s", cases[i].name, err.why);
        len = read(fd, text, sizeof text);
        REQUIRE(len >= 0, "%s", cases[i].name);
        for (ssize_t k = 0; k < len; k++)
            zeros = zeros && text[k] == '\0';
        if (!cases[i].zeros || overwrites())
            CHECK(zeros == cases[i].zeros, "%s", cases[i].name);
        left = names_in(at("%s", ""));
        CHECK_TEXT(left, cases[i].left, cases[i].name);
        test_drop_dir();
    }
}

static const struct {
    const char *name, *shell; /* done before */
    const char *made, *trees; /* in this order, blanks between */
    bool keep;
    const char *left;
} undone[] = {
    { "nothing", "touch x", "", "", false, "x" },
    { "files and their directory", "mkdir d; touch d/cert1.pem d/privkey1.pem", "d d/cert1.pem d/privkey1.pem", "",
        false, "" },
    { "a directory in which a user keeps something by now", "mkdir d; touch d/cert1.pem d/notes", "d d/cert1.pem", "",
        false, "d" },
    { "a tree", "mkdir -p d/e; touch d/e/x", "", "d", false, "" },
    { "a tree, and the directory that it was made in", "mkdir -p d/e; touch d/e/x", "d", "d/e", false, "" },
    { "a version that waits", "mkdir v.next; touch v.next/privkey.pem", "", "v.next", false, "" },
    { "a version that waits, and the rest of another", "mkdir v.next .v.next.gone; touch v.next/x .v.next.gone/x", "",
        "v.next", false, ".v.next.gone" },
    { "a link", "touch x; ln -s x y", "y", "", false, "x" },
    { "what is gone already", "touch x", "y", "z", false, "x" },
    { "what is complete", "mkdir d; touch d/cert1.pem", "d d/cert1.pem", "d", true, "d" },
};

TEST(what_was_made_is_undone)
{
    for (size_t i = 0; i < COUNT(undone); i++) {
        AUTO(free) char *made = xstrdup(undone[i].made), *trees = xstrdup(undone[i].trees), *left = NULL;
        char *rest = made;
        struct error err = { 0 };

        REQUIRE(file_mkdirs(at("%s", ""), 0700, &err), "%s", err.why);
        shell(undone[i].shell);
        {
            AUTO(undo) struct undo undo = { 0 };

            for (char *path; (path = strtok_r(rest, " ", &rest)) != NULL;)
                undo_add(&undo, at("%s", path));
            rest = trees;
            for (char *path; (path = strtok_r(rest, " ", &rest)) != NULL;)
                undo_add_tree(&undo, at("%s", path));
            if (undone[i].keep)
                undo_keep(&undo);
        }
        left = names_in(at("%s", ""));
        CHECK_TEXT(left, undone[i].left, undone[i].name);
        test_drop_dir();
    }
}

TEST_MAIN()
