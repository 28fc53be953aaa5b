/*
 * The files of versions: which are there, what can be made of the others, whose key is where.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "disk/certbot_links.h"
#include "disk/certbot_versions.h"
#include "disk/version_dir.h"
#include "health/private.h"
#include "store/lineage_conf.h"
#include "store/pending.h"
#include "store/store_private.h"

#define KEYS_MAX 10000 /* files in CONF/keys that are looked at for a missing key */
#define PEM_END "-----END CERTIFICATE-----"

/* ---- content ---- */

static bool read_text(const char *path, struct buf *out)
{
    struct error err = { 0 };

    if (file_read(path, out, &err))
        return true;
    health_note_trouble(&err);
    return false;
}

struct cert *health_read_cert(const char *path)
{
    AUTO(buf_clear) struct buf pem = BUF(FILE_MAX_TEXT);
    struct cert *cert = NULL;
    struct error err = { 0 };

    return read_text(path, &pem) && cert_from_pem(buf_view(&pem), path, &cert, &err) ? cert : NULL;
}

bool health_same_content(const char *a, const char *b)
{
    AUTO(buf_clear) struct buf one = BUF_SECRET(FILE_MAX_TEXT);
    AUTO(buf_clear) struct buf two = BUF_SECRET(FILE_MAX_TEXT);

    return read_text(a, &one) && read_text(b, &two) && view_equal(buf_view(&one), buf_view(&two));
}

bool health_replace(const char *path, enum kind kind, struct view content, struct error *err)
{
    struct file_access access = kind == KIND_PRIVKEY ? FILE_PRIVATE : FILE_PUBLIC;
    struct stat st;

    if (stat(path, &st) == 0)
        access = (struct file_access){
            .mode = st.st_mode & 07777, .set_owner = geteuid() == 0, .uid = st.st_uid, .gid = st.st_gid
        };
    return file_replace(path, content, access, err);
}

bool health_key_fits(const char *key_path, const struct cert *cert)
{
    AUTO(buf_clear) struct buf key = BUF_SECRET(FILE_MAX_TEXT);
    struct error err = { 0 };

    return read_text(key_path, &key) && cert_check_key_pem(cert, buf_view(&key), key_path, &err);
}

bool health_find_key(const struct subject *subject, const struct cert *cert, const char *except, char **path)
{
    AUTO(free) char *dir = store_path(subject->health->store, "keys");
    AUTO(free) char *ordered = pending_key_path(subject->health->store, subject->name);
    AUTO(list_clear) struct list names = { 0 };

    for (size_t i = subject->version_count; i-- > 0;) {
        const struct parts *parts = &subject->versions[i];

        if (parts->there[KIND_PRIVKEY] && !text_equal(parts->path[KIND_PRIVKEY], except) &&
            health_key_fits(parts->path[KIND_PRIVKEY], cert)) {
            *path = xstrdup(parts->path[KIND_PRIVKEY]);
            return true;
        }
    }
    if (health_key_fits(ordered, cert)) {
        *path = TAKE(ordered);
        return true;
    }
    if (!health_list_dir(dir, &names))
        return false;
    for (size_t i = names.len, count = 0; i-- > 0 && count < KEYS_MAX; count++) {
        AUTO(free) char *key = file_join(dir, names.at[i]);

        if (health_key_fits(key, cert)) {
            *path = TAKE(key);
            return true;
        }
    }
    return false;
}

bool health_set_aside(const struct lineage *lineage, const char *path, struct error *err)
{
    for (unsigned number = 1; number < 1000; number++) {
        AUTO(free) char *kept = xprintf("%s/mismatched-%s.%u", lineage->archive_dir, file_basename(path), number);

        if (link(path, kept) == 0)
            return file_sync_dir(lineage->archive_dir, err);
        if (errno != EEXIST)
            return file_error(err, "keep in the archive directory", path);
        if (health_same_content(path, kept))
            return true;
    }
    return error_set(err, ERROR_STORE, "%s holds too many keys that were put aside", lineage->archive_dir);
}

/* ---- listing ---- */

bool parts_are_whole(const struct parts *parts)
{
    for (int kind = 0; kind < KIND_COUNT; kind++)
        if (!parts->there[kind])
            return false;
    return true;
}

static struct parts *add_parts(struct subject *subject, const char *id, const char *dir)
{
    struct parts *parts;

    subject->versions = xrealloc(subject->versions, subject->version_count + 1, sizeof *subject->versions);
    parts = &subject->versions[subject->version_count++];
    *parts = (struct parts){ .id = xstrdup(id), .dir = xstrdup(dir) };
    return parts;
}

