#pragma once
/*
 * Asking servers what they show, and CAs whether they answer: --online. Bounded in number and time, many at once.
 */
#include "status/status.h"

/* Fills served of the certificates that need attention first, and what is known of the CAs. What cannot be asked is
 * counted. Fails without the network process, and on an interrupt (ERROR_CANCELED). */
MUST_USE bool online_ask(struct context *context, struct status *status, struct error *err);
