#include "store/delivery.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "crypto/key.h"
#include "store/record.h"

void delivery_clear(struct delivery *delivery)
{
    free(delivery->version);
    free(delivery->superseded);
    list_clear(&delivery->done);
    backoff_clear(&delivery->backoff);
    *delivery = (struct delivery){ 0 };
}

static const struct field fields[] = {
    { "certificate sha256", FIELD_TEXT, true, offsetof(struct delivery, version) },
    { "superseded sha256", FIELD_TEXT, false, offsetof(struct delivery, superseded) },
    { "done", FIELD_LIST, false, offsetof(struct delivery, done) },
    { "reload done", FIELD_FLAG, false, offsetof(struct delivery, reload_done) },
    { "failures", FIELD_NUMBER, false, offsetof(struct delivery, backoff.failures) },
    { "not before", FIELD_TIME, true, offsetof(struct delivery, backoff.not_before) },
    { "last failure", FIELD_TEXT, false, offsetof(struct delivery, backoff.why) },
};

static const struct record_kind kind = { "deliveries", "a delivery", fields, COUNT(fields) };

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
    return record_path(store, &kind, name);
}

bool delivery_save(struct store *store, const char *name, const struct delivery *delivery, struct error *err)
{
    return record_save(store, &kind, name, delivery, err);
}

bool delivery_load(struct store *store, const char *name, struct delivery *out, bool *found, struct error *err)
{
    AUTO(delivery_clear) struct delivery delivery = { 0 };

    TRY(record_load(store, &kind, name, &delivery, found, err));
    if (!*found)
        return true;
    *out = delivery;
    delivery = (struct delivery){ 0 };
    return true;
}

bool delivery_drop(struct store *store, const char *name, struct error *err)
{
    return record_remove(store, &kind, name, err);
}

bool delivery_is_recorded(const struct store *store, const char *name)
{
    return record_is_there(store, &kind, name);
}

bool delivery_any(const struct store *store)
{
    return record_any(store, &kind);
}

bool delivery_names(struct store *store, struct list *out, struct error *err)
{
    return record_names(store, &kind, out, err);
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
