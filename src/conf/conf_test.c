#include "base/test.h"

#include <time.h>

#include "conf/conf.h"

/* The value of key "k" at the top of a document: the text, or its elements with | between for want_list. */
static const struct {
    const char *name, *text, *want, *list;
} values[] = {
    { "plain", "k = v", "v", "v" },
    { "no blanks", "k=v", "v", "v" },
    { "indented", "   k   =   v w   ", "v w", "v w" },
    { "tabs", "\tk\t=\tv\t", "v", "v" },
    { "equals in the value", "k = a=b==", "a=b==", "a=b==" },
    { "nothing", "k =", "", "" },
    { "empty quotes", "k = \"\"", "", "" },
    { "double quotes", "k = \" a, #b \"", " a, #b ", " a, #b " },
    { "single quotes", "k = 'sh -c \"exit 7\"'", "sh -c \"exit 7\"", "sh -c \"exit 7\"" },
    { "quote in the middle", "k = it's", "it's", "it's" },
    { "quotes in quotes", "k = \"sh -c \"x\"\"", "sh -c \"x\"", "sh -c \"x\"" },
    { "backslash is text", "k = \"a\\nb\"", "a\\nb", "a\\nb" },
    { "comment", "k = v # c", "v", "v" },
    { "comment without blank", "k = b#c", "b", "b" },
    { "comment behind quotes", "k = 'v' # it's", "v", "v" },
    { "only a comment", "k = # c", "", "" },
    { "list", "k = a, b ,c", "a, b, c", "a|b|c" },
    { "list of one", "k = a,", "a", "a" },
    { "list of one, comment", "k = a, # c", "a", "a" },
    { "empty list", "k = ,", "", "" },
    { "quoted elements", "k = 'a, b', \"c#\", d", "a, b, c#, d", "a, b|c#|d" },
    { "final comma", "k = a, b,", "a, b", "a|b" },
    { "triple quotes", "k = '''it's, \"x\"'''", "it's, \"x\"", "it's, \"x\"" },
    { "triple quotes, empty", "k = ''''''", "", "" },
    { "triple quotes, comment", "k = \"\"\"a#b\"\"\" # c", "a#b", "a#b" },
    { "triple quotes over lines", "k = '''a\n # b\n\nc'''\nl = 1", "a\n # b\n\nc", "a\n # b\n\nc" },
    { "triple quotes inside", "k = '''a'''b''' # c", "a'''b", "a'''b" },
    { "triple quotes inside the last line", "k = '''a\nb'''c'''\nl = 1", "a\nb'''c", "a\nb'''c" },
    { "triple quotes and one more", "k = '''it''''\nl = 1", "it'", "it'" },
    { "triple quotes and CRLF", "k = '''a\r\nb'''\r\nl = 1\r\n", "a\nb", "a\nb" },
    { "four quotes at the end", "k = '''a''''", "a'", "a'" },
    { "CRLF", "k = v\r\nl = w\r\n", "v", "v" },
    { "byte order mark", "\xef\xbb\xbfk = v\n", "v", "v" },
    { "quoted key", "\"k\" = v", "v", "v" },
    { "dollar is text", "k = $l ${l}\nl = 1", "$l ${l}", "$l ${l}" },
    { "interpolation", "k = a%(l)sb\nl = 1", "a1b", "a1b" },
    { "interpolation twice", "k = %(l)s%(l)s\nl = %(m)s\nm = 2", "22", "22" },
    { "interpolation of a missing name", "k = echo %(x)s", "echo %(x)s", "echo %(x)s" },
    { "interpolation of itself", "k = a%(k)s", "a%(k)s", "a%(k)s" },
    { "interpolation in a circle", "k = %(l)s\nl = %(k)s", "%(l)s", "%(l)s" },
    { "percent is text", "k = 100% %d %( %(a %(a)d", "100% %d %( %(a %(a)d", "100% %d %( %(a %(a)d" },
    { "interpolation in a list", "k = %(l)s, b\nl = 1", "1, b", "1|b" },
    { "bracket in a section's name", "k = v\n[a]b]", "v", "v" },
    { "key like a section", "[x]k = 1\nk = v", "v", "v" },
    { "None is text", "k = None", "None", "None" },
};

