#include "lifecycle/revoke.h"

#include <string.h>
#include <strings.h>

#include "acme/order.h"
#include "audit/audit.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "run/hold.h"
#include "run/questions.h"
#include "store/lineage_conf.h"
#include "store/lineage_delete.h"
#include "store/lineage_gone.h"
#include "store/lineage_lock.h"
#include "store/lineage_users.h"

void revoke_result_clear(struct revoke_result *result)
{
    free(result->cert_path);
    free(result->deleted_name);
    *result = (struct revoke_result){ 0 };
}

int revoke_reason_code(const char *word)
{
    static const struct {
        const char *word;
        int code;
    } reasons[] = {
        { "unspecified", 0 },
        { "keycompromise", 1 },
        { "affiliationchanged", 3 },
        { "superseded", 4 },
        { "cessationofoperation", 5 },
    };

    for (size_t i = 0; i < COUNT(reasons); i++)
        if (strcasecmp(word, reasons[i].word) == 0)
            return reasons[i].code;
    return -1;
}

bool revoke_choose(struct context *context, struct list *out, bool *asked, struct error *err)
{
    const struct settings *settings = context->settings;
    struct question question = { .has_default = true };
    AUTO(free) char *text = NULL, *names = NULL;
    bool yes;

    *asked = settings->cert_path == NULL && settings->cert_name == NULL && settings->key_path == NULL &&
             context->voice->lists_to_revoke && ui_may_ask(context->ui);
    if (!*asked)
        return true;
    TRY(question_cert_names(context, "Which certificate(s) would you like to revoke?", out, err));
    names = list_join(out, "\n  * ");
    text = xprintf("The following certificate(s) are selected for revocation:\n\n  * %s\n\nBrowsers and other programs "
                   "will not trust them any more, and that cannot be undone.\n\nAre you sure you want to revoke the "
                   "above certificate(s)?",
        names);
    question.text = text;
    TRY(ui_yes_no(context->ui, &question, "Yes", "No", false, &yes, err));
    if (!yes)
        list_clear(out);
    return true;
}

/* The certificate's file, and the lineage when it was named: locked, so that what is revoked is what is deleted. own: a
 * copy of the settings, which gets the lineage's CA. */
static bool find_certificate(
    struct context *context, struct settings *own, char **path, struct hold *hold, struct error *err)
{
    const struct settings *settings = context->settings;

    if ((settings->cert_path == NULL) == (settings->cert_name == NULL)) {
        (void)error_set(err, ERROR_CONFIG, "Error! Exactly one of --cert-path or --cert-name must be specified!");
        return error_next(err, "`certificates` lists the names");
    }
    if (settings->cert_path != NULL) {
        *path = xstrdup(settings->cert_path);
        return true;
    }
    if (!store_has_lineage(context->store, settings->cert_name))
        return lineage_missing(context->store, settings->cert_name, err);
    hold->name = xstrdup(settings->cert_name);
    TRY(hold_take(context, hold, err));
    TRY(lineage_load(context->store, hold->name, &hold->lineage, err));
    *path = xstrdup(hold->lineage->live[KIND_CERT]);
    if (!SETTING_IS_SET(settings, server) && lineage_server(hold->lineage) != NULL)
        xreplace(&own->server, lineage_server(hold->lineage));
    return true;
}

static bool revoke_with_key(struct context *context, const struct cert *cert, int reason, struct error *err)
{
    AUTO(buf_clear) struct buf pem = BUF_SECRET(KEY_PEM_MAX);
    AUTO(key_free) struct key *key = NULL;
    const char *path = context->settings->key_path;
    struct session *session;
    struct signer signer;
    bool ok;

    TRY(file_read_given(path, &pem, err));
    TRY(key_from_pem(buf_view(&pem), path, &key, err));
    if (!cert_matches_key(cert, key)) {
        (void)error_set(err, ERROR_CONFIG,
            "verifying the certificate located at %s has failed. The private key %s does not match it.",
            context->settings->cert_path != NULL ? context->settings->cert_path : context->settings->cert_name, path);
        return error_next(err, "leave --key-path away to revoke with the ACME account instead");
    }
    TRY(context_session(context, context->settings->server, &session, err));
    TRY(signer_open(key, &signer, err));
    ok = revoke_cert(session, (struct identity){ .signer = &signer }, buf_view(&cert->der), reason, err);
    signer_close(&signer);
    return ok;
}

