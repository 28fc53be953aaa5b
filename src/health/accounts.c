/*
 * Accounts: those that renewal files name, and those that lie in accounts/. Asks no CA.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "health/private.h"
#include "account/account_files.h"
#include "account/account_store.h"
#include "store/lineage_conf.h"
#include "store/store_private.h"

#define ACCOUNT_DEPTH 8 /* of the directories below accounts/: host, path, ID */

/* ---- of a lineage ---- */

/* The newest that can take its place, *to. */
static bool repair_account(struct health *health, const struct finding *finding, struct error *err)
{
    AUTO(free) char *server = store_server_of(health->store, finding->lineage);

    TRY(lineage_change_account(health->store, finding->lineage, server, finding->from, finding->to, err));
    list_add(&health->accounts, finding->to);
    return true;
}

static void report_gone(
    struct subject *subject, const char *server, const char *id, const char *newest, const struct error *gone)
{
    const char *path = subject->lineage->conf_path;
    struct finding *finding;

    if (newest != NULL) {
        finding = health_find(subject->health, subject, "account-gone", HEALTH_WARNING, path,
            "the next renewal takes the newest account there is",
            "%s names the account %s at %s, which cannot be used: %s", path, id, server, gone->why);
        finding->from = xstrdup(id);
        finding->to = xstrdup(newest);
        finding->repair = repair_account;
        finding_answer(finding, "name the account %s in %s", newest, path);
        return;
    }
    finding = health_find(subject->health, subject, "account-gone", HEALTH_ERROR, path,
        "without an account nothing is renewed", "%s names the account %s at %s, which cannot be used: %s", path, id,
        server, gone->why);
    finding_answer(finding, "put accounts/ back from a backup");
    finding_answer(finding, "run the register command with --server %s: renewals take that account then", server);
}

/* Most lineages have the same account: what was found to be well is not read again. */
void check_account(struct subject *subject)
{
    struct health *health = subject->health;
    const char *server = subject->lineage == NULL ? NULL : lineage_server(subject->lineage);
    const char *id = subject->lineage == NULL ? NULL : conf_get(subject->lineage->conf, "renewalparams", "account");
    AUTO(free) char *mark = NULL, *newest = NULL;
    struct error gone = { 0 };

    if (server == NULL || id == NULL || strcmp(id, "None") == 0)
        return;
    mark = xprintf("%s %s", id, server);
    if (list_has(&health->good_accounts, mark))
        return;
    if (account_store_look(health->store, server, id, &newest, &gone)) {
        list_add(&health->good_accounts, mark);
        return;
    }
    if (gone.sys != 0 && gone.sys != ENOENT && gone.sys != ENOTDIR)
        health_note_trouble(&gone); /* it may be well, but it is hidden from us */
    else
        report_gone(subject, server, id, newest, &gone);
}

/* ---- in accounts/ ---- */

static bool repair_meta(struct health *health, const struct finding *finding, struct error *err)
{
    AUTO(stored_account_free) struct stored_account *account = NULL;

    (void)health;
    TRY(account_files_read(finding->path, file_basename(finding->path), &account, err));
    return account->url == NULL || account_store_mend(account, account->url, err);
}

static void report_unused(struct health *health, const char *dir)
{
    struct finding *finding;

    if (list_has(&health->accounts, file_basename(dir)))
        return;
    finding = health_find(health, NULL, "account-unused", HEALTH_NOTE, dir,
        "its key can still revoke what was issued to it", "no renewal file names the account in %s", dir);
    finding_answer(finding, "leave it; the next certificate may be obtained with it");
    finding_answer(finding, "unregister, to give the account up at the CA");
}

static void examine_account(struct health *health, const char *dir)
{
    AUTO(stored_account_free) struct stored_account *account = NULL;
    struct error err = { 0 };
    struct finding *finding;

    if (!account_files_read(dir, file_basename(dir), &account, &err)) {
        if (err.sys != 0 && err.sys != ENOENT) {
            health_note_trouble(&err);
            return;
        }
        finding = health_find(health, NULL, "account-broken", HEALTH_NOTE, dir, /* its certificates are reported */
            "no command can use it, and what was issued to it can only be revoked with the certificate's key",
            "the account in %s has no key that can be read: %s", dir, err.why);
        finding_answer(finding, "put its files back from a backup");
        finding_answer(finding, "remove the directory");
        return;
    }
    report_unused(health, dir);
    if (account->url == NULL) {
        finding = health_find(health, NULL, "account-incomplete", HEALTH_WARNING, dir,
            "Certbot cannot use it; here the CA is asked for the account of the key, at the next renewal or at once",
            "the account in %s has no regr.json that can be read", dir);
        finding_answer(finding, "leave it to the next renewal");
        finding_answer(finding, "run the register command, which writes the file, or registers the key again");
    } else if (account->no_meta) {
        finding = health_find(health, NULL, "account-incomplete", HEALTH_WARNING, dir, "Certbot cannot use it",
            "the account in %s has no meta.json that can be read", dir);
        finding->repair = repair_meta;
        finding_answer(finding, "write it anew");
    }
}

/* ---- what interrupted work has left beside them ---- */

static bool repair_rest(struct health *health, const struct finding *finding, struct error *err)
{
    (void)health;
    return file_remove_tree(finding->path, err);
}

static void report_rest(struct health *health, const char *dir)
{
    struct finding *finding = health_find(health, NULL, "account-leftover", HEALTH_NOTE, dir,
        "it may hold a key of an account that was given up, or that has another key now",
        "the making or the removal of an account was interrupted in %s", dir);

    finding->repair = repair_rest;
    finding_answer(finding, "remove it");
}

/* An account's directory is known by its files, even if one is missing. */
static bool is_account(const char *dir)
{
    AUTO(free) char *registration = file_join(dir, "regr.json"), *key = file_join(dir, "private_key.json");

    return file_exists(registration) || file_exists(key);
}

static void walk_accounts(struct health *health, const char *dir, int depth)
{
    AUTO(list_clear) struct list names = { 0 };
    AUTO(free) char *key = file_join(dir, "private_key.json");

    check_account_key(health, key);
    if (is_account(dir)) {
        examine_account(health, dir);
        return;
    }
    if (depth == ACCOUNT_DEPTH || !health_list_dir(dir, &names))
        return;
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(dir, names.at[i]);
        struct stat st;

        if (lstat(path, &st) != 0 || !S_ISDIR(st.st_mode)) /* links lead to what is walked anyway */
            continue;
        if (account_store_is_rest(names.at[i]))
            report_rest(health, path);
        else if (names.at[i][0] != '.') /* a key that waits for its account */
            walk_accounts(health, path, depth + 1);
    }
}

void check_accounts(struct health *health)
{
    AUTO(free) char *dir = store_path(health->store, "accounts");

    health_learn_claims(health);
    walk_accounts(health, dir, 0);
}
