#include "webconf/apache_tree.h"

#include <strings.h>

#include "base/mem.h"

#define BACKSLASHES_MAX 64 /* in a row, that may continue lines */

struct apache_tree {
    struct view text;
    struct arena arena;
    struct apache_node *first;
};

struct parser {
    struct apache_tree *tree;
    struct view text;
    const char *name;            /* of the file, for errors */
    size_t at, line;             /* where the next line begins, and its number */
    struct apache_node *section; /* the innermost one that is open; NULL: none */
    struct apache_node **to;     /* where the next node goes */
    unsigned depth;
};

struct line {          /* with those that continue it */
    size_t begin;      /* its first byte, white space included */
    size_t start, end; /* without white space at its ends; equal when nothing is left */
    size_t number;
};

/* isspace, which httpd asks, of every locale that it runs in. */
static bool is_blank(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* ---- lines ---- */

/* Length of the line end at `at`: LF or CR LF; 0 when there is none. */
static size_t line_end(struct view text, size_t at)
{
    if (at < text.len && text.at[at] == '\n')
        return 1;
    return at + 1 < text.len && text.at[at] == '\r' && text.at[at + 1] == '\n' ? 2 : 0;
}

/*
 * How many bytes a continuation has that begins at `at`, 0 when there is none. httpd drops a backslash that a line end
 * follows, with that, and looks at what is in front of the next line end then: of several backslashes each empty line
 * that follows takes one more. Of so many that nobody means it, none is one.
 */
static size_t continuation(struct view text, size_t at)
{
    size_t backslashes = 0, end = at, ends;

    while (backslashes < BACKSLASHES_MAX && end < text.len && text.at[end] == '\\') {
        backslashes++;
        end++;
    }
    for (ends = 0; ends < backslashes && line_end(text, end) > 0; ends++)
        end += line_end(text, end);
    return backslashes > 0 && ends == backslashes ? end - at : 0;
}

/* Where the next byte is that counts, from `at`; end at most. */
static size_t skip_continuations(struct view text, size_t at, size_t end)
{
    size_t skip;

    while (at < end && text.at[at] == '\\' && (skip = continuation(text, at)) > 0)
        at += skip;
    return at < end ? at : end;
}

static size_t count_lines(struct view text, size_t at, size_t len)
{
    size_t count = 0;

    for (size_t i = at; i < at + len; i++)
        count += text.at[i] == '\n';
    return count;
}

/* Reads the next line; false at the end of the text. As httpd's strings do, a line ends at a NUL byte: what follows it
 * up to the line feed is lost. */
static bool next_line(struct parser *parser, struct line *line)
{
    struct view text = parser->text;
    size_t at = parser->at, skip;
    bool begun = false;

    if (at >= text.len)
        return false;
    *line = (struct line){ .begin = at, .start = at, .end = at, .number = parser->line };
    while (at < text.len && text.at[at] != '\n' && text.at[at] != '\0') {
        if ((skip = continuation(text, at)) > 0) {
            parser->line += count_lines(text, at, skip);
            at += skip;
            continue;
        }
        if (!is_blank(text.at[at])) {
            if (!begun)
                line->start = at;
            begun = true;
            line->end = at + 1;
        }
        at++;
    }
    while (at < text.len && text.at[at] != '\n')
        at++;
    parser->at = at < text.len ? at + 1 : at;
    parser->line++;
    return true;
}

void apache_put_line(struct buf *to, struct view text, size_t start, size_t end)
{
    for (size_t at = skip_continuations(text, start, end); at < end; at = skip_continuations(text, at + 1, end))
        buf_put_char(to, text.at[at]);
}

/* ---- words ---- */

struct scan { /* of one line */
    struct view text;
    size_t at, end;
    char *to; /* where the text of the next word goes */
};

static char peek(const struct scan *scan)
{
    return scan->at < scan->end ? scan->text.at[scan->at] : '\0';
}

static char peek_next(const struct scan *scan)
{
    size_t next = skip_continuations(scan->text, scan->at + 1, scan->end);

    return scan->at < scan->end && next < scan->end ? scan->text.at[next] : '\0';
}

static void step(struct scan *scan)
{
    scan->at = skip_continuations(scan->text, scan->at + 1, scan->end);
}

/* Whether a backslash here takes the meaning from what follows it; quote '\0': outside of quotes. */
static bool is_escape(const struct scan *scan, char quote)
{
    char next = peek_next(scan);

    return peek(scan) == '\\' && (next == '\\' || (quote != '\0' && next == quote));
}

/* Outside of quotes white space ends a word, inside the quote does. */
static bool ends_word(char byte, char quote)
{
    return quote != '\0' ? byte == quote : is_blank(byte);
}

/* Reads the word at scan->at, which is no white space. */
static struct apache_word scan_word(struct scan *scan)
{
    char quote = peek(scan) == '"' || peek(scan) == '\'' ? peek(scan) : '\0';
    struct apache_word word = { .text = scan->to, .start = scan->at, .end = scan->at + 1, .quoted = quote != '\0' };

    if (word.quoted)
        step(scan);
    while (scan->at < scan->end && !ends_word(peek(scan), quote)) {
        if (is_escape(scan, quote))
            step(scan);
        *scan->to++ = peek(scan);
        word.end = scan->at + 1;
        step(scan);
    }
    if (word.quoted && scan->at < scan->end) {
        word.end = scan->at + 1;
        step(scan);
    }
    *scan->to++ = '\0';
    return word;
}

static void skip_blanks(struct scan *scan)
{
    while (scan->at < scan->end && is_blank(peek(scan)))
        step(scan);
}

/* How many words there can be at most: each begins behind white space or a quote, or with the line. */
static size_t bound_words(struct view text, size_t start, size_t end)
{
    size_t bound = 1;

    for (size_t at = start; at < end; at++)
        bound += text.at[at] == '"' || text.at[at] == '\'' ||
                 (is_blank(text.at[at]) && at + 1 < end && !is_blank(text.at[at + 1]));
    return bound;
}

/* What follows the last '>' of a section's line does not count, and its name stands behind '<'. */
static void leave_out_brackets(struct scan *scan, struct apache_word *words, size_t *count)
{
    size_t start = words[0].start;
    const char *last = memrchr(scan->text.at + start, '>', scan->end - start);

    if (last != NULL)
        scan->end = (size_t)(last - scan->text.at);
    scan->at = start;
    scan->to = (char *)words[0].text;
    for (*count = 0; scan->at < scan->end; skip_blanks(scan))
        words[(*count)++] = scan_word(scan);
    words[0].text++;
    if (!words[0].quoted)
        words[0].start++;
}

bool apache_scan_words(
    struct view text, size_t start, size_t end, struct arena *arena, const struct apache_word **words, size_t *count)
{
    size_t bound = bound_words(text, start, end);
    struct apache_word *all = arena_alloc(arena, bound, sizeof *all);
    struct scan scan = { text, skip_continuations(text, start, end), end, NULL };
    bool section;

    scan.to = arena_alloc(arena, end - start + bound, 1);
    *words = all;
    *count = 0;
    for (skip_blanks(&scan); scan.at < scan.end; skip_blanks(&scan))
        all[(*count)++] = scan_word(&scan);
    section = *count > 0 && all[0].text[0] == '<' && all[0].text[1] != '/';
    if (section)
        leave_out_brackets(&scan, all, count);
    return section;
}

void apache_put_word(struct buf *to, struct view text)
{
    bool plain = text.len > 0;

    for (size_t i = 0; i < text.len; i++)
        plain = plain && !is_blank(text.at[i]) && strchr("\"'\\<>#", text.at[i]) == NULL;
    if (plain) {
        buf_put(to, text);
        return;
    }
    buf_put_char(to, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '"' || text.at[i] == '\\')
            buf_put_char(to, '\\');
        buf_put_char(to, text.at[i]);
    }
    buf_put_char(to, '"');
}

