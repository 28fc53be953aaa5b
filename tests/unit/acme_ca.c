#include "acme_ca.h"

#include <stdlib.h>
#include <string.h>

#include "acme/authz.h"
#include "base/address.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/csr.h"
#include "issuer.h"
#include "json/doc.h"
#include "json/out.h"

#define ANSWER_MAX ((size_t)1 << 20)
#define DAY_S INT64_C(86400)
#define TYPES "http-01 dns-01 tls-alpn-01"

struct ca_account {
    char *jwk, *thumbprint; /* jwk "": the CA knows it no longer */
    bool deactivated;
    struct list contacts;
};

struct ca_authz {
    char *name; /* without "*." */
    bool wildcard, is_ip;
    enum authz_status status;
    bool answered;
    char *type; /* of the challenge that was answered */
    unsigned looks;
    const char *problem;
    size_t account;
};

struct ca_order {
    struct list names;
    size_t account, *authzs, authz_count;
    char *profile, *csr_text;
    unsigned not_ready, processing, nameless;
    bool finalized, invalid, forgotten;
    struct buf pem, alternate;
};

struct call { /* one request as it was understood */
    enum ca_resource at;
    size_t index;
    const char *method;
    const struct http_request *request;
    struct http_response *out;
    struct doc *payload; /* NULL: POST-as-GET, or no POST */
    char *jwk;           /* NULL: by an account */
    size_t account;
};

static const struct {
    const char *path, *word;
    bool has_number;
} places[CA_RESOURCES] = {
    [CA_THE_DIRECTORY] = { "/dir", NULL },
    [CA_NEW_NONCE] = { "/new-nonce", NULL },
    [CA_NEW_ACCOUNT] = { "/new-account", "new-account" },
    [CA_ACCOUNT] = { "/account/", "account", true },
    [CA_NEW_ORDER] = { "/new-order", "new-order" },
    [CA_ORDER] = { "/order/", "order", true },
    [CA_AUTHORIZATION] = { "/authz/", "authz", true },
    [CA_CHALLENGE] = { "/challenge/", "challenge", true },
    [CA_FINALIZE] = { "/finalize/", "finalize", true },
    [CA_CERTIFICATE] = { "/cert/", "cert", true },
    [CA_ALTERNATE] = { "/alternate/", "alternate", true },
    [CA_REVOKE_CERT] = { "/revoke", "revoke" },
    [CA_KEY_CHANGE] = { "/key-change", "key-change" },
    [CA_RENEWAL_INFO] = { "/renewal-info", "renewal-info" },
    [CA_ISSUER] = { "/issuer", "issuer" },
};

/* ---- life ---- */

void acme_ca_init(struct acme_ca *ca, const struct ca_ways *ways, int64_t now)
{
    *ca = (struct acme_ca){ .ways = *ways, .now_ms = now * 1000 };
    mutex_init(&ca->lock);
}

static void order_free(struct ca_order *order)
{
    list_clear(&order->names);
    free(order->authzs);
    free(order->profile);
    free(order->csr_text);
    buf_clear(&order->pem);
    buf_clear(&order->alternate);
    free(order);
}

void acme_ca_finish_orders(struct acme_ca *ca)
{
    for (size_t i = 0; i < ca->order_count; i++)
        ca->orders[i]->processing = ca->orders[i]->nameless = 0;
}

/* Numbers are not given out again: an address is that of one thing for ever. */
void acme_ca_forget_orders(struct acme_ca *ca)
{
    for (size_t i = 0; i < ca->order_count; i++)
        ca->orders[i]->forgotten = true;
}

void acme_ca_forget_accounts(struct acme_ca *ca)
{
    for (size_t i = 0; i < ca->account_count; i++)
        xreplace(&ca->accounts[i]->jwk, "");
}

void acme_ca_clear(struct acme_ca *ca)
{
    for (size_t i = 0; i < ca->account_count; i++) {
        free(ca->accounts[i]->jwk);
        free(ca->accounts[i]->thumbprint);
        list_clear(&ca->accounts[i]->contacts);
        free(ca->accounts[i]);
    }
    for (size_t i = 0; i < ca->authz_count; i++) {
        free(ca->authzs[i]->name);
        free(ca->authzs[i]->type);
        free(ca->authzs[i]);
    }
    for (size_t i = 0; i < ca->order_count; i++)
        order_free(ca->orders[i]);
    free(ca->accounts);
    free(ca->authzs);
    free(ca->orders);
    list_clear(&ca->nonces);
    list_clear(&ca->trace);
    list_clear(&ca->complaints);
    list_clear(&ca->revoked);
    free(ca->replaces);
    free(ca->profile);
    mutex_destroy(&ca->lock);
}

void acme_ca_forget_requests(struct acme_ca *ca)
{
    memset(ca->requests, 0, sizeof ca->requests);
    list_clear(&ca->trace);
}

void acme_ca_lose_accounts(struct acme_ca *ca)
{
    for (size_t i = 0; i < ca->account_count; i++)
        xreplace(&ca->accounts[i]->jwk, "");
}

void acme_ca_end_accounts(struct acme_ca *ca)
{
    for (size_t i = 0; i < ca->account_count; i++)
        ca->accounts[i]->deactivated = true;
}

