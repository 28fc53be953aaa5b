#pragma once
/*
 * The tokens of an nginx configuration, as nginx reads them. For nginx_tree.c only.
 */
#include "webconf/nginx_tree.h"

enum nginx_token { NGINX_WORD, NGINX_SEMICOLON, NGINX_OPEN, NGINX_CLOSE, NGINX_END };

struct nginx_lexer {
    struct view text;
    const char *name; /* of the text, for errors */
    size_t at, line;  /* of the next byte */
    char *pool;       /* where resolved words go: each is shorter than its spelling and what ends it */
    bool behind_quoted;
};

void nginx_lex_begin(struct nginx_lexer *lexer, struct view text, const char *name, struct arena *arena);
/* The next token; a word fills *word. ERROR_CONFIG. */
MUST_USE bool nginx_lex(struct nginx_lexer *lexer, enum nginx_token *token, struct nginx_word *word, struct error *err);
/* Behind a '{': up to behind the '}' that ends it, in Lua code or in a table. ERROR_CONFIG when there is none. */
MUST_USE bool nginx_lex_lua(struct nginx_lexer *lexer, struct error *err);
MUST_USE bool nginx_lex_table(struct nginx_lexer *lexer, struct error *err);
/* ERROR_CONFIG: "WHY in NAME:LINE". Returns false. */
bool nginx_lex_refuse(const struct nginx_lexer *lexer, struct error *err, const char *why);
