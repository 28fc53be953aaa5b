#include "webconf/nginx_conf.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/identity.h"
#include "base/mem.h"

struct entry { /* of the table of files: by a path, and by device and inode */
    const char *key;
    struct nginx_file *file;
};

struct nginx_conf_private {
    struct nginx_reader reader;
    struct buf text; /* of the file read last, without a reader of the caller's */
    struct entry *entries;
    size_t entry_count, slots; /* slots: a power of two */
    struct arena keys, texts;  /* texts: of all files as they were read first, and their nodes */
    size_t size;               /* of conf->files */
    unsigned long round;       /* of looking for circles */
    uint64_t dirs_stamp;
};

/* ---- files by name ---- */

static struct entry *slot_of(const struct nginx_conf_private *private, const char *key)
{
    size_t i = view_hash_quick(view_of(key), HASH_START) & (private->slots - 1);

    while (private->entries[i].key != NULL && strcmp(private->entries[i].key, key) != 0)
        i = (i + 1) & (private->slots - 1);
    return &private->entries[i];
}

static void enlarge(struct nginx_conf_private *private)
{
    AUTO(free) struct entry *old = private->entries;
    size_t slots = private->slots;

    private->slots = slots == 0 ? 64 : 2 * slots;
    private->entries = xcalloc(private->slots, sizeof *private->entries);
    for (size_t i = 0; i < slots; i++)
        if (old[i].key != NULL)
            *slot_of(private, old[i].key) = old[i];
}

static void remember(struct nginx_conf_private *private, const char *key, struct nginx_file *file)
{
    struct entry *entry;

    if (2 * private->entry_count >= private->slots)
        enlarge(private);
    entry = slot_of(private, key);
    if (entry->key != NULL)
        return;
    *entry = (struct entry){ arena_dup(&private->keys, view_of(key)), file };
    private->entry_count++;
}

struct nginx_file *nginx_conf_find(const struct nginx_conf *conf, const char *path)
{
    return slot_of(conf->private, path)->file;
}

/* ---- files and directories, to see later whether they are the same ---- */

static bool look_at(const char *path, struct stat *st)
{
    *st = (struct stat){ 0 };
    if (stat(path, st) == 0)
        return true;
    st->st_size = -1;
    return false;
}

static uint64_t stamp_of(const struct stat *st, uint64_t before)
{
    uint64_t facts[] = { st->st_dev, st->st_ino, (uint64_t)st->st_size, (uint64_t)st->st_mtim.tv_sec,
        (uint64_t)st->st_mtim.tv_nsec, (uint64_t)st->st_ctim.tv_sec, (uint64_t)st->st_ctim.tv_nsec };

    return view_hash_quick((struct view){ (const char *)facts, sizeof facts }, before);
}

static uint64_t add_stamp(uint64_t stamp, uint64_t sum)
{
    return view_hash_quick((struct view){ (const char *)&stamp, sizeof stamp }, sum);
}

static uint64_t not_zero(uint64_t stamp)
{
    return stamp != 0 ? stamp : 1;
}

uint64_t nginx_conf_stamp(const struct nginx_conf *conf)
{
    uint64_t sum = conf->private->dirs_stamp;

    for (size_t i = 0; i < conf->count; i++)
        sum = add_stamp(conf->files[i]->stamp, sum);
    return not_zero(sum);
}

uint64_t nginx_conf_stamp_now(const struct nginx_conf *conf)
{
    uint64_t sum = HASH_START;
    struct stat st;

    for (size_t i = 0; i < conf->dirs.len; i++) {
        (void)look_at(conf->dirs.at[i], &st);
        sum = stamp_of(&st, sum);
    }
    for (size_t i = 0; i < conf->count; i++) {
        (void)look_at(conf->files[i]->path, &st);
        sum = add_stamp(stamp_of(&st, HASH_START), sum);
    }
    return not_zero(sum);
}

bool nginx_conf_is_current(const struct nginx_conf *conf)
{
    return !conf->wide && nginx_conf_stamp(conf) == nginx_conf_stamp_now(conf);
}

/* ---- reading ---- */

static bool read_disk(void *arg, const char *path, struct view *text, struct stat *st, struct error *err)
{
    struct buf *buf = arg;

    buf_clear(buf);
    if (stat(path, st) != 0)
        return file_error(err, "read", path);
    TRY(file_read(path, buf, err));
    *text = buf_view(buf);
    return true;
}

