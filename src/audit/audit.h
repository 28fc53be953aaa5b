#pragma once
/*
 * The audit trail of this process: what is done that security depends on, each with one call where it is done.
 *
 *     audit_done(ACT_BACKUP_MADE, NULL, "file", path, "sha256", digest, NULL);
 *     audit_failed(ACT_BACKUP_MADE, NULL, err, "file", path, NULL);
 *
 * A call costs nothing before audit_begin, which only `main` says, and not of a dry run; so nobody has to ask whether
 * the trail is kept. It never fails, and never holds anybody up for long: what cannot be written now is tried again
 * with the next act, and at the end. From any thread. Secrets are no facts; nor are command lines, as they may hold
 * them. Of URLs, also within the text of a failure, users and queries are left out.
 */
#include "audit/act.h"

/* From now on acts are written to DIR/audit.log. command: the subcommand. socket: of the system's log (SYSLOG_SOCKET).
 * All three are copied. Nothing is opened before the first act. */
void audit_begin(const char *dir, const char *command, const char *socket);

/*
 * An act was done, or has failed for *err. lineage: the certificate's name, NULL where it is none. Then facts: names
 * and values in pairs, and a NULL behind the last; a pair whose value is NULL is left out. At most AUDIT_FACTS_MAX
 * pairs.
 */
void audit_done(enum audit_act act, const char *lineage, ...) __attribute__((sentinel));
void audit_failed(enum audit_act act, const char *lineage, const struct error *err, ...) __attribute__((sentinel));

/* The command has failed: an act of its own, unless a failed one was told already. */
void audit_command_failed(const struct error *err);

/* The run ends: what waits is written, the file synced, and the head told to the system's log. Says once, in the log,
 * what could not be written. */
void audit_end(void);
