#include "restore/txn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "restore/live.h"
#include "restore/tree.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"

#define FOLDER ".restore"
#define FORWARD "forward"
#define BACK "back"

void txn_init(struct txn *txn, const char *conf)
{
    *txn = (struct txn){ .conf = xstrdup(conf), .dir = file_join(conf, FOLDER) };
}

void txn_clear_at(struct txn *txn)
{
    free(txn->conf);
    free(txn->dir);
    steps_clear(&txn->steps);
}

/* ---- paths ---- */

char *txn_side_path(const struct txn *txn, enum side side, const char *part)
{
    return xprintf("%s/%s/%s", txn->dir, side == SIDE_NEW ? "new" : "old", part);
}

static char *place_of(const struct txn *txn, const struct step *step)
{
    return step->kind == STEP_OUTSIDE ? xstrdup(step->path) : file_join(txn->conf, step->path);
}

static char *kept_at(const struct txn *txn, enum side side, const struct step *step)
{
    AUTO(free)
    char *part = step->kind == STEP_OUTSIDE ? xprintf("files%s", step->path) : xprintf("conf/%s", step->path);

    return txn_side_path(txn, side, part);
}

static char *plain_at(const struct txn *txn, enum side side, const struct step *step)
{
    AUTO(free) char *part = xprintf("plain/%s", step->path);

    return txn_side_path(txn, side, part);
}

static char *journal_path(const struct txn *txn, const char *name)
{
    return file_join(txn->dir, name);
}

static bool has_journal(const struct txn *txn, const char *name)
{
    AUTO(free) char *path = journal_path(txn, name);

    return tree_has(path);
}

/* ---- before the commit ---- */

bool txn_begin(const struct txn *txn, struct error *err)
{
    static const char *const parts[] = { "", "/new", "/old" };

    TRY(tree_remove(txn->dir, err));
    for (size_t i = 0; i < COUNT(parts); i++) {
        AUTO(free) char *path = xprintf("%s%s", txn->dir, parts[i]);

        if (mkdir(path, 0700) != 0)
            return file_error(err, "create the directory", path);
    }
    return true;
}

static bool make_above(const char *path, struct error *err)
{
    AUTO(free) char *above = file_dirname(path);

    return file_mkdirs(above, 0700, err);
}

/* The directories above a directory that is kept are made on the way, with a mode of their own: where these are steps,
 * they come first. */
static bool save_one(const struct txn *txn, const struct step *step, struct error *err)
{
    AUTO(free) char *place = place_of(txn, step), *kept = kept_at(txn, SIDE_OLD, step);

    if (step->kind == STEP_LIVE)
        return live_keep(place, kept, err);
    if (!tree_has(place))
        return true;
    TRY(make_above(kept, err));
    return step->kind == STEP_DIR ? tree_make_dir(kept, err) : tree_place(place, kept, err);
}

static bool keep_plain(const struct txn *txn, enum side side, const struct step *step, struct error *err)
{
    AUTO(free) char *root = txn_side_path(txn, side, "conf"), *plain = plain_at(txn, side, step);
    AUTO(free) char *from = side == SIDE_NEW ? kept_at(txn, side, step) : place_of(txn, step);

    TRY(make_above(plain, err));
    return live_keep_plain(from, side == SIDE_NEW ? root : NULL, plain, err);
}

/* Directories get their modes when they are filled, the lowest first. */
static bool dress_kept(const struct txn *txn, struct error *err)
{
    for (size_t i = txn->steps.len; i-- > 0;) {
        const struct step *step = &txn->steps.at[i];
        AUTO(free) char *place = place_of(txn, step), *kept = kept_at(txn, SIDE_OLD, step);

        if (step->kind == STEP_DIR && tree_is_dir(kept))
            TRY(tree_dress_dir(kept, place, err));
    }
    return true;
}

bool txn_save(const struct txn *txn, struct error *err)
{
    AUTO(free) char *above = file_dirname(txn->dir);

    for (size_t i = 0; i < txn->steps.len; i++) {
        const struct step *step = &txn->steps.at[i];

        TRY(save_one(txn, step, err));
        if (step->kind == STEP_LIVE)
            TRY(keep_plain(txn, SIDE_NEW, step, err) && keep_plain(txn, SIDE_OLD, step, err));
    }
    return dress_kept(txn, err) && tree_sync(txn->dir, err) && file_sync_dir(above, err);
}

static bool is_staged(const struct step *step, const char *kept)
{
    return step->kind == STEP_DIR || step->kind == STEP_LIVE ? tree_is_dir(kept) : tree_has(kept);
}