static void add_dir(struct subject *subject, const char *id, const char *dir, bool live)
{
    struct parts *parts = add_parts(subject, id, dir);

    parts->live = live;
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        parts->path[kind] = version_file(dir, (enum kind)kind);
        parts->there[kind] = file_exists(parts->path[kind]);
    }
}

static void list_dirs(struct subject *subject)
{
    const struct lineage *lineage = subject->lineage;
    AUTO(list_clear) struct list names = { 0 };

    if (health_list_dir(lineage->archive_dir, &names))
        for (size_t i = 0; i < names.len; i++) {
            AUTO(free) char *dir = file_join(lineage->archive_dir, names.at[i]);

            if (version_id_is(view_of(names.at[i])))
                add_dir(subject, names.at[i], dir, false);
        }
    if (file_is_dir(lineage->live_dir))
        add_dir(subject, "live", lineage->live_dir, true);
}

static void list_numbers(struct subject *subject)
{
    AUTO(links_clear) struct links links = { 0 };
    AUTO(versions_clear) struct versions versions = { 0 };
    char *const own = subject->lineage->archive_dir;
    char *dirs[KIND_COUNT] = { own, own, own, own };
    struct parts *parts = NULL;
    struct error err = { 0 };

    if (!file_is_dir(own) && links_read(subject->lineage, &links, &err))
        memcpy(dirs, links.dir, sizeof dirs);
    if (!versions_list(dirs, &versions, &err)) {
        health_note_trouble(&err);
        return;
    }
    for (size_t i = 0; i < versions.len; i++) {
        if (i == 0 || versions.at[i].version != versions.at[i - 1].version) {
            AUTO(free) char *id = xprintf("%u", versions.at[i].version);

            parts = add_parts(subject, id, dirs[KIND_CERT]);
            for (int kind = 0; kind < KIND_COUNT; kind++)
                parts->path[kind] = version_path(dirs[kind], (enum kind)kind, versions.at[i].version);
        }
        parts->there[versions.at[i].kind] = true;
    }
}

void subject_list_versions(struct subject *subject)
{
    if (subject->versions != NULL)
        return;
    if (subject->lineage->layout->numbered)
        list_numbers(subject);
    else
        list_dirs(subject);
}

void subject_forget_versions(struct subject *subject)
{
    for (size_t i = 0; i < subject->version_count; i++) {
        free(subject->versions[i].id);
        free(subject->versions[i].dir);
        for (int kind = 0; kind < KIND_COUNT; kind++)
            free(subject->versions[i].path[kind]);
    }
    free(subject->versions);
    subject->versions = NULL;
    subject->version_count = 0;
}

const struct parts *subject_newest_whole(const struct subject *subject)
{
    for (size_t i = subject->version_count; i-- > 0;)
        if (parts_are_whole(&subject->versions[i]))
            return &subject->versions[i];
    return NULL;
}

/* ---- what is missing ---- */

/* The end of the first certificate in a PEM text, 0 when there is none. */
static size_t first_end(struct view pem)
{
    const char *end = pem.len == 0 ? NULL : strstr(pem.at, PEM_END);

    if (end == NULL)
        return 0;
    end += strlen(PEM_END);
    while (*end == '\r' || *end == '\n')
        end++;
    return (size_t)(end - pem.at);
}

bool health_cut_fullchain(const char *path, bool first, struct buf *out)
{
    AUTO(buf_clear) struct buf whole = BUF(FILE_MAX_TEXT);
    size_t end;

    if (!read_text(path, &whole))
        return false;
    end = first_end(buf_view(&whole));
    if (end == 0 || end == whole.len)
        return false;
    buf_put(out, first ? (struct view){ whole.at, end } : (struct view){ whole.at + end, whole.len - end });
    return !out->failed;
}

bool health_is_issuer(const struct cert *leaf, const struct cert *issuer)
{
    return leaf->issuer_len == issuer->subject_len &&
           memcmp(leaf->der.at + leaf->issuer_at, issuer->der.at + issuer->subject_at, leaf->issuer_len) == 0;
}

static bool join(const struct parts *parts, struct buf *out)
{
    AUTO(cert_free) struct cert *leaf = health_read_cert(parts->path[KIND_CERT]);
    AUTO(cert_free) struct cert *issuer = health_read_cert(parts->path[KIND_CHAIN]);

    return leaf != NULL && issuer != NULL && health_is_issuer(leaf, issuer) && read_text(parts->path[KIND_CERT], out) &&
           read_text(parts->path[KIND_CHAIN], out);
}

