#include "rescue/key_compromise.h"

#include <string.h>

#include "audit/audit.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/renewal_params.h"
#include "lifecycle/revoke.h"
#include "rescue/collect.h"
#include "rescue/renew_one.h"
#include "rescue/still_shown.h"
#include "store/compromised.h"
#include "store/history.h"
#include "store/lineage_conf.h"
#include "store/lineage_lock.h"

#define REASONS_MAX 3000 /* bytes of what is told of failures */

struct work {
    struct context *context;
    const char *name;
    char *key;                 /* cert_key_hash of the live key */
    struct compromised noted;  /* by earlier runs, and from begin() on by this one */
    struct list serials, pems; /* certificates of the live key, which are to be noted besides */
    bool begun;                /* an earlier run has noted the live key, or has replaced it */
    bool renewed;              /* the live key is the one that was made in place of those that are noted */
    bool is_another;           /* the live key is neither that nor one that is noted */
    size_t all, failed;        /* certificates that were to be revoked, and that could not be */
    struct buf reasons;        /* why not */
    struct list still_shown;   /* servers that show a known key, although all is to be revoked now */
};

static void work_clear_at(struct work *work)
{
    free(work->key);
    compromised_clear(&work->noted);
    list_clear(&work->serials);
    list_clear(&work->pems);
    list_clear(&work->still_shown);
    buf_clear(&work->reasons);
}

static bool same_key(const struct cert *a, const struct cert *b)
{
    return a->spki_len == b->spki_len && memcmp(a->der.at + a->spki_at, b->der.at + b->spki_at, a->spki_len) == 0;
}

/* ---- which certificates ---- */

static bool add(struct work *work, const struct version *version, struct error *err)
{
    AUTO(buf_clear) struct buf pem = BUF(FILE_MAX_TEXT);

    if (list_has(&work->noted.serials, version->cert->serial) || list_has(&work->serials, version->cert->serial))
        return true;
    TRY(file_read(version->path[KIND_CERT], &pem, err));
    list_add(&work->serials, version->cert->serial);
    list_add(&work->pems, buf_text(&pem));
    return true;
}

/* The live one, and those before it with the same key, unless they are over: nobody asks about these any more. */
static bool add_all(struct work *work, const struct lineage *lineage, struct error *err)
{
    AUTO(history_clear) struct history history = { 0 };
    int64_t now = context_now(work->context);

    TRY(lineage_history(lineage, &history, err));
    for (size_t i = 0; i < history.len; i++) {
        const struct version *version = &history.at[i];

        if (version->cert != NULL && version->cert->not_after > now && same_key(version->cert, lineage->cert))
            TRY(add(work, version, err));
    }
    return work->serials.len > 0 || work->noted.serials.len > 0 ||
           error_set(err, ERROR_CONFIG, "every certificate of this key of %s has expired", work->name);
}

/* What is to be done, by what an earlier run has noted and by what is live now. Changes nothing. */
static bool find(struct work *work, struct error *err)
{
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct store *store = work->context->store;

    if (!store_has_lineage(store, work->name))
        return lineage_missing(store, work->name, err);
    TRY(lineage_lock(store, work->name, &lock, err));
    TRY(lineage_load(store, work->name, &lineage, err));
    TRY(compromised_load(store, work->name, context_now(work->context), &work->noted, err));
    work->key = cert_key_hash(lineage->cert);
    if (work->noted.serials.len > 0 && text_is_given(work->key)) {
        work->renewed = text_equal(work->key, work->noted.new_key);
        work->is_another = !work->renewed && !list_has(&work->noted.keys, work->key);
    }
    work->begun = work->noted.serials.len > 0 && !work->is_another;
    return work->renewed || add_all(work, lineage, err);
}

static bool is_same_plan(const struct work *a, const struct work *b)
{
    return list_equal(&a->serials, &b->serials) && list_equal(&a->noted.serials, &b->noted.serials) &&
           text_equal(a->key, b->key) && a->renewed == b->renewed;
}

