#include "run/account_key.h"

#include <string.h>

#include "audit/audit.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "run/register.h"
#include "store/lineage_conf.h"
#include "store/lineage_lock.h"

/* Renewal files name the account by its key's digest; one that is not changed now takes the newest account there is at
 * its next renewal. */
static void move_lineages(struct context *context, const char *from, const char *to)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    if (!store_lineage_names(context->store, &names, &err))
        log_warning("%s", err.why);
    for (size_t i = 0; i < names.len; i++) {
        AUTO(range_lock_release) struct range_lock *lock = NULL;

        error_clear(&err);
        if (!lineage_lock(context->store, names.at[i], &lock, &err) ||
            !lineage_change_account(context->store, names.at[i], context->settings->server, from, to, &err))
            log_warning("The renewal file of %s still names the account %s: %s", names.at[i], from, err.why);
    }
}

/* ---- whose key the CA knows ---- */

enum standing {
    STANDS_FREE,     /* the CA knows no account by this key */
    STANDS_HERE,     /* it is the key of this account */
    STANDS_ELSEWHERE /* of another one, or of one that has ended */
};

/* Asks the CA for the account of next's key: at url, or any when url is NULL. Its URL is stored in `next`. */
static bool look_up(
    struct session *session, struct stored_account *next, const char *url, enum standing *out, struct error *err)
{
    AUTO(account_info_clear) struct account_info info = { 0 };
    enum account_found found;
    struct signer signer;
    bool ok;

    TRY(signer_open(next->key, &signer, err));
    ok = account_find(session, &signer, &found, &info, err);
    signer_close(&signer);
    TRY(ok);
    *out = found == ACCOUNT_UNKNOWN ? STANDS_FREE : STANDS_ELSEWHERE;
    if (found == ACCOUNT_FOUND && (url == NULL || text_equal(info.url, url))) {
        *out = STANDS_HERE;
        xreplace(&next->url, info.url);
    }
    return true;
}

/* ---- what follows once the CA has the new key, which may be repeated ---- */

static void drop_old(struct context *context, const struct stored_account *account, const char *id)
{
    struct error left = { 0 };

    if (file_is_dir(account->dir) &&
        !account_store_remove(context->store, context->settings->server, account->id, &left))
        log_warning("The files of the account's old key are left behind in %s: %s", account->dir, left.why);
    log_info("account %s has a new key, and is called %s from now on", account->id, id);
    audit_done(ACT_ACCOUNT_KEY_CHANGED, NULL, "account", account->id, "becomes", id, "server",
        context->settings->server, NULL);
}

/* `given` is taken over in any case; its URL is known. */
static bool take_over(struct context *context, const struct stored_account *account, struct stored_account *given,
    struct stored_account **out, struct error *err)
{
    AUTO(stored_account_free) struct stored_account *next = given;

    if (!context->settings->dry_run) {
        TRY(account_store_adopt(next, next->url, err));
        drop_old(context, account, next->id);
    }
    *out = TAKE(next);
    return true;
}

/* ---- changes that were cut short ---- */

/* Finishes a change that was cut short before the new key's account was made here. *spare: a prepared key that the CA
 * does not know. */
static bool finish_prepared(struct context *context, struct session *session, const struct stored_account *account,
    struct stored_account **out, struct stored_account **spare, struct error *err)
{
    AUTO(list_clear) struct list dirs = { 0 };

    TRY(account_store_prepared(context->store, context->settings->server, account->id, &dirs, err));
    for (size_t i = 0; i < dirs.len && *out == NULL; i++) {
        AUTO(stored_account_free) struct stored_account *next = NULL;
        struct error unreadable = { 0 };
        enum standing standing;

        if (!account_store_load_prepared(dirs.at[i], &next, &unreadable)) {
            log_warning(
                "The new key of the account %s in %s cannot be used: %s", account->id, dirs.at[i], unreadable.why);
            continue;
        }
        TRY(look_up(session, next, account->url, &standing, err));
        if (standing == STANDS_HERE)
            TRY(take_over(context, account, TAKE(next), out, err));
        else if (standing == STANDS_FREE && *spare == NULL)
            *spare = TAKE(next);
    }
    return true;
}

/* Finishes a change that was cut short after the new key's account was made here. */
static bool finish_twin(struct context *context, struct session *session, const struct stored_account *account,
    struct stored_account **out, struct error *err)
{
    AUTO(list_clear) struct list ids = { 0 };

