#pragma once
/* Messages by HTTP, as the description of a form says (data/notify, docs/alarms.md). */
#include "notify/message.h"
#include "notify/target.h"
#include "run/context.h"

/* As send_message. No redirect is followed. */
MUST_USE bool webhook_send(
    struct context *context, const struct target *target, const struct message *message, struct error *err);
