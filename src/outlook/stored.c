#include "outlook/stored.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/key.h"

#define HEX_SIZE 64 /* of SHA-256 */

static void clear_one(struct stored_cert *cert)
{
    free(cert->serial);
    free(cert->issuer);
    free(cert->lineage);
    free(cert->cert);
    free(cert->key);
    list_clear(&cert->names);
}

void stored_clear(struct stored *known)
{
    for (size_t i = 0; i < known->len; i++)
        clear_one(&known->at[i]);
    free(known->at);
    *known = (struct stored){ 0 };
}

/* ---- one certificate ---- */

/* "" where OpenSSL fails: such a one is equal to none. */
static char *hex_of(struct view bytes)
{
    AUTO(buf_clear) struct buf digest = BUF(HEX_SIZE / 2);
    AUTO(buf_clear) struct buf hex = BUF(HEX_SIZE);
    struct error err = { 0 };

    if (!digest_sha256(bytes, &digest, &err))
        log_debug("%s", err.why);
    else
        buf_put_hex(&hex, buf_view(&digest));
    return buf_take(&hex);
}

char *stored_key_of(const struct cert *cert)
{
    return cert_key_hash(cert);
}

static const char *without_zeros(const char *serial)
{
    return serial + strspn(serial, "0");
}

void stored_add(struct stored *known, const struct cert *cert, const char *lineage, bool live, bool other)
{
    if (known->len == STORED_MAX)
        return;
    if (known->len == known->room) {
        known->room = known->room == 0 ? 64 : known->room * 2;
        known->at = xrealloc(known->at, known->room, sizeof *known->at);
    }
    known->at[known->len++] = (struct stored_cert){
        .serial = xstrdup(without_zeros(cert->serial)),
        .issuer = xstrdup(cert->issuer_common_name == NULL ? "" : cert->issuer_common_name),
        .lineage = xstrdup(lineage),
        .cert = hex_of(buf_view(&cert->der)),
        .key = stored_key_of(cert),
        .not_before = cert->not_before,
        .not_after = cert->not_after,
        .live = live,
        .other = other,
        .names = live && !other ? list_dup(&cert->names) : (struct list){ 0 },
    };
}

/* ---- the files of a store ---- */

struct reading {
    struct stored *known;
    const char *lineage;
    bool live, other;
};

/* What is no certificate says nothing: a file that is being written, or a stranger's. */
static bool add_file(const struct reading *reading, const char *path, struct error *err)
{
    AUTO(buf_clear) struct buf pem = BUF(FILE_MAX_TEXT);
    AUTO(cert_free) struct cert *cert = NULL;
    struct error failure = { 0 };

    if (!file_read(path, &pem, &failure)) {
        if (failure.sys == EACCES || failure.sys == EIO) {
            *err = failure;
            return false;
        }
        log_debug("%s", failure.why);
        return true;
    }
    if (cert_from_pem(buf_view(&pem), path, &cert, &failure))
        stored_add(reading->known, cert, reading->lineage, reading->live, reading->other);
    else
        log_debug("%s: %s", path, failure.why);
    return true;
}

static bool list_dir(const char *path, struct list *names, struct error *err)
{
    if (file_list_dir(path, names, err))
        return true;
    if (err->sys != ENOTDIR && err->sys != ENOENT)
        return false;
    error_clear(err);
    list_clear(names);
    return true;
}

/* cert.pem, cert7.pem; also what is beside them while they are replaced. */
static bool is_cert_file(const char *name)
{
    return strstr(name, "cert") != NULL && strstr(name, ".pem") != NULL;
}