char *acme_ca_trace(struct acme_ca *ca)
{
    return list_join(&ca->trace, " ");
}

static void complain(struct acme_ca *ca, const struct call *call, const char *what)
{
    AUTO(free) char *text = xprintf("%s: %s", call->request->url, what);

    list_add(&ca->complaints, text);
}

/* Whether a word stands in a list with blanks between; "all" has every one. */
static bool names_it(const char *words, const char *word)
{
    struct view rest = view_of(words), part;

    while (words != NULL && view_cut(&rest, ' ', &part))
        if (view_is(part, word) || view_is(part, "all"))
            return true;
    return false;
}

/* ---- answers ---- */

static void put_header(struct http_response *out, const char *name, const char *value)
{
    struct http_header *header = &out->headers[out->header_count++];

    *header = (struct http_header){ xstrdup(name), xstrdup(value) };
    text_lower(header->name);
}

static void put_headers(struct http_response *out, const char *lines)
{
    struct view rest = view_of(lines), line, name;

    while (lines != NULL && view_cut(&rest, '\n', &line))
        if (view_has(line, ':')) {
            AUTO(free) char *key = NULL, *value = NULL;

            (void)view_cut(&line, ':', &name);
            key = view_dup(view_trim(name));
            value = view_dup(view_trim(line));
            put_header(out, key, value);
        }
}

static void drop_header(struct http_response *out, const char *name)
{
    for (size_t i = out->header_count; name != NULL && i > 0; i--)
        if (strcmp(out->headers[i - 1].name, name) == 0) {
            free(out->headers[i - 1].name);
            free(out->headers[i - 1].value);
            out->headers[i - 1] = out->headers[--out->header_count];
        }
}

static void put_nonce(struct acme_ca *ca, struct http_response *out)
{
    AUTO(free) char *nonce = xprintf("nonce-%u", ++ca->nonces_made);

    list_add(&ca->nonces, nonce);
    put_header(out, "replay-nonce", nonce);
}

static void put_problem(struct http_response *out, const struct ca_fault *fault)
{
    struct out json = out_to(&out->body);
    AUTO(free) char *type = xprintf("urn:ietf:params:acme:error:%s", fault->problem);
    struct view rest = view_of(fault->of), name;

    put_header(out, "content-type", "application/problem+json");
    out_object(&json, NULL);
    out_text(&json, "type", type);
    out_text(&json, "detail", fault->detail == NULL ? "test" : fault->detail);
    if (fault->of != NULL) {
        out_array(&json, "subproblems");
        while (view_cut(&rest, ' ', &name)) {
            out_object(&json, NULL);
            out_text(&json, "type", type);
            out_text(&json, "detail", "test");
            out_object(&json, "identifier");
            out_text(&json, "type", "dns");
            out_view(&json, "value", name);
            out_end(&json);
            out_end(&json);
        }
        out_end(&json);
    }
    out_end(&json);
}

static void refuse(struct call *call, int status, const char *problem, const char *detail)
{
    call->out->status = status;
    put_problem(call->out, &(struct ca_fault){ .problem = problem, .detail = detail });
}

static void put_url(struct out *json, const char *name, enum ca_resource at, size_t index)
{
    AUTO(free)
    char *url =
        places[at].has_number ? xprintf(CA_URL "%s%zu", places[at].path, index) : xprintf(CA_URL "%s", places[at].path);

    out_text(json, name, url);
}

static void put_location(struct http_response *out, enum ca_resource at, size_t index)
{
    AUTO(free) char *url = xprintf(CA_URL "%s%zu", places[at].path, index);

    put_header(out, "location", url);
}

/* ---- directory and accounts ---- */

static void directory(struct acme_ca *ca, struct call *call)
{
    struct out json = out_to(&call->out->body);
    struct view rest = view_of(ca->ways.profiles), name;

    call->out->status = 200;
    out_object(&json, NULL);
    put_url(&json, "newNonce", CA_NEW_NONCE, 0);
    put_url(&json, "newAccount", CA_NEW_ACCOUNT, 0);
    put_url(&json, "newOrder", CA_NEW_ORDER, 0);
    put_url(&json, "revokeCert", CA_REVOKE_CERT, 0);
    put_url(&json, "keyChange", CA_KEY_CHANGE, 0);
    if (!ca->ways.no_renewal_info)
        put_url(&json, "renewalInfo", CA_RENEWAL_INFO, 0);
    out_object(&json, "meta");
    out_text(&json, "termsOfService", CA_URL "/terms");
    if (ca->ways.wants_binding)
        out_bool(&json, "externalAccountRequired", true);
    if (ca->ways.profiles != NULL) {
        out_object(&json, "profiles");
        while (view_cut(&rest, ' ', &name)) {
            AUTO(free) char *text = view_dup(name);

            out_text(&json, text, "of tests");
        }
        out_end(&json);
    }
    out_end(&json);
    out_end(&json);
}

/* Replaces the contacts by those of a request; a request without contacts leaves them (RFC 8555 section 7.3.2). */
static void take_contacts(struct ca_account *account, const struct call *call)
{
    const struct node *contacts = call->payload == NULL ? NULL : node_member(doc_root(call->payload), "contact");

    if (contacts != NULL)
        list_clear(&account->contacts);
    for (size_t i = 0; i < node_count(contacts); i++)
        list_add(&account->contacts, node_text(node_at(contacts, i)));
}

