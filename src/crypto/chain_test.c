/* Tests chains that CAs send, and which certificate signed which. */
#include "base/text.h"
#include "crypto/chain.h"
#include "crypto/fixture.h"

static void put_cert(struct buf *pem, const char *subject, const char *issuer)
{
    AUTO(EVP_PKEY_free) EVP_PKEY *key = fixture_key("P-256");

    fixture_pem(&(struct fixture){ .key = key, .subject = subject, .issuer = issuer }, pem);
}

/* ---- the text ---- */

/* "1" and "2" stand for certificates in full; "[" and "]" for their begin and end lines, "b" for a whole body. */
static void put_form(struct buf *out, const char *form, struct view one, struct view two)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----", end[] = "-----END CERTIFICATE-----";

    for (; *form != '\0'; form++) {
        struct view body = { one.at + sizeof begin, one.len - sizeof begin - sizeof end };

        if (*form == '1' || *form == '2')
            buf_put(out, *form == '1' ? one : two);
        else if (*form == '[' || *form == ']')
            buf_put_text(out, *form == '[' ? begin : end);
        else if (*form == 'b')
            buf_put(out, body);
        else
            buf_put_char(out, *form);
    }
}

static const struct {
    const char *name, *form;
    size_t count;
    const char *why;
} texts[] = {
    { "as it should be", "12", 2, NULL },
    { "text before, between and behind", "hello\n\n1\nsubject=/CN=x\n2\nbye", 2, NULL },
    { "text before it in the line", "Certificate: 12", 2, NULL },
    { "a byte order mark",
        "\xef\xbb\xbf"
        "12",
        2, NULL },
    { "a control character before it", "\x01 12", 2, NULL },
    { "blanks before each line", " [b ]\n 2", 2, NULL },
    { "glued together", "[b]2", 2, NULL },
    { "the same twice", "121", 2, NULL },
    { "one alone", "1", 1, NULL },
    { "nothing", "", 0, "no certificate in PEM" },
    { "a web page", "<html>Service unavailable</html>", 0, "no certificate in PEM" },
    { "cut short", "1[b", 0, "has no end" },
    { "cut short in the mark", "1-----BEGIN ", 0, "does not end with" },
    { "an end without a beginning", "1b]2", 0, "an end, but no beginning" },
    { "an end without a beginning at last", "12b]", 0, "an end, but no beginning" },
    { "a dash too many before it", "-12", 2, NULL },
    { "a begin line that is damaged", "-----BEGIN CERTIFICATE----\nb]2", 0, "does not end with" },
    { "a block within a block", "[[b]]", 0, "not valid base64" },
    { "not base64", "1[%%%%]2", 0, "not valid base64" },
    { "empty", "1[]2", 0, "is empty" },
    { "not a certificate", "1[MAMCAQE=]2", 0, "certificate's content" },
    { "a key among them", "1-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n2", 0, "among certificates" },
};

TEST(chain_read)
{
    AUTO(buf_clear) struct buf one = BUF(1 << 16), two = BUF(1 << 16);

    put_cert(&one, "leaf", "One");
    put_cert(&two, "One", "Two");
    for (size_t i = 0; i < COUNT(texts); i++) {
        AUTO(buf_clear) struct buf text = BUF(1 << 20);
        AUTO(chain_clear) struct chain chain = { .len = 0 };
        struct error err = { 0 };
        bool ok;

        put_form(&text, texts[i].form, buf_view(&one), buf_view(&two));
        ok = chain_read(buf_view(&text), &chain, &err);
        CHECK(ok == (texts[i].why == NULL), "%s: %s", texts[i].name, err.why);
        CHECK(!ok || chain.len == texts[i].count, "%s: %zu", texts[i].name, chain.len);
        CHECK(
            ok || (err.kind == ERROR_ACME && strstr(err.why, texts[i].why) != NULL), "%s: %s", texts[i].name, err.why);
        CHECK(ERR_peek_error() == 0, "%s: OpenSSL's queue is not empty", texts[i].name);
    }
}

TEST(chain_read_crlf)
{
    AUTO(buf_clear) struct buf pem = BUF(1 << 16), crlf = BUF(1 << 16);
    AUTO(chain_clear) struct chain chain = { .len = 0 };
    struct error err = { 0 };

    put_cert(&pem, "leaf", "One");
    put_cert(&pem, "One", "Two");
    for (size_t i = 0; i < pem.len; i++) {
        if (pem.at[i] == '\n')
            buf_put_char(&crlf, '\r');
        buf_put_char(&crlf, pem.at[i]);
    }
    CHECK(chain_read(buf_view(&crlf), &chain, &err) && chain.len == 2, "%s", err.why);
}

TEST(chain_read_too_many)
{
    AUTO(buf_clear) struct buf pem = BUF(1 << 20);
    AUTO(chain_clear) struct chain chain = { .len = 0 };
    struct error err = { 0 };

    for (int i = 0; i < CHAIN_MAX + 1; i++)
        put_cert(&pem, "One", "Two");
    CHECK(!chain_read(buf_view(&pem), &chain, &err) && strstr(err.why, "more than 64") != NULL, "%s", err.why);
}

/* Fine for our reader of names, not for OpenSSL: a point that is not on its curve. */
TEST(chain_read_no_key)
{
    AUTO(EVP_PKEY_free) EVP_PKEY *key = fixture_key("P-256");
    AUTO(buf_clear) struct buf der = BUF(PEM_MAX_DER), pem = BUF(1 << 16);
    AUTO(chain_clear) struct chain chain = { .len = 0 };
    struct error err = { 0 };
    char *point;

    fixture_der(&(struct fixture){ .key = key, .subject = "x" }, &der);
    point = memmem(der.at, der.len, "\x03\x42\x00\x04", 4);
    REQUIRE(point != NULL);
    memset(point + 4, 0x11, 64);
    pem_put(&pem, "CERTIFICATE", buf_view(&der));
    CHECK(!chain_read(buf_view(&pem), &chain, &err) && strstr(err.why, "OpenSSL does not take") != NULL, "%s", err.why);
    CHECK(err.kind == ERROR_ACME && chain.len == 0);
}

