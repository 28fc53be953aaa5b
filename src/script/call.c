#include "script/call.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "plugin/builtin.h"

/* ---- the environment ---- */

static void put(struct list *env, const char *name, const char *value)
{
    AUTO(wipe_free) char *entry = xprintf("%s=%s", name, value == NULL ? "" : value);

    list_add(env, entry);
}

/* What programs need to find the network's ways and the user's files; all else of ours is none of theirs. */
static void put_passed(struct list *env)
{
    static const char *const passed[] = { "HOME", "http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY",
        "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "ASAN_OPTIONS",
        "UBSAN_OPTIONS" };

    for (size_t i = 0; i < COUNT(passed); i++)
        if (getenv(passed[i]) != NULL)
            put(env, passed[i], getenv(passed[i]));
}

/* " CF_Token CF_Zone_ID ": the names of the settings. Of the caller's. */
static char *names_of(const struct list *settings)
{
    AUTO(buf_clear) struct buf names = BUF(SIZE_MAX);

    buf_put_char(&names, ' ');
    for (size_t i = 0; i < settings->len; i++)
        buf_putf(&names, "%.*s ", (int)strcspn(settings->at[i], "="), settings->at[i]);
    return buf_take(&names);
}

static const char *setting(const struct script *script, const char *name)
{
    size_t len = strlen(name);

    for (size_t i = 0; i < script->settings->len; i++)
        if (strncmp(script->settings->at[i], name, len) == 0 && script->settings->at[i][len] == '=')
            return script->settings->at[i] + len + 1;
    return NULL;
}

/* ---- the protocols ---- */

static void put_argv(struct call *call, const char *const *argv)
{
    for (size_t i = 0; argv[i] != NULL; i++)
        list_add(&call->argv, argv[i]);
}
#define ARGV(call, ...) put_argv((call), (const char *const[]){ __VA_ARGS__, NULL })

static void call_acme_sh(const struct script *script, const struct txt *txt, bool add, struct call *out)
{
    AUTO(free) char *given = names_of(script->settings);

    xreplace(&out->path, script->shell);
    ARGV(out, script->shell, script->shim, add ? "add" : "rm", txt->name, txt->value);
    put(&out->env, "EVERCERT_SCRIPT", script->path);
    put(&out->env, "EVERCERT_HELPER", script->helper);
    put(&out->env, "EVERCERT_STATE", script->state);
    put(&out->env, "EVERCERT_VERSION", voice_own.version);
    put(&out->env, "EVERCERT_GIVEN", given);
}

static void call_dehydrated(const struct script *script, const struct txt *txt, bool add, struct call *out)
{
    ARGV(out, script->path, add ? "deploy_challenge" : "clean_challenge", txt->proof->identifier, txt->proof->token,
        txt->value);
}

/* EXEC_MODE=RAW among the settings means to lego what it means here. */
static void call_lego(const struct script *script, const struct txt *txt, bool add, struct call *out)
{
    bool raw = text_equal(setting(script, "EXEC_MODE"), "RAW");
    AUTO(free) char *name = xprintf("%s.", raw ? txt->proof->identifier : txt->name);

    ARGV(out, script->path, add ? "present" : "cleanup", name);
    if (raw)
        ARGV(out, "--", txt->proof->token, txt->proof->key_authorization);
    else
        ARGV(out, txt->value);
}

/* What uacme calls when the challenge was met, and when it was not: that this one was ready says the first. A script
 * that has declined is not called again. */
static void call_uacme(const struct script *script, const struct txt *txt, bool add, struct call *out)
{
    const char *method = add ? "begin" : txt->proof->state == PROOF_READY ? "done" : "failed";

    if (!add && text_equal(txt->proof->output, CALL_DECLINED)) {
        xreplace(&out->path, NULL);
        return;
    }
    ARGV(out, script->path, method, txt->proof->type, txt->proof->identifier, txt->proof->token, txt->value);
    put(&out->env, "UACME_METHOD", method);
    put(&out->env, "UACME_TYPE", txt->proof->type);
    put(&out->env, "UACME_IDENT", txt->proof->identifier);
    put(&out->env, "UACME_TOKEN", txt->proof->token);
    put(&out->env, "UACME_AUTH", txt->value);
    put(&out->env, "UACME_CONFDIR", script->state);
    put(&out->env, "UACME_VERBOSE", "0");
}

static void call_certbot(const struct script *script, const struct txt *txt, bool add, struct call *out)
{
    AUTO(list_clear) struct list env = manual_environment(txt->proof);

    xreplace(&out->path, add ? script->path : script->cleanup);
    if (out->path == NULL)
        return;
    ARGV(out, out->path);
    for (size_t i = 0; i < env.len; i++)
        if (strchr(env.at[i], '=') != NULL) /* the others take away what is not there */
            list_add(&out->env, env.at[i]);
    if (!add)
        put(&out->env, "CERTBOT_AUTH_OUTPUT", txt->proof->output);
}

static const struct {
    void (*make)(const struct script *script, const struct txt *txt, bool add, struct call *out);
    bool by_record; /* gets the name of the record: all others work it out from the domain, as it is for dns-01 */
    bool needs_token, needs_key;
} protocols[SCRIPT_KINDS] = {
    [SCRIPT_ACME_SH] = { call_acme_sh, .by_record = true },
    [SCRIPT_DEHYDRATED] = { call_dehydrated, .needs_token = true },
    [SCRIPT_LEGO] = { call_lego, .by_record = true },
    [SCRIPT_UACME] = { call_uacme, .needs_token = true },
    [SCRIPT_CERTBOT] = { call_certbot },
};

static bool check(const struct script *script, const struct txt *txt, struct error *err)
{
    const char *name = script_kind_name(script->kind);
    bool raw = script->kind == SCRIPT_LEGO && text_equal(setting(script, "EXEC_MODE"), "RAW");

    if ((!protocols[script->kind].by_record || raw) && !text_equal(txt->proof->type, "dns-01")) {
        (void)error_set(err, ERROR_PLUGIN,
            "a script by %s's protocol cannot answer %s: it is told the domain, not the record's name", name,
            txt->proof->type);
        return error_next(err, "use --preferred-challenges dns-01");
    }
    if (((protocols[script->kind].needs_token || raw) && !text_is_given(txt->proof->token)) ||
        (raw && !text_is_given(txt->proof->key_authorization)))
        return error_set(err, ERROR_PLUGIN, "the challenge has no token, which %s's protocol needs", name);
    return true;
}

bool call_make(const struct script *script, const struct txt *txt, bool add, struct call *out, struct error *err)
{
    TRY(check(script, txt, err));
    xreplace(&out->path, script->path);
    put_passed(&out->env);
    list_add_all(&out->env, script->settings);
    put(&out->env, "TMPDIR", script->scratch);
    protocols[script->kind].make(script, txt, add, out);
    return true;
}

void call_clear(struct call *call)
{
    for (size_t i = 0; i < call->env.len; i++)
        wipe(call->env.at[i], strlen(call->env.at[i]));
    list_clear(&call->env);
    list_clear(&call->argv);
    xreplace(&call->path, NULL);
}
