#pragma once
/*
 * Reads messages of name servers (RFC 1035 section 4.1), which may come from anyone. Pure.
 *
 * Strict: a compressed name leads back only, what is cut or counted wrongly is refused, and so are bytes behind the
 * last record.
 */
#include "net/dns.h"
#include "net/message.h"

struct dns_message {
    uint16_t id;
    uint8_t opcode;
    bool is_answer;                   /* QR */
    struct buf question;              /* name in lower case, type, class; empty when there is none */
    struct message_dns_answer answer; /* but for server; the records are its own, and borrow from room and the wire */
    struct buf room;
};

/* ids and names of a question or an answer. False when it is none; *out must be zero or cleared. */
MUST_USE bool dns_message_read(struct view wire, struct dns_message *out);
void dns_message_clear(struct dns_message *message);
static inline void dns_message_clear_at(struct dns_message *message)
{
    dns_message_clear(message);
}

/* Whether it answers that question: its id, its operation and what is asked. An update (RFC 2136 section 3.8), and a
 * server that understands nothing or does not want to, may leave out what was asked. */
bool dns_message_answers(const struct dns_message *answer, const struct dns_message *question);
