#include "nginx/live_challenges.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/port_owner.h"

struct nginx_challenges {
    struct nginx_answer *at; /* owned */
    size_t count, size;
    bool port_unused; /* nothing of the user's listened at the http port when the first of them came */
};

bool nginx_challenges_are_live(const struct nginx_server *server)
{
    return server->challenges != NULL && server->challenges->count > 0;
}

static struct nginx_challenges *live_of(struct nginx_server *server)
{
    if (server->challenges == NULL)
        server->challenges = xcalloc(1, sizeof *server->challenges);
    return server->challenges;
}

static void add(struct nginx_server *server, const struct nginx_answer *answer)
{
    struct nginx_challenges *live = live_of(server);

    if (live->count == live->size) {
        live->size = 2 * live->size + 8;
        live->at = xrealloc(live->at, live->size, sizeof *live->at);
    }
    live->at[live->count++] =
        (struct nginx_answer){ xstrdup(answer->host), xstrdup(answer->token), xstrdup(answer->content) };
}

static void clear_answer(struct nginx_answer *answer)
{
    free(answer->host);
    free(answer->token);
    free(answer->content);
}

static void forget(struct nginx_challenges *live, const struct nginx_answer *answer)
{
    for (size_t i = live->count; i > 0; i--) {
        struct nginx_answer *at = &live->at[i - 1];

        if (strcmp(at->host, answer->host) == 0 && strcmp(at->token, answer->token) == 0) {
            clear_answer(at);
            *at = live->at[--live->count];
            return;
        }
    }
}

void nginx_challenges_free(struct nginx_challenges *challenges)
{
    if (challenges == NULL)
        return;
    for (size_t i = 0; i < challenges->count; i++)
        clear_answer(&challenges->at[i]);
    free(challenges->at);
    free(challenges);
}

/* ---- on disk ---- */

static bool set_texts(
    const struct nginx_conf *conf, const struct patch *patches, struct changes *changes, struct error *err)
{
    for (size_t i = 0; i < conf->count; i++) {
        AUTO(buf_clear) struct buf text = BUF(NGINX_TEXT_MAX);

        if (patch_is_empty(&patches[i]))
            continue;
        patch_apply(&patches[i], conf->files[i]->text, &text);
        if (text.failed)
            return error_set(err, ERROR_CONFIG, "%s would become too long", conf->files[i]->path);
        changes_set(changes, conf->files[i]->path, buf_view(&text));
    }
    return true;
}

/* Another server that has the port, of the caller's; NULL when there is none. */
static char *other_server(int port)
{
    bool ours;
    AUTO(free) char *owner = port_owner(NULL, port, &ours);

    return owner != NULL && !text_starts(owner, "nginx") ? TAKE(owner) : NULL;
}

/* Edits the configuration as it is on disk. */
static bool edit(struct nginx_server *server, struct nginx_conf *conf, const struct nginx_answer *answers, size_t count,
    struct nginx_spot *spots, struct error **each, struct changes *changes, struct error *err)
{
    struct nginx_http http = { .ports = { server->settings->http_01_port, server->settings->https_port } };
    AUTO(nginx_model_free) struct nginx_model *model = nginx_model_new(conf);
    bool has_port = nginx_challenge_has_port(model, http.ports.http), ok;
    AUTO(free) char *other = has_port ? NULL : other_server(http.ports.http);
    struct patch *patches = xcalloc(conf->count, sizeof *patches);

    if (!nginx_challenges_are_live(server))
        live_of(server)->port_unused = !has_port;
    http.unused = live_of(server)->port_unused;
    http.other = other;
    ok = nginx_challenge_edit(model, &http, answers, count, patches, spots, each, err) &&
         set_texts(conf, patches, changes, err);
    for (size_t i = 0; i < conf->count; i++)
        patch_clear(&patches[i]);
    free(patches);
    return ok;
}

/* each: one for each answer, set where it is the cause. */
static bool put(struct nginx_server *server, const struct nginx_answer *answers, size_t count, struct nginx_spot *spots,
    struct error **each, struct error *err)
{
    AUTO(nginx_reading_clear) struct nginx_reading reading = { 0 };
    struct web_commit commit = { .service = &server->service };

    TRY(nginx_read(server, &reading, err));
    TRY(edit(server, reading.conf, answers, count, spots, each, reading.changes, err));
    commit.changes = reading.changes;
    commit.tested = nginx_is_tested(server, &reading);
    TRY(web_temporary(&commit, err));
    if (!changes_are_empty(reading.changes)) /* tested once written: what is added next need not test it before */
        server->tested = nginx_conf_stamp_now(reading.conf);
    return true;
}

