#pragma once
/*
 * Owner, group and mode of a lineage's files as settings ask for them.
 */
#include "access/access.h"
#include "store/store.h"

/* Fails with ERROR_CONFIG when settings name owners, groups or modes that no file can have. Asked before an order is
 * placed. */
MUST_USE bool store_check_access(const struct settings *settings, struct error *err);
/* Gives all versions' files the owner, group and mode that settings ask for, and admits the users and groups that they
 * name to the directories; warns where that is not permitted. Where settings are silent nothing changes. */
MUST_USE bool lineage_apply_access(
    struct store *store, const struct lineage *lineage, const struct settings *settings, struct error *err);

/* Call after a version was written with that access: warns of what the live files did not get, and opens the
 * directories to the users and groups that settings name (traversal.h). */
void lineage_finish_access(const struct store *store, const struct lineage *lineage, const struct settings *settings,
    const struct access *access);
