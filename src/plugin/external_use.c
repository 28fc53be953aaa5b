/*
 * A third-party plugin at work, as authenticator or installer.
 *
 * One process of it serves one order; after a failure it is ended, and what is still to be asked goes to a new one.
 * Values travel in its input only: nothing that a server sent is part of a command or an environment.
 */
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "plugin/builtin.h"
#include "plugin/external.h"

#define PATIENCE_MS 2000 /* for a plugin to end when it is no longer needed */
#define HURRY_MS 1       /* for one that went wrong, before it is told to end */

struct use {
    const struct external *external;
    const struct settings *settings;
    struct pipe_child *child; /* NULL when none runs */
    struct proof **presented; /* and not cleaned up yet */
    size_t count;
};

static void hang_up(struct use *use, int64_t patience_ms)
{
    if (use->child == NULL)
        return;
    external_log_said(use->external->plugin.name, use->child);
    pipe_child_close(use->child, patience_ms);
    use->child = NULL;
}

static bool call(
    struct use *use, enum line_request request, const struct buf *question, struct buf *answer, struct error *err)
{
    if (question->failed)
        return error_set(err, ERROR_PLUGIN, "the question is longer than %d bytes", LINE_MAX_QUESTION);
    if (use->child == NULL) {
        AUTO(free) char *dir = file_dirname(use->external->path);

        TRY(external_check_file(dir, file_basename(use->external->path), NULL, err)); /* it may be hours since */
        TRY(pipe_child_start(use->external->path, &use->child, err));
    }
    if (!pipe_child_ask(
            use->child, buf_view(question), (int64_t)use->external->about.limit_s[request] * 1000, answer, err)) {
        hang_up(use, HURRY_MS);
        return false;
    }
    external_log_said(use->external->plugin.name, use->child);
    return true;
}

static bool ask(struct use *use, enum line_request request, const struct buf *question, char **state, struct error *err)
{
    AUTO(buf_clear) struct buf answer = BUF_SECRET(LINE_MAX_ANSWER);
    const char *name = use->external->plugin.name;

    log_debug("asking the plugin %s to %s", name, line_request_name(request));
    if (!call(use, request, question, &answer, err))
        return error_in(err, "plugin %s, %s", name, line_request_name(request));
    if (line_read_answer(buf_view(&answer), state, err))
        return true;
    hang_up(use, PATIENCE_MS);
    return error_in(err, "plugin %s, %s", name, line_request_name(request));
}

static bool prepare(const struct plugin_context *context, void **self, struct error *err)
{
    struct use *use = xcalloc(1, sizeof *use);

    (void)err;
    use->external = external_of(context->plugin);
    use->settings = context->settings;
    *self = use;
    return true;
}

static void release(void *self)
{
    struct use *use = self;

    if (use == NULL)
        return;
    hang_up(use, PATIENCE_MS);
    free(use->presented);
    free(use);
}

/* ---- authenticator ---- */

static bool ask_about(struct use *use, enum line_request request, struct proof *const *proofs, size_t count,
    char **state, struct error *err)
{
    AUTO(buf_clear) struct buf question = BUF_SECRET(LINE_MAX_QUESTION);

    line_put_challenges(
        &question, request, &use->external->about, use->external->plugin.name, use->settings, proofs, count);
    return ask(use, request, &question, state, err);
}

static bool present(void *self, struct proof *proof, struct error *err)
{
    struct use *use = self;
    char *state = NULL;

    if (text_equal(proof->type, "http-01"))
        TRY(proof_check_http(proof, err));
    else if (proof->record_name == NULL || proof->record_value == NULL)
        return error_set(err, ERROR_INTERNAL, "a %s challenge cannot be solved with a TXT record", proof->type);
    use->presented = xrealloc(use->presented, use->count + 1, sizeof(struct proof *));
    use->presented[use->count++] = proof;
    TRY(ask_about(use, LINE_PRESENT, &proof, 1, &state, err));
    free(proof->output);
    proof->output = state;
    return true;
}

static bool wait_for_all(void *self, struct error *err)
{
    struct use *use = self;

    return use->count == 0 || ask_about(use, LINE_WAIT, use->presented, use->count, NULL, err);
}

static bool cleanup(void *self, struct proof *proof, struct error *err)
{
    struct use *use = self;
    size_t at = 0;

    while (at < use->count && use->presented[at] != proof)
        at++;
    if (at == use->count)
        return true;
    use->count--;
    memmove(&use->presented[at], &use->presented[at + 1], (use->count - at) * sizeof(struct proof *));
    return ask_about(use, LINE_CLEANUP, &proof, 1, NULL, err);
}

static char *hint(void *self, const char *type)
{
    const struct use *use = self;

    if (use->external->about.hint != NULL)
        return xstrdup(use->external->about.hint);
    return xprintf("The plugin %s was to put the proof in place. Check with its documentation that %s.",
        use->external->plugin.name,
        text_equal(type, "http-01") ? "the web server on port 80 of each name delivers what it writes"
                                    : "the TXT records reach every name server of the domain");
}

const struct authenticator external_authenticator = {
    .prepare = prepare,
    .present = present,
    .wait = wait_for_all,
    .cleanup = cleanup,
    .release = release,
    .waits_long = true,
    .hint = hint,
};

/* ---- installer ---- */

static bool ask_deployment(
    struct use *use, enum line_request request, const struct deployment *deployment, struct error *err)
{
    AUTO(buf_clear) struct buf question = BUF_SECRET(LINE_MAX_QUESTION);

    line_put_deployment(&question, &use->external->about, use->external->plugin.name, use->settings, deployment);
    return ask(use, request, &question, NULL, err);
}

static bool deploy(void *self, const struct deployment *deployment, struct error *err)
{
    return ask_deployment(self, LINE_DEPLOY, deployment, err);
}

static bool restart(void *self, struct error *err)
{
    return ask_deployment(self, LINE_RELOAD, NULL, err);
}

/* The protocol has no enhancements and no checkpoints: a plugin keeps what it deploys by itself. */
static bool supports(void *self, enum enhancement enhancement)
{
    (void)self;
    (void)enhancement;
    return false;
}

static bool enhance(void *self, const char *domain, enum enhancement enhancement, struct error *err)
{
    const struct use *use = self;

    return error_set(err, ERROR_PLUGIN, "The %s plugin cannot add %s for %s", use->external->plugin.name,
        enhancement_name(enhancement), domain);
}

static bool save(void *self, const char *title, struct error *err)
{
    (void)self;
    (void)title;
    (void)err;
    return true;
}

static void recover(void *self)
{
    (void)self;
}

static bool rollback(void *self, int checkpoints, struct error *err)
{
    const struct use *use = self;

    (void)checkpoints;
    return error_set(err, ERROR_PLUGIN, "The %s plugin keeps no checkpoints", use->external->plugin.name);
}

const struct installer external_installer = {
    .prepare = prepare,
    .deploy = deploy,
    .supports = supports,
    .enhance = enhance,
    .save = save,
    .restart = restart,
    .recover = recover,
    .rollback = rollback,
    .release = release,
};
