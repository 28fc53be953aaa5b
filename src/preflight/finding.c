#include "preflight/finding.h"

#include <stdarg.h>

#include "base/mem.h"
#include "base/text.h"

#define TEXT_MAX 1000

const char *preflight_severity_name(enum preflight_severity severity)
{
    static const char *const names[] = { "note", "warning", "failure" };

    return names[severity];
}

/* What others have said stands in it. */
static char *printable(const char *text)
{
    return text_printable_dup(view_of(text), TEXT_MAX, false);
}

void finding_add(struct preflight *preflight, const struct say *say)
{
    preflight->at = xrealloc(preflight->at, preflight->len + 1, sizeof *preflight->at);
    preflight->at[preflight->len++] = (struct preflight_finding){
        .code = say->code,
        .severity = say->severity,
        .name = say->name,
        .what = printable(say->what),
        .why = printable(say->why),
        .remedy = printable(say->remedy),
    };
}

void finding_addf(struct preflight *preflight, const struct say *say, const char *format, ...)
{
    char text[TEXT_MAX * 2];
    struct say filled = *say;
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    filled.what = text;
    finding_add(preflight, &filled);
}

void preflight_clear(struct preflight *preflight)
{
    for (size_t i = 0; i < preflight->len; i++) {
        free(preflight->at[i].what);
        free(preflight->at[i].why);
        free(preflight->at[i].remedy);
    }
    for (size_t i = 0; i < preflight->look_count; i++)
        free(preflight->looks[i].seen);
    free(preflight->at);
    free(preflight->looks);
    *preflight = (struct preflight){ 0 };
}