/* ---- sections ---- */

static bool refuse(const struct parser *parser, size_t line, struct error *err, const char *why, const char *section)
{
    return error_set(err, ERROR_PLUGIN, "%s, line %zu: %s%s%s", parser->name, line, why, section != NULL ? ": <" : "",
        section != NULL ? section : "");
}

static struct apache_node *add_node(struct parser *parser, enum apache_kind kind, const struct line *line,
    const struct apache_word *words, size_t count)
{
    struct apache_node *node = arena_alloc(&parser->tree->arena, 1, sizeof *node);

    *node = (struct apache_node){
        .kind = kind,
        .words = words,
        .word_count = count,
        .start = line->start,
        .end = line->end,
        .head_end = line->end,
        .line = line->number,
        .begin = line->begin,
        .behind = parser->at,
        .parent = parser->section,
    };
    *parser->to = node;
    parser->to = &node->next;
    return node;
}

static bool is_raw(const char *name)
{
    return strcasecmp(name, "Macro") == 0 || strcasecmp(name, "Perl") == 0;
}

/* The first word of a line, as far as it fits: "<Macro" or "</Macro>" are looked for. */
static void first_word(struct view text, const struct line *line, char *to, size_t size)
{
    size_t len = 0;

    for (size_t at = line->start; at < line->end && len + 1 < size && !is_blank(text.at[at]);
         at = skip_continuations(text, at + 1, line->end))
        to[len++] = text.at[at];
    to[len] = '\0';
}

/* Passes over lines up to the one that ends a section whose lines mean something of their own. */
static bool parse_raw(struct parser *parser, struct apache_node *node, struct error *err)
{
    AUTO(free) char *open = xprintf("<%s", node->words[0].text);
    AUTO(free) char *close = xprintf("</%s>", node->words[0].text);
    struct line line;
    size_t inner = 0;
    char word[16];

    node->raw = true;
    while (next_line(parser, &line)) {
        first_word(parser->text, &line, word, sizeof word);
        if (strcasecmp(word, open) == 0) {
            inner++;
        } else if (strcasecmp(word, close) == 0 && inner-- == 0) {
            node->close = line.begin;
            node->end = line.end;
            node->behind = parser->at;
            return true;
        }
    }
    return refuse(parser, node->line, err, "section is not closed", node->words[0].text);
}

