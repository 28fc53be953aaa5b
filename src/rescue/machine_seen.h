#pragma once
/*
 * What is at work on this machine, as evidence: texts, of which each says itself what could not be seen. Private to
 * this room.
 */
#include "run/context.h"

/* Which machine and program this is, when, and who asks. */
void seen_about(struct context *context, struct buf *to);
/* A line for each process: number, parent, user, when it began, program, command line. */
void seen_processes(struct buf *to);
/* A line for each socket that waits for others (TCP, UDP), with the processes that hold it. */
void seen_sockets(struct buf *to);
/* Who renews certificates by itself here. */
void seen_schedule(struct context *context, struct buf *to);
/* What the journal has of our units, and of Certbot's, of `days` days. ERROR_CANCELED alone. */
MUST_USE bool seen_journal(int days, struct buf *to, struct error *err);
