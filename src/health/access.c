/*
 * Modes and owners: permissions of others that settings do not ask for.
 *
 * Those of a group are left alone: they are set by hand where there is no setting, and kept at renewal.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/access.h"
#include "access/traversal.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/writers.h"
#include "typed/file_mode.h"
#include "config/renewal_params.h"
#include "health/private.h"
#include "store/lineage_access.h"
#include "store/store_private.h"

#define OTHERS_WRITE (mode_t) S_IWOTH

static const char *const why_write = "whoever can change it can replace certificates, and have commands run at renewal";
static const char *const why_read = "whoever can read the key can pose as this server";

/* finding->number: the bits to take away. */
static bool repair_mode(struct health *health, const struct finding *finding, struct error *err)
{
    AUTO(close) int fd = open(finding->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;

    (void)health;
    if (fd < 0 || fstat(fd, &st) != 0)
        return file_error(err, "examine", finding->path);
    return fchmod(fd, st.st_mode & 07777 & ~(mode_t)finding->number) == 0 ||
           file_error(err, "set the mode of", finding->path);
}

static void report_mode(struct health *health, const struct subject *subject, const char *code, const char *path,
    mode_t mode, mode_t excess, const char *why, const char *what)
{
    struct finding *finding = health_find(
        health, subject, code, HEALTH_ERROR, path, why, "%s (mode %03o) can be %s", path, (unsigned)mode & 07777, what);

    finding_answer(finding, "set its mode to %03o", (unsigned)(mode & 07777 & ~excess));
    finding->number = excess;
    finding->repair = repair_mode;
}

/* Only its owner and the store's owner may write there. */
static void check_writers(struct health *health, const struct subject *subject, const char *path)
{
    struct stat st, top;
    struct finding *finding;

    if (path == NULL || lstat(path, &st) != 0 || S_ISLNK(st.st_mode))
        return;
    if (st.st_mode & S_IWOTH)
        report_mode(
            health, subject, "writable-by-others", path, st.st_mode, OTHERS_WRITE, why_write, "changed by everybody");
    if (stat(store_config_dir(health->store), &top) != 0 || st.st_uid == 0 || st.st_uid == top.st_uid)
        return;
    finding = health_find(health, subject, "foreign-owner", HEALTH_WARNING, path, why_write,
        "%s belongs to user %u, the store to user %u", path, (unsigned)st.st_uid, (unsigned)top.st_uid);
    finding_answer(finding, "chown %u %s", (unsigned)top.st_uid, path);
    finding_answer(finding, "leave it, if that user looks after this certificate");
}

/* ---- keys ---- */

/* The value of --key-mode for the lineage, else for all; 0 when there is none. */
static mode_t asked_mode(const struct subject *subject)
{
    const char *text = renewal_params_own(subject->lineage->conf, "key_mode");
    const char *why;
    mode_t mode;

    if (text == NULL)
        text = subject->health->settings->key_mode;
    return text != NULL && file_mode_parse(text, &mode, &why) ? mode : 0;
}

/* Readable by all, although the directories above are closed to them: one `chmod` of a directory, or an older program
 * that opens them, away from being read. */
static void check_key(struct subject *subject, const char *path)
{
    mode_t asked = asked_mode(subject), excess = S_IRWXO & ~asked;
    struct stat st, top;

    if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode) || (st.st_mode & excess) == 0)
        return;
    /* The store's own group: not chosen by an administrator, its access came with that of others */
    if (asked == 0 && stat(store_config_dir(subject->health->store), &top) == 0 && st.st_gid == top.st_gid)
        excess |= S_IRWXG;
    report_mode(subject->health, subject, "key-open-to-others", path, st.st_mode, excess & st.st_mode, why_read,
        "read or changed by everybody, and --key-mode does not ask for that");
}

/* ---- what settings ask for ---- */

static const char *const ownership_keys[] = { "key_owner", "key_group", "key_mode", "cert_owner", "cert_group",
    "cert_mode" };

/* The settings that the lineage is renewed with, as far as access goes. Of the caller's. */
static struct settings *__attribute__((returns_nonnull))
settings_of_ownership(const struct health *health, const struct lineage *lineage)
{
    struct settings *settings = settings_dup(health->settings);
    char **at[] = { &settings->key_owner, &settings->key_group, &settings->key_mode, &settings->cert_owner,
        &settings->cert_group, &settings->cert_mode };

    for (size_t i = 0; i < COUNT(at); i++) {
        const char *own = renewal_params_own(lineage->conf, ownership_keys[i]);

        if (own != NULL)
            xreplace(at[i], own);
    }
    return settings;
}

