#include "rescue/evidence.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "backup/packer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/hash.h"

#define DEPTH_MAX 64
#define DIGEST_MAX ((off_t)1 << 30) /* bytes of a file: larger ones are none of ours */
#define LOOK_MAX (1024 * 1024)      /* bytes in which a key would be found */
#define PIECE (64 * 1024)
#define PATH_MAX_SHOWN 8192

void evidence_open(struct evidence *evidence, int64_t now)
{
    *evidence = (struct evidence){
        .owners = owners_new(), .since = now - (int64_t)EVIDENCE_DAYS * 86400, .files = BUF(EVIDENCE_TEXT_MAX)
    };
    buf_put_text(&evidence->files,
        "# type mode owner group size modified changed read device inode names sha256 path [-> target]\n");
}

void evidence_clear(struct evidence *evidence)
{
    if (evidence->owners != NULL)
        owners_free(evidence->owners);
    buf_clear(&evidence->files);
    list_clear(&evidence->changed);
    *evidence = (struct evidence){ 0 };
}

/* ---- one file ---- */

static void put_time(struct buf *to, const struct timespec *at)
{
    char text[CLOCK_TEXT_SIZE];

    clock_format_rfc3339(at->tv_sec, text);
    text[strcspn(text, "Z")] = '\0';
    buf_putf(to, "\t%s.%09ldZ", text, at->tv_nsec);
}

/* Nothing of the file is changed, its time of reading not either where this user may ask for that. */
static int open_quietly(const char *path)
{
    int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    int fd = open(path, flags | O_NOATIME);

    return fd >= 0 || errno != EPERM ? fd : open(path, flags);
}

static bool hash_all(int fd, char out[static HASH_HEX_SIZE], struct error *err)
{
    AUTO(hash_free) struct hash *hash = NULL;
    char piece[PIECE];
    ssize_t got;

    TRY(hash_new(&hash, err));
    while ((got = read(fd, piece, sizeof piece)) != 0) {
        if (got < 0 && errno != EINTR)
            return error_errno(err, ERROR_STORE, "cannot be read");
        if (got > 0)
            TRY(hash_put(hash, (struct view){ piece, (size_t)got }, err));
        TRY(interrupt_check(err));
    }
    wipe(piece, sizeof piece);
    return hash_end(hash, out, err);
}

/* Its digest, or why there is none, in brackets. */
static bool put_digest(struct buf *to, const char *path, const struct stat *st, struct error *err)
{
    AUTO(close) int fd = -1;
    char sha256[HASH_HEX_SIZE];
    struct error why = { 0 };

    if (!S_ISREG(st->st_mode) || packer_is_lock(file_basename(path)) || st->st_size > DIGEST_MAX) {
        buf_put_text(to, S_ISREG(st->st_mode) && st->st_size > DIGEST_MAX ? "\t[too large]" : "\t-");
        return true;
    }
    fd = open_quietly(path);
    if (fd < 0) {
        buf_putf(to, "\t[%s]", strerror(errno));
        return true;
    }
    if (hash_all(fd, sha256, &why)) {
        buf_putf(to, "\t%s", sha256);
        return true;
    }
    if (why.kind == ERROR_CANCELED) {
        *err = why;
        return false;
    }
    buf_putf(to, "\t[%s]", why.why);
    return true;
}

static void put_target(struct buf *to, const char *path)
{
    AUTO(free) char *target = NULL, *shown = NULL;
    struct error err = { 0 };

    if (!file_read_link(path, &target, &err))
        return;
    shown = text_printable_dup(view_of(target), PATH_MAX_SHOWN, false);
    buf_putf(to, "\t-> %s", shown);
}

static char type_of(mode_t mode)
{
    return S_ISREG(mode)    ? 'f'
           : S_ISDIR(mode)  ? 'd'
           : S_ISLNK(mode)  ? 'l'
           : S_ISSOCK(mode) ? 's'
           : S_ISFIFO(mode) ? 'p'
                            : '?';
}

static bool put_line(
    struct evidence *evidence, const char *path, const char *shown, const struct stat *st, struct error *err)
{
    struct buf *to = &evidence->files;

