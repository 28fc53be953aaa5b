#include "ops/schedule_look.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/option.h"
#include "ops/cadence.h"
#include "ops/daemon_state.h"
#include "ops/web_roots.h"

/* ---- looking ---- */

static bool is_usual(const struct schedule_look *look)
{
    return strcmp(look->wish.config_dir, SCHEDULE_USUAL_STORE) == 0;
}

/* The form of which something of ours is there already; NULL: none. */
static const char *present_form(const struct schedule_look *look)
{
    for (const struct form *form = schedule_forms; form->name != NULL; form++) {
        AUTO(schedule_clear) struct schedule schedule = { 0 };
        struct schedule_wish wish = look->wish;
        struct error ignored = { 0 };

        wish.form = form->name;
        if (schedule_plan(&look->machine, &wish, &schedule, &ignored) &&
            (schedule_is_complete(&schedule) || schedule.older != NULL))
            return form->name;
    }
    return NULL;
}

static bool look_at_schedule(struct schedule_look *look, const char *form, struct error *err)
{
    look->wish.form = form != NULL ? form : present_form(look);
    if (!schedule_plan(&look->machine, &look->wish, &look->schedule, &look->none)) {
        if (form == NULL)
            return true;
        *err = look->none;
        return false;
    }
    if (schedule_is_complete(&look->schedule))
        look->alive = schedule_is_alive(&look->machine, &look->schedule);
    return true;
}

bool schedule_look(const struct settings *settings, struct store *store, const char *form, struct schedule_look *out,
    struct error *err)
{
    AUTO(schedule_look_clear) struct schedule_look look = { .store = { .next = UPCOMING_NEVER } };

    TRY(machine_open(settings->schedule_root, &look.machine, err));
    look.wish = (struct schedule_wish){
        .config_dir = settings->config_dir,
        .work_dir = settings->work_dir,
        .logs_dir = settings->logs_dir,
        .config_files = &settings->config_files,
    };
    if (store != NULL) {
        TRY(upcoming_of_all(store, settings->voice, clock_now(), 0, &look.store, err));
        TRY(web_roots(store, settings->voice, &look.web_roots, err));
    }
    look.wish.web_roots = &look.web_roots;
    look.wish.life_s = look.store.shortest;
    scheduled_all(&look.machine, settings->config_dir, is_usual(&look), &look.renewers);
    look.daemon_runs = machine_is_this(&look.machine) && daemon_is_running(settings->config_dir);
    TRY(look_at_schedule(&look, form, err));
    *out = look;
    out->wish.web_roots = &out->web_roots;
    look = (struct schedule_look){ 0 };
    return true;
}

void schedule_look_clear(struct schedule_look *look)
{
    machine_clear(&look->machine);
    upcoming_all_clear(&look->store);
    list_clear(&look->web_roots);
    scheduled_entries_clear(&look->renewers);
    schedule_clear(&look->schedule);
    *look = (struct schedule_look){ 0 };
}

/* ---- judging ---- */

bool schedule_is_wanted(const struct schedule_look *look)
{
    if (look->store.shortest == 0)
        return false;
    return is_usual(look) || look->renewers.len > 0 ||
           (look->schedule.form != NULL && schedule_is_complete(&look->schedule));
}

static bool is_often_enough(const struct schedule_look *look, const struct scheduled_entry *entry)
{
    return entry->is_daemon || entry->interval_s == 0 || entry->interval_s <= cadence_longest(look->store.shortest);
}

bool schedule_fits(const struct schedule_look *look)
{
    for (size_t i = 0; i < look->renewers.len; i++)
        if (is_often_enough(look, &look->renewers.at[i]))
            return true;
    return look->daemon_runs;
}

static const struct scheduled_entry *entry_of(const struct schedule_look *look, enum scheduled who)
{
    for (size_t i = 0; i < look->renewers.len; i++)
        if (look->renewers.at[i].who == who)
            return &look->renewers.at[i];
    return NULL;
}

static void judge_frequency(const struct schedule_look *look, struct findings *findings)
{
    AUTO(free) char *fits = cadence_words(cadence_for(look->store.shortest));
    struct finding *finding;

    if (look->renewers.len == 0 && !look->daemon_runs) {
        finding = findings_add(findings, "schedule-missing", HEALTH_WARNING, NULL,
            "the certificates expire, although they could be renewed", "nothing on this machine runs `evercert renew`");
        finding_answer(finding, "evercert schedule install: it is run %s", fits);
        return;
    }
    if (schedule_fits(look))
        return;
    finding = findings_add(findings, "schedule-rare", HEALTH_WARNING, NULL,
        "few attempts are left when one fails, and the certificate expires",
        "%s, whose certificate lives for %lld hours, is to be renewed %s, but %s runs no more often than every %lld "
        "hours",
        look->store.shortest_name, (long long)(look->store.shortest / 3600), fits, look->renewers.at[0].where,
        (long long)(look->renewers.at[0].interval_s / 3600));
    finding_answer(finding, "evercert schedule install");
}

