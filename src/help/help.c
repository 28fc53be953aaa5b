#include "help/help.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "config/option_find.h"
#include "config/topic.h"

#define INDENT 24 /* column of an option's help */
#define NARROWEST 40
#define WIDEST 100      /* longer lines are hard to read */
#define MANAGE "manage" /* a page that is no subcommand: what works on certificates there are */

/* Puts words into lines of at most columns, indented; column is where the cursor stands. Ends with a line
 * feed. */
static void put_wrapped(struct buf *out, const char *text, unsigned indent, unsigned column, unsigned columns)
{
    struct view rest = view_of(text), word;
    bool first = column <= indent;

    for (; column < indent; column++)
        buf_put_char(out, ' ');
    while (view_cut(&rest, ' ', &word)) {
        if (!first && column + 1 + word.len > columns) {
            buf_put_char(out, '\n');
            for (column = 0; column < indent; column++)
                buf_put_char(out, ' ');
            first = true;
        }
        if (!first) {
            buf_put_char(out, ' ');
            column++;
        }
        buf_put(out, word);
        column += (unsigned)word.len;
        first = false;
    }
    buf_put_char(out, '\n');
}

void help_put_title(const char *title, const char *text, unsigned columns, struct buf *out)
{
    buf_putf(out, "\n%s:\n", title);
    put_wrapped(out, text, 2, 0, columns);
    buf_put_char(out, '\n');
}

void help_put_option(const char *names, const char *text, unsigned columns, struct buf *out)
{
    unsigned column = 2 + (unsigned)strlen(names);

    buf_putf(out, "  %s", names);
    if (column + 2 > INDENT) {
        buf_put_char(out, '\n');
        column = 0;
    }
    put_wrapped(out, text, INDENT, column, columns);
}

/* Text for scdoc, which takes * and _ for marks. */
static void put_scdoc(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (strchr("*_\\#[]<>~`|", *text) != NULL)
            buf_put_char(out, '\\');
        buf_put_char(out, *text);
    }
}

static void put_manual_option(const struct option *option, struct buf *out)
{
    AUTO(buf_clear) struct buf names = BUF(1024);

    topic_put_names(option, "*", "_", &names);
    buf_put(out, buf_view(&names));
    buf_put_text(out, "\n\t");
    put_scdoc(out, option->help);
    for (size_t i = 0; option->choices != NULL && option->choices[i] != NULL; i++)
        buf_putf(
            out, "%s%s%s", i == 0 ? " One of " : ", ", option->choices[i], option->choices[i + 1] == NULL ? "." : "");
    if (topic_default(option, &voice_own) != NULL) {
        buf_put_text(out, " Default: ");
        put_scdoc(out, topic_default(option, &voice_own));
        buf_put_char(out, '.');
    }
    buf_put_text(out, "\n\n");
}

static void put_manual_title(const struct topic *topic, struct buf *out)
{
    buf_putf(out, "## %s\n\n", topic->title);
    put_scdoc(out, topic->text);
    buf_put_text(out, "\n\n");
}

struct look {                  /* of a page */
    const struct voice *voice; /* whose name and defaults are shown */
    unsigned columns;
    bool scdoc; /* for the manual, not for a terminal */
};

static void put_option(const struct option *option, const struct look *look, struct buf *out)
{
    AUTO(buf_clear) struct buf names = BUF(1024);
    AUTO(buf_clear) struct buf text = BUF(4096);

    if (look->scdoc) {
        put_manual_option(option, out);
        return;
    }
    topic_put_names(option, "", "", &names);
    buf_put_text(&text, option->help);
    for (size_t i = 0; option->choices != NULL && option->choices[i] != NULL; i++)
        buf_putf(
            &text, "%s%s%s", i == 0 ? " One of " : ", ", option->choices[i], option->choices[i + 1] == NULL ? "." : "");
    if (topic_default(option, look->voice) != NULL)
        buf_putf(&text, " (default: %s)", topic_default(option, look->voice));
    help_put_option(buf_text(&names), buf_text(&text), look->columns, out);
}

/* Whether the option belongs on a page besides that of its topic. */
static bool is_also_on(const struct option *option, const char *page)
{
    struct view rest = view_of(option->also), word;

    while (option->also != NULL && page != NULL && view_cut(&rest, ' ', &word)) {
        if (view_equal(word, view_of(page)))
            return true;
    }
    return false;
}

/* A page's options, each once: those of a topic (TOPIC_HIDDEN: of none) and those also on the page. */
static void put_options(
    enum option_topic which, const char *page, bool shown[], const struct look *look, struct buf *out)
{
    for (const struct option *option = options; option->names[0] != NULL; option++) {
        bool own = which != TOPIC_HIDDEN && option->topic == which;

        if (shown[option - options] || (!own && !is_also_on(option, page)))
            continue;
        shown[option - options] = true;
        put_option(option, look, out);
    }
}

