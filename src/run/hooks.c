#include "run/hooks.h"

#include <string.h>

#include "audit/audit.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/mutex.h"
#include "base/text.h"
#include "typed/code_path.h"
#include "plugin/plugin.h"
#include "run/turns.h"

/* Characters of a list of names: Certbot's bounds for post-hooks, and what the system takes in one variable. */
#define NAMES_MAX_RENEW 16000
#define NAMES_MAX 32000
#define NAMES_MAX_SYSTEM 131000

bool hooks_check(const struct settings *settings, struct error *err)
{
    if (!settings->validate_hooks)
        return true;
    if (settings->pre_hook != NULL)
        TRY(hook_check("pre-hook", settings->pre_hook, err));
    if (settings->post_hook != NULL)
        TRY(hook_check("post-hook", settings->post_hook, err));
    if (settings->deploy_hook != NULL)
        TRY(hook_check("deploy-hook", settings->deploy_hook, err));
    return true;
}

/* Executables of CONF/renewal-hooks/KIND in byte order, then the command from settings, which may be one of them.
 * ERROR_CONFIG when others may write one of them, or add one. */
static bool gather(struct context *context, const char *kind, const char *command, struct list *out, struct error *err)
{
    AUTO(free) char *hooks = file_join(store_config_dir(context->store), "renewal-hooks");
    AUTO(free) char *dir = file_join(hooks, kind);
    AUTO(list_clear) struct list names = { 0 };

    if (context->settings->directory_hooks) {
        TRY(code_path_check(dir, context->settings->voice->refuses_shared_code, err));
        TRY(file_list_dir(dir, &names, err));
    }
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(dir, names.at[i]);
        struct stat st;

        if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || access(path, X_OK) != 0 || text_ends(path, "~"))
            continue;
        TRY(code_path_check(path, context->settings->voice->refuses_shared_code, err));
        list_add(out, path);
    }
    TRY(hook_check_writers(command, context->settings->voice->refuses_shared_code, err));
    if (command != NULL && *command != '\0')
        list_add(out, command);
    return true;
}

/* Of a command only its first word is told, and not even that where it is a variable's value: the rest may be secret.
 */
static void tell_failed(struct context *context, const char *name, const char *command, int status, struct error *err)
{
    const char *live_dir = strcmp(name, "deploy-hook") == 0 ? context_trail(context)->renewed_lineage : NULL;
    AUTO(free) char *program = xstrndup(command, strcspn(command, " \t\n;&|<>()"));
    AUTO(free) char *text = xprintf("%d", status);
    struct error failure = *err;

    if (failure.kind == ERROR_NONE)
        (void)error_set(&failure, ERROR_HOOK, "it ended with status %d", status);
    audit_failed(ACT_HOOK_FAILED, live_dir != NULL ? file_basename(live_dir) : NULL, &failure, "hook", name, "program",
        strchr(program, '=') == NULL ? program : NULL, "status", status != 0 ? text : NULL, NULL);
}

/* given: where its status goes; NULL: nowhere. */
static bool run(struct context *context, const char *name, const char *command, const struct list *env, int *given,
    struct error *err)
{
    AUTO(free) char *label = xprintf("Hook '%s'", name);
    int status = 0;
    bool ok = hook_run(context->ui, name, label, command, env, NULL, &status, err);

    if (!ok || status != 0)
        tell_failed(context, name, command, status, err);
    if (given != NULL)
        *given = status;
    return ok;
}

/* Certbot puts what it tells a hook into its own environment; scripts have come to rely on finding it there later. */
static void add_trail(struct context *context, struct list *env)
{
    const struct hook_trail *trail = context_trail(context);

    list_add_all(env, &trail->env);
    if (trail->renewed_lineage != NULL) {
        AUTO(free) char *entry = xprintf("RENEWED_LINEAGE=%s", trail->renewed_lineage);

        list_add(env, entry);
    }
}

static bool run_before(struct context *context, const struct list *commands, struct error *err)
{
    struct list *done = run_pre_hooks_run(context->run);

    for (size_t i = 0; i < commands->len; i++) {
        if (list_has(done, commands->at[i])) {
            log_info("Pre-hook command already run, skipping: %s", commands->at[i]);
            continue;
        }
        list_add(done, commands->at[i]);
        TRY(run(context, "pre-hook", commands->at[i], NULL, NULL, err));
    }
    return true;
}

static bool have_run(struct context *context, const struct list *commands)
{
    MUTEX_HOLD(run_hook_lock(context->run));

    return list_is_subset(commands, run_pre_hooks_run(context->run));
}

bool hooks_are_before(struct context *context)
{
    AUTO(list_clear) struct list commands = { 0 };
    struct error unknown = { 0 };

    return !gather(context, "pre", context->settings->pre_hook, &commands, &unknown) || commands.len > 0;
}

/* Collects the hooks of before the attempt; the others are only checked. */
static bool gather_all(struct context *context, struct list *before, struct error *err)
{
    AUTO(list_clear) struct list later = { 0 };

    TRY(gather(context, "deploy", context->settings->deploy_hook, &later, err));
    TRY(gather(context, "post", context->settings->post_hook, &later, err));
    return gather(context, "pre", context->settings->pre_hook, before, err);
}

bool hooks_may_run(struct context *context, struct error *err)
{
    AUTO(list_clear) struct list commands = { 0 };

    return gather_all(context, &commands, err);
}

