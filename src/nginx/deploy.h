#pragma once
/*
 * Making server blocks use a certificate: edits of a configuration, until every name of the deployment is served with
 * it over TLS. What is so already is left alone: a second time nothing is edited.
 */
#include "nginx/editing.h"
#include "nginx/targets.h"

/* Also ERROR_PLUGIN as of nginx_targets_find, and when a pair lacks its fullchain or its key. */
MUST_USE bool nginx_deploy(struct nginx_editing *editing, const struct nginx_task *task, struct error *err);
