/*
 * One issuance by the real session, for each member of the CA's answers that is missing, or is not what the RFCs say,
 * while no step needs it.
 */
#include "acme/account.h"
#include "acme/authz_explain.h"
#include "acme/order.h"

#include "acme/script.h"

#define PEM "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"
#define NAMES "\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.example\"}]"
#define URLS "\"authorizations\":[\"" CA "/authz/1\"]"
#define FIN "\"finalize\":\"" CA "/order/1/finalize\""
#define CERT "\"certificate\":\"" CA "/cert/1\""
#define WHO "\"identifier\":{\"type\":\"dns\",\"value\":\"a.example\"}"
#define HTTP "\"type\":\"http-01\",\"url\":\"" CA "/chall/1\",\"token\":\"abc\""
#define BASE "\"newNonce\":\"" CA "/nonce\",\"newAccount\":\"" CA "/new-acct\",\"newOrder\":\"" CA "/new-order\""

/* The answers of one issuance, in their order. */
enum answer { DIRECTORY, ACCOUNT, ORDER, AUTHZ, CHALLENGE, DECIDED, FINALIZED, ISSUED, CHAIN, ANSWERS };

static const struct step plain[ANSWERS] = {
    [DIRECTORY] = { "GET " CA "/dir", NULL, 200, NULL, SCRIPT_DIRECTORY },
    [ACCOUNT] = { "POST " CA "/new-acct", NULL, 201, "Location: " KID, "{\"status\":\"valid\",\"contact\":[]}" },
    [ORDER] = { "POST " CA "/new-order", NULL, 201, "Location: " CA "/order/1",
        "{\"status\":\"pending\"," NAMES "," URLS "," FIN "}" },
    [AUTHZ] = { "POST " CA "/authz/1", "", 200, NULL,
        "{\"status\":\"pending\"," WHO ",\"challenges\":[{" HTTP ",\"status\":\"pending\"}]}" },
    [CHALLENGE] = { "POST " CA "/chall/1", "{}", 200, NULL, "{" HTTP ",\"status\":\"pending\"}" },
    [DECIDED] = { "POST " CA "/authz/1", "", 200, NULL, "{\"status\":\"valid\"," WHO ",\"challenges\":[{" HTTP "}]}" },
    [FINALIZED] = { "POST " CA "/order/1/finalize", NULL, 200, NULL,
        "{\"status\":\"processing\"," NAMES "," URLS "," FIN "}" },
    [ISSUED] = { "POST " CA "/order/1", "", 200, NULL, "{\"status\":\"valid\"," NAMES "," URLS "," FIN "," CERT "}" },
    [CHAIN] = { "POST " CA "/cert/1", "", 200, NULL, PEM },
};