bool txn_check(const struct txn *txn, struct error *err)
{
    for (size_t i = 0; i < txn->steps.len; i++) {
        const struct step *step = &txn->steps.at[i];
        AUTO(free) char *kept = kept_at(txn, SIDE_NEW, step);

        if (is_staged(step, kept) == step->goes) {
            (void)error_set(err, ERROR_STORE, "%s has changed while the restore was prepared", kept);
            return error_next(err, "nothing was changed: see what else works in %s, then restore again", txn->dir);
        }
    }
    return true;
}

bool txn_commit(const struct txn *txn, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(STEPS_MAX);
    AUTO(free) char *path = journal_path(txn, FORWARD), *temporary = journal_path(txn, ".journal");

    TRY(steps_write(&txn->steps, &text, err));
    return file_create_whole(path, temporary, buf_view(&text), FILE_PRIVATE, err);
}

/* ---- steps ---- */

static bool is_one_file(const char *a, const char *b)
{
    struct stat st_a, st_b;

    return lstat(a, &st_a) == 0 && lstat(b, &st_b) == 0 && st_a.st_dev == st_b.st_dev && st_a.st_ino == st_b.st_ino;
}

/* A rename onto a second name of the same file would leave both: rename(2). */
static bool put(const char *kept, const char *place, struct error *err)
{
    AUTO(free) char *fresh = file_beside(place, "restored");

    TRY(file_remove(fresh, err));
    if (is_one_file(kept, place))
        return true;
    TRY(tree_place(kept, fresh, err));
    if (rename(fresh, place) == 0)
        return true;
    (void)file_error(err, "put in place", place);
    (void)unlink(fresh);
    return false;
}

/* A file outside of the store that was put there goes again only if nobody has changed it since. */
static bool remove_one(const struct txn *txn, const struct step *step, const char *place, struct error *err)
{
    AUTO(free) char *ours = kept_at(txn, SIDE_NEW, step), *fresh = file_beside(place, "restored");

    if (step->kind == STEP_OUTSIDE && !tree_same_text(ours, place))
        return true;
    return (file_remove(fresh, err) || err->sys == ENOTDIR) && (file_remove(place, err) || err->sys == ENOTDIR);
}

static bool put_files(const struct txn *txn, enum side side, struct error *err)
{
    for (size_t i = 0; i < txn->steps.len; i++) {
        const struct step *step = &txn->steps.at[i];
        AUTO(free) char *place = place_of(txn, step), *kept = kept_at(txn, side, step);

        if ((step->kind != STEP_FILE && step->kind != STEP_OUTSIDE) || !tree_has(kept))
            continue;
        if (step->kind == STEP_OUTSIDE && tree_has(place)) /* by then; it is somebody's */
            continue;
        if (step->kind == STEP_OUTSIDE)
            TRY(make_above(place, err));
        TRY(put(kept, place, err));
    }
    return true;
}

static bool remove_files(const struct txn *txn, enum side side, struct error *err)
{
    for (size_t i = txn->steps.len; i-- > 0;) {
        const struct step *step = &txn->steps.at[i];
        AUTO(free) char *place = place_of(txn, step), *kept = kept_at(txn, side, step);

        if ((step->kind == STEP_FILE || step->kind == STEP_OUTSIDE) && !tree_has(kept) && tree_has(place))
            TRY(remove_one(txn, step, place, err));
    }
    return true;
}

static bool make_dirs(const struct txn *txn, enum side side, struct error *err)
{
    for (size_t i = 0; i < txn->steps.len; i++) {
        const struct step *step = &txn->steps.at[i];
        AUTO(free) char *place = place_of(txn, step), *kept = kept_at(txn, side, step);

        if (step->kind == STEP_DIR && tree_is_dir(kept) && !file_is_dir(place))
            TRY(tree_make_dir(place, err));
    }
    return true;
}

/* Those that were made get their modes when they are filled. */
static bool dress_dirs(const struct txn *txn, enum side side, struct error *err)
{
    for (size_t i = txn->steps.len; i-- > 0;) {
        const struct step *step = &txn->steps.at[i];
        AUTO(free) char *place = place_of(txn, step), *kept = kept_at(txn, side, step);

        if (step->kind == STEP_DIR && tree_is_dir(kept) && tree_is_dir(place))
            TRY(tree_dress_dir(place, kept, err));
    }
    return true;
}

