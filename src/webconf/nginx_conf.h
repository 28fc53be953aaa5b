#pragma once
/*
 * An nginx configuration: nginx.conf and what it includes, each file read and parsed once.
 *
 * Knows include, globs and relative paths; nothing of what other directives mean. Reads files, writes none.
 */
#include <sys/stat.h>

#include "webconf/nginx_tree.h"

#define NGINX_FILES_MAX 65536
#define NGINX_DIRS_MAX 16384          /* that are looked through for one include */
#define NGINX_DIRECTIVES_MAX 10000000 /* each as often as it is included */

struct nginx_file {
    char *path;       /* by which it was found first; a link stays a link */
    struct view text; /* as parsed */
    char *problem;    /* why it could not be read or parsed: it has no nodes then; else NULL */
    struct nginx_node *first;
    struct arena *arena; /* that its text and nodes are in: one for all files, */
    struct arena own;    /* or this one, once its text was replaced */
    uint64_t stamp;      /* inode, size and times of the file, as it was read */
    size_t index;        /* in conf->files */
    size_t weight; /* how many directives it brings with all that it includes; NGINX_DIRECTIVES_MAX: that or more */
    bool includes; /* has an include */
    bool open;     /* for nginx_conf.c, as the next one */
    unsigned long seen;
};

struct nginx_conf {
    char *root;                /* the server root: what relative paths count from */
    struct nginx_file **files; /* in the order in which nginx reads them; [0] is nginx.conf */
    size_t count;
    struct list dirs; /* in which patterns of includes have looked for files */
    bool wide;        /* some pattern looks in directories that it finds by a pattern: they are not among dirs */
    struct nginx_conf_private *private;
};

/*
 * Gives the content of a file, which is borrowed until the next call, and what it was read from: *st is zero before,
 * and stays so of a file that is not on disk. ERROR_STORE when it cannot be read.
 */
struct nginx_reader {
    bool (*read)(void *arg, const char *path, struct view *text, struct stat *st, struct error *err);
    void *arg;
};

/*
 * Reads main (an absolute path) and what it includes, at any depth: relative paths against main's directory, globs
 * sorted by their bytes. reader NULL: from the disk; else borrowed until nginx_conf_free.
 *
 * A file that is missing, unreadable, or that only nginx can parse is no error: it has a problem, for the caller to
 * judge where that file matters. Fails when main itself is so, when there are too many files, or when the same ones are
 * included so often that going through them would take for ever: ERROR_CONFIG, ERROR_STORE.
 */
MUST_USE bool nginx_conf_load(
    const char *main, const struct nginx_reader *reader, struct nginx_conf **out, struct error *err);
void nginx_conf_free(struct nginx_conf *conf); /* NULL is fine */
DEFINE_AUTO(struct nginx_conf, nginx_conf_free)

/*
 * Parses a new text of one file in place of its old one, resolving its includes again; nothing else is read anew. All
 * nodes of that file's old text are gone after it, and only those. On failure (ERROR_CONFIG: the text is none that
 * parses) nothing has changed.
 */
MUST_USE bool nginx_conf_replace_text(
    struct nginx_conf *conf, struct nginx_file *file, struct view text, struct error *err);

/* Inodes, sizes and times of all files and dirs, as one number, never 0: as they were read, or as they are now. */
uint64_t nginx_conf_stamp(const struct nginx_conf *conf);
uint64_t nginx_conf_stamp_now(const struct nginx_conf *conf);
/* Whether it would be read as the same now. */
bool nginx_conf_is_current(const struct nginx_conf *conf);

/* The file that was found by that path, NULL when none was. */
struct nginx_file *nginx_conf_find(const struct nginx_conf *conf, const char *path);

/* The absolute form of a path in the configuration, as nginx makes it; of the caller's. */
char *nginx_conf_path(const struct nginx_conf *conf, const char *path) __attribute__((returns_nonnull));

/*
 * Goes through the directives of a block in the order in which nginx reads them. Those of included files come in place
 * of the include, which is not visited itself. Blocks are visited, not entered: they get a walk of their own.
 *
 *     for (struct nginx_walk walk = nginx_walk_block(server); (node = nginx_walk_next(&walk)) != NULL;)
 */
struct nginx_walk {
    unsigned depth;
    struct {
        struct nginx_node *next, *include; /* include: whose files are gone through, with `at` as the next one */
        size_t at;
    } level[NGINX_DEPTH_MAX];
};

struct nginx_walk nginx_walk_block(const struct nginx_node *block);
struct nginx_walk nginx_walk_main(const struct nginx_conf *conf); /* at the top */
struct nginx_node *nginx_walk_next(struct nginx_walk *walk);      /* NULL at the end */
