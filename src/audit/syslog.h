#pragma once
/*
 * A message to the system's log, for which nobody waits: one datagram to the socket that syslogd or journald reads.
 */
#include "base/error.h"

#define SYSLOG_SOCKET "/dev/log"

/* As facility authpriv, level notice, identifier "evercert". What cannot be taken at once is dropped: false, with errno
 * set. text: of one line. */
MUST_USE bool syslog_send(const char *socket_path, const char *text);
