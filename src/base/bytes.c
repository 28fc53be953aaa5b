#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define BUF_FIRST 64 /* bytes of the first allocation */

bool view_is(struct view view, const char *text)
{
    return view_equal(view, view_of(text));
}

bool view_starts(struct view view, const char *prefix)
{
    struct view start = view_of(prefix);

    if (view.len < start.len)
        return false;
    view.len = start.len;
    return view_equal(view, start);
}

uint64_t view_hash(struct view view, uint64_t start)
{
    for (size_t i = 0; i < view.len; i++)
        start = (start ^ (unsigned char)view.at[i]) * 0x100000001b3;
    return start;
}

uint64_t view_hash_quick(struct view view, uint64_t start)
{
    const uint64_t odd = 0x9e3779b97f4a7c15;
    uint64_t hash = (start ^ view.len) * odd, word = 0;
    size_t at = 0;

    for (; view.len - at >= sizeof word; at += sizeof word) {
        memcpy(&word, view.at + at, sizeof word);
        hash = (hash ^ word) * odd;
        hash ^= hash >> 32; /* what a multiplication makes of high bits stays high, and tables use the low ones */
    }
    word = 0;
    if (at < view.len)
        memcpy(&word, view.at + at, view.len - at);
    hash = (hash ^ word) * odd;
    return hash ^ hash >> 29;
}

