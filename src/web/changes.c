#include "web/changes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/identity.h"
#include "base/mem.h"
#include "base/text.h"
#include "web/changes_private.h"

#define FIRST_TITLE "Deployed ACME Certificate"
#define READ_MORE ((size_t)4096) /* bytes, of a file that grew meanwhile */
#define TABLE_SIZE 64            /* at first; a power of two */

/* ---- the table: which source a path, or an inode, is ---- */

static struct table_entry *slot_of(const struct changes *changes, const char *key)
{
    size_t mask = changes->table_size - 1, at = (size_t)view_hash_quick(view_of(key), HASH_START) & mask;

    while (changes->table[at].key != NULL && strcmp(changes->table[at].key, key) != 0)
        at = (at + 1) & mask;
    return &changes->table[at];
}

static void grow_table(struct changes *changes)
{
    struct table_entry *old = changes->table;
    size_t old_size = changes->table_size;

    changes->table_size = old_size * 2;
    changes->table = xcalloc(changes->table_size, sizeof *changes->table);
    for (size_t i = 0; i < old_size; i++)
        if (old[i].key != NULL)
            *slot_of(changes, old[i].key) = old[i];
    free(old);
}

/* The slot of a key that may be new, the source of which is set. */
static struct table_entry *enter(struct changes *changes, const char *key, size_t source)
{
    struct table_entry *slot;

    if (changes->table_used * 2 >= changes->table_size)
        grow_table(changes);
    slot = slot_of(changes, key);
    slot->source = source;
    return slot;
}

/* key is a second name of the source, or its identity. */
static void enter_too(struct changes *changes, const char *key, size_t source)
{
    struct table_entry *slot = enter(changes, key, source);

    if (slot->key != NULL)
        return;
    slot->key = slot->owned = xstrdup(key);
    changes->table_used++;
}

static struct source *find(const struct changes *changes, const char *key)
{
    const struct table_entry *slot = slot_of(changes, key);

    return slot->key != NULL ? &changes->sources[slot->source] : NULL;
}

static size_t index_of(const struct changes *changes, const struct source *source)
{
    return (size_t)(source - changes->sources);
}

/* Makes room for one more behind count items: an array that is full gets twice as much. */
static void *grow(void *at, size_t count, size_t size)
{
    bool is_full = (count & (count - 1)) == 0; /* it has room for a power of two */

    return is_full ? xrealloc(at, count == 0 ? 1 : count * 2, size) : at;
}

static struct source *add_source(struct changes *changes, const char *path)
{
    struct source *source;

    changes->sources = grow(changes->sources, changes->source_count, sizeof *changes->sources);
    source = &changes->sources[changes->source_count];
    *source = (struct source){ .path = xstrdup(path), .newest = NO_CHANGE };
    enter(changes, path, changes->source_count++)->key = source->path;
    changes->table_used++;
    return source;
}

/* ---- the whole ---- */

struct changes *changes_new(void)
{
    struct changes *changes = xcalloc(1, sizeof *changes);

    changes->table_size = TABLE_SIZE;
    changes->table = xcalloc(TABLE_SIZE, sizeof *changes->table);
    list_add(&changes->stages, FIRST_TITLE);
    changes->mark_stages = 1;
    return changes;
}

static void change_clear(struct change *change)
{
    free(change->text);
    free(change->like);
    free(change->path);
    free(change->target);
    list_clear(&change->command);
    list_clear(&change->undo);
}

void changes_free(struct changes *changes)
{
    if (changes == NULL)
        return;
    for (size_t i = 0; i < changes->count; i++)
        change_clear(&changes->changes[i]);
    for (size_t i = 0; i < changes->source_count; i++) {
        free(changes->sources[i].path);
        free(changes->sources[i].text);
    }
    for (size_t i = 0; i < changes->table_size; i++)
        free(changes->table[i].owned);
    free(changes->changes);
    free(changes->sources);
    free(changes->table);
    list_clear(&changes->stages);
    free(changes);
}

/* ---- reading ---- */

