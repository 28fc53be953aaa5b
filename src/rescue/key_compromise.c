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
#include "store/history.h"
#include "store/lineage_conf.h"
#include "store/lineage_lock.h"

#define DIR_MODE 0700

struct work {
    struct context *context;
    const char *name;
    char *dir;           /* CONF/.compromised/NAME */
    struct list serials; /* of certificates that are to be revoked */
    bool begun;          /* an earlier run has written them down */
    bool renewed;        /* the live key is another one already */
};

static void work_clear_at(struct work *work)
{
    free(work->dir);
    list_clear(&work->serials);
}

static char *path_of(const struct work *work, const char *serial)
{
    return xprintf("%s/%s.pem", work->dir, serial);
}

static bool same_key(const struct cert *a, const struct cert *b)
{
    return a->spki_len == b->spki_len && memcmp(a->der.at + a->spki_at, b->der.at + b->spki_at, a->spki_len) == 0;
}

/* ---- which certificates ---- */

/* Those that an earlier run has written down. */
static bool read_notes(struct work *work, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    TRY(file_list_dir(work->dir, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        size_t len = strlen(names.at[i]);

        if (len > 4 && strcmp(names.at[i] + len - 4, ".pem") == 0)
            list_add_view(&work->serials, (struct view){ names.at[i], len - 4 });
    }
    return true;
}

/* Whether the live certificate is still one of them. */
static bool look_whether_renewed(struct work *work, const struct lineage *lineage, struct error *err)
{
    AUTO(free) char *path = path_of(work, work->serials.at[0]);
    AUTO(buf_clear) struct buf pem = BUF(FILE_MAX_TEXT);
    AUTO(cert_free) struct cert *old = NULL;

    TRY(file_read(path, &pem, err) && cert_from_pem(buf_view(&pem), path, &old, err));
    work->renewed = !same_key(old, lineage->cert);
    return true;
}

static bool note(struct work *work, const struct version *version, struct error *err)
{
    AUTO(free) char *path = path_of(work, version->cert->serial);
    AUTO(buf_clear) struct buf pem = BUF(FILE_MAX_TEXT);

    list_add(&work->serials, version->cert->serial);
    if (work->context->settings->dry_run)
        return true;
    TRY(file_mkdirs(work->dir, DIR_MODE, err) && file_read(version->path[KIND_CERT], &pem, err));
    return file_replace(path, buf_view(&pem), FILE_PRIVATE, err);
}

/* The live one, and those before it with the same key, unless they are over: nobody asks about these any more. */
static bool note_all(struct work *work, const struct lineage *lineage, struct error *err)
{
    AUTO(history_clear) struct history history = { 0 };
    int64_t now = context_now(work->context);

    TRY(lineage_history(lineage, &history, err));
    for (size_t i = 0; i < history.len; i++) {
        const struct version *version = &history.at[i];

        if (version->cert != NULL && version->cert->not_after > now && same_key(version->cert, lineage->cert))
            TRY(note(work, version, err));
    }
    return work->serials.len > 0 ||
           error_set(err, ERROR_CONFIG, "every certificate of this key of %s has expired", work->name);
}

static bool find(struct work *work, struct error *err)
{
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    AUTO(lineage_free) struct lineage *lineage = NULL;

    if (!store_has_lineage(work->context->store, work->name))
        return lineage_missing(work->context->store, work->name, err);
    TRY(lineage_lock(work->context->store, work->name, &lock, err));
    TRY(lineage_load(work->context->store, work->name, &lineage, err) && read_notes(work, err));
    work->begun = work->serials.len > 0;
    if (work->begun)
        return look_whether_renewed(work, lineage, err);
    return note_all(work, lineage, err);
}

/* Nothing is to be begun: what was noted is forgotten. */
static bool forget(struct work *work, struct error *err)
{
    return work->renewed || work->context->settings->dry_run || file_remove_tree(work->dir, err);
}

/* ---- the steps ---- */

static bool confirm(struct work *work, bool *go, struct error *err)
{
    struct question question = {
        .text = "A new key and a new certificate come first; then the old certificates are revoked, "
                "which cannot be undone. Go on?",
        .has_default = true,
        .flag = "--yes"
    };

    *go = true;
    if (work->context->settings->yes)
        return true;
    if (ui_is_interactive(work->context->ui))
        return ui_yes_no(work->context->ui, &question, "Yes", "No", true, go, err);
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

static bool renew(struct work *work, const struct verb *renew_verb, struct error *err)
{
    AUTO(renewed_one_clear) struct renewed_one one = { 0 };

    if (!work->renewed)
        ui_say(work->context->ui, "Obtaining a certificate with a new key for %s ...", work->name);
    TRY(renew_one(work->context, renew_verb, work->name, !work->renewed, &one, err));
    work->renewed = work->renewed || one.issued;
    if (work->renewed && one.delivered) {
        ui_say(work->context->ui, "%s has a new key and a new certificate, and servers were told.", work->name);
        return true;
    }
    (void)error_set(err, ERROR_ACME, "%s, and nothing was revoked yet: %s",
        work->renewed ? "the new certificate is not in use everywhere" : "there is no new certificate", one.why);
    return error_next(err,
        "mend that and repeat this command; or, if the key does more harm than a site that is down, "
        "revoke at once: evercert revoke --cert-name %s --reason keycompromise --no-delete-after-revoke",
        work->name);
}

static bool revoke_one(struct work *work, const struct settings *of_lineage, const char *serial, struct error *err)
{
    AUTO(revoke_result_clear) struct revoke_result result = { 0 };
    AUTO(settings_free) struct settings *settings = settings_dup(of_lineage);
    AUTO(free) char *path = path_of(work, serial);
    struct context own = *work->context;

    xreplace(&settings->cert_name, NULL);
    xreplace(&settings->cert_path, path);
    xreplace(&settings->key_path, NULL);
    xreplace(&settings->reason, "keycompromise");
    settings->delete_after_revoke = NO;
    own.settings = settings;
    if (!revoke_certificate(&own, &result, err))
        return error_in(err, "revoking the certificate with the serial number %s", serial);
    ui_say(work->context->ui, "Revoked: serial number %s.", serial);
    return file_remove(path, err);
}

/* By the account that the renewal file names. */
static bool revoke_all(struct work *work, struct settings *settings, struct error *err)
{
    for (size_t i = 0; i < work->serials.len; i++)
        if (!revoke_one(work, settings, work->serials.at[i], err))
            return error_next_default(err, "repeat this command: it goes on with what is not revoked yet");
    return file_remove_tree(work->dir, err);
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

static void tell_audit(const struct work *work)
{
    AUTO(free) char *serials = list_join(&work->serials, ",");

    audit_done(ACT_KEY_COMPROMISED, work->name, "to_revoke", serials, NULL);
}

static void say_plan(const struct work *work)
{
    struct ui *ui = work->context->ui;

    if (work->context->settings->collect && !work->begun)
        ui_say(ui, "Evidence would be collected first.");
    if (!work->renewed)
        ui_say(ui, "A certificate with a new key would be obtained for %s.", work->name);
    for (size_t i = 0; i < work->serials.len; i++)
        ui_say(ui, "The certificate with the serial number %s would be revoked.", work->serials.at[i]);
    ui_say(ui, "Nothing was changed.");
}

bool key_compromise(struct context *context, const struct verb *renew_verb, struct error *err)
{
    AUTO(work_clear) struct work work = { .context = context, .name = context->settings->cert_name };
    AUTO(settings_free) struct settings *settings = settings_dup(context->settings);
    AUTO(conf_free) struct conf *conf = NULL;
    AUTO(free) char *conf_path = NULL;
    bool go;

    if (work.name == NULL) {
        (void)error_set(err, ERROR_USAGE, "whose key is it?");
        return error_next(err, "incident key-compromise --cert-name NAME; `evercert certificates` lists the names");
    }
    work.dir = xprintf("%s/.compromised/%s", store_config_dir(context->store), work.name);
    TRY(find(&work, err) && lineage_read_conf(context->store, work.name, &conf, err));
    conf_path = store_conf_path(context->store, work.name);
    TRY(renewal_params_restore(conf, conf_path, settings, err));
    if (context->settings->dry_run) {
        say_plan(&work);
        return true;
    }
    if (!confirm(&work, &go, err) || !go) {
        struct error kept = { 0 };

        (void)!forget(&work, &kept);
        if (err->kind == ERROR_NONE)
            ui_say(context->ui, "Nothing was changed.");
        return err->kind == ERROR_NONE;
    }
    tell_audit(&work);
    TRY(collect(&work, err));
    TRY(renew(&work, renew_verb, err) && revoke_all(&work, settings, err));
    say_more(&work, conf);
    return true;
}
