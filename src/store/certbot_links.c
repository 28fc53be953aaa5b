#include "store/certbot_links.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/certbot_versions.h"
#include "store/live_dir.h"

/* ---- reading ---- */

void links_clear(struct links *links)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        free(links->text[kind]);
        free(links->target[kind]);
        free(links->dir[kind]);
    }
    *links = (struct links){ 0 };
}

/* Where a link with that text points. Folded as text, as Certbot does, not as the kernel would follow it. */
static char *target_of(const char *link, const char *text)
{
    AUTO(free) char *dir = file_dirname(link);
    AUTO(free) char *path = text[0] == '/' ? xstrdup(text) : file_join(dir, text);

    return file_absolute(path);
}

bool links_read(const struct lineage *lineage, struct links *out, struct error *err)
{
    AUTO(links_clear) struct links links = { 0 };

    for (int kind = 0; kind < KIND_COUNT; kind++) {
        const char *link = lineage->live[kind];

        if (!file_read_link(link, &links.text[kind], err)) {
            int sys = err->sys;

            if (sys != EINVAL && sys != ENOENT && sys != ENOTDIR)
                return false;
            (void)error_set(err, ERROR_STORE, "expected %s to be a symlink", link);
            err->sys = sys;
            return false;
        }
        links.target[kind] = target_of(link, links.text[kind]);
        links.dir[kind] = file_dirname(links.target[kind]);
    }
    *out = links;
    links = (struct links){ 0 };
    return true;
}

char *links_dir(const struct lineage *lineage, enum kind kind)
{
    AUTO(free) char *text = NULL, *target = NULL;
    struct error err = { 0 };

    if (lineage->live[kind] == NULL || !file_read_link(lineage->live[kind], &text, &err))
        return NULL;
    target = target_of(lineage->live[kind], text);
    return file_dirname(target);
}

/* ---- switching ---- */

static char *beside(const char *link, const char *prefix, const char *suffix)
{
    AUTO(free) char *dir = file_dirname(link);

    return xprintf("%s/%s%s%s", dir, prefix, file_basename(link), suffix);
}

static char *previous_path(const struct lineage *lineage, int kind)
{
    AUTO(free) char *dir = file_dirname(lineage->live[kind]);

    return xprintf("%s/previous_%s.pem", dir, kind_name((enum kind)kind));
}

/* Each link always is there: it is replaced by a rename. */
static bool replace_link(const char *link, const char *text, struct error *err)
{
    AUTO(free) char *fresh = beside(link, ".", ".new");

    TRY(file_remove(fresh, err));
    if (symlink(text, fresh) != 0)
        return file_error(err, "create the link", fresh);
    if (rename(fresh, link) != 0) {
        int sys = errno;

        (void)unlink(fresh);
        errno = sys;
        return file_error(err, "replace the link", link);
    }
    return true;
}

static bool sync_link_dirs(const struct lineage *lineage, struct error *err)
{
    AUTO(list_clear) struct list synced = { 0 };

    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *dir = file_dirname(lineage->live[kind]);

        if (list_has(&synced, dir))
            continue;
        TRY(file_sync_dir(dir, err));
        list_add(&synced, dir);
    }
    return true;
}

/* In the order of Certbot, which is such that a fullchain is there as long as all four are. */
static bool remove_previous(const struct lineage *lineage, struct error *err)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *previous = lineage->live[kind] == NULL ? NULL : previous_path(lineage, kind);

        if (previous != NULL && file_is_link(previous))
            TRY(file_remove(previous, err));
    }
    return true;
}

static bool make_previous(const struct lineage *lineage, const struct links *links, struct error *err)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *previous = previous_path(lineage, kind);

        if (symlink(links->target[kind], previous) != 0)
            return file_error(err, "create the link", previous);
    }
    return sync_link_dirs(lineage, err);
}

static bool point_to(const struct lineage *lineage, const struct links *old, unsigned version, struct error *err)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *dir = file_dirname(old->text[kind]);
        AUTO(free) char *text = version_path(dir, (enum kind)kind, version);

        TRY(replace_link(lineage->live[kind], text, err));
    }
    return sync_link_dirs(lineage, err);
}

