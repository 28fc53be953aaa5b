#pragma once
/*
 * The syntax of one nginx configuration text, as nginx itself reads it: words, quotes, blocks, comments.
 *
 * Knows nothing of what directives mean, but for bodies of blocks that are no directives: Lua code and tables (see
 * raw). The tree lies over a text that never changes: nodes have byte offsets, and edits are splices (webconf/patch.h),
 * after which the text is parsed anew.
 */
#include "webconf/arena.h"

#define NGINX_TEXT_MAX (16 * 1024 * 1024) /* bytes of one file */
#define NGINX_DEPTH_MAX 64                /* blocks in blocks; files in files */

struct nginx_file;

struct nginx_word {
    const char *text;  /* quotes and escapes resolved, as nginx does; ends at a NUL byte, should there be one */
    size_t start, end; /* offsets, its quotes included */
    size_t line;       /* that it begins in, from 1 */
    bool quoted;       /* begins with a quote */
};

struct nginx_node {                 /* a directive */
    const struct nginx_word *words; /* [0] is its name */
    size_t word_count;              /* 1 at least */
    size_t start, end;              /* offsets: its first byte; behind its ';' or '}' */
    size_t open, close;             /* offsets of '{' and '}', of a block */
    size_t line;                    /* that it begins in, from 1 */
    bool block;
    bool raw; /* a block whose body was not parsed: code of a *_by_lua_block, entries of map, geo, types ... */
    struct nginx_node *parent, *child, *next; /* in the same file; NULL: none. child: the first one in a block */
    struct nginx_file *file;
    struct nginx_file **included; /* of an include, in nginx's order; see nginx_conf.h */
    size_t included_count;
};

/*
 * Parses a text. The nodes are in the arena; *first is the first one at the top, NULL when there is none. What nginx
 * accepts is accepted, unless it is deeper than NGINX_DEPTH_MAX or longer than NGINX_TEXT_MAX. ERROR_CONFIG has nginx's
 * words and "in NAME:LINE". file (NULL is fine) is what nodes get as theirs.
 */
MUST_USE bool nginx_parse(struct view text, const char *name, struct nginx_file *file, struct arena *arena,
    struct nginx_node **first, struct error *err);

/* Its name is that; names of directives have no other spelling. */
static inline bool nginx_is(const struct nginx_node *node, const char *name)
{
    const char *own = node->words[0].text;

    return own[0] == name[0] && strcmp(own, name) == 0; /* asked of each of a million directives */
}
/* The text of word i, NULL when it has fewer. */
const char *nginx_word(const struct nginx_node *node, size_t i);
/* Some word behind the name is that. */
bool nginx_has_word(const struct nginx_node *node, const char *word);

/*
 * Appends text as one word of a configuration, which nginx reads back as the same text: as it is where that is
 * possible, else in quotes with escapes. Variables stay variables.
 */
void nginx_put_word(struct buf *out, const char *text);
