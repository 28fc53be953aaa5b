#include "base/test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "webconf/nginx_conf.h"

#define FILES_MAX 8

struct text {
    const char *path, *content; /* path: in the directory of the test; content NULL: a link to itself by .path */
};

static void write_file(const char *name, const char *content)
{
    AUTO(free) char *path = test_path(name);
    AUTO(free) char *dir = file_dirname(path);
    struct error err = { 0 };

    REQUIRE(file_mkdirs(dir, 0755, &err), "%s", err.why);
    REQUIRE(file_replace(path, view_of(content), FILE_PUBLIC, &err), "%s", err.why);
}

static struct nginx_conf *load(struct error *err)
{
    AUTO(free) char *main = test_path("nginx.conf");
    struct nginx_conf *conf = NULL;

    if (!nginx_conf_load(main, NULL, &conf, err))
        return NULL;
    return conf;
}

/* Names of the directives, those of blocks in braces. */
static void dump(struct nginx_walk walk, struct buf *out)
{
    struct nginx_node *node;

    while ((node = nginx_walk_next(&walk)) != NULL) {
        buf_put_text(out, node->words[0].text);
        if (node->block) {
            buf_put_char(out, '{');
            dump(nginx_walk_block(node), out);
            buf_put_char(out, '}');
        }
        buf_put_char(out, ' ');
    }
}

static const struct {
    const char *name;
    struct text files[FILES_MAX];
    const char *want;  /* what nginx reads, or why it cannot be loaded */
    size_t count;      /* files */
    const char *worse; /* the one with a problem */
} confs[] = {
    { "one file", { { "nginx.conf", "a; b { c; }" } }, "a b{c } ", 1, NULL },
    { "included in place", { { "nginx.conf", "a; include x.conf; b;" }, { "x.conf", "x; y;" } }, "a x y b ", 2, NULL },
    { "in blocks", { { "nginx.conf", "a { include x; b { include x; } }" }, { "x", "x;" } }, "a{x b{x } } ", 2, NULL },
    { "glob, sorted by bytes",
        { { "nginx.conf", "include d/*;" }, { "d/b", "b;" }, { "d/B", "B;" }, { "d/a", "a;" }, { "d/_", "u;" },
            { "d/.h", "h;" } },
        "B u a b ", 5, NULL },
    { "glob of directories", { { "nginx.conf", "include */s[a-c]?e;" }, { "e/site", "s;" }, { "d/sate", "t;" } }, "t ",
        2, NULL },
    { "glob that finds nothing", { { "nginx.conf", "a; include d/*.conf; b;" } }, "a b ", 1, NULL },
    { "relative to nginx.conf, not to who includes",
        { { "nginx.conf", "include d/x;" }, { "d/x", "include e/y;" }, { "e/y", "y;" }, { "d/e/y", "wrong;" } }, "y ",
        3, NULL },
    { "quoted", { { "nginx.conf", "\"include\" 'd/a b'; include \"d/c*\";" }, { "d/a b", "a;" }, { "d/c", "c;" } },
        "a c ", 3, NULL },
    { "twice, read once", { { "nginx.conf", "include x; include x; include ./x;" }, { "x", "x;" } }, "x x x ", 2,
        NULL },
    { "missing", { { "nginx.conf", "a; include x; b;" } }, "a b ", 2, "x" },
    { "does not parse", { { "nginx.conf", "a; include x; b;" }, { "x", "c; }" } }, "a b ", 2, "x" },
    { "not of a table or of Lua",
        { { "nginx.conf", "map $a $b { include x; } types { include x; } a_by_lua_block { include x; }" } },
        "map{} types{} a_by_lua_block{} ", 1, NULL },
    { "no include", { { "nginx.conf", "include; include x y; include { a; } b;" } }, "include{a } b ", 1, NULL },
    { "itself", { { "nginx.conf", "a; include nginx.conf; b;" } }, "a b ", 1, NULL },
    { "in a circle", { { "nginx.conf", "a; include x; b;" }, { "x", "include y;" }, { "y", "y; include x;" } },
        "a y b ", 3, NULL },
    { "in a circle through blocks",
        { { "nginx.conf", "include x;" }, { "x", "x { include y; }" }, { "y", "y { include x; }" } }, "x{y{} } ", 3,
        NULL },
    { "empty file", { { "nginx.conf", "include x;" }, { "x", "" } }, "", 2, NULL },
};

