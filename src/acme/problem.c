#include "acme/problem.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#define PROBLEM_URN "urn:ietf:params:acme:error:"
#define TYPE_MAX 128
#define DETAIL_MAX 3500
#define ADDRESS_MAX 2048
#define EXCERPT_MAX 200     /* of a body that is no problem document */
#define SUBPROBLEMS_MAX 200 /* an order has 100 names at most with the CAs we know */

/* ---- reading ---- */

/* The first http(s) address in a text, without the punctuation behind it; empty when there is none. */
static struct view address_in(const char *text)
{
    const char *at = strstr(text, "http");
    size_t len;

    while (at != NULL && !text_starts(at, "https://") && !text_starts(at, "http://"))
        at = strstr(at + 4, "http");
    len = at == NULL ? 0 : strcspn(at, " \t\r\n<>\"");
    while (len > 0 && strchr(".,;:!?)]'", at[len - 1]) != NULL)
        len--;
    if (len > ADDRESS_MAX)
        return (struct view){ 0 };
    return (struct view){ at, len };
}

/* Foreign text, printable and of at most max bytes. An address in it stays whole: what is cut is before it. */
static char *printable_words(const char *text, size_t max)
{
    struct view address = address_in(text);
    AUTO(free) char *head = NULL;

    if (address.len == 0 || (size_t)(address.at - text) + address.len <= max - sizeof "..." ||
        address.len + sizeof "... " > max)
        return text_printable_dup(view_of(text), max, false);
    head = text_printable_dup(
        (struct view){ text, (size_t)(address.at - text) }, max - address.len - sizeof "... ", false);
    return xprintf("%s%s%.*s", head, text_ends(head, " ") ? "" : " ", (int)address.len, address.at);
}

/* A member that is text, printable and of the caller's; NULL when it is absent or something else. */
static char *printable_member(const struct node *node, const char *name, size_t max)
{
    const char *text = node_text(node_member(node, name));

    return text == NULL ? NULL : printable_words(text, max);
}

static char *problem_type(const struct node *node)
{
    AUTO(free) char *type = printable_member(node, "type", TYPE_MAX);

    if (type == NULL || type[0] == '\0')
        return xstrdup("about:blank"); /* RFC 7807 section 4.2 */
    if (text_starts(type, PROBLEM_URN))
        return xstrdup(type + sizeof PROBLEM_URN - 1);
    if (text_starts(type, "urn:acme:error:")) /* CAs that began before RFC 8555 */
        return xstrdup(type + sizeof "urn:acme:error:" - 1);
    return TAKE(type);
}

/* detail, else title; with the instance where a person is to go there (RFC 8555 section 7.3.3). */
static char *problem_detail(const struct node *node, const char *type)
{
    AUTO(free) char *detail = printable_member(node, "detail", DETAIL_MAX);
    AUTO(free) char *instance = printable_member(node, "instance", DETAIL_MAX);

    if (detail == NULL)
        detail = printable_member(node, "title", DETAIL_MAX);
    if (detail == NULL)
        detail = xstrdup("");
    if (instance != NULL && text_equal(type, "userActionRequired"))
        return xprintf("%s (see %s)", detail, instance);
    return TAKE(detail);
}

static void read_identifier(const struct node *node, struct identifier *out)
{
    const char *type = node_text(node_member(node, "type"));

    out->value = printable_member(node, "value", 256);
    out->type = text_equal(type, "ip") ? IDENTIFIER_IP : IDENTIFIER_DNS;
}

static void read_one(const struct node *node, struct problem *out)
{
    int64_t status;

    out->type = problem_type(node);
    out->detail = problem_detail(node, out->type);
    if (node_number(node_member(node, "status"), &status) && status >= 100 && status <= 599)
        out->status = (int)status;
    read_identifier(node_member(node, "identifier"), &out->identifier);
}

void problem_from_node(const struct node *node, struct problem *out)
{
    const struct node *subproblems = node_member(node, "subproblems");
    size_t count = node_count(subproblems);

    *out = (struct problem){ 0 };
    read_one(node, out);
    if (count > SUBPROBLEMS_MAX)
        count = SUBPROBLEMS_MAX;
    if (count == 0)
        return;
    out->subproblems = xcalloc(count, sizeof *out->subproblems);
    for (size_t i = 0; i < count; i++) /* they have none of their own (RFC 8555 section 6.7.1) */
        if (node_is_object(node_at(subproblems, i)))
            read_one(node_at(subproblems, i), &out->subproblems[out->subproblem_count++]);
}

