#include "store/pending_dir.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "store/pending.h"
#include "store/store_private.h"

#define MAKE_TRIES 10

static char *top_dir(const struct store *store)
{
    return store_path(store, "pending");
}

/* Another process that removes the last record also removes the parent directory, perhaps between our two steps. */
bool pending_dir_make(const struct store *store, const char *name, struct error *err)
{
    AUTO(free) char *top = top_dir(store), *dir = pending_dir(store, name);

    for (int i = 0; i < MAKE_TRIES; i++) {
        if (mkdir(top, 0700) != 0 && errno != EEXIST)
            return file_error(err, "create the directory", top);
        if (mkdir(dir, 0700) == 0 || (errno == EEXIST && file_is_dir(dir) && !file_is_link(dir)))
            return true;
        if (errno != ENOENT)
            break;
    }
    return file_error(err, "create the directory", dir);
}

bool pending_dir_sync(const struct store *store, struct error *err)
{
    AUTO(free) char *top = top_dir(store);

    return file_sync_dir(top, err) && file_sync_dir(store_config_dir(store), err);
}

bool pending_dir_leave(const struct store *store, const char *name, struct error *err)
{
    AUTO(free) char *top = top_dir(store), *dir = pending_dir(store, name);

    return file_remove_dir_if_empty(dir, err) && file_remove_dir_if_empty(top, err);
}

bool pending_dir_is_traces(const struct store *store, const char *name)
{
    AUTO(free) char *dir = pending_dir(store, name);
    AUTO(list_clear) struct list names = { 0 };
    struct error ignored = { 0 };
    bool there = false;

    if (!file_list_dir(dir, &names, &ignored))
        return false;
    for (size_t i = 0; i < names.len; i++) {
        there = there || strcmp(names.at[i], TRACE_NAME) == 0;
        if (strcmp(names.at[i], TRACE_NAME) != 0 && strcmp(names.at[i], TRACE_TEMPORARY) != 0)
            return false;
    }
    return there;
}
