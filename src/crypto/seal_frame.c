/*
 * The outer form of a sealed stream. Nothing here is secret or vouched for: a wrong length is found, and what was
 * changed within the content is found by the MAC.
 */
#include "crypto/seal_frame.h"

#include "crypto/seal.h"

#define TAIL_MAX 32                    /* a MAC with its tag and length, and the ends of four levels */
#define HEAD_MAX 10                    /* tag and length of a piece */
#define LENGTH_MAX ((uint64_t)1 << 40) /* more than AES-GCM can seal */

#define AUTH_ENVELOPED OID("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17") /* RFC 5083 section 2 */
#define ENVELOPED OID("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03")

struct cursor {
    struct view rest;
    uint64_t offset; /* of rest */
    bool more;       /* rest ends before what was asked for: no error yet */
};

struct element {
    unsigned tag;
    bool indefinite;
    uint64_t len;
};

static bool bad(struct error *err, const char *why)
{
    return error_set(err, ERROR_CONFIG, "this is no sealed file that can be opened here: %s", why);
}

void frame_init(struct frame *frame)
{
    *frame = (struct frame){ .kept = BUF(SEAL_HEADER_MAX),
        .recipients = BUF(SEAL_HEADER_MAX),
        .algorithm = BUF(SEAL_HEADER_MAX),
        .mac = BUF(FRAME_MAC) };
}

void frame_clear(struct frame *frame)
{
    buf_clear(&frame->kept);
    buf_clear(&frame->recipients);
    buf_clear(&frame->algorithm);
    buf_clear(&frame->mac);
}

static void step(struct cursor *at, size_t len)
{
    at->rest = (struct view){ at->rest.at + len, at->rest.len - len };
    at->offset += len;
}

static bool lacks(struct cursor *at, size_t len)
{
    at->more = at->rest.len < len;
    return at->more;
}

/* Tag and length (X.690 sections 8.1.2 and 8.1.3). False with at->more set: not there yet. */
static bool element_head(struct cursor *at, struct element *out, struct error *err)
{
    const unsigned char *byte = (const unsigned char *)at->rest.at;
    size_t count;

    if (lacks(at, 2))
        return false;
    if ((byte[0] & 0x1f) == 0x1f)
        return bad(err, "it has a tag of several bytes");
    *out = (struct element){ .tag = byte[0], .indefinite = byte[1] == 0x80, .len = byte[1] };
    count = byte[1] > 0x80 ? byte[1] & 0x7fU : 0;
    if (count > HEAD_MAX - 2)
        return bad(err, "it has a length beyond all bounds");
    if (lacks(at, 2 + count))
        return false;
    if (byte[1] >= 0x80)
        out->len = 0;
    for (size_t i = 0; i < count; i++)
        out->len = out->len << 8 | byte[2 + i];
    if (out->len > LENGTH_MAX)
        return bad(err, "it has a length beyond all bounds");
    step(at, 2 + count);
    return true;
}

static void level_open(struct frame *frame, const struct cursor *at, const struct element *element)
{
    frame->levels[frame->open++] =
        (struct frame_level){ .indefinite = element->indefinite, .end = at->offset + element->len };
}

/* The beginning of something that is constructed of others. */
static bool enter(struct frame *frame, struct cursor *at, unsigned tag, struct error *err)
{
    struct element element;

    TRY(element_head(at, &element, err));
    if (element.tag != tag)
        return bad(err, "it is another kind of file");
    level_open(frame, at, &element);
    return true;
}

/* The content of an element that is here as a whole. */
static bool take(struct cursor *at, unsigned tag, struct view *content, struct error *err)
{
    struct element element;

    TRY(element_head(at, &element, err));
    if (element.tag != tag || element.indefinite)
        return bad(err, "its header has another form");
    if (element.len > SEAL_HEADER_MAX)
        return bad(err, "its header is too long");
    if (lacks(at, (size_t)element.len))
        return false;
    *content = (struct view){ at->rest.at, (size_t)element.len };
    step(at, (size_t)element.len);
    return true;
}

static bool check_type(struct view type, struct error *err)
{
    if (view_equal(type, AUTH_ENVELOPED))
        return true;
    if (!view_equal(type, ENVELOPED))
        return bad(err, "it is CMS of another kind");
    (void)bad(err, "it has no authentication, so that anybody could have changed it (AES-CBC, as older programs seal)");
    return error_next(err, "If you trust the file, open it with `openssl cms -decrypt -inform DER -binary`.");
}

static bool read_content_info(struct frame *frame, struct cursor *at, struct error *err)
{
    struct view type, version;

    TRY(enter(frame, at, DER_SEQUENCE, err) && take(at, DER_OID, &type, err) && check_type(type, err));
    TRY(enter(frame, at, DER_CONTEXT_CONSTRUCTED(0), err) && enter(frame, at, DER_SEQUENCE, err));
    TRY(take(at, DER_INTEGER, &version, err));
    return view_equal(version, (struct view){ "", 1 }) || bad(err, "it is of a version that is not known");
}

/* All in front of the content. */
static bool read_front(struct frame *frame, struct cursor *at, struct error *err)
{
    struct view recipients, type, algorithm;
    struct element content;

    TRY(read_content_info(frame, at, err) && take(at, DER_SET, &recipients, err));
    TRY(enter(frame, at, DER_SEQUENCE, err) && take(at, DER_OID, &type, err));
    TRY(take(at, DER_SEQUENCE, &algorithm, err) && element_head(at, &content, err));
    frame->whole = content.tag == DER_CONTEXT(0) && !content.indefinite;
    if (!frame->whole && content.tag != DER_CONTEXT_CONSTRUCTED(0))
        return bad(err, "its content is not in it");
    if (frame->whole)
        frame->left = content.len;
    else
        level_open(frame, at, &content);
    buf_put(&frame->recipients, recipients);
    buf_put(&frame->algorithm, algorithm);
    return true;
}