/* page NULL: only the topic's own options. */
static void put_topic(enum option_topic which, const char *page, bool shown[], const struct look *look, struct buf *out)
{
    const struct topic *topic = topics;

    while (topic->topic != which && topic->topic != TOPIC_HIDDEN)
        topic++;
    if (topic->topic == TOPIC_HIDDEN)
        return;
    if (look->scdoc)
        put_manual_title(topic, out);
    else
        help_put_title(topic->title, topic->text, look->columns, out);
    put_options(which, page, shown, look, out);
}

/* The options that every page shows. */
static void put_common(const char *page, bool shown[], const struct look *look, struct buf *out)
{
    static const char *const names[] = { "help", "config" };

    buf_put_text(out, look->scdoc ? "# OPTIONS\n\n" : "\nOptions:\n\n");
    for (size_t i = 0; i < COUNT(names); i++) {
        const struct option *option = option_find(names[i]);

        shown[option - options] = true;
        put_option(option, look, out);
    }
    put_options(TOPIC_HIDDEN, page, shown, look, out);
}

static void put_verbs(const struct verb *const *verbs, const struct look *look, struct buf *out)
{
    for (; *verbs != NULL; verbs++) {
        size_t len = strlen((*verbs)->name);

        buf_putf(out, "  %s", (*verbs)->name);
        put_wrapped(out, (*verbs)->summary, INDENT - 4, 2 + (unsigned)len, look->columns);
    }
}

static void put_frame(struct buf *out)
{
    for (int i = 0; i < 39; i++)
        buf_put_text(out, "- ");
    buf_put_text(out, "-\n");
}

void help_usage(const char *program, struct buf *out)
{
    buf_putf(out, "usage:\n  %s [SUBCOMMAND] [options] [-d DOMAIN] [-d DOMAIN] ...\n", program);
}

static void put_overview(const struct verb *const *verbs, const struct look *look, struct buf *out)
{
    static const char *const everyday[] = { "domains", "cert-name", "email", "agree-tos", "standalone", "webroot",
        "webroot-path", "dry-run", "non-interactive" };
    AUTO(buf_clear) struct buf names = BUF(1024);

    buf_put_char(out, '\n');
    put_frame(out);
    buf_put_char(out, '\n');
    buf_putf(out, "  %s [SUBCOMMAND] [options] [-d DOMAIN] [-d DOMAIN] ...\n\n", look->voice->command);
    put_wrapped(out,
        "Obtains TLS certificates from a CA that speaks ACME, keeps them renewed, and puts them where "
        "servers find them. Subcommands:",
        0, 0, look->columns);
    buf_put_char(out, '\n');
    put_verbs(verbs, look, out);
    buf_put_text(out, "\nMost used options:\n\n");
    for (size_t i = 0; i < COUNT(everyday); i++)
        put_option(option_find(everyday[i]), look, out);
    buf_put_text(out, "\nMore help:\n\n");
    buf_putf(out, "  %s --help SUBCOMMAND|TOPIC|PLUGIN   a page of its own\n", look->voice->command);
    buf_putf(out, "  %s --help all                       everything\n\n", look->voice->command);
    buf_put_text(&names, "Topics and plugins:");
    for (const struct topic *topic = topics; topic->topic != TOPIC_HIDDEN; topic++) {
        if (topic->name != NULL)
            buf_putf(&names, " %s,", topic->name);
    }
    buf_put_text(&names, " commands, all.");
    put_wrapped(out, buf_text(&names), 2, 0, look->columns);
    buf_put_char(out, '\n');
    put_frame(out);
}

static void put_all(const struct verb *const *verbs, bool shown[], const struct look *look, struct buf *out)
{
    help_usage(look->voice->command, out);
    buf_put_text(out, "\nSubcommands:\n\n");
    put_verbs(verbs, look, out);
    for (const struct topic *topic = topics; topic->topic != TOPIC_HIDDEN; topic++)
        put_topic(topic->topic, NULL, shown, look, out);
}

static void put_verb_options(const struct verb *verb, bool shown[], const struct look *look, struct buf *out)
{
    put_common(verb->name, shown, look, out);
    for (const enum option_topic *topic = verb->topics; topic != NULL && *topic != TOPIC_HIDDEN; topic++)
        put_topic(*topic, NULL, shown, look, out);
}

static const char *usage_of(const struct verb *verb)
{
    return verb->usage == NULL ? "[options]" : verb->usage;
}

static const char *text_of(const struct verb *verb)
{
    return verb->text == NULL ? verb->summary : verb->text;
}

static void put_verb(const struct verb *verb, bool shown[], const struct look *look, struct buf *out)
{
    buf_putf(out, "usage:\n  %s %s %s\n\n", look->voice->command, verb->name, usage_of(verb));
    put_wrapped(out, text_of(verb), 0, 0, look->columns);
    put_verb_options(verb, shown, look, out);
}

/* Names of DNS plugins share a page. */
static const struct topic *find_topic(const char *name)
{
    for (const struct topic *topic = topics; topic->topic != TOPIC_HIDDEN; topic++) {
        if (text_equal(topic->name, name) ||
            (topic->topic == TOPIC_DNS && text_starts(name, "dns-") && option_find(name) != NULL))
            return topic;
    }
    return NULL;
}

