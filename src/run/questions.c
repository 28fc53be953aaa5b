#include "run/questions.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "typed/names.h"
#include "crypto/csr.h"

#define QUESTION_MAX (256 * 1024)

static void add_name(struct identifiers *out, enum identifier_type type, char *name)
{
    const struct identifier identifier = { type, name };

    if (!identifiers_has(out, &identifier))
        identifiers_add(out, type, name);
}

static bool read_names(const struct voice *voice, char *text, struct identifiers *out, struct error *err)
{
    const char *between = voice->name_separators;

    for (char *save = NULL, *word = strtok_r(text, between, &save); word != NULL;
         word = strtok_r(NULL, between, &save)) {
        AUTO(free) char *name = NULL, *address = NULL;
        struct error none = { 0 };

        if (ip_address_normalize(word, &address, &none)) {
            add_name(out, IDENTIFIER_IP, address);
            continue;
        }
        TRY(domain_read(word, voice->takes_international_names, &name, err));
        add_name(out, IDENTIFIER_DNS, name);
    }
    return true;
}

/* Refuses names without a dot typed at the question: they are mostly slips, and public CAs refuse them. -d accepts them
 * for CAs of companies. */
static bool are_public(const struct identifiers *names, struct error *err)
{
    for (size_t i = 0; i < names->len; i++)
        if (names->at[i].type == IDENTIFIER_DNS && strchr(names->at[i].value, '.') == NULL)
            return error_set(err, ERROR_CONFIG,
                "\"%s\" has no dot in it: no public CA gives certificates for such names. If "
                "yours does, say it with -d %s on the command line.",
                names->at[i].value, names->at[i].value);
    return true;
}

static const char no_names[] = "Please specify --domains, --ip-address, or --installer that will help in domain names "
                               "autodiscovery, or --cert-name for an existing certificate name.";

static bool type_names(struct context *context, struct identifiers *out, struct error *err)
{
    struct question question = {
        .text = context->voice->names_question,
        .flag = "--domains",
        .forced = true,
        .is_list = true,
        .canceled = no_names,
    };

    while (out->len == 0) {
        AUTO(free) char *answer = NULL;
        struct error bad = { 0 };

        TRY(ui_text(context->ui, &question, NULL, &answer, err));
        if (read_names(context->voice, answer, out, &bad) &&
            (!context->voice->refuses_names_without_dot || !ui_is_interactive(context->ui) || are_public(out, &bad)))
            continue;
        identifiers_clear(out);
        if (!ui_is_interactive(context->ui)) {
            *err = bad;
            return false;
        }
        ui_explain(context->ui, bad.why);
    }
    return true;
}

static bool mark_names(struct context *context, const struct list *offered, struct identifiers *out, struct error *err)
{
    struct question question = {
        .text = context->voice->offered_names_question,
        .flag = "--domains",
        .forced = true,
        .canceled = no_names,
    };
    AUTO(free) bool *chosen = xcalloc(offered->len, sizeof *chosen);

    TRY(ui_checklist(context->ui, &question, offered, chosen, err));
    for (size_t i = 0; i < offered->len; i++)
        if (chosen[i])
            add_name(out, IDENTIFIER_DNS, offered->at[i]);
    return true;
}

bool question_names(struct context *context, const struct list *offered, struct identifiers *out, struct error *err)
{
    if (out->len > 0)
        return true;
    return offered != NULL && offered->len > 0 ? mark_names(context, offered, out, err) : type_names(context, out, err);
}

bool question_cert_name(struct context *context, const char *text, char **out, struct error *err)
{
    struct question question = { .text = text, .flag = "--cert-name", .forced = true };
    AUTO(list_clear) struct list names = { 0 };
    size_t chosen;

    if (context->settings->cert_name != NULL) {
        *out = xstrdup(context->settings->cert_name);
        return true;
    }
    TRY(store_lineage_names(context->store, &names, err));
    if (names.len == 0)
        return error_set(err, ERROR_CONFIG, "No existing certificates found.");
    TRY(ui_menu(context->ui, &question, &names, 0, &chosen, err));
    *out = xstrdup(names.at[chosen]);
    return true;
}

