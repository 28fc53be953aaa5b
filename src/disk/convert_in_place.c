#include "disk/convert_in_place.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "disk/certbot_versions.h"
#include "disk/live_switch.h"
#include "disk/place.h"
#include "disk/version_dir.h"

#define FRESH ".new"     /* behind the name of a file that is about to get it */
#define CLOSED_MODE 0700 /* of an archive of the layout versioned */

/* ---- names ---- */

bool convert_is_numbered(const char *name)
{
    struct version_file file;

    return version_parse(name, &file);
}

bool convert_is_dated(const char *name)
{
    struct view id;

    return version_id_is(view_of(name)) || version_is_next(name, &id) || version_is_leftover(name);
}

bool convert_is_passing(const char *name)
{
    AUTO(free) char *whole = text_ends(name, FRESH) ? xstrndup(name, strlen(name) - strlen(FRESH)) : NULL;

    return whole != NULL && convert_is_numbered(whole);
}

static bool is_of_other(const char *name, const struct layout *layout)
{
    return layout->numbered ? convert_is_dated(name) : convert_is_numbered(name);
}

static bool is_there(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

/* ---- live ---- */

static bool keep_aside(const char *live, const char *aside, struct error *err)
{
    AUTO(free) char *above = file_dirname(aside);

    if (mkdir(aside, 0700) != 0 && errno != EEXIST)
        return file_error(err, "create the directory", aside);
    return live_refill(aside, live, false, err) && file_sync_dir(above, err);
}

bool convert_live_in_place(const char *live, const char *from, const char *aside, bool is_as_it_was, struct error *err)
{
    if (is_as_it_was && strcmp(from, aside) != 0)
        TRY(keep_aside(live, aside, err));
    return live_refill(live, from, false, err);
}

/* ---- the archive ---- */

/* Under a temporary name until it is complete. */
static bool place_version(const char *from, const char *to, struct error *err)
{
    AUTO(free) char *fresh = file_beside(to, "new");

    TRY(file_remove_tree(fresh, err));
    TRY(place_dir(fresh, 0755, from, err) && live_refill(fresh, from, false, err));
    return rename(fresh, to) == 0 || file_error(err, "create", to);
}

static bool place_plain(const char *from, const char *to, struct error *err)
{
    AUTO(free) char *fresh = xprintf("%s" FRESH, to);

    TRY(file_remove(fresh, err));
    TRY(place_file(from, fresh, err));
    if (rename(fresh, to) == 0)
        return true;
    (void)file_error(err, "create", to);
    (void)unlink(fresh);
    return false;
}

static bool copy_mode(const char *from, const char *to, struct error *err)
{
    struct stat st;

    if (stat(from, &st) != 0)
        return file_error(err, "examine", from);
    return chmod(to, st.st_mode & 07777) == 0 || file_error(err, "set the mode of", to);
}

bool convert_archive_in_place(const char *archive, const char *from, bool opens, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    TRY(file_list_dir(from, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *source = file_join(from, names.at[i]), *to = file_join(archive, names.at[i]);

        if (!is_there(to))
            TRY(file_is_dir(source) ? place_version(source, to, err) : place_plain(source, to, err));
    }
    TRY(file_sync_dir(archive, err));
    return !opens || copy_mode(from, archive, err);
}

static bool remove_one(const char *path, struct error *err)
{
    return file_is_dir(path) && !file_is_link(path) ? file_remove_tree(path, err) : file_remove(path, err);
}

bool convert_archive_clean(const char *archive, const char *from, const struct layout *layout, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    TRY(copy_mode(from, archive, err) && file_list_dir(archive, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(archive, names.at[i]);

        if (is_of_other(names.at[i], layout))
            TRY(remove_one(path, err));
    }
    return file_sync_dir(archive, err);
}

static bool is_same(const char *a, const char *b)
{
    struct error unreadable = { 0 };
    bool same = false;

    if (file_is_dir(a))
        return version_dir_equal(a, b);
    return version_file_same(a, b, &same, &unreadable) && same;
}

bool convert_archive_undo(const char *archive, const char *from, const struct layout *layout, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };
    bool closed = layout->live_are_links; /* lead into the archive, which is to stay open */

    TRY(file_list_dir(from, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *source = file_join(from, names.at[i]), *placed = file_join(archive, names.at[i]);

        if (!is_of_other(names.at[i], layout) || !is_there(placed) || !is_same(source, placed))
            continue;
        if (!closed && chmod(archive, CLOSED_MODE) != 0)
            return file_error(err, "set the mode of", archive);
        closed = true;
        TRY(remove_one(placed, err));
    }
    return file_sync_dir(archive, err);
}
