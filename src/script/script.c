#include "script/script.h"

#include <string.h>

#include "base/child.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/mutex.h"
#include "base/program.h"
#include "base/text.h"
#include "typed/code_path.h"
#include "dns/credentials.h"
#include "script/call.h"
#include "script/settings_file.h"

#define SHIM "dnsapi.sh"
#define SHOWN_MAX 600   /* bytes of what a script said, in an error */
#define OUTPUT_MAX 4096 /* bytes of what it printed, kept for its removal */

/* One use of a script in a run: one call at a time, since scripts change zones by reading and writing them. */
struct use {
    struct mutex one_call;
    struct script script;
    char *path, *cleanup, *shell, *shim, *helper, *state, *scratch; /* what script borrows */
    char *credentials;
    struct script_settings settings;
    int limit_s;
};

static void use_free(struct use *use)
{
    char *const texts[] = { use->path, use->cleanup, use->shell, use->shim, use->helper, use->state, use->scratch,
        use->credentials };

    for (size_t i = 0; i < COUNT(texts); i++)
        free(texts[i]);
    script_settings_clear(&use->settings);
    mutex_destroy(&use->one_call);
    free(use);
}
DEFINE_AUTO(struct use, use_free)

/* ---- what is to be run ---- */

static bool read_script(const char *path, struct buf *text, struct error *err)
{
    if (!file_exists(path))
        return error_set(err, ERROR_PLUGIN, "--dns-script: there is no file %s", path);
    return file_read(path, text, err) || error_as(err, ERROR_PLUGIN);
}

static bool choose_kind(const struct settings *settings, struct view text, enum script_kind *out, struct error *err)
{
    const char *path = settings->dns_script.path;

    if (settings->dns_script.protocol != NULL)
        return script_kind_find(settings->dns_script.protocol, out) ||
               error_set(err, ERROR_PLUGIN, "--dns-script-protocol: %s is none", settings->dns_script.protocol);
    if (script_recognise(path, text, out))
        return true;
    (void)error_set(err, ERROR_PLUGIN, "%s: for which client this script was written is not certain", path);
    return error_next(err, "say it with --dns-script-protocol: acme.sh (dns_NAME.sh with functions dns_NAME_add and "
                           "dns_NAME_rm), dehydrated, lego, uacme or certbot");
}

static bool check_program(const char *path, bool refuse, struct error *err)
{
    TRY(code_path_check(path, refuse, err));
    if (access(path, X_OK) == 0)
        return true;
    if (!file_exists(path))
        return error_set(err, ERROR_PLUGIN, "there is no file %s", path);
    (void)error_set(err, ERROR_PLUGIN, "%s exists, but is not executable", path);
    return error_next(err, "chmod +x %s", path);
}

/* Beside our own executable in a build folder, else where it was installed. */
static char *find_shim(const char *self)
{
    AUTO(free) char *dir = file_dirname(self), *beside = file_join(dir, "data/" SHIM);

    return file_exists(beside) ? TAKE(beside) : xstrdup(EVERCERT_DATADIR "/" SHIM);
}

/* A script that asks for bash in its first line gets it. */
static char *find_shell(struct view text)
{
    AUTO(free) char *directories = program_directories(), *bash = NULL;
    struct view line;

    if (view_cut(&text, '\n', &line) && view_starts(line, "#!") && line.len > 4 &&
        memcmp(line.at + line.len - 4, "bash", 4) == 0)
        bash = program_find("bash", directories);
    return bash != NULL ? TAKE(bash) : xstrdup("/bin/sh");
}

static bool prepare_acme_sh(struct use *use, struct view text, struct error *err)
{
    AUTO(free) char *name = script_acme_name(use->path, text);
    AUTO(free) char *self = program_self();

    if (name == NULL) {
        (void)error_set(err, ERROR_PLUGIN,
            "%s is no script of acme.sh's: it has to be called dns_NAME.sh and define the function dns_NAME_add",
            use->path);
        return error_next(err, "give the file the name that its functions begin with");
    }
    if (self == NULL)
        return error_set(err, ERROR_PLUGIN, "cannot find our own program: /proc is not mounted");
    use->shim = find_shim(self);
    use->helper = TAKE(self);
    use->shell = find_shell(text);
    if (file_exists(use->shim))
        return code_path_check(use->shim, true, err);
    (void)error_set(err, ERROR_PLUGIN, "%s, which scripts of acme.sh's need, is missing", use->shim);
    return error_next(err, "install Evercert again");
}

/* ---- settings, and where scripts save theirs ---- */

static bool read_settings(struct use *use, bool refuse, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF_SECRET(SETTINGS_FILE_MAX);

    if (use->credentials == NULL)
        return true;
    TRY(code_path_check(use->credentials, refuse, err)); /* a variable may decide what a script runs */
    TRY(credentials_read_file(use->credentials, &text, err));
    return script_settings_read(buf_view(&text), use->credentials, &use->settings, err);
}

