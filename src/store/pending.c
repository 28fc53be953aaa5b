#include "store/pending.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "disk/layout.h"
#include "store/fields.h"
#include "store/pending_dir.h"
#include "store/store_private.h"

#define ORDER_NAME "order.txt"
#define KEY_NAME "privkey.pem"
#define PARAMS_NAME "renewal.conf"
#define TEMPORARY_NAME "." ORDER_NAME ".new"
#define CSR_PREFIX ".csr-"

void pending_clear(struct pending *pending)
{
    free(pending->order_url);
    free(pending->server);
    free(pending->account_url);
    free(pending->account_id);
    list_clear(&pending->names);
    list_clear(&pending->requested);
    free(pending->profile);
    free(pending->csr_sha256);
    free(pending->previous);
    buf_clear(&pending->key);
    buf_clear(&pending->params);
    *pending = (struct pending){ 0 };
}

/* ---- order.txt ---- */

static const struct field fields[] = {
    { "order", FIELD_TEXT, true, offsetof(struct pending, order_url) },
    { "server", FIELD_TEXT, true, offsetof(struct pending, server) },
    { "account", FIELD_TEXT, true, offsetof(struct pending, account_url) },
    { "account id", FIELD_TEXT, false, offsetof(struct pending, account_id) },
    { "names", FIELD_LIST, true, offsetof(struct pending, names) },
    { "requested names", FIELD_LIST, true, offsetof(struct pending, requested) },
    { "profile", FIELD_TEXT, false, offsetof(struct pending, profile) },
    { "must staple", FIELD_FLAG, false, offsetof(struct pending, must_staple) },
    { "csr sha256", FIELD_TEXT, true, offsetof(struct pending, csr_sha256) },
    { "previous certificate sha256", FIELD_TEXT, false, offsetof(struct pending, previous) },
    { "private key here", FIELD_FLAG, false, offsetof(struct pending, has_key) },
    { "created", FIELD_TIME, true, offsetof(struct pending, created) },
};

bool pending_parse(struct view text, struct pending *out, struct error *err)
{
    AUTO(pending_clear) struct pending pending = { 0 };

    TRY(fields_parse(fields, COUNT(fields), text, &pending, err));
    *out = pending;
    pending = (struct pending){ 0 };
    return true;
}

void pending_format(const struct pending *pending, struct buf *out)
{
    fields_format(fields, COUNT(fields), pending, out);
}

/* ---- on disk ---- */

static char *top_dir(const struct store *store)
{
    return store_path(store, "pending");
}

char *pending_dir(const struct store *store, const char *name)
{
    return store_path_in(store, "pending", name);
}

char *pending_key_path(const struct store *store, const char *name)
{
    AUTO(free) char *dir = pending_dir(store, name);

    return file_join(dir, KEY_NAME);
}

char *pending_csr_name(const char *csr_sha256)
{
    return xprintf(CSR_PREFIX "%s", csr_sha256);
}

bool pending_is_for_csr(const char *name)
{
    return text_starts(name, CSR_PREFIX);
}

static bool write_record(const char *dir, const struct pending *pending, struct error *err)
{
    AUTO(free) char *key = file_join(dir, KEY_NAME);
    AUTO(free) char *order = file_join(dir, ORDER_NAME);
    AUTO(free) char *params = file_join(dir, PARAMS_NAME);
    AUTO(free) char *temporary = file_join(dir, TEMPORARY_NAME);
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);

    pending_format(pending, &text);
    if (text.failed)
        return error_set(err, ERROR_STORE, "the order's record is larger than %d bytes", FILE_MAX_TEXT);
    if (pending->has_key)
        TRY(file_create(key, buf_view(&pending->key), FILE_PRIVATE, err));
    if (pending->params.len > 0)
        TRY(file_create(params, buf_view(&pending->params), FILE_PRIVATE, err));
    return file_create_whole(order, temporary, buf_view(&text), FILE_PRIVATE, err);
}

bool pending_save(struct store *store, const char *name, const struct pending *pending, struct error *err)
{
    AUTO(free) char *dir = pending_dir(store, name);
    struct error removing = { 0 };

    TRY(pending_drop(store, name, err));
    TRY(pending_dir_make(store, name, err));
    if (write_record(dir, pending, err) && pending_dir_sync(store, err))
        return true;
    (void)!pending_drop(store, name, &removing);
    return false;
}

/* The key's memory is secret from the first byte. */
static bool load_key(const char *dir, struct pending *out, struct error *err)
{
    AUTO(free) char *path = file_join(dir, KEY_NAME);

    out->key = BUF_SECRET(KEY_PEM_MAX);
    return !out->has_key || file_read(path, &out->key, err);
}

/* *there: a record of that name is there, whatever is in it. */
static bool load_order(const char *dir, struct pending *out, bool *there, struct error *err)
{
    AUTO(free) char *path = file_join(dir, ORDER_NAME);
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);

    *there = true;
    if (!file_read(path, &text, err)) {
        *there = err->sys != ENOENT && err->sys != ENOTDIR;
        return false;
    }
    return pending_parse(buf_view(&text), out, err);
}

