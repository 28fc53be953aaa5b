#pragma once
/*
 * Set-up: from a fresh machine to a certificate in use, that is renewed and watched over, by a few questions.
 */
#include "run/context.h"

struct setup_way { /* a command that set-up has do a part of its work */
    const struct verb *verb;
    bool (*run)(struct context *context, struct error *err);
};

struct setup_ways {
    struct setup_way obtain, install; /* without and with a web server that can be told */
    struct setup_way schedule;        /* gets "install" as its operand */
    struct setup_way status;          /* the summary */
};

/*
 * Looks what is here, asks what is left open (without a user, takes what it proposes), obtains, installs where there is
 * a web server that can be told, has renewals scheduled and alarms set, and says what was done. Done again, it
 * completes what is missing.
 */
MUST_USE bool setup(struct context *context, const struct setup_ways *ways, struct error *err);
