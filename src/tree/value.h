#pragma once
/*
 * Values: what descriptions, replies and bodies consist of, whatever they are written in. A tree that can be changed.
 *
 * Knows JSON as one way to read and write it; XML is in tree/xml.h, forms and lines in tree/reply.h. All memory is
 * wiped when it is given up, since replies hold tokens.
 */
#include "base/bytes.h"
#include "json/doc.h"

enum value_type { VALUE_NULL, VALUE_FALSE, VALUE_TRUE, VALUE_NUMBER, VALUE_TEXT, VALUE_LIST, VALUE_OBJECT };

struct value { /* all zero: null */
    enum value_type type;
    char *key;        /* of a member of an object; else NULL */
    char *text;       /* of a text; of a number its digits */
    struct value *at; /* elements of a list, members of an object */
    size_t len, size;
};

void value_clear(struct value *value);    /* the key stays */
void value_free_all(struct value *value); /* the key, too */
static inline void value_clear_at(struct value *value)
{
    value_free_all(value);
}

/* These overwrite what was there; the key stays. */
void value_set_text(struct value *to, struct view text);
void value_set_number(struct value *to, int64_t number);
void value_set_bool(struct value *to, bool is);
void value_set_list(struct value *to);
void value_set_object(struct value *to);
void value_copy(struct value *to, const struct value *from); /* from may be a part of to */

/* A new element of a list, null; pointers to others are void then. */
struct value *value_add(struct value *list) __attribute__((returns_nonnull));
/* The member of that name, a new one when there is none; pointers to others are void then. */
struct value *value_member_for(struct value *object, const char *key) __attribute__((returns_nonnull));
void value_remove(struct value *from, size_t index);

const struct value *value_member(const struct value *object, const char *key); /* NULL: none, or null */
/* Text of a text, number or truth; NULL for anything else, and of NULL. */
const char *value_text(const struct value *value);
/* Text of a member, NULL when it has none. */
const char *value_member_text(const struct value *object, const char *key);
bool value_is_list(const struct value *value);
bool value_is_object(const struct value *value);
bool value_is_set(const struct value *value); /* neither NULL nor null nor an empty text */
bool value_truth(const struct value *value);  /* false: not set, false, "0", "no", "false" */
MUST_USE bool value_number(const struct value *value, int64_t *out);
bool value_equal(const struct value *a, const struct value *b);

/* What stands at a path ("zones.0.name", "-1" the last element, "*" the first one in which the rest is found), NULL:
 * nothing. "" and "." are the value itself. A number in front of what is no list means the first of one. */
const struct value *value_walk(const struct value *from, const char *path);
/* The place of what value_walk has found in a tree that may be changed. */
struct value *value_walk_to(struct value *from, const char *path);

/*
 * How services write the same thing: double quotes around, a final dot and, for a name, the case of letters do not
 * count. A text that is a list of quoted parts ("abc" "def") is one text.
 */
bool value_same_text(const char *a, const char *b);

/* JSON. ERROR_CONFIG as doc_read; *out must be zero or cleared. */
MUST_USE bool value_read_json(struct view text, const char *name, struct value *out, struct error *err);
void value_put_json(const struct value *value, struct buf *to);
