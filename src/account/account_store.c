#include "account/account_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "account/account_files.h"
#include "store/store_private.h"

#define ACCOUNT_DEPTH 16 /* of directories below CONF/accounts that are searched */

void stored_account_free(struct stored_account *account)
{
    if (account == NULL)
        return;
    if (account->key != NULL)
        key_free(account->key);
    free(account->id);
    free(account->dir);
    free(account->url);
    free(account->creation_host);
    free(account);
}

char *stored_account_slug(const struct stored_account *account)
{
    char created[CLOCK_TEXT_SIZE];

    clock_format_rfc3339(account->created, created);
    return xprintf("%s@%s (%.4s)", account->creation_host, created, account->id);
}

/* ---- places ---- */

/* Let's Encrypt's servers kept their accounts when they got new names. */
static const struct {
    const char *server, *older; /* as paths below CONF/accounts */
} older_names[] = {
    { "acme-v02.api.letsencrypt.org/directory", "acme-v01.api.letsencrypt.org/directory" },
    { "acme-staging-v02.api.letsencrypt.org/directory", "acme-staging.api.letsencrypt.org/directory" },
};

/* Host, port and path of a URL as a path below CONF/accounts. */
static bool server_path(const char *url, char **out, struct error *err)
{
    const char *start = strstr(url, "://"), *from = start == NULL ? url : start + 3;
    struct view rest = { from, strcspn(from, "?#") }, part;
    AUTO(buf_clear) struct buf path = BUF(4096);

    while (view_cut(&rest, '/', &part)) {
        if (part.len == 0)
            continue;
        if (view_is(part, ".") || view_is(part, ".."))
            return error_set(
                err, ERROR_CONFIG, "the server %s cannot be used: its path has \"..\" or \".\" in it", url);
        if (path.len > 0)
            buf_put_char(&path, '/');
        buf_put(&path, part);
    }
    if (path.failed || path.len == 0)
        return error_set(err, ERROR_CONFIG, "the server \"%s\" is not a URL", url);
    *out = buf_take(&path);
    return true;
}

struct server_dirs {
    char *dir;   /* CONF/accounts/SERVERPATH */
    char *older; /* the same for the server's older name, NULL when it has none */
};

static void server_dirs_at(struct server_dirs *dirs)
{
    free(dirs->dir);
    free(dirs->older);
}

static bool find_server_dirs(const struct store *store, const char *server, struct server_dirs *out, struct error *err)
{
    AUTO(free) char *path = NULL;

    TRY(server_path(server, &path, err));
    out->dir = store_path_in(store, "accounts", path);
    for (size_t i = 0; i < COUNT(older_names); i++)
        if (strcmp(path, older_names[i].server) == 0)
            out->older = store_path_in(store, "accounts", older_names[i].older);
    return true;
}

/* The directory of a server's accounts is there once one of them was looked for, as with Certbot. */
static bool open_server_dirs(const struct store *store, const char *server, struct server_dirs *out, struct error *err)
{
    TRY(find_server_dirs(store, server, out, err));
    if (file_is_link(out->dir) || store_make_dir(store, out->dir, 0700, err))
        return true;
    if (!store_only_reads(store) || !store_may_go_without(STORE_READ, err->sys))
        return false;
    error_clear(err);
    return true;
}

/* ---- reading ---- */

struct found {
    char *id;
    int64_t created;
};

static int compare_age(const void *left, const void *right)
{
    const struct found *a = left, *b = right;

    if (a->created != b->created)
        return a->created < b->created ? -1 : 1;
    return strcmp(a->id, b->id);
}

/* Appends the ids of the accounts in a server's directory, oldest first. What cannot be read is passed over,
 * as Certbot does. */
static bool list_ids(const char *dir, struct list *out, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };
    AUTO(free) struct found *found = NULL;
    size_t count = 0;

    TRY(file_list_dir(dir, &names, err));
    found = xcalloc(names.len, sizeof *found);
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *account_dir = file_join(dir, names.at[i]);
        AUTO(stored_account_free) struct stored_account *account = NULL;
        struct error broken = { 0 };

        if (names.at[i][0] == '.')
            continue;
        if (account_files_read(account_dir, names.at[i], &account, &broken))
            found[count++] = (struct found){ names.at[i], account->created };
        else
            log_debug("passing over the account in %s: %s", account_dir, broken.why);
    }
    qsort(found, count, sizeof *found, compare_age);
    for (size_t i = 0; i < count; i++)
        list_add(out, found[i].id);
    return true;
}

