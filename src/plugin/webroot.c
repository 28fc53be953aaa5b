#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "config/webroot_map.h"
#include "plugin/builtin.h"
#include "plugin/challenge_file.h"

/*
 * Puts the answers where a running web server serves them.
 *
 * Knows which directory belongs to which name, and asks where it does not; challenge_file.c does the work on disk.
 */
struct held {
    char *token;
    struct challenge_file *file;
};

struct webroot { /* one order */
    const struct plugin_context *context;
    struct held *held; /* presented and not cleaned up yet */
    size_t count;
    bool told; /* the user was told that the last path is for all names without a root */
};

static void tell_path(struct webroot *webroot)
{
    const struct list *paths = &webroot->context->settings->webroot_path;

    if (!webroot->told && paths->len > 0)
        log_info("Using the webroot path %s for all unmatched identifiers.", paths->at[paths->len - 1]);
    webroot->told = true;
}

static bool prepare(const struct plugin_context *context, void **self, struct error *err)
{
    const struct settings *settings = context->settings;
    struct webroot *webroot;

    /* Asked for when a name is to be proved, none is needed while what was proved before is valid. */
    if (settings->webroot_map.names.len == 0 && settings->webroot_path.len == 0 && !ui_may_ask(context->ui) &&
        !ui_voice(context->ui)->asks_webroot_late) {
        (void)error_set(err, ERROR_PLUGIN,
            "Missing parts of webroot configuration: no directory is known for the "
            "names");
        return error_next(err, "add --webroot-path DIR before the -d of its names, or --webroot-map");
    }
    webroot = xcalloc(1, sizeof *webroot);
    webroot->context = context;
    *self = webroot;
    return true;
}

/* The webroots known so far, each once. */
static struct list known_roots(const struct plugin_context *context)
{
    const struct list *sources[] = { &context->settings->webroot_map.roots, &context->answers->roots.roots };
    struct list known = { 0 };

    for (size_t k = 0; k < COUNT(sources); k++)
        for (size_t i = 0; i < sources[k]->len; i++)
            if (!list_has(&known, sources[k]->at[i]))
                list_add(&known, sources[k]->at[i]);
    return known;
}

static const char no_webroot[] = "Every requested identifier must have a webroot when using the webroot plugin.";

static void tell_bad(struct ui *ui, const char *answer)
{
    AUTO(free)
    char *text = xprintf("%s %s", answer,
        !file_is_dir(answer) ? "does not exist or is not a directory"
                             : "mixes quotes in a way that a renewal file cannot hold");

    if (!ui_voice(ui)->hints)
        ui_frame(ui, true, text);
    else if (answer[0] == '\0')
        ui_explain(ui, "Please type the path of a directory.");
    else
        ui_explain(ui, text);
}

static bool ask_new(struct ui *ui, const char *name, char **out, struct error *err)
{
    AUTO(free)
    char *text = VOICE_FILL(ui_voice(ui)->webroot_question, name);
    struct question question = {
        .text = text, .flag = ui_voice(ui)->webroot_flag, .forced = true, .canceled = no_webroot
    };

    for (;;) {
        AUTO(free) char *answer = NULL, *path = NULL;

        TRY(ui_text(ui, &question, NULL, &answer, err));
        path = file_absolute(answer);
        if (answer[0] != '\0' && file_is_dir(path) && conf_can_hold(path, false)) {
            *out = TAKE(path);
            return true;
        }
        tell_bad(ui, answer);
    }
}

/* Asks for a web root: one in use already, or a new one. */
static bool ask_known(struct ui *ui, const char *name, const struct list *known, char **out, struct error *err)
{
    AUTO(free)
    char *text = VOICE_FILL(ui_voice(ui)->webroot_choice, name);
    struct question question = { .text = text, .flag = "--webroot-path", .forced = true, .canceled = no_webroot };
    AUTO(list_clear) struct list choices = { 0 };
    size_t chosen;

    list_add(&choices, ui_voice(ui)->webroot_other);
    list_add_all(&choices, known);
    TRY(ui_menu(ui, &question, &choices, 0, &chosen, err));
    if (chosen == 0)
        return ask_new(ui, name, out, err);
    *out = xstrdup(known->at[chosen - 1]);
    return true;
}