static bool parse_into(struct nginx_file *file, struct view text, struct error *err)
{
    file->text = (struct view){ arena_dup(file->arena, text), text.len };
    return nginx_parse(file->text, file->path, file, file->arena, &file->first, err);
}

static void note_problem(struct nginx_file *file, const struct error *err)
{
    free(file->problem);
    file->problem = err->what[0] != '\0' ? xprintf("%s: %s", err->what, err->why) : xstrdup(err->why);
}

static struct nginx_file *add_file(struct nginx_conf *conf, const char *path)
{
    struct nginx_file *file = arena_alloc(&conf->private->keys, 1, sizeof *file);

    if (conf->count == conf->private->size) {
        conf->private->size = conf->private->size == 0 ? 64 : 2 * conf->private->size;
        conf->files = xrealloc(conf->files, conf->private->size, sizeof(struct nginx_file *));
    }
    file->path = arena_dup(&conf->private->keys, view_of(path));
    file->arena = &conf->private->texts;
    file->index = conf->count;
    conf->files[conf->count++] = file;
    return file;
}

/* ---- includes ---- */

static bool resolve_includes(struct nginx_conf *conf, struct nginx_file *file, unsigned depth, struct error *err);

/* nginx opens what it includes, and waits until somebody writes into a FIFO: no server runs with that. */
static bool refuse_fifo(const char *path, const struct stat *st, struct error *err)
{
    if (!S_ISFIFO(st->st_mode))
        return true;
    return error_set(err, ERROR_CONFIG, "%s is a FIFO: nginx would wait for ever for somebody who writes to it", path);
}

/* The file that is known by another path already, else a new one. Its second name is "DEVICE:INODE", unless it is not
 * on disk. */
static bool is_known(struct nginx_conf *conf, const char *path, const struct stat *st, struct nginx_file **out)
{
    char identity[IDENTITY_SIZE];

    identity_of(st, identity);
    *out = st->st_ino != 0 ? nginx_conf_find(conf, identity) : NULL;
    if (*out != NULL) {
        remember(conf->private, path, *out);
        return true;
    }
    *out = add_file(conf, path);
    remember(conf->private, path, *out);
    if (st->st_ino != 0)
        remember(conf->private, identity, *out);
    return false;
}

/* As a problem of the file, what one that could not be read or parsed says; err has nothing then. */
static void keep_problem(struct nginx_file *file, struct error *err)
{
    note_problem(file, err);
    error_clear(err);
}

/* The file of a path, which is read with all that it includes unless it is known. */
static bool get_file(
    struct nginx_conf *conf, const char *path, unsigned depth, struct nginx_file **out, struct error *err)
{
    const struct nginx_reader *reader = &conf->private->reader;
    struct stat st = { 0 };
    struct view text;
    bool ok;

    *out = nginx_conf_find(conf, path);
    if (*out != NULL)
        return true;
    if (conf->count == NGINX_FILES_MAX)
        return error_set(err, ERROR_CONFIG, "%s includes more than %d files", conf->files[0]->path, NGINX_FILES_MAX);
    ok = reader->read(reader->arg, path, &text, &st, err);
    if (!ok)
        (void)look_at(path, &st);
    TRY(ok || refuse_fifo(path, &st, err));
    if (is_known(conf, path, &st, out)) {
        error_clear(err);
        return true;
    }
    (*out)->stamp = stamp_of(&st, HASH_START);
    if (!ok || !parse_into(*out, text, err))
        keep_problem(*out, err);
    return resolve_includes(conf, *out, depth + 1, err);
}

/* Whether `to` is reached from file by includes; each file is looked at once. */
static bool leads_to(const struct nginx_file *to, struct nginx_file *file, unsigned long round, unsigned depth);

static bool some_leads_to(
    const struct nginx_file *to, const struct nginx_node *node, unsigned long round, unsigned depth)
{
    for (; node != NULL; node = node->next) {
        for (size_t i = 0; i < node->included_count; i++)
            if (leads_to(to, node->included[i], round, depth + 1))
                return true;
        if (node->child != NULL && some_leads_to(to, node->child, round, depth))
            return true;
    }
    return false;
}

