#include "ops/scheduled.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "lifecycle/due.h"
#include "ops/cadence.h"
#include "ops/command_words.h"

#define FILE_MOST (256 * 1024)
#define BLANKS " \t\r'\"=;&|()<>"
#define AROUND_PATH " \t\r\n=\"'<>;&|()" /* what may stand around a path on a line */

static const char *const unit_dirs[] = { "/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system", "/lib/systemd/system" };

static const struct {
    const char *dir;
    int64_t interval_s; /* 0: the line says it */
} cron_dirs[] = {
    { "/etc/cron.d", 0 },
    { "/usr/local/etc/cron.d", 0 },
    { "/etc/cron.hourly", 3600 },
    { "/etc/cron.daily", CADENCE_DAY_S },
    { "/etc/cron.weekly", 7 * CADENCE_DAY_S },
    { "/etc/periodic/15min", 900 },
    { "/etc/periodic/hourly", 3600 },
    { "/etc/periodic/daily", CADENCE_DAY_S },
    { "/etc/periodic/weekly", 7 * CADENCE_DAY_S },
    { "/usr/local/etc/periodic/daily", CADENCE_DAY_S },
    { "/usr/local/etc/periodic/weekly", 7 * CADENCE_DAY_S },
    { "/var/spool/cron/crontabs", 0 },
    { "/var/spool/cron", 0 },
    { "/var/cron/tabs", 0 },
    { "/etc/crontabs", 0 },
    { "/Library/LaunchDaemons", 0 },
};

static const char *const program_dirs[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin",
    "/bin", "/snap/bin" };

struct search {
    const struct machine *machine;
    const char *config_dir;
    bool unnamed; /* a command that names no store is for this one */
    struct scheduled_entries *out;
};

struct command { /* what a line calls */
    enum scheduled who;
    bool is_daemon;
    struct list words; /* as in the entry */
};

static void command_clear(struct command *command)
{
    list_clear(&command->words);
    *command = (struct command){ 0 };
}

static inline void command_clear_at(struct command *command)
{
    command_clear(command);
}

static void command_move(struct command *to, struct command *from)
{
    command_clear(to);
    *to = *from;
    *from = (struct command){ 0 };
}

/* Takes the words over. */
static void add(struct search *search, struct command *command, const char *where, int64_t interval_s)
{
    struct scheduled_entries *out = search->out;

    if (command->who == SCHEDULED_NOTHING)
        return;
    out->at = xrealloc(out->at, out->len + 1, sizeof *out->at);
    out->at[out->len++] = (struct scheduled_entry){
        .who = command->who,
        .is_daemon = command->is_daemon,
        .where = xstrdup(where),
        .words = command->words,
        .interval_s = interval_s,
    };
    command->words = (struct list){ 0 };
}

static bool read_below(const struct search *search, const char *path, struct buf *out)
{
    AUTO(free) char *whole = machine_path(search->machine, path);
    struct error ignored = { 0 };

    return file_read(whole, out, &ignored);
}

/* ---- what a line calls ---- */

static enum scheduled program_at(const struct search *search, const char *path)
{
    AUTO(free) char *whole = machine_path(search->machine, path);
    struct stat at, own;

