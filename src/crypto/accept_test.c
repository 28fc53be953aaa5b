/* Certificates that a CA may return for an order, and those that are refused. */
#include "base/mem.h"
#include "base/text.h"
#include "crypto/accept.h"
#include "crypto/chain.h"
#include "crypto/csr.h"
#include "crypto/fixture.h"

#define NOW 1796083200 /* 2026-12-01T00:00:00Z; certificates of the fixture begin a month before and last 90 days */
#define HOUR 3600
#define DAY (24 * HOUR)

static struct {
    struct key *ours;
    EVP_PKEY *other, *one, *two;
    struct buf csr;
} world = { .csr = { .max = 1 << 16 } };

/* Asked for: a.example, *.a.example, b.example, 192.0.2.1, 2001:db8::1. */
#define ASKED "DNS:a.example,DNS:*.a.example,DNS:b.example,IP:192.0.2.1,IP:2001:db8::1"

static void world_open(void)
{
    struct list dns = { 0 }, ips = { 0 };
    struct error err = { 0 };

    REQUIRE(
        key_generate((struct key_params){ .type = KEY_EC, .curve = "secp256r1" }, &world.ours, &err), "%s", err.why);
    world.other = fixture_key("P-256");
    world.one = fixture_key("P-256");
    world.two = fixture_key("RSA");
    list_add(&dns, "a.example");
    list_add(&dns, "*.a.example");
    list_add(&dns, "b.example");
    list_add(&ips, "192.0.2.1");
    list_add(&ips, "2001:db8::1");
    AUTO(identifiers_clear) struct identifiers identifiers = identifiers_of(&dns, &ips);
    REQUIRE(csr_make(world.ours, &identifiers, false, &world.csr, &err), "%s", err.why);
    list_clear(&dns);
    list_clear(&ips);
}

static void world_close(void)
{
    key_free(world.ours);
    EVP_PKEY_free(world.other);
    EVP_PKEY_free(world.one);
    EVP_PKEY_free(world.two);
    buf_clear(&world.csr);
}

static void put_issuers(struct buf *pem)
{
    fixture_pem(
        &(struct fixture){
            .key = world.one, .signer = world.two, .subject = "One", .issuer = "Two", .basic = "critical,CA:TRUE" },
        pem);
}

/* The leaf with what a row says of it, everything else as it should be. */
static void put_leaf(struct fixture leaf, struct buf *pem)
{
    if (leaf.key == NULL)
        leaf.key = world.ours->pkey;
    if (leaf.signer == NULL)
        leaf.signer = world.one;
    if (leaf.issuer == NULL)
        leaf.issuer = "One";
    if (leaf.san == NULL)
        leaf.san = ASKED;
    fixture_pem(&leaf, pem);
}

