#pragma once
/*
 * What the blocks that serve a deployment over TLS get beside it: headers, stapled OCSP answers. What is there already
 * is left alone.
 */
#include "nginx/editing.h"
#include "nginx/targets.h"

/* Puts one enhancement into effect (not ENHANCE_REDIRECT: nginx/redirect.h). ERROR_PLUGIN when a name has no block with
 * TLS, or for stapling without a chain. */
MUST_USE bool nginx_enhance(
    struct nginx_editing *editing, const struct nginx_task *task, enum enhancement enhancement, struct error *err);