/* The user agrees: it is written down before anything is done. Others may have been at work while the user thought. */
static bool begin(struct work *work, struct error *err)
{
    AUTO(work_clear) struct work now = { .context = work->context, .name = work->name };

    TRY(find(&now, err));
    if (!is_same_plan(work, &now)) {
        (void)error_set(err, ERROR_CONFIG, "%s was changed by another run meanwhile: nothing was done", work->name);
        return error_next(err, "repeat this command");
    }
    for (size_t i = 0; i < work->serials.len; i++) {
        TRY(compromised_add(work->context->store, work->name, work->serials.at[i], view_of(work->pems.at[i]), err));
        list_add(&work->noted.serials, work->serials.at[i]);
    }
    if (work->serials.len > 0 && !list_has(&work->noted.keys, work->key))
        list_add(&work->noted.keys, work->key);
    work->all = work->noted.serials.len;
    return true;
}

/* ---- asking the user ---- */

static void say_plan(const struct work *work, const char *would)
{
    struct ui *ui = work->context->ui;

    if (work->is_another)
        ui_say(ui,
            "An earlier run is not finished, and the live key of %s is neither the one that it has made nor one that "
            "was "
            "known then: it is taken for known, too.",
            work->name);
    if (!work->renewed)
        ui_say(ui, "A certificate with a new key %s be obtained for %s.", would, work->name);
    for (size_t i = 0; i < work->noted.serials.len; i++)
        ui_say(ui, "The certificate with the serial number %s %s be revoked.", work->noted.serials.at[i], would);
    for (size_t i = 0; i < work->serials.len; i++)
        ui_say(ui, "The certificate with the serial number %s %s be revoked.", work->serials.at[i], would);
}

static bool confirm(struct work *work, bool *go, struct error *err)
{
    struct question question = {
        .text = work->renewed
                    ? "The new key and the new certificate are there. Revoking the old certificates cannot be "
                      "undone. Go on?"
                    : "A new key and a new certificate come first; then the old certificates are revoked, "
                      "which cannot be undone. Go on?",
        .has_default = true,
        .flag = "--yes",
    };

    *go = true;
    if (work->context->settings->yes)
        return true;
    if (ui_is_interactive(work->context->ui)) {
        say_plan(work, "is to");
        return ui_yes_no(work->context->ui, &question, "Yes", "No", true, go, err);
    }
    (void)error_set(err, ERROR_USAGE, "to revoke certificates without being asked, add --yes");
    return false;
}

/* Before anything is changed. Without evidence the key is still to be replaced. */
static bool collect(struct work *work, struct error *err)
{
    const struct settings *settings = work->context->settings;
    const struct question question = {
        .text = "Collect evidence first (logs, files, processes)?", .has_default = true, .flag = "--yes"
    };
    struct error why = { 0 };
    bool go = settings->collect && !work->begun;

    if (go && !settings->yes)
        TRY(ui_yes_no(work->context->ui, &question, "Yes", "No", true, &go, err));
    if (!go || incident_collect(work->context, &why))
        return true;
    if (why.kind == ERROR_CANCELED) {
        *err = why;
        return false;
    }
    audit_failed(ACT_INCIDENT_COLLECTED, work->name, &why, NULL);
    log_warning("No evidence was collected: %s", why.why);
    return true;
}

/* ---- a new key ---- */

/* Just before it becomes live: so whoever comes after an interruption knows it for the one that was made here. */
static bool note_new_key(void *self, const struct cert *cert, struct error *err)
{
    struct work *work = self;
    AUTO(free) char *key = cert_key_hash(cert);

    if (list_has(&work->noted.keys, key))
        return true;
    return compromised_set_new_key(work->context->store, work->name, key, err);
}

static bool not_renewed(const struct work *work, const char *why, struct error *err)
{
    (void)error_set(err, ERROR_ACME, "%s, and nothing was revoked yet: %s",
        work->renewed ? "the new certificate is not in use everywhere" : "there is no new certificate", why);
    return error_next(err,
        "mend that and repeat this command; or, if the key does more harm than a site that is down, "
        "revoke at once: evercert revoke --cert-path FILE --reason keycompromise --no-delete-after-revoke, with the "
        "files in %s/.compromised/%s",
        store_config_dir(work->context->store), work->name);
}

static bool renew(struct work *work, const struct verb *renew_verb, struct error *err)
{
    AUTO(renewed_one_clear) struct renewed_one one = { 0 };
    const struct before_live before_live = { note_new_key, work };
    struct context own = *work->context;

    own.before_live = &before_live;
    if (!work->renewed)
        ui_say(work->context->ui, "Obtaining a certificate with a new key for %s ...", work->name);
    TRY(renew_one(&own, renew_verb, work->name, !work->renewed, &one, err));
    work->renewed = work->renewed || one.issued;
    if (!work->renewed || !one.delivered)
        return not_renewed(work, one.why, err);
    ui_say(work->context->ui, "%s has a new key and a new certificate.", work->name);
    return true;
}