/* Makes the directory of the older name the server's own, by a link, if there is nothing in its place. */
static bool adopt_older(const struct server_dirs *dirs, struct error *err)
{
    AUTO(free) char *above = file_dirname(dirs->dir);

    TRY(file_mkdirs(above, 0700, err));
    if (rmdir(dirs->dir) != 0 && errno != ENOENT)
        return file_error(err, "replace the directory", dirs->dir);
    if (symlink(dirs->older, dirs->dir) != 0)
        return file_error(err, "create the link", dirs->dir);
    return file_sync_dir(above, err);
}

bool account_store_ids(struct store *store, const char *server, struct list *out, struct error *err)
{
    AUTO(server_dirs) struct server_dirs dirs = { 0 };
    AUTO(list_clear) struct list ids = { 0 };
    struct error ignored = { 0 };

    TRY(open_server_dirs(store, server, &dirs, err));
    TRY(list_ids(dirs.dir, &ids, err));
    if (ids.len == 0 && dirs.older != NULL) {
        TRY(list_ids(dirs.older, &ids, err));
        if (ids.len > 0 && !adopt_older(&dirs, &ignored)) /* they can be used all the same */
            log_debug("not linking %s: %s", dirs.dir, ignored.why);
    }
    list_clear(out);
    *out = ids;
    ids = (struct list){ 0 };
    return true;
}

static bool is_id(const char *id)
{
    return id[0] != '\0' && id[0] != '.' && strchr(id, '/') == NULL;
}

/* The directory of an account, of the caller's; one that is found under the older name only is linked from
 * here. NULL when there is none. */
static char *account_dir(const struct server_dirs *dirs, const char *id)
{
    AUTO(free) char *dir = file_join(dirs->dir, id), *older = NULL;
    struct error ignored = { 0 };

    if (file_is_dir(dir))
        return TAKE(dir);
    if (dirs->older == NULL)
        return NULL;
    older = file_join(dirs->older, id);
    if (!file_is_dir(older))
        return NULL;
    if (adopt_older(dirs, &ignored) || symlink(older, dir) == 0)
        return TAKE(dir);
    return TAKE(older);
}

bool account_store_load(
    struct store *store, const char *server, const char *id, struct stored_account **out, struct error *err)
{
    AUTO(server_dirs) struct server_dirs dirs = { 0 };
    AUTO(free) char *dir = NULL;

    TRY(open_server_dirs(store, server, &dirs, err));
    dir = is_id(id) ? account_dir(&dirs, id) : NULL;
    if (dir == NULL)
        return error_set(err, ERROR_CONFIG, "Account at %s/%s does not exist", dirs.dir, id);
    return account_files_read(dir, id, out, err);
}

/* Sets *newest to the newest account of a directory, unless one is set; the directory may be missing. */
static void newest_in(const char *dir, char **newest)
{
    AUTO(list_clear) struct list ids = { 0 };
    struct error unreadable = { 0 };

    if (dir != NULL && *newest == NULL && list_ids(dir, &ids, &unreadable) && ids.len > 0)
        *newest = xstrdup(ids.at[ids.len - 1]);
}

bool account_store_look(struct store *store, const char *server, const char *id, char **newest, struct error *why)
{
    AUTO(stored_account_free) struct stored_account *account = NULL;
    AUTO(server_dirs) struct server_dirs dirs = { 0 };
    AUTO(free) char *dir = NULL, *older = NULL;

    TRY(find_server_dirs(store, server, &dirs, why));
    dir = file_join(dirs.dir, id);
    older = dirs.older == NULL ? NULL : file_join(dirs.older, id);
    if (is_id(id) && account_files_read(older != NULL && !file_is_dir(dir) ? older : dir, id, &account, why))
        return true;
    if (!is_id(id))
        (void)error_set(why, ERROR_CONFIG, "that is no name of an account");
    newest_in(dirs.dir, newest);
    newest_in(dirs.older, newest);
    return false;
}

/* ---- writing ---- */

