#include "base/test.h"

#include "webconf/nginx_tree.h"

/* name|word|word; and name{...}, "raw" for a body that was not parsed. */
static void dump(const struct nginx_node *node, struct buf *out)
{
    for (; node != NULL; node = node->next) {
        for (size_t i = 0; i < node->word_count; i++) {
            buf_put_text(out, i > 0 ? "|" : "");
            buf_put_text(out, node->words[i].text);
        }
        if (!node->block) {
            buf_put_char(out, ';');
            continue;
        }
        buf_put_char(out, '{');
        buf_put_text(out, node->raw ? "raw" : "");
        dump(node->child, out);
        buf_put_char(out, '}');
    }
}

static const struct {
    const char *name, *text, *want; /* want: the tree, or the error */
} texts[] = {
    { "nothing", "", "" },
    { "blanks and comments", " \t\r\n# a { \" '\n#", "" },
    { "a directive", "user www-data;", "user|www-data;" },
    { "two in a line", "a;b;", "a;b;" },
    { "a block", "events { }", "events{}" },
    { "no blank before the brace", "events{worker_connections 1;}", "events{worker_connections|1;}" },
    { "blocks in blocks", "a{b{c d;}e;}f;", "a{b{c|d;}e;}f;" },
    { "over lines", "server_name\n  a.example\r\n\tb.example\n;", "server_name|a.example|b.example;" },
    { "CR LF", "a 1;\r\nb {\r\n c;\r\n}\r\n", "a|1;b{c;}" },
    { "a CR alone is a blank", "a\rb;\rc;", "a|b;c;" },
    { "other control bytes are text", "a\fb\v \x01;", "a\fb\v|\x01;" },
    { "Latin-1", "a \xe9t\xe9 \"\xfc\";", "a|\xe9t\xe9|\xfc;" },
    { "a byte order mark is a part of the name", "\xef\xbb\xbfuser x;", "\xef\xbb\xbfuser|x;" },
    { "comment between words", "a # {\"'};\n b;", "a|b;" },
    { "comment with a brace in front of the brace", "server # my { server\n{ a; }", "server{a;}" },
    { "comment right behind a semicolon", "a;#b;\nc;", "a;c;" },
    { "comment right behind a brace", "a{#b}\nc;}#d\ne;", "a{c;}e;" },
    { "a number sign in a word", "a b#c d;", "a|b#c|d;" },
    { "a comment that CR does not end", "#a\rb;\nc;", "c;" },
    { "double quotes", "a \"b c\" d;", "a|b c|d;" },
    { "single quotes", "a 'b \"c' d;", "a|b \"c|d;" },
    { "braces and semicolons in quotes", "a \"{;}#\" '{;}#';", "a|{;}#|{;}#;" },
    { "empty quotes", "a \"\" '';", "a||;" },
    { "line feed in quotes", "a \"b\nc\";", "a|b\nc;" },
    { "quoted name", "\"server\" { 'listen' 80; }", "server{listen|80;}" },
    { "escaped quotes", "a \"b\\\"c\" 'd\\'e' f\\\"g;", "a|b\"c|d'e|f\"g;" },
    { "escapes", "a \"\\t\\r\\n\\\\\\d\" \\t\\r\\n\\\\\\d;", "a|\t\r\n\\\\d|\t\r\n\\\\d;" },
    { "an escaped backslash, then the quote", "a \"b\\\\\" c;", "a|b\\|c;" },
    { "escaped blank, semicolon, brace", "a b\\ c d\\;e \\{2\\};", "a|b\\ c|d\\;e|\\{2\\};" },
    { "escape at the beginning of a word", "a \\#b \\\"c;", "a|\\#b|\"c;" },
    { "quotes in a word are text", "a b\"c d'e\";", "a|b\"c|d'e\";" },
    { "a quote behind text does not begin a string", "a b\"c d;", "a|b\"c|d;" },
    { "braces behind a word", "a b}c d};", "a|b}c|d};" },
    { "variable", "a $b ${c} ${d}e f${g};", "a|$b|${c}|${d}e|f${g};" },
    { "dollar and braces", "a ${{b;", "a|${{b;" },
    { "a dollar in front of a block", "a $ {b;}", "a|${b;}" },
    { "an escaped dollar still names no variable", "a b\\${c;}", "a|b\\${c;}" },
    { "dollar, escape, brace", "a $\\{b;", "a|$\\{b;" },
    { "regex with a brace", "location ~ \"^/a{2}$\" { }", "location|~|^/a{2}${}" },
    { "regex with a bare brace", "location ~ ^/a{2}$ { } }", "location|~|^/a{2}${}}" },
    { "parenthesis behind a quote", "if ($a = \"b\") { c; }", "if|($a|=|b|){c;}" },
    { "block behind a quote", "a \"b\"{c;}", "a|b{c;}" },
    { "text behind a quote", "a \"b\"c;", "unexpected \"c\" in conf:1" },
    { "quote behind a quote", "a \"b\"\"c\";", "unexpected \"\"\" in conf:1" },
    { "comment behind a quote", "a\n\"b\"#c\n;", "unexpected \"#\" in conf:2" },
    { "semicolon alone", "a;\n;", "unexpected \";\" in conf:2" },
    { "brace alone", "{ }", "unexpected \"{\" in conf:1" },
    { "closing brace alone", "a;\n}", "unexpected \"}\" in conf:2" },
    { "no semicolon in front of the closing brace", "a { b }", "unexpected \"}\" in conf:1" },
    { "no end of a directive", "a b", "unexpected end of file, expecting \";\" or \"}\" in conf:1" },
    { "no end of a directive, blank", "a b\n", "unexpected end of file, expecting \";\" or \"}\" in conf:2" },
    { "no end of quotes", "a \"b;", "unexpected end of file, expecting \";\" or \"}\" in conf:1" },
    { "an escape at the end", "a \\", "unexpected end of file, expecting \";\" or \"}\" in conf:1" },
    { "an escape at the end of quotes", "a \"\\", "unexpected end of file, expecting \";\" or \"}\" in conf:1" },
    { "quotes that end the file", "a \"b\"", "unexpected end of file, expecting \";\" or \"}\" in conf:1" },
    { "no end of a block", "a {\nb;\n", "unexpected end of file, expecting \"}\" in conf:3" },

    { "map", "map $a $b { include x; default \"\"; \"~a\\{2\\}\" {; } c;",
        "unexpected end of file, expecting \";\" or \"}\" in conf:1" },
    { "map with all kinds of entries", "map $a $b { hostnames; include x; ~^a\\{2\\}$ '}'; # }\n ${c} 1; } d;",
        "map|$a|$b{raw}d;" },
    { "types", "types { text/html html htm; }a;", "types{raw}a;" },
    { "geo in a block", "http { geo $a { ranges; 1.2.3.4-1.2.3.5 \"}\"; } b; }", "http{geo|$a{raw}b;}" },
    { "split_clients", "split_clients \"${a}b\" $c { 0.5% .one; * \"\"; }", "split_clients|${a}b|$c{raw}" },
    { "map is no block here", "map a; types b;", "map|a;types|b;" },

    { "Lua", "content_by_lua_block { a = { b = { '}' } } } c;", "content_by_lua_block{raw}c;" },
    { "Lua with words", "set_by_lua_block $a { return 1 } c;", "set_by_lua_block|$a{raw}c;" },
    { "Lua strings", "a_by_lua_block { x = '\\'}' y = \"\\\"}\" z = \"'}\" } c;", "a_by_lua_block{raw}c;" },
    { "Lua comment", "a_by_lua_block { -- it's } \" [[\n --[x }\n } c;", "a_by_lua_block{raw}c;" },
    { "Lua long comment", "a_by_lua_block { --[[ } \n ]=] ' ]] --[==[ ]] } ]==] } c;", "a_by_lua_block{raw}c;" },
    { "Lua long string", "a_by_lua_block { x = [[ } \" ]] y = [=[ ]] ]==] } ]=] } c;", "a_by_lua_block{raw}c;" },
    { "Lua index", "a_by_lua_block { x = a[b[1]] y = a[ [[}]] ] z = [==] } c;", "a_by_lua_block{raw}c;" },
    { "Lua minus", "a_by_lua_block { x = 1 - -1 -1 } c;", "a_by_lua_block{raw}c;" },
    { "Lua with nginx's characters", "a_by_lua_block { x = #t; y = $ } c;", "a_by_lua_block{raw}c;" },
    { "Lua without an end", "a_by_lua_block { {}\n",
        "unexpected end of file, expecting the \"}\" that ends Lua code in conf:2" },
    { "Lua string without an end", "a_by_lua_block { 'a\n }\n b;", "a_by_lua_block{raw}b;" },
    { "Lua long string without an end", "a_by_lua_block { [[ }",
        "unexpected end of file, expecting the \"}\" that ends Lua code in conf:1" },
    { "Lua by file", "content_by_lua_file a; content_by_lua 'x = {';", "content_by_lua_file|a;content_by_lua|x = {;" },
};

