#pragma once
/*
 * Proving control: takes an order's authorizations from pending to valid with one authenticator (RFC 8555 section 7.5).
 */
#include "acme/authz.h"
#include "plugin/plugin.h"
#include "preflight/preflight.h"
#include "run/context.h"

/* The CA tries for a while before it gives up; half an hour is Certbot's bound for all of them together. */
#define AUTHZ_TIMEOUT_S (30 * 60)

#define SOLVE_PERFORMING "Performing the following challenges:"

struct solver { /* an authenticator made ready for one order */
    const struct plugin *plugin;
    struct plugin_context plugin_context;
    void *self;
    struct list types;       /* challenge types in the order to try */
    struct preflight looked; /* what was found of the names before the order (first_look.h); zero: nobody looked */
};

/* Whether a built-in authenticator can be made ready: before hooks run, an account is made or anything is said. */
MUST_USE bool solver_check(struct context *context, const struct plugin *plugin, struct error *err);

/* Whether it knows a way to prove IP addresses, where there are some: DNS records prove none (RFC 8738 section 7).
 * ERROR_PLUGIN. The CA's to say under the name certbot. */
MUST_USE bool solver_check_addresses(
    struct context *context, const struct plugin *plugin, const struct identifiers *names, struct error *err);

/* Prepares the authenticator before any request to the CA, so that mistakes in its options are reported at once. */
MUST_USE bool solver_open(struct context *context, const struct plugin *plugin, struct solver *out, struct error *err);
void solver_close(struct solver *solver);
static inline void solver_close_at(struct solver *solver)
{
    solver_close(solver);
}

/*
 * Presents, answers, waits and cleans up, whatever happens in between (also after an interrupt). trace: under which
 * name what is put in place is recorded meanwhile (traces.h), whose lock is held; NULL: it is not. authz_urls: the
 * order's; names: those that were ordered. The CA may ask for no others, nor for more. failed gets the names that could
 * not be proved, after a report to the user: those whose proof could not be presented, and those whose authorization
 * the CA refused. True when there are none, or when there are and settings allow a subset; ERROR_ACME "Some challenges
 * have failed." when the CA refused, else what kept them from being presented.
 */
MUST_USE bool solve(struct context *context, struct ca *ca, struct solver *solver, const struct list *authz_urls,
    const struct identifiers *names, const char *trace, struct list *failed, struct error *err);
