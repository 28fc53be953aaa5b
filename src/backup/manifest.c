#include "backup/manifest.h"

#include "base/mem.h"
#include "base/text.h"
#include "json/doc.h"
#include "json/out.h"

#define FORM 1 /* of the document: a reader refuses later ones */

static const char *const type_words[] = {
    [MEMBER_FILE] = "file",
    [MEMBER_DIR] = "directory",
    [MEMBER_LINK] = "link",
    [MEMBER_SECOND] = "second name",
    [MEMBER_OTHER] = "other",
};

void manifest_clear(struct manifest *manifest)
{
    free(manifest->host);
    free(manifest->by);
    free(manifest->reason);
    free(manifest->config_dir);
    list_clear(&manifest->lineages);
    list_clear(&manifest->unreadable);
    list_clear(&manifest->lacking);
    *manifest = (struct manifest){ 0 };
}

/* ---- writing ---- */

void manifest_put_first(struct buf *out, const struct manifest *manifest)
{
    struct out json = out_to(out);

    out_object(&json, NULL);
    out_number(&json, "evercert_backup", FORM);
    out_time(&json, "made", manifest->made);
    out_text(&json, "by", manifest->by);
    out_text(&json, "host", manifest->host);
    out_text(&json, "reason", manifest->reason);
    out_text(&json, "config_dir", manifest->config_dir);
    out_texts(&json, "lineages", &manifest->lineages);
    buf_put_text(out, ",\"entries\":[");
}

/* A name as text, and its bytes beside it where the text cannot hold them. */
static void put_name(struct out *json, const char *as, const char *as_bytes, struct view name)
{
    out_view(json, as, name);
    if (!text_is_utf8(name))
        out_base64url(json, as_bytes, name);
}

static void put_access(struct out *json, const struct member *member)
{
    char mode[8];

    (void)snprintf(mode, sizeof mode, "%04o", member->mode & 07777);
    out_text(json, "mode", mode);
    out_number(json, "uid", member->uid);
    out_number(json, "gid", member->gid);
    out_view(json, "owner", member->owner);
    out_view(json, "group", member->group);
    if (member->acl.len > 0)
        out_view(json, "acl", member->acl);
    if (member->default_acl.len > 0)
        out_view(json, "default_acl", member->default_acl);
    if (member->label.len > 0)
        out_view(json, "label", member->label);
    out_number(json, "modified", member->modified);
    out_number(json, "modified_ns", member->modified_ns);
}

void manifest_put_entry(struct buf *out, const struct member *member, const char *sha256)
{
    struct out json = out_to(out);

    out_object(&json, NULL);
    put_name(&json, "path", "path_bytes", member->name);
    out_text(&json, "type", type_words[member->type]);
    if (member->type == MEMBER_LINK || member->type == MEMBER_SECOND)
        put_name(&json, "target", "target_bytes", member->target);
    if (member->type != MEMBER_SECOND) /* whose file has all of this at its first name */
        put_access(&json, member);
    if (member->type == MEMBER_FILE) {
        out_number(&json, "size", (int64_t)member->size);
        out_text(&json, "sha256", sha256);
    }
    out_end(&json);
}

void manifest_put_last(struct buf *out, const struct manifest *manifest)
{
    struct out json = out_to(out);

    buf_put_text(out, "],\"unreadable\":");
    out_array(&json, NULL);
    for (size_t i = 0; i < manifest->unreadable.len; i++)
        out_text(&json, NULL, manifest->unreadable.at[i]);
    out_end(&json);
    buf_put_text(out, ",\"lacking\":");
    json = out_to(out);
    out_array(&json, NULL);
    for (size_t i = 0; i < manifest->lacking.len; i++)
        out_text(&json, NULL, manifest->lacking.at[i]);
    out_end(&json);
    buf_putf(out, ",\"unreadable_count\":%llu,\"count\":%llu", (unsigned long long)manifest->unreadable_count,
        (unsigned long long)manifest->entries);
}

#define DIGEST_BEGINS ",\"sha256\":\""

