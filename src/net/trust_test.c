/* Which variable counts, and what is said when it leads to nothing. */
#include "net/trust.h"

#include "base/test.h"

#define CERTIFICATE(body) "-----BEGIN CERTIFICATE-----\n" body "\n-----END CERTIFICATE-----\n"
#define KEY "-----BEGIN PRIVATE KEY-----\nCCCC\n-----END PRIVATE KEY-----\n"

static struct {
    const char *name;
    char *value;
} env[4];

static char *lookup(const char *name)
{
    for (size_t i = 0; i < COUNT(env); i++)
        if (env[i].name != NULL && strcmp(env[i].name, name) == 0)
            return env[i].value;
    return NULL;
}

static void set(size_t i, const char *name, const char *value)
{
    free(env[i].value);
    env[i].name = name;
    env[i].value = xstrdup_or_null(value);
}

static void write_file(const char *name, const char *content)
{
    AUTO(free) char *path = test_path(name);
    struct error err = { 0 };

    REQUIRE(file_create(path, view_of(content), FILE_PUBLIC, &err), "%s", err.why);
}

static const struct {
    const char *name;
    const char *vars[3][2]; /* a value that begins with '@' is a name in the test's directory */
    int trust;              /* -1: refused */
    const char *holds;      /* part of the bundle, or of the error */
} cases[] = {
    { "missing file", { { "SSL_CERT_FILE", "@none" } }, -1, "No such file" },
    { "no certificate in it", { { "REQUESTS_CA_BUNDLE", "@text" } }, -1, "holds no certificate" },
    { "empty directory", { { "CURL_CA_BUNDLE", "@empty" } }, -1, "holds no certificate" },
    { "directory without certificates next to a good file", { { "SSL_CERT_FILE", "@a" }, { "SSL_CERT_DIR", "@empty" } },
        -1, "holds no certificate" },
    { "a private key", { { "SSL_CERT_FILE", "@key" } }, -1, "holds no certificate" },
    { "a certificate without an end", { { "SSL_CERT_FILE", "@cut" } }, -1, "holds no certificate" },
    { "keys between certificates", { { "SSL_CERT_FILE", "@mixed" } }, MESSAGE_TRUST_BUNDLE, "DDDD" },
    { "behind a key", { { "SSL_CERT_FILE", "@mixed" } }, MESSAGE_TRUST_BUNDLE, "EEEE" },
    { "nothing set", { { NULL, NULL } }, MESSAGE_TRUST_SYSTEM, "" },
    { "set to nothing", { { "SSL_CERT_FILE", "" } }, MESSAGE_TRUST_SYSTEM, "" },
    { "the system's directory", { { "SSL_CERT_DIR", "/etc/ssl/certs/" } }, MESSAGE_TRUST_SYSTEM, "" },
    { "one file", { { "SSL_CERT_FILE", "@a" } }, MESSAGE_TRUST_BUNDLE, "AAAA" },
    { "a directory", { { "REQUESTS_CA_BUNDLE", "@dir" } }, MESSAGE_TRUST_BUNDLE, "BBBB" },
    { "file and the system's directory", { { "SSL_CERT_FILE", "@a" }, { "SSL_CERT_DIR", "/etc/ssl/certs" } },
        MESSAGE_TRUST_BOTH, "AAAA" },
    { "requests comes before OpenSSL", { { "SSL_CERT_FILE", "@none" }, { "REQUESTS_CA_BUNDLE", "@a" } },
        MESSAGE_TRUST_BUNDLE, "AAAA" },
    { "requests comes before curl", { { "CURL_CA_BUNDLE", "@none" }, { "REQUESTS_CA_BUNDLE", "@a" } },
        MESSAGE_TRUST_BUNDLE, "AAAA" },
};

static void set_case(size_t i)
{
    for (size_t v = 0; v < 3; v++) {
        const char *value = cases[i].vars[v][1];
        AUTO(free) char *path = value != NULL && value[0] == '@' ? test_path(value + 1) : xstrdup_or_null(value);

        set(v, cases[i].vars[v][0], path);
    }
}

TEST(trust_read)
{
    AUTO(free) char *dir = test_path("dir");
    AUTO(free) char *empty = test_path("empty");
    struct error err = { 0 };

    REQUIRE(file_mkdirs(dir, 0755, &err) && file_mkdirs(empty, 0755, &err), "%s", err.why);
    write_file("a", "CCCC\n" CERTIFICATE("AAAA"));
    write_file("mixed", KEY CERTIFICATE("DDDD") "-----BEGIN CERTIFICATE-----\nCCCC\n" KEY CERTIFICATE("EEEE") "CCCC");
    write_file("key", KEY);
    write_file("cut", "-----BEGIN CERTIFICATE-----\nCCCC\n");
    write_file("text", "no certificate\n");
    write_file("dir/b.pem", CERTIFICATE("BBBB"));
    write_file("dir/key.pem", KEY);
    write_file("dir/README", "CCCC");
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_clear) struct buf bundle = BUF(MESSAGE_MAX_BUNDLE);
        enum message_trust trust = MESSAGE_TRUST_SYSTEM;
        bool ok;

        err = (struct error){ 0 };
        set_case(i);
        ok = trust_read(lookup, &trust, &bundle, &err);
        CHECK(ok == (cases[i].trust >= 0), "%s: %s", cases[i].name, err.why);
        CHECK(!ok || (int)trust == cases[i].trust, "%s: %d", cases[i].name, trust);
        CHECK(strstr(ok ? buf_text(&bundle) : err.why, cases[i].holds) != NULL, "%s: %s", cases[i].name,
            ok ? buf_text(&bundle) : err.why);
        CHECK(ok || err.kind == ERROR_CONFIG, "%s: %s", cases[i].name, error_kind_name(err.kind));
        CHECK(strstr(buf_text(&bundle), "CCCC") == NULL, "%s: what is no certificate", cases[i].name);
    }
    for (size_t v = 0; v < 4; v++)
        set(v, NULL, NULL);
}

TEST_MAIN()
