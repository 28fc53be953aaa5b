/* Tests what acme.sh's scripts find of cryptography and encodings, as they call it: arguments, standard input, output.
 */
#include "script/helper.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/test.h"
#include "base/text.h"
#include "crypto/key.h"

struct said {
    int status;
    char *out, *err;
};

static int turn(int fd, const char *path, int flags)
{
    int kept = dup(fd), file = open(path, flags | O_CLOEXEC, 0600);

    if (kept < 0 || file < 0 || dup2(file, fd) != fd)
        fail();
    (void)close(file);
    return kept;
}

static void turn_back(int fd, int kept)
{
    if (dup2(kept, fd) != fd)
        fail();
    (void)close(kept);
}

static char *read_all(const char *path)
{
    AUTO(buf_clear) struct buf text = BUF(1024 * 1024);
    struct error err = { 0 };

    REQUIRE(file_read(path, &text, &err), "%s", err.why);
    return buf_take(&text);
}

/* words: the task and what it takes, with blanks between. */
static struct said call(const char *words, struct view input)
{
    AUTO(free) char *in = test_path("in"), *out = test_path("out"), *err = test_path("err"), *line = xstrdup(words);
    char *argv[8] = { (char[]){ "evercert" }, (char[]){ "script-helper" } }, *state = NULL;
    int argc = 2, fds[3];
    struct error error = { 0 };
    struct said said;

    for (char *word = strtok_r(line, " ", &state); word != NULL; word = strtok_r(NULL, " ", &state))
        argv[argc++] = word;
    (void)remove(in);
    REQUIRE(file_create(in, input, FILE_PRIVATE, &error), "%s", error.why);
    fflush(stderr);
    fds[0] = turn(0, in, O_RDONLY);
    fds[1] = turn(1, out, O_WRONLY | O_CREAT | O_TRUNC);
    fds[2] = turn(2, err, O_WRONLY | O_CREAT | O_TRUNC);
    said.status = helper_main(argc, argv);
    fflush(stderr);
    for (int fd = 0; fd < 3; fd++)
        turn_back(fd, fds[fd]);
    said.out = read_all(out);
    said.err = read_all(err);
    return said;
}

static void said_clear(struct said *said)
{
    free(said->out);
    free(said->err);
}

