#include "dns/credentials.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "conf/conf.h"
#include "config/plugin_options.h"
#include "dns/options.h"

#define VALUE_MAX 65536 /* bytes */

struct credentials {
    const struct credentials_form *form;
    char *source;
    char **values; /* side by side with form->keys; NULL: not there */
};

static struct credentials *make(const struct credentials_form *form, const char *source, const char *path)
{
    struct credentials *credentials = xcalloc(1, sizeof *credentials);

    credentials->form = form;
    credentials->source = xprintf("%s%s", source, path);
    credentials->values = xcalloc(form->count + 1, sizeof *credentials->values);
    return credentials;
}

void credentials_free(struct credentials *credentials)
{
    if (credentials == NULL)
        return;
    for (size_t i = 0; i < credentials->form->count; i++)
        wipe_free(credentials->values[i]);
    free(credentials->values);
    free(credentials->source);
    free(credentials);
}

const char *credentials_get(const struct credentials *credentials, const char *key)
{
    for (size_t i = 0; i < credentials->form->count; i++)
        if (text_equal(credentials->form->keys[i].key, key))
            return text_is_given(credentials->values[i]) ? credentials->values[i] : NULL;
    return NULL;
}

const char *credentials_source(const struct credentials *credentials)
{
    return credentials->source;
}

/* "dns_cloudflare_api_token", of the caller's. */
static char *property_name(const struct credentials_form *form, size_t i)
{
    return plugin_option_key(form->plugin, form->keys[i].key);
}

/* ---- files ---- */

bool credentials_read_file(const char *path, struct buf *out, struct error *err)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return error_set(err, ERROR_PLUGIN, "File not found: %s", path);
    if (S_ISDIR(st.st_mode))
        return error_set(err, ERROR_PLUGIN, "Path is a directory: %s", path);
    if ((st.st_mode & S_IRWXO) != 0)
        log_warning("Unsafe permissions on credentials configuration file: %s", path);
    return file_read_given(path, out, err) || error_as(err, ERROR_PLUGIN);
}

/* The first of the property's names that the file has: its own, with the prefix that third-party plugins of Certbot
 * had ("certbot_dns_hetzner:dns_hetzner_api_token"), old ones. NULL when there is none; of the caller's. */
static char *name_in(const struct conf *conf, const struct credentials_form *form, size_t i)
{
    AUTO(free) char *name = property_name(form, i), *package = plugin_option_key("certbot", form->plugin);
    AUTO(free) char *prefixed = xprintf("%s:%s", package, name);
    struct view rest = view_of(form->keys[i].old), part;

    if (conf_get(conf, "", name) != NULL)
        return TAKE(name);
    if (conf_get(conf, "", prefixed) != NULL)
        return TAKE(prefixed);
    while (view_cut(&rest, ' ', &part)) {
        AUTO(free) char *old = view_dup(part);

        if (old[0] != '\0' && conf_get(conf, "", old) != NULL)
            return TAKE(old);
    }
    return NULL;
}

/* A comma makes a list of a value, of which Certbot's plugins can make nothing. */
static bool is_list(const struct conf *conf, const char *name)
{
    AUTO(list_clear) struct list parts = { 0 };
    bool many = conf_get_list(conf, "", name, &parts) && parts.len != 1;

    for (size_t i = 0; i < parts.len; i++)
        wipe(parts.at[i], strlen(parts.at[i]));
    return many;
}

bool credentials_read(struct view text, const char *path, const struct credentials_form *form, struct credentials **out,
    struct error *err)
{
    AUTO(credentials_free) struct credentials *credentials = make(form, "credentials configuration file ", path);
    AUTO(conf_free) struct conf *conf = NULL;
    struct error why = { 0 };

    if (!conf_read(text, path, &conf, &why))
        return error_set(err, ERROR_PLUGIN, "Error parsing credentials configuration '%s': %s", path, why.why);
    for (size_t i = 0; i < form->count; i++) {
        AUTO(free) char *name = name_in(conf, form, i);

        if (name == NULL)
            continue;
        if (is_list(conf, name))
            return error_set(err, ERROR_PLUGIN,
                "Property \"%s\" in %s has a comma outside of quotes: put the value in double quotes", name,
                credentials->source);
        credentials->values[i] = xstrdup(conf_get(conf, "", name));
    }
    *out = TAKE(credentials);
    return true;
}

