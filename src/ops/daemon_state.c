#include "ops/daemon_state.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "store/fields.h"

#define LOCK_NAME ".evercert-daemon.lock"
#define STATE_NAME "daemon.txt"
#define STATE_MAX 4096

static const struct field fields[] = {
    { "process", FIELD_NUMBER, false, offsetof(struct daemon_state, pid) },
    { "next run", FIELD_TIME, false, offsetof(struct daemon_state, next) },
    { "next run for", FIELD_TEXT, false, offsetof(struct daemon_state, next_for) },
    { "last run", FIELD_TIME, false, offsetof(struct daemon_state, began) },
    { "last run ended", FIELD_TIME, false, offsetof(struct daemon_state, ended) },
    { "exit status", FIELD_NUMBER, false, offsetof(struct daemon_state, status) },
    { "failures", FIELD_NUMBER, false, offsetof(struct daemon_state, failures) },
};

bool daemon_lock(const char *config_dir, struct range_lock **out, struct error *err)
{
    AUTO(free) char *path = file_join(config_dir, LOCK_NAME);

    TRY(file_mkdirs(config_dir, 0755, err));
    TRY(range_lock_try(path, (struct range){ 0, 1 }, out, err));
    if (*out != NULL)
        return true;
    (void)error_set(err, ERROR_STORE, "another daemon is at work for %s", config_dir);
    return error_next(err, "evercert daemon status tells of it; one is enough");
}

bool daemon_is_running(const char *config_dir)
{
    AUTO(free) char *path = file_join(config_dir, LOCK_NAME);
    AUTO(close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1 };

    return fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

bool daemon_may_be_seen(const char *config_dir, struct error *err)
{
    AUTO(free) char *path = file_join(config_dir, LOCK_NAME);

    if (access(path, R_OK) == 0 || errno != EACCES)
        return true;
    (void)error_set(err, ERROR_STORE, "whether a daemon is at work cannot be told: %s may not be read", path);
    (void)error_next(err, "ask as the user that the daemon runs as");
    return error_is_answer(err);
}

static bool set_time(const char *path, int64_t at, struct error *err)
{
    const struct timespec times[2] = { { .tv_sec = at }, { .tv_sec = at } };

    return utimensat(AT_FDCWD, path, times, 0) == 0 || file_error(err, "set the time of", path);
}

bool daemon_state_save(const char *work_dir, const struct daemon_state *state, struct error *err)
{
    AUTO(free) char *path = file_join(work_dir, STATE_NAME);
    AUTO(buf_clear) struct buf text = BUF(STATE_MAX);

    fields_format(fields, COUNT(fields), state, &text);
    TRY(file_mkdirs(work_dir, 0755, err));
    TRY(file_replace(path, buf_view(&text), FILE_PUBLIC, err));
    return set_time(path, state->beat, err);
}

bool daemon_state_beat(const char *work_dir, int64_t now, struct error *err)
{
    AUTO(free) char *path = file_join(work_dir, STATE_NAME);

    return set_time(path, now, err);
}

bool daemon_state_load(const char *work_dir, struct daemon_state *out, bool *found, struct error *err)
{
    AUTO(free) char *path = file_join(work_dir, STATE_NAME);
    AUTO(buf_clear) struct buf text = BUF(STATE_MAX);
    AUTO(daemon_state_clear) struct daemon_state state = { 0 };
    struct stat st;

    *found = stat(path, &st) == 0;
    if (!*found)
        return errno == ENOENT || file_error(err, "look at", path);
    TRY(file_read(path, &text, err));
    if (!fields_parse(fields, COUNT(fields), buf_view(&text), &state, err))
        return error_in(err, "%s", path);
    state.beat = st.st_mtime;
    *out = state;
    state = (struct daemon_state){ 0 };
    return true;
}
