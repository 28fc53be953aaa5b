#include "tree/filter.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/text.h"
#include "crypto/hmac.h"
#include "tree/encode.h"

struct use { /* of a filter */
    struct view in, arg, name;
    const struct vars *vars;
};

enum arg { NO_ARG, MAY_HAVE_ARG, NEEDS_ARG, NEEDS_NUMBER };

struct filter {
    const char *name;
    enum arg arg;
    bool (*apply)(const struct use *use, struct buf *out, struct error *err);
};

/* ---- encodings ---- */

#define ENCODING(word, call)                                                                                           \
    static bool word(const struct use *use, struct buf *out, struct error *err)                                        \
    {                                                                                                                  \
        (void)err;                                                                                                     \
        call(out, use->in);                                                                                            \
        return true;                                                                                                   \
    }

static void put_url(struct buf *out, struct view in)
{
    encode_url(in, out);
}
static void put_json(struct buf *out, struct view in)
{
    encode_json(in, out);
}
static void put_xml(struct buf *out, struct view in)
{
    encode_xml(in, out);
}
static void put_cased(struct buf *out, struct view in, char first, char last)
{
    for (size_t i = 0; i < in.len; i++)
        buf_put_char(out, in.at[i] >= first && in.at[i] <= last ? (char)(in.at[i] ^ 0x20) : in.at[i]);
}
static void put_lower(struct buf *out, struct view in)
{
    put_cased(out, in, 'A', 'Z');
}
static void put_upper(struct buf *out, struct view in)
{
    put_cased(out, in, 'a', 'z');
}
static void put_trimmed(struct buf *out, struct view in)
{
    buf_put(out, view_trim(in));
}
static void put_quoted(struct buf *out, struct view in)
{
    buf_put_char(out, '"');
    buf_put(out, in);
    buf_put_char(out, '"');
}
static void put_unquoted(struct buf *out, struct view in)
{
    bool is = in.len >= 2 && in.at[0] == '"' && in.at[in.len - 1] == '"';

    buf_put(out, is ? (struct view){ in.at + 1, in.len - 2 } : in);
}
static void put_undotted(struct buf *out, struct view in)
{
    buf_put(out, in.len > 0 && in.at[in.len - 1] == '.' ? (struct view){ in.at, in.len - 1 } : in);
}
static void put_dotted(struct buf *out, struct view in)
{
    put_undotted(out, in);
    buf_put_char(out, '.');
}

ENCODING(apply_url, put_url)
ENCODING(apply_raw, buf_put)
ENCODING(apply_quote, put_quoted)
ENCODING(apply_unquote, put_unquoted)
ENCODING(apply_dot, put_dotted)
ENCODING(apply_undot, put_undotted)
ENCODING(apply_lower, put_lower)
ENCODING(apply_upper, put_upper)
ENCODING(apply_trim, put_trimmed)
ENCODING(apply_json, put_json)
ENCODING(apply_xml, put_xml)
ENCODING(apply_b64, buf_put_base64)
ENCODING(apply_b64url, buf_put_base64url)
ENCODING(apply_hex, buf_put_hex)

static bool fail_decoding(const char *what, struct error *err)
{
    return error_set(err, ERROR_CONFIG, "a value that should be written in %s is not", what);
}

static bool apply_unb64(const struct use *use, struct buf *out, struct error *err)
{
    return buf_put_unbase64(out, use->in) || fail_decoding("Base64", err);
}

static bool apply_unhex(const struct use *use, struct buf *out, struct error *err)
{
    return buf_put_unhex(out, use->in) || fail_decoding("hexadecimal", err);
}

/* ---- digests ---- */

/* "sha256", "sha256:b64", "sha256:raw" */
static bool apply_digest(const struct use *use, struct buf *out, struct error *err)
{
    AUTO(buf_clear) struct buf bytes = BUF_SECRET(DIGEST_MAX);
    enum digest digest;

    if (!digest_find(use->name, &digest))
        return error_set(err, ERROR_INTERNAL, "no such digest");
    TRY(digest_of(digest, use->in, &bytes, err));
    if (use->arg.len == 0 || view_is(use->arg, "hex"))
        buf_put_hex(out, buf_view(&bytes));
    else if (view_is(use->arg, "b64"))
        buf_put_base64(out, buf_view(&bytes));
    else
        buf_put(out, buf_view(&bytes));
    return true;
}

static bool apply_hmac(const struct use *use, struct buf *out, struct error *err)
{
    const char *key = value_text(vars_get(use->vars, use->arg));
    AUTO(free) char *name = view_dup(use->arg);
    enum digest digest;

    if (!digest_find((struct view){ use->name.at + 5, use->name.len - 5 }, &digest))
        return error_set(err, ERROR_INTERNAL, "no such digest");
    if (key == NULL)
        return error_set(err, ERROR_CONFIG, "the variable '%s' is not set", name);
    return hmac_of(digest, view_of(key), use->in, out, err);
}

