/* Messages of name servers: good ones, and every kind of bad one. */
#include "client/dns_message.h"
#include "net/dns_name.h"

#include "base/test.h"

/* An answer's header with one question and so many records in each section; the code in the low bits of flags. */
#define HEAD(flags, answers, authority, additional) "\x12\x34" flags "\0\1\0" answers "\0" authority "\0" additional
#define QUESTION "\1a\7example\0\0\1\0\1"
#define OK "\x84\0"
#define A(name) name "\0\1\0\1\0\0\1\x2c\0\4\300\0\2\7"

#define W(text)                                                                                                        \
    {                                                                                                                  \
        text, sizeof(text) - 1                                                                                         \
    }

static const struct {
    const char *name;
    struct view wire;
    const char *said; /* NULL: it is none. else "rcode flags ede: section name type data..." */
} cases[] = {
    { "one address", W(HEAD(OK, "\1", "\0", "\0") QUESTION A("\300\14")), "0 aa: 0 a.example 1 c0000207" },
    { "no records", W(HEAD("\x80\3", "\0", "\0", "\0") QUESTION), "3:" },
    { "no question", W("\x12\x34\x80\5\0\0\0\0\0\0\0\0"), "5:" },
    { "cut, bogus, vouched for", W(HEAD("\x82\x22", "\0", "\0", "\0") QUESTION), "2 tc ad:" },
    { "a compressed name server", W(HEAD(OK, "\0", "\1", "\0") QUESTION "\300\16\0\2\0\1\0\0\0\0\0\5\2ns\300\16"),
        "0 aa: 1 example 2 026e73076578616d706c6500" },
    { "a mail server", W(HEAD(OK, "\1", "\0", "\0") QUESTION "\300\14\0\17\0\1\0\0\0\0\0\4\0\12\300\14"),
        "0 aa: 0 a.example 15 000a0161076578616d706c6500" },
    { "the start of a zone",
        W(HEAD(OK, "\0", "\1", "\0") QUESTION "\300\16\0\6\0\1\0\0\0\0\0\30\300\14\300\14"
                                              "\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5"),
        "0 aa: 1 example 6 0161076578616d706c65000161076578616d706c6500"
        "0000000100000002000000030000000400000005" },
    { "TXT, CAA and TLSA as they are",
        W(HEAD(OK, "\3", "\0", "\0") QUESTION "\300\14\0\20\0\1\0\0\0\0\0\3\2hi"
                                              "\300\14\1\1\0\1\0\0\0\0\0\10\0\5issue\x3b"
                                              "\300\14\0\x34\0\1\0\0\0\0\0\4\3\1\1\xff"),
        "0 aa: 0 a.example 16 026869 0 a.example 257 000569737375653b 0 a.example 52 030101ff" },
    { "an extended error, and an extended code",
        W(HEAD("\x80\0", "\0", "\0", "\1") QUESTION "\0\0\x29\4\xd0\1\0\0\0\0\12\0\17\0\2\0\26\0\12\0\0"),
        "16 ede 22:" },
    { "two extended errors: the first",
        W(HEAD("\x80\2", "\0", "\0", "\1") QUESTION "\0\0\x29\4\xd0\0\0\0\0\0\17\0\17\0\3\0\7x\0\17\0\4\0\6yz"),
        "2 ede 7:" },
    { "another class is left out", W(HEAD(OK, "\2", "\0", "\0") QUESTION "\300\14\0\20\0\3\0\0\0\0\0\1\0" A("\300\14")),
        "0 aa: 0 a.example 1 c0000207" },
    { "TSIG at the end", W(HEAD(OK, "\0", "\0", "\1") QUESTION "\1k\0\0\xfa\0\xff\0\0\0\0\0\2xy"),
        "0 aa tsig 27: 2 k 250 7879" },
    { "a pointer to itself", W(HEAD(OK, "\1", "\0", "\0") QUESTION A("\300\33")), NULL },
    { "a pointer forwards", W(HEAD(OK, "\1", "\0", "\0") QUESTION A("\300\40")), NULL },
    { "two pointers at each other", W(HEAD(OK, "\2", "\0", "\0") QUESTION A("\300\52") A("\300\33")), NULL },
    { "a pointer into the header that loops there", W("\300\0\x84\0\0\1\0\0\0\0\0\0\300\0\0\1\0\1"), NULL },
    { "a name of more than 255 bytes, by pointers",
        W(HEAD(OK, "\0", "\0", "\0") "\x3f"
                                     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\x3f"
                                     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\x3f"
                                     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\x3f"
                                     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\0\0\1\0\1"),
        NULL },
    { "an unknown kind of label", W(HEAD(OK, "\0", "\0", "\0") "\101a\0\0\1\0\1"), NULL },
    { "two questions", W("\x12\x34\x84\0\0\2\0\0\0\0\0\0" QUESTION QUESTION), NULL },
    { "fewer records than said", W(HEAD(OK, "\2", "\0", "\0") QUESTION A("\300\14")), NULL },
    { "more than said", W(HEAD(OK, "\0", "\0", "\0") QUESTION A("\300\14")), NULL },
    { "more records than anybody has", W("\x12\x34\x84\0\0\1\xff\xff\0\0\0\0" QUESTION), NULL },
    { "data longer than the message", W(HEAD(OK, "\1", "\0", "\0") QUESTION "\300\14\0\1\0\1\0\0\0\0\0\5abcd"), NULL },
    { "a name that goes on behind its data", W(HEAD(OK, "\1", "\0", "\0") QUESTION "\300\14\0\2\0\1\0\0\0\0\0\1\1a\0"),
        NULL },
    { "a start of a zone that is cut", W(HEAD(OK, "\0", "\1", "\0") QUESTION "\300\16\0\6\0\1\0\0\0\0\0\2\300\14"),
        NULL },
    { "two OPT", W(HEAD(OK, "\0", "\0", "\2") QUESTION "\0\0\x29\4\xd0\0\0\0\0\0\0\0\0\x29\4\xd0\0\0\0\0\0\0"), NULL },
    { "OPT of a name", W(HEAD(OK, "\0", "\0", "\1") QUESTION "\300\14\0\x29\4\xd0\0\0\0\0\0\0"), NULL },
    { "OPT as an answer", W(HEAD(OK, "\1", "\0", "\0") QUESTION "\0\0\x29\4\xd0\0\0\0\0\0\0"), NULL },
    { "an option longer than OPT", W(HEAD(OK, "\0", "\0", "\1") QUESTION "\0\0\x29\4\xd0\0\0\0\0\0\4\0\17\0\2\0\26"),
        NULL },
    { "an extended error without a code", W(HEAD(OK, "\0", "\0", "\1") QUESTION "\0\0\x29\4\xd0\0\0\0\0\0\4\0\17\0\0"),
        NULL },
    { "TSIG before the end", W(HEAD(OK, "\0", "\0", "\2") QUESTION "\1k\0\0\xfa\0\xff\0\0\0\0\0\1x" A("\300\14")),
        NULL },
    { "TSIG of the class IN", W(HEAD(OK, "\0", "\0", "\1") QUESTION "\1k\0\0\xfa\0\1\0\0\0\0\0\1x"), NULL },
    { "a header alone", W(HEAD(OK, "\0", "\0", "\0")), NULL },
    { "nothing", W(""), NULL },
};

static char *tell(const struct dns_message *message)
{
    const struct message_dns_answer *answer = &message->answer;
    AUTO(buf_clear) struct buf text = BUF(4096);

    buf_putf(
        &text, "%u%s%s%s", answer->rcode, answer->aa ? " aa" : "", answer->tc ? " tc" : "", answer->ad ? " ad" : "");
    if (answer->ede != MESSAGE_NO_EDE)
        buf_putf(&text, " ede %u", answer->ede);
    if (answer->tsig_at > 0)
        buf_putf(&text, " tsig %u", answer->tsig_at);
    buf_put_char(&text, ':');
    for (size_t i = 0; i < answer->record_count; i++) {
        const struct message_record *record = &answer->records[i];

        buf_putf(&text, " %u %.*s %u ", record->section, (int)record->name.len, record->name.at, record->type);
        for (size_t n = 0; n < record->data.len; n++)
            buf_putf(&text, "%02x", (unsigned char)record->data.at[n]);
    }
    return buf_take(&text);
}

TEST(dns_messages)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(dns_message_clear) struct dns_message message = { 0 };
        AUTO(free) char *said = NULL;
        AUTO(free) char *exact = xcalloc(1, cases[i].wire.len + 1); /* reading behind it is seen */
        bool ok;

        memcpy(exact, cases[i].wire.at, cases[i].wire.len);
        ok = dns_message_read((struct view){ exact, cases[i].wire.len }, &message);
        CHECK(ok == (cases[i].said != NULL), "%s", cases[i].name);
        if (!ok || cases[i].said == NULL)
            continue;
        said = tell(&message);
        CHECK_TEXT(said, cases[i].said, cases[i].name);
        for (size_t len = 0; len < cases[i].wire.len; len++) {
            AUTO(dns_message_clear) struct dns_message cut = { 0 };
            AUTO(free) char *shorter = xcalloc(1, len + 1);

            memcpy(shorter, exact, len);
            CHECK(!dns_message_read((struct view){ shorter, len }, &cut), "%s, cut to %zu", cases[i].name, len);
        }
    }
}

