/*
 * Checkpoints that get a title, and so become backups that `rollback` knows.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "web/checkpoint_dir.h"

/* ---- names, which sort as text ---- */

bool checkpoint_list(const char *work_dir, struct list *out, struct error *err)
{
    AUTO(free) char *dir = file_join(work_dir, CHECKPOINT_BACKUPS);
    AUTO(list_clear) struct list found = { 0 };

    TRY(file_list_dir(dir, &found, err));
    for (size_t i = 0; i < found.len; i++) {
        AUTO(free) char *path = file_join(dir, found.at[i]);

        if (isdigit((unsigned char)found.at[i][0]) && file_is_dir(path))
            list_add(out, found.at[i]);
    }
    return true;
}

/* A name that sorts behind another: a second later, or longer where that is no time. */
static char *name_behind(const char *name)
{
    AUTO(free) char *later = NULL;
    struct view rest = view_of(name), seconds = { NULL, 0 };
    uint64_t number;

    if (view_cut(&rest, '.', &seconds) && view_to_number(seconds, 0, UINT64_MAX - 1, &number)) {
        later = xprintf("%" PRIu64 "%s", number + 1, name + seconds.len);
        if (strcmp(later, name) > 0)
            return TAKE(later);
    }
    return xprintf("%s0", name);
}

/* now: seconds since 1970 with a fraction; newest: NULL where there is none. Of the caller's. */
static char *name_next(const char *now, const char *newest)
{
    return newest == NULL || strcmp(now, newest) > 0 ? xstrdup(now) : name_behind(newest);
}

static bool name_stages(const char *work_dir, size_t count, struct list *out, struct error *err)
{
    AUTO(list_clear) struct list there = { 0 };
    AUTO(free) char *now = NULL;
    struct timespec at;

    TRY(checkpoint_list(work_dir, &there, err));
    if (clock_gettime(CLOCK_REALTIME, &at) != 0)
        return error_errno(err, ERROR_INTERNAL, "cannot read the clock");
    now = xprintf("%jd.%06ld", (intmax_t)at.tv_sec, at.tv_nsec / 1000);
    for (size_t i = 0; i < count; i++) {
        AUTO(free) char *name = name_next(now, there.len > 0 ? there.at[there.len - 1] : NULL);

        list_add(&there, name);
        list_add(out, name);
    }
    return true;
}

/* ---- stages ---- */

struct titling {
    const char *work_dir;
    const struct checkpoint_stage *stages;
    size_t count;
    struct list names; /* of their backups */
    char *progress, *staging;
};

static void titling_clear(struct titling *titling)
{
    list_clear(&titling->names);
    free(titling->progress);
    free(titling->staging);
}

static inline void titling_clear_at(struct titling *titling)
{
    titling_clear(titling);
}

static bool write_title(const char *dir, const char *title, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(CHECKPOINT_LIST_MAX), notes = BUF(CHECKPOINT_LIST_MAX);

    TRY(checkpoint_read_list(dir, CHECKPOINT_NOTES, &notes, err));
    buf_putf(&text, "-- %s --\n", title);
    buf_put(&text, buf_view(&notes));
    return checkpoint_write_list(dir, CHECKPOINT_NOTES, buf_view(&text), err);
}

static char *staged(const struct titling *titling, size_t i)
{
    return file_join(titling->staging, titling->names.at[i]);
}

static char *backup(const struct titling *titling, size_t i)
{
    AUTO(free) char *backups = file_join(titling->work_dir, CHECKPOINT_BACKUPS);

    if (i >= titling->names.len)
        abort(); /* our own mistake: there is a stage, and each has a name */
    return file_join(backups, titling->names.at[i]);
}

/* Every backup says whose files it has. */
static bool copy_sign(const struct titling *titling, const char *dir, struct error *err)
{
    AUTO(buf_clear) struct buf sign = BUF(CHECKPOINT_LIST_MAX);

    TRY(checkpoint_read_list(titling->progress, CHECKPOINT_RELOAD, &sign, err));
    return sign.len == 0 || checkpoint_write_list(dir, CHECKPOINT_RELOAD, buf_view(&sign), err);
}

static bool prepare_stages(const struct titling *titling, struct error *err)
{
    for (size_t i = 1; i < titling->count; i++) {
        AUTO(free) char *dir = staged(titling, i);

        TRY(checkpoint_save(dir, &titling->stages[i].before, err));
        TRY(write_title(dir, titling->stages[i].title, err) && copy_sign(titling, dir, err));
    }
    return true;
}

