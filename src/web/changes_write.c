#include "web/changes_write.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "web/changes_private.h"
#include "web/command.h"
#include "web/replacement.h"

/* ---- nobody else has changed it ---- */

static bool refuse_others(const char *path, struct error *err)
{
    (void)error_set(err, ERROR_STORE, "%s was changed by somebody else in between", path);
    return error_next(err, "try again once nobody else is editing the configuration");
}

static bool check_source(const struct source *source, struct error *err)
{
    AUTO(buf_clear) struct buf now = BUF(CHANGES_FILE_MAX);
    struct stat st;

    if (stat(source->path, &st) != 0)
        return file_error(err, "read", source->path);
    if (st.st_dev != source->st.st_dev || st.st_ino != source->st.st_ino || st.st_size != source->st.st_size)
        return refuse_others(source->path, err);
    TRY(file_read(source->path, &now, err));
    return view_equal(buf_view(&now), (struct view){ source->text, source->len }) || refuse_others(source->path, err);
}

static bool check_absent(const char *path, struct error *err)
{
    struct stat st;

    if (lstat(path, &st) != 0 && errno == ENOENT)
        return true;
    (void)error_set(err, ERROR_STORE, "cannot create %s: it is there already", path);
    (void)error_next(err, "look at what it is; remove it when nobody needs it, then try again");
    return error_sys(err, EEXIST);
}

bool changes_check(const struct changes *changes, struct error *err)
{
    for (size_t i = 0; i < changes->source_count; i++) {
        const struct source *source = &changes->sources[i];

        if (!source_is_changed(changes, source))
            continue;
        TRY(source->is_read ? check_source(source, err) : check_absent(source->path, err));
    }
    for (size_t i = 0; i < changes->count; i++)
        if (changes->changes[i].kind == CHANGE_LINK)
            TRY(check_absent(changes->changes[i].path, err));
    return true;
}

/* ---- what is there before ---- */

/* How a file that was created is found by the stages after that. */
static struct stat stat_of(const struct changes *changes, const struct source *source)
{
    struct stat st = source->st;

    if (source->is_read)
        return st;
    st = (struct stat){ .st_mode = S_IFREG | 0600, .st_mtim = { .tv_sec = time(NULL) } };
    for (size_t i = source->newest; i != NO_CHANGE; i = changes->changes[i].previous) {
        const struct change *change = &changes->changes[i];
        struct stat like;

        if (change->kind == CHANGE_CREATE && change->like != NULL && stat(change->like, &like) == 0)
            st.st_mode = like.st_mode;
        else if (change->kind == CHANGE_CREATE && change->like == NULL)
            st.st_mode = S_IFREG | change->mode;
    }
    return st;
}

/* So that rollback sees what somebody else has made of it since. Without a digest it sees nothing. */
static void note_written(struct checkpoint *before, const char *path, struct view content)
{
    struct error err = { 0 };

    if (!checkpoint_add_written(before, path, content, &err))
        log_debug("%s", err.why);
}

static void note_source(
    const struct changes *changes, const struct source *source, size_t stage, struct checkpoint *before)
{
    struct view old, new;
    bool was_there = source_text_before(changes, source, stage, &old);
    bool is_there = source_text_before(changes, source, stage + 1, &new);
    struct stat st;

    if (!is_there || (was_there && view_equal(old, new)))
        return;
    buf_putf(&before->notes, "%s %s\n", was_there ? "Changed" : "Created", source->path);
    note_written(before, source->path, new);
    if (!was_there) {
        list_add(&before->new_files, source->path);
        return;
    }
    st = stat_of(changes, source);
    checkpoint_add_file(before, source->path, old, &st);
}

