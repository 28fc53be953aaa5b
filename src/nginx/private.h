#pragma once
/*
 * Shared by the parts of a deployment: deploy.c, pairs.c, listens.c, sibling.c.
 */
#include "nginx/copy.h"
#include "nginx/editing.h"
#include "nginx/targets.h"

/* ---- pairs.c: which certificates a block names ---- */

/* Puts the deployment's pairs in the place of those that a block names, and adds to lines those that have no place
 * there. What an include shared with other blocks says is put in place of the include first: false, once that is done,
 * or once there is nothing more to do in this round. */
bool nginx_pairs_put(struct nginx_editing *editing, const struct nginx_task *task, const struct nginx_targets *targets,
    const struct nginx_block *block, struct buf *lines);
/* All of the deployment's pairs. */
void nginx_pairs_put_all(const struct nginx_task *task, struct buf *lines);

/* ---- listens.c: what a block gets beside its pairs ---- */

/* Its listen directives for TLS, as lines; one that is there without ssl is changed, unless it is for a copy. */
void nginx_listens_put(struct nginx_editing *editing, const struct nginx_task *task, const struct nginx_target *target,
    bool in_place, struct buf *lines);
/* options-ssl-nginx.conf and dhparam, less what the block says itself. */
void nginx_options_put(struct nginx_editing *editing, const struct nginx_task *task, const struct nginx_block *block,
    bool in_place, struct buf *lines);

/* ---- sibling.c: blocks beside others ---- */

/* For names that no block has: one like the template. */
void nginx_put_clone(struct nginx_editing *editing, const struct nginx_targets *targets);
/* Beside a block that sends its clients to https: one that serves them there. */
void nginx_put_sibling(struct nginx_editing *editing, const struct nginx_task *task, const struct nginx_target *target);
