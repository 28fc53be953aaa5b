#pragma once
/*
 * Users and groups by name, and their names. Knows the system's databases only.
 */
#include <stddef.h>
#include <sys/types.h>

#include "base/auto.h"
#include "base/error.h"

/* A name, or a number that need not belong to anybody. ERROR_CONFIG when there is none of that name. */
MUST_USE bool owner_find_user(const char *name, uid_t *out, struct error *err);
MUST_USE bool owner_find_group(const char *name, gid_t *out, struct error *err);

/* The groups that a user is in, *out of the caller's; none of one that is a number only. Returns how many. */
size_t owner_groups(uid_t uid, gid_t **out);

/* The name, else the number as text; of the caller's. */
char *owner_user_name(uid_t uid) __attribute__((returns_nonnull));
char *owner_group_name(gid_t gid) __attribute__((returns_nonnull));
