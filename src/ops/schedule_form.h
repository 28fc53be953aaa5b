#pragma once
/*
 * The ways in which machines run something by themselves: which files each has, and what it is told when they change.
 * Pure tables; schedule.h works with them.
 */
#include "ops/machine.h"
#include "ops/unit_text.h"

#define FORM_FILES 2
#define FORM_COMMANDS 3

struct form_file {
    const char *template; /* in data/schedule */
    const char *path;     /* %s: the schedule's name */
    unsigned mode;
    const char *link; /* by which it is switched on: a symbolic link to it; NULL: none is needed */
};

struct form {
    const char *name;   /* "systemd", "cron" ...: for people, and for `schedule install FORM` */
    const char *what;   /* "a systemd timer", for messages */
    bool is_daemon;     /* runs `evercert daemon`; only where it is asked for */
    bool waits;         /* the run itself waits at random: nothing around it does */
    const char *prefix; /* of the schedule's name */
    enum quoting quoting;
    struct form_file files[FORM_FILES];
    /* Words ended by NULL, in which %s is the schedule's name. `after` when files were changed, `keep` when not,
     * `before` they are removed. */
    const char *const after[FORM_COMMANDS][6], *const keep[6], *const before[6], *const removed[6];
    const char *const alive[6]; /* exit status 0: it is at work; empty: this cannot be asked */
    bool (*is_here)(const struct machine *machine, int64_t interval_s);
};

#define SCHEDULE_USUAL_STORE "/etc/letsencrypt"

/* The name of a store's schedule, of the caller's: no two stores have the same. For systemd it is the path as
 * systemd-escape(1) has it; where such names may have letters, digits, - and _ alone, other bytes are _hh. A name that
 * would be too long for a file has a digest in it. */
char *schedule_name(const struct form *form, const char *config_dir) __attribute__((returns_nonnull));
/* As it was named before: the paths /srv/a-b and /srv/a/b had one name. */
char *schedule_older_name(const struct form *form, const char *config_dir) __attribute__((returns_nonnull));

extern const struct form schedule_forms[]; /* ended by an empty row; the first that is here is taken */

/* The form of that name, or for NULL the first that this machine has. NULL: there is none. */
const struct form *schedule_form(const struct machine *machine, const char *name, int64_t interval_s);