static bool open_section(
    struct parser *parser, const struct line *line, const struct apache_word *words, size_t count, struct error *err)
{
    struct apache_node *node;

    if (parser->depth == APACHE_NESTING_MAX)
        return refuse(parser, line->number, err, "sections are nested too deeply", words[0].text);
    node = add_node(parser, APACHE_SECTION, line, words, count);
    node->open = parser->at;
    if (is_raw(words[0].text))
        return parse_raw(parser, node, err);
    parser->section = node;
    parser->to = &node->child;
    parser->depth++;
    return true;
}

/* Names with variables are compared by httpd once these are replaced, which only who reads all files can do. */
static bool same_section(const char *open, const char *close)
{
    return strcasecmp(open, close) == 0 || strstr(open, "${") != NULL || strstr(close, "${") != NULL;
}

/* word: the first one of the line, "</Name>". */
static bool close_section(struct parser *parser, const struct line *line, const char *word, struct error *err)
{
    struct apache_node *node = parser->section;
    AUTO(free) char *name = xstrdup(word + 2);
    size_t len = strlen(name);

    if (len == 0 || name[len - 1] != '>')
        return refuse(parser, line->number, err, "'>' is missing", word + 1);
    name[len - 1] = '\0';
    if (node == NULL)
        return refuse(parser, line->number, err, "nothing is open that could be closed", word + 1);
    if (!same_section(node->words[0].text, name))
        return error_set(err, ERROR_PLUGIN, "%s, line %zu: <%s> of line %zu is closed by </%s>", parser->name,
            line->number, node->words[0].text, node->line, name);
    node->close = line->begin;
    node->end = line->end;
    node->behind = parser->at;
    parser->section = node->parent;
    parser->to = &node->next;
    parser->depth--;
    return true;
}

static void add_comment(struct parser *parser, const struct line *line)
{
    struct arena *arena = &parser->tree->arena;
    struct view whole = { parser->text.at + line->start, line->end - line->start };
    struct apache_word *word = arena_alloc(arena, 1, sizeof *word);

    *word = (struct apache_word){ arena_dup(arena, whole), line->start, line->end, false };
    (void)add_node(parser, APACHE_COMMENT, line, word, 1);
}

static bool parse_line(struct parser *parser, const struct line *line, struct error *err)
{
    const struct apache_word *words;
    size_t count;

    if (parser->text.at[line->start] == '#') {
        add_comment(parser, line);
        return true;
    }
    if (apache_scan_words(parser->text, line->start, line->end, &parser->tree->arena, &words, &count))
        return open_section(parser, line, words, count, err);
    if (words[0].text[0] == '<')
        return close_section(parser, line, words[0].text, err);
    (void)add_node(parser, APACHE_DIRECTIVE, line, words, count);
    return true;
}

static bool parse_all(struct parser *parser, struct error *err)
{
    struct line line;

    while (next_line(parser, &line))
        if (line.end > line.start)
            TRY(parse_line(parser, &line, err));
    if (parser->section != NULL)
        return refuse(parser, parser->section->line, err, "section is not closed", parser->section->words[0].text);
    return true;
}

bool apache_parse(struct view text, const char *name, struct apache_tree **out, struct error *err)
{
    AUTO(apache_tree_free) struct apache_tree *tree = NULL;
    struct parser parser = { .text = text, .name = name, .line = 1 };

    if (text.len > APACHE_TEXT_MAX)
        return error_set(err, ERROR_PLUGIN, "%s is larger than %d MiB", name, APACHE_TEXT_MAX / 1024 / 1024);
    tree = xcalloc(1, sizeof *tree);
    tree->text = text;
    parser.tree = tree;
    parser.to = &tree->first;
    TRY(parse_all(&parser, err));
    *out = TAKE(tree);
    return true;
}

void apache_tree_free(struct apache_tree *tree)
{
    if (tree == NULL)
        return;
    arena_clear(&tree->arena);
    free(tree);
}

/* ---- nodes ---- */

struct apache_node *apache_tree_first(const struct apache_tree *tree)
{
    return tree->first;
}

struct view apache_tree_text(const struct apache_tree *tree)
{
    return tree->text;
}

bool apache_node_is(const struct apache_node *node, const char *name)
{
    return node->kind != APACHE_COMMENT && strcasecmp(node->words[0].text, name) == 0;
}

const char *apache_node_word(const struct apache_node *node, size_t index)
{
    return index < node->word_count ? node->words[index].text : "";
}

struct apache_node *apache_node_after(const struct apache_node *node)
{
    if (node->child != NULL)
        return node->child;
    while (node != NULL && node->next == NULL)
        node = node->parent;
    return node != NULL ? node->next : NULL;
}
