#include "store/health_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#define REPAIRS_MAX 32 /* of one lineage: each repair may show the next thing that is wrong */

/* In this order: each may rely on what those before it have found to be right. */
static void (*const lineage_checks[])(struct patient *) = {
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
    check_delivery,
    check_failures,
    check_account,
    check_room,
    check_renewal,
};

/* What concerns every lineage: before them, so that none of them tells of it, or is examined before it is mended. */
static void (*const first_store_checks[])(struct health *) = {
    check_store_room,
    check_store_modes,
    check_code_paths,
};

static void (*const store_checks[])(struct health *) = {
    check_store_leftovers,
    check_deletions,
    check_orders,
    check_deliveries,
    check_stray_failures,
    check_strays,
    check_accounts,
    check_old_requests,
    check_clock,
};

/* ---- findings ---- */

const char *health_severity_name(enum health_severity severity)
{
    static const char *const names[] = { "note", "warning", "error" };

    return names[severity];
}

static void finding_clear(struct finding *finding)
{
    free(finding->lineage);
    free(finding->path);
    free(finding->what);
    free(finding->failed);
    free(finding->from);
    free(finding->to);
    list_clear(&finding->answers);
}

static void findings_cut(struct findings *findings, size_t len)
{
    while (findings->len > len)
        finding_clear(&findings->at[--findings->len]);
}

void findings_clear(struct findings *findings)
{
    findings_cut(findings, 0);
    free(findings->at);
    *findings = (struct findings){ 0 };
}

size_t findings_open(const struct findings *findings)
{
    size_t open = 0;

    for (size_t i = 0; i < findings->len; i++)
        open += !findings->at[i].repaired && findings->at[i].severity != HEALTH_NOTE;
    return open;
}

static struct finding *add(struct health *health, const char *lineage)
{
    struct findings *out = health->out;

    if (out->len == out->room) {
        out->room = out->room == 0 ? 16 : 2 * out->room;
        out->at = xrealloc(out->at, out->room, sizeof *out->at);
    }
    out->at[out->len] = (struct finding){ .lineage = xstrdup_or_null(lineage) };
    return &out->at[out->len++];
}

PRINTF(1, 0)
static char *text_of(const char *format, va_list args)
{
    char text[2048];

    (void)vsnprintf(text, sizeof text, format, args);
    return xstrdup(text);
}

PRINTF(7, 0)
static struct finding *fill(struct health *health, const struct patient *patient, const char *code,
    enum health_severity severity, const char *path, const char *why, const char *what, va_list args)
{
    struct finding *finding = add(health, patient == NULL ? NULL : patient->name);

    finding->code = code;
    finding->severity = severity;
    finding->path = xstrdup_or_null(path);
    finding->why = why;
    finding->what = text_of(what, args);
    return finding;
}

struct finding *health_find(struct health *health, const struct patient *patient, const char *code,
    enum health_severity severity, const char *path, const char *why, const char *what, ...)
{
    struct finding *finding;
    va_list args;

    va_start(args, what);
    finding = fill(health, patient, code, severity, path, why, what, args);
    va_end(args);
    return finding;
}

struct finding *health_break(
    struct patient *patient, const char *code, const char *path, const char *why, const char *what, ...)
{
    struct finding *finding;
    va_list args;

    va_start(args, what);
    finding = fill(patient->health, patient, code, HEALTH_ERROR, path, why, what, args);
    va_end(args);
    patient->broken = true;
    return finding;
}

void finding_answer(struct finding *finding, const char *answer, ...)
{
    AUTO(free) char *text = NULL;
    va_list args;

    va_start(args, answer);
    text = text_of(answer, args);
    va_end(args);
    list_add(&finding->answers, text);
}

/* ---- who uses which directory ---- */

static void claim_dir(struct claims *claims, const char *dir, const char *name)
{
    if (claims->len == claims->room) {
        claims->room = claims->room == 0 ? 64 : 2 * claims->room;
        claims->at = xrealloc(claims->at, claims->room, sizeof *claims->at);
    }
    claims->at[claims->len++] = (struct claim){ xstrdup(dir), xstrdup(name) };
    claims->sorted = false;
}