static bool asks_nothing(const struct health *health, const struct lineage *lineage)
{
    const struct settings *settings = health->settings;

    for (size_t i = 0; i < COUNT(ownership_keys); i++)
        if (renewal_params_own(lineage->conf, ownership_keys[i]) != NULL)
            return false;
    return settings->key_owner == NULL && settings->key_group == NULL && settings->key_mode == NULL &&
           settings->cert_owner == NULL && settings->cert_group == NULL && settings->cert_mode == NULL;
}

static bool differs(const struct stat *st, const struct ownership *wanted)
{
    return (wanted->uid != (uid_t)-1 && st->st_uid != wanted->uid) ||
           (wanted->gid != (gid_t)-1 && st->st_gid != wanted->gid) ||
           (wanted->mode != 0 && (st->st_mode & 07777) != wanted->mode);
}

/* The first file that is not as it was asked for; NULL when all are. Of the lineage's. */
static const char *unlike_wishes(const struct lineage *lineage, const struct ownerships *wanted)
{
    struct stat st;

    for (int kind = 0; kind < KIND_COUNT; kind++)
        if (stat(lineage->live[kind], &st) == 0 && differs(&st, kind == KIND_PRIVKEY ? &wanted->key : &wanted->cert))
            return lineage->live[kind];
    return NULL;
}

/* lineage_apply_access only warns when this process may not give files to the owner or group; a repair fails then. */
static bool repair_access(struct health *health, const struct finding *finding, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(settings_free) struct settings *settings = NULL;
    struct ownerships wanted;
    const char *path;

    TRY(lineage_load(health->store, finding->lineage, &lineage, err));
    settings = settings_of_ownership(health, lineage);
    TRY(lineage_apply_access(health->store, lineage, settings, err));
    TRY(access_ownerships(settings, &wanted, err));
    path = unlike_wishes(lineage, &wanted);
    if (path == NULL)
        return true;
    (void)error_set(err, ERROR_STORE, "%s could not be given the owner, group and mode that settings ask for", path);
    return error_next(err, "run this as root");
}

static void report_access(struct subject *subject, const char *code, const char *path, const char *what, bool ours)
{
    struct finding *finding = health_find(subject->health, subject, code, HEALTH_WARNING, path,
        "the servers that were to read the files cannot", "%s %s", path, what);

    if (!ours) {
        finding_answer(finding, "let them pass %s, or keep the store elsewhere (--config-dir)", path);
        finding_answer(finding, "take back what --key-group and kin ask for, with reconfigure");
        return;
    }
    finding_answer(finding, "set owners, groups and modes as the settings ask");
    finding->repair = repair_access;
}

static void check_ownership(struct subject *subject)
{
    struct lineage *lineage = subject->lineage;
    const char *config_dir = store_config_dir(subject->health->store);
    AUTO(settings_free) struct settings *settings = NULL;
    AUTO(free) char *obstacle = NULL;
    struct ownerships wanted;
    struct error err = { 0 };
    const char *unlike;

    if (asks_nothing(subject->health, lineage))
        return;
    settings = settings_of_ownership(subject->health, lineage);
    if (!access_ownerships(settings, &wanted, &err))
        return;
    unlike = unlike_wishes(lineage, &wanted);
    if (unlike != NULL) {
        report_access(subject, "access-not-as-asked", unlike,
            "does not have the owner, group and mode that settings ask for", true);
        return;
    }
    /* A mode of its own may leave the group out, as for sendmail: then there is nothing to reach. */
    if (wanted.key.gid != (gid_t)-1 && (wanted.key.mode == 0 || (wanted.key.mode & S_IRGRP) != 0) &&
        !access_may_reach(lineage->live[KIND_PRIVKEY], (uid_t)-1, wanted.key.gid, &obstacle))
        report_access(subject, "way-closed", obstacle, "does not let the group pass that --key-group names",
            strncmp(obstacle, config_dir, strlen(config_dir)) == 0);
    else if (wanted.key.uid != (uid_t)-1 &&
             !access_may_reach(lineage->live[KIND_PRIVKEY], wanted.key.uid, (gid_t)-1, &obstacle))
        report_access(subject, "way-closed", obstacle, "does not let the user pass that --key-owner names",
            strncmp(obstacle, config_dir, strlen(config_dir)) == 0);
    else if (wanted.cert.gid != (gid_t)-1 && (wanted.cert.mode == 0 || (wanted.cert.mode & S_IRGRP) != 0) &&
             !access_may_reach(lineage->live[KIND_FULLCHAIN], (uid_t)-1, wanted.cert.gid, &obstacle))
        report_access(subject, "way-closed", obstacle, "does not let the group pass that --cert-group names",
            strncmp(obstacle, config_dir, strlen(config_dir)) == 0);
    else if (wanted.cert.uid != (uid_t)-1 &&
             !access_may_reach(lineage->live[KIND_FULLCHAIN], wanted.cert.uid, (gid_t)-1, &obstacle))
        report_access(subject, "way-closed", obstacle, "does not let the user pass that --cert-owner names",
            strncmp(obstacle, config_dir, strlen(config_dir)) == 0);
}

