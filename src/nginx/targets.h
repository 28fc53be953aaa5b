#pragma once
/*
 * The server blocks that a deployment is for.
 */
#include "nginx/task.h"

struct nginx_target {
    struct nginx_block *block;
    struct list names;    /* of the deployment (what wildcards stand for, in their place) that it answers */
    bool becomes_default; /* it has to serve clients that ask for no server */
};

struct nginx_targets { /* each block once */
    struct nginx_target *at;
    size_t len;
    /* Names that no block has; one like `template`, with these names, is to be made first. */
    struct list missing;
    struct nginx_block *template;
};

/* ERROR_PLUGIN when a name has no block, and there is none to make one of; when an address cannot have one. Adds to
 * out, which is cleared by the caller. */
MUST_USE bool nginx_targets_find(
    const struct nginx_model *model, const struct nginx_task *task, struct nginx_targets *out, struct error *err);
void nginx_targets_clear(struct nginx_targets *targets);
static inline void nginx_targets_clear_at(struct nginx_targets *targets)
{
    nginx_targets_clear(targets);
}
bool nginx_targets_has(const struct nginx_targets *targets, const struct nginx_block *block);

/* Names (of server_name, or to be asked for) that one of the deployment stands for: itself, or what a wildcard covers.
 * Adds to out. */
void nginx_task_names(const struct nginx_model *model, const struct nginx_task *task,
    const struct identifier *identifier, struct list *out);
/* Whether the deployment's certificate covers a name of a block. */
bool nginx_task_covers(const struct nginx_task *task, const char *name);
/* Whether a name of a block is one that a client may ask for: "" and "_" are none. */
bool nginx_name_is_asked_for(const char *name);
/* A block's names, with blanks between; of the caller's. */
char *nginx_block_names(const struct nginx_block *block) __attribute__((returns_nonnull));
