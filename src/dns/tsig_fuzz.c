/* A signed answer: whatever a server sends, only what it has signed is believed. The last two bytes say where its
 * signature is to begin. */
#include "dns/tsig_examples.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    for (size_t i = 0; i < COUNT(examples); i++) {
        AUTO(tsig_key_clear) struct tsig_key key = example_key(examples[i].digest);
        AUTO(buf_clear) struct buf mac = example_unhex(examples[i].mac), wanted = example_unhex(examples[i].answer);
        struct view answer = { (const char *)data, size - 2 };
        size_t at = (size_t)data[size - 2] << 8 | data[size - 1];
        struct error err = { 0 };

        if (!tsig_verify(answer, at, &key, buf_view(&mac), EXAMPLE_NOW, &err))
            continue;
        if (answer.len > wanted.len + 8 || memcmp(answer.at + 2, wanted.at + 2, 24) != 0)
            abort(); /* nobody but the server can sign: its header and zone are those that it has sent */
    }
    return 0;
}
