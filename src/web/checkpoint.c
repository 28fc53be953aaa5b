#include "web/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/writers.h"
#include "crypto/key.h"
#include "web/checkpoint_dir.h"

/* ---- what is to be written ---- */

void checkpoint_add_file(struct checkpoint *checkpoint, const char *path, struct view content, const struct stat *st)
{
    struct checkpoint_file *file;

    checkpoint->files = xrealloc(checkpoint->files, checkpoint->file_count + 1, sizeof *checkpoint->files);
    file = &checkpoint->files[checkpoint->file_count++];
    *file = (struct checkpoint_file){ xstrdup(path), content, st->st_mode & 07777, st->st_mtim };
}

bool checkpoint_digest(struct view content, char out[static CHECKPOINT_DIGEST_SIZE], struct error *err)
{
    AUTO(buf_clear) struct buf digest = BUF(64), hex = BUF(CHECKPOINT_DIGEST_SIZE);

    TRY(digest_sha256(content, &digest, err));
    buf_put_hex(&hex, buf_view(&digest));
    (void)snprintf(out, CHECKPOINT_DIGEST_SIZE, "%s", buf_text(&hex));
    return true;
}

bool checkpoint_add_written(struct checkpoint *checkpoint, const char *path, struct view content, struct error *err)
{
    char digest[CHECKPOINT_DIGEST_SIZE];
    AUTO(free) char *line = NULL;

    TRY(checkpoint_digest(content, digest, err));
    line = xprintf("%s %s", digest, path);
    list_add(&checkpoint->written, line);
    return true;
}

bool checkpoint_is_written(const struct list *written, const char *path, const char *digest)
{
    for (size_t i = 0; i < written->len; i++) {
        struct view line = view_of(written->at[i]), word;

        if (view_cut(&line, ' ', &word) && view_is(line, path) &&
            (view_is(word, digest) || view_is(word, CHECKPOINT_ANY)))
            return true;
    }
    return false;
}

void checkpoint_add_link(struct checkpoint *checkpoint, const char *path, const char *target)
{
    static const char *const words[] = CHECKPOINT_LINK_WORDS;
    AUTO(list_clear) struct list command = { 0 };

    for (size_t i = 0; i < COUNT(words); i++)
        list_add(&command, words[i]);
    list_add(&command, target);
    list_add(&command, path);
    commands_add(&checkpoint->commands, &command);
}

void checkpoint_clear(struct checkpoint *checkpoint)
{
    for (size_t i = 0; i < checkpoint->file_count; i++)
        free(checkpoint->files[i].path);
    free(checkpoint->files);
    list_clear(&checkpoint->new_files);
    commands_clear(&checkpoint->commands);
    list_clear(&checkpoint->written);
    buf_clear(&checkpoint->notes);
    *checkpoint = CHECKPOINT_NEW;
}

/* ---- lists on disk ---- */

bool checkpoint_read_list(const char *dir, const char *name, struct buf *out, struct error *err)
{
    AUTO(free) char *path = file_join(dir, name);

    if (file_read(path, out, err))
        return true;
    if (err->sys != ENOENT)
        return false;
    error_clear(err);
    return true;
}

bool checkpoint_write_list(const char *dir, const char *name, struct view text, struct error *err)
{
    AUTO(free) char *path = file_join(dir, name), *temporary = file_join(dir, CHECKPOINT_SCRATCH);

    return file_replace_by(path, temporary, text, FILE_PUBLIC, err);
}

/* Puts more behind what a list has: read, then replaced as a whole. */
static bool append_to_list(const char *dir, const char *name, struct view more, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(CHECKPOINT_LIST_MAX);

    if (more.len == 0)
        return true;
    TRY(checkpoint_read_list(dir, name, &text, err));
    if (text.len > 0 && text.at[text.len - 1] != '\n')
        buf_put_char(&text, '\n');
    buf_put(&text, more);
    if (text.failed)
        return error_set(err, ERROR_STORE, "%s/%s would be longer than %zu bytes", dir, name, CHECKPOINT_LIST_MAX);
    return checkpoint_write_list(dir, name, buf_view(&text), err);
}

bool checkpoint_read_paths(const char *dir, const char *name, struct list *out, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(CHECKPOINT_LIST_MAX);

    TRY(checkpoint_read_list(dir, name, &text, err));
    paths_parse(buf_view(&text), out);
    return true;
}

