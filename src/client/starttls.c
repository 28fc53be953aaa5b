#include "client/starttls.h"

#include <stdio.h>
#include <strings.h>

#include "base/text.h"

#define TURNS 3

enum verdict { WAIT, GOES_ON, GOOD, BAD };

/*
 * Looks at the start of what a server has said. *used: how much of it the verdict is about; WAIT: it is not complete
 * yet. GOES_ON: more of the same reply follows.
 */
typedef enum verdict (*judge)(struct starttls *talk, struct view in, size_t *used);

struct starttls_protocol {
    const char *name;
    struct {
        struct view say; /* before the reply; "@" in XMPP's stands for the host */
        judge judge;
        const char *offer; /* a word that has to be in the reply; NULL: none */
    } turns[TURNS];
};

/* ---- lines ---- */

/* The first line without its end. False: it is not complete. */
static bool first_line(struct view in, struct view *line, size_t *used)
{
    const char *end = in.len > 0 ? memchr(in.at, '\n', in.len) : NULL;

    if (end == NULL)
        return false;
    *used = (size_t)(end - in.at) + 1;
    *line = view_trim((struct view){ in.at, *used });
    return true;
}

static bool begins(struct view line, const char *word)
{
    return line.len >= strlen(word) && strncasecmp(line.at, word, strlen(word)) == 0;
}

/* Keywords of SMTP and Sieve have no case (RFC 5321 section 2.4, RFC 5804 section 1.7). */
static bool offers(struct view reply, const char *word)
{
    size_t len = strlen(word);

    for (size_t i = 0; i + len <= reply.len; i++)
        if (strncasecmp(reply.at + i, word, len) == 0)
            return true;
    return false;
}

static bool has_code(struct view line)
{
    return line.len >= 3 && line.at[0] >= '1' && line.at[0] <= '5' && line.at[1] >= '0' && line.at[1] <= '9' &&
           line.at[2] >= '0' && line.at[2] <= '9';
}

/* RFC 5321 section 4.2 and RFC 959 section 4.2: after "250-", and FTP's lines without a code, "250 " ends it; 2xx and
 * FTP's 334 agree. */
static enum verdict judge_numbered(struct starttls *talk, struct view in, size_t *used)
{
    struct view line;
    bool ends;

    if (!first_line(in, &line, used))
        return WAIT;
    ends = has_code(line) && (line.len == 3 || line.at[3] == ' ');
    if (!ends && (talk->within || (has_code(line) && line.at[3] == '-'))) {
        talk->within = true;
        return GOES_ON;
    }
    talk->within = false;
    return ends && (line.at[0] == '2' || begins(line, "334")) ? GOOD : BAD;
}

static enum verdict judge_pop3(struct starttls *talk, struct view in, size_t *used)
{
    struct view line;

    (void)talk;
    if (!first_line(in, &line, used))
        return WAIT;
    return begins(line, "+OK") ? GOOD : BAD;
}

/* RFC 9051 section 7.1: a greeting, then answers behind our tag, others between. */
static enum verdict judge_imap(struct starttls *talk, struct view in, size_t *used)
{
    struct view line;

    if (!first_line(in, &line, used))
        return WAIT;
    if (talk->turn == 0)
        return begins(line, "* OK") ? GOOD : BAD;
    if (begins(line, "* ") && !begins(line, "* BYE"))
        return GOES_ON;
    return begins(line, "a OK") ? GOOD : BAD;
}

/* RFC 5804 section 1.2: capabilities in quotation marks, then a word. */
static enum verdict judge_sieve(struct starttls *talk, struct view in, size_t *used)
{
    struct view line;

    (void)talk;
    if (!first_line(in, &line, used))
        return WAIT;
    if (begins(line, "\""))
        return GOES_ON;
    return begins(line, "OK") ? GOOD : BAD;
}

/* ---- elements ---- */

static const char *find(struct view in, const char *word)
{
    return in.at == NULL || in.len == 0 ? NULL : memmem(in.at, in.len, word, strlen(word));
}

static bool take_to(struct view in, const char *word, size_t *used)
{
    const char *at = find(in, word);

    if (at != NULL)
        *used = (size_t)(at - in.at) + strlen(word);
    return at != NULL;
}

/* RFC 6120 section 5.4: first the features of the stream, then one element. */
static enum verdict judge_xmpp(struct starttls *talk, struct view in, size_t *used)
{
    const char *proceed = find(in, "<proceed"), *end;

