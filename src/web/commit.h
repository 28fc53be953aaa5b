#pragma once
/*
 * Changes of a server's configuration as one transaction: all of it in effect and seen to work, or nothing.
 *
 * Knows the order of test, journal, writing, reload and comparison; knows no syntax. Called by the clerk, which holds
 * the server's lock (plugin/clerk.h).
 */
#include "voice/voice.h"
#include "web/changes.h"
#include "web/control.h"
#include "web/verify.h"

/* What is asked of the server: the functions of web/control.h and web/verify.h, or a test's. */
struct web_calls {
    bool (*test)(const struct web_server *server, struct error *err);
    bool (*reload)(const struct web_server *server, struct web_log *log, struct error *err);
    bool (*verify)(struct net *net, const struct expected *expected, size_t count, const struct web_log *log,
        int64_t limit_ms, struct error **each, struct error *err);
};
extern const struct web_calls web_calls_real;

struct web_service { /* borrowed */
    const struct web_server *server;
    const struct voice *voice;
    const char *work_dir;          /* where Certbot's checkpoints are */
    const struct web_calls *calls; /* NULL: web_calls_real */
    /* Challenges that are to be answered while something else changes: puts them in, by web_temporary, which leaves the
     * reload to web_commit, just before that. What fails is taken back, and them with it. NULL: there are none. */
    bool (*put_beside)(void *arg, struct error *err);
    void *beside;
};

struct web_commit { /* borrowed */
    const struct web_service *service;
    struct changes *changes;
    bool tested; /* the configuration test has passed a moment ago, on the files as they were read: not repeated */
    bool force_reload;   /* also where nothing is to be changed: renewed files have to be read */
    struct web_log *log; /* of web_temporary, for web_poll_challenge: what the server says from the reload on; the
                            caller's, for web_log_clear. NULL: not wanted */
    struct net *net;     /* what follows is for web_commit only */
    const struct expected *expected; /* what the server must show after the reload */
    size_t expected_count;
    struct error **each; /* one for each expected, NULL before: set where it is the cause; the caller's. May be NULL */
    int64_t verify_ms;   /* how long new workers may take */
};

/*
 * Tests the configuration as it is, writes a journal (IN_PROGRESS) and the changes, tests again, reloads once, compares
 * what the server shows with what is expected, and makes the journal one checkpoint for each stage. Nothing to change:
 * nothing is done, or with force_reload a test, the reload and the comparison.
 *
 * False: all files are as they were, and the server runs with them (a server that had ended is started; one that was
 * stopped before, and could not be started, is left so). The message
 * says what was refused, and that it was taken back; err->sys is EAGAIN where the test refused it, so that the server
 * knows nothing of it: less of it may pass. ERROR_CANCELED after Ctrl-C, likewise taken back; where not all
 * could be taken back, err->next says what to do, and the journal stays for the next run.
 *
 * A server that was stopped is started, as Certbot does: what was installed is to be seen working.
 */
MUST_USE bool web_commit(const struct web_commit *commit, struct error *err);

/*
 * The same for a challenge: journal in temp_checkpoint, which stays until web_temporary_end; no comparison (ask for the
 * challenge, web/verify.h). May be called again meanwhile, adding to what is in place; what fails takes back all of it,
 * of which the server is told as by web_temporary_end where it has not been told of what is new.
 */
MUST_USE bool web_temporary(const struct web_commit *commit, struct error *err);
/* Restores the files of before the challenge, and leaves it to the next reload, whatever that is for, to tell the
 * server: web_tell where none comes. Nothing in place: nothing is done. Not interrupted by Ctrl-C. False: some file
 * could not be restored; the next call tries again. */
MUST_USE bool web_temporary_end(const struct web_service *service, struct error *err);
/* Whether a challenge is in place. */
bool web_holds_challenge(const struct web_service *service);
/* Whether this server still has to be told of that: by this run, or by one that was killed. */
bool web_has_to_tell(const struct web_service *service);
/* Reloads if so, unless it was stopped meanwhile. Not interrupted by Ctrl-C. False: it could not be reloaded; later
 * runs try again. */
MUST_USE bool web_tell(const struct web_service *service, struct error *err);

/* Whether a challenge, or changes without a title, are in place. One look at two directories. */
bool web_is_unfinished(const struct web_service *service);
/* What a killed run has left: temp_checkpoint, then IN_PROGRESS are restored, and the server whose files they are is
 * reloaded (a failure of that is a warning: the test of what comes next tells more). One that is stopped stays so, but
 * where it may have ended of what was left: it was running when that began. Where it only has to be told, that is left
 * to web_tell. Quick when there is nothing. */
MUST_USE bool web_recover(const struct web_service *service, struct error *err);

/*
 * Takes the newest `count` checkpoints of this server back, newest first, tests and reloads. More than there are, or
 * none, is a warning, and so is a newer one of another server, which stays. What somebody else has written into a file
 * since is taken back as well, but kept in a directory beside, with a warning that says where. False: everything is as
 * it was; but where the configuration test failed before already, what was taken back stays so. Then, too, *err says
 * that the server refuses its configuration still, or could not be reloaded, and titles has something. opposite: the
 * command that takes an undo command of a checkpoint back (a2dismod -f ssl: a2enmod ssl), false where there is none;
 * NULL: there never is. titles: gets what was taken back, for web_rollback_tell; NULL: not wanted.
 */
MUST_USE bool web_rollback(const struct web_service *service, int count,
    bool (*opposite)(const struct list *undo, struct list *out), struct list *titles, struct error *err);
struct ui; /* ui/ui.h */
/* Tells the user of it, if of anything; Certbot's is silent, and so are we by its name. */
void web_rollback_tell(const struct web_service *service, struct ui *ui, const struct list *titles);
