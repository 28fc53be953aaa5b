#pragma once
/*
 * An account's key is changed (RFC 8555 section 7.3.5): what is signed with the old one is refused from then on.
 *
 * The new key is on disk before the CA is told; renewal files follow, since Certbot names an account by its key. A
 * change that was cut short is finished by repeating it, by `register`, or by whoever is next refused with the old key.
 */
#include "run/context.h"

/* Of the account that settings name or imply; *out is the account with its new key, of the caller's. */
MUST_USE bool account_key_change(
    struct context *context, struct ca *ca, struct stored_account **out, struct error *err);

/* Whether the CA knows the account by a key that a change which was cut short has left: then the rest of it is done.
 * *out is the account with that key, of the caller's, NULL when there is none. */
MUST_USE bool account_key_finish(struct context *context, struct session *session, const struct stored_account *account,
    struct stored_account **out, struct error *err);
