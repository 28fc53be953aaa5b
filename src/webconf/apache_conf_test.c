#include "base/test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "webconf/apache_conf.h"

#define FILES_MAX 8

struct text {
    const char *path, *content; /* path: in the test's directory; content "-> x": a link to x */
};

static char *path_in(const char *dir, const char *name)
{
    AUTO(free) char *path = test_path(dir);

    return file_join(path, name);
}

static void write_file(const char *in, const struct text *text)
{
    AUTO(free) char *path = path_in(in, text->path);
    AUTO(free) char *dir = file_dirname(path);
    struct error err = { 0 };

    REQUIRE(file_mkdirs(dir, 0755, &err), "%s", err.why);
    if (strncmp(text->content, "-> ", 3) == 0)
        REQUIRE(symlink(text->content + 3, path) == 0, "link %s", path);
    else
        REQUIRE(file_replace(path, view_of(text->content), FILE_PUBLIC, &err), "%s", err.why);
}

static void dump(const struct apache_conf *conf, size_t from, size_t to, struct buf *out)
{
    for (size_t i = from; i < to; i = conf->items[i].end) {
        const struct apache_item *item = &conf->items[i];

        for (size_t k = 0; k < item->word_count; k++)
            buf_putf(out, "%s%s", k > 0 ? " " : "", apache_item_word(item, k));
        if (item->node->kind == APACHE_SECTION) {
            buf_put_char(out, '{');
            dump(conf, i + 1, item->end, out);
            buf_put_char(out, '}');
        }
        buf_put_char(out, ';');
    }
}