TEST(reading_values)
{
    for (size_t i = 0; i < COUNT(values); i++) {
        AUTO(conf_free) struct conf *conf = NULL;
        AUTO(list_clear) struct list list = { 0 };
        AUTO(free) char *joined = NULL;
        struct error err = { 0 };

        REQUIRE(conf_read(view_of(values[i].text), "x.conf", &conf, &err), "%s: %s", values[i].name, err.why);
        CHECK_TEXT(conf_get(conf, "", "k"), values[i].want, values[i].name);
        CHECK(conf_get_list(conf, "", "k", &list), "%s", values[i].name);
        joined = list_join(&list, "|");
        CHECK_TEXT(joined, values[i].list, values[i].name);
    }
}

static const struct {
    const char *name, *text, *why;
} broken[] = {
    { "key without value", "a = 1\nb\n", "error parsing x.conf, line 2: neither" },
    { "value without key", "= 1", "line 1: neither" },
    { "key twice", "a = 1\n\n# c\na = 2", "line 4: this key is there already" },
    { "key twice, quoted", "a = 1\n'a' = 2", "line 2: this key is there already" },
    { "section twice", "[a]\n[b]\n[a]", "line 3: this section is there already" },
    { "inner section twice", "[a]\n[[b]]\n[[b]]", "line 3: this section" },
    { "section too deep", "[a]\n[[[b]]]", "line 2: section is nested more" },
    { "section deep at once", "[[a]]", "line 1: section is nested more" },
    { "section closed too often", "[a]]", "line 1: section does not close" },
    { "section closed too seldom", "[[a]", "line 1: section does not close" },
    { "section not closed", "[a", "line 1: neither" },
    { "section without name", "[]", "line 1: neither" },
    { "section with text behind", "[a] b", "line 1: neither" },
    { "section with a row of brackets", "[a]]]]]]]]]] ]]] b", "line 1: neither" },
    { "text behind quotes", "a = 'b' c", "line 1: the value has quotes" },
    { "open quote", "a = 'b", "line 1: the value has quotes" },
    { "two commas", "a = b,,c", "line 1: the value has quotes or commas" },
    { "comma first", "a = ,b", "line 1: the value has quotes or commas" },
    { "triple quotes never closed", "x = 1\na = '''b\nc\n", "line 2: the value in triple quotes" },
    { "text behind triple quotes", "a = '''b''' c", "line 1: the value in triple quotes" },
    { "error behind a value of three lines", "a = '''b\nc\n'''\nd", "line 4: neither" },
    { "17 levels",
        "[a]\n[[a]]\n[[[a]]]\n[[[[a]]]]\n[[[[[a]]]]]\n[[[[[[a]]]]]]\n[[[[[[[a]]]]]]]\n[[[[[[[[a]]]]]]]]\n"
        "[[[[[[[[[a]]]]]]]]]\n[[[[[[[[[[a]]]]]]]]]]\n[[[[[[[[[[[a]]]]]]]]]]]\n[[[[[[[[[[[[a]]]]]]]]]]]]\n"
        "[[[[[[[[[[[[[a]]]]]]]]]]]]]\n[[[[[[[[[[[[[[a]]]]]]]]]]]]]]\n[[[[[[[[[[[[[[[a]]]]]]]]]]]]]]]\n"
        "[[[[[[[[[[[[[[[[a]]]]]]]]]]]]]]]]\n[[[[[[[[[[[[[[[[[a]]]]]]]]]]]]]]]]]",
        "line 17: sections are nested too deep" },
};

