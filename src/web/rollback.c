/*
 * Taking back the newest checkpoints, as a transaction of its own: the state before is in a journal meanwhile.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "ui/ui.h"
#include "voice/voice.h"
#include "web/checkpoint.h"
#include "web/checkpoint_dir.h"
#include "web/journal.h"
#include "web/journal_owner.h"

typedef bool (*opposite_call)(const struct list *undo, struct list *out);

struct rollback {
    const struct web_service *service;
    opposite_call opposite;
    struct list dirs;   /* of the checkpoints that go, newest first */
    struct list titles; /* theirs, as users read them */
    struct list edited; /* by somebody else since: files whose content stays in the directory `kept` */
    struct list copies; /* of each of them, where it is then */
    char *kept;
    char *journal;
    bool passed; /* the configuration test, before */
    bool heeds;
    bool stays; /* all was taken back, and is kept whatever the server says: it refused what was there before */
    bool reloaded;
};

static void rollback_clear(struct rollback *rollback)
{
    list_clear(&rollback->dirs);
    list_clear(&rollback->titles);
    list_clear(&rollback->edited);
    list_clear(&rollback->copies);
    free(rollback->kept);
    free(rollback->journal);
}

static inline void rollback_clear_at(struct rollback *rollback)
{
    rollback_clear(rollback);
}

/* ---- which ---- */

/* "Add enhancement redirect (of 2026-11-22 06:29:29)". The first of its notes is "-- TITLE --". */
static char *title_of(const char *dir, const char *name)
{
    AUTO(free) char *path = file_join(dir, CHECKPOINT_NOTES);
    AUTO(buf_clear) struct buf notes = BUF(CHECKPOINT_LIST_MAX);
    struct view rest, line = { 0 };
    struct error ignored;
    char date[CLOCK_TEXT_SIZE];

    if (file_read(path, &notes, &ignored)) {
        rest = buf_view(&notes);
        (void)view_cut(&rest, '\n', &line);
    }
    if (line.len > 6 && view_starts(line, "-- "))
        line = (struct view){ line.at + 3, line.len - 6 };
    else
        line = view_of("a change without a title");
    clock_format_local(strtoll(name, NULL, 10), date);
    date[strcspn(date, "T")] = ' ';
    return xprintf("%.*s (of %s)", (int)line.len, line.at, date);
}

static void tell_of_another(const char *title, const struct list *reload)
{
    AUTO(free) char *words = list_join(reload, " ");

    log_warning("\"%s\" stays: it is of another server, the one that \"%s\" reloads.", title, words);
}

static void tell_fewer(const struct rollback *rollback, int count)
{
    if (rollback->dirs.len == 0)
        log_warning(
            "%s hasn't modified your configuration, so rollback isn't available.", rollback->service->voice->program);
    else if (rollback->dirs.len < (size_t)count)
        log_warning("Unable to rollback %d checkpoints, only %zu exist", count, rollback->dirs.len);
}

/* The newest of this server. Those of another one are passed over: its lock is not held, and nobody here can test it.
 */
static bool choose(struct rollback *rollback, int count, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };
    AUTO(free) char *backups = file_join(rollback->service->work_dir, CHECKPOINT_BACKUPS);

    TRY(checkpoint_list(rollback->service->work_dir, &names, err));
    for (size_t i = names.len; i-- > 0 && rollback->dirs.len < (size_t)count;) {
        AUTO(free) char *dir = file_join(backups, names.at[i]), *title = title_of(dir, names.at[i]);
        AUTO(journal_owner_clear) struct journal_owner owner = { 0 };

        journal_owner_find(rollback->service, dir, &owner);
        if (owner.is_another) {
            tell_of_another(title, &owner.reload);
            continue;
        }
        list_add(&rollback->dirs, dir);
        list_add(&rollback->titles, title);
    }
    tell_fewer(rollback, count);
    return true;
}

/* ---- the state before ---- */

struct kept { /* contents that the journal's checkpoint borrows */
    struct buf *at;
    size_t len;
};

static void kept_clear(struct kept *kept)
{
    for (size_t i = 0; i < kept->len; i++)
        buf_clear(&kept->at[i]);
    free(kept->at);
}

static inline void kept_clear_at(struct kept *kept)
{
    kept_clear(kept);
}

static bool keep_link(struct checkpoint *journal, const char *path, struct error *err)
{
    AUTO(free) char *target = NULL;

    TRY(file_read_link(path, &target, err));
    checkpoint_add_link(journal, path, target);
    return true;
}

static bool has_file(const struct checkpoint *journal, const char *path)
{
    for (size_t i = 0; i < journal->file_count; i++)
        if (strcmp(journal->files[i].path, path) == 0)
            return true;
    return false;
}

