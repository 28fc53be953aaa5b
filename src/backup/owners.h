#pragma once
/*
 * Users and groups of this machine, remembered: a backup asks for the same few thousands of times.
 */
#include <sys/types.h>

#include "base/bytes.h"

struct owners;

struct owners *owners_new(void) __attribute__((returns_nonnull));
void owners_free(struct owners *owners);
DEFINE_AUTO(struct owners, owners_free)

enum owner_kind { OWNER_USER, OWNER_GROUP };

/* The name, "" where the number has none; borrowed until the next call. */
const char *owners_name(struct owners *owners, enum owner_kind kind, uint32_t id);

/* The number that the name has here; where it has none (or is ""), `otherwise`. Names without a number are noted. */
uint32_t owners_id(struct owners *owners, enum owner_kind kind, struct view name, uint32_t otherwise);

/* Those names, as "user NAME" and "group NAME", each once, at most a hundred; borrowed. */
const struct list *owners_missing(const struct owners *owners);
