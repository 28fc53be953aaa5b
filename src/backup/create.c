#include "backup/create.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "audit/audit.h"
#include "backup/archive.h"
#include "backup/gather.h"
#include "backup/sealing.h"
#include "backup/shelf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

/* The archive on its way to the file, perhaps by way of its encryption. */
struct writing {
    struct shelf_file *file;
    struct hash *hash;
    struct seal *seal; /* NULL: none */
};

static void writing_clear_at(struct writing *writing)
{
    if (writing->seal != NULL)
        seal_free(writing->seal);
    if (writing->hash != NULL)
        hash_free(writing->hash);
}

static bool write_file(void *context, struct view bytes, struct error *err)
{
    struct writing *writing = context;

    TRY(hash_put(writing->hash, bytes, err));
    return file_write_all(writing->file->fd, bytes) || file_error(err, "write", writing->file->path);
}

static bool write_sealed(void *context, struct view bytes, struct error *err)
{
    struct writing *writing = context;

    return seal_put(writing->seal, bytes, err);
}

void backup_made_clear(struct backup_made *made)
{
    free(made->path);
    list_clear(&made->unreadable);
    list_clear(&made->lacking);
    list_clear(&made->removed);
    *made = (struct backup_made){ 0 };
}

static void fill_manifest(const struct context *context, const struct backup_wanted *wanted, struct manifest *manifest)
{
    struct utsname host;

    manifest->made = clock_now();
    manifest->host = xstrdup(uname(&host) == 0 ? host.nodename : "");
    manifest->by = xstrdup("Evercert " EVERCERT_VERSION);
    manifest->reason = xstrdup_or_null(wanted->reason);
    manifest->config_dir = xstrdup(store_config_dir(context->store));
    if (wanted->lineages != NULL)
        list_add_all(&manifest->lineages, wanted->lineages);
}

static bool begin(const struct sealing *sealing, struct writing *writing, struct error *err)
{
    struct seal_to to = sealing_to(sealing);

    TRY(hash_new(&writing->hash, err));
    return !sealing_is_wanted(sealing) || seal_new(&to, (struct seal_sink){ write_file, writing }, &writing->seal, err);
}

static bool write_archive(struct context *context, const struct backup_wanted *wanted, struct writing *writing,
    struct manifest *manifest, size_t *certificates, struct error *err)
{
    struct seal_sink sink = { writing->seal != NULL ? write_sealed : write_file, writing };
    AUTO(packer_free) struct packer *packer = NULL;

    TRY(packer_new(manifest, sink, &packer, err));
    TRY(wanted->fill != NULL ? wanted->fill(wanted->fill_context, packer, err)
                             : gather(context, packer, wanted->lineages, writing->file->dir, certificates, err));
    TRY(packer_finish(packer, err));
    return writing->seal == NULL || seal_end(writing->seal, err);
}

/* What was made is told. */
static void tell(struct manifest *manifest, struct backup_made *out)
{
    struct stat st;

    if (stat(out->path, &st) == 0)
        out->size = (uint64_t)st.st_size;
    out->entries = manifest->entries;
    out->unreadable_count = manifest->unreadable_count;
    list_add_all(&out->unreadable, &manifest->unreadable);
    list_add_all(&out->lacking, &manifest->lacking);
}

/* Old ones go, and the audit trail has all of it. */
static bool rotate(const char *dir, const char *store, int keep, const struct backup_wanted *wanted,
    struct backup_made *made, struct error *err)
{
    AUTO(list_clear) struct list stay = { 0 };
    bool ok;

    list_add(&stay, made->path);
    if (wanted->source != NULL)
        list_add(&stay, wanted->source);
    ok = shelf_rotate(dir, store, (unsigned)keep, &stay, &made->removed, err);
    audit_done(ACT_BACKUP_MADE, NULL, "file", made->path, "sha256", made->sha256, "reason", wanted->reason, NULL);
    for (size_t i = 0; i < made->removed.len; i++)
        audit_done(ACT_BACKUP_REMOVED, NULL, "file", made->removed.at[i], NULL);
    return ok;
}

