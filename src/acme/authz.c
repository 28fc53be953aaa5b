#include "acme/authz.h"

#include "acme/answer.h"
#include "acme/challenge.h"
#include "acme/poll.h"
#include "base/mem.h"
#include "base/text.h"

#define CHALLENGES_MAX 32

static const char *const status_names[] = { "pending", "valid", "invalid", "deactivated", "expired", "revoked", NULL };

/* ---- reading ---- */

static bool challenges_read(const struct node *root, struct authz *out, struct error *err)
{
    const struct node *challenges = node_member(root, "challenges");

    if (node_count(challenges) > CHALLENGES_MAX)
        return error_set(err, ERROR_ACME, "authorization: more than %d challenges", CHALLENGES_MAX);
    out->challenges = xcalloc(node_count(challenges) + 1, sizeof *out->challenges);
    for (size_t i = 0; i < node_count(challenges); i++)
        challenge_read(node_at(challenges, i), &out->challenges[out->challenge_count++]);
    return true;
}

/* Reads the identifier. A pending authorization must have a valid one; others may lack it, as the name is known then.
 */
static bool name_read(const struct node *root, struct authz *out, struct error *err)
{
    struct error unneeded = { 0 };
    char *name;

    if (out->status == AUTHZ_PENDING && node_member(root, "identifier") == NULL)
        return error_set(err, ERROR_ACME, "authorization: member 'identifier' is missing");
    if (!identifier_read(
            node_member(root, "identifier"), &out->identifier, out->status == AUTHZ_PENDING ? err : &unneeded))
        return out->status != AUTHZ_PENDING;
    name = out->identifier.value;
    out->wildcard = node_is_true(node_member(root, "wildcard"));
    if (text_starts(name, "*.")) { /* CAs that leave it in, and "wildcard" out */
        out->wildcard = true;
        memmove(name, name + 2, strlen(name) - 1);
    }
    return true;
}

static bool authz_read(struct view body, struct authz *out, struct error *err)
{
    AUTO(doc_free) struct doc *doc = NULL;
    const struct node *root;
    int status;

    TRY(answer_read(body, "authorization", &doc, err));
    root = doc_root(doc);
    TRY(node_get_choice(root, "status", status_names, &status, err));
    out->status = (enum authz_status)status;
    TRY(name_read(root, out, err));
    return challenges_read(root, out, err);
}

bool authz_parse(struct view body, struct authz *out, struct error *err)
{
    AUTO(authz_clear) struct authz authz = { 0 };

    if (!authz_read(body, &authz, err))
        return answer_bad(err);
    *out = authz;
    authz = (struct authz){ 0 };
    return true;
}

void authz_clear(struct authz *authz)
{
    for (size_t i = 0; i < authz->challenge_count; i++)
        challenge_clear(&authz->challenges[i]);
    free(authz->challenges);
    free(authz->url);
    free(authz->identifier.value);
    *authz = (struct authz){ 0 };
}

const struct challenge *authz_challenge(const struct authz *authz, enum challenge_type type)
{
    const struct challenge *found = NULL;

    for (size_t i = 0; i < authz->challenge_count; i++) {
        if (authz->challenges[i].type != type)
            continue;
        if (authz->challenges[i].fault == NULL)
            return &authz->challenges[i];
        if (found == NULL)
            found = &authz->challenges[i];
    }
    return found;
}

const char *authz_name(const struct authz *authz)
{
    return authz->identifier.value != NULL ? authz->identifier.value : "one of the names";
}

const struct challenge *authz_keep_only(struct authz *authz, const struct challenge *chosen)
{
    struct challenge kept = *chosen;

    for (size_t i = 0; i < authz->challenge_count; i++)
        if (&authz->challenges[i] != chosen)
            challenge_clear(&authz->challenges[i]);
    authz->challenges[0] = kept;
    authz->challenge_count = 1;
    return &authz->challenges[0];
}

/* Of an authorization that is not pending, keeps the challenges that have an error to report. */
static void keep_errors(struct authz *authz)
{
    size_t kept = 0;

    for (size_t i = 0; i < authz->challenge_count; i++) {
        if (authz->challenges[i].error.type != NULL)
            authz->challenges[kept++] = authz->challenges[i];
        else
            challenge_clear(&authz->challenges[i]);
    }
    authz->challenge_count = kept;
}

