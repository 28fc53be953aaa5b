#include "base/test.h"

#include <time.h>

#include "webconf/apache_tree.h"

/* "Name|word|word" for each node, those of sections in braces; comments as they are. */
static void dump(const struct apache_node *node, struct buf *out)
{
    for (; node != NULL; node = node->next) {
        for (size_t i = 0; i < node->word_count; i++) {
            buf_put_text(out, i > 0 ? "|" : "");
            buf_put_text(out, node->words[i].text);
        }
        if (node->kind == APACHE_SECTION) {
            buf_put_char(out, '{');
            dump(node->child, out);
            buf_put_char(out, '}');
        }
        buf_put_char(out, ';');
    }
}

/* What httpd 2.4.62 to 2.4.71 make of these lines was seen in their own lists of virtual hosts. */
static const struct {
    const char *name, *text, *want; /* want NULL: refused */
    const char *why;
} texts[] = {
    { "nothing", "", "", NULL },
    { "empty lines", "\n \t\r\n\n", "", NULL },
    { "one", "Listen 80", "Listen|80;", NULL },
    { "white space", "  \f\v Listen \t 80\f81 \r\n", "Listen|80|81;", NULL },
    { "a CR in the middle is white space", "A b\rC d\n", "A|b|C|d;", NULL },
    { "comment", " # a < b \n#c\nA b # c\n", "# a < b;#c;A|b|#|c;", NULL },
    { "continued", "A b\\\nc \\\n  d\nE\n", "A|bc|d;E;", NULL },
    { "continued with CR LF", "A b\\\r\nc\r\nE\r\n", "A|bc;E;", NULL },
    { "two backslashes continue, too", "A b\\\\\nc\n", "A|b\\c;", NULL },
    { "an empty line takes one more backslash", "A b\\\\\n\nc\nA b\\\\\\\n\nc\nD \\\n\nE\n", "A|bc;A|b\\c;D;E;", NULL },
    { "a blank behind the backslash", "A b\\ \nC\n", "A|b\\;C;", NULL },
    { "comment that is continued", "# a \\\nListen 80\nB\n", "# a \\\nListen 80;B;", NULL },
    { "name that is continued", "Serv\\\nerName\\\n x\n", "ServerName|x;", NULL },
    { "lines that are only continued", "\\\n\\\n A\n\\\n", "A;", NULL },
    { "continued at the end", "A b \\\n", "A|b;", NULL },
    { "backslash at the end", "A b\\", "A|b\\;", NULL },
    { "quotes", "A \"b c\" 'd \"e\"' \"\" f\n", "A|b c|d \"e\"||f;", NULL },
    { "escapes in quotes", "A \"a\\\\\" b \"c\\\\\\\" d\" 'e\\'f\\n'\n", "A|a\\|b|c\\\" d|e'f\\n;", NULL },
    { "escapes outside of quotes", "A e\\\"f g\\\\h \\ \\\\\\ x\n", "A|e\\\"f|g\\h|\\|\\\\|x;", NULL },
    { "a quote in a word is no quote", "A b\"c d\"\n", "A|b\"c|d\";", NULL },
    { "text behind a quote is a word", "A \"a\"b\n", "A|a|b;", NULL },
    { "quote that is not closed", "A \"b c   \nD\n", "A|b c;D;", NULL },
    { "quote over a continued line", "A \"b\\\n  c\"\n", "A|b  c;", NULL },
    { "quoted name", "\"Listen\" 80\n", "Listen|80;", NULL },
    { "Latin-1", "A \xe9\xff b\n", "A|\xe9\xff|b;", NULL },
    { "section", "<A b>\nC\n</A>\nD\n", "A|b{C;};D;", NULL },
    { "nested, any case", "<A>\n<b>\n</B>\n</a>\n", "A{b{};};", NULL },
    { "blanks", "  <A  b >\n\t</A>  \n", "A|b{};", NULL },
    { "comment behind the end", "<A b> # c\n</A> # d\n", "A|b{};", NULL },
    { "brackets in a word", "<LocationMatch /p(?<n>[0-9])>\n</LocationMatch>\n", "LocationMatch|/p(?<n>[0-9]){};",
        NULL },
    { "in quotes", "<If \"%{A} > 'b'\">\n</If>\n", "If|%{A} > 'b'{};", NULL },
    { "without its bracket", "<A ${B}\n</A>\n", "A|${B}{};", NULL },
    { "quoted name of a section", "\"<A\" b>\n\"</A>\"\n", "A|b{};", NULL },
    { "name that is a variable", "<${A} b>\n</${A}>\n<${A}>\n</B>\n", "${A}|b{};${A}{};", NULL },
    { "head that is continued", "<A \\\n b>\n</A>\n", "A|b{};", NULL },
    { "macro", "<Macro m $a>\n<A\n</B $a>\nC\n</macro> x\nD\n", "Macro|m|$a{};D;", NULL },
    { "macro in a macro", "<Macro m>\n<Macro n>\n</Macro>\n</Macro>\nD\n", "Macro|m{};D;", NULL },
    { "Perl", "<Perl>\nif ($a < $b) { </x> }\n </Perl>\nD\n", "Perl{};D;", NULL },
    { "not closed", "<A>\n<B>\n</B>\n", NULL, "line 1: section is not closed: <A" },
    { "closed by another", "<A>\n</B>\n", NULL, "line 2: <A> of line 1 is closed by </B>" },
    { "crossed", "<A>\n<B>\n</A>\n</B>\n", NULL, "line 3" },
    { "nothing to close", "</A>\n", NULL, "line 1" },
    { "end without its bracket", "<A>\n</A \n", NULL, "line 2: '>' is missing" },
    { "macro that is not closed", "<Macro>\n</ Macro>\n", NULL, "not closed" },
    { "only a bracket", "<\n", NULL, "not closed" },
    { "no name", "<>\n</>\n", "{};", NULL },
    { "continued line counts", "A \\\nb\n</C>\n", NULL, "line 3" },
};

