#pragma once
/*
 * What belongs into a backup, and under which lock it is read. Private to this room.
 */
#include "backup/packer.h"
#include "run/context.h"

/*
 * All of --config-dir: each lineage under its lock, so that no half version is in the backup, then what else is there;
 * what its renewal files name outside of it; with --with-logs the logs. lineages: only these, and the directories that
 * they lie in; NULL: all. apart: the directory of the backups, which is in none. *certificates: how many lineages.
 */
MUST_USE bool gather(struct context *context, struct packer *packer, const struct list *lineages, const char *apart,
    size_t *certificates, struct error *err);
