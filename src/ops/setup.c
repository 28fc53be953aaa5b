#include "ops/setup.h"

#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "typed/names.h"
#include "lifecycle/install.h"
#include "ops/scheduled.h"
#include "ops/settings_file.h"

#define SERVERS_MAX 8

struct scene {                                 /* what set-up works with */
    struct context context;                    /* as the caller's, with settings of its own */
    struct settings *settings;                 /* the same, to be changed */
    const struct plugin *servers[SERVERS_MAX]; /* web servers that can be told; those that run first */
    size_t running;                            /* so many of them do */
    size_t server_count;
};

static void scene_clear_at(struct scene *scene)
{
    settings_free(scene->settings);
}

/* ---- what is here ---- */

static bool is_told_already(const struct settings *settings)
{
    return settings->authenticator != NULL || settings->installer != NULL || settings->csr_path != NULL;
}

/* By name, but one that is stopped behind those that run: it is rarely the one that is meant. */
static void add_server(struct scene *scene, const struct plugin *plugin, bool runs)
{
    size_t at = runs ? scene->running++ : scene->server_count;

    memmove(&scene->servers[at + 1], &scene->servers[at], (scene->server_count - at) * sizeof *scene->servers);
    scene->servers[at] = plugin;
    scene->server_count++;
}

/* The web servers whose configuration can be read and passes its own test. One that cannot is told of: it may be the
 * one that is meant. */
static void find_servers(struct scene *scene)
{
    struct ui *ui = scene->context.ui;

    for (const struct plugin *const *at = plugins; *at != NULL; at++) {
        const struct plugin *plugin = *at;
        struct error why = { 0 };
        bool runs = false;

        if (plugin->installer == NULL || plugin->hidden || plugin->is_here == NULL ||
            !plugin->is_here(scene->settings) || scene->server_count == SERVERS_MAX)
            continue;
        if (installer_check(&scene->context, plugin, &runs, &why)) {
            ui_say(ui, "  %s: found%s", plugin->name, runs ? "" : ", but it is stopped");
            add_server(scene, plugin, runs);
        } else {
            ui_say(ui, "  %s: found, but it cannot be used: %s", plugin->name, why.why);
        }
    }
    if (scene->server_count == 0)
        ui_say(ui, "  no web server that could be set up");
}

/* ---- questions ---- */

static void choose_plugin(struct scene *scene, const char *authenticator, const char *installer)
{
    xreplace(&scene->settings->authenticator, authenticator);
    SETTING_MARK(scene->settings, authenticator, ORIGIN_RUNTIME);
    if (installer == NULL)
        return;
    xreplace(&scene->settings->installer, installer);
    SETTING_MARK(scene->settings, installer, ORIGIN_RUNTIME);
}

/* With none there, who proves control is asked by the command that obtains, or, with nobody to ask, a server of our
 * own proves it. */
static bool choose_server(struct scene *scene, struct error *err)
{
    struct question question = { .text = "Which web server is to get the certificate?", .has_default = true };
    AUTO(list_clear) struct list names = { 0 };
    size_t chosen = 0;

    if (scene->server_count == 0) {
        if (!ui_may_ask(scene->context.ui))
            choose_plugin(scene, "standalone", NULL);
        return true;
    }
    for (size_t i = 0; i < scene->server_count; i++)
        list_add(&names, scene->servers[i]->name);
    if (names.len > 1)
        TRY(ui_menu(scene->context.ui, &question, &names, 0, &chosen, err));
    choose_plugin(scene, names.at[chosen], names.at[chosen]);
    return true;
}

/* With nobody to ask, all names that the server has sites for. */
static bool propose_names(struct scene *scene, struct error *err)
{
    struct settings *settings = scene->settings;
    AUTO(list_clear) struct list offered = { 0 };

    if (settings->domains.len > 0 || settings->ip_addresses.len > 0 || settings->ip_auto ||
        ui_may_ask(scene->context.ui))
        return true;
    if (settings->installer != NULL)
        TRY(installer_names(&scene->context, &offered, err));
    for (size_t i = 0; i < offered.len; i++)
        list_add(&settings->domains, offered.at[i]);
    if (offered.len == 0) {
        (void)error_set(err, ERROR_CONFIG, "no name is known that the certificate could be for");
        return error_next(err, "give the names with -d, or addresses with --ip-address");
    }
    SETTING_MARK(settings, domains, ORIGIN_RUNTIME);
    return true;
}

/* Until it is one that a CA takes, or none. */
static bool ask_address(struct scene *scene, char **out, struct error *err)
{
    struct question question = {
        .text = "E-mail address for alarms, and for the CA (empty: none)", .has_default = true, .forced = true
    };

    for (;;) {
        AUTO(free) char *answer = NULL;
        struct error wrong = { 0 };

        TRY(ui_text(scene->context.ui, &question, "", &answer, err));
        if (!text_is_given(answer) || email_check(answer, scene->context.voice->holds_email_to_rules, &wrong)) {
            *out = TAKE(answer);
            return true;
        }
        ui_say(scene->context.ui, "%s", wrong.why);
    }
}

static bool ask_email(struct scene *scene, struct error *err)
{
    struct settings *settings = scene->settings;
    AUTO(free) char *answer = NULL;

    if (settings->email != NULL || settings->register_without_email)
        return true;
    if (ui_may_ask(scene->context.ui))
        TRY(ask_address(scene, &answer, err));
    if (!text_is_given(answer)) {
        settings->register_without_email = true;
        return true;
    }
    xreplace(&settings->email, answer);
    SETTING_MARK(settings, email, ORIGIN_RUNTIME);
    return true;
}

