#include "client/dns_message.h"

#include "base/mem.h"
#include "base/text.h"
#include "net/dns_name.h"

#define CLASS_IN 1
#define CLASS_ANY 255
#define HEADER 12
#define OPTION_EDE 15 /* RFC 8914 section 2 */
#define OPCODE_UPDATE 5
#define ROOM_MAX ((size_t)DNS_MAX_RECORDS * (DNS_NAME_TEXT_SIZE + 2 * DNS_NAME_SIZE + 22))

struct reader {
    struct view wire;
    size_t at;
    struct dns_message *to;
    size_t opts; /* OPT records so far */
};

static bool get_u8(struct reader *from, unsigned *out)
{
    if (from->at >= from->wire.len)
        return false;
    *out = (unsigned char)from->wire.at[from->at++];
    return true;
}

static bool get_u16(struct reader *from, unsigned *out)
{
    unsigned high, low;

    if (!get_u8(from, &high) || !get_u8(from, &low))
        return false;
    *out = high << 8 | low;
    return true;
}

static bool get_u32(struct reader *from, uint32_t *out)
{
    unsigned high, low;

    if (!get_u16(from, &high) || !get_u16(from, &low))
        return false;
    *out = (uint32_t)high << 16 | low;
    return true;
}

static bool get_question(struct reader *from)
{
    struct buf *question = &from->to->question;
    size_t begun;

    *question = BUF(DNS_NAME_SIZE + 4);
    if (!dns_name_follow(from->wire, &from->at, question))
        return false;
    dns_name_lower(question);
    begun = from->at;
    if (from->wire.len - begun < 4)
        return false;
    from->at += 4;
    buf_put(question, (struct view){ from->wire.at + begun, 4 });
    return true;
}

/* ---- records ---- */

/* EDNS: the upper bits of the code (RFC 6891 section 6.1.3), and the first extended error. */
static bool read_opt(struct reader *from, uint32_t ttl, size_t end)
{
    struct message_dns_answer *answer = &from->to->answer;
    unsigned option, len, code;

    if (from->opts++ > 0)
        return false;
    answer->rcode = (uint16_t)(answer->rcode | (ttl >> 24) << 4);
    while (from->at < end) {
        size_t begun;

        if (!get_u16(from, &option) || !get_u16(from, &len) || from->at > end || len > end - from->at)
            return false;
        begun = from->at;
        if (option == OPTION_EDE && answer->ede == MESSAGE_NO_EDE) {
            if (len < 2 || !get_u16(from, &code))
                return false;
            answer->ede = code;
        }
        from->at = begun + len;
    }
    return from->at == end;
}

/* The names in these may be compressed (RFC 3597 section 4): how many there are, and how many bytes stand before. */
static bool has_names(unsigned type, unsigned *before, unsigned *names)
{
    *before = type == DNS_MX ? 2 : 0;
    *names = type == DNS_SOA ? 2 : 1;
    return type == DNS_NS || type == DNS_CNAME || type == DNS_SOA || type == DNS_PTR || type == DNS_MX;
}

/* Appends the data of a record to the room, without compression. */
static bool get_data(struct reader *from, unsigned type, size_t end)
{
    struct buf *room = &from->to->room;
    unsigned before, names;

    if (has_names(type, &before, &names)) {
        if (before > end - from->at)
            return false;
        buf_put(room, (struct view){ from->wire.at + from->at, before });
        from->at += before;
        for (unsigned i = 0; i < names; i++)
            if (!dns_name_follow(from->wire, &from->at, room) || from->at > end)
                return false;
    }
    buf_put(room, (struct view){ from->wire.at + from->at, end - from->at });
    from->at = end;
    return true;
}

/*
 * Keeps a record. Until all are read, views hold places in the room, which moves as it grows.
 */
static bool keep(
    struct reader *from, unsigned section, const struct buf *labels, unsigned type, uint32_t ttl, size_t end)
{
    struct dns_message *to = from->to;
    struct message_record *record = &to->answer.records[to->answer.record_count];
    size_t name_at = to->room.len, data_at, label_at = 0;

    if (!dns_name_get(buf_view(labels), &label_at, &to->room))
        return false;
    data_at = to->room.len;
    if (!get_data(from, type, end) || to->room.failed)
        return false;
    *record = (struct message_record){ .section = (uint8_t)section,
        .name = { NULL, data_at - name_at },
        .type = (uint16_t)type,
        .ttl = ttl,
        .data = { NULL, to->room.len - data_at } };
    to->answer.record_count++;
    return true;
}

