#include "web/refusal.h"

#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"

static struct view behind(struct view text, const char *at)
{
    return (struct view){ at, text.len - (size_t)(at - text.at) };
}

static const char *find(struct view text, const char *word)
{
    return memmem(text.at, text.len, word, strlen(word));
}

/* Where word begins for the last time; NULL when it is not there. */
static const char *find_last(struct view text, const char *word)
{
    const char *last = NULL;

    for (const char *at = find(text, word); at != NULL; at = find(behind(text, at + 1), word))
        last = at;
    return last;
}

static bool is_number(struct view text)
{
    uint64_t number;

    return view_to_number(text, 1, INT32_MAX, &number);
}

/* Without the "PID#THREAD: " that a line has which comes by way of the log. */
static struct view without_process(struct view words)
{
    size_t digits = 0;

    while (digits < words.len && (words.at[digits] == '#' || (words.at[digits] >= '0' && words.at[digits] <= '9')))
        digits++;
    if (digits == 0 || digits + 2 > words.len || memcmp(words.at + digits, ": ", 2) != 0)
        return words;
    return behind(words, words.at + digits + 2);
}

/* `nginx: [emerg] unknown directive "x" in /etc/nginx/nginx.conf:3` */
static char *line_of_nginx(struct view line)
{
    static const char level[] = "[emerg] ", in[] = " in /";
    const char *at = find(line, level), *place, *colon;
    struct view words, file;

    if (at == NULL)
        return NULL;
    words = without_process(behind(line, at + sizeof level - 1));
    place = find_last(words, in);
    if (place == NULL)
        return NULL;
    file = behind(words, place + sizeof in - 2);
    colon = memrchr(file.at, ':', file.len);
    if (colon == NULL || !is_number(behind(file, colon + 1)))
        return NULL;
    return xprintf("%.*s: %.*s", (int)file.len, file.at, (int)(place - words.at), words.at);
}

/* `AH00526: Syntax error on line 3 of /etc/apache2/x.conf:`, and the reason behind it or in the next line. A line of an
 * included file has those that include it before it. */
static char *line_of_apache(struct view line, struct view next)
{
    static const char mark[] = "yntax error on line ", of[] = " of ";
    const char *at = find_last(line, mark), *file, *colon;
    struct view number, rest, reason;

    if (at == NULL)
        return NULL;
    rest = behind(line, at + sizeof mark - 1);
    file = find(rest, of);
    if (file == NULL)
        return NULL;
    number = (struct view){ rest.at, (size_t)(file - rest.at) };
    rest = behind(rest, file + sizeof of - 1);
    colon = find(rest, ": ");
    if (colon == NULL && rest.len > 0 && rest.at[rest.len - 1] == ':')
        colon = rest.at + rest.len - 1;
    if (colon == NULL || !is_number(number))
        return NULL;
    reason = view_trim(behind(rest, colon + 1));
    if (reason.len == 0)
        reason = next;
    return xprintf(
        "%.*s:%.*s: %.*s", (int)(colon - rest.at), rest.at, (int)number.len, number.at, (int)reason.len, reason.at);
}

char *web_refused_line(const char *said)
{
    struct view text = view_of(said), line;

    while (view_cut(&text, '\n', &line)) {
        struct view after = text.at != NULL ? text : view_of(""), next;
        char *refused = line_of_nginx(view_trim(line));

        if (refused == NULL) {
            (void)view_cut(&after, '\n', &next);
            refused = line_of_apache(view_trim(line), view_trim(next));
        }
        if (refused != NULL)
            return refused;
    }
    return NULL;
}
