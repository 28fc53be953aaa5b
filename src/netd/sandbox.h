#pragma once
/*
 * The lock-in of the network process: from here on it can use the network and read a short list of public files.
 *
 * Knows the order of the steps; each step is a file of its own (privileges.c, landlock.c, seccomp.c). Nothing here can
 * be taken back.
 */
#include "base/bytes.h"
#include "net/message.h"

/*
 * Gives up root, file access and system calls, and tells in *out what is in force, and in out->lacks which step was
 * refused. Before any thread is started and any message is read. What a container or a service manager refuses us is
 * done without, as long as either the identity or Landlock keeps the process from other people's files. Else
 * ERROR_NETWORK: it must then not work at all.
 */
MUST_USE bool sandbox_enter(struct message_ready *out, struct error *err);

/* ---- the steps; each adds what it could not do to out->lacks ---- */

/*
 * Root becomes the user `evercert`, or `nobody`; another user stays who he is. No capabilities, no core dumps, no
 * debugger, no files written, no new privileges by executing; "/" is the working directory; memory, descriptors and
 * processes are limited. True when the identity protects: the user is not root, has no capabilities and cannot get any.
 */
bool privileges_drop(struct message_ready *out);

/* Landlock, as much of it as the kernel has: out->landlock stays 0 where there is none. */
void landlock_enter(struct message_ready *out);

/* The list of system calls; out->seccomp stays false where the build or the kernel has no filter. */
void seccomp_enter(struct message_ready *out);

/* Adds "TEXT" to out->lacks, or "TEXT: reason" if sys is not 0. */
void sandbox_lack(struct message_ready *out, int sys, const char *text);
