/*
 * Whether the files of the newest version belong together: certificate, key, chain.
 *
 * The key decides which of two certificates is the right one; the names decide which of two chains is. Signatures are
 * not checked here: `certificates` does that.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "health/private.h"
#include "store/lineage_conf.h"

static const char *const why_match = "servers refuse files that do not belong together, and do not start";

/* ---- repairing ---- */

/* Makes one file of the current version from others: finding->number says which. */
static bool repair_from_fullchain(struct health *health, const struct finding *finding, struct error *err)
{
    AUTO(buf_clear) struct buf content = BUF(FILE_MAX_TEXT);

    (void)health;
    if (!health_cut_fullchain(finding->from, finding->number == KIND_CERT, &content))
        return error_set(err, ERROR_STORE, "%s has changed meanwhile", finding->from);
    return health_replace(finding->path, (enum kind)finding->number, buf_view(&content), err);
}

static bool repair_fullchain(struct health *health, const struct finding *finding, struct error *err)
{
    AUTO(buf_clear) struct buf content = BUF(FILE_MAX_TEXT);

    (void)health;
    TRY(file_read(finding->from, &content, err));
    TRY(file_read(finding->to, &content, err));
    return health_replace(finding->path, KIND_FULLCHAIN, buf_view(&content), err);
}

/* Exchanges the keys of two versions that have each other's; else sets the wrong key aside and copies the right one. */
static bool repair_key(struct health *health, const struct finding *finding, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(buf_clear) struct buf key = BUF_SECRET(FILE_MAX_TEXT);

    if (finding->number == 1)
        return file_exchange(finding->path, finding->from, err);
    TRY(lineage_open(health->store, finding->lineage, &lineage, err));
    TRY(file_mkdirs(lineage->archive_dir, 0700, err));
    TRY(health_set_aside(lineage, finding->path, err));
    TRY(file_read(finding->from, &key, err));
    return health_replace(finding->path, KIND_PRIVKEY, buf_view(&key), err);
}

/* ---- checking ---- */

static bool is_exchange(const struct subject *subject, const char *wrong, const char *right)
{
    for (size_t i = 0; i < subject->version_count; i++) {
        const struct parts *parts = &subject->versions[i];

        if (strcmp(parts->path[KIND_PRIVKEY], right) == 0) {
            AUTO(cert_free) struct cert *cert = health_read_cert(parts->path[KIND_CERT]);

            return cert != NULL && health_key_fits(wrong, cert);
        }
    }
    return false;
}

static void check_key(struct subject *subject, const struct cert *cert)
{
    const struct lineage *lineage = subject->lineage;
    const char *wrong = lineage->current[KIND_PRIVKEY];
    AUTO(free) char *right = NULL;
    struct finding *finding;

    if (health_key_fits(wrong, cert))
        return;
    finding = health_break(subject, "key-mismatch", wrong, why_match, "%s is not the key of the certificate in %s",
        wrong, lineage->current[KIND_CERT]);
    if (!health_find_key(subject, cert, wrong, &right)) {
        finding_answer(finding, "put the right key back from a backup");
        finding_answer(
            finding, "get a new certificate with a new key: renew --force-renewal --cert-name %s", subject->name);
        return;
    }
    finding->number = is_exchange(subject, wrong, right);
    if (finding->number == 1)
        finding_answer(finding, "exchange it with %s, which has the key of this certificate and lacks its own", right);
    else
        finding_answer(finding, "take the key from %s, and keep the present one in %s", right, lineage->archive_dir);
    finding->from = TAKE(right);
    finding->repair = repair_key;
}

/* The certificate in cert.pem and the first one in fullchain.pem: the key says which is right when they differ. */
static bool check_leaf(struct subject *subject, const struct cert *cert, const struct cert *first)
{
    const struct lineage *lineage = subject->lineage;
    char *const *path = lineage->current;
    bool cert_fits = cert != NULL && health_key_fits(path[KIND_PRIVKEY], cert);
    bool first_fits = first != NULL && health_key_fits(path[KIND_PRIVKEY], first);
    struct finding *finding;

    if (cert != NULL && first != NULL && view_equal(buf_view(&cert->der), buf_view(&first->der)))
        return true;
    if (cert == NULL && first == NULL) {
        finding = health_break(subject, "certificate-damaged", path[KIND_CERT], why_match,
            "neither %s nor %s has a certificate", path[KIND_CERT], path[KIND_FULLCHAIN]);
        finding_answer(finding, "put both back from a backup");
        return false;
    }
    finding = health_break(subject, "certificate-mismatch", cert_fits ? path[KIND_FULLCHAIN] : path[KIND_CERT],
        why_match, "%s and %s do not hold the same certificate%s", path[KIND_CERT], path[KIND_FULLCHAIN],
        cert_fits || first_fits ? "" : ", and the key is that of neither");
    finding->number = KIND_CERT;
    if (first_fits && !cert_fits) {
        finding_answer(finding, "make %s from %s, whose key is there", path[KIND_CERT], path[KIND_FULLCHAIN]);
        finding->from = xstrdup(path[KIND_FULLCHAIN]);
        finding->repair = repair_from_fullchain;
    } else if (cert_fits && !first_fits) {
        finding_answer(finding, "make %s from %s, whose key is there, and %s", path[KIND_FULLCHAIN], path[KIND_CERT],
            path[KIND_CHAIN]);
        finding->from = xstrdup(path[KIND_CERT]);
        finding->to = xstrdup(path[KIND_CHAIN]);
        finding->repair = repair_fullchain;
    } else {
        finding_answer(finding, "make %s from %s", path[KIND_CERT], path[KIND_FULLCHAIN]);
        finding_answer(finding, "make %s from %s and %s", path[KIND_FULLCHAIN], path[KIND_CERT], path[KIND_CHAIN]);
    }
    return false;
}