static bool get_record(struct reader *from, unsigned section)
{
    AUTO(buf_clear) struct buf labels = BUF(DNS_NAME_SIZE);
    size_t begun = from->at, end;
    unsigned type, class, len;
    uint32_t ttl;

    if (from->to->answer.tsig_at != 0) /* RFC 8945 section 5.1: nothing follows it */
        return false;
    if (!dns_name_follow(from->wire, &from->at, &labels) || !get_u16(from, &type) || !get_u16(from, &class) ||
        !get_u32(from, &ttl) || !get_u16(from, &len) || len > from->wire.len - from->at)
        return false;
    end = from->at + len;
    if (type == DNS_OPT)
        return section == DNS_IN_ADDITIONAL && labels.len == 1 && read_opt(from, ttl, end);
    if (type == DNS_TSIG) {
        if (section != DNS_IN_ADDITIONAL || class != CLASS_ANY)
            return false;
        from->to->answer.tsig_at = begun;
    } else if (class != CLASS_IN) { /* of an update (class NONE or ANY), or of nobody's network */
        from->at = end;
        return true;
    }
    return keep(from, section, &labels, type, ttl, end);
}

/* Sets the views into the room, which must not grow any more. */
static void set_views(struct dns_message *message)
{
    const char *at = buf_text(&message->room);

    for (size_t i = 0; i < message->answer.record_count; i++) {
        struct message_record *record = &message->answer.records[i];

        record->name.at = at;
        at += record->name.len;
        record->data.at = at;
        at += record->data.len;
    }
}

static bool read_all(struct reader *from)
{
    struct dns_message *to = from->to;
    unsigned id, flags, questions, counts[3];

    if (!get_u16(from, &id) || !get_u16(from, &flags) || !get_u16(from, &questions) || questions > 1)
        return false;
    for (size_t i = 0; i < COUNT(counts); i++)
        if (!get_u16(from, &counts[i]))
            return false;
    if (counts[0] + counts[1] + counts[2] > DNS_MAX_RECORDS)
        return false;
    to->id = (uint16_t)id;
    to->is_answer = (flags & 0x8000) != 0;
    to->opcode = flags >> 11 & 0xf;
    to->answer.aa = (flags & 0x0400) != 0;
    to->answer.tc = (flags & 0x0200) != 0;
    to->answer.ad = (flags & 0x0020) != 0;
    to->answer.rcode = flags & 0xf;
    to->answer.records = xcalloc(counts[0] + counts[1] + counts[2], sizeof *to->answer.records);
    if (questions == 1 && !get_question(from))
        return false;
    for (unsigned section = 0; section < COUNT(counts); section++)
        for (unsigned i = 0; i < counts[section]; i++)
            if (!get_record(from, section))
                return false;
    return from->at == from->wire.len;
}

bool dns_message_read(struct view wire, struct dns_message *out)
{
    AUTO(dns_message_clear) struct dns_message message = { .room = BUF(ROOM_MAX), .question = BUF(0) };
    struct reader from = { .wire = wire, .to = &message };

    message.answer.ede = MESSAGE_NO_EDE;
    if (wire.len < HEADER || wire.len > DNS_MAX_MESSAGE || !read_all(&from))
        return false;
    message.answer.wire = wire;
    set_views(&message);
    *out = message;
    message = (struct dns_message){ 0 };
    return true;
}

void dns_message_clear(struct dns_message *message)
{
    message_dns_answer_clear(&message->answer);
    buf_clear(&message->question);
    buf_clear(&message->room);
}

bool dns_message_answers(const struct dns_message *answer, const struct dns_message *question)
{
    unsigned rcode = answer->answer.rcode;
    bool may_omit = answer->opcode == OPCODE_UPDATE || rcode == DNS_FORMERR || rcode == DNS_SERVFAIL ||
                    rcode == DNS_NOTIMP || rcode == DNS_REFUSED;

    if (!answer->is_answer || answer->id != question->id || answer->opcode != question->opcode)
        return false;
    if (answer->question.len == 0)
        return may_omit;
    return view_equal(buf_view(&answer->question), buf_view(&question->question));
}
