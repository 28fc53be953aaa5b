#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Nothing is unwound: stopping at any instant is something the store must survive anyway. */
__attribute__((noreturn)) static void out_of_memory(void)
{
    static const char line[] = "evercert: out of memory\n";

    (void)!write(STDERR_FILENO, line, sizeof line - 1);
    _exit(1);
}

static void *or_die(void *at)
{
    if (at == NULL)
        out_of_memory();
    return at;
}

/* NULL for no bytes would look like a failure, so there is always one. */
static size_t bytes_of(size_t count, size_t size)
{
    size_t bytes = 0;

    if (__builtin_mul_overflow(count, size, &bytes))
        out_of_memory();
    return bytes > 0 ? bytes : 1;
}

void *xcalloc(size_t count, size_t size)
{
    return or_die(calloc(1, bytes_of(count, size)));
}

void *xrealloc(void *at, size_t count, size_t size)
{
    return or_die(realloc(at, bytes_of(count, size)));
}

char *xstrdup(const char *text)
{
    return or_die(strdup(text));
}

char *xstrdup_or_null(const char *text)
{
    return text == NULL ? NULL : xstrdup(text);
}

char *xstrndup(const char *text, size_t len)
{
    return or_die(strndup(text, len));
}

char *xprintf(const char *format, ...)
{
    char *text = NULL;
    va_list args;
    int len;

    va_start(args, format);
    len = vasprintf(&text, format, args);
    va_end(args);
    if (len < 0)
        out_of_memory();
    return or_die(text);
}

void xreplace(char **at, const char *text)
{
    char *old = *at;

    *at = xstrdup_or_null(text); /* first: text may lie in the old string */
    free(old);
}

void wipe(void *at, size_t len)
{
    if (at != NULL && len > 0)
        explicit_bzero(at, len);
}

void wipe_free(char *secret)
{
    if (secret == NULL)
        return;
    wipe(secret, strlen(secret));
    free(secret);
}