/* The files of a directory, and of those in it, which are versions: no deeper. */
static bool add_dir(const struct reading *reading, const char *dir, int depth, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    TRY(list_dir(dir, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(dir, names.at[i]);

        if (is_cert_file(names.at[i]))
            TRY(add_file(reading, path, err));
        else if (depth > 0 && strstr(names.at[i], ".pem") == NULL && file_is_dir(path))
            TRY(add_dir(reading, path, depth - 1, err));
    }
    return true;
}

static bool add_lineages(
    struct stored *known, const char *dir, const char *folder, bool other, size_t *count, struct error *err)
{
    AUTO(free) char *path = file_join(dir, folder);
    AUTO(list_clear) struct list names = { 0 };

    TRY(list_dir(path, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *lineage = file_join(path, names.at[i]);
        const struct reading reading = { known, names.at[i], strcmp(folder, "live") == 0, other };

        TRY(add_dir(&reading, lineage, 1, err));
    }
    *count += names.len;
    return true;
}

bool stored_add_store(struct stored *known, const char *dir, bool other, struct error *err)
{
    size_t count = 0;

    if (!add_lineages(known, dir, "archive", other, &count, err) ||
        !add_lineages(known, dir, "live", other, &count, err))
        return error_in(err, "reading the certificates of %s", dir);
    if (count > 0 || !other)
        return true;
    (void)error_set(err, ERROR_STORE, "%s is no store of certificates: there is nothing in live and archive", dir);
    return error_next(err, "name the directory that corresponds to /etc/letsencrypt");
}

/* ---- order ---- */

static int by_cert(const void *a, const void *b)
{
    const struct stored_cert *left = a, *right = b;
    int order = strcmp(left->cert, right->cert);

    if (order == 0)
        order = (int)left->other - (int)right->other;
    return order != 0 ? order : (int)right->live - (int)left->live;
}

static int by_serial(const void *a, const void *b)
{
    const struct stored_cert *left = a, *right = b;
    int order = strcmp(left->serial, right->serial);

    if (order == 0)
        order = strcmp(left->issuer, right->issuer);
    return order != 0 ? order : by_cert(a, b);
}

/* A certificate that is live in two lineages stays twice. */
static bool is_same(const struct stored_cert *a, const struct stored_cert *b)
{
    return a->cert[0] != '\0' && strcmp(a->cert, b->cert) == 0 &&
           (!b->live || b->other || strcmp(a->lineage, b->lineage) == 0);
}

void stored_end(struct stored *known)
{
    size_t kept = 0;

    if (known->len < 2)
        return;
    qsort(known->at, known->len, sizeof *known->at, by_cert);
    for (size_t i = 0; i < known->len; i++) {
        if (kept > 0 && is_same(&known->at[kept - 1], &known->at[i]))
            clear_one(&known->at[i]);
        else
            known->at[kept++] = known->at[i];
    }
    known->len = kept;
    qsort(known->at, known->len, sizeof *known->at, by_serial);
}

/* ---- looking for one ---- */

const struct stored_cert *stored_find(const struct stored *known, const char *serial, const char *issuer)
{
    size_t from = 0, to = known->len;

    serial = without_zeros(serial);
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = strcmp(known->at[middle].serial, serial);

        if (order == 0)
            order = strcmp(known->at[middle].issuer, issuer);
        if (order == 0)
            return &known->at[middle];
        if (order < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return NULL;
}

/* Whether a tells more than b: live ones, then the newer. */
static bool is_better(const struct stored_cert *a, const struct stored_cert *b)
{
    if (b == NULL || a->live != b->live)
        return b == NULL || a->live;
    return a->not_before > b->not_before;
}

const struct stored_cert *stored_find_cert(const struct stored *known, const struct cert *cert, bool *same_key)
{
    AUTO(free) char *digest = hex_of(buf_view(&cert->der)), *key = stored_key_of(cert);
    const struct stored_cert *same = NULL, *alike = NULL;

    for (size_t i = 0; i < known->len; i++) {
        const struct stored_cert *at = &known->at[i];

        if (strcmp(at->cert, digest) == 0 && is_better(at, same))
            same = at;
        else if (strcmp(at->key, key) == 0 && is_better(at, alike))
            alike = at;
    }
    *same_key = same == NULL && alike != NULL;
    return same != NULL ? same : alike;
}

const struct stored_cert *stored_live(const struct stored *known, const char *lineage)
{
    for (size_t i = 0; i < known->len; i++)
        if (known->at[i].live && !known->at[i].other && strcmp(known->at[i].lineage, lineage) == 0)
            return &known->at[i];
    return NULL;
}
