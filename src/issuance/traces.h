#pragma once
/*
 * Traces of proofs (store/trace.h): what a run is about to put in place is recorded before, so that a later run can
 * sweep what is left of it, should this one be cut short.
 *
 * A trace is another run's as long as that holds the lock of its lineage, and is then left alone.
 */
#include "issuance/proofs.h"

struct tracer { /* of one round of proving */
    struct context *context;
    const char *name; /* under which the trace is kept; NULL: there is none */
    const struct solver *solver;
    const struct proofs *proofs;
    char *options;
    bool open;    /* the trace is written */
    bool cleaned; /* what was put in place was to be removed since */
};

/*
 * Writes the trace of all proofs that are to be presented: those that their authenticator could have to sweep. Then
 * tracer_end. Fails when it cannot be written: nothing may be presented then; in a dry run that costs only the trace.
 */
MUST_USE bool tracer_begin(struct tracer *tracer, struct error *err);
/* Writes the trace again, as a proof has got its output (arg: a struct tracer). A failure costs only the output. */
void tracer_note(void *tracer);
/* Call after cleanup: removes the trace, except for proofs that could not be cleaned up. */
void tracer_end(struct tracer *tracer);

/*
 * Sweeps the proofs that an interrupted run has left under that name, whose lock is held: the authenticator of that run
 * removes them, with the options that it was given. Failures are logged, and tried again by later runs, for a week.
 * False, with the cause, when any proof remains.
 */
MUST_USE bool traces_sweep_one(struct context *context, const char *name, struct error *err);
/* The same for all names whose lock can be had at once; ends with an interrupt, and begins with none after two minutes:
 * what is left then is for later runs, or for the next order of its name. */
void traces_sweep(struct context *context);