    if (find(in, "<stream:error") != NULL || find(in, "<failure") != NULL || find(in, "</stream:stream") != NULL) {
        *used = in.len;
        return BAD;
    }
    if (talk->turn == 0)
        return take_to(in, "</stream:features>", used) ? GOOD : WAIT;
    if (proceed == NULL)
        return WAIT;
    end = memchr(proceed, '>', in.len - (size_t)(proceed - in.at));
    if (end == NULL)
        return WAIT;
    *used = (size_t)(end - in.at) + 1;
    if (end[-1] == '/')
        return GOOD;
    return take_to(in, "</proceed>", used) ? GOOD : WAIT;
}

/* ---- packets ---- */

/* Reads the length octets of BER: the short form, or the long one of up to four octets, which Active Directory always
 * sends. False: more is needed, or (*bad) they are invalid. */
static bool ber_length(struct view in, size_t *at, size_t *out, bool *bad)
{
    size_t octets;

    if (*at >= in.len)
        return false;
    *out = (unsigned char)in.at[(*at)++];
    if (*out < 0x80)
        return true;
    octets = *out & 0x7f;
    *bad = octets == 0 || octets > 4;
    *out = 0;
    for (; !*bad && octets > 0; octets--) {
        if (*at >= in.len)
            return false;
        *out = *out << 8 | (unsigned char)in.at[(*at)++];
    }
    return !*bad;
}

/* RFC 4511 section 4.14.2: an ExtendedResponse to our message 1, whose result code is 0. */
static enum verdict judge_ldap(struct starttls *talk, struct view in, size_t *used)
{
    static const char id[] = { 2, 1, 1, 0x78 }, success[] = { 0x0a, 1, 0 };
    size_t at = 1, len = 0, inner = 0;
    bool bad = in.len > 0 && in.at[0] != 0x30;

    (void)talk;
    *used = in.len;
    if (bad)
        return BAD;
    if (!ber_length(in, &at, &len, &bad))
        return bad ? BAD : WAIT;
    if (len > in.len - at)
        return len > STARTTLS_PIECE ? BAD : WAIT;
    *used = at + len;
    in.len = *used;
    if (len < sizeof id || memcmp(in.at + at, id, sizeof id) != 0)
        return BAD;
    at += sizeof id;
    if (!ber_length(in, &at, &inner, &bad) || inner != in.len - at || inner < sizeof success)
        return BAD;
    return memcmp(in.at + at, success, sizeof success) == 0 ? GOOD : BAD;
}

/* One byte: S or N. */
static enum verdict judge_postgres(struct starttls *talk, struct view in, size_t *used)
{
    (void)talk;
    if (in.len == 0)
        return WAIT;
    *used = 1;
    return in.at[0] == 'S' ? GOOD : BAD;
}

/* The initial handshake packet of protocol 10, whose flags say that the server can TLS. */
static enum verdict judge_mysql(struct starttls *talk, struct view in, size_t *used)
{
    size_t len, at = 5;
    const char *end;

    (void)talk;
    if (in.len < 4)
        return WAIT;
    len =
        (size_t)(unsigned char)in.at[0] | (size_t)(unsigned char)in.at[1] << 8 | (size_t)(unsigned char)in.at[2] << 16;
    *used = in.len;
    if (len > STARTTLS_PIECE - 4)
        return BAD;
    if (in.len < 4 + len)
        return WAIT;
    *used = 4 + len;
    if (len < 1 || in.at[4] != 10)
        return BAD;
    end = memchr(in.at + at, '\0', 4 + len - at);
    if (end == NULL)
        return BAD;
    at = (size_t)(end - in.at) + 1 + 4 + 8 + 1; /* behind the version: thread, salt, filler */
    return at + 2 <= 4 + len && ((unsigned char)in.at[at + 1] & 0x08) != 0 ? GOOD : BAD;
}

#define SAY(text)                                                                                                      \
    {                                                                                                                  \
        text, sizeof(text) - 1                                                                                         \
    }
#define NOTHING                                                                                                        \
    {                                                                                                                  \
        "", 0                                                                                                          \
    }
#define STREAM(kind)                                                                                                   \
    SAY("<?xml version='1.0'?><stream:stream xmlns='jabber:" kind "' xmlns:stream='http://etherx.jabber.org/streams' " \
        "to='@' version='1.0'>")
#define XMPP_STARTTLS SAY("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")

