#include <string.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/mutex.h"
#include "base/text.h"
#include "plugin/builtin.h"

/*
 * The user proves control: by hand, or with commands of his own.
 *
 * Knows the environment that Certbot's hooks rely on; the values are the CA's and travel in the environment only.
 */
#define OUTPUT_MAX 100000 /* bytes; the system takes no longer variable than 128 KiB */

struct manual { /* one order */
    const struct plugin_context *context;
    const struct proof **presented; /* and not cleaned up yet */
    size_t count;
    bool has_turn;
};

#define TURN_POLL_MS 20 /* between looks whether another order has come to its end */

/*
 * Hooks of several orders change the same zone or directory, and were written for one order at a time: a cleanup hook
 * may sweep up whatever lies there. Who asks for several at a time with --jobs gets it, but still one hook at a time.
 */
static struct mutex one_hook = MUTEX_INIT;
static bool one_order; /* under one_hook */

static bool try_enter(struct manual *manual)
{
    MUTEX_HOLD(&one_hook);

    if (!one_order)
        one_order = manual->has_turn = true;
    return manual->has_turn;
}

static bool take_turn(struct manual *manual, struct error *err)
{
    if (manual->has_turn || SETTING_IS_SET(manual->context->settings, jobs))
        return true;
    while (!try_enter(manual))
        if (!clock_sleep_ms(TURN_POLL_MS))
            TRY(interrupt_check(err));
    return true;
}

static bool prepare(const struct plugin_context *context, void **self, struct error *err)
{
    const struct settings *settings = context->settings;
    struct manual *manual;

    if (!text_is_given(settings->manual_auth_hook) && !ui_may_ask(context->ui)) {
        (void)error_set(err, ERROR_PLUGIN,
            "An authentication script must be provided with --manual-auth-hook when "
            "using the manual plugin non-interactively.");
        return error_next(err, "name a command with --manual-auth-hook that puts the answer in place; `renew` needs "
                               "one, too");
    }
    if (settings->validate_hooks) {
        TRY(hook_check("manual-auth-hook", settings->manual_auth_hook, err));
        TRY(hook_check("manual-cleanup-hook", settings->manual_cleanup_hook, err));
    }
    TRY(hook_check_writers(settings->manual_auth_hook, settings->voice->refuses_shared_code, err));
    TRY(hook_check_writers(settings->manual_cleanup_hook, settings->voice->refuses_shared_code, err));
    manual = xcalloc(1, sizeof *manual);
    manual->context = context;
    *self = manual;
    return true;
}

static void put(struct list *env, const char *name, const char *value)
{
    AUTO(free) char *entry = xprintf("%s=%s", name, value);

    list_add(env, entry);
}

struct list manual_environment(const struct proof *proof)
{
    AUTO(free) char *all = list_join(proof->all_identifiers, ","), *remaining = xprintf("%zu", proof->remaining);
    bool is_http = proof->kind == PROOF_FILE;
    struct list env = { 0 };

    put(&env, "CERTBOT_DOMAIN", proof->identifier);
    put(&env, "CERTBOT_IDENTIFIER", proof->identifier);
    put(&env, "CERTBOT_VALIDATION", is_http ? proof->key_authorization : proof->record_value);
    if (is_http)
        put(&env, "CERTBOT_TOKEN", proof->token);
    else
        list_add(&env, "CERTBOT_TOKEN");
    put(&env, "CERTBOT_ALL_DOMAINS", all);
    put(&env, "CERTBOT_ALL_IDENTIFIERS", all);
    put(&env, "CERTBOT_REMAINING_CHALLENGES", remaining);
    return env;
}

static bool run(struct manual *manual, const char *name, const char *command, const struct proof *proof,
    const struct list *env, char **output, struct error *err)
{
    AUTO(free) char *label = xprintf("Hook '--%s' for %s", name, proof->identifier);
    struct list *later = manual->context->hook_env;

    if (later != NULL) { /* Certbot puts it into its own environment: deploy hooks and post-hooks find it there */
        list_clear(later);
        list_add_all(later, env);
    }
    MUTEX_HOLD(&one_hook);
    return hook_run(manual->context->ui, name, label, command, env, output, NULL, err);
}

static bool present_by_hook(struct manual *manual, struct proof *proof, struct error *err)
{
    AUTO(list_clear) struct list env = manual_environment(proof);
    char *output = NULL;

    list_add(&env, "CERTBOT_AUTH_OUTPUT");
    TRY(run(manual, "manual-auth-hook", manual->context->settings->manual_auth_hook, proof, &env, &output, err));
    free(proof->output);
    proof->output = output;
    if (manual->context->note != NULL && text_is_given(output))
        manual->context->note(manual->context->note_arg);
    return true;
}

static bool present_http_by_hand(struct manual *manual, const struct proof *proof, struct error *err)
{
    bool bracket = proof->is_ip && strchr(proof->identifier, ':') != NULL;
    AUTO(free)
    char *text =
        xprintf("Make a file with this one line in it, and nothing else:\n\n%s\n\nand let your web server deliver it "
                "at:\n\nhttp://%s%s%s/.well-known/acme-challenge/%s\n\nIt has to stay until the certificate is there.",
            proof->key_authorization, bracket ? "[" : "", proof->identifier, bracket ? "]" : "", proof->token);

    return ui_pause(manual->context->ui, text, err);
}

