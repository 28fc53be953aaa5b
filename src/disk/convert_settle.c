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
#include "disk/convert_in_place.h"
#include "disk/convert_settle.h"
#include "disk/layout.h"
#include "disk/live_dir.h"
#include "disk/live_switch.h"
#include "disk/sharing.h"
#include "disk/version_dir.h"

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

/* Whether all four files are links to numbered ones, or files of their own. */
static bool live_is(const char *dir, bool numbered)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *path = version_file(dir, (enum kind)kind);
        struct stat st;

        if (lstat(path, &st) != 0 || (numbered ? !S_ISLNK(st.st_mode) : !S_ISREG(st.st_mode)))
            return false;
    }
    return true;
}

/* Files with numbers, or none: of whole versions there may be none in the archive. */
static bool archive_is(const char *dir, bool numbered)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };
    bool found = false;

    if (!file_is_dir(dir) || !file_list_dir(dir, &names, &err))
        return false;
    for (size_t i = 0; i < names.len; i++)
        found = found || convert_is_numbered(names.at[i]);
    return found == numbered;
}

struct side {        /* live/NAME or archive/NAME, and what lies beside it */
    const char *dir; /* borrowed */
    char *fresh, *aside;
    bool (*is)(const char *dir, bool numbered); /* of the layout that is so */
};

static struct side side_of(const char *dir, bool (*is)(const char *, bool))
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

/* Neither is of the layout, and none of them was taken for the other. */
static bool report_neither(const struct side *side, const struct layout *layout, struct error *err)
{
    (void)error_set(err, ERROR_STORE, "neither %s nor %s is of the layout %s, as the renewal file has it", side->dir,
        side->fresh, layout->name);
    return error_next(err, "`doctor` tells what is wrong, and `doctor --fix` mends what can be mended");
}

static bool is_other(const struct side *side, const char *dir, const struct layout *layout)
{
    return side->is(dir, !layout->numbered);
}

/* The two change places. *done is false where they cannot: then it is done in place. */
static bool exchange_sides(const struct side *side, bool *done, struct error *err)
{
    struct error cannot = { 0 };

    *done = live_exchange(side->dir, side->fresh, &cannot);
    if (*done || live_cannot_switch(&cannot))
        return true;
    *err = cannot;
    return false;
}

/* Puts a directory of the wanted layout in place where that directory is missing. */
static bool put_there(const struct side *side, const struct layout *layout, struct error *err)
{
    const char *other = side->is(side->fresh, layout->numbered) ? side->fresh : side->aside;

    if (rename(other, side->dir) != 0)
        return file_error(err, "put in place", other);
    return sync_above(side->dir, err);
}

static bool switch_live_dir(const struct side *side, const struct layout *layout, struct error *err)
{
    bool in_place = is_there(side->aside), fresh = live_is(side->fresh, layout->numbered),
         is = live_is(side->dir, layout->numbered);
    const char *from = fresh ? side->fresh : side->aside;
    bool done = false;

    if (!is_there(side->dir))
        return put_there(side, layout, err);
    if (is && !(in_place && fresh))
        return true;
    if (!live_is(from, layout->numbered))
        return report_neither(side, layout, err);
    if (!in_place)
        TRY(exchange_sides(side, &done, err));
    return done || convert_live_in_place(side->dir, from, side->aside, is_other(side, side->dir, layout), err);
}

/* An archive that has both forms, as it was to be switched in place, counts as one with numbers: so the one that is
 * beside it tells more. */
static bool switch_archive_dir(const struct side *side, const struct layout *layout, struct error *err)
{
    bool fresh = archive_is(side->fresh, layout->numbered), is = archive_is(side->dir, layout->numbered), done = false;

    if (!is_there(side->dir))
        return put_there(side, layout, err);
    if (!fresh) /* they have changed places, or what has come in is to go again: convert_archive_undo */
        return is || is_other(side, side->fresh, layout) || report_neither(side, layout, err);
    if (!is)
        TRY(exchange_sides(side, &done, err));
    return done || convert_archive_in_place(side->dir, side->fresh, layout->live_are_links, err);
}

/* Links lead into the archive: what they lead to comes before them, and goes after them. */
bool convert_switch(const struct lineage *lineage, struct error *err)
{
    AUTO(side_clear) struct side live = side_of(lineage->live_dir, live_is);
    AUTO(side_clear) struct side archive = side_of(lineage->archive_dir, archive_is);
    bool to_links = lineage->layout->live_are_links;

    if (to_links)
        return switch_archive_dir(&archive, lineage->layout, err) && switch_live_dir(&live, lineage->layout, err);
    return switch_live_dir(&live, lineage->layout, err) && switch_archive_dir(&archive, lineage->layout, err);
}

/* ---- cleaning ---- */

static bool is_ours_in_archive(const char *name)
{
    return convert_is_numbered(name) || convert_is_dated(name) || convert_is_passing(name);
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

/* Whether it was done in place: what LEFT has is in the archive, too, and what was there still is. */
static bool has_both(const char *archive, const char *left, const struct layout *layout)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error unreadable = { 0 };

    if (!archive_is(left, layout->numbered) || !file_list_dir(archive, &names, &unreadable))
        return false;
    for (size_t i = 0; i < names.len; i++)
        if (layout->numbered ? convert_is_dated(names.at[i]) : convert_is_numbered(names.at[i]))
            return true;
    return false;
}

static bool clean_archive(const struct lineage *lineage, const char *left, struct error *err)
{
    if (has_both(lineage->archive_dir, left, lineage->layout))
        TRY(convert_archive_clean(lineage->archive_dir, left, lineage->layout, err));
    else
        TRY(convert_archive_undo(lineage->archive_dir, left, lineage->layout, err));
    TRY(hand_over_archive(left, lineage->archive_dir, err));
    TRY(file_remove_tree(left, err)); /* no key is overwritten: every one is kept, as the same file or a copy */
    return file_sync_dir(lineage->archive_dir, err) && sync_above(lineage->archive_dir, err);
}

/* The directory that was live/NAME comes back, with the files that are there now, for those who hold it. */
static bool clean_live(const struct lineage *lineage, const char *left, struct error *err)
{
    if (!lineage->layout->numbered) /* belongs to Certbot's layout, and speaks of it */
        TRY(layout_remove_readme(left, err) && layout_remove_readme(lineage->live_dir, err));
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
    if (!convert_clean(lineage, &late)) /* the files in place can be used all the same */
        log_warning("Could not clean up after converting %s: %s", lineage->name, late.why);
    return true;
}
