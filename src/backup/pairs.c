#include "backup/pairs.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

#define CERT "cert"
#define KEY "privkey"
#define WAITING_MAX                                                                                                    \
    ((size_t)64 << 20) /* bytes of files of one directory that wait for their other half: some 20,000                  \
                        */

/* A file that waits for its other half. */
struct half {
    char *number; /* what stands behind "cert" or "privkey": "7.pem" */
    bool is_key;
    struct buf pem;
};

struct pairs {
    char *dir; /* of those that wait */
    struct half *waiting;
    size_t len, bytes; /* of all that wait */
    uint64_t uncompared;
    struct half now; /* what passes by; number NULL: it is not wanted */
    const struct archive_pairs *seen;
};

struct pairs *pairs_new(const struct archive_pairs *seen)
{
    struct pairs *pairs = xcalloc(1, sizeof *pairs);

    pairs->seen = seen;
    return pairs;
}

static void half_clear(struct half *half)
{
    free(half->number);
    buf_clear(&half->pem);
    *half = (struct half){ 0 };
}

static void forget(struct pairs *pairs)
{
    for (size_t i = 0; i < pairs->len; i++)
        half_clear(&pairs->waiting[i]);
    pairs->len = pairs->bytes = 0;
}

void pairs_free(struct pairs *pairs)
{
    forget(pairs);
    half_clear(&pairs->now);
    free(pairs->waiting);
    free(pairs->dir);
    free(pairs);
}

static bool is_below(const char *dir, const char *above)
{
    size_t len = above == NULL ? 0 : strlen(above);

    return len > 0 && text_starts(dir, above) && dir[len] == '/';
}

bool pairs_begin(struct pairs *pairs, struct view path)
{
    AUTO(free) char *text = view_dup(path);
    AUTO(free) char *dir = file_dirname(text);
    const char *name = file_basename(text);
    bool is_key = text_starts(name, KEY);

    half_clear(&pairs->now);
    if (is_below(dir, pairs->dir)) /* what else lies beside them comes between */
        return false;
    if (!text_equal(pairs->dir, dir)) {
        forget(pairs);
        xreplace(&pairs->dir, dir);
    }
    if ((!is_key && !text_starts(name, CERT)) || !text_ends(name, ".pem"))
        return false;
    pairs->now = (struct half){
        .number = xstrdup(name + strlen(is_key ? KEY : CERT)), .is_key = is_key, .pem = BUF_SECRET(KEY_PEM_MAX)
    };
    return true;
}

void pairs_data(struct pairs *pairs, struct view bytes)
{
    if (pairs->now.number != NULL)
        buf_put(&pairs->now.pem, bytes);
}

static bool fits(const struct half *cert, const struct half *key, struct cert **read)
{
    struct error why = { 0 };

    return !cert->pem.failed && !key->pem.failed && cert_from_pem(buf_view(&cert->pem), CERT, read, &why) &&
           cert_check_key_pem(*read, buf_view(&key->pem), KEY, &why);
}

static void judge(struct pairs *pairs, size_t index, struct list *unfit)
{
    struct half *other = &pairs->waiting[index];
    const struct half *cert = other->is_key ? &pairs->now : other;
    AUTO(free) char *name = xprintf("%s/" CERT "%s", pairs->dir, cert->number);
    AUTO(cert_free) struct cert *read = NULL;

    if (!fits(cert, other->is_key ? other : &pairs->now, &read))
        list_add(unfit, name);
    else if (pairs->seen != NULL)
        pairs->seen->fits(pairs->seen->context, name, read);
    pairs->bytes -= other->pem.len;
    half_clear(other);
    pairs->waiting[index] = pairs->waiting[--pairs->len];
    half_clear(&pairs->now);
}

void pairs_end(struct pairs *pairs, struct list *unfit)
{
    if (pairs->now.number == NULL)
        return;
    for (size_t i = 0; i < pairs->len; i++)
        if (pairs->waiting[i].is_key != pairs->now.is_key && text_equal(pairs->waiting[i].number, pairs->now.number)) {
            judge(pairs, i, unfit);
            return;
        }
    if (pairs->now.pem.len > WAITING_MAX - pairs->bytes) {
        pairs->uncompared++;
        return;
    }
    pairs->waiting = xrealloc(pairs->waiting, pairs->len + 1, sizeof *pairs->waiting);
    pairs->waiting[pairs->len++] = pairs->now;
    pairs->bytes += pairs->now.pem.len;
    pairs->now = (struct half){ 0 };
}

uint64_t pairs_uncompared(const struct pairs *pairs)
{
    return pairs->uncompared;
}
