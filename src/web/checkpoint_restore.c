/*
 * Taking back what a checkpoint tells: files, then new files, then undo commands.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "web/changes.h"
#include "web/checkpoint_dir.h"
#include "web/command.h"
#include "web/replacement.h"

struct old_file { /* that comes back */
    struct buf content;
    struct replacement replacement;
};

struct restoration {
    const char *dir;
    bool spares_others; /* what others have written since stays */
    struct list written;
    struct old_file *files;
    size_t count;
    struct list changed_dirs;
};

static void restoration_clear(struct restoration *restoration)
{
    for (size_t i = 0; i < restoration->count; i++) {
        replacement_clear(&restoration->files[i].replacement);
        buf_clear(&restoration->files[i].content);
    }
    free(restoration->files);
    list_clear(&restoration->written);
    list_clear(&restoration->changed_dirs);
}

static inline void restoration_clear_at(struct restoration *restoration)
{
    restoration_clear(restoration);
}

/* ---- commands ---- */

static bool is_link_command(const struct list *command)
{
    static const char *const words[] = CHECKPOINT_LINK_WORDS;

    if (command->len != CHECKPOINT_LINK_LEN)
        return false;
    for (size_t i = 0; i < COUNT(words); i++)
        if (strcmp(command->at[i], words[i]) != 0)
            return false;
    return true;
}

static bool link_again(const struct list *command, struct error *err)
{
    const char *target = command->at[CHECKPOINT_LINK_LEN - 2], *path = command->at[CHECKPOINT_LINK_LEN - 1];

    AUTO(free) char *dir = file_dirname(path);

    if (symlink(target, path) != 0 && errno != EEXIST)
        return file_error(err, "create the link", path);
    return file_sync_dir(dir, err);
}

static bool undo(const struct list *command, const struct web_service *service, struct error *err)
{
    return is_link_command(command) ? link_again(command, err) : web_command(command, service, err);
}

static void run_undos(const char *dir, const struct commands *commands, const struct web_service *service)
{
    if (commands->len == 0 || !checkpoint_may_run(dir, CHECKPOINT_COMMANDS))
        return;
    for (size_t i = commands->len; i-- > 0;) {
        AUTO(free) char *words = list_join(&commands->at[i], " ");
        struct error err = { 0 };

        if (!undo(&commands->at[i], service, &err))
            log_error("Unable to run undo command: %s: %s", words, err.why);
    }
}

/* ---- whose content it is ---- */

/* Sets *is_others where somebody else has put that content at path. */
static bool look_whose(
    const struct restoration *restoration, const char *path, struct view content, bool *is_others, struct error *err)
{
    char digest[CHECKPOINT_DIGEST_SIZE];

    *is_others = false;
    if (!restoration->spares_others)
        return true;
    TRY(checkpoint_digest(content, digest, err));
    *is_others = !checkpoint_is_written(&restoration->written, path, digest);
    if (*is_others)
        log_warning("%s was changed by somebody else meanwhile, and stays as it is. What we had changed in it may be "
                    "there still: look for \"managed by Certbot\".",
            path);
    return true;
}

/* ---- files ---- */

static bool has_mode(const struct stat *st, mode_t mode)
{
    return (st->st_mode & 07777) == mode;
}

/* Its mode alone was changed, or it was written and reads as before: no new content. */
static bool settle_same(const char *path, const struct stat *now, const struct stat *before, struct error *err)
{
    const struct timespec times[] = { { .tv_nsec = UTIME_OMIT }, before->st_mtim };
    mode_t mode = before->st_mode & 07777;

    if (!has_mode(now, mode) && chmod(path, mode) != 0)
        return file_error(err, "set the mode of", path);
    if (now->st_mtim.tv_sec != before->st_mtim.tv_sec || now->st_mtim.tv_nsec != before->st_mtim.tv_nsec)
        (void)utimensat(AT_FDCWD, path, times, 0);
    return true;
}

/* The directory that a file was in went away: there is nothing left that it could belong to. */
static bool is_homeless(const char *path)
{
    AUTO(free) char *dir = file_dirname(path);

    if (file_is_dir(dir))
        return false;
    log_warning("%s is not restored: its directory is not there any more.", path);
    return true;
}

