#include "webconf/apache_read.h"

#include <ctype.h>
#include <strings.h>

#include "base/mem.h"
#include "webconf/apache_include.h"

#define NESTING_MAX 512
#define FILE_STEPS 32 /* what one more reading of a file counts beside its lines */

/* ---- directives that httpd carries out as it reads them ---- */

static bool read_include(
    struct apache_conf *conf, const struct apache_item *item, bool optional, size_t section, struct error *err)
{
    AUTO(list_clear) struct list files = { 0 };
    AUTO(free) char *path = apache_conf_path(conf, apache_item_word(item, 1));

    TRY(apache_include_files(path, optional, &files, err));
    for (size_t i = 0; i < files.len; i++)
        TRY(apache_read_file(conf, files.at[i], section, err));
    return true;
}

static bool do_include(struct apache_conf *conf, const struct apache_item *item, size_t section, struct error *err)
{
    return read_include(conf, item, false, section, err);
}

static bool do_include_optional(
    struct apache_conf *conf, const struct apache_item *item, size_t section, struct error *err)
{
    return read_include(conf, item, true, section, err);
}

static bool do_define(struct apache_conf *conf, const struct apache_item *item, size_t section, struct error *err)
{
    (void)section;
    (void)err;
    known_make(&conf->state->variables, apache_item_word(item, 1), item->word_count > 2 ? item->words[2].text : NULL);
    return true;
}

static bool do_undefine(struct apache_conf *conf, const struct apache_item *item, size_t section, struct error *err)
{
    (void)section;
    (void)err;
    known_forget(&conf->state->variables, apache_item_word(item, 1));
    return true;
}

static bool do_undef_macro(struct apache_conf *conf, const struct apache_item *item, size_t section, struct error *err)
{
    (void)section;
    (void)err;
    apache_macro_undefine(conf, apache_item_word(item, 1));
    return true;
}

static const struct {
    const char *name;
    bool (*run)(struct apache_conf *conf, const struct apache_item *item, size_t section, struct error *err);
} commands[] = {
    { "Include", do_include },
    { "IncludeOptional", do_include_optional },
    { "Define", do_define },
    { "UnDefine", do_undefine },
    { "Use", apache_macro_use },
    { "UndefMacro", do_undef_macro },
};

/* What changes how the rest is read, and is an item all the same. */
static void note(struct apache_conf *conf, const struct apache_item *item)
{
    if (apache_item_is(item, "LoadModule")) {
        known_make(&conf->state->modules, apache_item_word(item, 1), NULL);
    } else if (apache_item_is(item, "ServerRoot") && item->section == APACHE_TOP) {
        char *root = apache_conf_path(conf, apache_item_word(item, 1));

        free(conf->state->root);
        conf->state->root = root;
    }
}

/* ---- items ---- */

static size_t add_item(struct apache_conf *conf, const struct apache_item *item)
{
    struct apache_conf_state *state = conf->state;

    if (conf->item_count == state->item_size) {
        state->item_size = state->item_size * 2 + 256;
        conf->items = xrealloc(conf->items, state->item_size, sizeof *conf->items);
    }
    conf->items[conf->item_count] = *item;
    return conf->item_count++;
}

/* The words of a node, with variables replaced as of now: that comes first, so that a value can be several words. */
static bool make_item(struct apache_conf *conf, const struct apache_node *node, size_t section,
    struct apache_item *item, struct error *err)
{
    struct apache_conf_state *state = conf->state;
    struct view text = apache_tree_text(node->file->tree), expanded;
    AUTO(buf_clear) struct buf line = BUF(APACHE_TEXT_MAX), whole = BUF(APACHE_TEXT_MAX);

    *item = (struct apache_item){ node, node->words, node->word_count, section, 0 };
    if (memmem(text.at + node->start, node->head_end - node->start, "${", 2) == NULL)
        return true;
    apache_put_line(&line, text, node->start, node->head_end);
    known_expand(&state->variables, &state->source.facts->environment, buf_view(&line), &whole);
    if (whole.failed)
        return error_set(err, ERROR_PLUGIN, "the line is too long with the values of its variables");
    expanded = view_trim(buf_view(&whole));
    if (expanded.len > 0)
        (void)apache_scan_words(expanded, 0, expanded.len, &state->arena, &item->words, &item->word_count);
    return true;
}

static int first_letter(const struct apache_item *item)
{
    return tolower((unsigned char)apache_item_word(item, 0)[0]);
}

static bool read_section(struct apache_conf *conf, struct apache_item *item, struct error *err)
{
    int first = first_letter(item);
    bool holds;
    size_t index;

    if (first == 'm' && apache_item_is(item, "Macro")) {
        apache_macro_define(conf, item);
        return true;
    }
    if (first == 'i' && apache_condition_holds(conf, item, &holds))
        return !holds || apache_read_nodes(conf, item->node->child, item->section, err);
    index = add_item(conf, item);
    TRY(apache_read_nodes(conf, item->node->child, index, err));
    conf->items[index].end = conf->item_count;
    return true;
}

static bool read_directive(struct apache_conf *conf, struct apache_item *item, struct error *err)
{
    int first = first_letter(item);

    if (strchr("diu", first) != NULL)
        for (size_t i = 0; i < COUNT(commands); i++)
            if (apache_item_is(item, commands[i].name))
                return commands[i].run(conf, item, item->section, err);
    if (first == 'l' || first == 's')
        note(conf, item);
    item->end = conf->item_count + 1;
    (void)add_item(conf, item);
    return true;
}

static bool read_node(struct apache_conf *conf, const struct apache_node *node, size_t section, struct error *err)
{
    struct apache_item item;

    if (++conf->state->steps > APACHE_STEPS_MAX || conf->item_count == APACHE_ITEMS_MAX)
        return error_set(err, ERROR_PLUGIN, "there is more in the configuration than can be read");
    TRY(make_item(conf, node, section, &item, err));
    return node->kind == APACHE_SECTION ? read_section(conf, &item, err) : read_directive(conf, &item, err);
}

static bool read_list(struct apache_conf *conf, const struct apache_node *node, size_t section, struct error *err)
{
    for (; node != NULL; node = node->next)
        if (node->kind != APACHE_COMMENT && !read_node(conf, node, section, err))
            return err->what[0] != '\0' ? false : error_in(err, "%s, line %zu", node->file->path, node->line);
    return true;
}

bool apache_read_nodes(struct apache_conf *conf, const struct apache_node *node, size_t section, struct error *err)
{
    bool ok;

    if (conf->state->nesting == NESTING_MAX)
        return error_set(err, ERROR_PLUGIN, "sections, files and macros are nested more than %d deep", NESTING_MAX);
    conf->state->nesting++;
    ok = read_list(conf, node, section, err);
    conf->state->nesting--;
    return ok;
}

bool apache_read_tree(struct apache_conf *conf, const struct apache_file *file, size_t section, struct error *err)
{
    bool ok;

    if (conf->state->depth == APACHE_INCLUDE_MAX)
        return error_set(err, ERROR_PLUGIN, "files include each other more than %d times", APACHE_INCLUDE_MAX);
    conf->state->depth++;
    conf->state->steps += FILE_STEPS;
    ok = apache_read_nodes(conf, apache_tree_first(file->tree), section, err);
    conf->state->depth--;
    return ok;
}

bool apache_read_file(struct apache_conf *conf, const char *path, size_t section, struct error *err)
{
    struct apache_file *file;

    TRY(apache_conf_open(conf, path, &file, err));
    if (!conf->state->beside)
        file->enabled = true;
    return apache_read_tree(conf, file, section, err);
}