#define KEPT_END ".new"   /* ".ID.new": a key that has no account yet */
#define PART_END ".part"  /* ".ID.part": what is being made, until it is whole and gets its name */
#define GONE_END ".old"   /* ".ID.old": what is being removed */
#define NEXT_MARK ".for." /* ".NEWID.for.ID": what the account ID becomes when the CA takes its new key */

/* The directory of a key that has no account yet. */
static char *kept_dir(const struct server_dirs *dirs, const char *id)
{
    return xprintf("%s/.%s" KEPT_END, dirs->dir, id);
}

/* An empty directory, of the caller's, for what gets its name once it is whole. */
static bool make_part(const struct server_dirs *dirs, const char *id, char **out, struct error *err)
{
    AUTO(free) char *dir = xprintf("%s/.%s" PART_END, dirs->dir, id);

    TRY(file_remove_tree(dir, err)); /* of an attempt that was interrupted */
    if (mkdir(dir, 0700) != 0)
        return file_error(err, "create the directory", dir);
    *out = TAKE(dir);
    return true;
}

static bool name_part(const struct server_dirs *dirs, const char *part, const char *dir, struct error *err)
{
    if (rename(part, dir) != 0)
        return file_error(err, "create the directory", dir);
    return file_sync_dir(dirs->dir, err);
}

static bool has_kept_key(const char *dir, const char *id)
{
    AUTO(buf_clear) struct buf found = BUF(64);
    AUTO(key_free) struct key *key = NULL;
    struct error err = { 0 };

    return account_files_read_key(dir, &key, &err) && account_key_id(key, &found, &err) &&
           strcmp(buf_text(&found), id) == 0;
}

/* A key that was kept stays in its file until the account is whole. */
static bool create_account(const struct server_dirs *dirs, const struct stored_account *account,
    const char *register_to_eff, struct error *err)
{
    AUTO(free) char *fresh = kept_dir(dirs, account->id), *part = NULL;

    if (has_kept_key(fresh, account->id)) {
        TRY(account_files_replace(fresh, account, register_to_eff, err));
        return name_part(dirs, fresh, account->dir, err);
    }
    TRY(make_part(dirs, account->id, &part, err));
    TRY(account_files_create(part, account, register_to_eff, err));
    return name_part(dirs, part, account->dir, err);
}

/* Out of sight in one step, then file by file. */
static bool discard(const char *dir, const char *name, const char *id, struct error *err)
{
    AUTO(free) char *path = file_join(dir, name);
    AUTO(free) char *gone = xprintf("%s/.%s" GONE_END, dir, id);

    if (file_is_link(path))
        return file_remove(path, err);
    TRY(file_remove_tree(gone, err));
    if (rename(path, gone) != 0)
        return errno == ENOENT || file_error(err, "remove", path);
    TRY(file_sync_dir(dir, err));
    return file_remove_tree(gone, err);
}

bool account_store_keep_key(struct store *store, const char *server, const struct key *key, struct error *err)
{
    AUTO(server_dirs) struct server_dirs dirs = { 0 };
    AUTO(buf_clear) struct buf id = BUF(64);
    AUTO(free) char *dir = NULL, *account = NULL, *part = NULL;

    TRY(open_server_dirs(store, server, &dirs, err));
    TRY(account_key_id(key, &id, err));
    account = file_join(dirs.dir, buf_text(&id));
    dir = kept_dir(&dirs, buf_text(&id));
    if (file_is_dir(account) || has_kept_key(dir, buf_text(&id)))
        return true;
    TRY(file_remove_tree(dir, err)); /* its key cannot be read */
    TRY(make_part(&dirs, buf_text(&id), &part, err));
    TRY(account_files_create_key(part, key, err));
    return name_part(&dirs, part, dir, err);
}

