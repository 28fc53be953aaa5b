#pragma once
/*
 * Finds what renews certificates on a machine by itself: systemd's timers and services, lines of cron, files of
 * periodic. Only looks.
 */
#include "config/settings.h"
#include "ops/machine.h"

enum scheduled { SCHEDULED_NOTHING, SCHEDULED_US, SCHEDULED_CERTBOT };

struct scheduled_entry {
    enum scheduled who;
    bool is_daemon;     /* a service that runs `evercert daemon` */
    char *where;        /* the timer's or service's name, or the file */
    struct list words;  /* of its command, the program first; none: they are not known for certain */
    int64_t interval_s; /* the longest time between two runs; 0: not known, or a daemon */
};

struct scheduled_entries {
    struct scheduled_entry *at;
    size_t len;
};
void scheduled_entries_clear(struct scheduled_entries *entries);
static inline void scheduled_entries_clear_at(struct scheduled_entries *entries)
{
    scheduled_entries_clear(entries);
}

/*
 * All that call renew (or the daemon) of this program or of Certbot for the store config_dir; what names a program that
 * is not there does not count, nor does a line of cron's that leaves it to systemd, where that is running. A command
 * with --config-dir is for the store that it names; unnamed: one that names none is for this one.
 */
void scheduled_all(const struct machine *machine, const char *config_dir, bool unnamed, struct scheduled_entries *out);

/* The first that calls this program, else the first that calls Certbot. *where (the caller's): as in the entry. */
enum scheduled scheduled_find(const struct machine *machine, const char *config_dir, bool unnamed, char **where);
/* Whether a run need not name the store of settings to work on it: not where the command line does, but cli.ini says it
 * to a timer's run, too. */
bool scheduled_unnamed(const struct settings *settings);
/* The same as scheduled_find, of the store and the machine that settings name. */
enum scheduled scheduled_for(const struct settings *settings, char **where);
