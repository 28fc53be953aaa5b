#include "web/control.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/child.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/program.h"
#include "base/text.h"
#include "typed/code_path.h"
#include "web/init_system.h"
#include "web/private.h"
#include "web/refusal.h"
#include "web/resuming.h"
#include "web/start.h"

#define TEST_MS 180000 /* the configuration test: it may look up names by a name server that is silent */

/* ---- programs ---- */

bool web_program_find(const char *name, bool refuse, char **path, struct error *err)
{
    AUTO(free) char *directories = program_directories(), *found = program_find(name, directories), *absolute = NULL;

    if (found == NULL) {
        (void)error_set(err, ERROR_PLUGIN, "there is no program %s%s%s%s", name,
            strchr(name, '/') != NULL ? " that can be run" : " in the PATH (",
            strchr(name, '/') != NULL ? "" : directories, strchr(name, '/') != NULL ? "" : ")");
        return error_sys(err, ENOENT);
    }
    absolute = file_absolute(found);
    TRY(code_path_check(absolute, refuse, err));
    *path = TAKE(absolute);
    return true;
}

/* What a service manager, or a server that runs us, tells one process. */
static bool concerns_us_alone(const char *variable)
{
    static const char *const names[] = { "NOTIFY_SOCKET=", "LISTEN_FDS=", "LISTEN_PID=", "LISTEN_FDNAMES=",
        "WATCHDOG_USEC=", "WATCHDOG_PID=", "INVOCATION_ID=", "JOURNAL_STREAM=", "MAINPID=", "NGINX=", "PATH=",
        "LC_ALL=" };

    for (size_t i = 0; i < COUNT(names); i++)
        if (text_starts(variable, names[i]))
            return true;
    return false;
}

struct list web_environment(const struct web_server *server)
{
    AUTO(free) char *directories = program_directories(), *path = xprintf("PATH=%s", directories);
    struct list env = { 0 };

    for (size_t i = 0; environ != NULL && environ[i] != NULL; i++)
        if (!concerns_us_alone(environ[i]))
            list_add(&env, environ[i]);
    list_add(&env, path);
    list_add(&env, "LC_ALL=C");
    if (server->env != NULL)
        list_add_all(&env, server->env);
    return env;
}

static char *command_line(char *const *argv)
{
    AUTO(buf_clear) struct buf line = BUF(FILE_MAX_TEXT);

    for (size_t i = 0; argv[i] != NULL; i++)
        buf_putf(&line, "%s%s", i > 0 ? " " : "", argv[i]);
    return buf_take(&line);
}

bool web_failed(char *const *argv, int status, const char *said, struct error *err)
{
    AUTO(free) char *command = command_line(argv), *text = NULL;

    if (said[0] == '\0')
        return error_set(err, ERROR_PLUGIN, "%s ended with status %d, and said nothing", command, status);
    text = xprintf("%s ended with status %d:%s%s", command, status, text_has_lines(said) ? "\n" : " ", said);
    return error_set_lines(err, ERROR_PLUGIN, text);
}

bool web_run(
    const struct web_server *server, char *const *argv, int64_t limit_ms, struct child_result *out, struct error *err)
{
    AUTO(list_clear) struct list env = web_environment(server);

    log_debug("running %s", argv[0]);
    if (!child_run(
            &(struct child_program){ .path = argv[0], .argv = argv, .env = &env, .limit_ms = limit_ms }, out, err))
        return interrupt_check(err) && error_as(err, ERROR_PLUGIN);
    return interrupt_check(err); /* which ended the program as well */
}

/* What a program said, printable: its errors, or else its output; of the caller's. */
static char *words_of(const struct child_result *result)
{
    struct view errors = view_trim(buf_view(&result->err)), output = view_trim(buf_view(&result->out));

    return text_printable_dup(errors.len > 0 ? errors : output, WEB_MAX_SAID, true);
}

/* Runs it, and succeeds when it does. */
static bool perform(const struct web_server *server, char *const *argv, int64_t limit_ms, struct error *err)
{
    AUTO(child_result_clear) struct child_result result = { 0 };
    AUTO(free) char *said = NULL;

    TRY(web_run(server, argv, limit_ms, &result, err));
    if (result.status == 0)
        return true;
    said = words_of(&result);
    return web_failed(argv, result.status, said, err);
}

/* ---- the configuration test ---- */