static bool leads_to(const struct nginx_file *to, struct nginx_file *file, unsigned long round, unsigned depth)
{
    if (file == to || depth > NGINX_DEPTH_MAX)
        return true;
    if (!file->includes || file->seen == round)
        return false;
    file->seen = round;
    return some_leads_to(to, file->first, round, depth);
}

static bool is_pattern(const char *path)
{
    return strpbrk(path, "*?[") != NULL;
}

static void note_dir(struct nginx_conf *conf, const char *pattern)
{
    AUTO(free) char *dir = file_dirname(pattern);
    struct stat st;

    conf->wide |= is_pattern(dir);
    if (conf->dirs.len > 0 && strcmp(conf->dirs.at[conf->dirs.len - 1], dir) == 0)
        return;
    (void)look_at(dir, &st);
    conf->private->dirs_stamp = stamp_of(&st, conf->private->dirs_stamp);
    list_add(&conf->dirs, dir);
}

/* A pattern in each part of a path may mean all of a file system: glob asks these for each directory. */
static _Thread_local size_t dirs_opened;

static void *open_dir(const char *path)
{
    if (dirs_opened == NGINX_DIRS_MAX) {
        errno = EMFILE;
        return NULL;
    }
    dirs_opened++;
    return opendir(path);
}

static struct dirent *read_dir(void *dir)
{
    return readdir(dir);
}

static void close_dir(void *dir)
{
    (void)closedir(dir);
}

/* One that cannot be read has no files for nginx, either. */
static int is_to_end(const char *path __attribute__((unused)), int sys __attribute__((unused)))
{
    return dirs_opened == NGINX_DIRS_MAX;
}

/* Appends the paths that a pattern finds, sorted. */
static bool expand(const char *pattern, struct list *paths, struct error *err)
{
    glob_t found = {
        .gl_opendir = open_dir, .gl_readdir = read_dir, .gl_closedir = close_dir, .gl_lstat = lstat, .gl_stat = stat
    };
    int status;

    dirs_opened = 0;
    status = glob(pattern, GLOB_NOSORT | GLOB_ALTDIRFUNC, is_to_end, &found);
    for (size_t i = 0; status == 0 && i < found.gl_pathc; i++)
        list_add(paths, found.gl_pathv[i]);
    globfree(&found);
    if (status == GLOB_ABORTED)
        return error_set(
            err, ERROR_CONFIG, "more than %d directories would be looked through for %s", NGINX_DIRS_MAX, pattern);
    if (status == GLOB_NOSPACE)
        return error_set(err, ERROR_INTERNAL, "no memory to look for %s", pattern);
    list_sort(paths); /* nginx's locale is "C", ours may be another */
    return true;
}

static bool resolve_include(struct nginx_conf *conf, struct nginx_node *node, unsigned depth, struct error *err)
{
    AUTO(free) char *path = nginx_conf_path(conf, node->words[1].text);
    AUTO(list_clear) struct list paths = { 0 };

    if (is_pattern(path)) {
        note_dir(conf, path);
        TRY(expand(path, &paths, err));
    } else {
        list_add(&paths, path);
    }
    node->file->includes = true;
    node->included = arena_alloc(node->file->arena, paths.len, sizeof *node->included);
    for (size_t i = 0; i < paths.len; i++) {
        struct nginx_file *file = NULL;

        TRY(get_file(conf, paths.at[i], depth, &file, err));
        /* nginx refuses circles: none is ever followed. */
        if (!file->open && !leads_to(node->file, file, ++conf->private->round, 0))
            node->included[node->included_count++] = file;
    }
    return true;
}

static void add_weight(struct nginx_file *file, size_t weight)
{
    size_t left = NGINX_DIRECTIVES_MAX - file->weight;

    file->weight += weight < left ? weight : left;
}

static bool resolve_below(struct nginx_conf *conf, struct nginx_node *node, unsigned depth, struct error *err)
{
    for (; node != NULL; node = node->next) {
        add_weight(node->file, 1);
        if (node->child != NULL)
            TRY(resolve_below(conf, node->child, depth, err));
        else if (node->word_count == 2 && !node->block && nginx_is(node, "include"))
            TRY(resolve_include(conf, node, depth, err));
        for (size_t i = 0; i < node->included_count; i++)
            add_weight(node->file, node->included[i]->weight);
    }
    return true;
}