/* goes: it is to be deleted, so that a link is kept as a link; else what it leads to is to be changed. */
static bool keep(struct checkpoint *journal, struct kept *kept, const char *path, bool goes, struct error *err)
{
    struct stat st;
    struct buf *content;

    if ((goes ? lstat(path, &st) : stat(path, &st)) != 0)
        return errno == ENOENT || errno == ENOTDIR || file_error(err, "read", path);
    if (S_ISLNK(st.st_mode))
        return keep_link(journal, path, err);
    if (has_file(journal, path))
        return true;
    kept->at = xrealloc(kept->at, kept->len + 1, sizeof *kept->at);
    content = &kept->at[kept->len++];
    *content = BUF(CHANGES_FILE_MAX);
    TRY(file_read(path, content, err));
    checkpoint_add_file(journal, path, buf_view(content), &st);
    return true;
}

/* The command that undoes an undo command. Those of the journal are run from the last to the first. */
static void keep_opposites(const struct rollback *rollback, const struct commands *undone, struct checkpoint *journal)
{
    for (size_t i = undone->len; i-- > 0;) {
        AUTO(list_clear) struct list command = { 0 };

        if (rollback->opposite != NULL && rollback->opposite(&undone->at[i], &command))
            commands_add(&journal->commands, &command);
    }
}

/* ---- what somebody else has made of it since ---- */

static const struct checkpoint_file *file_of(const struct checkpoint *journal, const char *path, size_t *n)
{
    for (*n = 0; *n < journal->file_count; ++*n)
        if (strcmp(journal->files[*n].path, path) == 0)
            return &journal->files[*n];
    return NULL;
}

/* Whether a file is now what it was before one of the checkpoints: nothing is lost then, as after a kill of a rollback
 * that was nearly done. */
static bool is_as_before(const struct rollback *rollback, const char *path, struct view now)
{
    bool same = false;

    for (size_t i = 0; i < rollback->dirs.len && !same; i++) {
        AUTO(list_clear) struct list files = { 0 };
        struct error ignored = { 0 };

        if (!checkpoint_read_paths(rollback->dirs.at[i], CHECKPOINT_FILEPATHS, &files, &ignored))
            continue;
        for (size_t n = 0; n < files.len && !same; n++) {
            AUTO(free) char *copy = checkpoint_copy_path(rollback->dirs.at[i], path, n);
            AUTO(buf_clear) struct buf old = BUF(CHANGES_FILE_MAX);

            same = strcmp(files.at[n], path) == 0 && file_read(copy, &old, &ignored) && view_equal(buf_view(&old), now);
        }
    }
    return same;
}

struct looking { /* at the files of the checkpoints, from the newest on */
    struct list seen, written;
    const struct checkpoint *journal;
};

static bool look_at(struct rollback *rollback, struct looking *looking, const char *path, struct error *err)
{
    char digest[CHECKPOINT_DIGEST_SIZE];
    const struct checkpoint_file *file;
    AUTO(free) char *copy = NULL;
    size_t at;

    if (list_has(&looking->seen, path))
        return true; /* a newer one tells */
    list_add(&looking->seen, path);
    file = file_of(looking->journal, path, &at);
    if (file == NULL)
        return true;
    TRY(checkpoint_digest(file->content, digest, err));
    if (checkpoint_is_written(&looking->written, path, digest) || is_as_before(rollback, path, file->content))
        return true;
    list_add(&rollback->edited, path);
    copy = checkpoint_copy_path(rollback->kept, path, at);
    list_add(&rollback->copies, copy);
    return true;
}

/* Certbot's checkpoints do not tell what was written. */
static bool find_edited(struct rollback *rollback, const struct checkpoint *journal, struct error *err)
{
    struct looking looking = { .journal = journal };
    bool ok = true;

    for (size_t i = 0; i < rollback->dirs.len && ok; i++) {
        AUTO(list_clear) struct list files = { 0 }, new_files = { 0 };
        AUTO(commands_clear) struct commands commands = { 0 };

        list_clear(&looking.written);
        ok = checkpoint_load(rollback->dirs.at[i], &files, &new_files, &commands, err) &&
             checkpoint_read_paths(rollback->dirs.at[i], CHECKPOINT_WRITTEN, &looking.written, err);
        if (!ok || looking.written.len == 0)
            continue;
        for (size_t j = 0; j < files.len && ok; j++)
            ok = look_at(rollback, &looking, files.at[j], err);
        for (size_t j = 0; j < new_files.len && ok; j++)
            ok = look_at(rollback, &looking, new_files.at[j], err);
    }
    list_clear(&looking.seen);
    list_clear(&looking.written);
    return ok;
}

/* What they wrote is not what the user wants taken back: the journal has it, and stays. */
static bool keep_edited(const struct rollback *rollback, struct error *err)
{
    for (size_t i = 0; i < rollback->edited.len; i++)
        log_warning("%s was edited since, which is taken back, too. What it held is kept in %s", rollback->edited.at[i],
            rollback->copies.at[i]);
    if (rename(rollback->journal, rollback->kept) != 0)
        return file_error(err, "keep what was edited in", rollback->kept);
    return true;
}

