#include "outlook/sight.h"

#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "lifecycle/upcoming.h"
#include "status/serving.h"
#include "status/words.h"

#define RSA_LEAST 2048 /* bits */
#define TEXT_MAX 4096
#define NAMES_TOLD 5

void sight_clear(struct sight *sight)
{
    free(sight->address);
    free(sight->failure);
    probed_clear(&sight->seen);
    cert_free(sight->cert);
    free(sight->lineage);
    for (size_t i = 0; i < sight->remark_count; i++)
        free(sight->remarks[i].what);
    free(sight->remarks);
    *sight = (struct sight){ 0 };
}

void sight_remark(struct sight *sight, const char *code, enum level level, char *what)
{
    sight->remarks = xrealloc(sight->remarks, sight->remark_count + 1, sizeof *sight->remarks);
    sight->remarks[sight->remark_count++] = (struct remark){ code, level, what };
    sight->level = level_worse(sight->level, level);
}

/* ---- the certificate by itself ---- */

/* A name counts where a browser looks for it: not in the subject (RFC 9525 section 3). */
static bool is_for(const struct cert *cert, const struct host *host)
{
    return host->is_ip ? list_has(&cert->ips, host->name) : names_cover(&cert->dns, host->name);
}

static void judge_names(struct sight *sight)
{
    AUTO(buf_clear) struct buf text = BUF(TEXT_MAX);
    const struct list *names = &sight->cert->names;

    if (is_for(sight->cert, sight->host))
        return;
    buf_putf(&text, "it is not for %.253s, but for ", sight->host->name);
    for (size_t i = 0; i < names->len && i < NAMES_TOLD; i++)
        buf_putf(&text, "%s%.253s", i > 0 ? ", " : "", names->at[i]);
    if (names->len > NAMES_TOLD)
        buf_putf(&text, " and %zu more", names->len - NAMES_TOLD);
    if (names->len == 0)
        buf_put_text(&text, "no name");
    else if (list_has(names, sight->host->name))
        buf_put_text(&text, " as a common name alone, which does not count");
    sight_remark(sight, "wrong-name", LEVEL_CRITICAL, buf_take(&text));
}

static void judge_time(struct sight *sight, const struct expectation *expected)
{
    const struct cert_status life = { .is_known = true,
        .not_before = sight->cert->not_before,
        .not_after = sight->cert->not_after,
        .due = UPCOMING_NEVER };
    AUTO(buf_clear) struct buf text = BUF(TEXT_MAX);
    enum cert_state state = cert_judge(&life, &expected->thresholds, expected->now);

    if (sight->cert->not_before > expected->now) {
        buf_put_text(&text, "it is valid only ");
        words_put_when(&text, sight->cert->not_before, expected->now);
        sight_remark(sight, "not-yet-valid", LEVEL_CRITICAL, buf_take(&text));
    } else if (cert_state_level(state) != LEVEL_OK) {
        buf_put_text(&text, state == CERT_EXPIRED ? "it expired " : "it expires ");
        words_put_when(&text, sight->cert->not_after, expected->now);
        sight_remark(sight, cert_state_name(state), cert_state_level(state), buf_take(&text));
    }
}

static void judge_trust(struct sight *sight)
{
    static const struct {
        const char *code, *what;
    } kinds[] = {
        [PROBE_SELF_SIGNED] = { "self-signed", "it is signed by itself, and not trusted here" },
        [PROBE_INCOMPLETE] = { "incomplete",
            "the server does not show who signed it: the chain is incomplete, or of a CA "
            "that is not trusted here" },
        [PROBE_UNKNOWN_CA] = { "untrusted", "the chain leads to no CA that is trusted here" },
        [PROBE_UNTRUSTED] = { "untrusted", "the chain is not trusted" },
    };
    enum probe_trust trust = sight->seen.trust;

    if (trust != PROBE_TRUSTED && trust != PROBE_UNVERIFIED)
        sight_remark(sight, kinds[trust].code, LEVEL_CRITICAL, xprintf("%s (%s)", kinds[trust].what, sight->seen.why));
    if (sight->revocation == REVOCATION_REVOKED)
        sight_remark(sight, "revoked", LEVEL_CRITICAL, xstrdup("its CA has revoked it"));
}

static void judge_strength(struct sight *sight)
{
    const struct cert *cert = sight->cert;

    if (text_is_given(sight->seen.weak))
        sight_remark(sight, "weak", LEVEL_WARNING, xprintf("too weak: %s", sight->seen.weak));
    else if (cert->key_known && cert->key_type == KEY_RSA && cert->key_bits < RSA_LEAST)
        sight_remark(sight, "weak", LEVEL_WARNING, xprintf("too weak: a key of %u bits", cert->key_bits));
    if (text_equal(sight->seen.version, "TLSv1") || text_equal(sight->seen.version, "TLSv1.1"))
        sight_remark(sight, "old-protocol", LEVEL_WARNING,
            xprintf("the server speaks no newer protocol than %s", sight->seen.version));
}

/* ---- in comparison with the store ---- */

static void judge_ours(struct sight *sight, const struct expectation *expected)
{
    bool same_key = false;
    const struct stored_cert *found = stored_find_cert(expected->stored, sight->cert, &same_key);

    if (found == NULL || found->other)
        return;
    sight->lineage = xstrdup(found->lineage);
    sight->newest = !same_key && found->live;
    if (same_key)
        sight_remark(sight, "other-certificate", LEVEL_WARNING,
            xprintf("it has the key of %s of this store, and is another certificate", found->lineage));
    else if (!found->live)
        sight_remark(sight, "older", LEVEL_WARNING,
            xprintf("it is an earlier one of %s of this store: the server has not read the new one", found->lineage));
}

static void judge_expected(struct sight *sight, const struct expectation *expected)
{
    if (expected->lineage == NULL || text_equal(sight->lineage, expected->lineage))
        return;
    sight_remark(sight, "unexpected", LEVEL_CRITICAL,
        xprintf(
            "it is not %s of this store, but one with the serial number %s", expected->lineage, sight->cert->serial));
}

void sight_judge(struct sight *sight, const struct expectation *expected)
{
    struct error unreadable = { 0 };

    if (sight->failure != NULL) {
        sight_remark(sight, "unreachable", LEVEL_CRITICAL, xstrdup(sight->failure));
        return;
    }
    if (sight->cert == NULL && (sight->seen.count == 0 || !cert_from_der(buf_view(&sight->seen.chain[0]),
                                                              sight->host->name, &sight->cert, &unreadable))) {
        sight_remark(
            sight, "unreadable", LEVEL_CRITICAL, xprintf("its certificate cannot be read: %s", unreadable.why));
        return;
    }
    judge_names(sight);
    judge_time(sight, expected);
    judge_trust(sight);
    judge_strength(sight);
    judge_ours(sight, expected);
    judge_expected(sight, expected);
}

void sight_compare(struct sight *at, size_t count)
{
    const struct sight *first = NULL;

    for (size_t i = 0; i < count; i++) {
        if (at[i].cert == NULL)
            continue;
        if (first == NULL)
            first = &at[i];
        else if (!view_equal(buf_view(&first->cert->der), buf_view(&at[i].cert->der)))
            sight_remark(
                &at[i], "differs", LEVEL_WARNING, xprintf("it is another certificate than %s shows", first->address));
    }
}
