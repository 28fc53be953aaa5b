#include "webconf/nginx_lex.h"

void nginx_lex_begin(struct nginx_lexer *lexer, struct view text, const char *name, struct arena *arena)
{
    *lexer = (struct nginx_lexer){ .text = text, .name = name, .line = 1 };
    lexer->pool = arena_alloc(arena, text.len + 2, 1);
}

bool nginx_lex_refuse(const struct nginx_lexer *lexer, struct error *err, const char *why)
{
    return error_set(err, ERROR_CONFIG, "%s in %s:%zu", why, lexer->name, lexer->line);
}

/* The next byte, which is there. */
static char peek(const struct nginx_lexer *lexer)
{
    return lexer->text.at[lexer->at];
}

static bool at_end(const struct nginx_lexer *lexer)
{
    return lexer->at >= lexer->text.len;
}

static char take(struct nginx_lexer *lexer)
{
    char byte = lexer->text.at[lexer->at++];

    if (byte == '\n')
        lexer->line++;
    return byte;
}

/* What a byte may mean in a word without quotes; the others are the word's, whatever stands before them. */
enum { PLAIN, BLANK, SPECIAL };
static const unsigned char meanings[256] = {
    [' '] = BLANK,
    ['\t'] = BLANK,
    ['\r'] = BLANK,
    ['\n'] = BLANK,
    [';'] = SPECIAL,
    ['{'] = SPECIAL,
    ['$'] = SPECIAL,
    ['\\'] = SPECIAL,
};

static bool is_blank(char byte)
{
    return meanings[(unsigned char)byte] == BLANK;
}

static void skip_line(struct nginx_lexer *lexer)
{
    while (!at_end(lexer) && take(lexer) != '\n')
        continue;
}

static void skip_blanks_and_comments(struct nginx_lexer *lexer)
{
    while (!at_end(lexer)) {
        if (peek(lexer) == '#')
            skip_line(lexer);
        else if (is_blank(peek(lexer)))
            (void)take(lexer);
        else
            return;
    }
}

/* What an escape stands for, and 0 where the backslash is text. */
static char escaped(char byte)
{
    switch (byte) {
    case '"':
    case '\'':
    case '\\':
        return byte;
    case 't':
        return '\t';
    case 'r':
        return '\r';
    case 'n':
        return '\n';
    default:
        return '\0';
    }
}

/* Puts the bytes of [start, end), escapes resolved, into the pool. */
static const char *resolve(struct nginx_lexer *lexer, size_t start, size_t end)
{
    const char *word = lexer->pool, *at = lexer->text.at;

    for (; start < end && at[start] != '\\'; start++)
        *lexer->pool++ = at[start];
    for (size_t i = start; i < end; i++) {
        char byte = at[i] == '\\' && i + 1 < end ? escaped(at[i + 1]) : '\0';

        if (byte != '\0')
            i++;
        *lexer->pool++ = byte != '\0' ? byte : at[i];
    }
    *lexer->pool++ = '\0';
    return word;
}

static bool unexpected_end(const struct nginx_lexer *lexer, struct error *err)
{
    return nginx_lex_refuse(lexer, err, "unexpected end of file, expecting \";\" or \"}\"");
}

static bool lex_quoted(struct nginx_lexer *lexer, struct nginx_word *word, struct error *err)
{
    char quote = take(lexer), byte;

    word->quoted = true;
    do {
        if (at_end(lexer))
            return unexpected_end(lexer, err);
        byte = take(lexer);
        if (byte == '\\' && !at_end(lexer)) {
            (void)take(lexer);
            byte = '\\';
        }
    } while (byte != quote);
    word->end = lexer->at;
    word->text = resolve(lexer, word->start + 1, word->end - 1);
    lexer->behind_quoted = true;
    return true;
}

/* Bytes that mean nothing; returns how many there were. */
static size_t skip_plain(struct nginx_lexer *lexer)
{
    const char *at = lexer->text.at + lexer->at, *end = lexer->text.at + lexer->text.len, *from = at;

    while (at < end && meanings[(unsigned char)*at] == PLAIN)
        at++;
    lexer->at += (size_t)(at - from);
    return (size_t)(at - from);
}

/* A word without quotes, which blanks, ';' and '{' end, but for the one of "${". */
static bool lex_bare(struct nginx_lexer *lexer, struct nginx_word *word, struct error *err)
{
    bool variable = false, first = true;

    for (; !at_end(lexer); first = false) {
        size_t plain = skip_plain(lexer);
        char byte;

        first = first && plain == 0;
        variable = variable && plain == 0;
        if (at_end(lexer))
            break;
        byte = peek(lexer);
        if (!first && (is_blank(byte) || byte == ';' || (byte == '{' && !variable))) {
            word->end = lexer->at;
            word->text = resolve(lexer, word->start, word->end);
            return true;
        }
        (void)take(lexer);
        if (byte == '{') /* after '$' still, as nginx has it */
            continue;
        variable = byte == '$';
        if (byte == '\\' && !at_end(lexer))
            (void)take(lexer);
    }
    return unexpected_end(lexer, err);
}

