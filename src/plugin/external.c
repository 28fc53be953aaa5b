#include "plugin/external.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/named.h"
#include "base/text.h"
#include "base/writers.h"
#include "help/help.h"
#include "config/plugin_options.h"
#include "plugin/line_questions.h"

#define GRACE_MS 2000 /* for a plugin to end once it has described itself */

struct entry { /* by the program's path: each is described once */
    struct named named;
    struct external *external;
};

struct location { /* of its program */
    const char *dir, *name;
};

static struct named_table entries = { .lock = MUTEX_INIT };

/* ---- may it be run? ---- */

/* Other users who may write there could decide which program we run. */
static bool check_trusted(const char *path, struct error *err)
{
    AUTO(writers_clear) struct writers writers = { 0 };
    AUTO(free) char *absolute = file_absolute(path);

    if (!writers_find(absolute, &writers))
        return true;
    (void)error_set(err, ERROR_PLUGIN, "%s %s", writers.path, writers.who);
    return error_next(err, "if you trust it: %s", writers.mend);
}

bool external_check_file(const char *dir, const char *name, char **real, struct error *err)
{
    AUTO(free) char *path = file_join(dir, name), *resolved = realpath(path, NULL), *parent = NULL;
    struct stat about;

    if (resolved == NULL || stat(resolved, &about) != 0)
        return error_errno(err, ERROR_PLUGIN, "cannot look at %s", path);
    parent = file_dirname(resolved);
    TRY(check_trusted(dir, err));
    TRY(check_trusted(parent, err)); /* another one where a link leads elsewhere */
    TRY(check_trusted(path, err));
    if (!S_ISREG(about.st_mode) || access(resolved, X_OK) != 0) {
        (void)error_set(err, ERROR_PLUGIN, "%s is not a program that can be run", path);
        return error_next(err, "chmod +x %s", path);
    }
    if (real != NULL)
        *real = TAKE(resolved);
    return true;
}

/* ---- what is it? ---- */

void external_log_said(const char *name, struct pipe_child *child)
{
    AUTO(free) char *said = pipe_child_take_said(child);
    struct view rest = view_trim(view_of(said)), line;

    while (said[0] != '\0' && view_cut(&rest, '\n', &line))
        log_info("plugin %s: %.*s", name, (int)line.len, line.at);
}

static bool describe(const char *path, const char *name, struct line_description *out, struct error *err)
{
    AUTO(buf_clear) struct buf question = BUF(LINE_MAX_QUESTION), answer = BUF(LINE_MAX_ANSWER);
    struct pipe_child *child;
    bool ok;

    log_debug("asking the plugin %s what it is", path);
    line_put_describe(&question);
    TRY(pipe_child_start(path, &child, err));
    ok = pipe_child_ask(child, buf_view(&question), LINE_DESCRIBE_LIMIT_S * 1000, &answer, err);
    external_log_said(name, child);
    pipe_child_close(child, ok ? GRACE_MS : 0);
    return ok && line_read_description(buf_view(&answer), name, out, err);
}

static void external_free(struct external *external)
{
    line_description_clear(&external->about);
    free(external->types);
    free(external->path);
    free((char *)external->plugin.name);
    free(external);
}
DEFINE_AUTO(struct external, external_free)

static bool external_make(const char *dir, const char *name, struct external **out, struct error *err)
{
    AUTO(external_free) struct external *external = xcalloc(1, sizeof *external);
    struct plugin *plugin = &external->plugin;

    TRY(external_check_file(dir, name, &external->path, err));
    TRY(describe(external->path, name, &external->about, err));
    external->types = xcalloc(external->about.types.len + 1, sizeof *external->types);
    for (size_t i = 0; i < external->about.types.len; i++)
        external->types[i] = external->about.types.at[i];
    external->authenticator = external_authenticator;
    external->authenticator.types = external->types;
    plugin->name = xstrdup(name);
    plugin->description = external->about.description;
    plugin->path = external->path;
    plugin->authenticator = external->about.authenticator ? &external->authenticator : NULL;
    plugin->installer = external->about.installer ? &external_installer : NULL;
    plugin->share = external->about.installer ? &external_share : NULL;
    *out = TAKE(external);
    return true;
}

/* ---- which are there? ---- */

static bool is_shadow(const struct settings *settings, const char *name)
{
    return plugin_find(name) != NULL || plugin_name_is_ours(name) || plugin_source_has(settings, name);
}

static bool make_entry(void *entry, void *arg, struct error *err)
{
    const struct location *location = arg;

    return external_make(location->dir, location->name, &((struct entry *)entry)->external, err);
}

static bool get_entry(const char *path, struct location *location, const struct entry **out, struct error *err)
{
    struct entry *entry = named_get(&entries, path, sizeof *entry);
    MUTEX_HOLD(&entry->named.lock);

    *out = entry;
    return named_make(&entry->named, make_entry, location, err);
}

bool external_find(const struct settings *settings, const char *name, const struct plugin **out, struct error *err)
{
    const char *dir = settings->plugin_dir;
    AUTO(free) char *path = NULL;
    const struct entry *entry;

    *out = NULL;
    if (name == NULL || is_shadow(settings, name) || !plugin_name_is_good(view_of(name)))
        return true;
    path = file_join(dir, name);
    if (!file_exists(path))
        return true;
    if (!get_entry(path, &(struct location){ dir, name }, &entry, err)) {
        if (err->kind != ERROR_CANCELED)
            (void)error_in(err, "The %s plugin in %s cannot be used", name, dir);
        return false;
    }
    *out = &entry->external->plugin;
    return true;
}

