#pragma once
/*
 * Owner, group and mode of a lineage's files as settings ask for them. Private to this room.
 */
#include "access/access.h"
#include "store/store.h"

/* After a version was written with that access: warns of what the live files did not get, and opens the directories to
 * whom settings name (passage.h). */
void lineage_finish_access(const struct store *store, const struct lineage *lineage, const struct settings *settings,
    const struct access *access);
