#include "issuance/first_look.h"

#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/failures.h"

#define TEXT_MAX ((size_t)256 * 1024)

bool first_look(struct context *context, const struct first_look *look, struct preflight *out, struct error *err)
{
    const struct settings *settings = context->settings;
    struct preflight_request request = {
        .names = look->names,
        .types = look->types,
        .server = look->plugin != NULL ? look->plugin->authenticator->server : SERVER_FILES,
        .http_port = settings->http_01_port,
        .tls_port = settings->tls_alpn_01_port,
        .ca_url = settings->server,
        .account_url = look->account_url,
        .asked = look->asked,
    };
    struct net *net;

    if (look->session != NULL) {
        request.directory = session_directory(look->session);
        request.has_clock = session_clock_ahead(look->session, &request.clock_ahead_s);
    }
    TRY(context_net(context, &net, err));
    preflight_run(net, &request, out);
    if (interrupt_check(err))
        return true;
    preflight_clear(out);
    return false;
}

/* A renewal that went well the last time is not looked at: thousands of them would ask the same again and again. */
static bool is_wanted(struct context *context, const struct issue_request *request)
{
    AUTO(failures_clear) struct failures failures = { 0 };
    const struct settings *settings = context->settings;
    struct error ignored = { 0 };
    bool found = false;

    if (settings->preflight == NO || (settings->preflight == UNDECIDED && !context->voice->preflights))
        return false;
    if ((context->verb->traits & VERB_RESTORES) == 0 || request->lineage == NULL)
        return true;
    return failures_any(context->store) &&
           failures_load(context->store, request->lineage->name, &failures, &found, &ignored) && found;
}

void first_look_put(struct buf *text, const struct preflight_finding *finding)
{
    buf_putf(text, "  [%s] %s%s%s: %s.\n    Why it matters: %s.\n    Try this: %s.\n",
        preflight_severity_name(finding->severity), finding->code, finding->name != NULL ? ": " : "",
        finding->name != NULL ? finding->name : "", finding->what, finding->why, finding->remedy);
}

/* Notes are for the log: the order goes well in spite of them. */
static void tell(struct context *context, const struct preflight *found)
{
    AUTO(buf_clear) struct buf text = BUF(TEXT_MAX);

    for (size_t i = 0; i < found->len; i++) {
        const struct preflight_finding *finding = &found->at[i];

        if (finding->severity == PREFLIGHT_NOTE)
            log_info("%s%s%s: %s", finding->name != NULL ? finding->name : "", finding->name != NULL ? ": " : "",
                finding->code, finding->what);
        else
            first_look_put(&text, finding);
    }
    if (text.len > 0)
        ui_say(context->ui,
            "What may fail, as far as it can be seen from here (--skip-preflight looks at nothing):\n%.*s",
            (int)text.len - 1, text.at);
}

static bool is_doomed(const struct preflight *found, const struct identifier *identifier)
{
    for (size_t i = 0; i < found->len; i++)
        if (found->at[i].severity == PREFLIGHT_FAILURE && text_equal(found->at[i].name, identifier->value))
            return true;
    return false;
}

/* Where names may be left out, the CA's refusal tells which. */
static bool some_may_remain(
    const struct context *context, const struct preflight *found, const struct identifiers *names)
{
    bool some = false;

    for (size_t i = 0; i < names->len; i++)
        some = some || !is_doomed(found, &names->at[i]);
    return some && context->settings->allow_subset_of_names;
}

bool first_look_before_order(struct context *context, const struct ca *ca, const struct solver *solver,
    const struct issue_request *request, struct error *err)
{
    const struct first_look look = {
        .names = &request->identifiers,
        .types = &solver->types,
        .plugin = solver->plugin,
        .session = ca->session,
        .account_url = ca->account->url,
        .asked = context->settings->preflight == YES,
    };
    AUTO(preflight_clear) struct preflight found = { 0 };
    const struct preflight_finding *failure;

    if (!is_wanted(context, request))
        return true;
    TRY(first_look(context, &look, &found, err));
    tell(context, &found);
    failure = preflight_failure(&found);
    if (failure == NULL || some_may_remain(context, &found, &request->identifiers))
        return true;
    (void)error_set(err, ERROR_CONFIG, "the order would fail, and was not placed: %s: %s; %s", failure->name,
        failure->what, failure->why);
    return error_next(err, "%s; with --skip-preflight the order is placed all the same", failure->remedy);
}
