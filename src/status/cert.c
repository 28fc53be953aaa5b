#include "status/cert.h"

#include <string.h>

#include "base/mem.h"
#include "lifecycle/upcoming.h"

/* ---- levels ---- */

const char *level_name(enum level level)
{
    static const char *const names[] = { "ok", "warning", "critical", "unknown" };

    return names[level];
}

enum level level_worse(enum level a, enum level b)
{
    static const int gravity[] = { [LEVEL_OK] = 0, [LEVEL_UNKNOWN] = 1, [LEVEL_WARNING] = 2, [LEVEL_CRITICAL] = 3 };

    return gravity[a] >= gravity[b] ? a : b;
}

/* ---- states ---- */

static const struct {
    const char *name;
    enum level level;
} states[CERT_STATE_COUNT] = {
    [CERT_EXPIRED] = { "expired", LEVEL_CRITICAL },
    [CERT_REVOKED] = { "revoked", LEVEL_CRITICAL },
    [CERT_BROKEN] = { "broken", LEVEL_CRITICAL },
    [CERT_ENDING] = { "ending", LEVEL_CRITICAL },
    [CERT_SERVED_EXPIRED] = { "served-expired", LEVEL_CRITICAL },
    [CERT_LATE] = { "late", LEVEL_WARNING },
    [CERT_FAILING] = { "failing", LEVEL_WARNING },
    [CERT_SERVED_WRONG] = { "served-wrong", LEVEL_WARNING },
    [CERT_UNDELIVERED] = { "undelivered", LEVEL_WARNING },
    [CERT_UNREADABLE] = { "unreadable", LEVEL_UNKNOWN },
    [CERT_DUE] = { "due", LEVEL_OK },
    [CERT_VALID] = { "valid", LEVEL_OK },
};

const char *cert_state_name(enum cert_state state)
{
    return states[state].name;
}

enum level cert_state_level(enum cert_state state)
{
    return states[state].level;
}

const char *serving_name(enum serving serving)
{
    static const char *const names[SERVING_COUNT] = { "right", "older", "other", "foreign", "expired", "none" };

    return names[serving];
}

void cert_status_clear(struct cert_status *cert)
{
    for (size_t i = 0; i < cert->served_len; i++) {
        free(cert->served[i].name);
        free(cert->served[i].address);
        free(cert->served[i].what);
        free(cert->served[i].key);
    }
    free(cert->served);
    free(cert->name);
    list_clear(&cert->names);
    free(cert->server);
    free(cert->installer);
    free(cert->issuer);
    free(cert->why);
    free(cert->failure);
    free(cert->delivery_failure);
    *cert = (struct cert_status){ 0 };
}

/* ---- judging ---- */

/* parts: of the time between due and end, one part of so many has to have gone by. */
static int64_t threshold(const struct cert_status *cert, int percent, int parts)
{
    int64_t at = cert->not_after - (cert->not_after - cert->not_before) / 100 * percent;
    int64_t patient;

    if (cert->due == UPCOMING_NEVER || cert->due >= cert->not_after)
        return at;
    patient = cert->due + (cert->not_after - cert->due) / parts;
    return at > patient ? at : patient;
}

int64_t cert_late_at(const struct cert_status *cert, const struct thresholds *thresholds)
{
    return threshold(cert, thresholds->warn, 4);
}

int64_t cert_ending_at(const struct cert_status *cert, const struct thresholds *thresholds)
{
    return threshold(cert, thresholds->critical, 2);
}

/* Whether a server shows something that it should not. What is another's, but fits the name and is no matter of an
 * installer of ours, may be meant so: a service in front of this machine. */
static bool serves(const struct cert_status *cert, bool expired)
{
    for (size_t i = 0; i < cert->served_len; i++) {
        enum serving how = cert->served[i].how;

        if (expired ? how == SERVING_EXPIRED
                    : how == SERVING_OLDER || how == SERVING_FOREIGN ||
                          (cert->installer != NULL && (how == SERVING_OTHER || how == SERVING_NONE)))
            return true;
    }
    return false;
}

enum cert_state cert_judge(const struct cert_status *cert, const struct thresholds *thresholds, int64_t now)
{
    if (!cert->is_known)
        return cert->is_denied ? CERT_UNREADABLE : CERT_BROKEN;
    if (now >= cert->not_after)
        return CERT_EXPIRED;
    if (cert->is_revoked)
        return CERT_REVOKED;
    if (now >= cert_ending_at(cert, thresholds))
        return CERT_ENDING;
    if (serves(cert, true))
        return CERT_SERVED_EXPIRED;
    if (now >= cert_late_at(cert, thresholds))
        return CERT_LATE;
    if (cert->failures > 0)
        return CERT_FAILING;
    if (serves(cert, false))
        return CERT_SERVED_WRONG;
    if (cert->is_undelivered)
        return CERT_UNDELIVERED;
    return cert->due <= now ? CERT_DUE : CERT_VALID;
}

static int64_t urgency(const struct cert_status *cert)
{
    return cert->state >= CERT_DUE && cert->due < cert->not_after ? cert->due : cert->not_after;
}

int cert_compare(const struct cert_status *a, const struct cert_status *b)
{
    if (a->state != b->state)
        return a->state < b->state ? -1 : 1;
    if (urgency(a) != urgency(b))
        return urgency(a) < urgency(b) ? -1 : 1;
    return strcmp(a->name, b->name);
}