/* After a failure. When even this fails the previous links stay, for the next one to load the lineage. */
static void put_back(const struct lineage *lineage, const struct links *old)
{
    struct error err = { 0 };

    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *text = NULL;

        if (!file_read_link(lineage->live[kind], &text, &err) || strcmp(text, old->text[kind]) != 0)
            if (!replace_link(lineage->live[kind], old->text[kind], &err))
                return;
    }
    (void)remove_previous(lineage, &err);
}

/* One link after the other, for file systems that cannot exchange directories. */
static bool switch_links(const struct lineage *lineage, const struct links *old, unsigned version, struct error *err)
{
    if (!make_previous(lineage, old, err) || !point_to(lineage, old, version, err)) {
        put_back(lineage, old);
        return false;
    }
    TRY(remove_previous(lineage, err));
    return sync_link_dirs(lineage, err); /* else what comes back after a power failure has the old version put back */
}

/* ---- switching all four in one step ---- */

/* "live/.NAME.next": the directory that takes the place of live/NAME. */
static char *next_dir(const struct lineage *lineage)
{
    return file_beside(lineage->live_dir, "next");
}

/* CONFIG/live/NAME without directories in it: what somebody else keeps files in, or enters, is not exchanged. */
static bool is_ours_alone(const struct lineage *lineage)
{
    AUTO(free) char *renewal = file_dirname(lineage->conf_path);
    AUTO(free) char *config = file_dirname(renewal);
    AUTO(free) char *live = file_join(config, "live");
    AUTO(free) char *above = file_dirname(lineage->live_dir);
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    if (strcmp(above, live) != 0 || file_is_link(lineage->live_dir) || !file_list_dir(lineage->live_dir, &names, &err))
        return false;
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(lineage->live_dir, names.at[i]);

        if (file_is_dir(path) && !file_is_link(path))
            return false;
    }
    return true;
}

static bool links_are_together(const struct lineage *lineage)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *dir = file_dirname(lineage->live[kind]);
        AUTO(free) char *name = xprintf("%s.pem", kind_name((enum kind)kind));

        if (strcmp(dir, lineage->live_dir) != 0 || strcmp(file_basename(lineage->live[kind]), name) != 0)
            return false;
    }
    return is_ours_alone(lineage);
}

static bool fill_next(const struct links *old, const char *next, unsigned version, struct error *err)
{
    if (mkdir(next, 0755) != 0)
        return file_error(err, "create the directory", next);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *name = xprintf("%s.pem", kind_name((enum kind)kind));
        AUTO(free) char *link = file_join(next, name);
        AUTO(free) char *dir = file_dirname(old->text[kind]);
        AUTO(free) char *text = version_path(dir, (enum kind)kind, version);

        if (symlink(text, link) != 0)
            return file_error(err, "create the link", link);
    }
    return true;
}

/* It holds what is to become live, or what was live: either way live has, or gets, all that is a user's. */
static bool drop_next(const struct lineage *lineage, const char *next, struct error *err)
{
    if (!file_exists(next))
        return true;
    TRY(live_hand_over(next, lineage->live_dir, err));
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *link = xprintf("%s/%s.pem", next, kind_name((enum kind)kind));

        TRY(file_remove(link, err));
    }
    return rmdir(next) == 0 || errno == ENOENT || file_error(err, "remove", next);
}

static bool switch_dir(const struct lineage *lineage, const struct links *old, unsigned version, struct error *err)
{
    AUTO(free) char *next = next_dir(lineage);
    struct error late = { 0 };
    bool ok;

    TRY(drop_next(lineage, next, err));
    ok = fill_next(old, next, version, err) && live_prepare(lineage->live_dir, next, err) &&
         live_exchange(lineage->live_dir, next, err);
    if (!drop_next(lineage, next, &late)) /* the next one to load the lineage tries again */
        log_warning("Could not clean up after making version %u of %s live: %s", version, lineage->name, late.why);
    return ok;
}

