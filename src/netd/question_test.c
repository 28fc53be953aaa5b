/* Requests that reach the open port: invalid ones, then every valid way to ask for a token. */
#include "netd/question.h"

#include "base/test.h"

#define PREFIX "/.well-known/acme-challenge/"

static const struct {
    const char *name, *head;
    size_t len; /* 0: strlen */
    enum question_step step;
    enum question_method method;
    const char *path, *token;
} cases[] = {
    { "TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 9, QUESTION_BROKEN, 0, NULL, NULL },
    { "SSH", "SSH-2.0-OpenSSH_9.2\r\n", 0, QUESTION_BROKEN, 0, NULL, NULL },
    { "NULs", "\0\0\0\0", 4, QUESTION_BROKEN, 0, NULL, NULL },
    { "NUL in the target", "GET /\0 HTTP/1.1\r\n\r\n", 19, QUESTION_BROKEN, 0, NULL, NULL },
    { "escape sequence", "GET /\033[2J HTTP/1.1\r\n\r\n", 0, QUESTION_BROKEN, 0, NULL, NULL },
    { "HTTP/0.9", "GET /\r\n\r\n", 0, QUESTION_BROKEN, 0, NULL, NULL },
    { "HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0, QUESTION_BROKEN, 0, NULL, NULL },
    { "two blanks", "GET  / HTTP/1.1\r\n\r\n", 0, QUESTION_BROKEN, 0, NULL, NULL },
    { "blank in the target", "GET /a b HTTP/1.1\r\n\r\n", 0, QUESTION_BROKEN, 0, NULL, NULL },
    { "no method", " / HTTP/1.1\r\n\r\n", 0, QUESTION_BROKEN, 0, NULL, NULL },
    { "empty line first", "\r\n\r\n", 0, QUESTION_BROKEN, 0, NULL, NULL },
    { "nothing yet", "", 0, QUESTION_MORE, 0, NULL, NULL },
    { "half a line", "GET /.well-kn", 0, QUESTION_MORE, 0, NULL, NULL },
    { "headers not complete", "GET / HTTP/1.1\r\nHost: a\r\n", 0, QUESTION_MORE, 0, NULL, NULL },
    { "last line end not complete", "GET / HTTP/1.1\r\nHost: a\r\n\r", 0, QUESTION_MORE, 0, NULL, NULL },
    { "a challenge", "GET " PREFIX "tok_-9 HTTP/1.1\r\nHost: a\r\n\r\n", 0, QUESTION_WHOLE, QUESTION_GET,
        PREFIX "tok_-9", "tok_-9" },
    { "HEAD in HTTP/1.0", "HEAD " PREFIX "tok HTTP/1.0\r\n\r\n", 0, QUESTION_WHOLE, QUESTION_HEAD, PREFIX "tok",
        "tok" },
    { "bare line feeds", "GET " PREFIX "tok HTTP/1.1\nHost: a\n\n", 0, QUESTION_WHOLE, QUESTION_GET, PREFIX "tok",
        "tok" },
    { "query", "GET " PREFIX "tok?x=/y HTTP/1.1\r\n\r\n", 0, QUESTION_WHOLE, QUESTION_GET, PREFIX "tok", "tok" },
    { "absolute form", "GET HTTP://a.test:80" PREFIX "tok HTTP/1.1\r\n\r\n", 0, QUESTION_WHOLE, QUESTION_GET,
        PREFIX "tok", "tok" },
    { "absolute form without a path", "GET http://a.test HTTP/1.1\r\n\r\n", 0, QUESTION_WHOLE, QUESTION_GET, "", "" },
    { "authority form", "CONNECT a.test:443 HTTP/1.1\r\n\r\n", 0, QUESTION_WHOLE, QUESTION_OTHER, "", "" },
    { "asterisk", "OPTIONS * HTTP/1.1\r\n\r\n", 0, QUESTION_WHOLE, QUESTION_OTHER, "", "" },
    { "lower case method", "get / HTTP/1.1\r\n\r\n", 0, QUESTION_WHOLE, QUESTION_OTHER, "/", "" },
    { "POST and its body", "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi", 0, QUESTION_WHOLE, QUESTION_OTHER, "/",
        "" },
    { "a second request behind it", "GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n", 0, QUESTION_WHOLE, QUESTION_GET,
        "/a", "" },
    { "climbing out", "GET " PREFIX "../x HTTP/1.1\r\n\r\n", 0, QUESTION_WHOLE, QUESTION_GET, PREFIX "../x", "" },
    { "the folder itself", "GET " PREFIX " HTTP/1.1\r\n\r\n", 0, QUESTION_WHOLE, QUESTION_GET, PREFIX, "" },
    { "percent encoding", "GET " PREFIX "%74ok HTTP/1.1\r\n\r\n", 0, QUESTION_WHOLE, QUESTION_GET, PREFIX "%74ok", "" },
};

TEST(question_read)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t len = cases[i].len > 0 ? cases[i].len : strlen(cases[i].head);
        struct question question = { .method = (enum question_method)77 };
        enum question_step step = question_read((struct view){ cases[i].head, len }, &question);

        CHECK(step == cases[i].step, "%s: %d", cases[i].name, step);
        if (step != QUESTION_WHOLE || cases[i].step != QUESTION_WHOLE) {
            CHECK(question.method == (enum question_method)77, "%s: *out was touched", cases[i].name);
            continue;
        }
        CHECK(question.method == cases[i].method, "%s: method %d", cases[i].name, question.method);
        CHECK(view_is(question.path, cases[i].path), "%s: path %.*s", cases[i].name, (int)question.path.len,
            question.path.at);
        CHECK(view_is(question.token, cases[i].token), "%s: token %.*s", cases[i].name, (int)question.token.len,
            question.token.at);
    }
}

TEST(question_of_any_size)
{
    AUTO(free) char *head = xcalloc(1, QUESTION_MAX + 1);
    struct question question;

    memset(head, 'a', QUESTION_MAX);
    memcpy(head, "GET /", 5);
    CHECK(question_read((struct view){ head, QUESTION_MAX - 1 }, &question) == QUESTION_MORE, "there may be more");
    CHECK(question_read((struct view){ head, QUESTION_MAX }, &question) == QUESTION_BROKEN, "an endless line");
    memcpy(head, "GET / HTTP/1.1\r\n", 16);
    CHECK(question_read((struct view){ head, QUESTION_MAX }, &question) == QUESTION_BROKEN, "an endless header");
    memcpy(head + QUESTION_MAX - 4, "\r\n\r\n", 4);
    CHECK(question_read((struct view){ head, QUESTION_MAX }, &question) == QUESTION_WHOLE, "just small enough");
}

TEST_MAIN()
