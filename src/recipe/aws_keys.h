#pragma once
/*
 * Keys for Amazon's services, found as its own tools find them: variables of the environment, then the profile
 * (AWS_PROFILE, else "default") in the shared files of credentials and of configuration. Those of web identities,
 * containers and instances are asked for by the description's login.
 */
#include "tree/vars.h"

/* Sets key, secret and, where there is one, token; *where is their source, of the caller's. Sets nothing where others
 * may have keys for us: a web identity is configured, which comes before the files, or there are none and metadata
 * servers may be asked. ERROR_PLUGIN when there are none and nobody may be asked. */
MUST_USE bool aws_keys(struct vars *out, char **where, struct error *err);

/* The keys of a profile in the text of such a file; in_config: its sections are called "profile NAME". False when there
 * are none. */
MUST_USE bool aws_keys_read(struct view text, const char *profile, bool in_config, struct vars *out);
