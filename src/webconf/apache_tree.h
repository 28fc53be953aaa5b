#pragma once
/*
 * The text of one Apache configuration file, taken apart by httpd's own rules for lines, words and sections.
 *
 * Knows the syntax; knows neither what directives mean nor which of them are in effect (webconf/apache_conf.h). The
 * text never changes: nodes have offsets into it, and an edit is a patch of these (webconf/patch.h), after which the
 * new text is parsed anew.
 */
#include "webconf/arena.h"

#define APACHE_TEXT_MAX (16 * 1024 * 1024) /* bytes of a file, and of a line: httpd's bound for the latter */
#define APACHE_NESTING_MAX 64              /* sections within sections in one file */

struct apache_word {
    const char *text;  /* quotes, escapes and continuations resolved as httpd does; ${VAR} is left as it is */
    size_t start, end; /* in the text of the file, with its quotes */
    bool quoted;
};

enum apache_kind {
    APACHE_DIRECTIVE, /* one line, with those that continue it */
    APACHE_SECTION,   /* <Name ...> to </Name> */
    APACHE_COMMENT,   /* a line that begins with '#', with those that continue it; one word: all of it */
};

/*
 * Lines begin behind their indentation and end before white space and line end. A section's words are those of its
 * first line, without '<' and the last '>'.
 */
struct apache_node {
    enum apache_kind kind;
    const struct apache_word *words; /* words[0] is the name, as it was written */
    size_t word_count;               /* at least 1 */
    size_t start, end;               /* its first byte; behind its last one, of a section that of </Name> ... */
    size_t head_end;                 /* behind the last byte of its first line, with those that continue it */
    size_t begin, behind;            /* its lines: where the first one begins, and where what follows them does */
    size_t line;                     /* number of the line that it begins in, from 1 */
    /* Of a section. What is inserted at `open` comes first in it, at `close` last; both are beginnings of lines. */
    size_t open;  /* behind its first line */
    size_t close; /* where the line of </Name> begins */
    bool raw;     /* its lines are not parsed: <Perl>, <Macro> */
    struct apache_node *parent, *child, *next;
    struct apache_file *file; /* set by apache_conf; NULL otherwise */
};

struct apache_tree;

/*
 * Parses a text, which is borrowed: it must outlive the tree. name stands in errors: ERROR_PLUGIN with name and line,
 * for what httpd refuses as well (a section that is not closed, or by another name), and for what exceeds a bound.
 */
MUST_USE bool apache_parse(struct view text, const char *name, struct apache_tree **out, struct error *err);
void apache_tree_free(struct apache_tree *tree);
DEFINE_AUTO(struct apache_tree, apache_tree_free)

/* The first node at the top; NULL when there is none. */
struct apache_node *apache_tree_first(const struct apache_tree *tree);
struct view apache_tree_text(const struct apache_tree *tree);

/*
 * Takes a line apart as httpd does: text[start, end), without white space at its ends, and with at least one byte. True
 * when it opens a section: '<' and the last '>', with all behind it, are then no part of the words. There is at least
 * one word. The words are in the arena, their offsets count in text.
 */
bool apache_scan_words(
    struct view text, size_t start, size_t end, struct arena *arena, const struct apache_word **words, size_t *count);
/* Appends the line without the ends of lines that it continues over. */
void apache_put_line(struct buf *to, struct view text, size_t start, size_t end);

/* Whether it is the directive or section of that name, in any case; never true of a comment. */
bool apache_node_is(const struct apache_node *node, const char *name);
/* The text of word `index`, "" where there is none. */
const char *apache_node_word(const struct apache_node *node, size_t index);

/* The node behind this one in the text: its first child, else the next one of itself or of what it stands in; NULL at
 * the end. */
struct apache_node *apache_node_after(const struct apache_node *node);

/* Puts a word so that httpd reads it as that text: in double quotes where it needs them. No line feed may stand in it,
 * and a ${VAR} in it stays one. */
void apache_put_word(struct buf *to, struct view text);
