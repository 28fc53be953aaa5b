#include "plugin/server_lock.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/range_lock.h"

#define LOCK_NAME ".evercert-server.lock"
#define LOCK_WAIT_S 300 /* a server with thousands of sites takes ten seconds for each reload */

/* Of the checkpoints in a work directory, which all servers share; keys of servers are below it. */
static const struct range checkpoints = { (uint64_t)1 << 62, 1 };

struct server_lock {
    struct lock *against_certbot;
    struct range_lock *among_ours;
    struct range_lock *of_checkpoints;
};

static bool take_checkpoints(const char *work_dir, struct lock_wait wait, struct range_lock **out, struct error *err)
{
    AUTO(free) char *path = file_join(work_dir, LOCK_NAME);

    TRY(file_mkdirs(work_dir, 0755, err));
    return range_lock_take(path, checkpoints, wait, "the configuration of a server", out, err);
}

bool server_lock_take(const struct server_id *server, int timeout_s, struct server_lock **out, struct error *err)
{
    AUTO(server_lock_release) struct server_lock *lock = xcalloc(1, sizeof *lock);
    AUTO(free) char *path = file_join(server->dir, LOCK_NAME);
    struct range range = { view_hash(view_of(server->key), HASH_START) >> 2, 1 };
    bool said = timeout_s >= 0;
    struct lock_wait for_certbot = lock_wait_of(said ? timeout_s : 0, "let it wait with --lock-timeout SECONDS");
    struct lock_wait for_ours =
        lock_wait_of(said ? timeout_s : LOCK_WAIT_S, "let it wait longer with --lock-timeout SECONDS");

    TRY(lock_take(server->dir, LOCK_SHARED, for_certbot, &lock->against_certbot, err));
    TRY(range_lock_take(path, range, for_ours, server->name, &lock->among_ours, err));
    if (server->work_dir != NULL)
        TRY(take_checkpoints(server->work_dir, for_ours, &lock->of_checkpoints, err));
    *out = TAKE(lock);
    return true;
}

void server_lock_release(struct server_lock *lock)
{
    if (lock == NULL)
        return;
    range_lock_release(lock->of_checkpoints);
    range_lock_release(lock->among_ours);
    lock_release(lock->against_certbot);
    free(lock);
}
