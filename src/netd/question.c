/*
 * The head of an HTTP request, read as far as http-01 needs it.
 */
#include "netd/question.h"

#include <string.h>
#include <strings.h>

#include "net/message.h"

#define PREFIX "/.well-known/acme-challenge/" /* RFC 8555 section 8.3 */
#define SCHEME "http://"

/* A line of text without its end; false when the end has not come. Tolerates a bare line feed (RFC 9112, 2.2). */
static bool cut_line(struct view *rest, struct view *line)
{
    const char *end = rest->len == 0 ? NULL : memchr(rest->at, '\n', rest->len);

    if (end == NULL)
        return false;
    *line = (struct view){ rest->at, (size_t)(end - rest->at) };
    rest->at += line->len + 1;
    rest->len -= line->len + 1;
    if (line->len > 0 && line->at[line->len - 1] == '\r')
        line->len--;
    return true;
}

/* A request line has printable characters only: TLS, SSH and random bytes are known by their first ones. */
static bool is_line_text(struct view text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];

        if ((c < ' ' || c > '~') && c != '\r' && c != '\n')
            return false;
        if (c == '\n')
            break;
    }
    return true;
}

static struct view until_any(struct view text, const char *ends)
{
    size_t len = 0;

    while (len < text.len && strchr(ends, text.at[len]) == NULL)
        len++;
    return (struct view){ text.at, len };
}

/* The path of "/path?query" and of "http://host/path" (RFC 9112 section 3.2). Empty when the target is neither. */
static struct view path_of(struct view target)
{
    if (target.len > strlen(SCHEME) && strncasecmp(target.at, SCHEME, strlen(SCHEME)) == 0) {
        struct view rest = { target.at + strlen(SCHEME), target.len - strlen(SCHEME) };
        size_t authority = until_any(rest, "/?#").len;

        target = (struct view){ rest.at + authority, rest.len - authority };
    }
    if (target.len == 0 || target.at[0] != '/')
        return (struct view){ "", 0 };
    return until_any(target, "?#");
}

static struct view token_of(struct view path)
{
    struct view token = { "", 0 };

    if (view_starts(path, PREFIX))
        token = (struct view){ path.at + strlen(PREFIX), path.len - strlen(PREFIX) };
    return message_is_token(token) ? token : (struct view){ "", 0 };
}

static bool read_line(struct view line, struct question *out)
{
    struct view rest = line, method, target;

    if (!view_cut(&rest, ' ', &method) || method.len == 0 || !view_cut(&rest, ' ', &target) || target.len == 0 ||
        rest.at == NULL || rest.len != strlen("HTTP/1.1") || !view_starts(rest, "HTTP/1."))
        return false;
    out->method = view_is(method, "GET") ? QUESTION_GET : view_is(method, "HEAD") ? QUESTION_HEAD : QUESTION_OTHER;
    out->path = path_of(target);
    out->token = token_of(out->path);
    return true;
}

enum question_step question_read(struct view head, struct question *out)
{
    struct view rest = head, first, line;
    struct question question;

    if (!is_line_text(head) || head.len > QUESTION_MAX)
        return QUESTION_BROKEN;
    if (!cut_line(&rest, &first))
        return head.len == QUESTION_MAX ? QUESTION_BROKEN : QUESTION_MORE;
    if (!read_line(first, &question))
        return QUESTION_BROKEN;
    do {
        if (!cut_line(&rest, &line))
            return head.len == QUESTION_MAX ? QUESTION_BROKEN : QUESTION_MORE;
    } while (line.len > 0); /* header fields: none of them changes what we answer */
    *out = question;
    return QUESTION_WHOLE;
}
