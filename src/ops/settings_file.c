#include "ops/settings_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/audit.h"
#include "base/acl.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/cli_ini.h"
#include "config/option_find.h"
#include "config/plugin_options.h"
#include "ops/settings_shown.h"

#define SETTINGS_FILE_MAX ((size_t)1024 * 1024)
#define LINKS_MAX 40
#define LOCK_WAITS 200
#define LOCK_WAIT_MS 50

/* ---- the lines of an option ---- */

struct line_wanted {             /* what is to stand in the file for one change */
    const struct option *option; /* NULL: of a plugin */
    struct view name;
    const char *value; /* NULL: no line at all */
};

static bool is_flag(const struct option *option)
{
    return option->type == OPTION_FLAG || option->type == OPTION_UNSET || option->type == OPTION_YES ||
           option->type == OPTION_NO;
}

static bool sets_true(const struct option *option)
{
    return option->type == OPTION_FLAG || option->type == OPTION_YES;
}

/* The option that makes the same member true (or false) by standing there; NULL: there is none, as with --quiet. */
static const struct option *flag_for(const struct option *option, bool truth)
{
    for (const struct option *other = options; other->names[0] != NULL; other++)
        if (other->at == option->at && is_flag(other) && sets_true(other) == truth)
            return other;
    return NULL;
}

/* "reuse-key = false" means in cli.ini that it is not set, and Certbot reads it so: what is wanted is written as the
 * opposite, "no-reuse-key = true", or, where there is none, by no line. */
static bool want_flag(struct line_wanted *wanted, const struct setting_change *change, struct error *err)
{
    bool truth = strcmp(change->value, "true") == 0;
    const struct option *option;

    if (!truth && strcmp(change->value, "false") != 0)
        return error_set(err, ERROR_USAGE, "%s is true or false, not \"%s\"", change->name, change->value);
    option = flag_for(wanted->option, truth == sets_true(wanted->option));
    wanted->value = option != NULL ? "true" : NULL;
    if (option != NULL)
        wanted->name = view_of(option->names[0]);
    return true;
}

static bool want(const struct setting_change *change, struct line_wanted *out, struct error *err)
{
    struct view name = view_of(change->name);

    *out = (struct line_wanted){ .option = cli_ini_option(&name, err), .name = name, .value = change->value };
    if (err->kind != ERROR_NONE)
        return false;
    if (out->option == NULL)
        return true; /* a plugin's, or a mistake: reading the file tells */
    out->name = view_of(out->option->names[0]);
    if (out->option->at == OPTION_NO_MEMBER || out->option->at == offsetof(struct settings, config_files))
        return error_set(err, ERROR_USAGE, "%s has no meaning in a file of settings", change->name);
    return change->value == NULL || !is_flag(out->option) || want_flag(out, change, err);
}

static bool is_line_of(struct view line, const struct line_wanted *wanted)
{
    struct error ambiguous = { 0 };
    struct view key, value;
    const struct option *option;

    if (!cli_ini_is_pair(line) || !cli_ini_split(view_trim(line), &key, &value))
        return false;
    option = cli_ini_option(&key, &ambiguous);
    if (option != NULL && option->adds && wanted->value != NULL) /* each of its lines counts, beside the others */
        return option == wanted->option && view_is(value, wanted->value);
    return wanted->option != NULL ? option != NULL && option->at == wanted->option->at
                                  : option == NULL && view_equal(key, wanted->name);
}

/* ---- writing a line ---- */

static bool reads_back(const char *line, const char *value)
{
    struct view key, got;

    return cli_ini_split(view_trim(view_of(line)), &key, &got) && view_is(got, value);
}

