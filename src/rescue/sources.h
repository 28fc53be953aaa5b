#pragma once
/*
 * From which backups certificates could be restored.
 */
#include "rescue/trouble.h"

#define SOURCES_MAX 50 /* backups that are looked into */

/*
 * Reads backups in --backup-dir, the newest first, until each certificate that is lost, broken, without a renewal file
 * or a stop-gap has one (trouble->backup): the newest backup that is whole and has it with its key. What cannot be
 * looked into (encrypted, damaged, no program for archives) is added to unread, with the reason. Changes nothing.
 * ERROR_CANCELED alone.
 */
MUST_USE bool sources_find(struct context *context, struct troubles *troubles, struct list *unread, struct error *err);
