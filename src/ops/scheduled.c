#include "ops/scheduled.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

#define FILE_MOST (256 * 1024)
#define BLANKS " \t\r'\"=;&|()"

static const char *const unit_dirs[] = { "/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system", "/lib/systemd/system" };
static const char *const cron_dirs[] = { "/etc/cron.d", "/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly",
    "/var/spool/cron/crontabs", "/var/spool/cron" };
static const char *const program_dirs[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin",
    "/bin", "/snap/bin" };

struct search {
    const char *root, *self, *config_dir;
    enum scheduled found;
    char *where;
};

static bool read_below(const struct search *search, const char *path, struct buf *out)
{
    AUTO(free) char *whole = xprintf("%s%s", search->root, path);
    struct error ignored = { 0 };

    return file_read(whole, out, &ignored);
}

static enum scheduled program_at(const struct search *search, const char *path)
{
    AUTO(free) char *whole = xprintf("%s%s", search->root, path);
    struct stat at, own;

    if (stat(whole, &at) != 0 || !S_ISREG(at.st_mode) || access(whole, X_OK) != 0)
        return SCHEDULED_NOTHING;
    if (stat(search->self, &own) == 0 && own.st_dev == at.st_dev && own.st_ino == at.st_ino)
        return SCHEDULED_US;
    return text_starts(file_basename(path), "evercert") ? SCHEDULED_US : SCHEDULED_CERTBOT;
}

/* The program that a word of a command names, if it is installed. */
static enum scheduled program_of(const struct search *search, const char *word)
{
    const char *name = file_basename(word += strspn(word, "-@:+!")); /* systemd's marks before a program */
    enum scheduled found = SCHEDULED_NOTHING;

    if (!text_starts(name, "evercert") && !text_starts(name, "certbot") && !text_starts(name, "letsencrypt"))
        return SCHEDULED_NOTHING;
    if (word[0] == '/')
        return program_at(search, word);
    for (size_t i = 0; found == SCHEDULED_NOTHING && word == name && i < COUNT(program_dirs); i++) {
        AUTO(free) char *path = file_join(program_dirs[i], name);

        found = program_at(search, path);
    }
    return found;
}

static enum scheduled command_of_line(const struct search *search, struct view line)
{
    AUTO(free) char *text = view_dup(line);
    enum scheduled found = SCHEDULED_NOTHING;
    bool renews = false;

    if (search->config_dir != NULL && strstr(text, search->config_dir) == NULL)
        return SCHEDULED_NOTHING;
    for (char *save = NULL, *word = strtok_r(text, BLANKS, &save); word != NULL; word = strtok_r(NULL, BLANKS, &save)) {
        if (found == SCHEDULED_NOTHING)
            found = program_of(search, word);
        renews = renews || strcmp(word, "renew") == 0;
    }
    return renews ? found : SCHEDULED_NOTHING;
}

/* Looks for commands in a file; ours take precedence. prefix: beginning of the lines that count, "": all. */
static void look_into(struct search *search, const char *path, const char *prefix, const char *shown)
{
    AUTO(buf_clear) struct buf text = BUF(FILE_MOST);
    struct view rest, line;

    if (search->found == SCHEDULED_US || !read_below(search, path, &text))
        return;
    rest = buf_view(&text);
    while (search->found != SCHEDULED_US && view_cut(&rest, '\n', &line)) {
        enum scheduled found;

        line = view_trim(line);
        if (line.len == 0 || line.at[0] == '#' || !view_starts(line, prefix))
            continue;
        found = command_of_line(search, line);
        if (found != SCHEDULED_NOTHING && (search->found == SCHEDULED_NOTHING || found == SCHEDULED_US)) {
            search->found = found;
            xreplace(&search->where, shown);
        }
    }
}

/* The unit that a timer starts: the one that it names, else that of its own name. The first directory that has it wins.
 */
static void look_at_timer(struct search *search, const char *timer)
{
    AUTO(free) char *unit = xprintf("%.*s.service", (int)(strlen(timer) - strlen(".timer")), timer);

    for (size_t pass = 0; pass < 2; pass++) { /* first the timer itself, then what it starts */
        for (size_t i = 0; i < COUNT(unit_dirs); i++) {
            AUTO(free) char *path = file_join(unit_dirs[i], pass == 0 ? timer : unit);
            AUTO(buf_clear) struct buf text = BUF(FILE_MOST);
            struct view rest, line;

            if (!read_below(search, path, &text))
                continue;
            rest = buf_view(&text);
            while (pass == 0 && view_cut(&rest, '\n', &line))
                if (view_starts(line, "Unit=")) {
                    free(unit);
                    unit = view_dup(view_trim((struct view){ line.at + 5, line.len - 5 }));
                }
            if (pass == 1)
                look_into(search, path, "ExecStart", timer);
            break;
        }
    }
}

static void look_at_all(struct search *search, const char *dir, bool timers)
{
    AUTO(free) char *whole = xprintf("%s%s", search->root, dir);
    AUTO(list_clear) struct list names = { 0 };
    struct error ignored = { 0 };

    if (!file_list_dir(whole, &names, &ignored))
        return;
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(dir, names.at[i]);

        if (!timers)
            look_into(search, path, "", path);
        else if (text_ends(names.at[i], ".timer"))
            look_at_timer(search, names.at[i]);
    }
}

enum scheduled scheduled_find(const char *root, const char *self, const char *config_dir, char **where)
{
    struct search search = { .root = root, .self = self, .config_dir = config_dir };

    for (size_t i = 0; i < COUNT(unit_dirs); i++) {
        AUTO(free) char *wanted = file_join(unit_dirs[i], "timers.target.wants"); /* the timers that are switched on */

        look_at_all(&search, wanted, true);
    }
    look_into(&search, "/etc/crontab", "", "/etc/crontab");
    for (size_t i = 0; i < COUNT(cron_dirs); i++)
        look_at_all(&search, cron_dirs[i], false);
    *where = search.where;
    return search.found;
}
