#include "acme/account.h"

#include "acme/answer.h"
#include "acme/signed.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "json/out.h"

#define PAYLOAD_MAX (256 * 1024)
#define CONTACTS_MAX 100

static const char *const status_names[] = { "valid", "deactivated", "revoked", NULL };

void account_read(struct view body, struct account_info *out)
{
    AUTO(doc_free) struct doc *doc = NULL;
    struct error unreadable = { 0 };
    const struct node *root, *contacts;
    int status = ACCOUNT_VALID;

    *out = (struct account_info){ .status = ACCOUNT_VALID };
    if (!answer_read(body, "account", &doc, &unreadable)) {
        log_debug("%s; nothing in it is needed", unreadable.why);
        return;
    }
    root = doc_root(doc);
    if (node_get_choice(root, "status", status_names, &status, &unreadable))
        out->status = (enum account_status)status;
    contacts = node_member(root, "contact");
    for (size_t i = 0; i < node_count(contacts) && out->contacts.len < CONTACTS_MAX; i++)
        if (node_text(node_at(contacts, i)) != NULL)
            list_add(&out->contacts, node_text(node_at(contacts, i)));
    out->orders_url = xstrdup_or_null(node_url(node_member(root, "orders")));
}

void account_info_clear(struct account_info *info)
{
    free(info->url);
    free(info->orders_url);
    list_clear(&info->contacts);
    *info = (struct account_info){ 0 };
}

/* ---- newAccount ---- */

static bool write_request(const struct account_request *request, const struct signer *signer, const char *url,
    struct buf *payload, struct error *err)
{
    AUTO(buf_clear) struct buf binding = BUF(PAYLOAD_MAX);
    struct out out = out_to(payload);

    out_object(&out, NULL);
    if (request->contacts != NULL && request->contacts->len > 0)
        out_texts(&out, "contact", request->contacts);
    if (request->terms_agreed)
        out_bool(&out, "termsOfServiceAgreed", true);
    if (request->only_existing)
        out_bool(&out, "onlyReturnExisting", true);
    if (request->external != NULL && request->external->kid != NULL) {
        TRY(signed_binding(request->external, signer->jwk, url, &binding, err));
        out_raw(&out, "externalAccountBinding", buf_view(&binding));
    }
    out_end(&out);
    if (payload->failed)
        return error_set(err, ERROR_CONFIG, "the account's data are longer than a CA takes");
    return true;
}

/* Says before any traffic what the CA would answer (section 7.3.4). */
static bool check_external(const struct session *session, const struct account_request *request, struct error *err)
{
    struct problem needed = { .type = (char[]){ "externalAccountRequired" }, .detail = (char[]){ "" } };

    if (!session_directory(session)->external_account_required || request->only_existing ||
        (request->external != NULL && request->external->kid != NULL))
        return true;
    return problem_to_error(&needed, 0, err);
}

static bool account_request_send(struct session *session, const struct signer *signer,
    const struct account_request *request, struct account_info *out, struct error *err)
{
    const char *url = session_directory(session)->new_account;
    AUTO(buf_clear) struct buf payload = BUF(PAYLOAD_MAX);
    AUTO(http_response_clear) struct http_response response = { 0 };
    AUTO(account_info_clear) struct account_info info = { 0 };

    TRY(check_external(session, request, err));
    TRY(write_request(request, signer, url, &payload, err));
    TRY(session_post(session, (struct identity){ signer, NULL }, url, buf_view(&payload), &response, NULL, err));
    account_read(buf_view(&response.body), &info);
    TRY(location_of(session, &response, "account", &info.url, err));
    info.created = response.status == 201;
    *out = info;
    info = (struct account_info){ 0 };
    return true;
}

bool account_request(struct session *session, const struct signer *signer, const struct account_request *request,
    struct account_info *out, struct error *err)
{
    if (account_request_send(session, signer, request, out, err))
        return true;
    return error_in(err, request->only_existing ? "looking for the account at the CA" : "registering with the CA");
}

bool account_find(struct session *session, const struct signer *signer, enum account_found *found,
    struct account_info *out, struct error *err)
{
    const struct account_request request = { .only_existing = true };
    AUTO(account_info_clear) struct account_info info = { 0 };
    struct error refusal = { 0 };

    if (account_request(session, signer, &request, &info, &refusal)) {
        *found = info.status == ACCOUNT_VALID ? ACCOUNT_FOUND : ACCOUNT_ENDED;
        if (*found == ACCOUNT_FOUND) {
            *out = info;
            info = (struct account_info){ 0 };
        }
        return true;
    }
    if (text_equal(refusal.problem, "accountDoesNotExist"))
        *found = ACCOUNT_UNKNOWN;
    else if (text_equal(refusal.problem, "unauthorized")) /* to a deactivated account (section 7.3.6) */
        *found = ACCOUNT_ENDED;
    else {
        *err = refusal;
        return false;
    }
    return true;
}

/* ---- the account itself ---- */