static bool plan_file(struct restoration *restoration, const char *path, size_t n, struct error *err)
{
    AUTO(free) char *copy = checkpoint_copy_path(restoration->dir, path, n);
    AUTO(buf_clear) struct buf content = BUF(CHANGES_FILE_MAX), now = BUF(CHANGES_FILE_MAX);
    struct old_file *file;
    struct stat before, st;
    bool is_there, is_others = false;

    TRY(file_read(copy, &content, err));
    if (stat(copy, &before) != 0)
        return file_error(err, "read", copy);
    replacement_sweep(path);
    is_there = stat(path, &st) == 0 && S_ISREG(st.st_mode);
    if (!is_there && is_homeless(path))
        return true;
    if (is_there) {
        TRY(file_read(path, &now, err));
        if (view_equal(buf_view(&now), buf_view(&content)))
            return settle_same(path, &st, &before, err);
        TRY(look_whose(restoration, path, buf_view(&now), &is_others, err));
    }
    if (is_others)
        return true;
    file = &restoration->files[restoration->count++];
    *file = (struct old_file){ .content = content,
        .replacement = { .path = path,
            .content = buf_view(&content),
            .urgent = true,
            .set_mode = true,
            .mode = before.st_mode & 07777,
            .set_mtime = true,
            .mtime = before.st_mtim } };
    content = BUF(0);
    return replacement_prepare(&file->replacement, err);
}

static void note_dir(struct restoration *restoration, const char *path)
{
    AUTO(free) char *dir = file_dirname(path);

    if (!list_has(&restoration->changed_dirs, dir))
        list_add(&restoration->changed_dirs, dir);
}

/* Others come back though one cannot; the first failure is told. */
static bool place_files(struct restoration *restoration, struct error *err)
{
    bool ok = true;

    for (size_t i = restoration->count; i-- > 0;) {
        struct replacement *replacement = &restoration->files[i].replacement;
        struct error failed = { 0 };

        if (replacement_place(replacement, NULL, NULL, &failed)) {
            note_dir(restoration, replacement->real);
        } else if (ok) {
            *err = failed;
            ok = false;
        }
    }
    return ok;
}

static bool restore_files(struct restoration *restoration, const struct list *paths, struct error *err)
{
    restoration->files = xcalloc(paths->len + 1, sizeof *restoration->files);
    for (size_t i = 0; i < paths->len; i++)
        TRY(plan_file(restoration, paths->at[i], i, err));
    for (size_t i = 0; i < restoration->count; i++)
        TRY(replacement_sync(&restoration->files[i].replacement, err));
    return place_files(restoration, err);
}

/* ---- new files ---- */

static bool read_new(const char *path, const struct stat *st, struct buf *out, struct error *err)
{
    AUTO(free) char *text = NULL;

    if (!S_ISLNK(st->st_mode))
        return file_read(path, out, err);
    TRY(file_read_link(path, &text, err));
    buf_put_text(out, text);
    return true;
}

static bool remove_new(struct restoration *restoration, const char *path, struct error *err)
{
    AUTO(buf_clear) struct buf now = BUF(CHANGES_FILE_MAX);
    bool is_others = false;
    struct stat st;

    replacement_sweep(path);
    if (lstat(path, &st) != 0) {
        log_info("File: %s - Could not be found to be deleted", path);
        return true;
    }
    if (restoration->spares_others) {
        TRY(read_new(path, &st, &now, err));
        TRY(look_whose(restoration, path, buf_view(&now), &is_others, err));
    }
    if (is_others)
        return true;
    TRY(file_remove(path, err));
    note_dir(restoration, path);
    return true;
}

static bool sync_dirs(const struct restoration *restoration, struct error *err)
{
    for (size_t i = 0; i < restoration->changed_dirs.len; i++)
        TRY(file_sync_dir(restoration->changed_dirs.at[i], err));
    return true;
}

bool checkpoint_restore(const char *dir, enum restoring how, const struct web_service *service, struct error *err)
{
    AUTO(restoration_clear) struct restoration restoration = { .dir = dir };
    AUTO(list_clear) struct list files = { 0 }, new_files = { 0 };
    AUTO(commands_clear) struct commands commands = { 0 };
    AUTO(free) char *written = file_join(dir, CHECKPOINT_WRITTEN);

    TRY(checkpoint_load(dir, &files, &new_files, &commands, err));
    TRY(checkpoint_read_paths(dir, CHECKPOINT_WRITTEN, &restoration.written, err));
    restoration.spares_others = how == RESTORE_OURS && file_exists(written);
    TRY(restore_files(&restoration, &files, err));
    for (size_t i = new_files.len; i-- > 0;)
        TRY(remove_new(&restoration, new_files.at[i], err));
    run_undos(dir, &commands, service);
    return sync_dirs(&restoration, err);
}
