/*
 * certonly --csr: a certificate for a key that we never see.
 */
#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "crypto/csr.h"
#include "lifecycle/issue.h"
#include "lifecycle/obtain.h"

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

    TRY(file_read(settings->csr_path, &data, err));
    if (!csr_read(buf_view(&data), settings->csr_path, out, &reason))
        return error_set(err, ERROR_CONFIG, "Failed to parse CSR file: %s (%s)", settings->csr_path, reason.why);
    if ((*out)->names.len == 0)
        return error_set(err, ERROR_CONFIG,
            "Unfortunately, your CSR %s needs to have a SubjectAltName for every domain or IP address", settings->csr_path);
    return true;
}

/* -d names that the CSR does not have were meant for something else (contract 1.4). */
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
    return error_set(err, ERROR_CONFIG, "Inconsistent requests:\nFrom the CSR: %s\nFrom command line/config: %s", ours, theirs);
}

/* A path of the user's must be free before the CA is asked: an order is worth more than a file name. */
static bool check_free(const char *path, bool given, struct error *err)
{
    if (!given || !(file_exists(path) || file_is_link(path)))
        return true;
    (void)error_set(err, ERROR_STORE, "File exists: '%s'", path);
    return error_next(err, "move it away, or name another file");
}

static bool check_paths(const struct settings *settings, struct error *err)
{
    TRY(check_free(settings->cert_path, SETTING_IS_SET(settings, cert_path), err));
    TRY(check_free(settings->chain_path, SETTING_IS_SET(settings, chain_path), err));
    return check_free(settings->fullchain_path, SETTING_IS_SET(settings, fullchain_path), err);
}

/* The user's path, or the first free "NNNN_BASE" in the working directory. */
static bool save_as(const char *path, bool given, const char *base, struct view content, char **out, struct error *err)
{
    static const struct file_access access = { .mode = 0644, .masked = true };

    if (given) {
        AUTO(free) char *dir = file_dirname(path);

        TRY(file_mkdirs(dir, 0755, err));
        TRY(file_create(path, content, access, err));
        *out = xstrdup(path);
        return true;
    }
    for (int i = 0; i < MAX_NUMBERED; i++) {
        AUTO(free) char *name = xprintf("%04d_%s", i, base);
        AUTO(free) char *full = file_absolute(name);

        error_clear(err);
        if (file_create(full, content, access, err)) {
            *out = TAKE(full);
            return true;
        }
        if (err->sys != EEXIST)
            return false;
    }
    return error_set(err, ERROR_STORE, "no free file name like 0000_%s", base);
}

static bool save(const struct settings *settings, const struct issued_chain *chain, struct csr_result *out,
    struct error *err)
{
    TRY(save_as(settings->cert_path, SETTING_IS_SET(settings, cert_path), "cert.pem", buf_view(&chain->cert),
        &out->cert_path, err));
    TRY(save_as(settings->chain_path, SETTING_IS_SET(settings, chain_path), "chain.pem", buf_view(&chain->chain),
        &out->chain_path, err));
    return save_as(settings->fullchain_path, SETTING_IS_SET(settings, fullchain_path), "chain.pem",
        buf_view(&chain->fullchain), &out->fullchain_path, err);
}

bool obtain_for_csr(struct context *context, struct csr_result *out, struct error *err)
{
    AUTO(csr_free) struct csr *csr = NULL;
    AUTO(cert_free) struct cert *cert = NULL;
    AUTO(free) char *summary = NULL;
    AUTO(issue_request_clear) struct issue_request request = { 0 };
    AUTO(issued_chain_clear) struct issued_chain chain = { 0 };
    struct ca *ca;

    TRY(read_csr(context->settings, &csr, err));
    TRY(check_domains(context->settings, csr, err));
    TRY(check_paths(context->settings, err));
    TRY(plugin_choose_authenticator(context->settings, context->ui, &request.authenticator, err));
    TRY(context_account(context, &ca, err));
    summary = names_summary(&csr->names);
    ui_say(context->ui, "%s %s", context->settings->dry_run ? "Simulating a certificate request for"
                                                            : "Requesting a certificate for", summary);
    list_add_all(&request.dns, &csr->dns);
    list_add_all(&request.ips, &csr->ips);
    request.csr = buf_view(&csr->der);
    TRY(issue(context, &request, &chain, err));
    TRY(cert_from_pem(buf_view(&chain.cert), "the new certificate", &cert, err));
    out->not_after = cert->not_after;
    list_add_all(&out->names, &csr->names);
    return context->settings->dry_run || save(context->settings, &chain, out, err);
}