/* ---- one-time passwords ---- */

#define TOTP_STEP_S 30

/* RFC 4648 section 6; blanks, hyphens and what fills up are passed over. */
static bool put_unbase32(struct buf *out, struct view in)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    unsigned bits = 0, count = 0;

    for (size_t i = 0; i < in.len; i++) {
        char c = in.at[i] >= 'a' && in.at[i] <= 'z' ? (char)(in.at[i] - 'a' + 'A') : in.at[i];
        const char *digit = c != '\0' ? strchr(digits, c) : NULL;

        if (c == ' ' || c == '-' || c == '=')
            continue;
        if (digit == NULL)
            return false;
        bits = (bits << 5 | (unsigned)(digit - digits)) & 0xfff;
        count += 5;
        if (count >= 8) {
            count -= 8;
            buf_put_char(out, (char)(bits >> count & 0xff));
        }
    }
    return true;
}

/* The password of now, of six digits, for a secret in Base32 (RFC 6238, with SHA-1 and steps of 30 s). */
static bool apply_totp(const struct use *use, struct buf *out, struct error *err)
{
    AUTO(buf_clear) struct buf key = BUF_SECRET(256), mac = BUF_SECRET(DIGEST_MAX);
    const char *now = value_text(vars_get(use->vars, view_of("now")));
    uint64_t seconds;
    char counter[8];
    unsigned at, code;

    if (use->in.len == 0)
        return true;
    if (!put_unbase32(&key, use->in))
        return fail_decoding("Base32", err);
    if (now == NULL || !view_to_number(view_of(now), 0, INT64_MAX, &seconds))
        return error_set(err, ERROR_CONFIG, "a one-time password is for requests only");
    for (int i = 0; i < 8; i++)
        counter[i] = (char)(seconds / TOTP_STEP_S >> (56 - 8 * i) & 0xff);
    TRY(hmac_of(DIGEST_SHA1, buf_view(&key), (struct view){ counter, sizeof counter }, &mac, err));
    at = (unsigned char)mac.at[mac.len - 1] & 0xf;
    code = ((unsigned)(unsigned char)mac.at[at] & 0x7f) << 24 | (unsigned)(unsigned char)mac.at[at + 1] << 16 |
           (unsigned)(unsigned char)mac.at[at + 2] << 8 | (unsigned char)mac.at[at + 3];
    buf_putf(out, "%06u", code % 1000000);
    return true;
}

/* ---- names, parts and numbers ---- */

static uint64_t arg_number(struct view arg)
{
    uint64_t number = 0;

    if (arg.len > 0 && arg.at[0] == '-')
        arg = (struct view){ arg.at + 1, arg.len - 1 };
    return view_to_number(arg, 0, INT32_MAX, &number) ? number : 0;
}

/* The N-th label from the right; "" when there are fewer. */
static bool apply_label(const struct use *use, struct buf *out, struct error *err)
{
    uint64_t want = arg_number(use->arg);
    size_t end = use->in.len, start;

    (void)err;
    for (; want > 0; want--) {
        for (start = end; start > 0 && use->in.at[start - 1] != '.'; start--)
            ;
        if (want == 1)
            buf_put(out, (struct view){ use->in.at + start, end - start });
        if (start == 0)
            break;
        end = start - 1;
    }
    return true;
}

static bool apply_up(const struct use *use, struct buf *out, struct error *err)
{
    struct view rest = use->in, label = { 0 };

    (void)err;
    for (uint64_t left = arg_number(use->arg); left > 0; left--)
        if (!view_cut(&rest, '.', &label))
            break;
    if (rest.at != NULL)
        buf_put(out, rest);
    return true;
}

static bool apply_strip(const struct use *use, struct buf *out, struct error *err)
{
    size_t len = use->arg.len;
    bool is = use->in.len >= len && memcmp(use->in.at, use->arg.at, len) == 0;

    (void)err;
    buf_put(out, is ? (struct view){ use->in.at + len, use->in.len - len } : use->in);
    return true;
}

static bool apply_chop(const struct use *use, struct buf *out, struct error *err)
{
    size_t len = use->arg.len;
    bool is = use->in.len >= len && memcmp(use->in.at + use->in.len - len, use->arg.at, len) == 0;

    (void)err;
    buf_put(out, is ? (struct view){ use->in.at, use->in.len - len } : use->in);
    return true;
}

