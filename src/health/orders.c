/*
 * Recorded orders (pending.h): which of them may still give a certificate, and which are of no more use.
 *
 * No record goes while it could be taken up again, nor while its key is the only one for a certificate that is here.
 */
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "disk/layouts.h"
#include "health/private.h"
#include "store/lineage_new.h"
#include "store/pending.h"
#include "store/store_private.h"

static const char why_lost[] = "the certificate may have been issued, and counts against the CA's limits";
static const char why_key[] = "a private key may lie in it";

struct record {
    struct health *health;
    const struct subject *subject; /* NULL: there is no renewal file of that name */
    const char *name;
    char *dir, *key; /* paths */
    struct pending pending;
};

static void record_clear_at(struct record *record)
{
    free(record->dir);
    free(record->key);
    pending_clear(&record->pending);
}

/* ---- its key ---- */

/* A certificate among the versions that this key is for, and which lacks it; of the caller's. */
static char *find_needy(const struct subject *subject, const char *key)
{
    for (size_t i = subject->version_count; i-- > 0;) {
        const struct parts *parts = &subject->versions[i];
        AUTO(cert_free) struct cert *cert = health_read_cert(parts->path[KIND_CERT]);

        if (cert != NULL && health_key_fits(key, cert) && !health_key_fits(parts->path[KIND_PRIVKEY], cert))
            return xstrdup(parts->path[KIND_CERT]);
    }
    return NULL;
}

/* The version that lacks the key of this order, also of a lineage whose renewal file is gone. */
static char *needed_for(const struct record *record)
{
    const struct layout *layout;
    char *found = NULL;

    if (!file_exists(record->key))
        return NULL;
    if (record->subject != NULL)
        return find_needy(record->subject, record->key);
    for (size_t i = 0; found == NULL && (layout = layout_at(i)) != NULL; i++) {
        AUTO(lineage_free) struct lineage *lineage = lineage_new(record->health->store, record->name, layout);
        struct subject subject = { .health = record->health, .name = record->name, .lineage = lineage };

        subject_list_versions(&subject);
        found = find_needy(&subject, record->key);
        subject_forget_versions(&subject);
    }
    return found;
}

/* ---- what is of no more use ---- */

static bool repair_drop(struct health *health, const struct finding *finding, struct error *err)
{
    return pending_drop(health->store, finding->from, err);
}

static void offer_to_drop(const struct record *record, struct finding *finding)
{
    AUTO(free) char *cert = needed_for(record);

    if (cert != NULL) {
        finding_answer(
            finding, "put its key, %s, where the key of %s should be: it is nowhere else", record->key, cert);
        finding_answer(finding, "remove %s, if that certificate is of no use", record->dir);
        return;
    }
    finding_answer(finding, "remove %s", record->dir);
    finding->from = xstrdup(record->name);
    finding->repair = repair_drop;
}

static struct finding *report_order(
    const struct record *record, const char *code, enum health_severity severity, const char *why, const char *what)
{
    return health_find(record->health, record->subject, code, severity, record->dir, why, "%s", what);
}

/* ---- what the next run makes of it ---- */

static bool key_is_damaged(const struct pending *pending)
{
    AUTO(key_free) struct key *key = NULL;
    struct error err = { 0 };

    return pending->has_key && !key_from_pem(buf_view(&pending->key), "the key", &key, &err);
}

/* The certificate that a renewal would go by. */
static struct cert *newest_cert(const struct record *record)
{
    const struct parts *newest = record->subject == NULL ? NULL : subject_newest_whole(record->subject);

    return newest == NULL ? NULL : health_read_cert(newest->path[KIND_CERT]);
}

static bool is_of(const struct pending *pending, const struct cert *cert)
{
    AUTO(buf_clear) struct buf now = BUF(128);
    struct error err = { 0 };

    return pending->previous != NULL && cert_fingerprint(cert, &now, &err) &&
           text_equal(buf_text(&now), pending->previous);
}

static bool has_its_key(const struct pending *pending, const struct cert *cert)
{
    struct error err = { 0 };

    return pending->has_key && cert_check_key_pem(cert, buf_view(&pending->key), "the key", &err);
}

static void answer_with_next(const struct record *record, const struct cert *newest, struct finding *finding)
{
    const struct pending *pending = &record->pending;
    AUTO(free) char *names = list_join(&pending->requested, ", ");
    const char *server = newest == NULL ? NULL : conf_get(record->subject->lineage->conf, "renewalparams", "server");

    if (newest != NULL && text_equal(server, pending->server) && list_same_set(&pending->requested, &newest->names))
        finding_answer(finding, "leave it: the next `renew` asks %s for that certificate before it orders another",
            pending->server);
    else if (newest == NULL && pending_is_first(record->health->store, record->name))
        finding_answer(
            finding, "leave it: the next `renew` asks %s for that certificate, and saves it", pending->server);
    else if (pending_is_for_csr(record->name))
        finding_answer(finding,
            "leave it: the next `certonly --csr` with the same request asks %s for that certificate "
            "before it orders another",
            pending->server);
    else
        finding_answer(finding,
            "leave it: the next `certonly` for %s asks %s for that certificate before it orders another", names,
            pending->server);
}

