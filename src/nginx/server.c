#include "nginx/server.h"

#include <string.h>

#include "base/child.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/reading.h"
#include "base/text.h"
#include "config/settings.h"
#include "nginx/workers.h"

static char *root_of(const struct settings *settings)
{
    return file_absolute(settings->nginx_server_root);
}

static char *share_key(const struct plugin *plugin, const struct settings *settings)
{
    AUTO(free) char *root = root_of(settings);

    return xprintf(
        "%s\n%s\n%s\n%d\n%d", plugin->name, root, settings->nginx_ctl, settings->http_01_port, settings->https_port);
}

/* ---- making it ---- */

/* Returns once new workers have taken over, where that can be seen. */
static bool reload(const struct web_server *web, struct web_log *log, struct error *err)
{
    AUTO(nginx_workers_clear) struct nginx_workers workers = { 0 };

    nginx_workers_note(web->pid_file, &workers);
    TRY(web_reload(web, log, err));
    nginx_workers_wait(&workers, log);
    if (workers.master != 0 && !web_is_running(web)) {
        (void)error_set(err, ERROR_PLUGIN, "nginx has ended instead of reading its configuration again");
        return web->error_log != NULL ? error_next(err, "see its log, %s", web->error_log) : false;
    }
    return true;
}

static const struct web_calls nginx_calls = { .test = web_test, .reload = reload, .verify = web_verify };

/* The words of its programs; all borrowed of the server. */
static void set_argv(struct nginx_server *server)
{
    static char conf[] = "-c", test[] = "-t", version[] = "-V", signal[] = "-s", reload[] = "reload";
    char *const start_words[] = { server->program, conf, server->conf_path, NULL };

    memcpy(server->start_argv, start_words, sizeof start_words);
    memcpy(server->test_argv, start_words, sizeof start_words);
    memcpy(server->version_argv, start_words, sizeof start_words);
    memcpy(server->reload_argv, start_words, sizeof start_words);
    server->test_argv[3] = test;
    server->version_argv[3] = version;
    server->reload_argv[3] = signal;
    server->reload_argv[4] = reload;
    server->web = (struct web_server){
        .name = "nginx",
        .test = server->test_argv,
        .reload = server->reload_argv,
        .start = server->start_argv,
        .start_log = server->start_log,
    };
    server->plugin.service = (struct web_service){
        .server = &server->web,
        .work_dir = server->settings->work_dir,
        .voice = server->settings->voice,
        .calls = &nginx_calls,
    };
}

static void server_free(struct nginx_server *server)
{
    clerk_free(server->plugin.clerk);
    web_live_clear(&server->plugin.live);
    nginx_reading_clear(&server->kept);
    free(server->conf_path);
    free(server->root);
    free(server->program);
    free(server->pid_file);
    free(server->error_log);
    free(server->start_log);
    settings_free(server->settings);
    mutex_destroy(&server->lock);
    free(server);
}

static bool find_program(struct nginx_server *server, struct error *err)
{
    if (web_program_find(
            server->settings->nginx_ctl, server->settings->voice->refuses_shared_code, &server->program, err))
        return true;
    return error_next_default(err, "Install nginx, or name its program with --nginx-ctl");
}

static bool find_configuration(const struct nginx_server *server, struct error *err)
{
    if (file_exists(server->conf_path))
        return true;
    (void)error_set(err, ERROR_PLUGIN, "there is no %s", server->conf_path);
    return error_next(err, "Name the directory of nginx's configuration with --nginx-server-root");
}

/* ---- its configuration ---- */

static bool read_changed(void *arg, const char *path, struct view *text, struct stat *st, struct error *err)
{
    return changes_read_from(arg, path, text, st, err);
}

static bool read_anew(const struct nginx_server *server, struct nginx_reading *out, struct error *err)
{
    struct nginx_reader reader = { .read = read_changed };

    out->changes = reader.arg = changes_new();
    TRY(nginx_conf_load(server->conf_path, &reader, &out->conf, err));
    for (size_t i = 0; i < out->conf->count; i++)
        if (out->conf->files[i]->problem != NULL)
            log_warning("%s is not looked at: %s", out->conf->files[i]->path, out->conf->files[i]->problem);
    return true;
}