static const struct {
    const char *name;
    enum answer which;
    const char *body;
} members[] = {
    { "as the RFCs say", CHAIN, PEM },
    { "directory: nothing but what is needed", DIRECTORY, "{" BASE "}" },
    { "directory: renewalInfo", DIRECTORY, "{" BASE ",\"renewalInfo\":\"\"}" },
    { "directory: keyChange", DIRECTORY, "{" BASE ",\"keyChange\":\"\"}" },
    { "directory: revokeCert", DIRECTORY, "{" BASE ",\"revokeCert\":7}" },
    { "directory: newAuthz", DIRECTORY, "{" BASE ",\"newAuthz\":\"\"}" },
    { "directory: newAuthz, less safe", DIRECTORY, "{" BASE ",\"newAuthz\":\"http://ca.example/authz\"}" },
    { "directory: keyChange, less safe", DIRECTORY, "{" BASE ",\"keyChange\":\"http://ca.example/key\"}" },
    { "directory: meta", DIRECTORY, "{" BASE ",\"meta\":\"x\"}" },
    { "directory: termsOfService", DIRECTORY, "{" BASE ",\"meta\":{\"termsOfService\":[]}}" },
    { "directory: caaIdentities", DIRECTORY, "{" BASE ",\"meta\":{\"caaIdentities\":\"ca.example\"}}" },
    { "directory: profiles, a list", DIRECTORY, "{" BASE ",\"meta\":{\"profiles\":[\"default\"]}}" },
    { "directory: profiles, null", DIRECTORY, "{" BASE ",\"meta\":{\"profiles\":null}}" },
    { "directory: externalAccountRequired", DIRECTORY, "{" BASE ",\"meta\":{\"externalAccountRequired\":\"false\"}}" },
    { "directory: a member twice", DIRECTORY, "{" BASE ",\"newNonce\":\"" CA "/nonce\"}" },
    { "directory: byte order mark", DIRECTORY, "\xef\xbb\xbf{" BASE "}" },
    { "account: nothing at all", ACCOUNT, "" },
    { "account: no JSON", ACCOUNT, "<html>" },
    { "account: no status", ACCOUNT, "{}" },
    { "account: status", ACCOUNT, "{\"status\":\"good\"}" },
    { "account: contact, text", ACCOUNT, "{\"status\":\"valid\",\"contact\":\"\"}" },
    { "account: contact, null", ACCOUNT, "{\"status\":\"valid\",\"contact\":null}" },
    { "account: orders, a path", ACCOUNT, "{\"status\":\"valid\",\"orders\":\"/orders/1\"}" },
    { "account: orders, a list", ACCOUNT, "{\"status\":\"valid\",\"orders\":[]}" },
    { "account: orders, empty", ACCOUNT, "{\"status\":\"valid\",\"orders\":\"\"}" },
    { "order: expires, empty", ORDER, "{\"status\":\"pending\",\"expires\":\"\"," URLS "," FIN "}" },
    { "order: expires, another form", ORDER,
        "{\"status\":\"pending\",\"expires\":\"2027-01-30 20:33:39\"," URLS "," FIN "}" },
    { "order: expires, a number", ORDER, "{\"status\":\"pending\",\"expires\":1800000000," URLS "," FIN "}" },
    { "order: identifiers", ORDER, "{\"status\":\"pending\"," URLS "," FIN "}" },
    { "order: identifiers of other kinds", ORDER,
        "{\"status\":\"pending\",\"identifiers\":[7,{\"type\":\"dns\"}]," URLS "," FIN "}" },
    { "order: certificate, before it is valid", ORDER,
        "{\"status\":\"pending\",\"certificate\":\"\"," URLS "," FIN "}" },
    { "order: error, null", ORDER, "{\"status\":\"pending\",\"error\":null,\"notBefore\":null," URLS "," FIN "}" },
    { "order: replaces", ORDER, "{\"status\":\"pending\",\"replaces\":\"\",\"profile\":\"\"," URLS "," FIN "}" },
    { "authorization: expires", AUTHZ,
        "{\"status\":\"pending\",\"expires\":\"\"," WHO ",\"challenges\":[{" HTTP ",\"status\":\"pending\"}]}" },
    { "authorization: wildcard", AUTHZ,
        "{\"status\":\"pending\",\"wildcard\":\"\"," WHO ",\"challenges\":[{" HTTP ",\"status\":\"pending\"}]}" },
    { "authorization: the name in capitals", AUTHZ,
        "{\"status\":\"pending\",\"identifier\":{\"type\":\"dns\",\"value\":\"A.Example\"},\"challenges\":[{" HTTP
        "}]}" },
    { "challenge: no status", AUTHZ, "{\"status\":\"pending\"," WHO ",\"challenges\":[{" HTTP "}]}" },
    { "challenge: status of its own", AUTHZ,
        "{\"status\":\"pending\"," WHO ",\"challenges\":[{" HTTP ",\"status\":\"unknown\"}]}" },
    { "challenge: others without url", AUTHZ,
        "{\"status\":\"pending\"," WHO ",\"challenges\":[{\"type\":\"dns-01\",\"token\":\"abc\"},{" HTTP "}]}" },
    { "challenge: others without token", AUTHZ,
        "{\"status\":\"pending\"," WHO ",\"challenges\":[{\"type\":\"dns-01\",\"url\":\"" CA "/chall/2\"},{" HTTP
        "}]}" },
    { "challenge: others with an odd token", AUTHZ,
        "{\"status\":\"pending\"," WHO ",\"challenges\":[{\"type\":\"dns-01\",\"url\":\"" CA
        "/chall/2\",\"token\":\"a.b:c==\"},{" HTTP "}]}" },
    { "challenge: others that are none", AUTHZ,
        "{\"status\":\"pending\"," WHO
        ",\"challenges\":[7,{},{\"type\":\"email-reply-00\",\"url\":\"mailto:x@y\"},{" HTTP "}]}" },
    { "challenge: no answer to speak of", CHALLENGE, "" },
    { "authorization: once it is valid, nothing else", DECIDED, "{\"status\":\"valid\"}" },
    { "authorization: valid by a challenge without a token", DECIDED,
        "{\"status\":\"valid\"," WHO ",\"challenges\":[{\"type\":\"dns-01\",\"status\":\"valid\"}]}" },
    { "finalized order: nothing but a status", FINALIZED, "{\"status\":\"processing\"}" },
    { "finalized order: authorizations, null", FINALIZED,
        "{\"status\":\"processing\",\"authorizations\":null," FIN "}" },
    { "valid order: no finalize", ISSUED, "{\"status\":\"valid\"," NAMES "," URLS "," CERT "}" },
    { "valid order: authorizations, null", ISSUED, "{\"status\":\"valid\",\"authorizations\":null," FIN "," CERT "}" },
    { "valid order: nothing but the address", ISSUED, "{\"status\":\"valid\"," CERT "}" },
    { "valid order: a member twice", ISSUED, "{\"status\":\"processing\",\"status\":\"valid\"," CERT "}" },
};

