/* install: make a server use a certificate there is. */
#include "lifecycle/install.h"

#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "cmd/command.h"
#include "cmd/report.h"
#include "crypto/cert.h"
#include "run/questions.h"

/* Fills paths that were not given from the lineage of --cert-name, if there is one. */
static bool fill_paths(struct context *context, struct settings *settings, struct identifiers *names, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    char **paths[KIND_COUNT] = {
        [KIND_CERT] = &settings->cert_path,
        [KIND_PRIVKEY] = &settings->key_path,
        [KIND_CHAIN] = &settings->chain_path,
        [KIND_FULLCHAIN] = &settings->fullchain_path,
    };

    if (settings->cert_name == NULL && (settings->cert_path == NULL || settings->key_path == NULL))
        TRY(question_cert_name(context, "Which certificate would you like to install?", &settings->cert_name, err));
    if (settings->cert_name == NULL || !store_has_lineage(context->store, settings->cert_name))
        return true;
    TRY(lineage_load(context->store, settings->cert_name, &lineage, err));
    for (int kind = 0; kind < KIND_COUNT; kind++)
        if (*paths[kind] == NULL)
            *paths[kind] = xstrdup(lineage->live[kind]);
    if (names->len == 0)
        *names = cert_identifiers(lineage->cert);
    return true;
}

static bool check_readable(const char *what, const char *path, struct error *err)
{
    AUTO(buf_clear) struct buf content = BUF_SECRET(FILE_MAX_TEXT);
    struct error reason = { 0 };

    if (file_read(path, &content, &reason))
        return true;
    (void)error_set(err, ERROR_CONFIG, "Error while reading %s from path %s", what, path);
    return error_next(err, "%s", reason.why);
}

static bool check_paths(const struct context *context, struct error *err)
{
    const struct settings *settings = context->settings;

    if (settings->cert_path == NULL || settings->key_path == NULL) {
        (void)error_set(err, ERROR_CONFIG,
            "Path to certificate or key was not defined. If your certificate is managed by %s, "
            "please use --cert-name to define which certificate you would like to install.",
            context->voice->program);
        return error_next(
            err, "give the --cert-name of a certificate that `certificates` lists, or --cert-path and --key-path");
    }
    TRY(check_readable("certificate", settings->cert_path, err));
    return check_readable("private key", settings->key_path, err);
}

static bool ask_names(
    struct context *context, const struct installation *installation, struct identifiers *names, struct error *err)
{
    AUTO(list_clear) struct list offered = { 0 };

    if (names->len == 0)
        TRY(installation_names(installation, &offered, err));
    return question_names(context, &offered, names, err);
}

/* No server takes a key that is another certificate's. One that cannot be read here, as it needs a passphrase, and a
 * file that is no certificate are for the server to judge. */
static bool check_pair(const struct settings *settings, struct error *err)
{
    const char *path = settings->fullchain_path != NULL ? settings->fullchain_path : settings->cert_path;
    AUTO(buf_clear) struct buf pem = BUF(FILE_MAX_TEXT), key = BUF_SECRET(FILE_MAX_TEXT);
    AUTO(cert_free) struct cert *cert = NULL;
    struct error reason = { 0 };

    if (!file_read(path, &pem, &reason) || !cert_from_pem(buf_view(&pem), path, &cert, &reason))
        return true;
    TRY(file_read(settings->key_path, &key, err));
    if (cert_check_key_pem(cert, buf_view(&key), settings->key_path, &reason) || reason.kind != ERROR_STORE)
        return true;
    (void)error_set(
        err, ERROR_CONFIG, "the private key in %s does not belong to the certificate in %s", settings->key_path, path);
    return error_next(err, "give the key that the certificate was issued for");
}

/* One label for the star (RFC 9525 section 6.3). Both are in lower case. */
static bool is_covered(const struct identifiers *by, const struct identifier *name)
{
    const char *rest = name->type == IDENTIFIER_DNS ? strchr(name->value, '.') : NULL;

    if (identifiers_has(by, name))
        return true;
    for (size_t i = 0; i < by->len && rest != NULL; i++)
        if (identifier_is_wildcard(&by->at[i]) && strcmp(by->at[i].value + 1, rest) == 0)
            return true;
    return false;
}

/* A certificate that is not for these names is what the user asks for all the same. Certbot's says nothing. */
static bool warn_of_uncovered(const struct context *context, const struct identifiers *names, struct error *err)
{
    const struct settings *settings = context->settings;
    const char *path = settings->fullchain_path != NULL ? settings->fullchain_path : settings->cert_path;
    AUTO(buf_clear) struct buf pem = BUF(FILE_MAX_TEXT);
    AUTO(identifiers_clear) struct identifiers of = { 0 };
    AUTO(list_clear) struct list missing = { 0 };
    AUTO(cert_free) struct cert *cert = NULL;
    AUTO(free) char *text = NULL;

    if (!context->voice->tells_more)
        return true;
    TRY(file_read(path, &pem, err) && cert_from_pem(buf_view(&pem), path, &cert, err));
    of = cert_identifiers(cert);
    for (size_t i = 0; i < names->len; i++)
        if (!is_covered(&of, &names->at[i]))
            list_add(&missing, names->at[i].value);
    text = list_join(&missing, ", ");
    if (missing.len > 0)
        log_warning("The certificate in %s is not for %s: clients will refuse it there.", path, text);
    return true;
}

static bool install_run(struct context *given, struct error *err)
{
    AUTO(settings_free) struct settings *settings = settings_dup(given->settings);
    AUTO(installation_close) struct installation installation = { 0 };
    AUTO(identifiers_clear) struct identifiers names = identifiers_of(&settings->domains, &settings->ip_addresses);
    AUTO(list_clear) struct list elsewhere = { 0 };
    struct context own = *given, *context = &own;
    struct pair pair;
    struct deployment deployment = { .names = &names, .pairs = &pair, .pair_count = 1, .elsewhere = &elsewhere };

    own.settings = settings;
    TRY(installation_open(context, &installation, err));
    TRY(fill_paths(context, settings, &names, err));
    TRY(installation_check_enhancements(context, &installation, err));
    TRY(check_paths(context, err) && check_pair(settings, err));
    TRY(ask_names(context, &installation, &names, err));
    TRY(warn_of_uncovered(context, &names, err));
    pair = (struct pair){ settings->cert_path, settings->key_path, settings->chain_path, settings->fullchain_path };
    deployment.lineage = settings->cert_name;
    TRY(installation_deploy(context, &installation, &deployment, err));
    if (!context->voice->tells_more)
        return true;
    report_https(context, &names, &elsewhere);
    return true;
}

static const enum option_topic topics[] = { TOPIC_INSTALL, TOPIC_PATHS, TOPIC_HIDDEN };

const struct command cmd_install = {
    .verb = {
        .name = "install",
        .summary = "Make a web server use an existing certificate",
        .usage = "--cert-name NAME | --cert-path FILE --key-path FILE --fullchain-path FILE [-d DOMAIN] [options]",
        .text = "Installs a certificate that is there already, one of ours or any other.",
        .topics = topics,
        .traits = VERB_INSTALLS | VERB_REDIRECTS,
    },
    .store_needs = STORE_CREATE | STORE_LOCK,
    .run = install_run,
};