static void report_waiting(const struct record *record, const struct cert *newest, const char *what)
{
    char until[CLOCK_TEXT_SIZE];
    struct finding *finding = report_order(record, "order-waiting", HEALTH_NOTE, why_lost, what);

    answer_with_next(record, newest, finding);
    clock_format_date(record->pending.created + PENDING_MAX_AGE_S, until);
    finding_answer(
        finding, "remove %s, if the certificate is not wanted; it is removed by itself after %s", record->dir, until);
}

static void report_whole(const struct record *record)
{
    const struct pending *pending = &record->pending;
    AUTO(cert_free) struct cert *newest = newest_cert(record);
    AUTO(free) char *names = list_join(&pending->names, ", "), *what = NULL;
    char date[CLOCK_TEXT_SIZE];
    struct finding *finding;

    clock_format_date(pending->created, date);
    what = xprintf("%s has the order of %s for %s", record->dir, date, names);
    if (pending_is_old(pending, record->health->now)) {
        offer_to_drop(
            record, report_order(record, "order-old", HEALTH_NOTE, "no CA remembers an order for so long", what));
    } else if (newest != NULL && has_its_key(pending, newest)) {
        offer_to_drop(record, report_order(record, "order-done", HEALTH_NOTE, "its certificate is in the store", what));
    } else if (newest == NULL ? record->subject == NULL && pending->previous == NULL : is_of(pending, newest)) {
        report_waiting(record, newest, what);
    } else if (record->subject == NULL) {
        finding = report_order(record, "order-without-renewal-file", HEALTH_WARNING, why_lost, what);
        finding_answer(finding,
            "put the renewal file of %s back from a backup: the next renewal fetches the certificate then",
            record->name);
        finding_answer(finding, "remove %s, if the certificate is not wanted", record->dir);
    } else {
        finding = report_order(record, "order-superseded", HEALTH_NOTE,
            "another certificate has taken the place of the one it was to follow", what);
        finding_answer(finding, "leave it: it is removed by itself when it is too old to be of use");
        finding_answer(finding, "remove %s", record->dir);
    }
}

/* ---- checking ---- */

static void report_unreadable(const struct record *record, const struct error *reason)
{
    AUTO(free) char *what = xprintf("the order in %s cannot be read: %s", record->dir, reason->why);
    struct finding *finding = report_order(record, "order-unreadable", HEALTH_WARNING, why_lost, what);

    finding_answer(finding, "make it readable: the next run tries again");
    finding_answer(finding, "remove %s, if the certificate is not wanted", record->dir);
}

static void report_damaged(const struct record *record, const char *reason)
{
    AUTO(free) char *what = xprintf("the order in %s cannot be used: %s", record->dir, reason);

    offer_to_drop(record, report_order(record, "order-damaged", HEALTH_WARNING, why_lost, what));
}

static void check_record(struct health *health, const struct subject *subject, const char *name)
{
    AUTO(record_clear)
    struct record record = {
        .health = health,
        .subject = subject,
        .name = name,
        .dir = pending_dir(health->store, name),
        .key = pending_key_path(health->store, name),
    };
    AUTO(free) char *what = NULL;
    struct error err = { 0 };

    switch (pending_look(health->store, name, &record.pending, &err)) {
    case PENDING_NONE:
        return;
    case PENDING_LEFTOVER:
        what = xprintf("%s was left by an order that was given up, or is done", record.dir);
        offer_to_drop(&record, report_order(&record, "order-leftover", HEALTH_NOTE, why_key, what));
        return;
    case PENDING_UNREADABLE:
        report_unreadable(&record, &err);
        return;
    case PENDING_DAMAGED:
        report_damaged(&record, err.why);
        return;
    case PENDING_WHOLE:
        if (key_is_damaged(&record.pending))
            report_damaged(&record, "its private key cannot be read");
        else
            report_whole(&record);
        return;
    }
}

void check_order(struct subject *subject)
{
    check_record(subject->health, subject, subject->name);
}

void check_orders(struct health *health)
{
    AUTO(list_clear) struct list names = { 0 };
    AUTO(free) char *top = store_path(health->store, "pending");
    struct error err = { 0 };

    if (!pending_names(health->store, &names, &err)) {
        struct finding *finding =
            health_find(health, NULL, "order-unreadable", HEALTH_WARNING, top, why_lost, "%s", err.why);

        finding_answer(finding, "make %s readable", top);
    }
    for (size_t i = 0; i < names.len; i++)
        if (!store_has_lineage(health->store, names.at[i]))
            check_record(health, NULL, names.at[i]);
}
