#include "audit/trail.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "audit/files.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#define LOCK_TICK_MS 2
#define OPEN_TRIES 100 /* each of which somebody else has rotated the file */
#define NAME_TRIES 100
#define LINES_MAX ((size_t)64 * 1024 * 1024)

/* ---- opening and locking ---- */

/* Only who may write the file can take this lock: a reader cannot keep writers away. It is that of the open file, so
 * that threads exclude each other, too. */
static bool try_lock(int fd)
{
#ifdef F_OFD_SETLK
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

    if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
        return true;
    if (errno != EINVAL)
        return false;
#endif
    return flock(fd, LOCK_EX | LOCK_NB) == 0;
}

static bool lock_file(int fd, int wait_ms, const char *path, struct error *err)
{
    int64_t end = clock_monotonic_ms() + wait_ms;

    while (!try_lock(fd)) {
        if (errno != EAGAIN && errno != EACCES && errno != EINTR)
            return file_error(err, "lock", path);
        if (clock_monotonic_ms() >= end)
            return error_set(err, ERROR_STORE, "%s is locked by another process", path);
        (void)usleep(LOCK_TICK_MS * 1000); /* also after a signal: who is interrupted still has acts to tell */
    }
    return true;
}

static bool open_file(const char *path, int *fd, struct stat *st, struct error *err)
{
    *fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, 0640);
    if (*fd < 0 || fstat(*fd, st) != 0)
        return file_error(err, "write", path);
    return S_ISREG(st->st_mode) || error_set(err, ERROR_STORE, "%s is not a regular file", path);
}

/* Opens the file that has the name once it is locked: until then it may be rotated. *size: what is in it. */
static bool open_locked(const struct audit_trail *trail, const char *path, int *out, int64_t *size, struct error *err)
{
    for (int i = 0; i < OPEN_TRIES; i++) {
        AUTO(close) int fd = -1;
        struct stat opened, named;

        TRY(open_file(path, &fd, &opened, err));
        TRY(lock_file(fd, trail->wait_ms, path, err));
        if (fstat(fd, &opened) != 0)
            return file_error(err, "write", path);
        if (lstat(path, &named) != 0 || named.st_dev != opened.st_dev || named.st_ino != opened.st_ino)
            continue;
        *size = opened.st_size;
        *out = fd;
        fd = -1;
        return true;
    }
    return error_set(err, ERROR_STORE, "%s is rotated again and again", path);
}

/* ---- lines about the trail itself ---- */

struct batch {
    struct audit_trail *trail;
    struct audit_head head;
    struct buf text;
    size_t own; /* line feeds in the text that end no line of the caller's */
};

/* unread: NULL, or why files could not be read. */
static bool put_own(
    struct batch *batch, enum audit_act act, const char *name, const char *value, const char *unread, struct error *err)
{
    struct audit_said said = { .time = batch->trail->now,
        .act = act,
        .facts = { { name, value }, { "unread", unread } },
        .count = 2,
        .who = batch->trail->who };
    AUTO(buf_clear) struct buf body = BUF(AUDIT_LINE_MAX);

    audit_line_body(&said, &body);
    batch->own++;
    return audit_line_put(&batch->head, buf_view(&body), &batch->text, err);
}

static bool put_torn(struct batch *batch, const char *file, struct error *err)
{
    return put_own(batch, ACT_LINE_TORN, "file", file, NULL, err);
}

/* Where the chain goes on. What this process knows better than the file was taken away, or changed, while it was at
 * work: then the line that follows shows it. */
static struct audit_head go_on_from(const struct audit_trail *trail, const struct audit_tail *tail, bool same_file)
{
    struct audit_head head = tail->head;

    if (trail->last.seq > head.seq || (trail->last.seq == head.seq && !tail->torn))
        return trail->last;
    if (tail->unended && same_file) /* its line feed is written first */
        memcpy(head.hash, tail->ended_hash, sizeof head.hash);
    return head;
}

static bool has_ours(const char *dir)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    if (!file_list_dir(dir, &names, &err))
        return false;
    for (size_t i = 0; i < names.len; i++)
        if (text_starts(names.at[i], AUDIT_NAME AUDIT_OURS))
            return true;
    return false;
}

/* A trail that begins where there was one is worth a look: its end was moved away, or cannot be read. */
static bool put_begun(struct batch *batch, const char *unread, struct error *err)
{
    const char *dir = batch->trail->dir;

    if (unread != NULL || has_ours(dir))
        log_warning("A new audit trail begins in %s, as the end of the one before cannot be read: %s", dir,
            unread != NULL ? unread : "what was rotated away has no line of one");
    return put_own(batch, ACT_TRAIL_BEGUN, NULL, NULL, unread, err);
}

/* The first lines of a new file: the chain goes on from the end of what was rotated away. */
static bool begin_file(struct batch *batch, struct error *err)
{
    struct audit_tail tail = { .head = AUDIT_NO_HEAD };
    AUTO(free) char *before = NULL, *unread = NULL;
    AUTO(list_clear) struct list reasons = { 0 };
    struct error why = { 0 };
    const char *from;

    if (!audit_files_newest(batch->trail->dir, &before, &tail, &reasons, &why))
        list_add(&reasons, why.why);
    if (reasons.len > 0)
        unread = list_join(&reasons, "; ");
    from = before != NULL ? file_basename(before) : NULL;

    batch->head = go_on_from(batch->trail, &tail, false);
    if (tail.torn)
        TRY(put_torn(batch, from, err));
    if (batch->head.seq == 0)
        return put_begun(batch, unread, err);
    return put_own(batch, ACT_TRAIL_ROTATED, "from", from, unread, err);
}

