/* Members in frames: each comes back as it was, and what no honest side sends is refused. */
#include "archive/member.h"
#include "base/test.h"

static struct member whole(void)
{
    return (struct member){
        .type = MEMBER_FILE,
        .name = view_of("conf/live/a\nb"),
        .mode = 02644,
        .uid = 4000000000U,
        .gid = 7,
        .owner = view_of("alice"),
        .group = view_of("ssl-cert"),
        .size = (uint64_t)5 << 32,
        .modified = -7,
        .modified_ns = 999999999,
        .acl = view_of("user::rw-"),
        .default_acl = view_of("user::r--"),
        .label = view_of("system_u:object_r:cert_t:s0"),
    };
}

static bool goes_through(const struct member *member, struct buf *frames, struct member *out)
{
    struct wire_frame frame;

    buf_cut(frames, 0);
    member_put(frames, member);
    return wire_peek(buf_view(frames), member_frame_max, &frame) == WIRE_WHOLE && frame.type == MEMBER_HEAD &&
           member_get(frame.fields, out);
}

TEST(member_comes_back_as_it_was)
{
    AUTO(buf_clear) struct buf frames = BUF(MEMBER_MAX_FRAME);
    struct member before = whole(), after;

    REQUIRE(goes_through(&before, &frames, &after));
    CHECK_INT(after.type, MEMBER_FILE, "type");
    CHECK(view_equal(after.name, before.name));
    CHECK_INT(after.mode, 02644, "mode");
    CHECK(after.uid == before.uid && after.gid == before.gid);
    CHECK(view_equal(after.owner, before.owner) && view_equal(after.group, before.group));
    CHECK(after.size == before.size && after.modified == before.modified && after.modified_ns == before.modified_ns);
    CHECK(view_equal(after.acl, before.acl) && view_equal(after.default_acl, before.default_acl));
    CHECK(view_equal(after.label, before.label));
}

TEST(member_that_no_honest_side_sends)
{
    const struct {
        const char *name;
        struct view called;
        enum member_type type;
        uint32_t mode, ns;
    } rows[] = {
        { "no such type", view_of("a"), MEMBER_OTHER + 1, 0644, 0 },
        { "no name", view_of(""), MEMBER_FILE, 0644, 0 },
        { "a NUL in the name", { "a\0b", 3 }, MEMBER_FILE, 0644, 0 },
        { "more than permissions", view_of("a"), MEMBER_FILE, 010000, 0 },
        { "a whole second of nanoseconds", view_of("a"), MEMBER_FILE, 0644, 1000000000 },
        { "a directory with content", view_of("a"), MEMBER_DIR, 0755, 0 },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(buf_clear) struct buf frames = BUF(MEMBER_MAX_FRAME);
        struct member bad = whole(), got;

        CHECK(goes_through(&bad, &frames, &got));
        bad.name = rows[i].called;
        bad.type = rows[i].type;
        bad.mode = rows[i].mode;
        bad.modified_ns = rows[i].ns;
        CHECK(!goes_through(&bad, &frames, &got), "%s", rows[i].name);
    }
}

TEST(other_frames)
{
    AUTO(buf_clear) struct buf out = BUF(MEMBER_MAX_FRAME);
    struct wire_frame frame;

    member_put_data(&out, view_of("bytes"));
    REQUIRE(wire_peek(buf_view(&out), member_frame_max, &frame) == WIRE_WHOLE);
    CHECK(frame.type == MEMBER_DATA && view_is(frame.fields, "bytes"));
    buf_cut(&out, 0);
    member_put_end(&out);
    REQUIRE(wire_peek(buf_view(&out), member_frame_max, &frame) == WIRE_WHOLE);
    CHECK(frame.type == MEMBER_END && frame.fields.len == 0);
    buf_cut(&out, 0);
    member_put_failed(&out, "why");
    REQUIRE(wire_peek(buf_view(&out), member_frame_max, &frame) == WIRE_WHOLE);
    CHECK(frame.type == MEMBER_FAILED && view_is(frame.fields, "why"));
    CHECK(wire_peek((struct view){ "\0\0\0\5\11\0\0\0\0", 9 }, member_frame_max, &frame) == WIRE_BROKEN, "a type 9");
    CHECK(wire_peek((struct view){ "\0\1\0\6\2\0\0\0\0", 9 }, member_frame_max, &frame) == WIRE_BROKEN, "too long");
}

TEST_MAIN()
