#include "apache/server.h"

#include "base/child.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/settings.h"
#include "web/managed_file.h"

#define LONG_MS 5000 /* that a server may take to say what it is before we look what keeps it */

char *apache_server_key(const struct plugin *plugin, const struct settings *settings)
{
    AUTO(buf_clear) struct buf os = BUF(FILE_MAX_TEXT);
    AUTO(apache_layout_clear) struct apache_layout layout = { 0 };

    (void)plugin;
    apache_os_release(&os);
    apache_layout_choose(buf_view(&os), settings, &layout);
    return xprintf("apache %s %s %s %s %d %d", layout.root, layout.control,
        layout.new_dir != NULL ? layout.new_dir : "", settings->config_dir, settings->http_01_port,
        settings->https_port);
}

bool apache_server_is_here(const struct settings *settings)
{
    AUTO(buf_clear) struct buf os = BUF(FILE_MAX_TEXT);
    AUTO(apache_layout_clear) struct apache_layout layout = { 0 };
    AUTO(free) char *control = NULL;
    struct error err = { 0 };

    apache_os_release(&os);
    apache_layout_choose(buf_view(&os), settings, &layout);
    return web_program_find(layout.control, false, &control, &err);
}

/* ---- its programs ---- */

static void set_command(struct list *command, const char *program, const char *const *words)
{
    list_add(command, program);
    for (; *words != NULL; words++)
        list_add(command, *words);
}

/* The -D words that the server is started with where its control script does not add them. */
static void add_defines(const struct apache_layout *layout, struct list *command)
{
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);
    AUTO(list_clear) struct list defines = { 0 };
    struct error err = { 0 };

    if (layout->options_file == NULL || layout->server == NULL || !file_read(layout->options_file, &text, &err))
        return;
    apache_options_read(buf_view(&text), layout->options_key, &defines);
    for (size_t i = 0; i < defines.len; i++) {
        list_add(command, "-D");
        list_add(command, defines.at[i]);
    }
}

/* The words of a command, ended by NULL; they stay the list's. */
static char **argv_of(const struct list *command)
{
    char **argv = xcalloc(command->len + 1, sizeof *argv);

    memcpy(argv, command->at, command->len * sizeof *argv);
    return argv;
}

static bool find_programs(struct apache_server *server, struct error *err)
{
    static const char *const test[] = { "configtest", NULL }, *const reload[] = { "graceful", NULL },
                             *const restart[] = { "restart", NULL }, *const version[] = { "-v", NULL },
                             *const dump[] = { "-t", "-D", "DUMP_RUN_CFG", "-D", "DUMP_MODULES", NULL };
    const struct apache_layout *layout = &server->layout;
    bool refuse = server->settings->voice->refuses_shared_code;
    AUTO(free) char *control = NULL, *binary = NULL;

    if (!web_program_find(layout->control, refuse, &control, err))
        return err->sys == 0 ? false : error_next_default(err, "install Apache, or name its program with --apache-ctl");
    TRY(layout->server == NULL || web_program_find(layout->server, refuse, &binary, err));
    set_command(&server->test, control, test);
    set_command(&server->reload, control, reload);
    set_command(&server->restart, control, restart);
    set_command(&server->version, binary != NULL ? binary : control, version);
    set_command(&server->dump, binary != NULL ? binary : control, dump);
    add_defines(layout, &server->dump);
    return true;
}

/* Directories whose files count though nothing includes them. */
static void find_beside(struct apache_server *server)
{
    const struct apache_layout *layout = &server->layout;

    if (layout->new_dir != NULL && file_is_dir(layout->new_dir))
        list_add(&server->beside, layout->new_dir);
    if (layout->vhosts_read && file_is_dir(layout->vhost_dir))
        list_add(&server->beside, layout->vhost_dir);
}

static void set_control(struct apache_server *server)
{
    server->test_argv = argv_of(&server->test);
    server->reload_argv = argv_of(&server->reload);
    server->restart_argv = argv_of(&server->restart);
    server->control = (struct web_server){
        .name = "Apache",
        .test = server->test_argv,
        .reload = server->reload_argv,
        .reload_too = server->layout.restart != NULL ? server->restart_argv : NULL,
        .may_end = true,
        .start = server->reload_argv, /* starts a server that is stopped, too */
        .unit = server->layout.unit,
    };
    server->plugin.service = (struct web_service){
        .server = &server->control,
        .voice = server->settings->voice,
        .work_dir = server->settings->work_dir,
    };
}

