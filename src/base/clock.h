#pragma once
/*
 * Time: the two clocks, and the forms in which the RFCs write instants.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

int64_t clock_now(void);          /* UTC seconds since 1970 */
int64_t clock_monotonic_ms(void); /* never jumps; for durations */

/* Sleeps, or returns false at once when the user interrupts (base/interrupt.h). */
bool clock_sleep_ms(int64_t ms);

/* RFC 3339 with any offset and fraction ("2026-11-22T00:29:12.5+01:00"), cut to whole seconds. */
MUST_USE bool clock_parse_rfc3339(struct view text, int64_t *out);

/* IMF-fixdate, as in Retry-After and Date (RFC 9110 section 5.6.7); the two obsolete forms are read too.
 * The name of the day must be one, but is not compared with the date. */
MUST_USE bool clock_parse_http_date(struct view text, int64_t *out);

/* Days since 1970 of a date of the Gregorian calendar, and seconds of an instant; month 1-12. Values are
 * not checked. */
int64_t clock_from_date(int year, int month, int day, int hour, int minute, int second);

#define CLOCK_TEXT_SIZE 40
void clock_format_rfc3339(int64_t at, char out[static CLOCK_TEXT_SIZE]);   /* "2026-11-22T00:29:12Z" */
void clock_format_compact(int64_t at, char out[static CLOCK_TEXT_SIZE]);   /* "20261122T002912Z" */
void clock_format_http_date(int64_t at, char out[static CLOCK_TEXT_SIZE]); /* IMF-fixdate, for Date */
void clock_format_date(int64_t at, char out[static CLOCK_TEXT_SIZE]);      /* "2026-11-22", UTC */
void clock_format_local(int64_t at, char out[static CLOCK_TEXT_SIZE]);     /* "2026-11-22T06:29:29", local */
/* Reads what clock_format_local writes; an offset or "Z" behind it is honoured. */
MUST_USE bool clock_parse_local(struct view text, int64_t *out);
