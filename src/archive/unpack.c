/*
 * An archive becomes members. Two readers of libarchive stand behind one another: the first undoes the compression, the
 * second finds the members in what is left. So the first can be read to its end once the second has found the last
 * member, and an archive that was cut short, or has something behind its end, is not taken for a whole one.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "archive/member.h"
#include "archive/program.h"
#include "base/file.h"
#include "base/mem.h"

#define LABEL "security.selinux"
#define MAX_BEHIND                                                                                                     \
    (1024 * 1024) /* bytes of zeros that fill up the last block of an archive: tar -b goes up to that                  \
                   */

struct unpacking {
    struct archive *plain;  /* undoes the compression */
    struct archive *inside; /* finds the members */
    char input[64 * 1024];  /* of the archive as it comes */
    uint64_t taken;         /* bytes of standard input */
    const char *last;       /* the last block that went from plain to inside, and its length */
    size_t last_len;
    uint64_t given; /* bytes that went from plain to inside */
    struct buf out;
};

static void unpacking_free(struct unpacking *unpacking)
{
    archive_read_free(unpacking->inside);
    archive_read_free(unpacking->plain);
    buf_clear(&unpacking->out);
    free(unpacking);
}
DEFINE_AUTO(struct unpacking, unpacking_free)

static bool failed(struct archive *archive, struct error *err)
{
    const char *why = archive_error_string(archive);

    return error_set(err, ERROR_STORE, "%s", why == NULL ? "it was cut short" : why);
}

/* Hands frames on to evercert. */
static bool flush(struct unpacking *unpacking, struct error *err)
{
    if (!file_write_all(STDOUT_FILENO, buf_view(&unpacking->out)))
        return error_errno(err, ERROR_STORE, "cannot hand on what is in the archive");
    buf_cut(&unpacking->out, 0);
    return true;
}

/* ---- the two readers ---- */

static la_ssize_t read_in(struct archive *plain, void *context, const void **bytes)
{
    struct unpacking *unpacking = context;
    ssize_t got = read(STDIN_FILENO, unpacking->input, sizeof unpacking->input);

    if (got < 0) {
        archive_set_error(plain, errno, "cannot read the archive: %s", strerror(errno));
        return ARCHIVE_FATAL;
    }
    unpacking->taken += (uint64_t)got;
    *bytes = unpacking->input;
    return got;
}

static la_ssize_t read_plain(struct archive *inside, void *context, const void **bytes)
{
    struct unpacking *unpacking = context;
    la_int64_t offset;
    size_t len = 0;
    int status = archive_read_data_block(unpacking->plain, bytes, &len, &offset);

    if (status != ARCHIVE_OK && status != ARCHIVE_EOF) {
        const char *why = archive_error_string(unpacking->plain);

        archive_set_error(inside, EINVAL, "%s", why == NULL ? "it cannot be decompressed" : why);
        return ARCHIVE_FATAL;
    }
    if (status == ARCHIVE_EOF)
        return 0;
    unpacking->last = *bytes;
    unpacking->last_len = len;
    unpacking->given += len;
    return (la_ssize_t)len;
}

/* Only what libarchive does by itself: no programs. What a build of it lacks is an unknown format then. */
static void support(struct unpacking *unpacking)
{
    (void)archive_read_support_filter_gzip(unpacking->plain);
    (void)archive_read_support_filter_bzip2(unpacking->plain);
    (void)archive_read_support_filter_xz(unpacking->plain);
    (void)archive_read_support_filter_lzma(unpacking->plain);
    (void)archive_read_support_filter_zstd(unpacking->plain);
    (void)archive_read_support_filter_compress(unpacking->plain);
    (void)archive_read_support_format_raw(unpacking->plain);
    (void)archive_read_support_format_empty(unpacking->plain);
    (void)archive_read_support_format_tar(unpacking->inside);
    (void)archive_read_support_format_cpio(unpacking->inside);
    (void)archive_read_support_format_zip_streamable(unpacking->inside);
}