bool checkpoint_load(
    const char *dir, struct list *files, struct list *new_files, struct commands *commands, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(CHECKPOINT_LIST_MAX);

    TRY(checkpoint_read_paths(dir, CHECKPOINT_FILEPATHS, files, err));
    TRY(checkpoint_read_paths(dir, CHECKPOINT_NEW_FILES, new_files, err));
    TRY(checkpoint_read_list(dir, CHECKPOINT_COMMANDS, &text, err));
    if (!commands_parse(buf_view(&text), commands))
        return error_set(err, ERROR_STORE, "%s/%s is not a list of commands", dir, CHECKPOINT_COMMANDS);
    return true;
}

bool checkpoint_may_run(const char *dir, const char *name)
{
    AUTO(free) char *path = file_join(dir, name);
    AUTO(writers_clear) struct writers writers = { 0 };

    if (!writers_find(path, &writers))
        return true;
    log_error("The commands in %s are not run: %s %s", path, writers.path, writers.who);
    return false;
}

char *checkpoint_copy_path(const char *dir, const char *path, size_t n)
{
    AUTO(free) char *name = xprintf("%s_%zu", file_basename(path), n);

    return file_join(dir, name);
}

/* ---- saving ---- */

static bool fill_copy(int fd, const struct checkpoint_file *file)
{
    const struct timespec times[] = { file->mtime, file->mtime };

    return fchmod(fd, file->mode) == 0 && file_write_all(fd, file->content) && futimens(fd, times) == 0;
}

/* Not synced yet: many that are synced one after the other, each as it is written, would take as many turns of the
 * disk.
 */
static bool write_copy(const char *path, const struct checkpoint_file *file, struct error *err)
{
    AUTO(close) int fd = -1;

    TRY(file_remove(path, err)); /* of a run that was killed before it was listed */
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, file->mode & 0600);
    return (fd >= 0 && fill_copy(fd, file)) || file_error(err, "write", path);
}

