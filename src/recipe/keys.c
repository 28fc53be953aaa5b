/*
 * What the user gives for a provider: credentials files in Certbot's form or in JSON, options, Amazon's own places.
 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "dns/credentials.h"
#include "dns/options.h"
#include "recipe/aws_keys.h"
#include "recipe/provider.h"

#define KEYS_MAX 16

/* ---- one key ---- */

static bool is_option(const struct value *key)
{
    return value_truth(value_member(key, "option"));
}

/* The content of the file that a key names. */
static bool read_named(const char *path, struct value *out, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF_SECRET(FILE_MAX_TEXT);

    if (!file_read_given(path, &text, err))
        return error_as(err, ERROR_PLUGIN);
    value_set_text(out, view_trim(buf_view(&text)));
    return true;
}

static bool set_key(const struct value *key, const char *text, struct vars *out, struct error *err)
{
    AUTO(value_clear) struct value value = { 0 };

    if (!text_is_given(text))
        text = value_member_text(key, "default");
    if (!text_is_given(text))
        return true;
    if (value_truth(value_member(key, "file")))
        TRY(read_named(text, &value, err));
    else
        value_set_text(&value, view_of(text));
    vars_set(out, key->key, &value, !value_truth(value_member(key, "public")));
    return true;
}

static bool set_options(const struct plugin_context *context, const struct value *keys, const char *name,
    struct vars *out, struct error *err)
{
    for (size_t i = 0; keys != NULL && i < keys->len; i++) {
        bool is_set;

        if (is_option(&keys->at[i]))
            TRY(set_key(&keys->at[i], dns_option(context->settings, name, keys->at[i].key, &is_set), out, err));
    }
    return true;
}

/* ---- files in Certbot's form ---- */

/* A list of words with blanks between; NULL: none. Of the caller's. */
static char *words(const struct value *list, const char *more)
{
    AUTO(buf_clear) struct buf out = BUF(4096);

    buf_put_text(&out, more);
    for (size_t i = 0; list != NULL && i < list->len; i++)
        buf_putf(&out, "%s%s", out.len > 0 ? " " : "", value_text(&list->at[i]));
    return out.len > 0 ? buf_take(&out) : NULL;
}

struct form { /* a credentials_form and what it borrows */
    struct credential keys[KEYS_MAX];
    char *old[KEYS_MAX], *env[KEYS_MAX], *label;
    size_t count;
};

static void form_clear_at(struct form *form)
{
    for (size_t i = 0; i < form->count; i++) {
        free(form->old[i]);
        free(form->env[i]);
    }
    free(form->label);
}

/* Old names of a key: those of the description, and NAME_KEY, as third-party plugins of Certbot have it. */
static void add_key(struct form *form, const struct description *description, const struct value *key)
{
    AUTO(free) char *short_name = xprintf("%s_%s", description->name, key->key);
    const char *help = value_member_text(key, "help");
    AUTO(free) char *plugin = xstrdup(description->name), *before = NULL;
    size_t i = form->count++;

    for (char *c = plugin; *c != '\0'; c++)
        if (*c == '-')
            *c = '_';
    for (char *c = short_name; *c != '\0'; c++)
        if (*c == '-')
            *c = '_';
    before = xprintf("%s certbot_dns_%s:dns_%s", short_name, plugin, short_name);
    form->old[i] = words(value_member(key, "old"), before);
    form->env[i] = words(value_member(key, "env"), "");
    form->keys[i] = (struct credential){ .key = key->key,
        .hint = help != NULL ? help : key->key,
        .optional = value_truth(value_member(key, "optional")) || value_member(key, "default") != NULL,
        .old = form->old[i],
        .env = form->env[i] };
}

static bool read_ini(const struct plugin_context *context, const struct description *description, const char *name,
    struct vars *out, char **where, struct error *err)
{
    const struct value *keys = service_keys(description);
    AUTO(form_clear) struct form form = { .label = xprintf("%s credentials INI file", description->title) };
    struct credentials_form wanted = { .plugin = name, .label = form.label, .keys = form.keys };
    AUTO(credentials_free) struct credentials *credentials = NULL; /* borrows wanted to its end */

    for (size_t i = 0; keys != NULL && i < keys->len && form.count < KEYS_MAX; i++)
        if (!is_option(&keys->at[i]))
            add_key(&form, description, &keys->at[i]);
    wanted.count = form.count;
    if (form.count == 0)
        return true;
    TRY(credentials_load(context, &wanted, NULL, NULL, &credentials, err));
    *where = xstrdup(credentials_source(credentials));
    for (size_t i = 0; i < keys->len; i++)
        if (!is_option(&keys->at[i]))
            TRY(set_key(&keys->at[i], credentials_get(credentials, keys->at[i].key), out, err));
    return true;
}

/* ---- files in JSON ---- */

static bool check_json(
    const struct description *description, const char *path, const struct vars *vars, struct error *err)
{
    const struct value *keys = service_keys(description);

    for (size_t i = 0; keys != NULL && i < keys->len; i++)
        if (!value_truth(value_member(&keys->at[i], "optional")) && !is_option(&keys->at[i]) &&
            !vars_is_set(vars, keys->at[i].key))
            return error_set(err, ERROR_PLUGIN, "%s has no member \"%s\"", path, keys->at[i].key);
    return true;
}

