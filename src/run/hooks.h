#pragma once
/*
 * The user's commands around issuance: pre-, deploy- and post-hooks, from options and from CONF/renewal-hooks.
 *
 * A failing hook is reported and changes nothing else.
 */
#include "run/context.h"

/* The hooks that settings name must exist and be executable, unless --disable-hook-validation. */
MUST_USE bool hooks_check(const struct settings *settings, struct error *err);

/* Whether a command is to be run before an attempt; true also when that cannot be determined. */
bool hooks_are_before(struct context *context);
/* Whether those before an attempt and after it may be run: ERROR_CONFIG when others may write one of them, or add one.
 * Runs none. */
MUST_USE bool hooks_may_run(struct context *context, struct error *err);
/* Runs the hooks before an attempt. Each command runs once in a run of the program; other threads wait until it has. */
MUST_USE bool hooks_before(struct context *context, struct error *err);

/* The deploy hooks of the settings and of the directory, in the order in which they run, perhaps one of them twice. */
MUST_USE bool hooks_for_deploy(struct context *context, struct list *commands, struct error *err);

/* Remembers the deploy hooks that have run for a certificate; note_run is called after each, with its exit status. */
struct hook_memory {
    bool (*has_run)(void *arg, const char *command);
    void (*note_run)(void *arg, const char *command, int status);
    void *arg;
};

/* Runs deploy hooks after a certificate was saved; each once, all of them also after Ctrl-C. In a dry run only with
 * --run-deploy-hooks. memory NULL: runs all, and remembers none. */
MUST_USE bool hooks_deploy(struct context *context, const char *live_dir, const struct list *names,
    const struct hook_memory *memory, struct error *err);

/* Call after an attempt, however it ended: `renew` remembers the commands for hooks_at_end, others run them at once,
 * also one that is given twice. names: of the certificate that was issued, if any. */
MUST_USE bool hooks_after(struct context *context, const struct list *names, struct error *err);

/* The post-hooks that `renew` remembered, each once. */
MUST_USE bool hooks_at_end(
    struct context *context, const struct list *renewed, const struct list *failed, struct error *err);