static void put_account(const struct acme_ca *ca, struct call *call, size_t index, int status)
{
    struct out json = out_to(&call->out->body);

    call->out->status = status;
    put_location(call->out, CA_ACCOUNT, index);
    out_object(&json, NULL);
    out_text(&json, "status", ca->accounts[index]->deactivated ? "deactivated" : "valid");
    out_texts(&json, "contact", &ca->accounts[index]->contacts);
    out_end(&json);
}

/* The client writes its key in the form of RFC 7638, so that its text is what thumbprints are made of. */
static char *thumbprint_of(const char *jwk)
{
    AUTO(buf_clear) struct buf digest = BUF(64), text = BUF(64);
    struct error err = { 0 };

    if (!digest_sha256(view_of(jwk), &digest, &err))
        abort();
    buf_put_base64url(&text, buf_view(&digest));
    return buf_take(&text);
}

static bool find_account(const struct acme_ca *ca, const char *jwk, size_t *index)
{
    for (*index = 0; *index < ca->account_count; (*index)++)
        if (strcmp(ca->accounts[*index]->jwk, jwk) == 0)
            return true;
    return false;
}

static void new_account(struct acme_ca *ca, struct call *call)
{
    size_t index;

    if (call->jwk == NULL) {
        complain(ca, call, "newAccount is signed by an account");
        refuse(call, 400, "malformed", "no jwk");
        return;
    }
    if (find_account(ca, call->jwk, &index)) {
        if (ca->accounts[index]->deactivated)
            refuse(call, 401, "unauthorized", "account is deactivated");
        else
            put_account(ca, call, index, 200);
        return;
    }
    if (node_is_true(node_member(doc_root(call->payload), "onlyReturnExisting"))) {
        refuse(call, 400, "accountDoesNotExist", "no such account");
        return;
    }
    ca->accounts = xrealloc(ca->accounts, ca->account_count + 1, sizeof(*ca->accounts));
    ca->accounts[ca->account_count] = xcalloc(1, sizeof(**ca->accounts));
    ca->accounts[ca->account_count]->jwk = xstrdup(call->jwk);
    ca->accounts[ca->account_count]->thumbprint = thumbprint_of(call->jwk);
    take_contacts(ca->accounts[ca->account_count], call);
    put_account(ca, call, ca->account_count++, 201);
}

static void account(struct acme_ca *ca, struct call *call)
{
    if (call->payload != NULL && text_equal(node_text(node_member(doc_root(call->payload), "status")), "deactivated"))
        ca->accounts[call->index]->deactivated = true;
    take_contacts(ca->accounts[call->index], call);
    put_account(ca, call, call->index, 200);
}

/* The inner JWS is signed by the new key (RFC 8555 section 7.3.5). */
static char *jwk_text(struct view header)
{
    const char *at = memmem(header.at, header.len, "\"jwk\":", 6), *end;

    if (at == NULL)
        return NULL;
    at += 6;
    end = memchr(at, '}', (size_t)(header.at + header.len - at));
    return end == NULL ? NULL : xstrndup(at, (size_t)(end + 1 - at));
}

static void key_change(struct acme_ca *ca, struct call *call)
{
    AUTO(buf_clear) struct buf header = BUF(ANSWER_MAX);
    AUTO(free) char *jwk = NULL;
    size_t other;

    if (call->payload == NULL ||
        !buf_put_unbase64url(&header, view_of(node_text(node_member(doc_root(call->payload), "protected")))) ||
        (jwk = jwk_text(buf_view(&header))) == NULL) {
        complain(ca, call, "no inner JWS");
        refuse(call, 400, "malformed", "no inner JWS");
        return;
    }
    if (find_account(ca, jwk, &other)) {
        refuse(call, 409, "malformed", "the key has an account");
        return;
    }
    xreplace(&ca->accounts[call->account]->jwk, jwk);
    free(ca->accounts[call->account]->thumbprint);
    ca->accounts[call->account]->thumbprint = thumbprint_of(jwk);
    put_account(ca, call, call->account, 200);
}

/* ---- authorizations ---- */

static size_t new_authz(struct acme_ca *ca, size_t account, const char *name)
{
    struct ca_authz *authz = xcalloc(1, sizeof *authz);
    char ip[64];

    authz->wildcard = text_starts(name, "*.");
    authz->name = xstrdup(authz->wildcard ? name + 2 : name);
    authz->is_ip = address_canonical(authz->name, ip);
    authz->account = account;
    authz->status = names_it(ca->ways.valid, name) ? AUTHZ_VALID : AUTHZ_PENDING;
    ca->authzs = xrealloc(ca->authzs, ca->authz_count + 1, sizeof(*ca->authzs));
    ca->authzs[ca->authz_count] = authz;
    return ca->authz_count++;
}

/* The proof that has to be presented (RFC 8555 section 8, RFC 8737 section 3). */
static void put_wanted(const char *type, const char *key_authorization, struct buf *out)
{
    AUTO(buf_clear) struct buf digest = BUF(64);
    struct error err = { 0 };

    if (strcmp(type, "http-01") == 0) {
        buf_put_text(out, key_authorization);
        return;
    }
    if (!digest_sha256(view_of(key_authorization), &digest, &err))
        abort();
    if (strcmp(type, "dns-01") == 0)
        buf_put_base64url(out, buf_view(&digest));
    else
        buf_put_hex(out, buf_view(&digest));
}