TEST(broken_documents)
{
    for (size_t i = 0; i < COUNT(broken); i++) {
        AUTO(conf_free) struct conf *conf = NULL;
        struct error err = { 0 };

        CHECK(!conf_read(view_of(broken[i].text), "x.conf", &conf, &err), "%s", broken[i].name);
        CHECK(strstr(err.why, broken[i].why) != NULL, "%s: %s", broken[i].name, err.why);
        CHECK(err.kind == ERROR_CONFIG && conf == NULL, "%s", broken[i].name);
    }
}

TEST(not_a_text)
{
    AUTO(conf_free) struct conf *conf = NULL;
    AUTO(free) char *large = xcalloc(1, CONF_MAX + 1);
    struct error err = { 0 };

    CHECK(!conf_read((struct view){ "a = b\0c", 7 }, "x.conf", &conf, &err) && strstr(err.why, "NUL") != NULL, "%s",
        err.why);
    memset(large, '\n', CONF_MAX + 1);
    CHECK(!conf_read((struct view){ large, CONF_MAX + 1 }, "x.conf", &conf, &err), "accepted");
    CHECK(strstr(err.why, "larger") != NULL, "%s", err.why);
}

#define TYPICAL                                                                                                        \
    "# renew_before_expiry = 30 days\n"                                                                                \
    "version = 5.5.0\n"                                                                                                \
    "archive_dir = /etc/letsencrypt/archive/example.com\n"                                                             \
    "cert = /etc/letsencrypt/live/example.com/cert.pem\n"                                                              \
    "privkey = /etc/letsencrypt/live/example.com/privkey.pem\n"                                                        \
    "chain = /etc/letsencrypt/live/example.com/chain.pem\n"                                                            \
    "fullchain = /etc/letsencrypt/live/example.com/fullchain.pem\n"                                                    \
    "\n# Options used in the renewal process\n"                                                                        \
    "[renewalparams]\n"                                                                                                \
    "account = 1277b981617b29ab300f88bd05584542\n"                                                                     \
    "server = https://acme-v02.api.letsencrypt.org/directory\n"                                                        \
    "authenticator = webroot\n"                                                                                        \
    "webroot_path = /var/www/html,\n"                                                                                  \
    "key_type = ecdsa\n"                                                                                               \
    "[[webroot_map]]\n"                                                                                                \
    "example.com = /var/www/html\n"                                                                                    \
    "[acme_renewal_info]\n"                                                                                            \
    "ari_retry_after = 2026-11-22T06:29:29\n"

static const char *const documents[] = {
    TYPICAL,
    "",
    "\n",
    "# only a comment",
    "a=1",
    "\xef\xbb\xbf  a =1\r\n\t# c\r\n [ s ] # c\r\n  b = '''x\r\ny''' # d\r\n\r\n",
    "a = b ,c#d\n\n\n[x]\n[[ 'y z' ]]\nq=\"\"\n[w]\n   ",
    "a = 1\r[b\n[c]\n",
};

TEST(written_as_it_was)
{
    for (size_t i = 0; i < COUNT(documents); i++) {
        AUTO(conf_free) struct conf *conf = NULL;
        AUTO(buf_clear) struct buf out = BUF(CONF_MAX);
        struct error err = { 0 };

        REQUIRE(conf_read(view_of(documents[i]), "x.conf", &conf, &err), "%zu: %s", i, err.why);
        conf_write(conf, &out);
        CHECK_TEXT(buf_text(&out), documents[i], "round trip");
    }
}

