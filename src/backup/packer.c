#include "backup/packer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "backup/acl_text.h"
#include "backup/archiver.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#define LABEL "security.selinux"
#define DEFAULT_ACL "system.posix_acl_default"
#define DEPTH_MAX 64
#define LINKS_MAX 4096 /* remembered at one time: files with several names; further ones are packed as copies */

/* Locks: whoever opens and closes one of this process's gives it up. */
static const char *const locks[] = { ".certbot.lock", ".evercert.lock" };

struct second { /* a file with further names */
    dev_t dev;
    ino_t ino;
    char *name; /* the first in the archive */
};

struct skipped { /* ino 0: no directory */
    char *path;
    dev_t dev;
    ino_t ino;
};

struct packer {
    struct archiver *archiver;
    struct seal_sink sink;
    struct manifest *manifest;
    struct owners *owners;
    struct hash *hash;
    FILE *lines; /* the manifest so far */
    struct hash *lines_hash;
    bool any; /* a line of a member was written */
    struct skipped *skipped;
    size_t skipped_len;
    struct second links[LINKS_MAX];
    size_t links_len;
    struct buf acl, default_acl, label, line;
};

/* ---- the manifest ---- */

static bool write_lines(struct packer *packer, struct error *err)
{
    TRY(hash_put(packer->lines_hash, buf_view(&packer->line), err));
    if (packer->line.failed || fwrite(packer->line.at, packer->line.len, 1, packer->lines) != 1)
        return error_errno(err, ERROR_STORE, "cannot keep the manifest in a temporary file");
    buf_cut(&packer->line, 0);
    return true;
}

static bool note(struct packer *packer, const struct member *member, const char *sha256, struct error *err)
{
    if (packer->any)
        buf_put_text(&packer->line, ",\n");
    packer->any = true;
    packer->manifest->entries++;
    manifest_put_entry(&packer->line, member, sha256);
    return write_lines(packer, err);
}

/* What should be in the backup, and is not. */
static void note_unreadable(struct packer *packer, const char *path, const char *why)
{
    struct manifest *manifest = packer->manifest;
    AUTO(free) char *text = xprintf("%s: %s", path, why);

    manifest->unreadable_count++;
    if (manifest->unreadable.len < MANIFEST_MAX_UNREADABLE)
        list_add(&manifest->unreadable, text);
}

void packer_lacks(struct packer *packer, const char *path, const char *why)
{
    struct list *lacking = &packer->manifest->lacking;
    AUTO(free) char *text = xprintf("%s: %s", path, why);

    if (lacking->len < MANIFEST_MAX_LACKING && !list_has(lacking, text))
        list_add(lacking, text);
}

/* ---- beginning and end ---- */

bool packer_new(struct manifest *manifest, struct seal_sink sink, struct packer **out, struct error *err)
{
    AUTO(packer_free) struct packer *packer = xcalloc(1, sizeof *packer);

    packer->manifest = manifest;
    packer->sink = sink;
    packer->owners = owners_new();
    packer->acl = BUF(MEMBER_MAX_ACL);
    packer->default_acl = BUF(MEMBER_MAX_ACL);
    packer->label = BUF(MEMBER_MAX_LABEL);
    packer->line = BUF(MANIFEST_LINE_MAX * 4);
    TRY(hash_new(&packer->hash, err));
    TRY(hash_new(&packer->lines_hash, err));
    packer->lines = tmpfile();
    if (packer->lines == NULL)
        return error_errno(err, ERROR_STORE, "cannot make a temporary file for the manifest");
    manifest_put_first(&packer->line, manifest);
    buf_put_char(&packer->line, '\n');
    TRY(write_lines(packer, err));
    TRY(archiver_start(ARCHIVER_PACKS, &packer->archiver, err));
    *out = TAKE(packer);
    return true;
}

void packer_forget_links(struct packer *packer)
{
    for (size_t i = 0; i < packer->links_len; i++)
        free(packer->links[i].name);
    packer->links_len = 0;
}

void packer_free(struct packer *packer)
{
    packer_forget_links(packer);
    if (packer->archiver != NULL)
        archiver_free(packer->archiver);
    if (packer->hash != NULL)
        hash_free(packer->hash);
    if (packer->lines_hash != NULL)
        hash_free(packer->lines_hash);
    fclose_at(&packer->lines);
    owners_free(packer->owners);
    for (size_t i = 0; i < packer->skipped_len; i++)
        free(packer->skipped[i].path);
    free(packer->skipped);
    buf_clear(&packer->acl);
    buf_clear(&packer->default_acl);
    buf_clear(&packer->label);
    buf_clear(&packer->line);
    free(packer);
}

