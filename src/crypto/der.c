/*
 * The DER reader. Every length is checked against what is there before anything behind it is touched.
 */
#include "crypto/der.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

bool der_is(struct view rest, unsigned tag)
{
    return rest.len > 0 && (unsigned char)rest.at[0] == tag;
}

static bool bad(struct error *err, const char *what, const char *why)
{
    return error_set(err, ERROR_CONFIG, "%s: %s", what, why);
}

/* Reads tag and length: how many bytes these two take, and how many follow. */
static bool read_header(struct view rest, size_t *header, size_t *content, const char *what, struct error *err)
{
    const unsigned char *at = (const unsigned char *)rest.at;
    size_t count, len = 0;

    if (rest.len < 2)
        return bad(err, what, rest.len == 0 ? "missing" : "cut short");
    if ((at[0] & 0x1f) == 0x1f)
        return bad(err, what, "a tag of several bytes, which X.509 does not use");
    if (at[1] < 0x80) {
        *header = 2;
        *content = at[1];
        return *content <= rest.len - 2 || bad(err, what, "its length goes beyond the end");
    }
    count = at[1] & 0x7fU;
    if (count == 0)
        return bad(err, what, "an indefinite length, which DER does not allow");
    if (count > 4)
        return bad(err, what, "its length goes beyond the end");
    if (rest.len < 2 + count)
        return bad(err, what, "cut short");
    for (size_t i = 0; i < count; i++)
        len = len << 8 | at[2 + i];
    if (at[2] == 0 || len < 0x80)
        return bad(err, what, "its length is not in the shortest form");
    if (len > rest.len - 2 - count)
        return bad(err, what, "its length goes beyond the end");
    *header = 2 + count;
    *content = len;
    return true;
}

bool der_any(struct view *rest, unsigned *tag, struct view *content, const char *what, struct error *err)
{
    size_t header = 0, len = 0;

    TRY(read_header(*rest, &header, &len, what, err));
    *tag = (unsigned char)rest->at[0];
    *content = (struct view){ rest->at + header, len };
    *rest = (struct view){ rest->at + header + len, rest->len - header - len };
    return true;
}

bool der_take(struct view *rest, unsigned tag, struct view *content, const char *what, struct error *err)
{
    unsigned found;

    if (rest->len > 0 && !der_is(*rest, tag))
        return error_set(
            err, ERROR_CONFIG, "%s: tag 0x%02x where 0x%02x belongs", what, (unsigned char)rest->at[0], tag);
    return der_any(rest, &found, content, what, err);
}

bool der_whole(struct view *rest, unsigned tag, struct view *element, const char *what, struct error *err)
{
    const char *start = rest->at;
    struct view content;

    TRY(der_take(rest, tag, &content, what, err));
    *element = (struct view){ start, (size_t)(rest->at - start) };
    return true;
}

bool der_unsigned(struct view *rest, struct view *magnitude, const char *what, struct error *err)
{
    struct view after = *rest, content;

    TRY(der_take(&after, DER_INTEGER, &content, what, err));
    if (content.len == 0)
        return bad(err, what, "an empty number");
    if ((unsigned char)content.at[0] >= 0x80)
        return bad(err, what, "a negative number");
    if (content.len > 1 && content.at[0] == 0 && (unsigned char)content.at[1] < 0x80)
        return bad(err, what, "a number with needless zeros in front");
    if (content.at[0] == 0)
        content = (struct view){ content.at + 1, content.len - 1 };
    *magnitude = content;
    *rest = after;
    return true;
}

bool der_bits(struct view *rest, struct view *bytes, const char *what, struct error *err)
{
    struct view after = *rest, content;

    TRY(der_take(&after, DER_BIT_STRING, &content, what, err));
    if (content.len == 0 || content.at[0] != 0)
        return bad(err, what, "not a whole number of bytes");
    *bytes = (struct view){ content.at + 1, content.len - 1 };
    *rest = after;
    return true;
}

static int two_digits(const char *at)
{
    return (at[0] - '0') * 10 + (at[1] - '0');
}

static bool date_exists(int year, int month, int day)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] + (leap && month == 2);
}

bool der_time(struct view *rest, int64_t *out, const char *what, struct error *err)
{
    struct view after = *rest, text;
    size_t digits;
    unsigned tag;
    int year;

    TRY(der_any(&after, &tag, &text, what, err));
    if (tag != DER_UTC_TIME && tag != DER_GENERALIZED_TIME)
        return bad(err, what, "neither of the two time types");
    digits = tag == DER_UTC_TIME ? 12 : 14;
    if (text.len != digits + 1 || text.at[digits] != 'Z')
        return bad(err, what, "a time that is not in UTC with seconds");
    for (size_t i = 0; i < digits; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return bad(err, what, "a time with other characters than digits");
    }
    year = two_digits(text.at);
    if (tag == DER_UTC_TIME) {
        year += year < 50 ? 2000 : 1900; /* RFC 5280 section 4.1.2.5.1 */
    } else {
        year = year * 100 + two_digits(text.at + 2);
    }
    text.at += digits - 10; /* MMDDHHMMSS */
    if (!date_exists(year, two_digits(text.at), two_digits(text.at + 2)) || two_digits(text.at + 4) > 23 ||
        two_digits(text.at + 6) > 59 || two_digits(text.at + 8) > 59)
        return bad(err, what, "an instant that does not exist");
    *out = clock_from_date(year, two_digits(text.at), two_digits(text.at + 2), two_digits(text.at + 4),
        two_digits(text.at + 6), two_digits(text.at + 8));
    *rest = after;
    return true;
}

bool der_end(struct view rest, const char *what, struct error *err)
{
    return rest.len == 0 || error_set(err, ERROR_CONFIG, "%s: %zu bytes too many", what, rest.len);
}

void der_oid_text(struct view oid, char out[static DER_OID_TEXT_SIZE])
{
    uint64_t arc = 0;
    size_t used = 0;
    bool first = true;

    memcpy(out, "?", sizeof "?");
    for (size_t i = 0; i < oid.len && used + 24 < DER_OID_TEXT_SIZE; i++) {
        if (arc > UINT64_MAX >> 8)
            break;
        arc = arc << 7 | ((unsigned char)oid.at[i] & 0x7f);
        if ((unsigned char)oid.at[i] & 0x80)
            continue;
        if (first) { /* X.690 section 8.19.4: the first two arcs share one number */
            uint64_t root = arc < 80 ? arc / 40 : 2;

            used += (size_t)snprintf(
                out, DER_OID_TEXT_SIZE, "%u.%llu", (unsigned)root, (unsigned long long)(arc - root * 40));
        } else {
            used += (size_t)snprintf(out + used, DER_OID_TEXT_SIZE - used, ".%llu", (unsigned long long)arc);
        }
        first = false;
        arc = 0;
    }
}
