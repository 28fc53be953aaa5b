#pragma once
/*
 * A version that is newer than what is live: whether it may become live though nobody asks for it.
 */
#include "store/store.h"

/* Whether the certificate's names are those of the lineage, as far as its name and its renewal file tell. */
bool lineage_has_names(const struct lineage *lineage, const struct cert *cert);
/* What speaks against making the version live that waits for it (pending_deployment), of the caller's; NULL when
 * nothing does. It has to be whole, the lineage's own, and must not take the place of what is valid when it has
 * expired.
 */
char *lineage_objection(struct store *store, const struct lineage *lineage);