static bool sync_copy(const char *path, struct error *err)
{
    AUTO(close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    return (fd >= 0 && fsync(fd) == 0) || file_error(err, "write", path);
}

static bool sync_copies(const char *dir, const struct list *copies, struct error *err)
{
    for (size_t i = 0; i < copies->len; i++)
        TRY(sync_copy(copies->at[i], err));
    return copies->len == 0 || file_sync_dir(dir, err);
}

/* A file whose copy is there already was read as we have written it: else what somebody else has made of it since would
 * be lost with the next restoring. */
static bool check_listed(const struct list *written, const struct checkpoint_file *file, struct error *err)
{
    char digest[CHECKPOINT_DIGEST_SIZE];

    TRY(checkpoint_digest(file->content, digest, err));
    if (written->len == 0 || checkpoint_is_written(written, file->path, digest))
        return true;
    (void)error_set(err, ERROR_STORE, "%s was changed by somebody else in between", file->path);
    return error_next(err, "try again once nobody else is editing the configuration");
}

/* Copies of the files that are not there yet; adds their paths to lines. */
static bool save_copies(const char *dir, const struct checkpoint *checkpoint, struct buf *lines, struct error *err)
{
    AUTO(list_clear) struct list listed = { 0 }, written = { 0 }, copies = { 0 };

    TRY(checkpoint_read_paths(dir, CHECKPOINT_FILEPATHS, &listed, err));
    TRY(checkpoint_read_paths(dir, CHECKPOINT_WRITTEN, &written, err));
    for (size_t i = 0; i < checkpoint->file_count; i++) {
        const struct checkpoint_file *file = &checkpoint->files[i];
        AUTO(free) char *copy = NULL;

        if (list_has(&listed, file->path)) {
            TRY(check_listed(&written, file, err));
            continue;
        }
        copy = checkpoint_copy_path(dir, file->path, listed.len + copies.len);
        TRY(write_copy(copy, file, err));
        list_add(&copies, copy);
        buf_putf(lines, "%s\n", file->path);
    }
    return sync_copies(dir, &copies, err);
}

static bool new_lines(const char *dir, const char *name, const struct list *paths, struct buf *lines, struct error *err)
{
    AUTO(list_clear) struct list listed = { 0 };

    TRY(checkpoint_read_paths(dir, name, &listed, err));
    for (size_t i = 0; i < paths->len; i++)
        if (!list_has(&listed, paths->at[i]))
            buf_putf(lines, "%s\n", paths->at[i]);
    return true;
}

static bool append_paths(const char *dir, const char *name, const struct list *paths, struct error *err)
{
    AUTO(buf_clear) struct buf lines = BUF(CHECKPOINT_LIST_MAX);

    TRY(new_lines(dir, name, paths, &lines, err));
    return append_to_list(dir, name, buf_view(&lines), err);
}

static bool append_commands(const char *dir, const struct commands *commands, struct error *err)
{
    AUTO(buf_clear) struct buf lines = BUF(CHECKPOINT_LIST_MAX);

    for (size_t i = 0; i < commands->len; i++)
        command_put(&commands->at[i], &lines);
    return append_to_list(dir, CHECKPOINT_COMMANDS, buf_view(&lines), err);
}

static bool refuse_path(const char *path, struct error *err)
{
    if (path_fits_line(path))
        return true;
    (void)error_set(err, ERROR_STORE, "cannot keep a copy of %s: its name has a line feed in it", path);
    return error_next(err, "rename the file");
}

static bool check_paths(const struct checkpoint *checkpoint, struct error *err)
{
    for (size_t i = 0; i < checkpoint->file_count; i++)
        TRY(refuse_path(checkpoint->files[i].path, err));
    for (size_t i = 0; i < checkpoint->new_files.len; i++)
        TRY(refuse_path(checkpoint->new_files.at[i], err));
    return true;
}

/* Each list is whole at every moment, and names only what is there: copies first. */
bool checkpoint_save(const char *dir, const struct checkpoint *checkpoint, struct error *err)
{
    AUTO(buf_clear) struct buf lines = BUF(CHECKPOINT_LIST_MAX);
    AUTO(free) char *above = file_dirname(dir);

    TRY(check_paths(checkpoint, err));
    TRY(file_mkdirs(dir, 0755, err));
    TRY(file_sync_dir(above, err));
    TRY(save_copies(dir, checkpoint, &lines, err));
    TRY(append_to_list(dir, CHECKPOINT_NOTES, buf_view(&checkpoint->notes), err));
    TRY(append_paths(dir, CHECKPOINT_WRITTEN, &checkpoint->written, err));
    TRY(append_to_list(dir, CHECKPOINT_FILEPATHS, buf_view(&lines), err));
    TRY(append_paths(dir, CHECKPOINT_NEW_FILES, &checkpoint->new_files, err));
    return append_commands(dir, &checkpoint->commands, err);
}

bool checkpoint_note_in_place(const char *dir, const char *path, struct error *err)
{
    AUTO(free) char *line = xprintf("%s %s", CHECKPOINT_ANY, path);
    struct list lines = { .at = &line, .len = 1 };

    return append_paths(dir, CHECKPOINT_WRITTEN, &lines, err);
}

/* ---- the end ---- */

static bool unlist(const char *dir, const char *name, struct error *err)
{
    AUTO(free) char *path = file_join(dir, name);

    return file_remove(path, err);
}

/* The digests last: as long as there is something to restore, they tell what others have written since. */
bool checkpoint_end(const char *dir, struct error *err)
{
    TRY(unlist(dir, CHECKPOINT_COMMANDS, err));
    TRY(unlist(dir, CHECKPOINT_FILEPATHS, err));
    TRY(unlist(dir, CHECKPOINT_NEW_FILES, err));
    TRY(unlist(dir, CHECKPOINT_WRITTEN, err));
    return file_sync_dir(dir, err);
}

bool checkpoint_has_ended(const char *dir)
{
    static const char *const lists[] = { CHECKPOINT_COMMANDS, CHECKPOINT_FILEPATHS, CHECKPOINT_NEW_FILES };

    for (size_t i = 0; i < COUNT(lists); i++) {
        AUTO(free) char *path = file_join(dir, lists[i]);

        if (file_exists(path))
            return false;
    }
    return file_is_dir(dir);
}

void checkpoint_sweep(const char *work_dir)
{
    AUTO(free) char *gone = file_join(work_dir, CHECKPOINT_GONE), *stages = file_join(work_dir, CHECKPOINT_STAGES);
    struct error err = { 0 };

    if (!file_remove_tree(gone, &err) || !file_remove_tree(stages, &err))
        log_debug("%s", err.why);
}

bool checkpoint_drop(const char *dir, struct error *err)
{
    AUTO(free) char *above = file_dirname(dir), *gone = NULL, *top = NULL;

    if (strcmp(file_basename(above), CHECKPOINT_BACKUPS) == 0) /* all that lies in there counts as a backup */
        top = file_dirname(above);
    gone = file_join(top != NULL ? top : above, CHECKPOINT_GONE);
    TRY(file_remove_tree(gone, err));
    if (rename(dir, gone) != 0) /* then it loses its lists first */
        return errno == ENOENT || (checkpoint_end(dir, err) && file_remove_tree(dir, err));
    TRY(file_sync_dir(above, err));
    return file_remove_tree(gone, err);
}
