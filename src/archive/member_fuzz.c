/* A stream of members from either side: whatever is accepted is written again to the very same bytes. */
#include <stdlib.h>

#include "archive/member.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put_again(struct buf *out, const struct wire_frame *frame)
{
    struct member member;

    if (frame->type == MEMBER_HEAD && member_get(frame->fields, &member))
        member_put(out, &member);
    else if (frame->type == MEMBER_DATA)
        member_put_data(out, frame->fields);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view stream = { (const char *)data, size };
    struct wire_frame frame;

    while (wire_peek(stream, member_frame_max, &frame) == WIRE_WHOLE) {
        AUTO(buf_clear) struct buf again = BUF(2 * MEMBER_MAX_FRAME);

        put_again(&again, &frame);
        if (again.len > 0 && frame.id == 0 && !view_equal(buf_view(&again), (struct view){ stream.at, frame.size }))
            abort();
        stream.at += frame.size;
        stream.len -= frame.size;
    }
    return 0;
}