/* FACTS: what the server says of itself in the end. */
#define VERSION "Server version: Apache/2.4.62 (Debian)\n"
static const struct {
    const char *name;
    struct text files[FILES_MAX]; /* [0] is the main one; "beside" is a directory beside */
    const char *facts, *want;     /* want: "|" before what is beside; or why it cannot be read */
} confs[] = {
    { "one file", { { "main", "A b\n# c\n<S>\nT\n<U v>\n</U>\n</S>\nZ\n" } }, "", "A b;S{T;U v{};};Z;|" },
    { "included in place", { { "main", "A\nInclude x.conf\nB\n" }, { "x.conf", "X\n" } }, "", "A;X;B;|" },
    { "in a section, twice", { { "main", "<S>\nInclude x\n</S>\nInclude \"x\"\n" }, { "x", "X\n" } }, "", "S{X;};X;|" },
    { "missing", { { "main", "Include x\n" } }, "", "main, line 1: cannot read" },
    { "optional", { { "main", "IncludeOptional x\nIncludeOptional d/*\nIncludeOptional */x\nA\n" } }, "", "A;|" },
    { "no match", { { "main", "A\nInclude d/*.conf\n" }, { "d/x", "X\n" } }, "", "main, line 2: no file matches" },
    { "glob, sorted, nothing hidden",
        { { "main", "Include d/*\n" }, { "d/b", "B\n" }, { "d/B", "BB\n" }, { "d/.h", "H\n" }, { "d/a.conf", "A\n" } },
        "", "BB;A;B;|" },
    { "directory with all below it, also what is hidden",
        { { "main", "Include d/\n" }, { "d/b", "B\n" }, { "d/.h", "H\n" }, { "d/c/y", "Y\n" }, { "d/z", "Z\n" } }, "",
        "H;B;Y;Z;|" },
    { "pattern for directories",
        { { "main", "Include d/?/[ab]*.conf\n" }, { "d/1/a.conf", "A\n" }, { "d/2/bb.conf", "B\n" }, { "d/f", "F\n" },
            { "d/12/a.conf", "N\n" } },
        "", "A;B;|" },
    { "directories by a pattern", { { "main", "Include d/*\n" }, { "d/1/x", "X\n" }, { "d/2", "Y\n" } }, "", "X;Y;|" },
    { "relative to ServerRoot", { { "main", "ServerRoot d\nInclude x\n" }, { "d/x", "Include y\n" }, { "d/y", "Y\n" } },
        "", "ServerRoot d;Y;|" },
    { "file that does not parse", { { "main", "A\nInclude x\n" }, { "x", "A\n</B>\n" } }, "", "x, line 2: nothing is" },
    { "file that includes itself", { { "main", "Include main\n" } }, "", "more than 50 times" },
    { "section over files", { { "main", "<S>\nInclude x\n</S>\n" }, { "x", "</S>\n<S>\n" } }, "",
        "x, line 1: nothing" },

    { "variables", { { "main", "Define X a\nA ${X} \"b${X}\" ${Y} $X ${X\n" } }, "", "A a ba ${Y} $X ${X;|" },
    { "value of several words", { { "main", "Define X \"a b\"\nA ${X} \"${X}\"\n${X} c\n" } }, "",
        "A a b a b;a b c;|" },
    { "quotes in a value", { { "main", "Define X '\"a b\"'\nA ${X}\n" } }, "", "A a b;|" },
    { "value of now", { { "main", "A ${X}\nDefine X a\nA ${X}\nDefine X b\nA ${X}\n" } }, "Define: X=b\n",
        "A ${X};A a;A b;|" },
    { "value that is gone", { { "main", "Define X a\nA ${X}\nUnDefine X\nA ${X}\n" } }, "", "A a;A ${X};|" },
    { "value of the server", { { "main", "A ${X}\n" } }, "Define: X=v w\nDefine: Y\n", "A v w;|" },
    { "no value", { { "main", "Define X\nDefine Y \"\"\nA ${X} ${Y}\n" } }, "", "A ${X} ${Y};|" },
    { "variable of a variable", { { "main", "Define X ${X}a\nDefine X ${X}b\nA ${X}\n" } }, "", "A ${X}ab;|" },
    { "over a continued line", { { "main", "Define XY z\nA ${X\\\nY}\n" } }, "", "A z;|" },
    { "in names and sections", { { "main", "Define X S\nDefine Y t>\n<${X} ${Y}\nA\n</${X}>\n" } }, "", "S t{A;};|" },
    { "in an include", { { "main", "Define X x\nInclude ${X}.conf\n" }, { "x.conf", "X\n" } }, "", "X;|" },
    { "environment", { { "main", "A ${HOME}\n" } }, "", "A ${HOME};|" },

    { "IfDefine", { { "main", "<IfDefine X>\nA\n</IfDefine>\n<IfDefine !X>\nB\n</IfDefine>\n" } }, "Define: X\n",
        "A;|" },
    { "IfDefine before a Define that the server tells of",
        { { "main", "<IfDefine X>\nA\n</IfDefine>\nDefine X\n<IfDefine X>\nB\n</IfDefine>\n" } }, "Define: X\n",
        "B;|" },
    { "Define only where it is not", { { "main", "<IfDefine !X>\nDefine X b\n</IfDefine>\nA ${X}\n" } },
        "Define: X=a\n", "A a;|" },
    { "Define only where it is not, and asked for before",
        { { "main", "A ${X}\n<IfDefine !X>\nDefine X b\n</IfDefine>\nA ${X}\n" } }, "Define: X=b\n", "A ${X};A b;|" },
    { "LoadModule only where it is not",
        { { "main",
            "<IfModule !mod_a.c>\nLoadModule a_module x\nA\n</IfModule>\n<IfModule mod_a.c>\nB\n</IfModule>\n" } },
        " a_module (shared)\n", "LoadModule a_module x;A;B;|" },
    { "a module that no file loads", { { "main", "<IfModule mod_a.c>\nB\n</IfModule>\n" } }, " a_module (shared)\n",
        "B;|" },
    { "nothing is defined where nothing is read",
        { { "main", "<IfDefine Y>\nDefine X\n</IfDefine>\n<IfDefine X>\nA\n</IfDefine>\n" } }, "", "|" },
    { "IfModule",
        { { "main", "<IfModule mod_a.c>\nA\n</IfModule>\n<IfModule !a_module>\nB\n</IfModule>\n"
                    "<IfModule ! mod_b.c>\nC\n</IfModule>\n<IfModule \"!mod_b.c\">\nD\n</IfModule>\n" } },
        " a_module (static)\n", "A;C;|" },
    { "IfModule before its LoadModule",
        { { "main",
            "<IfModule mod_a.c>\nA\n</IfModule>\nLoadModule a_module x\n<IfModule mod_a.c>\nB\n</IfModule>\n" } },
        " a_module (shared)\n", "LoadModule a_module x;B;|" },
    { "IfVersion",
        { { "main",
            "<IfVersion >= 2.4>\nA\n</IfVersion>\n<IfVersion 2.4.62>\nB\n</IfVersion>\n<IfVersion < 2.4>\nC\n"
            "</IfVersion>\n<IfVersion !< 2.4>\nD\n</IfVersion>\n<IfVersion ~ ^2\\.[45]>\nE\n</IfVersion>\n"
            "<IfVersion = /^3/>\nF\n</IfVersion>\n<IfVersion > 2.4.62>\nG\n</IfVersion>\n<IfVersion != 2.4>\nH\n"
            "</IfVersion>\n" } },
        VERSION, "A;B;D;E;H;|" },
    { "IfFile",
        { { "main", "<IfFile x>\nA\n</IfFile>\n<IfFile !y>\nB\n</IfFile>\n<IfFile y>\nC\n</IfFile>\n" }, { "x", "" } },
        "", "A;B;|" },
    { "in each other", { { "main", "<S>\n<IfDefine X>\n<IfDefine !Y>\nA\n</IfDefine>\n</IfDefine>\nB\n</S>\n" } },
        "Define: X\n", "S{A;B;};|" },
    { "conditions of requests are sections", { { "main", "<If true>\nA\n</If>\n<Else>\nB\n</Else>\n" } }, "",
        "If true{A;};Else{B;};|" },

    { "macro", { { "main", "<Macro M $a %b>\nA $a \"%b\"\n</Macro>\nUse m 1 \"2 3\"\nUse M 4 5\n" } }, "",
        "A 1 2 3;A 4 5;|" },
    { "macro with a section, variable and include",
        { { "main", "<Macro M $a>\n<S $a>\nInclude $a.conf\nB ${X}\n</S>\n</Macro>\nDefine X y\n<T>\nUse M x\n</T>\n" },
            { "x.conf", "X\n" } },
        "", "T{S x{X;B y;};};|" },
    { "the longest parameter", { { "main", "<Macro M $a $ab>\nA $abc $ac\n</Macro>\nUse M 1 2\n" } }, "", "A 2c 1c;|" },
    { "macro that makes a macro",
        { { "main", "<Macro M $a>\n<Macro N $b>\nA $a$b\n</Macro>\n</Macro>\nUse M 1\nUse N 2\n" } }, "", "A 12;|" },
    { "macro again", { { "main", "<Macro M>\nA\n</Macro>\n<Macro M>\nB\n</Macro>\nUse M\n" } }, "", "B;|" },
    { "macro that is undefined", { { "main", "<Macro M>\nA\n</Macro>\nUndefMacro M\nUse M\n" } }, "",
        "main, line 5: there is no macro M" },
    { "macro in itself", { { "main", "<Macro M>\nUse M\n</Macro>\nUse M\n" } }, "", "more than 50 times" },
    { "half a section in a macro is left out", { { "main", "<Macro M>\n<S>\n</Macro>\nUse M\nA\n" } }, "", "A;|" },
    { "Perl", { { "main", "<Perl>\nif (1 < 2) { }\n</Perl>\n" } }, "", "Perl{};|" },

    { "beside", { { "main", "A\n" }, { "beside/b", "B\n" }, { "beside/a", "<S>\nInclude c\n</S>\n" }, { "c", "C\n" } },
        "", "A;|S{C;};B;" },
    { "beside, with what the server knows", { { "main", "Define X x\n" }, { "beside/b", "B ${X}\n" } }, "", "|B x;" },
    { "beside what is read by a link",
        { { "main", "Include e/*\n" }, { "beside/b", "B\n" }, { "e/b", "-> ../beside/b" } }, "", "B;|" },
    { "broken beside",
        { { "main", "A\n" }, { "beside/a", "X\n</B>\n" }, { "beside/b", "Y\nInclude none\n" }, { "beside/c", "C\n" },
            { "beside/d/x", "N\n" } },
        "", "A;|C;" },
};