bool account_store_kept_key(struct store *store, const char *server, struct key **out, struct error *err)
{
    AUTO(server_dirs) struct server_dirs dirs = { 0 };
    AUTO(list_clear) struct list names = { 0 };

    *out = NULL;
    TRY(open_server_dirs(store, server, &dirs, err));
    TRY(file_list_dir(dirs.dir, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *dir = file_join(dirs.dir, names.at[i]);
        struct error unreadable = { 0 };

        if (names.at[i][0] == '.' && text_ends(names.at[i], KEPT_END) && account_files_read_key(dir, out, &unreadable))
            return true;
    }
    return true;
}

bool account_store_forget_key(struct store *store, const char *server, const struct key *key, struct error *err)
{
    AUTO(server_dirs) struct server_dirs dirs = { 0 };
    AUTO(buf_clear) struct buf id = BUF(64);
    AUTO(free) char *name = NULL;

    TRY(open_server_dirs(store, server, &dirs, err));
    TRY(account_key_id(key, &id, err));
    name = xprintf(".%s" KEPT_END, buf_text(&id));
    return discard(dirs.dir, name, buf_text(&id), err);
}

bool account_store_mend(struct stored_account *account, const char *url, struct error *err)
{
    if (text_equal(account->url, url) && !account->no_meta)
        return true;
    xreplace(&account->url, url);
    TRY(account_files_mend(account, err));
    account->no_meta = false;
    return true;
}

static char *host_name(void)
{
    char name[256] = "";

    if (gethostname(name, sizeof name - 1) != 0 || name[0] == '\0')
        return xstrdup("localhost");
    return text_printable_dup(view_of(name), sizeof name, false);
}

/* Everything but its directory; key is taken over in any case. */
static bool make_account(struct key *key, const char *url, struct stored_account **out, struct error *err)
{
    AUTO(stored_account_free) struct stored_account *account = xcalloc(1, sizeof *account);
    AUTO(buf_clear) struct buf id = BUF(64);

    account->key = key;
    TRY(account_key_id(key, &id, err));
    account->id = buf_take(&id);
    account->url = xstrdup_or_null(url);
    account->created = clock_now();
    account->creation_host = host_name();
    account->no_meta = true;
    *out = TAKE(account);
    return true;
}

bool account_store_save(struct store *store, const char *server, struct key *key, const char *url,
    const char *register_to_eff, struct stored_account **out, struct error *err)
{
    AUTO(stored_account_free) struct stored_account *account = NULL;
    AUTO(server_dirs) struct server_dirs dirs = { 0 };

    TRY(make_account(key, url, &account, err));
    TRY(open_server_dirs(store, server, &dirs, err));
    account->dir = file_join(dirs.dir, account->id);
    /* The key may have been registered from here before: its files are brought up to date, one by one. */
    TRY(file_is_dir(account->dir) ? account_files_replace(account->dir, account, register_to_eff, err)
                                  : create_account(&dirs, account, register_to_eff, err));
    account->no_meta = false;
    *out = TAKE(account);
    return true;
}

/* ---- another key for an account ---- */

#define ID_LEN 32 /* hex digits of an MD5 */

bool account_store_prepare(struct store *store, const char *server, const char *id, struct key *key,
    struct stored_account **out, struct error *err)
{
    AUTO(stored_account_free) struct stored_account *next = NULL;
    AUTO(server_dirs) struct server_dirs dirs = { 0 };
    AUTO(free) char *part = NULL;

    TRY(make_account(key, NULL, &next, err));
    TRY(open_server_dirs(store, server, &dirs, err));
    next->dir = xprintf("%s/.%s" NEXT_MARK "%s", dirs.dir, next->id, id);
    TRY(make_part(&dirs, next->id, &part, err));
    TRY(account_files_create_key(part, key, err));
    TRY(name_part(&dirs, part, next->dir, err));
    *out = TAKE(next);
    return true;
}

/* ".NEWID.for.ID" */
static bool is_next(const char *name, const char *id)
{
    return name[0] == '.' && strlen(name) > 1 + ID_LEN && text_starts(name + 1 + ID_LEN, NEXT_MARK) &&
           strcmp(name + 1 + ID_LEN + strlen(NEXT_MARK), id) == 0;
}

bool account_store_prepared(
    struct store *store, const char *server, const char *id, struct list *out, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };
    AUTO(server_dirs) struct server_dirs dirs = { 0 };

    TRY(find_server_dirs(store, server, &dirs, err));
    TRY(file_list_dir(dirs.dir, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *dir = file_join(dirs.dir, names.at[i]);

        if (is_next(names.at[i], id))
            list_add(out, dir);
    }
    return true;
}

bool account_store_load_prepared(const char *dir, struct stored_account **out, struct error *err)
{
    AUTO(stored_account_free) struct stored_account *next = NULL;
    struct key *key;

    TRY(account_files_read_key(dir, &key, err));
    TRY(make_account(key, NULL, &next, err));
    if (strncmp(file_basename(dir) + 1, next->id, ID_LEN) != 0)
        return error_set(err, ERROR_CONFIG, "the key in %s is another one", dir);
    next->dir = xstrdup(dir);
    *out = TAKE(next);
    return true;
}

bool account_store_adopt(struct stored_account *next, const char *url, struct error *err)
{
    AUTO(free) char *above = file_dirname(next->dir);
    AUTO(free) char *dir = file_join(above, next->id);

    TRY(account_store_mend(next, url, err));
    if (rename(next->dir, dir) != 0)
        return file_error(err, "create the directory", dir);
    xreplace(&next->dir, dir);
    return file_sync_dir(above, err);
}

bool account_store_forget_prepared(const struct stored_account *next, struct error *err)
{
    AUTO(free) char *above = file_dirname(next->dir);

    return discard(above, file_basename(next->dir), next->id, err);
}

/* ---- removing ---- */

bool account_store_is_rest(const char *name)
{
    return name[0] == '.' && strspn(name + 1, "0123456789abcdef") == ID_LEN &&
           (strcmp(name + 1 + ID_LEN, PART_END) == 0 || strcmp(name + 1 + ID_LEN, GONE_END) == 0);
}

static bool sweep_dir(struct store *store, const char *server, const char *dir, struct error *err)
{
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    AUTO(list_clear) struct list names = { 0 };

    TRY(file_list_dir(dir, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(dir, names.at[i]);

        if (!account_store_is_rest(names.at[i]))
            continue;
        if (lock == NULL)
            TRY(account_store_lock(store, server, &lock, err)); /* else another process may be at work */
        TRY(file_remove_tree(path, err));
    }
    return true;
}

bool account_store_sweep(struct store *store, const char *server, struct error *err)
{
    AUTO(server_dirs) struct server_dirs dirs = { 0 };

    TRY(find_server_dirs(store, server, &dirs, err));
    return sweep_dir(store, server, dirs.dir, err) && (dirs.older == NULL || sweep_dir(store, server, dirs.older, err));
}

/* Removes an account. Keys prepared for it are removed first: without the account nothing would report them. */
static bool remove_account(const char *dir, const char *id, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    TRY(file_list_dir(dir, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *next = xprintf("%.*s", ID_LEN, names.at[i] + 1);

        if (is_next(names.at[i], id))
            TRY(discard(dir, names.at[i], next, err));
    }
    return discard(dir, id, id, err);
}

/* The server's directory goes when it has become empty; a link to one that did goes, too. */
static bool remove_server_dir(const char *dir, struct error *err)
{
    if (file_is_link(dir))
        return file_exists(dir) || file_remove(dir, err);
    return rmdir(dir) == 0 || errno == ENOTEMPTY || errno == EEXIST || errno == ENOENT ||
           file_error(err, "remove", dir);
}

bool account_store_remove(struct store *store, const char *server, const char *id, struct error *err)
{
    AUTO(server_dirs) struct server_dirs dirs = { 0 };
    AUTO(free) char *dir = NULL;

    TRY(find_server_dirs(store, server, &dirs, err));
    dir = is_id(id) ? account_dir(&dirs, id) : NULL;
    if (dir == NULL)
        return error_set(err, ERROR_CONFIG, "Account at %s/%s does not exist", dirs.dir, id);
    TRY(remove_account(dirs.dir, id, err));
    if (dirs.older != NULL) {
        TRY(remove_account(dirs.older, id, err));
        TRY(remove_server_dir(dirs.older, err));
    }
    return remove_server_dir(dirs.dir, err);
}

/* Whether some account's key lies in a directory or below. */
static bool has_account(const char *dir, unsigned depth)
{
    AUTO(list_clear) struct list names = { 0 };
    AUTO(free) char *key = file_join(dir, "private_key.json");
    struct error unreadable = { 0 };

    if (file_exists(key))
        return true;
    if (depth == 0 || !file_list_dir(dir, &names, &unreadable))
        return false;
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *below = file_join(dir, names.at[i]);

        if (names.at[i][0] != '.' && file_is_dir(below) && has_account(below, depth - 1))
            return true;
    }
    return false;
}

bool account_store_is_empty(struct store *store)
{
    AUTO(free) char *accounts = store_path(store, "accounts");

    return !has_account(accounts, ACCOUNT_DEPTH);
}