static bool begin(struct unpacking *unpacking, struct error *err)
{
    struct archive_entry *raw;

    unpacking->out = BUF_SECRET(2 * MEMBER_MAX_FRAME);
    unpacking->plain = archive_read_new();
    unpacking->inside = archive_read_new();
    if (unpacking->plain == NULL || unpacking->inside == NULL)
        return error_set(err, ERROR_INTERNAL, "libarchive cannot be set up");
    support(unpacking);
    if (archive_read_open(unpacking->plain, unpacking, NULL, read_in, NULL) != ARCHIVE_OK ||
        archive_read_next_header(unpacking->plain, &raw) != ARCHIVE_OK)
        return unpacking->taken == 0 ? error_set(err, ERROR_STORE, "the file is empty") : failed(unpacking->plain, err);
    if (archive_read_open(unpacking->inside, unpacking, NULL, read_plain, NULL) != ARCHIVE_OK)
        return failed(unpacking->inside, err);
    return true;
}

/* ---- one member ---- */

static enum member_type type_of(struct archive_entry *entry)
{
    if (archive_entry_hardlink(entry) != NULL)
        return MEMBER_SECOND;
    switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
        return MEMBER_FILE;
    case AE_IFDIR:
        return MEMBER_DIR;
    case AE_IFLNK:
        return MEMBER_LINK;
    default:
        return MEMBER_OTHER;
    }
}

static struct view label_of(struct archive_entry *entry)
{
    struct view label = { "", 0 };
    const char *name;
    const void *value;
    size_t len;

    if (archive_entry_xattr_reset(entry) > 0)
        while (archive_entry_xattr_next(entry, &name, &value, &len) == ARCHIVE_OK)
            if (strcmp(name, LABEL) == 0 && len <= MEMBER_MAX_LABEL)
                label = (struct view){ value, strnlen(value, len) };
    return label;
}

/* The list as text, of the caller's, from malloc; NULL when there is none of that type. */
static char *acl_of(struct archive_entry *entry, int type)
{
    if (archive_entry_acl_count(entry, type) == 0)
        return NULL;
    return archive_entry_acl_to_text(
        entry, NULL, type | ARCHIVE_ENTRY_ACL_STYLE_EXTRA_ID | ARCHIVE_ENTRY_ACL_STYLE_SEPARATOR_COMMA);
}

/* A name of the archive, without the slashes that some put behind directories. */
static struct view name_of(struct archive_entry *entry)
{
    struct view name = view_of(archive_entry_pathname(entry));

    while (name.len > 1 && name.at[name.len - 1] == '/')
        name.len--;
    return name;
}

static struct view target_of(struct archive_entry *entry, enum member_type type)
{
    return view_of(type == MEMBER_LINK     ? archive_entry_symlink(entry)
                   : type == MEMBER_SECOND ? archive_entry_hardlink(entry)
                                           : NULL);
}

static bool fits(const struct member *member)
{
    return member->name.len > 0 && member->name.len <= MEMBER_MAX_NAME && member->target.len <= MEMBER_MAX_NAME &&
           member->owner.len <= MEMBER_MAX_OWNER && member->group.len <= MEMBER_MAX_OWNER &&
           member->acl.len <= MEMBER_MAX_ACL && member->default_acl.len <= MEMBER_MAX_ACL;
}

static bool put_head(struct unpacking *unpacking, struct archive_entry *entry, struct error *err)
{
    AUTO(free) char *acl = acl_of(entry, ARCHIVE_ENTRY_ACL_TYPE_ACCESS);
    AUTO(free) char *default_acl = acl_of(entry, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT);
    enum member_type type = type_of(entry);
    la_int64_t size = type == MEMBER_FILE ? archive_entry_size(entry) : 0;
    struct member member = {
        .type = type,
        .name = name_of(entry),
        .target = target_of(entry, type),
        .mode = archive_entry_perm(entry) & 07777,
        .uid = (uint32_t)archive_entry_uid(entry),
        .gid = (uint32_t)archive_entry_gid(entry),
        .owner = view_of(archive_entry_uname(entry)),
        .group = view_of(archive_entry_gname(entry)),
        .size = (uint64_t)size,
        .modified = archive_entry_mtime(entry),
        .modified_ns = (uint32_t)archive_entry_mtime_nsec(entry),
        .acl = view_of(acl),
        .default_acl = view_of(default_acl),
        .label = label_of(entry),
    };

    if (type == MEMBER_FILE && (!archive_entry_size_is_set(entry) || size < 0))
        return error_set(err, ERROR_STORE, "an entry does not say how large it is");
    if (!fits(&member))
        return error_set(err, ERROR_STORE, "the name of an entry, or of what it is a link to, is missing or too long");
    if (member.modified_ns > 999999999)
        member.modified_ns = 0;
    member_put(&unpacking->out, &member);
    return flush(unpacking, err);
}