static bool text_fits(struct view pem, const char *path, const struct cert *leaf)
{
    AUTO(cert_free) struct cert *issuer = NULL;
    struct error err = { 0 };

    return cert_from_pem(pem, path, &issuer, &err) && health_is_issuer(leaf, issuer);
}

static bool same_text(const char *path, const char *other)
{
    AUTO(buf_clear) struct buf a = BUF(FILE_MAX_TEXT), b = BUF(FILE_MAX_TEXT);
    struct error err = { 0 };

    return file_read(path, &a, &err) && file_read(other, &b, &err) && view_equal(buf_view(&a), buf_view(&b));
}

static void check_chain(struct subject *subject, const struct cert *leaf)
{
    char *const *path = subject->lineage->current;
    AUTO(buf_clear) struct buf chain = BUF(FILE_MAX_TEXT);
    AUTO(buf_clear) struct buf rest = BUF(FILE_MAX_TEXT);
    struct error err = { 0 };
    bool read = file_read(path[KIND_CHAIN], &chain, &err),
         cut = health_cut_fullchain(path[KIND_FULLCHAIN], false, &rest);
    bool chain_fits = read && text_fits(buf_view(&chain), path[KIND_CHAIN], leaf);
    bool rest_fits = cut && text_fits(buf_view(&rest), path[KIND_FULLCHAIN], leaf);
    struct finding *finding;

    if (chain_fits && rest_fits && view_equal(buf_view(&chain), buf_view(&rest)))
        return;
    if (read && view_trim(buf_view(&chain)).len == 0 && same_text(path[KIND_CERT], path[KIND_FULLCHAIN]))
        return; /* of a CA that sends no issuer */
    finding = health_break(subject, "chain-mismatch",
        chain_fits && !rest_fits ? path[KIND_FULLCHAIN] : path[KIND_CHAIN], why_match,
        chain_fits || rest_fits ? "%s and %s do not hold the same issuers"
                                : "neither %s nor %s has the issuer of the certificate",
        path[KIND_CHAIN], path[KIND_FULLCHAIN]);
    finding->number = KIND_CHAIN;
    if (rest_fits && !chain_fits) {
        finding_answer(finding, "make %s from %s", path[KIND_CHAIN], path[KIND_FULLCHAIN]);
        finding->from = xstrdup(path[KIND_FULLCHAIN]);
        finding->repair = repair_from_fullchain;
    } else if (chain_fits && !rest_fits) {
        finding_answer(finding, "make %s from %s and %s", path[KIND_FULLCHAIN], path[KIND_CERT], path[KIND_CHAIN]);
        finding->from = xstrdup(path[KIND_CERT]);
        finding->to = xstrdup(path[KIND_CHAIN]);
        finding->repair = repair_fullchain;
    } else if (chain_fits) {
        finding_answer(finding, "make %s from %s", path[KIND_CHAIN], path[KIND_FULLCHAIN]);
        finding_answer(finding, "make %s from %s and %s", path[KIND_FULLCHAIN], path[KIND_CERT], path[KIND_CHAIN]);
    } else {
        finding_answer(finding, "get the certificate again: renew --force-renewal --cert-name %s", subject->name);
        finding_answer(finding, "put the chain back from a backup");
    }
}

/* Checks the lineage's current version. */
static void match_version(struct subject *subject)
{
    struct lineage *lineage = subject->lineage;
    AUTO(cert_free) struct cert *cert = NULL, *first = NULL;

    cert = health_read_cert(lineage->current[KIND_CERT]);
    first = health_read_cert(lineage->current[KIND_FULLCHAIN]);
    if (!check_leaf(subject, cert, first))
        return;
    check_key(subject, cert);
    if (!subject->broken)
        check_chain(subject, cert);
    cert_free(TAKE(lineage->cert));
    lineage->cert = TAKE(cert);
}

static bool can_be_repaired(const struct subject *subject, size_t from)
{
    for (size_t i = from; i < subject->health->out->len; i++)
        if (finding_is_repairable(&subject->health->out->at[i]))
            return true;
    return false;
}

/* Falls back to the live version when the one that waits is damaged beyond repair. That one stays where it is. */
static void match_live_instead(struct subject *subject, size_t from)
{
    struct lineage *lineage = subject->lineage;
    struct error err = { 0 };

    if (!lineage->pending_deployment || !subject->broken || can_be_repaired(subject, from))
        return;
    cert_free(TAKE(lineage->cert));
    if (!lineage_take_live(lineage, &err))
        return;
    subject->broken = false;
    subject->goes_by_live = true;
    match_version(subject);
}

void check_match(struct subject *subject)
{
    struct lineage *lineage = subject->lineage;
    size_t from = subject->health->out->len;
    struct error err = { 0 };
    bool found = lineage->layout->find(lineage, &err);

    if (!found) /* the paths below are live links then, which a repair would take for the files they lead to */
        health_note_trouble(&err);
    for (int kind = 0; kind < KIND_COUNT; kind++) /* it may be for what is in them that nothing was found */
        if (lineage->current[kind] == NULL)
            lineage->current[kind] = xstrdup(lineage->live[kind]);
    match_version(subject);
    if (!found && !subject->broken) {
        struct finding *finding = health_break(subject, "files-unusable", lineage->live_dir, why_match, "%s", err.why);

        finding_answer(finding, "put the files back from a backup");
        return;
    }
    match_live_instead(subject, from);
    if (lineage->cert != NULL && lineage->cert->not_before > subject->health->newest_begin)
        subject->health->newest_begin = lineage->cert->not_before;
}
