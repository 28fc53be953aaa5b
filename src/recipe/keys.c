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
#include "recipe/ambient.h"
#include "recipe/aws_keys.h"
#include "recipe/provider.h"

#define KEYS_MAX 64
#define MANY 32 /* NAME1, NAME2 ... of a key that may be there more than once */

/* ---- one key ---- */

static bool is_option(const struct value *key)
{
    return value_truth(value_member(key, "option"));
}

/* The content of the file that a key names: as it is, as JSON, or one member of that. */
static bool read_named(
    const struct value *key, const char *path, const struct vars *vars, struct value *out, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF_SECRET(FILE_MAX_TEXT);
    AUTO(value_clear) struct value json = { 0 };
    const char *field = value_member_text(key, "field");
    const char *member = field != NULL ? value_text(vars_get(vars, view_of(field))) : NULL;

    if (!file_read_given(path, &text, err))
        return error_as(err, ERROR_PLUGIN);
    if (member == NULL && !value_truth(value_member(key, "json"))) {
        value_set_text(out, view_trim(buf_view(&text)));
        return true;
    }
    if (!value_read_json(buf_view(&text), path, &json, err))
        return error_as(err, ERROR_PLUGIN);
    if (member != NULL && value_member_text(&json, member) == NULL)
        return error_set(err, ERROR_PLUGIN, "%s has no member \"%s\"", path, member);
    value_copy(out, member != NULL ? value_member(&json, member) : &json);
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
        TRY(read_named(key, text, out, &value, err));
    else
        value_set_text(&value, view_of(text));
    vars_set(out, key->key, &value, !value_truth(value_member(key, "public")));
    return true;
}

/* What the surroundings say beside the credentials, or instead of them. */
static bool set_surroundings(const struct value *keys, struct vars *out, struct error *err)
{
    for (size_t i = 0; keys != NULL && i < keys->len; i++) {
        const struct value *names = value_member(&keys->at[i], "env");
        const char *found = NULL;

        if (!value_truth(value_member(&keys->at[i], "around")) || vars_is_set(out, keys->at[i].key))
            continue;
        for (size_t n = 0; names != NULL && n < names->len && !text_is_given(found); n++)
            found = getenv(value_text(&names->at[n]));
        TRY(set_key(&keys->at[i], found, out, err));
    }
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
    char *name[KEYS_MAX], *old[KEYS_MAX], *env[KEYS_MAX], *label;
    size_t count;
};

static void form_clear_at(struct form *form)
{
    for (size_t i = 0; i < form->count; i++) {
        free(form->name[i]);
        free(form->old[i]);
        free(form->env[i]);
    }
    free(form->label);
}

static char *underscored(char *text)
{
    for (char *c = text; *c != '\0'; c++)
        if (*c == '-')
            *c = '_';
    return text;
}

/* The key by that name, of the form's then. Old names: those of the description, and NAME_KEY, as third-party plugins
 * of Certbot have it. */
static void add_key(struct form *form, const struct description *description, const struct value *key, char *name)
{
    AUTO(free) char *short_name = underscored(xprintf("%s_%s", description->name, name));
    AUTO(free) char *plugin = underscored(xstrdup(description->name));
    AUTO(free) char *before = xprintf("%s certbot_dns_%s:dns_%s", short_name, plugin, short_name);
    const char *help = value_member_text(key, "help");
    size_t i = form->count++;

    form->name[i] = name;
    form->old[i] = words(value_member(key, "old"), before);
    form->env[i] = words(value_member(key, "env"), "");
    form->keys[i] = (struct credential){ .key = name,
        .hint = help != NULL ? help : name,
        .optional = value_truth(value_member(key, "optional")) || value_member(key, "default") != NULL,
        .old = form->old[i],
        .env = form->env[i] };
}

static bool is_many(const struct value *key)
{
    return value_member(key, "many") != NULL;
}

static void add_keys(struct form *form, const struct description *description, const struct value *key)
{
    for (int n = 1; n <= (is_many(key) ? MANY : 1) && form->count < KEYS_MAX; n++)
        add_key(form, description, key, is_many(key) ? xprintf("%s%d", key->key, n) : xstrdup(key->key));
}

/* A list of objects with "name" and "id", of texts "NAME:ID", in the variable that "many" names. */
static void set_many(const struct value *key, const struct credentials *credentials, struct vars *out)
{
    AUTO(value_clear) struct value list = { 0 };

    value_set_list(&list);
    for (int n = 1; n <= MANY; n++) {
        AUTO(free) char *name = xprintf("%s%d", key->key, n);
        const char *text = credentials_get(credentials, name);
        struct view rest = view_of(text), first = { 0 };
        struct value *pair;

        if (text == NULL || !view_cut(&rest, ':', &first))
            continue;
        pair = value_add(&list);
        value_set_object(pair);
        value_set_text(value_member_for(pair, "name"), view_trim(first));
        value_set_text(value_member_for(pair, "id"), view_trim(rest));
    }
    if (list.len > 0)
        vars_set(out, value_member_text(key, "many"), &list, !value_truth(value_member(key, "public")));
}

