#include "store/delivery.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/key.h"
#include "store/fields.h"
#include "store/layout.h"
#include "store/store_private.h"

#define PAUSE_MAX_S 86400 /* between two attempts */
#define TOP "deliveries"
#define SUFFIX ".txt"
#define MAKE_TRIES 10

void delivery_clear(struct delivery *delivery)
{
    free(delivery->version);
    free(delivery->superseded);
    list_clear(&delivery->done);
    free(delivery->why);
    *delivery = (struct delivery){ 0 };
}

/* ---- the text ---- */

static const struct field fields[] = {
    { "certificate sha256", FIELD_TEXT, true, offsetof(struct delivery, version) },
    { "superseded sha256", FIELD_TEXT, false, offsetof(struct delivery, superseded) },
    { "done", FIELD_LIST, false, offsetof(struct delivery, done) },
    { "reload done", FIELD_FLAG, false, offsetof(struct delivery, reload_done) },
    { "failures", FIELD_NUMBER, false, offsetof(struct delivery, failures) },
    { "not before", FIELD_TIME, true, offsetof(struct delivery, not_before) },
    { "last failure", FIELD_TEXT, false, offsetof(struct delivery, why) },
};

bool delivery_parse(struct view text, struct delivery *out, struct error *err)
{
    AUTO(delivery_clear) struct delivery delivery = { 0 };

    TRY(fields_parse(fields, COUNT(fields), text, &delivery, err));
    *out = delivery;
    delivery = (struct delivery){ 0 };
    return true;
}

void delivery_format(const struct delivery *delivery, struct buf *out)
{
    fields_format(fields, COUNT(fields), delivery, out);
}

/* ---- on disk ---- */

char *delivery_path(const struct store *store, const char *name)
{
    AUTO(free) char *file = xprintf("%s" SUFFIX, name);

    return store_path_in(store, TOP, file);
}

/* Whoever removes the last record removes the directory, too, and may do so between our two steps. */
static bool write_record(const char *top, const char *path, struct view text, struct error *err)
{
    AUTO(free) char *temporary = file_beside(path, "new");

    for (int i = 0; i < MAKE_TRIES; i++) {
        if (mkdir(top, 0700) != 0 && errno != EEXIST)
            return file_error(err, "create the directory", top);
        if (file_replace_by(path, temporary, text, FILE_PRIVATE, err))
            return true;
        if (err->sys != ENOENT)
            return false;
        error_clear(err);
    }
    errno = ENOENT;
    return file_error(err, "write", path);
}

bool delivery_save(struct store *store, const char *name, const struct delivery *delivery, struct error *err)
{
    AUTO(free) char *top = store_path(store, TOP), *path = delivery_path(store, name);
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);

    delivery_format(delivery, &text);
    if (text.failed)
        return error_set(err, ERROR_STORE, "the record of a delivery is larger than %d bytes", FILE_MAX_TEXT);
    TRY(write_record(top, path, buf_view(&text), err));
    return file_sync_dir(store_config_dir(store), err);
}

bool delivery_load(struct store *store, const char *name, struct delivery *out, bool *found, struct error *err)
{
    AUTO(free) char *path = delivery_path(store, name);
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);

    *found = false;
    if (!file_read(path, &text, err)) {
        if (err->sys != ENOENT && err->sys != ENOTDIR)
            return false;
        error_clear(err);
        return true;
    }
    if (!delivery_parse(buf_view(&text), out, err))
        return error_in(err, "reading %s", path);
    *found = true;
    return true;
}

bool delivery_drop(struct store *store, const char *name, struct error *err)
{
    AUTO(free) char *top = store_path(store, TOP), *path = delivery_path(store, name);
    AUTO(free) char *temporary = file_beside(path, "new");

    TRY(file_remove(path, err));
    TRY(file_remove(temporary, err));
    return layout_remove_dir_if_empty(top, err);
}

bool delivery_is_recorded(const struct store *store, const char *name)
{
    AUTO(free) char *path = delivery_path(store, name);

    return file_exists(path);
}

bool delivery_any(const struct store *store)
{
    AUTO(free) char *top = store_path(store, TOP);

    return file_is_dir(top);
}

bool delivery_names(struct store *store, struct list *out, struct error *err)
{
    AUTO(free) char *top = store_path(store, TOP);
    AUTO(list_clear) struct list files = { 0 };

    TRY(file_list_dir(top, &files, err));
    list_clear(out);
    for (size_t i = 0; i < files.len; i++)
        if (files.at[i][0] != '.' && text_ends(files.at[i], SUFFIX))
            list_add_view(out, (struct view){ files.at[i], strlen(files.at[i]) - strlen(SUFFIX) });
    return true;
}

/* ---- what it says ---- */

bool delivery_settle(struct delivery *delivery, const struct cert *live)
{
    AUTO(buf_clear) struct buf now = BUF(128);
    struct error err = { 0 };
    struct delivery earlier = { 0 };

    if (!cert_fingerprint(live, &now, &err))
        return false;
    if (strcmp(buf_text(&now), delivery->version) == 0)
        return true;
    if (!text_equal(buf_text(&now), delivery->superseded))
        return false;
    earlier.version = TAKE(delivery->superseded);
    delivery_clear(delivery);
    *delivery = earlier;
    return true;
}

/* Commands have commas and line feeds; what they are recognised by has none. */
static char *mark_of(const char *command)
{
    AUTO(buf_clear) struct buf digest = BUF(64);
    AUTO(buf_clear) struct buf hex = BUF(128);
    struct error err = { 0 };

    if (digest_sha256(view_of(command), &digest, &err))
        buf_put_hex(&hex, buf_view(&digest));
    return buf_take(&hex);
}

bool delivery_has_run(const struct delivery *delivery, const char *command)
{
    AUTO(free) char *mark = mark_of(command);

    return list_has(&delivery->done, mark);
}

void delivery_note_run(struct delivery *delivery, const char *command)
{
    AUTO(free) char *mark = mark_of(command);

    if (mark[0] != '\0' && !list_has(&delivery->done, mark))
        list_add(&delivery->done, mark);
}

bool delivery_waits(const struct delivery *delivery, int64_t now)
{
    return delivery->not_before > now && delivery->not_before <= now + PAUSE_MAX_S;
}

void delivery_note_failure(struct delivery *delivery, const char *why, int64_t now)
{
    static const int64_t pauses[] = { 0, 60, 600, 6000, PAUSE_MAX_S };
    size_t which = delivery->failures < COUNT(pauses) ? delivery->failures : COUNT(pauses) - 1;

    delivery->failures++;
    delivery->not_before = now + pauses[which];
    xreplace(&delivery->why, why);
}
