#pragma once
/*
 * Telling the service manager how things are, as sd_notify(3) describes it: datagrams to the socket that NOTIFY_SOCKET
 * names. Nothing is told where there is none; what cannot be told is no failure.
 */
#include <stdint.h>

/* "READY=1\nSTATUS=...": lines of assignments. */
void notify_socket_say(const char *lines);

/* Milliseconds after which the manager thinks that this process hangs, by WATCHDOG_USEC and WATCHDOG_PID; 0: it does
 * not watch. */
int64_t notify_socket_watchdog_ms(void);
