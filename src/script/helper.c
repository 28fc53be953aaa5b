#include "script/helper.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "typed/names.h"
#include "crypto/hmac.h"
#include "crypto/jws.h"
#include "crypto/sign.h"

#define INPUT_MAX (16 * 1024 * 1024)
#define OUTPUT_MAX (32 * 1024 * 1024)
#define LINE_BYTES 48 /* of data in a line of base64 */

/* One call: arguments behind the task, and what came by standard input. */
struct call {
    const char *const *args; /* ended by NULL */
    struct view input;
    struct buf *out;
};

static bool has_word(const struct call *call, const char *word)
{
    for (size_t i = 0; call->args[i] != NULL; i++)
        if (text_equal(call->args[i], word))
            return true;
    return false;
}

static bool need(const struct call *call, size_t count, struct error *err)
{
    for (size_t i = 0; i < count; i++)
        if (call->args[i] == NULL)
            return error_set(err, ERROR_USAGE, "an argument is missing");
    return true;
}

static bool http(const struct call *call, struct error *err)
{
    return need(call, 1, err) && helper_http(call->args[0], call->input, call->out, err);
}

static bool lookup(const struct call *call, struct error *err)
{
    return need(call, 2, err) && helper_lookup(call->args[0], call->args[1], call->out, err);
}

/* ---- encodings ---- */

static bool base64(const struct call *call, struct error *err __attribute__((unused)))
{
    struct view rest = call->input;
    bool lines = has_word(call, "lines");

    if (!lines)
        buf_put_base64(call->out, rest);
    while (lines && rest.len > 0) {
        size_t len = rest.len < LINE_BYTES ? rest.len : LINE_BYTES;

        buf_put_base64(call->out, (struct view){ rest.at, len });
        buf_put_char(call->out, '\n');
        rest = (struct view){ rest.at + len, rest.len - len };
    }
    return true;
}

static bool unbase64(const struct call *call, struct error *err)
{
    return buf_put_unbase64(call->out, call->input) || error_set(err, ERROR_CONFIG, "that is no base64");
}

static bool hex(const struct call *call, struct error *err __attribute__((unused)))
{
    for (size_t i = 0; i < call->input.len; i++)
        buf_putf(call->out, " %02x", (unsigned char)call->input.at[i]);
    return true;
}

static bool unhex(const struct call *call, struct error *err)
{
    AUTO(buf_clear) struct buf digits = BUF_SECRET(INPUT_MAX);

    for (size_t i = 0; i < call->input.len; i++)
        if (strchr(" \t\r\n", call->input.at[i]) == NULL || call->input.at[i] == '\0')
            buf_put_char(&digits, call->input.at[i]);
    return buf_put_unhex(call->out, buf_view(&digits)) ||
           error_set(err, ERROR_CONFIG, "those are no hexadecimal digits");
}

/* RFC 3986 section 2.1: all but its unreserved characters. */
static bool percent(const struct call *call, struct error *err __attribute__((unused)))
{
    bool upper = has_word(call, "upper-hex");

    for (size_t i = 0; i < call->input.len; i++) {
        unsigned char c = (unsigned char)call->input.at[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

        if (letter || (c != '\0' && strchr("-._~", c) != NULL))
            buf_put_char(call->out, (char)c);
        else if (upper)
            buf_putf(call->out, "%%%02X", c);
        else
            buf_putf(call->out, "%%%02x", c);
    }
    return true;
}

static bool is_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text > 0x7f)
            return false;
    return true;
}

static bool idn(const struct call *call, struct error *err)
{
    AUTO(free) char *name = NULL;

    TRY(need(call, 1, err));
    if (is_ascii(call->args[0])) {
        buf_put_text(call->out, call->args[0]);
        return true;
    }
    TRY(domain_read(call->args[0], true, &name, err));
    buf_put_text(call->out, name);
    return true;
}

/* ---- cryptography ---- */

static bool find_digest(const struct call *call, enum digest *out, struct error *err)
{
    TRY(need(call, 1, err));
    return digest_find(view_of(call->args[0]), out) ||
           error_set(err, ERROR_CONFIG, "%s is no digest that is known here", call->args[0]);
}

static void put_hex_line(struct buf *out, const struct buf *bytes)
{
    buf_put_hex(out, buf_view(bytes));
    buf_put_char(out, '\n');
}

static bool compute_digest(const struct call *call, struct buf *value, struct error *err)
{
    enum digest kind;

    if (text_equal(call->args[0], "sha3-256"))
        return digest_sha3_256(call->input, value, err);
    TRY(find_digest(call, &kind, err));
    return digest_of(kind, call->input, value, err);
}

