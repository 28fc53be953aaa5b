/*
 * The same file under another name: a second name, or a copy where there can be none.
 */
#include "disk/place.h"

#include "base/test_faults.h"
#include "base/test_files.h"

#define SOMEBODY 54329 /* a user */

static const struct {
    const char *name;
    int no_links; /* errno */
    enum { SECOND_NAME, COPY, NONE } want;
} ways[] = {
    { "a second name", 0, SECOND_NAME },
    { "a file system without", EPERM, COPY },
    { "another file system", EXDEV, COPY },
    { "as many as there can be", EMLINK, COPY },
    { "not allowed, as for what is another user's", EACCES, COPY },
    { "no such call", ENOSYS, COPY },
    { "not supported", ENOTSUP, COPY },
    { "a disk that is full", ENOSPC, NONE },
    { "a disk that is broken", EIO, NONE },
    { "a disk that may not be written to", EROFS, NONE },
};

TEST(files)
{
    for (size_t i = 0; i < COUNT(ways); i++) {
        const struct timespec times[2] = { { 1700000000, 0 }, { 1700000001, 5 } };
        struct error err = { 0 };
        struct stat from, to;
        bool done;

        REQUIRE(file_mkdirs(at("d"), 0700, &err), "%s", err.why);
        write_text(at("d/from"), "text");
        REQUIRE(chmod(at("d/from"), 0640) == 0 && utimensat(AT_FDCWD, at("d/from"), times, 0) == 0);
        if (geteuid() == 0)
            REQUIRE(chown(at("d/from"), SOMEBODY, SOMEBODY) == 0);
        faults.no_links = ways[i].no_links;
        done = place_file(at("d/from"), at("d/to"), &err);
        faults.no_links = 0;
        CHECK(done == (ways[i].want != NONE), "%s: %s", ways[i].name, err.why);
        CHECK(file_exists(at("d/to")) == done, "%s", ways[i].name);
        if (!done) {
            CHECK(err.why[0] != '\0' && err.sys == ways[i].no_links, "%s: %s", ways[i].name, err.why);
        } else {
            AUTO(free) char *text = read_text(at("d/to"));

            REQUIRE(stat(at("d/from"), &from) == 0 && stat(at("d/to"), &to) == 0);
            CHECK_TEXT(text, "text", ways[i].name);
            CHECK((from.st_ino == to.st_ino) == (ways[i].want == SECOND_NAME), "%s", ways[i].name);
            CHECK_INT(to.st_mode, from.st_mode, ways[i].name);
            CHECK(to.st_uid == from.st_uid && to.st_gid == from.st_gid, "%s: its owner", ways[i].name);
            CHECK(to.st_mtim.tv_sec == times[1].tv_sec && to.st_mtim.tv_nsec == times[1].tv_nsec, "%s: its time",
                ways[i].name);
        }
        test_drop_dir();
    }
}

static const struct {
    const char *name, *from, *to;
    bool by_name; /* as place_name has it: links are made anew */
    bool want;
    const char *link; /* text of what is made; "": a file */
} names[] = {
    { "a file", "file", "new", true, true, "" },
    { "a link", "link", "new", true, true, "file" },
    { "a link to nothing", "dangling", "new", true, true, "../nowhere" },
    { "nothing", "missing", "new", true, false, "" },
    { "over a file", "file", "taken", true, false, "" },
    { "a link over a file", "link", "taken", true, false, "" },
    { "a file into no directory", "file", "missing/new", true, false, "" },
    { "nothing at all", "missing", "new", false, false, "" },
    { "a file over a file", "file", "taken", false, false, "" },
};

TEST(names_of_files)
{
    for (size_t copies = 0; copies < 2; copies++)
        for (size_t i = 0; i < COUNT(names); i++) {
            struct error err = { 0 };
            bool done;

            REQUIRE(file_mkdirs(at("%s", ""), 0700, &err), "%s", err.why);
            write_text(at("file"), "text");
            write_text(at("taken"), "mine");
            REQUIRE(symlink("file", at("link")) == 0 && symlink("../nowhere", at("dangling")) == 0);
            faults.no_links = copies == 0 ? 0 : EPERM;
            done = names[i].by_name ? place_name(at("%s", names[i].from), at("%s", names[i].to), &err)
                                    : place_file(at("%s", names[i].from), at("%s", names[i].to), &err);
            faults.no_links = 0;
            CHECK(done == names[i].want, "%s: %s", names[i].name, err.why);
            CHECK(done || err.why[0] != '\0', "%s: no reason", names[i].name);
            if (done)
                CHECK_TEXT(link_text(at("%s", names[i].to)), names[i].link, names[i].name);
            {
                AUTO(free) char *taken = read_text(at("taken"));

                CHECK_TEXT(taken, "mine", names[i].name);
            }
            test_drop_dir();
        }
}

static const struct {
    const char *name, *path, *like;
    mode_t mode;
    bool want;
} dirs[] = {
    { "a directory", "new", "like", 0755, true },
    { "a closed one", "new", "like", 0700, true },
    { "like nothing", "new", "missing", 0755, false },
    { "one that is there", "like", "like", 0755, false },
    { "in none", "missing/new", "like", 0755, false },
};

TEST(directories)
{
    for (size_t i = 0; i < COUNT(dirs); i++) {
        struct error err = { 0 };
        struct stat like, made;
        bool done;

        REQUIRE(file_mkdirs(at("like"), 0711, &err), "%s", err.why);
        if (geteuid() == 0)
            REQUIRE(chown(at("like"), SOMEBODY, SOMEBODY) == 0);
        done = place_dir(at("%s", dirs[i].path), dirs[i].mode, at("%s", dirs[i].like), &err);
        CHECK(done == dirs[i].want, "%s: %s", dirs[i].name, err.why);
        CHECK(done || err.why[0] != '\0', "%s: no reason", dirs[i].name);
        if (done) {
            REQUIRE(stat(at("like"), &like) == 0 && stat(at("%s", dirs[i].path), &made) == 0);
            CHECK_INT(made.st_mode & 07777, dirs[i].mode, dirs[i].name);
            CHECK(made.st_uid == like.st_uid && made.st_gid == like.st_gid, "%s: whose it is", dirs[i].name);
        }
        test_drop_dir();
    }
}

TEST_MAIN()
