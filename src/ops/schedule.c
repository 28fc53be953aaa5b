#include "ops/schedule.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "ops/cadence.h"

#define COMMAND_WORDS 6

/* What web servers, hooks and their services write to: all but what the system itself consists of. */
static const char *const always_writable[] = { "/etc", "/opt", "/run", "/srv", "/var" };

const char *schedule_file_state_name(enum schedule_file_state state)
{
    static const char *const names[] = { "missing", "current", "outdated", "edited", "foreign" };

    return names[state];
}

void schedule_clear(struct schedule *schedule)
{
    free(schedule->name);
    free(schedule->older);
    for (size_t i = 0; i < schedule->count; i++) {
        free(schedule->files[i].path);
        free(schedule->files[i].text);
        free(schedule->files[i].link);
    }
    *schedule = (struct schedule){ 0 };
}

/* ---- what it is to be ---- */

struct list schedule_command(const struct machine *machine, const struct schedule_wish *wish, const struct form *form)
{
    const char *const dirs[][3] = {
        { "--config-dir", wish->config_dir, SCHEDULE_USUAL_STORE },
        { "--work-dir", wish->work_dir, "/var/lib/letsencrypt" },
        { "--logs-dir", wish->logs_dir, "/var/log/letsencrypt" },
    };
    struct list words = { 0 };

    list_add(&words, machine->self);
    list_add(&words, form->is_daemon ? "daemon" : "-q");
    if (!form->is_daemon)
        list_add(&words, "renew");
    if (!form->is_daemon && !form->waits)
        list_add(&words, "--no-random-sleep-on-renew");
    for (size_t i = 0; i < COUNT(dirs); i++)
        if (strcmp(dirs[i][1], dirs[i][2]) != 0) {
            list_add(&words, dirs[i][0]);
            list_add(&words, dirs[i][1]);
        }
    for (size_t i = 0; i < wish->config_files->len; i++) {
        list_add(&words, "--config");
        list_add(&words, wish->config_files->at[i]);
    }
    return words;
}

