#pragma once
/*
 * Bringing a message to a target: by sendmail, by a command, by HTTP. Each takes ten seconds at most.
 */
#include "notify/message.h"
#include "notify/target.h"
#include "run/context.h"

#define SEND_MS (10 * 1000)
#define SEND_ANSWER_MAX (64 * 1024) /* bytes of a service's answer */

/* How much text the target takes, in bytes. */
size_t send_limit(const struct target *target);

/* Safe from many threads. ERROR_HOOK, ERROR_NETWORK, ERROR_PLUGIN or ERROR_CONFIG; no error shows a secret. */
MUST_USE bool send_message(
    struct context *context, const struct target *target, const struct message *message, struct error *err);
