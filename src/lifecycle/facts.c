#include "lifecycle/facts.h"

#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "store/history.h"

/* Seconds for which an instant chosen in the CA's window counts while the CA cannot be asked; at most a sixth of the
 * certificate's life. */
#define UNCONFIRMED_MAX_S (7 * 86400)

bool facts_autorenew(const struct lineage *lineage)
{
    const char *autorenew = conf_get(lineage->conf, "renewalparams", "autorenew");

    return autorenew == NULL || strcasecmp(autorenew, "false") != 0; /* any case, as renewal_params reads it */
}

bool facts_stale(const struct renewal_memory *memory, int64_t life_s, int64_t now)
{
    int64_t sixth = life_s / 6;

    return memory->said_at > now || now - memory->said_at > (sixth < UNCONFIRMED_MAX_S ? sixth : UNCONFIRMED_MAX_S);
}

int64_t facts_predecessor(const struct lineage *lineage)
{
    AUTO(history_clear) struct history history = { 0 };
    struct error err = { 0 };
    int64_t found = 0;

    if (!lineage_history(lineage, &history, &err)) {
        log_debug("the history of %s cannot be read: %s", lineage->name, err.why);
        return 0;
    }
    for (size_t i = 0; i < history.len; i++) {
        const struct cert *cert = history.at[i].cert;

        if (cert != NULL && strcmp(cert->serial, lineage->cert->serial) != 0 &&
            cert->not_before <= lineage->cert->not_before && cert->not_before > found)
            found = cert->not_before;
    }
    return found;
}

bool facts_renew_before_is(const char *interval, const struct voice *voice, struct due_facts *facts, struct error *err)
{
    if (interval == NULL || *interval == '\0')
        return true;
    TRY(due_parse_interval(interval, &facts->renew_before_s, err));
    facts->has_renew_before = voice->obeys_endless_renewal || due_renew_before_fits(facts);
    return true;
}

bool facts_renew_before(
    const struct lineage *lineage, const struct voice *voice, struct due_facts *facts, struct error *err)
{
    return facts_renew_before_is(conf_get(lineage->conf, "", "renew_before_expiry"), voice, facts, err);
}
