#include "rescue/stand_in.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/renewal_params.h"
#include "crypto/pem.h"
#include "crypto/stop_gap.h"
#include "disk/layouts.h"
#include "disk/sharing.h"
#include "lifecycle/renewal_key.h"
#include "store/lineage_access.h"
#include "store/lineage_conf.h"
#include "store/lineage_create.h"
#include "store/lineage_lock.h"
#include "store/lineage_new.h"

#define PEM_MAX (64 * 1024) /* of a stop-gap */
#define DIR_MODE 0700

/* ---- moving away what has to give way ---- */

struct moved { /* what has been set aside, to be put back when what follows fails */
    char *place;
    char *from[3], *to[3];
    size_t len;
};

/* Where something has taken the place of it meanwhile, it stays where it was set aside. */
static void put_back(struct moved *moved)
{
    struct error err = { 0 };

    while (moved->len > 0) {
        const char *from = moved->from[--moved->len], *to = moved->to[moved->len];

        (void)rmdir(from); /* an empty one that is left of what failed */
        if (file_rename_new(to, from, &err))
            log_warning("Moved %s back to %s.", to, from);
        else
            log_warning("%s could not be moved back to %s: %s", to, from, err.why);
        free(moved->from[moved->len]);
        free(moved->to[moved->len]);
    }
    if (moved->place != NULL && !file_remove_dir_if_empty(moved->place, &err))
        log_debug("%s", err.why);
}

static void moved_keep(struct moved *moved)
{
    while (moved->len > 0) {
        free(moved->from[--moved->len]);
        free(moved->to[moved->len]);
    }
    free(moved->place);
    moved->place = NULL;
}

static void moved_clear_at(struct moved *moved)
{
    put_back(moved);
    free(moved->place);
}

/* Into the place, or, what lies on another file system, beside itself: it is renamed, never copied. */
static char *target_of(const char *from, const struct moved *moved, const char *name)
{
    AUTO(free) char *parent = file_dirname(from);
    struct stat here, there;

    if (stat(parent, &here) == 0 && stat(moved->place, &there) == 0 && here.st_dev != there.st_dev)
        return xprintf("%s/.%s.set-aside-%s", parent, file_basename(from), file_basename(moved->place));
    return file_join(moved->place, name);
}

static bool move(struct moved *moved, const char *from, const char *name, struct error *err)
{
    AUTO(free) char *to = NULL, *parent = file_dirname(from);

    if (!file_is_link(from) && !file_exists(from))
        return true;
    TRY(file_mkdirs(moved->place, DIR_MODE, err));
    to = target_of(from, moved, name);
    if (rename(from, to) != 0)
        return file_error(err, "move away", from);
    log_warning("Moved %s to %s.", from, to);
    moved->from[moved->len] = xstrdup(from);
    moved->to[moved->len++] = TAKE(to);
    return file_sync_dir(moved->place, err) && file_sync_dir(parent, err);
}

/* "CONF/.set-aside/NAME/20261201T031500Z", a new one for each time; of the caller's. */
static char *new_place(struct context *context, const char *name)
{
    AUTO(free) char *all = set_aside_dir(context->store, name);
    char date[CLOCK_TEXT_SIZE];

    clock_format_compact(context_now(context), date);
    for (unsigned number = 1;; number++) {
        AUTO(free) char *path = number == 1 ? xprintf("%s/%s", all, date) : xprintf("%s/%s-%u", all, date, number);

        if (!file_exists(path))
            return TAKE(path);
    }
}

static bool set_aside(
    struct context *context, const struct lineage *lineage, bool with_conf, struct moved *moved, struct error *err)
{
    moved->place = new_place(context, lineage->name);
    TRY(move(moved, lineage->live_dir, "live", err));
    TRY(move(moved, lineage->archive_dir, "archive", err));
    return !with_conf || move(moved, lineage->conf_path, "renewal.conf", err);
}

/* What others have put into the live directory, as a file that a deploy hook makes for another server: it stays there.
 */
static void keep_strangers(const struct lineage *lineage, const struct moved *moved)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    if (moved->len == 0 || strcmp(moved->from[0], lineage->live_dir) != 0 || !file_list_dir(moved->to[0], &names, &err))
        return;
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *from = file_join(moved->to[0], names.at[i]), *to = file_join(lineage->live_dir, names.at[i]);

        if (names.at[i][0] == '.' || file_exists(to) || file_is_link(to))
            continue;
        if (file_rename_new(from, to, &err))
            log_info("%s stays in %s", names.at[i], lineage->live_dir);
        else
            log_warning("%s could not be put back: %s", to, err.why);
    }
}

/* ---- a stop-gap ---- */

struct made { /* the files of a stop-gap */
    struct buf cert, fullchain, key;
};

static void made_clear_at(struct made *made)
{
    buf_clear(&made->cert);
    buf_clear(&made->fullchain);
    buf_clear(&made->key);
}

/* Certificate and chain are the same, so that fullchain.pem is both, as whoever reads the four files expects. */
static bool make(const struct context *context, const struct settings *settings, const struct trouble *trouble,
    struct made *out, struct error *err)
{
    AUTO(key_free) struct key *key = NULL;