TEST(nginx_parse)
{
    for (size_t i = 0; i < COUNT(texts); i++) {
        AUTO(arena_clear) struct arena arena = { 0 };
        AUTO(buf_clear) struct buf out = BUF(1000);
        struct nginx_node *first = NULL;
        struct error err = { 0 };

        if (nginx_parse(view_of(texts[i].text), "conf", NULL, &arena, &first, &err))
            dump(first, &out);
        else
            buf_put_text(&out, err.why);
        CHECK_TEXT(buf_text(&out), texts[i].want, texts[i].name);
        CHECK(err.kind == ERROR_NONE || err.kind == ERROR_CONFIG, "%s", texts[i].name);
    }
}

TEST(places)
{
    static const char text[] = "# one\nhttp {\n  server_name \"a b\"  c ; \n}\nmap $a $b {\n  x y; }\nend;";
    AUTO(arena_clear) struct arena arena = { 0 };
    struct nginx_node *http, *name, *map;
    struct error err = { 0 };

    REQUIRE(nginx_parse(view_of(text), "conf", NULL, &arena, &http, &err), "%s", err.why);
    name = http->child;
    map = http->next;
    CHECK(http->parent == NULL && http->block && http->line == 2 && text[http->start] == 'h');
    CHECK(text[http->open] == '{' && text[http->close] == '}' && http->close > name->end);
    CHECK(http->end == http->close + 1);
    CHECK(name->parent == http && !name->block && name->line == 3 && name->next == NULL);
    CHECK(text[name->end - 1] == ';' && text[name->words[1].start] == '"' && text[name->words[1].end - 1] == '"');
    CHECK(name->words[1].quoted && !name->words[2].quoted && name->words[2].end == name->words[2].start + 1);
    CHECK(map->raw && map->child == NULL && map->line == 5 && text[map->open] == '{' && text[map->close] == '}');
    CHECK(map->next->line == 7 && nginx_is(map->next, "end"));
    CHECK(nginx_has_word(name, "c") && !nginx_has_word(name, "server_name"));
    CHECK_TEXT(nginx_word(name, 2), "c", "a word");
    CHECK_TEXT(nginx_word(name, 3), NULL, "no word");
}

