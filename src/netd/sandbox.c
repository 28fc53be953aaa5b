/*
 * The lock-in of the network process.
 */
#include "netd/sandbox.h"

bool sandbox_enter(struct message_ready *out, struct error *err)
{
    struct message_ready ready = { 0 };
    bool dropped = false;

    TRY(privileges_drop(&dropped, err)); /* first: the later steps forbid it */
    TRY(landlock_enter(&ready.landlock, err));
    TRY(seccomp_enter(&ready.seccomp, err));
    if (!dropped && geteuid() == 0 && ready.landlock == 0) {
        (void)error_set(err, ERROR_NETWORK,
            "the network process can neither give up root (no such user here) nor "
            "close the file system to itself (no Landlock)");
        return error_next(err, "map the user nobody into this container, or use a kernel with Landlock");
    }
    ready.uid = (uint32_t)geteuid();
    *out = ready;
    return true;
}
