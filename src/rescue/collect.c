#include "rescue/collect.h"

#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "backup/archiver.h"
#include "backup/create.h"
#include "backup/packer.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "json/out.h"
#include "rescue/evidence.h"
#include "rescue/machine_seen.h"
#include "store/lineage_conf.h"

#define DEPTH_MAX 64
#define TEXT_MAX (64u << 20)  /* bytes of a text about the machine */
#define NAMED_MAX 1024 * 1024 /* bytes of a file outside of the store */
#define SHOWN 20

struct collecting {
    struct context *context;
    struct packer *packer;
    char *place;          /* where the archive goes, which is in none */
    struct list left_out; /* "PATH\tWHY" */
    struct list named;    /* files outside of the store that are in it */
};

static void collecting_clear_at(struct collecting *collecting)
{
    free(collecting->place);
    list_clear(&collecting->left_out);
    list_clear(&collecting->named);
}

/* ---- lists of files ---- */

/* The newest first. */
static int by_time(const void *a, const void *b)
{
    return strcmp(*(char *const *)b, *(char *const *)a);
}

static bool put_lines(struct packer *packer, const char *name, const struct list *lines, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(EVIDENCE_TEXT_MAX);

    for (size_t i = 0; i < lines->len; i++) {
        buf_put_text(&text, lines->at[i]);
        buf_put_char(&text, '\n');
    }
    return packer_put_text(packer, name, buf_view(&text), err);
}

/* First of all, before anything else is read. Places besides the store: where others would leave something behind. */
static bool put_lists(struct collecting *collecting, struct error *err)
{
    static const char *const elsewhere[] = { "/etc/crontab", "/etc/cron.d", "/etc/cron.daily", "/var/spool/cron",
        "/etc/systemd/system", "/usr/local/bin", "/usr/local/sbin" };
    const struct settings *settings = collecting->context->settings;
    const char *const ours[] = { settings->config_dir, settings->work_dir, settings->logs_dir };
    const char *const servers[] = { settings->nginx_server_root == NULL ? "/etc/nginx" : settings->nginx_server_root,
        settings->apache_server_root == NULL ? "/etc/apache2" : settings->apache_server_root };
    AUTO(evidence_clear) struct evidence evidence;

    evidence_open(&evidence, context_now(collecting->context));
    for (size_t i = 0; i < COUNT(ours); i++)
        TRY(evidence_list(&evidence, ours[i], true, collecting->place, err));
    for (size_t i = 0; i < COUNT(servers); i++)
        TRY(evidence_list(&evidence, servers[i], false, NULL, err));
    for (size_t i = 0; i < COUNT(elsewhere); i++)
        TRY(evidence_list(&evidence, elsewhere[i], false, NULL, err));
    TRY(packer_put_text(collecting->packer, "files.txt", buf_view(&evidence.files), err));
    if (evidence.changed.len > 0)
        qsort(evidence.changed.at, evidence.changed.len, sizeof(char *), by_time);
    return put_lines(collecting->packer, "changed.txt", &evidence.changed, err);
}

/* ---- what the machine does ---- */

static bool put_machine(struct collecting *collecting, struct error *err)
{
    struct packer *packer = collecting->packer;
    AUTO(buf_clear) struct buf about = BUF(TEXT_MAX), processes = BUF(TEXT_MAX), sockets = BUF(TEXT_MAX);
    AUTO(buf_clear) struct buf schedule = BUF(TEXT_MAX), journal = BUF(TEXT_MAX);

    seen_about(collecting->context, &about);
    seen_processes(&processes);
    seen_sockets(&sockets);
    seen_schedule(collecting->context, &schedule);
    TRY(seen_journal(EVIDENCE_DAYS, &journal, err));
    return packer_put_text(packer, "about.txt", buf_view(&about), err) &&
           packer_put_text(packer, "processes.txt", buf_view(&processes), err) &&
           packer_put_text(packer, "sockets.txt", buf_view(&sockets), err) &&
           packer_put_text(packer, "schedule.txt", buf_view(&schedule), err) &&
           packer_put_text(packer, "journal.txt", buf_view(&journal), err);
}

/* ---- the store, and what it names ---- */

/* Whether it goes into the archive; why not is noted. */
static bool is_shown(struct collecting *collecting, const char *path, const struct stat *st)
{
    const char *why = collecting->context->settings->with_keys ? NULL : evidence_secret(path, st);
    AUTO(free) char *line = why == NULL ? NULL : xprintf("%s\t%s", path, why);

    if (line != NULL && !packer_is_lock(file_basename(path)))
        list_add(&collecting->left_out, line);
    return line == NULL;
}

static bool put_tree(struct collecting *collecting, const char *path, const char *name, int depth, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error why = { 0 };
    struct stat st;

    TRY(interrupt_check(err));
    if (lstat(path, &st) != 0 || text_equal(path, collecting->place) || !is_shown(collecting, path, &st))
        return true;
    TRY(packer_put(collecting->packer, path, name, PACK_ALONE, err));
    if (!S_ISDIR(st.st_mode) || depth == DEPTH_MAX || !file_list_dir(path, &names, &why))
        return true; /* one that cannot be listed stands in files.txt */
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *below = file_join(path, names.at[i]), *below_name = file_join(name, names.at[i]);

        TRY(put_tree(collecting, below, below_name, depth + 1, err));
    }
    return true;
}