static const struct {
    const char *name;
    struct fixture leaf;
    const char *why; /* NULL: it passes */
    const char *warning;
    int64_t here, there;  /* from NOW; there 0: the CA tells no time */
    enum error_kind kind; /* [ERROR_ACME] */
} rows[] = {
    { "as it should be", { 0 }, NULL, NULL, 0, 0, 0 },
    { "in another order and in capitals",
        { .san = "IP:2001:db8::1,DNS:B.Example,DNS:*.A.example,IP:192.0.2.1,DNS:A.example" }, NULL, NULL, 0, 0, 0 },
    { "a name twice", { .san = ASKED ",DNS:a.example" }, NULL, NULL, 0, 0, 0 },
    { "a common name that was asked for", { .subject = "B.EXAMPLE" }, NULL, NULL, 0, 0, 0 },
    { "a common name that is an address", { .subject = "2001:DB8:0::1" }, NULL, NULL, 0, 0, 0 },
    { "other kinds of names beside them", { .san = ASKED ",email:a@b.example,URI:https://c.example/" }, NULL, NULL, 0,
        0, 0 },
    { "www. added", { .san = ASKED ",DNS:www.b.example" }, NULL, "added www.b.example to the certificate", 0, 0, 0 },
    { "www. added as common name", { .subject = "www.a.example" }, NULL, "added www.a.example", 0, 0, 0 },

    { "www. of one that was not asked for", { .san = ASKED ",DNS:www.c.example" }, "names: ", NULL, 0, 0, 0 },
    { "www.www.", { .san = ASKED ",DNS:www.www.a.example" }, "names: ", NULL, 0, 0, 0 },
    { "one name missing", { .san = "DNS:a.example,DNS:b.example,IP:192.0.2.1,IP:2001:db8::1" },
        "names: the certificate is for \"a.example, b.example, IP 192.0.2.1, IP 2001:db8::1\", and \"a.example, "
        "*.a.example, b.example, IP 192.0.2.1, IP 2001:db8::1\" was asked for",
        NULL, 0, 0, 0 },
    { "one address missing", { .san = "DNS:a.example,DNS:*.a.example,DNS:b.example,IP:192.0.2.1" }, "names: ", NULL, 0,
        0, 0 },
    { "one name more", { .san = ASKED ",DNS:evil.example" }, "evil.example", NULL, 0, 0, 0 },
    { "one address more", { .san = ASKED ",IP:192.0.2.2" }, "IP 192.0.2.2", NULL, 0, 0, 0 },
    { "all other names", { .san = "DNS:evil.example" }, "for \"evil.example\"", NULL, 0, 0, 0 },
    { "a name that is shell text", { .san = ASKED ",DNS:$(reboot).a.example" }, "$(reboot).a.example", NULL, 0, 0, 0 },
    { "an address as a name", { .san = "DNS:a.example,DNS:*.a.example,DNS:b.example,DNS:192.0.2.1,IP:2001:db8::1" },
        "names: ", NULL, 0, 0, 0 },
    { "a common name of somebody else", { .subject = "evil.example" }, "evil.example", NULL, 0, 0, 0 },
    { "a common name that is none", { .subject = "My Server; reboot" }, "my server; reboot", NULL, 0, 0, 0 },
    { "a common name instead of one",
        { .subject = "b.example", .san = "DNS:a.example,DNS:*.a.example,IP:192.0.2.1,IP:2001:db8::1" }, "names: ", NULL,
        0, 0, 0 },

    { "a CA's", { .basic = "CA:TRUE" }, "kind: ", NULL, 0, 0, 0 },
    { "may sign certificates", { .usage = "keyCertSign" }, "kind: ", NULL, 0, 0, 0 },
    { "says that it is no CA's", { .basic = "critical,CA:FALSE", .usage = "digitalSignature" }, NULL, NULL, 0, 0, 0 },

    { "expired", { .not_after = "261130235959Z" },
        "dates: the certificate is valid from 2026-11-01T00:00:00Z until 2026-11-30T23:59:59Z; the time here is "
        "2026-12-01T00:00:00Z, that at the CA is unknown",
        NULL, 0, 0, 0 },
    { "expired at the CA, too", { .not_after = "261130235959Z" }, "that at the CA is 2026-12-01T01:00:00Z", NULL, 0,
        HOUR, 0 },
    { "not expired at the CA", { .not_after = "261130235959Z" }, NULL, NULL, 0, -HOUR, 0 },
    { "expired long ago, whatever the CA's time", { .not_before = "250101000000Z", .not_after = "260101000000Z" },
        "clock", NULL, 0, -400 * DAY, ERROR_CONFIG },
    { "expired long ago at either time", { .not_before = "250101000000Z", .not_after = "260101000000Z" },
        "dates: ", NULL, 0, -20 * DAY, 0 },
    { "not yet valid", { .not_before = "261203000000Z" }, "dates: ", NULL, 0, 0, 0 },
    { "not yet valid at the CA either", { .not_before = "261201000500Z" }, "dates: ", NULL, 0, 1, 0 },
    { "a little ahead of us, and the CA tells no time", { .not_before = "261201015959Z" }, NULL, NULL, 0, 0, 0 },
    { "more ahead of us, and the CA tells no time", { .not_before = "261201020001Z" }, "dates: ", NULL, 0, 0, 0 },
    { "our clock is 14 hours behind", { .not_before = "261201000000Z" }, NULL, NULL, -14 * HOUR, -5, 0 },
    { "our clock is ten days behind", { .not_before = "261201000000Z" }, "dates: ", NULL, -10 * DAY, 0, 0 },
    { "our clock is ten days behind, and the CA says so", { .not_before = "261201000000Z" }, "clock", NULL, -10 * DAY,
        1, ERROR_CONFIG },
    { "our clock is ahead, but it is still valid", { 0 }, NULL, NULL, 40 * DAY, 1, 0 },
    { "ends before it begins", { .not_before = "261201000000Z", .not_after = "261130000000Z" }, "dates: ", NULL, 0, 0,
        0 },

    { "another digest", { .digest = "SHA384" }, NULL, NULL, 0, 0, 0 },
};

