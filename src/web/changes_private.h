#pragma once
/*
 * What changes.c collects and changes_write.c puts into effect; for nobody else.
 */
#include <sys/stat.h>

#include "web/changes.h"
#include "web/checkpoint.h"

#define NO_CHANGE SIZE_MAX

struct source { /* a file that was read, or is to be created */
    char *path; /* by which it was asked for first */
    bool is_read;
    struct stat st; /* as it was read */
    char *text;     /* likewise */
    size_t len;
    size_t newest; /* index of its newest change; NO_CHANGE: none */
};

enum change_kind { CHANGE_TEXT, CHANGE_CREATE, CHANGE_LINK, CHANGE_COMMAND };

struct change {
    enum change_kind kind;
    size_t stage;
    size_t source, previous; /* of text and creation: indexes; previous: the change before, of the same source */
    char *text;              /* likewise; NULL once nobody can want it any more */
    size_t len;
    mode_t mode;               /* of creation */
    char *like;                /* of creation; NULL: mode counts */
    char *path, *target;       /* of a link */
    struct list command, undo; /* of a command */
};

struct table_entry {
    const char *key; /* NULL: free */
    char *owned;     /* the key, where it is not the path of the source */
    size_t source;
};

struct changes {
    struct source *sources;
    size_t source_count;
    struct table_entry *table; /* by path, and by device and inode */
    size_t table_size, table_used;
    struct change *changes;
    size_t count;
    struct list stages; /* titles */
    size_t mark, mark_stages;
};

/* The text of a source at the beginning of a stage; false when it was not there yet. */
bool source_text_before(const struct changes *changes, const struct source *source, size_t stage, struct view *text);
/* The text that it is to have. */
struct view source_text(const struct changes *changes, const struct source *source);
/* Whether that is another one than it has on disk. */
bool source_is_changed(const struct changes *changes, const struct source *source);
