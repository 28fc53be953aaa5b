#include "audit/files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "audit/reader.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

#define FIRST_WITHIN 1000 /* lines in which one that can be read is looked for */
#define TAIL_MIN                                                                                                       \
    (2 * AUDIT_LINE_MAX) /* bytes that are read of the end of a file, more only where that is not enough               \
                          */
#define TAIL_MAX ((size_t)8 * 1024 * 1024)

/* ---- names ---- */

/* What numbers and dates of rotated files consist of. */
#define NUMBERING "0123456789.-_"

/* Behind its number the name may have the suffix of the program that expands it, and nothing else. */
static bool is_numbering(const char *rest, const char *suffix)
{
    size_t len = strlen(rest) - strlen(suffix);

    return strlen(rest) >= strlen(suffix) && strspn(rest, NUMBERING) >= len;
}

bool audit_is_file_name(const char *name)
{
    const char *suffix = audit_expander(name) != NULL ? strrchr(name, '.') : "", *rest;
    size_t len;

    if (text_starts(name, AUDIT_NAME)) {
        rest = name + strlen(AUDIT_NAME);
        return is_numbering(text_starts(rest, AUDIT_OURS) ? rest + strlen(AUDIT_OURS) : rest, suffix);
    }
    if (!text_starts(name, AUDIT_STEM))
        return false;
    rest = name + strlen(AUDIT_STEM);
    len = *rest == '\0' ? 0 : strspn(rest + 1, "0123456789-_");
    return (*rest == '.' || *rest == '-' || *rest == '_') && len > 0 && text_starts(rest + 1 + len, AUDIT_EXTENSION) &&
           strcmp(rest + 1 + len + strlen(AUDIT_EXTENSION), suffix) == 0;
}

bool audit_is_ours(const char *name)
{
    const char *rest = name + strlen(AUDIT_NAME AUDIT_OURS);

    return text_starts(name, AUDIT_NAME AUDIT_OURS) && strspn(rest, "0123456789-") == strlen(rest);
}

/* ---- all of them, in order ---- */

static int older_first(const void *a, const void *b)
{
    const struct audit_file *left = a, *right = b;

    if (left->first != right->first)
        return left->first < right->first ? -1 : 1;
    return strcmp(left->path, right->path);
}

bool audit_file_first(const char *path, uint64_t *first, bool *empty, struct error *err)
{
    AUTO(audit_reader_close) struct audit_reader *reader = NULL;
    struct audit_link link;
    struct audit_raw raw = { 0 };

    *first = UINT64_MAX;
    *empty = true;
    TRY(audit_reader_open(path, &reader, err));
    while (*first == UINT64_MAX && raw.number < FIRST_WITHIN) {
        TRY(audit_reader_next(reader, &raw, err));
        if (raw.at_end)
            break;
        *empty = false;
        if (audit_line_link(raw.all, &link))
            *first = link.seq;
    }
    return true;
}

