#include "acme/account.h"

#include "acme/script.h"

#define URN "urn:ietf:params:acme:error:"

static const struct {
    const char *name, *body;
    enum account_status status;
    size_t contacts;
    bool orders;
} cases[] = {
    { "nothing", "", ACCOUNT_VALID, 0, false },
    { "an array", "[]", ACCOUNT_VALID, 0, false },
    { "without a status, as some CAs answer newAccount", "{}", ACCOUNT_VALID, 0, false },
    { "unknown status", "{\"status\":\"paused\"}", ACCOUNT_VALID, 0, false },
    { "status is a number", "{\"status\":1}", ACCOUNT_VALID, 0, false },
    { "status twice", "{\"status\":\"valid\",\"status\":\"revoked\"}", ACCOUNT_REVOKED, 0, false },
    { "contact is text", "{\"status\":\"deactivated\",\"contact\":\"\"}", ACCOUNT_DEACTIVATED, 0, false },
    { "contact holds a number", "{\"contact\":[1,\"mailto:a@b\"]}", ACCOUNT_VALID, 1, false },
    { "orders is no URL", "{\"orders\":\"x\",\"contact\":null}", ACCOUNT_VALID, 0, false },
    { "whole", "{\"status\":\"deactivated\",\"contact\":[\"mailto:a@b\"],\"orders\":\"" CA "/orders\",\"key\":{}}",
        ACCOUNT_DEACTIVATED, 1, true },
};

TEST(account_read)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(account_info_clear) struct account_info info = { 0 };

        account_read(view_of(cases[i].body), &info);
        CHECK_INT(info.status, cases[i].status, cases[i].name);
        CHECK_INT((int64_t)info.contacts.len, (int64_t)cases[i].contacts, cases[i].name);
        CHECK((info.orders_url != NULL) == cases[i].orders, "%s", cases[i].name);
    }
}

/* ---- newAccount ---- */

#define NEW "POST " CA "/new-acct"
#define ACCOUNT "{\"status\":\"valid\",\"contact\":[\"mailto:a@example.org\"],\"orders\":\"" CA "/acct/1/orders\"}"

static const struct {
    const char *name;
    bool contact, terms, existing;
    struct step step;
    bool created;
    const char *problem, *why; /* why: NULL when it succeeds */
} requests[] = {
    { "no such account", false, false, true,
        { NEW, "{\"onlyReturnExisting\":true}", 400, NULL,
            "{\"type\":\"" URN "accountDoesNotExist\",\"detail\":\"none\"}" },
        false, "accountDoesNotExist", "does not know this account" },
    { "new terms", true, false, false,
        { NEW, "{\"contact\":[\"mailto:a@example.org\"]}", 403, "Link: </t2>;rel=\"terms-of-service\"",
            "{\"type\":\"" URN "userActionRequired\",\"detail\":\"agree\",\"instance\":\"" CA "/agree\"}" },
        false, "userActionRequired", "(see " CA "/agree)" },
    { "no Location", false, true, false, { NEW, "{\"termsOfServiceAgreed\":true}", 201, NULL, ACCOUNT }, false, "",
        "(Location)" },
    { "Location with an escape", false, true, false, { NEW, NULL, 201, "Location: https://ca.example/\x1b", ACCOUNT },
        false, "", "(Location)" },
    { "new", true, true, false,
        { NEW, "{\"contact\":[\"mailto:a@example.org\"],\"termsOfServiceAgreed\":true}", 201, "Location: " KID,
            ACCOUNT },
        true, "", NULL },
    { "known", false, false, true, { NEW, "{\"onlyReturnExisting\":true}", 200, "Location: /acct/1", ACCOUNT }, false,
        "", NULL },
};

TEST(account_request)
{
    char *mail[] = { (char[]){ "mailto:a@example.org" } };
    const struct list contacts = { mail, 1 };
    struct signer signer = script_signer();

    for (size_t i = 0; i < COUNT(requests); i++) {
        const struct account_request request = { .contacts = requests[i].contact ? &contacts : NULL,
            .terms_agreed = requests[i].terms,
            .only_existing = requests[i].existing };
        AUTO(script_clear) struct script script = { 0 };
        AUTO(account_info_clear) struct account_info info = { 0 };
        struct error err = { 0 };
        bool ok;

        script_open(&script, &requests[i].step, 1);
        script.kid = NULL;
        ok = account_request(script.session, &signer, &request, &info, &err);
        CHECK(ok == (requests[i].why == NULL), "%s: %s", requests[i].name, err.why);
        CHECK(ok || strstr(err.why, requests[i].why) != NULL, "%s: %s", requests[i].name, err.why);
        CHECK_TEXT(err.problem, requests[i].problem, requests[i].name);
        CHECK_TEXT(info.url, ok ? KID : NULL, requests[i].name);
        CHECK(info.created == requests[i].created, "%s", requests[i].name);
        CHECK(!ok || info.contacts.len == 1, "%s", requests[i].name);
    }
}

