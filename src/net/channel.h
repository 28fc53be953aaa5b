#pragma once
/*
 * The privileged end of the socket to the network process: questions out, answers in, from many threads.
 *
 * Knows frames, ids, interrupts and what it means when the other side goes or lies; knows nothing of HTTP. There is no
 * reading thread: of the threads that wait, one reads for all, and hands that duty on when its own answer is there.
 */
#include <sys/types.h>

#include "net/wire.h"

struct channel;

/* Takes over fd (a connected stream socket) and the duty to reap pid, its process. */
struct channel *channel_new(int fd, pid_t pid) __attribute__((returns_nonnull));
/* Closes the socket, which ends the process, and reaps it. No call may be under way. */
void channel_free(struct channel *channel);
DEFINE_AUTO(struct channel, channel_free)

/* An id that no question under way has; never 0. */
uint32_t channel_next_id(struct channel *channel);

struct answer {
    struct buf bytes;        /* owned */
    struct wire_frame frame; /* borrows from bytes */
};

void answer_clear(struct answer *answer);
static inline void answer_clear_at(struct answer *answer)
{
    answer_clear(answer);
}

/*
 * Sends a question (a whole frame with that id), with descriptors if there are any; they stay the caller's. The answer
 * must then be waited for: of a process that has gone meanwhile it says why. ERROR_NETWORK when the connection was seen
 * to be broken or nothing can be sent any more, ERROR_CANCELED when a signal came and this thread is
 * not shielded.
 */
MUST_USE bool channel_send(
    struct channel *channel, uint32_t id, struct view frame, const int *fds, size_t fd_count, struct error *err);

/*
 * Waits for the answer to that question, at most timeout_ms (the process keeps the finer time-outs; this one is for a
 * process that does not answer at all, and ends the connection). An answer of another type than `expected` fails: a
 * FAILED with what it says, any other as a lie. ERROR_CANCELED on an interrupt; the question is then taken back.
 */
MUST_USE bool channel_wait(
    struct channel *channel, uint32_t id, uint8_t expected, int timeout_ms, struct answer *out, struct error *err);

/* Ends an exchange of whose answer there is more. Nothing is answered to that. */
void channel_cancel(struct channel *channel, uint32_t id);

/* Permits so many more visits (MESSAGE_VISIT), which are logged. Call before the question that leads to them is sent.
 */
void channel_expect_visits(struct channel *channel, uint32_t count);

/* Ends the connection because an answer could not be read; all who wait fail with that. Returns false. */
bool channel_violated(struct channel *channel, const char *how, struct error *err);