static bool put_content(struct unpacking *unpacking, struct error *err)
{
    char piece[MEMBER_MAX_DATA];
    la_ssize_t got;

    while ((got = archive_read_data(unpacking->inside, piece, sizeof piece)) > 0) {
        member_put_data(&unpacking->out, (struct view){ piece, (size_t)got });
        TRY(flush(unpacking, err));
    }
    wipe(piece, sizeof piece);
    return got == 0 ? true : failed(unpacking->inside, err);
}

/* ---- the end ---- */

static bool only_zeros(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != '\0')
            return false;
    return true;
}

static bool something_behind(struct error *err)
{
    return error_set(err, ERROR_STORE, "something stands behind the end of the archive");
}

/* Whether nothing but zeros follows the last member of a tar. In other formats a list of contents follows, which nobody
 * reads. */
static bool check_rest(struct unpacking *unpacking, struct error *err)
{
    bool tar = (archive_format(unpacking->inside) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_TAR;
    uint64_t read = (uint64_t)archive_filter_bytes(unpacking->inside, 0);
    size_t unread = read < unpacking->given ? (size_t)(unpacking->given - read) : 0;
    uint64_t behind = 0;
    const void *bytes;
    la_ssize_t len;

    if (unread > unpacking->last_len)
        unread = unpacking->last_len;
    if (tar && unread > 0 && !only_zeros(unpacking->last + unpacking->last_len - unread, unread))
        return something_behind(err);
    while ((len = read_plain(unpacking->inside, unpacking, &bytes)) > 0) {
        behind += (uint64_t)len;
        if (behind > MAX_BEHIND || (tar && !only_zeros(bytes, (size_t)len)))
            return something_behind(err);
    }
    return len == 0 ? true : failed(unpacking->inside, err);
}

/* Whether all of the file was part of what was decompressed. */
static bool check_end(struct unpacking *unpacking, struct error *err)
{
    uint64_t used;
    ssize_t more;

    TRY(check_rest(unpacking, err));
    used = (uint64_t)archive_filter_bytes(unpacking->plain, -1);
    more = read(STDIN_FILENO, unpacking->input, sizeof unpacking->input);
    if (more < 0)
        return error_errno(err, ERROR_STORE, "cannot read the archive");
    return more == 0 && used == unpacking->taken ? true : something_behind(err);
}

static bool unpack_all(struct unpacking *unpacking, struct error *err)
{
    struct archive_entry *entry;
    int status;

    TRY(begin(unpacking, err));
    while ((status = archive_read_next_header(unpacking->inside, &entry)) == ARCHIVE_OK || status == ARCHIVE_WARN) {
        TRY(put_head(unpacking, entry, err));
        if (type_of(entry) == MEMBER_FILE)
            TRY(put_content(unpacking, err));
    }
    return status == ARCHIVE_EOF ? check_end(unpacking, err) : failed(unpacking->inside, err);
}

bool unpack(struct error *err)
{
    AUTO(unpacking_free) struct unpacking *unpacking = xcalloc(1, sizeof *unpacking);
    struct error why = { 0 };

    if (unpack_all(unpacking, &why)) {
        member_put_end(&unpacking->out);
    } else {
        buf_cut(&unpacking->out, 0);
        member_put_failed(&unpacking->out, why.why);
    }
    return flush(unpacking, err);
}