static bool digest(const struct call *call, struct error *err)
{
    AUTO(buf_clear) struct buf value = BUF(DIGEST_MAX);

    TRY(compute_digest(call, &value, err));
    if (has_word(call, "hex"))
        put_hex_line(call->out, &value);
    else
        buf_put_base64(call->out, buf_view(&value));
    return true;
}

static bool hmac(const struct call *call, struct error *err)
{
    AUTO(buf_clear) struct buf value = BUF(DIGEST_MAX), key = BUF_SECRET(INPUT_MAX);
    const char *given = getenv("EVERCERT_KEY");
    enum digest kind;

    TRY(find_digest(call, &kind, err));
    if (given == NULL || !buf_put_unhex(&key, view_of(given)))
        return error_set(err, ERROR_CONFIG, "the key of an HMAC has to be hexadecimal digits");
    TRY(hmac_of(kind, buf_view(&key), call->input, &value, err));
    if (has_word(call, "hex"))
        put_hex_line(call->out, &value);
    else
        buf_put(call->out, buf_view(&value));
    return true;
}

static bool read_key(const char *path, struct key **out, struct error *err)
{
    AUTO(buf_clear) struct buf pem = BUF_SECRET(KEY_PEM_MAX);

    return file_read_given(path, &pem, err) && key_from_pem(buf_view(&pem), path, out, err);
}

/* Both numbers one behind the other, by the digest that goes with the curve, whichever is asked for: as in a JWS. */
static bool sign_ec(const struct key *key, struct view input, struct buf *signature, struct error *err)
{
    struct signer signer = { .self = NULL };
    bool ok;

    TRY(signer_open(key, &signer, err));
    ok = signer.sign(signer.self, input, signature, err);
    signer_close(&signer);
    return ok;
}

static bool sign(const struct call *call, struct error *err)
{
    AUTO(buf_clear) struct buf signature = BUF(SIGN_MAX);
    AUTO(key_free) struct key *key = NULL;
    enum digest kind;

    TRY(need(call, 2, err));
    TRY(find_digest(call, &kind, err));
    TRY(read_key(call->args[1], &key, err));
    if (key_get_type(key) == KEY_RSA)
        TRY(sign_rsa(key, kind, has_word(call, "pss") ? SIGN_PSS : SIGN_PKCS1, call->input, &signature, err));
    else
        TRY(sign_ec(key, call->input, &signature, err));
    buf_put_base64(call->out, buf_view(&signature));
    return true;
}

static bool is_rsa(const struct call *call, struct error *err)
{
    AUTO(key_free) struct key *key = NULL;

    TRY(need(call, 1, err));
    TRY(read_key(call->args[0], &key, err));
    return key_get_type(key) == KEY_RSA || error_set(err, ERROR_CONFIG, "%s is no RSA key", call->args[0]);
}

/* ---- */

static const struct task {
    const char *name;
    bool reads; /* standard input */
    bool (*run)(const struct call *call, struct error *err);
} tasks[] = {
    { "base64", true, base64 },
    { "digest", true, digest },
    { "hex", true, hex },
    { "hmac", true, hmac },
    { "http", true, http },
    { "idn", false, idn },
    { "is-rsa", false, is_rsa },
    { "lookup", false, lookup },
    { "percent", true, percent },
    { "sign", true, sign },
    { "unbase64", true, unbase64 },
    { "unhex", true, unhex },
};

static bool run(const char *name, const char *const *args, struct buf *out, struct error *err)
{
    AUTO(buf_clear) struct buf input = BUF_SECRET(INPUT_MAX);

    for (size_t i = 0; i < COUNT(tasks); i++)
        if (text_equal(tasks[i].name, name)) {
            TRY(!tasks[i].reads || file_read_given("/dev/stdin", &input, err));
            return tasks[i].run(&(struct call){ args, buf_view(&input), out }, err);
        }
    return error_set(err, ERROR_USAGE, "no task of that name: %s", name);
}

bool helper_is_called(int argc, char **argv)
{
    return argc >= 3 && text_equal(argv[1], "script-helper") && getenv("EVERCERT_SCRIPT") != NULL;
}

int helper_main(int argc __attribute__((unused)), char **argv)
{
    AUTO(buf_clear) struct buf out = BUF_SECRET(OUTPUT_MAX);
    struct error err = { 0 };
    bool ok = run(argv[2], (const char *const *)argv + 3, &out, &err);

    if (ok && out.failed)
        ok = error_set(&err, ERROR_CONFIG, "the result is longer than %d bytes", OUTPUT_MAX);
    if (ok && !file_write_all(STDOUT_FILENO, buf_view(&out)))
        ok = error_errno(&err, ERROR_INTERNAL, "cannot write to standard output");
    if (!ok)
        fprintf(stderr, "%s%s%s\n", err.why, err.next[0] != '\0' ? "; " : "", err.next);
    return ok ? 0 : 1;
}