/* Behind a quoted word nothing but a blank, the end of the directive, or a parenthesis may follow. */
static bool check_behind_quoted(struct nginx_lexer *lexer, struct error *err)
{
    char why[] = "unexpected \"?\"";

    lexer->behind_quoted = false;
    if (at_end(lexer))
        return unexpected_end(lexer, err);
    if (is_blank(peek(lexer)) || peek(lexer) == ';' || peek(lexer) == '{' || peek(lexer) == ')')
        return true;
    why[sizeof why - 3] = peek(lexer);
    return nginx_lex_refuse(lexer, err, why);
}

bool nginx_lex(struct nginx_lexer *lexer, enum nginx_token *token, struct nginx_word *word, struct error *err)
{
    if (lexer->behind_quoted)
        TRY(check_behind_quoted(lexer, err));
    skip_blanks_and_comments(lexer);
    *token = NGINX_END;
    if (at_end(lexer))
        return true;
    *token = NGINX_WORD;
    switch (peek(lexer)) {
    case ';':
        *token = NGINX_SEMICOLON;
        break;
    case '{':
        *token = NGINX_OPEN;
        break;
    case '}':
        *token = NGINX_CLOSE;
        break;
    default:
        *word = (struct nginx_word){ .start = lexer->at, .line = lexer->line };
        if (peek(lexer) == '"' || peek(lexer) == '\'')
            return lex_quoted(lexer, word, err);
        return lex_bare(lexer, word, err);
    }
    (void)take(lexer);
    return true;
}

/* ---- bodies that hold no directives ---- */

bool nginx_lex_table(struct nginx_lexer *lexer, struct error *err)
{
    enum nginx_token token = NGINX_OPEN;

    for (size_t depth = 1; depth > 0;) {
        char *pool = lexer->pool;
        struct nginx_word word;

        TRY(nginx_lex(lexer, &token, &word, err));
        lexer->pool = pool; /* nobody wants the words */
        if (token == NGINX_END)
            return unexpected_end(lexer, err);
        if (token == NGINX_OPEN)
            depth++;
        if (token == NGINX_CLOSE)
            depth--;
    }
    return true;
}

/* The number of '=' in a long bracket that begins here, "[==[" say, which is skipped; -1 when there is none. */
static long long_bracket(struct nginx_lexer *lexer)
{
    struct view text = lexer->text;
    size_t at = lexer->at + 1;

    if (at_end(lexer) || peek(lexer) != '[')
        return -1;
    while (at < text.len && text.at[at] == '=')
        at++;
    if (at >= text.len || text.at[at] != '[')
        return -1;
    at++;
    at -= lexer->at;
    lexer->at += at;
    return (long)at - 2;
}

/* Up to behind the "]==]" with so many '='. */
static void skip_long(struct nginx_lexer *lexer, long level)
{
    long seen = -1; /* '=' behind a ']' */

    while (!at_end(lexer)) {
        char byte = take(lexer);

        if (byte == ']' && seen == level)
            return;
        if (byte == ']')
            seen = 0;
        else
            seen = byte == '=' && seen >= 0 ? seen + 1 : -1;
    }
}

/* Up to behind the quote that ends a string of one line. */
static void skip_lua_string(struct nginx_lexer *lexer, char quote)
{
    while (!at_end(lexer)) {
        char byte = take(lexer);

        if (byte == quote || byte == '\n')
            return;
        if (byte == '\\' && !at_end(lexer))
            (void)take(lexer);
    }
}

static void skip_lua_comment(struct nginx_lexer *lexer)
{
    long level = long_bracket(lexer);

    if (level >= 0)
        skip_long(lexer, level);
    else
        skip_line(lexer);
}

bool nginx_lex_lua(struct nginx_lexer *lexer, struct error *err)
{
    for (size_t depth = 1; depth > 0;) {
        long level;
        char byte;

        if (at_end(lexer))
            return nginx_lex_refuse(lexer, err, "unexpected end of file, expecting the \"}\" that ends Lua code");
        level = long_bracket(lexer);
        if (level >= 0) {
            skip_long(lexer, level);
            continue;
        }
        byte = take(lexer);
        if (byte == '"' || byte == '\'')
            skip_lua_string(lexer, byte);
        else if (byte == '-' && !at_end(lexer) && peek(lexer) == '-') {
            (void)take(lexer);
            skip_lua_comment(lexer);
        } else if (byte == '{')
            depth++;
        else if (byte == '}')
            depth--;
    }
    return true;
}