static bool read_ini(const struct plugin_context *context, const struct description *description, const char *name,
    struct vars *out, char **where, struct error *err)
{
    const struct value *keys = service_keys(description);
    AUTO(form_clear) struct form form = { .label = xprintf("%s credentials INI file", description->title) };
    struct credentials_form wanted = { .plugin = name, .label = form.label, .keys = form.keys };
    AUTO(credentials_free) struct credentials *credentials = NULL; /* borrows wanted to its end */

    for (size_t i = 0; keys != NULL && i < keys->len; i++)
        if (!is_option(&keys->at[i]))
            add_keys(&form, description, &keys->at[i]);
    wanted.count = form.count;
    if (form.count == 0)
        return true;
    TRY(credentials_load(context, &wanted, NULL, NULL, &credentials, err));
    *where = xstrdup(credentials_source(credentials));
    for (size_t i = 0; i < keys->len; i++) {
        if (is_many(&keys->at[i]))
            set_many(&keys->at[i], credentials, out);
        else if (!is_option(&keys->at[i]))
            TRY(set_key(&keys->at[i], credentials_get(credentials, keys->at[i].key), out, err));
    }
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
    for (size_t i = 0; keys != NULL && i < keys->len; i++) {
        const char *way = value_member_text(&keys->at[i], "path");

        if (!is_option(&keys->at[i]))
            TRY(set_key(&keys->at[i], value_text(value_walk(&value, way != NULL ? way : keys->at[i].key)), out, err));
    }
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

/* "$NAME" is the path in that variable, "~/FILE" a file in the home directory that is there; NULL: nothing. Of the
 * caller's. */
static char *usual_file(const char *place)
{
    const char *home = getenv("HOME"), *named = place[0] == '$' ? getenv(place + 1) : NULL;
    AUTO(free) char *path = NULL;

    if (place[0] == '$')
        return text_is_given(named) ? xstrdup(named) : NULL;
    path = text_starts(place, "~/") ? (home != NULL ? file_join(home, place + 2) : NULL) : xstrdup(place);
    return path != NULL && file_exists(path) ? TAKE(path) : NULL;
}

/* The file that no option names: a credential of systemd, or one of those that the service's own tools use. NULL: none;
 * of the caller's. */
static char *unnamed_json(const struct description *description, const char *name)
{
    const struct value *files = value_member(&description->top, "files");
    const char *dir = getenv("CREDENTIALS_DIRECTORY");
    AUTO(free) char *file = xprintf("%s-credentials", name), *path = NULL;

    if (text_is_given(dir))
        path = file_join(dir, file);
    if (path != NULL && file_exists(path))
        return TAKE(path);
    xreplace(&path, NULL);
    for (size_t i = 0; files != NULL && i < files->len && path == NULL; i++)
        path = usual_file(value_text(&files->at[i]));
    return TAKE(path);
}

/* Whether the surroundings are asked where nothing is given. */
static bool has_ambient(const struct description *description)
{
    const struct value *login = value_member(&description->top, "login");

    for (size_t i = 0; value_is_list(login) && i < login->len; i++)
        if (ambient_advice(&login->at[i]) != NULL)
            return true;
    return ambient_advice(login) != NULL;
}

static bool find_json(const struct plugin_context *context, const struct description *description, const char *name,
    struct vars *out, char **where, struct error *err)
{
    AUTO(free) char *label = xprintf("%s credentials JSON file", description->title);
    struct credentials_form form = { .plugin = name, .label = label };
    struct trying trying = { description, out, where };
    const char *path = named_json(context, name);
    AUTO(free) char *unnamed = path == NULL ? unnamed_json(description, name) : NULL;

    if (path == NULL && unnamed == NULL)
        return has_ambient(description) || credentials_ask_path(context, &form, try_json, &trying, err);
    if (path == NULL)
        path = unnamed;
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
    const char *form = value_member_text(&description->top, "credentials");
    bool is_json = form != NULL && strcmp(form, "json") == 0;
    AUTO(free) char *prefix = is_json ? xstrdup("") : xprintf("dns_%s_", description->name);

    for (size_t i = 0; i < names->len; i++)
        buf_putf(out, "%s%s%s", i > 0 ? " and " : "", prefix, value_text(&names->at[i]));
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
    bool may_lack = false;

    for (size_t i = 0; need != NULL && i < need->len; i++) {
        size_t count = count_set(&need->at[i], vars);

        if (need->at[i].len == 0) {
            may_lack = where == NULL;
            continue;
        }
        whole += count == need->at[i].len;
        begun += count > 0;
        if (all.len > 0)
            buf_put_text(&all, ", or ");
        put_alternative(description, &need->at[i], &all);
    }
    if (need == NULL || (whole == 1 && begun == 1) || (may_lack && begun == 0))
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
    TRY(set_surroundings(service_keys(description), out, err));
    return check_need(description, out, *where, err);
}
