#include "restore/live.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "restore/tree.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "disk/live_switch.h"
#include "disk/version_dir.h"

/* meta.txt is a user's beside links: the layout that has links has no such file. */
bool live_has_ours(const char *dir, const char *name)
{
    AUTO(free) char *cert = version_file(dir, KIND_CERT);

    return version_has_file(name) && (strcmp(name, META_NAME) != 0 || !file_is_link(cert));
}

static bool list_ours(const char *dir, struct list *out, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    TRY(file_list_dir(dir, &names, err));
    for (size_t i = 0; i < names.len; i++)
        if (live_has_ours(dir, names.at[i]))
            list_add(out, names.at[i]);
    return true;
}

bool live_keep(const char *live, const char *kept, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    if (!file_is_dir(live))
        return true;
    TRY(file_mkdirs(kept, 0700, err));
    TRY(list_ours(live, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *from = file_join(live, names.at[i]), *to = file_join(kept, names.at[i]);

        TRY(tree_place(from, to, err));
    }
    return true;
}

/* Where the content of a file lies: NULL when it leads nowhere, or out of root. Of the caller's. */
static char *content_of(const char *dir, const char *name, const char *root)
{
    AUTO(free) char *path = file_join(dir, name);
    AUTO(free) char *real = realpath(path, NULL), *real_root = root != NULL ? realpath(root, NULL) : NULL;
    struct stat st;

    if (real == NULL || stat(real, &st) != 0 || !S_ISREG(st.st_mode))
        return NULL;
    if (root != NULL && (real_root == NULL || !text_starts(real, real_root) || real[strlen(real_root)] != '/'))
        return NULL;
    return TAKE(real);
}

static bool is_complete(const char *live, const char *root)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *name = xprintf("%s.pem", kind_name((enum kind)kind));
        AUTO(free) char *content = content_of(live, name, root);

        if (content == NULL)
            return false;
    }
    return true;
}

bool live_keep_plain(const char *live, const char *root, const char *plain, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    if (!file_is_dir(live) || !is_complete(live, root))
        return true;
    TRY(file_mkdirs(plain, 0700, err));
    TRY(list_ours(live, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *content = content_of(live, names.at[i], root), *to = file_join(plain, names.at[i]);

        if (content != NULL)
            TRY(tree_place(content, to, err));
    }
    return true;
}

/* ---- putting in place ---- */

static bool has_same(const char *live, const char *plain)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *now = version_file(live, (enum kind)kind), *wanted = version_file(plain, (enum kind)kind);

        if (!tree_same(now, wanted))
            return false;
    }
    return true;
}

static bool fill_stand_in(const char *next, const char *plain, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    if (mkdir(next, 0700) != 0)
        return file_error(err, "create the directory", next);
    TRY(file_list_dir(plain, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *from = file_join(plain, names.at[i]), *to = file_join(next, names.at[i]);

        TRY(tree_place(from, to, err));
    }
    return true;
}

/* Where the directories cannot change places, and where live/NAME is a link, the files are replaced where they are. */
static bool switch_to(const char *live, const char *plain, struct error *err)
{
    AUTO(free) char *next = live_stand_in(live);
    struct error cannot = { 0 }, late = { 0 };

    if (file_is_link(live))
        return live_refill(live, plain, false, err);
    if (fill_stand_in(next, plain, &cannot) && live_switch(live, next, &cannot))
        return true;
    (void)!live_drop(live, next, &late); /* the error that led here is the one to report */
    if (live_cannot_switch(&cannot))
        return live_refill(live, plain, false, err);
    *err = cannot;
    return false;
}

bool live_put_plain(const char *live, const char *plain, struct error *err)
{
    AUTO(free) char *next = live_stand_in(live);

    if (!file_is_dir(live))
        return true;
    TRY(live_settle(live, next, err)); /* a switch that was cut short */
    if (!file_is_dir(plain) || has_same(live, plain))
        return true;
    return switch_to(live, plain, err);
}

static bool remove_others(const char *live, const char *kept, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    TRY(list_ours(live, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *place = file_join(live, names.at[i]), *wanted = file_join(kept, names.at[i]);

        if (!tree_has(wanted))
            TRY(file_remove(place, err));
    }
    return true;
}

bool live_put(const char *live, const char *kept, struct error *err)
{
    if (!file_is_dir(live))
        return true;
    if (file_is_dir(kept))
        TRY(live_refill(live, kept, false, err));
    return remove_others(live, kept, err) && file_sync_dir(live, err);
}