/* Whether it has reached the disk is told in the log alone: what comes next goes by where it is now. */
static bool move(const char *from, const char *to, struct error *err)
{
    AUTO(free) char *dir = file_dirname(to), *old_dir = file_dirname(from);
    struct error unsynced = { 0 };

    if (rename(from, to) != 0)
        return file_error(err, "make a backup of", from);
    if (!file_sync_dir(dir, &unsynced) || !file_sync_dir(old_dir, &unsynced))
        log_warning("%s", unsynced.why);
    return true;
}

/* From the last on, so that the newest backup is always that of the newest change. */
static bool move_stages(const struct titling *titling, struct error *err)
{
    for (size_t i = titling->count; i-- > 1;) {
        AUTO(free) char *from = staged(titling, i), *to = backup(titling, i);

        TRY(move(from, to, err));
    }
    return true;
}

/* ---- what the first backup keeps ---- */

static bool keep_paths(const char *dir, const char *name, size_t len, struct error *err)
{
    AUTO(list_clear) struct list paths = { 0 };
    AUTO(buf_clear) struct buf text = BUF(CHECKPOINT_LIST_MAX);

    TRY(checkpoint_read_paths(dir, name, &paths, err));
    if (paths.len <= len)
        return true;
    for (size_t i = 0; i < len; i++)
        buf_putf(&text, "%s\n", paths.at[i]);
    return checkpoint_write_list(dir, name, buf_view(&text), err);
}

static bool keep_commands(const char *dir, size_t len, struct error *err)
{
    AUTO(list_clear) struct list files = { 0 }, new_files = { 0 };
    AUTO(commands_clear) struct commands commands = { 0 };
    AUTO(buf_clear) struct buf text = BUF(CHECKPOINT_LIST_MAX);

    TRY(checkpoint_load(dir, &files, &new_files, &commands, err));
    if (commands.len <= len)
        return true;
    for (size_t i = 0; i < len; i++)
        command_put(&commands.at[i], &text);
    return checkpoint_write_list(dir, CHECKPOINT_COMMANDS, buf_view(&text), err);
}

/* IN_PROGRESS has the stages in their order: those of the first are at the beginning of each list. */
static bool reduce_first(const struct titling *titling, struct error *err)
{
    AUTO(free) char *dir = backup(titling, 0);
    const struct checkpoint *first = &titling->stages[0].before;

    TRY(keep_paths(dir, CHECKPOINT_FILEPATHS, first->file_count, err));
    TRY(keep_paths(dir, CHECKPOINT_NEW_FILES, first->new_files.len, err));
    return keep_commands(dir, first->commands.len, err);
}

/* In the journal that is what all stages came to; in a backup, what its own stage did. */
static void keep_written(const struct titling *titling)
{
    AUTO(free) char *dir = backup(titling, 0), *path = file_join(dir, CHECKPOINT_WRITTEN);
    const struct list *written = &titling->stages[0].before.written;
    AUTO(buf_clear) struct buf text = BUF(CHECKPOINT_LIST_MAX);
    struct error err = { 0 };

    for (size_t i = 0; i < written->len; i++)
        buf_putf(&text, "%s\n", written->at[i]);
    if (checkpoint_write_list(dir, CHECKPOINT_WRITTEN, buf_view(&text), &err))
        return;
    log_debug("%s", err.why);
    (void)unlink(path);
}

/* All is in effect and can be taken back; only how finely can fail now. */
static void divide(const struct titling *titling)
{
    struct error err = { 0 };

    if (!move_stages(titling, &err) || !reduce_first(titling, &err))
        log_warning("The changes of this run are not divided into %zu checkpoints: %s", titling->count, err.why);
    else
        keep_written(titling);
}

static bool become_backup(const struct titling *titling, struct error *err)
{
    AUTO(free) char *first = backup(titling, 0);

    TRY(prepare_stages(titling, err));
    TRY(write_title(titling->progress, titling->stages[0].title, err));
    TRY(move(titling->progress, first, err));
    if (titling->count > 1)
        divide(titling);
    return true;
}

bool checkpoint_title(const char *work_dir, const struct checkpoint_stage *stages, size_t count, struct error *err)
{
    AUTO(titling_clear) struct titling titling = { .work_dir = work_dir, .stages = stages, .count = count };
    AUTO(free) char *backups = file_join(work_dir, CHECKPOINT_BACKUPS);
    bool ok;

    titling.progress = file_join(work_dir, CHECKPOINT_IN_PROGRESS);
    titling.staging = file_join(work_dir, CHECKPOINT_STAGES);
    TRY(file_mkdirs(backups, 0755, err));
    TRY(name_stages(work_dir, count, &titling.names, err));
    checkpoint_sweep(work_dir);
    ok = become_backup(&titling, err);
    checkpoint_sweep(work_dir);
    return ok;
}
