#pragma once
/*
 * Targets of alarms: what --notify and the lines of --notify-file say.
 *
 * A target that is wrong does not keep the others from being told: it is there with the reason, and counts as one that
 * takes no alarms.
 */
#include "config/settings.h"
#include "recipe/description.h"
#include "tree/vars.h"

#define TARGETS_MAX 16

enum target_kind {
    TARGET_BROKEN,
    TARGET_MAIL,    /* mailto:ADDRESS[,ADDRESS] */
    TARGET_PROGRAM, /* command:PROGRAM ARGUMENT ... */
    TARGET_SHELL,   /* shell:COMMAND */
    TARGET_FORM,    /* FORM:VALUE ... */
};

struct target {
    enum target_kind kind;
    char *id;                       /* "slack-1a2b3c4d": for files, the same each time, and without anything secret */
    char *shown;                    /* for people, without anything secret */
    struct list words;              /* addresses; or the program and its arguments; or the shell's command */
    const struct description *form; /* lives until the end of the program */
    struct vars keys;               /* of the form */
    char *why;                      /* it is broken; one line */
};

struct targets {
    struct target at[TARGETS_MAX];
    size_t len;
    size_t left_out; /* for which there was no room */
};

/* All that the settings name, each once. *out must be zero. Cannot fail: what cannot be read is a broken target. */
void targets_read(const struct settings *settings, struct targets *out);
void targets_clear(struct targets *targets);
static inline void targets_clear_at(struct targets *targets)
{
    targets_clear(targets);
}

/* One target's text ("slack:https://..."), added to the others; a second one of the same text is left out. */
void targets_add(struct targets *targets, const char *config_dir, const char *text);

/* Whether the settings name any. Reads no file. */
bool targets_any(const struct settings *settings);

/* Whether others may read or change the file with targets; ERROR_CONFIG says so, and how that is mended. What is not
 * there is fine. */
MUST_USE bool targets_check_file(const char *path, struct error *err);
