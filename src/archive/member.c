#include "archive/member.h"

#define MAX_NS 999999999U

size_t member_frame_max(uint8_t type)
{
    switch (type) {
    case MEMBER_HEAD:
        return MEMBER_MAX_FRAME;
    case MEMBER_DATA:
        return MEMBER_MAX_DATA;
    case MEMBER_END:
        return 1; /* a frame that may come has a bound above 0; its fields are empty all the same */
    case MEMBER_FAILED:
        return MEMBER_MAX_FAILURE;
    default:
        return 0;
    }
}

static void put_u64(struct buf *out, uint64_t value)
{
    wire_put_u32(out, (uint32_t)(value >> 32));
    wire_put_u32(out, (uint32_t)value);
}

static uint64_t get_u64(struct wire_cursor *from)
{
    uint64_t high = wire_get_u32(from, UINT32_MAX);

    return high << 32 | wire_get_u32(from, UINT32_MAX);
}

void member_put(struct buf *out, const struct member *member)
{
    size_t begun = wire_begin(out, MEMBER_HEAD, 0);

    wire_put_u8(out, (uint8_t)member->type);
    wire_put_bytes(out, member->name);
    wire_put_bytes(out, member->target);
    wire_put_u32(out, member->mode);
    wire_put_u32(out, member->uid);
    wire_put_u32(out, member->gid);
    wire_put_bytes(out, member->owner);
    wire_put_bytes(out, member->group);
    put_u64(out, member->size);
    put_u64(out, (uint64_t)member->modified);
    wire_put_u32(out, member->modified_ns);
    wire_put_bytes(out, member->acl);
    wire_put_bytes(out, member->default_acl);
    wire_put_bytes(out, member->label);
    wire_end(out, begun);
}

bool member_get(struct view fields, struct member *out)
{
    struct wire_cursor from = WIRE_CURSOR(fields);
    struct member got = { 0 };

    got.type = (enum member_type)wire_get_u8(&from, MEMBER_OTHER);
    got.name = wire_get_text(&from, MEMBER_MAX_NAME);
    got.target = wire_get_text(&from, MEMBER_MAX_NAME);
    got.mode = wire_get_u32(&from, 07777);
    got.uid = wire_get_u32(&from, UINT32_MAX);
    got.gid = wire_get_u32(&from, UINT32_MAX);
    got.owner = wire_get_text(&from, MEMBER_MAX_OWNER);
    got.group = wire_get_text(&from, MEMBER_MAX_OWNER);
    got.size = get_u64(&from);
    got.modified = (int64_t)get_u64(&from);
    got.modified_ns = wire_get_u32(&from, MAX_NS);
    got.acl = wire_get_text(&from, MEMBER_MAX_ACL);
    got.default_acl = wire_get_text(&from, MEMBER_MAX_ACL);
    got.label = wire_get_text(&from, MEMBER_MAX_LABEL);
    if (!wire_done(&from) || got.name.len == 0 || (got.type != MEMBER_FILE && got.size != 0))
        return false;
    *out = got;
    return true;
}

uint64_t member_weight(const struct member *member)
{
    uint64_t said = member->name.len + member->target.len + member->acl.len + member->default_acl.len;

    return member->size > UINT64_MAX - said ? UINT64_MAX : member->size + said;
}

void member_put_data(struct buf *out, struct view data)
{
    size_t begun = wire_begin(out, MEMBER_DATA, 0);

    buf_put(out, data);
    wire_end(out, begun);
}

void member_put_end(struct buf *out)
{
    wire_end(out, wire_begin(out, MEMBER_END, 0));
}

void member_put_failed(struct buf *out, const char *why)
{
    struct view text = view_of(why);
    size_t begun = wire_begin(out, MEMBER_FAILED, 0);

    buf_put(out, (struct view){ text.at, text.len < MEMBER_MAX_FAILURE ? text.len : MEMBER_MAX_FAILURE });
    wire_end(out, begun);
}
