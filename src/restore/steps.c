#include "restore/steps.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define HEAD "evercert restore 1"
#define END "end"

static void add(struct steps *steps, struct step step)
{
    if (steps->len == steps->room) {
        steps->room = steps->room == 0 ? 64 : steps->room * 2;
        steps->at = xrealloc(steps->at, steps->room, sizeof *steps->at);
    }
    steps->at[steps->len++] = step;
}

void steps_add(struct steps *steps, enum step_kind kind, const char *path)
{
    add(steps, (struct step){ .kind = kind, .path = xstrdup(path) });
}

void steps_add_removal(struct steps *steps, enum step_kind kind, const char *path)
{
    add(steps, (struct step){ .kind = kind, .path = xstrdup(path), .goes = true });
}

void steps_clear(struct steps *steps)
{
    for (size_t i = 0; i < steps->len; i++)
        free(steps->at[i].path);
    free(steps->at);
    *steps = (struct steps){ 0 };
}

static bool is_part(struct view part)
{
    if (part.len == 0 || view_is(part, ".") || view_is(part, ".."))
        return false;
    for (size_t i = 0; i < part.len; i++)
        if ((unsigned char)part.at[i] < ' ' || part.at[i] == 0x7f)
            return false;
    return true;
}

static bool is_path(struct view path, bool absolute)
{
    struct view part;

    if (absolute != view_starts(path, "/"))
        return false;
    if (absolute)
        path = (struct view){ path.at + 1, path.len - 1 };
    while (view_cut(&path, '/', &part))
        if (!is_part(part))
            return false;
    return true;
}

static bool is_kind(char byte)
{
    return byte == STEP_DIR || byte == STEP_FILE || byte == STEP_LIVE || byte == STEP_OUTSIDE;
}

static bool read_line(struct view line, struct steps *steps)
{
    AUTO(free) char *path = NULL;
    struct view rest;

    if (line.len < 3 || !is_kind(line.at[0]) || line.at[1] != ' ')
        return false;
    rest = (struct view){ line.at + 2, line.len - 2 };
    if (!is_path(rest, line.at[0] == STEP_OUTSIDE))
        return false;
    path = view_dup(rest);
    steps_add(steps, (enum step_kind)line.at[0], path);
    return true;
}

bool steps_read(struct view text, struct steps *out, struct error *err)
{
    AUTO(steps_clear) struct steps steps = { 0 };
    struct view line = { 0 };
    bool ended = false;

    if (!view_cut(&text, '\n', &line) || !view_is(line, HEAD))
        return error_set(err, ERROR_STORE, "it is no journal of a restore that this version knows");
    while (!ended && view_cut(&text, '\n', &line)) {
        ended = view_is(line, END);
        if (!ended && !read_line(line, &steps))
            return error_set(err, ERROR_STORE, "line %zu of the journal is none of a restore", steps.len + 2);
    }
    if (!ended)
        return error_set(err, ERROR_STORE, "the journal has no end");
    *out = steps;
    steps = (struct steps){ 0 };
    return true;
}

/* A name with a line feed would be read as other steps than those that were planned. */
static bool is_same(const struct steps *a, const struct steps *b)
{
    bool same = a->len == b->len;

    for (size_t i = 0; i < a->len && same; i++)
        same = a->at[i].kind == b->at[i].kind && strcmp(a->at[i].path, b->at[i].path) == 0;
    return same;
}

bool steps_write(const struct steps *steps, struct buf *out, struct error *err)
{
    AUTO(steps_clear) struct steps again = { 0 };

    buf_put_text(out, HEAD "\n");
    for (size_t i = 0; i < steps->len; i++)
        buf_putf(out, "%c %s\n", (char)steps->at[i].kind, steps->at[i].path);
    buf_put_text(out, END "\n");
    if (out->failed) {
        (void)error_set(err, ERROR_STORE, "there are more files to restore than one step can hold");
        return error_next(err, "restore certificates in groups, with --cert-name NAME for each");
    }
    TRY(steps_read(buf_view(out), &again, err));
    return is_same(steps, &again) || error_set(err, ERROR_STORE, "the name of a file has a line feed in it");
}
