#pragma once
/*
 * How long orders wait until the CA may look: a fixed time, as Certbot does, or until all name servers have the
 * records.
 */
#include "dns/ask.h"
#include "dns/options.h"
#include "plugin/plugin.h"

/*
 * Proofs, which are in place, become PROOF_READY, or PROOF_FAILED where a name server that answers is still behind when
 * the limit (--dns-propagation-limit) is over. asker NULL: nothing can be asked, and the fixed time is waited. False,
 * with ERROR_CANCELED, when the user interrupts.
 */
MUST_USE bool dns_wait(const struct plugin_context *context, const struct dns_options *options,
    const struct asker *asker, struct proof *const *proofs, size_t count, struct error *err);
