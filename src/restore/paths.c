#include "restore/paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "restore/tree.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "conf/conf.h"
#include "disk/renewal_file.h"

static const char *const keys[] = { "archive_dir", "cert", "privkey", "chain", "fullchain" };

/* The directory in whose live/NAME or archive/NAME a path is, by its form; NULL when it has not that form. Of the
 * caller's. */
static char *root_of(const char *path, const char *key)
{
    bool archive = strcmp(key, "archive_dir") == 0;
    AUTO(free) char *lineage = archive ? xstrdup(path) : file_dirname(path);
    AUTO(free) char *parts = file_dirname(lineage);

    return strcmp(file_basename(parts), archive ? "archive" : "live") == 0 ? file_dirname(parts) : NULL;
}

/* Puts `to` in the place of `from`, or (NULL) of whatever configuration directory a path is in. */
static bool replace_root(struct conf *conf, const char *from, const char *to)
{
    bool changed = false;

    for (size_t i = 0; i < COUNT(keys); i++) {
        AUTO(free) char *path = renewal_file_path(conf, keys[i]);
        AUTO(free) char *root = path == NULL || from != NULL ? xstrdup_or_null(from) : root_of(path, keys[i]);
        AUTO(free) char *moved = NULL;
        const char *text = conf_get(conf, "", keys[i]);

        if (path == NULL || root == NULL || !text_starts(path, root) || path[strlen(root)] != '/')
            continue;
        moved = xprintf("%s%s", to, path + strlen(root));
        if (text != NULL && strcmp(text, moved) == 0)
            continue;
        conf_set(conf, "", keys[i], moved);
        changed = true;
    }
    return changed;
}

static bool write_back(const char *path, const struct conf *conf, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(CONF_MAX);
    struct file_access access = { .set_owner = true };
    struct stat st;

    if (stat(path, &st) != 0)
        return file_error(err, "examine", path);
    access.mode = st.st_mode & 0777;
    access.uid = st.st_uid == geteuid() ? (uid_t)-1 : st.st_uid;
    access.gid = st.st_gid == getegid() ? (gid_t)-1 : st.st_gid;
    conf_write(conf, &text);
    if (text.failed)
        return error_set(err, ERROR_STORE, "%s is too large", path);
    return file_replace(path, buf_view(&text), access, err);
}

static bool move_paths(struct store *store, const char *name, const char *from, const char *to, struct error *err)
{
    AUTO(conf_free) struct conf *conf = NULL;
    AUTO(free) char *path = store_conf_path(store, name);
    struct error unreadable = { 0 };

    if (!renewal_file_read(path, &conf, &unreadable)) /* it is told when the lineage is loaded */
        return true;
    return !replace_root(conf, from, to) || write_back(path, conf, err);
}

/* The directory X of "STAGED/archive/X", or "STAGED/live/X/KEY.pem", which is the caller's; NULL for any other path. */
static char *dir_of(const char *path, const char *key, const char *staged)
{
    bool archive = strcmp(key, "archive_dir") == 0;
    AUTO(free) char *lineage = archive ? xstrdup(path) : file_dirname(path);
    AUTO(free) char *above = file_join(staged, archive ? "archive" : "live"), *parts = file_dirname(lineage);
    AUTO(free) char *name = xprintf("%s.pem", key);
    const char *dir = file_basename(lineage);

    if (strcmp(parts, above) != 0 || dir[0] == '\0' || dir[0] == '.' || !tree_is_plain_name(dir) ||
        (!archive && strcmp(file_basename(path), name) != 0))
        return NULL;
    return xstrdup(dir);
}

/* Whether CONF/PART/DIR, where there is one, is a directory by no link. */
static bool is_by_no_link(const char *staged, const char *part, const char *dir)
{
    AUTO(free) char *above = file_join(staged, part), *path = file_join(above, dir);

    return (!tree_has(above) || tree_is_dir(above)) && (!tree_has(path) || tree_is_dir(path));
}

static bool refuse_elsewhere(const char *path, struct error *err)
{
    return error_set(
        err, ERROR_STORE, "its files are not in a directory of their own in live and archive, but in %s", path);
}

bool paths_are_inside(struct store *store, const char *name, const char *staged, struct error *err)
{
    AUTO(conf_free) struct conf *conf = NULL;
    AUTO(free) char *file = store_conf_path(store, name), *live = NULL;

    TRY(renewal_file_read(file, &conf, err));
    for (size_t i = 0; i < COUNT(keys); i++) {
        bool archive = strcmp(keys[i], "archive_dir") == 0;
        AUTO(free) char *path = renewal_file_path(conf, keys[i]), *dir = NULL;
        const char *text = conf_get(conf, "", keys[i]);

        if (path == NULL)
            continue;
        dir = dir_of(path, keys[i], staged);
        if (dir == NULL || text == NULL || strcmp(text, path) != 0 ||
            !is_by_no_link(staged, archive ? "archive" : "live", dir))
            return refuse_elsewhere(path, err);
        if (!archive && live != NULL && strcmp(live, dir) != 0)
            return refuse_elsewhere(path, err);
        if (!archive)
            xreplace(&live, dir);
    }
    return true;
}

/* The staging directory is nobody's place: its name is known before a backup is staged in it. */
bool paths_name_staging(struct store *store, const char *name, const char *staging)
{
    AUTO(conf_free) struct conf *conf = NULL;
    AUTO(free) char *file = store_conf_path(store, name);
    struct error unreadable = { 0 };

    if (!renewal_file_read(file, &conf, &unreadable)) /* it is told when the lineage is loaded */
        return false;
    for (size_t i = 0; i < COUNT(keys); i++) {
        AUTO(free) char *path = renewal_file_path(conf, keys[i]);

        if (path != NULL && text_starts(path, staging) &&
            (path[strlen(staging)] == '/' || path[strlen(staging)] == '\0'))
            return true;
    }
    return false;
}

