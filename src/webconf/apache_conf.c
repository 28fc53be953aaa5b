#include "webconf/apache_conf.h"

#include <limits.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "webconf/apache_include.h"
#include "webconf/apache_read.h"

/* ---- files ---- */

/* A directory without links; borrowed until the next one is asked for. */
static const char *real_dir(struct apache_known_dir *known, const char *dir)
{
    char *real;

    if (known->dir != NULL && strcmp(known->dir, dir) == 0)
        return known->real;
    real = realpath(dir, NULL);
    free(known->real);
    known->real = real != NULL ? real : xstrdup(dir);
    xreplace(&known->dir, dir);
    return known->real;
}

/* What the text of a link in dir leads to, if that is no further link; NULL otherwise. Of the caller's. */
static char *follow(struct apache_conf_state *state, const char *text, const char *dir)
{
    AUTO(free) char *target = NULL, *target_dir = NULL;
    struct stat status;

    target = text[0] == '/' ? xstrdup(text) : file_join(dir, text);
    if (lstat(target, &status) != 0 || !S_ISREG(status.st_mode))
        return NULL;
    target_dir = file_dirname(target);
    return file_join(real_dir(&state->dir_of_targets, target_dir), file_basename(target));
}

/* The path without links, of the caller's. Most files lie beside the one before, as does what their links lead to, so
 * the directories are remembered. */
static char *real_path(struct apache_conf_state *state, const char *path)
{
    AUTO(free) char *dir = file_dirname(path);
    char text[256] = "", *real = NULL;
    ssize_t len = readlink(path, text, sizeof text - 1); /* negative: it is no link */

    if (len > 0 && (size_t)len < sizeof text - 1) /* else it may be cut */
        real = follow(state, text, dir);
    if (len > 0 && (real != NULL || (real = realpath(path, NULL)) != NULL))
        return real;
    return file_join(real_dir(&state->dir_of_files, dir), file_basename(path));
}

static struct apache_file **bucket_of(const struct apache_conf_state *state, const char *real)
{
    return &state->buckets[view_hash_quick(view_of(real), HASH_START) % state->bucket_count];
}

static struct apache_file *find_file(const struct apache_conf_state *state, const char *real)
{
    struct apache_file *file = *bucket_of(state, real);

    while (file != NULL && strcmp(file->real, real) != 0)
        file = file->bucket;
    return file;
}

bool apache_file_parse(struct apache_file *file, struct view text, struct error *err)
{
    struct apache_tree *tree = NULL;

    TRY(apache_parse(text, file->path, &tree, err));
    for (struct apache_node *node = apache_tree_first(tree); node != NULL; node = apache_node_after(node))
        node->file = file;
    apache_tree_free(file->tree);
    file->tree = tree;
    return true;
}

static void file_free(struct apache_file *file)
{
    apache_tree_free(file->tree);
    buf_clear(&file->own);
    free(file->path);
    free(file->real);
    free(file);
}
static void file_free_at(struct apache_file **file)
{
    if (*file != NULL)
        file_free(*file);
}

static bool read_text(
    const struct apache_reader *reader, struct apache_file *file, struct view *text, struct error *err)
{
    if (reader->read != NULL)
        return reader->read(reader->arg, file->path, text, err);
    file->own = BUF(APACHE_TEXT_MAX);
    TRY(file_read(file->path, &file->own, err));
    *text = buf_view(&file->own);
    return true;
}

/* httpd opens what it includes, and waits until somebody writes into a FIFO; whatever else is no file it refuses. False
 * where it is one: the error says so, then. */
static bool tell_fifo(const char *path, struct error *err)
{
    struct stat st;

    if (stat(path, &st) != 0 || !S_ISFIFO(st.st_mode))
        return true;
    (void)error_set(err, ERROR_PLUGIN, "%s is a FIFO: Apache would wait for ever for somebody who writes to it", path);
    return error_sys(err, APACHE_FIFO);
}

bool apache_conf_open(struct apache_conf *conf, const char *path, struct apache_file **out, struct error *err)
{
    struct apache_conf_state *state = conf->state;
    AUTO(free) char *real = real_path(state, path);
    AUTO(file_free) struct apache_file *file = NULL;
    struct view text;

    *out = find_file(state, real);
    if (*out != NULL)
        return true;
    if (state->file_count == APACHE_FILES_MAX)
        return error_set(err, ERROR_PLUGIN, "the configuration has more than %d files", APACHE_FILES_MAX);
    file = xcalloc(1, sizeof *file);
    file->path = xstrdup(path);
    file->real = TAKE(real);
    if (!read_text(&state->source.reader, file, &text, err))
        return tell_fifo(path, err) && error_as(err, ERROR_PLUGIN);
    TRY(apache_file_parse(file, text, err));
    file->bucket = *bucket_of(state, file->real);
    *bucket_of(state, file->real) = file;
    *out = *state->last_file = file;
    state->last_file = &file->next;
    state->file_count++;
    file = NULL;
    return true;
}

struct apache_file *apache_conf_file(const struct apache_conf *conf, const char *path)
{
    AUTO(free) char *real = real_path(conf->state, path);

    return find_file(conf->state, real);
}

char *apache_conf_path(const struct apache_conf *conf, const char *path)
{
    return apache_absolute(conf->state->root, path);
}

/* ---- items ---- */

