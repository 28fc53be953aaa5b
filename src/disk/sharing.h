#pragma once
/*
 * Which lineages keep their versions in which archive directory: what is in one that several use may be any one's.
 *
 * Renewal files are read as they are, and no lineage is loaded for it: so it may be asked while one is being loaded,
 * and of one that cannot be.
 */
#include "disk/lineage.h"

/* The archive directories that the renewal files in a directory name, one for each file that can be read; added to out.
 * except: the path of one that does not count; NULL: all do. */
MUST_USE bool sharing_list(const char *renewal_dir, const char *except, struct list *out, struct error *err);

/* Whether another lineage keeps versions in its archive directory; looked for now. */
enum sharing { SHARING_NOT, SHARING, SHARING_UNKNOWN /* the renewal files cannot be listed: err says why */ };
enum sharing lineage_sharing(const struct lineage *lineage, struct error *err);
/* True unless it is known not to be shared: traces of interrupted work there cannot be attributed to one lineage. */
bool lineage_shares_archive(const struct lineage *lineage);
/* The error that says so. Returns false. */
bool lineage_refuse_shared(const struct lineage *lineage, struct error *err);
