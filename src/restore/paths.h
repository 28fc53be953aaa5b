#pragma once
/*
 * The paths in renewal files and links of a staged store: from where the store was, to where it is staged, and then to
 * where it is to be.
 */
#include "store/store.h"

/* Has the renewal file of a lineage name STAGED, a configuration directory, instead of those that its paths are in, by
 * their form; other paths stay. A file that cannot be read is left as it is. */
MUST_USE bool paths_move(struct store *store, const char *name, const char *staged, struct error *err);
/* The same from STAGED to CONF, before it is put in place. */
MUST_USE bool paths_settle(
    struct store *store, const char *name, const char *staged, const char *conf, struct error *err);

/* Whether all paths that it names are, to the letter, STAGED/archive/X and STAGED/live/X/KIND.pem, by no link;
 * ERROR_STORE, also when it cannot be read. Nothing may be done with a lineage of which this is not so: repairs would
 * change what lies elsewhere. After paths_move and paths_cut_links. */
MUST_USE bool paths_are_inside(struct store *store, const char *name, const char *staged, struct error *err);
/* Whether one of them is in STAGING, as no backup that was made of a store has it. Before paths_move. */
bool paths_name_staging(struct store *store, const char *name, const char *staging);

/* Links in STAGED/live/NAME that lead to another store's archive by an absolute path lead to the one beside them, and
 * those between directories of accounts likewise. */
MUST_USE bool paths_mend_links(const char *staged, struct error *err);

/* Removes the links in STAGED that lead out of it, or nowhere, and what has an unusual name, each told: nothing of a
 * backup is to make us read or change what lies elsewhere. */
MUST_USE bool paths_cut_links(const char *staged, struct list *told, struct error *err);

/* Files outside the store that a renewal file names, added to out: the option's key and the path in turns. Hooks (the
 * program), credentials, and what else is an absolute path; no web roots. */
void paths_outside(const struct conf *conf, struct list *out);
