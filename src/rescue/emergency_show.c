/*
 * What emergency found and did, for people and for programs.
 */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "json/out.h"
#include "rescue/emergency.h"

#define TEXT_MAX (16 * 1024 * 1024)

/* ---- for people ---- */

static void say_list(struct ui *ui, const char *title, const struct list *list)
{
    if (list->len > 0)
        ui_say(ui, "\n%s", title);
    for (size_t i = 0; i < list->len; i++)
        ui_say(ui, "  %s", list->at[i]);
}

/* Its own words in one line: not how its program was called, nor that the test has failed. */
static void put_condensed(struct buf *to, const char *why)
{
    struct view rest = view_of(why), line;

    while (view_cut(&rest, '\n', &line)) {
        line = view_trim(line);
        if (line.len == 0 || memmem(line.at, line.len, "ended with status", 17) != NULL ||
            memmem(line.at, line.len, " test failed", 12) != NULL)
            continue;
        if (to->len > 0)
            buf_put_text(to, " ");
        buf_put(to, line);
    }
    if (to->len == 0)
        buf_put_text(to, why);
}

/* Of the same server before anything was done. */
static bool was_refused(const struct emergency *emergency, const char *name)
{
    for (size_t i = 0; i < emergency->before.len; i++)
        if (strcmp(emergency->before.at[i].name, name) == 0)
            return emergency->before.at[i].why != NULL;
    return false;
}

static void say_servers(const struct emergency *emergency)
{
    struct ui *ui = emergency->context->ui;

    for (size_t i = 0; i < emergency->after.len; i++) {
        const struct server_test *now = &emergency->after.at[i];
        AUTO(buf_clear) struct buf why = BUF(TEXT_MAX);

        if (now->why != NULL) {
            put_condensed(&why, now->why);
            ui_say(ui, "  %s does not accept its configuration, and does not start: %s", now->name, buf_text(&why));
        } else if (was_refused(emergency, now->name)) {
            ui_say(ui, "  %s accepts its configuration again. If it is stopped, start it: systemctl start %s",
                now->name, strcmp(now->name, "apache") == 0 ? "apache2" : now->name);
        }
    }
}

static void say_backup(const struct emergency *emergency, const struct trouble *trouble, const char *before)
{
    const struct source *backup = &trouble->backup;
    char made[CLOCK_TEXT_SIZE], ends[CLOCK_TEXT_SIZE];

    if (backup->path == NULL)
        return;
    clock_format_rfc3339(backup->made, made);
    clock_format_rfc3339(backup->not_after, ends);
    ui_say(emergency->context->ui, "%sa backup of %s has it whole, with a certificate that %s %s", before, made,
        backup->not_after > context_now(emergency->context) ? "is valid until" : "has expired:", ends);
}

void emergency_say_backups(const struct emergency *emergency)
{
    for (size_t i = 0; i < emergency->troubles.len; i++) {
        const struct trouble *trouble = &emergency->troubles.at[i];
        AUTO(free) char *before = xprintf("%s: ", trouble->name);
        AUTO(free) char *command = NULL;

        if (!trouble_is_broken(trouble->kind) || trouble->backup.path == NULL)
            continue;
        command = emergency_restore_command(emergency, trouble);
        say_backup(emergency, trouble, before);
        ui_say(emergency->context->ui, "  restored by: %s", command);
    }
}

/* Only where something is not well. */
static void say_unread(const struct emergency *emergency)
{
    for (size_t i = 0; i < emergency->unread.len; i++)
        ui_say(emergency->context->ui, "  Not looked into: %s", emergency->unread.at[i]);
}