bool hooks_before(struct context *context, struct error *err)
{
    AUTO(list_clear) struct list commands = { 0 };
    TRY(gather_all(context, &commands, err)); /* all of them now: one that is refused must not cost an order */
    TRY(turn_wait(context->turn, err));
    if (!have_run(context, &commands))
        TRY(turn_wait_alone(context->turn, err));
    MUTEX_HOLD(run_hook_lock(context->run));
    return run_before(context, &commands, err);
}

static void add_names(struct list *env, const char *variable, const struct list *names, size_t max)
{
    AUTO(free) char *text = list_join(names, " ");
    AUTO(free) char *entry = NULL;

    if (strlen(text) > max) {
        log_warning("Limiting %s environment variable to %zuk characters", variable, max / 1000);
        text[max] = '\0';
    }
    entry = xprintf("%s=%s", variable, text);
    list_add(env, entry);
}

bool hooks_for_deploy(struct context *context, struct list *commands, struct error *err)
{
    return gather(context, "deploy", context->settings->deploy_hook, commands, err);
}

static bool run_deploy(struct context *context, const char *command, const struct list *env,
    const struct hook_memory *memory, struct error *err)
{
    int status;

    if (memory != NULL && memory->has_run(memory->arg, command)) {
        log_info("Skipping deploy-hook '%s': an earlier run has run it for this certificate.", command);
        return true;
    }
    TRY(run(context, "deploy-hook", command, env, &status, err));
    if (memory != NULL)
        memory->note_run(memory->arg, command, status);
    return true;
}

/* Runs each command once, also after an interrupt: the certificate is live, and its users must learn of it. */
static bool run_each_deploy(struct context *context, const struct list *commands, const struct list *env,
    const struct hook_memory *memory, struct error *err)
{
    bool ok = true;
    MUTEX_HOLD(run_hook_lock(context->run));

    interrupt_shield();
    for (size_t i = 0; ok && i < commands->len; i++) {
        const struct list before = { commands->at, i };

        if (list_has(&before, commands->at[i]))
            log_info("Skipping deploy-hook '%s' as it was already run.", commands->at[i]);
        else
            ok = run_deploy(context, commands->at[i], env, memory, err);
    }
    interrupt_unshield();
    return ok;
}

static bool run_all_deploy(struct context *context, const char *live_dir, const struct list *names,
    const struct list *commands, const struct hook_memory *memory, struct error *err)
{
    AUTO(list_clear) struct list env = { 0 };
    bool ok;

    xreplace(&context_trail(context)->renewed_lineage, live_dir);
    add_trail(context, &env);
    add_names(&env, "RENEWED_DOMAINS", names, NAMES_MAX_SYSTEM);
    turn_deploy(context->turn);
    ok = run_each_deploy(context, commands, &env, memory, err);
    turn_deployed(context->turn);
    return ok;
}

bool hooks_deploy(struct context *context, const char *live_dir, const struct list *names,
    const struct hook_memory *memory, struct error *err)
{
    AUTO(list_clear) struct list commands = { 0 };

    TRY(hooks_for_deploy(context, &commands, err));
    if (!context->settings->dry_run || context->settings->run_deploy_hooks)
        return commands.len == 0 || run_all_deploy(context, live_dir, names, &commands, memory, err);
    for (size_t i = 0; i < commands.len; i++)
        log_info("Dry run: skipping deploy hook command: %s", commands.at[i]);
    return true;
}

static bool run_after(struct context *context, const struct list *commands, const struct list *names, struct error *err)
{
    AUTO(list_clear) struct list env = { 0 };

    add_trail(context, &env);
    add_names(&env, "RENEWED_DOMAINS", names, NAMES_MAX);
    list_add(&env, "FAILED_DOMAINS=");
    for (size_t i = 0; i < commands->len; i++)
        TRY(run(context, "post-hook", commands->at[i], &env, NULL, err));
    return true;
}

bool hooks_after(struct context *context, const struct list *names, struct error *err)
{
    AUTO(list_clear) struct list commands = { 0 };
    struct list *later = &context_trail(context)->post;
    bool ok = true;

    TRY(gather(context, "post", context->settings->post_hook, &commands, err));
    MUTEX_HOLD(run_hook_lock(context->run));
    interrupt_shield(); /* restarts what pre-hooks stopped, also after Ctrl-C */
    if (context->verb->traits & VERB_MANY) {
        for (size_t i = 0; i < commands.len; i++)
            if (!list_has(later, commands.at[i]))
                list_add(later, commands.at[i]);
    } else {
        ok = run_after(context, &commands, names, err);
    }
    interrupt_unshield();
    return ok;
}

bool hooks_at_end(struct context *context, const struct list *renewed, const struct list *failed, struct error *err)
{
    AUTO(list_clear) struct list env = { 0 };
    struct list *commands = &context_trail(context)->post;
    bool ok = true;

    add_trail(context, &env);
    add_names(&env, "RENEWED_DOMAINS", renewed, NAMES_MAX_RENEW);
    add_names(&env, "FAILED_DOMAINS", failed, NAMES_MAX_RENEW);
    interrupt_shield();
    for (size_t i = 0; ok && i < commands->len; i++)
        ok = run(context, "post-hook", commands->at[i], &env, NULL, err);
    interrupt_unshield();
    return ok;
}