TEST(external_accounts)
{
    static const struct step first = { "GET " CA "/dir", NULL, 200, NULL,
        "{\"newNonce\":\"" CA "/nonce\",\"newAccount\":\"" CA "/new-acct\",\"newOrder\":\"" CA
        "/new-order\",\"meta\":{\"externalAccountRequired\":true}}" };
    static const struct step second = { NEW, NULL, 201, "Location: " KID, ACCOUNT };
    const struct external_account external = { "kid-1", "HS256", view_of("secret key") };
    struct account_request request = { .terms_agreed = true };
    AUTO(script_clear) struct script script = { 0 };
    AUTO(account_info_clear) struct account_info info = { 0 };
    struct signer signer = script_signer();
    struct error err = { 0 };

    script_start(&script, &first, 1);
    script.kid = NULL;
    REQUIRE(session_open(&script.transport, CA "/dir", &script.session, &err), "%s", err.why);
    CHECK(!account_request(script.session, &signer, &request, &info, &err), "sent without a binding");
    CHECK_TEXT(err.problem, "externalAccountRequired", "said before any traffic");
    CHECK(strstr(err.next, "--eab-kid") != NULL, "%s", err.next);
    script.steps = &second;
    script.at = 0;
    request.external = &external;
    CHECK(account_request(script.session, &signer, &request, &info, &err), "%s", err.why);
}

/* ---- the account itself ---- */

TEST(fetching_and_changing)
{
    static const struct step steps[] = {
        { "POST " KID, "", 200, NULL, ACCOUNT },
        { "POST " KID, "{\"contact\":[]}", 200, NULL, "{\"status\":\"valid\"}" },
        { "POST " KID, "{\"contact\":[\"mailto:b@example.org\"]}", 400, NULL,
            "{\"type\":\"" URN "invalidContact\",\"detail\":\"no MX\"}" },
        { "POST " KID, "{\"status\":\"deactivated\"}", 200, NULL, ACCOUNT },
        { "POST " KID, "{\"status\":\"deactivated\"}", 200, NULL, "{\"status\":\"deactivated\"}" },
    };
    SCRIPT(script, steps);
    AUTO(account_info_clear) struct account_info info = { 0 };
    AUTO(account_info_clear) struct account_info changed = { 0 };
    AUTO(account_info_clear) struct account_info refused = { 0 };
    char *mail[] = { (char[]){ "mailto:b@example.org" } };
    const struct list none = { 0 }, one = { mail, 1 };
    struct signer signer = script_signer();
    struct identity who = script_who(&signer);
    struct error err = { 0 };

    CHECK(account_fetch(script.session, who, &info, &err), "%s", err.why);
    CHECK_TEXT(info.url, KID, "url");
    CHECK_TEXT(info.orders_url, CA "/acct/1/orders", "orders");
    CHECK(account_update_contacts(script.session, who, &none, &changed, &err), "%s", err.why);
    CHECK(!account_update_contacts(script.session, who, &one, &refused, &err), "accepted");
    CHECK(strstr(err.why, "no MX") != NULL, "%s", err.why);
    CHECK(!account_deactivate(script.session, who, &err), "a CA that goes on was believed");
    CHECK(strstr(err.why, "still valid") != NULL, "%s", err.why);
    CHECK(account_deactivate(script.session, who, &err), "%s", err.why);
}

static struct jwk next_jwk;
static char next_x[32] = { 3 };

