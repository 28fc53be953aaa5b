#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "base/text.h"

#ifdef __clang_analyzer__
#undef error_set
#undef error_set_lines
#undef error_errno
#undef error_in
#undef error_next
#undef error_next_default
#undef error_as
#undef error_is_answer
#undef error_sys
#undef error_problem
#undef error_retry_at
#endif

#define ERROR_FORMATTED 6144 /* longer than any text of struct error */

PRINTF(3, 0)
static void print(char *to, size_t size, const char *format, va_list args)
{
    char text[ERROR_FORMATTED];

    if (vsnprintf(text, sizeof text, format, args) < 0)
        text[0] = '\0';
    /* A text that we wrote in lines stays in lines; line feeds that only the arguments bring become blanks. */
    text_printable(to, size, view_of(text), text_has_lines(format));
}

bool error_set(struct error *err, enum error_kind kind, const char *why, ...)
{
    struct error fresh = { .kind = kind };
    va_list args;

    va_start(args, why);
    print(fresh.why, sizeof fresh.why, why, args); /* the arguments may lie in *err */
    va_end(args);
    *err = fresh;
    return false;
}

bool error_set_lines(struct error *err, enum error_kind kind, const char *why)
{
    struct error fresh = { .kind = kind };

    text_printable(fresh.why, sizeof fresh.why, view_of(why), true);
    *err = fresh;
    return false;
}

bool error_errno(struct error *err, enum error_kind kind, const char *why, ...)
{
    struct error fresh = { .kind = kind, .sys = errno };
    char step[sizeof fresh.why], reason[128], text[ERROR_FORMATTED];
    va_list args;

    va_start(args, why);
    print(step, sizeof step, why, args);
    va_end(args);
    (void)snprintf(text, sizeof text, "%s: %s", step, strerror_r(fresh.sys, reason, sizeof reason));
    text_printable(fresh.why, sizeof fresh.why, view_of(text), false);
    *err = fresh;
    return false;
}

bool error_in(struct error *err, const char *what, ...)
{
    char step[sizeof err->what], text[ERROR_FORMATTED];
    va_list args;

    va_start(args, what);
    print(step, sizeof step, what, args);
    va_end(args);
    (void)snprintf(text, sizeof text, "%s%s%s", step, err->what[0] != '\0' ? ": " : "", err->what);
    text_printable(err->what, sizeof err->what, view_of(text), false);
    return false;
}

bool error_next(struct error *err, const char *next, ...)
{
    char text[sizeof err->next];
    va_list args;

    va_start(args, next);
    print(text, sizeof text, next, args);
    va_end(args);
    memcpy(err->next, text, sizeof text);
    return false;
}

bool error_next_default(struct error *err, const char *next, ...)
{
    va_list args;

    if (err->next[0] != '\0')
        return false;
    va_start(args, next);
    print(err->next, sizeof err->next, next, args);
    va_end(args);
    return false;
}

bool error_as(struct error *err, enum error_kind kind)
{
    err->kind = kind;
    return false;
}

bool error_is_answer(struct error *err)
{
    err->expected = true;
    return false;
}

bool error_sys(struct error *err, int sys)
{
    err->sys = sys;
    return false;
}

bool error_problem(struct error *err, const char *type, size_t detail)
{
    text_printable(err->problem, sizeof err->problem, view_of(type != NULL ? type : ""), false);
    err->detail = detail;
    return false;
}

bool error_retry_at(struct error *err, int64_t at)
{
    err->retry_at = at;
    return false;
}

struct error *error_dup(const struct error *err)
{
    struct error *copy = xcalloc(1, sizeof *copy);

    *copy = *err;
    return copy;
}

void error_clear(struct error *err)
{
    *err = (struct error){ 0 };
}

const char *error_kind_name(enum error_kind kind)
{
    switch (kind) {
    case ERROR_NONE:
        return "none";
    case ERROR_USAGE:
        return "usage";
    case ERROR_CONFIG:
        return "config";
    case ERROR_NETWORK:
        return "network";
    case ERROR_ACME:
        return "acme";
    case ERROR_STORE:
        return "store";
    case ERROR_PLUGIN:
        return "plugin";
    case ERROR_HOOK:
        return "hook";
    case ERROR_CANCELED:
        return "canceled";
    case ERROR_INTERNAL:
        return "internal";
    }
    return "internal";
}