/* The content of a file that is missing, from the others; false when it cannot be known. */
static bool derive(const struct subject *subject, const struct parts *parts, enum kind kind, struct buf *out)
{
    AUTO(cert_free) struct cert *leaf = NULL;
    AUTO(free) char *key = NULL;

    if (kind == KIND_FULLCHAIN)
        return parts->there[KIND_CERT] && parts->there[KIND_CHAIN] && join(parts, out);
    if (kind != KIND_PRIVKEY)
        return parts->there[KIND_FULLCHAIN] &&
               health_cut_fullchain(parts->path[KIND_FULLCHAIN], kind == KIND_CERT, out);
    leaf = health_read_cert(parts->path[parts->there[KIND_CERT] ? KIND_CERT : KIND_FULLCHAIN]);
    return leaf != NULL && health_find_key(subject, leaf, NULL, &key) && read_text(key, out);
}

static bool repair_part(struct health *health, const struct finding *finding, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(buf_clear) struct buf content = BUF_SECRET(FILE_MAX_TEXT);
    struct subject subject = { .health = health, .name = finding->lineage };
    bool known = false;

    TRY(lineage_open(health->store, finding->lineage, &lineage, err));
    subject.lineage = lineage;
    subject_list_versions(&subject);
    for (size_t i = 0; i < subject.version_count && !known; i++)
        known = strcmp(subject.versions[i].path[finding->number], finding->path) == 0 &&
                derive(&subject, &subject.versions[i], (enum kind)finding->number, &content);
    subject_forget_versions(&subject);
    if (!known)
        return error_set(err, ERROR_STORE, "what belongs in %s is no longer known", finding->path);
    return health_replace(finding->path, (enum kind)finding->number, buf_view(&content), err);
}

static void report_missing(struct subject *subject, const struct parts *parts, enum kind kind, bool matters)
{
    AUTO(buf_clear) struct buf content = BUF_SECRET(FILE_MAX_TEXT);
    const char *source = kind == KIND_FULLCHAIN ? "certificate and chain"
                         : kind == KIND_PRIVKEY ? "the other file that holds the key of this certificate"
                                                : "fullchain";
    bool known = derive(subject, parts, kind, &content);
    struct finding *finding;

    if (matters)
        finding = health_break(subject, "version-file-missing", parts->path[kind],
            "servers that are to use this file cannot start, and renewal stops at it", "%s is not there",
            parts->path[kind]);
    else
        finding = health_find(subject->health, subject, "version-file-missing", HEALTH_NOTE, parts->path[kind],
            "this version can no longer be made live", "%s of a version that is not in use is not there",
            parts->path[kind]);
    finding->number = (unsigned long)kind;
    if (known) {
        finding_answer(finding, "make %s from %s", parts->path[kind], source);
        finding->repair = repair_part;
        return;
    }
    finding_answer(finding, "put %s back from a backup", parts->path[kind]);
    finding_answer(finding, parts->live
                                ? "move what is left of this version away, and run this again: the newest whole "
                                  "version is then made live"
                                : "remove what is left of this version");
}

/* Whether anything would use the version: it is the live one, or newer than the newest whole one. */
static bool matters(const struct subject *subject, size_t index)
{
    if (subject->versions[index].live)
        return true;
    if (!subject->lineage->layout->live_are_links)
        return false;
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *text = NULL;
        struct error err = { 0 };

        if (file_read_link(subject->lineage->live[kind], &text, &err) &&
            strcmp(file_basename(text), file_basename(subject->versions[index].path[kind])) == 0)
            return true;
    }
    return false;
}

/* The first missing file of each version: what the next one can be made of may be known then. */
static void check_parts(struct subject *subject, size_t index)
{
    static const enum kind order[] = { KIND_CERT, KIND_CHAIN, KIND_FULLCHAIN, KIND_PRIVKEY };
    const struct parts *parts = &subject->versions[index];
    bool in_use = matters(subject, index);

    for (size_t i = 0; i < COUNT(order); i++)
        if (!parts->there[order[i]]) {
            report_missing(subject, parts, order[i], in_use);
            return;
        }
}

void check_version_files(struct subject *subject)
{
    subject_list_versions(subject);
    for (size_t i = 0; i < subject->version_count; i++)
        if (!parts_are_whole(&subject->versions[i]))
            check_parts(subject, i);
}
