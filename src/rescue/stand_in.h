#pragma once
/*
 * What can be put in place of what is lost: a stop-gap certificate, and a renewal file.
 *
 * Nothing is thrown away: what has to give way goes to CONF/.set-aside/NAME/DATE. Each may be done again after it was
 * interrupted.
 */
#include "rescue/trouble.h"

/*
 * Puts a stop-gap (crypto/stop_gap.h) in place of files that are missing or do not fit, as a version of the lineage
 * like any other, so that the next renewal replaces it; with what the renewal file says, or else settings, of key,
 * owner and modes. Looks again with the lineage locked, and does nothing (*put false) unless it is broken or lost:
 * never over a certificate that a server can use, or of which that cannot be told (trouble->keeps: ERROR_STORE), and
 * not where the renewal file has to be mended by hand. ERROR_CONFIG when no name is known for it. When it fails, what
 * was there is there again.
 */
MUST_USE bool stop_gap_put(struct context *context, struct trouble *trouble, bool *put, struct error *err);

/* Writes a new renewal file for whole files that have none, or an empty one, and marks it as guessed where the user has
 * not said authenticator and CA (lineage_is_guessed); with the plugins that settings name, or
 * else of the server that reads them. ERROR_CONFIG when neither is known. *put as above. */
MUST_USE bool renewal_file_put(struct context *context, struct trouble *trouble, bool *put, struct error *err);

/* ---- inside the room: another version in place of files that are damaged, where the renewal file is well ---- */

/* The paths that its renewal file names, if those are where this store has them, and the settings that it has saved,
 * over those of the run. Both are the caller's. */
MUST_USE bool stand_in_plan(
    struct context *context, const char *name, struct lineage **planned, struct settings **settings, struct error *err);
/* Sets aside what is there, and makes these files its only version; what others have put into its live directory stays
 * there. With the lineage locked. */
MUST_USE bool stand_in_replace(struct context *context, const struct lineage *planned, const struct settings *settings,
    const struct issued *issued, struct error *err);
