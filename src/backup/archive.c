#include "backup/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "backup/acl_text.h"
#include "backup/archiver.h"
#include "backup/pairs.h"
#include "backup/tree.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

#define PIECE (64 * 1024)
#define SEAL_LOOK 32 /* bytes that show whether a file is encrypted */

/* Nobody's archive may fill the disk: what comes out of it is bounded by its size, and absolutely. Text is seldom
 * compressed to less than a twentieth, and a small file costs an archive some sixty bytes; a file of zeros costs next
 * to nothing, so that some are granted anyway. */
#define RATIO 200
#define BYTES_ALWAYS ((uint64_t)1 << 30)
#define BYTES_MAX ((uint64_t)64 << 30)
#define MEMBERS_ALWAYS 10000
#define MEMBERS_MAX 4000000
#define MEMBER_LEAST 8 /* bytes of the archive for each further member */

struct reading {
    const char *path;
    int fd;
    uint64_t size;         /* of the archive */
    struct unseal *unseal; /* NULL: it is not encrypted */
    struct buf *to;        /* where the unsealed bytes go, during one call */
    bool at_end;           /* all of the file was read */
    struct archiver *archiver;

    struct owners *owners;
    struct tree *tree;   /* NULL: only looked at */
    struct pairs *pairs; /* NULL: not looked at */
    const struct archive_pairs *seen;

    bool inside; /* a member has begun */
    struct buf frame, acl, default_acl;
    struct member member; /* its views are those of the three */
    uint64_t missing;     /* bytes of it that are still to come */
    char *before;         /* the member before, for messages; NULL: it is the first */
    struct hash *hash;

    uint64_t weight; /* of all members so far */

    FILE *facts; /* lines as the manifest has them, of what is in the archive; then read again */
    struct buf line;
    struct manifest_reader *manifest; /* NULL: it has not begun */
    bool manifest_ended;
    struct archive_found found;
};

static uint64_t weight_max(uint64_t size)
{
    return size > (BYTES_MAX - BYTES_ALWAYS) / RATIO ? BYTES_MAX : BYTES_ALWAYS + size * RATIO;
}

static uint64_t members_max(uint64_t size)
{
    return size / MEMBER_LEAST > MEMBERS_MAX - MEMBERS_ALWAYS ? MEMBERS_MAX : MEMBERS_ALWAYS + size / MEMBER_LEAST;
}

bool archive_is_in_proportion(uint64_t size, uint64_t members, uint64_t weight)
{
    return members <= members_max(size) && weight <= weight_max(size);
}

void archive_found_clear(struct archive_found *found)
{
    manifest_clear(&found->manifest);
    list_clear(&found->strangers);
    list_clear(&found->unfit);
    *found = (struct archive_found){ 0 };
}

static void reading_free(struct reading *reading)
{
    close_at(&reading->fd);
    if (reading->unseal != NULL)
        unseal_free(reading->unseal);
    if (reading->archiver != NULL)
        archiver_free(reading->archiver);
    if (reading->tree != NULL)
        tree_free(reading->tree);
    if (reading->pairs != NULL)
        pairs_free(reading->pairs);
    if (reading->owners != NULL)
        owners_free(reading->owners);
    if (reading->hash != NULL)
        hash_free(reading->hash);
    if (reading->manifest != NULL)
        manifest_reader_free(reading->manifest);
    fclose_at(&reading->facts);
    buf_clear(&reading->frame);
    buf_clear(&reading->acl);
    buf_clear(&reading->default_acl);
    buf_clear(&reading->line);
    free(reading->before);
    archive_found_clear(&reading->found);
    free(reading);
}
DEFINE_AUTO(struct reading, reading_free)

/* ---- the file ---- */

static bool take_plain(void *context, struct view bytes, struct error *err)
{
    struct reading *reading = context;

    buf_put(reading->to, bytes);
    return !reading->to->failed || error_set(err, ERROR_INTERNAL, "more was unsealed at once than there is room for");
}

/* The next bytes of the archive, unsealed. */
static bool more(void *context, struct buf *to, bool *end, struct error *err)
{
    struct reading *reading = context;
    AUTO(buf_clear) struct buf piece = BUF(PIECE);
    ssize_t got = read(reading->fd, buf_room(&piece, PIECE), PIECE);

    if (got < 0)
        return file_error(err, "read", reading->path);
    buf_grow(&piece, (size_t)got);
    *end = reading->at_end = got == 0;
    reading->to = to;
    if (reading->unseal == NULL) {
        buf_put(to, buf_view(&piece));
        return true;
    }
    return *end ? unseal_end(reading->unseal, err) : unseal_put(reading->unseal, buf_view(&piece), err);
}

