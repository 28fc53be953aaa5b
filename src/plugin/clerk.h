#pragma once
/*
 * The clerk of a server: one thread that changes its configuration, for all threads of this run.
 *
 * A thread that has plans submits them and waits. The clerk takes the server's lock, which belongs to its thread,
 * undoes what a run that was killed has left, and puts all that has been submitted meanwhile into effect as one group:
 * one test, one reload, however many plans. Where threads say that others may come with the like, it waits for these a
 * moment first. Once nothing waits any more, it gives the lock back. What it has left for later commits to do along is
 * done at the latest when it ends. It asks the user nothing, and takes no lock of a lineage: the threads that wait for
 * it may hold one.
 *
 * Nothing is queued but what some thread waits for, so that the queue is never longer than there are threads.
 */
#include <errno.h>

#include "plugin/company.h"
#include "plugin/server_lock.h"

struct clerk_work { /* called in the clerk's thread, which holds the server's lock */
    /* Undoes what a killed run left half done. Called each time the lock has been taken. NULL: nothing to undo. */
    bool (*recover)(void *self, struct error *err);
    /* As in plugin/installer.h. Where it fails, no plan is known as the cause, and err->sys is CLERK_DIVIDE, halves of
     * the group are tried: nothing of it has reached the server. */
#define CLERK_DIVIDE EAGAIN
    bool (*commit)(void *self, void *const *plans, size_t count, struct error **each, struct error *err);
    /* Whether something is in place that must not be undone by others, such as a challenge that the CA is to look at:
     * then the lock is kept though nothing waits. NULL: there is no such thing. */
    bool (*keeps_lock)(void *self);
    /* Whether something was left that a commit would have done along, such as telling the server of what was taken
     * away. Called without the lock, once no work comes any more. NULL: nothing is ever left. */
    bool (*owes)(void *self);
    bool (*settle)(void *self, struct error *err); /* does that; shielded from interrupts */
};

struct clerk;

/* self is borrowed until clerk_free; server is copied. timeout_s as in server_lock_take. The thread starts with the
 * first submission. */
struct clerk *clerk_new(const struct server_id *server, int timeout_s, const struct clerk_work *work, void *self)
    __attribute__((returns_nonnull));
void clerk_free(struct clerk *clerk); /* no thread waits for it any more; NULL is fine */
DEFINE_AUTO(struct clerk, clerk_free)

/*
 * Puts plans into effect; results as of installer->commit. Of a group that fails, the plans reported as the cause fail,
 * and the others are tried without them; where none is reported, it is looked for by halves (CLERK_DIVIDE).
 * ERROR_CANCELED when the user interrupts before it has begun (a thread that is shielded from interrupts: while another
 * run has the server); from then on commit decides; it is shielded from interrupts where one of the threads that wait
 * is.
 */
MUST_USE bool clerk_commit(
    struct clerk *clerk, void *const *plans, size_t count, struct error **each, struct error *err);

/*
 * The same, but others that come with plans are waited for before the group is taken: as long as company says that some
 * may come, the last one came less than CLERK_QUIET_MS ago, the first less than CLERK_GATHER_MS, and nothing waits that
 * is not to wait for others. It is told that this one has arrived as soon as its plans are in the queue.
 */
#define CLERK_QUIET_MS 1000
#define CLERK_GATHER_MS (20 * 1000)
MUST_USE bool clerk_commit_together(struct clerk *clerk, void *const *plans, size_t count,
    const struct company *company, struct error **each, struct error *err);

/* Calls call(arg) alone, in the same way. call NULL: no more than to take the lock, and to undo what was left. */
MUST_USE bool clerk_call(struct clerk *clerk, bool (*call)(void *arg, struct error *err), void *arg, struct error *err);
/* The same behind all plans that wait, also those that wait for others: what call ends may be of use to them. */
MUST_USE bool clerk_call_last(
    struct clerk *clerk, bool (*call)(void *arg, struct error *err), void *arg, struct error *err);

/* Number of threads that wait and are not served yet: a test cannot see otherwise when one has begun to wait. */
size_t clerk_waiting(struct clerk *clerk);
