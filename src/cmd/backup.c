/* backup: archives of the store: make one, list them, see whether they are whole; restore the store from a copy. */
#include <string.h>

#include "backup/archive.h"
#include "backup/create.h"
#include "restore/restore.h"
#include "backup/sealing.h"
#include "backup/shelf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "cmd/command.h"
#include "cmd/report.h"

#define UNREADABLE_SHOWN 20

enum { EXIT_INCOMPLETE = 1 };

static bool no_more(const struct list *words, struct error *err)
{
    return words->len == 0 || error_set(err, ERROR_USAGE, "unexpected argument: %s", words->at[0]);
}

/* ---- create ---- */

static void out_made(struct context *context, const struct backup_made *made)
{
    AUTO(buf_clear) struct buf text = BUF(REPORT_MAX);
    struct out out = out_pretty_to(&text);

    out_object(&out, NULL);
    out_text(&out, "path", made->path);
    out_number(&out, "size", (int64_t)made->size);
    out_text(&out, "sha256", made->sha256);
    out_number(&out, "entries", (int64_t)made->entries);
    out_number(&out, "unreadable_count", (int64_t)made->unreadable_count);
    out_texts(&out, "unreadable", &made->unreadable);
    out_texts(&out, "lacking", &made->lacking);
    out_bool(&out, "empty", made->empty);
    out_texts(&out, "removed", &made->removed);
    report_document(context, &out);
}

static void say_made(struct context *context, const struct backup_made *made)
{
    ui_say(context->ui, "Made the backup %s (%llu bytes, %llu entries).\nIts SHA-256 is %s.", made->path,
        (unsigned long long)made->size, (unsigned long long)made->entries, made->sha256);
    for (size_t i = 0; i < made->removed.len; i++)
        ui_say(context->ui, "Removed the old backup %s.", made->removed.at[i]);
}

/* What is in the backup and not of use, or is not in it at all. */
static void say_lacking(struct context *context, const struct list *lacking)
{
    for (size_t i = 0; i < lacking->len && i < UNREADABLE_SHOWN; i++)
        log_warning("Not restorable by this backup alone: %s", lacking->at[i]);
    if (lacking->len > 0)
        context->exit_status = EXIT_INCOMPLETE;
}

static bool create(struct context *context, const struct list *words, struct error *err)
{
    const struct backup_wanted wanted = { 0 };
    AUTO(backup_made_clear) struct backup_made made = { 0 };

    TRY(no_more(words, err));
    if (context->settings->dry_run)
        return error_set(
            err, ERROR_CONFIG, "there is no dry run of backup create: it changes nothing but its own directory");
    TRY(backup_create(context, &wanted, &made, err));
    if (context->settings->json)
        out_made(context, &made);
    else
        say_made(context, &made);
    for (size_t i = 0; i < made.unreadable.len && i < UNREADABLE_SHOWN; i++)
        log_warning("Not in the backup: %s", made.unreadable.at[i]);
    say_lacking(context, &made.lacking);
    if (made.empty)
        log_warning("There is no certificate in %s: the backup is named \"" SHELF_EMPTY
                    "\", and takes the place of no other.",
            store_config_dir(context->store));
    if (made.unreadable_count > 0) {
        log_warning("%llu files could not be read: the backup lacks them, and no other counts as replaced by it.",
            (unsigned long long)made.unreadable_count);
        context->exit_status = EXIT_INCOMPLETE;
    }
    return true;
}

/* ---- list ---- */

static void out_entry(struct out *out, const struct shelf_entry *entry)
{
    out_object(out, NULL);
    out_text(out, "path", entry->path);
    out_time(out, "made", entry->name.made);
    out_text(out, "reason", entry->name.reason[0] == '\0' ? NULL : entry->name.reason);
    out_bool(out, "encrypted", entry->name.sealed);
    out_number(out, "size", (int64_t)entry->size);
    out_end(out);
}

static void say_entry(struct context *context, const struct shelf_entry *entry)
{
    char made[CLOCK_TEXT_SIZE];

    clock_format_rfc3339(entry->name.made, made);
    ui_say(context->ui, "  %s  %10llu bytes%s%s%s  %s", made, (unsigned long long)entry->size,
        entry->name.sealed ? "  encrypted" : "", entry->name.reason[0] == '\0' ? "" : "  ", entry->name.reason,
        file_basename(entry->path));
}

