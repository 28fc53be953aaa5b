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
 * Gives up root, file access and system calls, and tells in *out what is in force. Before any thread is started and any
 * message is read. ERROR_NETWORK when the process would be left unguarded: it must then not work at all.
 */
MUST_USE bool sandbox_enter(struct message_ready *out, struct error *err);

/* ---- the steps ---- */

/*
 * Root becomes the user `evercert`, or `nobody`; another user stays who he is. Where the system does not know those
 * users (a container with one user), *dropped stays false: then other steps must hold. No core dumps, no debugger, no
 * files written, no new privileges by executing.
 */
MUST_USE bool privileges_drop(bool *dropped, struct error *err);

/* Landlock, as much of it as the kernel has: *abi is 0 where there is none. */
MUST_USE bool landlock_enter(uint32_t *abi, struct error *err);

/* The list of system calls; *active is false where the build or the kernel has no filter. */
MUST_USE bool seccomp_enter(bool *active, struct error *err);