TEST(accept_chain)
{
    world_open();
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct accept_order order = { buf_view(&world.csr), NOW + rows[i].here,
            rows[i].there == 0 ? 0 : NOW + rows[i].there };
        enum error_kind kind = rows[i].kind == ERROR_NONE ? ERROR_ACME : rows[i].kind;
        AUTO(buf_clear) struct buf pem = BUF(1 << 16);
        AUTO(accepted_clear) struct accepted got = { 0 };
        struct error err = { 0 };
        bool ok;

        put_leaf(rows[i].leaf, &pem);
        put_issuers(&pem);
        ok = accept_chain(buf_view(&pem), &order, &got, &err);
        CHECK(ok == (rows[i].why == NULL), "%s: %s", rows[i].name, err.why);
        CHECK(ok || strstr(err.why, rows[i].why) != NULL || strstr(err.next, rows[i].why) != NULL, "%s: %s",
            rows[i].name, err.why);
        CHECK(ok || (err.kind == kind && err.next[0] != '\0'), "%s: %s", rows[i].name, error_kind_name(err.kind));
        CHECK(ok || (got.cert == NULL && got.leaf.len == 0), "%s: something is left", rows[i].name);
        CHECK(!ok || strcmp(buf_text(&got.fullchain), buf_text(&pem)) == 0, "%s", rows[i].name);
        CHECK(!ok || got.leaf.len + got.chain.len == got.fullchain.len, "%s", rows[i].name);
        CHECK(!ok || strcmp(got.top_issuer, "Two") == 0, "%s: %s", rows[i].name, got.top_issuer);
        CHECK(!ok || got.warnings.len == (rows[i].warning != NULL), "%s: %zu warnings", rows[i].name, got.warnings.len);
        CHECK(
            !ok || rows[i].warning == NULL || strstr(got.warnings.at[0], rows[i].warning) != NULL, "%s", rows[i].name);
        CHECK(ERR_peek_error() == 0, "%s: OpenSSL's queue is not empty", rows[i].name);
    }
    world_close();
}

/* L: the leaf; 1: its issuer; 2: the root; o: the same names for another key; s: the leaf, signed by somebody else; x:
 * a stranger. */
static void put_form(const char *form, struct buf *pem)
{
    for (; *form != '\0'; form++)
        switch (*form) {
        case 'L':
            put_leaf((struct fixture){ 0 }, pem);
            break;
        case 'o':
            put_leaf((struct fixture){ .key = world.other }, pem);
            break;
        case 's':
            put_leaf((struct fixture){ .signer = world.other }, pem);
            break;
        case '1':
            put_issuers(pem);
            break;
        case '2':
            fixture_pem(&(struct fixture){ .key = world.two, .subject = "Two", .basic = "CA:TRUE" }, pem);
            break;
        case 'x':
            fixture_pem(&(struct fixture){ .key = world.other, .subject = "Stranger", .basic = "CA:TRUE" }, pem);
            break;
        default:
            buf_put_char(pem, *form);
        }
}

static const struct {
    const char *name, *sent, *kept; /* kept NULL: refused */
    const char *said;               /* the warnings, or why not */
} forms[] = {
    { "in order", "L1", "L1", "" },
    { "the leaf last", "21L", "L12", "The CA has sent the certificate as number 3 of its chain; it is put first." },
    { "too many", "Lx1o", "L1",
        "2 of the 4 certificates that the CA has sent are not part of the chain, and are left out." },
    { "text",
        "\xef\xbb\xbf"
        "Certificate: L\nthen 1",
        "L1", "" },
    { "the leaf alone", "L", "L", "" },
    { "another's key", "o1", NULL, "key: of the 2 certificates none is for the key that was asked for (SHA-256 " },
    { "only issuers", "12", NULL, "key: " },
    { "a wrong signature", "s1", NULL, "signature: " },
    { "nothing", "", NULL, "no certificate in PEM" },
    { "cut short", "L1-----BEGIN CERTIFICATE-----", NULL, "has no end" },
};

TEST(accept_chain_forms)
{
    world_open();
    for (size_t i = 0; i < COUNT(forms); i++) {
        const struct accept_order order = { buf_view(&world.csr), NOW, NOW };
        AUTO(buf_clear) struct buf sent = BUF(1 << 16);
        AUTO(accepted_clear) struct accepted got = { 0 };
        AUTO(free) char *said = NULL;
        AUTO(chain_clear) struct chain chain = { .len = 0 };
        struct error err = { 0 };
        bool ok;

        put_form(forms[i].sent, &sent);
        ok = accept_chain(buf_view(&sent), &order, &got, &err);
        CHECK(ok == (forms[i].kept != NULL), "%s: %s", forms[i].name, err.why);
        CHECK(
            ok || (err.kind == ERROR_ACME && strstr(err.why, forms[i].said) != NULL), "%s: %s", forms[i].name, err.why);
        CHECK(ok || strcmp(err.what, "accepting the certificate") == 0, "%s: %s", forms[i].name, err.what);
        if (!ok)
            continue;
        said = list_join(&got.warnings, " ");
        CHECK_TEXT(said, forms[i].said, forms[i].name);
        REQUIRE(chain_read(buf_view(&got.fullchain), &chain, &err), "%s: %s", forms[i].name, err.why);
        CHECK(chain.len == strlen(forms[i].kept), "%s: %zu", forms[i].name, chain.len);
        CHECK(cert_matches_key(chain.at[0].cert, world.ours), "%s: the first is not the leaf", forms[i].name);
        for (size_t k = 1; k < chain.len; k++)
            CHECK_TEXT(chain.at[k].cert->common_name, forms[i].kept[k] == '1' ? "One" : "Two", forms[i].name);
        CHECK((got.chain.len == 0) == (chain.len == 1), "%s", forms[i].name);
    }
    world_close();
}