static bool send_revocation(struct context *context, const struct cert *cert, struct error *err)
{
    const char *word = context->settings->reason;
    int reason = revoke_reason_code(word);
    struct ca *ca;

    if (reason < 0)
        return error_set(err, ERROR_USAGE, "argument --reason: invalid choice: '%s'", word);
    if (context->settings->key_path != NULL)
        return revoke_with_key(context, cert, reason, err);
    TRY(context_existing_account(context, &ca, err));
    if (ca == NULL) {
        (void)error_set(err, ERROR_CONFIG, "there is no account for %s that could ask for the revocation",
            context->settings->server);
        return error_next(err, "give the certificate's private key with --key-path, or the CA with --server");
    }
    return revoke_cert(ca->session, ca->who, buf_view(&cert->der), reason, err) ||
           (context_find_account_again(context, &ca, err) &&
               revoke_cert(ca->session, ca->who, buf_view(&cert->der), reason, err));
}

/* failure counts where it was not done. */
static void tell_revocation(
    const struct context *context, const struct cert *cert, bool done, const struct error *failure)
{
    const struct settings *settings = context->settings;
    AUTO(free) char *names = list_join(&cert->names, ",");

    if (done)
        audit_done(ACT_CERTIFICATE_REVOKED, settings->cert_name, "serial", cert->serial, "names", names, "reason",
            settings->reason, "server", settings->server, "file", settings->cert_path, NULL);
    else
        audit_failed(ACT_CERTIFICATE_REVOKED, settings->cert_name, failure, "serial", cert->serial, "names", names,
            "reason", settings->reason, "server", settings->server, "file", settings->cert_path, NULL);
}

/* Revokes, and accepts alreadyRevoked (RFC 8555 section 7.6) as success. Under the name certbot it stays an error, as
 * in Certbot, except with --delete-after-revoke: repeating the command must finish a deletion that was interrupted
 * after the revocation. */
static bool make_revoked(struct context *context, const struct cert *cert, struct error *err)
{
    bool ok = send_revocation(context, cert, err);

    tell_revocation(context, cert, ok, err);
    if (ok)
        return true;
    if (strcmp(err->problem, "alreadyRevoked") != 0 ||
        (!context->voice->takes_revoked_for_done && context->settings->delete_after_revoke == NO))
        return false;
    log_warning("The CA had revoked this certificate already.");
    error_clear(err);
    return true;
}

static bool wants_deletion(struct context *context, bool *yes, struct error *err)
{
    static const struct question question = {
        .text = "Would you like to delete the certificate(s) you just revoked, along with all earlier and later "
                "versions of the "
                "certificate?",
        .has_default = true,
        .forced = true,
    };

    *yes = context->settings->delete_after_revoke == YES;
    if (context->settings->delete_after_revoke != UNDECIDED)
        return true;
    return ui_yes_no(context->ui, &question, "Yes (recommended)", "No", true, yes, err);
}

static bool still_holds(const char *path, const struct cert *cert)
{
    AUTO(buf_clear) struct buf pem = BUF(FILE_MAX_TEXT);
    AUTO(cert_free) struct cert *now = NULL;
    struct error err = { 0 };

    return file_read(path, &pem, &err) && cert_from_pem(buf_view(&pem), path, &now, &err) &&
           view_equal(buf_view(&now->der), buf_view(&cert->der));
}

/* Deletes the lineage, unless it was renewed while the user was asked: its new certificate was not revoked. */
static bool delete_lineage(
    struct context *context, const char *path, const struct cert *cert, struct revoke_result *out, struct error *err)
{
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(free) char *name = xstrdup_or_null(context->settings->cert_name);
    struct error unmarked = { 0 };
    size_t users;

