#pragma once
/*
 * The requests to third-party plugins and their answers: one JSON object on a line each (docs/plugins.md).
 *
 * Reader of the answers; knows nothing of processes. Strict in shape, tolerant of members that a later version may add.
 * Errors are ERROR_PLUGIN and say what is wrong with the answer. The questions are written by plugin/line_questions.h.
 */
#include "config/settings.h"
#include "json/out.h"
#include "plugin/plugin.h"

#define LINE_VERSION_ONE 1             /* one challenge at a time */
#define LINE_VERSION_MAX 2             /* all challenges of an order at once */
#define LINE_MAX_ANSWER (64 * 1024)    /* bytes */
#define LINE_MAX_RESULTS (1024 * 1024) /* bytes of an answer about many challenges */
#define LINE_MAX_QUESTION (4 * 1024 * 1024)
#define LINE_MAX_INSTALL (64 * 1024 * 1024) /* the question about all that a run has installed */
#define LINE_MAX_OPTIONS 64
#define LINE_MAX_STATE 4096
#define LINE_DESCRIBE_LIMIT_S 10 /* the others are for the plugin to choose */

enum line_request {
    LINE_DESCRIBE,
    LINE_PRESENT,
    LINE_WAIT,
    LINE_CLEANUP,
    LINE_SWEEP,
    LINE_DEPLOY,
    LINE_RELOAD,
    LINE_RECOVER,
    LINE_INSTALL,
    LINE_ROLLBACK,
    LINE_REQUEST_COUNT
};

struct line_option {
    char *name; /* "root" */
    char *help; /* one line, printable */
    bool required;
};

struct line_description { /* a plugin's answer to describe */
    int version;          /* the highest that both sides speak */
    char *description;    /* one line, printable */
    char *hint;           /* what to check when the CA could not verify; NULL: nothing */
    bool authenticator, installer;
    struct list types;     /* challenge types, best first; of version 1 those that belong to it */
    unsigned enhancements; /* set of ENHANCEMENT(...) that it can add; none in version 1 */
    struct line_option *options;
    size_t option_count;
    int limit_s[LINE_REQUEST_COUNT]; /* how long an answer may take */
};

const char *line_request_name(enum line_request request); /* "present" */

/* The answer to describe. name: what the plugin has to call itself. */
MUST_USE bool line_read_description(
    struct view line, const char *name, struct line_description *out, struct error *err);
/* Any other answer: {"ok": true}, or the plugin's own words for what went wrong. *state (may be NULL) gets what present
 * wants back at cleanup, NULL for nothing, of the caller's. */
MUST_USE bool line_read_answer(struct view line, char **state, struct error *err);
/*
 * In version 2, the answer to a question about those proofs: each becomes `done`, with the state that the plugin wants
 * back as its output if it gives one, or PROOF_FAILED. False: something is wrong with the answer, or it says no to all
 * of them; then no proof has changed.
 */
MUST_USE bool line_read_results(
    struct view line, struct proof *const *proofs, size_t count, enum proof_state done, struct error *err);

/*
 * In version 2, the answer to LINE_INSTALL about count deployments. each[] (NULL before) gets what is said of single
 * ones; allocated, the caller's. False: nothing is in effect, and *err says why; then each[] tells which are the cause,
 * or nothing where something is wrong with the answer itself.
 */
MUST_USE bool line_read_installed(struct view line, size_t count, struct error **each, struct error *err);

void line_description_clear(struct line_description *description);
static inline void line_description_clear_at(struct line_description *description)
{
    line_description_clear(description);
}