TEST(sections)
{
    AUTO(conf_free) struct conf *conf = NULL;
    AUTO(list_clear) struct list keys = { 0 };
    AUTO(free) char *joined = NULL;
    struct error err = { 0 };

    REQUIRE(
        conf_read(view_of("t = 0\n[a]\nk = 1\n[[b]]\nk = 2\n[[[c]]]\nk = 3\n[[d]]\nk = 4\nl = %(t)s\n[e]\nk = %(l)s\n"
                          "[[DEFAULT]]\nl = 5\n[[ 'f g' ]] # c\nk = 6\n"),
            "x.conf", &conf, &err),
        "%s", err.why);
    CHECK_TEXT(conf_get(conf, "", "k"), NULL, "not at the top");
    CHECK_TEXT(conf_get(conf, "a", "k"), "1", "a");
    CHECK_TEXT(conf_get(conf, "a/b", "k"), "2", "a/b");
    CHECK_TEXT(conf_get(conf, "a/b/c", "k"), "3", "a/b/c");
    CHECK_TEXT(conf_get(conf, "a/d", "k"), "4", "a/d");
    CHECK_TEXT(conf_get(conf, "a/d", "l"), "0", "interpolation from outside");
    CHECK_TEXT(conf_get(conf, "e", "k"), "5", "interpolation from DEFAULT");
    CHECK_TEXT(conf_get(conf, "e/f g", "k"), "6", "quoted section");
    CHECK_TEXT(conf_get(conf, "b", "k"), NULL, "b is inside a");
    CHECK(conf_has_section(conf, "a/b") && !conf_has_section(conf, "a/c") && conf_has_section(conf, ""), "sections");
    conf_keys(conf, "a/d", &keys);
    joined = list_join(&keys, "|");
    CHECK_TEXT(joined, "k|l", "keys in order");
}

enum change { SET, SET_LIST, REMOVE, REMOVE_SECTION };

