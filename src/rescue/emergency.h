#pragma once
/*
 * The way out when certificates or keys are lost, and servers do not start: looks, and does the steps that lead back.
 *
 * 1 a safety backup, 2 what is wrong, 3 repairs with one right answer, 4 stop-gaps and renewal files for what is lost,
 * 5 new certificates. Each may be repeated: what is well is left alone.
 */
#include "rescue/servers.h"
#include "rescue/trouble.h"

enum emergency_step { /* bits */
    EMERGENCY_BACKUP = 1,
    EMERGENCY_REPAIR = 2,
    EMERGENCY_STOP_GAP = 4,
    EMERGENCY_REISSUE = 8,
};

struct emergency { /* what was found and done */
    struct context *context;
    const struct verb *renew_verb;
    unsigned steps; /* that are wished for; the others are told as commands */
    struct uses uses;
    struct troubles troubles;
    struct server_tests before, after;
    char *backup;       /* path of the safety backup; NULL: none was made */
    bool kept;          /* whether there is to be one was settled */
    struct list unread; /* backups that could not be looked into, each with the reason */
    struct list done;   /* sentences: what was changed */
    struct list failed; /* sentences: what could not be */
};

/* settings: --yes does all steps, --dry-run none, without a terminal the safe ones (backup, repair); an operand names
 * one step ("look", "repair", "stop-gap", "reissue"). True when all is well in the end; else err is an expected answer,
 * or why it could not be found out. */
MUST_USE bool emergency(struct context *context, const struct verb *renew_verb, struct error *err);

/* ---- inside the room ---- */

void emergency_show(const struct emergency *emergency);
/* Before stop-gaps are put: which certificates a backup has, and the command that restores each. */
void emergency_say_backups(const struct emergency *emergency);
/* The command that restores it from trouble->backup; of the caller's. */
char *emergency_restore_command(const struct emergency *emergency, const struct trouble *trouble)
    __attribute__((returns_nonnull));
/* The commands that help one certificate, the best first, as they are to be typed. */
void emergency_advice(const struct emergency *emergency, const struct trouble *trouble, struct list *commands);
/* Servers that do not accept their configuration, and certificates that are not well, in the end. */
size_t emergency_open(const struct emergency *emergency);
