#include "store/convert_build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "access/access.h"
#include "access/traversal.h"
#include "base/file.h"
#include "base/mem.h"
#include "disk/convert_settle.h"
#include "disk/live_dir.h"
#include "disk/meta.h"
#include "disk/place.h"
#include "disk/version_dir.h"

/* ---- versions in directories ---- */

static bool write_meta(const char *dir, const struct version *version, struct error *err)
{
    AUTO(free) char *path = file_join(dir, META_NAME);
    AUTO(buf_clear) struct buf pem = BUF(FILE_MAX_TEXT), text = BUF(FILE_MAX_TEXT);
    struct issued issued = { 0 };
    struct stat st;

    if (stat(version->path[KIND_CERT], &st) != 0)
        return file_error(err, "examine", version->path[KIND_CERT]);
    TRY(file_read(version->path[KIND_CERT], &pem, err));
    issued.cert = buf_view(&pem);
    TRY(meta_text(&issued, &text, err));
    TRY(file_create(path, buf_view(&text), access_public(path), err));
    return place_time(path, &st, err); /* as if it had been written with the version */
}

static bool fill_version(const char *dir, const struct version *version, struct error *err)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *to = version_file(dir, (enum kind)kind);

        TRY(place_file(version->path[kind], to, err));
    }
    TRY(write_meta(dir, version, err));
    return file_sync_dir(dir, err);
}

static bool build_versioned(const struct plan *plan, const char *live, const char *archive, struct error *err)
{
    const struct lineage *lineage = plan->lineage;
    AUTO(free) char *key = version_file(live, KIND_PRIVKEY);

    TRY(place_dir(archive, 0700, lineage->archive_dir, err));
    TRY(place_dir(live, 0700, lineage->live_dir, err));
    for (size_t i = 0; i < plan->len; i++) {
        const struct part *part = &plan->parts[i];
        AUTO(free) char *dir = xprintf("%s/%s%s", archive, part->id, part->version->pending ? ".next" : "");

        if (part->copy)
            continue;
        if (!part->version->live)
            TRY(place_dir(dir, 0755, lineage->archive_dir, err));
        TRY(fill_version(part->version->live ? live : dir, part->version, err));
    }
    TRY(traversal_guard_key(lineage->live_dir, lineage->live[KIND_PRIVKEY], key, err));
    TRY(live_prepare(lineage->live_dir, live, err));
    TRY(layout_remove_readme(live, err)); /* belongs to Certbot's layout, and speaks of it */
    return file_sync_dir(live, err);
}

/* ---- versions with numbers ---- */

static bool make_links(const struct lineage *lineage, const char *live, const char *id, struct error *err)
{
    AUTO(free) char *live_above = file_dirname(lineage->live_dir);
    AUTO(free) char *config = file_dirname(live_above);
    AUTO(free) char *usual = xprintf("%s/archive/%s", config, file_basename(lineage->archive_dir));
    AUTO(free) char *relative = xprintf("../../archive/%s", file_basename(lineage->archive_dir));
    const char *to = strcmp(usual, lineage->archive_dir) == 0 ? relative : lineage->archive_dir;

    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *link = version_file(live, (enum kind)kind);
        AUTO(free) char *text = xprintf("%s/%s%s.pem", to, kind_name((enum kind)kind), id);

        if (symlink(text, link) != 0)
            return file_error(err, "create the link", link);
    }
    return true;
}

/* A new directory is closed until the keys in it have their access. *open_mode: the mode that it gets then. */
static bool close_dir(const char *path, mode_t *open_mode, struct error *err)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return file_error(err, "examine", path);
    *open_mode = st.st_mode & 07777;
    return chmod(path, 0700) == 0 || file_error(err, "set the mode of", path);
}

static bool build_certbot(const struct plan *plan, const char *live, const char *archive, struct error *err)
{
    const struct lineage *lineage = plan->lineage;
    AUTO(free) char *readme = file_join(live, "README");
    mode_t open_mode = 0;

    TRY(place_dir(archive, 0755, lineage->archive_dir, err));
    TRY(close_dir(archive, &open_mode, err));
    TRY(place_dir(live, 0755, lineage->live_dir, err));
    for (size_t i = 0; i < plan->len; i++) {
        const struct part *part = &plan->parts[i];

        for (int kind = 0; kind < KIND_COUNT; kind++) {
            AUTO(free) char *to = xprintf("%s/%s%s.pem", archive, kind_name((enum kind)kind), part->id);

            TRY(place_file(part->version->path[kind], to, err));
            if (kind == KIND_PRIVKEY) /* archive/NAME was closed, and will not be */
                TRY(traversal_guard_key(lineage->archive_dir, part->version->path[kind], to, err));
        }
        if (part->version->live)
            TRY(make_links(lineage, live, part->id, err));
    }
    if (chmod(archive, open_mode) != 0)
        return file_error(err, "set the mode of", archive);
    TRY(live_prepare(lineage->live_dir, live, err));
    if (!file_exists(readme))
        TRY(layout_write_readme(live, "", NULL, err));
    return file_sync_dir(live, err);
}

bool convert_build(const struct plan *plan, struct error *err)
{
    AUTO(free) char *live = convert_path(plan->lineage->live_dir);
    AUTO(free) char *archive = convert_path(plan->lineage->archive_dir);
    AUTO(free) char *live_above = file_dirname(live);
    AUTO(free) char *archive_above = file_dirname(archive);

    TRY(plan->to->numbered ? build_certbot(plan, live, archive, err) : build_versioned(plan, live, archive, err));
    TRY(file_sync_dir(archive, err));
    TRY(file_sync_dir(live_above, err));
    return file_sync_dir(archive_above, err);
}
