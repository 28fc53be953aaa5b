#include "config/code_path.h"

#include <pthread.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/writers.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct list warned; /* of the places */

static void warn_once(const struct writers *writers)
{
    bool is_new;

    (void)pthread_mutex_lock(&lock);
    is_new = !list_has(&warned, writers->path);
    if (is_new)
        list_add(&warned, writers->path);
    (void)pthread_mutex_unlock(&lock);
    if (is_new)
        log_warning("%s %s, and so can decide what is run as root; to end that: %s", writers->path, writers->who,
            writers->mend);
}

bool code_path_check(const char *path, bool as_certbot, struct error *err)
{
    AUTO(writers_clear) struct writers writers = { 0 };
    AUTO(free) char *absolute = NULL;

    if (geteuid() != 0 || !file_exists(path))
        return true;
    absolute = path[0] == '/' ? xstrdup(path) : file_absolute(path);
    if (!writers_find(absolute, &writers))
        return true;
    if (as_certbot) {
        warn_once(&writers);
        return true;
    }
    (void)error_set(err, ERROR_CONFIG, "%s %s, and so could decide what is run as root", writers.path, writers.who);
    return error_next(err, "if you trust what is there now: %s", writers.mend);
}