/* WORK/dns-script/SCRIPT-NUMBER: one for each script with each credentials file, so that accounts stay apart. */
static void name_directories(struct use *use, const char *work_dir)
{
    AUTO(free) char *ident = xprintf("%s\n%s", use->path, use->credentials == NULL ? "" : use->credentials);
    AUTO(free)
    char *name =
        xprintf("%.100s-%016llx", file_basename(use->path), (unsigned long long)view_hash(view_of(ident), HASH_START));
    AUTO(free) char *all = file_join(work_dir, "dns-script");

    use->state = file_join(all, name);
    use->scratch = file_join(use->state, "scratch");
}

static bool open_use(const struct settings *settings, struct use *use, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(SCRIPT_MAX_TEXT);
    bool refuse = settings->voice->refuses_shared_code;

    use->path = xstrdup(settings->dns_script.path);
    use->cleanup = xstrdup_or_null(settings->dns_script.cleanup);
    use->credentials = xstrdup_or_null(settings->dns_script.credentials);
    use->limit_s = settings->dns_script.limit_s;
    TRY(read_script(use->path, &text, err));
    TRY(choose_kind(settings, buf_view(&text), &use->script.kind, err));
    if (use->script.kind == SCRIPT_ACME_SH) {
        TRY(code_path_check(use->path, refuse, err));
        TRY(prepare_acme_sh(use, buf_view(&text), err));
    } else {
        TRY(check_program(use->path, refuse, err));
    }
    TRY(use->cleanup == NULL || check_program(use->cleanup, refuse, err));
    TRY(read_settings(use, refuse, err));
    name_directories(use, settings->work_dir);
    return true;
}

static bool open(const struct plugin_context *context, const struct provider *provider __attribute__((unused)),
    void **self, struct error *err)
{
    AUTO(use_free) struct use *use = xcalloc(1, sizeof *use);

    mutex_init(&use->one_call);
    if (!text_is_given(context->settings->dns_script.path)) {
        (void)error_set(err, ERROR_PLUGIN, "dns-script needs a script");
        return error_next(err, "name it: --dns-script FILE");
    }
    TRY(open_use(context->settings, use, err));
    use->script = (struct script){ use->script.kind, use->path, use->cleanup, use->shell, use->shim, use->helper,
        use->state, use->scratch, &use->settings.env };
    *self = TAKE(use);
    return true;
}

/* ---- one call ---- */

/* Tokens that a script has saved are as secret as what it was given. */
static void learn_secrets(struct use *use)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error ignored = { 0 };

    if (!file_list_dir(use->state, &names, &ignored))
        return;
    for (size_t i = 0; i < names.len; i++) {
        AUTO(buf_clear) struct buf text = BUF_SECRET(SETTINGS_FILE_MAX);
        AUTO(free) char *path = file_join(use->state, names.at[i]);

        if (text_ends(path, ".conf") && file_read(path, &text, &ignored))
            script_settings_add_secrets(&use->settings, buf_view(&text));
    }
}

static void log_lines(const char *name, const char *text)
{
    struct view rest = view_trim(view_of(text)), line;

    while (text[0] != '\0' && view_cut(&rest, '\n', &line))
        log_info("%s: %.*s", name, (int)line.len, line.at);
}

/* The end of what it said, in one line; of the caller's. */
static char *last_words(const char *out, const char *err)
{
    struct view text = view_trim(view_of(err));
    AUTO(buf_clear) struct buf words = BUF(SIZE_MAX);
    struct view line;

    if (text.len == 0)
        text = view_trim(view_of(out));
    if (text.len > SHOWN_MAX)
        text = (struct view){ text.at + text.len - SHOWN_MAX, SHOWN_MAX };
    while (text.len > 0 && view_cut(&text, '\n', &line))
        if (view_trim(line).len > 0)
            buf_putf(&words, "%s%.*s", words.len > 0 ? "; " : "", (int)view_trim(line).len, view_trim(line).at);
    return buf_take(&words);
}

/* The user's file, which for acme.sh's is not the program that runs. */
static const char *shown_path(const struct use *use, const struct call *call)
{
    return use->script.kind == SCRIPT_ACME_SH ? use->path : call->path;
}

static bool tell_failure(const struct use *use, const char *path, int status, const char *words, struct error *err)
{
    (void)error_set(err, ERROR_PLUGIN, "%s failed with exit status %d%s%s", path, status,
        words[0] != '\0' ? ": " : ", and said nothing", words);
    if (use->credentials == NULL && use->script.kind == SCRIPT_ACME_SH)
        return error_next(err, "put the settings that the script needs, KEY=VALUE in lines, into a file and name it "
                               "with --dns-script-credentials");
    return error_next(err, "check its settings%s%s; all that it said is in the log%s",
        use->credentials != NULL ? " in " : "", use->credentials != NULL ? use->credentials : "",
        use->script.kind == SCRIPT_ACME_SH ? ", and more of it with a line DEBUG=2 among the settings" : "");
}