/* Certbot's words. All that is missing is told at once. */
static bool require(const struct credentials *credentials, struct error *err)
{
    const struct credentials_form *form = credentials->form;
    AUTO(buf_clear) struct buf missing = BUF(sizeof err->why);
    AUTO(free) char *text = NULL;
    size_t count = 0;

    for (size_t i = 0; i < form->count; i++) {
        AUTO(free) char *name = property_name(form, i);

        if (form->keys[i].optional || text_is_given(credentials->values[i]))
            continue;
        buf_putf(&missing, "\n * Property \"%s\" not %s (should be %s).", name,
            credentials->values[i] == NULL ? "found" : "set", form->keys[i].hint);
        count++;
    }
    if (count == 0)
        return true;
    text =
        xprintf("Missing %s in %s:%s", count == 1 ? "property" : "properties", credentials->source, buf_text(&missing));
    (void)error_set_lines(err, ERROR_PLUGIN, text);
    return false;
}

static bool accept(const struct credentials *credentials, credentials_check *check, void *arg, struct error *err)
{
    return require(credentials, err) && (check == NULL || check(credentials, arg, err));
}

static bool load_file(
    const char *path, const struct credentials_form *form, struct credentials **out, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF_SECRET(FILE_MAX_TEXT);

    return credentials_read_file(path, &text, err) && credentials_read(buf_view(&text), path, form, out, err);
}

/* ---- what the surroundings give ---- */

/* A file of systemd's (systemd.exec(5), "Credentials"): its bytes without the line end that editors leave. */
static bool read_bare(const char *dir, const char *name, char **out, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF_SECRET(VALUE_MAX);
    AUTO(free) char *path = file_join(dir, name);

    if (!file_exists(path))
        return true;
    TRY(credentials_read_file(path, &text, err));
    while (text.len > 0 && (text.at[text.len - 1] == '\n' || text.at[text.len - 1] == '\r'))
        buf_cut(&text, text.len - 1);
    if (view_has(buf_view(&text), '\0'))
        return error_set(err, ERROR_PLUGIN, "%s holds a NUL byte", path);
    *out = xstrdup(buf_text(&text));
    return true;
}

static bool has_any(const struct credentials *credentials)
{
    for (size_t i = 0; i < credentials->form->count; i++)
        if (credentials->values[i] != NULL)
            return true;
    return false;
}

/* *out stays NULL where systemd has given nothing. */
static bool load_systemd(const struct credentials_form *form, struct credentials **out, struct error *err)
{
    const char *dir = getenv("CREDENTIALS_DIRECTORY");
    AUTO(credentials_free)
    struct credentials *credentials = make(form, "the credentials of systemd in ", dir != NULL ? dir : "");
    AUTO(free) char *name = xprintf("%s-credentials", form->plugin), *path = NULL;

    if (!text_is_given(dir))
        return true;
    path = file_join(dir, name);
    if (file_exists(path))
        return load_file(path, form, out, err);
    for (size_t i = 0; i < form->count; i++) {
        AUTO(free) char *property = property_name(form, i);

        TRY(read_bare(dir, property, &credentials->values[i], err));
    }
    if (has_any(credentials))
        *out = TAKE(credentials);
    return true;
}

/* The first variable that has the value, borrowed; NULL when there is none. */
static const char *find_variable(const struct credentials_form *form, size_t i)
{
    AUTO(free) char *name = property_name(form, i);
    struct view rest = view_of(form->keys[i].env), part;
    const char *value;

    for (char *c = name; *c != '\0'; c++)
        *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
    value = getenv(name);
    while (!text_is_given(value) && view_cut(&rest, ' ', &part)) {
        AUTO(free) char *other = view_dup(part);

        value = getenv(other);
    }
    return text_is_given(value) ? value : NULL;
}

static void load_environment(const struct credentials_form *form, struct credentials **out)
{
    AUTO(credentials_free) struct credentials *credentials = make(form, "the environment", "");

    for (size_t i = 0; i < form->count; i++)
        credentials->values[i] = xstrdup_or_null(find_variable(form, i));
    if (has_any(credentials))
        *out = TAKE(credentials);
}

