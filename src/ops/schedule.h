#pragma once
/*
 * A schedule of ours on a machine: what it is to be, what is there, putting it in place and taking it away.
 *
 * Its files bear a mark (unit_text.h). One that somebody has edited, or that is not ours, is neither replaced nor
 * removed without being told to.
 */
#include "ops/schedule_form.h"

struct schedule_wish {
    const char *config_dir, *work_dir, *logs_dir; /* of the store */
    const struct list *config_files;              /* given by --config */
    int64_t life_s;                               /* of the shortest certificate that is renewed, 0: there is none */
    const struct list *web_roots;                 /* web_roots.h */
    const char *form;                             /* NULL: what the machine has */
};

enum schedule_file_state {
    SCHEDULE_MISSING,
    SCHEDULE_SAME,    /* as it is to be */
    SCHEDULE_OLD,     /* ours, and it is to be otherwise now */
    SCHEDULE_EDITED,  /* ours, and somebody has changed it */
    SCHEDULE_FOREIGN, /* it was there, and is not ours */
};
const char *schedule_file_state_name(enum schedule_file_state state); /* stable: "missing", "current", "outdated" ... */

struct schedule_file {
    char *path; /* on the machine, without its root */
    char *text; /* that it is to have */
    char *link; /* by which it is switched on, NULL: none */
    unsigned mode;
    enum schedule_file_state state;
    bool linked; /* there is a link of that name, whoever has made it */
};

struct schedule {
    const struct form *form;
    char *name;                    /* "evercert-renew" */
    char *older;                   /* a file of ours that an earlier version has named otherwise; NULL: there is none */
    int64_t interval_s, longest_s; /* cadence.h; the second with the random delay around it, 0: a daemon */
    struct schedule_file files[FORM_FILES];
    size_t count;
};
void schedule_clear(struct schedule *schedule);
static inline void schedule_clear_at(struct schedule *schedule)
{
    schedule_clear(schedule);
}

/* Works out what the schedule is to be, and looks at what is there. ERROR_CONFIG where the machine has nothing that
 * runs it (next: the line for a crontab), or does not have wish->form. */
MUST_USE bool schedule_plan(
    const struct machine *machine, const struct schedule_wish *wish, struct schedule *out, struct error *err);

/* The command that it runs: words, of the caller's. */
struct list schedule_command(const struct machine *machine, const struct schedule_wish *wish, const struct form *form);

bool schedule_is_complete(const struct schedule *schedule); /* every file is there and switched on, whatever is in it */
bool schedule_is_current(const struct schedule *schedule);  /* and as it is to be */

/*
 * Puts it in place, and removes what other forms and earlier versions have of the same schedule. What was done is added
 * to *done, a sentence each; nothing, when all was so already. force: also replaces files that were edited or are not
 * ours; without it such a one is an error, and nothing is changed.
 */
MUST_USE bool schedule_install(const struct machine *machine, const struct schedule_wish *wish,
    const struct schedule *schedule, bool force, struct list *done, struct error *err);

/* Removes the files of every form that are ours and links to them; those that were edited only with force, and says so
 * in *done. */
MUST_USE bool schedule_remove(
    const struct machine *machine, const struct schedule_wish *wish, bool force, struct list *done, struct error *err);

enum schedule_alive { ALIVE_UNKNOWN, ALIVE_YES, ALIVE_NO };
/* Whether what is to run it is at work. */
enum schedule_alive schedule_is_alive(const struct machine *machine, const struct schedule *schedule);
