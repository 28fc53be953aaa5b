#pragma once
/*
 * meta.txt: what a version is, for people and their tools. "key: value" lines; nothing of ours depends on it.
 */
#include "disk/lineage.h"

/* Appends the text for what was issued. ERROR_STORE when its certificate does not parse. */
MUST_USE bool meta_text(const struct issued *issued, struct buf *out, struct error *err);
