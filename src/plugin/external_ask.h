#pragma once
/*
 * A third-party plugin at work: questions to a process of its program, and their answers. Shared by what it does as an
 * authenticator (external_prove.c) and as an installer (external_install.c).
 *
 * One process of it serves one order, or one commit; after a failure it is ended, and what is still to be asked goes to
 * a new one. Values travel in its input only: nothing that a server sent is part of a command or an environment.
 */
#include "plugin/external.h"

struct use {
    const struct external *external;
    const struct settings *settings;
    const struct plugin_context *context; /* NULL where no order is served */
    struct pipe_child *child;             /* NULL when none runs */
    bool silent;                          /* it gave no answer to the last question, or could not be asked */
};

/* As struct authenticator wants them. */
MUST_USE bool use_prepare(const struct plugin_context *context, void **self, struct error *err);
void use_release(void *self);
/* The process is not needed any more, and gets two seconds to end; what is asked later goes to another one. */
void use_hang_up(struct use *use);

/*
 * Asks and waits for the answer, a whole line of at most answer->max bytes, starting the program if none runs.
 * ERROR_PLUGIN when it gives none; it is ended then.
 */
MUST_USE bool use_call(
    struct use *use, enum line_request request, const struct buf *question, struct buf *answer, struct error *err);
/* Ends the program after an answer that is malformed or a refusal, and adds plugin and request to the error. Returns
 * false. */
bool use_give_up(struct use *use, enum line_request request, struct error *err);
/* use_call, then line_read_answer for a yes or no with a state; use_give_up when that fails. */
MUST_USE bool use_ask(
    struct use *use, enum line_request request, const struct buf *question, char **state, struct error *err);
