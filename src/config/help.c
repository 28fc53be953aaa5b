#include "config/help.h"

#include <string.h>

#include "base/text.h"
#include "config/topic.h"

#define INDENT 24   /* column of an option's help */
#define NARROWEST 40
#define WIDEST 100  /* longer lines are hard to read */

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

static void put_option(const struct option *option, unsigned columns, struct buf *out)
{
    AUTO(buf_clear) struct buf names = BUF(1024);
    AUTO(buf_clear) struct buf text = BUF(4096);
    unsigned column;

    topic_put_names(option, "", "", &names);
    buf_put_text(&text, option->help);
    for (size_t i = 0; option->choices != NULL && option->choices[i] != NULL; i++)
        buf_putf(&text, "%s%s%s", i == 0 ? " One of " : ", ", option->choices[i],
            option->choices[i + 1] == NULL ? "." : "");
    if (topic_default(option) != NULL)
        buf_putf(&text, " (default: %s)", topic_default(option));
    buf_put_text(out, "  ");
    buf_put(out, buf_view(&names));
    column = 2 + (unsigned)names.len;
    if (column + 2 > INDENT) {
        buf_put_char(out, '\n');
        column = 0;
    }
    put_wrapped(out, buf_text(&text), INDENT, column, columns);
}

static void put_topic(enum option_topic which, unsigned columns, struct buf *out)
{
    const struct topic *topic = topics;

    while (topic->topic != which)
        topic++;
    if (which == TOPIC_HIDDEN)
        return;
    buf_putf(out, "\n%s:\n", topic->title);
    put_wrapped(out, topic->text, 2, 0, columns);
    buf_put_char(out, '\n');
    for (const struct option *option = options; option->names[0] != NULL; option++) {
        if (option->topic == which)
            put_option(option, columns, out);
    }
}

static void put_verbs(const struct verb *const *verbs, unsigned columns, struct buf *out)
{
    for (; *verbs != NULL; verbs++) {
        size_t len = strlen((*verbs)->name);

        buf_putf(out, "  %s", (*verbs)->name);
        put_wrapped(out, (*verbs)->summary, INDENT - 4, 2 + (unsigned)len, columns);
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

static void put_overview(
    const struct verb *const *verbs, const char *program, unsigned columns, struct buf *out)
{
    static const char *const everyday[] = { "domains", "cert-name", "email", "agree-tos", "standalone",
        "webroot", "webroot-path", "dry-run", "non-interactive" };
    AUTO(buf_clear) struct buf names = BUF(1024);

    buf_put_char(out, '\n');
    put_frame(out);
    buf_put_char(out, '\n');
    buf_putf(out, "  %s [SUBCOMMAND] [options] [-d DOMAIN] [-d DOMAIN] ...\n\n", program);
    put_wrapped(out,
        "Obtains TLS certificates from a CA that speaks ACME, keeps them renewed, and puts them where "
        "servers find them. Subcommands:",
        0, 0, columns);
    buf_put_char(out, '\n');
    put_verbs(verbs, columns, out);
    buf_put_text(out, "\nMost used options:\n\n");
    for (size_t i = 0; i < COUNT(everyday); i++)
        put_option(option_find(everyday[i]), columns, out);
    buf_put_text(out, "\nMore help:\n\n");
    buf_putf(out, "  %s --help SUBCOMMAND|TOPIC|PLUGIN   a page of its own\n", program);
    buf_putf(out, "  %s --help all                       everything\n\n", program);
    buf_put_text(&names, "Topics and plugins:");
    for (const struct topic *topic = topics; topic->topic != TOPIC_HIDDEN; topic++) {
        if (topic->name != NULL)
            buf_putf(&names, " %s,", topic->name);
    }
    buf_put_text(&names, " commands, all.");
    put_wrapped(out, buf_text(&names), 2, 0, columns);
    buf_put_char(out, '\n');
    put_frame(out);
}

static void put_all(const struct verb *const *verbs, const char *program, unsigned columns, struct buf *out)
{
    help_usage(program, out);
    buf_put_text(out, "\nSubcommands:\n\n");
    put_verbs(verbs, columns, out);
    for (const struct topic *topic = topics; topic->topic != TOPIC_HIDDEN; topic++)
        put_topic(topic->topic, columns, out);
}

static void put_verb(const struct verb *verb, const char *program, unsigned columns, struct buf *out)
{
    buf_putf(
        out, "usage:\n  %s %s %s\n\n", program, verb->name, verb->usage == NULL ? "[options]" : verb->usage);
    put_wrapped(out, verb->text == NULL ? verb->summary : verb->text, 0, 0, columns);
    for (const enum option_topic *topic = verb->topics; topic != NULL && *topic != TOPIC_HIDDEN; topic++)
        put_topic(*topic, columns, out);
}

/* Names of DNS plugins share a page. */
static const struct topic *find_topic(const char *name)
{
    for (const struct topic *topic = topics; topic->topic != TOPIC_HIDDEN; topic++) {
        if (text_equal(topic->name, name) || (topic->topic == TOPIC_DNS && text_starts(name, "dns-") &&
            option_find(name) != NULL))
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

void help_write(const struct verb *const *verbs, const char *program, const char *topic, unsigned columns,
    struct buf *out)
{
    static const char *const lists[] = { "commands", "command", "subcommands", "subcommand", "verbs",
        "manage", NULL };
    const struct topic *page = topic == NULL ? NULL : find_topic(topic);

    columns = columns < NARROWEST ? NARROWEST : columns > WIDEST ? WIDEST : columns;
    for (size_t i = 0; topic != NULL && verbs[i] != NULL; i++) {
        if (text_equal(verbs[i]->name, topic) || text_equal(verbs[i]->alias, topic)) {
            put_verb(verbs[i], program, columns, out);
            return;
        }
    }
    if (topic != NULL && strcmp(topic, "all") == 0) {
        put_all(verbs, program, columns, out);
    } else if (topic != NULL && is_one_of(topic, lists)) {
        help_usage(program, out);
        buf_put_text(out, "\nSubcommands:\n\n");
        put_verbs(verbs, columns, out);
    } else if (page != NULL) {
        help_usage(program, out);
        put_topic(page->topic, columns, out);
    } else {
        put_overview(verbs, program, columns, out);
    }
}

/* ---- the manual page ---- */

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
        buf_putf(out, "%s%s%s", i == 0 ? " One of " : ", ", option->choices[i],
            option->choices[i + 1] == NULL ? "." : "");
    if (topic_default(option) != NULL) {
        buf_put_text(out, " Default: ");
        put_scdoc(out, topic_default(option));
        buf_put_char(out, '.');
    }
    buf_put_text(out, "\n\n");
}

void help_write_manual(const struct verb *const *verbs, struct buf *out)
{
    buf_put_text(out, "# SUBCOMMANDS\n\n");
    for (; *verbs != NULL; verbs++) {
        buf_putf(out, "*%s*\n\t", (*verbs)->name);
        put_scdoc(out, (*verbs)->summary);
        buf_put_text(out, "\n\n");
    }
    buf_put_text(out, "# OPTIONS\n\n");
    for (const struct topic *topic = topics; topic->topic != TOPIC_HIDDEN; topic++) {
        buf_putf(out, "## %s\n\n", topic->title);
        put_scdoc(out, topic->text);
        buf_put_text(out, "\n\n");
        for (const struct option *option = options; option->names[0] != NULL; option++) {
            if (option->topic == topic->topic)
                put_manual_option(option, out);
        }
    }
}