static bool is_proved(struct acme_ca *ca, const struct ca_authz *authz, size_t index)
{
    AUTO(free) char *token = xprintf("token-%zu", index), *found = NULL, *key_authorization = NULL;
    AUTO(buf_clear) struct buf wanted = BUF(1024);

    if (ca->look == NULL)
        return true;
    key_authorization = xprintf("%s.%s", token, ca->accounts[authz->account]->thumbprint);
    put_wanted(authz->type, key_authorization, &wanted);
    found = ca->look(ca->look_ctx, authz->type, authz->name, token);
    return text_equal(found, buf_text(&wanted));
}

/* The proof is looked at when the CA has thought for as long as its ways say. */
static void settle_authz(struct acme_ca *ca, struct ca_authz *authz, size_t index)
{
    AUTO(free) char *full = xprintf("%s%s", authz->wildcard ? "*." : "", authz->name);

    if (authz->status != AUTHZ_PENDING || !authz->answered || authz->looks++ < ca->ways.authz_looks)
        return;
    if (names_it(ca->ways.refuses, full))
        authz->problem = ca->ways.refusal == NULL ? "unauthorized" : ca->ways.refusal;
    else if (!is_proved(ca, authz, index))
        authz->problem = "incorrectResponse";
    authz->status = authz->problem == NULL ? AUTHZ_VALID : AUTHZ_INVALID;
}

static void put_challenge(struct out *json, const struct ca_authz *authz, size_t index, struct view type)
{
    AUTO(free) char *url = xprintf(CA_URL "/challenge/%zu/%.*s", index, (int)type.len, type.at);
    AUTO(free) char *token = xprintf("token-%zu", index);
    bool is_chosen = authz->type != NULL && view_is(type, authz->type);
    AUTO(free) char *problem = NULL;

    out_object(json, NULL);
    out_view(json, "type", type);
    out_text(json, "url", url);
    out_text(json, "token", token);
    out_text(json, "status",
        !is_chosen                       ? "pending"
        : authz->status == AUTHZ_VALID   ? "valid"
        : authz->status == AUTHZ_INVALID ? "invalid"
                                         : "processing");
    if (is_chosen && authz->problem != NULL) {
        problem = xprintf("urn:ietf:params:acme:error:%s", authz->problem);
        out_object(json, "error");
        out_text(json, "type", problem);
        out_text(json, "detail", "the proof is not there");
        out_number(json, "status", 403);
        out_end(json);
    }
    out_end(json);
}

static void put_authz(struct acme_ca *ca, struct call *call)
{
    struct ca_authz *authz = ca->authzs[call->index];
    struct view rest = view_of(ca->ways.challenges == NULL ? TYPES : ca->ways.challenges), type;
    struct out json = out_to(&call->out->body);

    call->out->status = 200;
    out_object(&json, NULL);
    out_text(&json, "status", authz_status_name(authz->status));
    out_object(&json, "identifier");
    out_text(&json, "type", authz->is_ip ? "ip" : "dns");
    out_text(&json, "value", authz->name);
    out_end(&json);
    if (authz->wildcard)
        out_bool(&json, "wildcard", true);
    out_array(&json, "challenges");
    while (view_cut(&rest, ' ', &type))
        put_challenge(&json, authz, call->index, type);
    out_end(&json);
    out_end(&json);
}

static void authorization(struct acme_ca *ca, struct call *call)
{
    struct ca_authz *authz = ca->authzs[call->index];

    settle_authz(ca, authz, call->index);
    if (call->payload != NULL && text_equal(node_text(node_member(doc_root(call->payload), "status")), "deactivated"))
        authz->status = AUTHZ_DEACTIVATED;
    put_authz(ca, call);
}

static void challenge(struct acme_ca *ca, struct call *call)
{
    struct ca_authz *authz = ca->authzs[call->index];
    const char *type = strrchr(call->request->url, '/') + 1;
    struct out json = out_to(&call->out->body);

    if (call->payload == NULL)
        complain(ca, call, "a challenge is answered with an object, even if empty");
    if (authz->status == AUTHZ_PENDING && !authz->answered) {
        authz->answered = true;
        authz->type = xstrdup(type);
    }
    call->out->status = 200;
    put_challenge(&json, authz, call->index, view_of(type));
}

/* ---- orders ---- */

static bool is_all_valid(const struct acme_ca *ca, const struct ca_order *order)
{
    for (size_t i = 0; i < order->authz_count; i++)
        if (ca->authzs[order->authzs[i]]->status != AUTHZ_VALID)
            return false;
    return true;
}

static bool is_any_lost(const struct acme_ca *ca, const struct ca_order *order)
{
    for (size_t i = 0; i < order->authz_count; i++)
        if (ca->authzs[order->authzs[i]]->status > AUTHZ_VALID)
            return true;
    return false;
}

static const char *status_of(const struct acme_ca *ca, const struct ca_order *order)
{
    if (order->finalized && order->processing > 0)
        return "processing";
    if (order->invalid || (!order->finalized && is_any_lost(ca, order)))
        return "invalid";
    if (order->finalized)
        return "valid";
    return is_all_valid(ca, order) && order->not_ready == 0 ? "ready" : "pending";
}

