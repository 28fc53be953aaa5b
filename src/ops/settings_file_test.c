#include "ops/settings_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/acl.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/test.h"
#include "config/cli_ini.h"
#include "ops/settings_shown.h"

static const struct {
    const char *what, *before, *name, *value, *after; /* after NULL: refused */
} rows[] = {
    { "into nothing", "", "email", "a@b.test", "email = a@b.test\n" },
    { "behind the rest", "# mine\njobs = 3\n", "email", "a@b.test", "# mine\njobs = 3\nemail = a@b.test\n" },
    { "no line feed at the end", "jobs = 3", "email", "a@b.test", "jobs = 3\nemail = a@b.test\n" },
    { "in its place", "email = x@y.test\n# end\n", "email", "a@b.test", "email = a@b.test\n# end\n" },
    { "the last line, unended", "# a\nemail=x@y.test", "email", "a@b.test", "# a\nemail = a@b.test\n" },
    { "one of several is left", "jobs = 1\n\njobs: 2\n", "jobs", "4", "\njobs = 4\n" },
    { "another of its names", "domain = x.test\n", "domains", "y.test,z.test", "domains = y.test,z.test\n" },
    { "a comment is none", "# jobs = 1\n", "jobs", "4", "# jobs = 1\njobs = 4\n" },
    { "line ends of another system", "jobs = 1\r\n", "email", "a@b.test", "jobs = 1\r\nemail = a@b.test\r\n" },
    { "away", "jobs = 1\nemail = x@y.test\njobs 2\n", "jobs", NULL, "email = x@y.test\n" },
    { "away, and not there", "email = x@y.test\n", "jobs", NULL, "email = x@y.test\n" },
    { "true", "", "must-staple", "true", "must-staple = true\n" },
    { "false, by its opposite", "reuse-key = true\n", "reuse-key", "false", "no-reuse-key = true\n" },
    { "true, by its opposite", "no-reuse-key = true\n", "no-reuse-key", "false", "reuse-key = true\n" },
    { "false, without an opposite", "must-staple = true\n", "must-staple", "false", "" },
    { "undecided, decided", "", "redirect", "false", "no-redirect = true\n" },
    { "a flag with a value", "", "must-staple", "maybe", NULL },
    { "a value that begins a comment", "", "deploy-hook", "echo a # b", "deploy-hook = \"echo a # b\"\n" },
    { "quotes in it", "", "deploy-hook", "\"echo\" a", "deploy-hook = \"echo\" a\n" },
    { "quotes around it", "", "deploy-hook", "\"echo a\"", "deploy-hook = \"\"echo a\"\"\n" },
    { "one more of several", "notify = mailto:x@y.test\n", "notify", "mailto:a@b.test",
        "notify = mailto:x@y.test\nnotify = mailto:a@b.test\n" },
    { "one of several that is there", "notify = mailto:a@b.test\nnotify = shell:x\n", "notify", "mailto:a@b.test",
        "notify = mailto:a@b.test\nnotify = shell:x\n" },
    { "all of several away", "notify = mailto:a@b.test\njobs = 2\nnotify = shell:x\n", "notify", NULL, "jobs = 2\n" },
    { "two lines", "", "deploy-hook", "echo a\nexpand", NULL },
    { "no such option", "", "emial", "a@b.test", NULL },
    { "a beginning that several have", "", "no-", "true", NULL },
    { "an option of a moment", "", "config", "/x", NULL },
    { "a value that it cannot have", "", "jobs", "many", NULL },
    { "a number out of range", "", "jobs", "65", NULL },
    { "mistakes that were there before", "emial = x\n", "jobs", "4", NULL },
};

TEST(edits)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct setting_change change = { rows[i].name, rows[i].value };
        AUTO(buf_clear) struct buf out = BUF(1000);
        struct error err = { 0 };
        bool ok = settings_file_edit(view_of(rows[i].before), "cli.ini", &change, 1, &out, &err);

        CHECK(ok == (rows[i].after != NULL), "%s: %s", rows[i].what, err.why);
        if (ok)
            CHECK_TEXT(buf_text(&out), rows[i].after, rows[i].what);
    }
}

/* Whatever can be written is read as what was meant. */
TEST(values_are_read_back)
{
    static const char *const values[] = { "plain", "with blank", "a#b", "a #b", "a ;b", "'a'", "\"a\"", "'a' # \"b\"",
        "it's", "say \"a\" # b", " a ", "", "#", ";", "a=b", "=", "\"", "'" };

    for (size_t i = 0; i < COUNT(values); i++) {
        struct setting_change change = { "user-agent", values[i] };
        AUTO(buf_clear) struct buf out = BUF(1000);
        AUTO(settings_free) struct settings *settings = settings_new(NULL);
        struct error err = { 0 };

        if (!settings_file_edit(view_of(""), "cli.ini", &change, 1, &out, &err))
            continue; /* a mix of quotes that the syntax cannot hold */
        CHECK(cli_ini_read(buf_view(&out), "cli.ini", settings, &err), "%s: %s", values[i], err.why);
        CHECK_TEXT(settings->user_agent, values[i], buf_text(&out));
    }
}

