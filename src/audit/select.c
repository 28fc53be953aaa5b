#include "audit/select.h"

#include "audit/reader.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

struct selection {
    const struct audit_choice *choice;
    audit_visit *visit;
    void *arg;
    uint64_t *unread;
    char **ring; /* the newest lines, where only these are asked for */
    size_t next, count;
};

/* ---- one line ---- */

static bool is_chosen(const struct audit_choice *choice, const struct audit_link *link)
{
    return link->time >= choice->since && (choice->act == NULL || view_is(link->act, choice->act));
}

/* A line that was damaged may still look like one: its JSON decides. */
static bool read_chosen(const struct selection *selection, struct view line, struct doc **out)
{
    const struct audit_choice *choice = selection->choice;
    struct error err = { 0 };

    if (!doc_read(line, "a line of the audit trail", out, &err) || !node_is_object(doc_root(*out))) {
        (*selection->unread)++;
        return false;
    }
    if (choice->failed && !text_equal(node_text(node_member(doc_root(*out), "result")), "failed"))
        return false;
    return choice->lineage == NULL || text_equal(node_text(node_member(doc_root(*out), "lineage")), choice->lineage);
}

static bool take_line(struct selection *selection, struct view line, struct error *err)
{
    AUTO(doc_free) struct doc *doc = NULL;
    struct audit_link link;

    if (!audit_line_link(line, &link)) {
        (*selection->unread)++;
        return true;
    }
    line = view_trim(line);
    if (!is_chosen(selection->choice, &link) || !read_chosen(selection, line, &doc))
        return true;
    if (selection->ring == NULL)
        return selection->visit(selection->arg, line, doc_root(doc), err);
    free(selection->ring[selection->next]);
    selection->ring[selection->next] = view_dup(line);
    selection->next = (selection->next + 1) % selection->choice->last;
    selection->count += selection->count < selection->choice->last;
    return true;
}

static bool visit_ring(const struct selection *selection, struct error *err)
{
    size_t last = selection->choice->last;

    for (size_t i = 0; i < selection->count; i++) {
        const char *line = selection->ring[(selection->next + last - selection->count + i) % last];
        AUTO(doc_free) struct doc *doc = NULL;

        TRY(doc_read(view_of(line), "a line of the audit trail", &doc, err));
        TRY(selection->visit(selection->arg, view_of(line), doc_root(doc), err));
    }
    return true;
}

/* ---- files ---- */

static bool take_file(struct selection *selection, const char *path, struct error *err)
{
    AUTO(audit_reader_close) struct audit_reader *reader = NULL;
    struct audit_raw raw;

    if (!audit_reader_open(path, &reader, err)) {
        (*selection->unread)++;
        error_clear(err);
        return true;
    }
    for (;;) {
        if (!audit_reader_next(reader, &raw, err)) {
            if (err->kind == ERROR_CANCELED)
                return false;
            (*selection->unread)++;
            error_clear(err);
            return true;
        }
        if (raw.at_end)
            return true;
        TRY(take_line(selection, raw.all, err));
    }
}

bool audit_select(const char *dir, const struct audit_choice *choice, audit_visit *visit, void *arg, uint64_t *unread,
    struct error *err)
{
    AUTO(audit_files_clear) struct audit_files files = { 0 };
    struct selection selection = { .choice = choice, .visit = visit, .arg = arg, .unread = unread };
    bool ok = true;

    *unread = 0;
    TRY(audit_files_find(dir, &files, err));
    if (choice->last > 0)
        selection.ring = xcalloc(choice->last, sizeof *selection.ring);
    for (size_t i = 0; ok && i < files.count; i++)
        ok = take_file(&selection, files.at[i].path, err);
    ok = ok && visit_ring(&selection, err);
    for (size_t i = 0; selection.ring != NULL && i < choice->last; i++)
        free(selection.ring[i]);
    free(selection.ring);
    return ok;
}

/* ---- since ---- */

bool audit_since(const char *text, int64_t now, int64_t *out)
{
    static const struct {
        char letter;
        int64_t seconds;
    } units[] = { { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
    struct view view = view_of(text), number = view;
    AUTO(free) char *midnight = xprintf("%sT00:00:00Z", text);
    uint64_t count;

    if (clock_parse_rfc3339(view, out) || clock_parse_rfc3339(view_of(midnight), out))
        return true;
    for (size_t i = 0; view.len > 1 && i < COUNT(units); i++) {
        number.len = view.len - 1;
        if (view.at[view.len - 1] != units[i].letter || !view_to_number(number, 0, 100000, &count))
            continue;
        *out = now - (int64_t)count * units[i].seconds;
        return true;
    }
    return false;
}