static bool keep_state(
    const struct rollback *rollback, struct checkpoint *journal, struct kept *kept, struct error *err)
{
    for (size_t i = 0; i < rollback->dirs.len; i++) {
        AUTO(list_clear) struct list files = { 0 }, new_files = { 0 };
        AUTO(commands_clear) struct commands commands = { 0 };

        TRY(checkpoint_load(rollback->dirs.at[i], &files, &new_files, &commands, err));
        for (size_t j = 0; j < files.len; j++)
            TRY(keep(journal, kept, files.at[j], false, err));
        for (size_t j = 0; j < new_files.len; j++)
            TRY(keep(journal, kept, new_files.at[j], true, err));
        keep_opposites(rollback, &commands, journal);
    }
    return true;
}

static bool save_state(struct rollback *rollback, struct error *err)
{
    AUTO(checkpoint_clear) struct checkpoint journal = CHECKPOINT_NEW;
    AUTO(kept_clear) struct kept kept = { 0 };
    AUTO(free) char *above = file_dirname(rollback->kept);

    TRY(keep_state(rollback, &journal, &kept, err));
    TRY(find_edited(rollback, &journal, err));
    if (rollback->edited.len > 0)
        TRY(file_mkdirs(above, 0755, err));
    TRY(checkpoint_save(rollback->journal, &journal, err));
    return journal_sign(rollback->service, rollback->journal, err);
}

/* ---- taking back ---- */

static bool heed(const struct rollback *rollback, struct error *err)
{
    if (!rollback->heeds || interrupt_signal() == 0)
        return true;
    return error_set(err, ERROR_CANCELED, "interrupted");
}

static bool test(const struct rollback *rollback, struct error *err)
{
    return journal_test(rollback->service, err);
}

/* A configuration that was refused before is given up for the one before it, whatever the server says of that. */
static bool put_in_effect(struct rollback *rollback, struct error *err)
{
    const struct web_service *service = rollback->service;

    if (!test(rollback, err)) {
        TRY(heed(rollback, err));
        rollback->stays = !rollback->passed;
        if (!rollback->stays)
            return error_in(err, "%s refused the configuration as it was before", service->server->name);
        (void)error_in(err, "%s refuses its configuration as it did before the rollback", service->server->name);
        return error_next(err, "what was taken back stays so. Correct the configuration, or take more back");
    }
    TRY(heed(rollback, err));
    rollback->stays = !rollback->passed;
    rollback->reloaded = true;
    if (journal_reload(service, NULL, err))
        return true;
    return rollback->stays && error_next_default(err, "what was taken back stays so, and passes the test");
}

static bool restore_all(struct rollback *rollback, struct error *err)
{
    const struct web_service *service = rollback->service;

    TRY(save_state(rollback, err));
    for (size_t i = 0; i < rollback->dirs.len; i++) {
        TRY(heed(rollback, err));
        TRY(checkpoint_restore(rollback->dirs.at[i], RESTORE_ALL, service, err));
    }
    TRY(heed(rollback, err));
    return put_in_effect(rollback, err);
}

/* From here on it is done; a kill in between leaves checkpoints whose undoing changes nothing any more. */
static bool drop_all(const struct rollback *rollback, struct error *err)
{
    TRY(rollback->edited.len > 0 ? keep_edited(rollback, err) : checkpoint_drop(rollback->journal, err));
    for (size_t i = 0; i < rollback->dirs.len; i++)
        TRY(checkpoint_drop(rollback->dirs.at[i], err));
    return true;
}

static bool take_back(const struct rollback *rollback, struct error *err)
{
    struct error failed = { 0 };

    if (!journal_take_back(rollback->service, rollback->journal, rollback->reloaded, &failed))
        return error_next(err, "nor could everything be left as it was: %s", failed.why);
    return error_next_default(err, "everything was left as it is");
}

/* False also where all was taken back and the server does not take it; then *err says so. */
static bool settle(struct rollback *rollback, struct list *titles, struct error *err)
{
    bool ok = restore_all(rollback, err);
    struct error undropped = { 0 };

    if (!ok && !rollback->stays)
        return take_back(rollback, err);
    if (titles != NULL)
        list_add_all(titles, &rollback->titles);
    if (drop_all(rollback, ok ? err : &undropped))
        return ok;
    if (!ok)
        log_warning("%s", undropped.why);
    return false;
}

bool web_rollback(
    const struct web_service *service, int count, opposite_call opposite, struct list *titles, struct error *err)
{
    AUTO(rollback_clear)
    struct rollback rollback = { .service = service, .opposite = opposite, .heeds = !interrupt_is_shielded() };
    struct error before = { 0 };
    bool ok;

    TRY(choose(&rollback, count, err));
    if (rollback.dirs.len == 0)
        return true;
    TRY(web_recover(service, err));
    rollback.journal = file_join(service->work_dir, CHECKPOINT_IN_PROGRESS);
    rollback.kept = xprintf("%s/" CHECKPOINT_KEPT "/%s", service->work_dir, file_basename(rollback.dirs.at[0]));
    rollback.passed = test(&rollback, &before);
    interrupt_shield();
    ok = settle(&rollback, titles, err);
    interrupt_unshield();
    return ok;
}

void web_rollback_tell(const struct web_service *service, struct ui *ui, const struct list *titles)
{
    for (size_t i = 0; i < titles->len && service->voice->tells_more; i++)
        ui_say(ui, "Taken back: %s", titles->at[i]);
}
