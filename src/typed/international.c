#include "typed/international.h"

#include <idn2.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "typed/names.h"

#define TYPED_MAX 1024 /* bytes: more than any name of 255 has before it is converted */

/* The result is libidn2's memory. */
static char *convert(const char *typed, int *status)
{
    char *ascii = NULL;

    *status = idn2_to_ascii_8z(typed, &ascii, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
    return *status == IDN2_OK ? ascii : NULL;
}

bool international_to_ascii(const char *typed, char **out, struct error *err)
{
    const char *star = is_wildcard(typed) ? "*." : "";
    int status = IDN2_TOO_BIG_DOMAIN;
    char *ascii = strlen(typed) <= TYPED_MAX ? convert(typed + strlen(star), &status) : NULL;

    if (ascii == NULL) {
        (void)error_set(err, ERROR_CONFIG, "'%s' cannot be a domain name: %s", typed, idn2_strerror(status));
        return error_next(err, "check how it is written; the form that starts with xn-- is taken, too");
    }
    *out = xprintf("%s%s", star, ascii);
    idn2_free(ascii);
    return true;
}

/* NULL when the name is not international, or its other form is not to be trusted. */
static char *to_shown(const char *name)
{
    const char *star = is_wildcard(name) ? "*." : "";
    AUTO(free) char *back = NULL, *shown = NULL, *printable = NULL;
    struct error ignored = { 0 };
    char *unicode = NULL;

    if (strstr(name, "xn--") == NULL || idn2_to_unicode_8z8z(name + strlen(star), &unicode, 0) != IDN2_OK)
        return NULL;
    shown = xprintf("%s%s", star, unicode);
    idn2_free(unicode);
    printable = text_printable_dup(view_of(shown), strlen(shown) + 1, false);
    if (strcmp(shown, name) == 0 || strcmp(printable, shown) != 0 || !international_to_ascii(shown, &back, &ignored) ||
        strcmp(back, name) != 0)
        return NULL;
    return TAKE(shown);
}

char *international_names(const struct list *names)
{
    AUTO(list_clear) struct list found = { 0 };

    for (size_t i = 0; i < names->len; i++) {
        AUTO(free) char *shown = to_shown(names->at[i]);

        if (shown != NULL)
            list_add(&found, shown);
    }
    return found.len > 0 ? list_join(&found, ", ") : NULL;
}
