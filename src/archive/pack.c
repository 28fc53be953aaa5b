/*
 * Members become an archive: pax interchange format (POSIX.1-2001), which has room for long names, access control lists
 * and times of nanoseconds, and is read by every tar; compressed by gzip.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "archive/member.h"
#include "archive/program.h"
#include "base/file.h"

#define BLOCK (64 * 1024)
#define LABEL "security.selinux"

struct packing {
    struct archive *to;
    struct archive_entry *entry;
    uint64_t missing; /* bytes of the member that is being written */
};

static void packing_close_at(struct packing *packing)
{
    archive_entry_free(packing->entry);
    archive_write_free(packing->to);
}

static la_ssize_t write_out(struct archive *to, void *context, const void *bytes, size_t len)
{
    (void)context;
    if (!file_write_all(STDOUT_FILENO, (struct view){ bytes, len })) {
        archive_set_error(to, errno, "cannot write the archive: %s", strerror(errno));
        return -1;
    }
    return (la_ssize_t)len;
}

static bool failed(struct archive *archive, struct error *err)
{
    const char *why = archive_error_string(archive);

    return error_set(err, ERROR_STORE, "%s", why == NULL ? "libarchive does not say why" : why);
}

static bool begin(struct packing *packing, struct error *err)
{
    packing->to = archive_write_new();
    packing->entry = archive_entry_new();
    if (packing->to == NULL || packing->entry == NULL)
        return error_set(err, ERROR_INTERNAL, "libarchive cannot be set up");
    if (archive_write_set_format_pax(packing->to) != ARCHIVE_OK ||
        archive_write_add_filter_gzip(packing->to) != ARCHIVE_OK ||
        archive_write_set_filter_option(packing->to, "gzip", "timestamp", NULL) != ARCHIVE_OK ||
        archive_write_set_bytes_per_block(packing->to, BLOCK) != ARCHIVE_OK ||
        archive_write_set_bytes_in_last_block(packing->to, 1) != ARCHIVE_OK ||
        archive_write_open(packing->to, NULL, NULL, write_out, NULL) != ARCHIVE_OK)
        return failed(packing->to, err);
    return true;
}

/* libarchive takes strings. */
static void set_text(struct archive_entry *entry, void (*set)(struct archive_entry *, const char *), struct view text)
{
    AUTO(buf_clear) struct buf copy = BUF(MEMBER_MAX_FRAME);

    buf_put(&copy, text);
    if (text.len > 0)
        set(entry, buf_text(&copy));
}

static bool set_acl(struct archive_entry *entry, struct view acl, int type)
{
    AUTO(buf_clear) struct buf copy = BUF(MEMBER_MAX_FRAME);

    buf_put(&copy, acl);
    return acl.len == 0 || archive_entry_acl_from_text(entry, buf_text(&copy), type) == ARCHIVE_OK;
}

static bool set_kind(struct archive_entry *entry, const struct member *member)
{
    static const unsigned kinds[] = {
        [MEMBER_FILE] = AE_IFREG, [MEMBER_DIR] = AE_IFDIR, [MEMBER_LINK] = AE_IFLNK, [MEMBER_SECOND] = AE_IFREG
    };

    if (member->type == MEMBER_OTHER)
        return false;
    archive_entry_set_filetype(entry, kinds[member->type]);
    if (member->type == MEMBER_LINK)
        set_text(entry, archive_entry_set_symlink, member->target);
    else if (member->type == MEMBER_SECOND)
        set_text(entry, archive_entry_set_hardlink, member->target);
    return true;
}

static bool put_head(struct packing *packing, const struct member *member, struct error *err)
{
    struct archive_entry *entry = archive_entry_clear(packing->entry);

    if (!set_kind(entry, member))
        return error_set(err, ERROR_INTERNAL, "a member of a kind that no archive gets");
    set_text(entry, archive_entry_set_pathname, member->name);
    archive_entry_set_perm(entry, (__LA_MODE_T)member->mode);
    archive_entry_set_uid(entry, member->uid);
    archive_entry_set_gid(entry, member->gid);
    set_text(entry, archive_entry_set_uname, member->owner);
    set_text(entry, archive_entry_set_gname, member->group);
    archive_entry_set_size(entry, (la_int64_t)member->size);
    archive_entry_set_mtime(entry, member->modified, (long)member->modified_ns);
    if (member->label.len > 0)
        archive_entry_xattr_add_entry(entry, LABEL, member->label.at, member->label.len);
    if (!set_acl(entry, member->acl, ARCHIVE_ENTRY_ACL_TYPE_ACCESS) ||
        !set_acl(entry, member->default_acl, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT))
        return error_set(err, ERROR_INTERNAL, "an access control list cannot be read");
    if (archive_write_header(packing->to, entry) < ARCHIVE_WARN) /* a name in no character set is a warning */
        return failed(packing->to, err);
    packing->missing = member->size;
    return true;
}

static bool put_data(struct packing *packing, struct view data, struct error *err)
{
    if (data.len > packing->missing)
        return error_set(err, ERROR_INTERNAL, "more content than the member was to have");
    packing->missing -= data.len;
    return archive_write_data(packing->to, data.at, data.len) == (la_ssize_t)data.len ? true : failed(packing->to, err);
}

/* *whole: nothing follows. */
static bool take(struct packing *packing, const struct wire_frame *frame, bool *whole, struct error *err)
{
    struct member member;

    if (frame->type == MEMBER_DATA)
        return put_data(packing, frame->fields, err);
    if (packing->missing > 0)
        return error_set(err, ERROR_INTERNAL, "less content than the member was to have");
    if (frame->type == MEMBER_HEAD && member_get(frame->fields, &member))
        return put_head(packing, &member, err);
    *whole = frame->type == MEMBER_END;
    return *whole ? true : error_set(err, ERROR_INTERNAL, "what comes from evercert cannot be read");
}

/* Takes all whole frames that are there; the rest stays in stream. */
static bool take_all(struct packing *packing, struct buf *stream, bool *whole, struct error *err)
{
    struct view rest = buf_view(stream);
    struct wire_frame frame;
    enum wire_step step = WIRE_MORE;

    while (!*whole && (step = wire_peek(rest, member_frame_max, &frame)) == WIRE_WHOLE) {
        TRY(take(packing, &frame, whole, err));
        rest.at += frame.size;
        rest.len -= frame.size;
    }
    if (step == WIRE_BROKEN)
        return error_set(err, ERROR_INTERNAL, "what comes from evercert cannot be read");
    memmove(stream->at, rest.at, rest.len);
    buf_cut(stream, rest.len);
    return true;
}

bool pack(struct error *err)
{
    AUTO(packing_close) struct packing packing = { 0 };
    AUTO(buf_clear) struct buf stream = BUF_SECRET(2 * MEMBER_MAX_FRAME);
    bool whole = false;

    TRY(begin(&packing, err));
    while (!whole) {
        char *room = buf_room(&stream, MEMBER_MAX_FRAME / 2);
        ssize_t got = room == NULL ? -1 : read(STDIN_FILENO, room, MEMBER_MAX_FRAME / 2);

        if (got <= 0)
            return error_set(err, ERROR_INTERNAL, "evercert has gone before the archive was whole");
        buf_grow(&stream, (size_t)got);
        TRY(take_all(&packing, &stream, &whole, err));
    }
    return archive_write_close(packing.to) == ARCHIVE_OK ? true : failed(packing.to, err);
}