static void free_all(struct error **errors, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(errors[i]);
    free(errors);
}

/* All that were in place before something failed, which has taken all of it back. */
static bool put_live(struct nginx_server *server, struct error *err)
{
    const struct nginx_challenges *live = server->challenges;
    AUTO(free) struct nginx_spot *spots = NULL;
    struct error **each;
    bool ok;

    if (!nginx_challenges_are_live(server))
        return true;
    spots = xcalloc(live->count, sizeof *spots);
    each = xcalloc(live->count, sizeof *each);
    ok = put(server, live->at, live->count, spots, each, err);
    free_all(each, live->count);
    return ok;
}

/* ---- for orders ---- */

/* The answers of all plans in one array, borrowed. */
static struct nginx_answer *gather(void *const *plans, size_t count, size_t *total)
{
    struct nginx_answer *all;

    *total = 0;
    for (size_t i = 0; i < count; i++)
        *total += ((struct nginx_challenge_plan *)plans[i])->count;
    all = xcalloc(*total + 1, sizeof *all);
    *total = 0;
    for (size_t i = 0; i < count; i++) {
        const struct nginx_challenge_plan *plan = plans[i];

        memcpy(all + *total, plan->answers, plan->count * sizeof *all);
        *total += plan->count;
    }
    return all;
}

static void hand_out(void *const *plans, size_t count, const struct nginx_spot *spots)
{
    for (size_t i = 0; i < count; i++) {
        struct nginx_challenge_plan *plan = plans[i];

        memcpy(plan->spots, spots, plan->count * sizeof *spots);
        spots += plan->count;
    }
}

/* Plans with an answer that is the cause of a failure; of a single one, the whole says it. */
static void blame(void *const *plans, size_t count, struct error *const *failures, struct error **each)
{
    for (size_t i = 0; count > 1 && i < count; i++) {
        const struct nginx_challenge_plan *plan = plans[i];

        for (size_t k = 0; k < plan->count && each[i] == NULL; k++)
            if (failures[k] != NULL)
                each[i] = error_dup(failures[k]);
        failures += plan->count;
    }
}

bool nginx_commit_challenges(
    struct nginx_server *server, void *const *plans, size_t count, struct error **each, struct error *err)
{
    size_t total;
    AUTO(free) struct nginx_answer *all = gather(plans, count, &total);
    AUTO(free) struct nginx_spot *spots = xcalloc(total + 1, sizeof *spots);
    struct error **failures = xcalloc(total + 1, sizeof *failures);
    struct error again = { 0 };
    bool ok = put(server, all, total, spots, failures, err);

    if (!ok)
        blame(plans, count, failures, each);
    free_all(failures, total);
    if (!ok) {
        if (!put_live(server, &again))
            log_warning("nginx does not answer the challenges of other certificates any more: %s", again.why);
        return error_in(err, "making nginx answer the challenges");
    }
    hand_out(plans, count, spots);
    for (size_t i = 0; i < total; i++)
        add(server, &all[i]);
    return true;
}

static bool is_among(const struct nginx_answer *answer, const struct nginx_answer *answers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(answers[i].token, answer->token) == 0 && strcmp(answers[i].host, answer->host) == 0)
            return true;
    return false;
}

/* Whether others than these stay in place. */
static bool others_stay(const struct nginx_server *server, const struct nginx_answer *answers, size_t count)
{
    if (server->challenges == NULL)
        return false;
    for (size_t i = 0; i < server->challenges->count; i++)
        if (!is_among(&server->challenges->at[i], answers, count))
            return true;
    return false;
}

bool nginx_challenges_drop(
    struct nginx_server *server, const struct nginx_answer *answers, size_t count, struct error *err)
{
    if (!others_stay(server, answers, count) && !web_temporary_end(&server->service, err))
        return error_in(err, "restoring the configuration of nginx");
    for (size_t i = 0; i < count && server->challenges != NULL; i++)
        forget(server->challenges, &answers[i]);
    return true;
}

bool nginx_challenges_suspend(struct nginx_server *server, struct error *err)
{
    return !nginx_challenges_are_live(server) || web_temporary_end(&server->service, err);
}

bool nginx_challenges_resume(struct nginx_server *server, struct error *err)
{
    return put_live(server, err);
}