static bool resolve_includes(struct nginx_conf *conf, struct nginx_file *file, unsigned depth, struct error *err)
{
    bool ok;

    if (depth > NGINX_DEPTH_MAX)
        return error_set(
            err, ERROR_CONFIG, "%s is included by more than %d files, one in the other", file->path, NGINX_DEPTH_MAX);
    file->open = true;
    file->weight = 0;
    ok = resolve_below(conf, file->first, depth, err);
    file->open = false;
    if (ok && file->weight == NGINX_DIRECTIVES_MAX)
        return error_set(err, ERROR_CONFIG,
            "%s brings more than %d directives, since files are included again and again", file->path,
            NGINX_DIRECTIVES_MAX);
    return ok;
}

char *nginx_conf_path(const struct nginx_conf *conf, const char *path)
{
    return path[0] == '/' ? xstrdup(path) : file_join(conf->root, path);
}

/* ---- a whole configuration ---- */

bool nginx_conf_load(const char *main, const struct nginx_reader *reader, struct nginx_conf **out, struct error *err)
{
    AUTO(nginx_conf_free) struct nginx_conf *conf = xcalloc(1, sizeof *conf);
    struct nginx_file *file;

    conf->private = xcalloc(1, sizeof *conf->private);
    conf->private->text = BUF(NGINX_TEXT_MAX);
    conf->private->dirs_stamp = HASH_START;
    conf->private->reader = reader != NULL ? *reader : (struct nginx_reader){ read_disk, &conf->private->text };
    conf->root = file_dirname(main);
    enlarge(conf->private);
    TRY(get_file(conf, main, 0, &file, err));
    if (file->problem != NULL)
        return error_set(err, ERROR_CONFIG, "%s", file->problem);
    *out = TAKE(conf);
    return true;
}

bool nginx_conf_replace_text(struct nginx_conf *conf, struct nginx_file *file, struct view text, struct error *err)
{
    struct nginx_file old = *file;

    file->own = (struct arena){ 0 };
    file->arena = &file->own;
    file->first = NULL;
    file->problem = NULL;
    file->includes = false;
    if (!parse_into(file, text, err) || !resolve_includes(conf, file, 1, err)) {
        arena_clear(&file->own);
        *file = old;
        return false;
    }
    arena_clear(&old.own);
    free(old.problem);
    return true;
}

static void clear_file(struct nginx_file *file)
{
    arena_clear(&file->own);
    free(file->problem);
}

void nginx_conf_free(struct nginx_conf *conf)
{
    if (conf == NULL)
        return;
    for (size_t i = 0; i < conf->count; i++)
        clear_file(conf->files[i]);
    free(conf->files);
    list_clear(&conf->dirs);
    if (conf->private != NULL) {
        buf_clear(&conf->private->text);
        arena_clear(&conf->private->keys);
        arena_clear(&conf->private->texts);
        free(conf->private->entries);
        free(conf->private);
    }
    free(conf->root);
    free(conf);
}

/* ---- in nginx's order ---- */

struct nginx_walk nginx_walk_block(const struct nginx_node *block)
{
    struct nginx_walk walk = { .depth = 1 };

    walk.level[0].next = block->child;
    return walk;
}

struct nginx_walk nginx_walk_main(const struct nginx_conf *conf)
{
    struct nginx_walk walk = { .depth = 1 };

    walk.level[0].next = conf->files[0]->first;
    return walk;
}

/* Leaves a level that is used up, or goes on with the next file of its include. */
static void walk_on(struct nginx_walk *walk)
{
    const struct nginx_node *include = walk->level[walk->depth - 1].include;

    if (include != NULL && walk->level[walk->depth - 1].at < include->included_count)
        walk->level[walk->depth - 1].next = include->included[walk->level[walk->depth - 1].at++]->first;
    else
        walk->depth--;
}

struct nginx_node *nginx_walk_next(struct nginx_walk *walk)
{
    while (walk->depth > 0) {
        struct nginx_node *node = walk->level[walk->depth - 1].next;

        if (node == NULL) {
            walk_on(walk);
            continue;
        }
        walk->level[walk->depth - 1].next = node->next;
        if (node->block || !nginx_is(node, "include"))
            return node;
        if (node->included_count > 0 && walk->depth < NGINX_DEPTH_MAX) {
            walk->level[walk->depth].next = NULL;
            walk->level[walk->depth].include = node;
            walk->level[walk->depth].at = 0;
            walk->depth++;
        }
    }
    return NULL;
}
