#include "typed/code_path.h"

#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/mutex.h"
#include "base/text.h"
#include "base/writers.h"

#define WELL_MS 500 /* for so long a directory counts as looked at: renewal files lie side by side in thousands */

static struct mutex lock = MUTEX_INIT;
static struct list warned; /* of the places */
static struct {            /* the last directory in which no other user may write */
    char *path;
    int64_t until_ms; /* of clock_monotonic_ms */
} well;

static bool is_new(const char *path)
{
    MUTEX_HOLD(&lock);

    if (list_has(&warned, path))
        return false;
    list_add(&warned, path);
    return true;
}

static void warn_once(const struct writers *writers)
{
    if (is_new(writers->path))
        log_warning("%s %s, and so can decide what is run as root; to end that: %s", writers->path, writers->who,
            writers->mend);
}

static bool is_well(const char *dir)
{
    MUTEX_HOLD(&lock);

    return text_equal(well.path, dir) && clock_monotonic_ms() < well.until_ms;
}

static void note_well(const char *dir)
{
    MUTEX_HOLD(&lock);

    xreplace(&well.path, dir);
    well.until_ms = clock_monotonic_ms() + WELL_MS;
}

static bool find(const char *path, struct writers *out)
{
    AUTO(free) char *dir = file_dirname(path);

    if (is_well(dir))
        return writers_find_beside(path, out);
    if (writers_find(path, out))
        return true;
    note_well(dir);
    return false;
}

bool code_path_check(const char *path, bool refuse, struct error *err)
{
    AUTO(writers_clear) struct writers writers = { 0 };
    AUTO(free) char *absolute = NULL;

    if (geteuid() != 0 || !file_exists(path))
        return true;
    absolute = path[0] == '/' ? xstrdup(path) : file_absolute(path);
    if (!find(absolute, &writers))
        return true;
    if (!refuse) {
        warn_once(&writers);
        return true;
    }
    (void)error_set(err, ERROR_CONFIG, "%s %s, and so could decide what is run as root", writers.path, writers.who);
    return error_next(err, "if you trust what is there now: %s", writers.mend);
}
