#include "restore/code.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "restore/tree.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "conf/conf.h"
#include "disk/renewal_file.h"

/* ---- whose it is ---- */

struct securing {
    struct stage *stage;
    size_t skip; /* bytes of the paths that are not told */
    uid_t owner; /* of the store here */
    mode_t mask; /* bits of the mode that may stay */
};

static bool is_safe(const struct securing *securing, const struct stat *st)
{
    return (st->st_uid == 0 || st->st_uid == geteuid() || st->st_uid == securing->owner) && (st->st_mode & 022) == 0;
}

static bool secure_one(const struct securing *securing, const char *path, struct error *err)
{
    AUTO(close) int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    AUTO(free) char *told = NULL;
    bool take;
    struct stat st;

    if (fd < 0 && errno == EACCES && geteuid() != 0) /* then it becomes nobody's code but this user's own */
        return true;
    if (fd < 0 || fstat(fd, &st) != 0)
        return file_error(err, "examine", path);
    take = geteuid() == 0 && !is_safe(securing, &st);
    if (take && fchown(fd, geteuid(), getegid()) != 0)
        return file_error(err, "set the owner of", path);
    if ((take || (st.st_mode & 07777 & ~securing->mask) != 0) &&
        fchmod(fd, st.st_mode & securing->mask & (take ? 01755 : 07777)) != 0)
        return file_error(err, "set the mode of", path);
    if (!take)
        return true;
    told = xprintf("%s could be changed by others (owner %u, mode %03o): only its new owner, root, can",
        path + securing->skip, (unsigned)st.st_uid, (unsigned)st.st_mode & 0777);
    list_add(&securing->stage->told, told);
    return true;
}

static bool secure_tree(const struct securing *securing, const char *path, unsigned depth, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    if (file_is_link(path))
        return true;
    TRY(secure_one(securing, path, err));
    if (!tree_is_dir(path))
        return true;
    if (depth > TREE_DEPTH_MAX)
        return error_set(err, ERROR_STORE, "%s lies deeper than any directory of a store", path);
    TRY(file_list_dir(path, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *below = file_join(path, names.at[i]);

        TRY(secure_tree(securing, below, depth + 1, err));
    }
    return true;
}

static bool holds_no_code(const char *name)
{
    return strcmp(name, "live") == 0 || strcmp(name, "archive") == 0 || strcmp(name, "accounts") == 0;
}

static bool secure_files(struct stage *stage, struct error *err)
{
    AUTO(free) char *files = txn_side_path(stage->txn, SIDE_NEW, "files");
    const struct securing securing = { stage, strlen(files), geteuid(), 0700 };

    return !tree_is_dir(files) || secure_tree(&securing, files, 0, err);
}

bool code_secure(struct stage *stage, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };
    struct securing securing = { stage, strlen(stage->conf) + 1, 0, 01777 };
    struct stat st;

    if (stat(stage->txn->conf, &st) != 0)
        return file_error(err, "examine", stage->txn->conf);
    securing.owner = st.st_uid;
    TRY(file_list_dir(stage->conf, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(stage->conf, names.at[i]);

        if (!holds_no_code(names.at[i]))
            TRY(secure_tree(&securing, path, 0, err));
    }
    return secure_files(stage, err);
}

/* ---- what is run ---- */

static bool names_program(const char *key)
{
    static const char *const parts[] = { "hook", "_ctl", "-ctl", "script", "command", "plugin", "program", "exec" };

    for (size_t i = 0; i < COUNT(parts); i++)
        if (strstr(key, parts[i]) != NULL)
            return true;
    return false;
}

static void list_keys(const struct conf *conf, const char *section, const char *of, struct list *out)
{
    AUTO(list_clear) struct list keys = { 0 };

    conf_keys(conf, section, &keys);
    for (size_t i = 0; i < keys.len; i++) {
        const char *value = conf_get(conf, section, keys.at[i]);
        AUTO(free) char *text = xprintf("%s: %s = %s", of, keys.at[i], value != NULL ? value : "(a section)");

        if (names_program(keys.at[i]) && value != NULL && value[0] != '\0' && strcmp(value, "None") != 0)
            list_add(out, text);
    }
}

static void list_file(const char *staged, const char *path, struct list *out)
{
    static const char *const sections[] = { "", "renewalparams", "evercert" };
    AUTO(free) char *file = file_join(staged, path);
    AUTO(conf_free) struct conf *conf = NULL;
    struct error unreadable = { 0 };

    if (renewal_file_read(file, &conf, &unreadable))
        for (size_t i = 0; i < COUNT(sections); i++)
            list_keys(conf, sections[i], path, out);
}

static bool is_program(const char *file)
{
    struct stat st;

    return stat(file, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111) != 0;
}

static void list_other(const char *staged, const char *path, struct list *out)
{
    AUTO(free) char *file = file_join(staged, path);
    AUTO(free) char *settings = xprintf("%s, which holds for all commands", path);

    if (strcmp(path, "cli.ini") == 0) {
        list_add(out, settings);
        list_file(staged, path, out);
    } else if (text_starts(path, "renewal-hooks/") || is_program(file))
        list_add(out, path);
}

bool code_list(const struct stage *stage, struct plan *plan, struct error *err)
{
    for (size_t i = 0; i < plan->len; i++) {
        AUTO(free) char *path = xprintf("renewal/%s.conf", stage->at[i].name);

        if (plan->at[i].fate == FATE_ADDED || plan->at[i].fate == FATE_REPLACED)
            list_file(stage->conf, path, &plan->programs);
    }
    for (size_t i = 0; i < plan->others.len; i++)
        list_other(stage->conf, plan->others.at[i], &plan->programs);
    for (size_t i = 0; i < plan->outside.len; i++) {
        AUTO(free) char *part = xprintf("files%s", plan->outside.at[i]);
        AUTO(free) char *file = txn_side_path(stage->txn, SIDE_NEW, part);

        if (is_program(file))
            list_add(&plan->programs, plan->outside.at[i]);
    }
    return plan->programs.len <= 100000 ||
           error_set(err, ERROR_STORE, "it names more programs than anybody can look at");
}
