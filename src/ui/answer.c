#include "ui/answer.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "base/text.h"

#define PASTE_MS 50                             /* for which the next line of what is pasted is waited */
#define PATIENCE_MS ((int64_t)10 * 3600 * 1000) /* as long as Certbot waits */

static bool no_answer(struct error *err)
{
    (void)error_set(err, ERROR_CANCELED, "the input ended before the question was answered");
    return error_next(err, "answer in a terminal, or say it on the command line and add --non-interactive");
}

/* Waits until standard input has data or ends. */
static bool wait_for_input(int64_t deadline, struct error *err)
{
    for (;;) {
        struct pollfd on[2] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .fd = interrupt_fd(), .events = POLLIN } };
        int64_t left = deadline - clock_monotonic_ms();
        int ready;

        if (interrupt_signal() != 0 && !interrupt_pending())
            on[1].fd = -1; /* shielded: that descriptor stays readable, and we go on */
        TRY(interrupt_check(err));
        if (left <= 0)
            return error_set(err, ERROR_CANCELED, "nobody answered for ten hours");
        ready = poll(on, COUNT(on), left < INT32_MAX ? (int)left : INT32_MAX);
        if (ready < 0 && errno != EINTR)
            return error_errno(err, ERROR_CANCELED, "cannot wait for an answer");
        if (ready > 0 && on[0].revents != 0)
            return interrupt_check(err);
    }
}

/* Byte by byte: what follows the line belongs to others. */
static bool read_line(struct buf *line, bool *too_long, struct error *err)
{
    int64_t deadline = clock_monotonic_ms() + PATIENCE_MS;
    bool any = false;

    for (;;) {
        ssize_t got;
        char byte;

        TRY(wait_for_input(deadline, err));
        got = read(STDIN_FILENO, &byte, 1);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (got <= 0 && !any)
            return no_answer(err); /* or an error: the terminal has gone */
        if (got <= 0 || byte == '\n')
            break;
        any = true;
        buf_put_char(line, byte);
    }
    *too_long = line->failed;
    return true;
}

/* Length of the white space at the beginning of text, 0: none. What is pasted from a page or a table has tabs and
 * blanks that are none in ASCII; those without width count, too: nobody sees them. */
static size_t blank_len(struct view text)
{
    static const char *const blanks[] = {
        " ", "\t", "\v", "\f", "\r", "\xc2\x85", /* U+0085 next line */
        "\xc2\xa0",                              /* U+00A0 no-break space */
        "\xe1\x9a\x80",                          /* U+1680 */
        "\xe2\x80\xa8",                          /* U+2028 line separator */
        "\xe2\x80\xa9",                          /* U+2029 */
        "\xe2\x80\xaf",                          /* U+202F narrow no-break space */
        "\xe2\x81\x9f",                          /* U+205F */
        "\xe2\x81\xa0",                          /* U+2060 word joiner */
        "\xe3\x80\x80",                          /* U+3000 ideographic space */
        "\xef\xbb\xbf",                          /* U+FEFF byte order mark */
    };

    for (size_t i = 0; i < COUNT(blanks); i++)
        if (view_starts(text, blanks[i]))
            return strlen(blanks[i]);
    /* U+2000 to U+200B: spaces of all widths, none among them */
    return view_starts(text, "\xe2\x80") && text.len > 2 && (unsigned char)text.at[2] >= 0x80 &&
                   (unsigned char)text.at[2] <= 0x8b
               ? 3
               : 0;
}

static void put_plain_blanks(struct view line, struct buf *to)
{
    while (line.len > 0) {
        size_t len = blank_len(line);

        buf_put_char(to, len > 0 ? ' ' : line.at[0]);
        len += len == 0;
        line = (struct view){ line.at + len, line.len - len };
    }
}

bool answer_read(char **out, struct error *err)
{
    AUTO(buf_clear) struct buf line = BUF(ANSWER_MAX), plain = BUF(ANSWER_MAX);
    AUTO(free) char *shown = NULL;
    bool too_long = false;
    struct view text;

    if (!read_line(&line, &too_long, err)) {
        if (isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1)
            (void)!write(STDOUT_FILENO, "\n", 1); /* leave the line with the question on it */
        return false;
    }
    put_plain_blanks(buf_view(&line), &plain);
    text = view_trim(buf_view(&plain));
    shown = text_printable_dup(text, ANSWER_MAX, false);
    if (too_long || !view_is(text, shown))
        *out = NULL;
    else
        *out = TAKE(shown);
    return true;
}

/* A terminal hands over what was pasted line by line, the next one at once. */
static bool more_is_there(void)
{
    struct pollfd on = { .fd = STDIN_FILENO, .events = POLLIN };

    return isatty(STDIN_FILENO) == 1 && interrupt_signal() == 0 && poll(&on, 1, PASTE_MS) > 0;
}

bool answer_read_lines(char **out, struct error *err)
{
    AUTO(buf_clear) struct buf all = BUF(ANSWER_LINES_MAX);
    AUTO(free) char *line = NULL;
    struct error end = { 0 };
    bool readable;

    TRY(answer_read(&line, err));
    readable = line != NULL;
    buf_put_text(&all, line != NULL ? line : "");
    while (more_is_there()) {
        AUTO(free) char *next = NULL;

        if (!answer_read(&next, &end))
            break; /* the input has ended behind the answer; an interrupt is seen by whoever goes on */
        readable = readable && next != NULL;
        buf_putf(&all, " %s", next != NULL ? next : "");
    }
    *out = readable && !all.failed ? view_dup(view_trim(buf_view(&all))) : NULL;
    return true;
}

bool answer_means(const char *answer, const char *label)
{
    size_t len = strlen(answer);

    return len > 0 && len <= strlen(label) && strncasecmp(answer, label, len) == 0;
}

bool answer_is_cancel(const char *answer)
{
    return strcasecmp(answer, "c") == 0;
}