static bool load_given(const struct plugin_context *context, const struct credentials_form *form,
    struct credentials **out, struct error *err)
{
    const struct answers *answers = context->answers;
    AUTO(free) char *option = xprintf("%s-credentials", form->plugin);
    bool is_set;
    const char *path = dns_option(context->settings, form->plugin, "credentials", &is_set);

    if (path == NULL && answers != NULL && text_equal(answers->plugin_option, option))
        path = answers->plugin_value;
    if (path != NULL)
        return load_file(path, form, out, err);
    TRY(load_systemd(form, out, err));
    if (*out == NULL)
        load_environment(form, out);
    return true;
}

/* ---- the question ---- */

/* "~" and "~/..." are the user's home, as Certbot reads the answer; of the caller's. */
static char *expand_home(const char *path)
{
    const char *home = getenv("HOME");
    AUTO(free) char *expanded = NULL;

    if (path[0] != '~' || (path[1] != '/' && path[1] != '\0') || !text_is_given(home))
        return file_absolute(path);
    expanded = xprintf("%s%s", home, path + 1);
    return file_absolute(expanded);
}

static void keep_answer(const struct plugin_context *context, const struct credentials_form *form, const char *path)
{
    AUTO(free) char *option = xprintf("%s-credentials", form->plugin);

    if (context->answers == NULL)
        return;
    xreplace(&context->answers->plugin_option, option);
    xreplace(&context->answers->plugin_value, path);
}

/* Where nobody is asked: what can be given instead. */
static bool advise(const struct plugin_context *context, const struct credentials_form *form, struct error *err)
{
    AUTO(free) char *first = form->count > 0 ? property_name(form, 0) : NULL;

    if (err->kind != ERROR_CONFIG || !ui_voice(context->ui)->hints)
        return false;
    if (first == NULL)
        return error_next_default(err, "name a file with --%s-credentials", form->plugin);
    return error_next_default(err,
        "name a file with --%s-credentials, which has lines such as `%s = ...`; or give each of these names in upper "
        "case as "
        "a variable of the environment, or as a credential of systemd",
        form->plugin, first);
}

bool credentials_ask_path(const struct plugin_context *context, const struct credentials_form *form,
    bool (*try)(const char *path, void *arg, struct error *err), void *arg, struct error *err)
{
    AUTO(free) char *text = xprintf("Input the path to your %s", form->label);
    AUTO(free) char *canceled = xprintf("%s required to proceed.", form->label);
    struct question question = { .text = text, .forced = true, .canceled = canceled };

    for (;;) {
        AUTO(free) char *answer = NULL, *path = NULL;
        struct error why = { 0 };

        if (!ui_text(context->ui, &question, NULL, &answer, err))
            return advise(context, form, err);
        path = expand_home(answer);
        if (answer[0] == '\0')
            (void)error_set(&why, ERROR_PLUGIN, "Please enter a valid path to your %s.", form->label);
        else if (try(path, arg, &why)) {
            keep_answer(context, form, path);
            return true;
        }
        ui_frame(context->ui, true, why.why);
    }
}

struct attempt {
    const struct credentials_form *form;
    credentials_check *check;
    void *arg;
    struct credentials *got;
};

static bool try_file(const char *path, void *arg, struct error *err)
{
    struct attempt *attempt = arg;
    AUTO(credentials_free) struct credentials *got = NULL;

    TRY(load_file(path, attempt->form, &got, err));
    TRY(accept(got, attempt->check, attempt->arg, err));
    attempt->got = TAKE(got);
    return true;
}

bool credentials_load(const struct plugin_context *context, const struct credentials_form *form,
    credentials_check *check, void *arg, struct credentials **out, struct error *err)
{
    struct attempt attempt = { .form = form, .check = check, .arg = arg };
    AUTO(credentials_free) struct credentials *given = NULL;

    TRY(load_given(context, form, &given, err));
    if (given == NULL) {
        TRY(credentials_ask_path(context, form, try_file, &attempt, err));
        *out = attempt.got;
        return true;
    }
    TRY(accept(given, check, arg, err));
    *out = TAKE(given);
    return true;
}
