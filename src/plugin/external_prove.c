/*
 * A third-party plugin as authenticator: in version 1 of the protocol it is asked about one proof after the other, in
 * version 2 about all of them at once.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "plugin/builtin.h"
#include "plugin/external_ask.h"
#include "plugin/line_questions.h"

static bool is_old(const struct use *use)
{
    return use->external->about.version == LINE_VERSION_ONE;
}

static bool check(const struct proof *proof, struct error *err)
{
    switch (proof->kind) {
    case PROOF_FILE:
        return proof_check_http(proof, err);
    case PROOF_RECORD:
    case PROOF_STANDING:
        return proof_check_record(proof, err);
    case PROOF_ALPN:
        return true;
    }
    return true;
}

static void put_question(
    const struct use *use, enum line_request request, struct proof *const *proofs, size_t count, struct buf *question)
{
    line_put_challenges(
        question, request, &use->external->about, use->external->plugin.name, use->settings, proofs, count);
}

/* A state that the plugin wants back is to be found after a crash, too. */
static void note_states(const struct use *use, struct proof *const *proofs, size_t count)
{
    const struct plugin_context *context = use->context;
    bool any = false;

    for (size_t i = 0; i < count; i++)
        any = any || proofs[i]->output != NULL;
    if (any && context->note != NULL)
        context->note(context->note_arg);
}

/* ---- version 1 ---- */

static bool ask_one(struct use *use, enum line_request request, struct proof *const *proofs, size_t count, char **state,
    struct error *err)
{
    AUTO(buf_clear) struct buf question = BUF_SECRET(LINE_MAX_QUESTION);

    put_question(use, request, proofs, count, &question);
    return use_ask(use, request, &question, state, err);
}

static bool present_one(void *self, struct proof *proof, struct error *err)
{
    char *state = NULL;

    TRY(check(proof, err));
    TRY(ask_one(self, LINE_PRESENT, &proof, 1, &state, err));
    free(proof->output);
    proof->output = state;
    note_states(self, &proof, 1);
    return true;
}

/* Each answer of "no" is about its proof; a plugin that does not answer is not asked for the others. */
static bool present_each(struct use *use, struct proof *const *proofs, size_t count, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        TRY(proof_each(use, &proofs[i], 1, PROOF_PRESENTED, present_one, err));
        if (use->silent) {
            *err = *proofs[i]->error;
            return false;
        }
    }
    return true;
}

/* Cleans up one proof. An invalid one was never given to the plugin, and is skipped. */
static bool clean_up_one(void *self, struct proof *proof, struct error *err)
{
    struct error ignored = { 0 };

    return !check(proof, &ignored) || ask_one(self, LINE_CLEANUP, &proof, 1, NULL, err);
}

/* Cleans up one after the other. After a refusal or an end of the program the next are tried; a silent plugin is waited
 * for once, not for each. */
static bool clean_up_each(struct use *use, struct proof *const *proofs, size_t count, struct error *err)
{
    int64_t until = clock_monotonic_ms() + (int64_t)use->external->about.limit_s[LINE_CLEANUP] * 1000;

    for (size_t i = 0; i < count; i++) {
        TRY(proof_each(use, &proofs[i], 1, PROOF_WANTED, clean_up_one, err));
        if (use->silent && clock_monotonic_ms() >= until) {
            *err = *proofs[i]->error;
            return false;
        }
    }
    return true;
}

static bool wait_old(struct use *use, struct proof *const *proofs, size_t count, struct error *err)
{
    TRY(ask_one(use, LINE_WAIT, proofs, count, NULL, err));
    for (size_t i = 0; i < count; i++)
        proofs[i]->state = PROOF_READY;
    return true;
}

/* ---- version 2 ---- */

/* The valid proofs, which the plugin may be asked about. An invalid one fails, and leaves nothing behind. */
static struct proof **sift(struct proof *const *proofs, size_t count, enum proof_state done, size_t *good)
{
    struct proof **sifted = xcalloc(count + 1, sizeof(struct proof *));

    *good = 0;
    for (size_t i = 0; i < count; i++) {
        struct error failure = { 0 };

        if (check(proofs[i], &failure))
            sifted[(*good)++] = proofs[i];
        else if (done != PROOF_WANTED)
            proof_fail(proofs[i], &failure);
        else
            proofs[i]->state = PROOF_WANTED;
    }
    return sifted;
}

static void name_plugin(const struct use *use, enum line_request request, struct proof *const *proofs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (proofs[i]->state == PROOF_FAILED)
            (void)error_in(proofs[i]->error, "plugin %s, %s", use->external->plugin.name, line_request_name(request));
}

static bool ask_all(struct use *use, enum line_request request, struct proof *const *proofs, size_t count,
    enum proof_state done, struct error *err)
{
    AUTO(buf_clear) struct buf question = BUF_SECRET(LINE_MAX_QUESTION), answer = BUF_SECRET(LINE_MAX_RESULTS);
    size_t good;
    AUTO(free) struct proof **asked = sift(proofs, count, done, &good);

    if (good == 0)
        return true;
    put_question(use, request, asked, good, &question);
    for (size_t i = 0; i < good; i++)
        if (asked[i]->state == PROOF_WANTED) /* it is cleaned up, whatever the answer */
            asked[i]->state = PROOF_PRESENTED;
    TRY(use_call(use, request, &question, &answer, err));
    if (!line_read_results(buf_view(&answer), asked, good, done, err))
        return use_give_up(use, request, err);
    name_plugin(use, request, asked, good);
    if (done != PROOF_WANTED)
        note_states(use, asked, good);
    return true;
}

/* ---- as plugin/plugin.h wants it ---- */

static bool present(void *self, struct proof *const *proofs, size_t count, struct error *err)
{
    return is_old(self) ? present_each(self, proofs, count, err)
                        : ask_all(self, LINE_PRESENT, proofs, count, PROOF_PRESENTED, err);
}

static bool wait_for_all(void *self, struct proof *const *proofs, size_t count, struct error *err)
{
    return is_old(self) ? wait_old(self, proofs, count, err)
                        : ask_all(self, LINE_WAIT, proofs, count, PROOF_READY, err);
}

static bool cleanup(void *self, struct proof *const *proofs, size_t count, struct error *err)
{
    return is_old(self) ? clean_up_each(self, proofs, count, err)
                        : ask_all(self, LINE_CLEANUP, proofs, count, PROOF_WANTED, err);
}

/* Plugins of version 1 have to clean up what they did not present themselves, too. */
static bool sweep(const struct plugin_context *context, struct proof *const *proofs, size_t count, struct error *err)
{
    void *self = NULL;
    bool ok;

    TRY(use_prepare(context, &self, err));
    ok = is_old(self) ? clean_up_each(self, proofs, count, err)
                      : ask_all(self, LINE_SWEEP, proofs, count, PROOF_WANTED, err);
    use_release(self);
    return ok;
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
    .prepare = use_prepare,
    .present = present,
    .wait = wait_for_all,
    .cleanup = cleanup,
    .sweep = sweep,
    .release = use_release,
    .waits_long = true,
    .hint = hint,
};