/* Of a hundred names that were asked for and a hundred others both are seen. */
TEST(accept_chain_many_names)
{
    AUTO(list_clear) struct list dns = { 0 };
    AUTO(identifiers_clear) struct identifiers identifiers = { 0 };
    AUTO(buf_clear) struct buf csr = BUF(1 << 16), san = BUF(1 << 16), pem = BUF(1 << 16);
    AUTO(accepted_clear) struct accepted got = { 0 };
    struct error err = { 0 };

    world_open();
    for (int i = 0; i < 100; i++) {
        AUTO(free) char *name = xprintf("a-name-that-is-not-short-%d.example", i);

        list_add(&dns, name);
        buf_putf(&san, "%sDNS:another-name-that-is-not-short-%d.example", i == 0 ? "" : ",", i);
    }
    identifiers = identifiers_of(&dns, NULL);
    REQUIRE(csr_make(world.ours, &identifiers, false, &csr, &err), "%s", err.why);
    put_leaf((struct fixture){ .san = buf_text(&san) }, &pem);
    put_issuers(&pem);
    CHECK(!accept_chain(buf_view(&pem), &(struct accept_order){ buf_view(&csr), NOW, NOW }, &got, &err));
    CHECK(strstr(err.why, "for \"another-name-that-is-not-short-0.example, ") != NULL, "%s", err.why);
    CHECK(strstr(err.why, "and \"a-name-that-is-not-short-0.example, ") != NULL, "%s", err.why);
    CHECK(strstr(err.why, "was asked for") != NULL, "%s", err.why);
    world_close();
}

TEST(accept_is_anothers)
{
    static const struct {
        const char *sent;
        bool anothers;
    } cases[] = { { "L1", false }, { "1L", false }, { "o1", true }, { "1", true }, { "", false }, { "<html>", false } };

    world_open();
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_clear) struct buf sent = BUF(1 << 16);

        put_form(cases[i].sent, &sent);
        CHECK(accept_is_anothers(buf_view(&sent), buf_view(&world.csr)) == cases[i].anothers, "%s", cases[i].sent);
    }
    CHECK(!accept_is_anothers(view_of("x"), view_of("no CSR")));
    world_close();
}

static const struct {
    const char *name, *text;
    bool ok, found;
    size_t issuers;
} later[] = {
    { "its issuer", "1", true, true, 1 },
    { "with others", "x21", true, true, 2 },
    { "a stranger", "x", true, false, 0 },
    { "the issuer's issuer", "2", true, false, 0 },
    { "nothing", "<html>", true, false, 0 },
    { "cut short", "1-----BEGIN ", false, false, 0 },
    { "in DER", NULL, true, true, 1 },
};

TEST(accept_issuers)
{
    const char *names_are = "One";

    world_open();
    for (size_t i = 0; i < COUNT(later); i++) {
        const struct accept_order order = { buf_view(&world.csr), NOW, NOW };
        AUTO(buf_clear) struct buf sent = BUF(1 << 16), text = BUF(1 << 16), pem = BUF(1 << 16);
        AUTO(accepted_clear) struct accepted got = { 0 };
        AUTO(chain_clear) struct chain chain = { .len = 0 };
        struct error err = { 0 };
        bool found = false, ok;

        put_form("L", &sent);
        REQUIRE(accept_chain(buf_view(&sent), &order, &got, &err), "%s", err.why);
        CHECK_TEXT(got.top_issuer, names_are, later[i].name);
        put_form(later[i].text == NULL ? "1" : later[i].text, &pem);
        if (later[i].text == NULL) {
            REQUIRE(chain_read(buf_view(&pem), &chain, &err), "%s", err.why);
            buf_put(&text, buf_view(&chain.at[0].cert->der));
        } else {
            buf_put(&text, buf_view(&pem));
        }
        ok = accept_issuers(&got, buf_view(&text), &found, &err);
        CHECK(ok == later[i].ok && found == later[i].found, "%s: %s", later[i].name, err.why);
        CHECK(got.leaf.len + got.chain.len == got.fullchain.len, "%s", later[i].name);
        CHECK((got.chain.len > 0) == (later[i].issuers > 0), "%s", later[i].name);
        CHECK(later[i].issuers == 0 || strcmp(got.top_issuer, "Two") == 0, "%s: %s", later[i].name, got.top_issuer);
    }
    world_close();
}

TEST_MAIN()
