#pragma once
/*
 * Texts of units and lines of cron: templates of data/schedule, in which @NAME@ stands for a value, and the mark by
 * which one of ours is known, and known to be as it was written.
 */
#include "base/bytes.h"

#define UNIT_TEXT_MAX (256 * 1024)

struct unit_value {
    const char *name; /* "COMMAND" */
    const char *value;
};

enum quoting { /* how the words of a command are written */
    QUOTING_SYSTEMD,
    QUOTING_CRON, /* the shell's, with % for itself */
    QUOTING_SHELL,
    QUOTING_PLIST, /* a string element each */
};

/* The words as a command, of the caller's. */
char *unit_command(const struct list *words, enum quoting quoting) __attribute__((returns_nonnull));
/* Text that is no word of a command: what the syntax takes for something else is written otherwise. Of the caller's. */
char *unit_plain(const char *text, enum quoting quoting) __attribute__((returns_nonnull));
/* Paths that may be missing, for systemd's ReadWritePaths; of the caller's. */
char *unit_paths(const struct list *paths) __attribute__((returns_nonnull));

/* The directory of the templates: beside this program (self) in a build tree, else where it was installed; of the
 * caller's. */
char *unit_templates(const char *self) __attribute__((returns_nonnull));

/*
 * Reads DIR/NAME and puts the values in (values is ended by a NULL name), last of all the mark for @MARK@. ERROR_STORE
 * when there is no such file, ERROR_INTERNAL when it asks for a value that there is none of.
 */
MUST_USE bool unit_text_fill(
    const char *dir, const char *name, const struct unit_value *values, struct buf *out, struct error *err);

enum unit_mark {
    UNIT_FOREIGN, /* no mark of ours */
    UNIT_EDITED,  /* a mark, and the text is not the one that it was made for */
    UNIT_OURS,
};
enum unit_mark unit_text_mark(struct view text);