/* st is what the text was read from. */
static bool read_file(const char *path, struct stat *st, struct buf *text, struct error *err)
{
    AUTO(close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0 || fstat(fd, st) != 0)
        return file_error(err, "read", path);
    if (!S_ISREG(st->st_mode))
        return error_set(err, ERROR_STORE, "cannot read %s: it is not a regular file", path);
    for (;;) {
        size_t want = text->len <= (size_t)st->st_size ? (size_t)st->st_size - text->len + 1 : READ_MORE;
        char *room = buf_room(text, want);
        ssize_t got;

        if (room == NULL)
            return error_set(err, ERROR_STORE, "cannot read %s: it is larger than %zu bytes", path, text->max);
        got = read(fd, room, want);
        if (got < 0 && errno != EINTR)
            return file_error(err, "read", path);
        buf_grow(text, got > 0 ? (size_t)got : 0);
        if (got >= 0 && (size_t)got < want) /* a regular file gives less than was asked for at its end only */
            return true;
    }
}

/* A file by a name of which nothing is known yet: one that was read by another name, or a new source. */
static bool read_source(struct changes *changes, const char *path, struct source **out, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(CHANGES_FILE_MAX);
    char inode[IDENTITY_SIZE];
    struct source *source = find(changes, path);
    struct stat st = { 0 };

    TRY(read_file(path, &st, &text, err));
    identity_of(&st, inode);
    *out = find(changes, inode);
    if (*out != NULL) {
        enter_too(changes, path, index_of(changes, *out));
        return true;
    }
    if (source == NULL)
        source = add_source(changes, path);
    source->is_read = true;
    source->st = st;
    source->len = text.len;
    source->text = buf_take(&text);
    enter_too(changes, inode, index_of(changes, source));
    *out = source;
    return true;
}

struct view source_text(const struct changes *changes, const struct source *source)
{
    const struct change *newest;

    if (source->newest == NO_CHANGE)
        return (struct view){ source->is_read ? source->text : "", source->len };
    newest = &changes->changes[source->newest];
    return (struct view){ newest->text, newest->len };
}

static bool is_live(const struct source *source)
{
    return source->is_read || source->newest != NO_CHANGE;
}

bool changes_read_from(struct changes *changes, const char *path, struct view *text, struct stat *st, struct error *err)
{
    struct source *source = find(changes, path);

    if (source == NULL || !is_live(source))
        TRY(read_source(changes, path, &source, err));
    *text = source_text(changes, source);
    *st = source->st;
    return true;
}

bool changes_read(struct changes *changes, const char *path, struct view *text, struct error *err)
{
    struct stat st;

    return changes_read_from(changes, path, text, &st, err);
}

static const struct change *find_link(const struct changes *changes, const char *path)
{
    for (size_t i = 0; i < changes->count; i++)
        if (changes->changes[i].kind == CHANGE_LINK && strcmp(changes->changes[i].path, path) == 0)
            return &changes->changes[i];
    return NULL;
}

bool changes_has(const struct changes *changes, const char *path)
{
    const struct source *source = find(changes, path);

    return (source != NULL && is_live(source)) || find_link(changes, path) != NULL || file_exists(path);
}

/* ---- changing ---- */

void changes_stage(struct changes *changes, const char *title)
{
    size_t last = changes->stages.len - 1;
    bool is_empty = changes->count == 0 || changes->changes[changes->count - 1].stage < last;

    if (strcmp(changes->stages.at[last], title) == 0)
        return;
    if (is_empty && changes->stages.len > changes->mark_stages)
        list_remove(&changes->stages, last);
    list_add(&changes->stages, title);
}

static struct change *add_change(struct changes *changes, enum change_kind kind)
{
    struct change *change;

    changes->changes = grow(changes->changes, changes->count, sizeof *changes->changes);
    change = &changes->changes[changes->count++];
    *change =
        (struct change){ .kind = kind, .stage = changes->stages.len - 1, .source = NO_CHANGE, .previous = NO_CHANGE };
    return change;
}

static void take_text(struct change *change, struct view text)
{
    free(change->text);
    change->text = xstrndup("", 0);
    change->text = xrealloc(change->text, text.len + 1, 1);
    if (text.len > 0)
        memcpy(change->text, text.at, text.len);
    change->text[text.len] = '\0';
    change->len = text.len;
}