/* Each case has a directory of its own. */
static void use_conf(
    size_t i, struct apache_conf **conf, struct apache_facts *facts, struct list *beside, struct error *err)
{
    AUTO(free) char *in = xprintf("%zu", i);
    AUTO(free) char *main = path_in(in, "main");
    AUTO(free) char *dir = path_in(in, "beside");
    struct apache_source source = { .main_file = main, .facts = facts, .beside = beside };

    for (size_t k = 0; k < FILES_MAX && confs[i].files[k].path != NULL; k++)
        write_file(in, &confs[i].files[k]);
    (void)apache_facts_read(facts, view_of(confs[i].facts));
    list_add(beside, dir);
    if (!apache_conf_load(&source, conf, err))
        *conf = NULL;
}

TEST(load)
{
    for (size_t i = 0; i < COUNT(confs); i++) {
        AUTO(apache_conf_free) struct apache_conf *conf = NULL;
        AUTO(apache_facts_clear) struct apache_facts facts = { 0 };
        AUTO(list_clear) struct list beside = { 0 };
        AUTO(buf_clear) struct buf out = BUF(10000);
        AUTO(free) char *said = NULL;
        struct error err = { 0 };

        use_conf(i, &conf, &facts, &beside, &err);
        said = xprintf("%s: %s", err.what, err.why);
        if (conf == NULL) {
            CHECK(err.kind == ERROR_PLUGIN && strstr(said, confs[i].want) != NULL, "%s: %s", confs[i].name, said);
        } else {
            dump(conf, 0, conf->enabled_count, &out);
            buf_put_char(&out, '|');
            dump(conf, conf->enabled_count, conf->item_count, &out);
            CHECK_TEXT(buf_text(&out), confs[i].want, confs[i].name);
        }
    }
}

