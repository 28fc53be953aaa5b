/*
 * A TXT record of anybody's is one of dns-persist-01 with a name and printable values, or none.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dns/persist_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(persist_record_clear) struct persist_record record = { 0 };
    AUTO(list_clear) struct list issuers = { 0 };
    AUTO(free) char *text = size == 0 ? xstrdup("") : xstrndup((const char *)data, size), *line = NULL;
    struct persist_want want = { .issuers = &issuers, .now = 1 };

    if (!persist_record_read(text, &record))
        return 0;
    if (record.issuer == NULL || strpbrk(record.issuer, " ;\n") != NULL)
        abort();
    list_add(&issuers, record.issuer);
    want.account_uri = record.account_uri;
    want.wildcard = record.wildcard;
    if (persist_record_fit(&record, &want) != (record.until <= 1 ? PERSIST_OVER : PERSIST_FITS))
        abort();
    line = persist_record_line(record.issuer, text);
    return line[0] == '\0';
}
