#pragma once
/*
 * How often renewals are to run, and how often a line of cron's or a timer runs them. Pure.
 */
#include "base/bytes.h"

#define CADENCE_DAY_S 86400

/*
 * Seconds between two runs that suit certificates of which the shortest lives for life_s (0: there is none): a
 * forty-eighth of that life, rounded down to what divides a day, five minutes to twelve hours. Twice a day for most, as
 * Certbot has it; every three hours for those of six days.
 */
int64_t cadence_for(int64_t life_s);

/* The longest time between two runs with which such a certificate still gets six of them between the moment at which it
 * is due and its end. INT64_MAX: there is no certificate. */
int64_t cadence_longest(int64_t life_s);

/*
 * The longest time between two runs, in seconds; 0: not known. Times zones, and the hour that summer time leaves out,
 * do not count; what does not run on every day is taken to run once a week.
 */
int64_t cadence_of_cron(struct view line);      /* "17 1,13 * * * ...", "@daily ..." */
int64_t cadence_of_calendar(struct view value); /* systemd's OnCalendar: "*-*-* 00,12:00:00", "daily" */

/* The texts that run every interval_s (cadence_for), for cron (five fields) and for systemd; of the caller's. spread: a
 * number of this machine's, by which machines differ in the minute and hour at which cron runs it. */
char *cadence_cron(int64_t interval_s, uint64_t spread) __attribute__((returns_nonnull));
char *cadence_calendar(int64_t interval_s) __attribute__((returns_nonnull));
/* "every 3 hours", "twice a day", "every 15 minutes"; of the caller's. */
char *cadence_words(int64_t interval_s) __attribute__((returns_nonnull));
