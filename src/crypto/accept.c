#include "crypto/accept.h"

#include <string.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/chain.h"
#include "crypto/csr.h"
#include "crypto/pem.h"

#define DAY_S 86400
#define NO_DATE_SLACK_S                                                                                                \
    7200                /* a certificate may begin so much later than our clock says, where the CA tells no time       \
                         */
#define DATE_SLACK_S 60 /* and so much later than the CA's own: it was told a moment ago */
#define NAMES_SHOWN ((size_t)600) /* bytes of either list in an error, so that both are seen */
#define TEXT_MAX ((size_t)4 * 1024 * 1024)

void accepted_clear(struct accepted *accepted)
{
    cert_free(accepted->cert);
    buf_clear(&accepted->leaf);
    buf_clear(&accepted->chain);
    buf_clear(&accepted->fullchain);
    free(accepted->top_issuer);
    list_clear(&accepted->warnings);
    *accepted = (struct accepted){ 0 };
}

static void warn(struct list *warnings, char *sentence)
{
    list_add(warnings, sentence);
    free(sentence);
}

/* ---- key ---- */

static X509_REQ *request_of(struct view csr)
{
    const unsigned char *at = view_bytes(csr);
    X509_REQ *request = d2i_X509_REQ(NULL, &at, (long)csr.len);

    ERR_clear_error();
    return request;
}

/* SHA-256 of a public key, as people compare keys. */
static bool put_key(X509_PUBKEY *key, struct buf *out, struct error *err)
{
    AUTO(buf_clear) struct buf digest = BUF(64);
    unsigned char *der = NULL;
    int len = i2d_X509_PUBKEY(key, &der);
    bool ok = len > 0 && digest_sha256((struct view){ (const char *)der, (size_t)len }, &digest, err);

    OPENSSL_free(der);
    if (len <= 0)
        return error_openssl(err, ERROR_INTERNAL, "cannot write a public key");
    if (ok)
        buf_put_hex(out, buf_view(&digest));
    return ok;
}

static bool wrong_key(const struct chain *chain, X509_REQ *request, struct error *err)
{
    AUTO(buf_clear) struct buf asked = BUF(128), sent = BUF(128);

    TRY(put_key(X509_REQ_get_X509_PUBKEY(request), &asked, err));
    TRY(put_key(X509_get_X509_PUBKEY(chain->at[0].x509), &sent, err));
    return error_set(err, ERROR_ACME,
        "key: of the %zu certificates none is for the key that was asked for (SHA-256 %s); the first is for %s",
        chain->len, buf_text(&asked), buf_text(&sent));
}

static bool find_leaf(const struct chain *chain, struct view csr, size_t *out, struct error *err)
{
    AUTO(X509_REQ_free) X509_REQ *request = request_of(csr);
    EVP_PKEY *key = request == NULL ? NULL : X509_REQ_get0_pubkey(request);

    if (key == NULL)
        return error_openssl(err, ERROR_INTERNAL, "the certificate signing request cannot be read");
    *out = chain_find_key(chain, key);
    return *out < chain->len || wrong_key(chain, request, err);
}

bool accept_is_anothers(struct view text, struct view csr)
{
    AUTO(chain_clear) struct chain chain = { .len = 0 };
    AUTO(X509_REQ_free) X509_REQ *request = request_of(csr);
    EVP_PKEY *key = request == NULL ? NULL : X509_REQ_get0_pubkey(request);
    struct error ignored = { 0 };

    return key != NULL && chain_read(text, &chain, &ignored) && chain_find_key(&chain, key) == chain.len;
}

/* ---- names ---- */

/* "www.example.com" in lower case; an address in its canonical text. */
static void add_names(struct list *out, const struct list *names, const char *kind)
{
    for (size_t i = 0; i < names->len; i++) {
        AUTO(free) char *lower = xstrdup(names->at[i]), *name = NULL;

        text_lower(lower);
        name = xprintf("%s%s", kind, lower);
        if (!list_has(out, name))
            list_add(out, name);
    }
}

