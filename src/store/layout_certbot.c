/*
 * Certbot's layout: archive/NAME/KINDn.pem, and links to one version of them in live/NAME.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/certbot_links.h"
#include "store/certbot_versions.h"
#include "store/layout.h"

#define KEEP_VERSIONS 5 /* before the current one, by number */

static const char readme_text[] =
    "%scert.pem       the certificate alone\n"
    "%schain.pem      the certificates of the issuers, for servers that want them apart\n"
    "%sfullchain.pem  certificate and issuers, in the order in which most servers want them\n"
    "%sprivkey.pem    the private key; whoever can read it can pose as this server\n"
    "\n"
    "Let your servers read the files by these paths: they lead to the newest version after each renewal.\n"
    "Please do not move, rename or replace them. Renewal fails when they are not where it left them; to be\n"
    "rid of a certificate, use the command `delete`, and to have it under another name, obtain one with\n"
    "--cert-name.\n";

/* ---- finding ---- */

/* The version that a link points to. */
static bool live_version(const struct lineage *lineage, const struct links *links,
                         const struct versions *versions, int kind, unsigned *out, struct error *err)
{
    struct version_file file;

    if (!version_parse(file_basename(links->target[kind]), &file) || file.kind != (enum kind)kind) {
        if (file_exists(links->target[kind]))
            return error_set(err, ERROR_STORE,
                             "target %s of symlink %s does not have the name of a version (%s1.pem)",
                             links->target[kind], lineage->live[kind], kind_name((enum kind)kind));
    } else if (versions_have(versions, file)) {
        *out = file.version;
        return true;
    }
    return error_set(err, ERROR_STORE, "target %s of symlink %s does not exist", links->target[kind],
                     lineage->live[kind]);
}

static bool find(struct lineage *lineage, struct error *err)
{
    AUTO(links_clear) struct links links = { 0 };
    AUTO(versions_clear) struct versions versions = { 0 };
    unsigned oldest = UINT_MAX, version = 0;

    TRY(links_recover(lineage, err));
    TRY(links_read(lineage, &links, err));
    TRY(versions_list(links.dir, &versions, err));
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        TRY(live_version(lineage, &links, &versions, kind, &version, err));
        if (version < oldest)
            oldest = version;
    }
    version = versions_newest_complete(&versions);
    if (version == 0)
        return error_set(err, ERROR_STORE, "no version of %s in %s has all four files", lineage->name,
                         links.dir[KIND_CERT]);
    lineage->version = version;
    lineage->pending_deployment = oldest < version;
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        free(lineage->current[kind]);
        lineage->current[kind] = version_path(links.dir[kind], (enum kind)kind, version);
    }
    return true;
}

static bool has_version_file(const struct lineage *lineage, const char *path)
{
    AUTO(free) char *dir = file_dirname(path);
    struct version_file file;

    return strcmp(dir, lineage->archive_dir) == 0 && version_parse(file_basename(path), &file) &&
           (file.kind == KIND_CERT || file.kind == KIND_FULLCHAIN) && file_exists(path);
}

/* ---- writing ---- */

static struct view issued_part(const struct issued *issued, enum kind kind)
{
    switch (kind) {
    case KIND_CERT:
        return issued->cert;
    case KIND_PRIVKEY:
        return issued->privkey;
    case KIND_CHAIN:
        return issued->chain;
    case KIND_FULLCHAIN:
        return issued->fullchain;
    case KIND_COUNT:
        break;
    }
    return view_of("");
}

/* Creates the key. Who may not give files to the group it is to have goes on without, and then the group that
 * it gets instead must not read the key. */
static bool create_key(const char *path, struct view pem, struct file_access access, struct error *err)
{
    if (file_create(path, pem, access, err))
        return true;
    if (err->sys != EPERM || !access.set_owner)
        return false;
    log_warning("%s cannot be given to group %u, which its predecessor has: only its owner may read it", path,
                (unsigned)access.gid);
    access.set_owner = false;
    access.mode &= ~(mode_t)S_IRWXG;
    return file_create(path, pem, access, err);
}

/* A version counts as soon as it has four names. So the last of them comes up when it is whole: what was cut
 * short is never taken for a version. */
