#include "base/identifier.h"

#include "acme/answer.h"
#include "base/address.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/csr.h"

#define DNS_NAME_MAX 253

/* The characters that a DNS name in an answer may have: it ends up in paths, hooks' environments and
 * messages. */
static bool is_dns_name(const char *name)
{
    size_t len;

    if (text_starts(name, "*."))
        name += 2;
    len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");
    return len > 0 && len <= DNS_NAME_MAX && name[len] == '\0' && name[0] != '.' && strstr(name, "..") == NULL;
}

bool identifier_read(const struct node *node, struct identifier *out, struct error *err)
{
    AUTO(free) char *type = NULL;
    AUTO(free) char *value = NULL;
    char ip[64];

    TRY(node_get_text(node, "type", &type, err));
    if (!text_equal(type, "dns") && !text_equal(type, "ip"))
        return error_set(err, ERROR_ACME, "the CA names an identifier of the unknown type '%s'", type);
    TRY(node_get_text(node, "value", &value, err));
    if (text_equal(type, "ip")) {
        if (!address_canonical(value, ip))
            return error_set(err, ERROR_ACME, "the CA names an IP address that is none: '%s'", value);
        *out = (struct identifier){ IDENTIFIER_IP, xstrdup(ip) };
        return true;
    }
    if (!is_dns_name(value))
        return error_set(err, ERROR_ACME, "the CA names a domain that is none: '%s'", value);
    text_lower(value);
    *out = (struct identifier){ IDENTIFIER_DNS, TAKE(value) };
    return true;
}