TEST(nginx_conf_load)
{
    for (size_t i = 0; i < COUNT(confs); i++) {
        AUTO(nginx_conf_free) struct nginx_conf *conf = NULL;
        AUTO(buf_clear) struct buf out = BUF(1000);
        struct error err = { 0 };

        test_drop_dir();
        for (size_t j = 0; j < FILES_MAX && confs[i].files[j].path != NULL; j++)
            write_file(confs[i].files[j].path, confs[i].files[j].content);
        conf = load(&err);
        REQUIRE(conf != NULL, "%s: %s", confs[i].name, err.why);
        dump(nginx_walk_main(conf), &out);
        CHECK_TEXT(buf_text(&out), confs[i].want, confs[i].name);
        CHECK_INT((int64_t)conf->count, (int64_t)confs[i].count, confs[i].name);
        for (size_t j = 0; j < conf->count; j++) {
            bool worse = confs[i].worse != NULL && strcmp(file_basename(conf->files[j]->path), confs[i].worse) == 0;

            CHECK((conf->files[j]->problem != NULL) == worse, "%s: %s", confs[i].name, conf->files[j]->path);
            CHECK(conf->files[j]->index == j, "%s", confs[i].name);
        }
    }
}

TEST(main_file)
{
    struct error err = { 0 };

    CHECK(load(&err) == NULL && err.kind == ERROR_CONFIG && strstr(err.why, "nginx.conf") != NULL, "%s", err.why);
    write_file("nginx.conf", "a }");
    CHECK(load(&err) == NULL && err.kind == ERROR_CONFIG && strstr(err.why, "nginx.conf:1") != NULL, "%s", err.why);
}

TEST(links)
{
    AUTO(nginx_conf_free) struct nginx_conf *conf = NULL;
    AUTO(free) char *link_path = test_path("enabled/x"), *hard = test_path("z"), *file = test_path("available/x");
    struct error err = { 0 };

    write_file("available/x", "x;");
    write_file("enabled/none", "n;");
    REQUIRE(symlink("../available/x", link_path) == 0 && link(file, hard) == 0);
    write_file("nginx.conf", "include enabled/*; include available/*; include z;");
    REQUIRE((conf = load(&err)) != NULL, "%s", err.why);
    CHECK_INT((int64_t)conf->count, 3, "one file by three names");
    CHECK_TEXT(conf->files[2]->path, link_path, "by its first name");
    CHECK(nginx_conf_find(conf, hard) == conf->files[2] && nginx_conf_find(conf, file) == conf->files[2]);
    CHECK(nginx_conf_find(conf, "/none") == NULL);
}

/* A reader that has one file more than the disk. */
static bool read_more(void *arg, const char *path, struct view *text, struct stat *st, struct error *err)
{
    if (strcmp(file_basename(path), "new.conf") == 0) {
        *text = view_of("new;");
        return true;
    }
    buf_clear(arg);
    TRY(file_read(path, arg, err));
    REQUIRE(stat(path, st) == 0);
    *text = buf_view(arg);
    return true;
}

