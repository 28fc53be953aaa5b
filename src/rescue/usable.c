#include "rescue/usable.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "crypto/stop_gap.h"

/* ---- one pair ---- */

static void judge(struct usable *out, enum usable_state state, char *why)
{
    out->state = state;
    free(out->why);
    out->why = why;
}

/* False: what is to be thought of the pair is said. */
static bool read_text(const char *path, struct buf *text, struct usable *out)
{
    struct error err = { 0 };

    if (file_read(path, text, &err))
        return true;
    if (err.sys == ENOENT || err.sys == ENOTDIR)
        judge(out, USABLE_NOT, xprintf("%s is missing", path));
    else
        judge(out, USABLE_UNKNOWN, xstrdup(err.why));
    return false;
}

static void judge_time(const char *path, const struct cert *cert, int64_t now, struct usable *out)
{
    char until[CLOCK_TEXT_SIZE];

    clock_format_date(cert->not_after, until);
    if (cert->not_after <= now)
        judge(out, USABLE_EXPIRED, xprintf("%s has expired: %s", path, until));
    else
        judge(out, USABLE_YES, xprintf("%s is valid until %s and fits its key", path, until));
}

/* key: "" where it is not told, so that the certificate alone is judged. */
static void look_at_pair(const char *cert_path, const char *key_path, int64_t now, struct usable *out)
{
    AUTO(buf_clear) struct buf cert_pem = BUF(FILE_MAX_TEXT), key_pem = BUF_SECRET(FILE_MAX_TEXT);
    AUTO(cert_free) struct cert *cert = NULL;
    bool has_key = key_path[0] != '\0';
    struct error err = { 0 };

    if (!read_text(cert_path, &cert_pem, out) || (has_key && !read_text(key_path, &key_pem, out)))
        return;
    if (key_pem_is_encrypted(buf_view(&key_pem)))
        judge(out, USABLE_UNKNOWN,
            xprintf("%s is protected by a passphrase, so whether it fits cannot be told", key_path));
    else if (!cert_from_pem(buf_view(&cert_pem), cert_path, &cert, &err))
        judge(out, USABLE_NOT, xprintf("%s is no certificate: %s", cert_path, err.why));
    else if (has_key && !cert_check_key_pem(cert, buf_view(&key_pem), key_path, &err))
        judge(out, USABLE_NOT, xprintf("%s does not fit %s", key_path, cert_path));
    else
        judge_time(cert_path, cert, now, out);
    if (cert != NULL && out->cert == NULL)
        out->cert = TAKE(cert);
}

/* ---- all that a server reads ---- */

static bool is_named(const char *dir, const char *path, const char *const names[], size_t count)
{
    AUTO(free) char *absolute = file_absolute(path), *above = file_dirname(absolute);

    for (size_t i = 0; i < count; i++)
        if (strcmp(above, dir) == 0 && strcmp(file_basename(absolute), names[i]) == 0)
            return true;
    return false;
}

static bool is_foreign(const char *dir, const struct use *use)
{
    static const char *const certs[] = { "fullchain.pem", "cert.pem" }, *const keys[] = { "privkey.pem" };

    for (size_t i = 0; i < use->certs.len; i++)
        if ((use->certs.at[i][0] != '\0' && !is_named(dir, use->certs.at[i], certs, COUNT(certs))) ||
            (use->keys.at[i][0] != '\0' && !is_named(dir, use->keys.at[i], keys, COUNT(keys))))
            return true;
    return false;
}

static bool all_are_there(const struct use *use)
{
    for (size_t i = 0; i < use->certs.len; i++)
        if ((use->certs.at[i][0] != '\0' && !file_exists(use->certs.at[i])) ||
            (use->keys.at[i][0] != '\0' && !file_exists(use->keys.at[i])))
            return false;
    return use->certs.len > 0;
}

/* The worst of its pairs, and unknown above all. */
static void look_at_use(const struct use *use, int64_t now, struct usable *out)
{
    bool any = false;

    for (size_t i = 0; i < use->certs.len; i++) {
        AUTO(usable_clear) struct usable one = { 0 };

        if (use->certs.at[i][0] == '\0')
            continue;
        look_at_pair(use->certs.at[i], use->keys.at[i], now, &one);
        if (out->cert == NULL)
            out->cert = TAKE(one.cert);
        if (!any || one.state == USABLE_UNKNOWN || (out->state != USABLE_UNKNOWN && one.state < out->state))
            judge(out, one.state, TAKE(one.why));
        any = true;
    }
    if (use->accepted && out->state != USABLE_YES && all_are_there(use))
        judge(out, USABLE_YES, xprintf("%s accepts its configuration with what is there", use->server));
}

static void look_at_own(const char *dir, int64_t now, struct usable *out)
{
    AUTO(free) char *cert = file_join(dir, "fullchain.pem"), *key = file_join(dir, "privkey.pem");
    AUTO(usable_clear) struct usable own = { 0 };

    look_at_pair(cert, key, now, &own);
    if (own.state < out->state)
        return;
    judge(out, own.state, TAKE(own.why));
    if (own.cert != NULL) {
        cert_free(out->cert);
        out->cert = TAKE(own.cert);
    }
}

void usable_look(const char *dir, const struct use *use, int64_t now, struct usable *out)
{
    *out = (struct usable){ .foreign = use != NULL && is_foreign(dir, use) };
    if (use != NULL)
        look_at_use(use, now, out);
    if (!out->foreign && out->state != USABLE_YES)
        look_at_own(dir, now, out);
}

char *usable_keeps(const struct usable *usable)
{
    if (usable->foreign)
        return xprintf("a server reads files of other names than this store's, and they are left alone (%s)",
            usable->why == NULL ? "which are not told" : usable->why);
    if (usable->state == USABLE_UNKNOWN ||
        (usable->state == USABLE_YES && (usable->cert == NULL || !cert_is_stop_gap(usable->cert))))
        return xstrdup(usable->why);
    return NULL;
}

void usable_clear(struct usable *usable)
{
    free(usable->why);
    cert_free(usable->cert);
    *usable = (struct usable){ 0 };
}
