#include "ops/schedule_form.h"

#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

static bool has_systemd(const struct machine *machine, int64_t interval_s __attribute__((unused)))
{
    return machine_has_systemd(machine);
}

static bool has_launchd(const struct machine *machine, int64_t interval_s __attribute__((unused)))
{
    return strcmp(machine->system, "Darwin") == 0;
}

static bool has_cron_program(const struct machine *machine)
{
    return machine_has_program(machine, "cron") || machine_has_program(machine, "crond") ||
           machine_has_program(machine, "fcron");
}

static bool has_cron(const struct machine *machine, int64_t interval_s __attribute__((unused)))
{
    return machine_has_dir(machine, "/etc/cron.d") && has_cron_program(machine);
}

/* FreeBSD's cron looks in its own directory and in that of added software. */
static bool has_bsd_cron(const struct machine *machine, int64_t interval_s __attribute__((unused)))
{
    return strcmp(machine->system, "Linux") != 0 && machine_has_dir(machine, "/usr/local/etc/cron.d") &&
           has_cron_program(machine);
}

/* BusyBox's cron, as Alpine has it: folders for periods, and no line of one's own for each. */
static bool has_hourly(const struct machine *machine, int64_t interval_s)
{
    return interval_s >= 3600 && machine_has_dir(machine, "/etc/periodic/hourly") && has_cron_program(machine);
}

static bool has_quarterly(const struct machine *machine, int64_t interval_s __attribute__((unused)))
{
    return machine_has_dir(machine, "/etc/periodic/15min") && has_cron_program(machine);
}

#define UNITS "/etc/systemd/system/"

const struct form schedule_forms[] = {
    {
        .name = "systemd",
        .what = "a timer of systemd's",
        .prefix = "evercert-renew",
        .quoting = QUOTING_SYSTEMD,
        .files = { { "renew.service.in", UNITS "%s.service", 0644, NULL },
            { "renew.timer.in", UNITS "%s.timer", 0644, UNITS "timers.target.wants/%s.timer" } },
        .after = { { "systemctl", "daemon-reload" }, { "systemctl", "restart", "%s.timer" } },
        .keep = { "systemctl", "start", "%s.timer" },
        .before = { "systemctl", "stop", "%s.timer" },
        .removed = { "systemctl", "daemon-reload" },
        .alive = { "systemctl", "is-active", "--quiet", "%s.timer" },
        .is_here = has_systemd,
    },
    {
        .name = "daemon",
        .what = "a service of systemd's",
        .is_daemon = true,
        .prefix = "evercert",
        .quoting = QUOTING_SYSTEMD,
        .files = { { "daemon.service.in", UNITS "%s.service", 0644, UNITS "multi-user.target.wants/%s.service" } },
        .after = { { "systemctl", "daemon-reload" }, { "systemctl", "restart", "%s.service" } },
        .keep = { "systemctl", "start", "%s.service" },
        .before = { "systemctl", "stop", "%s.service" },
        .removed = { "systemctl", "daemon-reload" },
        .alive = { "systemctl", "is-active", "--quiet", "%s.service" },
        .is_here = has_systemd,
    },
    {
        .name = "launchd",
        .what = "a job of launchd's",
        .prefix = "org.evercert.renew",
        .waits = true,
        .quoting = QUOTING_PLIST,
        .files = { { "launchd.plist.in", "/Library/LaunchDaemons/%s.plist", 0644, NULL } },
        .after = { { "launchctl", "bootstrap", "system", "/Library/LaunchDaemons/%s.plist" } },
        .before = { "launchctl", "bootout", "system/%s" },
        .alive = { "launchctl", "print", "system/%s" },
        .is_here = has_launchd,
    },
    {
        .name = "cron",
        .what = "a line of cron's",
        .prefix = "evercert-renew",
        .waits = true,
        .quoting = QUOTING_CRON,
        .files = { { "cron.in", "/etc/cron.d/%s", 0644, NULL } },
        .is_here = has_cron,
    },
    {
        .name = "bsd-cron",
        .what = "a line of cron's",
        .prefix = "evercert-renew",
        .waits = true,
        .quoting = QUOTING_CRON,
        .files = { { "cron.in", "/usr/local/etc/cron.d/%s", 0644, NULL } },
        .is_here = has_bsd_cron,
    },
    {
        .name = "hourly",
        .what = "a script that cron runs every hour",
        .prefix = "evercert-renew",
        .waits = true,
        .quoting = QUOTING_SHELL,
        .files = { { "periodic.in", "/etc/periodic/hourly/%s", 0755, NULL } },
        .is_here = has_hourly,
    },
    {
        .name = "15min",
        .what = "a script that cron runs every quarter of an hour",
        .prefix = "evercert-renew",
        .waits = true,
        .quoting = QUOTING_SHELL,
        .files = { { "periodic.in", "/etc/periodic/15min/%s", 0755, NULL } },
        .is_here = has_quarterly,
    },
    { .name = NULL },
};

const struct form *schedule_form(const struct machine *machine, const char *name, int64_t interval_s)
{
    for (const struct form *form = schedule_forms; form->name != NULL; form++)
        if (name != NULL ? strcmp(form->name, name) == 0 : !form->is_daemon && form->is_here(machine, interval_s))
            return form;
    return NULL;
}

/* ---- names ---- */

#define NAME_KEPT 100    /* bytes of a name that is too long, before its digest */
#define NAME_LONGEST 200 /* beside which there is room for what stands around it */

static bool is_plain(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
}

static void put_path(struct buf *out, const char *path, bool as_systemd)
{
    for (bool first = true; *path != '\0'; path++) {
        bool kept = is_plain(*path) || (as_systemd && (*path == '_' || *path == ':' || (*path == '.' && !first)));

        if (*path == '/' && (path[1] == '/' || path[1] == '\0'))
            continue;
        if (*path == '/')
            buf_put_char(out, '-');
        else if (kept)
            buf_put_char(out, *path);
        else
            buf_putf(out, as_systemd ? "\\x%02x" : "_%02x", (unsigned char)*path);
        first = false;
    }
}

char *schedule_name(const struct form *form, const char *config_dir)
{
    AUTO(buf_clear) struct buf name = BUF(FILE_MAX_TEXT);
    uint64_t digest = view_hash(view_of(config_dir), HASH_START);

    buf_put_text(&name, form->prefix);
    if (strcmp(config_dir, SCHEDULE_USUAL_STORE) == 0)
        return buf_take(&name);
    buf_put_char(&name, '-');
    put_path(&name, config_dir + strspn(config_dir, "/"), form->quoting == QUOTING_SYSTEMD);
    if (name.len <= NAME_LONGEST)
        return buf_take(&name);
    return xprintf("%.*s-%016llx", NAME_KEPT, buf_text(&name), (unsigned long long)digest);
}

char *schedule_older_name(const struct form *form, const char *config_dir)
{
    AUTO(buf_clear) struct buf name = BUF(FILE_NAME_MAX);

    buf_put_text(&name, form->prefix);
    if (strcmp(config_dir, SCHEDULE_USUAL_STORE) == 0)
        return buf_take(&name);
    for (const char *at = config_dir; *at != '\0'; at++)
        if (is_plain(*at) || name.at[name.len - 1] != '-')
            buf_put_char(&name, is_plain(*at) ? *at : '-');
    return buf_take(&name);
}
