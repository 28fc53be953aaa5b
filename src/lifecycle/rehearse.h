#pragma once
/*
 * Whether a renewal could begin: all that it does with what lies here, up to the first word to the CA.
 */
#include "run/context.h"

/* Rehearses the renewal of a lineage with sound files. Changes nothing, and asks neither the user nor the network.
 * *restored: the settings that it would have, the caller's, also when it fails later; NULL: nobody wants them. */
MUST_USE bool lineage_rehearse(
    struct context *context, const char *name, struct settings **restored, struct error *err);
