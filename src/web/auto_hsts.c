#include "web/auto_hsts.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/key.h"
#include "json/doc.h"
#include "json/out.h"

static const int ages[AUTO_HSTS_STEPS] = { 60, 300, 900, 3600, 21600, 43200, 86400 };

int auto_hsts_age(int64_t step)
{
    return step < 0 ? ages[0] : step >= AUTO_HSTS_STEPS ? AUTO_HSTS_PERMANENT : ages[step];
}

/* A clock that went back does not make anybody wait longer than the pause. */
enum auto_hsts_next auto_hsts_next(const struct auto_hsts *hsts, int64_t now, bool renewed)
{
    if (hsts->step + 1 >= AUTO_HSTS_STEPS)
        return renewed ? HSTS_MAKE_PERMANENT : HSTS_WAIT;
    return now - hsts->at >= AUTO_HSTS_PAUSE_S || hsts->at - now > AUTO_HSTS_PAUSE_S ? HSTS_GROW : HSTS_WAIT;
}

char *auto_hsts_new_id(struct error *err)
{
    AUTO(buf_clear) struct buf hex = BUF(64);
    char bytes[16];

    if (!random_bytes(bytes, sizeof bytes, err))
        return NULL;
    buf_put_hex(&hex, (struct view){ bytes, sizeof bytes });
    return buf_take(&hex);
}

/* ---- the state ---- */

void auto_hsts_add(struct auto_hsts_state *state, const char *id, int64_t step, int64_t at)
{
    state->at = xrealloc(state->at, state->count + 1, sizeof *state->at);
    state->at[state->count++] = (struct auto_hsts){ xstrdup(id), step, at };
}

void auto_hsts_remove(struct auto_hsts_state *state, size_t index)
{
    free(state->at[index].id);
    state->count--;
    memmove(&state->at[index], &state->at[index + 1], (state->count - index) * sizeof *state->at);
}

void auto_hsts_clear(struct auto_hsts_state *state)
{
    for (size_t i = 0; i < state->count; i++)
        free(state->at[i].id);
    free(state->at);
    *state = (struct auto_hsts_state){ 0 };
}

/* ---- the file ---- */

static bool read_doc(const char *path, struct doc **out, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(DOC_MAX);

    if (!file_exists(path))
        return true;
    TRY(file_read(path, &text, err));
    if (view_trim(buf_view(&text)).len == 0)
        return true;
    if (doc_read(buf_view(&text), path, out, err))
        return true;
    (void)error_as(err, ERROR_STORE);
    return error_next_default(err, "mend or remove %s, which says how far --auto-hsts has come", path);
}

bool auto_hsts_read(const char *config_dir, struct auto_hsts_state *out, struct error *err)
{
    AUTO(free) char *path = file_join(config_dir, ".pluginstorage.json");
    AUTO(doc_free) struct doc *doc = NULL;
    const struct node *hosts, *host;
    const char *id;

    TRY(read_doc(path, &doc, err));
    hosts = doc == NULL ? NULL : node_member(node_member(doc_root(doc), "apache"), "autohsts");
    for (size_t i = 0; hosts != NULL && node_each(hosts, i, &id, &host); i++) {
        int64_t step, at;

        if (node_number(node_member(host, "laststep"), &step) && node_whole_number(node_member(host, "timestamp"), &at))
            auto_hsts_add(out, id, step, at);
    }
    return true;
}

/* All members of an object but one, as they are. */
static void put_others(struct out *out, const struct node *object, const char *but)
{
    const struct node *member;
    const char *name;

    for (size_t i = 0; object != NULL && node_each(object, i, &name, &member); i++) {
        AUTO(buf_clear) struct buf text = BUF(DOC_MAX);

        if (strcmp(name, but) == 0)
            continue;
        node_put(member, &text);
        out_raw(out, name, buf_view(&text));
    }
}

static void put_hosts(struct out *out, const struct auto_hsts_state *state)
{
    out_object(out, "autohsts");
    for (size_t i = 0; i < state->count; i++) {
        out_object(out, state->at[i].id);
        out_number(out, "laststep", state->at[i].step);
        out_number(out, "timestamp", state->at[i].at);
        out_end(out);
    }
    out_end(out);
}

bool auto_hsts_write(const char *config_dir, const struct auto_hsts_state *state, struct error *err)
{
    AUTO(free) char *path = file_join(config_dir, ".pluginstorage.json");
    AUTO(doc_free) struct doc *doc = NULL;
    AUTO(buf_clear) struct buf text = BUF(DOC_MAX);
    struct out out = out_to(&text);
    const struct node *root;

    TRY(read_doc(path, &doc, err));
    root = doc != NULL ? doc_root(doc) : NULL;
    out_object(&out, NULL);
    put_others(&out, root, "apache");
    out_object(&out, "apache");
    put_others(&out, node_member(root, "apache"), "autohsts");
    put_hosts(&out, state);
    out_end(&out);
    out_end(&out);
    if (text.failed)
        return error_set(err, ERROR_STORE, "%s would be too large", path);
    return file_replace(path, buf_view(&text), FILE_PRIVATE, err);
}
