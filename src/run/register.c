#include "run/register.h"

#include <string.h>
#include <sys/utsname.h>

#include "audit/audit.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "typed/names.h"
#include "run/account_key.h"

#define EAB_KEY_MAX 4096

char *context_user_agent(const struct context *context)
{
    const struct settings *settings = context->settings;
    const char *authenticator = authenticator_in_use(settings, context->answers);
    const char *installer = installer_in_use(settings, context->answers);
    struct utsname system;
    bool known = uname(&system) == 0;

    if (settings->user_agent != NULL)
        return xstrdup(settings->user_agent);
    return xprintf("Evercert/" EVERCERT_VERSION " (%s; %s%s%s) Authenticator/%s Installer/%s (%s)",
        context->voice->program, known ? system.sysname : "unknown", settings->user_agent_comment != NULL ? "; " : "",
        settings->user_agent_comment != NULL ? settings->user_agent_comment : "",
        authenticator != NULL ? authenticator : "None", installer != NULL ? installer : "None", context->verb->name);
}

bool contacts_of(const struct voice *voice, const char *email, struct list *out, struct error *err)
{
    struct view rest = view_of(email), part;

    if (email == NULL || *email == '\0')
        return true;
    while (view_cut(&rest, ',', &part)) {
        AUTO(free) char *address = view_dup(view_trim(part));
        AUTO(free) char *uri = xprintf("mailto:%s", address);

        TRY(email_check(address, voice->holds_email_to_rules, err));
        list_add(out, uri);
    }
    return true;
}

static bool agree_to_terms(struct context *context, const struct directory *directory, struct error *err)
{
    AUTO(free) char *text = NULL;
    struct question question = { .flag = "--agree-tos", .forced = true };
    bool agreed = false;

    if (directory->terms_of_service == NULL || context->settings->agree_tos)
        return true;
    text = VOICE_FILL(context->voice->terms_question, directory->terms_of_service);
    question.text = text;
    TRY(ui_yes_no(context->ui, &question, "Yes", "No", false, &agreed, err));
    if (agreed)
        return true;
    return VOICE_ERROR(err, ERROR_CONFIG, context->voice->terms_refused, NULL);
}

const char *context_email(const struct context *context)
{
    return context->answers->has_email ? context->answers->email : context->settings->email;
}

static bool ask_contacts(
    struct context *context, const char *text, const char *again, struct list *out, struct error *err)
{
    struct question question = {
        .text = text, .flag = "--email", .has_default = true, .canceled = "Error getting email address."
    };
    struct answers *answers = context->answers;

    for (;;) {
        AUTO(free) char *answer = NULL;
        struct error bad = { 0 };

        TRY(ui_text(context->ui, &question, "", &answer, err));
        list_clear(out);
        if (contacts_of(context->voice, answer, out, &bad)) {
            xreplace(&answers->email, *answer != '\0' ? answer : NULL);
            answers->has_email = true;
            return true;
        }
        if (context->voice->hints)
            ui_explain(context->ui, bad.why);
        else
            log_error("Invalid email address: %s.", answer);
        question.text = again;
    }
}

bool contacts_ask(struct context *context, const char *text, struct list *out, struct error *err)
{
    const struct voice *voice = context->voice;

    return ask_contacts(context, voice->email_question != NULL ? voice->email_question : text,
        voice->email_again != NULL ? voice->email_again : text, out, err);
}

#define EMAIL_QUESTION "Your e-mail address, so that the CA can reach you. Enter alone goes without.\n"

static bool find_contacts(struct context *context, struct list *contacts, struct error *err)
{
    const struct settings *settings = context->settings;

    if (context_email(context) == NULL && !settings->register_without_email && !settings->dry_run)
        return contacts_ask(context, EMAIL_QUESTION, contacts, err);
    return contacts_of(context->voice, context_email(context), contacts, err);
}

static bool has_binding(const struct settings *settings)
{
    return text_is_given(settings->eab_kid) &&
           (text_is_given(settings->eab_hmac_key) || text_is_given(settings->eab_hmac_key_file));
}

/* Before the terms: without a binding (RFC 8555 section 7.3.4) they need not be read. */
static bool check_binding(const struct settings *settings, const struct directory *directory, struct error *err)
{
    if (!directory->external_account_required || has_binding(settings))
        return true;
    (void)error_set(err, ERROR_CONFIG,
        "Unable to register an account with ACME server. Server requires external account "
        "binding. Please use --eab-kid and --eab-hmac-key.");
    return error_next(err, "ask the CA for the two values, or look for them in your account on its web site");
}