bool view_equal(struct view a, struct view b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool view_has(struct view view, char byte)
{
    return view.len > 0 && memchr(view.at, byte, view.len) != NULL;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct view view_trim(struct view view)
{
    while (view.len > 0 && is_space(view.at[0])) {
        view.at++;
        view.len--;
    }
    while (view.len > 0 && is_space(view.at[view.len - 1]))
        view.len--;
    return view;
}

bool view_cut(struct view *rest, char byte, struct view *part)
{
    const char *found;

    if (rest->at == NULL)
        return false;
    found = rest->len > 0 ? memchr(rest->at, byte, rest->len) : NULL;
    if (found == NULL) {
        *part = *rest;
        *rest = (struct view){ NULL, 0 };
        return true;
    }
    *part = (struct view){ rest->at, (size_t)(found - rest->at) };
    rest->at += part->len + 1;
    rest->len -= part->len + 1;
    return true;
}

char *view_dup(struct view view)
{
    return view.len > 0 ? xstrndup(view.at, view.len) : xstrdup("");
}

bool view_to_number(struct view view, uint64_t min, uint64_t max, uint64_t *out)
{
    uint64_t number = 0;

    if (view.len == 0)
        return false;
    for (size_t i = 0; i < view.len; i++) {
        unsigned digit = (unsigned char)view.at[i] - (unsigned)'0';

        if (digit > 9 || number > (UINT64_MAX - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    if (number < min || number > max)
        return false;
    *out = number;
    return true;
}

static void give_up(struct buf *buf)
{
    if (buf->secret)
        wipe(buf->at, buf->size);
    free(buf->at);
}

/* The memory holds size bytes, one of them for the NUL. realloc would leave a secret behind where it lay. */
static void resize(struct buf *buf, size_t size)
{
    char *at;

    if (!buf->secret) {
        buf->at = xrealloc(buf->at, size, 1);
    } else {
        at = xcalloc(size, 1);
        if (buf->len > 0)
            memcpy(at, buf->at, buf->len);
        give_up(buf);
        buf->at = at;
    }
    buf->size = size;
}

char *buf_room(struct buf *buf, size_t len)
{
    size_t need, size;

    if (buf->failed || len > buf->max - buf->len || len == SIZE_MAX - buf->len) {
        buf->failed = true;
        return NULL;
    }
    need = buf->len + len + 1;
    if (need > buf->size) {
        size = buf->size > 0 ? buf->size : BUF_FIRST;
        while (size < need)
            size = size > SIZE_MAX / 2 ? need : size * 2;
        if (size > buf->max && buf->max < SIZE_MAX)
            size = buf->max + 1; /* need is not more than that */
        resize(buf, size);
        buf->at[buf->len] = '\0';
    }
    return buf->at + buf->len;
}

void buf_grow(struct buf *buf, size_t len)
{
    if (buf->failed)
        return;
    buf->len += len;
    buf->at[buf->len] = '\0';
}

void buf_put(struct buf *buf, struct view bytes)
{
    char *to = buf_room(buf, bytes.len);

    if (to == NULL)
        return;
    if (bytes.len > 0)
        memcpy(to, bytes.at, bytes.len);
    buf_grow(buf, bytes.len);
}

void buf_put_text(struct buf *buf, const char *text)
{
    buf_put(buf, view_of(text));
}

void buf_put_char(struct buf *buf, char byte)
{
    buf_put(buf, (struct view){ &byte, 1 });
}

void buf_putf(struct buf *buf, const char *format, ...)
{
    size_t room = buf->failed || buf->at == NULL ? 0 : buf->size - buf->len;
    va_list args;
    char *to;
    int len;

    va_start(args, format);
    len = vsnprintf(room > 0 ? buf->at + buf->len : NULL, room, format, args); /* mostly it fits */
    va_end(args);
    if (len < 0) {
        buf->failed = true;
        return;
    }
    if ((size_t)len < room) {
        buf->len += (size_t)len;
        return;
    }
    if (room > 0)
        buf->at[buf->len] = '\0';
    to = buf_room(buf, (size_t)len);
    if (to == NULL)
        return;
    va_start(args, format);
    (void)vsnprintf(to, (size_t)len + 1, format, args);
    va_end(args);
    buf_grow(buf, (size_t)len);
}

void buf_cut(struct buf *buf, size_t len)
{
    if (len >= buf->len)
        return;
    if (buf->secret)
        wipe(buf->at + len, buf->len - len);
    buf->len = len;
    buf->at[len] = '\0';
}

void buf_clear(struct buf *buf)
{
    give_up(buf);
    *buf = (struct buf){ .max = buf->max, .secret = buf->secret };
}

struct view buf_view(const struct buf *buf)
{
    return (struct view){ buf_text(buf), buf->len };
}

const char *buf_text(const struct buf *buf)
{
    return buf->at != NULL ? buf->at : "";
}

char *buf_take(struct buf *buf)
{
    char *text = buf->at != NULL ? buf->at : xstrdup("");

    *buf = (struct buf){ .max = buf->max, .secret = buf->secret };
    return text;
}

static void list_own(struct list *list, char *text)
{
    if ((list->len & (list->len - 1)) == 0) /* full at each power of two: no size to keep */
        list->at = xrealloc(list->at, list->len > 0 ? list->len * 2 : 1, sizeof *list->at);
    list->at[list->len++] = text;
}

void list_add(struct list *list, const char *text)
{
    list_own(list, xstrdup(text));
}

void list_add_view(struct list *list, struct view text)
{
    list_own(list, view_dup(text));
}

void list_add_all(struct list *list, const struct list *more)
{
    size_t len = more->len; /* more may be list itself */

    for (size_t i = 0; i < len; i++)
        list_add(list, more->at[i]);
}

bool list_has(const struct list *list, const char *text)
{
    for (size_t i = 0; i < list->len; i++)
        if (strcmp(list->at[i], text) == 0)
            return true;
    return false;
}

bool list_equal(const struct list *a, const struct list *b)
{
    if (a->len != b->len)
        return false;
    for (size_t i = 0; i < a->len; i++)
        if (strcmp(a->at[i], b->at[i]) != 0)
            return false;
    return true;
}

bool list_same_set(const struct list *a, const struct list *b)
{
    return list_is_subset(a, b) && list_is_subset(b, a);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

bool list_is_subset(const struct list *a, const struct list *b)
{
    AUTO(free) char **sorted = NULL; /* borrows b's strings; a certificate may have thousands of names */

    if (a->len == 0)
        return true;
    if (b->len == 0)
        return false;
    sorted = xcalloc(b->len, sizeof *sorted);
    memcpy(sorted, b->at, b->len * sizeof *sorted);
    qsort(sorted, b->len, sizeof *sorted, compare);
    for (size_t i = 0; i < a->len; i++)
        if (bsearch(&a->at[i], sorted, b->len, sizeof *sorted, compare) == NULL)
            return false;
    return true;
}

void list_remove(struct list *list, size_t index)
{
    if (index >= list->len)
        return;
    free(list->at[index]);
    list->len--;
    memmove(list->at + index, list->at + index + 1, (list->len - index) * sizeof *list->at);
}

void list_sort(struct list *list)
{
    if (list->len > 1)
        qsort(list->at, list->len, sizeof *list->at, compare);
}

struct list list_dup(const struct list *list)
{
    struct list copy = { 0 };

    list_add_all(&copy, list);
    return copy;
}

char *list_join(const struct list *list, const char *between)
{
    AUTO(buf_clear) struct buf all = BUF(SIZE_MAX);

    for (size_t i = 0; i < list->len; i++) {
        if (i > 0)
            buf_put_text(&all, between);
        buf_put_text(&all, list->at[i]);
    }
    return buf_take(&all);
}

void list_clear(struct list *list)
{
    for (size_t i = 0; i < list->len; i++)
        free(list->at[i]);
    free(list->at);
    *list = (struct list){ 0 };
}