TEST(account_change_key)
{
    static const struct step steps[] = {
        { "POST " CA "/key-change", NULL, 409, "Location: " CA "/acct/2",
            "{\"type\":\"" URN "malformed\",\"detail\":\"in use\"}" },
        { "POST " CA "/key-change", NULL, 200, NULL, "" },
    };
    SCRIPT(script, steps);
    struct signer signer = script_signer(), next = signer;
    struct error err = { 0 };

    next_jwk = script_jwk;
    next_jwk.members[0].value.at = next_x;
    next.jwk = &next_jwk;
    CHECK(!account_change_key(script.session, script_who(&signer), &next, &err), "changed");
    CHECK(strstr(err.next, "another account") != NULL, "%s", err.next);
    CHECK(account_change_key(script.session, script_who(&signer), &next, &err), "%s", err.why);
    /* the inner JWS: signed by the new key, no nonce, names the account and the old key */
    {
        AUTO(doc_free) struct doc *doc = NULL;
        AUTO(buf_clear) struct buf header = BUF(65536);
        AUTO(buf_clear) struct buf message = BUF(65536);

        REQUIRE(doc_read(view_of(script.payload), "inner", &doc, &err), "%s", err.why);
        REQUIRE(buf_put_unbase64url(&header, view_of(node_text(node_member(doc_root(doc), "protected")))), "protected");
        REQUIRE(buf_put_unbase64url(&message, view_of(node_text(node_member(doc_root(doc), "payload")))), "payload");
        CHECK_TEXT(buf_text(&header),
            "{\"alg\":\"ES256\",\"jwk\":{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":"
            "\"AwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
            "AAAAA\",\"y\":\"AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"},\"url\":\"" CA "/key-change\"}",
            "header");
        CHECK_TEXT(buf_text(&message),
            "{\"account\":\"" KID
            "\",\"oldKey\":{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
            "AAAAAAAAAAAAA\",\"y\":\"AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}}",
            "payload");
    }
}

/* ---- orders ---- */

#define PAGE(n) "POST " CA "/acct/1/orders?p=" n

TEST(orders_on_several_pages)
{
    static const struct step steps[] = {
        { "POST " CA "/acct/1/orders", "", 200, "Link: <?p=2>;rel=\"next\"",
            "{\"orders\":[\"" CA "/o/1\",\"" CA "/o/2\"]}" },
        { PAGE("2"), "", 200, "Link: <?p=3>;rel=\"next\"\nLink: <" CA "/dir>;rel=\"index\"",
            "{\"orders\":[\"" CA "/o/2\",\"" CA "/o/3\"]}" },
        { PAGE("3"), "", 200, NULL, "{\"orders\":[]}" },
    };
    SCRIPT(script, steps);
    struct signer signer = script_signer();
    AUTO(list_clear) struct list orders = { 0 };
    AUTO(free) char *all = NULL;
    struct error err = { 0 };

    CHECK(account_orders(script.session, script_who(&signer), CA "/acct/1/orders", 10, &orders, &err), "%s", err.why);
    all = list_join(&orders, " ");
    CHECK_TEXT(all, CA "/o/1 " CA "/o/2 " CA "/o/3", "each once");
}

static const struct {
    const char *name;
    struct step steps[3];
    size_t count, max_pages;
    const char *why; /* NULL: ends well */
} walks[] = {
    { "next is itself", { { PAGE("1"), "", 200, "Link: <?p=1>;rel=\"next\"", "{\"orders\":[]}" } }, 1, 10, NULL },
    { "a circle",
        { { PAGE("1"), "", 200, "Link: <?p=2>;rel=\"next\"", "{\"orders\":[]}" },
            { PAGE("2"), "", 200, "Link: <?p=1>;rel=\"next\"", "{\"orders\":[]}" } },
        2, 10, NULL },
    { "too many pages",
        { { PAGE("1"), "", 200, "Link: <?p=2>;rel=\"next\"", "{\"orders\":[]}" },
            { PAGE("2"), "", 200, "Link: <?p=3>;rel=\"next\"", "{\"orders\":[]}" } },
        2, 2, NULL },
    { "a step down to http", { { PAGE("1"), "", 200, "Link: <http://ca.example/x>;rel=\"next\"", "{\"orders\":[]}" } },
        1, 10, "which is not" },
    { "orders is missing", { { PAGE("1"), "", 200, NULL, "{}" } }, 1, 10, "orders" },
    { "an order is a file", { { PAGE("1"), "", 200, NULL, "{\"orders\":[\"file:///x\"]}" } }, 1, 10, "orders[0]" },
};

TEST(walks_through_pages)
{
    struct signer signer = script_signer();

    for (size_t i = 0; i < COUNT(walks); i++) {
        AUTO(script_clear) struct script script = { 0 };
        AUTO(list_clear) struct list orders = { 0 };
        struct error err = { 0 };
        bool ok;

        script_open(&script, walks[i].steps, walks[i].count);
        ok = account_orders(
            script.session, script_who(&signer), CA "/acct/1/orders?p=1", walks[i].max_pages, &orders, &err);
        CHECK(ok == (walks[i].why == NULL), "%s: %s", walks[i].name, err.why);
        CHECK(ok || strstr(err.why, walks[i].why) != NULL, "%s: %s", walks[i].name, err.why);
    }
}

TEST_MAIN()
