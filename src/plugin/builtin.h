#pragma once
/*
 * The built-in plugins of this room, one file each, and what those files share. cmd/plugin_table.c lists them.
 */
#include "plugin/plugin.h"

extern const struct plugin plugin_manual;
extern const struct plugin plugin_null;
extern const struct plugin plugin_standalone;
extern const struct plugin plugin_webroot;

extern const char *const proof_http_types[]; /* of authenticators that know http-01 alone */

/*
 * The proof is a file's, and its token can be a file name and a part of a URL (RFC 8555 section 8.3):
 * base64url and nothing else, whatever was checked before. ERROR_INTERNAL, ERROR_ACME.
 */
MUST_USE bool proof_check_http(const struct proof *proof, struct error *err);
/* The proof is a TXT record's, and has name and value. ERROR_INTERNAL. */
MUST_USE bool proof_check_record(const struct proof *proof, struct error *err);

/* The environment of Certbot's manual hooks, with their names and values, of the caller's. A name without a value
 * removes an inherited variable. */
struct list manual_environment(const struct proof *proof);
