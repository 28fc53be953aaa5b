#pragma once
/*
 * The challenges that an nginx answers at the moment, for all orders of a run. In the clerk's thread alone.
 *
 * They are a temporary checkpoint (web/commit.h): each call that adds some is one edit of the files and one reload.
 * What is added later stays beside what is there; once the last one is dropped, all files are as they were.
 */
#include "nginx/challenge.h"
#include "nginx/server.h"

struct nginx_challenge_plan { /* of one order; kept by it until the commit returns */
    struct nginx_plan plan;   /* NGINX_PLAN_CHALLENGE */
    struct nginx_answer *answers;
    struct nginx_spot *spots; /* one for each: set by the commit */
    size_t count;
};

/* Whether some are in place: then the server's lock is kept (clerk_work->keeps_lock). */
bool nginx_challenges_are_live(const struct nginx_server *server);

/* These are not to be answered any more; the last of all have the files restored, which the server is told by the next
 * reload (web/commit.h). Those that are not in place are no error. False: something could not be restored; the next
 * call tries again. */
MUST_USE bool nginx_challenges_drop(
    struct nginx_server *server, const struct nginx_answer *answers, size_t count, struct error *err);

/* Takes all of them away for a moment, restoring the files, and puts them in place again: around a change that is to
 * stay. Nothing in place: nothing is done. */
MUST_USE bool nginx_challenges_suspend(struct nginx_server *server, struct error *err);
MUST_USE bool nginx_challenges_resume(struct nginx_server *server, struct error *err);

void nginx_challenges_free(struct nginx_challenges *challenges); /* NULL is fine; touches no file */