static bool prove(struct session *session, struct identity who, const struct order *order, struct error *err)
{
    AUTO(authz_clear) struct authz authz = { 0 };
    const struct challenge *challenge;

    if (order->authz_urls.len != 1)
        return error_set(err, ERROR_ACME, "%zu authorizations", order->authz_urls.len);
    TRY(authz_fetch(session, who, order->authz_urls.at[0], &authz, err));
    challenge = authz_challenge(&authz, CHALLENGE_HTTP_01);
    if (challenge == NULL)
        return error_set(err, ERROR_ACME, "no challenge");
    TRY(challenge_answer(session, who, challenge, err));
    TRY(authz_wait(session, who, &authz, 1, 90, err));
    return authz.status == AUTHZ_VALID || authz_to_error(&authz, err);
}

static bool issue(struct script *script, const struct signer *signer, struct buf *chain, struct error *err)
{
    AUTO(identifiers_clear) struct identifiers names = { 0 };
    AUTO(account_info_clear) struct account_info account = { 0 };
    AUTO(order_clear) struct order order = { 0 };
    const struct account_request registration = { .terms_agreed = true };
    const struct order_request wanted = { .identifiers = &names };
    const struct view csr = { "\1\2", 2 };
    struct identity who = { .signer = signer };
    struct poll poll;
    int64_t ca_now;

    identifiers_add(&names, IDENTIFIER_DNS, "a.example");
    TRY(session_open(&script->transport, CA "/dir", &script->session, err));
    script->kid = NULL;
    TRY(account_request(script->session, signer, &registration, &account, err));
    script->kid = who.kid = account.url;
    TRY(order_new(script->session, who, &wanted, &order, NULL, err));
    TRY(prove(script->session, who, &order, err));
    poll = poll_start(script->session, 90);
    TRY(order_finalize(script->session, who, &order, csr, &poll, NULL, err));
    TRY(order_wait(script->session, who, &order, csr, &poll, err));
    return order_download(script->session, who, &order, chain, NULL, &ca_now, err);
}

TEST(a_certificate_is_had_whatever_else_they_say)
{
    struct signer signer = script_signer();

    for (size_t i = 0; i < COUNT(members); i++) {
        AUTO(script_clear) struct script script = { 0 };
        AUTO(buf_clear) struct buf chain = BUF(65536);
        struct step steps[ANSWERS];
        struct error err = { 0 };

        memcpy(steps, plain, sizeof steps);
        steps[members[i].which].body = members[i].body;
        script_start(&script, steps, ANSWERS);
        CHECK(issue(&script, &signer, &chain, &err), "%s: %s: %s", members[i].name, err.what, err.why);
        CHECK_TEXT(buf_text(&chain), PEM, members[i].name);
    }
}

TEST_MAIN()