static void put_order(struct acme_ca *ca, struct call *call, size_t index, int status)
{
    struct ca_order *order = ca->orders[index];
    const char *state = status_of(ca, order);
    struct out json = out_to(&call->out->body);
    AUTO(free) char *problem = NULL;

    call->out->status = status;
    out_object(&json, NULL);
    out_text(&json, "status", state);
    out_array(&json, "identifiers");
    for (size_t i = 0; i < order->names.len; i++) {
        char ip[64];

        out_object(&json, NULL);
        out_text(&json, "type", address_canonical(order->names.at[i], ip) ? "ip" : "dns");
        out_text(&json, "value", order->names.at[i]);
        out_end(&json);
    }
    out_end(&json);
    out_array(&json, "authorizations");
    for (size_t i = 0; i < order->authz_count; i++)
        put_url(&json, NULL, CA_AUTHORIZATION, order->authzs[i]);
    out_end(&json);
    put_url(&json, "finalize", CA_FINALIZE, index);
    if (order->profile != NULL)
        out_text(&json, "profile", order->profile);
    if (strcmp(state, "valid") == 0 && order->nameless == 0)
        put_url(&json, "certificate", CA_CERTIFICATE, index);
    if (order->invalid && strcmp(state, "invalid") == 0) {
        problem = xprintf("urn:ietf:params:acme:error:%s", ca->ways.order_fails);
        out_object(&json, "error");
        out_text(&json, "type", problem);
        out_text(&json, "detail", "it was not to be");
        out_end(&json);
    }
    out_end(&json);
}

/* An order that can be handed out again; count when there is none. */
static size_t same_order(const struct acme_ca *ca, size_t account, const struct list *names)
{
    for (size_t i = 0; ca->ways.hands_out_again && i < ca->order_count; i++) {
        const struct ca_order *order = ca->orders[i];

        if (order->account == account && !order->forgotten && !order->finalized && !order->invalid &&
            !is_any_lost(ca, order) && list_same_set(&order->names, names))
            return i;
    }
    return ca->order_count;
}

static void read_names(const struct call *call, struct list *out)
{
    const struct node *list = node_member(doc_root(call->payload), "identifiers");

    for (size_t i = 0; i < node_count(list); i++)
        list_add(out, node_text(node_member(node_at(list, i), "value")));
}

static size_t make_order(struct acme_ca *ca, const struct call *call, const struct list *names)
{
    struct ca_order *order = xcalloc(1, sizeof *order);

    order->names = list_dup(names);
    order->account = call->account;
    order->not_ready = ca->ways.ready_looks;
    order->profile = xstrdup_or_null(node_text(node_member(doc_root(call->payload), "profile")));
    order->authzs = xcalloc(names->len + 1, sizeof *order->authzs);
    for (; order->authz_count < names->len; order->authz_count++) {
        bool is_first = order->authz_count == 0 && ca->ways.asks_for != NULL;

        order->authzs[order->authz_count] =
            new_authz(ca, call->account, is_first ? ca->ways.asks_for : names->at[order->authz_count]);
    }
    ca->orders = xrealloc(ca->orders, ca->order_count + 1, sizeof(*ca->orders));
    ca->orders[ca->order_count] = order;
    return ca->order_count++;
}

static void new_order(struct acme_ca *ca, struct call *call)
{
    AUTO(list_clear) struct list names = { 0 };
    size_t index;

    if (call->payload == NULL) {
        complain(ca, call, "newOrder without identifiers");
        refuse(call, 400, "malformed", "empty");
        return;
    }
    read_names(call, &names);
    xreplace(&ca->replaces, node_text(node_member(doc_root(call->payload), "replaces")));
    xreplace(&ca->profile, node_text(node_member(doc_root(call->payload), "profile")));
    index = same_order(ca, call->account, &names);
    if (index == ca->order_count)
        index = make_order(ca, call, &names);
    put_location(call->out, CA_ORDER, index);
    put_order(ca, call, index, 201);
}

/* One look less until the order goes on. */
static void step_order(struct acme_ca *ca, struct ca_order *order)
{
    if (order->finalized && order->processing > 0)
        order->processing--;
    else if (order->finalized && order->nameless > 0)
        order->nameless--;
    else if (!order->finalized && is_all_valid(ca, order) && order->not_ready > 0)
        order->not_ready--;
}

static void order(struct acme_ca *ca, struct call *call)
{
    step_order(ca, ca->orders[call->index]);
    put_order(ca, call, call->index, 200);
}

/* ---- certificates ---- */

static void issue(struct acme_ca *ca, struct ca_order *order, struct view csr)
{
    int64_t now = ca->now_ms / 1000;
    struct certificate_order wanted = {
        .csr = ca->ways.certificate.wrong_key ? view_of("") : csr,
        .names = ca->ways.certificate.names,
        .from = now + (ca->ways.certificate.from_s == 0 ? -3600 : ca->ways.certificate.from_s),
        .to = now + (ca->ways.certificate.to_s == 0 ? 90 * DAY_S : ca->ways.certificate.to_s),
        .is_ca = ca->ways.certificate.is_ca,
        .other_issuer = ca->ways.certificate.other_issuer,
        .issuer_url = ca->ways.certificate.names_issuer ? CA_URL "/issuer" : NULL,
    };
    AUTO(buf_clear) struct buf leaf = BUF(ANSWER_MAX);

    if (wanted.csr.len == 0 && wanted.names == NULL)
        wanted.names = "DNS:a.test";
    issuer_sign(&wanted, &leaf);
    order->pem = order->alternate = BUF(ANSWER_MAX);
    buf_put(&order->pem, buf_view(&leaf));
    buf_put(&order->alternate, buf_view(&leaf));
    if (!ca->ways.certificate.alone)
        issuer_certificate(false, &order->pem);
    issuer_certificate(true, &order->alternate);
}

