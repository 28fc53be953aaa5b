#pragma once
/*
 * Everything there is to know of who renews a store, and what is wrong with it: for `schedule status`, doctor and who
 * else shows it.
 */
#include "config/settings.h"
#include "health/health.h"
#include "lifecycle/upcoming.h"
#include "ops/schedule.h"
#include "ops/scheduled.h"

struct schedule_look {
    struct machine machine;
    struct upcoming_all store;         /* what is to be renewed, and when */
    struct list web_roots;             /* of the store */
    struct schedule_wish wish;         /* borrows from the settings and this structure */
    struct scheduled_entries renewers; /* whoever renews, also Certbot */
    struct schedule schedule;          /* what ours is to be, and what is there; form NULL: none can be */
    struct error none;                 /* why it cannot */
    enum schedule_alive alive;         /* of ours, where it is complete */
    bool daemon_runs;                  /* for this store */
};

/* form: NULL for the one that is there, else the one that the machine has. *out borrows from settings. Fails only when
 * the store cannot be read, or the machine does not have the form that was asked for. */
MUST_USE bool schedule_look(const struct settings *settings, struct store *store, const char *form,
    struct schedule_look *out, struct error *err);
void schedule_look_clear(struct schedule_look *look);
static inline void schedule_look_clear_at(struct schedule_look *look)
{
    schedule_look_clear(look);
}

/* Whether there is anything that is renewed, in the usual store or by a schedule of ours: else nothing is missing. */
bool schedule_is_wanted(const struct schedule_look *look);
/* Whether a schedule or daemon renews the store often enough. */
bool schedule_fits(const struct schedule_look *look);
/* What is wrong, with what can be done; codes begin with "schedule-" (docs/doctor.md). */
void schedule_judge(const struct schedule_look *look, struct findings *findings);

/* ERROR_USAGE when an option stands on the command line that what renews later would not know of: only directories and
 * configuration files are handed on. command: for the message. */
MUST_USE bool schedule_check_options(const struct settings *settings, const char *command, struct error *err);