static const struct {
    const char *name;
    struct view answer;
    bool ok;
} answers[] = {
    { "the same", W(HEAD(OK, "\0", "\0", "\0") QUESTION), true },
    { "in other case", W(HEAD(OK, "\0", "\0", "\0") "\1A\7eXaMPle\0\0\1\0\1"), true },
    { "another id", W("\x12\x35\x84\0\0\1\0\0\0\0\0\0" QUESTION), false },
    { "another name", W(HEAD(OK, "\0", "\0", "\0") "\1b\7example\0\0\1\0\1"), false },
    { "another type", W(HEAD(OK, "\0", "\0", "\0") "\1a\7example\0\0\2\0\1"), false },
    { "another class", W(HEAD(OK, "\0", "\0", "\0") "\1a\7example\0\0\1\0\3"), false },
    { "another operation", W(HEAD("\xa8\0", "\0", "\0", "\0") QUESTION), false },
    { "a question", W(HEAD("\0\0", "\0", "\0", "\0") QUESTION), false },
    { "no question, and a name that is not there", W("\x12\x34\x80\3\0\0\0\0\0\0\0\0"), false },
    { "no question, refused", W("\x12\x34\x80\5\0\0\0\0\0\0\0\0"), true },
    { "no question, not understood", W("\x12\x34\x80\1\0\0\0\0\0\0\0\0"), true },
};

TEST(dns_messages_that_answer)
{
    static const struct view asked = W(HEAD("\1\0", "\0", "\0", "\0") QUESTION);
    AUTO(dns_message_clear) struct dns_message question = { 0 };

    REQUIRE(dns_message_read(asked, &question) && !question.is_answer, "the question");
    for (size_t i = 0; i < COUNT(answers); i++) {
        AUTO(dns_message_clear) struct dns_message answer = { 0 };

        REQUIRE(dns_message_read(answers[i].answer, &answer), "%s", answers[i].name);
        CHECK(dns_message_answers(&answer, &question) == answers[i].ok, "%s", answers[i].name);
    }
}

TEST_MAIN()