/* CAs hand it out in either alphabet of base64, with padding or without. */
static bool decode_hmac_key(struct view text, struct buf *key)
{
    AUTO(buf_clear) struct buf plain = BUF_SECRET(2 * EAB_KEY_MAX);
    struct view rest = view_trim(text);

    while (rest.len > 0 && rest.at[rest.len - 1] == '=')
        rest.len--;
    for (size_t i = 0; i < rest.len; i++)
        buf_put_char(&plain, rest.at[i] == '+' ? '-' : rest.at[i] == '/' ? '_' : rest.at[i]);
    return !plain.failed && buf_put_unbase64url(key, buf_view(&plain)) && !key->failed && key->len > 0;
}

static bool external_account(
    const struct settings *settings, struct buf *key, struct external_account *out, bool *used, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF_SECRET(2 * EAB_KEY_MAX);
    const char *file = settings->eab_hmac_key_file;

    *used = has_binding(settings);
    if (!*used)
        return true;
    if (file != NULL)
        TRY(file_read_given(file, &text, err));
    else
        buf_put_text(&text, settings->eab_hmac_key);
    if (text.failed || !decode_hmac_key(buf_view(&text), key)) {
        (void)error_set(err, ERROR_CONFIG, "the value of --eab-hmac-key%s%s is not base64url",
            file != NULL ? "-file " : "", file != NULL ? file : "");
        return error_next(err, "give it as the CA shows it: letters, digits, - and _");
    }
    *out = (struct external_account){ settings->eab_kid, settings->eab_hmac_alg, buf_view(key) };
    return true;
}

/* Certbot uses P-256 as well when it finds it. */
static struct key_params account_key_params(const struct context *context)
{
    if (context->voice->has_rsa_accounts)
        return (struct key_params){ .type = KEY_RSA, .bits = (unsigned)context->settings->rsa_key_size };
    return (struct key_params){ .type = KEY_EC, .curve = "secp256r1" };
}

/* external: NULL where there is no binding. */
static bool register_key(struct session *session, const struct key *key, const struct list *contacts,
    const struct external_account *external, struct account_info *info, struct error *err)
{
    struct account_request request = { .contacts = contacts, .terms_agreed = true, .external = external };
    struct signer signer;
    bool ok;

    TRY(signer_open(key, &signer, err));
    ok = account_request(session, &signer, &request, info, err);
    signer_close(&signer);
    if (ok)
        return true;
    if (external != NULL && err->kind == ERROR_ACME)
        (void)error_next(err, "check --eab-kid and --eab-hmac-key against what the CA has given you");
    return error_in(err, "Unable to register an account with ACME server");
}

/* The CA refuses the address: a user at a terminal may give another one. */
static bool other_contacts(struct context *context, struct list *contacts, struct error *err)
{
    const char *email = context_email(context);
    AUTO(free) char *text = NULL;
    bool is_refused = err->kind == ERROR_ACME &&
                      (strcmp(err->problem, "invalidContact") == 0 || strcmp(err->problem, "invalidEmail") == 0 ||
                          strcmp(err->problem, "unsupportedContact") == 0);

    if (!is_refused || email == NULL)
        return false;
    if (!ui_is_interactive(context->ui))
        return VOICE_ERROR(err, ERROR_CONFIG, context->voice->email_unusable, email);
    text = xprintf("The CA does not accept %s (%s).", email, err->why);
    if (context->voice->hints)
        ui_explain(context->ui, text);
    error_clear(err);
    return context->voice->email_refused == NULL
               ? contacts_ask(context, EMAIL_QUESTION, contacts, err)
               : ask_contacts(context, context->voice->email_refused, context->voice->email_again, contacts, err);
}

/* Perhaps in other words, when it is the CA's word. */
static bool refused(const struct context *context, struct error *err)
{
    struct error refusal = *err;

    if (err->kind != ERROR_ACME || err->problem[0] == '\0')
        return false;
    return VOICE_ERROR(err, ERROR_CONFIG, context->voice->registration_refused, refusal.why + refusal.detail);
}

bool account_key_make(const struct context *context, struct key **out, struct error *err)
{
    return key_generate(account_key_params(context), out, err);
}

/* The given key, one that an earlier run had no time to make an account of, or a new one; on disk before the CA sees
 * it. */
static bool keep_key(struct context *context, struct key **key, struct error *err)
{
    const char *server = context->settings->server;

    if (*key == NULL)
        TRY(account_store_kept_key(context->store, server, key, err));
    if (*key == NULL)
        TRY(account_key_make(context, key, err));
    return account_store_keep_key(context->store, server, *key, err);
}

/* The CA has refused, so there is no account; any other failure may have come after it was made. */
static void forget_if_refused(struct context *context, const struct key *key, const struct error *err)
{
    struct error left = { 0 };

    if (err->kind == ERROR_ACME && err->problem[0] != '\0' &&
        !account_store_forget_key(context->store, context->settings->server, key, &left))
        log_debug("the key that the CA did not take is left behind: %s", left.why);
}