void packer_skip(struct packer *packer, const char *path)
{
    struct skipped *skipped;
    struct stat st;
    bool dir = stat(path, &st) == 0 && S_ISDIR(st.st_mode);

    packer->skipped = xrealloc(packer->skipped, packer->skipped_len + 1, sizeof *packer->skipped);
    skipped = &packer->skipped[packer->skipped_len++];
    *skipped = (struct skipped){ .path = xstrdup(path), .dev = dir ? st.st_dev : 0, .ino = dir ? st.st_ino : 0 };
}

/* ---- what is said of a file ---- */

static void describe_lists(struct packer *packer, int fd, const char *path, struct member *member)
{
    AUTO(buf_clear) struct buf value = BUF(ACL_SIZE_MAX);
    struct error none = { 0 };
    struct acl acl;
    ssize_t len;

    if (acl_of_fd(fd, path, &acl, &none) && acl_is_extended(&acl)) {
        acl_text_put(&acl, packer->owners, &packer->acl);
        member->mode = (member->mode & 07000) | (acl_mode_without(&acl) & 0777);
    }
    len = member->type == MEMBER_DIR ? fgetxattr(fd, DEFAULT_ACL, buf_room(&value, ACL_SIZE_MAX), ACL_SIZE_MAX) : 0;
    if (len > 0) {
        buf_grow(&value, (size_t)len);
        if (acl_parse(buf_view(&value), &acl, &none))
            acl_text_put(&acl, packer->owners, &packer->default_acl);
    }
    member->acl = buf_view(&packer->acl);
    member->default_acl = buf_view(&packer->default_acl);
}

static void describe_label(struct packer *packer, int fd, struct member *member)
{
    ssize_t len = fgetxattr(fd, LABEL, buf_room(&packer->label, MEMBER_MAX_LABEL), MEMBER_MAX_LABEL);

    if (len > 0)
        buf_grow(&packer->label, (size_t)len);
    member->label = (struct view){ buf_text(&packer->label), strlen(buf_text(&packer->label)) };
}

/* fd: -1 for a link, of which no more is known. */
static struct member describe(struct packer *packer, int fd, const char *path, const char *name, const struct stat *st)
{
    struct member member = {
        .type = S_ISREG(st->st_mode)   ? MEMBER_FILE
                : S_ISDIR(st->st_mode) ? MEMBER_DIR
                                       : MEMBER_LINK,
        .name = view_of(name),
        .target = view_of(""),
        .mode = st->st_mode & (S_ISDIR(st->st_mode) ? 03777 : 0777), /* set-id bits of files have no place here */
        .uid = st->st_uid,
        .gid = st->st_gid,
        .size = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0,
        .modified = st->st_mtim.tv_sec,
        .modified_ns = (uint32_t)st->st_mtim.tv_nsec,
        .acl = view_of(""),
        .default_acl = view_of(""),
        .label = view_of(""),
    };

    buf_cut(&packer->acl, 0);
    buf_cut(&packer->default_acl, 0);
    buf_cut(&packer->label, 0);
    member.owner = view_of(owners_name(packer->owners, OWNER_USER, st->st_uid));
    member.group = view_of(owners_name(packer->owners, OWNER_GROUP, st->st_gid));
    if (fd >= 0) {
        describe_lists(packer, fd, path, &member);
        describe_label(packer, fd, &member);
        member.owner = view_of(owners_name(packer->owners, OWNER_USER, st->st_uid)); /* lists asked for others */
        member.group = view_of(owners_name(packer->owners, OWNER_GROUP, st->st_gid));
    }
    return member;
}

static bool send_head(struct packer *packer, const struct member *member, struct error *err)
{
    packer->manifest->weight += member_weight(member);
    member_put(archiver_frames(packer->archiver), member);
    return archiver_pass(packer->archiver, packer->sink, err);
}

static bool send_data(struct packer *packer, struct view bytes, struct error *err)
{
    member_put_data(archiver_frames(packer->archiver), bytes);
    TRY(archiver_pass(packer->archiver, packer->sink, err));
    return hash_put(packer->hash, bytes, err);
}

/* ---- each kind ---- */

