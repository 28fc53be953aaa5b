#pragma once
/*
 * The configuration of an Apache server: its files, found along their includes, and what in them is in effect.
 *
 * Knows what decides what httpd reads: Include and IncludeOptional, Define and ${VAR}, LoadModule, IfModule, IfDefine,
 * IfVersion, IfFile, Macro and Use. Knows nothing of virtual hosts and certificates. Reads files and directories, and
 * changes nothing.
 *
 * IfDirective and IfSection are taken for true unless negated, as which directives there are is not known.
 */
#include <errno.h>

#include "webconf/apache_facts.h"
#include "webconf/apache_tree.h"

#define APACHE_FILES_MAX 65536
#define APACHE_ITEMS_MAX (4 * 1024 * 1024) /* an include that multiplies itself ends here, */
#define APACHE_STEPS_MAX (8 * 1024 * 1024) /* or when so many lines were read; a file counts as some, too */
#define APACHE_INCLUDE_MAX 50              /* includes within includes, httpd's own bound */

struct apache_file {
    char *path; /* absolute, as it was found first; of what a Use of a macro gives: where that is, for people */
    char *real; /* without symbolic links; NULL of what a Use gives, which cannot be edited */
    struct apache_tree *tree;
    const struct apache_node *macro; /* of what a Use gives: the macro; else NULL */
    bool enabled;                    /* the server reads it; false: it is beside its configuration only */
    struct apache_file *next;        /* in the order in which they were found first */
    /* Of apache_conf alone. */
    struct buf own;
    struct apache_file *bucket;
};

/*
 * One directive or section in effect at one place of the reading order, as httpd sees it: what is included stands in
 * the place of the Include, what is conditional in the place of its condition, if that holds. A file that is included
 * twice has items twice. No items have comments, conditions, Include, Define, Macro and Use themselves.
 */
struct apache_item {
    const struct apache_node *node;
    const struct apache_word *words; /* the node's; or with ${VAR} replaced, then their offsets mean nothing */
    size_t word_count;
    size_t section; /* index of the section that it stands in (VirtualHost, Directory, If ...); APACHE_TOP: none */
    size_t end;     /* index behind the last item in this section; behind itself when it is none */
};
#define APACHE_TOP SIZE_MAX

struct apache_conf {
    struct apache_file *files; /* linked by next */
    struct apache_item *items; /* in reading order; first those that the server reads, then those beside them */
    size_t item_count;
    size_t enabled_count; /* items before this index are read by the server */
    struct list warnings; /* what beside the server's own files could not be read or parsed, and why */
    struct apache_conf_state *state;
};

/* How files are read. read NULL: from disk. */
struct apache_reader {
    void *arg;
    /* Text of the file, which lives until apache_conf_free, or the file gets another by apache_conf_set_text. */
    bool (*read)(void *arg, const char *path, struct view *text, struct error *err);
};

struct apache_source {                /* borrowed until the conf is freed */
    const char *main_file;            /* absolute */
    const struct apache_facts *facts; /* without a server_root, relative paths begin where main_file is */
    const struct list *beside;        /* directories whose files are read after all others, whether enabled or not */
    const char *beside_pattern;       /* names that count in there ("*.conf"); NULL: all */
    struct apache_reader reader;
};

/*
 * Reads it all. ERROR_PLUGIN: a file of the server's cannot be read or parsed (the server could not either), or a bound
 * is exceeded. err->sys is APACHE_FIFO where the server would wait for ever. What is broken beside is a warning, and
 * left out.
 */
#define APACHE_FIFO ESPIPE
MUST_USE bool apache_conf_load(const struct apache_source *source, struct apache_conf **out, struct error *err);
void apache_conf_free(struct apache_conf *conf);
DEFINE_AUTO(struct apache_conf, apache_conf_free)

/*
 * Gives a file its new text, borrowed like the reader's. Nodes of this file and all items die: apache_conf_update must
 * follow, once for all texts. On failure nothing has changed.
 */
MUST_USE bool apache_conf_set_text(
    struct apache_conf *conf, struct apache_file *file, struct view text, struct error *err);
/* Works out the items anew, after texts were set, or files have come, which are read when an include finds them. After
 * a failure the conf can only be freed, or given texts and updated. */
MUST_USE bool apache_conf_update(struct apache_conf *conf, struct error *err);

/* The file of that path, however it is reached; NULL when it was not read. */
struct apache_file *apache_conf_file(const struct apache_conf *conf, const char *path);
/* Absolute, against ServerRoot; of the caller's. */
char *apache_conf_path(const struct apache_conf *conf, const char *path) __attribute__((returns_nonnull));

/* Whether it is the directive or section of that name, in any case. */
bool apache_item_is(const struct apache_item *item, const char *name);
/* The text of word `index`, "" where there is none. */
const char *apache_item_word(const struct apache_item *item, size_t index);
/* Index of the innermost section of that name around an item, APACHE_TOP when there is none. */
size_t apache_conf_within(const struct apache_conf *conf, size_t item, const char *name);