bool apache_server_new(
    const struct settings *settings, const struct web_kind *kind, struct apache_server **out, struct error *err)
{
    AUTO(buf_clear) struct buf os = BUF(FILE_MAX_TEXT);
    AUTO(apache_server_free) struct apache_server *server = xcalloc(1, sizeof *server);
    int timeout_s = SETTING_IS_SET(settings, lock_timeout_s) ? settings->lock_timeout_s : -1;
    struct server_id id;

    mutex_init(&server->lock);
    server->plugin.kind = kind;
    server->settings = settings_dup(settings);
    apache_os_release(&os);
    apache_layout_choose(buf_view(&os), settings, &server->layout);
    TRY(apache_layout_find(&server->layout, err) && find_programs(server, err));
    set_control(server);
    find_beside(server);
    id = (struct server_id){ server->layout.root, server->layout.root, "the Apache server", settings->work_dir };
    server->plugin.clerk = clerk_new(&id, timeout_s, &web_clerk_work, server);
    *out = TAKE(server);
    return true;
}

void apache_server_free(struct apache_server *server)
{
    struct list *commands[] = { &server->test, &server->reload, &server->restart, &server->dump, &server->version,
        &server->beside };

    clerk_free(server->plugin.clerk);
    web_live_clear(&server->plugin.live);
    for (size_t i = 0; i < COUNT(commands); i++)
        list_clear(commands[i]);
    free(server->test_argv);
    free(server->reload_argv);
    free(server->restart_argv);
    free(server->pid_file);
    free(server->error_log);
    apache_layout_clear(&server->layout);
    apache_facts_clear(&server->facts);
    settings_free(server->settings);
    free(server);
}

/* ---- what it says ---- */

static bool ask(const struct apache_server *server, const struct list *command, int64_t limit_ms,
    struct apache_facts *facts, struct error *err)
{
    AUTO(child_result_clear) struct child_result result = { 0 };
    AUTO(free) char **argv = argv_of(command);
    AUTO(free) char *said = NULL;

    TRY(web_run(&server->control, argv, limit_ms, &result, err));
    if (result.status != 0) {
        said = text_printable_dup(view_trim(buf_view(&result.err)), 2048, false);
        return error_set(err, ERROR_PLUGIN, "%s %s failed: %s", command->at[0], command->at[1], said);
    }
    if (!apache_facts_read(facts, buf_view(&result.out)))
        return error_set(err, ERROR_PLUGIN, "%s %s says nothing of the server", command->at[0], command->at[1]);
    return true;
}

/* The variables that Debian's control script sets for the server: ${APACHE_LOG_DIR} and so on. */
static void read_environment(const struct apache_server *server, struct apache_facts *facts)
{
    AUTO(free) char *path = file_join(server->layout.root, "envvars");
    AUTO(buf_clear) struct buf script = BUF(FILE_MAX_TEXT);
    struct error err = { 0 };

    if (file_exists(path) && file_read(path, &script, &err))
        apache_facts_read_environment(facts, buf_view(&script));
}

static bool check_version(const struct apache_server *server, const struct apache_facts *facts, struct error *err)
{
    const unsigned *version = facts->version;

    if (version[0] == 0)
        return error_set(err, ERROR_PLUGIN, "Unable to find Apache version with %s -v", server->version.at[0]);
    if (version[0] > 2 || (version[0] == 2 && version[1] >= 4))
        return true;
    return error_set(err, ERROR_PLUGIN, "Apache Version %u.%u.%u not supported; 2.4 is the oldest that is", version[0],
        version[1], version[2]);
}

/* Without what the server says of itself: what it includes on conditions may be missing. */
static bool look_for_fifo(const struct apache_server *server, struct error *err)
{
    AUTO(apache_facts_clear) struct apache_facts nothing = { 0 };
    AUTO(apache_conf_free) struct apache_conf *conf = NULL;
    struct error failure = { 0 };

    read_environment(server, &nothing);
    if (apache_server_load(server, &nothing, &conf, &failure) || failure.sys != APACHE_FIFO)
        return true;
    *err = failure;
    return false;
}

/* Its programs wait as long as they may where it includes a FIFO: so where the first one takes long, we look. */
static bool ask_first(const struct apache_server *server, struct apache_facts *facts, struct error *err)
{
    int64_t until = clock_monotonic_ms() + LONG_MS;

    if (ask(server, &server->dump, LONG_MS, facts, err))
        return true;
    if (err->kind == ERROR_CANCELED || clock_monotonic_ms() < until)
        return false;
    TRY(look_for_fifo(server, err));
    error_clear(err);
    return ask(server, &server->dump, WEB_RUN_MS, facts, err);
}

