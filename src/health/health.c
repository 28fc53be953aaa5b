#include "health/private.h"

#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "disk/sharing.h"
#include "store/lineage_conf.h"
#include "store/lineage_lock.h"

#define REPAIRS_MAX 32 /* of one lineage: each repair may show the next thing that is wrong */

/* The checks of a lineage, in this order: each may rely on the results of those before it. */
static void (*const lineage_checks[])(struct subject *) = {
    check_renewal_file,
    check_conversion,
    check_first,
    check_paths,
    check_archive_users,
    check_hidden,
    check_directories,
    check_unsettled,
    check_version_files,
    check_live_links,
    check_live_files,
    check_match,
    check_exchanged,
    check_newest,
    check_superseded,
    check_modes,
    check_lineage_leftovers,
    check_order,
    check_trace,
    check_delivery,
    check_failures,
    check_account,
    check_persist,
    check_room,
    check_renewal,
    check_stop_gap,
    check_compromised,
};

/* Checks of things that concern every lineage. They run before the lineages are examined, so that each is reported once
 * and repaired first. */
static void (*const first_store_checks[])(struct health *) = {
    check_store_room,
    check_store_modes,
    check_code_paths,
};

static void (*const store_checks[])(struct health *) = {
    check_store_leftovers,
    check_deletions,
    check_orders,
    check_traces,
    check_deliveries,
    check_compromises,
    check_stray_failures,
    check_lost,
    check_strays,
    check_accounts,
    check_old_requests,
    check_clock,
};

/* ---- examining ---- */

static void health_clear_at(struct health *health)
{
    health_forget_claims(health);
    list_clear(&health->open_paths);
}

/* Files in an archive of two lineages may be the other's: nothing is repaired by them. */
static void leave_shared_alone(const struct subject *subject, size_t from)
{
    const struct lineage *lineage = subject->lineage;
    struct findings *out = subject->health->out;
    struct error unknown = { 0 };
    enum sharing sharing;
    size_t first = from;

    while (first < out->len && out->at[first].repair == NULL)
        first++;
    if (first == out->len || lineage == NULL ||
        health_other_user(subject->health, lineage->archive_dir, subject->name) == NULL) /* as nearly always */
        return;
    sharing = lineage_sharing(lineage, &unknown);
    if (sharing == SHARING_NOT)
        return;
    for (size_t i = first; i < out->len; i++) {
        struct finding *finding = &out->at[i];

        if (finding->repair == NULL || strcmp(finding->code, "archive-shared") == 0) /* so that it ends */
            continue;
        finding->repair = NULL;
        list_clear(&finding->answers);
        if (sharing == SHARING_UNKNOWN)
            finding_answer(finding,
                "make the directory of the renewal files readable: until then nobody can tell whether "
                "another certificate keeps versions in %s",
                lineage->archive_dir);
        else
            finding_answer(finding,
                "correct archive_dir in %s or in the renewal file of the other certificate, as both keep "
                "versions in %s: until then nobody can tell whose they are",
                lineage->conf_path, lineage->archive_dir);
    }
}

/* The last check: reports everything else that makes `renew` fail without a network. */
void check_renewal(struct subject *subject)
{
    const struct rehearsal *rehearsal = subject->health->rehearsal;
    const struct findings *out = subject->health->out;
    struct finding *finding;
    struct error err = { 0 };

    for (size_t i = out->len; i-- > 0 && text_equal(out->at[i].lineage, subject->name);)
        if (out->at[i].severity == HEALTH_ERROR && !out->at[i].repaired)
            return;
    if (subject->health->open_paths.len > 0 && subject->health->settings->voice->refuses_shared_code)
        return; /* no renewal begins: the store tells */
    if (rehearsal == NULL || rehearsal->run(rehearsal->ctx, subject->name, &err))
        return;
    finding = health_find(subject->health, subject, "renewal-would-fail", HEALTH_ERROR, subject->lineage->conf_path,
        "it fails at every run, and the certificate expires", "`renew` cannot begin: %s%s%s", err.what,
        err.what[0] == '\0' ? "" : ": ", err.why);
    if (err.next[0] != '\0')
        finding_answer(finding, "%s", err.next);
    finding_answer(finding, "correct %s, or put it back from a backup", subject->lineage->conf_path);
    finding_answer(
        finding, "say how it is to be renewed: certonly --cert-name %s, with the options it is to have", subject->name);
}

static void examine_lineage(struct health *health, const char *name)
{
    struct subject subject = { .health = health, .name = name };
    size_t from = health->out->len;

    if (!store_has_lineage(health->store, name)) /* a repair has removed it */
        return;
    (void)!lineage_open(health->store, name, &subject.lineage, &subject.reading);
    for (size_t i = 0; i < COUNT(lineage_checks) && !subject.broken; i++)
        lineage_checks[i](&subject);
    leave_shared_alone(&subject, from);
    if (subject.lineage != NULL)
        health_tell_trouble(health, &subject, from);
    subject_forget_versions(&subject);
    lineage_free(subject.lineage);
}

static void examine_store_first(struct health *health, const char *unused)
{
    size_t from = health->out->len;

    (void)unused;
    for (size_t i = 0; i < COUNT(first_store_checks); i++)
        first_store_checks[i](health);
    health_tell_trouble(health, NULL, from);
}

static void examine_store(struct health *health, const char *unused)
{
    size_t from = health->out->len;

    (void)unused;
    for (size_t i = 0; i < COUNT(store_checks); i++)
        store_checks[i](health);
    health_tell_trouble(health, NULL, from);
}