/* Another client of the account was faster: its request has another key. */
static void finalize_for_another(struct acme_ca *ca, struct ca_order *order)
{
    AUTO(buf_clear) struct buf names = BUF(ANSWER_MAX);
    struct certificate_order wanted = { .from = ca->now_ms / 1000 - 3600, .to = ca->now_ms / 1000 + 90 * DAY_S };

    for (size_t i = 0; i < order->names.len; i++)
        buf_putf(&names, "%sDNS:%s", i > 0 ? "," : "", order->names.at[i]);
    wanted.names = buf_text(&names);
    order->pem = BUF(ANSWER_MAX);
    issuer_sign(&wanted, &order->pem);
    issuer_certificate(false, &order->pem);
    order->finalized = true;
}

static void finalize(struct acme_ca *ca, struct call *call)
{
    struct ca_order *order = ca->orders[call->index];
    AUTO(buf_clear) struct buf csr = BUF(ANSWER_MAX);
    AUTO(csr_free) struct csr *read = NULL;
    struct error err = { 0 };

    if (ca->ways.anothers > 0 && !order->finalized) {
        ca->ways.anothers--;
        finalize_for_another(ca, order);
    }
    if (strcmp(status_of(ca, order), "ready") != 0) {
        refuse(call, 403, "orderNotReady", status_of(ca, order));
        return;
    }
    if (call->payload == NULL ||
        !buf_put_unbase64url(&csr, view_of(node_text(node_member(doc_root(call->payload), "csr")))) ||
        !csr_read(buf_view(&csr), "the request", &read, &err)) {
        complain(ca, call, "no certificate request");
        refuse(call, 400, "badCSR", "unreadable");
        return;
    }
    if (!list_same_set(&read->names, &order->names)) {
        refuse(call, 400, "badCSR", "other names than those ordered");
        return;
    }
    order->finalized = true;
    order->processing = ca->ways.processing_looks;
    order->nameless = ca->ways.nameless_looks;
    order->invalid = ca->ways.order_fails != NULL;
    issue(ca, order, buf_view(&csr));
    put_order(ca, call, call->index, 200);
}

static void put_date(const struct acme_ca *ca, struct http_response *out)
{
    char iso[CLOCK_TEXT_SIZE], *rest = NULL;
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov",
        "Dec" };
    AUTO(free) char *date = NULL;

    if (ca->ways.certificate.date_s == 0)
        return;
    clock_format_rfc3339(ca->now_ms / 1000 + ca->ways.certificate.date_s, iso);
    date = xprintf("Mon, %.2s %s %.4s %.8s GMT", iso + 8, months[(strtol(iso + 5, &rest, 10) - 1) % 12], iso, iso + 11);
    put_header(out, "date", date);
}

static void certificate(struct acme_ca *ca, struct call *call)
{
    struct ca_order *order = ca->orders[call->index];
    const char *text = ca->ways.certificate.text;

    if (!order->finalized || order->processing > 0 || order->invalid) {
        complain(ca, call, "there is no certificate yet");
        refuse(call, 404, "malformed", "no certificate");
        return;
    }
    call->out->status = 200;
    put_header(call->out, "content-type", "application/pem-certificate-chain");
    put_date(ca, call->out);
    if (ca->ways.certificate.alternate && call->at == CA_CERTIFICATE) {
        AUTO(free) char *link = xprintf("<" CA_URL "/alternate/%zu>;rel=\"alternate\"", call->index);

        put_header(call->out, "link", link);
    }
    if (text != NULL)
        buf_put_text(&call->out->body, text);
    else
        buf_put(&call->out->body, buf_view(call->at == CA_ALTERNATE ? &order->alternate : &order->pem));
}

static void issuer(struct acme_ca *ca __attribute__((unused)), struct call *call)
{
    call->out->status = 200;
    issuer_certificate(false, &call->out->body);
}

static void revoke_cert(struct acme_ca *ca, struct call *call)
{
    AUTO(buf_clear) struct buf der = BUF(ANSWER_MAX);
    AUTO(cert_free) struct cert *cert = NULL;
    AUTO(free) char *entry = NULL;
    struct error err = { 0 };

    if (call->payload == NULL ||
        !buf_put_unbase64url(&der, view_of(node_text(node_member(doc_root(call->payload), "certificate")))) ||
        !cert_from_der(buf_view(&der), "certificate", &cert, &err)) {
        refuse(call, 400, "malformed", "no certificate");
        return;
    }
    entry = xprintf("%s%s", cert->serial, call->jwk != NULL ? "(key)" : "");
    if (list_has(&ca->revoked, entry)) {
        refuse(call, 400, "alreadyRevoked", "revoked before");
        return;
    }
    list_add(&ca->revoked, entry);
    call->out->status = 200;
}

