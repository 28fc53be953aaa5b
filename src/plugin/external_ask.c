#include "plugin/external_ask.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"

#define GRACE_MS 2000 /* for a plugin to end when it is no longer needed */
#define HURRY_MS 1    /* for one that went wrong, before it is told to end */

static void hang_up(struct use *use, int64_t grace_ms)
{
    if (use->child == NULL)
        return;
    external_log_said(use->external->plugin.name, use->child);
    pipe_child_close(use->child, grace_ms);
    use->child = NULL;
}

void use_hang_up(struct use *use)
{
    hang_up(use, GRACE_MS);
}

bool use_prepare(const struct plugin_context *context, void **self, struct error *err __attribute__((unused)))
{
    struct use *use = xcalloc(1, sizeof *use);

    use->external = external_of(context->plugin);
    use->settings = context->settings;
    use->context = context;
    *self = use;
    return true;
}

void use_release(void *self)
{
    struct use *use = self;

    if (use == NULL)
        return;
    hang_up(use, GRACE_MS);
    free(use);
}

static bool converse(
    struct use *use, enum line_request request, const struct buf *question, struct buf *answer, struct error *err)
{
    if (question->failed)
        return error_set(err, ERROR_PLUGIN, "the question is longer than %zu bytes", question->max);
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

bool use_call(
    struct use *use, enum line_request request, const struct buf *question, struct buf *answer, struct error *err)
{
    const char *name = use->external->plugin.name;

    log_debug("asking the plugin %s to %s", name, line_request_name(request));
    use->silent = !converse(use, request, question, answer, err);
    if (use->silent)
        return error_in(err, "plugin %s, %s", name, line_request_name(request));
    return true;
}

bool use_give_up(struct use *use, enum line_request request, struct error *err)
{
    hang_up(use, GRACE_MS);
    return error_in(err, "plugin %s, %s", use->external->plugin.name, line_request_name(request));
}

bool use_ask(struct use *use, enum line_request request, const struct buf *question, char **state, struct error *err)
{
    AUTO(buf_clear) struct buf answer = BUF_SECRET(LINE_MAX_ANSWER);

    TRY(use_call(use, request, question, &answer, err));
    return line_read_answer(buf_view(&answer), state, err) || use_give_up(use, request, err);
}
