#include "run/accounts.h"

#include <string.h>

#include "audit/audit.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "run/account_key.h"
#include "run/register.h"

void account_view_clear(struct account_view *view)
{
    free(view->url);
    free(view->thumbprint);
    list_clear(&view->emails);
    *view = (struct account_view){ 0 };
}

/* article: Certbot has two wordings, and scripts know both. */
static bool existing(struct context *context, const char *article, struct ca **out, struct error *err)
{
    TRY(context_existing_account(context, out, err));
    if (*out != NULL)
        return true;
    (void)error_set(
        err, ERROR_CONFIG, "Could not find %sexisting account for server %s.", article, context->settings->server);
    (void)error_is_answer(err);
    return error_next(err, "make one with the register command, or name another CA with --server");
}

/* newAccount with onlyReturnExisting: it tells the URL too, should the stored one be out of date. */
static bool look_up(const struct ca *ca, struct account_info *out, struct error *err)
{
    struct account_request find = { .only_existing = true };

    return account_request(ca->session, &ca->signer, &find, out, err);
}

bool accounts_show(struct context *context, struct account_view *out, struct error *err)
{
    AUTO(account_info_clear) struct account_info info = { 0 };
    struct ca *ca;

    TRY(existing(context, "an ", &ca, err));
    TRY(look_up(ca, &info, err) || (context_find_account_again(context, &ca, err) && look_up(ca, &info, err)));
    out->url = xstrdup(info.url);
    out->thumbprint = xstrdup(ca->thumbprint);
    out->status = info.status;
    for (size_t i = 0; i < info.contacts.len; i++) {
        const char *contact = info.contacts.at[i];

        list_add(&out->emails, text_starts(contact, "mailto:") ? contact + 7 : contact);
    }
    return true;
}

static bool new_contacts(struct context *context, struct list *contacts, struct error *err)
{
    const struct settings *settings = context->settings;

    if (settings->email == NULL && !settings->register_without_email)
        return contacts_ask(context,
            "Your new e-mail address, so that the CA can reach you. Enter alone removes the one it has.\n", contacts,
            err);
    return contacts_of(settings->voice, settings->email, contacts, err);
}

static bool change_key(struct context *context, struct ca **ca, struct error *err)
{
    struct stored_account *account;

    TRY(account_key_change(context, *ca, &account, err));
    TRY(context_replace_account(context, ca, account, err));
    ui_say(context->ui,
        "Your account has a new key, in %s. The old one is removed; what was signed with it stays valid.",
        (*ca)->account->dir);
    return true;
}

static bool send_contacts(const struct ca *ca, const struct list *contacts, struct error *err)
{
    AUTO(account_info_clear) struct account_info info = { 0 };

    return account_update_contacts(ca->session, ca->who, contacts, &info, err);
}

static void tell_contacts(const struct context *context, const struct ca *ca, const struct list *contacts)
{
    AUTO(free) char *text = list_join(contacts, ",");

    audit_done(ACT_ACCOUNT_CHANGED, NULL, "account", ca->account->id, "server", context->settings->server, "contacts",
        text, NULL);
}

bool accounts_update(struct context *context, struct error *err)
{
    AUTO(list_clear) struct list contacts = { 0 };
    const struct settings *settings = context->settings;
    bool new_key =
        settings->new_key && context->voice->changes_account_keys; /* else that is about certificates alone */
    struct ca *ca;

    TRY(existing(context, "an ", &ca, err));
    if (new_key && settings->email == NULL && !settings->register_without_email)
        return change_key(context, &ca, err);
    TRY(new_contacts(context, &contacts, err));
    if (new_key)
        TRY(change_key(context, &ca, err));
    TRY(send_contacts(ca, &contacts, err) ||
        (context_find_account_again(context, &ca, err) && send_contacts(ca, &contacts, err)));
    tell_contacts(context, ca, &contacts);
    if (contacts.len == 0)
        ui_say(context->ui, "Any contact information associated with this account has been removed.");
    else
        ui_say(context->ui, "Your e-mail address was updated to %s.", context_email(context));
    return true;
}