TEST(depth)
{
    for (size_t depth = NGINX_DEPTH_MAX; depth <= NGINX_DEPTH_MAX + 1; depth++) {
        AUTO(arena_clear) struct arena arena = { 0 };
        AUTO(buf_clear) struct buf text = BUF(1000);
        struct nginx_node *first;
        struct error err = { 0 };

        for (size_t i = 0; i < depth; i++)
            buf_put_text(&text, "a{");
        for (size_t i = 0; i < depth; i++)
            buf_put_text(&text, "}");
        CHECK_INT(nginx_parse(buf_view(&text), "conf", NULL, &arena, &first, &err), depth <= NGINX_DEPTH_MAX, "deep");
    }
}

static const struct {
    const char *text, *want;
} words[] = {
    { "a", "a" },
    { "/a/b.pem", "/a/b.pem" },
    { "https://$host$request_uri", "https://$host$request_uri" },
    { "", "\"\"" },
    { "a b", "\"a b\"" },
    { "a\"b'c", "\"a\\\"b'c\"" },
    { "a\\d", "\"a\\\\d\"" },
    { "a\tb\nc\rd", "\"a\\tb\\nc\\rd\"" },
    { "tnr", "tnr" },
    { "a;", "\"a;\"" },
    { "}", "\"}\"" },
    { "#a", "\"#a\"" },
    { "${a}", "\"${a}\"" },
    { "\xe9", "\xe9" },
};

TEST(nginx_put_word)
{
    for (size_t i = 0; i < COUNT(words); i++) {
        AUTO(arena_clear) struct arena arena = { 0 };
        AUTO(buf_clear) struct buf out = BUF(100);
        struct nginx_node *first;
        struct error err = { 0 };

        nginx_put_word(&out, words[i].text);
        CHECK_TEXT(buf_text(&out), words[i].want, words[i].text);
        buf_put_char(&out, ';');
        REQUIRE(nginx_parse(buf_view(&out), "conf", NULL, &arena, &first, &err), "%s", words[i].text);
        CHECK_TEXT(first->words[0].text, words[i].text, "read again");
    }
}

TEST_MAIN()