bool apache_item_is(const struct apache_item *item, const char *name)
{
    return strcasecmp(item->words[0].text, name) == 0;
}

const char *apache_item_word(const struct apache_item *item, size_t index)
{
    return index < item->word_count ? item->words[index].text : "";
}

size_t apache_conf_within(const struct apache_conf *conf, size_t item, const char *name)
{
    size_t section = conf->items[item].section;

    while (section != APACHE_TOP && !apache_item_is(&conf->items[section], name))
        section = conf->items[section].section;
    return section;
}

/* ---- reading it all ---- */

static void forget_generated(struct apache_conf_state *state)
{
    while (state->generated != NULL) {
        struct apache_file *next = state->generated->next;

        file_free(state->generated);
        state->generated = next;
    }
}

static void restart(struct apache_conf *conf)
{
    struct apache_conf_state *state = conf->state;
    const struct apache_source *source = &state->source;

    known_restart(&state->variables);
    known_restart(&state->modules);
    arena_clear(&state->arena);
    forget_generated(state);
    state->macros = NULL;
    state->generated_bytes = state->steps = 0;
    state->depth = state->nesting = 0;
    state->beside = false;
    free(state->root);
    state->root =
        source->facts->server_root != NULL ? xstrdup(source->facts->server_root) : file_dirname(source->main_file);
    conf->item_count = conf->enabled_count = 0;
    list_clear(&conf->warnings);
    for (struct apache_file *file = conf->files; file != NULL; file = file->next)
        file->enabled = false;
}

/* A file beside the server's own is read as if it were included at the end. */
static void read_beside(struct apache_conf *conf, const char *path)
{
    struct error err = { 0 };
    size_t before = conf->item_count;
    struct apache_file *file;

    if (apache_conf_open(conf, path, &file, &err) && (file->enabled || apache_read_file(conf, path, APACHE_TOP, &err)))
        return;
    conf->state->depth = conf->state->nesting = 0;
    conf->item_count = before;
    list_add(&conf->warnings, err.why);
}

static bool read_all(struct apache_conf *conf, struct error *err)
{
    struct apache_conf_state *state = conf->state;

    restart(conf);
    if (!apache_read_file(conf, state->source.main_file, APACHE_TOP, err))
        return error_as(err, ERROR_PLUGIN);
    conf->enabled_count = conf->item_count;
    state->beside = true;
    for (size_t i = 0; state->source.beside != NULL && i < state->source.beside->len; i++) {
        AUTO(list_clear) struct list files = { 0 };
        struct error ignored = { 0 };

        if (!apache_directory_files(state->source.beside->at[i], state->source.beside_pattern, &files, &ignored))
            list_add(&conf->warnings, ignored.why);
        for (size_t k = 0; k < files.len; k++)
            read_beside(conf, files.at[k]);
    }
    return true;
}

/* The server tells what is known in the end; where a file turns out to make it, and it was asked for before, reading
 * begins anew with that knowledge. */
bool apache_conf_update(struct apache_conf *conf, struct error *err)
{
    bool ok = read_all(conf, err);

    known_finish(&conf->state->variables);
    known_finish(&conf->state->modules);
    if (!conf->state->variables.stale && !conf->state->modules.stale)
        return ok;
    error_clear(err);
    return read_all(conf, err);
}

static void give_facts(struct apache_conf_state *state)
{
    const struct apache_facts *facts = state->source.facts;

    for (size_t i = 0; i < facts->defines.len; i++) {
        struct view value = view_of(facts->defines.at[i]), name;

        if (view_cut(&value, '=', &name))
            known_give(&state->variables, name, value.at, value.at != NULL);
    }
    for (size_t i = 0; i < facts->modules.len; i++)
        known_give(
            &state->modules, view_of(facts->modules.at[i]), NULL, !list_has(&facts->built_in, facts->modules.at[i]));
}

bool apache_conf_load(const struct apache_source *source, struct apache_conf **out, struct error *err)
{
    AUTO(apache_conf_free) struct apache_conf *conf = xcalloc(1, sizeof *conf);
    struct apache_conf_state *state = conf->state = xcalloc(1, sizeof *state);

    state->source = *source;
    state->last_file = &conf->files;
    state->bucket_count = 4096;
    state->buckets = xcalloc(state->bucket_count, sizeof *state->buckets);
    give_facts(state);
    TRY(apache_conf_update(conf, err));
    *out = TAKE(conf);
    return true;
}

bool apache_conf_set_text(struct apache_conf *conf, struct apache_file *file, struct view text, struct error *err)
{
    conf->item_count = conf->enabled_count = 0;
    return apache_file_parse(file, text, err);
}

void apache_conf_free(struct apache_conf *conf)
{
    struct apache_conf_state *state;

    if (conf == NULL)
        return;
    state = conf->state;
    forget_generated(state);
    while (conf->files != NULL) {
        struct apache_file *next = conf->files->next;

        file_free(conf->files);
        conf->files = next;
    }
    known_clear(&state->variables);
    known_clear(&state->modules);
    arena_clear(&state->arena);
    free(state->buckets);
    free(state->root);
    free(state->dir_of_files.dir);
    free(state->dir_of_files.real);
    free(state->dir_of_targets.dir);
    free(state->dir_of_targets.real);
    free(state);
    free(conf->items);
    list_clear(&conf->warnings);
    free(conf);
}
