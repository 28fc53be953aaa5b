#pragma once
/*
 * Timeouts of libevent, given in milliseconds.
 */
#include <event2/event.h>
#include <stdint.h>

/* As event_add, with a timeout: EV_TIMEOUT comes after `ms` unless the event comes first. -1 on failure. */
int event_add_ms(struct event *event, int64_t ms);