    if (account->url == NULL) /* it cannot be determined whether it is the same account */
        return true;
    TRY(account_store_ids(context->store, context->settings->server, &ids, err));
    for (size_t i = ids.len; i-- > 0;) {
        AUTO(stored_account_free) struct stored_account *twin = NULL;
        struct error unreadable = { 0 };
        enum standing standing;

        if (strcmp(ids.at[i], account->id) == 0 ||
            !account_store_load(context->store, context->settings->server, ids.at[i], &twin, &unreadable) ||
            !text_equal(twin->url, account->url))
            continue;
        TRY(look_up(session, twin, account->url, &standing, err));
        if (standing != STANDS_HERE)
            continue;
        if (!context->settings->dry_run)
            drop_old(context, account, twin->id);
        *out = TAKE(twin);
        return true;
    }
    return true;
}

static bool finish(struct context *context, struct session *session, const struct stored_account *account,
    struct stored_account **out, struct stored_account **spare, struct error *err)
{
    *out = NULL;
    TRY(finish_prepared(context, session, account, out, spare, err));
    return *out != NULL || finish_twin(context, session, account, out, err);
}

bool account_key_finish(struct context *context, struct session *session, const struct stored_account *account,
    struct stored_account **out, struct error *err)
{
    AUTO(stored_account_free) struct stored_account *spare = NULL;

    return finish(context, session, account, out, &spare, err);
}

/* ---- a change ---- */

static bool prepare(struct context *context, const struct ca *ca, struct stored_account **out, struct error *err)
{
    struct key *key;

    TRY(account_may_change_key(ca->session, err));
    TRY(account_key_make(context, &key, err));
    return account_store_prepare(context->store, context->settings->server, ca->account->id, key, out, err);
}

static bool ask_for_change(struct ca *ca, const struct key *key, struct error *err)
{
    struct signer next;
    bool ok;

    TRY(signer_open(key, &next, err));
    ok = account_change_key(ca->session, ca->who, &next, err);
    signer_close(&next);
    return ok;
}

/* A no that is meant. Of any other failure the CA may yet have done what it was asked. */
static bool is_refusal(const struct error *err)
{
    return err->kind == ERROR_ACME && err->problem[0] != '\0' && strcmp(err->problem, "about:blank") != 0 &&
           strcmp(err->problem, "serverInternal") != 0;
}

/* Whether the CA has the new key although it did not say yes: the answer was lost, or was that to a request sent again.
 * The key is forgotten only if the CA says no, and that it does not know it; else *err is left as it is. */
static bool has_key_all_the_same(const struct ca *ca, struct stored_account *next, struct error *err)
{
    struct error unknown = { 0 };
    enum standing standing;

    if (err->kind == ERROR_CANCELED || !look_up(ca->session, next, ca->account->url, &standing, &unknown))
        standing = STANDS_ELSEWHERE;
    if (standing == STANDS_HERE) {
        error_clear(err);
        return true;
    }
    if (standing == STANDS_FREE && is_refusal(err)) {
        if (!account_store_forget_prepared(next, &unknown))
            log_debug("the key that the CA did not take is left behind: %s", unknown.why);
    } else {
        (void)error_next_default(err, "repeat the command: it asks the CA which of the two keys the account has");
    }
    return false;
}

static bool change(struct context *context, struct ca *ca, struct stored_account **out, struct error *err)
{
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    AUTO(stored_account_free) struct stored_account *next = NULL;

    TRY(account_store_lock(context->store, context->settings->server, &lock, err));
    TRY(finish(context, ca->session, ca->account, out, &next, err));
    if (*out != NULL)
        return true;
    if (next == NULL)
        TRY(prepare(context, ca, &next, err));
    if (!ask_for_change(ca, next->key, err))
        TRY(has_key_all_the_same(ca, next, err));
    xreplace(&next->url, ca->account->url);
    return take_over(context, ca->account, TAKE(next), out, err);
}

/* Lineages are locked before accounts, not the other way round. */
bool account_key_change(struct context *context, struct ca *ca, struct stored_account **out, struct error *err)
{
    TRY(change(context, ca, out, err));
    move_lineages(context, ca->account->id, (*out)->id);
    return true;
}
