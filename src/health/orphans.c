/*
 * Files that belong to no certificate: directories without a renewal file, keys and requests of old. And a clock that
 * cannot be right.
 */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "health/private.h"
#include "store/store_private.h"

/* ---- directories ---- */

/* Whether the directory was reported already, as the renamed one of a certificate. */
static bool is_offered(const struct health *health, const char *dir)
{
    for (size_t i = 0; i < health->out->len; i++) {
        const struct finding *finding = &health->out->at[i];

        if (strcmp(finding->code, "archive-renamed") != 0 && strcmp(finding->code, "live-renamed") != 0 &&
            strcmp(finding->code, "deletion-interrupted") != 0)
            continue;
        for (size_t k = 0; k < finding->answers.len; k++)
            if (strstr(finding->answers.at[k], dir) != NULL)
                return true;
    }
    return false;
}

static void report_strays(struct health *health, enum stray which)
{
    const struct list *strays = health_strays(health, which);

    for (size_t i = 0; i < strays->len; i++) {
        const char *dir = strays->at[i];
        struct finding *finding;

        if (is_offered(health, dir) || !layout_is_taken(dir))
            continue;
        finding = which == STRAY_LIVE
                      ? health_find(health, NULL, "live-without-renewal-file", HEALTH_WARNING, dir,
                            "what is in it is never renewed, and no new certificate can have its name",
                            "%s belongs to no renewal file", dir)
                      : health_find(health, NULL, "archive-without-renewal-file", HEALTH_NOTE, dir,
                            "it holds private keys that nothing here uses", "%s belongs to no renewal file", dir);
        finding_answer(finding, "put its renewal file back from a backup, if the certificate is to be renewed");
        if (health->claims_trouble.kind != ERROR_NONE)
            finding_answer(
                finding, "leave it until the renewal file is mended that may name it: %s", health->claims_trouble.why);
        finding_answer(finding, "remove it, once no server uses the files in it");
    }
}

void check_strays(struct health *health)
{
    report_strays(health, STRAY_LIVE);
    report_strays(health, STRAY_ARCHIVE);
}

/* ---- what older versions kept ---- */

void check_old_requests(struct health *health)
{
    static const struct {
        const char *part, *code, *what, *why;
    } old[] = {
        { "csr", "old-requests", "signing requests", "nothing reads them" },
        { "keys", "old-keys", "copies of private keys",
            "nothing reads them but this command, which finds lost keys there" },
    };

    for (size_t i = 0; i < COUNT(old); i++) {
        AUTO(free) char *dir = store_path(health->store, old[i].part);
        AUTO(list_clear) struct list names = { 0 };
        struct finding *finding;

        if (!health_list_dir(dir, &names) || names.len == 0)
            continue;
        finding = health_find(health, NULL, old[i].code, HEALTH_NOTE, dir, old[i].why,
            "%s holds %zu %s of older versions", dir, names.len, old[i].what);
        finding_answer(finding, "leave them");
        finding_answer(finding, "remove them, once every certificate is found to be well");
    }
}

/* ---- the clock ---- */

/* Reports a clock that is behind. Only whether renewal is due depends on the clock; which versions are live or kept
 * does not. */
void check_clock(struct health *health)
{
    char now[CLOCK_TEXT_SIZE], begin[CLOCK_TEXT_SIZE];
    struct finding *finding;

    if (health->newest_begin <= health->now)
        return;
    clock_format_date(health->now, now);
    clock_format_date(health->newest_begin, begin);
    finding = health_find(health, NULL, "clock-behind", HEALTH_WARNING, store_config_dir(health->store),
        "renewal is due by this clock, and CAs cannot be trusted by it",
        "the clock says %s, but a certificate here is valid from %s on", now, begin);
    finding_answer(finding, "set the clock, or let it be set from the network before `renew` runs");
    finding_answer(finding, "replace that certificate, if it was made with a wrong date");
}

void health_tell_useless(struct health *health, const struct list *names,
    char *(*path)(const struct store *store, const char *name), const struct useless_record *record)
{
    for (size_t i = 0; i < names->len; i++) {
        AUTO(free) char *at = NULL;
        struct finding *finding;

        if (store_has_lineage(health->store, names->at[i]))
            continue;
        at = path(health->store, names->at[i]);
        finding = health_find(health, NULL, record->code, HEALTH_NOTE, at, "it is of no more use",
            "%s of a certificate that is no more", record->what);
        finding_answer(finding, "remove it");
        finding->from = xstrdup(names->at[i]);
        finding->repair = record->repair;
    }
}
