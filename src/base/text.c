#include "base/text.h"

#include <string.h>

#include "base/mem.h"

#define DISTANCE_MAX 64 /* bytes; longer than any option or command */

/* How many bytes of `from` are one character of UTF-8 in its only valid form, 0 when none is (RFC 3629
 * section 4). */
static size_t character(struct view from, uint32_t *out)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    unsigned char first = (unsigned char)from.at[0];
    size_t len = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    uint32_t code = len == 1 ? first : first & (0x7fu >> len);

    if (len > from.len || (first >= 0x80 && first < 0xc0) || first > 0xf4)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if (((unsigned char)from.at[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | ((unsigned char)from.at[i] & 0x3f);
    }
    if (code < least[len] || (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff)
        return 0;
    *out = code;
    return len;
}

bool text_is_utf8(struct view text)
{
    uint32_t code = 0;

    while (text.len > 0) {
        size_t len = character(text, &code);

        if (len == 0 || code == 0)
            return false;
        text = (struct view){ text.at + len, text.len - len };
    }
    return true;
}

/* Steers the terminal (C0, DEL, C1), breaks the line, or turns the order of what is read (bidirectional
 * overrides). */
static bool is_steering(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x2028 || code == 0x2029 ||
           (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/* One step: how much of `from` is read, and what is to be shown for it. */
static size_t printable(struct view from, bool keep_lines, struct view *shown)
{
    uint32_t code = 0;
    size_t len = character(from, &code);

    if (len == 0) {
        *shown = view_of("?");
        return 1;
    }
    if (code == '\r' && from.len > 1 && from.at[1] == '\n')
        *shown = view_of("");
    else if (code == '\n' || code == '\t')
        *shown = keep_lines ? (struct view){ from.at, 1 } : view_of(" ");
    else if (is_steering(code))
        *shown = view_of("?");
    else
        *shown = (struct view){ from.at, len };
    return len;
}

/* How many bytes at the start, at most so many, are printable ASCII. */
static size_t plain(struct view from, size_t most)
{
    size_t len = 0;

    while (len < from.len && len < most && from.at[len] >= 0x20 && from.at[len] < 0x7f)
        len++;
    return len;
}

void text_printable(char *to, size_t size, struct view from, bool keep_lines)
{
    static const char dots[] = "...";
    size_t at = 0, cut = 0; /* cut: the last place where the dots would still fit */

    if (size == 0)
        return;
    while (from.len > 0) {
        struct view shown;
        size_t read;

        if (at + sizeof dots <= size) {
            read = plain(from, size - sizeof dots - at); /* nearly everything, at once */
            memcpy(to + at, from.at, read);
            from = (struct view){ from.at + read, from.len - read };
            cut = at += read;
            if (from.len == 0)
                break;
        }
        read = printable(from, keep_lines, &shown);
        if (shown.len >= size - at) {
            at = size - cut < sizeof dots ? size - 1 - cut : sizeof dots - 1;
            memcpy(to + cut, dots, at);
            to[cut + at] = '\0';
            return;
        }
        memcpy(to + at, shown.at, shown.len);
        at += shown.len;
        from.at += read;
        from.len -= read;
    }
    to[at] = '\0';
}

char *text_printable_dup(struct view from, size_t max, bool keep_lines)
{
    size_t size = (from.len < max ? from.len : max) + 1; /* never longer than what it is made from */
    char *text = xcalloc(size, 1);

    text_printable(text, size, from, keep_lines);
    return text;
}

bool text_has_lines(const char *text)
{
    return strchr(text, '\n') != NULL;
}

bool text_is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

bool text_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_ends(const char *text, const char *suffix)
{
    size_t len = strlen(text), end = strlen(suffix);

    return len >= end && memcmp(text + len - end, suffix, end) == 0;
}

bool text_equal(const char *a, const char *b)
{
    return a != NULL && b != NULL ? strcmp(a, b) == 0 : a == b;
}

void text_lower(char *text)
{
    for (; *text != '\0'; text++)
        if (*text >= 'A' && *text <= 'Z')
            *text = (char)(*text - 'A' + 'a');
}

static size_t least_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t text_distance(const char *a, const char *b)
{
    /* rows[i][j]: edits from the first i bytes of a to the first j of b (optimal string alignment) */
    uint8_t rows[DISTANCE_MAX + 1][DISTANCE_MAX + 1];
    size_t a_len = strlen(a), b_len = strlen(b);

    if (a_len > DISTANCE_MAX || b_len > DISTANCE_MAX)
        return SIZE_MAX;
    for (size_t i = 0; i <= a_len; i++) {
        for (size_t j = 0; j <= b_len; j++) {
            size_t best;

            if (i == 0 || j == 0) {
                rows[i][j] = (uint8_t)(i + j);
                continue;
            }
            best = least_of(rows[i - 1][j], rows[i][j - 1]) + 1u;
            best = least_of(best, rows[i - 1][j - 1] + (a[i - 1] != b[j - 1] ? 1u : 0u));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                best = least_of(best, rows[i - 2][j - 2] + 1u);
            rows[i][j] = (uint8_t)best;
        }
    }
    return rows[a_len][b_len];
}

void buf_put_hex(struct buf *buf, struct view bytes)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char byte = (unsigned char)bytes.at[i];

        buf_put(buf, (struct view){ (char[]){ digits[byte >> 4], digits[byte & 15] }, 2 });
    }
}

static void put_base64(struct buf *buf, struct view bytes, const char *alphabet, bool padded)
{
    size_t groups = bytes.len / 3 + (bytes.len % 3 != 0);
    const unsigned char *from = (const unsigned char *)bytes.at;
    char *to = buf_room(buf, groups <= SIZE_MAX / 4 ? groups * 4 : SIZE_MAX);
    size_t left, at = 0;

    if (to == NULL)
        return;
    for (left = bytes.len; left > 0; from += 3) {
        uint32_t bits = (uint32_t)from[0] << 16;
        size_t digits = left >= 3 ? 4 : left + 1;

        bits |= left > 1 ? (uint32_t)from[1] << 8 : 0;
        bits |= left > 2 ? (uint32_t)from[2] : 0;
        for (size_t i = 0; i < 4; i++)
            if (i < digits)
                to[at++] = alphabet[bits >> (18 - 6 * i) & 63];
            else if (padded)
                to[at++] = '=';
        left -= left >= 3 ? 3 : left;
    }
    buf_grow(buf, at);
}

void buf_put_base64(struct buf *buf, struct view bytes)
{
    put_base64(buf, bytes, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", true);
}

void buf_put_base64url(struct buf *buf, struct view bytes)
{
    put_base64(buf, bytes, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", false);
}

/*
 * Class of a byte in encoded text: a digit of base64, of base64url or (mostly) of both, with its value in the six lower
 * bits; white space; padding; or 0, nothing of all that. Listing thousands of certificates means decoding megabytes.
 */
#define BASE64 0x80
#define BASE64URL 0x40
#define DIGIT_VALUE 0x3f
#define BLANK 1
#define PAD 2
static const uint8_t base64_bytes[256] = {
    ['A'] = 0xc0,
    0xc1,
    0xc2,
    0xc3,
    0xc4,
    0xc5,
    0xc6,
    0xc7,
    0xc8,
    0xc9,
    0xca,
    0xcb,
    0xcc,
    0xcd,
    0xce,
    0xcf,
    0xd0,
    0xd1,
    0xd2,
    0xd3,
    0xd4,
    0xd5,
    0xd6,
    0xd7,
    0xd8,
    0xd9,
    ['a'] = 0xda,
    0xdb,
    0xdc,
    0xdd,
    0xde,
    0xdf,
    0xe0,
    0xe1,
    0xe2,
    0xe3,
    0xe4,
    0xe5,
    0xe6,
    0xe7,
    0xe8,
    0xe9,
    0xea,
    0xeb,
    0xec,
    0xed,
    0xee,
    0xef,
    0xf0,
    0xf1,
    0xf2,
    0xf3,
    ['0'] = 0xf4,
    0xf5,
    0xf6,
    0xf7,
    0xf8,
    0xf9,
    0xfa,
    0xfb,
    0xfc,
    0xfd,
    ['+'] = BASE64 | 62,
    ['/'] = BASE64 | 63,
    ['-'] = BASE64URL | 62,
    ['_'] = BASE64URL | 63,
    [' '] = BLANK,
    ['\t'] = BLANK,
    ['\n'] = BLANK,
    ['\v'] = BLANK,
    ['\f'] = BLANK,
    ['\r'] = BLANK,
    ['='] = PAD,
};

static uint8_t base64_byte(char c)
{
    return base64_bytes[(unsigned char)c];
}

/* Four digits in a row, as almost all of a text is: their 24 bits. False when one of them is something else. */
static bool four_digits(const char *at, uint8_t kind, uint32_t *bits)
{
    uint8_t a = base64_byte(at[0]), b = base64_byte(at[1]), c = base64_byte(at[2]), d = base64_byte(at[3]);

    *bits = (uint32_t)(a & DIGIT_VALUE) << 18 | (uint32_t)(b & DIGIT_VALUE) << 12 | (uint32_t)(c & DIGIT_VALUE) << 6 |
            (d & DIGIT_VALUE);
    return (a & b & c & d & kind) != 0;
}

/* Checks the whole text and counts its digits, so that nothing is written unless all of it can be. */
static bool base64_count(struct view text, uint8_t kind, size_t *out)
{
    size_t digits = 0, pads = 0;
    uint8_t last = 0;

    for (size_t i = 0; i < text.len;) {
        uint8_t byte = base64_byte(text.at[i]);
        uint32_t bits;

        if (pads == 0 && text.len - i >= 4 && four_digits(text.at + i, kind, &bits)) {
            last = base64_byte(text.at[i + 3]);
            digits += 4;
            i += 4;
            continue;
        }
        i++;
        if (kind == BASE64 && byte == BLANK)
            continue;
        if (kind == BASE64 && byte == PAD) {
            pads++;
            continue;
        }
        if ((byte & kind) == 0 || pads > 0)
            return false;
        last = byte;
        digits++;
    }
    if (digits % 4 == 1 || (pads > 0 && (pads > 2 || (digits + pads) % 4 != 0)))
        return false;
    if ((digits % 4 == 2 && (last & 15) != 0) || (digits % 4 == 3 && (last & 3) != 0))
        return false; /* bits that belong to no byte: a second spelling of the same bytes */
    *out = digits;
    return true;
}

static bool put_unbase64(struct buf *buf, struct view text, uint8_t kind)
{
    size_t digits = 0, count = 0;
    uint32_t bits = 0;
    char *to;

    if (!base64_count(text, kind, &digits))
        return false;
    to = buf_room(buf, digits / 4 * 3 + (digits % 4 > 0 ? digits % 4 - 1 : 0));
    if (to == NULL)
        return false;
    for (size_t i = 0; i < text.len;) {
        if (count % 4 == 0 && text.len - i >= 4 && four_digits(text.at + i, kind, &bits)) {
            *to++ = (char)(bits >> 16);
            *to++ = (char)(bits >> 8);
            *to++ = (char)bits;
            i += 4;
            continue;
        }
        if ((base64_byte(text.at[i]) & kind) != 0) {
            bits = bits << 6 | (base64_byte(text.at[i]) & DIGIT_VALUE);
            if (count++ % 4 != 0)
                *to++ = (char)(bits >> (6 - 2 * ((count - 1) % 4)));
        }
        i++;
    }
    buf_grow(buf, digits / 4 * 3 + (digits % 4 > 0 ? digits % 4 - 1 : 0));
    return true;
}

bool buf_put_unbase64url(struct buf *buf, struct view text)
{
    return put_unbase64(buf, text, BASE64URL);
}

bool buf_put_unbase64(struct buf *buf, struct view text)
{
    return put_unbase64(buf, text, BASE64);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool buf_put_unhex(struct buf *buf, struct view text)
{
    char *to;

    for (size_t i = 0; i < text.len; i++)
        if (hex_digit(text.at[i]) < 0)
            return false;
    if (text.len % 2 != 0 || (to = buf_room(buf, text.len / 2)) == NULL)
        return false;
    for (size_t i = 0; i < text.len; i += 2)
        *to++ = (char)(hex_digit(text.at[i]) << 4 | hex_digit(text.at[i + 1]));
    buf_grow(buf, text.len / 2);
    return true;
}
