/* The files of an account. The first byte chooses which of the three; the rest is its text. */
#include <stdlib.h>

#include "base/mem.h"
#include "account/account_files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(enum account_file file, const struct stored_account *account)
{
    AUTO(buf_clear) struct buf id = BUF(64);
    struct error err = { 0 };

    if (file == ACCOUNT_REGISTRATION && account->url == NULL)
        abort();
    if (file == ACCOUNT_META && account->creation_host == NULL)
        abort();
    if (file == ACCOUNT_KEY && (account->key == NULL || !account_key_id(account->key, &id, &err) || id.len != 32))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(stored_account_free) struct stored_account *account = xcalloc(1, sizeof *account);
    struct error err = { 0 };
    enum account_file file;

    if (size == 0)
        return 0;
    file = (enum account_file)(data[0] % 3);
    if (account_file_parse(file, (struct view){ (const char *)data + 1, size - 1 }, "fuzz", account, &err))
        check(file, account);
    else if (err.why[0] == '\0' || account->key != NULL)
        abort();
    return 0;
}