/* What no verify and no restore would take is no backup. */
static bool check_proportion(const struct writing *writing, const struct manifest *manifest, struct error *err)
{
    struct stat st;

    if (fstat(writing->file->fd, &st) != 0)
        return file_error(err, "look at", writing->file->path);
    if (archive_is_in_proportion((uint64_t)st.st_size, manifest->entries + 1, manifest->weight))
        return true;
    (void)error_set(err, ERROR_STORE,
        "the backup would have %llu bytes in %llu entries, and could not be told from a harmful archive: it would not "
        "be "
        "restored",
        (unsigned long long)manifest->weight, (unsigned long long)manifest->entries);
    return error_next(
        err, "take what does not belong there out of %s: large files of zeros, say", manifest->config_dir);
}

static bool publish(const struct backup_wanted *wanted, struct writing *writing, const struct manifest *manifest,
    const char *store, struct backup_made *out, struct error *err)
{
    struct backup_name name = { .made = manifest->made, .sealed = writing->seal != NULL };
    bool emergency = wanted->reason != NULL && strcmp(wanted->reason, SHELF_EMERGENCY) == 0;
    const char *reason = out->empty && !emergency         ? SHELF_EMPTY
                         : manifest->unreadable_count > 0 ? SHELF_INCOMPLETE
                                                          : wanted->reason;

    TRY(check_proportion(writing, manifest, err));
    (void)snprintf(name.store, sizeof name.store, "%s", store);
    (void)snprintf(name.reason, sizeof name.reason, "%s", reason == NULL ? "" : reason);
    TRY(hash_end(writing->hash, out->sha256, err));
    return shelf_publish(writing->file, &name, &out->path, err);
}

/* Where all that is packed would be packed again. */
static bool check_dir(const char *dir, const char *config_dir, struct error *err)
{
    struct stat st, store;

    if (stat(dir, &st) != 0 || stat(config_dir, &store) != 0 || st.st_dev != store.st_dev || st.st_ino != store.st_ino)
        return true;
    (void)error_set(err, ERROR_CONFIG, "backups cannot lie in --config-dir itself, %s", config_dir);
    return error_next(err, "choose a directory of their own with --backup-dir");
}

bool backup_create(
    struct context *context, const struct backup_wanted *wanted, struct backup_made *out, struct error *err)
{
    AUTO(free) char *dir = wanted->dir != NULL ? xstrdup(wanted->dir) : shelf_dir(context->settings);
    AUTO(sealing_clear) struct sealing sealing = { 0 };
    AUTO(shelf_file_clear) struct shelf_file file = { .fd = -1 };
    AUTO(writing_clear) struct writing writing = { .file = &file };
    AUTO(manifest_clear) struct manifest manifest = { 0 };
    AUTO(backup_made_clear) struct backup_made made = { 0 };
    char store[BACKUP_STORE_LEN + 1];
    size_t certificates = 0;

    fill_manifest(context, wanted, &manifest);
    TRY(sealing_read(context->settings, &sealing, err));
    TRY(check_dir(dir, manifest.config_dir, err));
    TRY(backup_name_store(manifest.config_dir, store, err));
    TRY(shelf_begin(dir, &file, err));
    TRY(begin(&sealing, &writing, err));
    TRY(write_archive(context, wanted, &writing, &manifest, &certificates, err));
    made.empty = wanted->fill == NULL && certificates == 0;
    TRY(publish(wanted, &writing, &manifest, store, &made, err));
    tell(&manifest, &made);
    *out = made;
    made = (struct backup_made){ 0 };
    return wanted->fill != NULL || rotate(dir, store, context->settings->backup_keep, wanted, out, err) ||
           error_in(err, "the backup %s was made", out->path);
}
