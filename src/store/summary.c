#include "store/summary.h"

#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "crypto/stop_gap.h"
#include "store/lineage_conf.h"

#define GIVEN "=" /* before a text that may be missing */

struct numbers { /* of equal sizes, so that there is nothing between them */
    int64_t not_before, not_after;
    uint64_t key_type, key_bits, can_be_asked_about, autorenew;
    int64_t instant, said_at;
};

void summary_free(struct summary *summary)
{
    if (summary == NULL)
        return;
    free(summary->serial);
    list_clear(&summary->names);
    free(summary->issuer);
    free(summary->server);
    free(summary->fullchain);
    free(summary->privkey);
    free(summary->renew_before);
    free(summary->installer);
    free(summary);
}

struct summary *summary_of_cert(const struct cert *cert)
{
    struct summary *summary = xcalloc(1, sizeof *summary);

    summary->serial = xstrdup(cert->serial);
    summary->names = list_dup(&cert->names);
    summary->issuer = xstrdup_or_null(cert_is_stop_gap(cert) ? STOP_GAP_ORGANIZATION : cert->issuer_common_name);
    summary->not_before = cert->not_before;
    summary->not_after = cert->not_after;
    summary->key_type = cert->key_type;
    summary->key_bits = cert->key_bits;
    summary->can_be_asked_about = cert->ocsp_url != NULL || cert->crl_url != NULL;
    return summary;
}

static void take_renewal(const struct lineage *lineage, struct summary *summary)
{
    const char *before = conf_get(lineage->conf, "", "renew_before_expiry");
    const char *installer = conf_get(lineage->conf, "renewalparams", "installer");
    const char *autorenew = conf_get(lineage->conf, "renewalparams", "autorenew");
    struct renewal_memory memory = { 0 };
    struct error unreadable = { 0 };

    summary->renew_before = text_is_given(before) ? xstrdup(before) : NULL;
    summary->installer = text_is_given(installer) && strcmp(installer, "None") != 0 ? xstrdup(installer) : NULL;
    summary->autorenew = autorenew == NULL || strcasecmp(autorenew, "false") != 0;
    if (!lineage_renewal_info(lineage, &memory, &unreadable))
        return;
    summary->instant = memory.instant;
    summary->said_at = memory.said_at;
}

struct summary *summary_of(const struct lineage *lineage)
{
    struct summary *summary = summary_of_cert(lineage->cert);

    summary->server = xstrdup_or_null(lineage_server(lineage));
    summary->fullchain = xstrdup(lineage->live[KIND_FULLCHAIN]);
    summary->privkey = xstrdup(lineage->live[KIND_PRIVKEY]);
    take_renewal(lineage, summary);
    return summary;
}

/* ---- as bytes: the numbers, then each text with the NUL that ends it ---- */

static void put_text(struct buf *out, const char *before, const char *text)
{
    buf_put_text(out, before);
    buf_put_text(out, text);
    buf_put_char(out, '\0');
}

static void put_optional(struct buf *out, const char *text)
{
    put_text(out, text == NULL ? "" : GIVEN, text == NULL ? "" : text);
}

void summary_put(const struct summary *summary, struct buf *out)
{
    struct numbers numbers = { summary->not_before, summary->not_after, summary->key_type, summary->key_bits,
        summary->can_be_asked_about, summary->autorenew, summary->instant, summary->said_at };

    buf_put(out, (struct view){ (const char *)&numbers, sizeof numbers });
    put_text(out, "", summary->serial);
    put_optional(out, summary->issuer);
    put_optional(out, summary->server);
    put_optional(out, summary->renew_before);
    put_optional(out, summary->installer);
    for (size_t i = 0; i < summary->names.len; i++)
        put_text(out, "", summary->names.at[i]);
}

/* Takes the next text off *rest, if it begins so. */
static bool get_text(struct view *rest, const char *before, char **out)
{
    struct view part;

    if (!view_starts(*rest, before) || !view_has(*rest, '\0') || !view_cut(rest, '\0', &part))
        return false;
    *out = xstrndup(part.at + strlen(before), part.len - strlen(before));
    return true;
}

static bool get_optional(struct view *rest, char **out)
{
    AUTO(free) char *nothing = NULL;

    return get_text(rest, GIVEN, out) || (get_text(rest, "", &nothing) && nothing[0] == '\0');
}

static bool get_numbers(struct view *rest, struct summary *out)
{
    struct numbers numbers;

    if (rest->len < sizeof numbers)
        return false;
    memcpy(&numbers, rest->at, sizeof numbers);
    *rest = (struct view){ rest->at + sizeof numbers, rest->len - sizeof numbers };
    out->not_before = numbers.not_before;
    out->not_after = numbers.not_after;
    out->key_type = (enum key_type)numbers.key_type;
    out->key_bits = (unsigned)numbers.key_bits;
    out->can_be_asked_about = numbers.can_be_asked_about != 0;
    out->autorenew = numbers.autorenew != 0;
    out->instant = numbers.instant;
    out->said_at = numbers.said_at;
    return true;
}

bool summary_get(struct view bytes, struct summary **out)
{
    AUTO(summary_free) struct summary *summary = xcalloc(1, sizeof *summary);
    struct view part;

    if (!get_numbers(&bytes, summary) || !get_text(&bytes, "", &summary->serial) ||
        !get_optional(&bytes, &summary->issuer) || !get_optional(&bytes, &summary->server) ||
        !get_optional(&bytes, &summary->renew_before) || !get_optional(&bytes, &summary->installer))
        return false;
    while (bytes.len > 0 && view_has(bytes, '\0') && view_cut(&bytes, '\0', &part))
        list_add_view(&summary->names, part);
    *out = TAKE(summary);
    return true;
}