void manifest_put_digest(struct buf *out, const char *sha256)
{
    buf_putf(out, DIGEST_BEGINS "%s\"}", sha256);
}

/* ---- reading ---- */

struct manifest_reader {
    manifest_entry entry;
    void *context;
    struct hash *hash;
    struct buf line;
    enum { FIRST, ENTRIES, DONE } next;
    struct manifest found;
    uint64_t entries;
};

bool manifest_reader_new(manifest_entry entry, void *context, struct manifest_reader **out, struct error *err)
{
    AUTO(manifest_reader_free) struct manifest_reader *reader = xcalloc(1, sizeof *reader);

    reader->entry = entry;
    reader->context = context;
    reader->line = BUF(MANIFEST_LINE_MAX);
    TRY(hash_new(&reader->hash, err));
    *out = TAKE(reader);
    return true;
}

void manifest_reader_free(struct manifest_reader *reader)
{
    if (reader->hash != NULL)
        hash_free(reader->hash);
    buf_clear(&reader->line);
    manifest_clear(&reader->found);
    free(reader);
}

static bool is_none(struct error *err)
{
    return error_set(err, ERROR_STORE, MANIFEST_NAME " is not a manifest that this program has written");
}

/* "LINE" and what closes it, so that it is a document by itself. */
static bool read_as(struct view before, struct view line, struct view behind, struct doc **out, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(2 * MANIFEST_LINE_MAX);

    buf_put(&text, before);
    buf_put(&text, line);
    buf_put(&text, behind);
    return doc_read(buf_view(&text), MANIFEST_NAME, out, err) || error_as(err, ERROR_STORE);
}

static bool take_first(struct manifest_reader *reader, struct view line, struct error *err)
{
    AUTO(doc_free) struct doc *doc = NULL;
    struct manifest *found = &reader->found;
    const struct node *root;
    int64_t form;

    TRY(read_as(view_of(""), line, view_of("]}"), &doc, err));
    root = doc_root(doc);
    if (!node_number(node_member(root, "evercert_backup"), &form))
        return is_none(err);
    if (form != FORM) {
        (void)error_set(err, ERROR_STORE,
            "the backup has a manifest of the form %lld, which this version does not know", (long long)form);
        return error_next(err, "take a newer version of Evercert");
    }
    if (!node_get_time_or_zero(root, "made", &found->made, err) || !node_get_text(root, "by", &found->by, err) ||
        !node_get_text(root, "host", &found->host, err) ||
        !node_get_text_or_null(root, "reason", &found->reason, err) ||
        !node_get_text(root, "config_dir", &found->config_dir, err) ||
        !node_get_texts_or_none(root, "lineages", &found->lineages, err))
        return error_as(err, ERROR_STORE);
    reader->next = ENTRIES;
    return true;
}

/* The digest at its end is of all that stands before it. */
static bool check_digest(struct manifest_reader *reader, struct view line, struct error *err)
{
    const size_t tail = strlen(DIGEST_BEGINS) + (HASH_HEX_SIZE - 1) + strlen("\"}");
    char hex[HASH_HEX_SIZE];
    AUTO(buf_clear) struct buf expected = BUF(256);

    if (line.len < tail)
        return is_none(err);
    TRY(hash_put(reader->hash, (struct view){ line.at, line.len - tail }, err));
    TRY(hash_end(reader->hash, hex, err));
    manifest_put_digest(&expected, hex);
    if (view_equal(buf_view(&expected), (struct view){ line.at + line.len - tail, tail }))
        return true;
    return error_set(err, ERROR_STORE, MANIFEST_NAME " was changed after it was written: its own digest does not fit");
}