/* What its renewal file names, and what has its own name: that is its, too, if nobody else says so. */
void health_claim(struct health *health, const char *name, const struct lineage *lineage)
{
    AUTO(free) char *live = store_path_in(health->store, "live", name);
    AUTO(free) char *archive = store_path_in(health->store, "archive", name);
    const char *account;

    claim_dir(&health->claims, live, name);
    claim_dir(&health->claims, archive, name);
    if (lineage != NULL && lineage->live_dir != NULL && strcmp(lineage->live_dir, live) != 0)
        claim_dir(&health->claims, lineage->live_dir, name);
    if (lineage != NULL && strcmp(lineage->archive_dir, archive) != 0)
        claim_dir(&health->claims, lineage->archive_dir, name);
    account = lineage == NULL ? NULL : conf_get(lineage->conf, "renewalparams", "account");
    if (account != NULL &&
        (health->accounts.len == 0 || strcmp(health->accounts.at[health->accounts.len - 1], account) != 0))
        list_add(&health->accounts, account);
}

static void forget_claims(struct health *health)
{
    for (size_t i = 0; i < health->claims.len; i++) {
        free(health->claims.at[i].dir);
        free(health->claims.at[i].lineage);
    }
    free(health->claims.at);
    health->claims = (struct claims){ 0 };
    health->claims_known = false;
    health->claims_trouble = (struct error){ 0 };
    list_clear(&health->accounts);
    list_clear(&health->good_accounts);
    list_clear(&health->strays[STRAY_LIVE]);
    list_clear(&health->strays[STRAY_ARCHIVE]);
    health->strays_known = false;
    health->strays_trouble = (struct error){ 0 };
}

static void health_clear_at(struct health *health)
{
    forget_claims(health);
    list_clear(&health->open_paths);
}

static int compare_claims(const void *left, const void *right)
{
    const struct claim *a = left, *b = right;

    return strcmp(a->dir, b->dir);
}

/* A renewal file that cannot be read or understood may name any directory; an empty one, or one that went meanwhile,
 * names none. */
static void note_unknown_claims(struct health *health, const char *name, const struct error *err)
{
    AUTO(free) char *path = store_conf_path(health->store, name);
    struct stat st;

    if (health->claims_trouble.kind == ERROR_NONE && lstat(path, &st) == 0 && (!S_ISREG(st.st_mode) || st.st_size > 0))
        health->claims_trouble = *err;
}

void health_learn_claims(struct health *health)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    if (!health->claims_known) {
        forget_claims(health);
        health->claims_known = store_lineage_names(health->store, &names, &err);
        if (!health->claims_known)
            health_note_trouble(&err);
        for (size_t i = 0; i < names.len; i++) {
            AUTO(lineage_free) struct lineage *lineage = NULL;
            struct error unread = { 0 };

            if (!lineage_open(health->store, names.at[i], &lineage, &unread))
                note_unknown_claims(health, names.at[i], &unread);
            health_claim(health, names.at[i], lineage);
        }
    }
    if (!health->claims.sorted && health->claims.len > 0)
        qsort(health->claims.at, health->claims.len, sizeof *health->claims.at, compare_claims);
    health->claims.sorted = true;
}

const char *health_other_user(struct health *health, const char *dir, const char *name)
{
    size_t low = 0, high;

    health_learn_claims(health);
    high = health->claims.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(health->claims.at[middle].dir, dir) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < health->claims.len && strcmp(health->claims.at[low].dir, dir) == 0; low++)
        if (strcmp(health->claims.at[low].lineage, name) != 0)
            return health->claims.at[low].lineage;
    return NULL;
}

