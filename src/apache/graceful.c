#include "apache/graceful.h"

#include <sys/stat.h>

#include "base/clock.h"

#define WAIT_MS 5000 /* Apache reads thousands of virtual hosts in less */
#define LOOK_MS 10
#define GONE 5 /* looks in a row: while the pid file is being written, it names nobody */

/* Of the pid file: Apache writes it anew each time it has read all that its configuration names. */
struct written {
    dev_t dev;
    ino_t ino;
    struct timespec at;
};

static struct written written(const char *pid_file)
{
    struct stat st;

    if (stat(pid_file, &st) != 0)
        return (struct written){ 0 };
    return (struct written){ st.st_dev, st.st_ino, st.st_mtim };
}

static bool is_anew(const struct written *before, const char *pid_file)
{
    struct written now = written(pid_file);

    return now.ino != 0 && (now.dev != before->dev || now.ino != before->ino || now.at.tv_sec != before->at.tv_sec ||
                               now.at.tv_nsec != before->at.tv_nsec);
}

/* False when it was running, and has ended meanwhile. */
static bool wait_for_it(const struct web_server *server, const struct written *before, bool running)
{
    int64_t until = clock_monotonic_ms() + WAIT_MS;
    int gone = 0;

    while (!is_anew(before, server->pid_file) && clock_monotonic_ms() < until && clock_sleep_ms(LOOK_MS)) {
        gone = !running || web_is_running(server) ? 0 : gone + 1;
        if (gone == GONE)
            return false;
    }
    return true;
}

bool apache_reload(const struct web_server *server, struct web_log *log, struct error *err)
{
    AUTO(web_log_clear) struct web_log own = { 0 };
    struct written before;
    bool running;

    if (server->pid_file == NULL)
        return web_reload(server, log, err);
    before = written(server->pid_file);
    running = web_is_running(server);
    web_log_mark(&own, server->error_log);
    TRY(web_reload(server, log, err));
    if (wait_for_it(server, &before, running))
        return true;
    (void)error_set(err, ERROR_PLUGIN, "%s has ended as it read its configuration", server->name);
    return web_log_tell(&own, server->name, err);
}
