#include "webconf/nginx_tree.h"

#include "base/mem.h"
#include "base/text.h"
#include "webconf/nginx_lex.h"

struct parser {
    struct nginx_lexer lexer;
    struct nginx_file *file;
    struct arena *arena;
    struct nginx_word *words; /* of the directive at hand */
    size_t count, size;
    struct nginx_node *parent, **tail; /* tail: where the next node goes */
    unsigned depth;
};

/* Blocks whose entries have words of the user's in place of names, which nginx reads without looking for directives. */
static bool is_table(const char *name)
{
    static const char *const names[] = { "map", "geo", "types", "split_clients", "charset_map", "geoip2" };

    for (size_t i = 0; i < COUNT(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static void add_word(struct parser *parser, const struct nginx_word *word)
{
    if (parser->count == parser->size) {
        parser->size = parser->size == 0 ? 16 : 2 * parser->size;
        parser->words = xrealloc(parser->words, parser->size, sizeof *parser->words);
    }
    parser->words[parser->count++] = *word;
}

/* The words that were read become a directive, which ends with the token just read. */
static struct nginx_node *add_node(struct parser *parser)
{
    struct nginx_node *node = arena_alloc(parser->arena, 1, sizeof *node);
    struct nginx_word *words = arena_alloc(parser->arena, parser->count, sizeof *words);

    memcpy(words, parser->words, parser->count * sizeof *words);
    node->words = words;
    node->word_count = parser->count;
    node->start = words[0].start;
    node->end = parser->lexer.at;
    node->line = words[0].line;
    node->parent = parser->parent;
    node->file = parser->file;
    *parser->tail = node;
    parser->tail = &node->next;
    parser->count = 0;
    return node;
}

static bool open_block(struct parser *parser, struct error *err)
{
    struct nginx_node *node = add_node(parser);

    node->block = true;
    node->open = parser->lexer.at - 1;
    if (text_ends(node->words[0].text, "_by_lua_block")) {
        node->raw = true;
        TRY(nginx_lex_lua(&parser->lexer, err));
    } else if (is_table(node->words[0].text)) {
        node->raw = true;
        TRY(nginx_lex_table(&parser->lexer, err));
    } else {
        if (parser->depth == NGINX_DEPTH_MAX)
            return nginx_lex_refuse(&parser->lexer, err, "blocks lie in each other too deeply");
        parser->depth++;
        parser->parent = node;
        parser->tail = &node->child;
        return true;
    }
    node->end = parser->lexer.at;
    node->close = node->end - 1;
    return true;
}

static bool close_block(struct parser *parser, struct error *err)
{
    struct nginx_node *node = parser->parent;

    if (node == NULL || parser->count > 0)
        return nginx_lex_refuse(&parser->lexer, err, "unexpected \"}\"");
    node->end = parser->lexer.at;
    node->close = node->end - 1;
    parser->parent = node->parent;
    parser->tail = &node->next;
    parser->depth--;
    return true;
}

static bool take_token(struct parser *parser, enum nginx_token token, const struct nginx_word *word, struct error *err)
{
    switch (token) {
    case NGINX_WORD:
        add_word(parser, word);
        return true;
    case NGINX_SEMICOLON:
        if (parser->count == 0)
            return nginx_lex_refuse(&parser->lexer, err, "unexpected \";\"");
        (void)add_node(parser);
        return true;
    case NGINX_OPEN:
        if (parser->count == 0)
            return nginx_lex_refuse(&parser->lexer, err, "unexpected \"{\"");
        return open_block(parser, err);
    case NGINX_CLOSE:
        return close_block(parser, err);
    case NGINX_END:
        break;
    }
    if (parser->count > 0)
        return nginx_lex_refuse(&parser->lexer, err, "unexpected end of file, expecting \";\" or \"}\"");
    if (parser->parent != NULL)
        return nginx_lex_refuse(&parser->lexer, err, "unexpected end of file, expecting \"}\"");
    return true;
}

bool nginx_parse(struct view text, const char *name, struct nginx_file *file, struct arena *arena,
    struct nginx_node **first, struct error *err)
{
    AUTO(free) struct nginx_word *words = NULL;
    struct nginx_node *top = NULL;
    struct parser parser = { .file = file, .arena = arena, .tail = &top };
    enum nginx_token token = NGINX_WORD;
    bool ok = true;

    if (text.len > NGINX_TEXT_MAX)
        return error_set(err, ERROR_CONFIG, "%s is larger than %d MiB", name, NGINX_TEXT_MAX / 1024 / 1024);
    nginx_lex_begin(&parser.lexer, text, name, arena);
    while (ok && token != NGINX_END) {
        struct nginx_word word = { 0 };

        ok = nginx_lex(&parser.lexer, &token, &word, err) && take_token(&parser, token, &word, err);
        words = parser.words;
    }
    TRY(ok);
    *first = top;
    return true;
}

const char *nginx_word(const struct nginx_node *node, size_t i)
{
    return i < node->word_count ? node->words[i].text : NULL;
}

bool nginx_has_word(const struct nginx_node *node, const char *word)
{
    for (size_t i = 1; i < node->word_count; i++)
        if (strcmp(node->words[i].text, word) == 0)
            return true;
    return false;
}

/* The letter of the escape that stands for a byte in quotes, 0 where it needs none. */
static char escape_of(char byte)
{
    switch (byte) {
    case '\t':
        return 't';
    case '\r':
        return 'r';
    case '\n':
        return 'n';
    case '"':
    case '\\':
        return byte;
    default:
        return '\0';
    }
}

void nginx_put_word(struct buf *out, const char *text)
{
    if (text[0] != '\0' && strpbrk(text, " \t\r\n;{}'\"\\#") == NULL) {
        buf_put_text(out, text);
        return;
    }
    buf_put_char(out, '"');
    for (; *text != '\0'; text++) {
        char escape = escape_of(*text);

        if (escape != '\0')
            buf_put_char(out, '\\');
        buf_put_char(out, escape != '\0' ? escape : *text);
    }
    buf_put_char(out, '"');
}
