#pragma once
/*
 * Reading a configuration in httpd's order: what makes, asks and includes is carried out, all else becomes items.
 *
 * For apache_conf.c, apache_condition.c and apache_macro.c only.
 */
#include "webconf/apache_conf.h"
#include "webconf/apache_known.h"

struct apache_macro { /* the newest of a name comes first */
    struct apache_macro *next;
    const struct apache_node *node;
    const struct apache_word *words; /* Macro, name, parameters */
    size_t word_count;
    bool undefined; /* by UndefMacro; those of that name behind it, too */
};

struct apache_known_dir {
    char *dir, *real;
};

struct apache_conf_state {
    struct apache_source source;
    struct apache_known variables, modules;
    char *root; /* ServerRoot, as of now */

    struct apache_file **buckets, **last_file;
    size_t bucket_count, file_count;
    struct apache_known_dir dir_of_files,
        dir_of_targets; /* the last ones that were resolved: also of what links lead to */

    /* Of one reading. */
    struct arena arena; /* words with variables replaced, macros */
    struct apache_macro *macros;
    struct apache_file *generated; /* linked by next: what uses of macros gave */
    size_t generated_bytes, steps, item_size;
    unsigned depth;   /* of includes and uses */
    unsigned nesting; /* of sections, in all of these */
    bool beside;      /* the server's own files are done */
};

/* The file of that path, read and parsed the first time. */
MUST_USE bool apache_conf_open(
    struct apache_conf *conf, const char *path, struct apache_file **file, struct error *err);

/* Reads nodes from `node` on, in a section. */
MUST_USE bool apache_read_nodes(
    struct apache_conf *conf, const struct apache_node *node, size_t section, struct error *err);
/* The same of all nodes of a file, which is one more include or use within others. */
MUST_USE bool apache_read_tree(
    struct apache_conf *conf, const struct apache_file *file, size_t section, struct error *err);
/* The same of the file of that path. */
MUST_USE bool apache_read_file(struct apache_conf *conf, const char *path, size_t section, struct error *err);

/* Parses a text that belongs to the file, whose nodes then know it. */
MUST_USE bool apache_file_parse(struct apache_file *file, struct view text, struct error *err);

/* Whether the section is a condition, and then whether it holds. */
bool apache_condition_holds(struct apache_conf *conf, const struct apache_item *item, bool *holds);

void apache_macro_define(struct apache_conf *conf, const struct apache_item *item);
void apache_macro_undefine(struct apache_conf *conf, const char *name);
MUST_USE bool apache_macro_use(
    struct apache_conf *conf, const struct apache_item *item, size_t section, struct error *err);
