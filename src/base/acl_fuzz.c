/* Access control lists as a file system gives them. */
#include <stdlib.h>
#include <string.h>

#include "base/acl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_written(const struct acl *acl)
{
    AUTO(buf_clear) struct buf value = BUF(ACL_SIZE_MAX);
    struct acl again;
    struct error err = { 0 };

    acl_put(acl, &value);
    if (value.failed || !acl_parse(buf_view(&value), &again, &err) || again.len != acl->len ||
        memcmp(again.at, acl->at, acl->len * sizeof acl->at[0]) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct acl acl;
    struct error err = { 0 };
    unsigned owning, other, had;

    if (!acl_parse((struct view){ (const char *)data, size }, &acl, &err))
        return 0;
    check_written(&acl);
    owning = acl_group_may(&acl, 4, 4);
    other = acl_other_may(&acl);
    had = acl_group_may(&acl, 4, 9);
    if (!acl_grant(&acl, 4, 9, 1))
        return 0;
    check_written(&acl);
    /* One group has more than before, everybody else the same. */
    if (acl_group_may(&acl, 4, 9) != (had | 1) || acl_group_may(&acl, 4, 4) != owning || acl_other_may(&acl) != other)
        abort();
    if (acl_deny(&acl, 9) && acl_group_may(&acl, 4, 9) != 0)
        abort();
    check_written(&acl);
    return 0;
}