void nginx_reading_clear(struct nginx_reading *reading)
{
    nginx_conf_free(reading->conf);
    changes_free(reading->changes);
    *reading = (struct nginx_reading){ 0 };
}

static struct nginx_reading take_kept(struct nginx_server *server)
{
    MUTEX_HOLD(&server->lock);
    struct nginx_reading kept = server->kept;

    server->kept = (struct nginx_reading){ 0 };
    return kept;
}

void nginx_keep(struct nginx_server *server, struct nginx_reading *reading)
{
    MUTEX_HOLD(&server->lock);

    nginx_reading_clear(&server->kept);
    server->kept = *reading;
    *reading = (struct nginx_reading){ 0 };
}

bool nginx_read(struct nginx_server *server, struct nginx_reading *out, struct error *err)
{
    *out = take_kept(server);
    if (out->conf != NULL && nginx_conf_is_current(out->conf))
        return true;
    nginx_reading_clear(out);
    return read_anew(server, out, err);
}

bool nginx_is_tested(const struct nginx_server *server, const struct nginx_reading *reading)
{
    return nginx_conf_stamp(reading->conf) == server->tested;
}

/* ---- once in a run ---- */

/* The value of a directive at the top, as an absolute path; NULL: none, or no file. */
static char *path_at_top(const struct nginx_conf *conf, const char *name, const char *prefix)
{
    struct nginx_walk walk = nginx_walk_main(conf);
    const struct nginx_node *node;
    const char *found = NULL;

    while ((node = nginx_walk_next(&walk)) != NULL)
        if (nginx_is(node, name))
            found = nginx_word(node, 1);
    if (found == NULL || strcmp(found, "stderr") == 0 || text_starts(found, "syslog:") || text_starts(found, "memory:"))
        return NULL;
    return found[0] == '/' ? xstrdup(found) : file_join(prefix, found);
}

/* The value of "--NAME=" in the output of `nginx -V`, "" when it is not there; of the caller's. */
static char *configured(struct view output, const char *name)
{
    AUTO(free) char *text = view_dup(output), *key = xprintf("--%s=", name);
    const char *found = strstr(text, key);

    return found != NULL ? xstrndup(found + strlen(key), strcspn(found + strlen(key), " \n'")) : xstrdup("");
}

static void set(char **place, char *found)
{
    free(*place);
    *place = found;
}

/* Where its process is told, and where it complains; and whether the system's service runs this configuration. */
static void find_places(struct nginx_server *server, const struct nginx_conf *conf, struct view output)
{
    AUTO(free)
    char *prefix = configured(output, "prefix"), *pid = configured(output, "pid-path"),
         *main = configured(output, "conf-path"), *log = configured(output, "error-log-path");

    set(&server->pid_file, path_at_top(conf, "pid", prefix));
    if (server->pid_file == NULL && pid[0] == '/')
        server->pid_file = xstrdup(pid);
    set(&server->error_log, path_at_top(conf, "error_log", prefix));
    if (server->error_log == NULL && log[0] == '/')
        server->error_log = xstrdup(log);
    server->web.pid_file = server->pid_file;
    server->web.error_log = server->error_log;
    if (strcmp(main, server->conf_path) == 0) {
        server->web.unit = "nginx.service";
        server->web.service = "nginx";
    }
}

static bool ask_version(struct nginx_server *server, struct buf *output, struct error *err)
{
    AUTO(child_result_clear) struct child_result result = { 0 };

    TRY(web_run(&server->web, server->version_argv, WEB_RUN_MS, &result, err));
    buf_put(output, buf_view(&result.err)); /* where it says it */
    buf_put(output, buf_view(&result.out));
    nginx_facts_read(buf_view(output), &server->facts);
    return nginx_facts_check(&server->facts, err);
}

static bool keep_files(const struct nginx_server *server, struct error *err)
{
    struct managed_facts facts = managed_facts_nginx(server->facts.version, server->facts.openssl);
    const char *dir = server->settings->config_dir;

    if (server->settings->dry_run) /* it installs nothing */
        return true;
    return managed_file_keep(dir, MANAGED_OPTIONS_NGINX, &facts, err) &&
           managed_file_keep(dir, MANAGED_DHPARAMS, &facts, err);
}