    if (name == NULL)
        TRY(store_find_by_path(context->store, path, &name, err));
    if (name == NULL) {
        (void)error_set(err, ERROR_CONFIG, "No match found for cert-path %s!", path);
        return error_next(err, "the certificate is revoked all the same; only no files were found that belong to it");
    }
    TRY(lineage_lock(context->store, name, &lock, err));
    TRY(lineage_load(context->store, name, &lineage, err));
    if (!still_holds(path, cert)) {
        log_warning("%s is not deleted: what it holds now was not revoked", name);
        return true;
    }
    TRY(store_count_archive_users(context->store, lineage->archive_dir, &users, err));
    if (users > 1) {
        log_warning(
            "Not deleting revoked certificates due to overlapping archive dirs. More than one certificate is using %s",
            lineage->archive_dir);
        return true;
    }
    if (!lineage_mark_revoked(lineage, &unmarked))
        log_debug("%s: %s", name, unmarked.why);
    TRY(lineage_delete(context->store, name, err));
    out->deleted_name = TAKE(name);
    return true;
}

/* The lineage, if the files that are asked for were being deleted when a command was interrupted; NULL else. */
static bool find_half_deleted(struct context *context, char **name, bool *revoked, struct error *err)
{
    const struct settings *settings = context->settings;
    AUTO(free) char *found = xstrdup_or_null(settings->cert_name);

    if ((settings->cert_path == NULL) == (settings->cert_name == NULL))
        return true;
    if (settings->cert_path != NULL && !file_exists(settings->cert_path))
        TRY(store_find_half_deleted(context->store, settings->cert_path, &found, err));
    if (found != NULL && lineage_is_half_deleted(context->store, found, revoked))
        *name = TAKE(found);
    return true;
}

/* Revoked, and not yet deleted altogether. */
static bool finish_deletion(
    struct context *context, char *name, bool revoked, struct revoke_result *out, struct error *err)
{
    AUTO(range_lock_release) struct range_lock *lock = NULL;

    TRY(lineage_lock(context->store, name, &lock, err));
    if (!revoked) {
        (void)error_set(err, ERROR_CONFIG, "the deletion of %s was interrupted, and it was not revoked before", name);
        return error_next(err,
            "`delete --cert-name %s` finishes the deletion; to revoke the certificate, give a copy of it with "
            "--cert-path",
            name);
    }
    TRY(lineage_delete(context->store, name, err));
    out->cert_path = xprintf("%s/live/%s/cert.pem", store_config_dir(context->store), name);
    out->deleted_name = xstrdup(name);
    return true;
}

static bool wants_deletion_unlocked(struct context *context, struct hold *hold, bool *yes, struct error *err)
{
    if (hold->name == NULL)
        return wants_deletion(context, yes, err);
    hold_pause(context, hold);
    TRY(wants_deletion(context, yes, err));
    if (hold_resume(context, hold, err) == STEP_FAILED)
        return error_in(err, "the certificate is revoked, but its files are not deleted");
    *yes = *yes && hold->lineage != NULL;
    return true;
}

bool revoke_certificate(struct context *given, struct revoke_result *out, struct error *err)
{
    AUTO(settings_free) struct settings *settings = settings_dup(given->settings);
    AUTO(hold_clear) struct hold hold = { 0 };
    AUTO(buf_clear) struct buf pem = BUF(FILE_MAX_TEXT);
    AUTO(cert_free) struct cert *cert = NULL;
    AUTO(free) char *half_deleted = NULL;
    bool delete_too, revoked = false;
    struct context own = *given, *context = &own;

    own.settings = settings;
    TRY(find_half_deleted(context, &half_deleted, &revoked, err));
    if (half_deleted != NULL)
        return finish_deletion(context, half_deleted, revoked, out, err);
    TRY(find_certificate(context, settings, &out->cert_path, &hold, err));
    TRY(file_read(out->cert_path, &pem, err));
    TRY(cert_from_pem(buf_view(&pem), out->cert_path, &cert, err));
    TRY(make_revoked(context, cert, err));
    TRY(wants_deletion_unlocked(context, &hold, &delete_too, err));
    return !delete_too || delete_lineage(context, out->cert_path, cert, out, err);
}
