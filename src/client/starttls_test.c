/* Dialogues before TLS: servers that agree, chat, refuse, babble, and say too much. */
#include "client/starttls.h"

#include "base/test.h"

#define S(text)                                                                                                        \
    {                                                                                                                  \
        text, sizeof(text) - 1                                                                                         \
    }
#define MYSQL                                                                                                          \
    "\x32\0\0\0\x0a"                                                                                                   \
    "8.0.1\0"                                                                                                          \
    "1234"                                                                                                             \
    "saltsalt"                                                                                                         \
    "\0"
#define MYSQL_REST "\x2d\x02\0\xff\xc7\x15\0\0\0\0\0\0\0\0\0\0saltsaltsalt"
#define FEATURES "<?xml version='1.0'?><stream:stream xmlns='jabber:client' id='1' version='1.0'><stream:features>"

static const struct {
    const char *name, *protocol;
    struct view said; /* by the server, all of it */
    const char *sent; /* by us; NULL: not looked at */
    enum starttls_step step;
    const char *why;
} cases[] = {
    { "smtp", "smtp", S("220 mx ESMTP\r\n250-mx\r\n250-SIZE 1\r\n250 STARTTLS\r\n220 go\r\n"),
        "EHLO localhost\r\nSTARTTLS\r\n", STARTTLS_READY, "" },
    { "smtp, a chatty greeting", "smtp",
        S("220-welcome\r\n220-no spam\r\n220 mx\r\n250-STARTTLS\r\n250 HELP\r\n220 2.0.0 ready\r\n"), NULL,
        STARTTLS_READY, "" },
    { "smtp in lower case", "smtp", S("220 mx\r\n250-mx\r\n250 starttls\r\n220 go\r\n"), NULL, STARTTLS_READY, "" },
    { "smtp without TLS", "smtp", S("220 mx\r\n250-mx\r\n250 SIZE\r\n"), NULL, STARTTLS_FAILED, "it offers no TLS" },
    { "smtp refuses", "smtp", S("220 mx\r\n250 STARTTLS\r\n454 TLS not available\r\n"), NULL, STARTTLS_FAILED,
        "it does not begin TLS: 454 TLS not available" },
    { "smtp turns away", "smtp", S("554 no service\r\n"), NULL, STARTTLS_FAILED,
        "it does not begin TLS: 554 no service" },
    { "smtp, more than was asked", "smtp", S("220 mx\r\n250 STARTTLS\r\n220 go\r\n250 injected\r\n"), NULL,
        STARTTLS_FAILED, "it says more than was asked before TLS: 250 injected" },
    { "smtp, not numbered", "smtp", S("SSH-2.0-OpenSSH\r\n"), NULL, STARTTLS_FAILED,
        "it does not begin TLS: SSH-2.0-OpenSSH" },
    { "smtp, half a line", "smtp", S("220 mx"), "", STARTTLS_MORE, "" },
    { "imap", "imap", S("* OK [CAPABILITY IMAP4rev1] hello\r\n* CAPABILITY X\r\na OK begin\r\n"), "a STARTTLS\r\n",
        STARTTLS_READY, "" },
    { "imap refuses", "imap", S("* OK hi\r\na BAD unknown\r\n"), NULL, STARTTLS_FAILED,
        "it does not begin TLS: a BAD unknown" },
    { "imap says good-bye", "imap", S("* BYE overload\r\n"), NULL, STARTTLS_FAILED,
        "it does not begin TLS: * BYE overload" },
    { "imap, already logged in", "imap", S("* PREAUTH hi\r\n"), NULL, STARTTLS_FAILED,
        "it does not begin TLS: * PREAUTH hi" },
    { "pop3", "pop3", S("+OK pop <1@a>\r\n+OK\r\n"), "STLS\r\n", STARTTLS_READY, "" },
    { "pop3 refuses", "pop3", S("+OK\r\n-ERR no\r\n"), NULL, STARTTLS_FAILED, "it does not begin TLS: -ERR no" },
    { "ftp", "ftp", S("220-Welcome\r\n more of it\r\n220 ready\r\n234 AUTH TLS ok\r\n"), "AUTH TLS\r\n", STARTTLS_READY,
        "" },
    { "ftp refuses", "ftp", S("220 ready\r\n502 no\r\n"), NULL, STARTTLS_FAILED, "it does not begin TLS: 502 no" },
    { "sieve", "sieve", S("\"IMPLEMENTATION\" \"x\"\r\n\"STARTTLS\"\r\nOK \"hi\"\r\nOK \"begin\"\r\n"), "STARTTLS\r\n",
        STARTTLS_READY, "" },
    { "sieve without TLS", "sieve", S("\"SIEVE\" \"x\"\r\nOK\r\n"), NULL, STARTTLS_FAILED, "it offers no TLS" },
    { "sieve refuses", "sieve", S("\"STARTTLS\"\r\nOK\r\nNO \"later\"\r\n"), NULL, STARTTLS_FAILED,
        "it does not begin TLS: NO \"later\"" },
    { "xmpp", "xmpp",
        S(FEATURES "<starttls xmlns='x'><required/></starttls></stream:features><proceed "
                   "xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
        "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
        "to='a.example' version='1.0'><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
        STARTTLS_READY, "" },
    { "xmpp, written out", "xmpp-server", S(FEATURES "<starttls/></stream:features><proceed xmlns='x'></proceed>"),
        NULL, STARTTLS_READY, "" },
    { "xmpp without TLS", "xmpp", S(FEATURES "<mechanisms/></stream:features>"), NULL, STARTTLS_FAILED,
        "it offers no TLS" },
    { "xmpp refuses", "xmpp", S(FEATURES "<starttls/></stream:features><failure xmlns='x'/>"), NULL, STARTTLS_FAILED,
        "it does not begin TLS: <failure" },
    { "xmpp, an error", "xmpp", S("<stream:stream><stream:error><host-unknown/></stream:error>"), NULL, STARTTLS_FAILED,
        "it does not begin TLS: <stream:stream><stream:error" },
    { "ldap", "ldap", S("\x30\x0c\2\1\1\x78\7\x0a\1\0\4\0\4\0"), NULL, STARTTLS_READY, "" },
    { "ldap, as Active Directory writes lengths", "ldap",
        S("\x30\x84\0\0\0\x28\2\1\1\x78\x84\0\0\0\x1f\x0a\1\0\4\0\4\0\x8a\x16"
          "1.3.6.1.4.1.1466.20037"),
        NULL, STARTTLS_READY, "" },
    { "ldap, a length of four gigabytes", "ldap", S("\x30\x84\xff\xff\xff\xff\2\1\1\x78"), NULL, STARTTLS_FAILED,
        "it does not begin TLS" },
    { "ldap, a length of five octets", "ldap", S("\x30\x85\0\0\0\0\x0c\2\1\1\x78\7\x0a\1\0\4\0\4\0"), NULL,
        STARTTLS_FAILED, "it does not begin TLS" },
    { "ldap, no length", "ldap", S("\x30\x80\2\1\1\x78\7\x0a\1\0\4\0\4\0\0\0"), NULL, STARTTLS_FAILED,
        "it does not begin TLS" },
    { "ldap, long form of two", "ldap", S("\x30\x82\0\x0e\2\1\1\x78\x82\0\7\x0a\1\0\4\0\4\0"), NULL, STARTTLS_READY,
        "" },
    { "ldap refuses", "ldap", S("\x30\x0c\2\1\1\x78\7\x0a\1\2\4\0\4\0"), NULL, STARTTLS_FAILED,
        "it does not begin TLS" },
    { "ldap, another message", "ldap", S("\x30\x0c\2\1\2\x78\7\x0a\1\0\4\0\4\0"), NULL, STARTTLS_FAILED,
        "it does not begin TLS" },
    { "ldap, lengths that do not fit", "ldap", S("\x30\x0c\2\1\1\x78\x09\x0a\1\0\4\0\4\0"), NULL, STARTTLS_FAILED,
        "it does not begin TLS" },
    { "postgres", "postgres", S("S"), NULL, STARTTLS_READY, "" },
    { "postgres without TLS", "postgres", S("N"), NULL, STARTTLS_FAILED, "it does not begin TLS: N" },
    { "postgres, more than was asked", "postgres", S("SX"), NULL, STARTTLS_FAILED, "it says more than was asked" },
    { "mysql", "mysql", S(MYSQL "\xff\xff" MYSQL_REST), NULL, STARTTLS_READY, "" },
    { "mysql without TLS", "mysql", S(MYSQL "\xff\xf7" MYSQL_REST), NULL, STARTTLS_FAILED, "it does not begin TLS" },
    { "mysql, an error", "mysql", S("\x06\0\0\0\xff\x10\x04host"), NULL, STARTTLS_FAILED, "it does not begin TLS" },
    { "mysql, nothing in it", "mysql", S("\0\0\0\0"), NULL, STARTTLS_FAILED, "it does not begin TLS" },
    { "mysql, too large a packet", "mysql", S("\xff\xff\xff\0\x0a"), NULL, STARTTLS_FAILED, "it does not begin TLS" },
};

/* At once, and byte by byte: where each word of the server waits for ours, as real ones do. */
static enum starttls_step play(size_t i, size_t piece, struct starttls *talk, struct buf *sent)
{
    struct view said = cases[i].said;
    enum starttls_step step = STARTTLS_MORE;
    size_t begun = 0, end = 0;

    starttls_begin(talk, view_of(cases[i].protocol), view_of("a.example"), sent);
    while (step == STARTTLS_MORE && end < said.len) {
        size_t used;

        end = said.len - end > piece ? end + piece : said.len;
        step = starttls_take(talk, (struct view){ said.at + begun, end - begun }, &used, sent);
        begun += used;
    }
    if (step == STARTTLS_READY && end < said.len) /* bytes behind it are left to the next reader */
        return STARTTLS_FAILED;
    return step;
}

TEST(starttls_dialogues)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf_clear) struct buf sent = BUF(4096);
        struct starttls talk;

        CHECK_INT(play(i, 1, &talk, &sent), cases[i].step, cases[i].name);
        if (strstr(cases[i].why, "more than was asked") == NULL) /* of which there is nothing at this moment */
            CHECK(strncmp(talk.why, cases[i].why, strlen(cases[i].why)) == 0, "%s: %s", cases[i].name, talk.why);
        CHECK(cases[i].sent == NULL || strcmp(buf_text(&sent), cases[i].sent) == 0, "%s: %s", cases[i].name,
            buf_text(&sent));
    }
}