/* A common name that looks like a host name or address counts as one: old programs use it, and so do renewals. */
static void add_common_name(struct list *out, const char *common)
{
    char address[64];
    struct list one = { .at = (char *[]){ address }, .len = 1 };

    if (common == NULL)
        return;
    if (address_canonical(common, address)) {
        add_names(out, &one, "IP ");
        return;
    }
    one.at = (char *[]){ (char *)common };
    add_names(out, &one, "");
}

static bool is_www(const struct list *asked, const char *name)
{
    return text_starts(name, "www.") && list_has(asked, name + strlen("www."));
}

static bool wrong_names(const struct list *asked, const struct list *sent, struct error *err)
{
    AUTO(free) char *all_asked = list_join(asked, ", "), *all_sent = list_join(sent, ", ");
    AUTO(free) char *were_asked = text_printable_dup(view_of(all_asked), NAMES_SHOWN, false);
    AUTO(free) char *were_sent = text_printable_dup(view_of(all_sent), NAMES_SHOWN, false);

    return error_set(
        err, ERROR_ACME, "names: the certificate is for \"%s\", and \"%s\" was asked for", were_sent, were_asked);
}

static bool check_names(const struct cert *leaf, struct view der, struct list *warnings, struct error *err)
{
    AUTO(csr_free) struct csr *csr = NULL;
    AUTO(list_clear) struct list asked = { 0 }, sent = { 0 };

    TRY(csr_read(der, "of the order", &csr, err));
    add_names(&asked, &csr->dns, "");
    add_names(&asked, &csr->ips, "IP ");
    add_names(&sent, &leaf->dns, "");
    add_names(&sent, &leaf->ips, "IP ");
    if (!list_is_subset(&asked, &sent)) /* by a subject alternative name: nobody else looks at the common name */
        return wrong_names(&asked, &sent, err);
    add_common_name(&sent, leaf->common_name);
    for (size_t i = 0; i < sent.len; i++) {
        if (list_has(&asked, sent.at[i]))
            continue;
        if (!is_www(&asked, sent.at[i]))
            return wrong_names(&asked, &sent, err);
        warn(warnings, xprintf("The CA has added %s to the certificate, which was not asked for.", sent.at[i]));
    }
    return true;
}

/* ---- kind ---- */

static bool check_kind(X509 *leaf, struct error *err)
{
    if (X509_check_ca(leaf) == 0)
        return true;
    return error_set(err, ERROR_ACME,
        "kind: the certificate is one that may issue others (a CA's), and one for servers was asked for");
}

/* ---- dates ---- */

/* The span of time that is "now" by this machine's clock, and by the CA's where it tells the time. */
struct range_of_now {
    int64_t first, last;
    bool far_apart; /* more than a day: the CA's does not count */
};

static struct range_of_now range_of_now(const struct accept_order *order)
{
    int64_t now = order->now, ca = order->ca_now;

    if (ca == 0)
        return (struct range_of_now){ now, now + NO_DATE_SLACK_S, false };
    if (ca > now + DAY_S || ca < now - DAY_S)
        return (struct range_of_now){ now, now + DATE_SLACK_S, true };
    return (struct range_of_now){ ca < now ? ca : now, (ca > now ? ca : now) + DATE_SLACK_S, false };
}

static bool is_valid_in(const struct cert *cert, int64_t first, int64_t last)
{
    return cert->not_before <= last && cert->not_after > first && cert->not_after > cert->not_before;
}

static bool check_dates(const struct cert *cert, const struct accept_order *order, struct error *err)
{
    struct range_of_now now = range_of_now(order);
    char from[CLOCK_TEXT_SIZE], until[CLOCK_TEXT_SIZE], here[CLOCK_TEXT_SIZE], there[CLOCK_TEXT_SIZE] = "unknown";

    if (is_valid_in(cert, now.first, now.last))
        return true;
    clock_format_rfc3339(cert->not_before, from);
    clock_format_rfc3339(cert->not_after, until);
    clock_format_rfc3339(order->now, here);
    if (order->ca_now != 0)
        clock_format_rfc3339(order->ca_now, there);
    (void)error_set(err, ERROR_ACME,
        "dates: the certificate is valid from %s until %s; the time here is %s, that at the CA is %s", from, until,
        here, there);
    if (now.far_apart && is_valid_in(cert, order->ca_now, order->ca_now + DATE_SLACK_S)) {
        (void)error_as(err, ERROR_CONFIG);
        return error_next(err, "set this machine's clock (UTC) right");
    }
    return false;
}