/* Where it does not answer, its configuration test says why in fewer words. Under the lock. */
static bool ask_anew(struct apache_server *server, struct error *err)
{
    AUTO(apache_facts_clear) struct apache_facts facts = { 0 };

    if (!ask_first(server, &facts, err)) {
        struct error why = *err;

        if (err->kind == ERROR_CANCELED || err->sys == APACHE_FIFO)
            return false;
        error_clear(err);
        TRY(web_test(&server->control, err));
        *err = why;
        return false;
    }
    TRY(ask(server, &server->version, WEB_RUN_MS, &facts, err) && check_version(server, &facts, err));
    read_environment(server, &facts);
    apache_facts_clear(&server->facts);
    server->facts = facts;
    facts = (struct apache_facts){ 0 };
    server->asked_at = clock_monotonic_ms();
    return true;
}

static struct apache_facts facts_dup(const struct apache_facts *facts)
{
    struct apache_facts copy = *facts;

    copy.server_root = xstrdup_or_null(facts->server_root);
    copy.pid_file = xstrdup_or_null(facts->pid_file);
    copy.error_log = xstrdup_or_null(facts->error_log);
    copy.user = xstrdup_or_null(facts->user);
    copy.group = xstrdup_or_null(facts->group);
    copy.defines = list_dup(&facts->defines);
    copy.modules = list_dup(&facts->modules);
    copy.built_in = list_dup(&facts->built_in);
    copy.environment = list_dup(&facts->environment);
    return copy;
}

bool apache_server_ask(struct apache_server *server, int64_t max_age_ms, struct apache_facts *out, struct error *err)
{
    MUTEX_HOLD(&server->lock);

    if (server->asked_at == 0 || clock_monotonic_ms() - server->asked_at > max_age_ms)
        TRY(ask_anew(server, err));
    *out = facts_dup(&server->facts);
    return true;
}

void apache_server_forget(struct apache_server *server)
{
    MUTEX_HOLD(&server->lock);
    server->asked_at = 0;
}

char *apache_server_options_file(const struct apache_server *server)
{
    return managed_file_path(server->settings->config_dir, MANAGED_OPTIONS_APACHE);
}

/* Which OpenSSL mod_ssl has is not asked: before the first certificate it is not loaded, and the text must not change
 * from run to run. */
static bool keep_options_file(const struct apache_server *server, const struct apache_facts *facts, struct error *err)
{
    unsigned version = facts->version[0] * 1000000 + facts->version[1] * 1000 + facts->version[2];
    struct managed_facts managed = managed_facts_apache(version, 0);

    return server->settings->dry_run || /* it installs nothing */
           managed_file_keep(server->settings->config_dir, MANAGED_OPTIONS_APACHE, &managed, err);
}

/* Of the facts. */
static void find_places(struct apache_server *server)
{
    xreplace(&server->pid_file, server->facts.pid_file);
    xreplace(&server->error_log, server->facts.error_log);
    server->control.pid_file = server->pid_file;
    server->control.error_log = server->error_log;
}

/* Under the lock. */
static bool prepare(struct apache_server *server, struct error *err)
{
    TRY(ask_anew(server, err));
    find_places(server);
    return keep_options_file(server, &server->facts, err);
}

static bool is_prepared(struct apache_server *server)
{
    MUTEX_HOLD(&server->lock);
    return server->prepared;
}

bool apache_server_prepare(void *self, struct error *err)
{
    struct apache_server *server = self;

    TRY(is_prepared(server) || web_plugin_recover(&server->plugin, err)); /* its test may refuse what was left */
    MUTEX_HOLD(&server->lock);
    if (!server->prepared)
        server->prepared = prepare(server, err);
    return server->prepared;
}

/* What it says is of a configuration that is about to change. */
void apache_server_locate(void *self)
{
    struct apache_server *server = self;
    struct error unanswered = { 0 };
    MUTEX_HOLD(&server->lock);

    if (server->prepared)
        return;
    if (ask_anew(server, &unanswered))
        find_places(server);
    else
        log_debug("%s", unanswered.why);
    server->asked_at = 0;
}

bool apache_server_prepare_rollback(void *self, struct error *err)
{
    (void)err;
    apache_server_locate(self);
    return true;
}

/* ---- its configuration ---- */

bool apache_server_load(
    const struct apache_server *server, const struct apache_facts *facts, struct apache_conf **out, struct error *err)
{
    struct apache_source source = {
        .main_file = server->layout.main_file,
        .facts = facts,
        .beside = &server->beside,
        .beside_pattern = server->layout.vhost_glob,
    };

    return apache_conf_load(&source, out, err);
}