static const struct {
    const char *name, *text;
    enum change change;
    const char *section, *key, *value; /* elements with | between for SET_LIST */
    const char *want;
} changes[] = {
    { "in place", "a = 1 # c\nb = 2\n", SET, "", "a", "3", "a = 3 # c\nb = 2\n" },
    { "same value keeps its form", "a='1'#c\n", SET, "", "a", "1", "a='1'#c\n" },
    { "empty value", "a =\n", SET, "", "a", "1", "a = 1\n" },
    { "to empty", "a = 1\n", SET, "", "a", "", "a = \"\"\n" },
    { "indentation stays", "  a  =  1\n", SET, "", "a", "2", "  a  =  2\n" },
    { "new at the top", "# c\n\n[s]\nx = 1\n", SET, "", "a", "1", "# c\n\na = 1\n[s]\nx = 1\n" },
    { "new at the end of its section", "[s]\nx = 1\n\n# t\n[t]\n", SET, "s", "a", "1",
        "[s]\nx = 1\na = 1\n\n# t\n[t]\n" },
    { "new in front of subsections", "[s]\n[[t]]\nx = 1\n", SET, "s", "a", "1", "[s]\na = 1\n[[t]]\nx = 1\n" },
    { "no final line feed", "a = 1", SET, "", "b", "2", "a = 1\nb = 2\n" },
    { "CRLF", "a = 1\r\n", SET, "", "b", "2", "a = 1\r\nb = 2\r\n" },
    { "new section", "a = 1\n", SET, "s", "b", "2", "a = 1\n[s]\nb = 2\n" },
    { "new section in nothing", "", SET, "s/t", "b", "2", "[s]\n[[t]]\nb = 2\n" },
    { "new subsection", "[s]\na = 1\n\n# u\n[u]\nx = 1\n", SET, "s/t", "b", "2",
        "[s]\na = 1\n[[t]]\nb = 2\n\n# u\n[u]\nx = 1\n" },
    { "multi-line value replaced", "a = '''x\ny''' # c\nb = 1\n", SET, "", "a", "z", "a = z # c\nb = 1\n" },
    { "value with line feed", "", SET, "", "a", "x\ny", "a = '''x\ny'''\n" },
    { "value with comma", "", SET, "", "a", "a,b", "a = \"a,b\"\n" },
    { "value with hash", "", SET, "", "a", "a#b", "a = \"a#b\"\n" },
    { "value with double quotes and comma", "", SET, "", "a", "a,b \"c\" #d", "a = 'a,b \"c\" #d'\n" },
    { "value that ends in double quotes", "", SET, "", "a", "sh -c \"exit 7\"", "a = 'sh -c \"exit 7\"'\n" },
    { "value with both quotes", "", SET, "", "a", "it's, \"x\"", "a = '''it's, \"x\"'''\n" },
    { "value with both quotes and a single one last", "", SET, "", "a", "\"x\" 'y'", "a = \"\"\"\"x\" 'y'\"\"\"\n" },
    { "value with semicolons", "", SET, "", "a", "/opt/x.sh pre; echo y >&2", "a = /opt/x.sh pre; echo y >&2\n" },
    { "value with blanks at its ends", "", SET, "", "a", " x ", "a = \" x \"\n" },
    { "value with a quote inside", "", SET, "", "a", "it's", "a = it's\n" },
    { "key with equals sign", "", SET, "", "a=b", "1", "\"a=b\" = 1\n" },
    { "list of one", "", SET_LIST, "", "a", "x", "a = x,\n" },
    { "list of two", "", SET_LIST, "", "a", "/srv/a|/srv/w w2", "a = /srv/a, /srv/w w2\n" },
    { "list with comma inside", "", SET_LIST, "", "a", "x,y|z", "a = \"x,y\", z\n" },
    { "same list keeps its form", "a = 'x' , y\n", SET_LIST, "", "a", "x|y", "a = 'x' , y\n" },
    { "text becomes list", "a = x\n", SET_LIST, "", "a", "x", "a = x,\n" },
    { "list becomes text", "a = x,\n", SET, "", "a", "x", "a = x\n" },
    { "remove", "a = 1\n# c\nb = 2\n", REMOVE, "", "b", NULL, "a = 1\n# c\n" },
    { "remove what is not there", "a = 1\n", REMOVE, "s", "b", NULL, "a = 1\n" },
    { "remove section with subsections", "a = 1\n[s]\nb = 2\n[[t]]\nc = 3\n# u\n[u]\n", REMOVE_SECTION, "s", NULL, NULL,
        "a = 1\n# u\n[u]\n" },
    { "remove subsection", "[s]\nb = 2\n[[t]]\nc = 3\n[u]\n", REMOVE_SECTION, "s/t", NULL, NULL, "[s]\nb = 2\n[u]\n" },
};

TEST(changing)
{
    for (size_t i = 0; i < COUNT(changes); i++) {
        AUTO(conf_free) struct conf *conf = NULL;
        AUTO(conf_free) struct conf *again = NULL;
        AUTO(buf_clear) struct buf out = BUF(CONF_MAX);
        AUTO(list_clear) struct list list = { 0 };
        struct view rest = view_of(changes[i].value), part;
        struct error err = { 0 };

        REQUIRE(conf_read(view_of(changes[i].text), "x.conf", &conf, &err), "%s: %s", changes[i].name, err.why);
        while (changes[i].change == SET_LIST && view_cut(&rest, '|', &part))
            list_add_view(&list, part);
        if (changes[i].change == SET)
            conf_set(conf, changes[i].section, changes[i].key, changes[i].value);
        else if (changes[i].change == SET_LIST)
            conf_set_list(conf, changes[i].section, changes[i].key, &list);
        else if (changes[i].change == REMOVE)
            conf_remove(conf, changes[i].section, changes[i].key);
        else
            conf_remove_section(conf, changes[i].section);
        conf_write(conf, &out);
        CHECK_TEXT(buf_text(&out), changes[i].want, changes[i].name);
        CHECK(conf_read(buf_view(&out), "again", &again, &err), "%s: %s", changes[i].name, err.why);
        if (changes[i].change == SET) {
            CHECK_TEXT(conf_get(conf, changes[i].section, changes[i].key), changes[i].value, changes[i].name);
            CHECK_TEXT(conf_get(again, changes[i].section, changes[i].key), changes[i].value, changes[i].name);
        }
    }
}