enum pending_state pending_look(struct store *store, const char *name, struct pending *out, struct error *err)
{
    AUTO(free) char *dir = pending_dir(store, name);
    AUTO(pending_clear) struct pending pending = { 0 };
    struct stat st;
    bool there;

    if (stat(dir, &st) != 0 && (errno == ENOENT || errno == ENOTDIR)) /* so for nearly every lineage */
        return PENDING_NONE;
    if (load_order(dir, &pending, &there, err) && load_key(dir, &pending, err)) {
        *out = pending;
        pending = (struct pending){ 0 };
        return PENDING_WHOLE;
    }
    if (!there)
        return file_is_dir(dir) && !pending_dir_is_traces(store, name) ? PENDING_LEFTOVER : PENDING_NONE;
    return err->sys != 0 && err->sys != ENOENT ? PENDING_UNREADABLE : PENDING_DAMAGED;
}

bool pending_load(struct store *store, const char *name, struct pending *out, bool *found, struct error *err)
{
    AUTO(free) char *dir = pending_dir(store, name);
    struct error failure = { 0 };
    enum pending_state state = pending_look(store, name, out, &failure);

    *found = state == PENDING_WHOLE;
    if (state == PENDING_UNREADABLE) {
        *err = failure;
        return false;
    }
    if (state != PENDING_DAMAGED)
        return true;
    log_warning("The record of an order in %s cannot be used (%s), and is removed", dir, failure.why);
    return pending_drop(store, name, err);
}

/* Removes the order's record and key, but keeps proofs.txt: the proofs that it lists are still to be removed. */
static bool drop_beside_trace(const char *dir, struct error *err)
{
    static const char *const names[] = { PARAMS_NAME, TEMPORARY_NAME };
    AUTO(free) char *key = file_join(dir, KEY_NAME);

    TRY(remove_version_file(key, KIND_PRIVKEY, err));
    for (size_t i = 0; i < COUNT(names); i++) {
        AUTO(free) char *path = file_join(dir, names[i]);

        TRY(file_remove(path, err));
    }
    return true;
}

bool pending_drop(struct store *store, const char *name, struct error *err)
{
    AUTO(free) char *dir = pending_dir(store, name);
    AUTO(free) char *order = file_join(dir, ORDER_NAME), *trace = file_join(dir, TRACE_NAME);

    if (!file_is_dir(dir))
        return true;
    TRY(file_remove(order, err));
    if (file_exists(trace))
        return drop_beside_trace(dir, err);
    TRY(remove_version_tree(dir, err)); /* with KEY_NAME */
    return pending_dir_leave(store, name, err);
}

/* ---- first certificates ---- */

bool pending_read_params(struct store *store, const char *name, struct conf **out, struct error *err)
{
    AUTO(free) char *dir = pending_dir(store, name);
    AUTO(free) char *path = file_join(dir, PARAMS_NAME);
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);

    TRY(file_read(path, &text, err));
    return conf_read(buf_view(&text), path, out, err);
}

bool pending_is_first(struct store *store, const char *name)
{
    AUTO(pending_clear) struct pending pending = { 0 };
    AUTO(free) char *dir = pending_dir(store, name);
    AUTO(free) char *params = file_join(dir, PARAMS_NAME);
    struct error err = { 0 };

    return !pending_is_for_csr(name) && file_exists(params) && !store_has_lineage(store, name) &&
           pending_look(store, name, &pending, &err) == PENDING_WHOLE && pending.previous == NULL;
}

bool pending_names(struct store *store, struct list *out, struct error *err)
{
    AUTO(free) char *top = top_dir(store);

    return file_list_dir(top, out, err);
}

/* ---- age ---- */

/* A clock that was wrong may have said that it is of the future. */
bool pending_is_old(const struct pending *pending, int64_t now)
{
    return now - pending->created > PENDING_MAX_AGE_S;
}

/* Whether the record is too old. A directory without order.txt may be one that another process is writing: it goes by
 * its time of change. */
static bool is_old_dir(const char *dir, int64_t now)
{
    AUTO(pending_clear) struct pending pending = { 0 };
    AUTO(free) char *trace = file_join(dir, TRACE_NAME);
    struct error err = { 0 };
    struct stat st;
    bool there;

    if (load_order(dir, &pending, &there, &err))
        return pending_is_old(&pending, now);
    return !there && !file_exists(trace) && stat(dir, &st) == 0 && now - st.st_mtime > PENDING_MAX_AGE_S;
}

void pending_sweep(struct store *store, int64_t now)
{
    AUTO(list_clear) struct list names = { 0 };
    AUTO(free) char *top = top_dir(store);
    struct error err = { 0 };

    if (!pending_names(store, &names, &err))
        log_debug("%s", err.why);
    else if (names.len == 0 && !file_remove_dir_if_empty(top, &err))
        log_debug("%s", err.why);
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *dir = pending_dir(store, names.at[i]);

        if (!is_old_dir(dir, now))
            continue;
        log_info("Removing %s: its order is too old to be of use", dir);
        if (!pending_drop(store, names.at[i], &err))
            log_warning("Could not remove %s: %s", dir, err.why);
    }
}
