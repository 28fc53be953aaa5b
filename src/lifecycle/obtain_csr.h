#pragma once
/*
 * certonly --csr: a certificate for a user's CSR in files of his choice; no lineage, no hooks.
 */
#include "run/context.h"

struct csr_result {
    char *cert_path, *chain_path, *fullchain_path; /* where it was saved; owned */
    int64_t not_after;
    struct list names;
};
void csr_result_clear(struct csr_result *result);
static inline void csr_result_clear_at(struct csr_result *result)
{
    csr_result_clear(result);
}

MUST_USE bool obtain_for_csr(struct context *context, struct csr_result *out, struct error *err);