bool question_cert_names(struct context *context, const char *text, struct list *out, struct error *err)
{
    struct question question = { .text = text, .flag = "--cert-name", .forced = true };
    AUTO(list_clear) struct list names = { 0 };
    AUTO(free) bool *chosen = NULL;

    TRY(store_lineage_names(context->store, &names, err));
    if (names.len == 0)
        return error_set(err, ERROR_CONFIG, "No existing certificates found.");
    chosen = xcalloc(names.len, sizeof *chosen);
    TRY(ui_checklist(context->ui, &question, &names, chosen, err));
    for (size_t i = 0; i < names.len; i++)
        if (chosen[i])
            list_add(out, names.at[i]);
    return true;
}

bool question_same_names(struct context *context, const struct lineage *lineage, bool *renew, struct error *err)
{
    AUTO(free)
    char *text = xprintf("You have an existing certificate that has exactly the same domains or certificate name "
                         "you requested and isn't close to expiry.\n(ref: %s)\n\nWhat would you like to do?",
        lineage->conf_path);
    struct question question = {
        .text = text, .has_default = true, .forced = true, .canceled = "Operation canceled. You may re-run the client."
    };
    AUTO(list_clear) struct list choices = { 0 };
    size_t chosen;

    list_add(&choices, context->verb->traits & VERB_OBTAINS_TOO ? "Attempt to reinstall this existing certificate"
                                                                : "Keep the existing certificate for now");
    list_add(&choices, "Renew & replace the certificate (may be subject to CA rate limits)");
    TRY(ui_menu(context->ui, &question, &choices, 0, &chosen, err));
    *renew = chosen == 1;
    return true;
}

static void put_difference(struct buf *text, const struct list *names, const struct list *others, const char *sign)
{
    AUTO(list_clear) struct list found = { 0 };

    for (size_t i = 0; i < names->len; i++)
        if (!list_has(others, names->at[i]))
            list_add(&found, names->at[i]);
    list_sort(&found);
    for (size_t i = 0; i < found.len; i++)
        buf_putf(text, "%s %s\n", sign, found.at[i]);
    if (found.len == 0)
        buf_put_text(text, "(None)\n");
}

static bool ask_expand(
    struct context *context, const struct lineage *lineage, const struct list *wanted, struct error *err)
{
    AUTO(free) char *before = list_join(&lineage->cert->names, ", "), *after = list_join(wanted, ", ");
    AUTO(free)
    char *text = xprintf("You have an existing certificate that contains a portion of the domains you requested "
                         "(ref: %s)\n\nIt contains these names: %s\n\nYou requested these names for the new "
                         "certificate: %s.\n\nDo you want to "
                         "expand and replace this existing certificate with the new certificate?",
        lineage->conf_path, before, after);
    struct question question = { .text = text, .flag = "--expand", .forced = true };
    bool yes = context->settings->expand || context->settings->force_renewal;

    if (!yes)
        TRY(ui_yes_no(context->ui, &question, "Expand", "Cancel", false, &yes, err));
    if (yes)
        return true;
    ui_say(context->ui,
        "To obtain a new certificate that contains these names without replacing your existing certificate "
        "for %s, you must use the --duplicate option.\n\nFor example:\n\n%s --duplicate %s",
        before, context->voice->command, context->arguments);
    return error_set(err, ERROR_CANCELED, "User chose to cancel the operation and may reinvoke the client.");
}