    *out = (struct made){ .cert = BUF(PEM_MAX), .fullchain = BUF(PEM_MAX), .key = BUF_SECRET(KEY_PEM_MAX) };
    TRY(key_generate(key_params_of(settings), &key, err));
    TRY(key_to_pem(key, &out->key, err));
    TRY(stop_gap_make(key, &trouble->names, context_now(context), &out->cert, err));
    buf_put(&out->fullchain, buf_view(&out->cert));
    buf_put(&out->fullchain, buf_view(&out->cert));
    return true;
}

static struct issued issued_of(const struct made *made)
{
    return (struct issued){ .cert = buf_view(&made->cert),
        .chain = buf_view(&made->cert),
        .fullchain = buf_view(&made->fullchain),
        .privkey = buf_view(&made->key) };
}

static bool make_parents(const struct lineage *lineage, struct error *err)
{
    AUTO(free) char *live = file_dirname(lineage->live_dir), *archive = file_dirname(lineage->archive_dir);

    return file_mkdirs(live, DIR_MODE, err) && file_mkdirs(archive, DIR_MODE, err);
}

/* The first version of a lineage whose renewal file stays as it is. */
static bool fill(struct context *context, const struct lineage *planned, const struct settings *settings,
    const struct issued *issued, struct error *err)
{
    AUTO(undo) struct undo undo = { 0 };
    AUTO(lineage_free) struct lineage *made = NULL;
    struct access access;

    TRY(access_of_next(NULL, settings, &access, err));
    TRY(make_parents(planned, err));
    TRY(planned->layout->create(planned, issued, &access, &undo, err));
    TRY(lineage_load(context->store, planned->name, &made, err));
    undo_keep(&undo);
    lineage_finish_access(context->store, made, settings, &access);
    return true;
}

/* The paths that its renewal file names, if those are where this store has them. */
static bool plan(
    struct context *context, const char *name, const struct lineage *opened, struct lineage **out, struct error *err)
{
    AUTO(lineage_free) struct lineage *planned = lineage_new(context->store, name, opened->layout);

    for (int kind = 0; kind < KIND_COUNT; kind++)
        if (opened->live[kind] == NULL || strcmp(opened->live[kind], planned->live[kind]) != 0)
            return error_set(err, ERROR_STORE, "the renewal file of %s names files elsewhere: %s", name,
                opened->live[kind] == NULL ? "none" : opened->live[kind]);
    xreplace(&planned->archive_dir, opened->archive_dir);
    *out = TAKE(planned);
    return true;
}

bool stand_in_plan(
    struct context *context, const char *name, struct lineage **planned, struct settings **settings, struct error *err)
{
    AUTO(lineage_free) struct lineage *opened = NULL;
    AUTO(settings_free) struct settings *own = settings_dup(context->settings);
    struct error unset = { 0 };

    TRY(lineage_open(context->store, name, &opened, err));
    if (!renewal_params_restore(opened->conf, opened->conf_path, own, &unset))
        log_warning("What the renewal file of %s says is not taken over: %s", name, unset.why);
    TRY(plan(context, name, opened, planned, err));
    (*planned)->conf = TAKE(opened->conf);
    *settings = TAKE(own);
    return true;
}

bool stand_in_replace(struct context *context, const struct lineage *planned, const struct settings *settings,
    const struct issued *issued, struct error *err)
{
    AUTO(moved_clear) struct moved moved = { 0 };

    if (lineage_shares_archive(planned))
        return error_set(err, ERROR_STORE, "the versions of another certificate are in %s, too", planned->archive_dir);
    TRY(set_aside(context, planned, false, &moved, err) && fill(context, planned, settings, issued, err));
    keep_strangers(planned, &moved);
    moved_keep(&moved);
    return true;
}

static bool put_with_conf(struct context *context, const struct trouble *trouble, struct error *err)
{
    AUTO(lineage_free) struct lineage *planned = NULL;
    AUTO(settings_free) struct settings *settings = NULL;
    AUTO(made_clear) struct made made = { 0 };
    struct issued issued;

    TRY(stand_in_plan(context, trouble->name, &planned, &settings, err));
    TRY(make(context, settings, trouble, &made, err));
    issued = issued_of(&made);
    return stand_in_replace(context, planned, settings, &issued, err);
}

/* Settings for a renewal file that has to be made up; *guessed: not all of what matters was said by the user.
 * ERROR_CONFIG: how it is to be renewed is not known. */
static bool new_settings(const struct context *context, const struct trouble *trouble, struct settings **out,
    bool *guessed, struct error *err)
{
    AUTO(settings_free) struct settings *settings = settings_dup(context->settings);

    if (settings->authenticator == NULL && trouble->use == NULL) {
        (void)error_set(
            err, ERROR_CONFIG, "how %s is to be renewed is not known: its renewal file is lost", trouble->name);
        return error_next(err, "say it: --nginx, --apache, --webroot -w DIR, --standalone or --dns-PROVIDER");
    }
    *guessed = settings->authenticator == NULL || !SETTING_IS_SET(settings, server);
    if (settings->authenticator == NULL) {
        xreplace(&settings->authenticator, trouble->use->server);
        SETTING_MARK(settings, authenticator, ORIGIN_RUNTIME);
    }
    if (settings->installer == NULL && trouble->use != NULL) {
        xreplace(&settings->installer, trouble->use->server);
        SETTING_MARK(settings, installer, ORIGIN_RUNTIME);
    }
    *out = TAKE(settings);
    return true;
}