bool paths_move(struct store *store, const char *name, const char *staged, struct error *err)
{
    return move_paths(store, name, NULL, staged, err);
}

bool paths_settle(struct store *store, const char *name, const char *staged, const char *conf, struct error *err)
{
    return move_paths(store, name, staged, conf, err);
}

/* ---- links ---- */

/* "/etc/letsencrypt/archive/a/cert1.pem" is "../../archive/a/cert1.pem" from a live directory. NULL: it is no such
 * path.
 */
static char *relative_of(const char *text)
{
    AUTO(free) char *lineage = file_dirname(text), *archive = file_dirname(lineage);

    if (text[0] != '/' || strcmp(file_basename(archive), "archive") != 0)
        return NULL;
    return xprintf("../../archive/%s/%s", file_basename(lineage), file_basename(text));
}

static bool mend_link(const char *path, struct error *err)
{
    AUTO(free) char *text = NULL, *relative = NULL;

    TRY(file_read_link(path, &text, err));
    relative = relative_of(text);
    if (relative == NULL)
        return true;
    TRY(file_remove(path, err));
    return symlink(relative, path) == 0 || file_error(err, "create the link", path);
}

static bool mend_dir(const char *dir, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    TRY(file_list_dir(dir, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(dir, names.at[i]);

        if (file_is_link(path))
            TRY(mend_link(path, err));
    }
    return true;
}

/* Certbot links the directory of a newer server to that of an older one by its whole path. */
static bool mend_account_link(const char *staged, const char *path, struct error *err)
{
    AUTO(free) char *text = NULL, *to = NULL, *there = NULL;
    const char *rest;

    TRY(file_read_link(path, &text, err));
    rest = strstr(text, "/accounts/");
    if (text[0] != '/' || rest == NULL)
        return true;
    there = file_join(staged, rest + 1);
    if (!tree_is_dir(there))
        return true;
    to = xprintf("../../%s", rest + 1); /* from accounts/SERVER */
    TRY(file_remove(path, err));
    return symlink(to, path) == 0 || file_error(err, "create the link", path);
}

static bool mend_accounts(const char *staged, struct error *err)
{
    AUTO(free) char *accounts = file_join(staged, "accounts");
    AUTO(list_clear) struct list servers = { 0 };

    if (!tree_is_dir(accounts))
        return true;
    TRY(file_list_dir(accounts, &servers, err));
    for (size_t i = 0; i < servers.len; i++) {
        AUTO(free) char *server = file_join(accounts, servers.at[i]), *path = file_join(server, "directory");

        if (tree_is_dir(server) && file_is_link(path))
            TRY(mend_account_link(staged, path, err));
    }
    return true;
}

bool paths_mend_links(const char *staged, struct error *err)
{
    AUTO(free) char *live = file_join(staged, "live");
    AUTO(list_clear) struct list names = { 0 };

    TRY(mend_accounts(staged, err));
    if (file_is_link(live) || !file_is_dir(live))
        return true;
    TRY(file_list_dir(live, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *dir = file_join(live, names.at[i]);

        if (file_is_dir(dir) && !file_is_link(dir))
            TRY(mend_dir(dir, err));
    }
    return true;
}

static bool leads_inside(const char *path, const char *root)
{
    AUTO(free) char *real = realpath(path, NULL), *real_root = realpath(root, NULL);

    return real != NULL && real_root != NULL && text_starts(real, real_root) && real[strlen(real_root)] == '/';
}

/* A directory that its owner cannot write is opened for it: a copy of a store is to be had all the same. */
static bool leave_out(const char *path, const char *root, const char *why, struct list *told, struct error *err)
{
    AUTO(free) char *text = xprintf("%s is left out: %s", path + strlen(root) + 1, why);
    AUTO(free) char *above = file_dirname(path);

    list_add(told, text);
    tree_open_dir(above);
    return tree_remove(path, err);
}

static bool cut_below(const char *path, const char *root, unsigned depth, struct list *told, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    if (depth > TREE_DEPTH_MAX)
        return error_set(err, ERROR_STORE, "%s lies deeper than any directory of a store", path);
    TRY(file_list_dir(path, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *below = file_join(path, names.at[i]);

        if (!tree_is_plain_name(names.at[i]))
            TRY(leave_out(below, root, "it has an unusual name", told, err));
        else if (file_is_link(below) && !leads_inside(below, root))
            TRY(leave_out(below, root, "it is a link that leads out of the backup, or nowhere", told, err));
        else if (tree_is_dir(below))
            TRY(cut_below(below, root, depth + 1, told, err));
    }
    return true;
}

bool paths_cut_links(const char *staged, struct list *told, struct error *err)
{
    return cut_below(staged, staged, 0, told, err);
}

/* ---- what lies outside ---- */

static void add_path(const char *key, const char *value, struct list *out)
{
    AUTO(free) char *path = NULL;

    if (value[0] != '/' || value[1] == '\0')
        return;
    path = xstrndup(value, strcspn(value, " \t;|&<>")); /* a hook has arguments */
    list_add(out, key);
    list_add(out, path);
}

void paths_outside(const struct conf *conf, struct list *out)
{
    static const char *const sections[] = { "renewalparams", "evercert" };

    for (size_t i = 0; i < COUNT(sections); i++) {
        AUTO(list_clear) struct list names = { 0 };

        conf_keys(conf, sections[i], &names);
        for (size_t j = 0; j < names.len; j++) {
            const char *value = conf_get(conf, sections[i], names.at[j]);

            if (value != NULL && !text_starts(names.at[j], "webroot"))
                add_path(names.at[j], value, out);
        }
    }
}
