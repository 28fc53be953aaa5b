/*
 * A certificate for a key that we never see.
 */
#include "lifecycle/obtain_csr.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "config/addresses.h"
#include "crypto/csr.h"
#include "issuance/issue.h"
#include "issuance/resume.h"
#include "issuance/solve.h"
#include "issuance/traces.h"
#include "lifecycle/next_version.h"
#include "store/pending.h"

#define MAX_NUMBERED 10000

void csr_result_clear(struct csr_result *result)
{
    free(result->cert_path);
    free(result->chain_path);
    free(result->fullchain_path);
    list_clear(&result->names);
    *result = (struct csr_result){ 0 };
}

static bool read_csr(const struct settings *settings, struct csr **out, struct error *err)
{
    AUTO(buf_clear) struct buf data = BUF(FILE_MAX_TEXT);
    struct error reason = { 0 };

    TRY(file_read_given(settings->csr_path, &data, err));
    if (!csr_read(buf_view(&data), settings->csr_path, out, &reason)) {
        (void)error_set(err, ERROR_CONFIG, "Failed to parse CSR file: %s", settings->csr_path);
        return error_next(err, "%s", reason.why);
    }
    if ((*out)->names.len == 0)
        return error_set(err, ERROR_CONFIG,
            "Unfortunately, your CSR %s needs to have a SubjectAltName for every domain or IP address",
            settings->csr_path);
    return true;
}

/* -d names that the CSR does not have were meant for something else. */
static bool check_domains(const struct settings *settings, const struct csr *csr, struct error *err)
{
    AUTO(list_clear) struct list all = list_dup(&settings->domains);
    AUTO(free) char *ours = NULL, *theirs = NULL;

    if (list_is_subset(&settings->domains, &csr->names))
        return true;
    for (size_t i = 0; i < csr->names.len; i++) { /* Certbot counts them among those asked for */
        if (!list_has(&all, csr->names.at[i]))
            list_add(&all, csr->names.at[i]);
    }
    ours = list_join(&csr->names, ", ");
    theirs = list_join(&all, ", ");
    return error_set(
        err, ERROR_CONFIG, "Inconsistent requests:\nFrom the CSR: %s\nFrom command line/config: %s", ours, theirs);
}

/* One of the three output files. */
struct target {
    const char *title; /* as the user is told of it */
    const char *path;  /* the user's, absolute; NULL: the first free "NNNN_BASE" in the working directory */
    const char *base;
    struct view content;
    char *saved; /* where it went; NULL: nowhere */
};

#define TARGETS 3

static void find_targets(const struct settings *settings, struct target targets[static TARGETS])
{
    targets[0] = (struct target){ .title = "Certificate",
        .base = "cert.pem",
        .path = SETTING_IS_SET(settings, cert_path) ? settings->cert_path : NULL };
    targets[1] = (struct target){ .title = "Intermediate CA chain",
        .base = "chain.pem",
        .path = SETTING_IS_SET(settings, chain_path) ? settings->chain_path : NULL };
    targets[2] = (struct target){ .title = "Full certificate chain",
        .base = "chain.pem",
        .path = SETTING_IS_SET(settings, fullchain_path) ? settings->fullchain_path : NULL };
}

/* The folder, or what is there of its way, takes a new entry. */
static bool check_folder(const char *path, struct error *err)
{
    AUTO(free) char *dir = file_dirname(path);

    while (!file_exists(dir) && strcmp(dir, "/") != 0 && strcmp(dir, ".") != 0) {
        AUTO(free) char *above = file_dirname(dir);

        xreplace(&dir, above);
    }
    if (file_is_dir(dir) && access(dir, W_OK | X_OK) == 0)
        return true;
    if (!file_is_dir(dir))
        errno = ENOTDIR;
    return file_error(err, "create", path);
}

/* Refuses paths that exist or are given twice before the CA is asked, so that no order is wasted. */
static bool check_paths(const struct settings *settings, struct error *err)
{
    struct target targets[TARGETS];

    find_targets(settings, targets);
    for (size_t i = 0; i < TARGETS; i++) {
        const char *path = targets[i].path != NULL ? targets[i].path : targets[i].base;
        bool taken = targets[i].path != NULL && (file_exists(path) || file_is_link(path));

        for (size_t k = 0; k < i; k++)
            taken = taken || (targets[i].path != NULL && targets[k].path != NULL && strcmp(targets[k].path, path) == 0);
        if (taken) {
            (void)error_set(err, ERROR_STORE, "File exists: '%s'", path);
            return error_next(err, "move it away, or name another file");
        }
        if (!settings->dry_run)
            TRY(check_folder(path, err));
    }
    return true;
}

