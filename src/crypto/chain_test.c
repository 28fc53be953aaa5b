/* Chains as CAs send them, and as they should not. */
#include "base/text.h"
#include "crypto/cert.h"
#include "crypto/fixture.h"

static void put_cert(struct buf *pem, const char *subject, const char *issuer)
{
    AUTO(EVP_PKEY_free) EVP_PKEY *key = fixture_key("P-256");

    fixture_pem(&(struct fixture){ .key = key, .subject = subject, .issuer = issuer }, pem);
}

/* The text with each LF replaced, as some CAs send CRLF. */
static void put_crlf(struct buf *out, struct view text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '\n')
            buf_put_char(out, '\r');
        buf_put_char(out, text.at[i]);
    }
}

TEST(cert_split_chain)
{
    AUTO(buf_clear)
    struct buf leaf = BUF(1 << 16), rest = BUF(1 << 16), all = BUF(1 << 16), untidy = BUF(1 << 16);
    AUTO(buf_clear) struct buf cert = BUF(1 << 16), chain = BUF(1 << 16), fullchain = BUF(1 << 16);
    struct error err = { 0 };

    put_cert(&leaf, "leaf", "One");
    put_cert(&rest, "One", "Two");
    put_cert(&rest, "Two", "Root");
    buf_put(&all, buf_view(&leaf));
    buf_put(&all, buf_view(&rest));
    buf_put_text(&untidy, "# a comment\n\n");
    put_crlf(&untidy, buf_view(&leaf));
    buf_put_text(&untidy, "\r\nsubject: One\r\n");
    put_crlf(&untidy, buf_view(&rest));

    REQUIRE(cert_split_chain(buf_view(&untidy), &cert, &chain, &fullchain, &err), "%s", err.why);
    CHECK_TEXT(buf_text(&cert), buf_text(&leaf), "cert");
    CHECK_TEXT(buf_text(&chain), buf_text(&rest), "chain");
    CHECK_TEXT(buf_text(&fullchain), buf_text(&all), "fullchain");
}

enum shape { NOTHING, ONE, CUT, NOT_BASE64, NOT_A_CERT, NO_KEY, TOO_MANY, SMALL_BUFFER };

static void put_shape(enum shape shape, struct buf *pem)
{
    if (shape != NOTHING)
        put_cert(pem, "leaf", "One");
    switch (shape) {
    case NOTHING:
        buf_put_text(pem, "<html>Service unavailable</html>");
        break;
    case ONE:
        break;
    case CUT:
        put_cert(pem, "One", "Two");
        buf_cut(pem, pem->len - 30);
        break;
    case NOT_BASE64:
        buf_put_text(pem, "-----BEGIN CERTIFICATE-----\n%%%%\n-----END CERTIFICATE-----\n");
        break;
    case NOT_A_CERT:
        buf_put_text(pem, "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n");
        break;
    case NO_KEY: { /* fine for a reader of names, not for OpenSSL: a point that is not on its curve */
        AUTO(EVP_PKEY_free) EVP_PKEY *key = fixture_key("P-256");
        AUTO(buf_clear) struct buf der = BUF(PEM_MAX_DER);
        char *point;

        fixture_der(&(struct fixture){ .key = key, .subject = "x" }, &der);
        point = memmem(der.at, der.len, "\x03\x42\x00\x04", 4);
        REQUIRE(point != NULL);
        memset(point + 4, 0x11, 64);
        pem_put(pem, "CERTIFICATE", buf_view(&der));
        break;
    }
    case TOO_MANY:
        for (int i = 0; i < 64; i++)
            put_cert(pem, "One", "Two");
        break;
    case SMALL_BUFFER:
        put_cert(pem, "One", "Two");
        break;
    }
}

static const struct {
    const char *name;
    enum shape shape;
    const char *why;
} broken[] = {
    { "an HTML page", NOTHING, "0 certificates, where a chain has at least two" },
    { "the leaf alone", ONE, "1 certificates, where a chain has at least two" },
    { "cut short", CUT, "has no end" },
    { "not base64", NOT_BASE64, "not valid base64" },
    { "not a certificate", NOT_A_CERT, "certificate's content" },
    { "no usable key", NO_KEY, "OpenSSL does not take" },
    { "too many", TOO_MANY, "more than 64 certificates" },
    { "more than we hold", SMALL_BUFFER, "larger than 600 bytes" },
};

TEST(cert_split_chain_broken)
{
    for (size_t i = 0; i < COUNT(broken); i++) {
        AUTO(buf_clear) struct buf pem = BUF(1 << 20), cert = BUF(1 << 20), chain = BUF(1 << 20);
        AUTO(buf_clear) struct buf fullchain = BUF(broken[i].shape == SMALL_BUFFER ? 600 : 1 << 20);
        struct error err = { 0 };

        put_shape(broken[i].shape, &pem);
        buf_put_text(&cert, "before");
        CHECK(!cert_split_chain(buf_view(&pem), &cert, &chain, &fullchain, &err), "%s", broken[i].name);
        CHECK(err.kind == ERROR_ACME && strstr(err.why, broken[i].why) != NULL, "%s: %s", broken[i].name, err.why);
        CHECK(strstr(err.what, "the CA sent") != NULL, "%s: %s", broken[i].name, err.what);
        CHECK(cert.len == 6 && chain.len == 0 && fullchain.len == 0, "%s: something was left", broken[i].name);
        CHECK(ERR_peek_error() == 0, "%s: OpenSSL's queue is not empty", broken[i].name);
    }
}

TEST(cert_chain_top_issuer)
{
    AUTO(buf_clear) struct buf pem = BUF(1 << 16), nameless = BUF(1 << 16);
    AUTO(free) char *top = NULL, *none = NULL;
    char *untouched = NULL;
    struct error err = { 0 };

    put_cert(&pem, "leaf", "One");
    put_cert(&pem, "One", "Pebble Root CA 1a2b");
    put_cert(&nameless, "leaf", NULL);
    put_cert(&nameless, NULL, NULL);
    REQUIRE(cert_chain_top_issuer(buf_view(&pem), &top, &err), "%s", err.why);
    CHECK_TEXT(top, "Pebble Root CA 1a2b", "issuer of the last");
    REQUIRE(cert_chain_top_issuer(buf_view(&nameless), &none, &err), "%s", err.why);
    CHECK_TEXT(none, "", "no common name");
    CHECK(!cert_chain_top_issuer(view_of("no chain"), &untouched, &err) && untouched == NULL);
    CHECK(strstr(err.why, "no PEM block") != NULL, "%s", err.why);
}

TEST_MAIN()
