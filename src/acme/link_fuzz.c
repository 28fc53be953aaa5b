#include <stdint.h>
#include <stdlib.h>

#include "acme/session.h"
#include "acme/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Link header fields, and through them references of every shape. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(list_clear) struct list urls = { 0 };

    link_parse((struct view){ (const char *)data, size }, "https://ca.example/acme/cert/1?x=y", "next", &urls);
    if (urls.len > LINKS_MAX)
        abort();
    for (size_t i = 0; i < urls.len; i++) {
        AUTO(free) char *again = url_resolve("http://other.example/", urls.at[i]);

        if (!url_is_http(urls.at[i]) || again == NULL)
            abort();
    }
    return 0;
}
