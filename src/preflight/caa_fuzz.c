/* Data of CAA records, each with its length in front of it: read, judged and written again. */
#include <string.h>

#include "preflight/caa.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const struct caa_set *set)
{
    char *names[] = { (char *)"ca.example", (char *)"letsencrypt.org" };
    const struct list identities = { names, 2 };
    const char *const accounts[] = { NULL, "https://ca.example/a/1" };

    for (unsigned i = 0; i < 8; i++) {
        const struct caa_asked asked = {
            .identities = &identities,
            .account = accounts[i & 1],
            .method = (i & 2) != 0 ? "dns-01" : "http-01",
            .wildcard = (i & 4) != 0,
        };
        AUTO(caa_ruling_clear) struct caa_ruling ruling = { 0 };

        caa_judge(set, &asked, &ruling);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(caa_clear) struct caa_set set = { 0 };
    AUTO(buf_clear) struct buf text = BUF((size_t)1 << 24);

    for (size_t at = 0; at < size;) {
        size_t len = data[at++];

        if (len > size - at)
            len = size - at;
        caa_add(&set, (struct view){ (const char *)data + at, len });
        at += len;
    }
    judge(&set);
    for (size_t i = 0; i < set.len; i++)
        caa_put_text(&set.at[i], &text);
    return 0;
}