/* So many bytes as it had when it was opened: a file that becomes shorter is filled up, and noted. */
static bool send_content(struct packer *packer, int fd, const char *path, uint64_t size, struct error *err)
{
    char piece[MEMBER_MAX_DATA] = { 0 };
    bool short_of = false;

    while (size > 0) {
        size_t want = size < sizeof piece ? (size_t)size : sizeof piece;
        ssize_t got = short_of ? 0 : read(fd, piece, want);

        if (got <= 0 && !short_of) {
            note_unreadable(packer, path, got < 0 ? strerror(errno) : "it became shorter while it was read");
            short_of = true;
            wipe(piece, sizeof piece);
        }
        got = short_of ? (ssize_t)want : got;
        TRY(send_data(packer, (struct view){ piece, (size_t)got }, err));
        size -= (uint64_t)got;
    }
    wipe(piece, sizeof piece);
    return true;
}

/* The first name of a file that came before; NULL: it did not, and will be known as `name`. */
static const char *first_name(struct packer *packer, const struct stat *st, const char *name)
{
    if (st->st_nlink < 2)
        return NULL;
    for (size_t i = 0; i < packer->links_len; i++)
        if (packer->links[i].dev == st->st_dev && packer->links[i].ino == st->st_ino)
            return packer->links[i].name;
    if (packer->links_len < LINKS_MAX)
        packer->links[packer->links_len++] =
            (struct second){ .dev = st->st_dev, .ino = st->st_ino, .name = xstrdup(name) };
    return NULL;
}

static bool put_file(
    struct packer *packer, int fd, const char *path, const char *name, const struct stat *st, struct error *err)
{
    struct member member = describe(packer, fd, path, name, st);
    const char *first = first_name(packer, st, name);
    char sha256[HASH_HEX_SIZE];

    if (first != NULL) {
        member.type = MEMBER_SECOND;
        member.target = view_of(first);
        member.size = 0;
        member.acl = member.label = view_of("");
        TRY(send_head(packer, &member, err));
        return note(packer, &member, NULL, err);
    }
    TRY(send_head(packer, &member, err));
    TRY(send_content(packer, fd, path, member.size, err));
    TRY(hash_end(packer->hash, sha256, err));
    return note(packer, &member, sha256, err);
}

static bool put_link(
    struct packer *packer, const char *path, const char *name, const struct stat *st, struct error *err)
{
    struct member member = describe(packer, -1, path, name, st);
    AUTO(free) char *target = NULL;
    struct error why = { 0 };

    if (!file_read_link(path, &target, &why)) {
        if (why.sys != ENOENT)
            note_unreadable(packer, path, why.why);
        return true;
    }
    member.target = view_of(target);
    TRY(send_head(packer, &member, err));
    return note(packer, &member, NULL, err);
}

bool packer_is_lock(const char *name)
{
    return strcmp(name, locks[0]) == 0 || strcmp(name, locks[1]) == 0;
}

static bool is_skipped(const struct packer *packer, const char *path, const struct stat *st)
{
    if (packer_is_lock(file_basename(path)))
        return true;
    for (size_t i = 0; i < packer->skipped_len; i++) {
        const struct skipped *skipped = &packer->skipped[i];

        if (strcmp(skipped->path, path) == 0 ||
            (S_ISDIR(st->st_mode) && skipped->ino == st->st_ino && skipped->dev == st->st_dev))
            return true;
    }
    return false;
}

static bool put_any(
    struct packer *packer, const char *path, const char *name, enum pack_how how, int depth, struct error *err);

static bool put_dir(struct packer *packer, int fd, const char *path, const char *name, const struct stat *st,
    enum pack_how how, int depth, struct error *err)
{
    struct member member = describe(packer, fd, path, name, st);
    AUTO(list_clear) struct list names = { 0 };
    struct error why = { 0 };

    TRY(send_head(packer, &member, err));
    TRY(note(packer, &member, NULL, err));
    if (how == PACK_ALONE || how == PACK_FOLLOWED_ALONE)
        return true;
    if (depth == DEPTH_MAX || !file_list_dir(path, &names, &why)) {
        note_unreadable(packer, path, depth == DEPTH_MAX ? "directories are nested too deep" : why.why);
        return true;
    }
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *below = file_join(path, names.at[i]);
        AUTO(free) char *below_name = file_join(name, names.at[i]);

        TRY(put_any(packer, below, below_name, PACK_TREE, depth + 1, err));
    }
    return true;
}

/* A socket, a FIFO or a device has nothing that could be restored. */
static bool pass_over(const char *path)
{
    log_info("%s is neither a file nor a directory nor a link: it is not packed", path);
    return true;
}

