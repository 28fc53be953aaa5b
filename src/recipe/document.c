#include "recipe/document.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "recipe/service.h"

/* ---- keys ---- */

static bool is_optional(const struct value *key)
{
    return value_truth(value_member(key, "optional")) || value_member(key, "default") != NULL;
}

static bool is_option(const struct value *key)
{
    return value_truth(value_member(key, "option"));
}

/* What the surroundings say besides is nothing that a user writes down. */
static bool is_told(const struct value *key)
{
    return !value_truth(value_member(key, "around"));
}

static const char *form_of(const struct description *description)
{
    const char *form = value_member_text(&description->top, "credentials");

    return form != NULL ? form : "ini";
}

/* Amazon's are not told: they are not in a file of ours. */
static const struct value *keys_of(const struct description *description)
{
    return strcmp(form_of(description), "aws") == 0 ? NULL : service_keys(description);
}

/* "dns_x_token", or "token" where the file is JSON; of the caller's. */
static char *key_name(const struct description *description, const struct value *key)
{
    char *name = strcmp(form_of(description), "ini") != 0 ? xstrdup(key->key)
                                                          : xprintf("dns_%s_%s%s", description->name, key->key,
                                                                value_member(key, "many") != NULL ? "1" : "");

    for (char *c = name; *c != '\0'; c++)
        if (*c == '-')
            *c = '_';
    return name;
}

static void put_key(const struct description *description, const struct value *key, struct buf *out)
{
    AUTO(free)
    char *name = is_option(key) ? xprintf("--dns-%s-%s", description->name, key->key) : key_name(description, key);

    buf_putf(out, is_optional(key) ? "[%s]" : "%s", name);
}

char *document_keys(const struct description *description)
{
    const struct value *keys = keys_of(description);
    AUTO(buf_clear) struct buf out = BUF(16384);

    for (size_t i = 0; keys != NULL && i < keys->len; i++) {
        if (!is_told(&keys->at[i]))
            continue;
        if (out.len > 0)
            buf_put_text(&out, ", ");
        put_key(description, &keys->at[i], &out);
    }
    return buf_take(&out);
}

static void put_key_line(const struct description *description, const struct value *key, struct buf *out)
{
    const char *help = value_member_text(key, "help"), *otherwise = value_member_text(key, "default");

    buf_put_text(out, "  ");
    put_key(description, key, out);
    if (help != NULL)
        buf_putf(out, ": %s", help);
    if (otherwise != NULL)
        buf_putf(out, " (default: %s)", otherwise);
    buf_put_char(out, '\n');
}

static const char *where(const struct description *description)
{
    const char *form = form_of(description);

    if (strcmp(form, "aws") == 0)
        return "keys as Amazon's tools find them: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, ~/.aws/credentials, or "
               "a role "
               "of the pod, container or instance";
    if (strcmp(form, "json") == 0)
        return "a JSON file";
    if (strcmp(form, "none") == 0 || service_keys(description) == NULL || service_keys(description)->len == 0)
        return "no credentials";
    return "a file with the lines";
}

/* ---- the list ---- */

static void put_one(const struct description *description, struct buf *out)
{
    const struct value *keys = keys_of(description);
    const char *note = value_member_text(&description->top, "note");

    buf_putf(out, "%sdns-%s: %s%s\n", out->len > 0 ? "\n" : "", description->name, description->title,
        description->overrides ? " (by the administrator)" : "");
    buf_putf(out, "  needs %s\n", where(description));
    for (size_t i = 0; keys != NULL && i < keys->len; i++)
        if (is_told(&keys->at[i]))
            put_key_line(description, &keys->at[i], out);
    if (note != NULL)
        buf_putf(out, "  %s\n", note);
}