bool links_switch(const struct lineage *lineage, unsigned version, struct error *err)
{
    AUTO(links_clear) struct links old = { 0 };

    TRY(links_read(lineage, &old, err));
    TRY(remove_previous(lineage, err)); /* of an attempt that ended before it had made all four */
    if (links_are_together(lineage)) {
        if (switch_dir(lineage, &old, version, err))
            return true;
        if (!file_exchange_is_missing(err) && err->sys != EBUSY && err->sys != EXDEV && err->sys != EACCES &&
            err->sys != EPERM) /* a mount point, or a live/ that is not ours to write to: the links may be */
            return false;
        error_clear(err);
    }
    return switch_links(lineage, &old, version, err);
}

/* ---- recovering ---- */

/* Where the four pointed before; false when not all of that is known and there. */
static bool previous_targets(const struct lineage *lineage, struct links *out)
{
    struct error err = { 0 };

    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *previous = previous_path(lineage, kind);

        if (!file_read_link(previous, &out->text[kind], &err))
            return false;
        out->target[kind] = target_of(previous, out->text[kind]);
        out->dir[kind] = file_dirname(out->target[kind]);
        if (!file_exists(out->target[kind]))
            return false;
    }
    return true;
}

/* Points one link to where it pointed, keeping it relative where the text that it has allows that. */
static bool restore_link(const char *link, const char *target, const char *target_dir, struct error *err)
{
    AUTO(free) char *text = NULL, *now = NULL, *now_dir = NULL, *text_dir = NULL, *relative = NULL;
    struct error missing = { 0 };

    if (!file_read_link(link, &text, &missing)) {
        if (missing.sys != ENOENT) /* a file: whose it is we do not know */
            return error_set(err, ERROR_STORE, "expected %s to be a symlink", link);
        return replace_link(link, target, err); /* Certbot takes links away before it makes the new ones */
    }
    now = target_of(link, text);
    if (strcmp(now, target) == 0)
        return true;
    now_dir = file_dirname(now);
    text_dir = file_dirname(text);
    relative = file_join(text_dir, file_basename(target));
    return replace_link(link, strcmp(now_dir, target_dir) == 0 ? relative : target, err);
}

bool links_is_unsettled(const struct lineage *lineage)
{
    AUTO(free) char *last = lineage->live[KIND_FULLCHAIN] == NULL ? NULL : previous_path(lineage, KIND_FULLCHAIN);

    AUTO(free) char *next = lineage->live_dir == NULL ? NULL : next_dir(lineage);

    return (last != NULL && file_is_link(last)) || (next != NULL && file_exists(next));
}

/* What replace_link may have left. */
static bool remove_fresh(const struct lineage *lineage, struct error *err)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        const char *link = lineage->live[kind];
        AUTO(free) char *fresh = link == NULL ? NULL : beside(link, ".", ".new");

        if (fresh != NULL && !file_remove(fresh, err) && err->sys != ENOTDIR)
            return false;
    }
    return true;
}

bool links_recover(const struct lineage *lineage, struct error *err)
{
    AUTO(links_clear) struct links previous = { 0 };
    AUTO(free) char *next = next_dir(lineage);

    TRY(drop_next(lineage, next, err));
    if (!links_is_unsettled(lineage))
        return true;
    if (previous_targets(lineage, &previous)) {
        log_info("Putting back the version of %s that was live before a deployment was interrupted", lineage->name);
        for (int kind = 0; kind < KIND_COUNT; kind++)
            TRY(restore_link(lineage->live[kind], previous.target[kind], previous.dir[kind], err));
        TRY(sync_link_dirs(lineage, err));
    }
    TRY(remove_fresh(lineage, err));
    return remove_previous(lineage, err);
}

bool links_remove_leftovers(const struct lineage *lineage, struct error *err)
{
    AUTO(free) char *next = lineage->live_dir == NULL ? NULL : next_dir(lineage);

    if (next != NULL)
        TRY(drop_next(lineage, next, err));
    TRY(remove_previous(lineage, err));
    return remove_fresh(lineage, err);
}