static bool put_without_conf(struct context *context, const struct trouble *trouble, struct error *err)
{
    AUTO(lineage_free) struct lineage *planned = lineage_new(context->store, trouble->name, layout_find(NULL));
    AUTO(lineage_free) struct lineage *created = NULL;
    AUTO(settings_free) struct settings *settings = NULL;
    AUTO(made_clear) struct made made = { 0 };
    AUTO(moved_clear) struct moved moved = { 0 };
    struct issued issued;
    bool guessed;

    TRY(new_settings(context, trouble, &settings, &guessed, err));
    TRY(make(context, settings, trouble, &made, err));
    TRY(set_aside(context, planned, true, &moved, err));
    issued = issued_of(&made);
    TRY(lineage_create(context->store, trouble->name, &issued, settings, &created, err));
    keep_strangers(planned, &moved);
    moved_keep(&moved);
    if (strcmp(created->name, trouble->name) == 0)
        return !guessed || lineage_mark_guessed(created, err);
    return error_set(
        err, ERROR_STORE, "another process has made a certificate of the name %s meanwhile", trouble->name);
}

/* The one place that decides it: under the lock, and by what is there now. */
static bool may_replace(const struct trouble *trouble, struct error *err)
{
    if (trouble->keeps != NULL) {
        (void)error_set(err, ERROR_STORE, "no stop-gap is put there: %s", trouble->keeps);
        return error_next(err, "`doctor --cert-name %s` tells more of it", trouble->name);
    }
    if (trouble->kind == TROUBLE_BAD_RENEWAL) {
        (void)error_set(
            err, ERROR_CONFIG, "no stop-gap is put there before its renewal file is mended (%s)", trouble->why);
        return error_next(err, "mend that line, and repeat this");
    }
    return trouble->names.len > 0 || error_set(err, ERROR_CONFIG, "which names %s is for is not known", trouble->name);
}

bool stop_gap_put(struct context *context, struct trouble *trouble, bool *put, struct error *err)
{
    AUTO(range_lock_release) struct range_lock *lock = NULL;

    *put = false;
    TRY(lineage_lock(context->store, trouble->name, &lock, err));
    trouble_look(context, trouble);
    if (!trouble_wants_stop_gap(trouble))
        return true;
    TRY(may_replace(trouble, err));
    if (trouble->kind == TROUBLE_BROKEN)
        TRY(put_with_conf(context, trouble, err));
    else
        TRY(put_without_conf(context, trouble, err));
    trouble_look(context, trouble);
    *put = true;
    return true;
}

/* ---- a renewal file ---- */

static bool write_conf(struct context *context, const struct trouble *trouble, const struct settings *settings,
    bool guessed, struct lineage *planned, struct error *err)
{
    AUTO(undo) struct undo undo = { 0 };
    AUTO(lineage_free) struct lineage *made = NULL;

    TRY(lineage_create_conf(planned, settings, err));
    undo_add(&undo, planned->conf_path);
    planned->conf = conf_new();
    lineage_fill_conf(planned, settings, planned->conf);
    TRY(lineage_write_conf(planned, planned->conf, err));
    TRY(lineage_load(context->store, trouble->name, &made, err));
    TRY(!guessed || lineage_mark_guessed(made, err));
    undo_keep(&undo);
    return true;
}

/* An empty one goes aside. */
static bool put_conf(struct context *context, const struct trouble *trouble, struct lineage *planned, struct error *err)
{
    AUTO(moved_clear) struct moved moved = { .place = new_place(context, trouble->name) };
    AUTO(settings_free) struct settings *settings = NULL;
    AUTO(free) char *dir = file_dirname(planned->conf_path);
    bool guessed;

    TRY(new_settings(context, trouble, &settings, &guessed, err));
    TRY(move(&moved, planned->conf_path, "renewal.conf", err));
    TRY(file_mkdirs(dir, 0755, err));
    TRY(write_conf(context, trouble, settings, guessed, planned, err));
    moved_keep(&moved);
    return true;
}

bool renewal_file_put(struct context *context, struct trouble *trouble, bool *put, struct error *err)
{
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    AUTO(lineage_free) struct lineage *planned = NULL;
    AUTO(free) char *cert = xprintf("%s/live/%s/cert.pem", store_config_dir(context->store), trouble->name);

    *put = false;
    TRY(lineage_lock(context->store, trouble->name, &lock, err));
    trouble_look(context, trouble);
    if (trouble->kind != TROUBLE_NO_RENEWAL)
        return true;
    planned = lineage_new(context->store, trouble->name, file_is_link(cert) ? &layout_certbot : &layout_versioned);
    TRY(put_conf(context, trouble, planned, err));
    trouble_look(context, trouble);
    *put = true;
    return true;
}