/* A POST to the account's own URL; empty payload: only reads. */
static bool account_post(
    struct session *session, struct identity who, struct view payload, struct account_info *out, struct error *err)
{
    AUTO(http_response_clear) struct http_response response = { 0 };
    AUTO(account_info_clear) struct account_info info = { 0 };

    TRY(session_post(session, who, who.kid, payload, &response, NULL, err));
    account_read(buf_view(&response.body), &info);
    info.url = xstrdup(who.kid);
    *out = info;
    info = (struct account_info){ 0 };
    return true;
}

bool account_fetch(struct session *session, struct identity who, struct account_info *out, struct error *err)
{
    if (!account_post(session, who, view_of(""), out, err))
        return error_in(err, "asking the CA for the account");
    return true;
}

bool account_update_contacts(struct session *session, struct identity who, const struct list *contacts,
    struct account_info *out, struct error *err)
{
    AUTO(buf_clear) struct buf payload = BUF(PAYLOAD_MAX);
    struct out json = out_to(&payload);

    out_object(&json, NULL);
    out_texts(&json, "contact", contacts);
    out_end(&json);
    if (payload.failed)
        return error_set(err, ERROR_CONFIG, "the contacts are longer than a CA takes");
    if (!account_post(session, who, buf_view(&payload), out, err))
        return error_in(err, "changing the account's contacts");
    return true;
}

bool account_deactivate(struct session *session, struct identity who, struct error *err)
{
    AUTO(account_info_clear) struct account_info info = { 0 };

    if (!account_post(session, who, view_of("{\"status\":\"deactivated\"}"), &info, err))
        return error_in(err, "deactivating the account");
    if (info.status == ACCOUNT_VALID) {
        (void)error_set(err, ERROR_ACME, "the CA says that the account is still valid");
        return error_in(err, "deactivating the account");
    }
    return true;
}

/* ---- key change ---- */

bool account_may_change_key(const struct session *session, struct error *err)
{
    return session_directory(session)->key_change != NULL ||
           error_set(err, ERROR_CONFIG, "this CA does not offer to change an account's key");
}

static bool account_change_key_send(
    struct session *session, struct identity who, const struct signer *next, struct error *err)
{
    const char *url = session_directory(session)->key_change;
    AUTO(buf_clear) struct buf old_key = BUF(PAYLOAD_MAX);
    AUTO(buf_clear) struct buf message = BUF(PAYLOAD_MAX);
    AUTO(buf_clear) struct buf inner = BUF(PAYLOAD_MAX);
    AUTO(http_response_clear) struct http_response response = { 0 };
    AUTO(problem_clear) struct problem problem = { 0 };
    struct out json = out_to(&message);

    TRY(account_may_change_key(session, err));
    TRY(jwk_public_json(who.signer->jwk, &old_key, err));
    out_object(&json, NULL);
    out_text(&json, "account", who.kid);
    out_raw(&json, "oldKey", buf_view(&old_key));
    out_end(&json);
    TRY(signed_body((struct identity){ next, NULL }, NULL, url, buf_view(&message), &inner, err));
    if (!session_post(session, who, url, buf_view(&inner), &response, &problem, err)) {
        if (problem.status == 409)
            (void)error_next(err, "another account at this CA has the new key already; make a fresh one");
        return false;
    }
    return true;
}

bool account_change_key(struct session *session, struct identity who, const struct signer *next, struct error *err)
{
    if (!account_change_key_send(session, who, next, err))
        return error_in(err, "changing the account's key");
    return true;
}

/* ---- orders ---- */

static bool orders_page(struct session *session, struct identity who, const char *url, struct list *orders,
    struct list *next, struct error *err)
{
    AUTO(http_response_clear) struct http_response response = { 0 };
    AUTO(doc_free) struct doc *doc = NULL;
    AUTO(list_clear) struct list page = { 0 };

    TRY(session_post(session, who, url, view_of(""), &response, NULL, err));
    if (!answer_read(buf_view(&response.body), "list of orders", &doc, err) ||
        !node_get_urls(doc_root(doc), "orders", &page, err))
        return answer_bad(err);
    for (size_t i = 0; i < page.len; i++)
        if (!list_has(orders, page.at[i]))
            list_add(orders, page.at[i]);
    link_urls(&response, "next", next);
    return true;
}

bool account_orders(struct session *session, struct identity who, const char *orders_url, size_t max_pages,
    struct list *out, struct error *err)
{
    AUTO(list_clear) struct list orders = { 0 };
    AUTO(list_clear) struct list seen = { 0 }; /* a "next" that leads back ends the walk */
    AUTO(free) char *url = xstrdup(orders_url);

    while (url != NULL && seen.len < max_pages && !list_has(&seen, url)) {
        AUTO(list_clear) struct list next = { 0 };

        if (!orders_page(session, who, url, &orders, &next, err))
            return error_in(err, "listing the account's orders");
        list_add(&seen, url);
        xreplace(&url, next.len > 0 ? next.at[0] : NULL);
    }
    *out = orders;
    orders = (struct list){ 0 };
    return true;
}
