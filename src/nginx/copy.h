#pragma once
/*
 * A new server block that is made of the text of another one: some directives left out or replaced, some added, all
 * else as it stands there, comments included.
 *
 * Where a directive that changes comes from an included file, the copy has the text of that file in place of the
 * include.
 */
#include "nginx/model.h"

struct nginx_copy_edit;

struct nginx_copy {
    const struct nginx_block *block;
    struct nginx_copy_edit *edits;
    size_t edit_count;
    struct buf lines; /* to be added at the end, as for nginx_append */
    struct buf first; /* to be added at the top */
    bool apart;       /* an empty line goes before the lines at the end */
};

void nginx_copy_begin(struct nginx_copy *copy, const struct nginx_block *block);
void nginx_copy_clear(struct nginx_copy *copy);
static inline void nginx_copy_clear_at(struct nginx_copy *copy)
{
    nginx_copy_clear(copy);
}

/* Another directive in place of that one, or nothing (NULL). include: of the item, or of the item that node is in. */
void nginx_copy_change(
    struct nginx_copy *copy, const struct nginx_node *node, const struct nginx_node *include, const char *directive);
/* One server_name directive with these names. */
void nginx_copy_names(struct nginx_copy *copy, const struct list *names);
/* listen without the parameters that one block alone may give; false for others are left out, when there is a test. */
void nginx_copy_listens(struct nginx_copy *copy, const struct nginx_model *model,
    bool (*keeps)(const struct nginx_model *model, const struct nginx_listen *listen), bool single);

/* The text from "server" to '}'; appended to out. */
void nginx_copy_text(struct nginx_copy *copy, struct buf *out);
