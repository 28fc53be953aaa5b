#include "web/resuming.h"

#include "base/clock.h"

#define WAIT_MS 5000 /* Apache reads thousands of virtual hosts in less */
#define LOOK_MS 10
#define GONE 5 /* looks in a row: while the pid file is being written, it names nobody */

static bool is_watched(const struct web_server *server)
{
    return server->may_end && server->pid_file != NULL;
}

struct resuming resuming_note(const struct web_server *server)
{
    struct resuming now = { 0 };
    struct stat st;

    if (!is_watched(server))
        return now;
    now.running = web_is_running(server);
    if (stat(server->pid_file, &st) == 0) {
        now.dev = st.st_dev;
        now.ino = st.st_ino;
        now.at = st.st_mtim;
    }
    return now;
}

static bool is_anew(const struct web_server *server, const struct resuming *before)
{
    struct stat st;

    return stat(server->pid_file, &st) == 0 &&
           (st.st_dev != before->dev || st.st_ino != before->ino || st.st_mtim.tv_sec != before->at.tv_sec ||
               st.st_mtim.tv_nsec != before->at.tv_nsec);
}

bool resuming_wait(const struct web_server *server, const struct resuming *before)
{
    int64_t until = clock_monotonic_ms() + WAIT_MS;
    int gone = 0;

    if (!is_watched(server))
        return true;
    while (!is_anew(server, before) && clock_monotonic_ms() < until && clock_sleep_ms(LOOK_MS)) {
        gone = !before->running || web_is_running(server) ? 0 : gone + 1;
        if (gone == GONE)
            return false;
    }
    return true;
}