static void say_one(const struct emergency *emergency, const struct trouble *trouble)
{
    AUTO(list_clear) struct list commands = { 0 };
    struct ui *ui = emergency->context->ui;

    ui_say(ui, "  %s: %s.", trouble->name, trouble->why);
    if (trouble->use != NULL && trouble->use->places.len > 0)
        ui_say(ui, "    read by %s, %s", trouble->use->server, trouble->use->places.at[0]);
    if (trouble->keeps != NULL && trouble_is_broken(trouble->kind))
        ui_say(ui, "    nothing is put in its place: %s", trouble->keeps);
    say_backup(emergency, trouble, "    ");
    emergency_advice(emergency, trouble, &commands);
    for (size_t i = 0; i < commands.len; i++)
        ui_say(ui, "    %s %s", i == 0 ? "what helps:" : "        or:", commands.at[i]);
}

static void say(const struct emergency *emergency)
{
    struct ui *ui = emergency->context->ui;
    size_t well = 0, open = emergency_open(emergency);

    say_list(ui, "What was done:", &emergency->done);
    say_list(ui, "What could not be done:", &emergency->failed);
    ui_say(ui, "%s", open == 0 ? "\nHow things are now: all is well." : "\nHow things are now:");
    say_servers(emergency);
    for (size_t i = 0; i < emergency->troubles.len; i++) {
        const struct trouble *trouble = &emergency->troubles.at[i];

        if (trouble->kind == TROUBLE_NONE)
            well++;
        else
            say_one(emergency, trouble);
    }
    if (well < emergency->troubles.len)
        say_unread(emergency);
    ui_say(ui, "  %zu of %zu certificate(s) are well.", well, emergency->troubles.len);
    if (open > 0 && emergency->steps == 0)
        ui_say(ui, "\nNothing was changed. `evercert emergency --yes` does all of it.");
    else if (open > 0 && !emergency->context->settings->yes)
        ui_say(ui, "\n`evercert emergency --yes` does the rest, and may be repeated.");
}

/* ---- for programs ---- */

static void out_servers(struct out *out, const struct emergency *emergency)
{
    out_array(out, "servers");
    for (size_t i = 0; i < emergency->after.len; i++) {
        out_object(out, NULL);
        out_text(out, "name", emergency->after.at[i].name);
        out_bool(out, "accepted", emergency->after.at[i].why == NULL);
        out_text(out, "why", emergency->after.at[i].why);
        out_end(out);
    }
    out_end(out);
}

static void out_one(struct out *out, const struct emergency *emergency, const struct trouble *trouble)
{
    AUTO(list_clear) struct list commands = { 0 }, names = { 0 }, nowhere = { 0 };

    emergency_advice(emergency, trouble, &commands);
    identifiers_names(&trouble->names, &names);
    out_object(out, NULL);
    out_text(out, "name", trouble->name);
    out_text(out, "state", trouble_kind_word(trouble->kind));
    out_text(out, "why", trouble->why);
    out_text(out, "keeps", trouble->keeps);
    out_texts(out, "names", &names);
    out_texts(out, "read_at", trouble->use == NULL ? &nowhere : &trouble->use->places);
    out_text(out, "backup", trouble->backup.path);
    out_time(out, "backup_made", trouble->backup.made);
    out_time(out, "backup_not_after", trouble->backup.not_after);
    out_texts(out, "commands", &commands);
    out_end(out);
}

static void show_json(const struct emergency *emergency)
{
    AUTO(buf_clear) struct buf text = BUF(TEXT_MAX);
    struct out out = out_pretty_to(&text);

    out_object(&out, NULL);
    out_bool(&out, "well", emergency_open(emergency) == 0);
    out_servers(&out, emergency);
    out_array(&out, "certificates");
    for (size_t i = 0; i < emergency->troubles.len; i++)
        out_one(&out, emergency, &emergency->troubles.at[i]);
    out_end(&out);
    out_text(&out, "backup", emergency->backup);
    out_texts(&out, "unread", &emergency->unread);
    out_texts(&out, "done", &emergency->done);
    out_texts(&out, "failed", &emergency->failed);
    out_end(&out);
    buf_put_char(&text, '\n');
    ui_write(emergency->context->ui, buf_view(&text));
}

void emergency_show(const struct emergency *emergency)
{
    if (emergency->context->settings->json)
        show_json(emergency);
    else
        say(emergency);
}
