#pragma once
/*
 * Obtaining: from what the user asked for to a lineage with a certificate that fits.
 */
#include "run/context.h"
#include "lifecycle/renewal_check.h"

enum obtained { OBTAINED_NEW, OBTAINED_RENEWED, OBTAINED_KEPT, OBTAINED_SIMULATED };

struct obtain_result {
    enum obtained what;
    struct lineage *lineage;  /* owned; NULL when a dry run had none before */
    struct identifiers names; /* of the certificate */
};
void obtain_result_clear(struct obtain_result *result);
static inline void obtain_result_clear_at(struct obtain_result *result)
{
    obtain_result_clear(result);
}

/* certonly: chooses the lineage, asks what has to be asked, runs hooks, issues, saves. An authenticator is
 * chosen where settings name none. */
MUST_USE bool obtain(struct context *context, struct obtain_result *out, struct error *err);