static bool save_numbered(struct target *target, struct error *err)
{
    for (int i = 0; i < MAX_NUMBERED; i++) {
        AUTO(free) char *name = xprintf("%04d_%s", i, target->base);
        AUTO(free) char *full = file_absolute(name);

        error_clear(err);
        if (file_create(full, target->content, FILE_PUBLIC, err)) {
            target->saved = TAKE(full);
            return true;
        }
        if (err->sys != EEXIST)
            return false;
    }
    return error_set(err, ERROR_STORE, "no free file name like 0000_%s", target->base);
}

static bool save_one(struct target *target, struct error *err)
{
    AUTO(free) char *dir = NULL;

    if (target->path == NULL)
        return save_numbered(target, err);
    dir = file_dirname(target->path);
    TRY(file_mkdirs(dir, 0755, err));
    TRY(file_create(target->path, target->content, FILE_PUBLIC, err));
    target->saved = xstrdup(target->path);
    return true;
}

/* The certificate is there and counts against limits: the user gets to know where each part of it is, or gets it said.
 */
static void say_what_is_saved(struct ui *ui, const struct target targets[static TARGETS])
{
    AUTO(buf_clear) struct buf text = BUF(SIZE_MAX);

    buf_put(&text, view_of("The CA has issued the certificate, but not every file could be written as wanted."));
    for (size_t i = 0; i < TARGETS; i++)
        buf_putf(&text, "\n%s: %s", targets[i].title, targets[i].saved != NULL ? targets[i].saved : "not saved");
    ui_say(ui, "%s", buf_text(&text));
    if (targets[0].saved == NULL && targets[2].saved == NULL)
        ui_say(ui, "%.*s", (int)targets[2].content.len, targets[2].content.at);
}

/* Each of the files is tried, whatever became of the others, and those that cannot be where they should in the working
 * directory. */
static bool save(struct context *context, const struct issued_chain *chain, struct csr_result *out, struct error *err)
{
    struct target targets[TARGETS];
    bool ok = true;

    find_targets(context->settings, targets);
    targets[0].content = buf_view(&chain->cert);
    targets[1].content = buf_view(&chain->chain);
    targets[2].content = buf_view(&chain->fullchain);
    for (size_t i = 0; i < TARGETS; i++) {
        struct error failure = { 0 };

        if (save_one(&targets[i], &failure))
            continue;
        if (ok)
            *err = failure;
        ok = false;
        if (targets[i].path != NULL)
            (void)!save_numbered(&targets[i], &failure);
    }
    if (!ok)
        say_what_is_saved(context->ui, targets);
    free(out->cert_path);
    free(out->chain_path);
    free(out->fullchain_path);
    out->cert_path = targets[0].saved;
    out->chain_path = targets[1].saved;
    out->fullchain_path = targets[2].saved;
    return ok;
}

bool obtain_for_csr(struct context *context, struct csr_result *out, struct error *err)
{
    AUTO(csr_free) struct csr *csr = NULL;
    AUTO(cert_free) struct cert *cert = NULL;
    AUTO(free) char *summary = NULL, *record = NULL;
    AUTO(buf_clear) struct buf digest = BUF(128);
    AUTO(issue_request_clear) struct issue_request request = { 0 };
    AUTO(issued_chain_clear) struct issued_chain chain = { 0 };
    struct ca *ca;

    TRY(read_csr(context->settings, &csr, err));
    TRY(check_domains(context->settings, csr, err));
    TRY(check_paths(context->settings, err));
    request.identifiers = identifiers_of(&csr->dns, &csr->ips);
    TRY(addresses_check(context->settings, &request.identifiers, NULL, err));
    TRY(plugin_choose_authenticator(context->settings, context->answers, context->ui, &request.authenticator, err));
    TRY(solver_check(context, request.authenticator, err));
    TRY(solver_check_addresses(context, request.authenticator, &request.identifiers, err));
    if (!context->settings->dry_run)
        traces_sweep(context);
    TRY(context_account(context, &ca, err));
    summary = names_summary(&csr->names);
    ui_say(context->ui, "%s %s",
        context->settings->dry_run ? "Simulating a certificate request for" : "Requesting a certificate for", summary);
    request.csr = buf_view(&csr->der);
    TRY(csr_sha256(request.csr, &digest, err));
    record = pending_csr_name(buf_text(&digest));
    request.record = context->settings->dry_run ? NULL : record;
    request.trace = record;
    TRY(issue(context, &request, &chain, err));
    TRY(cert_from_pem(buf_view(&chain.cert), "the new certificate", &cert, err));
    out->not_after = cert->not_after;
    list_add_all(&out->names, &csr->names);
    if (context->settings->dry_run)
        return true;
    if (!save(context, &chain, out, err))
        return resume_keep(context, &request, &chain, err);
    record_drop(context, record);
    return true;
}