/* The first of the ways to write it that is read as what was meant. */
static bool put_line(const struct line_wanted *wanted, const char *end, struct buf *out, struct error *err)
{
    static const char *const quotes[] = { "", "\"", "'" };

    for (size_t i = 0; i < COUNT(quotes) && strpbrk(wanted->value, "\r\n") == NULL; i++) {
        AUTO(free)
        char *line =
            xprintf("%.*s = %s%s%s", (int)wanted->name.len, wanted->name.at, quotes[i], wanted->value, quotes[i]);

        if (!reads_back(line, wanted->value))
            continue;
        buf_putf(out, "%s%s", line, end);
        return true;
    }
    return error_set(
        err, ERROR_USAGE, "a file of settings cannot hold the value of %.*s", (int)wanted->name.len, wanted->name.at);
}

/* ---- the text ---- */

/* Makes one change: the line comes where the last one of that option was, or at the end. */
static bool edit_one(struct view text, const struct line_wanted *wanted, struct buf *out, struct error *err)
{
    struct view rest = text, line;
    size_t seen = 0, all = 0;
    const char *end = view_cut(&rest, '\n', &line) && line.len > 0 && line.at[line.len - 1] == '\r' ? "\r\n" : "\n";

    for (rest = text; view_cut(&rest, '\n', &line);)
        all += is_line_of(line, wanted);
    for (rest = text; view_cut(&rest, '\n', &line);) {
        if (!is_line_of(line, wanted)) {
            buf_put(out, line);
            if (rest.at != NULL)
                buf_put_char(out, '\n');
        } else if (++seen == all && wanted->value != NULL) {
            TRY(put_line(wanted, end, out, err));
        }
    }
    if (all > 0 || wanted->value == NULL)
        return true;
    if (out->len > 0 && out->at[out->len - 1] != '\n')
        buf_put_text(out, end);
    return put_line(wanted, end, out, err);
}

/* What the reader of such files makes of it: a value that it refuses is never written. */
static bool check_text(struct view text, const char *path, struct error *err)
{
    AUTO(settings_free) struct settings *settings = settings_new(NULL);

    return cli_ini_read(text, path, settings, err);
}

bool settings_file_edit(struct view text, const char *path, const struct setting_change *changes, size_t count,
    struct buf *out, struct error *err)
{
    AUTO(buf_clear) struct buf now = BUF_SECRET(SETTINGS_FILE_MAX);

    buf_put(&now, text);
    for (size_t i = 0; i < count; i++) {
        AUTO(buf_clear) struct buf next = BUF_SECRET(SETTINGS_FILE_MAX);
        struct line_wanted wanted;

        TRY(want(&changes[i], &wanted, err));
        TRY(edit_one(buf_view(&now), &wanted, &next, err));
        if (next.failed)
            return error_set(err, ERROR_USAGE, "%s becomes too large", path);
        buf_clear(&now);
        now = next;
        next = (struct buf){ 0 };
    }
    TRY(check_text(buf_view(&now), path, err));
    buf_put(out, buf_view(&now));
    return !out->failed || error_set(err, ERROR_USAGE, "%s becomes too large", path);
}

/* ---- the file ---- */

char *settings_file_of(const struct settings *settings)
{
    const struct list *given = &settings->config_files;

    if (given->len > 0 && given->at[given->len - 1][0] != '\0')
        return file_absolute(given->at[given->len - 1]);
    return geteuid() == 0 ? xstrdup(CLI_INI_SYSTEM) : cli_ini_of_user();
}

/* The file itself, behind links, also where it is not there yet; of the caller's. */
static bool find_file(const char *path, char **out, struct error *err)
{
    AUTO(free) char *at = xstrdup(path);

    for (int links = 0; links < LINKS_MAX; links++) {
        AUTO(free) char *target = NULL, *dir = file_dirname(at);
        struct error none = { 0 };

        if (!file_read_link(at, &target, &none)) {
            *out = TAKE(at);
            return true;
        }
        free(at);
        at = target[0] == '/' ? TAKE(target) : file_join(dir, target);
    }
    errno = ELOOP;
    return file_error(err, "follow the links of", path);
}

/* Locks the directory of the file, until the descriptor is closed: the file itself is replaced. Whoever has it is done
 * in a moment. */
