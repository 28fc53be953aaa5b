#include "rescue/sources.h"

#include <string.h>

#include "backup/archive.h"
#include "backup/archiver.h"
#include "backup/sealing.h"
#include "backup/shelf.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/stop_gap.h"

/* A backup is of use for it. */
static bool wants(const struct trouble *trouble)
{
    return trouble->kind != TROUBLE_NONE && trouble->kind != TROUBLE_EXPIRED;
}

/* What one backup has. */
struct looking {
    struct troubles *troubles;
    int64_t *not_after; /* for each of them; 0: nothing of it was seen */
};

/* "conf/live/NAME/..." or "conf/archive/NAME/...": NAME, a part of path; empty: it is neither. */
static struct view lineage_of(const char *path)
{
    static const char *const above[] = { "conf/live/", "conf/archive/" };

    for (size_t i = 0; i < COUNT(above); i++)
        if (text_starts(path, above[i])) {
            const char *name = path + strlen(above[i]), *end = strchr(name, '/');

            return (struct view){ name, end == NULL ? 0 : (size_t)(end - name) };
        }
    return view_of("");
}

static void see(void *ctx, const char *path, const struct cert *cert)
{
    struct looking *looking = ctx;
    struct view name = lineage_of(path);

    for (size_t i = 0; i < looking->troubles->len && name.len > 0; i++)
        if (view_is(name, looking->troubles->at[i].name) && !cert_is_stop_gap(cert) &&
            cert->not_after > looking->not_after[i])
            looking->not_after[i] = cert->not_after;
}

/* Whether certificates are left for which no backup was found. */
static bool take(struct looking *looking, const struct shelf_entry *entry)
{
    bool left = false;

    for (size_t i = 0; i < looking->troubles->len; i++) {
        struct trouble *trouble = &looking->troubles->at[i];

        if (wants(trouble) && trouble->backup.path == NULL && looking->not_after[i] != 0)
            trouble->backup = (struct source){ xstrdup(entry->path), entry->name.made, looking->not_after[i] };
        left = left || (wants(trouble) && trouble->backup.path == NULL);
    }
    return left;
}

static bool look_into(struct troubles *troubles, const struct shelf_entry *entry, const struct unseal_by *by,
    struct list *unread, bool *left, struct error *err)
{
    AUTO(free) int64_t *not_after = xcalloc(troubles->len + 1, sizeof *not_after);
    AUTO(archive_found_clear) struct archive_found found = { 0 };
    struct looking looking = { troubles, not_after };
    const struct archive_pairs seen = { see, &looking };
    struct error why = { 0 };

    TRY(interrupt_check(err));
    if (archive_check(entry->path, by, &seen, &found, &why)) {
        *left = take(&looking, entry);
        return true;
    }
    if (why.kind == ERROR_CANCELED) {
        *err = why;
        return false;
    }
    list_add(unread, why.why);
    return true;
}

/* Files with which encrypted ones are opened that cannot be read: the others are still of use. */
static struct unseal_by openers(const struct settings *settings, struct sealing *sealing, struct list *unread)
{
    struct error why = { 0 };

    if (!sealing_read(settings, sealing, &why)) {
        list_add(unread, why.why);
        return (struct unseal_by){ 0 };
    }
    return sealing_by(sealing);
}

static bool look_into_all(struct context *context, struct troubles *troubles, const struct shelf *shelf,
    struct list *unread, struct error *err)
{
    AUTO(sealing_clear) struct sealing sealing = { 0 };
    struct unseal_by by = openers(context->settings, &sealing, unread);
    bool left = true;

    for (size_t i = 0; i < shelf->len && i < SOURCES_MAX && left; i++)
        TRY(look_into(troubles, &shelf->at[shelf->len - 1 - i], &by, unread, &left, err));
    return true;
}

bool sources_find(struct context *context, struct troubles *troubles, struct list *unread, struct error *err)
{
    AUTO(free) char *dir = shelf_dir(context->settings);
    AUTO(shelf_clear) struct shelf shelf = { 0 };
    struct error why = { 0 };
    bool wanted = false;

    for (size_t i = 0; i < troubles->len; i++)
        wanted = wanted || wants(&troubles->at[i]);
    if (!wanted)
        return true;
    if (!shelf_read(dir, &shelf, &why)) {
        list_add(unread, why.why);
        return true;
    }
    if (shelf.len > 0 && !archiver_is_there()) {
        AUTO(free) char *told = xprintf("the backups in %s: evercert-archive, which reads them, is not installed", dir);

        list_add(unread, told);
        return true;
    }
    return look_into_all(context, troubles, &shelf, unread, err);
}
