#pragma once
/*
 * The challenges that a web server answers at the moment, for all orders of a run. In the clerk's thread alone.
 *
 * They are a temporary checkpoint (web/commit.h): each call that adds some is one edit of the files and one reload.
 * What is added later stays beside what is there; once the last one is dropped, all files are as they were.
 */
#include "webplugin/answering.h"

struct web_live {          /* zero: none */
    struct web_answer *at; /* owned */
    size_t count, size;
};
void web_live_clear(struct web_live *live); /* touches no file */

struct web_plugin; /* webplugin/plugin.h */

/* Whether some are in place: then the server's lock is kept (clerk_work->keeps_lock). */
bool web_challenges_are_live(const struct web_plugin *plugin);

/* As installer->commit, of plans for challenges alone (struct web_challenge_plan). */
MUST_USE bool web_challenges_put(
    struct web_plugin *plugin, void *const *plans, size_t count, struct error **each, struct error *err);

/* These are not to be answered any more, by host and token; the last of all have the files restored, which the server
 * is told by the next reload (web/commit.h). Those that are not in place are no error. False: something could not be
 * restored; the next call tries again. */
MUST_USE bool web_challenges_drop(
    struct web_plugin *plugin, const struct web_answer *answers, size_t count, struct error *err);

/* Takes all of them out of the files for a moment, of which the server is not told, and puts them in again, unless they
 * are: around a change that is to stay. Nothing in place: nothing is done. */
MUST_USE bool web_challenges_suspend(struct web_plugin *plugin, struct error *err);
MUST_USE bool web_challenges_resume(struct web_plugin *plugin, struct error *err);