/* ---- repairing ---- */

struct attempts {                /* side by side */
    struct list marks, failures; /* "" where the repair was done */
};

static char *mark_of(const struct finding *finding)
{
    return xprintf("%s %s", finding->code, finding->path);
}

static const char *failure_of(const struct attempts *attempts, const char *mark)
{
    for (size_t i = attempts->marks.len; i-- > 0;)
        if (strcmp(attempts->marks.at[i], mark) == 0)
            return attempts->failures.at[i];
    return NULL;
}

/* The first of those from `from` on that can be repaired, and was not tried before. */
static struct finding *next_to_repair(struct health *health, size_t from, const struct attempts *attempts)
{
    struct finding *next = NULL;

    for (size_t i = from; i < health->out->len; i++) {
        struct finding *finding = &health->out->at[i];
        AUTO(free) char *mark = mark_of(finding);
        const char *failure = failure_of(attempts, mark);

        if (failure != NULL)
            finding->failed = failure[0] == '\0' ? NULL : xstrdup(failure);
        else if (finding->repair == NULL || (health->mode != HEALTH_FIX && finding->severity != HEALTH_ERROR))
            continue;
        else if (health_trouble() != NULL) /* the findings may be due to that alone */
            finding->failed = xstrdup(health_trouble());
        else if (next == NULL)
            next = finding;
    }
    return next;
}

/* Repairs one; when that was done it takes the place of all from `from` on, which are found anew if they still hold. */
static void repair(struct health *health, struct finding *chosen, size_t from, struct attempts *attempts)
{
    struct finding finding = *chosen;
    AUTO(free) char *mark = mark_of(&finding);
    struct error err = { 0 };
    bool done;

    *chosen = (struct finding){ 0 };
    findings_cut(health->out, from);
    done = finding.repair(health, &finding, &err);
    list_add(&attempts->marks, mark);
    if (done) {
        list_add(&attempts->failures, "");
        log_info("%s: %s; done: %s", finding.code, finding.what, finding.answers.at[0]);
        audit_done(ACT_STORE_REPAIRED, finding.lineage, "finding", finding.code, "path", finding.path, "done",
            finding.answers.at[0], NULL);
        finding.repaired = true;
        health->out->at[health->out->len++] = finding;
    } else {
        AUTO(free) char *failure = xprintf("%s%s%s", err.why, err.next[0] == '\0' ? "" : "; ", err.next);

        list_add(&attempts->failures, failure);
        log_warning("%s: %s; could not %s: %s", finding.code, finding.what, finding.answers.at[0], err.why);
        finding_clear(&finding);
    }
}

static void examine_and_repair(struct health *health, void (*examine)(struct health *, const char *), const char *name)
{
    struct attempts attempts = { 0 };

    for (int count = 0;; count++) {
        size_t from = health->out->len;
        struct finding *next;

        health_forget_trouble();
        examine(health, name);
        next = health->mode == HEALTH_LOOK || count == REPAIRS_MAX ? NULL : next_to_repair(health, from, &attempts);
        if (next == NULL)
            break;
        repair(health, next, from, &attempts);
    }
    list_clear(&attempts.marks);
    list_clear(&attempts.failures);
}

static void examine_access(struct health *health, const char *name)
{
    struct subject subject = { .health = health, .name = name };
    struct error unreadable = { 0 };

    if (!lineage_open(health->store, name, &subject.lineage, &unreadable)) /* not a matter of access, or told by it */
        return;
    subject_list_versions(&subject);
    check_modes(&subject);
    subject_forget_versions(&subject);
    lineage_free(subject.lineage);
}

void health_examine_access(
    struct store *store, const struct settings *settings, const struct list *names, struct findings *out)
{
    AUTO(health_clear)
    struct health health = {
        .store = store, .settings = settings, .mode = HEALTH_LOOK, .now = clock_now(), .out = out
    };

    check_store_modes(&health);
    for (; out->examined < names->len; out->examined++)
        examine_access(&health, names->at[out->examined]);
    health_forget_trouble();
}

bool health_examine(struct store *store, const struct settings *settings, const char *only, enum health_mode mode,
    struct findings *out, struct error *err)
{
    return health_examine_all(store, settings, only, mode, NULL, out, err);
}

bool health_examine_all(struct store *store, const struct settings *settings, const char *only, enum health_mode mode,
    const struct rehearsal *rehearsal, struct findings *out, struct error *err)
{
    AUTO(findings_clear) struct findings found = { 0 };
    AUTO(list_clear) struct list names = { 0 };
    AUTO(health_clear)
    struct health health = {
        .store = store,
        .settings = settings,
        .mode = mode,
        .whole = only == NULL,
        .now = clock_now(),
        .rehearsal = rehearsal,
        .out = &found,
    };

    if (only == NULL)
        TRY(store_lineage_names(store, &names, err));
    else if (store_has_lineage(store, only))
        list_add(&names, only);
    else
        return lineage_missing(store, only, err);
    if (only == NULL)
        examine_and_repair(&health, examine_store_first, NULL);
    for (; found.examined < names.len; found.examined++) {
        AUTO(range_lock_release) struct range_lock *lock = NULL;

        if (mode != HEALTH_LOOK)
            TRY(lineage_lock(store, names.at[found.examined], &lock, err));
        examine_and_repair(&health, examine_lineage, names.at[found.examined]);
    }
    if (only == NULL)
        examine_and_repair(&health, examine_store, NULL);
    findings_clear(out);
    *out = found;
    found = (struct findings){ 0 };
    return true;
}