void check_modes(struct subject *subject)
{
    struct lineage *lineage = subject->lineage;

    check_writers(subject->health, subject, lineage->conf_path);
    check_writers(subject->health, subject, lineage->live_dir);
    check_writers(subject->health, subject, lineage->archive_dir);
    for (size_t i = 0; i < subject->version_count; i++)
        if (subject->versions[i].there[KIND_PRIVKEY])
            check_key(subject, subject->versions[i].path[KIND_PRIVKEY]);
    check_ownership(subject);
}

/* ---- what decides which programs root runs ---- */

/* Reports files and directories writable by others. They are not repaired: they may have been changed already, and
 * whether they can be trusted is for the administrator to decide. */
static void check_code_path(struct health *health, const char *path)
{
    AUTO(writers_clear) struct writers writers = { 0 };
    struct finding *finding;

    if (!file_exists(path) || !writers_find(path, &writers) || list_has(&health->open_paths, writers.path))
        return;
    list_add(&health->open_paths, writers.path);
    for (size_t i = 0; i < health->out->len; i++)
        if (!health->out->at[i].repaired && text_equal(health->out->at[i].path, writers.path) &&
            strcmp(health->out->at[i].code, "writable-by-others") == 0) /* and repairs that */
            return;
    finding = health_find(health, NULL, "code-open-to-others",
        health->settings->voice->refuses_shared_code ? HEALTH_ERROR : HEALTH_WARNING, writers.path,
        health->settings->voice->refuses_shared_code
            ? "whoever can write there can have commands run as root at renewal, "
              "which therefore refuses to begin"
            : "whoever can write there can have commands run as root at renewal",
        "%s %s, and %s is reached through it", writers.path, writers.who, path);
    finding_answer(finding, "if you trust what is there now: %s", writers.mend);
}

/* Renewal files name hooks, and directories have them. Each directory above counts. */
void check_code_paths(struct health *health)
{
    static const char *const parts[] = { "renewal", "renewal-hooks/pre", "renewal-hooks/deploy", "renewal-hooks/post" };

    list_clear(&health->open_paths);
    if (geteuid() != 0) /* the user that runs it decides what is run */
        return;
    for (size_t i = 0; i < COUNT(parts); i++) {
        AUTO(free) char *dir = store_path(health->store, parts[i]);
        AUTO(list_clear) struct list names = { 0 };

        if (i > 0 && !health->settings->directory_hooks)
            return;
        check_code_path(health, dir);
        if (i == 0 || !health_list_dir(dir, &names))
            continue;
        for (size_t k = 0; k < names.len; k++) {
            AUTO(free) char *path = file_join(dir, names.at[k]);

            if (access(path, X_OK) == 0 && !text_ends(path, "~")) /* others are not run */
                check_code_path(health, path);
        }
    }
}

/* ---- the store ---- */

void check_account_key(struct health *health, const char *path)
{
    const mode_t excess = S_IRWXG | S_IRWXO;
    struct stat st;

    if (lstat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & excess) != 0)
        report_mode(health, NULL, "account-key-open-to-others", path, st.st_mode, excess & st.st_mode,
            "whoever can read it can have certificates issued and revoked in the name of this account",
            "read or changed by others");
}

static void check_hooks(struct health *health, const char *dir)
{
    AUTO(list_clear) struct list names = { 0 };

    if (!health_list_dir(dir, &names))
        return;
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(dir, names.at[i]);

        check_writers(health, NULL, path);
    }
}

void check_store_modes(struct health *health)
{
    static const char *const parts[] = { "live", "archive", "renewal", "accounts", "keys", "renewal-hooks",
        "renewal-hooks/pre", "renewal-hooks/deploy", "renewal-hooks/post" };

    check_writers(health, NULL, store_config_dir(health->store));
    for (size_t i = 0; i < COUNT(parts); i++) {
        AUTO(free) char *path = store_path(health->store, parts[i]);

        check_writers(health, NULL, path);
        if (strchr(parts[i], '/') != NULL)
            check_hooks(health, path);
    }
}
