#include "store/fields.h"

#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

#define LAST_SECOND 253402300799 /* of the year 9999 */
#define NUMBER_DIGITS_MAX 9

/* ---- reading ---- */

static bool read_list(struct view value, struct list *out)
{
    struct view rest = value, part;

    while (view_cut(&rest, ',', &part)) {
        struct view entry = view_trim(part);

        if (entry.len == 0)
            return false;
        list_add_view(out, entry);
    }
    return true;
}

static bool read_number(struct view value, unsigned *out)
{
    *out = 0;
    for (size_t i = 0; i < value.len; i++) {
        if (value.at[i] < '0' || value.at[i] > '9')
            return false;
        *out = *out * 10 + (unsigned)(value.at[i] - '0');
    }
    return value.len <= NUMBER_DIGITS_MAX;
}

static bool hex_digit(char c, unsigned *out)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c == '\0' ? NULL : strchr(digits, c);

    if (at != NULL)
        *out = (unsigned)(at - digits);
    return at != NULL;
}

/* "\n" or "\xHH" at the beginning of text; how long it is, 0: neither. */
static size_t read_escape(struct view text, char *out)
{
    unsigned high, low;

    if (text.len >= 2 && text.at[1] == 'n') {
        *out = '\n';
        return 2;
    }
    if (text.len < 4 || text.at[1] != 'x' || !hex_digit(text.at[2], &high) || !hex_digit(text.at[3], &low))
        return 0;
    *out = (char)(high << 4 | low);
    return 4;
}

/* Reads a value that put_exact has written. */
static bool read_exact(struct view value, char **out)
{
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);
    size_t len;

    for (size_t i = 0; i < value.len; i += len) {
        char c = value.at[i];

        len = c == '\\' ? read_escape((struct view){ value.at + i, value.len - i }, &c) : 1;
        if (len == 0 || c == '\0')
            return false;
        buf_put_char(&text, c);
    }
    if (text.failed)
        return false;
    *out = buf_take(&text);
    return true;
}

static bool read_value(const struct field *field, struct view value, void *out)
{
    AUTO(free) char *printable = text_printable_dup(value, FILE_MAX_TEXT, false);
    void *to = (char *)out + field->at;

    if (value.len == 0 || !view_is(value, printable))
        return false;
    switch (field->form) {
    case FIELD_TEXT:
        *(char **)to = view_dup(value);
        return true;
    case FIELD_EXACT:
        return read_exact(value, to);
    case FIELD_LIST:
        return read_list(value, to);
    case FIELD_FLAG:
        *(bool *)to = view_is(value, "yes");
        return view_is(value, "yes");
    case FIELD_TIME:
        return clock_parse_rfc3339(value, to) && *(int64_t *)to >= 0 && *(int64_t *)to <= LAST_SECOND;
    case FIELD_NUMBER:
        return value.len <= NUMBER_DIGITS_MAX && read_number(value, to);
    }
    return false;
}

/* Reads a line; *which is its field, `count` for one that the table does not have. */
static bool read_line(
    const struct field *fields, size_t count, struct view line, size_t *which, struct view *value, struct error *err)
{
    struct view rest = line, key;
    AUTO(free) char *shown = text_printable_dup(line, 60, false);

    if (!view_cut(&rest, ':', &key) || rest.at == NULL)
        return error_set(err, ERROR_STORE, "'%s' is not of the form \"key: value\"", shown);
    *value = view_trim(rest);
    for (*which = 0; *which < count; ++*which)
        if (view_is(key, fields[*which].key))
            break;
    return true;
}

bool fields_parse(const struct field *fields, size_t count, struct view text, void *out, struct error *err)
{
    bool seen[FIELDS_MAX] = { false };
    struct view rest = text, line;

    while (view_cut(&rest, '\n', &line)) {
        struct view value;
        size_t which = 0;

        if (line.len == 0)
            continue;
        TRY(read_line(fields, count, line, &which, &value, err));
        if (which == count)
            continue;
        if (seen[which])
            return error_set(err, ERROR_STORE, "'%s' is there twice", fields[which].key);
        seen[which] = true;
        if (!read_value(&fields[which], value, out))
            return error_set(err, ERROR_STORE, "the value of '%s' cannot be read", fields[which].key);
    }
    for (size_t i = 0; i < count; i++)
        if (fields[i].needed && !seen[i])
            return error_set(err, ERROR_STORE, "'%s' is missing", fields[i].key);
    return true;
}

/* ---- writing ---- */

static void put_text(struct buf *out, const char *key, const char *value)
{
    AUTO(free) char *text = NULL;

    if (value == NULL || value[0] == '\0')
        return;
    text = text_printable_dup(view_of(value), FILE_MAX_TEXT, false);
    buf_putf(out, "%s: %s\n", key, text);
}

static void put_exact(struct buf *out, const char *key, const char *value)
{
    size_t len = value == NULL ? 0 : strlen(value);

    if (len == 0)
        return;
    buf_putf(out, "%s: ", key);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)value[i];

        if (c == '\n')
            buf_put_text(out, "\\n");
        else if (c < ' ' || c >= 0x7f || c == '\\' || (c == ' ' && (i == 0 || i + 1 == len)))
            buf_putf(out, "\\x%02x", c);
        else
            buf_put_char(out, (char)c);
    }
    buf_put_char(out, '\n');
}

static void put_field(const struct field *field, const void *from, struct buf *out)
{
    AUTO(free) char *entries = NULL;
    char time[CLOCK_TEXT_SIZE];

    switch (field->form) {
    case FIELD_TEXT:
        put_text(out, field->key, *(char *const *)from);
        break;
    case FIELD_EXACT:
        put_exact(out, field->key, *(char *const *)from);
        break;
    case FIELD_LIST:
        entries = list_join(from, ", ");
        put_text(out, field->key, entries);
        break;
    case FIELD_FLAG:
        put_text(out, field->key, *(const bool *)from ? "yes" : NULL);
        break;
    case FIELD_TIME:
        clock_format_rfc3339(*(const int64_t *)from, time);
        put_text(out, field->key, time);
        break;
    case FIELD_NUMBER:
        if (*(const unsigned *)from > 0)
            buf_putf(out, "%s: %u\n", field->key, *(const unsigned *)from);
        break;
    }
}

void fields_format(const struct field *fields, size_t count, const void *from, struct buf *out)
{
    for (size_t i = 0; i < count; i++)
        put_field(&fields[i], (const char *)from + fields[i].at, out);
}