static bool list(struct context *context, const struct list *words, struct error *err)
{
    AUTO(free) char *dir = shelf_dir(context->settings);
    AUTO(buf_clear) struct buf text = BUF(REPORT_MAX);
    AUTO(shelf_clear) struct shelf shelf = { 0 };
    struct out out = out_pretty_to(&text);

    TRY(no_more(words, err));
    TRY(shelf_read(dir, &shelf, err));
    if (!context->settings->json)
        ui_say(context->ui, shelf.len == 0 ? "No backups in %s." : "Backups in %s:", dir);
    out_object(&out, NULL);
    out_text(&out, "directory", dir);
    out_array(&out, "backups");
    for (size_t i = 0; i < shelf.len; i++)
        if (context->settings->json)
            out_entry(&out, &shelf.at[i]);
        else
            say_entry(context, &shelf.at[i]);
    if (context->settings->json)
        report_document(context, &out);
    return true;
}

/* ---- verify ---- */

/* What the user named: a path, or the name of one in the directory; NULL: the newest of this store. *path is the
 * caller's. */
static bool find(struct context *context, const char *named, char **path, struct error *err)
{
    AUTO(free) char *dir = shelf_dir(context->settings);
    AUTO(shelf_clear) struct shelf shelf = { 0 };
    char store[BACKUP_STORE_LEN + 1];

    if (named != NULL && strchr(named, '/') != NULL) {
        *path = file_absolute(named);
        return true;
    }
    if (named != NULL) {
        AUTO(free) char *in_dir = file_join(dir, named);

        *path = file_exists(in_dir) ? TAKE(in_dir) : file_absolute(named);
        return true;
    }
    TRY(shelf_read(dir, &shelf, err));
    TRY(backup_name_store(context->settings->config_dir, store, err));
    for (size_t i = shelf.len; i-- > 0;)
        if (shelf_is_of(&shelf.at[i], store)) {
            *path = xstrdup(shelf.at[i].path);
            return true;
        }
    (void)error_set(err, ERROR_STORE, "there is no backup of %s in %s", context->settings->config_dir, dir);
    return error_next(err, "make one: evercert backup create; or name the file");
}

static void out_found(struct context *context, const char *path, const struct archive_found *found)
{
    AUTO(buf_clear) struct buf text = BUF(REPORT_MAX);
    struct out out = out_pretty_to(&text);

    out_object(&out, NULL);
    out_text(&out, "path", path);
    out_bool(&out, "manifest", found->has_manifest);
    out_time(&out, "made", found->manifest.made);
    out_text(&out, "host", found->manifest.host);
    out_text(&out, "by", found->manifest.by);
    out_text(&out, "reason", found->manifest.reason);
    out_text(&out, "config_dir", found->manifest.config_dir);
    out_texts(&out, "lineages", &found->manifest.lineages);
    out_number(&out, "entries", (int64_t)found->members);
    out_number(&out, "bytes", (int64_t)found->bytes);
    out_number(&out, "unreadable_count", (int64_t)found->manifest.unreadable_count);
    out_texts(&out, "unreadable", &found->manifest.unreadable);
    out_texts(&out, "lacking", &found->manifest.lacking);
    out_texts(&out, "unfit", &found->unfit);
    out_number(&out, "uncompared", (int64_t)found->uncompared);
    report_document(context, &out);
}

static void say_found(struct context *context, const char *path, const struct archive_found *found)
{
    char made[CLOCK_TEXT_SIZE];

    clock_format_rfc3339(found->manifest.made, made);
    if (found->has_manifest)
        ui_say(context->ui,
            "%s is whole: %llu entries, %llu bytes, made %s on %s by %s of %s. All of it is as it was packed.", path,
            (unsigned long long)found->members, (unsigned long long)found->bytes, made, found->manifest.host,
            found->manifest.by, found->manifest.config_dir);
    else
        ui_say(context->ui,
            "%s can be read to its end: %llu entries, %llu bytes. It has no manifest, so that nothing tells whether "
            "they "
            "are as they were packed.",
            path, (unsigned long long)found->members, (unsigned long long)found->bytes);
    for (size_t i = 0; i < found->manifest.unreadable.len && i < UNREADABLE_SHOWN; i++)
        log_warning("Not in the backup: %s", found->manifest.unreadable.at[i]);
    if (found->uncompared > 0)
        log_warning("%llu certificates and keys were not compared with each other: a directory has too many of them.",
            (unsigned long long)found->uncompared);
}

static bool judge(struct context *context, const struct archive_found *found, struct error *err)
{
    AUTO(free) char *unfit = list_join(&found->unfit, ", ");

    if (found->unfit.len > 0) {
        (void)error_set(err, ERROR_STORE, "the private key beside it does not fit: %s", unfit);
        return error_next(err, "it was so when the backup was made; look into it with evercert doctor");
    }
    say_lacking(context, &found->manifest.lacking);
    if (!found->has_manifest || found->manifest.unreadable_count > 0 || found->uncompared > 0)
        context->exit_status = EXIT_INCOMPLETE;
    return true;
}