/* Whether a refused deactivation leaves nothing to deactivate; else *err is the refusal. */
static bool is_lost(const struct ca *ca, enum account_found *found, struct error *err)
{
    AUTO(account_info_clear) struct account_info info = { 0 };
    struct error ignored = { 0 };

    if (err->kind != ERROR_ACME || !account_find(ca->session, &ca->signer, found, &info, &ignored) ||
        *found == ACCOUNT_FOUND)
        return false;
    log_info("the CA has no such account any more: %s", err->why);
    error_clear(err);
    return true;
}

static bool forget(struct context *context, const char *id, struct error *err)
{
    AUTO(range_lock_release) struct range_lock *lock = NULL;

    TRY(account_store_lock(context->store, context->settings->server, &lock, err));
    return account_store_remove(context->store, context->settings->server, id, err);
}

static void say_unknown(struct context *context, const char *id)
{
    ui_say(context->ui, "The CA does not know the account %s; it is forgotten here, too.", id);
}

/* An account that the CA does not find by its key, and whose address is not here either, has only its files to lose. */
static bool forget_unknown(struct context *context, struct error *err)
{
    AUTO(list_clear) struct list ids = { 0 };
    const char *server = context->settings->server;
    struct error failure = { 0 };

    if (strcmp(err->problem, "accountDoesNotExist") != 0 ||
        !account_store_ids(context->store, server, &ids, &failure) || ids.len != 1)
        return false;
    error_clear(err);
    TRY(forget(context, ids.at[0], err));
    say_unknown(context, ids.at[0]);
    return true;
}

bool accounts_unregister(struct context *context, struct error *err)
{
    static const struct question question = {
        .text = "Are you sure you would like to irrevocably deactivate your account?",
        .has_default = true,
    };
    enum account_found found = ACCOUNT_FOUND;
    struct ca *ca;
    bool yes;

    if (!existing(context, "", &ca, err))
        return forget_unknown(context, err);
    TRY(ui_yes_no(context->ui, &question, "Deactivate", "Abort", true, &yes, err));
    if (!yes) {
        (void)error_set(err, ERROR_CANCELED, "Deactivation aborted.");
        return error_is_answer(err);
    }
    if (!account_deactivate(ca->session, ca->who, err) &&
        !(context_find_account_again(context, &ca, err) && account_deactivate(ca->session, ca->who, err)))
        TRY(is_lost(ca, &found, err));
    audit_done(ACT_ACCOUNT_CLOSED, NULL, "account", ca->account->id, "server", context->settings->server, NULL);
    TRY(forget(context, ca->account->id, err));
    if (found == ACCOUNT_UNKNOWN)
        say_unknown(context, ca->account->id);
    else
        ui_say(context->ui, "Account deactivated.");
    return true;
}

/* Asks the CA for an account of this store. *anew is set when it was found or registered again. When the CA cannot be
 * reached the account stays as it is. */
static bool look_after(struct context *context, const char *id, bool *anew, struct error *err)
{
    AUTO(stored_account_free) struct stored_account *account = NULL, *lost = NULL;
    struct error unknown = { 0 };
    struct session *session;

    if (!context_session(context, context->settings->server, &session, &unknown)) {
        log_info("whether the CA still knows the account %s cannot be seen: %s", id, unknown.why);
        return true;
    }
    TRY(account_store_load(context->store, context->settings->server, id, &lost, err));
    TRY(recover_account(context, session, lost, true, &account, err));
    *anew = *anew || account != NULL;
    return true;
}

bool accounts_register(struct context *context, struct error *err)
{
    AUTO(range_lock_release) struct range_lock *lock = NULL;
    AUTO(list_clear) struct list ids = { 0 };
    struct ca *ca;
    bool anew = false;

    TRY(account_store_lock(context->store, context->settings->server, &lock, err));
    TRY(account_store_sweep(context->store, context->settings->server, err));
    TRY(account_store_ids(context->store, context->settings->server, &ids, err));
    for (size_t i = 0; i < ids.len; i++)
        TRY(look_after(context, ids.at[i], &anew, err));
    if (anew)
        return true;
    if (ids.len > 0) {
        (void)error_set(err, ERROR_CONFIG,
            "There is an existing account; registration of a duplicate account with this "
            "command is currently unsupported.");
        (void)error_is_answer(err);
        return error_next(err, "show_account shows it, unregister gives it up");
    }
    return context_account(context, &ca, err);
}
