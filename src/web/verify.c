#include "web/verify.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "base/parallel.h"
#include "base/text.h"
#include "crypto/cert.h"
#include "web/looking.h"
#include "web/pauses.h"

#define THREADS 16 /* that wait for the server's answers at one time */
#define NAMES_TOLD 3

/* ---- the certificates that are to be served ---- */

struct leaf { /* of one file */
    const char *path;
    struct buf der;
};

struct leaves {
    struct leaf *at;
    size_t len;
};

static void leaves_clear_at(struct leaves *leaves)
{
    for (size_t i = 0; i < leaves->len; i++)
        buf_clear(&leaves->at[i].der);
    free(leaves->at);
}

static bool read_leaf(const char *path, struct buf *der, struct error *err)
{
    AUTO(buf_clear) struct buf pem = BUF(FILE_MAX_TEXT);
    AUTO(cert_free) struct cert *cert = NULL;

    TRY(file_read(path, &pem, err));
    TRY(cert_from_pem(buf_view(&pem), path, &cert, err));
    *der = cert->der;
    cert->der = (struct buf){ 0 };
    return true;
}

/* The leaf of that file, read once; *out is its index. */
static bool find_leaf(struct leaves *leaves, const char *path, size_t *out, struct error *err)
{
    for (size_t i = leaves->len; i-- > 0;) /* neighbours often share a file */
        if (leaves->at[i].path == path || strcmp(leaves->at[i].path, path) == 0) {
            *out = i;
            return true;
        }
    leaves->at = xrealloc(leaves->at, leaves->len + 1, sizeof *leaves->at);
    leaves->at[leaves->len] = (struct leaf){ .path = path };
    TRY(read_leaf(path, &leaves->at[leaves->len].der, err));
    *out = leaves->len++;
    return true;
}

/* ---- one look at one name ---- */

struct round { /* of looks at all names that are not well yet */
    const struct looking *looking;
    const struct pauses *pauses;
    const struct expected *expected;
    const struct leaves *leaves;
    const size_t *leaf_of; /* for each expected */
    const size_t *left;    /* those that are looked at */
    struct error **errors; /* for each expected, owned; NULL when it is well */
    bool shielded;         /* the caller is, from interrupts */
};

/* "a.example, b.example and 3 more" */
static void put_names(struct buf *out, const struct list *names)
{
    size_t told = names->len <= NAMES_TOLD + 1 ? names->len : NAMES_TOLD;

    for (size_t i = 0; i < told; i++)
        buf_putf(out, "%s%s", i > 0 ? ", " : "", names->at[i]);
    if (told < names->len)
        buf_putf(out, " and %zu more", names->len - told);
    if (names->len == 0)
        buf_put_text(out, "no name");
}

/* "one for a.example of 2026-11-01 (serial number 04ab)"; of the caller's. */
static char *describe(struct view der)
{
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);
    AUTO(cert_free) struct cert *cert = NULL;
    char date[CLOCK_TEXT_SIZE];
    struct error ignored;

    if (!cert_from_der(der, "what is served", &cert, &ignored))
        return xstrdup("one that cannot be read");
    clock_format_date(cert->not_before, date);
    buf_put_text(&text, "one for ");
    put_names(&text, &cert->names);
    buf_putf(&text, " of %s (serial number %s)", date, cert->serial);
    return buf_take(&text);
}

static bool compare(const struct expected *expected, struct view leaf, const struct probed *probed, struct error *err)
{
    AUTO(free) char *served = NULL;

    if (probed->count > 0 && view_equal(buf_view(&probed->chain[0]), leaf))
        return true;
    served = probed->count > 0 ? describe(buf_view(&probed->chain[0])) : xstrdup("none");
    return error_set(err, ERROR_PLUGIN, "%s port %d does not serve the certificate of %s for %s, but %s",
        expected->address, expected->port, expected->fullchain, expected->name, served);
}

