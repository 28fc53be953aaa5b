#include "nginx/workers.h"

#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

#define WAIT_MS 5000 /* nginx reads thousands of blocks in less */
#define LOOK_MS 10
#define LOG_EVERY 20 /* looks at the processes between two at the log */

static bool read_small(const char *path, struct buf *out)
{
    struct error ignored;

    return file_read(path, out, &ignored);
}

/* The children of a process, in /proc/PID/task/PID/children; false when that is not told. */
static bool children_of(int pid, int **out, size_t *count)
{
    AUTO(free) char *path = xprintf("/proc/%d/task/%d/children", pid, pid);
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);
    struct view rest, word;
    uint64_t child;

    *out = NULL;
    *count = 0;
    if (!read_small(path, &text))
        return false;
    rest = view_trim(buf_view(&text));
    while (view_cut(&rest, ' ', &word)) {
        if (!view_to_number(word, 1, INT32_MAX, &child))
            continue;
        *out = xrealloc(*out, *count + 1, sizeof **out);
        (*out)[(*count)++] = (int)child;
    }
    return true;
}

void nginx_workers_note(const char *pid_file, struct nginx_workers *out)
{
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);
    uint64_t pid;

    *out = (struct nginx_workers){ 0 };
    if (pid_file == NULL || !read_small(pid_file, &text) ||
        !view_to_number(view_trim(buf_view(&text)), 2, INT32_MAX, &pid))
        return;
    if (children_of((int)pid, &out->old, &out->count))
        out->master = (int)pid;
}

void nginx_workers_clear(struct nginx_workers *workers)
{
    free(workers->old);
    *workers = (struct nginx_workers){ 0 };
}

static bool is_old(const struct nginx_workers *workers, int pid)
{
    for (size_t i = 0; i < workers->count; i++)
        if (workers->old[i] == pid)
            return true;
    return false;
}

/* "nginx: worker process is shutting down": it finishes what it has. */
static bool is_ending(int pid)
{
    AUTO(free) char *path = xprintf("/proc/%d/cmdline", pid);
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);

    return !read_small(path, &text) || text.len == 0 || strstr(buf_text(&text), "shutting down") != NULL;
}

static bool have_taken_over(const struct nginx_workers *workers)
{
    AUTO(free) int *now = NULL;
    size_t count;
    bool fresh = false;

    if (!children_of(workers->master, &now, &count))
        return true; /* it has ended: what comes next tells more */
    for (size_t i = 0; i < count; i++) {
        if (!is_old(workers, now[i]))
            fresh = true;
        else if (!is_ending(now[i]))
            return false;
    }
    return fresh;
}

static bool is_refused(const struct web_log *log)
{
    AUTO(free) char *refusal = log != NULL ? web_log_refusal(log) : NULL;

    return refusal != NULL;
}

void nginx_workers_wait(const struct nginx_workers *workers, const struct web_log *log)
{
    int64_t until = clock_monotonic_ms() + WAIT_MS;

    for (int look = 1; workers->master != 0 && workers->count > 0 && !have_taken_over(workers); look++) {
        if (clock_monotonic_ms() >= until || (look % LOG_EVERY == 0 && is_refused(log)) || !clock_sleep_ms(LOOK_MS))
            return;
    }
}