static int lock_directory(const char *path, struct error *err)
{
    AUTO(free) char *dir = file_dirname(path);
    AUTO(close) int fd = -1;
    int end = 0;

    if (!file_mkdirs(dir, 0755, err))
        return -1;
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int waits = 0; fd >= 0 && (end = flock(fd, LOCK_EX | LOCK_NB)) != 0 && errno == EWOULDBLOCK; waits++) {
        if (waits == LOCK_WAITS)
            return error_set(err, ERROR_CONFIG, "%s is being changed by another process; try again", path), -1;
        if (!clock_sleep_ms(LOCK_WAIT_MS))
            return (void)!interrupt_check(err), -1;
    }
    if (fd < 0 || end != 0)
        return file_error(err, "lock", dir), -1;
    end = fd;
    fd = -1;
    return end;
}

/* Whoever may read or write the old file may do so with the new one, and nobody else, not for a moment. */
static bool give_access(const char *from, const struct stat *st, const char *to, struct error *err)
{
    AUTO(close) int old = open(from, O_RDONLY | O_CLOEXEC), made = open(to, O_RDONLY | O_CLOEXEC);
    struct acl acl;

    if (old < 0 || made < 0)
        return file_error(err, "open", old < 0 ? from : to);
    TRY(acl_of_fd(old, from, &acl, err));
    if (acl_is_extended(&acl))
        return acl_copy(old, made, to, err);
    return fchmod(made, st->st_mode & 07777) == 0 || file_error(err, "set the mode of", to);
}

/* st: of the file that is there. */
static bool replace_file(const char *path, const struct stat *st, struct view content, struct error *err)
{
    AUTO(free) char *temporary = file_beside(path, "new"), *dir = file_dirname(path);
    struct file_access access = { .mode = st->st_mode & 0700, .set_owner = true, .uid = st->st_uid, .gid = st->st_gid };
    struct error ignored = { 0 };

    (void)!file_remove(temporary, &ignored); /* what a crash has left: we have the lock */
    TRY(file_create(temporary, content, access, err));
    if (!give_access(path, st, temporary, err)) {
        (void)!file_remove(temporary, &ignored);
        return false;
    }
    return rename(temporary, path) == 0 ? file_sync_dir(dir, err) : file_error(err, "replace", path);
}

static bool change_file(const char *path, const char *real, const struct setting_change *changes, size_t count,
    bool *changed, struct error *err)
{
    AUTO(buf_clear) struct buf before = BUF_SECRET(SETTINGS_FILE_MAX);
    AUTO(buf_clear) struct buf after = BUF_SECRET(SETTINGS_FILE_MAX);
    struct stat st;
    bool exists = stat(real, &st) == 0;

    if (exists)
        TRY(file_read(real, &before, err));
    TRY(settings_file_edit(buf_view(&before), path, changes, count, &after, err));
    *changed = !view_equal(buf_view(&before), buf_view(&after));
    if (!*changed)
        return true;
    return exists ? replace_file(real, &st, buf_view(&after), err)
                  : file_replace(real, buf_view(&after), FILE_PUBLIC, err);
}

/* Of what the options are set to, some may be secret. */
static void tell_changed(const char *path, const struct setting_change *changes, size_t count)
{
    AUTO(list_clear) struct list names = { 0 };
    AUTO(free) char *text = NULL;

    for (size_t i = 0; i < count; i++)
        list_add(&names, changes[i].name);
    text = list_join(&names, ",");
    audit_done(ACT_SETTINGS_CHANGED, NULL, "file", path, "options", text, NULL);
}

bool settings_file_change(
    const char *path, const struct setting_change *changes, size_t count, bool *changed, struct error *err)
{
    AUTO(free) char *real = NULL;
    bool ok;
    int lock;

    TRY(find_file(path, &real, err));
    lock = lock_directory(real, err);
    if (lock < 0)
        return false;
    ok = change_file(path, real, changes, count, changed, err);
    (void)close(lock);
    if (ok && *changed)
        tell_changed(path, changes, count);
    return ok;
}