static bool verify(struct context *context, const struct list *words, struct error *err)
{
    AUTO(free) char *path = NULL;
    AUTO(sealing_clear) struct sealing sealing = { 0 };
    AUTO(archive_found_clear) struct archive_found found = { 0 };
    struct unseal_by by;

    TRY(find(context, words->len > 0 ? words->at[0] : NULL, &path, err));
    TRY(sealing_read(context->settings, &sealing, err));
    by = sealing_by(&sealing);
    TRY(archive_check(path, &by, NULL, &found, err));
    if (context->settings->json)
        out_found(context, path, &found);
    else
        say_found(context, path, &found);
    return judge(context, &found, err);
}

/* ---- restore ---- */

static bool restore(struct context *context, const struct list *words, struct error *err)
{
    struct restoring restoring = { .names = &context->settings->cert_names };
    AUTO(free) char *path = NULL;
    AUTO(sealing_clear) struct sealing sealing = { 0 };
    struct unseal_by by;

    if (words->len != 1) {
        (void)error_set(err, ERROR_USAGE, "restore needs a backup, or a directory with a copy of a store");
        return error_next(err, "backup restore FROM [--cert-name NAME]... [--dry-run]");
    }
    TRY(find(context, words->at[0], &path, err));
    TRY(sealing_read(context->settings, &sealing, err));
    by = sealing_by(&sealing);
    restoring.by = &by;
    restoring.from = path;
    return restore_run(context, &restoring, err);
}

static const struct action { /* words: those behind its name */
    const char *name;
    bool (*run)(struct context *context, const struct list *words, struct error *err);
    bool only_reads;
} actions[] = {
    { "create", create, false },
    { "list", list, true },
    { "verify", verify, true },
    { "restore", restore, false },
};

static const struct action *action_of(const struct settings *settings)
{
    const struct list *words = &settings->operands;

    for (size_t i = 0; i < COUNT(actions) && words->len > 0; i++)
        if (strcmp(words->at[0], actions[i].name) == 0)
            return &actions[i];
    return NULL;
}

static bool backup_run(struct context *context, struct error *err)
{
    const struct action *action = action_of(context->settings);
    const struct list *words = &context->settings->operands;
    AUTO(list_clear) struct list rest = { 0 };

    if (action == NULL) {
        (void)error_set(err, ERROR_USAGE,
            words->len == 0 ? "backup needs to know what to do" : "backup has no action \"%s\"",
            words->len == 0 ? "" : words->at[0]);
        return error_next(err, "backup create | list | verify [FILE] | restore FROM");
    }
    for (size_t i = 1; i < words->len; i++)
        list_add(&rest, words->at[i]);
    return action->run(context, &rest, err);
}

static const enum option_topic topics[] = { TOPIC_BACKUP, TOPIC_HIDDEN };

static const char *const names[] = { "create", "list", "verify", "restore", NULL };

static bool only_reads(const struct settings *settings)
{
    const struct action *action = action_of(settings);

    return action != NULL && action->only_reads;
}

const struct command cmd_backup = {
    .verb = {
        .name = "backup",
        .summary = "Archives of certificates, keys, accounts and settings",
        .usage = "create [--with-logs] | list [--json] | verify [FILE] | restore FROM [--cert-name NAME]... [--dry-run] [--yes]",
        .text = "`backup create` writes an archive (tar, gzip) of the whole --config-dir and of the credentials and hooks that "
                "renewal files name elsewhere, with owners, modes, links and access lists, and with a manifest that has a "
                "digest of each file; no certificate is in it by half, whatever else runs. Old ones go by --backup-keep. It "
                "holds private keys: encrypt what leaves the machine, with --backup-passphrase-file or --backup-recipient. "
                "`backup list` shows those that are there. `backup verify` reads one (without FILE the newest) to its end and "
                "compares all of it with its manifest, and each key with its certificate. "
                "`backup restore` puts back the whole store, or the certificates that --cert-name names, from a backup or a "
                "directory that is a copy of it. It first shows what is added and replaced, whether the certificates are older or newer than those "
                "here, and what is named and not there, and the programs that will be run by it; then it asks (--yes on the command line: does not), and with --dry-run it ends there. What "
                "is damaged in the copy is mended first, or not restored. All of it comes in one step: one that is cut short is "
                "completed or taken back by the next command.",
        .topics = topics,
        .traits = VERB_DRY_RUN,
        .actions = names,
        .max_operands = 2, /* restore FROM */
        .ours = true,
    },
    .store_needs = STORE_CREATE | STORE_LOCK,
    .only_reads = only_reads,
    .run = backup_run,
};
