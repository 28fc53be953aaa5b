#pragma once
/*
 * The configuration of an Apache server: its files, found along their includes, and what in them is in effect.
 *
 * Knows what decides what httpd reads: Include and IncludeOptional, Define and ${VAR}, LoadModule, IfModule, IfDefine,
 * IfVersion, IfFile, Macro and Use. Knows nothing of virtual hosts and certificates. Reads files and directories, and
 * changes nothing.
 */
#include "webconf/apache_tree.h"

#define APACHE_FILES_MAX 65536
#define APACHE_ITEMS_MAX (4 * 1024 * 1024) /* an include that multiplies itself ends here */
#define APACHE_INCLUDE_MAX 50              /* includes within includes, as httpd's own bound */

/* What the server says of itself. Empty members are not known. */
struct apache_facts {
    char *server_root;          /* where relative paths begin */
    struct list defines;        /* "NAME" or "NAME=VALUE": all of them at the end of reading, those of files included */
    struct list modules;        /* "ssl_module": all that are loaded */
    struct list static_modules; /* those among them that no LoadModule loads */
    struct list includes;       /* files that were read, in reading order, the main file first */
    unsigned version[3];        /* 2, 4, 62; all 0: not known */
    char *pid_file, *error_log; /* of the main server */
    char *user, *group;
};

/*
 * Reads the output of `apache2ctl -t -D DUMP_RUN_CFG`, `... DUMP_MODULES`, `... DUMP_INCLUDES` or `-v`, in any order or
 * all at once; what is not known is passed over. Adds to facts.
 */
void apache_facts_read(struct apache_facts *facts, struct view output);
void apache_facts_clear(struct apache_facts *facts);
static inline void apache_facts_clear_at(struct apache_facts *facts)
{
    apache_facts_clear(facts);
}
/* Whether IfModule would find it: by its identifier ("ssl_module") or its source file ("mod_ssl.c"). */
bool apache_facts_has_module(const struct apache_facts *facts, const char *name);

struct apache_file {
    char *path;       /* absolute, as it was found first */
    char *real;       /* without symbolic links */
    struct view text; /* as it is parsed */
    struct apache_tree *tree;
    bool enabled;             /* read by the server; false: beside its configuration only */
    bool generated;           /* no file: what a Use of a macro gives */
    struct apache_file *next; /* in the order in which they were found first */
    /* Private to apache_conf. */
    struct buf own;
    struct apache_file *same_hash;
    const struct apache_node *use;
};

/*
 * One directive or section in effect at one place of the reading order, as httpd sees it: what is included stands in
 * the place of the Include, what is conditional in the place of its condition, if it holds. A file that is included
 * twice has items twice. Comments have none; neither have IfModule and its like, nor Include, Define and Use
 * themselves.
 */
struct apache_item {
    const struct apache_node *node;
    size_t section; /* index of the section that it stands in (VirtualHost, Directory, If ...), APACHE_TOP: none */
    size_t end;     /* index behind the last item of this section; behind itself when it is none */
};
#define APACHE_TOP SIZE_MAX

struct apache_conf {
    struct apache_file *files; /* linked by next */
    struct apache_item *items; /* in reading order; first those of the server, then those of files beside it */
    size_t item_count;
    size_t enabled_count; /* items before this index are read by the server */
    char *server_root;    /* the facts', else ServerRoot of the main file, else its directory */
    struct list warnings; /* files beside it that could not be read or parsed, and why */
    struct apache_conf_state *state;
};

/* How files are read: NULL for read means from disk. */
struct apache_reader {
    void *arg;
    /* The text of a file, which lives until apache_conf_free or apache_conf_set_text. */
    bool (*read)(void *arg, const char *path, struct view *text, struct error *err);
};

struct apache_source {     /* borrowed until the conf is freed */
    const char *main_file; /* absolute */
    const struct apache_facts *facts;
    const struct list
        *beside;             /* files, or directories of which all files count, that are read whether enabled or not */
    const char *beside_glob; /* which names count in these directories ("*.conf"); NULL: all */
    struct apache_reader reader;
};

/*
 * Reads it all. ERROR_PLUGIN: a file of the server cannot be read or parsed (the server could not either), or a bound
 * is exceeded. Files beside it that are broken are warnings, and left out.
 */
MUST_USE bool apache_conf_load(const struct apache_source *source, struct apache_conf **out, struct error *err);
void apache_conf_free(struct apache_conf *conf);
DEFINE_AUTO(struct apache_conf, apache_conf_free)

/*
 * Gives a file its new text, which is borrowed like the reader's. Nodes of this file and all items die;
 * apache_conf_update must follow, once for all texts. On failure nothing has changed.
 */
MUST_USE bool apache_conf_set_text(
    struct apache_conf *conf, struct apache_file *file, struct view text, struct error *err);
/* Works out the items anew, after texts were set or files have come, which are read when an include finds them. After a
 * failure only apache_conf_free is possible. */
MUST_USE bool apache_conf_update(struct apache_conf *conf, struct error *err);

/* The file of that path, by its real path; NULL when it was not read. */
struct apache_file *apache_conf_file(const struct apache_conf *conf, const char *path);

/* The text of word `index` with ${VAR} replaced as httpd does, "" where there is none; lives until the next update. */
const char *apache_conf_word(struct apache_conf *conf, const struct apache_node *node, size_t index);

/* Absolute, against ServerRoot; of the caller's. */
char *apache_conf_path(const struct apache_conf *conf, const char *path) __attribute__((returns_nonnull));

/* Index of the innermost section of that name around an item, APACHE_TOP when there is none. */
size_t apache_conf_within(const struct apache_conf *conf, size_t item, const char *name);