/* An answer before the question comes from a broken server, or is injected. */
TEST(starttls_said_at_once)
{
    AUTO(buf_clear) struct buf sent = BUF(4096);
    struct starttls talk;
    size_t used;
    struct view both = S("+OK\r\n+OK\r\n"), more = S("+OK\r\nSTAT\r\n"), greeting = S("+OK\r\n");

    starttls_begin(&talk, view_of("pop3"), view_of("a"), &sent);
    CHECK(
        starttls_take(&talk, both, &used, &sent) == STARTTLS_FAILED && strstr(talk.why, "more than was asked") != NULL,
        "%s", talk.why);
    starttls_begin(&talk, view_of("pop3"), view_of("a"), &sent);
    CHECK(starttls_take(&talk, greeting, &used, &sent) == STARTTLS_MORE, "greeting");
    CHECK(starttls_take(&talk, more, &used, &sent) == STARTTLS_FAILED, "injected");
}

/* Endless lines, and lines without end. */
TEST(starttls_bounds)
{
    static const char *const names[] = { "smtp", "imap", "pop3", "ftp", "sieve", "xmpp", "mysql" };
    AUTO(buf_clear) struct buf line = BUF(2 * STARTTLS_PIECE);

    for (int i = 0; i < STARTTLS_PIECE; i++)
        buf_put_char(&line, '2');
    for (size_t i = 0; i < COUNT(names); i++) {
        AUTO(buf_clear) struct buf sent = BUF(4096);
        struct starttls talk;
        size_t used;

        starttls_begin(&talk, view_of(names[i]), view_of("a"), &sent);
        CHECK(starttls_take(&talk, buf_view(&line), &used, &sent) == STARTTLS_FAILED, "%s: an endless line", names[i]);
        CHECK(talk.why[0] != '\0', "%s: why", names[i]);
    }
    for (size_t i = 0; i < 2; i++) {
        AUTO(buf_clear) struct buf sent = BUF(4096);
        struct view chat = i == 0 ? view_of("220-chat\r\n") : view_of("* CHAT\r\n");
        struct starttls talk;
        enum starttls_step step = STARTTLS_MORE;
        size_t used = 0, said = 0;

        starttls_begin(&talk, view_of(i == 0 ? "smtp" : "imap"), view_of("a"), &sent);
        if (i == 1)
            step = starttls_take(&talk, view_of("* OK\r\n"), &used, &sent);
        for (; step == STARTTLS_MORE && said < (size_t)10 * STARTTLS_MAX; said += used)
            step = starttls_take(&talk, chat, &used, &sent);
        CHECK(
            step == STARTTLS_FAILED && strcmp(talk.why, "it says too much") == 0, "%s after %zu bytes", talk.why, said);
    }
    CHECK(
        starttls_knows(view_of("ldap")) && !starttls_knows(view_of("gopher")) && !starttls_knows(view_of("")), "names");
}

TEST_MAIN()