/* The text in front, unless there is nothing that it could be in front of. */
static bool apply_front(const struct use *use, struct buf *out, struct error *err)
{
    (void)err;
    if (use->in.len > 0)
        buf_put(out, use->arg);
    buf_put(out, use->in);
    return true;
}

static bool apply_cut(const struct use *use, struct buf *out, struct error *err)
{
    uint64_t len = arg_number(use->arg);

    (void)err;
    buf_put(out, use->in.len > len ? (struct view){ use->in.at, (size_t)len } : use->in);
    return true;
}

static bool apply_before(const struct use *use, struct buf *out, struct error *err)
{
    const char *found = memmem(use->in.at, use->in.len, use->arg.at, use->arg.len);

    (void)err;
    buf_put(out, found != NULL ? (struct view){ use->in.at, (size_t)(found - use->in.at) } : use->in);
    return true;
}

static bool apply_after(const struct use *use, struct buf *out, struct error *err)
{
    const char *found = memmem(use->in.at, use->in.len, use->arg.at, use->arg.len);
    size_t skip = found != NULL ? (size_t)(found - use->in.at) + use->arg.len : 0;

    (void)err;
    buf_put(out, (struct view){ use->in.at + skip, use->in.len - skip });
    return true;
}

static bool read_number(struct view in, int64_t *out, struct error *err)
{
    bool minus = in.len > 0 && in.at[0] == '-';
    uint64_t number;

    if (!view_to_number((struct view){ in.at + minus, in.len - minus }, 0, INT64_MAX / 4, &number))
        return error_set(err, ERROR_CONFIG, "a value that should be a number is none");
    *out = minus ? -(int64_t)number : (int64_t)number;
    return true;
}

static bool apply_plus(const struct use *use, struct buf *out, struct error *err)
{
    int64_t number, more = (int64_t)arg_number(use->arg);

    TRY(read_number(use->in, &number, err));
    buf_putf(out, "%" PRId64, use->arg.at[0] == '-' ? number - more : number + more);
    return true;
}

/* One conversion of strftime; false when it is none of those that are known. */
static bool put_date_part(struct buf *out, char part, const struct tm *tm)
{
    static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov",
        "Dec" };

    if (part == 'Y')
        buf_putf(out, "%04d", tm->tm_year + 1900);
    else if (part == 'm')
        buf_putf(out, "%02d", tm->tm_mon + 1);
    else if (part == 'd')
        buf_putf(out, "%02d", tm->tm_mday);
    else if (part == 'H')
        buf_putf(out, "%02d", tm->tm_hour);
    else if (part == 'M')
        buf_putf(out, "%02d", tm->tm_min);
    else if (part == 'S')
        buf_putf(out, "%02d", tm->tm_sec);
    else if (part == 'a')
        buf_put_text(out, days[tm->tm_wday % 7]);
    else if (part == 'b')
        buf_put_text(out, months[tm->tm_mon % 12]);
    else
        return false;
    return true;
}

/* Adds, or takes off, the number that a variable has. */
static bool apply_variable(const struct use *use, struct buf *out, struct error *err)
{
    const char *text = value_text(vars_get(use->vars, use->arg));
    int64_t number, other;

    TRY(read_number(use->in, &number, err));
    if (text == NULL) {
        (void)error_set(err, ERROR_CONFIG, "'%.*s' is not set", (int)use->arg.len, use->arg.at);
        return error_is_answer(err); /* as in tree/template.c */
    }
    TRY(read_number(view_of(text), &other, err));
    buf_putf(out, "%" PRId64, view_is(use->name, "minus") ? number - other : number + other);
    return true;
}

static bool apply_date(const struct use *use, struct buf *out, struct error *err)
{
    struct tm tm;
    int64_t number;
    time_t at;

    TRY(read_number(use->in, &number, err));
    at = (time_t)number;
    if (gmtime_r(&at, &tm) == NULL)
        return error_set(err, ERROR_CONFIG, "a value that should be an instant is none");
    for (size_t i = 0; i < use->arg.len; i++) {
        if (use->arg.at[i] != '%' || i + 1 == use->arg.len)
            buf_put_char(out, use->arg.at[i]);
        else if (!put_date_part(out, use->arg.at[++i], &tm))
            return error_set(err, ERROR_CONFIG, "a date has no '%%%c'", use->arg.at[i]);
    }
    return true;
}

/* Whether it is summer time in the European Union: from 01:00 UTC on the last Sunday of March to that of October. */
static bool is_summer(const struct tm *tm)
{
    int sunday = 31 - (tm->tm_wday + 31 - tm->tm_mday) % 7; /* both months have 31 days */
    bool after = tm->tm_mday > sunday || (tm->tm_mday == sunday && tm->tm_hour >= 1);

    return tm->tm_mon == 2 ? after : tm->tm_mon == 9 ? !after : tm->tm_mon > 2 && tm->tm_mon < 9;
}