static void renewal_info(struct acme_ca *ca, struct call *call)
{
    int64_t now = ca->now_ms / 1000;
    struct out json = out_to(&call->out->body);
    bool is_said = ca->ways.window_from_s != 0 || ca->ways.window_to_s != 0;

    call->out->status = 200;
    out_object(&json, NULL);
    out_object(&json, "suggestedWindow");
    out_time(&json, "start", now + (is_said ? ca->ways.window_from_s : 60 * DAY_S));
    out_time(&json, "end", now + (is_said ? ca->ways.window_to_s : 70 * DAY_S));
    out_end(&json);
    out_end(&json);
}

static void new_nonce(struct acme_ca *ca, struct call *call)
{
    call->out->status = 200;
    put_nonce(ca, call->out);
}

static void (*const services[CA_RESOURCES])(struct acme_ca *ca, struct call *call) = {
    [CA_THE_DIRECTORY] = directory,
    [CA_NEW_NONCE] = new_nonce,
    [CA_NEW_ACCOUNT] = new_account,
    [CA_ACCOUNT] = account,
    [CA_NEW_ORDER] = new_order,
    [CA_ORDER] = order,
    [CA_AUTHORIZATION] = authorization,
    [CA_CHALLENGE] = challenge,
    [CA_FINALIZE] = finalize,
    [CA_CERTIFICATE] = certificate,
    [CA_ALTERNATE] = certificate,
    [CA_REVOKE_CERT] = revoke_cert,
    [CA_KEY_CHANGE] = key_change,
    [CA_RENEWAL_INFO] = renewal_info,
    [CA_ISSUER] = issuer,
};

/* ---- requests ---- */

static size_t count_of(const struct acme_ca *ca, enum ca_resource at)
{
    switch (at) {
    case CA_ACCOUNT:
        return ca->account_count;
    case CA_AUTHORIZATION:
    case CA_CHALLENGE:
        return ca->authz_count;
    case CA_ORDER:
    case CA_FINALIZE:
    case CA_CERTIFICATE:
    case CA_ALTERNATE:
        return ca->order_count;
    default:
        return 1;
    }
}

static bool is_there(const struct acme_ca *ca, enum ca_resource at, size_t index)
{
    bool is_of_order = at == CA_ORDER || at == CA_FINALIZE || at == CA_CERTIFICATE || at == CA_ALTERNATE;

    if (index >= count_of(ca, at) || (at == CA_ACCOUNT && ca->accounts[index]->jwk[0] == '\0'))
        return false;
    return !is_of_order || !ca->orders[index]->forgotten;
}

/* False: there is nothing of that name. */
static bool find_place(const struct acme_ca *ca, const char *url, enum ca_resource *at, size_t *index)
{
    const char *path = text_starts(url, CA_URL) ? url + strlen(CA_URL) : "";

    *index = 0;
    for (*at = CA_THE_DIRECTORY; *at < CA_RESOURCES; (*at)++) {
        if (text_starts(path, places[*at].path) && places[*at].has_number)
            *index = strtoul(path + strlen(places[*at].path), NULL, 10);
        else if (strcmp(path, places[*at].path) != 0 &&
                 !(*at == CA_RENEWAL_INFO && text_starts(path, "/renewal-info/")))
            continue;
        return is_there(ca, *at, *index);
    }
    *at = CA_NOWHERE;
    return false;
}

static bool use_nonce(struct acme_ca *ca, const char *nonce)
{
    for (size_t i = 0; nonce != NULL && i < ca->nonces.len; i++)
        if (strcmp(ca->nonces.at[i], nonce) == 0) {
            list_remove(&ca->nonces, i);
            return true;
        }
    return false;
}

/* The protected header (RFC 8555 section 6.2). */
static bool read_header(struct acme_ca *ca, struct call *call, struct view header)
{
    AUTO(doc_free) struct doc *doc = NULL;
    enum ca_resource at = CA_NOWHERE;
    struct error err = { 0 };
    const char *kid;

    if (!doc_read(header, "header", &doc, &err)) {
        complain(ca, call, "the header is no JSON");
        return false;
    }
    if (!text_equal(node_text(node_member(doc_root(doc), "url")), call->request->url))
        complain(ca, call, "it is signed for another address");
    if (!use_nonce(ca, node_text(node_member(doc_root(doc), "nonce"))))
        complain(ca, call, "its nonce was not given out, or is used already");
    kid = node_text(node_member(doc_root(doc), "kid"));
    call->jwk = jwk_text(header);
    if ((kid == NULL) == (call->jwk == NULL))
        complain(ca, call, "it has both kid and jwk, or none");
    if (kid != NULL && (!find_place(ca, kid, &at, &call->account) || at != CA_ACCOUNT ||
                           !is_there(ca, at, call->account) || ca->accounts[call->account]->deactivated)) {
        bool is_known = at == CA_ACCOUNT && is_there(ca, at, call->account);

        refuse(call, is_known ? 401 : 400, is_known ? "unauthorized" : "accountDoesNotExist", "no such account");
        return false;
    }
    return true;
}

