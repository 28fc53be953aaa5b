#include "issuance/proofs.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

static void proof_free_texts(struct proof *proof)
{
    free((char *)proof->identifier);
    free((char *)proof->token);
    free((char *)proof->key_authorization);
    free((char *)proof->record_name);
    free((char *)proof->record_value);
    free((char *)proof->account_url);
    list_clear(&proof->issuers);
    proof_clear(proof);
}

void proofs_clear(struct proofs *proofs)
{
    for (size_t i = 0; i < proofs->count; i++) {
        proof_free_texts(&proofs->at[i]);
        authz_clear(&proofs->authzs[i]);
    }
    free(proofs->authzs);
    free(proofs->at);
    list_clear(&proofs->identifiers);
    *proofs = (struct proofs){ 0 };
}

char *proof_name(const struct proof *proof)
{
    return xprintf("%s%s", proof->wildcard ? "*." : "", proof->identifier);
}

/* The first type we prefer that the CA offers. */
static const struct challenge *choose_challenge(const struct solver *solver, const struct authz *authz)
{
    for (size_t i = 0; i < solver->types.len; i++) {
        enum challenge_type type = challenge_type_of(solver->types.at[i]);
        const struct challenge *challenge = type == CHALLENGE_OTHER ? NULL : authz_challenge(authz, type);

        if (challenge != NULL)
            return challenge;
    }
    return NULL;
}

static bool no_challenge(const struct context *context, const struct authz *authz, struct error *err)
{
    bool only_dns = authz->challenge_count > 0;

    for (size_t i = 0; i < authz->challenge_count; i++)
        only_dns = only_dns && authz->challenges[i].type == CHALLENGE_DNS_01;
    (void)error_set(err, ERROR_PLUGIN,
        "Client with the currently selected authenticator does not support any combination "
        "of challenges that will satisfy the CA.%s",
        only_dns ? " You may need to use an authenticator plugin that can do challenges over DNS." : "");
    if (context->voice->logs_challenges_as_python) { /* and says it twice */
        log_info(SOLVE_PERFORMING);
        log_error("%s", err->why);
        return false; /* and never of which name */
    }
    if (authz->wildcard || only_dns)
        (void)error_next(err,
            "%s is proved by a DNS record alone: obtain it with a DNS plugin, or with --manual; the installer may be "
            "named beside it (-i nginx, -i apache), or `install` puts the certificate into the server afterwards",
            authz->wildcard ? "a wildcard" : "this name");
    return error_in(err, "%s%s", authz->wildcard ? "*." : "", authz->identifier.value);
}

static bool proof_fill(
    struct ca *ca, const struct authz *authz, const struct challenge *challenge, struct proof *proof, struct error *err)
{
    static const enum proof_kind kinds[] = { [CHALLENGE_FILE] = PROOF_FILE,
        [CHALLENGE_RECORD] = PROOF_RECORD,
        [CHALLENGE_STANDING_RECORD] = PROOF_STANDING,
        [CHALLENGE_CERTIFICATE] = PROOF_ALPN };
    AUTO(challenge_expected_clear) struct challenge_expected expected = { 0 };

    TRY(challenge_expect(authz, challenge, &ca->jwk, ca->who.kid, &expected, err));
    proof->type = challenge_type_name(challenge->type);
    proof->kind = kinds[challenge_kind_of(challenge->type)];
    proof->identifier = xstrdup(authz->identifier.value);
    proof->is_ip = authz->identifier.type == IDENTIFIER_IP;
    proof->wildcard = authz->wildcard;
    proof->token = xstrdup_or_null(challenge->token);
    proof->account_url = xstrdup(ca->who.kid);
    list_add_all(&proof->issuers, &challenge->issuer_names);
    memcpy(proof->digest, expected.digest, sizeof proof->digest);
    proof->key_authorization = TAKE(expected.key_authorization);
    proof->record_name = TAKE(expected.record_name);
    proof->record_value = TAKE(expected.record_value);
    return true;
}

/* Nothing but what was ordered is proved, whatever the CA asks for. */
static bool check_ordered(const struct authz *authz, const struct identifiers *names, struct error *err)
{
    for (size_t i = 0; i < names->len; i++) {
        const struct identifier *ordered = &names->at[i];
        const char *bare = ordered->value + (identifier_is_wildcard(ordered) ? 2 : 0);

        if (ordered->type == authz->identifier.type && text_equal(bare, authz->identifier.value))
            return true;
    }
    return error_set(
        err, ERROR_ACME, "the CA wants control of %s to be proved, which was not ordered", authz_name(authz));
}

static bool check_urls(const struct list *urls, const struct identifiers *names, struct error *err)
{
    if (urls->len == 0)
        return error_set(err, ERROR_ACME,
            "order: it is pending, but member 'authorizations' is missing, or is not a list of https URLs");
    if (urls->len > names->len)
        return error_set(
            err, ERROR_ACME, "the CA wants %zu authorizations, but %zu names were ordered", urls->len, names->len);
    return true;
}

/* Adds the proof of an authorization that is not valid yet; keeps only the chosen challenge. */
static bool add_proof(const struct context *context, struct ca *ca, struct solver *solver,
    const struct identifiers *names, struct proofs *out, struct error *err)
{
    struct authz *authz = &out->authzs[out->count];
    struct proof *proof = &out->at[out->count];
    const struct challenge *challenge;

    out->count++;
    TRY(check_ordered(authz, names, err));
    challenge = choose_challenge(solver, authz);
    if (challenge == NULL)
        return no_challenge(context, authz, err);
    challenge = authz_keep_only(authz, challenge);
    TRY(proof_fill(ca, authz, challenge, proof, err));
    list_add(&out->identifiers, proof->identifier);
    return true;
}

/* Each knows of the others. */
static void introduce(struct proofs *proofs)
{
    for (size_t i = 0; i < proofs->count; i++) {
        proofs->at[i].all_identifiers = &proofs->identifiers;
        proofs->at[i].remaining = proofs->count - i - 1;
    }
}

bool proofs_gather(const struct context *context, struct ca *ca, struct solver *solver, const struct list *urls,
    const struct identifiers *names, struct proofs *out, struct error *err)
{
    TRY(check_urls(urls, names, err));
    out->authzs = xcalloc(urls->len, sizeof *out->authzs);
    out->at = xcalloc(urls->len, sizeof *out->at);
    for (size_t i = 0; i < urls->len; i++) {
        struct authz *authz = &out->authzs[out->count];

        TRY(authz_fetch(ca->session, ca->who, urls->at[i], authz, err));
        if (authz->status != AUTHZ_VALID) {
            TRY(add_proof(context, ca, solver, names, out, err));
            continue;
        }
        log_info("%s is authorized already", authz_name(authz));
        authz_clear(authz);
    }
    introduce(out);
    return true;
}

void proofs_leave_out(struct proofs *proofs, const bool *chosen)
{
    size_t kept = 0;

    list_clear(&proofs->identifiers);
    for (size_t i = 0; i < proofs->count; i++) {
        if (chosen[i]) {
            proof_free_texts(&proofs->at[i]);
            authz_clear(&proofs->authzs[i]);
            continue;
        }
        proofs->at[kept] = proofs->at[i];
        proofs->authzs[kept] = proofs->authzs[i];
        list_add(&proofs->identifiers, proofs->at[kept++].identifier);
    }
    proofs->count = kept;
    introduce(proofs);
}
