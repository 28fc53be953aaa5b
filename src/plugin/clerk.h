#pragma once
/*
 * The clerk of a server: one thread that changes its configuration, for all who want something of it in this run.
 *
 * Whoever has plans hands them in and waits. The clerk takes the server's lock, which belongs to his thread, undoes
 * what a run that was killed has left, and puts all that has come meanwhile into effect as one group: one test, one
 * reload, however many plans. Once nothing waits any more, he gives the lock back. He asks the user nothing, and takes
 * no lock of a lineage: those who wait for him may hold one.
 *
 * Nothing is queued but what somebody waits for, so that the queue is never longer than there are threads.
 */
#include "plugin/server_lock.h"

struct clerk_desk { /* what he does, in his thread, with the server's lock in hand */
    /* What a run that was killed has left half done is undone; each time the lock was taken. NULL: there is none. */
    bool (*recover)(void *self, struct error *err);
    bool (*commit)(void *self, void *const *plans, size_t count, struct error **each, struct error *err); /* as in
        plugin/installer.h */
};

struct clerk;

/* self is borrowed until clerk_free; place is copied. The thread starts with the first who wants something. */
struct clerk *clerk_new(const struct server_place *place, const struct clerk_desk *desk, void *self)
    __attribute__((returns_nonnull));
void clerk_free(struct clerk *clerk); /* nobody waits for him any more; NULL is fine */
DEFINE_AUTO(struct clerk, clerk_free)

/*
 * Puts plans into effect; results as of installer->commit. Of a group that fails, those plans that are told to be the
 * cause fail, and the others are tried without them. ERROR_CANCELED when the user interrupts before it has begun; from
 * then on the desk decides: where one of those who wait is shielded from interrupts, so is the desk.
 */
MUST_USE bool clerk_commit(
    struct clerk *clerk, void *const *plans, size_t count, struct error **each, struct error *err);

/* Does work(arg) alone, in the same way. work NULL: no more than to take the lock, and to undo what was left. */
MUST_USE bool clerk_call(struct clerk *clerk, bool (*work)(void *arg, struct error *err), void *arg, struct error *err);

/* How many wait and are not served yet: a test cannot see otherwise when a thread has begun to wait. */
size_t clerk_waiting(struct clerk *clerk);
