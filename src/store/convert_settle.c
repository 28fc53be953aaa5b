/*
 * The second half of a conversion: directories change places, and what is not needed any more goes.
 *
 * Knows the two forms by what is in a directory; how one is made is in convert.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/certbot_versions.h"
#include "store/convert.h"
#include "store/layout.h"
#include "store/live_dir.h"
#include "store/live_switch.h"
#include "store/version_dir.h"

/* ---- names and forms ---- */

char *convert_path(const char *dir)
{
    return file_beside(dir, "convert");
}

static bool is_there(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

/* All four files, of the layout's kind. */
static bool live_is(const char *dir, const struct layout *layout)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *path = version_file(dir, (enum kind)kind);
        struct stat st;

        if (lstat(path, &st) != 0 || (layout == &layout_certbot ? !S_ISLNK(st.st_mode) : !S_ISREG(st.st_mode)))
            return false;
    }
    return true;
}

static bool is_numbered(const char *name)
{
    struct version_file file;

    return version_parse(name, &file);
}

/* Files with numbers, or none: of whole versions there may be none in the archive. */
static bool archive_is(const char *dir, const struct layout *layout)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };
    bool numbered = false;

    if (!file_is_dir(dir) || !file_list_dir(dir, &names, &err))
        return false;
    for (size_t i = 0; i < names.len; i++)
        numbered = numbered || is_numbered(names.at[i]);
    return numbered == (layout == &layout_certbot);
}

struct side {        /* live/NAME or archive/NAME, and what lies beside it */
    const char *dir; /* borrowed */
    char *fresh, *aside;
    bool (*is)(const char *dir, const struct layout *layout);
};

static struct side side_of(const char *dir, bool (*is)(const char *, const struct layout *))
{
    return (struct side){ .dir = dir, .fresh = convert_path(dir), .aside = file_beside(dir, "convert.was"), .is = is };
}

static void side_clear_at(struct side *side)
{
    free(side->fresh);
    free(side->aside);
}

bool convert_is_unsettled(const struct lineage *lineage)
{
    const char *dirs[] = { lineage->live_dir, lineage->archive_dir };

    for (size_t i = 0; i < COUNT(dirs); i++) {
        AUTO(side_clear) struct side side = { 0 };

        if (dirs[i] == NULL)
            continue;
        side = side_of(dirs[i], NULL);
        if (is_there(side.fresh) || is_there(side.aside))
            return true;
    }
    return false;
}

/* ---- switching ---- */

static bool sync_above(const char *dir, struct error *err)
{
    AUTO(free) char *above = file_dirname(dir);

    return file_sync_dir(above, err);
}

/* Without an exchange there is a moment without the directory, of one system call. */
static bool exchange_by_steps(const char *dir, const char *other, const char *spare, struct error *err)
{
    if (rename(dir, spare) != 0)
        return file_error(err, "put aside", dir);
    if (rename(other, dir) != 0) {
        (void)file_error(err, "put in place", other);
        (void)!rename(spare, dir);
        return false;
    }
    return sync_above(dir, err);
}

static bool switch_side(const struct side *side, const struct layout *layout, struct error *err)
{
    bool fresh = side->is(side->fresh, layout);
    const char *other = fresh ? side->fresh : side->aside;

    if (!is_there(side->dir)) { /* interrupted between two steps */
        if (rename(other, side->dir) != 0)
            return file_error(err, "put in place", other);
        return sync_above(side->dir, err);
    }
    if (side->is(side->dir, layout))
        return true;
    if (!side->is(other, layout)) {
        (void)error_set(err, ERROR_STORE, "neither %s nor %s is of the layout %s, as the renewal file has it",
            side->dir, side->fresh, layout->name);
        return error_next(err, "`doctor` tells what is wrong, and `doctor --fix` mends what can be mended");
    }
    if (live_exchange(side->dir, other, err))
        return true;
    if (!file_exchange_is_missing(err))
        return false;
    error_clear(err);
    return exchange_by_steps(side->dir, other, fresh ? side->aside : side->fresh, err);
}

/* Links lead into the archive: what they lead to comes before them, and goes after them. */
bool convert_switch(const struct lineage *lineage, struct error *err)
{
    AUTO(side_clear) struct side live = side_of(lineage->live_dir, live_is);
    AUTO(side_clear) struct side archive = side_of(lineage->archive_dir, archive_is);
    bool to_links = lineage->layout == &layout_certbot;

    TRY(switch_side(to_links ? &archive : &live, lineage->layout, err));
    return switch_side(to_links ? &live : &archive, lineage->layout, err);
}

/* ---- cleaning ---- */

static bool is_ours_in_archive(const char *name)
{
    struct view id;

    return is_numbered(name) || version_id_is(view_of(name)) || version_is_next(name, &id) || version_is_leftover(name);
}

static bool hand_over_archive(const char *old, const char *archive, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    TRY(file_list_dir(old, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *from = file_join(old, names.at[i]);
        AUTO(free) char *to = file_join(archive, names.at[i]);

        while (!is_ours_in_archive(names.at[i]) && is_there(to)) { /* made after an interruption */
            AUTO(free) char *other = xprintf("%s.was", to);

            xreplace(&to, other);
        }
        if (!is_ours_in_archive(names.at[i]) && rename(from, to) != 0)
            return file_error(err, "keep in the archive", from);
    }
    return true;
}

static bool clean_archive(const struct lineage *lineage, const char *left, struct error *err)
{
    TRY(hand_over_archive(left, lineage->archive_dir, err));
    TRY(file_remove_tree(left, err)); /* no key is overwritten: every one is kept, as the same file or a copy */
    return file_sync_dir(lineage->archive_dir, err) && sync_above(lineage->archive_dir, err);
}

/* The directory that was live/NAME comes back, with the files that are there now, for those who hold it. */
static bool clean_live(const struct lineage *lineage, const char *left, struct error *err)
{
    if (lineage->layout != &layout_certbot)
        TRY(layout_remove_readme(left, err)); /* belongs to Certbot's layout, and speaks of it */
    return live_settle(lineage->live_dir, left, err);
}

static bool clean_side(const struct side *side, const struct lineage *lineage, struct error *err)
{
    const char *left[] = { side->fresh, side->aside };

    for (size_t i = 0; i < COUNT(left); i++)
        if (is_there(left[i]))
            TRY(side->is == live_is ? clean_live(lineage, left[i], err) : clean_archive(lineage, left[i], err));
    return true;
}

bool convert_clean(const struct lineage *lineage, struct error *err)
{
    AUTO(side_clear) struct side live = side_of(lineage->live_dir, live_is);
    AUTO(side_clear) struct side archive = side_of(lineage->archive_dir, archive_is);

    TRY(clean_side(&live, lineage, err));
    return clean_side(&archive, lineage, err);
}

bool convert_settle(const struct lineage *lineage, struct error *err)
{
    struct error late = { 0 };

    if (lineage_shares_archive(lineage)) /* the other one's conversion, or of a time when it was not there */
        return lineage_refuse_shared(lineage, err);
    log_info("Settling an interrupted conversion of %s: it has the layout %s", lineage->name, lineage->layout->name);
    TRY(convert_switch(lineage, err));
    if (!convert_clean(lineage, &late)) /* what is in place can be used all the same */
        log_warning("Could not clean up after converting %s: %s", lineage->name, late.why);
    return true;
}