static bool is_one_of(const char *text, const char *const *words)
{
    while (*words != NULL && strcmp(*words, text) != 0)
        words++;
    return *words != NULL;
}

static const struct verb *find_verb(const struct verb *const *verbs, const char *topic)
{
    while (*verbs != NULL && !text_equal((*verbs)->name, topic) && !text_equal((*verbs)->alias, topic))
        verbs++;
    return *verbs;
}

static bool is_list(const char *topic)
{
    static const char *const lists[] = { "commands", "command", "subcommands", "subcommand", "verbs", MANAGE, NULL };

    return is_one_of(topic, lists);
}

bool help_has_page(const struct verb *const *verbs, const char *topic)
{
    return strcmp(topic, "all") == 0 || is_list(topic) || find_verb(verbs, topic) != NULL || find_topic(topic) != NULL;
}

/* Whether the option is one of that DNS plugin: "dns-ovh" has "dns-ovh-credentials". */
static bool is_of(const struct option *option, const char *plugin)
{
    size_t len = strlen(plugin);

    return strncmp(option->names[0], plugin, len) == 0 && option->names[0][len] == '-';
}

/* The page of one DNS plugin has no options of the others. */
static void leave_out_others(const char *plugin, bool shown[])
{
    for (const struct option *other = options; other->names[0] != NULL; other++) {
        if (!text_starts(other->names[0], "dns-") || strcmp(other->names[0], plugin) == 0)
            continue;
        for (const struct option *option = options; option->names[0] != NULL; option++)
            shown[option - options] = shown[option - options] || is_of(option, other->names[0]);
    }
}

static void put_page(const struct topic *page, const char *name, bool shown[], const struct look *look, struct buf *out)
{
    if (page->topic == TOPIC_DNS && strcmp(page->name, name) != 0)
        leave_out_others(name, shown);
    help_usage(look->voice->command, out);
    put_common(NULL, shown, look, out);
    put_topic(page->topic, page->name, shown, look, out);
}

static void put_list(
    const struct verb *const *verbs, const char *topic, bool shown[], const struct look *look, struct buf *out)
{
    help_usage(look->voice->command, out);
    buf_put_text(out, "\nSubcommands:\n\n");
    put_verbs(verbs, look, out);
    if (strcmp(topic, MANAGE) == 0)
        put_common(topic, shown, look, out);
}

unsigned help_columns(unsigned columns)
{
    return columns < NARROWEST ? NARROWEST : columns > WIDEST ? WIDEST : columns;
}

void help_write(
    const struct verb *const *verbs, const struct voice *voice, const char *topic, unsigned columns, struct buf *out)
{
    AUTO(free) bool *shown = xcalloc(option_count(), sizeof *shown);
    const struct look look = { voice, help_columns(columns), false };

    if (topic == NULL || !help_has_page(verbs, topic))
        put_overview(verbs, &look, out);
    else if (find_verb(verbs, topic) != NULL)
        put_verb(find_verb(verbs, topic), shown, &look, out);
    else if (strcmp(topic, "all") == 0)
        put_all(verbs, shown, &look, out);
    else if (is_list(topic))
        put_list(verbs, topic, shown, &look, out);
    else
        put_page(find_topic(topic), topic, shown, &look, out);
}

/* ---- the manual page ---- */

void help_write_manual_commands(const struct verb *const *verbs, struct buf *out)
{
    for (; *verbs != NULL; verbs++) {
        const struct verb *verb = *verbs;

        buf_put_text(out, "*");
        put_scdoc(out, verb->name);
        buf_put_text(out, "* ");
        put_scdoc(out, verb->usage);
        buf_put_text(out, "\n\t");
        put_scdoc(out, verb->text != NULL ? verb->text : verb->summary);
        buf_put_text(out, "\n\n");
    }
}

void help_write_manual_page(const struct verb *verb, struct buf *out)
{
    AUTO(free) bool *shown = xcalloc(option_count(), sizeof *shown);

    buf_putf(out, "evercert-%s(1)\n\n# NAME\n\nevercert-%s - ", verb->name, verb->name);
    put_scdoc(out, verb->summary);
    buf_putf(out, "\n\n# SYNOPSIS\n\n*evercert %s* ", verb->name);
    put_scdoc(out, usage_of(verb));
    buf_put_text(out, "\n\n# DESCRIPTION\n\n");
    put_scdoc(out, text_of(verb));
    buf_put_text(out, "\n\n");
    put_verb_options(verb, shown, &(struct look){ &voice_own, WIDEST, true }, out);
    buf_put_text(
        out, "# SEE ALSO\n\n*evercert*(1), which has all commands, the files, the environment and the exit status\n");
}

void help_write_manual_options(struct buf *out)
{
    for (const struct topic *topic = topics; topic->topic != TOPIC_HIDDEN; topic++) {
        put_manual_title(topic, out);
        for (const struct option *option = options; option->names[0] != NULL; option++) {
            if (option->topic == topic->topic)
                put_manual_option(option, out);
        }
    }
}
