#pragma once
/* `dns test`: what an order does with a DNS plugin, without an order. */
#include "run/context.h"

MUST_USE bool dns_trial(struct context *context, struct error *err);
