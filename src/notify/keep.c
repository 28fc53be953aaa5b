#include "notify/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#define FOLDER "alarms"
#define SUFFIX ".txt"
#define LOCK_FILE ".lock"
#define LOCK_WAIT_S 15
#define HOUR_S 3600
#define OLD_S (60 * 86400)

static char *path_of(const char *config_dir, const char *target, const char *suffix)
{
    return xprintf("%s/" FOLDER "/%s%s", config_dir, target, suffix);
}

static bool make_folder(const char *config_dir, struct error *err)
{
    AUTO(free) char *folder = file_join(config_dir, FOLDER);

    return mkdir(folder, 0700) == 0 || errno == EEXIST || file_error(err, "create the directory", folder);
}

bool keep_lock(const char *config_dir, const char *target, struct range_lock **out, struct error *err)
{
    AUTO(free) char *path = path_of(config_dir, LOCK_FILE, "");
    struct range range = { view_hash(view_of(target), HASH_START) >> 1, 1 };

    return make_folder(config_dir, err) &&
           range_lock_take(path, range, lock_wait_of(LOCK_WAIT_S, "run it again"), "telling of alarms", out, err);
}

static void read_text(const char *path, struct buf *out)
{
    struct error err = { 0 };

    if (!file_read(path, out, &err)) {
        if (err.sys != ENOENT && err.sys != ENOTDIR)
            log_debug("%s", err.why);
        buf_clear(out);
    }
}

void keep_read(const char *config_dir, const char *target, struct memory *memory)
{
    AUTO(free) char *path = path_of(config_dir, target, SUFFIX);
    AUTO(buf_clear) struct buf text = BUF(MEMORY_MAX);

    read_text(path, &text);
    memory_parse(buf_view(&text), memory);
}

bool keep_write(const char *config_dir, const char *target, const struct memory *memory, struct error *err)
{
    AUTO(free) char *path = path_of(config_dir, target, SUFFIX), *temporary = file_beside(path, "new");
    AUTO(buf_clear) struct buf before = BUF(MEMORY_MAX), text = BUF(MEMORY_MAX);

    read_text(path, &before);
    memory_format(memory, &text);
    if (text.failed)
        return error_set(err, ERROR_STORE, "%s would be larger than %d bytes", path, MEMORY_MAX);
    if (view_equal(buf_view(&before), buf_view(&text)))
        return true;
    if (text.len == 0)
        return file_remove(path, err);
    return make_folder(config_dir, err) && file_replace_by(path, temporary, buf_view(&text), FILE_PRIVATE, err);
}

bool keep_may_tell(const char *config_dir, const char *target, int64_t now, int64_t every_s)
{
    AUTO(free) char *path = path_of(config_dir, target, ".told");
    struct timespec times[] = { { .tv_sec = (time_t)now }, { .tv_sec = (time_t)now } };
    AUTO(close) int fd = -1;
    struct stat st;

    if (stat(path, &st) == 0 && st.st_mtime <= now && now - st.st_mtime < (every_s < HOUR_S ? HOUR_S : every_s))
        return false;
    fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600); /* an empty file needs no room */
    if (fd < 0 || futimens(fd, times) != 0)
        log_debug("%s: %s", path, strerror(errno));
    return true;
}

static bool is_named(const char *file, const struct list *named)
{
    for (size_t i = 0; i < named->len; i++)
        if (text_starts(file, named->at[i]) && file[strlen(named->at[i])] == '.')
            return true;
    return strcmp(file, LOCK_FILE) == 0;
}

void keep_sweep(const char *config_dir, const struct list *named, int64_t now)
{
    AUTO(free) char *folder = file_join(config_dir, FOLDER);
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    if (!file_list_dir(folder, &names, &err))
        return;
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(folder, names.at[i]);
        struct stat st;

        if (!is_named(names.at[i], named) && lstat(path, &st) == 0 && S_ISREG(st.st_mode) &&
            now - st.st_mtime > OLD_S && !file_remove(path, &err))
            log_debug("%s", err.why);
    }
}