/* ---- what comes out ---- */

static bool put(struct buf *to, const struct cert *cert, struct error *err)
{
    pem_put(to, "CERTIFICATE", buf_view(&cert->der));
    return !to->failed || error_set(err, ERROR_ACME, "the chain is larger than %zu bytes", to->max);
}

/* Certificates from `from` on become the chain. */
static bool put_issuers(struct accepted *out, const struct chain *chain, size_t len, struct error *err)
{
    const char *top = chain->at[len - 1].cert->issuer_common_name;

    for (size_t i = 1; i < len; i++) {
        TRY(put(&out->chain, chain->at[i].cert, err));
        TRY(put(&out->fullchain, chain->at[i].cert, err));
    }
    xreplace(&out->top_issuer, top == NULL ? "" : top);
    return true;
}

static void warn_of_order(struct list *warnings, size_t leaf, size_t len, size_t sent)
{
    if (leaf != 0)
        warn(warnings,
            xprintf("The CA has sent the certificate as number %zu of its chain; it is put first.", leaf + 1));
    if (len < sent)
        warn(warnings,
            xprintf("%zu of the %zu certificates that the CA has sent are not part of the chain, and are left "
                    "out.",
                sent - len, sent));
}

static bool check(struct view text, const struct accept_order *order, struct accepted *out, struct error *err)
{
    AUTO(chain_clear) struct chain chain = { .len = 0 };
    size_t leaf, len;

    TRY(chain_read(text, &chain, err));
    TRY(find_leaf(&chain, order->csr, &leaf, err));
    TRY(check_names(chain.at[leaf].cert, order->csr, &out->warnings, err));
    TRY(check_kind(chain.at[leaf].x509, err));
    TRY(check_dates(chain.at[leaf].cert, order, err));
    TRY(chain_sort(&chain, leaf, &len, err));
    warn_of_order(&out->warnings, leaf, len, chain.len);
    TRY(put(&out->leaf, chain.at[0].cert, err));
    TRY(put(&out->fullchain, chain.at[0].cert, err));
    TRY(put_issuers(out, &chain, len, err));
    out->cert = TAKE(chain.at[0].cert);
    return true;
}

/* The cause alone is what some are told (ui/error_report.h): it says whose the fault is. */
static bool refused(struct error *err)
{
    struct error cause = *err;

    (void)error_set(err, cause.kind, "what the CA has sent is refused: %s%s%s", cause.what,
        cause.what[0] == '\0' ? "" : ": ", cause.why);
    (void)error_next(err, "%s",
        cause.next[0] != '\0' ? cause.next
                              : "nothing here was changed, and the next run orders anew; when that ends the same way, "
                                "report it to the CA");
    return error_in(err, "accepting the certificate");
}

bool accept_chain(struct view text, const struct accept_order *order, struct accepted *out, struct error *err)
{
    AUTO(accepted_clear)
    struct accepted accepted = { .leaf = BUF(TEXT_MAX), .chain = BUF(TEXT_MAX), .fullchain = BUF(TEXT_MAX) };

    if (!check(text, order, &accepted, err))
        return refused(err);
    *out = accepted;
    accepted = (struct accepted){ 0 };
    return true;
}

static bool read_issuers(struct view text, struct chain *chain, struct error *err)
{
    if (text.len > 0 && text.at[0] == '\x30') /* a SEQUENCE in DER; no PEM text begins with the digit 0 */
        return chain_add(text, chain, err);
    return chain_read(text, chain, err);
}

bool accept_issuers(struct accepted *accepted, struct view text, bool *found, struct error *err)
{
    AUTO(chain_clear) struct chain chain = { .len = 0 };
    size_t len;

    TRY(chain_add(buf_view(&accepted->cert->der), &chain, err));
    TRY(read_issuers(text, &chain, err));
    TRY(chain_sort(&chain, 0, &len, err));
    *found = len > 1;
    if (!*found || put_issuers(accepted, &chain, len, err))
        return true;
    buf_cut(&accepted->chain, 0);
    buf_cut(&accepted->fullchain, accepted->leaf.len);
    return false;
}
