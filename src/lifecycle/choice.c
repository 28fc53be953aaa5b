#include "lifecycle/choice.h"

#include <string.h>

static struct choice choose_named(
    const struct candidate *candidates, size_t count, const struct identifiers *wanted, const char *cert_name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(candidates[i].name, cert_name) != 0)
            continue;
        if (wanted->len == 0 || identifiers_same_set(wanted, &candidates[i].names))
            return (struct choice){ CHOICE_SAME, i };
        return (struct choice){ CHOICE_NEW_NAMES, i };
    }
    return (struct choice){ CHOICE_NEW, 0 };
}

struct choice choose_lineage(const struct candidate *candidates, size_t count, const struct identifiers *wanted,
    const char *cert_name, bool duplicate)
{
    struct choice choice = { CHOICE_NEW, 0 };
    size_t largest = 0;

    if (cert_name != NULL)
        return choose_named(candidates, count, wanted, cert_name);
    if (duplicate)
        return choice;
    for (size_t i = 0; i < count; i++) {
        const struct identifiers *names = &candidates[i].names;

        if (identifiers_same_set(wanted, names))
            choice = (struct choice){ CHOICE_SAME, i }; /* the last one wins, as with Certbot */
        else if (choice.kind != CHOICE_SAME && names->len > largest && identifiers_is_subset(names, wanted)) {
            choice = (struct choice){ CHOICE_EXPAND, i };
            largest = names->len;
        }
    }
    return choice;
}
