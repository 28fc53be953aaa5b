#include "nginx/server.h"

#include <string.h>

#include "base/child.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/reading.h"
#include "base/text.h"
#include "config/settings.h"
#include "nginx/live_challenges.h"
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

/* ---- what the clerk does ---- */

static bool clerks_recover(void *self, struct error *err)
{
    struct nginx_server *server = self;

    return web_recover(&server->service, err);
}

static bool clerks_keeps_lock(void *self)
{
    return nginx_challenges_are_live(self);
}

static bool clerks_owes(void *self)
{
    const struct nginx_server *server = self;

    return web_has_to_tell(&server->service);
}

static bool clerks_settle(void *self, struct error *err)
{
    const struct nginx_server *server = self;

    return web_tell(&server->service, err);
}

struct part { /* plans of one kind, and where each of them stands among all */
    void **plans;
    struct error **each;
    size_t *from;
    size_t count;
};

static struct part part_of(void *const *plans, size_t count, enum nginx_plan_kind kind)
{
    struct part part = { xcalloc(count + 1, sizeof(void *)), xcalloc(count + 1, sizeof(struct error *)),
        xcalloc(count + 1, sizeof(size_t)), 0 };

    for (size_t i = 0; i < count; i++) {
        if (((const struct nginx_plan *)plans[i])->kind != kind)
            continue;
        part.from[part.count] = i;
        part.plans[part.count++] = plans[i];
    }
    return part;
}

/* Those that failed say so for themselves: the others of the group are not concerned. */
static void end_part(struct part *part, bool ok, const struct error *err, struct error **each)
{
    for (size_t i = 0; i < part->count; i++) {
        if (!ok && part->each[i] == NULL)
            part->each[i] = error_dup(err);
        each[part->from[i]] = part->each[i];
    }
    free(part->plans);
    free(part->each);
    free(part->from);
}

static bool commit_installs(
    struct nginx_server *server, void *const *plans, size_t count, struct error **each, struct error *err)
{
    struct error again = { 0 };
    bool ok;

    TRY(nginx_challenges_suspend(server, err));
    ok = nginx_commit_installs(server, plans, count, each, err);
    if (!nginx_challenges_resume(server, &again))
        log_warning("nginx does not answer the challenges of other certificates any more: %s", again.why);
    return ok;
}

static bool clerks_commit(void *self, void *const *plans, size_t count, struct error **each, struct error *err)
{
    struct part installs = part_of(plans, count, NGINX_PLAN_INSTALL);
    struct part challenges = part_of(plans, count, NGINX_PLAN_CHALLENGE);
    size_t install_count = installs.count, challenge_count = challenges.count;
    bool ok = true;

    if (challenge_count == 0) {
        ok = commit_installs(self, plans, count, each, err);
        installs.count = 0;
    } else if (install_count == 0) {
        ok = nginx_commit_challenges(self, plans, count, each, err);
        challenges.count = 0;
    } else {
        bool installed = commit_installs(self, installs.plans, install_count, installs.each, err);

        end_part(&installs, installed, err, each);
        error_clear(err);
        ok = nginx_commit_challenges(self, challenges.plans, challenge_count, challenges.each, err);
        end_part(&challenges, ok, err, each);
        error_clear(err);
        return true;
    }
    end_part(&installs, true, NULL, each);
    end_part(&challenges, true, NULL, each);
    return ok;
}

static const struct clerk_work work = {
    .recover = clerks_recover,
    .commit = clerks_commit,
    .keeps_lock = clerks_keeps_lock,
    .owes = clerks_owes,
    .settle = clerks_settle,
};

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
    server->service = (struct web_service){
        .server = &server->web,
        .work_dir = server->settings->work_dir,
        .voice = server->settings->voice,
        .calls = &nginx_calls,
    };
}

static void server_free(struct nginx_server *server)
{
    clerk_free(server->clerk);
    nginx_challenges_free(server->challenges);
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
    if (!find_program(server, err) || !find_configuration(server, err)) {
        server_free(server);
        return false;
    }
    set_argv(server);
    id.dir = server->root;
    id.key = server->conf_path;
    server->clerk = clerk_new(&id, timeout_s, &work, server);
    *shared = server;
    return true;
}

static void end(void *shared)
{
    server_free(shared);
}

const struct plugin_share nginx_share = { .key = share_key, .make = make, .end = end };

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

/* Where its process is told, and where it complains; and whether the system's service runs this configuration. */
static void find_places(struct nginx_server *server, const struct nginx_conf *conf, struct view output)
{
    AUTO(free)
    char *prefix = configured(output, "prefix"), *pid = configured(output, "pid-path"),
         *main = configured(output, "conf-path"), *log = configured(output, "error-log-path");

    server->pid_file = path_at_top(conf, "pid", prefix);
    if (server->pid_file == NULL && pid[0] == '/')
        server->pid_file = xstrdup(pid);
    server->error_log = path_at_top(conf, "error_log", prefix);
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

    TRY(web_run(&server->web, server->version_argv, &result, err));
    buf_put(output, buf_view(&result.err)); /* where it says it */
    buf_put(output, buf_view(&result.out));
    nginx_facts_read(buf_view(output), &server->facts);
    return nginx_facts_check(&server->facts, err);
}

static bool keep_files(const struct nginx_server *server, struct error *err)
{
    struct managed_facts facts = managed_facts_nginx(server->facts.version, server->facts.openssl);
    const char *dir = server->settings->config_dir;

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

bool nginx_prepare_rollback(struct nginx_server *server, struct error *err)
{
    MUTEX_HOLD(&server->lock);
    AUTO(buf_clear) struct buf output = BUF(FILE_MAX_TEXT);

    if (server->prepared)
        return true;
    TRY(ask_version(server, &output, err));
    find_places_of_broken(server, buf_view(&output));
    return true;
}

bool nginx_prepare(struct nginx_server *server, struct error *err)
{
    MUTEX_HOLD(&server->lock);

    if (server->prepared)
        return true;
    if (web_is_unfinished(&server->service))
        TRY(clerk_call(server->clerk, NULL, NULL, err));
    TRY(prepare_once(server, err));
    server->prepared = true;
    return true;
}
