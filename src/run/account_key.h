#pragma once
/*
 * An account's key is changed (RFC 8555 section 7.3.5): what is signed with the old one is refused from then on.
 *
 * The new key is on disk, under a name that tells which account it is for, before the CA is told; once the CA has it,
 * it becomes an account here, and the old one's directory goes. Renewal files follow, since Certbot names an account by
 * its key; one that did not takes the newest account at its next renewal. A change that was cut short is finished by
 * repeating it, by `register`, by any command that is refused with the old key, and where both are found side by side.
 * A new key is forgotten only when the CA has refused it and says that it does not know it.
 */
#include "run/context.h"

/* Changes the key of the account that settings name or imply; *out is the account with its new key, of the caller's.
 * Locks accounts, then one lineage after the other: call with none of these locked. */
MUST_USE bool account_key_change(
    struct context *context, struct ca *ca, struct stored_account **out, struct error *err);

/* Whether the CA knows the account by another key that is here, since a change was cut short: then the rest of it is
 * done. *out is the account with that key, of the caller's, NULL when there is none. `account` may be gone from disk:
 * another process may have come first. Under account_store_lock, but for a trial, which leaves the files alone. */
MUST_USE bool account_key_finish(struct context *context, struct session *session, const struct stored_account *account,
    struct stored_account **out, struct error *err);
