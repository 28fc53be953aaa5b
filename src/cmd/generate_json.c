#include "cmd/generate_json.h"

#include <string.h>

#include "base/mem.h"
#include "conf/conf.h"
#include "config/command_line.h"
#include "config/renewal_params.h"
#include "config/topic.h"
#include "json/doc.h"
#include "json/out.h"

/* ---- the tables ---- */

static const char *type_name(enum option_type type)
{
    switch (type) {
    case OPTION_FLAG:
        return "flag";
    case OPTION_UNSET:
        return "unset";
    case OPTION_YES:
        return "yes";
    case OPTION_NO:
        return "no";
    case OPTION_COUNTER:
        return "counter";
    case OPTION_TEXT:
        return "text";
    case OPTION_PATH:
        return "path";
    case OPTION_COMMAND:
        return "command";
    case OPTION_NUMBER:
        return "number";
    case OPTION_CHOICE:
        return "choice";
    case OPTION_LIST:
        return "list";
    case OPTION_REPEAT:
        return "repeat";
    case OPTION_PLUGIN:
        return "plugin";
    case OPTION_SPECIAL:
        return "special";
    }
    return "";
}

static const char *topic_title(enum option_topic which)
{
    for (const struct topic *topic = topics; topic->topic != TOPIC_HIDDEN; topic++) {
        if (topic->topic == which)
            return topic->title;
    }
    return NULL; /* hidden */
}

static void put_option(const struct option *option, struct out *out)
{
    out_object(out, NULL);
    out_array(out, "names");
    for (size_t i = 0; i < COUNT(option->names) && option->names[i] != NULL; i++)
        out_text(out, NULL, option->names[i]);
    out_end(out);
    out_text(out, "shorts", option->shorts);
    out_text(out, "type", type_name(option->type));
    out_text(out, "value", option->value);
    out_array(out, "choices");
    for (size_t i = 0; option->choices != NULL && option->choices[i] != NULL; i++)
        out_text(out, NULL, option->choices[i]);
    out_end(out);
    out_number(out, "min", option->min);
    out_number(out, "max", option->max);
    out_text(out, "fallback", option->fallback);
    out_text(out, "saved", option->saved);
    out_text(out, "topic", topic_title(option->topic));
    out_bool(out, "ours", option->ours);
    out_end(out);
}

void generate_tables(const struct verb *const *verbs, struct buf *to)
{
    struct out out = out_pretty_to(to);

    out_object(&out, NULL);
    out_array(&out, "verbs");
    for (; *verbs != NULL; verbs++) {
        out_object(&out, NULL);
        out_text(&out, "name", (*verbs)->name);
        out_text(&out, "alias", (*verbs)->alias);
        out_end(&out);
    }
    out_end(&out);
    out_array(&out, "options");
    for (const struct option *option = options; option->names[0] != NULL; option++)
        put_option(option, &out);
    out_end(&out);
    out_end(&out);
    buf_put_char(to, '\n');
}

/* ---- the parser ---- */

static void put_section(const struct conf *conf, const char *section, const char *name, struct out *out)
{
    AUTO(list_clear) struct list keys = { 0 };

    conf_keys(conf, section, &keys);
    out_object(out, name);
    for (size_t i = 0; i < keys.len; i++) {
        AUTO(list_clear) struct list values = { 0 };

        (void)conf_get_list(conf, section, keys.at[i], &values);
        out_texts(out, keys.at[i], &values);
    }
    out_end(out);
}

static void put_saved(const struct settings *settings, struct out *out)
{
    AUTO(conf_free) struct conf *conf = conf_new();

    renewal_params_save(settings, conf);
    put_section(conf, "renewalparams", "saved", out);
    put_section(conf, "renewalparams/webroot_map", "webroot_map", out);
}

static void parse(const struct verb *const *verbs, int argc, char **argv, struct buf *to)
{
    AUTO(command_line_clear) struct command_line line = { 0 };
    struct out out = out_to(to);
    struct error err = { 0 };
    bool ok = command_line_read(argc, argv, verbs, &voice_certbot, &line, &err);

    if (!ok)
        command_line_clear(&line); /* what was read of it counts for nothing */
    if (ok && line.verb != NULL)
        ok = settings_check(line.settings, line.verb, &err) && settings_resolve(line.settings, line.verb, &err);
    out_object(&out, NULL);
    out_number(&out, "exit", ok ? 0 : err.kind == ERROR_USAGE ? 2 : 1);
    out_text(&out, "message", ok ? NULL : err.why);
    out_text(&out, "verb", line.verb == NULL ? NULL : line.verb->name);
    out_bool(&out, "help", line.help);
    out_bool(&out, "version", line.version);
    out_text(&out, "topic", line.help_topic);
    if (ok && line.verb != NULL)
        put_saved(line.settings, &out);
    out_end(&out);
    buf_put_char(to, '\n');
}

bool generate_parse(const struct verb *const *verbs, struct view line, struct buf *out, struct error *err)
{
    AUTO(doc_free) struct doc *doc = NULL;
    AUTO(list_clear) struct list argv = { 0 };

    TRY(doc_read(line, "the command line", &doc, err));
    list_add(&argv, "certbot");
    for (size_t i = 0; i < node_count(doc_root(doc)); i++) {
        const char *word = node_text(node_at(doc_root(doc), i));

        if (word == NULL)
            return error_set(err, ERROR_CONFIG, "word %zu of the command line is not a string", i);
        list_add(&argv, word);
    }
    parse(verbs, (int)argv.len, argv.at, out);
    return true;
}