/* The answer is kept: it is asked once, and saved for renewal. */
static bool find_root(const struct plugin_context *context, const char *name, char **out, struct error *err)
{
    const struct settings *settings = context->settings;
    const char *answered = webroot_map_find(&context->answers->roots, name);
    const char *mapped = answered != NULL ? answered : webroot_map_find(&settings->webroot_map, name);
    AUTO(list_clear) struct list known = known_roots(context);
    AUTO(free) char *root = NULL;
    struct ui *ui = context->ui;

    if (mapped != NULL) {
        *out = xstrdup(mapped);
        return true;
    }
    if (settings->webroot_path.len > 0) {
        root = xstrdup(settings->webroot_path.at[settings->webroot_path.len - 1]);
    } else {
        TRY(known.len > 0 ? ask_known(ui, name, &known, &root, err) : ask_new(ui, name, &root, err));
        context->answers->has_roots = true;
    }
    webroot_map_put(&context->answers->roots, name, root);
    *out = TAKE(root);
    return true;
}

static bool present_one(void *self, struct proof *proof, struct error *err)
{
    struct webroot *webroot = self;
    AUTO(free) char *root = NULL;
    struct challenge_file *file = NULL;

    TRY(proof_check_http(proof, err));
    tell_path(webroot);
    TRY(find_root(webroot->context, proof->identifier, &root, err));
    TRY(challenge_file_put(root, proof->token, proof->key_authorization, &file, err));
    log_debug("the answer for %s is below %s", proof->identifier, root);
    webroot->held = xrealloc(webroot->held, webroot->count + 1, sizeof *webroot->held);
    webroot->held[webroot->count++] = (struct held){ .token = xstrdup(proof->token), .file = file };
    return true;
}

static bool drop(struct webroot *webroot, size_t index, struct error *err)
{
    struct held held = webroot->held[index];

    webroot->held[index] = webroot->held[--webroot->count];
    free(held.token);
    return challenge_file_drop(held.file, err);
}

static bool clean_up_one(void *self, struct proof *proof, struct error *err)
{
    struct webroot *webroot = self;

    for (size_t i = 0; i < webroot->count; i++)
        if (proof->token != NULL && strcmp(webroot->held[i].token, proof->token) == 0)
            return drop(webroot, i, err);
    return true;
}

static bool plan_one(void *self, struct proof *proof, struct error *err)
{
    struct webroot *webroot = self;
    AUTO(free) char *root = NULL;

    TRY(proof_check_http(proof, err));
    tell_path(webroot);
    TRY(find_root(webroot->context, proof->identifier, &root, err));
    free(proof->place);
    proof->place = challenge_file_place(root, proof->token);
    return true;
}

static bool plan(void *self, struct proof *const *proofs, size_t count, struct error *err)
{
    return proof_each(self, proofs, count, PROOF_WANTED, plan_one, err);
}

static bool sweep_one(void *self __attribute__((unused)), struct proof *proof, struct error *err)
{
    if (proof->place == NULL) /* it could not be planned, and so was not presented */
        return true;
    TRY(proof_check_http(proof, err));
    return challenge_file_sweep(proof->place, proof->token, proof->key_authorization, err);
}

static bool sweep(const struct plugin_context *context __attribute__((unused)), struct proof *const *proofs,
    size_t count, struct error *err)
{
    return proof_each(NULL, proofs, count, PROOF_WANTED, sweep_one, err);
}

static bool present(void *self, struct proof *const *proofs, size_t count, struct error *err)
{
    return proof_each(self, proofs, count, PROOF_PRESENTED, present_one, err);
}

static bool cleanup(void *self, struct proof *const *proofs, size_t count, struct error *err)
{
    return proof_each(self, proofs, count, PROOF_WANTED, clean_up_one, err);
}

static void release(void *self)
{
    struct webroot *webroot = self;

    if (webroot == NULL)
        return;
    while (webroot->count > 0) { /* never cleaned up */
        struct error ignored = { 0 };

        (void)!drop(webroot, webroot->count - 1, &ignored);
    }
    free(webroot->held);
    free(webroot);
}

static char *hint(void *self, const char *type __attribute__((unused)))
{
    const struct webroot *webroot = self;
    AUTO(list_clear) struct list known = known_roots(webroot->context);
    AUTO(free) char *roots = list_join(&known, ", ");

    return xprintf("The web server on port 80 of these names has to deliver what lies in .well-known/acme-challenge/ "
                   "below %s: check that this is the directory it serves for them, and that the names lead to this "
                   "machine (IPv6, too).",
        known.len > 0 ? roots : "the webroot");
}

static const struct authenticator authenticator = {
    .types = proof_http_types,
    .server = SERVER_FILES,
    .prepare = prepare,
    .plan = plan,
    .present = present,
    .cleanup = cleanup,
    .sweep = sweep,
    .release = release,
    .hint = hint,
};

const struct plugin plugin_webroot = {
    .name = "webroot",
    .description = "With files in the directory that the web server of this machine delivers",
    .authenticator = &authenticator,
};