/* ---- the work ---- */

/* By the command, as the user would call it. */
static bool have(const struct setup_way *way, struct scene *scene, struct error *err)
{
    struct verb verb = *way->verb;
    const struct verb *before = scene->context.verb;
    bool ok;

    verb.traits |= VERB_SCHEDULES;
    scene->context.verb = &verb;
    ok = way->run(&scene->context, err);
    scene->context.verb = before;
    return ok;
}

static bool get_certificate(struct scene *scene, const struct setup_ways *ways, struct error *err)
{
    scene->settings->keep = true; /* done again, it obtains nothing again */
    return have(scene->settings->installer != NULL ? &ways->install : &ways->obtain, scene, err);
}

/* What renews later knows the directories and files of settings alone, and takes nothing else. */
static struct settings *settings_of_schedule(const struct settings *from)
{
    struct settings *settings = settings_new(from->voice);

    xreplace(&settings->config_dir, from->config_dir);
    xreplace(&settings->work_dir, from->work_dir);
    xreplace(&settings->logs_dir, from->logs_dir);
    xreplace(&settings->schedule_root, from->schedule_root);
    settings->config_files = list_dup(&from->config_files);
    list_add(&settings->operands, "install");
    return settings;
}

/* Its failure leaves the certificate, which is obtained by now: it is told, with what to do. */
static void schedule_renewals(struct scene *scene, const struct setup_way *way)
{
    AUTO(settings_free) struct settings *settings = settings_of_schedule(scene->settings);
    AUTO(free) char *where = NULL;
    struct scene own = { .context = scene->context, .settings = settings };
    struct error why = { 0 };

    own.context.settings = settings;
    ui_say(scene->context.ui, "%s", "");
    if (scheduled_for(scene->settings, &where) == SCHEDULED_US)
        ui_say(scene->context.ui, "Renewals are run by %s.", where);
    else if (!have(way, &own, &why))
        ui_say(scene->context.ui, "Renewals are not scheduled: %s.%s%s", why.why, why.next[0] != '\0' ? " Next: " : "",
            why.next);
}

/* Most targets have a password or a secret address in them; a file that others may read is left so, since it may be for
 * them, too. */
static void warn_of_readers(const struct scene *scene, const char *path, const char *target)
{
    struct stat st;

    if (!text_starts(target, "mailto:") && stat(path, &st) == 0 && (st.st_mode & 077) != 0)
        ui_say(scene->context.ui,
            "Others can read %s, and the target of alarms that it has now. Next: chmod 600 %s, or move the target into "
            "a file of your own (--notify-file)",
            path, path);
}

/* Writes one target into the file of settings, since renewals go by that. */
static void keep_target(const struct scene *scene, const char *path, const char *target)
{
    const struct setting_change change = { .name = "notify", .value = target };
    struct error why = { 0 };
    bool changed;

    if (!settings_file_change(path, &change, 1, &changed, &why))
        ui_say(scene->context.ui, "Alarms are not set: %s. Next: write \"notify = TARGET\" into %s", why.why, path);
    else
        warn_of_readers(scene, path, target);
}

/* Targets of the command line; where none are known, the address that was given. True: somebody is told. */
static bool set_alarms(const struct scene *scene)
{
    const struct settings *settings = scene->settings;
    AUTO(free) char *path = settings_file_of(settings);
    AUTO(free) char *address = settings->email == NULL ? NULL : xprintf("mailto:%s", settings->email);
    bool known = settings->notify.len > 0 || settings->notify_file != NULL;

    if (path == NULL)
        return known;
    for (size_t i = 0; SETTING_ORIGIN(settings, notify) == ORIGIN_COMMAND_LINE && i < settings->notify.len; i++)
        keep_target(scene, path, settings->notify.at[i]);
    if (!known && address != NULL)
        keep_target(scene, path, address);
    return known || address != NULL;
}

/* How all of it is by now, as `status` shows it. */
static void summarize(struct scene *scene, const struct setup_way *way)
{
    AUTO(settings_free) struct settings *settings = settings_of_schedule(scene->settings);
    struct scene own = { .context = scene->context, .settings = settings };
    struct error why = { 0 };

    list_clear(&settings->operands);
    own.context.settings = settings;
    ui_say(scene->context.ui, "%s", "");
    if (!have(way, &own, &why))
        log_debug("no summary: %s", why.why);
}

static void say_end(const struct scene *scene, bool alarms)
{
    struct ui *ui = scene->context.ui;
    const char *command = scene->context.voice->command;

    ui_say(
        ui, "\nSet up. `%s status` shows how all of it is; `%s doctor --online` says what is wrong.", command, command);
    if (alarms)
        ui_say(ui, "`%s notify test` tries the alarms.", command);
    else
        ui_say(ui, "Nobody is told when a renewal fails: set up again with --email or --notify.");
}

/* ---- the whole ---- */

bool setup(struct context *context, const struct setup_ways *ways, struct error *err)
{
    AUTO(scene_clear) struct scene scene = { .context = *context, .settings = settings_dup(context->settings) };
    bool alarms;

    scene.context.settings = scene.settings;
    if (!is_told_already(scene.settings)) {
        ui_say(context->ui, "Looking at this machine:");
        find_servers(&scene);
        TRY(choose_server(&scene, err));
    }
    TRY(propose_names(&scene, err) && ask_email(&scene, err));
    TRY(get_certificate(&scene, ways, err));
    schedule_renewals(&scene, &ways->schedule);
    alarms = set_alarms(&scene);
    summarize(&scene, &ways->status);
    say_end(&scene, alarms);
    return true;
}