static bool ask_new_names(
    struct context *context, const struct lineage *lineage, const struct list *wanted, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(QUESTION_MAX);
    struct question question = { .flag = "--renew-with-new-domains", .has_default = true };
    bool yes = context->settings->renew_with_new_domains;

    buf_putf(&text, "You are updating certificate %s to include new domain(s):\n", lineage->name);
    put_difference(&text, wanted, &lineage->cert->names, "+");
    buf_put_text(&text, "\nYou are also removing previously included domain(s):\n");
    put_difference(&text, &lineage->cert->names, wanted, "-");
    buf_put_text(&text, "\nDid you intend to make this change?");
    question.text = buf_text(&text);
    if (!yes)
        TRY(ui_yes_no(context->ui, &question, "Update certificate", "Cancel", true, &yes, err));
    if (yes)
        return true;
    return VOICE_ERROR(err, ERROR_CANCELED, context->voice->names_kept, lineage->name);
}

bool question_changed_names(struct context *context, const struct lineage *lineage, const struct identifiers *wanted,
    bool expand, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    identifiers_names(wanted, &names);
    return expand ? ask_expand(context, lineage, &names, err) : ask_new_names(context, lineage, &names, err);
}

/* An option that differs from the one in the renewal file. An empty one is as good as none. */
static bool is_other_option(struct context *context, const struct lineage *lineage, const char *what, const char *key,
    const char *wanted, bool is_set)
{
    const char *before = conf_get(lineage->conf, "renewalparams", key);

    before = text_is_given(before) && strcmp(before, "None") != 0 ? before : "none";
    wanted = text_is_given(wanted) ? wanted : "none";
    if (!is_set || strcmp(before, wanted) == 0)
        return false;
    ui_say(context->ui,
        "Another %s is asked for than the certificate %s was obtained with (%s, not %s), so it is renewed.", what,
        lineage->name, wanted, before);
    return true;
}

bool question_other_options(struct context *context, const struct lineage *lineage)
{
    const struct settings *settings = context->settings;
    bool differs = false;

    if (!context->voice->renews_for_other_options)
        return false;
    differs |= is_other_option(context, lineage, "profile", "required_profile", settings->required_profile,
        SETTING_IS_SET(settings, required_profile));
    differs |= is_other_option(context, lineage, "profile", "preferred_profile", settings->preferred_profile,
        SETTING_IS_SET(settings, preferred_profile));
    differs |= is_other_option(context, lineage, "chain", "preferred_chain", settings->preferred_chain,
        SETTING_IS_SET(settings, preferred_chain));
    return differs;
}

bool question_key_type(struct context *context, const struct lineage *lineage, bool *changes, struct error *err)
{
    const struct settings *settings = context->settings;
    const char *now = lineage->cert->key_type == KEY_RSA ? "rsa" : "ecdsa";
    const char *now_text = lineage->cert->key_type == KEY_RSA ? "RSA" : "ECDSA";
    const char *then_text = lineage->cert->key_type == KEY_RSA ? "ECDSA" : "RSA";
    AUTO(free) char *text = NULL;
    struct question question = { .has_default = true };

    *changes = false;
    if (strcmp(settings->key_type, now) == 0)
        return true;
    *changes = SETTING_IS_SET(settings, key_type) && SETTING_IS_SET(settings, cert_name);
    if (*changes)
        return true;
    if (SETTING_IS_SET(settings, key_type) && context->voice->renews_for_other_options && !ui_may_ask(context->ui)) {
        ui_say(context->ui, "The certificate %s has an %s key, and %s is asked for, so it is renewed.", lineage->name,
            now_text, then_text);
        *changes = true;
        return true;
    }
    text = xprintf("An %s certificate named %s already exists. Do you want to update its key type to %s?", now_text,
        lineage->name, then_text);
    question.text = text;
    TRY(ui_yes_no(context->ui, &question, "Update key type", "Keep existing key type", false, changes, err));
    if (*changes)
        return true;
    if (SETTING_IS_SET(settings, key_type))
        return error_set(err, ERROR_CONFIG,
            "Are you trying to change the key type of the certificate named %s from %s to %s? "
            "Please provide both --cert-name and --key-type on the command line to confirm the change you are trying "
            "to make.",
            lineage->name, now_text, then_text);
    xreplace(&context->answers->key_type, now);
    return true;
}