/* A piece begins, or the content has ended. */
static void next_piece(struct frame *frame)
{
    const struct frame_level *content = &frame->levels[frame->open - 1];

    if (frame->whole) {
        frame->state = frame->left > 0 ? FRAME_BYTES : FRAME_TAIL;
    } else if (!content->indefinite && frame->offset >= content->end) {
        frame->open--;
        frame->state = FRAME_TAIL;
    } else {
        frame->state = FRAME_PIECE;
    }
    buf_cut(&frame->kept, 0);
}

static bool read_header(struct frame *frame, struct view *rest, struct error *err)
{
    struct cursor at = { 0 };
    size_t taken = rest->len, room = SEAL_HEADER_MAX - frame->kept.len, extra;

    if (taken > room)
        taken = room;
    buf_put(&frame->kept, (struct view){ rest->at, taken });
    at.rest = buf_view(&frame->kept);
    frame->open = 0;
    if (!read_front(frame, &at, err)) {
        *rest = (struct view){ rest->at + taken, rest->len - taken };
        if (!at.more)
            return false;
        return frame->kept.len < SEAL_HEADER_MAX || bad(err, "its header is too long");
    }
    extra = at.rest.len; /* belongs to the content, and is read from rest */
    taken -= extra;
    *rest = (struct view){ rest->at + taken, rest->len - taken };
    frame->offset = at.offset;
    next_piece(frame);
    return true;
}

static bool begin_piece(struct frame *frame, const struct element *piece, struct error *err)
{
    const struct frame_level *content = &frame->levels[frame->open - 1];

    if (content->indefinite && piece->tag == 0 && piece->len == 0 && !piece->indefinite) {
        frame->open--;
        frame->state = FRAME_TAIL;
        buf_cut(&frame->kept, 0);
        return true;
    }
    if (piece->tag != DER_OCTET_STRING || piece->indefinite)
        return bad(err, "its content is in pieces of another form");
    if (!content->indefinite && piece->len > content->end - frame->offset)
        return bad(err, "a piece of its content is longer than all of it");
    frame->left = piece->len;
    frame->state = FRAME_BYTES;
    if (frame->left == 0)
        next_piece(frame);
    buf_cut(&frame->kept, 0);
    return true;
}

static bool read_piece(struct frame *frame, struct view *rest, struct error *err)
{
    while (rest->len > 0 && frame->state == FRAME_PIECE) {
        struct cursor at = { 0 };
        struct element piece;

        buf_put_char(&frame->kept, rest->at[0]);
        *rest = (struct view){ rest->at + 1, rest->len - 1 };
        frame->offset++;
        at.rest = buf_view(&frame->kept);
        if (element_head(&at, &piece, err))
            return begin_piece(frame, &piece, err);
        TRY(at.more);
    }
    return true;
}

static void read_bytes(struct frame *frame, struct view *rest, struct view *content)
{
    size_t len = frame->left < rest->len ? (size_t)frame->left : rest->len;

    *content = (struct view){ rest->at, len };
    *rest = (struct view){ rest->at + len, rest->len - len };
    frame->offset += len;
    frame->left -= len;
    if (frame->left == 0)
        next_piece(frame);
}

bool frame_read(struct frame *frame, struct view *rest, struct view *content, struct error *err)
{
    *content = (struct view){ "", 0 };
    switch (frame->state) {
    case FRAME_HEADER:
        return read_header(frame, rest, err);
    case FRAME_PIECE:
        return read_piece(frame, rest, err);
    case FRAME_BYTES:
        read_bytes(frame, rest, content);
        return true;
    case FRAME_TAIL:
        break;
    }
    if (rest->len > TAIL_MAX - frame->kept.len)
        return bad(err, "something stands behind its end");
    buf_put(&frame->kept, *rest);
    *rest = (struct view){ rest->at + rest->len, 0 };
    return true;
}

static bool leave(struct frame *frame, struct cursor *at, struct error *err)
{
    const struct frame_level *level = &frame->levels[--frame->open];

    if (!level->indefinite)
        return at->offset == level->end || bad(err, "its lengths do not fit together");
    if (lacks(at, 2))
        return false;
    if (at->rest.at[0] != 0 || at->rest.at[1] != 0)
        return bad(err, "something stands where it should end");
    step(at, 2);
    return true;
}

static bool read_tail(struct frame *frame, struct cursor *at, struct error *err)
{
    struct view mac;

    TRY(leave(frame, at, err) && take(at, DER_OCTET_STRING, &mac, err));
    if (mac.len != FRAME_MAC)
        return bad(err, "its authentication code is not of 16 bytes");
    buf_put(&frame->mac, mac);
    while (frame->open > 0)
        TRY(leave(frame, at, err));
    return at->rest.len == 0 || bad(err, "something stands behind its end");
}

bool frame_end(struct frame *frame, struct error *err)
{
    struct cursor at = { .rest = buf_view(&frame->kept), .offset = frame->offset };

    if (frame->state == FRAME_TAIL && read_tail(frame, &at, err))
        return true;
    if (frame->state != FRAME_TAIL || at.more)
        return error_set(err, ERROR_CONFIG, "the sealed file ends too early: it was cut short");
    return false;
}
