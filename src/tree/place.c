#include "tree/place.h"

#include <string.h>

#define DEPTH_MAX 64

static void skip_blank(const char **at, const char *end)
{
    while (*at < end && strchr(" \t\r\n", **at) != NULL)
        (*at)++;
}

/* Passes over a string, whose content without escapes resolved is *content. */
static void skip_string(const char **at, const char *end, struct view *content)
{
    const char *start = ++*at;

    while (*at < end && **at != '"')
        *at += **at == '\\' && *at + 1 < end ? 2 : 1;
    *content = (struct view){ start, (size_t)(*at - start) };
    if (*at < end)
        (*at)++;
}

static void skip_value(const char **at, const char *end)
{
    struct view content;
    int depth = 0;

    do {
        skip_blank(at, end);
        if (*at >= end)
            return;
        if (**at == '"') {
            skip_string(at, end, &content);
            continue;
        }
        if (**at == '{' || **at == '[')
            depth++;
        else if (**at == '}' || **at == ']')
            depth--;
        else if (depth == 0) {
            while (*at < end && strchr(",]} \t\r\n", **at) == NULL)
                (*at)++;
            return;
        }
        (*at)++;
    } while (depth > 0 && *at < end);
}

/* Goes from the start of an object or list to the value of that name or index. */
static bool enter(const char **at, const char *end, const char *name)
{
    bool is_object = *at < end && **at == '{';
    uint64_t index = 0, want;

    if (*at >= end || (**at != '{' && **at != '['))
        return false;
    if (!view_to_number(view_of(name), 0, UINT32_MAX, &want))
        want = UINT64_MAX;
    for ((*at)++;; (*at)++) {
        struct view key = { 0 };

        skip_blank(at, end);
        if (*at >= end || **at == '}' || **at == ']')
            return false;
        if (is_object) {
            skip_string(at, end, &key);
            skip_blank(at, end);
            if (*at < end)
                (*at)++; /* the colon */
            skip_blank(at, end);
        }
        if (is_object ? view_is(key, name) : index++ == want)
            return true;
        skip_value(at, end);
        skip_blank(at, end);
        if (*at >= end || **at != ',')
            return false;
    }
}

bool place_find(struct view text, const struct list *path, unsigned *line, unsigned *column)
{
    const char *at = text.at, *end = text.at + text.len;

    if (path->len > DEPTH_MAX)
        return false;
    skip_blank(&at, end);
    for (size_t i = 0; i < path->len; i++)
        if (!enter(&at, end, path->at[i]))
            return false;
    *line = *column = 1;
    for (const char *c = text.at; c < at && c < end; c++) {
        *column = *c == '\n' ? 1 : *column + 1;
        *line += *c == '\n';
    }
    return true;
}