TEST(parse)
{
    for (size_t i = 0; i < COUNT(texts); i++) {
        AUTO(apache_tree_free) struct apache_tree *tree = NULL;
        AUTO(buf_clear) struct buf out = BUF(10000);
        struct error err = { 0 };
        bool ok = apache_parse(view_of(texts[i].text), "x.conf", &tree, &err);

        CHECK(ok == (texts[i].want != NULL), "%s: %s", texts[i].name, err.why);
        if (!ok) {
            CHECK(err.kind == ERROR_PLUGIN && strstr(err.why, texts[i].why) != NULL, "%s: %s", texts[i].name, err.why);
            continue;
        }
        dump(apache_tree_first(tree), &out);
        CHECK_TEXT(buf_text(&out), texts[i].want, texts[i].name);
    }
}

/* As strings in httpd do, a line ends at a NUL byte. */
TEST(nul)
{
    static const char text[] = "A b\0c \\\nD\n";
    AUTO(apache_tree_free) struct apache_tree *tree = NULL;
    AUTO(buf_clear) struct buf out = BUF(100);
    struct error err = { 0 };

    REQUIRE(apache_parse((struct view){ text, sizeof text - 1 }, "x", &tree, &err), "%s", err.why);
    dump(apache_tree_first(tree), &out);
    CHECK_TEXT(buf_text(&out), "A|b;D;", "NUL");
}

TEST(places)
{
    static const char text[] = "# c\n"
                               "A \"b\" \\\n"
                               "  c\n"
                               "  <S \\\n"
                               " x>\n"
                               "    I\n"
                               "  </S> # e\n"
                               "Z";
    AUTO(apache_tree_free) struct apache_tree *tree = NULL;
    struct error err = { 0 };
    const struct apache_node *a, *s, *in, *z;

    REQUIRE(apache_parse(view_of(text), "x", &tree, &err), "%s", err.why);
    a = apache_node_after(apache_tree_first(tree));
    s = apache_node_after(a);
    in = apache_node_after(s);
    z = apache_node_after(in);
    REQUIRE(z != NULL && apache_node_after(z) == NULL, "four nodes");
    CHECK(strncmp(text + a->start, "A \"b\" \\\n  c\n", a->behind - a->start) == 0, "behind A");
    CHECK_INT(a->end, a->behind - 1, "A's end");
    CHECK(strncmp(text + a->words[1].start, "\"b\"", a->words[1].end - a->words[1].start) == 0, "a word's place");
    CHECK(text[a->words[2].start] == 'c' && a->words[2].end == a->end, "its last word");
    CHECK(strncmp(text + s->begin, "  <S", 4) == 0 && strncmp(text + s->start, "<S", 2) == 0, "S begins");
    CHECK(text[s->head_end - 1] == '>' && s->open == s->head_end + 1 && s->open == in->begin, "S opens");
    CHECK(strncmp(text + s->close, "  </S>", 6) == 0 && s->behind == z->begin && text[s->end] == '\n', "S closes");
    CHECK(text[s->words[0].start] == 'S' && text[s->words[1].start] == 'x', "its words");
    CHECK(in->parent == s && s->child == in && z->parent == NULL, "who is in whom");
    CHECK_INT(a->line, 2, "A");
    CHECK_INT(in->line, 6, "I");
    CHECK(z->line == 8 && z->end == z->behind && z->end == strlen(text), "Z");
    CHECK(apache_node_is(s, "s") && !apache_node_is(apache_tree_first(tree), "# c"), "names");
    CHECK_TEXT(apache_node_word(s, 1), "x", "word 1");
    CHECK_TEXT(apache_node_word(s, 2), "", "no word 2");
}