/* Twice as many includes with each file: more than anybody can read. */
TEST(files_that_multiply)
{
    AUTO(free) char *main = test_path("f0");
    AUTO(apache_conf_free) struct apache_conf *conf = NULL;
    struct apache_facts facts = { 0 };
    struct apache_source source = { .main_file = main, .facts = &facts };
    struct error err = { 0 };

    for (int i = 0; i < 40; i++) {
        AUTO(free) char *name = xprintf("f%d", i);
        AUTO(free) char *content = xprintf("Include f%d\nInclude f%d\n", i + 1, i + 1);
        struct text text = { name, i == 39 ? "A\n" : content };

        write_file(".", &text);
    }
    CHECK(
        !apache_conf_load(&source, &conf, &err) && strstr(err.why, "more in the configuration") != NULL, "%s", err.why);
}

/* As all of a file system may have them: a directory in itself, by so many names. */
TEST(directories_without_end)
{
    AUTO(free) char *main = path_in(".", "wide"), *pipe = path_in(".", "pipe");
    AUTO(apache_conf_free) struct apache_conf *conf = NULL;
    struct apache_facts facts = { 0 };
    struct apache_source source = { .main_file = main, .facts = &facts };
    struct error err = { 0 };

    write_file(".", &(struct text){ "wide", "IncludeOptional d/*/*/*/*/*.conf\n" });
    for (int i = 0; i < 13; i++) {
        AUTO(free) char *name = xprintf("d/l%d", i);

        write_file(".", &(struct text){ name, "-> ." });
    }
    CHECK(!apache_conf_load(&source, &conf, &err) && strstr(err.why, "looked through for") != NULL, "%s", err.why);
    write_file(".", &(struct text){ "wide", "Include pipe\n" });
    REQUIRE(mkfifo(pipe, 0600) == 0);
    CHECK(!apache_conf_load(&source, &conf, &err) && err.sys == APACHE_FIFO && strstr(err.why, "is a FIFO") != NULL,
        "%s", err.why);
}

