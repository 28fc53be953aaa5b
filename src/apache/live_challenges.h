#pragma once
/*
 * The challenges that an Apache answers at the moment, for all orders of a run. In the clerk's thread alone.
 *
 * They are a temporary checkpoint (web/commit.h): each call that adds some is one edit of the files and one reload.
 * What is added later stays beside what is there; once the last one is dropped, all files are as they were.
 */
#include "apache/challenge.h"
#include "apache/plan.h"

struct apache_challenge_plan {  /* of one order; kept by it until the commit returns */
    enum apache_plan_kind kind; /* APACHE_PLAN_CHALLENGE */
    struct apache_proof *proofs;
    struct apache_spot *spots; /* one for each: set by the commit */
    size_t count;
};

/* As installer->commit, of plans for challenges alone. */
MUST_USE bool apache_commit_challenges(
    struct apache_server *server, void *const *plans, size_t count, struct error *err);

/* Whether some are in place: then the server's lock is kept (clerk_work->keeps_lock). */
bool apache_challenges_are_live(const struct apache_server *server);

/* These are not to be answered any more; the last of all have the files restored, which the server is told by the next
 * reload (web/commit.h). Those that are not in place are no error. False: something could not be restored; the next
 * call tries again. */
MUST_USE bool apache_challenges_drop(
    struct apache_server *server, const struct apache_proof *proofs, size_t count, struct error *err);

/* Takes all of them away for a moment, restoring the files, and puts them in place again: around a change that is to
 * stay. Nothing in place: nothing is done. */
MUST_USE bool apache_challenges_suspend(struct apache_server *server, struct error *err);
MUST_USE bool apache_challenges_resume(struct apache_server *server, struct error *err);

void apache_challenges_free(struct apache_live *live); /* NULL is fine; touches no file */
