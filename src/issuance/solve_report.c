#include "issuance/solve_report.h"

#include <stdlib.h>
#include <string.h>

#include "acme/authz_explain.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "issuance/seen_here.h"

#define REPORT_MAX (64 * 1024)
#define CERTBOT_COLUMNS 80
#define HERE_MS 2000 /* for the resolvers of this machine, all names together */

static const char *problem_type(const struct authz *authz)
{
    const struct problem *problem = authz_error(authz);

    return problem != NULL && problem->type != NULL ? problem->type : "unknown";
}

/* Compares by type, then by name: the CA lists authorizations in its own order. */
static int by_type(const void *a, const void *b)
{
    const struct authz *left = *(const struct authz *const *)a, *right = *(const struct authz *const *)b;
    int order = strcmp(problem_type(left), problem_type(right));

    return order != 0 ? order : strcmp(authz_name(left), authz_name(right));
}

/* Writes the CA's subproblems (RFC 8555 section 6.7.1), and the addresses and redirected URLs of its validation
 * records. */
static void put_seen(struct buf *text, const struct authz *authz)
{
    for (size_t i = 0; i < authz->challenge_count; i++) {
        const struct challenge *challenge = &authz->challenges[i];
        AUTO(free) char *addresses = list_join(&challenge->records, ", "), *urls = list_join(&challenge->urls, " -> ");

        if (challenge->error.type == NULL)
            continue;
        for (size_t k = 0; k < challenge->error.subproblem_count; k++)
            if (challenge->error.subproblems[k].detail[0] != '\0')
                buf_putf(text, "  Also:   %s\n", challenge->error.subproblems[k].detail);
        if (challenge->records.len > 0)
            buf_putf(text, "  Address used by the CA: %s\n", addresses);
        if (challenge->urls.len > 1)
            buf_putf(text, "  The CA was redirected: %s\n", urls);
    }
}

/* Writes the usual cause of the failure and one thing to try, for each name: names may fail for different reasons. */
static void put_explanation(struct buf *text, const struct authz *authz)
{
    struct explanation explanation = authz_explain(authz);

    if (explanation.means[0] != '\0')
        buf_putf(text, "  Means:  %s\n", explanation.means);
    if (explanation.attempt[0] != '\0')
        buf_putf(text, "  Try:    %s\n", explanation.attempt);
}

/* Writes what this machine's resolvers answer for the name. Resolvers that do not respond are not asked again
 * (seen_here_ask); a name that they cannot resolve says nothing about the other names. */
static void put_here(struct buf *text, struct net *net, const struct authz *authz, int64_t until_ms)
{
    AUTO(seen_here_clear) struct seen_here here = { 0 };
    AUTO(free) char *told = NULL;

    if (!seen_here_matters(authz))
        return;
    seen_here_ask(net, authz->identifier.value, until_ms, &here);
    told = seen_here_tell(authz, &here);
    if (told != NULL)
        buf_putf(text, "  Seen from here: %s\n", told);
}

/* Entries grouped by type, as Certbot shows them. */
static void put_failures(
    struct context *context, const struct solver *solver, const struct authz **failed, size_t count, struct buf *text)
{
    int64_t until_ms = clock_monotonic_ms() + HERE_MS;

    buf_putf(text,
        "\n%s failed to authenticate some domains (authenticator: %s). The Certificate Authority reported these "
        "problems:\n",
        context->voice->program, solver->plugin->name);
    for (size_t i = 0; i < count; i++) {
        const struct problem *problem = authz_error(failed[i]);

        buf_putf(text, "%s  Identifier: %s\n  Type:   %s\n  Detail: %s\n", i > 0 ? "\n" : "",
            failed[i]->identifier.value, problem_type(failed[i]),
            problem != NULL && problem->detail != NULL ? problem->detail : "the CA gave no reason");
        put_seen(text, failed[i]);
        if (!context->voice->explains)
            continue;
        put_here(text, solver->plugin_context.net, failed[i], until_ms);
        put_explanation(text, failed[i]);
    }
}

/* Sets the error to the first name's reason and advice: with -q (a timer's mail) it is all that the user sees. */
static bool fail(const struct context *context, const struct authz **failed, size_t count, struct error *err)
{
    AUTO(free) char *others = count == 1 ? xstrdup("") : xprintf(" (and %zu more)", count - 1);
    struct error first = { 0 };

    if (!context->voice->explains)
        return error_set(err, ERROR_ACME, "Some challenges have failed.");
    (void)authz_to_error(failed[0], &first);
    (void)error_set(err, ERROR_ACME, "Some challenges have failed. %s%s: %s", authz_name(failed[0]), others, first.why);
    return first.next[0] == '\0' || error_next(err, "%s", first.next);
}

bool solve_report(struct context *context, struct solver *solver, const struct proofs *proofs, struct error *err)
{
    AUTO(free) const struct authz **failed = xcalloc(proofs->count, sizeof *failed);
    AUTO(buf_clear) struct buf text = BUF(REPORT_MAX);
    AUTO(free) char *hint = NULL;
    const char *type = NULL; /* of the first challenge that failed */
    size_t failures = 0;

    for (size_t i = 0; i < proofs->count; i++)
        if (proofs->at[i].state == PROOF_READY && proofs->authzs[i].status != AUTHZ_VALID) {
            type = failures == 0 ? proofs->at[i].type : type;
            failed[failures++] = &proofs->authzs[i];
        }
    qsort(failed, failures, sizeof *failed, by_type);
    put_failures(context, solver, failed, failures, &text);
    if (solver->plugin->authenticator->hint != NULL)
        hint = solver->plugin->authenticator->hint(solver->self, type);
    if (hint != NULL)
        buf_putf(&text, "\nHint: %s\n", hint);
    ui_say(context->ui, "%s", buf_text(&text));
    if (context->settings->allow_subset_of_names)
        return true;
    (void)fail(context, failed, failures, err);
    return hint != NULL && context->voice->explains ? error_next_default(err, "%s", hint) : false;
}