bool audit_files_find(const char *dir, struct audit_files *out, struct error *err)
{
    AUTO(audit_files_clear) struct audit_files found = { 0 };
    AUTO(list_clear) struct list names = { 0 };

    TRY(file_list_dir(dir, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(dir, names.at[i]);
        uint64_t first = UINT64_MAX;
        bool empty = false;

        if (!audit_is_file_name(names.at[i]))
            continue;
        if (!audit_file_first(path, &first, &empty, err)) {
            if (err->kind == ERROR_CANCELED)
                return false;
            error_clear(err); /* whoever reads it will be told again */
            empty = false;
        }
        if (empty)
            continue;
        found.at = xrealloc(found.at, found.count + 1, sizeof *found.at);
        found.at[found.count++] = (struct audit_file){ .path = TAKE(path), .first = first };
    }
    if (found.count > 0)
        qsort(found.at, found.count, sizeof *found.at, older_first);
    *out = found;
    found = (struct audit_files){ 0 };
    return true;
}

void audit_files_clear(struct audit_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        free(files->at[i].path);
    free(files->at);
    *files = (struct audit_files){ 0 };
}

/* ---- the end of one ---- */

/* The last line of the text, with its line feed; *rest becomes what stands before it. */
static struct view last_line(struct view *rest)
{
    size_t start = rest->len > 0 ? rest->len - 1 : 0;
    struct view line;

    while (start > 0 && rest->at[start - 1] != '\n')
        start--;
    line = (struct view){ rest->at + start, rest->len - start };
    rest->len = start;
    return line;
}

static bool hash_ended(struct view line, char out[static AUDIT_HASH_SIZE], struct error *err)
{
    AUTO(buf_clear) struct buf ended = BUF(line.len + 1);

    buf_put(&ended, line);
    buf_put_char(&ended, '\n');
    return audit_hash(buf_view(&ended), out, err);
}

/* text: the end of a file, in which the last line is whole. */
static bool look_at_tail(struct view text, struct audit_tail *out, struct error *err)
{
    struct audit_tail tail = { .head = AUDIT_NO_HEAD };
    struct view rest = text, line = last_line(&rest);
    struct audit_link link;

    tail.unended = line.at[line.len - 1] != '\n';
    tail.torn = tail.unended || !audit_line_link(line, &link);
    TRY(audit_hash(line, tail.head.hash, err));
    if (tail.unended)
        TRY(hash_ended(line, tail.ended_hash, err));
    while (!audit_line_link(line, &link) && rest.len > 0)
        line = last_line(&rest);
    tail.head.seq = audit_line_link(line, &link) ? link.seq : 0;
    *out = tail;
    return true;
}

static bool read_end(int fd, int64_t size, size_t len, const char *path, struct buf *out, struct error *err)
{
    char *to = buf_room(out, len);
    size_t got = 0;

    if (to == NULL)
        return error_set(err, ERROR_INTERNAL, "the end of %s does not fit", path);
    while (got < len) {
        ssize_t more = pread(fd, to + got, len - got, (off_t)(size - (int64_t)(len - got)));

        if (more < 0 && errno == EINTR)
            continue;
        if (more < 0)
            return file_error(err, "read", path);
        if (more == 0)
            return error_set(err, ERROR_STORE, "%s became shorter while it was read", path);
        got += (size_t)more;
    }
    buf_grow(out, len);
    return true;
}

/* Whether the text begins before its last line, so that this is whole. */
static bool has_whole_line(struct view text)
{
    struct view rest = text;

    (void)last_line(&rest);
    return rest.len > 0;
}

bool audit_tail_read(int fd, int64_t size, const char *path, struct audit_tail *out, struct error *err)
{
    if (size == 0) {
        *out = (struct audit_tail){ .head = AUDIT_NO_HEAD };
        return true;
    }
    for (size_t len = TAIL_MIN; len <= TAIL_MAX; len *= 2) {
        AUTO(buf_clear) struct buf text = BUF(TAIL_MAX + 1);
        bool all = (int64_t)len >= size;

        TRY(read_end(fd, size, all ? (size_t)size : len, path, &text, err));
        if (all || has_whole_line(buf_view(&text)))
            return look_at_tail(buf_view(&text), out, err);
    }
    return error_set(err, ERROR_STORE, "the last line of %s is endless: somebody else has written it", path);
}

/* ---- the newest that was rotated away ---- */

static bool plain_tail(const char *path, struct audit_tail *out, struct error *err)
{
    AUTO(close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0)
        return file_error(err, "read", path);
    if (!S_ISREG(st.st_mode))
        return error_set(err, ERROR_STORE, "%s is not a regular file", path);
    return audit_tail_read(fd, st.st_size, path, out, err);
}

/* The end of a compressed file, all of which has to be read for it. */
static bool expanded_tail(const char *path, struct audit_tail *out, struct error *err)
{
    AUTO(audit_reader_close) struct audit_reader *reader = NULL;
    struct audit_tail tail = { .head = AUDIT_NO_HEAD };
    struct audit_link link;
    struct audit_raw raw;

    TRY(audit_reader_open(path, &reader, err));
    audit_reader_go_on(reader);
    for (;;) {
        TRY(audit_reader_next(reader, &raw, err));
        if (raw.at_end)
            break;
        tail.unended = raw.all.at[raw.all.len - 1] != '\n';
        tail.torn = tail.unended || raw.too_long || !audit_line_link(raw.all, &link);
        if (audit_line_link(raw.all, &link))
            tail.head.seq = link.seq;
        TRY(audit_hash(raw.all, tail.head.hash, err));
    }
    *out = tail;
    return true;
}

struct newest {
    char *path;
    struct audit_tail tail;
};

/* What cannot be read is passed over, and told. */
static void look_at_one(const char *path, struct newest *newest, struct list *unread)
{
    struct audit_tail tail = { .head = AUDIT_NO_HEAD };
    struct error err = { 0 };

    if (!(audit_expander(path) != NULL ? expanded_tail(path, &tail, &err) : plain_tail(path, &tail, &err))) {
        list_add(unread, err.why);
        return;
    }
    if (tail.head.seq <= newest->tail.head.seq)
        return;
    newest->tail = tail;
    xreplace(&newest->path, path);
}

/* All of them: neither their names nor their times say which has the highest number. */
bool audit_files_newest(const char *dir, char **path, struct audit_tail *out, struct list *unread, struct error *err)
{
    struct newest newest = { .tail.head = AUDIT_NO_HEAD };
    AUTO(list_clear) struct list names = { 0 };

    TRY(file_list_dir(dir, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *file = file_join(dir, names.at[i]);

        if (strcmp(names.at[i], AUDIT_NAME) != 0 && audit_is_file_name(names.at[i]))
            look_at_one(file, &newest, unread);
    }
    *path = newest.path;
    *out = newest.tail;
    return true;
}