static bool apply_cet(const struct use *use, struct buf *out, struct error *err)
{
    struct tm tm;
    int64_t number;
    time_t at;

    TRY(read_number(use->in, &number, err));
    at = (time_t)number;
    if (gmtime_r(&at, &tm) == NULL)
        return error_set(err, ERROR_CONFIG, "a value that should be an instant is none");
    buf_putf(out, "%" PRId64, number + (is_summer(&tm) ? 7200 : 3600));
    return true;
}

static const struct filter filters[] = {
    { "url", NO_ARG, apply_url },
    { "raw", NO_ARG, apply_raw },
    { "quote", NO_ARG, apply_quote },
    { "unquote", NO_ARG, apply_unquote },
    { "dot", NO_ARG, apply_dot },
    { "undot", NO_ARG, apply_undot },
    { "lower", NO_ARG, apply_lower },
    { "upper", NO_ARG, apply_upper },
    { "trim", NO_ARG, apply_trim },
    { "json", NO_ARG, apply_json },
    { "xml", NO_ARG, apply_xml },
    { "b64", NO_ARG, apply_b64 },
    { "b64url", NO_ARG, apply_b64url },
    { "unb64", NO_ARG, apply_unb64 },
    { "hex", NO_ARG, apply_hex },
    { "unhex", NO_ARG, apply_unhex },
    { "md5", MAY_HAVE_ARG, apply_digest },
    { "sha1", MAY_HAVE_ARG, apply_digest },
    { "sha256", MAY_HAVE_ARG, apply_digest },
    { "sha384", MAY_HAVE_ARG, apply_digest },
    { "sha512", MAY_HAVE_ARG, apply_digest },
    { "hmac-md5", NEEDS_ARG, apply_hmac },
    { "hmac-sha1", NEEDS_ARG, apply_hmac },
    { "hmac-sha256", NEEDS_ARG, apply_hmac },
    { "hmac-sha384", NEEDS_ARG, apply_hmac },
    { "hmac-sha512", NEEDS_ARG, apply_hmac },
    { "totp", NO_ARG, apply_totp },
    { "or", NEEDS_ARG, apply_raw }, /* tree/template.c puts its text where there is none */
    { "label", NEEDS_NUMBER, apply_label },
    { "up", NEEDS_NUMBER, apply_up },
    { "strip", NEEDS_ARG, apply_strip },
    { "chop", NEEDS_ARG, apply_chop },
    { "front", NEEDS_ARG, apply_front },
    { "cut", NEEDS_NUMBER, apply_cut },
    { "before", NEEDS_ARG, apply_before },
    { "after", NEEDS_ARG, apply_after },
    { "plus", NEEDS_NUMBER, apply_plus },
    { "add", NEEDS_ARG, apply_variable },
    { "minus", NEEDS_ARG, apply_variable },
    { "date", NEEDS_ARG, apply_date },
    { "cet", NO_ARG, apply_cet },
};

static const struct filter *find_filter(struct view name)
{
    for (size_t i = 0; i < COUNT(filters); i++)
        if (view_is(name, filters[i].name))
            return &filters[i];
    return NULL;
}

static bool arg_fits(const struct filter *filter, struct view arg)
{
    struct view digits = arg.len > 0 && arg.at[0] == '-' ? (struct view){ arg.at + 1, arg.len - 1 } : arg;
    uint64_t number;

    switch (filter->arg) {
    case NO_ARG:
        return arg.len == 0;
    case NEEDS_ARG:
        return arg.len > 0;
    case NEEDS_NUMBER:
        return view_to_number(digits, 0, INT32_MAX, &number);
    case MAY_HAVE_ARG:
        break;
    }
    return arg.len == 0 || view_is(arg, "hex") || view_is(arg, "b64") || view_is(arg, "raw");
}

bool filter_check(struct view name, struct view arg, struct error *err)
{
    const struct filter *filter = find_filter(name);
    AUTO(free) char *text = view_dup(name);

    if (filter == NULL)
        return error_set(err, ERROR_CONFIG, "there is no filter '%s'", text);
    if (!arg_fits(filter, arg))
        return error_set(err, ERROR_CONFIG, "the filter '%s' %s", text,
            filter->arg == NO_ARG ? "takes nothing behind a colon" : "needs something else behind a colon");
    return true;
}

bool filter_apply(
    struct view name, struct view arg, const struct vars *vars, struct view in, struct buf *out, struct error *err)
{
    const struct filter *filter = find_filter(name);
    struct use use = { .in = in, .arg = arg, .name = name, .vars = vars };

    TRY(filter_check(name, arg, err));
    return filter->apply(&use, out, err);
}