/* A value that begins with the path of a file. */
static bool put_named(struct collecting *collecting, const char *value, struct error *err)
{
    AUTO(free) char *path = xstrndup(value, strcspn(value, " \t"));
    AUTO(free) char *name = xprintf("files%s", path);
    struct stat st;

    if (path[0] != '/' || list_has(&collecting->named, path) || lstat(path, &st) != 0 || !S_ISREG(st.st_mode) ||
        st.st_size > NAMED_MAX || !is_shown(collecting, path, &st))
        return true;
    list_add(&collecting->named, path);
    return packer_put(collecting->packer, path, name, PACK_ALONE, err);
}

/* Hooks are programs that run with root's rights; credentials are secrets. */
static bool put_named_by(struct collecting *collecting, const char *lineage, struct error *err)
{
    static const char *const sections[] = { "renewalparams", "evercert" };
    AUTO(conf_free) struct conf *conf = NULL;
    struct error why = { 0 };

    if (!lineage_read_conf(collecting->context->store, lineage, &conf, &why))
        return true;
    for (size_t s = 0; s < COUNT(sections); s++) {
        AUTO(list_clear) struct list keys = { 0 };

        conf_keys(conf, sections[s], &keys);
        for (size_t i = 0; i < keys.len; i++) {
            const char *value = conf_get(conf, sections[s], keys.at[i]);

            if (value != NULL && (text_ends(keys.at[i], "_hook") || strstr(keys.at[i], "credentials") != NULL))
                TRY(put_named(collecting, value, err));
        }
    }
    return true;
}

static bool put_store(struct collecting *collecting, struct error *err)
{
    const struct settings *settings = collecting->context->settings;
    AUTO(list_clear) struct list names = { 0 };
    struct error why = { 0 };

    TRY(packer_put(collecting->packer, settings->logs_dir, "logs", PACK_TREE, err));
    TRY(put_tree(collecting, settings->config_dir, "conf", 0, err));
    for (size_t i = 0; i < settings->files.len; i++)
        TRY(put_named(collecting, settings->files.at[i], err));
    if (!store_lineage_names(collecting->context->store, &names, &why))
        return true;
    for (size_t i = 0; i < names.len; i++)
        TRY(put_named_by(collecting, names.at[i], err));
    return true;
}

/* ---- all of it ---- */

static bool fill(void *context, struct packer *packer, struct error *err)
{
    struct collecting *collecting = context;

    collecting->packer = packer;
    packer_skip(packer, collecting->place);
    TRY(put_lists(collecting, err));
    TRY(put_machine(collecting, err));
    TRY(put_store(collecting, err));
    return put_lines(packer, "left-out.txt", &collecting->left_out, err);
}

static void out_made(struct context *context, const struct backup_made *made)
{
    AUTO(buf_clear) struct buf text = BUF(TEXT_MAX);
    struct out out = out_pretty_to(&text);

    out_object(&out, NULL);
    out_text(&out, "path", made->path);
    out_number(&out, "size", (int64_t)made->size);
    out_text(&out, "sha256", made->sha256);
    out_number(&out, "entries", (int64_t)made->entries);
    out_texts(&out, "unreadable", &made->unreadable);
    out_end(&out);
    buf_put_char(&text, '\n');
    ui_write(context->ui, buf_view(&text));
}

static void tell(struct context *context, const struct collecting *collecting, const struct backup_made *made)
{
    audit_done(ACT_INCIDENT_COLLECTED, NULL, "file", made->path, "sha256", made->sha256, "keys",
        context->settings->with_keys ? "yes" : "no", NULL);
    for (size_t i = 0; i < made->unreadable.len && i < SHOWN; i++)
        log_warning("Not collected: %s", made->unreadable.at[i]);
    if (context->settings->json) {
        out_made(context, made);
        return;
    }
    ui_say(context->ui, "Collected the evidence in %s (%llu bytes, %llu entries).\nIts SHA-256 is %s.", made->path,
        (unsigned long long)made->size, (unsigned long long)made->entries, made->sha256);
    if (collecting->left_out.len > 0)
        ui_say(context->ui, "%zu file(s) with keys, or that may be secret, are listed, but not in it (--with-keys).",
            collecting->left_out.len);
    ui_say(context->ui, "Copy it off this machine now, and write its SHA-256 down elsewhere.");
}

bool incident_collect(struct context *context, struct error *err)
{
    AUTO(collecting_clear)
    struct collecting collecting = { .context = context, .place = file_join(context->settings->work_dir, "incidents") };
    const struct backup_wanted wanted = {
        .reason = "incident", .fill = fill, .fill_context = &collecting, .dir = collecting.place
    };
    AUTO(backup_made_clear) struct backup_made made = { 0 };

    if (context->settings->dry_run) {
        ui_say(context->ui, "Evidence would be collected in %s. Nothing was changed.", collecting.place);
        return true;
    }
    TRY(backup_create(context, &wanted, &made, err));
    tell(context, &collecting, &made);
    return true;
}
