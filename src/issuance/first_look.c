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
        .ca_is_private = settings->allow_private_ip,
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

bool first_look_before_order(struct context *context, const struct ca *ca, struct solver *solver,
    const struct issue_request *request, struct error *err)
{
    const struct first_look look = {
        .names = &request->requested,
        .types = &solver->types,
        .plugin = solver->plugin,
        .session = ca->session,
        .account_url = ca->account->url,
        .asked = context->settings->preflight == YES,
    };

    if (!is_wanted(context, request))
        return true;
    TRY(first_look(context, &look, &solver->looked, err));
    tell(context, &solver->looked);
    return true;
}

/* ---- once the CA has said what is to be proved ---- */

/* By what it was thought that the name would be proved; NULL: nobody looked at it, or at no proof. */
static const char *looked_at(const struct preflight *found, const char *name)
{
    for (size_t i = 0; i < found->look_count; i++)
        if (text_equal(found->looks[i].name, name))
            return found->looks[i].proof;
    return NULL;
}

const struct preflight_finding *first_look_dooms(const struct preflight *found, const struct proof *proof)
{
    AUTO(free) char *name = proof_name(proof);

    if (!text_equal(looked_at(found, name), proof->type))
        return NULL;
    for (size_t i = 0; i < found->len; i++)
        if (found->at[i].severity == PREFLIGHT_FAILURE && text_equal(found->at[i].name, name))
            return &found->at[i];
    return NULL;
}

static void set_failure(const struct preflight_finding *finding, struct error *err)
{
    (void)error_set(err, ERROR_CONFIG, "the CA would refuse, and was not asked to look: %s: %s; %s", finding->name,
        finding->what, finding->why);
    (void)error_next(err, "%s; with --skip-preflight the CA is asked all the same", finding->remedy);
}

/* Adds the names that are to be proved by that type, but were looked at for another one. */
static void add_others(
    const struct preflight *found, const struct proofs *proofs, const char *type, struct identifiers *names)
{
    for (size_t i = 0; i < proofs->count; i++) {
        AUTO(free) char *name = proof_name(&proofs->at[i]);
        const char *before = looked_at(found, name);

        if (before != NULL && !text_equal(before, type) && text_equal(proofs->at[i].type, type))
            identifiers_add(names, proofs->at[i].is_ip ? IDENTIFIER_IP : IDENTIFIER_DNS, name);
    }
}

struct doom { /* side by side with the proofs */
    bool *doomed;
    struct error first; /* why; kind ERROR_NONE: none is */
    struct buf told;
};

static void doom_clear_at(struct doom *doom)
{
    free(doom->doomed);
    buf_clear(&doom->told);
}

static void judge(const struct preflight *found, const struct proofs *proofs, struct doom *doom)
{
    for (size_t i = 0; i < proofs->count; i++) {
        const struct preflight_finding *finding = first_look_dooms(found, &proofs->at[i]);

        if (finding == NULL || doom->doomed[i])
            continue;
        doom->doomed[i] = true;
        buf_putf(&doom->told, "  %s: %s; %s.\n", finding->name, finding->what, finding->why);
        if (doom->first.kind == ERROR_NONE)
            set_failure(finding, &doom->first);
    }
}

/* Looks once more where the CA has not offered the proof that was thought of. */
static bool look_again(struct context *context, const struct ca *ca, const struct solver *solver,
    const struct proofs *proofs, struct doom *doom, struct error *err)
{
    for (size_t i = 0; i < solver->types.len; i++) {
        AUTO(identifiers_clear) struct identifiers names = { 0 };
        AUTO(preflight_clear) struct preflight found = { 0 };
        const struct list type = { &solver->types.at[i], 1 };
        const struct first_look look = { .names = &names,
            .types = &type,
            .plugin = solver->plugin,
            .session = ca->session,
            .account_url = ca->account->url,
            .asked = context->settings->preflight == YES };

        add_others(&solver->looked, proofs, solver->types.at[i], &names);
        if (names.len == 0)
            continue;
        TRY(first_look(context, &look, &found, err));
        tell(context, &found);
        judge(&found, proofs, doom);
    }
    return true;
}

/* False where names may not be left out, or none would remain. */
static bool leave_out(
    struct context *context, struct proofs *proofs, const struct doom *doom, size_t ordered, struct list *failed)
{
    AUTO(list_clear) struct list names = { 0 };

    for (size_t i = 0; i < proofs->count; i++) {
        AUTO(free) char *name = doom->doomed[i] ? proof_name(&proofs->at[i]) : NULL;

        if (name != NULL)
            list_add(&names, name);
    }
    if (!context->settings->allow_subset_of_names || names.len == ordered)
        return false;
    ui_say(context->ui, "The CA would refuse these names, and is not asked to look:\n%.*s", (int)doom->told.len - 1,
        doom->told.at);
    list_add_all(failed, &names);
    proofs_leave_out(proofs, doom->doomed);
    return true;
}

bool first_look_at_proofs(struct context *context, const struct ca *ca, const struct solver *solver,
    struct proofs *proofs, size_t ordered, struct list *failed, struct error *err)
{
    AUTO(doom_clear)
    struct doom doom = { .doomed = xcalloc(proofs->count + 1, sizeof *doom.doomed), .told = BUF(TEXT_MAX) };

    TRY(look_again(context, ca, solver, proofs, &doom, err));
    judge(&solver->looked, proofs, &doom);
    if (doom.first.kind == ERROR_NONE || leave_out(context, proofs, &doom, ordered, failed))
        return true;
    *err = doom.first;
    return false;
}