static bool begin_unseal(struct reading *reading, const struct unseal_by *by, struct error *err)
{
    char start[SEAL_LOOK];
    ssize_t got = pread(reading->fd, start, sizeof start, 0);

    if (got < 0)
        return file_error(err, "read", reading->path);
    if (!seal_is((struct view){ start, (size_t)got }))
        return true;
    if (by == NULL || (by->passphrase.len == 0 && by->keys_len == 0)) {
        (void)error_set(err, ERROR_CONFIG, "%s is encrypted", reading->path);
        return error_next(err, "say what opens it: --backup-passphrase-file FILE or --backup-key KEY.pem");
    }
    return unseal_new(by, (struct seal_sink){ take_plain, reading }, &reading->unseal, err);
}

static bool open_file(struct reading *reading, const struct unseal_by *by, struct error *err)
{
    struct stat st;

    reading->fd = open(reading->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (reading->fd < 0 || fstat(reading->fd, &st) != 0)
        return file_error(err, "open", reading->path);
    if (!S_ISREG(st.st_mode))
        return error_set(err, ERROR_STORE, "%s is no file", reading->path);
    reading->size = (uint64_t)st.st_size;
    return begin_unseal(reading, by, err);
}

static bool begin(struct reading *reading, const struct unseal_by *by, const char *dir, struct error *err)
{
    reading->frame = BUF(MEMBER_MAX_FRAME);
    reading->acl = BUF(MEMBER_MAX_ACL);
    reading->default_acl = BUF(MEMBER_MAX_ACL);
    reading->line = BUF(MANIFEST_LINE_MAX);
    reading->owners = owners_new();
    TRY(hash_new(&reading->hash, err));
    TRY(open_file(reading, by, err));
    reading->facts = tmpfile();
    if (reading->facts == NULL)
        return error_errno(err, ERROR_STORE, "cannot make a temporary file for the comparison");
    if (dir != NULL)
        TRY(tree_open(dir, reading->owners, &reading->tree, err));
    else
        reading->pairs = pairs_new(reading->seen);
    return archiver_start(ARCHIVER_UNPACKS, &reading->archiver, err);
}

/* ---- the manifest ---- */

/* The next line of what is in the archive; false without an error at the end of them. */
static bool next_fact(struct reading *reading, struct error *err)
{
    int byte;

    buf_cut(&reading->line, 0);
    while ((byte = getc(reading->facts)) != EOF && byte != '\n')
        buf_put_char(&reading->line, (char)byte);
    if (ferror(reading->facts) || reading->line.failed)
        return error_errno(err, ERROR_STORE, "cannot read what was found in the archive");
    return byte != EOF;
}

/* Whose fact it is, for messages; of the caller's. */
static char *path_in(struct view line)
{
    static const char before[] = "{\"path\":";
    struct view rest = line, quoted = { "", 0 };

    if (view_starts(line, before))
        rest = (struct view){ line.at + strlen(before), line.len - strlen(before) };
    for (size_t i = 1; i < rest.len && quoted.len == 0; i++)
        if (rest.at[i] == '"' && rest.at[i - 1] != '\\')
            quoted = (struct view){ rest.at + 1, i - 1 };
    return text_printable_dup(quoted, MEMBER_MAX_NAME, false);
}

static bool compare(void *context, struct view line, struct error *err)
{
    struct reading *reading = context;
    AUTO(free) char *path = path_in(line);
    AUTO(free) char *difference = NULL;

    if (!next_fact(reading, err))
        return err->kind == ERROR_NONE
                   ? error_set(err, ERROR_STORE, "%s stands in " MANIFEST_NAME ", but not in the archive", path)
                   : false;
    if (view_equal(line, buf_view(&reading->line)))
        return true;
    difference = manifest_difference(line, buf_view(&reading->line));
    return error_set(err, ERROR_STORE, "%s: %s", path, difference);
}

static bool begin_manifest(struct reading *reading, struct error *err)
{
    if (reading->member.type != MEMBER_FILE)
        return error_set(err, ERROR_STORE, MANIFEST_NAME " is no file");
    if (fflush(reading->facts) != 0 || fseek(reading->facts, 0, SEEK_SET) != 0)
        return error_errno(err, ERROR_STORE, "cannot keep what was found in the archive");
    return manifest_reader_new(compare, reading, &reading->manifest, err);
}

static bool end_manifest(struct reading *reading, struct error *err)
{
    TRY(manifest_reader_end(reading->manifest, &reading->found.manifest, err));
    reading->manifest_ended = true;
    reading->found.has_manifest = true;
    if (next_fact(reading, err)) {
        AUTO(free) char *path = path_in(buf_view(&reading->line));

        return error_set(err, ERROR_STORE, "%s stands in the archive, but not in " MANIFEST_NAME, path);
    }
    return err->kind == ERROR_NONE;
}

/* ---- members ---- */

static char *shown(const struct reading *reading)
{
    return text_printable_dup(reading->member.name, MEMBER_MAX_NAME, false);
}

static bool refuse(const struct reading *reading, const char *why, struct error *err)
{
    AUTO(free) char *name = shown(reading);

    return error_set(err, ERROR_STORE, "the archive has %s, %s", name, why);
}

/* Archives of "." have "./" in front of each name. */
static struct view strip(struct view name)
{
    while (view_starts(name, "./"))
        name = (struct view){ name.at + 2, name.len - 2 };
    return name;
}

static bool canonical_acls(struct reading *reading, struct error *err)
{
    struct member *member = &reading->member;

    buf_cut(&reading->acl, 0);
    buf_cut(&reading->default_acl, 0);
    if (!acl_text_canonical(member->acl, &reading->acl, err) ||
        !acl_text_canonical(member->default_acl, &reading->default_acl, err)) {
        AUTO(free) char *name = shown(reading);

        return error_in(err, "%s", name);
    }
    member->acl = buf_view(&reading->acl);
    member->default_acl = buf_view(&reading->default_acl);
    return true;
}

/* What no archive of ours has, nor any other that belongs into a store. */
static bool check_member(const struct reading *reading, struct error *err)
{
    const struct member *member = &reading->member;
    const struct archive_found *found = &reading->found;

    if (reading->manifest_ended)
        return refuse(reading, "which stands behind the manifest, its last member", err);
    if (!tree_name_is_safe(member->name))
        return refuse(reading, "a name that leads out of it", err);
    if (member->type == MEMBER_OTHER)
        return refuse(reading, "which is neither a file nor a directory nor a link", err);
    if ((member->mode & 04000) != 0 || (member->type == MEMBER_FILE && (member->mode & 02000) != 0))
        return refuse(reading, "which has a set-id bit: it would run with another's rights", err);
    if (member->type == MEMBER_SECOND && !tree_name_is_safe(member->target))
        return refuse(reading, "a second name of something outside of it", err);
    if (member_weight(member) > weight_max(reading->size) - reading->weight)
        return refuse(reading, "with which it is larger than any archive of its size that is made of a store", err);
    if (found->members >= members_max(reading->size))
        return refuse(
            reading, "with which it has more members than any archive of its size that is made of a store", err);
    return true;
}

static bool keep_member(struct reading *reading, struct view fields, struct error *err)
{
    buf_cut(&reading->frame, 0);
    buf_put(&reading->frame, fields);
    if (!member_get(buf_view(&reading->frame), &reading->member))
        return error_set(err, ERROR_STORE, "what evercert-archive says of a member cannot be read");
    reading->member.name = strip(reading->member.name);
    if (reading->member.type == MEMBER_SECOND)
        reading->member.target = strip(reading->member.target);
    return canonical_acls(reading, err);
}

static bool begin_member(struct reading *reading, struct view fields, struct error *err)
{
    TRY(keep_member(reading, fields, err));
    if (view_is(reading->member.name, "") || view_is(reading->member.name, "."))
        return true; /* the top of an archive of "." */
    TRY(check_member(reading, err));
    reading->weight += member_weight(&reading->member);
    reading->inside = true;
    reading->missing = reading->member.size;
    if (view_is(reading->member.name, MANIFEST_NAME))
        TRY(begin_manifest(reading, err));
    else
        reading->found.members++;
    if (reading->pairs != NULL && reading->member.type == MEMBER_FILE)
        (void)pairs_begin(reading->pairs, reading->member.name);
    return reading->tree == NULL || tree_begin(reading->tree, &reading->member, err);
}

static bool take_data(struct reading *reading, struct view bytes, struct error *err)
{
    if (bytes.len > reading->missing)
        return error_set(err, ERROR_STORE, "evercert-archive gives more content than a member has");
    reading->missing -= bytes.len;
    if (reading->manifest != NULL) {
        TRY(manifest_reader_put(reading->manifest, bytes, err));
    } else {
        reading->found.bytes += bytes.len;
        TRY(hash_put(reading->hash, bytes, err));
    }
    if (reading->pairs != NULL)
        pairs_data(reading->pairs, bytes);
    return reading->tree == NULL || tree_data(reading->tree, bytes, err);
}

static bool note_fact(struct reading *reading, struct error *err)
{
    char sha256[HASH_HEX_SIZE];

    TRY(hash_end(reading->hash, sha256, err));
    buf_cut(&reading->line, 0);
    manifest_put_entry(&reading->line, &reading->member, sha256);
    buf_put_char(&reading->line, '\n');
    if (reading->line.failed)
        return error_set(err, ERROR_STORE, "a member with too much that is to be said of it");
    return fwrite(reading->line.at, reading->line.len, 1, reading->facts) == 1 ||
           error_errno(err, ERROR_STORE, "cannot keep what was found in the archive");
}

static bool end_member(struct reading *reading, struct error *err)
{
    if (!reading->inside)
        return true;
    reading->inside = false;
    if (reading->missing > 0)
        return refuse(reading, "whose content is not all there", err);
    free(reading->before);
    reading->before = shown(reading);
    TRY(reading->manifest != NULL ? end_manifest(reading, err) : note_fact(reading, err));
    if (reading->pairs != NULL && reading->member.type == MEMBER_FILE)
        pairs_end(reading->pairs, &reading->found.unfit);
    return reading->tree == NULL || tree_end(reading->tree, err);
}

/* ---- all of it ---- */

static bool damaged(const struct reading *reading, struct view why, struct error *err)
{
    AUTO(free) char *reason = text_printable_dup(why, MEMBER_MAX_FAILURE, false);
    AUTO(free) char *name = shown(reading);

    if (reading->inside)
        return error_set(err, ERROR_STORE, "the archive is damaged in %s, at byte %llu of %llu: %s", name,
            (unsigned long long)(reading->member.size - reading->missing), (unsigned long long)reading->member.size,
            reason);
    if (reading->before != NULL)
        return error_set(err, ERROR_STORE, "the archive is damaged behind %s: %s", reading->before, reason);
    return error_set(err, ERROR_STORE, "the archive is damaged, or is none: %s", reason);
}

static bool take(struct reading *reading, const struct wire_frame *frame, bool *ended, struct error *err)
{
    if (frame->type == MEMBER_DATA)
        return take_data(reading, frame->fields, err);
    if (frame->type == MEMBER_FAILED)
        return damaged(reading, frame->fields, err);
    TRY(end_member(reading, err));
    *ended = frame->type == MEMBER_END;
    return *ended || begin_member(reading, frame->fields, err);
}

static bool read_all(struct reading *reading, struct error *err)
{
    struct archiver_source source = { more, reading };
    struct wire_frame frame;
    bool ended = false;

    while (!ended) {
        TRY(archiver_next(reading->archiver, source, &frame, err));
        TRY(take(reading, &frame, &ended, err));
    }
    return reading->at_end || error_set(err, ERROR_STORE, "evercert-archive did not read the archive to its end");
}

static bool read_archive(const char *path, const struct unseal_by *by, const char *dir,
    const struct archive_pairs *seen, struct archive_found *out, struct error *err)
{
    AUTO(reading_free) struct reading *reading = xcalloc(1, sizeof *reading);

    reading->path = path;
    reading->seen = seen;
    reading->fd = -1;
    if (!begin(reading, by, dir, err) || !read_all(reading, err) ||
        (reading->tree != NULL && !tree_finish(reading->tree, err)))
        return error_in(err, "%s", path);
    if (reading->pairs != NULL)
        reading->found.uncompared = pairs_uncompared(reading->pairs);
    list_add_all(&reading->found.strangers, owners_missing(reading->owners));
    *out = reading->found;
    reading->found = (struct archive_found){ 0 };
    return true;
}

bool archive_check(const char *path, const struct unseal_by *by, const struct archive_pairs *seen,
    struct archive_found *out, struct error *err)
{
    return read_archive(path, by, NULL, seen, out, err);
}

bool archive_unpack(
    const char *path, const struct unseal_by *by, const char *dir, struct archive_found *out, struct error *err)
{
    return read_archive(path, by, dir, NULL, out, err);
}
