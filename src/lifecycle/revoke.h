#pragma once
/*
 * Revoking a certificate, and deleting what it leaves behind.
 */
#include "run/context.h"

struct revoke_result {
    char *cert_path;    /* path of the revoked certificate */
    char *deleted_name; /* the lineage that was deleted with it, NULL when none */
};
void revoke_result_clear(struct revoke_result *result);
static inline void revoke_result_clear_at(struct revoke_result *result)
{
    revoke_result_clear(result);
}

/* The lineages whose certificates the user marks and confirms, when neither --cert-name nor --cert-path is given and
 * the user can be asked (not under the name certbot). *asked: whether that was so; out stays empty when the user then
 * said no. / */
MUST_USE bool revoke_choose(struct context *context, struct list *out, bool *asked, struct error *err);

/* Revokes the certificate of --cert-path or --cert-name (exactly one), signed by the key of --key-path or by the
 * account (RFC 8555 section 7.6). Then deletes its lineage when settings, or the user, say so. */
MUST_USE bool revoke_certificate(struct context *context, struct revoke_result *out, struct error *err);

/* Reason codes of RFC 5280 section 5.3.1 that ACME allows, by Certbot's words in any case; -1 for another. */
int revoke_reason_code(const char *word);
