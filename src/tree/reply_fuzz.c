/* Replies of a hostile service: the first byte says in which form. */
#include "tree/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const forms[] = { "json", "xml", "form", "lines", "text" };
    AUTO(reply_clear) struct reply reply = { 0 };
    AUTO(buf_clear) struct buf json = BUF(1024 * 1024);
    struct error err = { 0 };

    if (size == 0)
        return 0;
    reply.body = BUF(1024 * 1024);
    buf_put(&reply.body, (struct view){ (const char *)data + 1, size - 1 });
    if (reply_read(&reply, forms[data[0] % COUNT(forms)], &err))
        value_put_json(&reply.value, &json);
    free(reply_message(&reply, NULL));
    return 0;
}