static void note_change(
    const struct changes *changes, const struct change *change, size_t *noted, struct checkpoint *before)
{
    if (change->kind == CHANGE_COMMAND) {
        AUTO(free) char *words = list_join(&change->command, " ");

        commands_add(&before->commands, &change->undo);
        buf_putf(&before->notes, "Ran %s\n", words);
    } else if (change->kind == CHANGE_LINK) {
        list_add(&before->new_files, change->path);
        buf_putf(&before->notes, "Linked %s\n", change->path);
    } else if (noted[change->source] != change->stage &&
               source_is_changed(changes, &changes->sources[change->source])) {
        noted[change->source] = change->stage;
        note_source(changes, &changes->sources[change->source], change->stage, before);
    }
}

static bool is_empty(const struct checkpoint *before)
{
    return before->file_count == 0 && before->new_files.len == 0 && before->commands.len == 0;
}

size_t changes_stages(const struct changes *changes, struct checkpoint_stage **out)
{
    AUTO(free) size_t *noted = xcalloc(changes->source_count + 1, sizeof *noted); /* stage it was noted in last */
    struct checkpoint_stage *stages = xcalloc(changes->stages.len, sizeof *stages);
    size_t count = 0, at = 0;

    memset(noted, 0xff, changes->source_count * sizeof *noted);
    for (size_t stage = 0; stage < changes->stages.len; stage++) {
        stages[count] = (struct checkpoint_stage){ changes->stages.at[stage], CHECKPOINT_NEW };
        for (; at < changes->count && changes->changes[at].stage == stage; at++)
            note_change(changes, &changes->changes[at], noted, &stages[count].before);
        if (is_empty(&stages[count].before))
            checkpoint_clear(&stages[count].before);
        else
            count++;
    }
    *out = stages;
    return count;
}

void changes_stages_free(struct checkpoint_stage *stages, size_t count)
{
    for (size_t i = 0; i < count; i++)
        checkpoint_clear(&stages[i].before);
    free(stages);
}

/* ---- the journal ---- */

static bool has_file(const struct checkpoint *checkpoint, const char *path)
{
    for (size_t i = 0; i < checkpoint->file_count; i++)
        if (strcmp(checkpoint->files[i].path, path) == 0)
            return true;
    return list_has(&checkpoint->new_files, path);
}

static void add_stage(struct checkpoint *journal, const struct checkpoint *before)
{
    bool first = journal->file_count == 0 && journal->new_files.len == 0; /* a stage names each file once */

    for (size_t i = 0; i < before->file_count; i++) {
        const struct checkpoint_file *file = &before->files[i];
        struct stat st = { .st_mode = file->mode, .st_mtim = file->mtime };

        if (first || !has_file(journal, file->path))
            checkpoint_add_file(journal, file->path, file->content, &st);
    }
    list_add_all(&journal->new_files, &before->new_files);
    for (size_t i = 0; i < before->commands.len; i++)
        commands_add(&journal->commands, &before->commands.at[i]);
    buf_put(&journal->notes, buf_view(&before->notes));
}

bool changes_journal(const struct changes *changes, const struct checkpoint_stage *stages, size_t count,
    struct checkpoint *out, struct error *err)
{
    for (size_t i = 0; i < count; i++)
        add_stage(out, &stages[i].before);
    for (size_t i = 0; i < changes->source_count; i++)
        if (source_is_changed(changes, &changes->sources[i]))
            TRY(checkpoint_add_written(out, changes->sources[i].path, source_text(changes, &changes->sources[i]), err));
    for (size_t i = 0; i < changes->count; i++)
        if (changes->changes[i].kind == CHANGE_LINK)
            TRY(checkpoint_add_written(out, changes->changes[i].path, view_of(changes->changes[i].target), err));
    return true;
}

/* ---- writing ---- */

struct writing {
    const struct changes *changes;
    const char *dir;                 /* of the journal */
    struct replacement *replacement; /* new files, then those that were read */
    const struct source **source;    /* of each of them */
    size_t new_count, count;
    struct list dirs; /* in which names have changed */
};

