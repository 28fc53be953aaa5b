#include <string.h>

#include "base/interrupt.h"
#include "base/mem.h"
#include "base/text.h"
#include "plugin/builtin.h"

#define TOKEN_MAX 255 /* bytes of a file name */
#define BASE64URL "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

const char *const proof_http_types[] = { "http-01", NULL };

bool proof_check_http(const struct proof *proof, struct error *err)
{
    size_t len;

    if (proof->kind != PROOF_FILE || proof->token == NULL || proof->key_authorization == NULL)
        return error_set(err, ERROR_INTERNAL, "a %s challenge cannot be solved with a file", proof->type);
    len = strlen(proof->token);
    if (len == 0 || len > TOKEN_MAX || strspn(proof->token, BASE64URL) != len)
        return error_set(err, ERROR_ACME, "the CA sent a challenge token that is not one: \"%s\"", proof->token);
    return true;
}

bool proof_check_record(const struct proof *proof, struct error *err)
{
    if ((proof->kind != PROOF_RECORD && proof->kind != PROOF_STANDING) || proof->record_name == NULL ||
        proof->record_value == NULL)
        return error_set(err, ERROR_INTERNAL, "a %s challenge cannot be solved with a TXT record", proof->type);
    return true;
}

void proof_forget_error(struct proof *proof)
{
    free(proof->error);
    proof->error = NULL;
}

void proof_fail(struct proof *proof, const struct error *why)
{
    struct error *copy = xcalloc(1, sizeof *copy);

    *copy = *why;
    proof_forget_error(proof);
    proof->error = copy;
    proof->state = PROOF_FAILED;
}

void proof_clear(struct proof *proof)
{
    proof_forget_error(proof);
    free(proof->output);
    free(proof->place);
    proof->output = proof->place = NULL;
    proof->state = PROOF_WANTED;
}

bool proof_each(void *self, struct proof *const *proofs, size_t count, enum proof_state done,
    bool (*step)(void *self, struct proof *proof, struct error *err), struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        struct error failure = { 0 };

        TRY(interrupt_check(err));
        if (proofs[i]->state == PROOF_WANTED) /* something of it may be in place from now on */
            proofs[i]->state = PROOF_PRESENTED;
        if (step(self, proofs[i], &failure)) {
            proof_forget_error(proofs[i]);
            proofs[i]->state = done;
            continue;
        }
        proof_fail(proofs[i], &failure);
        if (failure.kind == ERROR_CANCELED) {
            *err = failure;
            return false;
        }
    }
    return true;
}