static bool read_json(const struct description *description, const char *path, struct vars *out, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF_SECRET(FILE_MAX_TEXT);
    AUTO(value_clear) struct value value = { 0 };
    const struct value *keys = service_keys(description);

    TRY(credentials_read_file(path, &text, err));
    if (!value_read_json(buf_view(&text), path, &value, err))
        return error_as(err, ERROR_PLUGIN);
    for (size_t i = 0; keys != NULL && i < keys->len; i++)
        if (!is_option(&keys->at[i]))
            TRY(set_key(&keys->at[i], value_member_text(&value, keys->at[i].key), out, err));
    return check_json(description, path, out, err);
}

struct trying { /* files that the user names, until one is good */
    const struct description *description;
    struct vars *out;
    char **where;
};

static bool try_json(const char *path, void *arg, struct error *err)
{
    AUTO(vars_clear) struct vars vars = { 0 };
    const struct trying *trying = arg;

    TRY(read_json(trying->description, path, &vars, err));
    vars_set_all(trying->out, &vars);
    xreplace(trying->where, path);
    return true;
}

/* The file that was named, by an option or when the user was asked before; borrowed. NULL: none. */
static const char *named_json(const struct plugin_context *context, const char *name)
{
    const struct answers *answers = context->answers;
    AUTO(free) char *option = xprintf("%s-credentials", name);
    bool is_set;
    const char *path = dns_option(context->settings, name, "credentials", &is_set);

    if (path == NULL && answers != NULL && text_equal(answers->plugin_option, option))
        path = answers->plugin_value;
    return path;
}

/* Where Google's tools find a file that no option names; NULL: nowhere. Of the caller's. */
static char *ambient_json(const struct description *description)
{
    const char *named = getenv("GOOGLE_APPLICATION_CREDENTIALS"), *home = getenv("HOME");
    AUTO(free)
    char *usual = home != NULL ? file_join(home, ".config/gcloud/application_default_credentials.json") : NULL;

    if (strcmp(description->name, "google") != 0)
        return NULL;
    if (text_is_given(named))
        return xstrdup(named);
    return usual != NULL && file_exists(usual) ? TAKE(usual) : NULL;
}

static bool find_json(const struct plugin_context *context, const struct description *description, const char *name,
    struct vars *out, char **where, struct error *err)
{
    AUTO(free) char *label = xprintf("%s credentials JSON file", description->title);
    struct credentials_form form = { .plugin = name, .label = label };
    struct trying trying = { description, out, where };
    const char *path = named_json(context, name);
    AUTO(free) char *ambient = path == NULL ? ambient_json(description) : NULL;

    if (path == NULL && ambient == NULL)
        return credentials_ask_path(context, &form, try_json, &trying, err);
    if (ambient != NULL)
        path = ambient;
    *where = xstrdup(path);
    return read_json(description, path, out, err);
}

/* ---- which of them must be there ---- */

/* How many of the keys are set. */
static size_t count_set(const struct value *names, const struct vars *vars)
{
    size_t count = 0;

    for (size_t i = 0; i < names->len; i++)
        count += vars_is_set(vars, value_text(&names->at[i]));
    return count;
}

static void put_alternative(const struct description *description, const struct value *names, struct buf *out)
{
    size_t start = out->len;

    for (size_t i = 0; i < names->len; i++)
        buf_putf(out, "%sdns_%s_%s", i > 0 ? " and " : "", description->name, value_text(&names->at[i]));
    for (size_t i = start; i < out->len; i++)
        if (out->at[i] == '-')
            out->at[i] = '_';
}

/* One alternative must be whole, and nothing of another be there. */
static bool check_need(
    const struct description *description, const struct vars *vars, const char *where, struct error *err)
{
    const struct value *need = value_member(&description->top, "need");
    AUTO(buf_clear) struct buf all = BUF(4096);
    size_t whole = 0, begun = 0;

    for (size_t i = 0; need != NULL && i < need->len; i++) {
        size_t count = count_set(&need->at[i], vars);

        whole += count == need->at[i].len;
        begun += count > 0;
        if (i > 0)
            buf_put_text(&all, ", or ");
        put_alternative(description, &need->at[i], &all);
    }
    if (need == NULL || (whole == 1 && begun == 1))
        return true;
    (void)error_set(err, ERROR_PLUGIN, begun > 1 ? "%s has keys that exclude each other" : "%s lacks keys",
        where != NULL ? where : "the credentials");
    return error_next(err, "set either %s", buf_text(&all));
}

/* ---- all ---- */

static bool read_keys(const struct plugin_context *context, const struct description *description, const char *name,
    struct vars *out, char **where, struct error *err)
{
    const char *form = value_member_text(&description->top, "credentials");

    if (form != NULL && strcmp(form, "aws") == 0)
        return aws_keys(out, where, err);
    if (form != NULL && strcmp(form, "json") == 0)
        return find_json(context, description, name, out, where, err);
    return (form != NULL && strcmp(form, "none") == 0) || read_ini(context, description, name, out, where, err);
}

bool recipe_keys(const struct plugin_context *context, const struct description *description, const char *name,
    struct vars *out, char **where, struct error *err)
{
    TRY(set_options(context, service_keys(description), name, out, err));
    TRY(read_keys(context, description, name, out, where, err));
    return check_need(description, out, *where, err);
}