TEST(nginx_conf_replace_text)
{
    AUTO(buf_clear) struct buf out = BUF(1000), read = BUF(1000);
    AUTO(nginx_conf_free) struct nginx_conf *conf = NULL;
    AUTO(free) char *main = test_path("nginx.conf");
    struct nginx_reader reader = { read_more, &read };
    struct nginx_node *kept;
    struct error err = { 0 };

    write_file("nginx.conf", "include x; include y;");
    write_file("x", "x { }");
    write_file("y", "y; include z;");
    write_file("z", "z;");
    REQUIRE(nginx_conf_load(main, &reader, &conf, &err), "%s", err.why);
    kept = conf->files[2]->first;
    REQUIRE(nginx_conf_replace_text(conf, conf->files[1], view_of("x { include new.conf; include z; }"), &err));
    CHECK(conf->files[2]->first == kept, "other files stay");
    dump(nginx_walk_main(conf), &out);
    CHECK_TEXT(buf_text(&out), "x{new z } y z ", "with a new file");
    CHECK(!nginx_conf_replace_text(conf, conf->files[1], view_of("x {"), &err) && err.kind == ERROR_CONFIG);
    REQUIRE(nginx_conf_replace_text(conf, conf->files[3], view_of("z; include x; include y;"), &err));
    buf_cut(&out, 0);
    dump(nginx_walk_main(conf), &out);
    CHECK_TEXT(buf_text(&out), "x{new z } y z ", "circles are not followed");
    REQUIRE(nginx_conf_replace_text(conf, conf->files[0], view_of("a; include y;"), &err));
    buf_cut(&out, 0);
    dump(nginx_walk_main(conf), &out);
    CHECK_TEXT(buf_text(&out), "a y z ", "the main file");
    CHECK(view_is(conf->files[0]->text, "a; include y;"));
}

TEST(nested_files)
{
    struct error err = { 0 };

    for (int i = 0; i <= NGINX_DEPTH_MAX + 1; i++) {
        AUTO(free) char *name = i == 0 ? xstrdup("nginx.conf") : xprintf("f%d", i);
        AUTO(free) char *text = xprintf("include f%d;", i + 1);

        write_file(name, text);
    }
    CHECK(load(&err) == NULL && err.kind == ERROR_CONFIG && strstr(err.why, "one in the other") != NULL, "%s", err.why);
}

/* Each file twice: 2^50 times the last one. What is included a million times can be gone through. */
TEST(again_and_again)
{
    AUTO(nginx_conf_free) struct nginx_conf *conf = NULL;
    struct error err = { 0 };

    for (int i = 0; i < 50; i++) {
        AUTO(free) char *name = i == 0 ? xstrdup("nginx.conf") : xprintf("f%d", i);
        AUTO(free) char *text = xprintf("include f%d; include f%d;", i + 1, i + 1);

        write_file(name, text);
    }
    write_file("f50", "");
    CHECK(load(&err) == NULL && err.kind == ERROR_CONFIG && strstr(err.why, "again and again") != NULL, "%s", err.why);
    write_file("nginx.conf", "include f31;");
    error_clear(&err);
    REQUIRE((conf = load(&err)) != NULL, "%s", err.why);
    CHECK(conf->files[0]->weight > 1000000 && conf->files[0]->weight < NGINX_DIRECTIVES_MAX);
}

TEST(fifo)
{
    AUTO(free) char *path = test_path("x");
    struct error err = { 0 };

    write_file("nginx.conf", "include x;");
    REQUIRE(mkfifo(path, 0600) == 0);
    CHECK(load(&err) == NULL && err.kind == ERROR_CONFIG && strstr(err.why, "FIFO") != NULL, "%s", err.why);
}

/* As all of a file system may have them: a directory in itself, by so many names. */
/* ---- whether it would be read as the same ---- */

/* Old times, so that what is done next changes them whatever the clock's steps are. */
static void set_time(const char *name, time_t seconds)
{
    const struct timespec times[2] = { { .tv_sec = seconds }, { .tv_sec = seconds } };
    AUTO(free) char *path = test_path(name);

    REQUIRE(utimensat(AT_FDCWD, path, times, 0) == 0, "%s", path);
}

static void touch(const char *name)
{
    set_time(name, 2000);
}

static void remove_file(const char *name)
{
    AUTO(free) char *path = test_path(name);

    REQUIRE(unlink(path) == 0, "%s", path);
}

