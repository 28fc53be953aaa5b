#pragma once
/*
 * What has to be done when a private key is known to others: a new key, a new certificate, servers that use it, and
 * only then the revocation of every certificate of the old key.
 *
 * Which certificates those are is written down first, in CONF/.compromised/NAME/SERIAL.pem; each file goes when its
 * certificate is revoked. So a run that was interrupted is finished by repeating it, and gets no second new key.
 */
#include "run/context.h"

/* Of settings->cert_name. renew_verb: that of renew. Without --yes the user is asked; who cannot be asked gets
 * ERROR_USAGE. With --dry-run only says what would be done. */
MUST_USE bool key_compromise(struct context *context, const struct verb *renew_verb, struct error *err);
