#pragma once
/*
 * Reading the files of a lineage's current version, and whether they belong together.
 */
#include "store/checked.h"
#include "store/store.h"

/* Whether its files belong together: chain's first certificate signed the leaf, fullchain is cert + chain,
 * the key matches. */
MUST_USE bool lineage_verify(const struct lineage *lineage, struct error *err);
/* The same for listings, right after lineage_load: a signature that `checked` knows is not checked again, and one that
 * is found good is entered there. */
MUST_USE bool lineage_verify_once(const struct lineage *lineage, struct checked *checked, struct error *err);
/* The private key's PEM into a secret buffer. */
MUST_USE bool lineage_read_key(const struct lineage *lineage, struct buf *out, struct error *err);
/* A file of the current version. */
MUST_USE bool lineage_read(const struct lineage *lineage, enum kind kind, struct buf *out, struct error *err);
