#include "lifecycle/in_use.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/test.h"

#define LIVE "/etc/letsencrypt/live/a.example"
#define ARCHIVE "/etc/letsencrypt/archive/a.example"

static void write_at(const char *name, const char *text)
{
    AUTO(free) char *path = test_path(name);
    AUTO(free) char *dir = file_dirname(path);
    struct error err = { 0 };

    REQUIRE(file_mkdirs(dir, 0755, &err) && file_replace(path, view_of(text), FILE_PUBLIC, &err), "%s", err.why);
}

static void link_at(const char *name, const char *text)
{
    AUTO(free) char *path = test_path(name);

    REQUIRE(symlink(text, path) == 0, "%s", name);
}

/* The places without the test's directory, with blanks between them; of the caller's. */
static char *places_of(const struct list *dirs, size_t *count)
{
    char live[] = LIVE, archive[] = ARCHIVE;
    struct lineage lineage = { .live_dir = live, .archive_dir = archive };
    AUTO(in_use_clear) struct in_use uses = { 0 };
    AUTO(list_clear) struct list names = { 0 };
    size_t cut = strlen(test_dir()) + 1;

    in_use_find(&lineage, dirs, &uses);
    for (size_t i = 0; i < uses.places.len; i++)
        list_add(&names, uses.places.at[i] + cut);
    *count = uses.count;
    return list_join(&names, " ");
}

TEST(in_use_by_text)
{
    static const struct {
        const char *name, *text, *places;
    } cases[] = {
        { "nothing", "listen 443 ssl;\n", "" },
        { "another name that begins alike", "ssl_certificate " LIVE ".org/fullchain.pem;\n" LIVE "-0001/x\n", "" },
        { "a comment", "  # ssl_certificate " LIVE "/fullchain.pem;\n; " LIVE "\n// " LIVE "\n", "" },
        { "two lines", "a\nssl_certificate " LIVE "/fullchain.pem;\nssl_certificate_key " LIVE "/privkey.pem;\n",
            "conf/f:2 conf/f:3" },
        { "no line feed at the end", "SSLCertificateFile " LIVE "/cert.pem", "conf/f:1" },
        { "an archived file", "ssl_cert = <" ARCHIVE "/cert7.pem\n", "conf/f:1" },
        { "the directory itself", "dir '" LIVE "'\n", "conf/f:1" },
        { "both kinds in a line", LIVE ".org/x " LIVE "/y\n", "conf/f:1" },
        { "CRLF", "cert=" LIVE "\r\n", "conf/f:1" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(list_clear) struct list dirs = { 0 };
        AUTO(free) char *dir = test_path("conf"), *places = NULL;
        size_t count;

        list_add(&dirs, dir);
        write_at("conf/f", cases[i].text);
        places = places_of(&dirs, &count);
        CHECK_TEXT(places, cases[i].places, cases[i].name);
    }
    test_drop_dir();
}

/* A path that has a directory's name only as its beginning is not in that directory. */
TEST(in_use_by_a_name_within_another)
{
    struct in_use_lines lines = { .rest = view_of("ca /le/live.d\nkey /le/le/live\n") };

    CHECK(in_use_next(&lines, (const char *const[]){ "/le/l", "/le/live" }));
    CHECK_INT(lines.number, 2, "line");
    lines = (struct in_use_lines){ .rest = view_of("x\ncert /le/let/le/l/cert.pem\n") };
    CHECK(in_use_next(&lines, (const char *const[]){ NULL, "/le/l" }), "by an end that is also a beginning");
    CHECK_INT(lines.number, 2, "line");
    lines = (struct in_use_lines){ .rest = view_of("cert /l/li/li/l") };
    CHECK(in_use_next(&lines, (const char *const[]){ "/li/l", NULL }), "which begins within one that is none");
    CHECK(!in_use_next(&lines, (const char *const[]){ "/li/l", NULL }), "and no other line");
}

TEST(in_use_in_trees)
{
    AUTO(list_clear) struct list dirs = { 0 };
    AUTO(free)
    char *dir = test_path("nginx"), *file = test_path("vsftpd.conf"), *missing = test_path("none"), *places = NULL;
    size_t count;

    write_at("nginx/sites-available/a", LIVE "/fullchain.pem\n");
    write_at("nginx/sites-enabled/b", "include other;\n");
    link_at("nginx/sites-enabled/a", "../sites-available/a"); /* one file: told once */
    link_at("nginx/loop", "../nginx");
    link_at("nginx/key.pem", LIVE "/privkey.pem"); /* dangles, and is a use all the same */
    write_at("nginx/a/b/c/d/e/f/g/h/deep", LIVE);
    write_at("vsftpd.conf", "rsa_cert_file=" LIVE "/fullchain.pem\n");
    list_add(&dirs, dir);
    list_add(&dirs, file);
    list_add(&dirs, missing);
    places = places_of(&dirs, &count);
    CHECK_TEXT(places, "nginx/key.pem nginx/sites-available/a:1 vsftpd.conf:1", "places");
    test_drop_dir();
}

TEST(in_use_lists_some_and_counts_all)
{
    AUTO(list_clear) struct list dirs = { 0 };
    AUTO(buf_clear) struct buf text = BUF(1024 * 1024);
    AUTO(free) char *dir = test_path("conf"), *places = NULL;
    size_t count;

    for (int i = 0; i < 500; i++)
        buf_put_text(&text, LIVE "/cert.pem\n");
    write_at("conf/f", buf_text(&text));
    list_add(&dirs, dir);
    places = places_of(&dirs, &count);
    CHECK_INT(count, 500, "count");
    CHECK(strstr(places, "conf/f:20") != NULL && strstr(places, "conf/f:21") == NULL, "%s", places);
    test_drop_dir();
}

TEST_MAIN()