    buf_putf(to, "%c\t%04o\t%s(%u)", type_of(st->st_mode), (unsigned)st->st_mode & 07777,
        owners_name(evidence->owners, OWNER_USER, st->st_uid), (unsigned)st->st_uid);
    buf_putf(to, "\t%s(%u)\t%lld", owners_name(evidence->owners, OWNER_GROUP, st->st_gid), (unsigned)st->st_gid,
        (long long)st->st_size);
    put_time(to, &st->st_mtim);
    put_time(to, &st->st_ctim);
    put_time(to, &st->st_atim);
    buf_putf(to, "\t%llu\t%llu\t%llu", (unsigned long long)st->st_dev, (unsigned long long)st->st_ino,
        (unsigned long long)st->st_nlink);
    TRY(put_digest(to, path, st, err));
    buf_putf(to, "\t%s", shown);
    if (S_ISLNK(st->st_mode))
        put_target(to, path);
    buf_put_char(to, '\n');
    return true;
}

/* By content or by owner, mode and place, whichever came last. */
static void note_change(struct evidence *evidence, const char *shown, const struct stat *st)
{
    int64_t at = st->st_mtim.tv_sec > st->st_ctim.tv_sec ? st->st_mtim.tv_sec : st->st_ctim.tv_sec;
    char text[CLOCK_TEXT_SIZE];
    AUTO(free) char *line = NULL;

    if (at < evidence->since || S_ISDIR(st->st_mode))
        return;
    clock_format_rfc3339(at, text);
    line = xprintf("%s\t%s", text, shown);
    list_add(&evidence->changed, line);
}

/* ---- a tree ---- */

static bool list_any(
    struct evidence *evidence, const char *path, bool digests, const char *except, int depth, struct error *err);

static bool list_below(
    struct evidence *evidence, const char *path, bool digests, const char *except, int depth, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error why = { 0 };

    if (depth == DEPTH_MAX || !file_list_dir(path, &names, &why)) {
        if (digests)
            buf_putf(&evidence->files, "# not looked into: %s\n", depth == DEPTH_MAX ? path : why.why);
        return true;
    }
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *below = file_join(path, names.at[i]);

        TRY(list_any(evidence, below, digests, except, depth + 1, err));
    }
    return true;
}

static bool list_any(
    struct evidence *evidence, const char *path, bool digests, const char *except, int depth, struct error *err)
{
    AUTO(free) char *shown = text_printable_dup(view_of(path), PATH_MAX_SHOWN, false);
    struct stat st;

    TRY(interrupt_check(err));
    if (text_equal(path, except) || lstat(path, &st) != 0)
        return true;
    if (evidence->count++ >= EVIDENCE_FILES_MAX) {
        if (evidence->count == EVIDENCE_FILES_MAX + 1)
            buf_put_text(&evidence->files, "# there are more files than are listed\n");
        return true;
    }
    note_change(evidence, shown, &st);
    if (digests)
        TRY(put_line(evidence, path, shown, &st, err));
    return !S_ISDIR(st.st_mode) || list_below(evidence, path, digests, except, depth, err);
}

bool evidence_list(struct evidence *evidence, const char *path, bool digests, const char *except, struct error *err)
{
    return list_any(evidence, path, digests, except, 0, err);
}

/* ---- secrets ---- */

static bool has(struct view text, const char *what)
{
    return memmem(text.at, text.len, what, strlen(what)) != NULL;
}

/* Of a size in which a key may be; whatever is longer is taken for one. */
static bool read_start(const char *path, struct buf *out)
{
    AUTO(close) int fd = open_quietly(path);
    ssize_t got = 1;

    while (fd >= 0 && got > 0 && out->len < LOOK_MAX) {
        char *room = buf_room(out, PIECE);

        got = room == NULL ? -1 : read(fd, room, PIECE);
        if (got > 0)
            buf_grow(out, (size_t)got);
    }
    return fd >= 0 && got == 0;
}

/* Renewal files and cli.ini are what is asked for first, whoever may read them. */
static bool is_settings(const char *path)
{
    AUTO(free) char *dir = file_dirname(path);

    return strcmp(file_basename(path), "cli.ini") == 0 ||
           (strcmp(file_basename(dir), "renewal") == 0 && text_ends(path, ".conf"));
}

const char *evidence_secret(const char *path, const struct stat *st)
{
    AUTO(buf_clear) struct buf text = BUF_SECRET(LOOK_MAX + PIECE);
    const char *name = file_basename(path);
    struct view all;

    if (!S_ISREG(st->st_mode))
        return NULL;
    if (!read_start(path, &text))
        return "it cannot be looked into";
    all = buf_view(&text);
    if (has(all, "PRIVATE KEY-----") || strstr(name, "private_key") != NULL ||
        (has(all, "\"kty\"") && has(all, "\"d\"")))
        return "it has a private key";
    if (has(all, "-----BEGIN CERTIFICATE") || is_settings(path) || (st->st_mode & (S_IROTH | S_IXUSR)) != 0)
        return NULL;
    return "its owner alone may read it, so it may be a secret";
}