/* ---- who shows which key ---- */

static void say_shown(struct work *work, const struct shown *shown)
{
    struct ui *ui = work->context->ui;

    ui_say(ui,
        "Servers were asked: %zu show(s) the new certificate, %zu a known key, %zu another certificate; %zu gave no "
        "answer.",
        shown->ours, shown->known.len, shown->others, shown->silent);
    for (size_t i = 0; i < shown->known.len; i++)
        ui_say(ui, "  A known key is still shown %s: reload that server.", shown->known.at[i]);
    if (shown->ours == 0)
        ui_say(ui,
            "No server was seen with the new certificate: whatever uses the one of %s (a mail server, a proxy, a copy "
            "on "
            "another machine) has to be reloaded, or given the new files.",
            work->name);
}

/* Asked of a user who was asked before: who said --yes wants the key revoked in any case. */
static bool may_revoke(struct work *work, const struct shown *shown, bool *go, struct error *err)
{
    struct question question = {
        .text = shown->known.len > 0
                    ? "Where a known key is still shown, visitors will meet a revoked certificate until the server is "
                      "reloaded. Revoke all the same?"
                    : "Does everybody who uses the certificate have the new one? Then the old ones can be revoked.",
        .has_default = true,
        .flag = "--yes",
    };

    *go = true;
    if (work->context->settings->yes || (shown->known.len == 0 && shown->ours > 0))
        return true;
    return ui_yes_no(work->context->ui, &question, "Yes, revoke", "No, not yet", shown->known.len == 0, go, err);
}

static bool look_at_servers(struct work *work, struct error *err)
{
    AUTO(shown_clear) struct shown shown = { 0 };
    struct error failure = { 0 };
    bool go;

    ui_say(work->context->ui, "Asking servers what they show for its names ...");
    if (!shown_look(work->context, &work->noted.keys, &shown, &failure)) {
        if (failure.kind == ERROR_CANCELED) {
            *err = failure;
            return false;
        }
        log_warning("Servers could not be asked what they show: %s", failure.why);
    }
    say_shown(work, &shown);
    TRY(may_revoke(work, &shown, &go, err));
    if (!go)
        return not_renewed(
            work, shown.known.len > 0 ? "servers still show a known key" : "not everybody who uses it has it", err);
    work->still_shown = list_dup(&shown.known);
    return true;
}

/* ---- revoking ---- */

/* alreadyRevoked is what was wanted (RFC 8555 section 7.6). */
static bool revoke_one(struct work *work, const struct settings *of_lineage, const char *serial, struct error *err)
{
    AUTO(revoke_result_clear) struct revoke_result result = { 0 };
    AUTO(settings_free) struct settings *settings = settings_dup(of_lineage);
    AUTO(free) char *path = compromised_path(work->context->store, work->name, serial);
    struct context own = *work->context;

    xreplace(&settings->cert_name, NULL);
    xreplace(&settings->cert_path, path);
    xreplace(&settings->key_path, NULL);
    xreplace(&settings->reason, "keycompromise");
    settings->delete_after_revoke = NO;
    own.settings = settings;
    if (!revoke_certificate(&own, &result, err)) {
        if (strcmp(err->problem, "alreadyRevoked") != 0)
            return false;
        error_clear(err);
    }
    ui_say(work->context->ui, "Revoked: serial number %s.", serial);
    return compromised_remove(work->context->store, work->name, serial, err);
}

/* By the account that the renewal file names. What fails for one does not keep the others from being revoked; false:
 * the user interrupts. */
static bool revoke_all(struct work *work, const struct settings *settings, struct error *err)
{
    const struct list *serials = &work->noted.serials;

    work->reasons = BUF(REASONS_MAX);
    for (size_t i = 0; i < serials->len; i++) {
        struct error failure = { 0 };

        if (revoke_one(work, settings, serials->at[i], &failure))
            continue;
        if (failure.kind == ERROR_CANCELED) {
            *err = failure;
            return error_next_default(err, "repeat this command: it goes on with what is not revoked yet");
        }
        ui_say(work->context->ui, "NOT revoked: serial number %s: %s", serials->at[i], failure.why);
        buf_putf(&work->reasons, "%s%s: %.500s", work->failed++ > 0 ? "; " : "", serials->at[i], failure.why);
    }
    return work->failed > 0 || compromised_drop(work->context->store, work->name, err);
}

