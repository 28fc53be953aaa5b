#pragma once
/* Changes of TXT values by a description: with records that have an id, and with record sets and zones that are edited.
 */
#include "dns/provider.h"
#include "recipe/step.h"

/* Adds, or removes, values; each is TXT_DONE or TXT_FAILED then. False, with the error of those that are neither, when
 * the user interrupts. */
MUST_USE bool records_change(
    struct service *service, bool add, struct txt *const *txts, size_t count, struct error *err);

/* For records.c: one group of values in one change, of record sets and zones (recipe/edit.c). work->vars has the zone,
 * and {fqdn} and {rel} of the first. */
MUST_USE bool edit_change(struct work *work, bool add, struct txt *const *txts, size_t count, struct error *err);

/* Whether the values are there, as the service tells; *can is false where a description has no way to look. */
MUST_USE bool records_look(
    struct service *service, const char *name, const char *value, bool *there, bool *can, struct error *err);
