#pragma once
/*
 * What has to be done when a private key is known to others: a new key, a new certificate, servers that use it, and
 * only then the revocation of every certificate of the old key.
 *
 * Which certificates those are is written down when the user has agreed (store/compromised.h), and so is the key that
 * is made in their place; each certificate goes when it is revoked. So a run that was interrupted is finished by
 * repeating it, and gets no second new key. Where the live key is neither known nor the one that was made, it came
 * later, and whoever repeats the command says that it is known as well.
 */
#include "run/context.h"

/* Of settings->cert_name. renew_verb: that of renew. Without --yes the user is asked; who cannot be asked gets
 * ERROR_USAGE. With --dry-run only says what would be done. Asks servers whether they still show a known key: then the
 * user is asked again; with --yes all is revoked, and it is told at the end, as a failure, as is what could not be
 * revoked. */
MUST_USE bool key_compromise(struct context *context, const struct verb *renew_verb, struct error *err);
