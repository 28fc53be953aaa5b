#pragma once
/*
 * Finds what renews certificates on this machine by itself: a systemd timer or a line of cron. Only looks.
 */
#include "base/bytes.h"

enum scheduled { SCHEDULED_NOTHING, SCHEDULED_US, SCHEDULED_CERTBOT };

/*
 * The first that calls this program's renew, else the first that calls Certbot's; what names a program that is not
 * there does not count. root: "", or the directory that a test takes for /. self: this program's file. config_dir: a
 * directory that the command must name to count; NULL: it is the usual one. *where (the caller's): the timer's unit or
 * cron's file.
 */
enum scheduled scheduled_find(const char *root, const char *self, const char *config_dir, char **where);
