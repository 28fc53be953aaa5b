#pragma once
/*
 * For tests: an installer that writes down what it is asked, and fails where a row says so. Included by test programs
 * only.
 */
#include "lifecycle/install.h"
#include "run/stage.h"

static struct buf calls;
static const char *can;   /* the enhancements it supports: "redirect hsts" */
static const char *fails; /* the call that fails: "commit a.test"; NULL: none does */

__attribute__((unused)) static bool called(struct error *err, const char *what, const char *of)
{
    char call[128];

    (void)snprintf(call, sizeof call, "%s%s%s", what, *of != '\0' ? " " : "", of);
    buf_putf(&calls, "%s%s", calls.len > 0 ? ", " : "", call);
    return fails == NULL || strcmp(call, fails) != 0 || error_set(err, ERROR_PLUGIN, "no %s", call);
}

__attribute__((unused)) static bool play_recover(const struct plugin_context *context, struct error *err)
{
    (void)context;
    return called(err, "recover", "");
}

__attribute__((unused)) static bool play_prepare(const struct plugin_context *context, void **self, struct error *err)
{
    (void)context;
    *self = &calls;
    return called(err, "prepare", "");
}

__attribute__((unused)) static bool play_supports(void *self, enum enhancement enhancement)
{
    AUTO(list_clear) struct list all = { 0 };
    struct view rest = view_of(can), word;

    (void)self;
    while (rest.len > 0 && view_cut(&rest, ' ', &word))
        list_add_view(&all, word);
    return list_has(&all, enhancement_name(enhancement));
}

/* "a.test,b.test cert +hsts", of the caller's: names, what is to be installed, what it is enhanced with. */
__attribute__((unused)) static char *text_of(const struct deployment *deployment)
{
    AUTO(buf_clear) struct buf text = BUF(400);
    AUTO(list_clear) struct list texts = { 0 };
    AUTO(free) char *names = NULL;

    identifiers_names(deployment->names, &texts);
    names = list_join(&texts, ",");
    buf_put_text(&text, names);
    buf_putf(&text, " %s%s%s", deployment->pairs->cert, deployment->in_use ? " again" : "",
        deployment->keeps_other_type ? " beside" : "");
    for (int i = 0; i < ENHANCE_COUNT; i++)
        if (deployment->enhancements & ENHANCEMENT(i))
            buf_putf(&text, " +%s", enhancement_name((enum enhancement)i));
    return buf_take(&text);
}

__attribute__((unused)) static bool play_plan(
    void *self, const struct deployment *deployment, void **plan, struct error *err)
{
    AUTO(free) char *text = text_of(deployment);

    (void)self;
    TRY(called(err, "plan", text));
    *plan = TAKE(text);
    return true;
}

/* A plan whose text is behind "commit" in `fails` has an error of its own; "commit" alone fails all. */
__attribute__((unused)) static bool play_commit(
    void *self, void *const *plans, size_t count, struct error **each, struct error *err)
{
    struct error own = { 0 };

    (void)self;
    TRY(called(err, "commit", ""));
    for (size_t i = 0; i < count; i++)
        if (!called(&own, "commit", plans[i]))
            each[i] = error_dup(&own);
    return true;
}

__attribute__((unused)) static bool play_step(
    const struct plugin_context *context, const struct deployment *const *renewed, size_t count, struct error *err)
{
    AUTO(buf_clear) struct buf names = BUF(400);

    CHECK(context->plugin->installer->step == play_step, "its own context");
    for (size_t i = 0; i < count; i++)
        buf_putf(&names, "%s%s", i > 0 ? "," : "", renewed[i]->names->at[0].value);
    return called(err, "step", buf_text(&names));
}

__attribute__((unused)) static bool play_rollback(void *self, int checkpoints, struct error *err)
{
    char count[16];

    (void)self;
    (void)snprintf(count, sizeof count, "%d", checkpoints);
    return called(err, "rollback", count);
}

__attribute__((unused)) static bool play_names(void *self, struct list *out, struct error *err)
{
    (void)self;
    list_add(out, "a.test");
    list_add(out, "b.test");
    return called(err, "names", "");
}

__attribute__((unused)) static void play_release(void *self)
{
    struct error err = { 0 };

    (void)self;
    (void)called(&err, "release", "");
}

static const struct installer installer = {
    .recover = play_recover,
    .prepare = play_prepare,
    .supports = play_supports,
    .names = play_names,
    .plan = play_plan,
    .drop = free,
    .commit = play_commit,
    .step = play_step,
    .rollback = play_rollback,
    .release = play_release,
};
static const struct plugin plugin = { .name = "played", .installer = &installer };

__attribute__((unused)) static bool play_prepare_rollback(
    const struct plugin_context *context, void **self, struct error *err)
{
    (void)context;
    *self = NULL;
    return called(err, "prepare_rollback", "");
}

/* Its configuration may be broken when all that is wanted is to take something back. */
static const struct installer tolerant_installer = {
    .prepare = play_prepare,
    .prepare_rollback = play_prepare_rollback,
    .supports = play_supports,
    .rollback = play_rollback,
};
static const struct plugin tolerant = { .name = "tolerant", .installer = &tolerant_installer };

__attribute__((unused)) static struct stage stage_of(const char *verb, const char *supported, const char *failing)
{
    buf_clear(&calls);
    calls = BUF(4096);
    can = supported;
    fails = failing;
    return stage_new(verb, false);
}

/* "redirect hsts -redirect": what was asked for, and what was refused. */
__attribute__((unused)) static void ask_for(struct settings *settings, const char *options)
{
    const struct {
        const char *word;
        enum tristate *member;
    } known[] = { { "redirect", &settings->redirect }, { "hsts", &settings->hsts }, { "uir", &settings->uir },
        { "staple-ocsp", &settings->staple_ocsp } };
    struct view rest = view_of(options), word;

    while (rest.len > 0 && view_cut(&rest, ' ', &word)) {
        bool no = word.at[0] == '-';
        struct view name = { word.at + no, word.len - no };

        settings->must_staple = settings->must_staple || view_equal(name, view_of("must-staple"));
        settings->auto_hsts = settings->auto_hsts || view_equal(name, view_of("auto-hsts"));
        settings->security_headers = settings->security_headers || view_equal(name, view_of("security-headers"));
        for (size_t i = 0; i < COUNT(known); i++)
            if (view_equal(name, view_of(known[i].word)))
                *known[i].member = no ? NO : YES;
    }
}

__attribute__((unused)) static struct identifiers names_of(const char *text)
{
    AUTO(list_clear) struct list names = { 0 };
    struct view rest = view_of(text), word;

    while (rest.len > 0 && view_cut(&rest, ' ', &word))
        list_add_view(&names, word);
    return identifiers_typed(&names);
}
