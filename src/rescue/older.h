#pragma once
/*
 * An older version of a certificate in place of a damaged one: browsers accept it, as they do no stop-gap.
 */
#include "rescue/trouble.h"

/*
 * Where the renewal file is well and the files are not (TROUBLE_BROKEN): looks among the superseded versions for the
 * newest one whose files belong together, that has not expired, is for all of the certificate's names, and was not
 * revoked as far as its CA answers. Makes it live; what was there, the history with it, goes to CONF/.set-aside. Looks
 * again with the lineage locked. *id: what that version was called, of the caller's; NULL: there is none. ERROR_STORE,
 * ERROR_CANCELED.
 */
MUST_USE bool older_version_put(struct context *context, struct trouble *trouble, char **id, struct error *err);