static bool look(const struct round *round, size_t index, struct error *err)
{
    const struct expected *expected = &round->expected[index];
    struct view leaf = buf_view(&round->leaves->at[round->leaf_of[index]].der);
    AUTO(probed_clear) struct probed probed = { 0 };
    struct probe probe = { .address = expected->address,
        .port = expected->port,
        .key = expected->key,
        .sni = expected->is_ip ? NULL : expected->name,
        .timeout_ms = pauses_question_ms(round->pauses) };

    if (round->looking->probe(round->looking->net, &probe, &probed, err))
        return compare(expected, leaf, &probed, err);
    if (err->kind == ERROR_CANCELED)
        return false;
    (void)error_in(err, "%s is not served", expected->name);
    return error_as(err, ERROR_PLUGIN);
}

static void look_at_one(void *ctx, size_t index)
{
    const struct round *round = ctx;
    struct error **slot = &round->errors[round->left[index]], err = { 0 };

    if (round->shielded)
        interrupt_shield();
    free(TAKE(*slot));
    if (!interrupt_check(&err) || !look(round, round->left[index], &err))
        *slot = error_dup(&err);
    if (round->shielded)
        interrupt_unshield();
}

/* ---- all names ---- */

static size_t keep_those_that_failed(struct error *const *errors, size_t *left, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (errors[left[i]] != NULL)
            left[kept++] = left[i];
    return kept;
}

static bool is_hopeless(const struct looking *looking)
{
    return looking->log != NULL && web_log_has_refused(looking->log);
}

/* To the caller, or to nobody. */
static void hand_out(struct error **errors, const size_t *left, size_t count, struct error **each)
{
    for (size_t i = 0; i < count; i++)
        if (each != NULL)
            each[left[i]] = TAKE(errors[left[i]]);
        else
            free(TAKE(errors[left[i]]));
}

static bool sum_up(
    const struct looking *looking, const struct error *first, size_t failed, size_t count, struct error *err)
{
    TRY(interrupt_check(err));
    *err = *first;
    if (failed > 1)
        (void)error_in(err, "%zu of %zu names are not served as they should be, the first", failed, count);
    if (looking->log != NULL)
        (void)web_log_tell(looking->log, "the server", err);
    if (strstr(err->why, "already in use") != NULL || strstr(err->why, "no listening sockets") != NULL)
        (void)error_next(err, "another program has that port (ss -ltnp shows which): stop it, then try again");
    return false;
}

bool look_at_names(const struct looking *looking, const struct expected *expected, size_t count, struct error **each,
    struct error *err)
{
    AUTO(leaves_clear) struct leaves leaves = { 0 };
    AUTO(free) size_t *leaf_of = xcalloc(count, sizeof *leaf_of), *left = xcalloc(count, sizeof *left);
    AUTO(free) struct error **errors = xcalloc(count, sizeof *errors);
    struct pauses pauses = pauses_begin(looking->limit_ms);
    struct round round = { .looking = looking,
        .pauses = &pauses,
        .expected = expected,
        .leaves = &leaves,
        .leaf_of = leaf_of,
        .left = left,
        .errors = errors,
        .shielded = interrupt_is_shielded() };
    size_t failed = count;

    for (size_t i = 0; i < count; i++) {
        TRY(find_leaf(&leaves, expected[i].fullchain, &leaf_of[i], err));
        left[i] = i;
    }
    do {
        parallel_wait_for(failed, THREADS, look_at_one, &round);
        failed = keep_those_that_failed(errors, left, failed);
    } while (failed > 0 && !is_hopeless(looking) && pauses_wait(&pauses));
    if (failed == 0)
        return true;
    (void)sum_up(looking, errors[left[0]], failed, count, err);
    hand_out(errors, left, failed, each);
    return false;
}

bool web_verify(struct net *net, const struct expected *expected, size_t count, const struct web_log *log,
    int64_t limit_ms, struct error **each, struct error *err)
{
    struct looking looking = { .probe = net_probe, .net = net, .log = log, .limit_ms = limit_ms };

    return look_at_names(&looking, expected, count, each, err);
}
