#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "store/layout.h"

const char *kind_name(enum kind kind)
{
    static const char *const names[KIND_COUNT] = { "cert", "privkey", "chain", "fullchain" };

    return names[kind];
}

struct lineage *lineage_new(const struct store *store, const char *name)
{
    AUTO(free) char *renewal = store_path(store, "renewal");
    struct lineage *lineage = xcalloc(1, sizeof *lineage);

    lineage->name = xstrdup(name);
    lineage->conf_path = xprintf("%s/%s.conf", renewal, name);
    lineage->live_dir = store_path_in(store, "live", name);
    lineage->archive_dir = store_path_in(store, "archive", name);
    for (int kind = 0; kind < KIND_COUNT; kind++)
        lineage->live[kind] = xprintf("%s/%s.pem", lineage->live_dir, kind_name((enum kind)kind));
    return lineage;
}

void lineage_free(struct lineage *lineage)
{
    if (lineage == NULL)
        return;
    if (lineage->conf != NULL)
        conf_free(lineage->conf);
    if (lineage->cert != NULL)
        cert_free(lineage->cert);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        free(lineage->live[kind]);
        free(lineage->current[kind]);
    }
    free(lineage->name);
    free(lineage->conf_path);
    free(lineage->live_dir);
    free(lineage->archive_dir);
    free(lineage);
}

static bool read_cert(struct lineage *lineage, struct error *err)
{
    AUTO(buf_clear) struct buf pem = BUF(FILE_MAX_TEXT);
    struct error broken = { 0 };

    TRY(lineage_read(lineage, KIND_CERT, &pem, err));
    if (cert_from_pem(buf_view(&pem), lineage->current[KIND_CERT], &lineage->cert, &broken))
        return true;
    /* A file of ours, whatever is wrong in it. Listings show the cause alone: it has to name the file. */
    return error_set(err, ERROR_STORE, "%s is no certificate: %s", lineage->current[KIND_CERT], broken.why);
}

bool lineage_load(struct store *store, const char *name, struct lineage **out, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;

    TRY(lineage_open(store, name, &lineage, err));
    for (int kind = 0; kind < KIND_COUNT; kind++)
        if (lineage->live[kind] == NULL)
            return error_set(err, ERROR_STORE,
                             "renewal config file %s is missing a required file reference: %s",
                             lineage->conf_path, kind_name((enum kind)kind));
    TRY(layout_certbot.find(lineage, err));
    TRY(read_cert(lineage, err));
    *out = TAKE(lineage);
    return true;
}

bool lineage_fix_deployment(struct lineage *lineage, struct error *err)
{
    TRY(layout_certbot.deploy(lineage, lineage->version, err));
    lineage->pending_deployment = false;
    return true;
}

bool lineage_read(const struct lineage *lineage, enum kind kind, struct buf *out, struct error *err)
{
    return file_read(lineage->current[kind], out, err);
}

bool lineage_read_key(const struct lineage *lineage, struct buf *out, struct error *err)
{
    out->secret = true; /* even if the caller forgot */
    return lineage_read(lineage, KIND_PRIVKEY, out, err);
}

/* ---- verifying ---- */

static bool verify_signature(const struct lineage *lineage, struct view chain, struct error *err)
{
    AUTO(cert_free) struct cert *issuer = NULL;

    if (cert_from_pem(chain, lineage->current[KIND_CHAIN], &issuer, err) &&
        cert_check_signed_by(lineage->cert, issuer, err))
        return true;
    err->kind = ERROR_STORE;
    return error_in(err, "verifying the signature of the certificate located at %s has failed",
                    lineage->live[KIND_CERT]);
}

static bool is_concatenation(struct view whole, struct view first, struct view second)
{
    return whole.len == first.len + second.len && memcmp(whole.at, first.at, first.len) == 0 &&
           memcmp(whole.at + first.len, second.at, second.len) == 0;
}

static bool verify_key(const struct lineage *lineage, struct error *err)
{
    AUTO(buf_clear) struct buf key = BUF_SECRET(FILE_MAX_TEXT);

    TRY(lineage_read_key(lineage, &key, err));
    if (cert_check_key_pem(lineage->cert, buf_view(&key), lineage->live[KIND_PRIVKEY], err))
        return true;
    err->kind = ERROR_STORE;
    return error_in(
        err, "verifying the certificate located at %s matches the private key located at %s has failed",
        lineage->live[KIND_CERT], lineage->live[KIND_PRIVKEY]);
}

bool lineage_verify(const struct lineage *lineage, struct error *err)
{
    AUTO(buf_clear) struct buf cert = BUF(FILE_MAX_TEXT);
    AUTO(buf_clear) struct buf chain = BUF(FILE_MAX_TEXT);
    AUTO(buf_clear) struct buf fullchain = BUF(FILE_MAX_TEXT);

    TRY(lineage_read(lineage, KIND_CHAIN, &chain, err));
    TRY(verify_signature(lineage, buf_view(&chain), err));
    TRY(lineage_read(lineage, KIND_CERT, &cert, err));
    TRY(lineage_read(lineage, KIND_FULLCHAIN, &fullchain, err));
    if (!is_concatenation(buf_view(&fullchain), buf_view(&cert), buf_view(&chain)))
        return error_set(err, ERROR_STORE, "fullchain does not match cert + chain for %s!", lineage->name);
    return verify_key(lineage, err);
}
