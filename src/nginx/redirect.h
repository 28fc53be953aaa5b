#pragma once
/*
 * Sending clients that come without TLS to https: for the names of a deployment alone, which are compared before
 * (else a client that was told another name could be sent anywhere). What is so already is left alone.
 */
#include "nginx/editing.h"
#include "nginx/targets.h"

/* The port that it is done for, whatever --http-01-port says: behind another one there may be no https. */
#define NGINX_REDIRECT_PORT 80

MUST_USE bool nginx_redirect(struct nginx_editing *editing, const struct nginx_task *task, struct error *err);

/* Whether it is served with TLS at the HTTPS port. name: identifier's, or one that a wildcard covers. */
bool nginx_has_https(const struct nginx_model *model, const struct nginx_task *task,
    const struct identifier *identifier, const char *name);

/*
 * A block that serves with TLS and without becomes two: what listens without TLS at NGINX_REDIRECT_PORT leaves it, for
 * a block of its own right behind it. That is a copy of all; or, with bare, but names, `first` and a refusal. True:
 * edited; false: what an include brings was put in its place, and it is to be called again once the edits are applied.
 */
bool nginx_split(struct nginx_editing *editing, const struct nginx_block *block, bool bare, struct view first);
/* Whether a block listens both ways, so that it can be split. */
bool nginx_is_mixed(const struct nginx_model *model, const struct nginx_block *block);
