/* Any data of an extension: what is found lies within it, and only one spelling is ours. */
#include <stdlib.h>
#include <string.h>

#include "netd/client_hello.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view extension = { (const char *)data, size }, name;
    AUTO(buf_clear) struct buf shown = BUF(4096);
    bool whole = client_hello_put_protocols(extension, &shown);

    if (client_hello_name(extension, &name) &&
        (name.at < extension.at || name.at + name.len != extension.at + size || name.len + 5 != size))
        abort();
    if (client_hello_is_acme(extension) && (!whole || strcmp(buf_text(&shown), "acme-tls/1") != 0))
        abort();
    return 0;
}
