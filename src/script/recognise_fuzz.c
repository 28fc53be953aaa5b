/* Texts of scripts. What is recognised is a protocol; a script of acme.sh has a name that can be a function's. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "script/recognise.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view text = { size == 0 ? "" : (const char *)data, size };
    AUTO(free) char *acme = script_acme_name("/x/dns_x.sh", text);
    enum script_kind kind = SCRIPT_KINDS;

    if (acme != NULL && strcmp(acme, "dns_x") != 0)
        abort();
    if (script_recognise("/x/dns_x.sh", text, &kind)) {
        if ((acme != NULL) != (kind == SCRIPT_ACME_SH) || script_kind_name(kind) == NULL)
            abort();
    } else if (acme != NULL && memchr(text.at, '\0', text.len) == NULL) {
        abort();
    }
    return 0;
}
