#include "net/dns_name.h"

#include <ctype.h>

#define LABEL_MAX 63

/* Reads one byte of a label, escaped or not (RFC 1035 section 5.1). False when the escape is invalid. */
static bool take_byte(const char **at, char *out)
{
    const char *text = *at;

    if (text[0] != '\\') {
        *out = text[0];
        *at = text + 1;
        return true;
    }
    if (isdigit((unsigned char)text[1])) {
        uint64_t value = 0;
        size_t len = 0;

        while (len < 3 && isdigit((unsigned char)text[1 + len]))
            len++;
        if (len != 3 || !view_to_number((struct view){ text + 1, 3 }, 0, 255, &value))
            return false;
        *out = (char)(unsigned char)value;
        *at = text + 4;
        return true;
    }
    *out = text[1];
    *at = text + 2;
    return text[1] != '\0';
}

bool dns_name_put(struct buf *out, const char *text)
{
    size_t begun = out->len;

    if (text[0] == '\0')
        return false;
    if (strcmp(text, ".") == 0)
        text = "";
    while (*text != '\0') {
        char label[LABEL_MAX];
        size_t len = 0;

        while (*text != '\0' && *text != '.')
            if (len == sizeof label || !take_byte(&text, &label[len++]))
                return false;
        if (len == 0)
            return false;
        buf_put_char(out, (char)len);
        buf_put(out, (struct view){ label, len });
        if (*text == '.')
            text++;
    }
    buf_put_char(out, '\0');
    return !out->failed && out->len - begun <= DNS_NAME_SIZE;
}

void dns_label_put_text(struct buf *text, struct view label)
{
    for (size_t i = 0; i < label.len; i++) {
        unsigned char byte = (unsigned char)label.at[i];
        bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
                     byte == '-' || byte == '_' || byte == '*';

        if (plain)
            buf_put_char(text, (char)byte);
        else
            buf_putf(text, "\\%03u", byte);
    }
}

bool dns_name_get(struct view bytes, size_t *at, struct buf *text)
{
    size_t begun = text->len, here = *at;

    for (size_t size = 1; here < bytes.len; size += 1) {
        size_t len = (unsigned char)bytes.at[here++];

        if (len == 0) {
            if (text->len == begun)
                buf_put_char(text, '.');
            *at = here;
            return !text->failed;
        }
        size += len;
        if (len > LABEL_MAX || len > bytes.len - here || size >= DNS_NAME_SIZE)
            return false;
        if (text->len > begun)
            buf_put_char(text, '.');
        dns_label_put_text(text, (struct view){ bytes.at + here, len });
        here += len;
    }
    return false;
}

bool dns_name_follow(struct view message, size_t *at, struct buf *labels)
{
    size_t here = *at, behind = 0, floor = *at, begun = labels->len;

    while (here < message.len) {
        size_t len = (unsigned char)message.at[here];

        if ((len & 0xc0) == 0xc0) {
            size_t target;

            if (here + 1 >= message.len)
                return false;
            target = (len & 0x3f) << 8 | (unsigned char)message.at[here + 1];
            if (target >= floor)
                return false;
            behind = behind == 0 ? here + 2 : behind;
            floor = here = target;
            continue;
        }
        if (len > LABEL_MAX || len + 1 > message.len - here || labels->len - begun + len + 1 > DNS_NAME_SIZE)
            return false;
        buf_put(labels, (struct view){ message.at + here, len + 1 });
        here += len + 1;
        if (len == 0) {
            *at = behind == 0 ? here : behind;
            return !labels->failed;
        }
    }
    return false;
}

void dns_name_lower(struct buf *labels)
{
    for (size_t i = 0; i < labels->len; i++)
        if (labels->at[i] >= 'A' && labels->at[i] <= 'Z') /* the lengths of labels are smaller */
            labels->at[i] = (char)(labels->at[i] + 'a' - 'A');
}