/* How to have that entry run no more. */
static void answer_second(struct finding *finding, const struct scheduled_entry *entry)
{
    if (entry->where[0] != '/')
        finding_answer(finding, "systemctl disable --now %s", entry->where);
    else
        finding_answer(
            finding, "put a # in front of the line in %s, or remove the package that it came with", entry->where);
}

static void judge_others(const struct schedule_look *look, struct findings *findings)
{
    bool ours = look->daemon_runs || entry_of(look, SCHEDULED_US) != NULL;

    for (size_t i = 0; ours && i < look->renewers.len; i++) {
        const struct scheduled_entry *entry = &look->renewers.at[i];
        struct finding *finding;

        if (entry->who != SCHEDULED_CERTBOT)
            continue;
        finding = findings_add(findings, "schedule-second", HEALTH_WARNING, NULL,
            "both renew the same certificates, and Certbot knows nothing of what Evercert records",
            "Certbot renews here as well: %s", entry->where);
        finding->path = entry->where[0] == '/' ? xstrdup(entry->where) : NULL;
        answer_second(finding, entry);
    }
}

static void judge_older(const struct schedule_look *look, struct findings *findings)
{
    const char *older = look->schedule.older;
    struct finding *finding;

    if (older == NULL)
        return;
    finding = findings_add(findings, "schedule-outdated", HEALTH_WARNING, NULL,
        "two stores could have had the same name, and the last one to be installed the schedule",
        "%s is named as an earlier version did", older);
    finding->path = xstrdup(older);
    finding_answer(finding, "evercert schedule install: it gets the name %s", look->schedule.name);
}

static void judge_files(const struct schedule_look *look, struct findings *findings)
{
    struct finding *finding;

    for (size_t i = 0; i < look->schedule.count; i++) {
        const struct schedule_file *file = &look->schedule.files[i];

        if (file->state == SCHEDULE_EDITED) {
            finding = findings_add(findings, "schedule-edited", HEALTH_NOTE, NULL, "it is not kept up to date",
                "%s was edited", file->path);
            finding->path = xstrdup(file->path);
            finding_answer(finding, "have the changes in a file of your own beside it (systemctl edit), and `evercert "
                                    "schedule install --force`");
        } else if (file->state == SCHEDULE_OLD) {
            finding = findings_add(findings, "schedule-outdated", HEALTH_WARNING, NULL,
                "it may not let renewals write where they have to, or run them too seldom",
                "%s was made for other certificates, or by another version", file->path);
            finding->path = xstrdup(file->path);
            finding_answer(finding, "evercert schedule install");
        }
    }
}

void schedule_judge(const struct schedule_look *look, struct findings *findings)
{
    struct finding *finding;

    if (!schedule_is_wanted(look))
        return;
    judge_frequency(look, findings);
    judge_others(look, findings);
    judge_older(look, findings);
    if (look->schedule.form == NULL || !schedule_is_complete(&look->schedule))
        return;
    judge_files(look, findings);
    if (look->alive == ALIVE_NO) {
        finding = findings_add(findings, "schedule-stopped", HEALTH_WARNING, NULL, "nothing is renewed while it is not",
            "%s (%s) is there, but not at work", look->schedule.form->what, look->schedule.name);
        finding_answer(finding,
            look->schedule.form->alive[0] == NULL ? "start cron" : "evercert schedule install: it is started again");
    }
}

/* ---- options ---- */

bool schedule_check_options(const struct settings *settings, const char *command, struct error *err)
{
    static const char *const known[] = { "config-dir", "work-dir", "logs-dir", "config", "json", "quiet", "verbose",
        "verbose-level", "debug", "force", "schedule-root", "non-interactive", "force-interactive" };

    for (const struct option *option = options; option->names[0] != NULL; option++) {
        bool handed_on = option->at == OPTION_NO_MEMBER || option_owner(option) != option ||
                         settings_own_origin(settings, option->at) < ORIGIN_COMMAND_LINE ||
                         settings_own_origin(settings, option->at) == ORIGIN_RUNTIME;

        for (size_t i = 0; !handed_on && i < COUNT(known); i++)
            handed_on = strcmp(option->names[0], known[i]) == 0;
        if (handed_on)
            continue;
        (void)error_set(err, ERROR_USAGE,
            "%s takes no --%s: renewals have their settings from the renewal files and from cli.ini", command,
            option->names[0]);
        return error_next(err, "set it for all renewals: evercert configure %s=VALUE", option->names[0]);
    }
    return true;
}
