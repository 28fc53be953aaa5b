#pragma once
/*
 * Steps of a description, carried out: one request each, tried again when the service is busy, its reply read and
 * judged.
 */
#include "tree/reply.h"
#include "recipe/service.h"

#define OPERATION_MS (5 * 60 * 1000) /* of one change of records, all in all */
#define LOG_OUT_MS (30 * 1000)

struct work { /* one operation on a service */
    struct service *service;
    struct vars vars;    /* what is known; outer are the service's keys */
    int64_t deadline_ms; /* by outside.monotonic_ms */
    bool looks;          /* the caller can tell whether a change was made: STEP_UNCLEAR */
    unsigned unclear;    /* how often that was left open */
    bool once;           /* each request is made once: what is sent again might be there twice */
    bool nobody;         /* no server near the machine answered, whose credentials were wanted */
};

/* Begins an operation of at most OPERATION_MS. */
struct work work_begin(struct service *service);
/* Its time begins only now: what went by before was spent waiting for others. */
void work_restart(struct work *work);
/* A part of an operation, with variables of its own above those of the whole. */
struct work work_inside(const struct work *outer);
void work_end(struct work *work);
static inline void work_end_at(struct work *work)
{
    work_end(work);
}
/* ERROR_NETWORK once its time is over, ERROR_CANCELED when the user interrupts. */
MUST_USE bool work_check(const struct work *work, struct error *err);
MUST_USE bool work_sleep(const struct work *work, int64_t ms, struct error *err);

enum step_result {
    STEP_DONE,
    STEP_ABSENT,
    STEP_LEFT_OUT,
    /* Where work->looks: an error of the server left open whether it has done what may not be done twice (POST, PATCH;
     * RFC 9110 section 9.2.2). It was waited already: the caller looks, and repeats what was not done. */
    STEP_UNCLEAR,
};

/*
 * Carries a step out; what it gets is set in work->vars. address: instead of that of the step, or NULL. reply: what
 * came, for the caller's reply_clear; zero or cleared before. Errors are ERROR_PLUGIN for what the service refuses, in
 * its words, ERROR_NETWORK for what did not come, and show no secret.
 */
MUST_USE bool step_run(struct work *work, const struct value *step, const char *address, struct reply *reply,
    enum step_result *result, struct error *err);
/* The same of a step or a list of steps, whose replies are of no further use; NULL is none. What is absent is an error.
 */
MUST_USE bool steps_run(struct work *work, const struct value *steps, struct error *err);

void service_log_out(struct service *service); /* at the end of a run; failures are logged */