/* What has to stand in front of the caller's lines. */
static bool begin(struct batch *batch, int fd, int64_t size, const char *path, struct error *err)
{
    struct audit_tail tail;

    if (size == 0)
        return begin_file(batch, err);
    TRY(audit_tail_read(fd, size, path, &tail, err));
    batch->head = go_on_from(batch->trail, &tail, true);
    if (tail.unended) {
        batch->own++;
        buf_put_char(&batch->text, '\n');
    }
    return !tail.torn || put_torn(batch, AUDIT_NAME, err);
}

/* ---- rotation ---- */

/* Removes the oldest of those that we rotated; their names sort by age. */
static void remove_oldest(const struct audit_trail *trail)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };
    size_t ours = 0;

    if (!file_list_dir(trail->dir, &names, &err))
        return;
    for (size_t i = 0; i < names.len; i++)
        ours += audit_is_ours(names.at[i]);
    for (size_t i = 0; i < names.len && ours > trail->files_kept; i++) {
        AUTO(free) char *path = file_join(trail->dir, names.at[i]);

        if (!audit_is_ours(names.at[i]))
            continue;
        if (unlink(path) != 0)
            log_debug("%s cannot be removed: %s", path, strerror(errno));
        ours--;
    }
}

/* Gives the file the name that has the number of its first line; where another trail has left one of that name, with
 * "-2" and so on behind it. */
static bool move_away(const char *path, uint64_t first, struct error *err)
{
    for (int i = 1; i <= NAME_TRIES; i++) {
        AUTO(free) char *again = i > 1 ? xprintf("-%d", i) : xstrdup("");
        AUTO(free) char *to = xprintf("%s" AUDIT_OURS "%012llu%s", path, (unsigned long long)first, again);

        if (file_rename_new(path, to, err))
            return true;
        if (err->sys != EEXIST)
            return false;
    }
    return false;
}

/* Moves the file away. False where that is not possible, as of an append-only one: then it grows. */
static bool rotate(const struct audit_trail *trail, int fd, const char *path)
{
    struct error err = { 0 };
    uint64_t first;
    bool empty;

    if (!audit_file_first(path, &first, &empty, &err) || first == UINT64_MAX)
        return false;
    if (fdatasync(fd) != 0 || !move_away(path, first, &err)) {
        log_debug("%s is not rotated: %s", path, err.why);
        return false;
    }
    remove_oldest(trail);
    return true;
}

/* ---- appending ---- */

static size_t count_lines(struct view text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++)
        count += text.at[i] == '\n';
    return count;
}

/* One write: what another process or a crash leaves between is at the end of it. */
static bool write_batch(struct batch *batch, int fd, const char *path, size_t *written, struct error *err)
{
    ssize_t done;
    size_t whole;

    do {
        done = write(fd, batch->text.at, batch->text.len);
    } while (done < 0 && errno == EINTR);
    if (done < 0)
        return file_error(err, "write", path);
    whole = count_lines((struct view){ batch->text.at, (size_t)done });
    *written = whole > batch->own ? whole - batch->own : 0;
    if ((size_t)done == batch->text.len) {
        batch->trail->last = batch->head;
        return true;
    }
    errno = ENOSPC; /* the usual cause of a short write; the next one is told which it is */
    return file_error(err, "write", path);
}

static bool append_to(struct audit_trail *trail, int fd, int64_t size, const char *path, const struct list *bodies,
    size_t *written, struct error *err)
{
    struct batch batch = { .trail = trail, .text = BUF(LINES_MAX) };
    bool ok = begin(&batch, fd, size, path, err);

    for (size_t i = 0; ok && i < bodies->len; i++)
        ok = audit_line_put(&batch.head, view_of(bodies->at[i]), &batch.text, err);
    ok = ok && write_batch(&batch, fd, path, written, err);
    buf_clear(&batch.text);
    return ok;
}

bool audit_trail_append(struct audit_trail *trail, const struct list *bodies, size_t *written, struct error *err)
{
    AUTO(free) char *path = file_join(trail->dir, AUDIT_NAME);
    AUTO(close) int fd = -1;
    AUTO(close) int before = -1;
    int64_t size = 0;

    *written = 0;
    TRY(open_locked(trail, path, &fd, &size, err));
    if (size >= trail->file_max && rotate(trail, fd, path)) {
        before = fd; /* stays locked: who waits for it finds the new file begun */
        fd = -1;
        TRY(open_locked(trail, path, &fd, &size, err));
    }
    TRY(append_to(trail, fd, size, path, bodies, written, err));
    return size > 0 || file_sync_dir(trail->dir, err);
}

bool audit_trail_sync(const char *dir, struct error *err)
{
    AUTO(free) char *path = file_join(dir, AUDIT_NAME);
    AUTO(close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);

    return (fd >= 0 && fdatasync(fd) == 0) || file_error(err, "sync", path);
}