static bool present_dns_by_hand(struct manual *manual, const struct proof *proof, struct error *err)
{
    AUTO(free)
    char *text =
        xprintf("Add a TXT record to the DNS, under the name:\n\n%s.\n\nwith the value:\n\n%s\n\n%sGo on when all name "
                "servers of the domain answer with it.",
            proof->record_name, proof->record_value,
            manual->count > 1 ? "Keep the records of the steps before, also one of the same name.\n" : "");

    return ui_pause(manual->context->ui, text, err);
}

static bool check(const struct proof *proof, struct error *err)
{
    return proof->kind == PROOF_FILE ? proof_check_http(proof, err) : proof_check_record(proof, err);
}

static bool present_one(void *self, struct proof *proof, struct error *err)
{
    struct manual *manual = self;

    TRY(check(proof, err));
    manual->presented = xrealloc(manual->presented, manual->count + 1, sizeof *manual->presented);
    manual->presented[manual->count++] = proof;
    if (text_is_given(manual->context->settings->manual_auth_hook))
        return present_by_hook(manual, proof, err);
    if (proof->kind == PROOF_FILE)
        return present_http_by_hand(manual, proof, err);
    return present_dns_by_hand(manual, proof, err);
}

static bool forget(struct manual *manual, const struct proof *proof)
{
    for (size_t i = 0; i < manual->count; i++) {
        if (manual->presented[i] != proof)
            continue;
        manual->count--;
        memmove(&manual->presented[i], &manual->presented[i + 1], (manual->count - i) * sizeof *manual->presented);
        return true;
    }
    return false;
}

static bool run_cleanup(struct manual *manual, const struct proof *proof, struct error *err)
{
    const char *command = manual->context->settings->manual_cleanup_hook;
    AUTO(list_clear) struct list env = { 0 };
    AUTO(free) char *output = NULL;

    if (!text_is_given(command))
        return true;
    output = xstrndup(proof->output != NULL ? proof->output : "", OUTPUT_MAX);
    if (proof->output != NULL && strlen(proof->output) > OUTPUT_MAX)
        log_warning(
            "The output of the auth hook for %s is too long for CERTBOT_AUTH_OUTPUT and is cut.", proof->identifier);
    env = manual_environment(proof);
    put(&env, "CERTBOT_AUTH_OUTPUT", output);
    return run(manual, "manual-cleanup-hook", command, proof, &env, NULL, err);
}

static bool clean_up_one(void *self, struct proof *proof, struct error *err)
{
    return !forget(self, proof) || run_cleanup(self, proof, err);
}

/* A proof that never met the auth hook does not meet this one, either. */
static bool sweep_one(void *self, struct proof *proof, struct error *err)
{
    struct error ignored = { 0 };

    return !check(proof, &ignored) || run_cleanup(self, proof, err);
}

static void release(void *self)
{
    struct manual *manual = self;

    if (manual == NULL)
        return;
    if (manual->has_turn) {
        MUTEX_HOLD(&one_hook);
        one_order = false;
    }
    free(manual->presented);
    free(manual);
}

/* Sweeps proofs of a killed run, in its turn, as its hooks were. */
static bool sweep(const struct plugin_context *context, struct proof *const *proofs, size_t count, struct error *err)
{
    struct manual *manual = xcalloc(1, sizeof *manual);
    const char *command = context->settings->manual_cleanup_hook;
    bool ok;

    manual->context = context;
    ok = hook_check_writers(command, context->settings->voice->refuses_shared_code, err) &&
         (!text_is_given(command) || take_turn(manual, err)) &&
         proof_each(manual, proofs, count, PROOF_WANTED, sweep_one, err);
    release(manual);
    return ok;
}

/* A run that is interrupted or killed while it waits for its turn has run no hook: its proofs need no cleanup. */
static bool plan(void *self, struct proof *const *proofs __attribute__((unused)), size_t count __attribute__((unused)),
    struct error *err)
{
    struct manual *manual = self;

    return !text_is_given(manual->context->settings->manual_auth_hook) || take_turn(manual, err);
}

static bool present(void *self, struct proof *const *proofs, size_t count, struct error *err)
{
    return proof_each(self, proofs, count, PROOF_PRESENTED, present_one, err);
}

static bool cleanup(void *self, struct proof *const *proofs, size_t count, struct error *err)
{
    return proof_each(self, proofs, count, PROOF_WANTED, clean_up_one, err);
}

static char *hint(void *self, const char *type)
{
    const struct manual *manual = self;
    bool hook = text_is_given(manual->context->settings->manual_auth_hook);

    if (text_equal(type, "http-01"))
        return xprintf("The CA has to get the exact line at the address it was given for. Check that %s, and that the "
                       "web server on port 80 of each name delivers it.",
            hook ? "the --manual-auth-hook wrote the file where your web server looks for it"
                 : "each file has the right name and the right line");
    return xprintf("The CA has to find the exact value in the DNS. Check the TXT records%s: `dig TXT "
                   "_acme-challenge.NAME` must show each value on every name server of the domain before the CA asks.",
        hook ? ", and let the --manual-auth-hook wait until they have spread" : "");
}

static const char *const types[] = { "http-01", "dns-01", NULL };

static bool by_hand(const struct settings *settings)
{
    return settings->manual_auth_hook == NULL;
}

static const struct authenticator authenticator = {
    .types = types,
    .prepare = prepare,
    .plan = plan,
    .present = present,
    .cleanup = cleanup,
    .sweep = sweep,
    .release = release,
    .by_hand = by_hand,
    .hint = hint,
};

const struct plugin plugin_manual = {
    .name = "manual",
    .description = "Prove control by hand, or with commands of your own",
    .hidden = true,
    .authenticator = &authenticator,
};