/* ---- who signed whom ---- */

enum { LEAF, ONE, TWO, ROOT, STRANGER, KEYS };

/* "L1" is the leaf, signed by One; "12" One signed by Two; "2R", "RR" the root; "x" something of nobody's; "1!" One
 * with a signature of somebody else; "1-" One that is no CA; "1_" one whose key usage is another; "1?" one of that name
 * with another key; "1R" One signed by the root. */
struct world {
    EVP_PKEY *keys[KEYS];
};

static const char *const names[KEYS] = { "leaf.example", "One", "Two", "Root", "Stranger" };

static int who(char letter)
{
    const char *at = strchr("L12Rx", letter);

    return at == NULL ? STRANGER : (int)(at - "L12Rx");
}

static void put_chain(const struct world *world, const char *form, struct buf *pem)
{
    for (; form[0] != '\0'; form += form[2] == ' ' ? 3 : 2) {
        int subject = who(form[0]), issuer = strchr("!-?_", form[1]) != NULL ? subject + 1 : who(form[1]);

        fixture_pem(
            &(struct fixture){
                .key = world->keys[form[1] == '?' ? STRANGER : subject],
                .signer = world->keys[form[1] == '!' ? STRANGER : issuer],
                .subject = names[subject],
                .issuer = names[issuer],
                .basic = subject == LEAF || form[1] == '-' ? NULL : "critical,CA:TRUE",
                .usage = form[1] == '_' ? "digitalSignature" : NULL,
            },
            pem);
        if (form[2] == '\0')
            break;
    }
}

static const struct {
    const char *name, *form, *row;
    const char *why;
} rows[] = {
    { "in order", "L1 12", "L1", NULL },
    { "with the root", "L1 12 2R RR", "L12R", NULL },
    { "the leaf last", "2R 12 L1", "L12", NULL },
    { "all mixed up", "12 RR L1 2R", "L12R", NULL },
    { "a stranger between", "L1 xx 12", "L1", NULL },
    { "the leaf alone", "L1", "L", NULL },
    { "its issuer missing", "L1 2R RR", "L", NULL },
    { "two ways up: the first one", "L1 1R 12 2R RR", "L1R", NULL },
    { "one of that name with another key before the right one", "L1 1? 12 2R", "L12", NULL },
    { "signed by somebody else", "L! 12 2R", NULL, "\"leaf.example\" says that \"One\" issued it" },
    { "the issuer signed by somebody else", "L1 1! 2R", NULL, "\"One\" says that \"Two\" issued it" },
    { "an issuer that may not sign certificates", "L1 1_", NULL, "\"leaf.example\" says that \"One\" issued it" },
    { "an issuer that is no CA", "L1 1-", NULL, "\"leaf.example\" says that \"One\" issued it" },
    { "its own issuer", "LL", NULL, "\"leaf.example\" says that \"leaf.example\" issued it" },
};

TEST(chain_sort)
{
    struct world world;

    for (size_t i = 0; i < KEYS; i++)
        world.keys[i] = fixture_key("P-256");
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(buf_clear) struct buf pem = BUF(1 << 20);
        AUTO(chain_clear) struct chain chain = { .len = 0 };
        size_t leaf, len = 0, sent;
        struct error err = { 0 };
        bool ok;

        put_chain(&world, rows[i].form, &pem);
        REQUIRE(chain_read(buf_view(&pem), &chain, &err), "%s: %s", rows[i].name, err.why);
        sent = chain.len;
        leaf = chain_find_key(&chain, world.keys[LEAF]);
        REQUIRE(leaf < chain.len, "%s", rows[i].name);
        ok = chain_sort(&chain, leaf, &len, &err);
        CHECK(ok == (rows[i].row != NULL), "%s: %s", rows[i].name, err.why);
        CHECK(ok || (err.kind == ERROR_ACME && rows[i].why != NULL && strstr(err.why, rows[i].why) != NULL), "%s: %s",
            rows[i].name, err.why);
        CHECK(chain.len == sent, "%s: one is lost", rows[i].name);
        CHECK(!ok || len == strlen(rows[i].row), "%s: %zu in the row", rows[i].name, len);
        for (size_t k = 0; ok && k < len && k < strlen(rows[i].row); k++)
            CHECK_TEXT(chain.at[k].cert->common_name, names[who(rows[i].row[k])], rows[i].name);
        CHECK(ERR_peek_error() == 0, "%s: OpenSSL's queue is not empty", rows[i].name);
    }
    for (size_t i = 0; i < KEYS; i++)
        EVP_PKEY_free(world.keys[i]);
}

TEST(chain_find_key)
{
    AUTO(EVP_PKEY_free) EVP_PKEY *key = fixture_key("P-256"), *other = fixture_key("P-384");
    AUTO(buf_clear) struct buf pem = BUF(1 << 16);
    AUTO(chain_clear) struct chain chain = { .len = 0 };
    struct error err = { 0 };

    put_cert(&pem, "One", "Two");
    fixture_pem(&(struct fixture){ .key = key, .subject = "leaf" }, &pem);
    REQUIRE(chain_read(buf_view(&pem), &chain, &err), "%s", err.why);
    CHECK(chain_find_key(&chain, key) == 1);
    CHECK(chain_find_key(&chain, other) == 2);
    CHECK(ERR_peek_error() == 0);
}

TEST_MAIN()
