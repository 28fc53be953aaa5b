#include "run/account_key.h"

#include <string.h>

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
            !lineage_change_account(context->store, names.at[i], from, to, &err))
            log_warning("The renewal file of %s still names the account %s: %s", names.at[i], from, err.why);
    }
}

/* The CA has the new key; everything from here on may be repeated. */
static bool take_over(struct context *context, const struct stored_account *account, struct key *key, const char *url,
    struct stored_account **out, struct error *err)
{
    AUTO(stored_account_free) struct stored_account *fresh = NULL;
    const char *server = context->settings->server;
    struct error left = { 0 };

    TRY(account_store_save(context->store, server, key, url, NULL, &fresh, err));
    if (!account_store_remove(context->store, server, account->id, &left))
        log_warning("The files of the account's old key are left behind in %s: %s", account->dir, left.why);
    log_info("account %s has a new key, and is called %s from now on", account->id, fresh->id);
    *out = TAKE(fresh);
    return true;
}

static bool is_known_by(struct session *session, const struct key *key, const char *url, bool *known, struct error *err)
{
    AUTO(account_info_clear) struct account_info info = { 0 };
    enum account_found found;
    struct signer signer;
    bool ok;

    TRY(signer_open(key, &signer, err));
    ok = account_find(session, &signer, &found, &info, err);
    signer_close(&signer);
    *known = ok && found == ACCOUNT_FOUND && (url == NULL || text_equal(info.url, url));
    return ok;
}

bool account_key_finish(struct context *context, struct session *session, const struct stored_account *account,
    struct stored_account **out, struct error *err)
{
    AUTO(key_free) struct key *key = NULL;
    bool known;

    *out = NULL;
    if (account->url == NULL) /* nobody can tell whether it is the same account */
        return true;
    TRY(account_store_kept_key(context->store, context->settings->server, &key, err));
    if (key == NULL)
        return true;
    TRY(is_known_by(session, key, account->url, &known, err));
    return !known || take_over(context, account, TAKE(key), account->url, out, err);
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

static bool change(struct context *context, struct ca *ca, struct stored_account **out, struct error *err)
{
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    AUTO(key_free) struct key *key = NULL;
    AUTO(free) char *url = xstrdup(ca->who.kid);
    struct error left = { 0 };

    TRY(account_store_lock(context->store, context->settings->server, &lock, err));
    TRY(account_key_finish(context, ca->session, ca->account, out, err));
    if (*out != NULL)
        return true;
    TRY(register_new_key(context, &key, err));
    if (!ask_for_change(ca, key, err)) {
        if (err->kind == ERROR_ACME && !account_store_forget_key(context->store, context->settings->server, key, &left))
            log_debug("the key that the CA did not take is left behind: %s", left.why);
        return false;
    }
    return take_over(context, ca->account, TAKE(key), url, out, err);
}

/* Lineages are locked before accounts, not the other way round. */
bool account_key_change(struct context *context, struct ca *ca, struct stored_account **out, struct error *err)
{
    TRY(change(context, ca, out, err));
    move_lineages(context, ca->account->id, (*out)->id);
    return true;
}
