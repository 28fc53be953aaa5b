/*
 * OpenSSL's error queue as our error.
 */
#include "crypto/openssl.h"

#include <stdarg.h>
#include <stdio.h>

#undef error_openssl
bool error_openssl(struct error *err, enum error_kind kind, const char *why, ...)
{
    const char *data = NULL, *reason;
    char step[512];
    va_list args;
    int flags = 0;
    /* The oldest entry is the one nearest to the cause. */
    unsigned long code = ERR_peek_error_all(NULL, NULL, NULL, &data, &flags);

    va_start(args, why);
    (void)vsnprintf(step, sizeof step, why, args);
    va_end(args);

    reason = code == 0 ? NULL : ERR_reason_error_string(code);
    if ((flags & ERR_TXT_STRING) == 0 || data == NULL)
        data = "";
    if (reason == NULL) {
        (void)error_set(err, kind, "%s", step);
    } else {
        (void)error_set(err, kind, "%s: %s%s%s%s", step, reason, *data ? " (" : "", data, *data ? ")" : "");
    }
    ERR_clear_error();
    return false;
}
