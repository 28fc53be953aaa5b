#pragma once
/*
 * Changing how a certificate will be renewed, after a dry run has shown that it works.
 */
#include "run/context.h"

/* The lineage is --cert-name's, or the user chooses it. *changed says whether its renewal file is another now. */
MUST_USE bool reconfigure(struct context *context, bool *changed, struct error *err);
