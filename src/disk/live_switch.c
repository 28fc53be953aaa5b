#include "disk/live_switch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/reading.h"
#include "disk/live_dir.h"
#include "disk/place.h"
#include "disk/version_dir.h"

/* Milliseconds for a process that has just opened the directory by path to read its files one after the other: it gets
 * all of them from one version. */
#define READERS_MS 20

#define FILES (KIND_COUNT + 1)

char *live_stand_in(const char *live)
{
    return file_beside(live, "next");
}

static bool is_there(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

bool live_has_stand_in(const char *live)
{
    AUTO(free) char *next = live_stand_in(live);

    return is_there(next);
}

/* ---- replacing what is in a directory ---- */

struct refill { /* one file */
    char *from, *fresh, *to;
    bool wanted; /* FROM has it */
};

static void refill_name(struct refill *file, const char *name, const char *from, const char *dir)
{
    file->from = file_join(from, name);
    file->to = file_join(dir, name);
    file->fresh = file_beside(file->to, &LIVE_FRESH[1]);
    file->wanted = is_there(file->from);
}

struct refills {
    struct refill at[FILES]; /* in the order of kinds: the certificate is the first, and meta.txt the last */
};

static void refills_clear_at(struct refills *files)
{
    for (size_t i = 0; i < FILES; i++) {
        free(files->at[i].from);
        free(files->at[i].fresh);
        free(files->at[i].to);
    }
}

static void refills_of(struct refills *files, const char *from, const char *dir)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *name = xprintf("%s.pem", kind_name((enum kind)kind));

        refill_name(&files->at[kind], name, from, dir);
    }
    refill_name(&files->at[KIND_COUNT], META_NAME, from, dir);
    if (file_is_link(files->at[KIND_CERT].from)) /* beside links it is a user's */
        files->at[KIND_COUNT].wanted = false;
}

static bool remove_fresh(const struct refills *files, struct error *err)
{
    for (size_t i = 0; i < FILES; i++)
        if (!file_remove(files->at[i].fresh, err) && err->sys != ENOTDIR)
            return false;
    return true;
}

static bool make_fresh(const struct refills *files, struct error *err)
{
    struct error late = { 0 };

    for (size_t i = 0; i < FILES; i++) {
        if (!files->at[i].wanted || place_name(files->at[i].from, files->at[i].fresh, err))
            continue;
        (void)!remove_fresh(files, &late); /* the error that led here is the one to report */
        return false;
    }
    return true;
}

/* Whether there is one that the new files lack, and it is ours. */
static bool has_old_meta(const struct refills *files)
{
    return !files->at[KIND_COUNT].wanted && is_there(files->at[KIND_CERT].to) && !file_is_link(files->at[KIND_CERT].to);
}

bool live_refill(const char *dir, const char *from, bool cert_last, struct error *err)
{
    AUTO(refills_clear) struct refills files = { 0 };
    const struct refill *meta = &files.at[KIND_COUNT];
    struct error late = { 0 };
    bool drops_meta, to_links;

    refills_of(&files, from, dir);
    drops_meta = has_old_meta(&files);
    to_links = file_is_link(files.at[KIND_CERT].from);
    TRY(remove_fresh(&files, err));
    TRY(make_fresh(&files, err));
    if (drops_meta && to_links) /* beside links it would be taken for a user's after a crash */
        TRY(file_remove(meta->to, err));
    for (size_t i = 0; i < FILES; i++) {
        const struct refill *file = &files.at[cert_last ? FILES - 1 - i : i];

        if (!file->wanted || rename(file->fresh, file->to) == 0)
            continue;
        (void)file_error(err, "replace", file->to);
        (void)!remove_fresh(&files, &late);
        return false;
    }
    if (drops_meta) /* it tells of the files that were there until now */
        TRY(file_remove(meta->to, err));
    /* A second name of the same file is not taken away by renaming it onto the other: rename(2). */
    TRY(remove_fresh(&files, err));
    return file_sync_dir(dir, err);
}

/* ---- switching ---- */

static bool has_mark(const char *dir)
{
    AUTO(free) char *mark = file_join(dir, LIVE_MARK);

    return is_there(mark);
}

static bool drop(const char *live, const char *next, struct error *err)
{
    AUTO(free) char *mark = file_join(next, LIVE_MARK), *meta = file_join(next, META_NAME);
    AUTO(free) char *above = file_dirname(live);
    AUTO(refills_clear) struct refills files = { 0 };

    if (!is_there(next))
        return true;
    TRY(live_hand_over(next, live, err));
    refills_of(&files, next, next);
    TRY(remove_fresh(&files, err));
    TRY(file_remove(meta, err));
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *path = version_file(next, (enum kind)kind);

        TRY(file_remove(path, err)); /* never overwritten: a key has a second name in the live directory */
    }
    TRY(file_remove(mark, err));
    return (rmdir(next) == 0 || errno == ENOENT || file_error(err, "remove", next)) && file_sync_dir(above, err);
}

bool live_drop(const char *live, const char *next, struct error *err)
{
    return has_mark(live) || drop(live, next, err);
}

bool live_cannot_switch(const struct error *err)
{
    return file_exchange_is_missing(err) || err->sys == EBUSY || err->sys == EXDEV || err->sys == EACCES ||
           err->sys == EPERM || err->sys == EROFS;
}

/* NEXT is the directory that was live before, and LIVE stands in for it. *lasting: they cannot change places. */
static bool put_back(const char *live, const char *next, bool *lasting, struct error *err)
{
    AUTO(free) char *above = file_dirname(live);

    *lasting = false;
    (void)clock_sleep_ms(READERS_MS); /* cut short by an interrupt: that matters to nobody but them */
    TRY(live_refill(next, live, false, err));
    if (!file_exchange(live, next, err)) {
        *lasting = live_cannot_switch(err);
        return false;
    }
    TRY(file_sync_dir(above, err));
    (void)clock_sleep_ms(READERS_MS);
    return true;
}

bool live_switch(const char *live, const char *next, struct error *err)
{
    struct error late = { 0 };
    bool lasting, ok;

    TRY(live_prepare(live, next, err));
    switching_begin();
    ok = live_exchange(live, next, err);
    switching_end();
    if (!ok)
        return false;
    if (!put_back(live, next, &lasting, &late) || !drop(live, next, &late))
        log_warning("A new version is live in %s; the next start completes what could not be: %s", live, late.why);
    return true;
}

/* Keeps LIVE as it is: the older directory is gone, or cannot come back. */
static bool keep_stand_in(const char *live, struct error *err)
{
    AUTO(free) char *mark = file_join(live, LIVE_MARK);

    TRY(file_remove(mark, err));
    return file_sync_dir(live, err);
}

bool live_remove_passing(const char *live, struct error *err)
{
    AUTO(free) char *next = live_stand_in(live), *mark = file_join(live, LIVE_MARK);
    AUTO(refills_clear) struct refills files = { 0 };

    refills_of(&files, live, live);
    TRY(drop(live, next, err) && remove_fresh(&files, err));
    return file_remove(mark, err) || err->sys == ENOTDIR;
}

bool live_settle(const char *live, const char *next, struct error *err)
{
    bool lasting;

    if (!is_there(next))
        return !has_mark(live) || keep_stand_in(live, err);
    if (has_mark(live) && !put_back(live, next, &lasting, err)) {
        if (!lasting)
            return false;
        error_clear(err);
        TRY(live_hand_over(next, live, err));
        TRY(keep_stand_in(live, err));
    }
    return drop(live, next, err);
}
