/* Framing: what must be refused before anything is stored, and fields that end too early or too late. */
#include "net/wire.h"

#include "base/test.h"

static size_t max_of(uint8_t type)
{
    return type == 1 ? 16 : type == 2 ? 1 : 0;
}

static const struct {
    const char *name, *bytes;
    size_t len;
    enum wire_step step;
} streams[] = {
    { "nothing", "", 0, WIRE_MORE },
    { "head not complete", "\0\0\0\5\1\0\0\0", 8, WIRE_MORE },
    { "length below its own head", "\0\0\0\4\1\0\0\0\1", 9, WIRE_BROKEN },
    { "length zero", "\0\0\0\0\1\0\0\0\1", 9, WIRE_BROKEN },
    { "four gigabytes", "\377\377\377\377\1\0\0\0\1", 9, WIRE_BROKEN },
    { "one more than allowed", "\0\0\0\26\1\0\0\0\1", 9, WIRE_BROKEN },
    { "as much as allowed, not there yet", "\0\0\0\25\1\0\0\0\1", 9, WIRE_MORE },
    { "unknown type", "\0\0\0\5\3\0\0\0\1", 9, WIRE_BROKEN },
    { "empty", "\0\0\0\5\1\0\0\0\1", 9, WIRE_WHOLE },
    { "one field and a second frame", "\0\0\0\6\1\0\0\0\1x\0\0", 12, WIRE_WHOLE },
    { "one byte missing", "\0\0\0\7\1\0\0\0\1x", 10, WIRE_MORE },
};

TEST(wire_peek)
{
    for (size_t i = 0; i < COUNT(streams); i++) {
        struct wire_frame frame = { .type = 99 };
        enum wire_step step = wire_peek((struct view){ streams[i].bytes, streams[i].len }, max_of, &frame);

        CHECK(step == streams[i].step, "%s: %d", streams[i].name, step);
        CHECK(step == WIRE_WHOLE || frame.type == 99, "%s: *out was touched", streams[i].name);
    }
}

TEST(wire_frame_is_what_was_written)
{
    AUTO(buf_clear) struct buf out = BUF(100);
    struct wire_frame frame;
    struct wire_cursor from;
    size_t begun;

    buf_put_text(&out, "before");
    begun = wire_begin(&out, 1, 0x01020304);
    wire_put_u8(&out, 200);
    wire_put_u32(&out, 0xfffefdfc);
    wire_put_bytes(&out, view_of("abc"));
    wire_end(&out, begun);

    REQUIRE(wire_peek((struct view){ out.at + 6, out.len - 6 }, max_of, &frame) == WIRE_WHOLE, "frame");
    CHECK_INT(frame.id, 0x01020304, "id");
    CHECK_INT(frame.size, out.len - 6, "size");
    from = WIRE_CURSOR(frame.fields);
    CHECK_INT(wire_get_u8(&from, 255), 200, "u8");
    CHECK_INT(wire_get_u32(&from, UINT32_MAX), 0xfffefdfc, "u32");
    CHECK(!wire_done(&from), "something is left");
    CHECK(view_is(wire_get_text(&from, 3), "abc"), "text");
    CHECK(wire_done(&from), "all was read");
}

static const struct {
    const char *name, *bytes;
    size_t len, max;
    bool text, ok;
} strings[] = {
    { "length of the length", "\0\0\0", 3, 10, false, false },
    { "longer than what is left", "\0\0\0\2a", 5, 10, false, false },
    { "nearly four gigabytes", "\377\377\377\377a", 5, SIZE_MAX, false, false },
    { "over its bound", "\0\0\0\2ab", 6, 1, false, false },
    { "byte behind it", "\0\0\0\1ab", 6, 10, false, false },
    { "NUL in text", "\0\0\0\3a\0b", 7, 10, true, false },
    { "NUL in bytes", "\0\0\0\3a\0b", 7, 10, false, true },
    { "empty", "\0\0\0\0", 4, 0, true, true },
};

TEST(wire_strings)
{
    for (size_t i = 0; i < COUNT(strings); i++) {
        struct wire_cursor from = WIRE_CURSOR(((struct view){ strings[i].bytes, strings[i].len }));

        if (strings[i].text)
            (void)wire_get_text(&from, strings[i].max);
        else
            (void)wire_get_bytes(&from, strings[i].max);
        CHECK(wire_done(&from) == strings[i].ok, "%s", strings[i].name);
    }
}

TEST(wire_numbers_have_bounds)
{
    struct wire_cursor from = WIRE_CURSOR(((struct view){ "\2", 1 }));

    (void)wire_get_bool(&from);
    CHECK(from.failed, "2 is no bool");
    from = WIRE_CURSOR(((struct view){ "\0\0\0\7", 4 }));
    CHECK_INT(wire_get_u32(&from, 6), 0, "over its bound");
    CHECK(from.failed, "over its bound");
    CHECK_INT(wire_get_u8(&from, 255), 0, "nothing is read after a failure");
}

TEST_MAIN()