/* Logs what it said and keeps of it what its removal needs. */
static bool judge(
    struct use *use, const struct call *call, const struct child_result *result, char **output, struct error *err)
{
    AUTO(free) char *out = NULL, *said = NULL, *words = NULL;
    const char *name = file_basename(use->path);

    learn_secrets(use);
    out = secrets_hide(&use->settings.secrets, buf_view(&result->out));
    said = secrets_hide(&use->settings.secrets, buf_view(&result->err));
    log_lines(name, out);
    log_lines(name, said);
    if (result->status == 0) {
        if (output != NULL && use->script.kind == SCRIPT_CERTBOT) {
            struct view text = view_trim(buf_view(&result->out));

            *output = xstrndup(text.at, text.len < OUTPUT_MAX ? text.len : OUTPUT_MAX);
        }
        return true;
    }
    TRY(interrupt_check(err)); /* it was ended along with us */
    words = last_words(out, said);
    if (output != NULL && use->script.kind == SCRIPT_UACME)
        *output = xstrdup(CALL_DECLINED);
    return tell_failure(use, shown_path(use, call), result->status, words, err);
}

static bool run_in_turn(struct use *use, const struct call *call, char **output, struct error *err)
{
    AUTO(child_result_clear) struct child_result result = { 0 };
    AUTO(lock_release) struct lock *lock = NULL;
    AUTO(free) char **argv = xcalloc(call->argv.len + 1, sizeof *argv);
    struct error ignored = { 0 };
    bool ran;

    TRY(file_mkdirs(use->state, 0700, err));
    TRY(lock_take(use->state, LOCK_EXCLUSIVE, lock_wait_of(use->limit_s, NULL), &lock, err));
    TRY(file_remove_tree(use->scratch, err)); /* of a run that was killed */
    TRY(file_mkdirs(use->scratch, 0700, err));
    for (size_t i = 0; i < call->argv.len; i++)
        argv[i] = call->argv.at[i];
    ran =
        child_run(&(struct child_program){ call->path, argv, &call->env, (int64_t)use->limit_s * 1000 }, &result, err);
    if (!file_remove_tree(use->scratch, &ignored))
        log_warning("%s", ignored.why);
    if (ran)
        return judge(use, call, &result, output, err);
    if (err->kind != ERROR_CANCELED)
        (void)error_as(err, ERROR_PLUGIN);
    (void)error_in(err, "%s", shown_path(use, call));
    return error_next_default(err, "if it needs longer: --dns-script-time-limit SECONDS");
}

static bool call_for_value(struct use *use, struct txt *txt, bool add, struct error *err)
{
    AUTO(call_clear) struct call call = { 0 };
    char **output = add ? &txt->proof->output : NULL;

    MUTEX_HOLD(&use->one_call);
    TRY(call_make(&use->script, txt, add, &call, err));
    if (call.path == NULL)
        return true;
    log_info("%s the record %s by %s", add ? "adding" : "removing", txt->name, call.path);
    if (output != NULL)
        xreplace(output, NULL);
    return run_in_turn(use, &call, output, err);
}

/* Each value is a call of its own, whatever becomes of the others. */
static bool change(struct use *use, struct txt *const *txts, size_t count, bool add, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        struct error why = { 0 };

        TRY(interrupt_check(err));
        if (call_for_value(use, txts[i], add, &why)) {
            txt_done(txts[i]);
            continue;
        }
        if (why.kind == ERROR_CANCELED) {
            *err = why;
            return false;
        }
        txt_fail(txts[i], &why);
    }
    return true;
}

static bool add(void *self, struct txt *const *txts, size_t count, struct error *err)
{
    return change(self, txts, count, true, err);
}

static bool remove_all(void *self, struct txt *const *txts, size_t count, struct error *err)
{
    return change(self, txts, count, false, err);
}

static void close_use(void *self)
{
    use_free(self);
}

/* ---- the plugin ---- */

static bool is_here(const struct settings *settings)
{
    return text_is_given(settings->dns_script.path);
}

static const struct provider provider = {
    .name = "dns-script",
    .wait_s = 30,
    .open = open,
    .add = add,
    .remove = remove_all,
    .close = close_use,
};

const struct dns_plugin plugin_dns_script = {
    .plugin = { .name = "dns-script",
        .description = "Prove control with DNS records, by scripts that were written for other ACME clients",
        .authenticator = &dns_authenticator,
        .is_here = is_here,
        .share = &dns_share },
    .provider = &provider,
};