bool register_account(
    struct context *context, struct session *session, struct key *given, struct stored_account **out, struct error *err)
{
    AUTO(key_free) struct key *key = given;
    AUTO(account_info_clear) struct account_info info = { 0 };
    AUTO(list_clear) struct list contacts = { 0 };
    AUTO(buf_clear) struct buf hmac_key = BUF_SECRET(EAB_KEY_MAX);
    const struct settings *settings = context->settings;
    struct external_account external;
    bool bound;

    TRY(find_contacts(context, &contacts, err));
    TRY(check_binding(settings, session_directory(session), err));
    TRY(external_account(settings, &hmac_key, &external, &bound, err));
    TRY(agree_to_terms(context, session_directory(session), err));
    TRY(keep_key(context, &key, err));
    while (!register_key(session, key, &contacts, bound ? &external : NULL, &info, err)) {
        struct error refusal = *err; /* which may be told in other words */

        if (other_contacts(context, &contacts, err))
            continue;
        forget_if_refused(context, key, &refusal);
        return refused(context, err);
    }
    TRY(account_store_save(context->store, settings->server, TAKE(key), info.url,
        settings->eff_email == YES ? context_email(context) : NULL, out, err));
    log_debug("new account %s at %s", (*out)->id, settings->server);
    audit_done(ACT_ACCOUNT_REGISTERED, NULL, "account", (*out)->id, "server", settings->server, "url", info.url, NULL);
    ui_say(context->ui, "Account registered.");
    if (settings->eff_email == YES && context->voice->tells_more)
        ui_say(context->ui, "--eff-email has no effect: your address is shared with nobody but the CA.");
    return true;
}

/* ---- accounts that are lost ---- */

static bool not_anew(const struct context *context, enum account_found found, const char *id, struct error *err)
{
    (void)error_set(err, ERROR_ACME,
        found == ACCOUNT_UNKNOWN ? "the CA does not know the account %s (any more)"
                                 : "the CA has ended the account %s: it was deactivated or revoked",
        id);
    (void)error_problem(err, "accountDoesNotExist", 0);
    return error_next(err, "run the register command with --server %s: it %s, and the certificates go on with it",
        context->settings->server,
        found == ACCOUNT_UNKNOWN ? "registers the account's key again" : "makes another account in its place");
}

static bool ask_for_account(struct session *session, const struct stored_account *account, enum account_found *found,
    struct account_info *info, struct error *err)
{
    struct signer signer;
    bool ok;

    TRY(signer_open(account->key, &signer, err));
    ok = account_find(session, &signer, found, info, err);
    signer_close(&signer);
    return ok;
}

/* Finds the account that took the place of `lost` by a change of key; else restores *err, and false. */
static bool find_successor(struct context *context, struct session *session, const struct stored_account *lost,
    struct stored_account **out, struct error *err)
{
    struct error gone = *err;

    error_clear(err);
    TRY(account_key_finish(context, session, lost, out, err));
    if (*out == NULL)
        *err = gone;
    return *out != NULL;
}

bool recover_account(struct context *context, struct session *session, const struct stored_account *lost, bool anew,
    struct stored_account **out, struct error *err)
{
    AUTO(stored_account_free) struct stored_account *account = NULL;
    AUTO(account_info_clear) struct account_info info = { 0 };
    const char *server = context->settings->server, *id = lost->id;
    struct error left = { 0 };
    enum account_found found;

    *out = NULL;
    if (!account_store_load(context->store, server, id, &account, err))
        return find_successor(context, session, lost, out, err);
    TRY(ask_for_account(session, account, &found, &info, err));
    if (found == ACCOUNT_FOUND) {
        if (!account->no_meta && text_equal(account->url, info.url))
            return true;
        if (context->settings->dry_run)
            xreplace(&account->url, info.url); /* its files stay as they are */
        else
            TRY(account_store_mend(account, info.url, err));
        *out = TAKE(account);
        return true;
    }
    TRY(account_key_finish(context, session, account, out, err));
    if (*out != NULL)
        return true;
    if (!anew)
        return not_anew(context, found, id, err);
    if (found == ACCOUNT_UNKNOWN) {
        log_warning("The CA does not know the account %s (any more): its key is registered again.", id);
        return register_account(context, session, TAKE(account->key), out, err);
    }
    log_warning("The CA has ended the account %s: another one takes its place.", id);
    TRY(register_account(context, session, NULL, out, err));
    if (!account_store_remove(context->store, server, id, &left))
        log_warning("The files of the account %s are left behind: %s", id, left.why);
    return true;
}