/* ---- what else to change ---- */

static void say_more(struct work *work, const struct conf *conf)
{
    struct ui *ui = work->context->ui;
    AUTO(list_clear) struct list keys = { 0 };

    ui_say(ui, "\nWhoever had the key may have had more. Change these, too:");
    conf_keys(conf, "renewalparams", &keys);
    for (size_t i = 0; i < keys.len; i++)
        if (strstr(keys.at[i], "credentials") != NULL)
            ui_say(ui, "  the credentials in %s, at the provider", conf_get(conf, "renewalparams", keys.at[i]));
    ui_say(ui, "  the account's key:     evercert update_account --new-key");
    ui_say(ui, "  keys of SSH, passwords, tokens of hooks, if somebody was on this machine");
    ui_say(ui, "And look:");
    ui_say(ui, "  what else was open:    evercert doctor");
    ui_say(ui, "  what servers show now: evercert status --online --cert-name %s", work->name);
    ui_say(ui, "  certificates of others for your names: evercert ct --cert-name %s", work->name);
}

/* ---- the end ---- */

static void tell_audit(const struct work *work)
{
    AUTO(free) char *serials = list_join(&work->noted.serials, ",");

    audit_done(ACT_KEY_COMPROMISED, work->name, "to_revoke", serials, NULL);
}

static bool not_all_revoked(const struct work *work, struct error *err)
{
    const char *dir = store_config_dir(work->context->store);

    (void)error_set(err, ERROR_ACME, "%zu of %zu certificates could not be revoked: %s", work->failed, work->all,
        buf_text(&work->reasons));
    return error_next(err,
        "mend that and repeat this command: it goes on with these; one of another CA is revoked with --server: "
        "evercert "
        "revoke --cert-path FILE --server URL --reason keycompromise --no-delete-after-revoke; then remove its file in "
        "%s/.compromised/%s",
        dir, work->name);
}

static bool sum_up(const struct work *work, struct error *err)
{
    AUTO(free) char *servers = list_join(&work->still_shown, "; ");

    if (work->failed > 0)
        return not_all_revoked(work, err);
    if (work->still_shown.len == 0)
        return true;
    (void)error_set(err, ERROR_CONFIG, "all is revoked, but a known key was still shown %s", servers);
    return error_next(err,
        "reload these servers, and look again: evercert status --online --cert-name %s (repeating this command would "
        "replace the new key)",
        work->name);
}

static void say_would(const struct work *work)
{
    if (work->context->settings->collect && !work->begun)
        ui_say(work->context->ui, "Evidence would be collected first.");
    say_plan(work, "would");
}

static bool do_it(struct work *work, const struct verb *renew_verb, const struct settings *settings,
    const struct conf *conf, struct error *err)
{
    TRY(begin(work, err));
    tell_audit(work);
    TRY(collect(work, err));
    TRY(renew(work, renew_verb, err) && look_at_servers(work, err) && revoke_all(work, settings, err));
    say_more(work, conf);
    return sum_up(work, err);
}

bool key_compromise(struct context *context, const struct verb *renew_verb, struct error *err)
{
    AUTO(work_clear) struct work work = { .context = context, .name = context->settings->cert_name };
    AUTO(settings_free) struct settings *settings = settings_dup(context->settings);
    AUTO(conf_free) struct conf *conf = NULL;
    AUTO(free) char *conf_path = NULL;
    bool go = false;

    if (work.name == NULL) {
        (void)error_set(err, ERROR_USAGE, "whose key is it?");
        return error_next(err, "incident key-compromise --cert-name NAME; `evercert certificates` lists the names");
    }
    TRY(find(&work, err) && lineage_read_conf(context->store, work.name, &conf, err));
    conf_path = store_conf_path(context->store, work.name);
    TRY(renewal_params_restore(conf, conf_path, settings, err));
    if (context->settings->dry_run)
        say_would(&work);
    else
        TRY(confirm(&work, &go, err));
    if (go)
        return do_it(&work, renew_verb, settings, conf, err);
    ui_say(context->ui, "Nothing was changed.");
    return true;
}
