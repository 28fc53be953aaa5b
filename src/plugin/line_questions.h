#pragma once
/*
 * Writer of the questions to third-party plugins (docs/plugins.md). Their answers are read by plugin/line_protocol.h.
 */
#include "plugin/line_protocol.h"

/* Questions, each with its line feed, appended to `to`, which should hold LINE_MAX_QUESTION and be secret. */
void line_put_describe(struct buf *to);

/*
 * The options of the plugin `name` are picked from all that settings have. In version 1 proofs are all that were
 * presented for LINE_WAIT, one for LINE_PRESENT and LINE_CLEANUP. What present left in proof->output goes along as the
 * state.
 */
void line_put_challenges(struct buf *to, enum line_request request, const struct line_description *about,
    const char *name, const struct settings *settings, struct proof *const *proofs, size_t count);
void line_put_deploy(struct buf *to, const struct line_description *about, const char *name,
    const struct settings *settings, const char *domain, const struct pair *pair);
/* Writes a request that has no members of its own: LINE_RELOAD, LINE_RECOVER. */
void line_put_request(struct buf *to, enum line_request request, const struct line_description *about, const char *name,
    const struct settings *settings);
/* Version 2. The question may be longer than others: LINE_MAX_INSTALL. */
void line_put_install(struct buf *to, const struct line_description *about, const char *name,
    const struct settings *settings, const struct deployment *const *deployments, size_t count);
void line_put_rollback(struct buf *to, const struct line_description *about, const char *name,
    const struct settings *settings, int checkpoints);