static bool is_below(const char *path, const char *dir)
{
    size_t len = strlen(dir);

    return strncmp(path, dir, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

static void add_writable(struct list *paths, const char *path)
{
    for (size_t i = 0; i < paths->len; i++)
        if (is_below(path, paths->at[i]))
            return;
    if (path[0] == '/' && path[1] != '\0')
        list_add(paths, path);
}

static struct list writable_paths(const struct schedule_wish *wish)
{
    struct list paths = { 0 };

    for (size_t i = 0; i < COUNT(always_writable); i++)
        list_add(&paths, always_writable[i]);
    add_writable(&paths, wish->config_dir);
    add_writable(&paths, wish->work_dir);
    add_writable(&paths, wish->logs_dir);
    for (size_t i = 0; i < wish->web_roots->len; i++)
        add_writable(&paths, wish->web_roots->at[i]);
    return paths;
}

/* Random time that systemd adds: a third of the interval. */
static int64_t delay_of(int64_t interval_s)
{
    return interval_s / 3;
}

static int64_t longest_of(const struct form *form, int64_t interval_s)
{
    if (form->is_daemon)
        return 0;
    if (strcmp(form->name, "hourly") == 0)
        return 3600;
    if (strcmp(form->name, "15min") == 0)
        return 900;
    return form->waits ? interval_s : interval_s + delay_of(interval_s);
}

static bool fill_files(
    const struct machine *machine, const struct schedule_wish *wish, struct schedule *out, struct error *err)
{
    const struct form *form = out->form;
    AUTO(list_clear) struct list words = schedule_command(machine, wish, form), paths = writable_paths(wish);
    AUTO(free) char *command = unit_command(&words, form->quoting), *writable = unit_paths(&paths);
    AUTO(free) char *store = unit_plain(wish->config_dir, form->quoting), *said = cadence_words(out->interval_s);
    AUTO(free)
    char *cron =
        cadence_cron(out->interval_s, machine_number(machine) ^ view_hash(view_of(wish->config_dir), HASH_START));
    AUTO(free) char *calendar = cadence_calendar(out->interval_s), *templates = unit_templates(machine->self);
    AUTO(free) char *delay = xprintf("%lld", (long long)delay_of(out->interval_s));
    AUTO(free) char *seconds = xprintf("%lld", (long long)out->interval_s);
    AUTO(buf_clear) struct buf sandbox = BUF(UNIT_TEXT_MAX);
    const struct unit_value values[] = { { "COMMAND", command }, { "WRITABLE", writable }, { "STORE", store },
        { "WORDS", said }, { "CRON", cron }, { "CALENDAR", calendar }, { "DELAY", delay }, { "SECONDS", seconds },
        { "NAME", out->name }, { NULL, NULL }, { NULL, NULL } };
    struct unit_value more[COUNT(values)];

    memcpy(more, values, sizeof values);
    TRY(unit_text_fill(templates, "sandbox.in", values, &sandbox, err));
    more[COUNT(values) - 2] = (struct unit_value){ "SANDBOX", buf_text(&sandbox) };
    for (size_t i = 0; i < FORM_FILES && form->files[i].template != NULL; i++) {
        AUTO(buf_clear) struct buf text = BUF(UNIT_TEXT_MAX);

        TRY(unit_text_fill(templates, form->files[i].template, more, &text, err));
        out->files[i].text = buf_take(&text);
    }
    return true;
}

/* "%s" in the pattern is the name; of the caller's. */
static char *named(const char *pattern, const char *name)
{
    const char *at = strstr(pattern, "%s");

    return at == NULL ? xstrdup(pattern) : xprintf("%.*s%s%s", (int)(at - pattern), pattern, name, at + 2);
}

static void name_files(struct schedule *schedule)
{
    for (size_t i = 0; i < FORM_FILES && schedule->form->files[i].template != NULL; i++) {
        const struct form_file *file = &schedule->form->files[i];

        schedule->files[i].path = named(file->path, schedule->name);
        schedule->files[i].link = file->link == NULL ? NULL : named(file->link, schedule->name);
        schedule->files[i].mode = file->mode;
        schedule->count++;
    }
}

/* ---- what is there ---- */

static bool link_leads_to(const struct machine *machine, const struct schedule_file *file)
{
    AUTO(free) char *whole = machine_path(machine, file->link), *target = NULL;
    struct error ignored = { 0 };

    return file_read_link(whole, &target, &ignored) && strcmp(target, file->path) == 0;
}

/* store: its path, as such files have it. */
static bool look_at_file(
    const struct machine *machine, const char *store, struct schedule_file *file, struct error *err)
{
    AUTO(free) char *whole = machine_path(machine, file->path);
    AUTO(free) char *link = file->link == NULL ? NULL : machine_path(machine, file->link);
    AUTO(buf_clear) struct buf text = BUF(UNIT_TEXT_MAX);

    file->linked = link == NULL || file_is_link(link) || file_exists(link);
    if (!file_exists(whole) && !file_is_link(whole)) {
        file->state = SCHEDULE_MISSING;
        return true;
    }
    TRY(file_read(whole, &text, err));
    if (unit_text_mark(buf_view(&text)) == UNIT_FOREIGN || strstr(buf_text(&text), store) == NULL)
        file->state = SCHEDULE_FOREIGN;
    else if (unit_text_mark(buf_view(&text)) == UNIT_EDITED)
        file->state = SCHEDULE_EDITED;
    else
        file->state = file->text != NULL && view_is(buf_view(&text), file->text) ? SCHEDULE_SAME : SCHEDULE_OLD;
    return true;
}

static bool look_at_files(
    const struct machine *machine, const struct schedule_wish *wish, struct schedule *schedule, struct error *err)
{
    AUTO(free) char *store = unit_plain(wish->config_dir, schedule->form->quoting);

    for (size_t i = 0; i < schedule->count; i++)
        TRY(look_at_file(machine, store, &schedule->files[i], err));
    return true;
}

static bool is_ours(const struct schedule_file *file)
{
    return file->state != SCHEDULE_MISSING && file->state != SCHEDULE_FOREIGN;
}

/* What an earlier version has put in place by another name. */
static bool look_for_older(
    const struct machine *machine, const struct schedule_wish *wish, struct schedule *schedule, struct error *err)
{
    AUTO(schedule_clear)
    struct schedule older = { .form = schedule->form, .name = schedule_older_name(schedule->form, wish->config_dir) };

    if (strcmp(older.name, schedule->name) == 0)
        return true;
    name_files(&older);
    TRY(look_at_files(machine, wish, &older, err));
    for (size_t i = 0; i < older.count && schedule->older == NULL; i++)
        if (is_ours(&older.files[i]))
            schedule->older = xstrdup(older.files[i].path);
    return true;
}

static bool no_form(
    const struct machine *machine, const struct schedule_wish *wish, int64_t interval_s, struct error *err)
{
    const struct form *cron = schedule_form(machine, "cron", interval_s);
    AUTO(list_clear) struct list words = schedule_command(machine, wish, cron);
    AUTO(free) char *command = unit_command(&words, QUOTING_CRON);
    AUTO(free) char *fields = cadence_cron(interval_s, machine_number(machine));

    (void)error_set(
        err, ERROR_CONFIG, "there is nothing here that could run renewals: neither systemd nor a cron that is known");
    return error_next(
        err, "have this line in a crontab of root's, or let `evercert daemon` run: %s %s", fields, command);
}

bool schedule_plan(
    const struct machine *machine, const struct schedule_wish *wish, struct schedule *out, struct error *err)
{
    AUTO(schedule_clear) struct schedule schedule = { .interval_s = cadence_for(wish->life_s) };

    schedule.form = schedule_form(machine, wish->form, schedule.interval_s);
    if (schedule.form == NULL && wish->form == NULL)
        return no_form(machine, wish, schedule.interval_s, err);
    if (schedule.form == NULL || !schedule.form->is_here(machine, schedule.interval_s))
        return error_set(err, ERROR_CONFIG, "this machine has no schedule of the form \"%s\"", wish->form);
    schedule.name = schedule_name(schedule.form, wish->config_dir);
    schedule.longest_s = longest_of(schedule.form, schedule.interval_s);
    name_files(&schedule);
    TRY(fill_files(machine, wish, &schedule, err));
    TRY(look_at_files(machine, wish, &schedule, err));
    TRY(look_for_older(machine, wish, &schedule, err));
    *out = schedule;
    schedule = (struct schedule){ 0 };
    return true;
}

bool schedule_is_complete(const struct schedule *schedule)
{
    for (size_t i = 0; i < schedule->count; i++)
        if (schedule->files[i].state == SCHEDULE_MISSING || !schedule->files[i].linked)
            return false;
    return true;
}

bool schedule_is_current(const struct schedule *schedule)
{
    for (size_t i = 0; i < schedule->count; i++)
        if (schedule->files[i].state != SCHEDULE_SAME || !schedule->files[i].linked)
            return false;
    return true;
}

/* ---- telling the machine ---- */

static bool tell(const struct machine *machine, const char *const *pattern, const char *name, struct error *err)
{
    char *words[COMMAND_WORDS + 1] = { NULL };
    bool ok;

    if (pattern[0] == NULL)
        return true;
    for (size_t i = 0; i < COMMAND_WORDS && pattern[i] != NULL; i++)
        words[i] = named(pattern[i], name);
    ok = machine_run(machine, (const char *const *)words, err);
    for (size_t i = 0; i < COMMAND_WORDS; i++)
        free(words[i]);
    return ok;
}

/* cron's process number, where its packages keep it; 0: not known. */
static pid_t cron_process(const struct machine *machine)
{
    static const char *const files[] = { "/run/crond.pid", "/run/cron.pid", "/var/run/crond.pid", "/var/run/cron.pid" };

    for (size_t i = 0; i < COUNT(files); i++) {
        AUTO(free) char *path = machine_path(machine, files[i]);
        AUTO(buf_clear) struct buf text = BUF(FILE_NAME_MAX);
        struct error ignored = { 0 };
        uint64_t pid;

        if (file_read(path, &text, &ignored) && view_to_number(view_trim(buf_view(&text)), 1, INT32_MAX, &pid))
            return (pid_t)pid;
    }
    return 0;
}

enum schedule_alive schedule_is_alive(const struct machine *machine, const struct schedule *schedule)
{
    struct error err = { 0 };

    if (!machine_is_this(machine))
        return ALIVE_UNKNOWN;
    if (schedule->form->alive[0] != NULL) {
        if (tell(machine, schedule->form->alive, schedule->name, &err))
            return ALIVE_YES;
        log_debug("%s", err.why);
        return ALIVE_NO;
    }
    if (cron_process(machine) == 0)
        return ALIVE_UNKNOWN;
    return kill(cron_process(machine), 0) == 0 || errno == EPERM ? ALIVE_YES : ALIVE_NO;
}

/* ---- putting it in place ---- */

static bool may_write(const struct schedule *schedule, bool force, struct error *err)
{
    for (size_t i = 0; i < schedule->count && !force; i++) {
        const struct schedule_file *file = &schedule->files[i];

        if (file->state != SCHEDULE_EDITED && file->state != SCHEDULE_FOREIGN)
            continue;
        (void)error_set(err, ERROR_CONFIG, "%s %s, and is left as it is", file->path,
            file->state == SCHEDULE_EDITED ? "was edited" : "is not ours");
        return error_next(err,
            "have your changes in a file of your own beside it (systemctl edit '%s'), or replace it: "
            "evercert schedule install --force",
            file_basename(file->path));
    }
    return true;
}

static bool write_file(
    const struct machine *machine, const struct schedule_file *file, struct list *done, struct error *err)
{
    AUTO(free) char *whole = machine_path(machine, file->path), *dir = file_dirname(whole);
    AUTO(free) char *said = xprintf("%s %s", file->state == SCHEDULE_MISSING ? "Wrote" : "Replaced", file->path);

    if (file->state == SCHEDULE_SAME)
        return true;
    TRY(file_mkdirs(dir, 0755, err));
    TRY(file_replace(whole, view_of(file->text), (struct file_access){ .mode = file->mode }, err));
    list_add(done, said);
    return true;
}

static bool write_link(
    const struct machine *machine, const struct schedule_file *file, struct list *done, struct error *err)
{
    AUTO(free) char *whole = NULL, *dir = NULL, *said = NULL;

    if (file->link == NULL || file->linked)
        return true;
    whole = machine_path(machine, file->link);
    dir = file_dirname(whole);
    TRY(file_mkdirs(dir, 0755, err));
    if (symlink(file->path, whole) != 0)
        return file_error(err, "make the link", whole);
    TRY(file_sync_dir(dir, err));
    said = xprintf("Switched it on (%s)", file->link);
    list_add(done, said);
    return true;
}

static bool remove_all(const struct machine *machine, const struct schedule_wish *wish, const struct schedule *kept,
    bool force, struct list *done, struct error *err);

static bool put_in_place(const struct machine *machine, const struct schedule_wish *wish,
    const struct schedule *schedule, bool force, struct list *done, struct error *err)
{
    const struct form *form = schedule->form;
    struct error ignored = { 0 };
    size_t before = done->len;

    TRY(may_write(schedule, force, err));
    if (schedule->files[0].state != SCHEDULE_MISSING && schedule->files[0].state != SCHEDULE_SAME &&
        !tell(machine, form->before, schedule->name, &ignored))
        log_debug("%s", ignored.why);
    for (size_t i = 0; i < schedule->count; i++)
        TRY(write_file(machine, &schedule->files[i], done, err));
    for (size_t i = 0; i < schedule->count; i++)
        TRY(write_link(machine, &schedule->files[i], done, err));
    if (done->len == before)
        TRY(tell(machine, form->keep, schedule->name, err));
    for (size_t i = 0; done->len > before && i < FORM_COMMANDS; i++)
        TRY(tell(machine, form->after[i], schedule->name, err));
    return remove_all(machine, wish, schedule, false, done, err);
}

bool schedule_install(const struct machine *machine, const struct schedule_wish *wish, const struct schedule *schedule,
    bool force, struct list *done, struct error *err)
{
    size_t before = done->len;
    bool ok = put_in_place(machine, wish, schedule, force, done, err);

    if (ok && done->len > before)
        audit_done(ACT_SCHEDULE_INSTALLED, NULL, "form", schedule->form->name, "name", schedule->name, NULL);
    return ok;
}

/* ---- taking it away ---- */

static bool remove_file(
    const struct machine *machine, const struct schedule_file *file, bool force, struct list *done, struct error *err)
{
    AUTO(free) char *whole = machine_path(machine, file->path), *said = NULL;

    if (file->state == SCHEDULE_MISSING || file->state == SCHEDULE_FOREIGN)
        return true;
    if (file->state == SCHEDULE_EDITED && !force) {
        said = xprintf("Left %s, which was edited (--force removes it, too)", file->path);
        list_add(done, said);
        return true;
    }
    if (file->link != NULL && link_leads_to(machine, file)) {
        AUTO(free) char *link = machine_path(machine, file->link);

        TRY(file_remove(link, err));
    }
    TRY(file_remove(whole, err));
    said = xprintf("Removed %s", file->path);
    list_add(done, said);
    return true;
}

static bool is_removable(const struct schedule *schedule, bool force)
{
    for (size_t i = 0; i < schedule->count; i++)
        if (schedule->files[i].state == SCHEDULE_OLD || (force && schedule->files[i].state == SCHEDULE_EDITED))
            return true;
    return false;
}

static bool remove_form(const struct machine *machine, const struct schedule_wish *wish, const struct form *form,
    const char *name, bool force, struct list *done, struct error *err)
{
    AUTO(schedule_clear) struct schedule schedule = { .form = form, .name = xstrdup(name) };
    struct error failure = { 0 };
    bool any;

    name_files(&schedule);
    TRY(look_at_files(machine, wish, &schedule, err)); /* without a text: ours is "old" */
    any = is_removable(&schedule, force);
    if (any && !tell(machine, form->before, schedule.name, &failure))
        log_warning("%s", failure.why);
    for (size_t i = 0; i < schedule.count; i++)
        TRY(remove_file(machine, &schedule.files[i], force, done, err));
    return !any || tell(machine, form->removed, schedule.name, err);
}

/* What there is of this store's schedules, by the names of today and of before, but for `kept`. */
static bool remove_all(const struct machine *machine, const struct schedule_wish *wish, const struct schedule *kept,
    bool force, struct list *done, struct error *err)
{
    for (const struct form *form = schedule_forms; form->name != NULL; form++) {
        AUTO(free) char *name = schedule_name(form, wish->config_dir);
        AUTO(free) char *older = schedule_older_name(form, wish->config_dir);

        if (kept == NULL || form != kept->form)
            TRY(remove_form(machine, wish, form, name, force, done, err));
        if (strcmp(older, name) != 0)
            TRY(remove_form(machine, wish, form, older, force, done, err));
    }
    return true;
}

bool schedule_remove(
    const struct machine *machine, const struct schedule_wish *wish, bool force, struct list *done, struct error *err)
{
    size_t before = done->len;

    TRY(remove_all(machine, wish, NULL, force, done, err));
    if (done->len > before)
        audit_done(ACT_SCHEDULE_REMOVED, NULL, "store", wish->config_dir, NULL);
    return true;
}
