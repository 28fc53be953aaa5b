#pragma once
/*
 * A renewal file as a document: reading one, and the paths in it.
 */
#include "conf/conf.h"

/* *out is the caller's, for conf_free. */
MUST_USE bool renewal_file_read(const char *path, struct conf **out, struct error *err);
/* A path that it gives, absolute, of the caller's; NULL when it does not. */
char *renewal_file_path(const struct conf *conf, const char *key);
