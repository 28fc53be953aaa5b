/* The server's lines before TLS, for each protocol, in pieces: a bound is kept, and no byte is consumed twice. */
#include "client/starttls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = { "smtp", "imap", "pop3", "ftp", "sieve", "xmpp", "xmpp-server", "ldap",
        "postgres", "mysql" };

    for (size_t i = 0; i < COUNT(names); i++) {
        AUTO(buf_clear) struct buf send = BUF(4096);
        struct starttls talk;
        enum starttls_step step = STARTTLS_MORE;
        size_t at = 0, end = size > 7 ? 7 : size;

        starttls_begin(&talk, view_of(names[i]), view_of("a.example"), &send);
        while (step == STARTTLS_MORE && end <= size) {
            size_t used = 0;

            step = starttls_take(&talk, (struct view){ (const char *)data + at, end - at }, &used, &send);
            if (used > end - at || send.failed)
                abort();
            at += used;
            if (end == size)
                break;
            end = size - end > 7 ? end + 7 : size;
        }
    }
    return 0;
}
