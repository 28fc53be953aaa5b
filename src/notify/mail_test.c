/* E-mails, word for word. */
#include "base/test.h"

#include "base/text.h"
#include "notify/mail.h"

static char *make(const char *subject, const char *text, const char *from_name)
{
    AUTO(list_clear) struct list to = { 0 };
    AUTO(buf_clear) struct buf out = BUF(MAIL_MAX);
    struct mail mail = { .to = &to,
        .from = "root@host.example",
        .from_name = from_name,
        .subject = subject,
        .text = text,
        .id = "1@host.example",
        .severity = "warning",
        .now = 1764547752 };

    list_add(&to, "admin@example.org");
    list_add(&to, "other@example.org");
    mail_put(&mail, &out);
    return buf_take(&out);
}

#define HEAD                                                                                                           \
    "Date: Mon, 01 Dec 2025 00:09:12 +0000\nFrom: \"Evercert\"\n <root@host.example>\nTo: admin@example.org,\n "       \
    "other@example.org\n"
#define REST                                                                                                           \
    "Message-ID: <1@host.example>\nAuto-Submitted: auto-generated\nMIME-Version: 1.0\nContent-Type: text/plain; "      \
    "charset=UTF-8\n"

TEST(plain)
{
    AUTO(free)
    char *got = make("[host] example.org expires in 9 days (2026-12-10), and could not be renewed, 4 times",
        "One.\n.\nTwo.\n", "Evercert");

    CHECK_TEXT(got,
        HEAD "Subject: [host] example.org expires in 9 days (2026-12-10), and could not be\n renewed, 4 times\n" REST
             "Content-Transfer-Encoding: 7bit\n\nOne.\n.\nTwo.\n",
        "as it is");
}

TEST(no_field_is_added)
{
    static const char *const evil[] = { "a\nBcc: x@example.org", "a\r\nBcc: x@example.org\r\n\r\nb",
        "a\rBcc: x@example.org", "a\n Bcc: b\n\nc", "\nBcc: x" };

    for (size_t i = 0; i < COUNT(evil); i++) {
        AUTO(free) char *got = make(evil[i], "text\n", evil[i]);
        char *body = strstr(got, "\n\n");

        REQUIRE(body != NULL, "a body");
        CHECK(strncmp(body, "\n\ntext\n", 7) == 0, "the first empty line is ours: %s", got);
        CHECK(strstr(got, "\nBcc") == NULL && strstr(got, "\n Bcc") == NULL && strchr(got, '\r') == NULL, "%s", got);
    }
}

TEST(other_letters)
{
    AUTO(free)
    char *got = make("b\xc3\xbc"
                     "cher.example: Zertifikat l\xc3\xa4uft ab, und zwar bald, in weniger als drei Tagen",
        "b\xc3\xbc"
        "cher\n",
        "R\xc3\xa9"
        "seau \"x\"");

    CHECK(strstr(got, "Subject: =?UTF-8?B?YsO8Y2hlci5leGFtcGxlOiBaZXJ0aWZpa2F0IGzDpHVmdCBhYiwg?=\n"
                      " =?UTF-8?B?dW5kIHp3YXIgYmFsZCwgaW4gd2VuaWdlciBhbHMgZHJlaSBUYWdl?=\n"
                      " =?UTF-8?B?bg==?=\n") != NULL,
        "%s", got);
    CHECK(strstr(got, "From: =?UTF-8?B?UsOpc2VhdSAieCI=?=\n <root@host.example>\n") != NULL, "%s", got);
    CHECK(strstr(got, "Content-Transfer-Encoding: base64\n\nYsO8Y2hlcgo=\n") != NULL, "%s", got);
}

TEST(no_letter_is_cut_in_two)
{
    char subject[300] = "x";
    AUTO(free) char *got = NULL;
    char *line;

    for (size_t i = 0; i < 60; i++)
        strcat(subject, "\xe2\x82\xac");
    got = make(subject, "t\n", "Evercert");
    for (line = strstr(got, " =?UTF-8?B?"); line != NULL; line = strstr(line + 1, " =?UTF-8?B?")) {
        AUTO(buf_clear) struct buf bytes = BUF(256);
        char shown[256];
        struct view text = { line + 11, strcspn(line + 11, "?") };

        CHECK(strcspn(line, "\n") <= MAIL_LINE_MAX, "%zu", strcspn(line, "\n"));
        REQUIRE(buf_put_unbase64(&bytes, text), "%s", line);
        text_printable(shown, sizeof shown, buf_view(&bytes), false);
        CHECK(strchr(shown, '?') == NULL, "%s", shown);
    }
}

TEST(what_looks_encoded_is_encoded)
{
    AUTO(free) char *got = make("=?UTF-8?Q?evil?=", "t\n", "Evercert");

    CHECK(strstr(got, "=?UTF-8?Q?") == NULL && strstr(got, "Subject: =?UTF-8?B?PT9VVEYtOD9RP2V2aWw/PQ==?=\n") != NULL,
        "%s", got);
}

TEST(long_lines)
{
    static char text[3000];
    AUTO(free) char *got = NULL;
    struct view rest, line = { 0 };

    memset(text, 'x', sizeof text - 2);
    text[sizeof text - 2] = '\n';
    got = make("s", text, "Evercert");
    rest = view_of(got);
    while (view_cut(&rest, '\n', &line))
        CHECK(line.len <= MAIL_LINE_MAX, "%zu", line.len);
}

TEST(urgent)
{
    AUTO(list_clear) struct list to = { 0 };
    AUTO(buf_clear) struct buf out = BUF(MAIL_MAX);

    list_add(&to, "a@example.org");
    mail_put(&(struct mail){ &to, "b@example.org", "E", "s", "t\n", "1@h", "critical", 0 }, &out);
    CHECK(strstr(buf_text(&out), "\nImportance: high\n") != NULL, "%s", buf_text(&out));
}

TEST_MAIN()