bool document_list(const struct settings *settings, struct buf *out, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    TRY(description_names(DESCRIBES_DNS, settings->config_dir, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        const struct description *description = NULL;
        struct error why = { 0 };

        if (!description_find(DESCRIBES_DNS, settings->config_dir, names.at[i], &description, &why))
            buf_putf(out, "%sdns-%s: cannot be used: %s\n", out->len > 0 ? "\n" : "", names.at[i], why.why);
        else if (description != NULL)
            put_one(description, out);
    }
    return !out->failed || error_set(err, ERROR_INTERNAL, "the list is too long");
}

static void out_keys(const struct description *description, struct out *out)
{
    const struct value *keys = keys_of(description);

    out_array(out, "keys");
    for (size_t i = 0; keys != NULL && i < keys->len; i++) {
        AUTO(free) char *name = key_name(description, &keys->at[i]);

        if (!is_told(&keys->at[i]))
            continue;
        out_object(out, NULL);
        out_text(out, "name", is_option(&keys->at[i]) ? keys->at[i].key : name);
        out_bool(out, "option", is_option(&keys->at[i]));
        out_bool(out, "required", !is_optional(&keys->at[i]));
        out_bool(out, "secret", !value_truth(value_member(&keys->at[i], "public")));
        out_text(out, "help", value_member_text(&keys->at[i], "help"));
        out_end(out);
    }
    out_end(out);
}

bool document_json(const struct settings *settings, struct out *out, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    TRY(description_names(DESCRIBES_DNS, settings->config_dir, &names, err));
    out_array(out, "providers");
    for (size_t i = 0; i < names.len; i++) {
        const struct description *description = NULL;
        struct error why = { 0 };
        AUTO(free) char *plugin = xprintf("dns-%s", names.at[i]);

        (void)!description_find(DESCRIBES_DNS, settings->config_dir, names.at[i], &description, &why);
        out_object(out, NULL);
        out_text(out, "plugin", plugin);
        out_text(out, "error", description == NULL ? why.why : NULL);
        if (description != NULL) {
            out_text(out, "title", description->title);
            out_text(out, "file", description->path);
            out_text(out, "credentials", form_of(description));
            out_number(out, "propagation_seconds", description->wait_s);
            out_text(out, "note", value_member_text(&description->top, "note"));
            out_text(out, "docs", value_member_text(&description->top, "docs"));
            out_keys(description, out);
        }
        out_end(out);
    }
    out_end(out);
    return true;
}

/* ---- the page ---- */

static void put_section(const struct description *description, struct buf *out)
{
    const struct value *keys = keys_of(description);
    const char *note = value_member_text(&description->top, "note"),
               *docs = value_member_text(&description->top, "docs");
    bool is_ini = strcmp(form_of(description), "ini") == 0 && keys != NULL && keys->len > 0;

    buf_putf(out, "\n### %s\n\n`dns-%s`, wait where nobody can look: %d s. Needs %s%s\n", description->title,
        description->name, description->wait_s, where(description), is_ini ? ":" : ".");
    if (keys != NULL && keys->len > 0)
        buf_put_char(out, '\n');
    for (size_t i = 0; keys != NULL && i < keys->len; i++) {
        const char *help = value_member_text(&keys->at[i], "help");
        const char *otherwise = value_member_text(&keys->at[i], "default");

        if (!is_told(&keys->at[i]))
            continue;
        buf_put_text(out, "- `");
        put_key(description, &keys->at[i], out);
        buf_putf(out, "`%s%s", help != NULL ? ": " : "", help != NULL ? help : "");
        if (otherwise != NULL)
            buf_putf(out, " (default: `%s`)", otherwise);
        buf_put_char(out, '\n');
    }
    if (note != NULL)
        buf_putf(out, "\n%s\n", note);
    if (docs != NULL)
        buf_putf(out, "\nInterface: <%s>\n", docs);
}

static const char page_head[] =
    "# DNS providers\n\n"
    "This page is made from the descriptions in `data/dns` (`evercert dns document`). How to write one is in "
    "[dns-providers-format.md](dns-providers-format.md).\n\n"
    "    evercert certonly --dns-NAME --dns-NAME-credentials FILE -d example.org -d '*.example.org'\n"
    "    evercert plugins dns\n"
    "    evercert dns test NAME -d example.org --dns-NAME-credentials FILE\n\n"
    "A file of credentials has a line `KEY = VALUE` for each key below; optional ones are in brackets. It should be "
    "its owner's "
    "alone (mode 600). Instead of it, a variable of the environment with the key's name in upper case counts, and a "
    "systemd credential of the key's name.\n\n";

bool document_page(struct buf *out, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    TRY(description_names(DESCRIBES_DNS, NULL, &names, err));
    buf_put_text(out, page_head);
    buf_putf(
        out, "There are %zu; `dns-rfc2136`, for one's own name servers, is apart ([dns.md](dns.md)).\n", names.len);
    for (size_t i = 0; i < names.len; i++) {
        const struct description *description = NULL;

        TRY(description_find(DESCRIBES_DNS, NULL, names.at[i], &description, err));
        if (description != NULL)
            put_section(description, out);
    }
    return !out->failed || error_set(err, ERROR_INTERNAL, "the page is too long");
}

static void put_help(const struct description *description, struct buf *out)
{
    const struct value *keys = keys_of(description);

    buf_putf(out, "dns-%s:\n  Obtain certificates using a DNS TXT record (if you are using %s for DNS).\n\n",
        description->name, description->title);
    if (strcmp(form_of(description), "ini") == 0 || strcmp(form_of(description), "json") == 0)
        buf_putf(out, "  --dns-%s-credentials FILE\n", description->name);
    buf_putf(out, "  --dns-%s-propagation-seconds N (default: %d)\n", description->name, description->wait_s);
    buf_putf(out, "\n  Needs %s\n", where(description));
    for (size_t i = 0; keys != NULL && i < keys->len; i++) {
        if (!is_told(&keys->at[i]))
            continue;
        buf_put_text(out, "  ");
        put_key_line(description, &keys->at[i], out);
    }
}

bool document_help_page(
    const struct settings *settings, const char *plugin, struct buf *out, bool *found, struct error *err)
{
    const struct description *description = NULL;

    *found = false;
    if (!text_starts(plugin, "dns-"))
        return true;
    TRY(description_find(DESCRIBES_DNS, settings->config_dir, plugin + 4, &description, err));
    *found = description != NULL;
    if (*found)
        put_help(description, out);
    return true;
}