const struct list *health_strays(struct health *health, enum stray which)
{
    static const char *const parts[] = { "live", "archive" };

    health_learn_claims(health);
    health_note_trouble(&health->strays_trouble); /* whoever asks again does not know all of them either */
    for (int i = 0; i < 2 && !health->strays_known; i++) {
        AUTO(free) char *above = store_path(health->store, parts[i]);
        AUTO(list_clear) struct list names = { 0 };
        struct error err = { 0 };

        if (!file_list_dir(above, &names, &err)) {
            health_note_trouble(&err);
            health->strays_trouble = err;
            continue;
        }
        for (size_t k = 0; k < names.len; k++) {
            AUTO(free) char *dir = file_join(above, names.at[k]);

            if (names.at[k][0] != '.' && health_other_user(health, dir, "") == NULL && file_is_dir(dir))
                list_add(&health->strays[i], dir);
        }
    }
    health->strays_known = true;
    return &health->strays[which];
}

void health_stray_is_used(struct health *health, const char *dir)
{
    for (int which = 0; which < 2; which++)
        for (size_t i = health->strays[which].len; i-- > 0;)
            if (strcmp(health->strays[which].at[i], dir) == 0)
                list_remove(&health->strays[which], i);
}

/* ---- examining ---- */

/* What lies in an archive of two may be the other's: nothing is repaired by it. */
static void leave_shared_alone(const struct patient *patient, size_t from)
{
    const struct lineage *lineage = patient->lineage;
    struct findings *out = patient->health->out;
    struct error unknown = { 0 };
    enum sharing sharing;
    size_t first = from;

    while (first < out->len && out->at[first].repair == NULL)
        first++;
    if (first == out->len || lineage == NULL ||
        health_other_user(patient->health, lineage->archive_dir, patient->name) == NULL) /* as nearly always */
        return;
    sharing = lineage_sharing(lineage, &unknown);
    if (sharing == SHARING_NOT)
        return;
    for (size_t i = first; i < out->len; i++) {
        struct finding *finding = &out->at[i];

        if (finding->repair == NULL || strcmp(finding->code, "archive-shared") == 0) /* what makes an end of it */
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

/* The last word: whatever makes `renew` fail without a network is told. */
void check_renewal(struct patient *patient)
{
    const struct rehearsal *rehearsal = patient->health->rehearsal;
    const struct findings *out = patient->health->out;
    struct finding *finding;
    struct error err = { 0 };

    for (size_t i = out->len; i-- > 0 && text_equal(out->at[i].lineage, patient->name);)
        if (out->at[i].severity == HEALTH_ERROR && !out->at[i].repaired)
            return;
    if (patient->health->open_paths.len > 0 && !patient->health->settings->as_certbot)
        return; /* no renewal begins: the store tells */
    if (rehearsal == NULL || rehearsal->run(rehearsal->ctx, patient->name, &err))
        return;
    finding = health_find(patient->health, patient, "renewal-would-fail", HEALTH_ERROR, patient->lineage->conf_path,
        "it fails at every run, and the certificate expires", "`renew` cannot begin: %s%s%s", err.what,
        err.what[0] == '\0' ? "" : ": ", err.why);
    if (err.next[0] != '\0')
        finding_answer(finding, "%s", err.next);
    finding_answer(finding, "correct %s, or put it back from a backup", patient->lineage->conf_path);
    finding_answer(
        finding, "say how it is to be renewed: certonly --cert-name %s, with the options it is to have", patient->name);
}

static void examine_lineage(struct health *health, const char *name)
{
    struct patient patient = { .health = health, .name = name };
    size_t from = health->out->len;

    if (!store_has_lineage(health->store, name)) /* a repair has removed it */
        return;
    (void)!lineage_open(health->store, name, &patient.lineage, &patient.reading);
    for (size_t i = 0; i < COUNT(lineage_checks) && !patient.broken; i++)
        lineage_checks[i](&patient);
    leave_shared_alone(&patient, from);
    if (patient.lineage != NULL)
        health_tell_trouble(health, &patient, from);
    patient_forget_versions(&patient);
    lineage_free(patient.lineage);
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
        else if (health_trouble() != NULL) /* what was found may be no more than that */
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