TEST(the_file)
{
    AUTO(free) char *path = file_join(test_dir(), "new/cli.ini");
    AUTO(free) char *link = file_join(test_dir(), "link.ini");
    AUTO(buf_clear) struct buf text = BUF(1000);
    const struct setting_change two[] = { { "jobs", "4" }, { "email", "a@b.test" } };
    struct error err = { 0 };
    struct stat st;
    bool changed;

    CHECK(settings_file_change(path, two, COUNT(two), &changed, &err) && changed, "%s", err.why);
    CHECK(chmod(path, 0640) == 0 && symlink("new/cli.ini", link) == 0);
    CHECK(settings_file_change(link, two, COUNT(two), &changed, &err) && !changed, "again: %s", err.why);
    CHECK(settings_file_change(link, &(struct setting_change){ "jobs", NULL }, 1, &changed, &err) && changed, "%s",
        err.why);
    CHECK(file_is_link(link) && stat(path, &st) == 0 && (st.st_mode & 07777) == 0640);
    CHECK(file_read(path, &text, &err));
    CHECK_TEXT(buf_text(&text), "email = a@b.test\n", "the file");
    test_drop_dir();
}

TEST(a_link_to_a_file_that_is_missing_yet)
{
    AUTO(free) char *link = file_join(test_dir(), "first.ini"), *second = file_join(test_dir(), "second.ini");
    AUTO(free) char *path = file_join(test_dir(), "there/cli.ini");
    AUTO(buf_clear) struct buf text = BUF(1000);
    struct error err = { 0 };
    bool changed;

    REQUIRE(symlink("second.ini", link) == 0 && symlink(path, second) == 0);
    CHECK(settings_file_change(link, &(struct setting_change){ "jobs", "4" }, 1, &changed, &err) && changed, "%s",
        err.why);
    CHECK(file_is_link(link) && file_is_link(second) && !file_is_link(path) && file_read(path, &text, &err));
    CHECK_TEXT(buf_text(&text), "jobs = 4\n", "where the links lead");
    REQUIRE(unlink(second) == 0 && symlink("first.ini", second) == 0);
    CHECK(!settings_file_change(link, &(struct setting_change){ "jobs", "5" }, 1, &changed, &err), "a circle of links");
    test_drop_dir();
}

TEST(others_who_may_read_it_still_may)
{
    AUTO(free) char *path = file_join(test_dir(), "cli.ini");
    AUTO(close) int fd = -1;
    struct acl acl = { 0 };
    const struct acl_user guest = { .uid = 12345 };
    struct error err = { 0 };
    struct stat st;
    bool changed;

    REQUIRE(file_create(path, view_of("jobs = 1\n"), FILE_PRIVATE, &err), "%s", err.why);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    acl_of_mode(0600, &acl);
    REQUIRE(fd >= 0 && acl_grant_user(&acl, getegid(), &guest, 4));
    if (!acl_set_fd(fd, path, &acl, &err)) {
        print_message("no access control lists here: %s\n", err.why);
        test_drop_dir();
        return;
    }
    CHECK(settings_file_change(path, &(struct setting_change){ "jobs", "2" }, 1, &changed, &err) && changed, "%s",
        err.why);
    REQUIRE(stat(path, &st) == 0 && acl_of_path(path, &st, &acl, &err), "%s", err.why);
    CHECK(acl_user_may(&acl, st.st_gid, &guest) == 4 && acl_other_may(&acl) == 0, "the guest, and nobody else");
    CHECK((acl_group_may(&acl, st.st_gid, st.st_gid) & 7) == 0, "nor the group, whatever the mode shows");
    test_drop_dir();
}

#define WRITERS 8

static void change_one(const char *path, int number)
{
    AUTO(free) char *value = xprintf("mailto:a%d@b.test", number);
    struct error err = { 0 };
    bool changed;

    _exit(
        settings_file_change(path, &(struct setting_change){ "notify", value }, 1, &changed, &err) && changed ? 0 : 1);
}

/* Each by another path to the same file. */
TEST(several_at_the_same_time)
{
    AUTO(free) char *path = file_join(test_dir(), "cli.ini"), *link = file_join(test_dir(), "link.ini");
    AUTO(buf_clear) struct buf text = BUF(10000);
    struct error err = { 0 };
    pid_t writers[WRITERS];

    REQUIRE(file_create(path, view_of("# own\n"), FILE_PRIVATE, &err) && symlink(path, link) == 0, "%s", err.why);
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = fork();
        REQUIRE(writers[i] >= 0);
        if (writers[i] == 0)
            change_one(i % 2 == 0 ? path : link, i);
    }
    for (int i = 0; i < WRITERS; i++) {
        int status;

        CHECK(waitpid(writers[i], &status, 0) == writers[i] && status == 0, "writer %d", i);
    }
    REQUIRE(file_read(path, &text, &err), "%s", err.why);
    for (int i = 0; i < WRITERS; i++) {
        AUTO(free) char *line = xprintf("notify = mailto:a%d@b.test\n", i);

        CHECK(strstr(buf_text(&text), line) != NULL, "what %d has written", i);
    }
    test_drop_dir();
}

TEST(where_a_value_comes_from)
{
    AUTO(settings_free) struct settings *settings = settings_new(NULL);
    AUTO(buf_clear) struct buf text = BUF(100000);
    struct error err = { 0 };

    CHECK(cli_ini_read(view_of("jobs = 2\n"), "/one.ini", settings, &err));
    CHECK(cli_ini_read(
        view_of("# x\n\njobs = 3\nno-autorenew = true\neab-hmac-key = c2VjcmV0\n"), "/two.ini", settings, &err));
    settings_show(settings, &text);
    CHECK(strstr(buf_text(&text), "  jobs = 3 ") != NULL);
    CHECK(strstr(buf_text(&text), "# /two.ini, line 3\n") != NULL);
    CHECK(strstr(buf_text(&text), "c2VjcmV0") == NULL);
    CHECK(strstr(buf_text(&text), "eab-hmac-key = (secret)") != NULL);
}

TEST_MAIN()
