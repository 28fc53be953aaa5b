/*
 * Whether a version that is newer than what is live may become live, though nobody asks for it: at the next `renew`,
 * or by `doctor --fix`.
 *
 * A switch that was interrupted leaves one, and then it is right. So does a restored backup, a file copied into the
 * wrong directory, an archive of another year.
 */
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "disk/layout.h"
#include "store/lineage_conf.h"
#include "store/lineage_verify.h"
#include "store/lineage_waiting.h"
#include "store/pending.h"

/* "-0001" behind a name is ours. */
static struct view base_name(const char *name)
{
    size_t len = strlen(name);

    if (len > 5 && name[len - 5] == '-' && strspn(name + len - 4, "0123456789") == 4)
        len -= 5;
    return (struct view){ name, len };
}

bool lineage_has_names(const struct lineage *lineage, const struct cert *cert)
{
    AUTO(list_clear) struct list served = { 0 };
    AUTO(free) char *base = view_dup(base_name(lineage->name));
    AUTO(free) char *wildcard = xprintf("*.%s", base);

    if (list_has(&cert->names, base) || list_has(&cert->names, wildcard))
        return true;
    conf_keys(lineage->conf, "renewalparams/webroot_map", &served);
    return served.len > 0 && list_same_set(&served, &cert->names);
}

struct waiting {
    struct cert *cert, *live; /* of what waits, and of what is live */
};

static void waiting_clear_at(struct waiting *waiting)
{
    cert_free(waiting->cert);
    cert_free(waiting->live);
}

/* NULL when it is none, or cannot be read now: then err says why. Of the caller's. */
static struct cert *read_cert(const char *path, struct error *err)
{
    AUTO(buf_clear) struct buf pem = BUF(FILE_MAX_TEXT);
    struct cert *cert = NULL;

    return file_read(path, &pem, err) && cert_from_pem(buf_view(&pem), path, &cert, err) ? cert : NULL;
}

/* The live certificate; where the links of Certbot's layout disagree, that of the oldest version. */
static struct cert *read_live_cert(const struct lineage *lineage)
{
    AUTO(free) char *id = NULL, *path = NULL;
    struct error err = { 0 };

    if (!lineage->layout->live(lineage, &id, &err))
        return NULL;
    path = lineage->layout->path(lineage, id, KIND_CERT);
    return read_cert(path, &err);
}

/* Whether a server could use it. */
static bool belongs_together(const struct lineage *lineage, struct cert *cert, struct error *err)
{
    struct lineage waiting = *lineage; /* the same, but for the certificate */

    waiting.cert = cert;
    return lineage_verify(&waiting, err);
}

static bool share_a_name(const struct cert *a, const struct cert *b)
{
    for (size_t i = 0; i < a->names.len; i++)
        if (list_has(&b->names, a->names.at[i]))
            return true;
    return false;
}

/* An order of this lineage's, recorded before the CA was told to issue, was for that key: its names were changed. */
static bool was_ordered(struct store *store, const struct lineage *lineage, const struct cert *cert)
{
    AUTO(free) char *path = pending_key_path(store, lineage->name);
    AUTO(buf_clear) struct buf key = BUF_SECRET(FILE_MAX_TEXT);
    struct error err = { 0 };

    return file_read(path, &key, &err) && cert_check_key_pem(cert, buf_view(&key), path, &err);
}

/* The other lineage that has the very certificate live, of the caller's; NULL when none has. */
static char *user_of(struct store *store, const struct lineage *lineage, const struct cert *cert)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    if (!store_lineage_names(store, &names, &err))
        return NULL;
    for (size_t i = 0; i < names.len; i++) {
        AUTO(lineage_free) struct lineage *other = NULL;
        AUTO(cert_free) struct cert *live = NULL;
        struct error broken = { 0 };

        if (strcmp(names.at[i], lineage->name) == 0 || !lineage_open(store, names.at[i], &other, &broken) ||
            other->live[KIND_CERT] == NULL || text_equal(other->live[KIND_CERT], lineage->live[KIND_CERT]))
            continue;
        live = read_cert(other->live[KIND_CERT], &broken);
        if (live != NULL && view_equal(buf_view(&live->der), buf_view(&cert->der)))
            return xstrdup(names.at[i]);
    }
    return NULL;
}

char *lineage_objection(struct store *store, const struct lineage *lineage)
{
    AUTO(waiting_clear) struct waiting waiting = { .live = read_live_cert(lineage) };
    AUTO(free) char *names = NULL, *user = NULL;
    struct error err = { 0 };
    int64_t now = clock_now();

    if (waiting.live == NULL) /* there is nothing that could be lost */
        return NULL;
    waiting.cert = read_cert(lineage->current[KIND_CERT], &err);
    if (waiting.cert == NULL)
        return xprintf("its certificate cannot be read: %s", err.why);
    if (!belongs_together(lineage, waiting.cert, &err))
        return xprintf("its files do not belong together: %s", err.why);
    if (waiting.cert->not_after <= now && waiting.live->not_after > now)
        return xstrdup("it has expired, and what is live is valid");
    names = list_join(&waiting.cert->names, ", ");
    if (!share_a_name(waiting.cert, waiting.live) && !lineage_has_names(lineage, waiting.cert) &&
        !was_ordered(store, lineage, waiting.cert))
        return xprintf("it is for other names: %s", names);
    user = user_of(store, lineage, waiting.cert);
    return user == NULL ? NULL : xprintf("it is the certificate of %s", user);
}
