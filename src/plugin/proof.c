#include <string.h>

#include "base/text.h"
#include "plugin/builtin.h"

#define TOKEN_MAX 255 /* bytes of a file name */
#define BASE64URL "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

const char *const proof_http_types[] = { "http-01", NULL };

bool proof_check_http(const struct proof *proof, struct error *err)
{
    size_t len;

    if (!text_equal(proof->type, "http-01") || proof->token == NULL || proof->key_authorization == NULL)
        return error_set(err, ERROR_INTERNAL, "a %s challenge cannot be solved with a file", proof->type);
    len = strlen(proof->token);
    if (len == 0 || len > TOKEN_MAX || strspn(proof->token, BASE64URL) != len)
        return error_set(err, ERROR_ACME, "the CA sent a challenge token that is not one: \"%s\"", proof->token);
    return true;
}