static const struct {
    const char *words, *in, *key; /* key: EVERCERT_KEY */
    const char *out, *err;        /* err NULL: it succeeds */
} cases[] = {
    { "base64", "hello", NULL, "aGVsbG8=", NULL },
    { "base64", "", NULL, "", NULL },
    { "base64 lines", "", NULL, "", NULL },
    { "base64 lines", "123456789012345678901234567890123456789012345678x", NULL,
        "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4\neA==\n", NULL },
    { "unbase64", "aGVs\nbG8=\n", NULL, "hello", NULL },
    { "unbase64", "a?", NULL, "", "that is no base64\n" },
    { "hex", "aZ\x01", NULL, " 61 5a 01", NULL },
    { "hex", "", NULL, "", NULL },
    { "unhex", " 61 5A\t7a\n", NULL, "aZz", NULL },
    { "unhex", "616", NULL, "", "those are no hexadecimal digits\n" },
    { "unhex", "6x", NULL, "", "those are no hexadecimal digits\n" },
    { "percent", "a b/c~-._\xc3\xa9", NULL, "a%20b%2fc~-._%c3%a9", NULL },
    { "percent upper-hex", "/+%", NULL, "%2F%2B%25", NULL },
    { "digest sha256 hex", "abc", NULL, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n", NULL },
    { "digest sha1", "abc", NULL, "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=", NULL },
    { "digest md5 hex", "", NULL, "d41d8cd98f00b204e9800998ecf8427e\n", NULL },
    { "digest sha3-256 hex", "abc", NULL, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532\n", NULL },
    { "digest sha257 hex", "abc", NULL, "", "sha257 is no digest that is known here\n" },
    { "digest", "abc", NULL, "", "an argument is missing\n" },
    { "hmac sha256 hex", "what do ya want for nothing?", "4a656665",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843\n", NULL },
    { "hmac md5 hex", "what do ya want for nothing?", "4A656665", "750c783e6ab0b503eaa86e310a5db738\n", NULL },
    { "hmac sha1", "abc", "4g", "", "the key of an HMAC has to be hexadecimal digits\n" },
    { "hmac sha1", "abc", NULL, "", "the key of an HMAC has to be hexadecimal digits\n" },
    { "hmac crc32", "abc", "00", "", "crc32 is no digest that is known here\n" },
    { "idn _acme-challenge.example.com", "", NULL, "_acme-challenge.example.com", NULL },
    { "idn b\xc3\xbc"
      "cher.example",
        "", NULL, "xn--bcher-kva.example", NULL },
    { "idn", "", NULL, "", "an argument is missing\n" },
    { "sign sha256", "abc", NULL, "", "an argument is missing\n" },
    { "lookup example.com MX", "", NULL, "", "records of the type MX are not looked up for scripts\n" },
    { "http TRACE", "", NULL, "", "requests of the method TRACE cannot be made\n" },
    { "dance", "", NULL, "", "no task of that name: dance\n" },
};

TEST(tasks)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct said said;

        (void)unsetenv("EVERCERT_KEY");
        if (cases[i].key != NULL)
            (void)setenv("EVERCERT_KEY", cases[i].key, 1);
        said = call(cases[i].words, view_of(cases[i].in));
        CHECK_TEXT(said.out, cases[i].out, cases[i].words);
        CHECK_TEXT(said.err, cases[i].err == NULL ? "" : cases[i].err, cases[i].words);
        CHECK_INT(said.status, cases[i].err == NULL ? 0 : 1, cases[i].words);
        said_clear(&said);
    }
}

/* All bytes there are come through, also those that a shell cannot hold. */
TEST(bytes)
{
    char all[256];
    AUTO(buf_clear) struct buf text = BUF(4096);
    struct said said;

    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    buf_put_base64(&text, (struct view){ all, sizeof all });
    said = call("base64", (struct view){ all, sizeof all });
    CHECK_TEXT(said.out, buf_text(&text), "base64");
    said_clear(&said);
    said = call("percent", (struct view){ all, 2 });
    CHECK_TEXT(said.out, "%00%01", "percent");
    said_clear(&said);
    said = call("hmac sha256", view_of(""));
    CHECK_INT(said.status, 1, "no key");
    said_clear(&said);
}

static const struct {
    const char *name, *task;
    struct key_params params;
    size_t bytes; /* of the signature; 0: it fails */
    const char *err;
} keys[] = {
    { "RSA", "sign sha256 %s", { KEY_RSA, 2048, NULL }, 256, NULL },
    { "RSA with PSS", "sign sha256 %s pss", { KEY_RSA, 2048, NULL }, 256, NULL },
    { "two numbers of P-256", "sign sha256 %s", { KEY_EC, 0, "secp256r1" }, 64, NULL },
    { "two numbers of P-384", "sign sha256 %s", { KEY_EC, 0, "secp384r1" }, 96, NULL },
    { "no digest", "sign sha257 %s", { KEY_EC, 0, "secp256r1" }, 0, "sha257 is no digest that is known here\n" },
};

static char *make_key(const char *name, struct key_params params)
{
    AUTO(buf_clear) struct buf pem = BUF_SECRET(KEY_PEM_MAX);
    AUTO(free) char *path = test_path(name);
    AUTO(key_free) struct key *key = NULL;
    struct error err = { 0 };

    (void)remove(path);
    REQUIRE(key_generate(params, &key, &err) && key_to_pem(key, &pem, &err) &&
                file_create(path, buf_view(&pem), FILE_PRIVATE, &err),
        "%s", err.why);
    return TAKE(path);
}

TEST(signatures)
{
    for (size_t i = 0; i < COUNT(keys); i++) {
        AUTO(free) char *path = make_key("key.pem", keys[i].params);
        AUTO(free)
        char *words =
            xprintf("%.*s%s%s", (int)strcspn(keys[i].task, "%"), keys[i].task, path, strchr(keys[i].task, '%') + 2);
        AUTO(buf_clear) struct buf bytes = BUF(4096);
        struct said said = call(words, view_of("abc"));

        CHECK(buf_put_unbase64(&bytes, view_of(said.out)) && bytes.len == keys[i].bytes, "%s: %s", keys[i].name,
            said.out);
        CHECK_TEXT(said.err, keys[i].err == NULL ? "" : keys[i].err, keys[i].name);
        said_clear(&said);
    }
}

TEST(kinds_of_keys)
{
    AUTO(free) char *rsa = make_key("rsa.pem", (struct key_params){ KEY_RSA, 2048, NULL });
    AUTO(free) char *ec = make_key("ec.pem", (struct key_params){ KEY_EC, 0, "secp256r1" });
    AUTO(free) char *rsa_call = xprintf("is-rsa %s", rsa), *ec_call = xprintf("is-rsa %s", ec);
    struct said yes = call(rsa_call, view_of("")), no = call(ec_call, view_of(""));
    struct said none = call("is-rsa /nowhere/key.pem", view_of(""));

    CHECK(yes.status == 0 && yes.err[0] == '\0' && yes.out[0] == '\0', "%s", yes.err);
    CHECK(no.status == 1 && strstr(no.err, "is no RSA key") != NULL, "%s", no.err);
    CHECK(none.status == 1 && strstr(none.err, "/nowhere/key.pem") != NULL, "%s", none.err);
    said_clear(&yes);
    said_clear(&no);
    said_clear(&none);
}

TEST(only_scripts_call_it)
{
    char *argv[] = { (char[]){ "evercert" }, (char[]){ "script-helper" }, (char[]){ "hex" }, NULL };
    char *other[] = { (char[]){ "evercert" }, (char[]){ "renew" }, (char[]){ "hex" }, NULL };

    (void)unsetenv("EVERCERT_SCRIPT");
    CHECK(!helper_is_called(3, argv), "by a user");
    (void)setenv("EVERCERT_SCRIPT", "/dns_x.sh", 1);
    CHECK(helper_is_called(3, argv), "by a script");
    CHECK(!helper_is_called(2, argv), "without a task");
    CHECK(!helper_is_called(3, other), "another command");
    (void)unsetenv("EVERCERT_SCRIPT");
}

TEST_MAIN()