/* Describes an answer without a problem document: often a proxy's page in HTML. */
static void read_strange(const struct http_response *response, struct problem *out)
{
    AUTO(free) char *excerpt = text_printable_dup(view_trim(buf_view(&response->body)), EXCERPT_MAX, false);
    const char *from = response->url != NULL ? " from " : "", *url = response->url != NULL ? response->url : "";

    out->type = xstrdup("about:blank");
    if (excerpt[0] == '\0')
        out->detail = xprintf("HTTP status %d%s%s without an explanation", response->status, from, url);
    else
        out->detail = xprintf("HTTP status %d%s%s, which says: %s", response->status, from, url, excerpt);
}

void problem_from_response(const struct http_response *response, struct problem *out)
{
    AUTO(doc_free) struct doc *doc = NULL;
    struct error ignored = { 0 };

    *out = (struct problem){ 0 };
    if (doc_read(buf_view(&response->body), "problem document", &doc, &ignored) && node_is_object(doc_root(doc)) &&
        (node_member(doc_root(doc), "type") != NULL || node_member(doc_root(doc), "detail") != NULL))
        problem_from_node(doc_root(doc), out);
    else
        read_strange(response, out);
    if (out->status == 0)
        out->status = response->status;
}

/* ---- telling ---- */

/* "title: detail"; the type is named where the title is a general one. Where the detail begins; 0: there is none. */
static size_t put_problem(struct buf *text, const struct problem *problem)
{
    const struct problem_rule *rule = problem_rule_of(problem->type);
    size_t detail;

    buf_put_text(text, rule->title);
    if (rule->type[0] == '\0' && !text_equal(problem->type, "about:blank"))
        buf_putf(text, " (%s)", problem->type);
    if (problem->detail == NULL || problem->detail[0] == '\0')
        return 0;
    buf_put_text(text, ": ");
    detail = text->len;
    buf_put_text(text, problem->detail);
    return detail;
}

static void put_subproblems(struct buf *text, const struct problem *problem)
{
    for (size_t i = 0; i < problem->subproblem_count; i++) {
        const struct problem *sub = &problem->subproblems[i];
        AUTO(buf_clear) struct buf line = BUF(2 * DETAIL_MAX);

        buf_putf(&line, "; %s: ", sub->identifier.value == NULL ? "one of the names" : sub->identifier.value);
        if (text_equal(sub->type, problem->type) && sub->detail[0] != '\0') /* the title stands in front already */
            buf_put_text(&line, sub->detail);
        else
            (void)put_problem(&line, sub);
        if (text->len + line.len > text->max - 40) {
            buf_putf(text, "; and %zu more", problem->subproblem_count - i);
            return;
        }
        buf_put(text, buf_view(&line));
    }
}

/* The rule that helps most: a compound problem's is that of its first subproblem with advice. */
static const char *advice_of(const struct problem *problem)
{
    const char *next = problem_rule_of(problem->type)->next;

    for (size_t i = 0; next[0] == '\0' && i < problem->subproblem_count; i++)
        next = problem_rule_of(problem->subproblems[i].type)->next;
    return next;
}

/* Advises to open an address rather than to try again later: for a paused account, or new terms. */
static bool advise_to_go(const struct problem *problem, struct error *err)
{
    struct view address = address_in(problem->detail == NULL ? "" : problem->detail);

    if (address.len == 0 ||
        (!text_equal(problem->type, "rateLimited") && !text_equal(problem->type, "userActionRequired")))
        return false;
    (void)error_next(err, "go to %.*s", (int)address.len, address.at);
    return true;
}

bool problem_to_error(const struct problem *problem, int64_t retry_at, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(sizeof err->why);
    const char *advice = advice_of(problem);
    size_t detail;
    char local[CLOCK_TEXT_SIZE], utc[CLOCK_TEXT_SIZE];

    detail = put_problem(&text, problem);
    put_subproblems(&text, problem);
    (void)error_set(err, ERROR_ACME, "%s", buf_text(&text));
    (void)error_problem(err, text_equal(problem->type, "about:blank") ? NULL : problem->type, detail);
    (void)error_retry_at(err, retry_at);
    if (retry_at > 0) {
        clock_format_local(retry_at, local);
        clock_format_rfc3339(retry_at, utc);
        return error_next(
            err, "try again after %s local time (%s)%s%s", local, utc, advice[0] == '\0' ? "" : "; ", advice);
    }
    if (!advise_to_go(problem, err) && advice[0] != '\0')
        return error_next(err, "%s", advice);
    return false;
}

void problem_clear(struct problem *problem)
{
    for (size_t i = 0; i < problem->subproblem_count; i++)
        problem_clear(&problem->subproblems[i]);
    free(problem->subproblems);
    free(problem->type);
    free(problem->detail);
    free(problem->identifier.value);
    *problem = (struct problem){ 0 };
}
