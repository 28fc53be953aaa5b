#include "disk/sharing.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/test.h"

/* In the test's directory; %s in text is that directory. */
static void write_conf(const char *name, const char *text)
{
    AUTO(free) char *dir = test_path("renewal"), *path = file_join(dir, name);
    AUTO(buf_clear) struct buf whole = BUF(FILE_MAX_TEXT);
    struct view rest = view_of(text), part;
    struct error err = { 0 };

    while (view_cut(&rest, '%', &part)) {
        buf_put(&whole, part);
        if (rest.at == NULL)
            break;
        buf_put_text(&whole, test_dir());
        rest.at++, rest.len--;
    }
    REQUIRE(mkdir(dir, 0755) == 0 || errno == EEXIST);
    REQUIRE(file_replace(path, buf_view(&whole), FILE_PUBLIC, &err), "%s", err.why);
}

static struct lineage lineage_of(char *conf_path, char *archive_dir)
{
    return (struct lineage){ .name = (char *)"a", .conf_path = conf_path, .archive_dir = archive_dir };
}

TEST(archives_of_all_renewal_files)
{
    AUTO(free) char *renewal = test_path("renewal"), *a = test_path("renewal/a.conf");
    AUTO(free) char *expected = xprintf("%s/archive/a %s/archive/a %s/archive/c", test_dir(), test_dir(), test_dir());
    AUTO(free) char *others = xprintf("%s/archive/a %s/archive/c", test_dir(), test_dir());
    AUTO(free) char *all = NULL, *rest = NULL;
    AUTO(list_clear) struct list found = { 0 };
    struct error err = { 0 };

    write_conf("a.conf", "archive_dir = %s/archive/a\n");
    write_conf("b.conf", "store_layout = of-the-future\narchive_dir = %s/archive/../archive/a/\n");
    write_conf("c.conf", "version = 5.5.0\n");
    write_conf("cannot-be-parsed.conf", "archive_dir\n");
    write_conf(".d.conf", "archive_dir = %s/archive/d\n");
    write_conf("e.conf.bak", "archive_dir = %s/archive/e\n");
    REQUIRE(sharing_list(renewal, NULL, &found, &err), "%s", err.why);
    all = list_join(&found, " ");
    CHECK_TEXT(all, expected, "by their names, or in the directory of the same name");
    list_clear(&found);
    REQUIRE(sharing_list(renewal, a, &found, &err), "%s", err.why);
    rest = list_join(&found, " ");
    CHECK_TEXT(rest, others, "but for one");
    test_drop_dir();
}

TEST(one_lineage)
{
    AUTO(free) char *conf = test_path("renewal/a.conf"), *no_dir = test_path("renewal/a.conf/a.conf");
    AUTO(free) char *shared = test_path("archive/b"), *own = test_path("archive/a");
    struct lineage lineage = lineage_of(conf, own);
    struct error err = { 0 };

    write_conf("a.conf", "archive_dir = %s/archive/a\n");
    write_conf("b.conf", "archive_dir = %s/archive/b\n");
    CHECK(lineage_sharing(&lineage, &err) == SHARING_NOT && !lineage_shares_archive(&lineage), "its own");
    lineage = lineage_of(conf, shared);
    CHECK(lineage_sharing(&lineage, &err) == SHARING && lineage_shares_archive(&lineage), "of the other, too");
    CHECK(!lineage_refuse_shared(&lineage, &err) && strstr(err.why, "more than one certificate"), "%s", err.why);
    CHECK(strstr(err.next, conf), "%s", err.next);
    lineage = lineage_of(no_dir, own);
    error_clear(&err);
    CHECK(lineage_sharing(&lineage, &err) == SHARING_UNKNOWN && lineage_shares_archive(&lineage), "nobody knows");
    CHECK(err.why[0] != '\0', "and why is told");
    test_drop_dir();
}

TEST_MAIN()
