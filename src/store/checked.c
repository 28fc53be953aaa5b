#include "store/checked.h"

#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/mutex.h"
#include "base/writers.h"
#include "crypto/key.h"

/* The file: this line, then the digests one behind the other. */
#define MAGIC "evercert: checked found good, 1\n"
#define MAGIC_LEN (sizeof MAGIC - 1)
#define FILE_BYTES (MAGIC_LEN + CHECKED_KEPT * CHECKED_DIGEST)
#define LEAST_SLOTS 1024
#define LOOKED_AT_MAX ((size_t)4 * 1024 * 1024)

struct slot {
    uint8_t digest[CHECKED_DIGEST];
    bool taken, used; /* used: in this run */
};

struct checked { /* a hash table with open addressing, at most half full */
    struct mutex lock;
    struct slot *slots;
    size_t count, size; /* size is a power of two */
    bool changed;       /* since it was loaded */
};

struct checked *checked_new(void)
{
    struct checked *checked = xcalloc(1, sizeof *checked);

    mutex_init(&checked->lock);
    checked->size = LEAST_SLOTS;
    checked->slots = xcalloc(LEAST_SLOTS, sizeof *checked->slots);
    return checked;
}

void checked_free(struct checked *checked)
{
    if (checked == NULL)
        return;
    mutex_destroy(&checked->lock);
    free(checked->slots);
    free(checked);
}

bool checked_name(
    const char *what, struct view first, struct view second, uint8_t out[CHECKED_DIGEST], struct error *err)
{
    AUTO(buf_clear) struct buf all = BUF(LOOKED_AT_MAX);
    AUTO(buf_clear) struct buf digest = BUF(CHECKED_DIGEST);

    buf_putf(&all, "%s %zu ", what, first.len); /* so that there is one way to divide it */
    buf_put(&all, first);
    buf_put(&all, second);
    if (all.failed)
        return error_set(err, ERROR_INTERNAL, "what is to be remembered of a check is larger than %zu bytes", all.max);
    TRY(digest_sha256(buf_view(&all), &digest, err));
    memcpy(out, digest.at, CHECKED_DIGEST);
    return true;
}

/* ---- the table; with the lock held ---- */

/* The slot of that digest, or a free one for it. Digests are evenly distributed. */
static struct slot *find_slot(const struct checked *checked, const uint8_t digest[CHECKED_DIGEST])
{
    size_t at;

    memcpy(&at, digest, sizeof at);
    for (;; at++) {
        struct slot *slot = &checked->slots[at & (checked->size - 1)];

        if (!slot->taken || memcmp(slot->digest, digest, CHECKED_DIGEST) == 0)
            return slot;
    }
}

static void grow(struct checked *checked)
{
    AUTO(free) struct slot *old = checked->slots;
    size_t old_size = checked->size;

    checked->size *= 2;
    checked->slots = xcalloc(checked->size, sizeof *checked->slots);
    for (size_t i = 0; i < old_size; i++)
        if (old[i].taken)
            *find_slot(checked, old[i].digest) = old[i];
}

static void add(struct checked *checked, const uint8_t digest[CHECKED_DIGEST], bool used)
{
    struct slot *slot = find_slot(checked, digest);

    if (!slot->taken) {
        if (checked->count == checked->size / 2) {
            grow(checked);
            slot = find_slot(checked, digest);
        }
        memcpy(slot->digest, digest, CHECKED_DIGEST);
        slot->taken = true;
        checked->count++;
        checked->changed = checked->changed || used;
    }
    slot->used = slot->used || used;
}

bool checked_has(struct checked *checked, const uint8_t digest[CHECKED_DIGEST])
{
    struct slot *slot;

    MUTEX_HOLD(&checked->lock);
    slot = find_slot(checked, digest);
    slot->used = slot->taken;
    return slot->taken;
}

void checked_add(struct checked *checked, const uint8_t digest[CHECKED_DIGEST])
{
    MUTEX_HOLD(&checked->lock);
    add(checked, digest, true);
}

/* ---- the file ---- */

bool checked_is_ours(const char *path)
{
    AUTO(writers_clear) struct writers writers = { 0 };

    if (!writers_find(path, &writers))
        return true;
    log_debug("%s is not used: %s %s", path, writers.path, writers.who);
    return false;
}

void checked_load(struct checked *checked, const char *path)
{
    AUTO(buf_clear) struct buf content = BUF(FILE_BYTES);
    struct error err = { 0 };
    struct view rest;

    if (!file_exists(path) || !checked_is_ours(path))
        return;
    if (!file_read(path, &content, &err)) {
        log_debug("%s is not used: %s", path, err.why);
        return;
    }
    rest = buf_view(&content);
    if (!view_starts(rest, MAGIC) || (rest.len - MAGIC_LEN) % CHECKED_DIGEST != 0) {
        log_debug("%s is not used: it was written by another version, or is damaged", path);
        return;
    }
    MUTEX_HOLD(&checked->lock);
    for (size_t at = MAGIC_LEN; at < rest.len; at += CHECKED_DIGEST)
        add(checked, (const uint8_t *)rest.at + at, false);
}

/* Writes the entries used in this run, or the others, as long as there is room. */
static void put_slots(const struct checked *checked, bool used, struct buf *content)
{
    for (size_t i = 0; i < checked->size && content->len < FILE_BYTES; i++) {
        const struct slot *slot = &checked->slots[i];

        if (slot->taken && slot->used == used)
            buf_put(content, (struct view){ (const char *)slot->digest, CHECKED_DIGEST });
    }
}

void checked_save(struct checked *checked, const char *path)
{
    AUTO(buf_clear) struct buf content = BUF(FILE_BYTES);
    struct error err = { 0 };

    MUTEX_HOLD(&checked->lock);
    if (!checked->changed)
        return;
    buf_put_text(&content, MAGIC);
    put_slots(checked, true, &content);
    put_slots(checked, false, &content);
    if (!file_replace(path, buf_view(&content), FILE_PRIVATE, &err))
        log_debug("what was checked is not remembered: %s", err.why);
    else
        checked->changed = false;
}
