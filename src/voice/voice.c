#include "voice/voice.h"

#include <string.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

#define VALUE_MAX 4096 /* of a value; no error holds more */

const struct voice voice_certbot = {
#define WORD(member, certbot, own) .member = (certbot),
#define ERROR(member, certbot, certbot_next, own, own_next) .member = { certbot, certbot_next },
#define HABIT(member, certbot, own) .member = (certbot),
#include "voice/table.h"
#undef WORD
#undef ERROR
#undef HABIT
};

const struct voice voice_own = {
#define WORD(member, certbot, own) .member = (own),
#define ERROR(member, certbot, certbot_next, own, own_next) .member = { own, own_next },
#define HABIT(member, certbot, own) .member = (own),
#include "voice/table.h"
#undef WORD
#undef ERROR
#undef HABIT
};

const struct voice *voice_of(const char *argv0)
{
    const char *name = file_basename(argv0 != NULL ? argv0 : "");

    return text_starts(name, "certbot") || text_starts(name, "letsencrypt") ? &voice_certbot : &voice_own;
}

/* The value that the text asks for at {1}; NULL: it is no such place, or there is no such value. */
static const char *value_at(const char *text, const char *const *values)
{
    if (text[0] != '{' || text[1] < '1' || text[1] > '9' || text[2] != '}')
        return NULL;
    for (char number = '1'; number < text[1] && *values != NULL; number++)
        values++;
    return *values;
}

char *voice_fill(const char *text, const char *const *values)
{
    AUTO(buf_clear) struct buf out = BUF(SIZE_MAX);

    while (*text != '\0') {
        const char *value = value_at(text, values);

        if (value == NULL) {
            buf_put_char(&out, *text++);
        } else {
            AUTO(free) char *shown = text_printable_dup(view_of(value), VALUE_MAX, false);

            buf_put_text(&out, shown);
            text += strlen("{1}");
        }
    }
    return buf_take(&out);
}

bool voice_error(struct error *err, enum error_kind kind, struct said said, const char *const *values)
{
    AUTO(free) char *why = said.why == NULL ? NULL : voice_fill(said.why, values);
    AUTO(free) char *next = said.next == NULL ? NULL : voice_fill(said.next, values);

    if (why == NULL)
        return false;
    (void)error_set_lines(err, kind, why);
    return next == NULL ? false : error_next(err, "%s", next);
}
