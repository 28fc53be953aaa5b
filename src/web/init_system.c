#include "web/init_system.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/child.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/program.h"
#include "base/text.h"

#define ASK_MS 10000

static char *find_program(const char *name)
{
    AUTO(free) char *directories = program_directories();

    return program_find(name, directories);
}

/* argv is empty; words are ended by NULL. */
static void set(char *argv[static INIT_ARGS], const char *program, const char *const *words)
{
    argv[0] = xstrdup(program);
    for (size_t i = 0; i < INIT_ARGS - 2 && words[i] != NULL; i++)
        argv[i + 1] = xstrdup(words[i]);
}

static bool has_line(struct view text, const char *wanted)
{
    struct view line;

    while (view_cut(&text, '\n', &line))
        if (view_is(view_trim(line), wanted))
            return true;
    return false;
}

static enum unit_state state_of(struct view properties)
{
    if (!has_line(properties, "LoadState=loaded"))
        return UNIT_UNKNOWN;
    if (has_line(properties, "ActiveState=active") || has_line(properties, "ActiveState=reloading") ||
        has_line(properties, "ActiveState=activating"))
        return UNIT_RUNNING;
    return UNIT_STOPPED;
}

static enum unit_state ask_systemd(const char *systemctl, const char *unit)
{
    char *argv[] = { (char *)systemctl, (char[]){ "show" }, (char[]){ "--property=LoadState,ActiveState" },
        (char *)unit, NULL };
    AUTO(child_result_clear) struct child_result result = { 0 };
    struct error err;

    if (!child_run(&(struct child_program){ .path = systemctl, .argv = argv, .limit_ms = ASK_MS }, &result, &err)) {
        log_info("systemd was not asked about %s: %s", unit, err.why);
        return UNIT_UNKNOWN;
    }
    return result.status == 0 ? state_of(buf_view(&result.out)) : UNIT_UNKNOWN;
}

static bool is_below(const char *root, const char *path)
{
    AUTO(free) char *whole = xprintf("%s%s", root, path);

    return file_exists(whole);
}

/* Whether the first process is what runs scripts in /etc/init.d when the machine starts. */
static bool has_scripts_init(const char *root)
{
    AUTO(free) char *path = xprintf("%s/proc/1/comm", root);
    AUTO(buf_clear) struct buf name = BUF(FILE_MAX_TEXT);
    struct error ignored;

    return file_read(path, &name, &ignored) && view_is(view_trim(buf_view(&name)), "init");
}

static void find_unit(const char *unit, struct init_service *out)
{
    AUTO(free) char *systemctl = find_program("systemctl");

    if (unit == NULL || systemctl == NULL)
        return;
    out->state = ask_systemd(systemctl, unit);
    if (out->state == UNIT_UNKNOWN)
        return;
    set(out->start, systemctl, (const char *const[]){ "--no-ask-password", "start", unit, NULL });
    set(out->reload, systemctl, (const char *const[]){ "--no-ask-password", "reload", unit, NULL });
}

/* A script's own word on whether the service runs differs from system to system: nobody is asked. */
static void find_script(const char *root, const char *service, struct init_service *out)
{
    AUTO(free) char *script = xprintf("%s/etc/init.d/%s", root, service), *rc_service = NULL;

    if (access(script, X_OK) != 0)
        return;
    if (is_below(root, "/run/openrc/softlevel") && (rc_service = find_program("rc-service")) != NULL)
        set(out->start, rc_service, (const char *const[]){ service, "start", NULL });
    else if (has_scripts_init(root))
        set(out->start, script, (const char *const[]){ "start", NULL });
}

void init_service_find(const char *root, const char *unit, const char *service, struct init_service *out)
{
    if (is_below(root, "/run/systemd/system"))
        find_unit(unit, out);
    else if (service != NULL)
        find_script(root, service, out);
}

void init_service_clear(struct init_service *service)
{
    for (size_t i = 0; i < COUNT(service->start); i++) {
        free(service->start[i]);
        free(service->reload[i]);
    }
    *service = (struct init_service){ 0 };
}
