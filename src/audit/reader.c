#include "audit/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "audit/line.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "base/program.h"
#include "base/spawn.h"
#include "base/text.h"

#define ROOM (2 * AUDIT_LINE_MAX)

struct audit_reader {
    char *path;
    int fd;
    pid_t child; /* that expands it, 0: none */
    uint64_t number;
    bool ended;         /* nothing more is to be read */
    bool goes_on;       /* when the user interrupts */
    bool skips;         /* the rest of a line that is too long */
    size_t start, stop; /* of what was read and not given yet */
    char room[ROOM];
};

/* Programs that logrotate compresses by, which all expand with -dc. */
static const struct {
    const char *suffix, *program;
} expanders[] = {
    { ".gz", "gzip" },
    { ".xz", "xz" },
    { ".zst", "zstd" },
    { ".bz2", "bzip2" },
};

const char *audit_expander(const char *path)
{
    for (size_t i = 0; i < COUNT(expanders); i++)
        if (text_ends(path, expanders[i].suffix))
            return expanders[i].program;
    return NULL;
}

/* ---- opening ---- */

/* Has a program read what the reader has, and us what it makes of it. */
static bool start(struct audit_reader *reader, const char *path, char *const *argv, struct error *err)
{
    char *env[] = { (char[]){ "LC_ALL=C" }, NULL };
    AUTO(close) int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    struct spawn spawn = { .path = path, .argv = argv, .env = env, .err = nothing, .own_group = true };
    int ends[2];

    spawn.in = reader->fd >= 0 ? reader->fd : nothing;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return error_errno(err, ERROR_STORE, "cannot make a pipe");
    spawn.out = ends[1];
    errno = spawn_program(&spawn, &reader->child);
    (void)close(ends[1]);
    close_at(&reader->fd);
    reader->fd = ends[0];
    if (errno == 0)
        return true;
    reader->child = 0;
    return error_errno(err, ERROR_STORE, "cannot run %s", path);
}

static bool start_expander(struct audit_reader *reader, const char *name, struct error *err)
{
    AUTO(free) char *directories = program_directories();
    AUTO(free) char *path = program_find(name, directories);
    char *argv[] = { (char[]){ "expander" }, (char[]){ "-dc" }, NULL };

    if (path != NULL)
        return start(reader, path, argv, err);
    (void)error_set(err, ERROR_STORE, "%s is compressed, and there is no %s here", reader->path, name);
    return error_next(err, "install %s, or expand the file", name);
}

struct audit_reader *audit_reader_of(int fd, const char *name)
{
    struct audit_reader *reader = xcalloc(1, sizeof *reader);

    reader->path = xstrdup(name);
    reader->fd = fd;
    return reader;
}

bool audit_reader_run(char *const *argv, struct audit_reader **out, struct error *err)
{
    AUTO(audit_reader_close) struct audit_reader *reader = audit_reader_of(-1, argv[0]);
    AUTO(free) char *directories = program_directories();
    AUTO(free) char *path = program_find(argv[0], directories);

    if (path == NULL)
        return error_set(err, ERROR_CONFIG, "there is no %s here", argv[0]);
    TRY(start(reader, path, argv, err));
    *out = TAKE(reader);
    return true;
}

bool audit_reader_open(const char *path, struct audit_reader **out, struct error *err)
{
    AUTO(audit_reader_close) struct audit_reader *reader = audit_reader_of(-1, path);
    const char *expander = audit_expander(path);
    struct stat st;

    reader->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
    if (reader->fd < 0 || fstat(reader->fd, &st) != 0)
        return file_error(err, "read", path);
    if (!S_ISREG(st.st_mode))
        return error_set(err, ERROR_STORE, "%s is not a regular file", path);
    if (expander != NULL)
        TRY(start_expander(reader, expander, err));
    *out = TAKE(reader);
    return true;
}

/* Waits for the program, which no longer has anybody to write to. */
static int end_expander(struct audit_reader *reader)
{
    int status = 0;

    while (waitpid(reader->child, &status, 0) < 0 && errno == EINTR)
        continue;
    reader->child = 0;
    return status;
}

void audit_reader_close(struct audit_reader *reader)
{
    if (reader == NULL)
        return;
    close_at(&reader->fd);
    if (reader->child > 0) {
        (void)kill(reader->child, SIGKILL);
        (void)end_expander(reader);
    }
    free(reader->path);
    free(reader);
}

/* ---- lines ---- */

static bool read_more(struct audit_reader *reader, struct error *err)
{
    ssize_t got;

    if (reader->start > 0) {
        memmove(reader->room, reader->room + reader->start, reader->stop - reader->start);
        reader->stop -= reader->start;
        reader->start = 0;
    }
    do {
        if (!reader->goes_on)
            TRY(interrupt_check(err));
        got = read(reader->fd, reader->room + reader->stop, ROOM - reader->stop);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return file_error(err, "read", reader->path);
    reader->stop += (size_t)got;
    reader->ended = got == 0;
    if (reader->ended && reader->child > 0 && end_expander(reader) != 0)
        return error_set(
            err, ERROR_STORE, "%s cannot be read: its program failed, or the file is damaged", reader->path);
    return true;
}

/* The length of the line that stands at the start, with its line feed; 0: its end was not read yet. */
static size_t line_len(const struct audit_reader *reader)
{
    const char *at = reader->room + reader->start;
    size_t left = reader->stop - reader->start;
    const char *end = left > 0 ? memchr(at, '\n', left) : NULL;

    if (end != NULL)
        return (size_t)(end - at) + 1;
    return reader->ended ? left : 0;
}

/* Reads until a whole line, or more of one than it may have, is there. */
static bool read_line(struct audit_reader *reader, size_t *len, struct error *err)
{
    *len = line_len(reader);
    while (*len == 0 && !reader->ended && reader->stop - reader->start <= AUDIT_LINE_MAX) {
        TRY(read_more(reader, err));
        *len = line_len(reader);
    }
    return true;
}

/* Passes over what is left of a line of which the beginning was given. */
static bool skip_rest(struct audit_reader *reader, struct error *err)
{
    size_t len;

    while (reader->skips) {
        TRY(read_line(reader, &len, err));
        reader->skips = len == 0 && !reader->ended;
        reader->start += len > 0 ? len : reader->stop - reader->start;
    }
    return true;
}

bool audit_reader_to_end(struct audit_reader *reader, int64_t size, struct error *err)
{
    struct stat st;

    if (fstat(reader->fd, &st) != 0)
        return file_error(err, "read", reader->path);
    if (st.st_size <= size)
        return true;
    if (lseek(reader->fd, (off_t)(st.st_size - size), SEEK_SET) < 0)
        return file_error(err, "read", reader->path);
    reader->skips = true;
    return true;
}

void audit_reader_go_on(struct audit_reader *reader)
{
    reader->goes_on = true;
}

bool audit_reader_next(struct audit_reader *reader, struct audit_raw *out, struct error *err)
{
    size_t len;

    TRY(skip_rest(reader, err));
    TRY(read_line(reader, &len, err));
    if (len == 0 && reader->ended) {
        *out = (struct audit_raw){ .at_end = true };
        return true;
    }
    *out = (struct audit_raw){ .number = ++reader->number, .too_long = len == 0 || len > AUDIT_LINE_MAX };
    reader->skips = len == 0;
    if (len == 0)
        len = reader->stop - reader->start;
    out->all = (struct view){ reader->room + reader->start, len };
    reader->start += len;
    return true;
}