static bool write_part(const char *path, enum kind kind, const struct issued *issued,
                       struct file_access key_access, struct error *err)
{
    struct view pem = issued_part(issued, kind);

    switch (kind) {
    case KIND_PRIVKEY:
        return create_key(path, pem, key_access, err);
    case KIND_FULLCHAIN:
        if (file_replace(path, pem, FILE_PUBLIC, err))
            return true;
        (void)unlink(path); /* it may have come up, and then not been synced */
        return false;
    case KIND_CERT:
    case KIND_CHAIN:
    case KIND_COUNT:
        break;
    }
    return file_create(path, pem, FILE_PUBLIC, err);
}

static bool write_version(char *const dirs[KIND_COUNT], unsigned version, const struct issued *issued,
                          struct file_access key_access, struct undo *undo, struct error *err)
{
    AUTO(list_clear) struct list synced = { 0 };

    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *path = version_path(dirs[kind], (enum kind)kind, version);

        TRY(write_part(path, (enum kind)kind, issued, key_access, err));
        undo_add(undo, path);
    }
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        if (list_has(&synced, dirs[kind]))
            continue;
        TRY(file_sync_dir(dirs[kind], err));
        list_add(&synced, dirs[kind]);
    }
    return true;
}

/* What somebody changed by hand on the live key is kept: its group, what the group may, and that others may
 * read. The owner is not handed on. */
static bool successor_access(const char *key_path, struct file_access *out, struct error *err)
{
    struct stat st;

    if (stat(key_path, &st) != 0)
        return file_error(err, "examine", key_path);
    *out = (struct file_access){ .mode = 0600 | (st.st_mode & (S_IRWXG | S_IROTH)),
                                 .set_owner = true,
                                 .uid = (uid_t)-1,
                                 .gid = st.st_gid };
    return true;
}

static bool add(const struct lineage *lineage, const struct issued *issued, struct undo *undo,
                unsigned *version, struct error *err)
{
    AUTO(links_clear) struct links links = { 0 };
    AUTO(versions_clear) struct versions versions = { 0 };
    struct file_access key_access;
    unsigned next;

    TRY(links_read(lineage, &links, err));
    TRY(versions_list(links.dir, &versions, err));
    TRY(successor_access(lineage->current[KIND_PRIVKEY], &key_access, err));
    next = versions_newest(&versions) + 1;
    if (next > VERSION_MAX)
        return error_set(err, ERROR_STORE, "%s has a file of version %u, which is the last that can be",
                         links.dir[KIND_CERT], versions_newest(&versions));
    TRY(write_version(links.dir, next, issued, key_access, undo, err));
    *version = next;
    return true;
}

/* ---- creating ---- */

static bool is_taken(const char *path)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };
    struct stat st;

    if (lstat(path, &st) != 0)
        return errno != ENOENT;
    return !S_ISDIR(st.st_mode) || !file_list_dir(path, &names, &err) || names.len > 0;
}

static const char *taken(const struct lineage *lineage)
{
    if (is_taken(lineage->archive_dir))
        return lineage->archive_dir;
    return is_taken(lineage->live_dir) ? lineage->live_dir : NULL;
}

/* An empty one that is there will do; it is not ours to remove. */
static bool make_dir(const char *path, struct undo *undo, struct error *err)
{
    if (mkdir(path, 0755) == 0) {
        undo_add(undo, path);
        return true;
    }
    return (errno == EEXIST && !is_taken(path)) || file_error(err, "create the directory", path);
}

/* prefix: what stands before the file names, "" or "[cert name]/". */
static bool write_readme(const char *dir, const char *prefix, struct undo *undo, struct error *err)
{
    AUTO(free) char *path = file_join(dir, "README");
    AUTO(free) char *text = xprintf(readme_text, prefix, prefix, prefix, prefix);

    if (file_exists(path))
        return true;
    if (!file_create(path, view_of(text), FILE_PUBLIC, err))
        return err->sys == EEXIST; /* another thread was first */
    if (undo != NULL)
        undo_add(undo, path);
    return true;
}