static bool prepare_once(struct nginx_server *server, struct error *err)
{
    AUTO(nginx_reading_clear) struct nginx_reading reading = { 0 };
    AUTO(buf_clear) struct buf output = BUF(FILE_MAX_TEXT);
    bool passed;

    TRY(ask_version(server, &output, err) && read_anew(server, &reading, err));
    find_places(server, reading.conf, buf_view(&output));
    reading_begin();
    passed = web_test(&server->web, err);
    reading_end();
    TRY(passed && keep_files(server, err));
    server->tested = nginx_conf_stamp(reading.conf);
    server->kept = reading;
    reading = (struct nginx_reading){ 0 };
    return true;
}

/* Where the process is, is not known from a configuration that cannot be read. */
static void find_places_of_broken(struct nginx_server *server, struct view output)
{
    AUTO(nginx_reading_clear) struct nginx_reading reading = { 0 };
    struct error ignored = { 0 };
    bool broken = !read_anew(server, &reading, &ignored);

    for (size_t i = 0; !broken && i < reading.conf->count; i++)
        broken = reading.conf->files[i]->problem != NULL;
    if (!broken)
        find_places(server, reading.conf, output);
}

static bool prepare_rollback(void *self, struct error *err)
{
    struct nginx_server *server = self;
    AUTO(buf_clear) struct buf output = BUF(FILE_MAX_TEXT);
    MUTEX_HOLD(&server->lock);

    if (server->prepared)
        return true;
    TRY(ask_version(server, &output, err));
    find_places_of_broken(server, buf_view(&output));
    return true;
}

static void locate(void *self)
{
    struct error unanswered = { 0 };

    if (!prepare_rollback(self, &unanswered))
        log_debug("%s", unanswered.why);
}

static bool is_prepared(struct nginx_server *server)
{
    MUTEX_HOLD(&server->lock);
    return server->prepared;
}

/* Program found, version fit, configuration test passed, TLS files in the config dir up to date. ERROR_PLUGIN. */
static bool prepare(void *self, struct error *err)
{
    struct nginx_server *server = self;

    TRY(is_prepared(server) || web_plugin_recover(&server->plugin, err)); /* its test may refuse what was left */
    MUTEX_HOLD(&server->lock);
    if (!server->prepared)
        server->prepared = prepare_once(server, err);
    return server->prepared;
}

static int64_t answer_ms(const struct settings *settings)
{
    int64_t wanted_ms = (int64_t)settings->nginx_sleep_s * 1000;

    return wanted_ms < WEB_ANSWER_MS ? WEB_ANSWER_MS : wanted_ms;
}

static const struct web_kind kind = {
    .prepare = prepare,
    .prepare_rollback = prepare_rollback,
    .locate = locate,
    .install = nginx_install,
    .answer = nginx_answer,
    .host = nginx_host,
    .answer_ms = answer_ms,
};

/* ---- shared by a run ---- */

static bool make(const struct plugin_context *context, void **shared, struct error *err)
{
    const struct settings *settings = context->settings;
    int timeout_s = SETTING_IS_SET(settings, lock_timeout_s) ? settings->lock_timeout_s : -1;
    struct nginx_server *server = xcalloc(1, sizeof *server);
    struct server_id id = { .name = "the nginx server", .work_dir = settings->work_dir };

    mutex_init(&server->lock);
    server->settings = settings_dup(settings);
    server->root = root_of(settings);
    server->conf_path = file_join(server->root, "nginx.conf");
    server->start_log = file_join(settings->logs_dir, "nginx-start.log");
    server->net = context->when_needed;
    server->plugin.kind = &kind;
    if (!find_program(server, err) || !find_configuration(server, err)) {
        server_free(server);
        return false;
    }
    set_argv(server);
    id.dir = server->root;
    id.key = server->conf_path;
    server->plugin.clerk = clerk_new(&id, timeout_s, &web_clerk_work, server);
    *shared = server;
    return true;
}

static void end(void *shared)
{
    server_free(shared);
}

const struct plugin_share nginx_share = { .key = share_key, .make = make, .end = end };
