#include "acme/identifier.h"

#include "acme/answer.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/csr.h"

#define DNS_NAME_MAX 253

const char *identifier_type_name(enum identifier_type type)
{
    switch (type) {
    case IDENTIFIER_DNS:
        return "dns";
    case IDENTIFIER_IP:
        return "ip";
    }
    return "dns";
}

void identifiers_add(struct identifiers *list, enum identifier_type type, const char *value)
{
    list->at = xrealloc(list->at, list->len + 1, sizeof *list->at);
    list->at[list->len++] = (struct identifier){ type, xstrdup(value) };
}

struct identifiers identifiers_of(const struct list *dns, const struct list *ips)
{
    struct identifiers all = { 0 };

    for (size_t i = 0; dns != NULL && i < dns->len; i++)
        identifiers_add(&all, IDENTIFIER_DNS, dns->at[i]);
    for (size_t i = 0; ips != NULL && i < ips->len; i++)
        identifiers_add(&all, IDENTIFIER_IP, ips->at[i]);
    return all;
}

void identifiers_clear(struct identifiers *list)
{
    for (size_t i = 0; i < list->len; i++)
        free(list->at[i].value);
    free(list->at);
    *list = (struct identifiers){ 0 };
}

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
        if (!ip_canonical(value, ip))
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
