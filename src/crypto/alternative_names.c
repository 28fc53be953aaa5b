#include "crypto/alternative_names.h"

#include <string.h>

/* Takes the string over in any case. */
static bool add_name(GENERAL_NAMES *names, int type, ASN1_STRING *string)
{
    AUTO(GENERAL_NAME_free) GENERAL_NAME *name = GENERAL_NAME_new();

    if (name == NULL || string == NULL) {
        ASN1_STRING_free(string);
        return false;
    }
    GENERAL_NAME_set0_value(name, type, string);
    if (sk_GENERAL_NAME_push(names, name) <= 0)
        return false;
    (void)TAKE(name);
    return true;
}

static ASN1_STRING *string_new(int type, const void *bytes, size_t len)
{
    ASN1_STRING *string = ASN1_STRING_type_new(type);

    if (string != NULL && ASN1_STRING_set(string, bytes, (int)len) == 1)
        return string;
    ASN1_STRING_free(string);
    return NULL;
}

static bool add_identifier(GENERAL_NAMES *names, const struct identifier *identifier, struct error *err)
{
    const char *value = identifier->value;
    ASN1_OCTET_STRING *address;

    if (identifier->type == IDENTIFIER_DNS)
        return add_name(names, GEN_DNS, string_new(V_ASN1_IA5STRING, value, strlen(value))) ||
               error_openssl(err, ERROR_INTERNAL, "cannot make a list of names");
    address = a2i_IPADDRESS(value);
    if (address == NULL)
        return error_openssl(err, ERROR_CONFIG, "\"%s\" is not an IP address", value);
    return add_name(names, GEN_IPADD, address) || error_openssl(err, ERROR_INTERNAL, "cannot make a list of names");
}

bool alternative_names_make(const struct identifiers *identifiers, GENERAL_NAMES **out, struct error *err)
{
    AUTO(GENERAL_NAMES_free) GENERAL_NAMES *names = GENERAL_NAMES_new();

    if (names == NULL)
        return error_openssl(err, ERROR_INTERNAL, "cannot make a list of names");
    for (size_t i = 0; i < identifiers->len; i++)
        TRY(add_identifier(names, &identifiers->at[i], err));
    *out = TAKE(names);
    return true;
}
