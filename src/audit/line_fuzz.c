/* Lines of the trail, and heads in a log: whatever is taken for one is one. */
#include <stdlib.h>

#include "audit/head.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_link(struct view line)
{
    struct audit_link link;

    if (!audit_line_link(line, &link))
        return;
    if (link.seq == 0 || !audit_is_hash(view_of(link.prev)) || link.act.len == 0 || link.act.at < line.at ||
        link.act.at + link.act.len > line.at + line.len)
        abort();
}

/* What is read can be written, and is the same when it is read again. */
static void check_head(struct view line)
{
    struct audit_head head, again;
    char *trail = NULL, *same = NULL, *text;

    if (!audit_head_read(line, &head, &trail))
        return;
    if (head.seq == 0 || !audit_is_hash(view_of(head.hash)))
        abort();
    text = audit_head_text(&head, trail, "");
    if (!audit_head_read(view_of(text), &again, &same) || again.seq != head.seq || strcmp(same, trail) != 0)
        abort();
    free(text);
    free(trail);
    free(same);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view line = { (const char *)data, size };

    check_link(line);
    check_head(line);
    return 0;
}