static bool make_links(const struct lineage *lineage, struct undo *undo, struct error *err)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *text = xprintf("../../archive/%s/%s1.pem", file_basename(lineage->archive_dir),
                                        kind_name((enum kind)kind));

        if (symlink(text, lineage->live[kind]) != 0)
            return file_error(err, "create the link", lineage->live[kind]);
        undo_add(undo, lineage->live[kind]);
    }
    return true;
}

static bool sync_above(const char *dir, struct error *err)
{
    AUTO(free) char *above = file_dirname(dir);

    return file_sync_dir(above, err);
}

static bool create(const struct lineage *lineage, const struct issued *issued, struct undo *undo,
                   struct error *err)
{
    AUTO(free) char *live_above = file_dirname(lineage->live_dir);
    char *const archive = lineage->archive_dir;
    char *const dirs[KIND_COUNT] = { archive, archive, archive, archive };

    TRY(make_dir(lineage->archive_dir, undo, err));
    TRY(make_dir(lineage->live_dir, undo, err));
    TRY(write_version(dirs, 1, issued, FILE_PRIVATE, undo, err));
    TRY(make_links(lineage, undo, err));
    TRY(write_readme(lineage->live_dir, "", undo, err));
    TRY(write_readme(live_above, "[cert name]/", NULL, err));
    TRY(file_sync_dir(lineage->live_dir, err));
    TRY(sync_above(lineage->archive_dir, err));
    return file_sync_dir(live_above, err);
}

/* ---- removing ---- */

static bool prune(const struct lineage *lineage, unsigned newest, struct error *err)
{
    AUTO(links_clear) struct links links = { 0 };
    AUTO(versions_clear) struct versions versions = { 0 };

    TRY(links_read(lineage, &links, err));
    TRY(versions_list(links.dir, &versions, err));
    for (size_t i = 0; i < versions.len && versions.at[i].version + KEEP_VERSIONS < newest; i++) {
        enum kind kind = versions.at[i].kind;
        AUTO(free) char *path = version_path(links.dir[kind], kind, versions.at[i].version);

        TRY(file_remove(path, err));
    }
    return true;
}

static bool remove_dir_if_empty(const char *path, struct error *err)
{
    return rmdir(path) == 0 || errno == ENOENT || errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR ||
           file_error(err, "remove", path);
}

/* README and directory go only with the last of the four. */
static bool remove_live(const struct lineage *lineage, struct error *err)
{
    AUTO(free) char *readme = NULL;
    bool together = true;

    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *dir = lineage->live[kind] == NULL ? NULL : file_dirname(lineage->live[kind]);

        together = together && dir != NULL && strcmp(dir, lineage->live_dir) == 0;
        if (dir != NULL && !file_remove(lineage->live[kind], err) && err->sys != ENOTDIR)
            return false;
    }
    TRY(links_remove_leftovers(lineage, err));
    if (!together)
        return true;
    readme = file_join(lineage->live_dir, "README");
    if (!file_remove(readme, err) && err->sys != ENOTDIR)
        return false;
    return remove_dir_if_empty(lineage->live_dir, err);
}

static bool remove_versions(const char *dir, struct error *err)
{
    AUTO(versions_clear) struct versions versions = { 0 };
    AUTO(free) char *same = xstrdup(dir);
    char *const dirs[KIND_COUNT] = { same, same, same, same };

    TRY(versions_list(dirs, &versions, err));
    for (size_t i = 0; i < versions.len; i++) {
        AUTO(free) char *path = version_path(dir, versions.at[i].kind, versions.at[i].version);

        TRY(file_remove(path, err));
    }
    return remove_dir_if_empty(dir, err);
}

static bool remove_lineage(const struct lineage *lineage, bool whole_archive, struct error *err)
{
    TRY(remove_live(lineage, err));
    return whole_archive && !file_is_link(lineage->archive_dir) ? file_remove_tree(lineage->archive_dir, err)
                                                                : remove_versions(lineage->archive_dir, err);
}

const struct layout layout_certbot = {
    .name = "certbot",
    .taken = taken,
    .create = create,
    .find = find,
    .add = add,
    .deploy = links_switch,
    .prune = prune,
    .has_version_file = has_version_file,
    .remove = remove_lineage,
};