/* False: it is refused already. */
static bool read_post(struct acme_ca *ca, struct call *call)
{
    AUTO(doc_free) struct doc *doc = NULL;
    AUTO(buf_clear) struct buf header = BUF(ANSWER_MAX), payload = BUF(ANSWER_MAX);
    struct error err = { 0 };
    const char *signature;

    if (!doc_read(call->request->body, "body", &doc, &err) ||
        !buf_put_unbase64url(&header, view_of(node_text(node_member(doc_root(doc), "protected")))) ||
        !buf_put_unbase64url(&payload, view_of(node_text(node_member(doc_root(doc), "payload"))))) {
        complain(ca, call, "it is no JWS");
        refuse(call, 400, "malformed", "no JWS");
        return false;
    }
    signature = node_text(node_member(doc_root(doc), "signature"));
    if (!text_is_given(signature) || !text_equal(call->request->content_type, "application/jose+json"))
        complain(ca, call, "it is not signed, or of another type");
    if (payload.len > 0 && !doc_read(buf_view(&payload), "payload", &call->payload, &err))
        complain(ca, call, "the payload is no JSON");
    return read_header(ca, call, buf_view(&header));
}

static void note(struct acme_ca *ca, const struct call *call)
{
    ca->requests[call->at]++;
    if (places[call->at].word != NULL)
        list_add(&ca->trace, places[call->at].word);
}

static const struct ca_fault *fault_of(const struct acme_ca *ca, enum ca_resource at)
{
    for (size_t i = 0; i < CA_FAULTS && ca->ways.faults[i].at != CA_NOWHERE; i++) {
        const struct ca_fault *fault = &ca->ways.faults[i];
        unsigned first = fault->first == 0 ? 1 : fault->first, now = ca->requests[at];

        if (fault->at == at && now >= first && (fault->times == 0 || now < first + fault->times))
            return fault;
    }
    return NULL;
}

static void clear_answer(struct http_response *out)
{
    http_response_clear(out);
    *out = (struct http_response){ .body = BUF(ANSWER_MAX) };
}

/* Answers a request, unless it violates the protocol. */
static void serve(struct acme_ca *ca, struct call *call, const struct ca_fault *fault)
{
    bool is_understood = call->request->method != HTTP_POST || read_post(ca, call);

    if (is_understood && (fault == NULL || fault->done || fault->honest))
        services[call->at](ca, call);
}

static bool fail_as_told(struct acme_ca *ca, const struct ca_fault *fault, struct http_response *out, struct error *err)
{
    if (!fault->honest) {
        clear_answer(out);
        if (fault->status == 0)
            return error_set(err, ERROR_NETWORK, "connection reset");
        out->status = fault->status;
        if (fault->problem != NULL)
            put_problem(out, fault);
        buf_put_text(&out->body, fault->body == NULL ? "" : fault->body);
        put_nonce(ca, out);
    }
    put_headers(out, fault->headers);
    drop_header(out, fault->without);
    return true;
}

static bool answer(struct acme_ca *ca, const struct http_request *request, struct http_response *out, struct error *err)
{
    struct call call = { .request = request, .out = out };
    const struct ca_fault *fault;
    bool ok = true;

    out->body = BUF(ANSWER_MAX);
    if (!find_place(ca, request->url, &call.at, &call.index) && call.at == CA_NOWHERE)
        complain(ca, &call, "there is nothing of that address");
    note(ca, &call);
    fault = fault_of(ca, call.at);
    if (call.at == CA_NOWHERE || !is_there(ca, call.at, call.index)) {
        out->status = 404;
        put_problem(out, &(struct ca_fault){ .problem = "malformed", .detail = "not found" });
    } else {
        serve(ca, &call, fault);
        if (request->method == HTTP_POST)
            put_nonce(ca, out);
        if (fault != NULL)
            ok = fail_as_told(ca, fault, out, err);
    }
    doc_free(call.payload);
    free(call.jwk);
    return ok;
}

static bool http(void *self, const struct http_request *request, struct http_response *out, struct error *err)
{
    struct acme_ca *ca = self;
    bool ok;

    mutex_lock(&ca->lock);
    ok = answer(ca, request, out, err);
    mutex_unlock(&ca->lock);
    if (!ok)
        http_response_clear(out);
    return ok;
}

/* ---- the clock ---- */

bool acme_ca_sleep_ms(struct acme_ca *ca, int64_t ms)
{
    bool ok;

    mutex_lock(&ca->lock);
    ok = ++ca->sleeps != ca->interrupt_at;
    if (ok) {
        ca->now_ms += ms;
        ca->slept_ms += ms;
    }
    mutex_unlock(&ca->lock);
    return ok;
}

static bool sleep_ms(void *self, int64_t ms, struct error *err)
{
    return acme_ca_sleep_ms(self, ms) || error_set(err, ERROR_CANCELED, "interrupted");
}

int64_t acme_ca_now(struct acme_ca *ca)
{
    int64_t now;

    mutex_lock(&ca->lock);
    now = ca->now_ms / 1000;
    mutex_unlock(&ca->lock);
    return now;
}

static int64_t now_of(void *self)
{
    return acme_ca_now(self);
}

struct transport acme_ca_transport(struct acme_ca *ca)
{
    return (struct transport){ .http = http, .sleep_ms = sleep_ms, .now = now_of, .self = ca };
}