bool web_test(const struct web_server *server, struct error *err)
{
    AUTO(child_result_clear) struct child_result result = { 0 };
    AUTO(free) char *said = NULL, *refused = NULL, *command = command_line(server->test), *text = NULL;

    TRY(web_run(server, server->test, TEST_MS, &result, err));
    if (result.status == 0)
        return true;
    said = words_of(&result);
    refused = web_refused_line(said);
    (void)web_failed(server->test, result.status, said, err);
    if (refused != NULL) {
        text = xprintf("%s\n%s", refused, err->why);
        (void)error_set_lines(err, ERROR_PLUGIN, text);
    }
    (void)error_in(err, "%s refuses its configuration", server->name);
    return error_next(err, "%s; then this command passes: %s",
        refused != NULL ? "correct that line" : "correct the configuration", command);
}

/* ---- reload and start ---- */

/* A process that has ended and was not waited for counts as gone. */
static bool is_zombie(uint64_t pid)
{
    AUTO(free) char *path = xprintf("/proc/%llu/stat", (unsigned long long)pid);
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);
    struct error ignored;

    return file_read(path, &text, &ignored) && strstr(buf_text(&text), ") Z ") != NULL;
}

bool web_is_running(const struct web_server *server)
{
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);
    struct error ignored;
    uint64_t pid;

    if (server->pid_file == NULL)
        return true;
    if (!file_exists(server->pid_file))
        return false;
    if (!file_read(server->pid_file, &text, &ignored))
        return true;
    if (!view_to_number(view_trim(buf_view(&text)), 1, INT32_MAX, &pid))
        return false;
    return (kill((pid_t)pid, 0) == 0 || errno == EPERM) && !is_zombie(pid);
}

static bool is_canceled(const struct error *err)
{
    return err->kind == ERROR_CANCELED;
}

/* What can be tried when the server's own reload has failed; the failure of that is the one to tell. */
static bool reload_otherwise(const struct web_server *server, const struct init_service *service)
{
    struct error other = { 0 };

    if (service->state == UNIT_RUNNING && perform(server, service->reload, WEB_RUN_MS, &other))
        return true;
    if (!is_canceled(&other) && server->reload_too != NULL && perform(server, server->reload_too, WEB_RUN_MS, &other))
        return true;
    if (other.why[0] != '\0')
        log_info("%s", other.why);
    return false;
}

static bool start(const struct web_server *server, const struct init_service *service, struct error *err)
{
    log_info("%s is not running, and is started", server->name);
    if (service->state == UNIT_RUNNING) /* its pid file is not where we think it is */
        return perform(server, service->reload, WEB_RUN_MS, err);
    return web_start(server, service->start[0] != NULL ? service->start : server->start, err);
}

static bool reload(const struct web_server *server, struct error *err)
{
    AUTO(init_service_clear) struct init_service service = { 0 };
    struct error of_start = { 0 };
    bool running = web_is_running(server);

    if (running && perform(server, server->reload, WEB_RUN_MS, err))
        return true;
    if (running && is_canceled(err))
        return false;
    init_service_find(server->root != NULL ? server->root : "", server->unit, server->service, &service);
    if (!running)
        return start(server, &service, err);
    if (reload_otherwise(server, &service))
        return true;
    if (server->pid_file != NULL && web_is_running(server))
        return false;
    if (start(server, &service, &of_start)) /* it has ended, or it was not known whether it runs */
        return true;
    log_info("%s", err->why);
    *err = of_start;
    return false;
}

/* One that has ended of a configuration with which it could not go on may still begin with it anew: what was in its
 * way, memory or an address, was its own. Where somebody looks, he decides. */
static bool begin_anew(const struct web_server *server, bool looked_at, struct error *err)
{
    AUTO(init_service_clear) struct init_service service = { 0 };

    if (looked_at)
        return error_set(err, ERROR_PLUGIN, "%s has ended as it read its configuration", server->name);
    init_service_find(server->root != NULL ? server->root : "", server->unit, server->service, &service);
    return start(server, &service, err);
}

/* To the end: the server has read its configuration. */
static bool reload_to_the_end(const struct web_server *server, bool looked_at, struct error *err)
{
    struct resuming before = resuming_note(server);

    TRY(reload(server, err));
    if (resuming_wait(server, &before))
        return true;
    before.running = false;
    TRY(begin_anew(server, looked_at, err));
    return resuming_wait(server, &before);
}

bool web_reload(const struct web_server *server, struct web_log *log, struct error *err)
{
    AUTO(web_log_clear) struct web_log own = { 0 };

    web_log_mark(&own, server->error_log);
    if (log != NULL)
        web_log_mark(log, server->error_log);
    if (reload_to_the_end(server, log != NULL, err))
        return true;
    if (!is_canceled(err))
        (void)web_log_tell(&own, server->name, err);
    return error_in(err, "%s was not reloaded", server->name);
}
