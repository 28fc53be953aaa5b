#include "backup/acl_text.h"

#include <string.h>

/* An entry with its name; "" where it has none. */
struct named {
    struct acl_entry entry;
    struct view name;
};

struct named_list {
    size_t len;
    struct named at[ACL_MAX];
};

static const struct {
    const char *word;
    uint16_t tag, with_id; /* without a name, and with one; 0: it never has one */
} tags[] = {
    { "user", ACL_OWNER, ACL_USER },
    { "group", ACL_OWNING_GROUP, ACL_GROUP },
    { "mask", ACL_MASK, 0 },
    { "other", ACL_OTHER, 0 },
};

/* "rwx", each a "-" where it is not given. */
static bool read_perm(struct view text, uint16_t *out)
{
    static const char letters[] = "rwx";

    *out = 0;
    if (text.len != 3)
        return false;
    for (size_t i = 0; i < 3; i++) {
        if (text.at[i] != letters[i] && text.at[i] != '-')
            return false;
        *out = (uint16_t)(*out << 1 | (text.at[i] != '-'));
    }
    return true;
}

/* The number behind the permissions, or the name where that is one. */
static bool read_id(struct view *name, struct view behind, uint32_t *out)
{
    uint64_t number;

    if (view_to_number(*name, 0, UINT32_MAX - 1, &number)) {
        *name = view_of("");
        *out = (uint32_t)number;
        return true;
    }
    if (!view_to_number(behind, 0, UINT32_MAX - 1, &number))
        return false;
    *out = (uint32_t)number;
    return true;
}

static bool read_one(struct view text, struct named *out)
{
    struct view word, name, perm, behind = view_of("");

    if (!view_cut(&text, ':', &word) || !view_cut(&text, ':', &name) || !view_cut(&text, ':', &perm) ||
        !read_perm(perm, &out->entry.perm) || (text.at != NULL && !view_cut(&text, ':', &behind)) || text.at != NULL)
        return false;
    out->name = view_of("");
    out->entry.id = UINT32_MAX;
    for (size_t i = 0; i < COUNT(tags); i++) {
        if (!view_is(word, tags[i].word))
            continue;
        out->entry.tag = name.len == 0 ? tags[i].tag : tags[i].with_id;
        if (name.len == 0)
            return behind.len == 0;
        out->name = name;
        return tags[i].with_id != 0 && read_id(&out->name, behind, &out->entry.id);
    }
    return false;
}

static int by_tag_and_id(const void *a, const void *b)
{
    const struct acl_entry *one = &((const struct named *)a)->entry, *two = &((const struct named *)b)->entry;

    if (one->tag != two->tag)
        return one->tag < two->tag ? -1 : 1;
    return one->id == two->id ? 0 : one->id < two->id ? -1 : 1;
}

static bool read_all(struct view text, struct named_list *out, struct error *err)
{
    struct view one;

    out->len = 0;
    while (view_cut(&text, ',', &one)) {
        if (out->len == ACL_MAX || !read_one(one, &out->at[out->len]))
            return error_set(err, ERROR_STORE, "an access control list cannot be read");
        out->len++;
    }
    qsort(out->at, out->len, sizeof out->at[0], by_tag_and_id);
    return true;
}

static void put_one(const struct named *one, bool first, struct buf *out)
{
    const struct acl_entry *entry = &one->entry;

    for (size_t i = 0; i < COUNT(tags); i++)
        if (entry->tag == tags[i].tag || (entry->tag == tags[i].with_id && entry->tag != 0))
            buf_putf(out, "%s%s:", first ? "" : ",", tags[i].word);
    buf_put(out, one->name);
    if (entry->id != UINT32_MAX && one->name.len == 0)
        buf_putf(out, "%u", entry->id);
    buf_putf(out, ":%c%c%c", (entry->perm & 4) != 0 ? 'r' : '-', (entry->perm & 2) != 0 ? 'w' : '-',
        (entry->perm & 1) != 0 ? 'x' : '-');
    if (entry->id != UINT32_MAX)
        buf_putf(out, ":%u", entry->id);
}

void acl_text_put(const struct acl *acl, struct owners *owners, struct buf *out)
{
    for (size_t i = 0; i < acl->len; i++) {
        struct named one = { .entry = acl->at[i], .name = view_of("") };

        if (one.entry.tag == ACL_USER || one.entry.tag == ACL_GROUP)
            one.name = view_of(owners_name(owners, one.entry.tag == ACL_USER ? OWNER_USER : OWNER_GROUP, one.entry.id));
        else
            one.entry.id = UINT32_MAX;
        put_one(&one, i == 0, out);
    }
}

bool acl_text_canonical(struct view text, struct buf *out, struct error *err)
{
    struct named_list list;

    if (text.len == 0)
        return true;
    TRY(read_all(text, &list, err));
    for (size_t i = 0; i < list.len; i++)
        put_one(&list.at[i], i == 0, out);
    return !out->failed || error_set(err, ERROR_STORE, "an access control list is too long");
}

bool acl_text_read(struct view text, struct owners *owners, struct acl *out, struct error *err)
{
    struct named_list list;

    TRY(read_all(text, &list, err));
    for (size_t i = 0; i < list.len; i++) {
        struct acl_entry *entry = &list.at[i].entry;

        if (entry->tag == ACL_USER || entry->tag == ACL_GROUP)
            entry->id =
                owners_id(owners, entry->tag == ACL_USER ? OWNER_USER : OWNER_GROUP, list.at[i].name, entry->id);
    }
    qsort(list.at, list.len, sizeof list.at[0], by_tag_and_id);
    out->len = list.len;
    for (size_t i = 0; i < list.len; i++)
        out->at[i] = list.at[i].entry;
    return true;
}