/* ---- asking ---- */

static bool authz_post(struct session *session, struct identity who, const char *url, struct view payload,
    struct authz *out, struct error *err)
{
    AUTO(http_response_clear) struct http_response response = { 0 };
    AUTO(authz_clear) struct authz authz = { 0 };

    TRY(session_post(session, who, url, payload, &response, NULL, err));
    TRY(authz_parse(buf_view(&response.body), &authz, err));
    authz.url = xstrdup(url);
    authz.retry_at = retry_after_of(&response, session_now(session));
    *out = authz;
    authz = (struct authz){ 0 };
    return true;
}

bool authz_fetch(struct session *session, struct identity who, const char *url, struct authz *out, struct error *err)
{
    if (!authz_post(session, who, url, view_of(""), out, err))
        return error_in(err, "asking for an authorization");
    return true;
}

bool authz_deactivate(struct session *session, struct identity who, const char *url, struct error *err)
{
    AUTO(authz_clear) struct authz authz = { 0 };

    if (!authz_post(session, who, url, view_of("{\"status\":\"deactivated\"}"), &authz, err))
        return error_in(err, "deactivating an authorization");
    return true;
}

/* An authorization is for what it was for when it was asked for first. */
static void keep_name(struct authz *known, struct authz *fresh)
{
    const struct identifier again = fresh->identifier;

    fresh->identifier = known->identifier;
    fresh->wildcard = known->wildcard;
    known->identifier = again;
}

/* Looks again at those that are pending and due; at first all are due, whatever Retry-After says. */
static bool authz_look(
    struct session *session, struct identity who, struct authz *authzs, size_t count, bool heed, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        AUTO(authz_clear) struct authz fresh = { 0 };

        if (authzs[i].status != AUTHZ_PENDING)
            continue;
        if (heed && authzs[i].retry_at > session_now(session))
            continue;
        if (!authz_fetch(session, who, authzs[i].url, &fresh, err))
            return error_in(err, "%s", authz_name(&authzs[i]));
        keep_name(&authzs[i], &fresh);
        keep_errors(&fresh);
        authz_clear(&authzs[i]);
        authzs[i] = fresh;
        fresh = (struct authz){ 0 };
    }
    return true;
}

/* The first pending one, NULL when there is none; *retry_at: when the CA wants to be asked again at the
 * earliest, 0 when it does not mind for one of them. */
static const struct authz *authz_pending(const struct authz *authzs, size_t count, int64_t *retry_at)
{
    const struct authz *first = NULL;

    *retry_at = 0;
    for (size_t i = 0; i < count; i++) {
        if (authzs[i].status != AUTHZ_PENDING)
            continue;
        if (first == NULL || authzs[i].retry_at < *retry_at)
            *retry_at = authzs[i].retry_at;
        if (first == NULL)
            first = &authzs[i];
    }
    return first;
}

bool authz_wait(
    struct session *session, struct identity who, struct authz *authzs, size_t count, int timeout_s, struct error *err)
{
    struct poll poll = poll_start(session, timeout_s);
    const struct authz *pending;
    int64_t retry_at;

    while ((pending = authz_pending(authzs, count, &retry_at)) != NULL) {
        if (!poll_wait(&poll, retry_at, err))
            return error_in(err, "waiting for the CA to validate %s", authz_name(pending));
        TRY(authz_look(session, who, authzs, count, poll_heeds_retry_after(&poll) && poll.left_ms > 0, err));
    }
    return true;
}

/* ---- telling ---- */

const char *authz_status_name(enum authz_status status)
{
    return status_names[status];
}

const struct challenge *authz_failed_challenge(const struct authz *authz)
{
    const struct challenge *found = NULL;

    for (size_t i = 0; i < authz->challenge_count; i++) {
        const struct challenge *challenge = &authz->challenges[i];

        if (challenge->error.type == NULL)
            continue;
        if (challenge->status == CHALLENGE_INVALID)
            return challenge;
        if (found == NULL)
            found = challenge;
    }
    return found;
}

const struct problem *authz_error(const struct authz *authz)
{
    const struct challenge *challenge = authz_failed_challenge(authz);

    return challenge == NULL ? NULL : &challenge->error;
}