TEST(many_changes)
{
    AUTO(conf_free) struct conf *conf = conf_new();
    AUTO(buf_clear) struct buf out = BUF(CONF_MAX);
    char key[32];

    for (int i = 0; i < 200; i++) {
        (void)snprintf(key, sizeof key, "name%d", i);
        conf_set(conf, i % 2 ? "a" : "a/b", key, key);
        if (i >= 100) {
            (void)snprintf(key, sizeof key, "name%d", i - 100);
            conf_remove(conf, i % 2 ? "a" : "a/b", key);
        }
    }
    CHECK_TEXT(conf_get(conf, "a", "name199"), "name199", "last");
    CHECK_TEXT(conf_get(conf, "a/b", "name100"), "name100", "first that was left");
    CHECK_TEXT(conf_get(conf, "a", "name99"), NULL, "removed");
    conf_remove_section(conf, "a");
    conf_set(conf, "a", "k", "v");
    conf_write(conf, &out);
    CHECK_TEXT(buf_text(&out), "[a]\nk = v\n", "made anew");
}

TEST(what_fits)
{
    CHECK(conf_can_hold("", false) && conf_can_hold("it's \"x\"\n", false) && conf_can_hold("'''", false), "fits");
    CHECK(!conf_can_hold("''' \"\"\" x", false), "both kinds of triple quotes");
    CHECK(
        conf_can_hold("a,b", true) && !conf_can_hold("a\nb", true) && !conf_can_hold("'a', \"b\"", true), "in a list");
}

/* Values that grow by interpolation must not grow without bounds. */
TEST(interpolation_is_bounded)
{
    AUTO(buf_clear) struct buf text = BUF(CONF_MAX);
    AUTO(conf_free) struct conf *conf = NULL;
    struct error err = { 0 };

    buf_put_text(&text, "k0 = xxxxxxxxxxxxxxxx\nl0 =\n");
    for (int i = 1; i <= 9; i++) {
        buf_putf(&text, "k%d = ", i);
        for (int j = 0; j < 50; j++)
            buf_putf(&text, "%%(k%d)s", i - 1);
        buf_putf(&text, "\nl%d = ", i);
        for (int j = 0; j < 50; j++)
            buf_putf(&text, "%%(l%d)s", i - 1);
        buf_put_char(&text, '\n');
    }
    REQUIRE(conf_read(buf_view(&text), "x.conf", &conf, &err), "%s", err.why);
    CHECK_INT(strlen(conf_get(conf, "", "k1")), 800, "one level");
    CHECK_INT(strlen(conf_get(conf, "", "k9")), 300, "left as it is");
    CHECK_INT(strlen(conf_get(conf, "", "l1")), 0, "nothing, 50 times");
    CHECK_INT(strlen(conf_get(conf, "", "l9")), 300, "work without end, left as it is");
}

/* Thousands of these are read for one listing. The bound is wide: sanitizers and busy machines are slow. */
TEST(reading_is_fast)
{
    struct error err = { 0 };
    clock_t best = CLOCKS_PER_SEC;

    for (int round = 0; round < 20; round++) {
        clock_t start = clock();

        for (int i = 0; i < 100; i++) {
            AUTO(conf_free) struct conf *conf = NULL;

            REQUIRE(conf_read(view_of(TYPICAL), "x.conf", &conf, &err), "%s", err.why);
        }
        if (clock() - start < best)
            best = clock() - start;
    }
    print_message("one renewal file is read in %.2f us\n", (double)best * 1e6 / CLOCKS_PER_SEC / 100);
    CHECK(best < CLOCKS_PER_SEC / 20, "%.0f us for 100", (double)best * 1e6 / CLOCKS_PER_SEC);
}

TEST_MAIN()
