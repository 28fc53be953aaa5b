#include "webconf/apache_read.h"

#include <strings.h>

#include "base/mem.h"

#define GENERATED_MAX (64 * 1024 * 1024) /* bytes of all uses */

void apache_macro_define(struct apache_conf *conf, const struct apache_item *item)
{
    struct apache_macro *macro = arena_alloc(&conf->state->arena, 1, sizeof *macro);

    *macro = (struct apache_macro){ conf->state->macros, item->node, item->words, item->word_count, false };
    conf->state->macros = macro;
}

static struct apache_macro *find(const struct apache_conf *conf, const char *name)
{
    for (struct apache_macro *macro = conf->state->macros; macro != NULL; macro = macro->next)
        if (macro->word_count > 1 && strcasecmp(macro->words[1].text, name) == 0)
            return macro->undefined ? NULL : macro;
    return NULL;
}

void apache_macro_undefine(struct apache_conf *conf, const char *name)
{
    struct apache_macro *macro = find(conf, name);

    if (macro != NULL)
        macro->undefined = true;
}

/* The longest parameter that a text begins with, 0 when there is none: parameters are words 2 and up. */
static size_t find_parameter(const struct apache_macro *macro, struct view text)
{
    size_t found = 0, longest = 0;

    for (size_t i = 2; i < macro->word_count; i++) {
        size_t len = strlen(macro->words[i].text);

        if (len > longest && len <= text.len && memcmp(text.at, macro->words[i].text, len) == 0) {
            longest = len;
            found = i;
        }
    }
    return found;
}

/* The lines of the macro with the values in the place of its parameters. */
static void put_lines(const struct apache_macro *macro, const struct apache_item *use, struct buf *out)
{
    struct view text = apache_tree_text(macro->node->file->tree);
    struct view rest = { text.at + macro->node->open, macro->node->close - macro->node->open };

    while (rest.len > 0 && !out->failed) {
        size_t parameter = find_parameter(macro, rest), len = 1;

        if (parameter > 0) {
            len = strlen(macro->words[parameter].text);
            buf_put_text(out, apache_item_word(use, parameter));
        } else {
            buf_put_char(out, rest.at[0]);
        }
        rest.at += len;
        rest.len -= len;
    }
}

/* Lines that are no whole sections are valid for httpd, but nobody can tell where they belong: they are left out. */
static bool read_lines(struct apache_conf *conf, struct apache_file *file, size_t section, struct error *err)
{
    struct error broken = { 0 };

    if (apache_file_parse(file, buf_view(&file->own), &broken))
        return apache_read_tree(conf, file, section, err);
    list_add(&conf->warnings, broken.why);
    return true;
}

bool apache_macro_use(struct apache_conf *conf, const struct apache_item *item, size_t section, struct error *err)
{
    struct apache_conf_state *state = conf->state;
    const struct apache_macro *macro = find(conf, apache_item_word(item, 1));
    struct apache_file *file;

    if (macro == NULL)
        return error_set(err, ERROR_PLUGIN, "there is no macro %s", apache_item_word(item, 1));
    file = xcalloc(1, sizeof *file);
    file->next = state->generated;
    state->generated = file;
    file->macro = macro->node;
    file->path =
        xprintf("macro %s, used in %s, line %zu", macro->words[1].text, item->node->file->path, item->node->line);
    file->own = BUF(GENERATED_MAX - state->generated_bytes);
    put_lines(macro, item, &file->own);
    if (file->own.failed)
        return error_set(err, ERROR_PLUGIN, "macros give more than %d MiB", GENERATED_MAX / 1024 / 1024);
    state->generated_bytes += file->own.len;
    return read_lines(conf, file, section, err);
}