static bool remove_dirs(const struct txn *txn, enum side side, struct error *err)
{
    for (size_t i = txn->steps.len; i-- > 0;) {
        const struct step *step = &txn->steps.at[i];
        AUTO(free) char *place = place_of(txn, step), *kept = kept_at(txn, side, step);

        if (step->kind == STEP_DIR && !tree_has(kept))
            TRY(file_remove_dir_if_empty(place, err));
    }
    return true;
}

typedef bool live_step(const char *live, const char *kept, struct error *err);

static bool each_live(const struct txn *txn, enum side side, bool plain, live_step *step_of, struct error *err)
{
    for (size_t i = 0; i < txn->steps.len; i++) {
        const struct step *step = &txn->steps.at[i];
        AUTO(free) char *place = place_of(txn, step);
        AUTO(free) char *kept = plain ? plain_at(txn, side, step) : kept_at(txn, side, step);

        if (step->kind == STEP_LIVE)
            TRY(step_of(place, kept, err));
    }
    return true;
}

/* Everything that was renamed or removed is on the disk before the journal goes. */
static bool sync_places(const struct txn *txn, struct error *err)
{
    AUTO(free) char *last = NULL;

    for (size_t i = 0; i < txn->steps.len; i++) {
        AUTO(free) char *place = place_of(txn, &txn->steps.at[i]), *above = file_dirname(place);

        if ((last != NULL && strcmp(last, above) == 0) || !file_is_dir(above))
            continue;
        TRY(file_sync_dir(above, err));
        xreplace(&last, above);
    }
    return true;
}

bool txn_apply(const struct txn *txn, enum side side, struct error *err)
{
    TRY(make_dirs(txn, side, err));
    TRY(each_live(txn, side, true, live_put_plain, err));
    TRY(put_files(txn, side, err));
    TRY(remove_files(txn, side, err));
    TRY(each_live(txn, side, false, live_put, err));
    TRY(remove_dirs(txn, side, err));
    TRY(dress_dirs(txn, side, err));
    return sync_places(txn, err);
}

/* ---- the end ---- */

bool txn_take_back(const struct txn *txn, struct error *err)
{
    AUTO(free) char *forward = journal_path(txn, FORWARD), *back = journal_path(txn, BACK);

    if (rename(forward, back) != 0 && !has_journal(txn, BACK))
        return file_error(err, "turn back", forward);
    return file_sync_dir(txn->dir, err) && txn_apply(txn, SIDE_OLD, err);
}

bool txn_end(const struct txn *txn, struct error *err)
{
    AUTO(free) char *forward = journal_path(txn, FORWARD), *back = journal_path(txn, BACK);

    TRY(file_remove(forward, err) && file_remove(back, err));
    if (file_is_dir(txn->dir))
        TRY(file_sync_dir(txn->dir, err));
    return tree_remove(txn->dir, err);
}

enum txn_found txn_look(const struct txn *txn)
{
    if (!tree_has(txn->dir))
        return TXN_NONE;
    return has_journal(txn, FORWARD) ? TXN_FORWARD : has_journal(txn, BACK) ? TXN_BACK : TXN_UNFINISHED;
}

static bool read_journal(struct txn *txn, const char *name, struct error *err)
{
    AUTO(free) char *path = journal_path(txn, name);
    AUTO(buf_clear) struct buf text = BUF(STEPS_MAX);

    TRY(file_read(path, &text, err));
    steps_clear(&txn->steps);
    if (steps_read(buf_view(&text), &txn->steps, err))
        return true;
    (void)error_in(err, "completing a restore by %s", path);
    return error_next(err,
        "the files from the backup are in %s/new, those that were replaced in %s/old: put back what is missing by "
        "hand, "
        "then remove %s, and run `doctor`",
        txn->dir, txn->dir, txn->dir);
}

static bool go_on(struct txn *txn, enum txn_found *went, struct error *err)
{
    struct error cannot = { 0 };

    TRY(read_journal(txn, *went == TXN_FORWARD ? FORWARD : BACK, err));
    if (*went == TXN_FORWARD) {
        if (txn_apply(txn, SIDE_NEW, &cannot))
            return true;
        log_warning("The restore that was cut short cannot be completed, and is taken back: %s", cannot.why);
        *went = TXN_BACK;
        return txn_take_back(txn, err);
    }
    return txn_apply(txn, SIDE_OLD, err);
}

bool txn_settle(struct txn *txn, enum txn_found *went, struct error *err)
{
    *went = txn_look(txn);
    if (*went == TXN_NONE)
        return true;
    if (*went != TXN_UNFINISHED)
        TRY(go_on(txn, went, err));
    return txn_end(txn, err);
}
