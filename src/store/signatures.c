#include "store/signatures.h"

#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/mutex.h"
#include "base/writers.h"
#include "crypto/key.h"

/* The file: this line, then the digests one behind the other. */
#define MAGIC "evercert: signatures found good, 1\n"
#define MAGIC_LEN (sizeof MAGIC - 1)
#define FILE_BYTES (MAGIC_LEN + SIGNATURES_KEPT * SIGNATURE_DIGEST)
#define LEAST_SLOTS 1024
#define LOOKED_AT_MAX ((size_t)2 * 1024 * 1024)

struct slot {
    uint8_t digest[SIGNATURE_DIGEST];
    bool taken, used; /* used: in this run */
};

struct signatures { /* a hash table with open addressing, at most half full */
    struct mutex lock;
    struct slot *slots;
    size_t count, size; /* size is a power of two */
    bool changed;       /* since it was loaded */
};

struct signatures *signatures_new(void)
{
    struct signatures *signatures = xcalloc(1, sizeof *signatures);

    mutex_init(&signatures->lock);
    signatures->size = LEAST_SLOTS;
    signatures->slots = xcalloc(LEAST_SLOTS, sizeof *signatures->slots);
    return signatures;
}

void signatures_free(struct signatures *signatures)
{
    if (signatures == NULL)
        return;
    mutex_destroy(&signatures->lock);
    free(signatures->slots);
    free(signatures);
}

bool signature_digest(struct view certificate, struct view chain, uint8_t out[SIGNATURE_DIGEST], struct error *err)
{
    AUTO(buf_clear) struct buf both = BUF(LOOKED_AT_MAX);
    AUTO(buf_clear) struct buf digest = BUF(SIGNATURE_DIGEST);

    buf_put(&both, certificate); /* DER tells its own length: there is one way to divide the two */
    buf_put(&both, chain);
    if (both.failed)
        return error_set(err, ERROR_INTERNAL, "a certificate with its chain is larger than %zu bytes", both.max);
    TRY(digest_sha256(buf_view(&both), &digest, err));
    memcpy(out, digest.at, SIGNATURE_DIGEST);
    return true;
}

/* ---- the table; with the lock held ---- */

/* Where that digest is, or would be. A digest is as good as a random number. */
static struct slot *find(const struct signatures *signatures, const uint8_t digest[SIGNATURE_DIGEST])
{
    size_t at;

    memcpy(&at, digest, sizeof at);
    for (;; at++) {
        struct slot *slot = &signatures->slots[at & (signatures->size - 1)];

        if (!slot->taken || memcmp(slot->digest, digest, SIGNATURE_DIGEST) == 0)
            return slot;
    }
}

static void grow(struct signatures *signatures)
{
    AUTO(free) struct slot *old = signatures->slots;
    size_t old_size = signatures->size;

    signatures->size *= 2;
    signatures->slots = xcalloc(signatures->size, sizeof *signatures->slots);
    for (size_t i = 0; i < old_size; i++)
        if (old[i].taken)
            *find(signatures, old[i].digest) = old[i];
}

static void add(struct signatures *signatures, const uint8_t digest[SIGNATURE_DIGEST], bool used)
{
    struct slot *slot = find(signatures, digest);

    if (!slot->taken) {
        if (signatures->count == signatures->size / 2) {
            grow(signatures);
            slot = find(signatures, digest);
        }
        memcpy(slot->digest, digest, SIGNATURE_DIGEST);
        slot->taken = true;
        signatures->count++;
        signatures->changed = signatures->changed || used;
    }
    slot->used = slot->used || used;
}

bool signatures_has(struct signatures *signatures, const uint8_t digest[SIGNATURE_DIGEST])
{
    struct slot *slot;

    MUTEX_HOLD(&signatures->lock);
    slot = find(signatures, digest);
    slot->used = slot->taken;
    return slot->taken;
}

void signatures_add(struct signatures *signatures, const uint8_t digest[SIGNATURE_DIGEST])
{
    MUTEX_HOLD(&signatures->lock);
    add(signatures, digest, true);
}

/* ---- the file ---- */

/* Whether the file is nobody's but ours to change. */
static bool is_ours(const char *path)
{
    AUTO(writers_clear) struct writers writers = { 0 };

    if (!writers_find(path, &writers))
        return true;
    log_debug("%s is not used: %s %s", path, writers.path, writers.who);
    return false;
}

void signatures_load(struct signatures *signatures, const char *path)
{
    AUTO(buf_clear) struct buf content = BUF(FILE_BYTES);
    struct error err = { 0 };
    struct view rest;

    if (!file_exists(path) || !is_ours(path))
        return;
    if (!file_read(path, &content, &err)) {
        log_debug("%s is not used: %s", path, err.why);
        return;
    }
    rest = buf_view(&content);
    if (!view_starts(rest, MAGIC) || (rest.len - MAGIC_LEN) % SIGNATURE_DIGEST != 0) {
        log_debug("%s is not used: it was written by another version, or is damaged", path);
        return;
    }
    MUTEX_HOLD(&signatures->lock);
    for (size_t at = MAGIC_LEN; at < rest.len; at += SIGNATURE_DIGEST)
        add(signatures, (const uint8_t *)rest.at + at, false);
}

/* Those that were used in this run, or the others, as long as there is room. */
static void put_slots(const struct signatures *signatures, bool used, struct buf *content)
{
    for (size_t i = 0; i < signatures->size && content->len < FILE_BYTES; i++) {
        const struct slot *slot = &signatures->slots[i];

        if (slot->taken && slot->used == used)
            buf_put(content, (struct view){ (const char *)slot->digest, SIGNATURE_DIGEST });
    }
}

void signatures_save(struct signatures *signatures, const char *path)
{
    AUTO(buf_clear) struct buf content = BUF(FILE_BYTES);
    struct error err = { 0 };

    MUTEX_HOLD(&signatures->lock);
    if (!signatures->changed)
        return;
    buf_put_text(&content, MAGIC);
    put_slots(signatures, true, &content);
    put_slots(signatures, false, &content);
    if (!file_replace(path, buf_view(&content), FILE_PRIVATE, &err))
        log_debug("the signatures that were found good are not remembered: %s", err.why);
    else
        signatures->changed = false;
}
