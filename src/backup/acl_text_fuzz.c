/* An access list as an archive brings it: its canonical form is one, and stays as it is. */
#include <stdlib.h>

#include "archive/member.h"
#include "backup/acl_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view text = { (const char *)data, size };
    AUTO(buf_clear) struct buf once = BUF(MEMBER_MAX_ACL);
    AUTO(buf_clear) struct buf twice = BUF(MEMBER_MAX_ACL);
    struct error err = { 0 };

    if (!acl_text_canonical(text, &once, &err) || once.failed)
        return 0;
    if (!acl_text_canonical(buf_view(&once), &twice, &err) || !view_equal(buf_view(&once), buf_view(&twice)))
        abort();
    return 0;
}
