#include "base/identifier.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

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

bool identifier_is_wildcard(const struct identifier *identifier)
{
    return identifier->type == IDENTIFIER_DNS && text_starts(identifier->value, "*.");
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

static bool is_address(const char *text)
{
    unsigned char bytes[sizeof(struct in6_addr)];

    return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

struct identifiers identifiers_typed(const struct list *names)
{
    struct identifiers all = { 0 };

    for (int type = IDENTIFIER_DNS; type <= IDENTIFIER_IP; type++)
        for (size_t i = 0; i < names->len; i++)
            if (is_address(names->at[i]) == (type == IDENTIFIER_IP))
                identifiers_add(&all, (enum identifier_type)type, names->at[i]);
    return all;
}

void identifiers_remove(struct identifiers *list, size_t index)
{
    free(list->at[index].value);
    memmove(&list->at[index], &list->at[index + 1], (list->len - index - 1) * sizeof *list->at);
    list->len--;
}

void identifiers_names(const struct identifiers *list, struct list *out)
{
    for (size_t i = 0; i < list->len; i++)
        list_add(out, list->at[i].value);
}

void identifiers_clear(struct identifiers *list)
{
    for (size_t i = 0; i < list->len; i++)
        free(list->at[i].value);
    free(list->at);
    *list = (struct identifiers){ 0 };
}
