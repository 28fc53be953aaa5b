#include "lifecycle/hooks.h"

#include <string.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "plugin/plugin.h"

/* Longer lists of names would not fit into an environment that a shell accepts (as Certbot bounds them). */
#define NAMES_MAX_RENEW 16000
#define NAMES_MAX 32000

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

/* Executables of CONF/renewal-hooks/KIND in byte order, then the command from settings; no string twice. */
static bool gather(struct context *context, const char *kind, const char *command, struct list *out, struct error *err)
{
    AUTO(free) char *hooks = file_join(store_config_dir(context->store), "renewal-hooks");
    AUTO(free) char *dir = file_join(hooks, kind);
    AUTO(list_clear) struct list names = { 0 };

    if (context->settings->directory_hooks)
        TRY(file_list_dir(dir, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(dir, names.at[i]);
        struct stat st;

        if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0 && !text_ends(path, "~"))
            list_add(out, path);
    }
    if (command != NULL && *command != '\0' && !list_has(out, command))
        list_add(out, command);
    return true;
}

static bool run(struct context *context, const char *name, const char *command, const struct list *env,
    struct error *err)
{
    AUTO(free) char *label = xprintf("Hook '%s'", name);
    int status;

    return hook_run(context->ui, name, label, command, env, NULL, &status, err);
}

static bool run_before(struct context *context, const struct list *commands, struct error *err)
{
    struct list *done = world_pre_hooks_run(context->world);

    for (size_t i = 0; i < commands->len; i++) {
        if (list_has(done, commands->at[i])) {
            log_info("Pre-hook command already run, skipping: %s", commands->at[i]);
            continue;
        }
        list_add(done, commands->at[i]);
        TRY(run(context, "pre-hook", commands->at[i], NULL, err));
    }
    return true;
}

bool hooks_before(struct context *context, struct error *err)
{
    AUTO(list_clear) struct list commands = { 0 };
    bool ok;

    TRY(gather(context, "pre", context->settings->pre_hook, &commands, err));
    (void)pthread_mutex_lock(world_hook_lock(context->world));
    ok = run_before(context, &commands, err);
    (void)pthread_mutex_unlock(world_hook_lock(context->world));
    return ok;
}

static void add_names(struct list *env, const char *variable, const struct list *names, size_t max)
{
    AUTO(free) char *text = list_join(names, " ");
    AUTO(free) char *entry = NULL;

    if (strlen(text) > max) {
        log_warning("%s is cut to %zu characters", variable, max);
        text[max] = '\0';
    }
    entry = xprintf("%s=%s", variable, text);
    list_add(env, entry);
}

static void add_lineage(struct list *env, const char *live_dir)
{
    AUTO(free) char *entry = live_dir != NULL ? xprintf("RENEWED_LINEAGE=%s", live_dir) : NULL;

    if (entry != NULL)
        list_add(env, entry);
}

bool hooks_deploy(struct context *context, const char *live_dir, const struct list *names, struct error *err)
{
    AUTO(list_clear) struct list commands = { 0 }, env = { 0 };
    bool ok = true;

    TRY(gather(context, "deploy", context->settings->deploy_hook, &commands, err));
    add_lineage(&env, live_dir);
    add_names(&env, "RENEWED_DOMAINS", names, NAMES_MAX);
    (void)pthread_mutex_lock(world_hook_lock(context->world));
    interrupt_shield(); /* the certificate is saved and not due any more: no later run would call them */
    for (size_t i = 0; ok && i < commands.len; i++) {
        if (context->settings->dry_run && !context->settings->run_deploy_hooks) {
            log_info("Dry run: skipping deploy hook command: %s", commands.at[i]);
            continue;
        }
        /* Certbot puts it into its own environment, and post-hooks have come to rely on finding it there */
        xreplace(world_renewed_lineage(context->world), live_dir);
        ok = run(context, "deploy-hook", commands.at[i], &env, err);
    }
    interrupt_unshield();
    (void)pthread_mutex_unlock(world_hook_lock(context->world));
    return ok;
}

static bool run_after(struct context *context, const struct list *commands, const struct list *names, struct error *err)
{
    AUTO(list_clear) struct list env = { 0 };

    add_names(&env, "RENEWED_DOMAINS", names, NAMES_MAX);
    list_add(&env, "FAILED_DOMAINS=");
    add_lineage(&env, *world_renewed_lineage(context->world));
    for (size_t i = 0; i < commands->len; i++)
        TRY(run(context, "post-hook", commands->at[i], &env, err));
    return true;
}

bool hooks_after(struct context *context, const struct list *names, struct error *err)
{
    AUTO(list_clear) struct list commands = { 0 };
    struct list *later = world_post_hooks(context->world);
    bool ok = true;

    TRY(gather(context, "post", context->settings->post_hook, &commands, err));
    (void)pthread_mutex_lock(world_hook_lock(context->world));
    interrupt_shield(); /* what a pre-hook stopped is started again, also after Ctrl-C */
    if (strcmp(context->verb, "renew") == 0) {
        for (size_t i = 0; i < commands.len; i++)
            if (!list_has(later, commands.at[i]))
                list_add(later, commands.at[i]);
    } else {
        ok = run_after(context, &commands, names, err);
    }
    interrupt_unshield();
    (void)pthread_mutex_unlock(world_hook_lock(context->world));
    return ok;
}

bool hooks_at_end(struct context *context, const struct list *renewed, const struct list *failed, struct error *err)
{
    AUTO(list_clear) struct list env = { 0 };
    struct list *commands = world_post_hooks(context->world);
    bool ok = true;

    add_names(&env, "RENEWED_DOMAINS", renewed, NAMES_MAX_RENEW);
    add_names(&env, "FAILED_DOMAINS", failed, NAMES_MAX_RENEW);
    add_lineage(&env, *world_renewed_lineage(context->world));
    interrupt_shield();
    for (size_t i = 0; ok && i < commands->len; i++)
        ok = run(context, "post-hook", commands->at[i], &env, err);
    interrupt_unshield();
    return ok;
}