static void writing_clear(struct writing *writing)
{
    for (size_t i = 0; i < writing->count; i++)
        replacement_clear(&writing->replacement[i]);
    free(writing->replacement);
    free(writing->source);
    list_clear(&writing->dirs);
}

static inline void writing_clear_at(struct writing *writing)
{
    writing_clear(writing);
}

static void add_writing(struct writing *writing, const struct source *source, const struct change *creation)
{
    struct replacement *replacement = &writing->replacement[writing->count];

    *replacement = (struct replacement){ .path = source->path, .content = source_text(writing->changes, source) };
    if (creation != NULL) {
        replacement->is_new = true;
        replacement->like = creation->like;
        replacement->set_mode = creation->like == NULL;
        replacement->mode = creation->mode;
    }
    writing->source[writing->count++] = source;
}

/* New files are true, those that were read are false: each once, in the order of its first change. */
static void collect(struct writing *writing, bool are_new)
{
    const struct changes *changes = writing->changes;

    for (size_t i = 0; i < changes->count; i++) {
        const struct change *change = &changes->changes[i];
        const struct source *source;

        if (change->source == NO_CHANGE || change->previous != NO_CHANGE)
            continue;
        source = &changes->sources[change->source];
        if (source->is_read != are_new && source_is_changed(changes, source))
            add_writing(writing, source, are_new ? change : NULL);
    }
}

static bool prepare(struct writing *writing, struct error *err)
{
    for (size_t i = 0; i < writing->count; i++)
        TRY(replacement_prepare(&writing->replacement[i], err));
    for (size_t i = 0; i < writing->count; i++)
        TRY(replacement_sync(&writing->replacement[i], err));
    return true;
}

static void note_dir(struct writing *writing, const char *path)
{
    AUTO(free) char *dir = file_dirname(path);

    if (!list_has(&writing->dirs, dir))
        list_add(&writing->dirs, dir);
}

static bool note_in_place(void *arg, const char *path, struct error *err)
{
    return checkpoint_note_in_place(((const struct writing *)arg)->dir, path, err);
}

static bool place(struct writing *writing, size_t from, size_t to, struct error *err)
{
    for (size_t i = from; i < to; i++) {
        if (!writing->replacement[i].is_new)
            TRY(check_source(writing->source[i], err));
        TRY(replacement_place(&writing->replacement[i], note_in_place, writing, err));
        note_dir(writing, writing->replacement[i].real);
    }
    return true;
}

static bool make_links(struct writing *writing, struct error *err)
{
    for (size_t i = 0; i < writing->changes->count; i++) {
        const struct change *change = &writing->changes->changes[i];

        if (change->kind != CHANGE_LINK)
            continue;
        if (symlink(change->target, change->path) != 0)
            return file_error(err, "create the link", change->path);
        note_dir(writing, change->path);
    }
    return true;
}

static bool run_commands(const struct changes *changes, const struct web_service *service, struct error *err)
{
    for (size_t i = 0; i < changes->count; i++)
        if (changes->changes[i].kind == CHANGE_COMMAND)
            TRY(web_command(&changes->changes[i].command, service, err));
    return true;
}

bool changes_write(const struct changes *changes, const char *dir, const struct web_service *service, struct error *err)
{
    AUTO(writing_clear) struct writing writing = { .changes = changes, .dir = dir };

    writing.replacement = xcalloc(changes->source_count + 1, sizeof *writing.replacement);
    writing.source = xcalloc(changes->source_count + 1, sizeof *writing.source);
    collect(&writing, true);
    writing.new_count = writing.count;
    collect(&writing, false);
    TRY(prepare(&writing, err));
    TRY(run_commands(changes, service, err));
    TRY(place(&writing, 0, writing.new_count, err));
    TRY(make_links(&writing, err));
    TRY(place(&writing, writing.new_count, writing.count, err));
    for (size_t i = 0; i < writing.dirs.len; i++)
        TRY(file_sync_dir(writing.dirs.at[i], err));
    return true;
}