/* Frees the text before a change when that one has replaced it within a stage, and no mark lies between. */
static void forget_replaced(struct changes *changes, const struct change *change)
{
    struct change *before;

    if (change->previous == NO_CHANGE || change->previous >= changes->mark)
        return;
    before = &changes->changes[change->previous];
    if (before->previous == NO_CHANGE || changes->changes[before->previous].stage != before->stage)
        return;
    free(TAKE(changes->changes[before->previous].text));
}

static void change_source(struct changes *changes, struct source *source, enum change_kind kind, struct view text)
{
    struct change *change = add_change(changes, kind);

    change->source = index_of(changes, source);
    change->previous = source->newest;
    take_text(change, text);
    forget_replaced(changes, change);
    source->newest = changes->count - 1;
}

void changes_set(struct changes *changes, const char *path, struct view text)
{
    struct source *source = find(changes, path);
    struct change *newest;

    if (source == NULL || !is_live(source))
        abort(); /* our own mistake: nobody knows what would be overwritten */
    if (view_equal(source_text(changes, source), text))
        return;
    newest = source->newest == NO_CHANGE ? NULL : &changes->changes[source->newest];
    if (newest != NULL && newest->stage == changes->stages.len - 1 && source->newest >= changes->mark)
        take_text(newest, text);
    else
        change_source(changes, source, CHANGE_TEXT, text);
}

static struct change *create(struct changes *changes, const char *path, struct view text)
{
    struct source *source = find(changes, path);

    if (source == NULL)
        source = add_source(changes, path);
    change_source(changes, source, CHANGE_CREATE, text);
    return &changes->changes[source->newest];
}

void changes_create(struct changes *changes, const char *path, struct view text, mode_t mode)
{
    create(changes, path, text)->mode = mode;
}

void changes_create_like(struct changes *changes, const char *path, struct view text, const char *like)
{
    create(changes, path, text)->like = xstrdup(like);
}

void changes_link(struct changes *changes, const char *path, const char *target)
{
    const struct change *same = find_link(changes, path);
    struct change *change;

    if (same != NULL && strcmp(same->target, target) == 0)
        return;
    change = add_change(changes, CHANGE_LINK);
    change->path = xstrdup(path);
    change->target = xstrdup(target);
}

void changes_command(struct changes *changes, const struct list *command, const struct list *undo)
{
    struct change *change = add_change(changes, CHANGE_COMMAND);

    change->command = list_dup(command);
    change->undo = list_dup(undo);
}

/* ---- what it comes to ---- */

bool source_is_changed(const struct changes *changes, const struct source *source)
{
    if (source->newest == NO_CHANGE)
        return false;
    return !source->is_read || !view_equal(source_text(changes, source), (struct view){ source->text, source->len });
}

bool source_text_before(const struct changes *changes, const struct source *source, size_t stage, struct view *text)
{
    for (size_t i = source->newest; i != NO_CHANGE; i = changes->changes[i].previous) {
        const struct change *change = &changes->changes[i];

        if (change->stage < stage) {
            *text = (struct view){ change->text, change->len };
            return true;
        }
    }
    *text = (struct view){ source->is_read ? source->text : "", source->len };
    return source->is_read;
}

bool changes_are_empty(const struct changes *changes)
{
    for (size_t i = 0; i < changes->count; i++) {
        const struct change *change = &changes->changes[i];

        if (change->source == NO_CHANGE || source_is_changed(changes, &changes->sources[change->source]))
            return false;
    }
    return true;
}

size_t changes_mark(struct changes *changes)
{
    changes->mark = changes->count;
    changes->mark_stages = changes->stages.len;
    return changes->mark;
}

void changes_undo_to(struct changes *changes, size_t mark)
{
    if (mark != 0 && mark != changes->mark)
        abort(); /* our own mistake: texts of older marks are gone */
    while (changes->count > mark) {
        struct change *change = &changes->changes[--changes->count];

        if (change->source != NO_CHANGE)
            changes->sources[change->source].newest = change->previous;
        change_clear(change);
    }
    changes->mark = mark;
    if (mark == 0)
        changes->mark_stages = 1;
    while (changes->stages.len > changes->mark_stages)
        list_remove(&changes->stages, changes->stages.len - 1);
}