/* ---- what could not be presented ---- */

static bool is_among(const struct proof *proof, const struct list *names)
{
    AUTO(free) char *name = proof_name(proof);

    return proof->state == PROOF_FAILED && list_has(names, name);
}

static void put_unpresented(struct buf *text, const struct proofs *proofs, const struct list *names)
{
    for (size_t i = 0; i < proofs->count; i++) {
        const struct proof *proof = &proofs->at[i];

        if (!is_among(proof, names))
            continue;
        buf_putf(text, "\n  Identifier: %s%s\n  Reason: %s\n", proof->wildcard ? "*." : "", proof->identifier,
            proof->error->why);
        if (proof->error->next[0] != '\0')
            buf_putf(text, "  Try:    %s\n", proof->error->next);
    }
}

bool solve_report_unpresented(
    struct context *context, const struct proofs *proofs, const struct list *names, bool goes_on, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(REPORT_MAX);
    size_t first = 0;

    if (goes_on || names->len > 1) {
        buf_putf(&text, "%s could not present the proofs of control for some names:\n", context->voice->program);
        put_unpresented(&text, proofs, names);
        ui_say(context->ui, "%s", buf_text(&text));
    }
    while (first < proofs->count && !is_among(&proofs->at[first], names))
        first++;
    if (goes_on || first == proofs->count)
        return true;
    *err = *proofs->at[first].error;
    if (names->len == 1)
        return error_in(err, "%s challenge for %s", proofs->at[first].type, proofs->at[first].identifier);
    return error_in(err, "%s challenge for %s (and %zu more name%s)", proofs->at[first].type,
        proofs->at[first].identifier, names->len - 1, names->len > 2 ? "s" : "");
}

/* ---- what is in place ---- */

static void put_expected(struct buf *text, const struct proof *proof)
{
    bool bracket = proof->is_ip && strchr(proof->identifier, ':') != NULL;

    switch (proof->kind) {
    case PROOF_RECORD:
    case PROOF_STANDING:
        buf_putf(text, "\nFQDN: %s\nExpected value: %s\n", proof->record_name, proof->record_value);
        break;
    case PROOF_FILE:
        buf_putf(text, "\nURL: http://%s%s%s/.well-known/acme-challenge/%s\nExpected value: %s\n", bracket ? "[" : "",
            proof->identifier, bracket ? "]" : "", proof->token, proof->key_authorization);
        break;
    case PROOF_ALPN:
        buf_putf(text, "\nIdentifier: %s\nExpected digest: ", proof->identifier);
        buf_put_hex(text, (struct view){ (const char *)proof->digest, sizeof proof->digest });
        buf_put_char(text, '\n');
        break;
    }
}

/* Records that stay are looked at like the others. */
static enum proof_kind looked_at(const struct proof *proof)
{
    return proof->kind == PROOF_STANDING ? PROOF_RECORD : proof->kind;
}

static void put_all_expected(struct buf *text, const struct proofs *proofs, enum proof_kind kind, const char *title)
{
    bool is_first = true;

    for (size_t i = 0; i < proofs->count; i++) {
        if (proofs->at[i].state != PROOF_READY || looked_at(&proofs->at[i]) != kind)
            continue;
        if (is_first)
            buf_put_text(text, title);
        is_first = false;
        put_expected(text, &proofs->at[i]);
    }
}

bool solve_pause(struct context *context, const struct proofs *proofs, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(REPORT_MAX), lines = BUF(REPORT_MAX);

    if (!context->settings->debug_challenges)
        return true;
    buf_put_text(&text, "Challenges loaded. Press continue to submit to CA.\n");
    if (context->settings->verbose == 0) {
        buf_put_text(&text, "Pass \"-v\" for more info about challenges.");
    } else {
        put_all_expected(&text, proofs, PROOF_FILE,
            "\nThe following URLs should be accessible from the internet and return the value mentioned:\n");
        put_all_expected(&text, proofs, PROOF_RECORD,
            "\nThe following FQDNs should return a TXT resource record with the value mentioned:\n");
        put_all_expected(&text, proofs, PROOF_ALPN,
            "\nThe following should be answered by TLS on port 443, for acme-tls/1, by a certificate with the digest "
            "mentioned:\n");
    }
    if (!context->voice->fits_terminal)
        ui_wrap(buf_view(&text), CERTBOT_COLUMNS, &lines);
    else
        buf_put(&lines, buf_view(&text));
    if (ui_is_interactive(context->ui))
        return ui_pause(context->ui, buf_text(&lines), err);
    ui_frame(context->ui, false, buf_text(&lines)); /* no user to wait for */
    if (context->voice->tells_more)
        ui_say(context->ui, "There is no terminal, and so nobody is waited for: the CA is asked at once.");
    return true;
}
