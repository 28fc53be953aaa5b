#pragma once
/*
 * What a lineage's own files say of when it is due, for due.h. Asks nobody.
 */
#include "lifecycle/due.h"
#include "store/lineage_conf.h"

bool facts_autorenew(const struct lineage *lineage);

/*
 * Whether saved renewal information of a certificate that lives for life_s seconds is too old to count, as no answer
 * confirmed it for so long (or it was saved at a time in the future, by a clock that was ahead).
 */
bool facts_stale(const struct renewal_memory *memory, int64_t life_s, int64_t now);

/* Start of validity of the version that the newest one replaced; 0 when there is none, or it is not known. */
int64_t facts_predecessor(const struct lineage *lineage);

/* What renew_before_expiry of a renewal file says; facts has the certificate's dates. One that is as long as the
 * certificate lives counts as certbot alone (due_renew_before_fits tells). ERROR_CONFIG when it cannot be read. */
MUST_USE bool facts_renew_before_is(
    const char *interval, const struct voice *voice, struct due_facts *facts, struct error *err);
/* The same, of the lineage's. */
MUST_USE bool facts_renew_before(
    const struct lineage *lineage, const struct voice *voice, struct due_facts *facts, struct error *err);
