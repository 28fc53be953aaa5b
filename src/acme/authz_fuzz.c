#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "acme/authz_explain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(authz_clear) struct authz authz = { 0 };
    struct error err = { 0 };

    if (!authz_parse((struct view){ (const char *)data, size }, &authz, &err)) {
        if (err.kind != ERROR_ACME || authz.identifier.value != NULL)
            abort();
        return 0;
    }
    if (authz.status == AUTHZ_PENDING && authz.identifier.value == NULL)
        abort();
    for (size_t i = 0; i < authz.challenge_count; i++) {
        const struct challenge *challenge = &authz.challenges[i];

        if (challenge->type == CHALLENGE_HTTP_01 && challenge->fault == NULL &&
            (challenge->token == NULL || challenge->url == NULL))
            abort();
        if (challenge->token != NULL && strpbrk(challenge->token, "/.% \r\n") != NULL)
            abort(); /* a token becomes the name of a file */
    }
    (void)authz_to_error(&authz, &err);
    if (err.why[0] == '\0')
        abort();
    return 0;
}
