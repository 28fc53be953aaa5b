#pragma once
/*
 * Commands for an existing account: look at it, change its contacts, give it up.
 */
#include "run/context.h"

struct account_view {
    char *url, *thumbprint;
    struct list emails; /* contacts without "mailto:" */
    enum account_status status;
};
void account_view_clear(struct account_view *view);
static inline void account_view_clear_at(struct account_view *view)
{
    account_view_clear(view);
}

/* Each fails with ERROR_CONFIG "Could not find an existing account for server URL." when there is none. */
MUST_USE bool accounts_show(struct context *context, struct account_view *out, struct error *err);
/* Replaces the contacts by --email's, or removes them. */
MUST_USE bool accounts_update(struct context *context, struct error *err);
/* Deactivates the account at the CA, after asking, and forgets it; also one that the CA has lost or ended. */
MUST_USE bool accounts_unregister(struct context *context, struct error *err);
/* Makes an account; an existing one is an error, unless the CA does not know it: then its key is registered again. */
MUST_USE bool accounts_register(struct context *context, struct error *err);