static const struct starttls_protocol protocols[] = {
    { "smtp", /* RFC 3207 */
        { { NOTHING, judge_numbered, NULL }, { SAY("EHLO localhost\r\n"), judge_numbered, "STARTTLS" },
            { SAY("STARTTLS\r\n"), judge_numbered, NULL } } },
    { "imap",
        { { NOTHING, judge_imap, NULL }, { SAY("a STARTTLS\r\n"), judge_imap, NULL } } }, /* RFC 9051 section 6.2.1 */
    { "pop3", { { NOTHING, judge_pop3, NULL }, { SAY("STLS\r\n"), judge_pop3, NULL } } }, /* RFC 2595 section 4 */
    { "ftp", { { NOTHING, judge_numbered, NULL }, { SAY("AUTH TLS\r\n"), judge_numbered, NULL } } }, /* RFC 4217 */
    { "sieve", /* RFC 5804 section 2.2 */
        { { NOTHING, judge_sieve, "STARTTLS" }, { SAY("STARTTLS\r\n"), judge_sieve, NULL } } },
    { "xmpp", { { STREAM("client"), judge_xmpp, "<starttls" }, { XMPP_STARTTLS, judge_xmpp, NULL } } },
    { "xmpp-server", { { STREAM("server"), judge_xmpp, "<starttls" }, { XMPP_STARTTLS, judge_xmpp, NULL } } },
    { "ldap", { { SAY("\x30\x1d\x02\x01\x01\x77\x18\x80\x16"
                      "1.3.6.1.4.1.1466.20037"),
                  judge_ldap, NULL } } },
    { "postgres", { { SAY("\0\0\0\x08\x04\xd2\x16\x2f"), judge_postgres, NULL } } },
    { "mysql", { { NOTHING, judge_mysql, NULL } } },
};

/* The request for TLS: what we can (protocol 4.1, TLS, long passwords), the largest packet, utf8mb4. It has no reply.
 */
static const char mysql_request[36] = { 32, 0, 0, 1, 0x00, (char)0x8a, 0, 0, 0, 0, 0, 1, 45 };

static const struct starttls_protocol *protocol_of(struct view name)
{
    for (size_t i = 0; i < COUNT(protocols); i++)
        if (view_is(name, protocols[i].name))
            return &protocols[i];
    return NULL;
}

bool starttls_knows(struct view protocol)
{
    return protocol_of(protocol) != NULL;
}

static void put_turn(const struct starttls *talk, struct view host, struct buf *send)
{
    struct view say = talk->protocol->turns[talk->turn].say;
    const char *at = talk->turn == 0 ? find(say, "'@'") : NULL;

    if (at == NULL) {
        buf_put(send, say);
        return;
    }
    buf_put(send, (struct view){ say.at, (size_t)(at - say.at) + 1 });
    buf_put(send, host);
    buf_put(send, (struct view){ at + 2, say.len - (size_t)(at - say.at) - 2 });
}

void starttls_begin(struct starttls *talk, struct view protocol, struct view host, struct buf *send)
{
    *talk = (struct starttls){ .protocol = protocol_of(protocol) };
    put_turn(talk, host, send);
}

static enum starttls_step fail(struct starttls *talk, const char *what, struct view said)
{
    char text[120];

    text_printable(text, sizeof text, view_trim(said), false);
    (void)snprintf(talk->why, sizeof talk->why, "%s%s%s", what, said.len > 0 ? ": " : "", text);
    return STARTTLS_FAILED;
}

/* A whole reply has come, and says yes. */
static enum starttls_step next_turn(struct starttls *talk, struct view rest, struct buf *send)
{
    bool is_last = talk->turn + 1 == TURNS || talk->protocol->turns[talk->turn + 1].judge == NULL;

    if (talk->protocol->turns[talk->turn].offer != NULL && !talk->offered)
        return fail(talk, "it offers no TLS", (struct view){ "", 0 });
    if (rest.len > 0)
        return fail(talk, "it says more than was asked before TLS", rest);
    talk->offered = false;
    talk->turn++;
    if (!is_last)
        put_turn(talk, view_of(""), send);
    else if (strcmp(talk->protocol->name, "mysql") == 0)
        buf_put(send, (struct view){ mysql_request, sizeof mysql_request });
    return is_last ? STARTTLS_READY : STARTTLS_MORE;
}

enum starttls_step starttls_take(struct starttls *talk, struct view in, size_t *used, struct buf *send)
{
    *used = 0;
    for (;;) {
        size_t taken = 0;
        const char *offer = talk->protocol->turns[talk->turn].offer;
        enum verdict verdict = talk->protocol->turns[talk->turn].judge(talk, in, &taken);
        struct view piece = { in.at, taken };

        if (verdict == WAIT)
            return in.len < STARTTLS_PIECE ? STARTTLS_MORE
                                           : fail(talk, "it says something too long", (struct view){ "", 0 });
        *used += taken;
        talk->said += taken;
        in.at += taken;
        in.len -= taken;
        if (talk->said > STARTTLS_MAX)
            return fail(talk, "it says too much", (struct view){ "", 0 });
        talk->offered = talk->offered || (offer != NULL && offers(piece, offer));
        if (verdict == BAD)
            return fail(talk, "it does not begin TLS", piece);
        if (verdict == GOOD)
            return next_turn(talk, in, send);
    }
}