TEST(set_text)
{
    static const struct text files[] = { { "main", "Include x\nInclude y\n" }, { "x", "X\n" }, { "y", "Y\n" } };
    AUTO(free) char *main = test_path("main");
    AUTO(free) char *x = test_path("x");
    AUTO(free) char *link = test_path("l");
    AUTO(apache_conf_free) struct apache_conf *conf = NULL;
    AUTO(buf_clear) struct buf out = BUF(1000);
    struct apache_facts facts = { 0 };
    struct apache_source source = { .main_file = main, .facts = &facts };
    struct error err = { 0 };
    struct text more = { "z", "<S>\nZ\n</S>\n" };

    for (size_t i = 0; i < COUNT(files); i++)
        write_file(".", &files[i]);
    REQUIRE(apache_conf_load(&source, &conf, &err), "%s", err.why);
    REQUIRE(symlink("x", link) == 0, "link");
    REQUIRE(apache_conf_file(conf, x) != NULL && apache_conf_file(conf, link) == apache_conf_file(conf, x), "found");
    CHECK(apache_conf_file(conf, "/none") == NULL && apache_conf_file(conf, x)->enabled, "enabled");

    CHECK(!apache_conf_set_text(conf, apache_conf_file(conf, x), view_of("</X>"), &err), "broken");
    write_file(".", &more);
    REQUIRE(apache_conf_set_text(conf, apache_conf_file(conf, x), view_of("XX\nInclude z\n"), &err), "%s", err.why);
    REQUIRE(apache_conf_update(conf, &err), "%s", err.why);
    dump(conf, 0, conf->enabled_count, &out);
    CHECK_TEXT(buf_text(&out), "XX;S{Z;};Y;", "updated");
    CHECK(apache_conf_within(conf, 2, "s") == 1 && apache_conf_within(conf, 3, "s") == APACHE_TOP, "within");
    CHECK(strstr(conf->items[2].node->file->path, "/z") != NULL && conf->items[2].node->line == 2, "place");

    REQUIRE(apache_conf_set_text(conf, apache_conf_file(conf, main), view_of("A\n"), &err), "%s", err.why);
    REQUIRE(apache_conf_update(conf, &err), "%s", err.why);
    CHECK(conf->enabled_count == 1 && !apache_conf_file(conf, x)->enabled, "not included any more");
}

TEST(environment)
{
    struct text text = { "main", "A ${LOGS}/${X}\n" };
    AUTO(free) char *main = test_path("main");
    AUTO(apache_conf_free) struct apache_conf *conf = NULL;
    AUTO(apache_facts_clear) struct apache_facts facts = { 0 };
    AUTO(buf_clear) struct buf out = BUF(1000);
    struct apache_source source = { .main_file = main, .facts = &facts };
    struct error err = { 0 };

    write_file(".", &text);
    apache_facts_read_environment(&facts, view_of("export LOGS=/var/log\nX=env\n"));
    (void)apache_facts_read(&facts, view_of("Define: X=def\n"));
    REQUIRE(apache_conf_load(&source, &conf, &err), "%s", err.why);
    dump(conf, 0, conf->item_count, &out);
    CHECK_TEXT(buf_text(&out), "A /var/log/def;", "a Define counts more");
}

TEST_MAIN()