static bool put_open(
    struct packer *packer, int fd, const char *path, const char *name, enum pack_how how, int depth, struct error *err)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return file_error(err, "look at", path);
    if (S_ISDIR(st.st_mode))
        return put_dir(packer, fd, path, name, &st, how, depth, err);
    if (S_ISREG(st.st_mode))
        return put_file(packer, fd, path, name, &st, err);
    return pass_over(path);
}

/* What is to be packed for a path: what a link leads to only where it is followed and leads anywhere. */
static bool look_at(const char *path, bool follow, int *flags, struct stat *st)
{
    *flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC;
    if (follow && stat(path, st) == 0)
        return true;
    *flags |= O_NOFOLLOW;
    return lstat(path, st) == 0;
}

static bool put_any(
    struct packer *packer, const char *path, const char *name, enum pack_how how, int depth, struct error *err)
{
    AUTO(close) int fd = -1;
    struct stat st;
    int flags;

    if (strlen(name) > MEMBER_MAX_NAME ||
        !look_at(path, how == PACK_FOLLOWED || how == PACK_FOLLOWED_ALONE, &flags, &st)) {
        if (strlen(name) > MEMBER_MAX_NAME || errno != ENOENT)
            note_unreadable(packer, path, strlen(name) > MEMBER_MAX_NAME ? "its path is too long" : strerror(errno));
        return true;
    }
    if (is_skipped(packer, path, &st))
        return true;
    if (S_ISLNK(st.st_mode))
        return put_link(packer, path, name, &st, err);
    fd = S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) ? open(path, flags) : -1;
    if (fd >= 0)
        return put_open(packer, fd, path, name, how, depth, err);
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return pass_over(path);
    if (errno != ENOENT)
        note_unreadable(packer, path, strerror(errno));
    return true;
}

bool packer_put(struct packer *packer, const char *path, const char *name, enum pack_how how, struct error *err)
{
    return put_any(packer, path, name, how, 0, err);
}

/* ---- what is no file of the machine ---- */

static struct member own_member(const struct packer *packer, const char *name, size_t size)
{
    return (struct member){ .type = MEMBER_FILE,
        .name = view_of(name),
        .target = view_of(""),
        .mode = 0600,
        .uid = geteuid(),
        .gid = getegid(),
        .owner = view_of(""),
        .group = view_of(""),
        .size = size,
        .modified = packer->manifest->made,
        .acl = view_of(""),
        .default_acl = view_of(""),
        .label = view_of("") };
}

bool packer_put_text(struct packer *packer, const char *name, struct view text, struct error *err)
{
    struct member member = own_member(packer, name, text.len);
    char sha256[HASH_HEX_SIZE];

    TRY(send_head(packer, &member, err));
    for (size_t at = 0, len; at < text.len; at += len) {
        len = text.len - at < MEMBER_MAX_DATA ? text.len - at : MEMBER_MAX_DATA;
        TRY(send_data(packer, (struct view){ text.at + at, len }, err));
    }
    TRY(hash_end(packer->hash, sha256, err));
    return note(packer, &member, sha256, err);
}

/* ---- the end ---- */

static bool end_lines(struct packer *packer, struct error *err)
{
    char sha256[HASH_HEX_SIZE];

    if (packer->any)
        buf_put_char(&packer->line, '\n');
    TRY(write_lines(packer, err));
    manifest_put_last(&packer->line, packer->manifest);
    TRY(write_lines(packer, err));
    TRY(hash_end(packer->lines_hash, sha256, err));
    manifest_put_digest(&packer->line, sha256);
    buf_put_char(&packer->line, '\n');
    TRY(write_lines(packer, err));
    if (fflush(packer->lines) != 0 || fseek(packer->lines, 0, SEEK_SET) != 0)
        return error_errno(err, ERROR_STORE, "cannot keep the manifest in a temporary file");
    return true;
}

bool packer_finish(struct packer *packer, struct error *err)
{
    struct member member;
    char piece[MEMBER_MAX_DATA];
    struct stat st;
    size_t got;

    TRY(end_lines(packer, err));
    if (fstat(fileno(packer->lines), &st) != 0)
        return error_errno(err, ERROR_STORE, "cannot look at the manifest");
    member = own_member(packer, MANIFEST_NAME, (size_t)st.st_size);
    TRY(send_head(packer, &member, err));
    while ((got = fread(piece, 1, sizeof piece, packer->lines)) > 0)
        TRY(send_data(packer, (struct view){ piece, got }, err));
    if (ferror(packer->lines))
        return error_errno(err, ERROR_STORE, "cannot read the manifest again");
    return archiver_finish(packer->archiver, packer->sink, err);
}
