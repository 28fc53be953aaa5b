#include "status/serving.h"

#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/mem.h"

#define NAMES_TOLD 3
#define TEXT_MAX 4096

bool names_cover(const struct list *names, const char *name)
{
    const char *dot = strchr(name, '.');

    for (size_t i = 0; i < names->len; i++) {
        const char *own = names->at[i];

        if (strcasecmp(own, name) == 0 ||
            (strncmp(own, "*.", 2) == 0 && dot != NULL && dot != name && strcasecmp(own + 1, dot) == 0))
            return true;
    }
    return false;
}

bool cert_is_for(const struct cert *cert, const char *name)
{
    return names_cover(&cert->names, name);
}

/* "one for a.example, b.example and 3 more of 2026-11-01 (serial number 04ab)"; of the caller's. */
static char *describe(const struct cert *cert)
{
    AUTO(buf_clear) struct buf text = BUF(TEXT_MAX);
    size_t told = cert->names.len <= NAMES_TOLD ? cert->names.len : NAMES_TOLD;
    char date[CLOCK_TEXT_SIZE];

    clock_format_date(cert->not_before, date);
    buf_put_text(&text, told == 0 ? "one without a name" : "one for ");
    for (size_t i = 0; i < told; i++)
        buf_putf(&text, "%s%.253s", i > 0 ? ", " : "", cert->names.at[i]);
    if (told < cert->names.len)
        buf_putf(&text, " and %zu more", cert->names.len - told);
    buf_putf(&text, " of %s (serial number %s)", date, cert->serial);
    return buf_take(&text);
}

/* A lineage may have got or lost names when it was renewed. */
static bool is_older(const struct cert *shown, const struct cert *ours)
{
    return shown->not_before < ours->not_before &&
           (list_is_subset(&shown->names, &ours->names) || list_is_subset(&ours->names, &shown->names));
}

void serving_judge(struct view shown, const struct cert *ours, const char *name, int64_t now, struct served *out)
{
    AUTO(cert_free) struct cert *cert = NULL;
    struct error unreadable = { 0 };

    if (!cert_from_der(shown, name, &cert, &unreadable)) {
        out->how = SERVING_FOREIGN;
        out->what = xstrdup("one that cannot be read");
        return;
    }
    out->not_after = cert->not_after;
    out->key = cert_key_hash(cert);
    if (view_equal(shown, buf_view(&ours->der)))
        out->how = SERVING_RIGHT;
    else if (!cert_is_for(cert, name))
        out->how = SERVING_FOREIGN;
    else if (cert->not_after <= now)
        out->how = SERVING_EXPIRED;
    else
        out->how = is_older(cert, ours) ? SERVING_OLDER : SERVING_OTHER;
    if (out->how != SERVING_RIGHT)
        out->what = describe(cert);
}
