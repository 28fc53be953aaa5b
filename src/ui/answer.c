#include "ui/answer.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "base/text.h"

#define PATIENCE_MS ((int64_t)10 * 3600 * 1000) /* as long as Certbot waits */

static bool no_answer(struct error *err)
{
    (void)error_set(err, ERROR_CANCELED, "the input ended before the question was answered");
    return error_next(err, "answer in a terminal, or say it on the command line and add --non-interactive");
}

/* Until standard input has something, which may be its end. */
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

bool answer_read(char **out, struct error *err)
{
    AUTO(buf_clear) struct buf line = BUF(ANSWER_MAX);
    AUTO(free) char *shown = NULL;
    bool too_long = false;
    struct view text;

    if (!read_line(&line, &too_long, err)) {
        if (isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1)
            (void)!write(STDOUT_FILENO, "\n", 1); /* leave the line with the question on it */
        return false;
    }
    text = view_trim(buf_view(&line));
    shown = text_printable_dup(text, ANSWER_MAX, false);
    if (too_long || !view_is(text, shown))
        *out = NULL;
    else
        *out = TAKE(shown);
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