static void edit_in_place(const char *name, const char *content)
{
    AUTO(free) char *path = test_path(name);
    FILE *file = fopen(path, "w");

    REQUIRE(file != NULL && fputs(content, file) >= 0 && fclose(file) == 0, "%s", path);
}

static void link_instead(const char *name, const char *target)
{
    AUTO(free) char *path = test_path(name);

    REQUIRE(unlink(path) == 0 && symlink(target, path) == 0, "%s", path);
}

static const struct {
    const char *name;
    void (*change)(const char *name, const char *text); /* NULL: nothing */
    void (*remove)(const char *name);
    const char *file, *text;
    bool current;
} changes[] = {
    { "nothing", NULL, NULL, NULL, NULL, true },
    { "the main file, replaced by the same", write_file, NULL, "nginx.conf", "include sites/*.conf; include none/*;",
        false },
    { "a file that is included, of the same length", edit_in_place, NULL, "sites/a.conf", "b;", false },
    { "touched", NULL, touch, "sites/a.conf", NULL, false },
    { "gone", NULL, remove_file, "sites/a.conf", NULL, false },
    { "a link to another instead", link_instead, NULL, "sites/a.conf", "../other/o.conf", false },
    { "what the link leads to", edit_in_place, NULL, "other/led.conf", "l2;", false },
    { "a further file", write_file, NULL, "sites/b.conf", "b;", false },
    { "a file that the pattern does not find, in its directory", write_file, NULL, "sites/b.txt", "b;", false },
    { "the directory of a pattern that found nothing", write_file, NULL, "none/n.conf", "n;", false },
    { "a file that is not read", write_file, NULL, "other/o.conf", "changed;", true },
    { "a further file where no include looks", write_file, NULL, "other/p.conf", "p;", true },
};

TEST(what_was_read_is_current)
{
    for (size_t i = 0; i < COUNT(changes); i++) {
        AUTO(nginx_conf_free) struct nginx_conf *conf = NULL;
        AUTO(free) char *link = test_path("sites/l.conf"), *none = test_path("none");
        struct error err = { 0 };
        uint64_t stamp;

        (void)unlink(link);
        REQUIRE(!file_exists(none) || file_remove_tree(none, &err), "%s", err.why);
        write_file("nginx.conf", "include sites/*.conf; include none/*;");
        write_file("sites/a.conf", "a;");
        write_file("other/led.conf", "led;");
        write_file("other/o.conf", "o;");
        REQUIRE(symlink("../other/led.conf", link) == 0);
        set_time("sites/a.conf", 1000);
        set_time("other/led.conf", 1000);
        set_time("nginx.conf", 1000);
        set_time("sites", 1000);
        REQUIRE((conf = load(&err)) != NULL, "%s", err.why);
        stamp = nginx_conf_stamp(conf);
        CHECK(nginx_conf_is_current(conf) && stamp == nginx_conf_stamp_now(conf) && stamp != 0, "%s: as it was read",
            changes[i].name);
        if (changes[i].change != NULL)
            changes[i].change(changes[i].file, changes[i].text);
        if (changes[i].remove != NULL)
            changes[i].remove(changes[i].file);
        CHECK(nginx_conf_is_current(conf) == changes[i].current, "%s", changes[i].name);
        CHECK(nginx_conf_stamp(conf) == stamp, "%s: what was read stays", changes[i].name);
    }
}

TEST(directories_without_end)
{
    struct error err = { 0 };

    write_file("nginx.conf", "include d/*/*/*/*/*.conf;");
    write_file("d/one.conf", "");
    for (int i = 0; i < 13; i++) {
        AUTO(free) char *name = xprintf("d/l%d", i), *path = test_path(name);

        REQUIRE(symlink(".", path) == 0);
    }
    CHECK(
        load(&err) == NULL && err.kind == ERROR_CONFIG && strstr(err.why, "looked through for") != NULL, "%s", err.why);
}

TEST_MAIN()