    if (strcmp(path, search->machine->self) == 0) /* also where the machine is an image that it is not yet in */
        return SCHEDULED_US;
    if (stat(whole, &at) != 0 || !S_ISREG(at.st_mode) || access(whole, X_OK) != 0)
        return SCHEDULED_NOTHING;
    if (stat(search->machine->self, &own) == 0 && own.st_dev == at.st_dev && own.st_ino == at.st_ino)
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

/* Whether systemd is running, and the line is Debian's for machines where it is not. */
static bool leaves_it_to_systemd(const struct search *search, const char *text)
{
    return strstr(text, "! -d /run/systemd/system") != NULL && machine_has_systemd(search->machine);
}

/* Whether the text has that path, and not one that only begins or ends as it does. */
static bool has_path(const char *text, const char *path)
{
    size_t len = strlen(path);

    for (const char *at = strstr(text, path), *end; at != NULL; at = strstr(at + 1, path)) {
        end = at + len + (at[len] == '/');
        if (at != text && strchr(AROUND_PATH, at[-1]) != NULL && strchr(AROUND_PATH, *end) != NULL)
            return true; /* also at the end of the text: strchr finds its NUL */
    }
    return false;
}

static bool is_for_store(const struct search *search, const char *text)
{
    const char *named = strstr(text, "--config-dir");

    if (named != NULL)
        return has_path(named, search->config_dir);
    return search->unnamed || strstr(text, search->config_dir) != NULL;
}

/* Whether a command is for the store; of one that names none the line may say it otherwise (-c FILE). */
static bool words_are_for_store(const struct search *search, const char *line, const struct list *words)
{
    static const char option[] = "--config-dir";

    for (size_t i = 1; i < words->len; i++) {
        const char *value = words->at[i] + strlen(option);

        if (!text_starts(words->at[i], option) || (value[0] != '=' && (value[0] != '\0' || i + 1 == words->len)))
            continue;
        value = value[0] == '=' ? value + 1 : words->at[i + 1];
        return text_starts(value, search->config_dir) &&
               text_equal(value + strlen(search->config_dir) + (value[strlen(search->config_dir)] == '/'), "");
    }
    return is_for_store(search, line);
}

/* What one simple command calls, where the program is a word of it. */
static void judge_words(
    const struct search *search, const char *line, const struct command_words *said, struct command *out)
{
    bool renews = false;

    for (size_t i = 0; i < said->words.len; i++) {
        const char *word = said->words.at[i];

        if (out->who == SCHEDULED_NOTHING)
            out->who = program_of(search, word);
        if (out->who != SCHEDULED_NOTHING)
            list_add(&out->words, out->words.len == 0 ? word + strspn(word, "-@:+!") : word);
        renews = renews || strcmp(word, "renew") == 0;
        out->is_daemon = out->is_daemon || strcmp(word, "daemon") == 0;
    }
    out->is_daemon = out->is_daemon && !renews;
    if (!(renews || (out->is_daemon && out->who == SCHEDULED_US)) || !words_are_for_store(search, line, &out->words))
        command_clear(out);
    else if (!said->is_certain)
        list_clear(&out->words);
}

/* The same of a word that is a program itself: what stands behind another one's -c or -e. */
static void judge_loosely(const struct search *search, const char *word, struct command *out)
{
    AUTO(free) char *text = xstrdup(word);
    bool renews = false;

    for (char *save = NULL, *part = strtok_r(text, BLANKS, &save); part != NULL; part = strtok_r(NULL, BLANKS, &save)) {
        if (out->who == SCHEDULED_NOTHING)
            out->who = program_of(search, part);
        renews = renews || strcmp(part, "renew") == 0;
        out->is_daemon = out->is_daemon || strcmp(part, "daemon") == 0;
    }
    out->is_daemon = out->is_daemon && !renews;
    if (!renews && !(out->is_daemon && out->who == SCHEDULED_US))
        command_clear(out);
}

static void judge_words_of_words(
    const struct search *search, const char *line, const struct command_words *said, struct command *out)
{
    for (size_t i = 0; i < said->words.len && out->who == SCHEDULED_NOTHING; i++)
        if (strpbrk(said->words.at[i], BLANKS) != NULL && is_for_store(search, line))
            judge_loosely(search, said->words.at[i], out);
}

/* *out is the caller's, and zero. */
static void command_of_line(const struct search *search, struct view line, enum quoting quoting, struct command *out)
{
    AUTO(free) char *text = view_dup(line);
    AUTO(command_words_clear) struct command_words said = { 0 };

    if (leaves_it_to_systemd(search, text))
        return;
    while (out->who == SCHEDULED_NOTHING && command_words_next(&line, quoting, &said)) {
        judge_words(search, text, &said, out);
        if (out->who == SCHEDULED_NOTHING)
            judge_words_of_words(search, text, &said, out);
    }
}

/* ---- cron and kin ---- */

/* The command of a whole file, where it has one on many lines (a property list of launchd's). */
static void look_into_plist(struct search *search, const char *path, struct view text)
{
    AUTO(free) char *flat = view_dup(text);
    AUTO(command_clear) struct command command = { 0 };
    const char *seconds = strstr(flat, "<key>StartInterval</key>");
    uint64_t interval = 0;

    if (seconds != NULL && (seconds = strstr(seconds, "<integer>")) != NULL) {
        struct view number, rest = view_of(seconds + strlen("<integer>"));

        if (view_cut(&rest, '<', &number) && !view_to_number(number, 1, INT32_MAX, &interval))
            interval = 0;
    }
    command_of_line(search, text, QUOTING_PLIST, &command);
    add(search, &command, path, (int64_t)interval);
}

static void look_at_line(struct search *search, const char *path, struct view line, int64_t interval_s)
{
    AUTO(command_clear) struct command command = { 0 };

    command_of_line(search, line, interval_s > 0 ? QUOTING_SHELL : QUOTING_CRON, &command);
    add(search, &command, path, interval_s > 0 ? interval_s : cadence_of_cron(line));
}

/* interval_s 0: each line says it. */
static void look_into(struct search *search, const char *path, int64_t interval_s)
{
    AUTO(buf_clear) struct buf text = BUF(FILE_MOST);
    struct view rest, line;

    if (!read_below(search, path, &text))
        return;
    if (text_ends(path, ".plist")) {
        look_into_plist(search, path, buf_view(&text));
        return;
    }
    rest = buf_view(&text);
    while (view_cut(&rest, '\n', &line)) {
        line = view_trim(line);
        if (line.len > 0 && line.at[0] != '#')
            look_at_line(search, path, line, interval_s);
    }
}

static void look_at_cron(struct search *search)
{
    look_into(search, "/etc/crontab", 0);
    for (size_t i = 0; i < COUNT(cron_dirs); i++) {
        AUTO(free) char *whole = machine_path(search->machine, cron_dirs[i].dir);
        AUTO(list_clear) struct list names = { 0 };
        struct error ignored = { 0 };

        if (!file_list_dir(whole, &names, &ignored))
            continue;
        for (size_t n = 0; n < names.len; n++) {
            AUTO(free) char *path = file_join(cron_dirs[i].dir, names.at[n]);

            look_into(search, path, cron_dirs[i].interval_s);
        }
    }
}

/* ---- systemd ---- */

/* The text of a unit: the first directory that has it wins; what administrators have added (NAME.d) follows. */
static bool read_unit(const struct search *search, const char *name, struct buf *out)
{
    bool found = false;

    for (size_t i = 0; !found && i < COUNT(unit_dirs); i++) {
        AUTO(free) char *path = file_join(unit_dirs[i], name);

        found = read_below(search, path, out);
    }
    for (size_t i = 0; found && i < COUNT(unit_dirs); i++) { /* the administrator's last */
        const char *unit_dir = unit_dirs[COUNT(unit_dirs) - 1 - i];
        AUTO(free) char *dir = xprintf("%s/%s.d", unit_dir, name), *whole = machine_path(search->machine, dir);
        AUTO(list_clear) struct list names = { 0 };
        struct error ignored = { 0 };

        if (!file_list_dir(whole, &names, &ignored))
            continue;
        for (size_t n = 0; n < names.len; n++) {
            AUTO(free) char *path = file_join(dir, names.at[n]);

            buf_put_char(out, '\n');
            if (text_ends(path, ".conf"))
                found = read_below(search, path, out) && found;
        }
    }
    return found;
}

/* The value of "KEY=value". */
static bool takes_value(struct view line, const char *key, struct view *value)
{
    struct view name;

    *value = view_trim(line);
    return view_cut(value, '=', &name) && value->at != NULL && view_is(view_trim(name), key);
}

/* A backslash at its end makes the next line part of a line. */
static void join_lines(struct buf *text)
{
    for (size_t i = 0; i + 1 < text->len; i++)
        if (text->at[i] == '\\' && text->at[i + 1] == '\n')
            text->at[i] = text->at[i + 1] = ' ';
}

/* What the unit executes; a command that is empty takes back those before it. */
static void command_of_unit(const struct search *search, const char *name, struct command *out)
{
    AUTO(buf_clear) struct buf text = BUF(FILE_MOST);
    struct view rest, line, value;

    if (!read_unit(search, name, &text))
        return;
    join_lines(&text);
    rest = buf_view(&text);
    while (view_cut(&rest, '\n', &line)) {
        AUTO(command_clear) struct command command = { 0 };

        if (!takes_value(line, "ExecStart", &value))
            continue;
        if (view_trim(value).len == 0)
            command_clear(out);
        if (out->who == SCHEDULED_US)
            continue;
        command_of_line(search, value, QUOTING_SYSTEMD, &command);
        if (command.who != SCHEDULED_NOTHING)
            command_move(out, &command);
    }
}

static int64_t span_of(struct view value)
{
    AUTO(free) char *text = view_dup(value);
    struct error ignored = { 0 };
    int64_t seconds = 0;
    uint64_t plain;

    if (view_to_number(view_trim(value), 0, INT32_MAX, &plain))
        return (int64_t)plain;
    return due_parse_interval(text, &seconds, &ignored) ? seconds : 0;
}

struct timer {
    char *unit;
    int64_t gap, delay;
};

static void read_timer_line(struct timer *timer, struct view line)
{
    struct view value;

    if (takes_value(line, "Unit", &value)) {
        free(timer->unit);
        timer->unit = view_dup(view_trim(value));
    } else if (takes_value(line, "RandomizedDelaySec", &value)) {
        timer->delay = span_of(value);
    } else if (takes_value(line, "OnCalendar", &value)) {
        int64_t gap = cadence_of_calendar(view_trim(value));

        if (value.len == 0)
            timer->gap = 0;
        else if (gap > 0 && (timer->gap == 0 || gap < timer->gap))
            timer->gap = gap; /* of several the one that comes most often: they may lie anywhere to each other */
    } else if (takes_value(line, "OnUnitActiveSec", &value) || takes_value(line, "OnUnitInactiveSec", &value)) {
        timer->gap = span_of(value);
    }
}

/* The unit that a timer starts is the one that it names, else that of its own name. */
static void look_at_timer(struct search *search, const char *name)
{
    AUTO(buf_clear) struct buf text = BUF(FILE_MOST);
    AUTO(command_clear) struct command command = { 0 };
    struct timer timer = { .unit = xprintf("%.*s.service", (int)(strlen(name) - strlen(".timer")), name) };
    struct view rest, line;

    (void)read_unit(search, name, &text);
    rest = buf_view(&text);
    while (view_cut(&rest, '\n', &line))
        read_timer_line(&timer, line);
    command_of_unit(search, timer.unit, &command);
    add(search, &command, name, timer.gap == 0 ? 0 : timer.gap + timer.delay);
    free(timer.unit);
}

static bool is_known(const struct search *search, const char *where)
{
    for (size_t i = 0; i < search->out->len; i++)
        if (strcmp(search->out->at[i].where, where) == 0)
            return true;
    return false;
}

/* The units that are switched on. */
static void look_at_wanted(struct search *search, const char *target, bool timers)
{
    for (size_t i = 0; i < COUNT(unit_dirs); i++) {
        AUTO(free)
        char *dir = xprintf("%s/%s.wants", unit_dirs[i], target), *whole = machine_path(search->machine, dir);
        AUTO(list_clear) struct list names = { 0 };
        struct error ignored = { 0 };

        if (!file_list_dir(whole, &names, &ignored))
            continue;
        for (size_t n = 0; n < names.len; n++) {
            const char *name = names.at[n];

            if (is_known(search, name))
                continue;
            if (timers && text_ends(name, ".timer")) {
                look_at_timer(search, name);
            } else if (!timers && text_ends(name, ".service")) {
                AUTO(command_clear) struct command command = { 0 };

                command_of_unit(search, name, &command);
                if (command.is_daemon)
                    add(search, &command, name, 0);
            }
        }
    }
}

void scheduled_all(const struct machine *machine, const char *config_dir, bool unnamed, struct scheduled_entries *out)
{
    struct search search = { .machine = machine, .config_dir = config_dir, .unnamed = unnamed, .out = out };

    look_at_wanted(&search, "timers.target", true);
    look_at_wanted(&search, "multi-user.target", false);
    look_at_cron(&search);
}

enum scheduled scheduled_find(const struct machine *machine, const char *config_dir, bool unnamed, char **where)
{
    AUTO(scheduled_entries_clear) struct scheduled_entries all = { 0 };
    const struct scheduled_entry *first = NULL;

    scheduled_all(machine, config_dir, unnamed, &all);
    for (size_t i = 0; i < all.len; i++)
        if (first == NULL || (first->who != SCHEDULED_US && all.at[i].who == SCHEDULED_US))
            first = &all.at[i];
    if (first == NULL)
        return SCHEDULED_NOTHING;
    *where = xstrdup(first->where);
    return first->who;
}

void scheduled_entries_clear(struct scheduled_entries *entries)
{
    for (size_t i = 0; i < entries->len; i++) {
        free(entries->at[i].where);
        list_clear(&entries->at[i].words);
    }
    free(entries->at);
    *entries = (struct scheduled_entries){ 0 };
}

bool scheduled_unnamed(const struct settings *settings)
{
    return SETTING_ORIGIN(settings, config_dir) < ORIGIN_COMMAND_LINE;
}

enum scheduled scheduled_for(const struct settings *settings, char **where)
{
    AUTO(machine_clear) struct machine machine = { 0 };
    struct error ignored = { 0 };

    if (!machine_open(settings->schedule_root, &machine, &ignored))
        return SCHEDULED_NOTHING;
    return scheduled_find(&machine, settings->config_dir, scheduled_unnamed(settings), where);
}