TEST(nested_too_deeply)
{
    for (int depth = APACHE_NESTING_MAX; depth <= APACHE_NESTING_MAX + 1; depth++) {
        AUTO(buf_clear) struct buf text = BUF(10000);
        AUTO(apache_tree_free) struct apache_tree *tree = NULL;
        struct error err = { 0 };

        for (int i = 0; i < depth; i++)
            buf_put_text(&text, "<A>\n");
        for (int i = 0; i < depth; i++)
            buf_put_text(&text, "</A>\n");
        CHECK(
            apache_parse(buf_view(&text), "x", &tree, &err) == (depth == APACHE_NESTING_MAX), "%d: %s", depth, err.why);
    }
}

TEST(put_word)
{
    static const char *const words[] = { "", "a", "a b", "\"", "'a'", "a\\", "a\\\\b", "\\\"", "#", "<a>",
        "/etc/a-b.pem", "${X}", "\xe9", "a\tb", "^/(.*)$", "a\"b'c\\" };

    for (size_t i = 0; i < COUNT(words); i++) {
        AUTO(apache_tree_free) struct apache_tree *tree = NULL;
        AUTO(buf_clear) struct buf text = BUF(1000);
        struct error err = { 0 };

        buf_put_text(&text, "A ");
        apache_put_word(&text, view_of(words[i]));
        buf_put_text(&text, "\nB");
        REQUIRE(apache_parse(buf_view(&text), "x", &tree, &err), "%s", err.why);
        CHECK_INT(apache_tree_first(tree)->word_count, 2, words[i]);
        CHECK_TEXT(apache_node_word(apache_tree_first(tree), 1), words[i], buf_text(&text));
    }
}

static int64_t now_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* A site file takes far less than a millisecond; sanitizers take their time, so only the order of growth is held. */
TEST(time_grows_with_the_text)
{
    static const char site[] =
        "<VirtualHost *:80>\n    ServerName a.example\n    DocumentRoot \"/srv/www\"\n"
        "    <Directory /srv/www>\n        Require all granted\n    </Directory>\n</VirtualHost>\n";
    int64_t took[2];

    for (size_t large = 0; large < 2; large++) {
        AUTO(buf_clear) struct buf text = BUF(APACHE_TEXT_MAX);
        AUTO(apache_tree_free) struct apache_tree *tree = NULL;
        struct error err = { 0 };
        int64_t start;

        for (size_t i = 0; i < (large == 1 ? 20000 : 2000); i++)
            buf_put_text(&text, site);
        start = now_us();
        REQUIRE(apache_parse(buf_view(&text), "x", &tree, &err), "%s", err.why);
        took[large] = now_us() - start;
    }
    CHECK(took[1] < 100 * took[0] + 100000, "%" PRId64 " us, %" PRId64 " us", took[0], took[1]);
}

TEST(line_with_many_words)
{
    AUTO(buf_clear) struct buf text = BUF(APACHE_TEXT_MAX);
    AUTO(apache_tree_free) struct apache_tree *tree = NULL;
    struct error err = { 0 };

    buf_put_text(&text, "ServerAlias");
    for (int i = 0; i < 100000; i++)
        buf_putf(&text, " %d.example", i);
    REQUIRE(apache_parse(buf_view(&text), "x", &tree, &err), "%s", err.why);
    CHECK_INT(apache_tree_first(tree)->word_count, 100001, "words");
    CHECK_TEXT(apache_node_word(apache_tree_first(tree), 100000), "99999.example", "the last one");
}

TEST_MAIN()