/* A program that does not count as a plugin is worth a word; a README beside them is not. */
static bool is_candidate(const struct settings *settings, const char *name)
{
    const char *dir = settings->plugin_dir;
    AUTO(free) char *path = file_join(dir, name);
    bool is_program = !file_is_dir(path) && access(path, X_OK) == 0;

    if (is_shadow(settings, name) || (is_program && !plugin_name_is_good(view_of(name)))) {
        log_warning("%s is not used: %s", path,
            is_shadow(settings, name) ? "its name is that of a plugin of our own"
                                      : "a plugin's name is made of lower case letters, digits and dashes");
        return false;
    }
    return is_program || plugin_name_is_good(view_of(name));
}

size_t external_list(const struct settings *settings, const struct plugin **found, size_t room)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };
    size_t count = 0;

    if (!file_list_dir(settings->plugin_dir, &names, &err))
        log_warning("no third-party plugins: %s", err.why);
    for (size_t i = 0; i < names.len && count < room; i++) {
        const struct plugin *plugin = NULL;

        if (!is_candidate(settings, names.at[i]))
            continue;
        if (!external_find(settings, names.at[i], &plugin, &err))
            log_warning("%s: %s%s%s", err.what, err.why, err.next[0] != '\0' ? "; " : "", err.next);
        else if (plugin != NULL)
            found[count++] = plugin;
    }
    return count;
}

/* ---- its options ---- */

static bool has_option(const struct external *external, const char *key)
{
    for (size_t i = 0; i < external->about.option_count; i++) {
        AUTO(free) char *own = plugin_option_key(external->plugin.name, external->about.options[i].name);

        if (strcmp(own, key) == 0)
            return true;
    }
    return false;
}

static bool no_such_option(const struct external *external, const char *key, struct error *err)
{
    AUTO(buf_clear) struct buf all = BUF(400);
    const char *name = external->plugin.name;
    AUTO(free) char *option = xstrdup(key + strlen(name) + 1);

    for (char *at = option; *at != '\0'; at++)
        if (*at == '_')
            *at = '-';
    for (size_t i = 0; i < external->about.option_count; i++)
        buf_putf(&all, "%s--%s-%s", i > 0 ? ", " : "", name, external->about.options[i].name);
    (void)error_set(err, ERROR_USAGE, "unrecognized arguments: --%s-%s", name, option);
    return error_next(err, "the options of the plugin %s are: %s", name, all.len > 0 ? buf_text(&all) : "none");
}

bool external_check_options(const struct external *external, const struct settings *settings, struct error *err)
{
    const char *name = external->plugin.name;

    for (size_t i = 0; i < settings->plugin_options.len; i++) {
        const struct plugin_option *given = &settings->plugin_options.at[i];

        if (text_equal(given->plugin, name) && !has_option(external, given->key))
            return no_such_option(external, given->key, err);
    }
    for (size_t i = 0; i < external->about.option_count; i++) {
        const struct line_option *option = &external->about.options[i];
        AUTO(free) char *key = plugin_option_key(name, option->name);

        if (!option->required || plugin_options_get(&settings->plugin_options, key) != NULL)
            continue;
        (void)error_set(err, ERROR_PLUGIN, "The %s plugin needs the option --%s-%s", name, name, option->name);
        return option->help == NULL ? false : error_next(err, "--%s-%s: %s", name, option->name, option->help);
    }
    return true;
}

char *external_server(const struct settings *settings, const char *name)
{
    const struct plugin_options *given = &settings->plugin_options;
    AUTO(list_clear) struct list parts = { 0 };

    for (size_t i = 0; i < given->len; i++) {
        AUTO(free) char *part = NULL;

        if (!plugin_option_is_for(given->at[i].key, name))
            continue;
        part = xprintf("%s=%s", given->at[i].key, given->at[i].value); /* no value holds a line feed */
        list_add(&parts, part);
    }
    list_sort(&parts);
    return list_join(&parts, "\n");
}

bool plugin_put_help(
    const struct settings *settings, const char *name, unsigned columns, struct buf *to, bool *found, struct error *err)
{
    const struct plugin *plugin;
    const struct line_description *about;

    TRY(external_find(settings, name, &plugin, err));
    *found = plugin != NULL;
    if (plugin == NULL)
        return true;
    about = &external_of(plugin)->about;
    help_put_title(name, plugin->description, columns, to);
    for (size_t i = 0; i < about->option_count; i++) {
        const struct line_option *option = &about->options[i];
        AUTO(free) char *names = xprintf("--%s-%s VALUE", name, option->name);
        AUTO(free)
        char *text = xprintf("%s%s%s", option->help != NULL ? option->help : "",
            option->help != NULL && option->required ? " " : "", option->required ? "(required)" : "");

        help_put_option(names, text, columns, to);
    }
    return true;
}

void plugin_put_options(const struct plugin *plugin, struct buf *to)
{
    const struct line_description *about = plugin->path == NULL ? NULL : &external_of(plugin)->about;

    for (size_t i = 0; about != NULL && i < about->option_count; i++) {
        const struct line_option *option = &about->options[i];

        buf_putf(to, "\nOption: --%s-%s%s%s%s", plugin->name, option->name, option->required ? " (required)" : "",
            option->help != NULL ? ": " : "", option->help != NULL ? option->help : "");
    }
}
