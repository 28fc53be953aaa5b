#pragma once
/*
 * The lock of a server that installers and authenticators configure.
 *
 * Two files in one directory: Certbot's own, shared, which keeps Certbot out but not us; and one of ours, by which our
 * runs wait for each other. It belongs to the thread that takes it (base/range_lock.h), and goes with the process.
 */
#include "base/error.h"

struct server_id { /* borrowed */
    const char
        *dir; /* where the server's configuration is, as Certbot locks it; our work directory where that is not known */
    const char *key;      /* which server, of those that are locked in that directory */
    const char *name;     /* "the nginx server", for messages */
    const char *work_dir; /* where its checkpoints are, beside those of other servers: one uses them at a time. NULL: it
                             has none */
};

struct server_lock;

/* timeout_s: --lock-timeout, to wait for others; less than 0: some minutes for ours, for Certbot not at all.
 * ERROR_STORE when it was in vain, naming the holder; ERROR_CANCELED when the user interrupts the wait, which is
 * announced once it has lasted a second. *out is the caller's, for server_lock_release in the same thread. */
MUST_USE bool server_lock_take(
    const struct server_id *server, int timeout_s, struct server_lock **out, struct error *err);
void server_lock_release(struct server_lock *lock);
DEFINE_AUTO(struct server_lock, server_lock_release)