static bool take_last(struct manifest_reader *reader, struct view line, struct error *err)
{
    AUTO(doc_free) struct doc *doc = NULL;
    int64_t count, unreadable;
    const struct node *root;

    TRY(check_digest(reader, line, err));
    TRY(read_as(view_of("{\"entries\":["), line, view_of(""), &doc, err));
    root = doc_root(doc);
    if (!node_number(node_member(root, "count"), &count) ||
        !node_number(node_member(root, "unreadable_count"), &unreadable))
        return is_none(err);
    if (!node_get_texts_or_none(root, "unreadable", &reader->found.unreadable, err) ||
        !node_get_texts_or_none(root, "lacking", &reader->found.lacking, err))
        return error_as(err, ERROR_STORE);
    if (count < 0 || unreadable < 0 || (uint64_t)count != reader->entries)
        return error_set(err, ERROR_STORE, MANIFEST_NAME " has %llu entries, and says that it has %lld",
            (unsigned long long)reader->entries, (long long)count);
    reader->found.unreadable_count = (uint64_t)unreadable;
    reader->found.entries = reader->entries;
    reader->next = DONE;
    return true;
}

static bool take_line(struct manifest_reader *reader, struct error *err)
{
    struct view line = buf_view(&reader->line);
    bool last = view_starts(line, "]");

    if (reader->next == DONE)
        return error_set(err, ERROR_STORE, "something stands behind the end of " MANIFEST_NAME);
    if (reader->next == ENTRIES && last)
        return take_last(reader, line, err);
    TRY(hash_put(reader->hash, line, err));
    TRY(hash_put(reader->hash, view_of("\n"), err));
    if (reader->next == FIRST)
        return take_first(reader, line, err);
    if (line.len > 0 && line.at[line.len - 1] == ',')
        line.len--;
    reader->entries++;
    return reader->entry(reader->context, line, err);
}

bool manifest_reader_put(struct manifest_reader *reader, struct view bytes, struct error *err)
{
    while (bytes.len > 0) {
        const char *end = memchr(bytes.at, '\n', bytes.len);
        size_t len = end == NULL ? bytes.len : (size_t)(end - bytes.at);

        buf_put(&reader->line, (struct view){ bytes.at, len });
        if (reader->line.failed)
            return error_set(err, ERROR_STORE, MANIFEST_NAME " has a line of more than %d bytes", MANIFEST_LINE_MAX);
        if (end == NULL)
            return true;
        TRY(take_line(reader, err));
        buf_cut(&reader->line, 0);
        bytes = (struct view){ bytes.at + len + 1, bytes.len - len - 1 };
    }
    return true;
}

bool manifest_reader_end(struct manifest_reader *reader, struct manifest *out, struct error *err)
{
    if (reader->next != DONE || reader->line.len > 0)
        return error_set(err, ERROR_STORE, MANIFEST_NAME " was cut short");
    *out = reader->found;
    reader->found = (struct manifest){ 0 };
    return true;
}

/* ---- differences ---- */

/* The value as text, for people. */
static void put_value(struct buf *out, const struct node *node)
{
    if (node == NULL)
        buf_put_text(out, "nothing");
    else
        node_put(node, out);
}

char *manifest_difference(struct view expected, struct view found)
{
    AUTO(doc_free) struct doc *was = NULL;
    AUTO(doc_free) struct doc *is = NULL;
    AUTO(buf_clear) struct buf text = BUF(4 * MANIFEST_LINE_MAX);
    struct error none = { 0 };
    const struct node *value;
    const char *name;

    if (!doc_read(expected, MANIFEST_NAME, &was, &none) || !doc_read(found, MANIFEST_NAME, &is, &none))
        return xstrdup("a line of " MANIFEST_NAME " cannot be read");
    for (size_t i = 0; node_each(doc_root(was), i, &name, &value); i++) {
        AUTO(buf_clear) struct buf before = BUF(MANIFEST_LINE_MAX), now = BUF(MANIFEST_LINE_MAX);

        put_value(&before, value);
        put_value(&now, node_member(doc_root(is), name));
        if (view_equal(buf_view(&before), buf_view(&now)))
            continue;
        if (strcmp(name, "path") == 0)
            return xprintf("%s stands in the archive where the manifest has %s", buf_text(&now), buf_text(&before));
        if (strcmp(name, "sha256") == 0)
            return xstrdup("its content is not what was put into the backup");
        buf_putf(&text, "its %s is %s, and was %s", name, buf_text(&now), buf_text(&before));
        return buf_take(&text);
    }
    return xstrdup("it has something that the manifest does not say of it");
}
