#include "acme/authz_explain.h"

#include "acme/script.h"

#define ID "\"identifier\":{\"type\":\"dns\",\"value\":\"example.org\"}"
#define INVALID "{\"status\":\"invalid\"," ID ",\"challenges\":[]}"

/* The words of real CAs, and what they mean. */
static const struct {
    const char *type, *problem, *detail, *address, *means, *attempt;
} failures[] = {
    { "http-01", "connection", "192.0.2.7: Fetching http://x/.well-known/acme-challenge/a: Connection refused",
        "192.0.2.7", "nothing accepts connections on its port 80", "A record" },
    { "http-01", "connection", "192.0.2.7: Fetching http://x/a: Timeout during connect (likely firewall problem)",
        "192.0.2.7", "a firewall", "open port 80 to everybody" },
    { "http-01", "connection", "Get \"http://x/a\": dial tcp 192.0.2.7:80: i/o timeout", "192.0.2.7", "a firewall",
        "open" },
    { "http-01", "connection", "2001:db8::7: Fetching http://x/a: Connection refused", "2001:db8::7",
        "the CA used IPv6", "remove the AAAA record" },
    { "http-01", "connection",
        "192.0.2.7: Fetching https://x:8443/a: Invalid port in redirect target. Only ports 80 and 443", "192.0.2.7",
        "redirects the request to where", "out of the redirects" },
    { "http-01", "connection", "Fetching http://x/a: Redirect loop detected", NULL, "redirects", "redirects" },
    { "http-01", "connection", "192.0.2.7: Fetching http://x/a: Connection reset by peer", "192.0.2.7", "broken off",
        "another network" },
    { "http-01", "connection", "10.0.0.1: Fetching http://x/a: No route to host", "10.0.0.1", "private",
        "public address" },
    { "http-01", "connection", "trouble", "192.0.2.7", "could not connect to port 80", "prove control by DNS" },
    { "http-01", "tls", "192.0.2.7: Fetching https://x/a: remote error: tls: handshake failure", "192.0.2.7", "https",
        "mend port 443" },
    { "http-01", "unauthorized", "192.0.2.7: Invalid response from http://x/a: 404", "192.0.2.7", "no such file",
        "webroot" },
    { "http-01", "unauthorized", "192.0.2.7: Invalid response from http://x/a: 403", "192.0.2.7", "refused to deliver",
        "allow everybody" },
    { "http-01", "unauthorized", "192.0.2.7: Invalid response from http://x/a: 503", "192.0.2.7", "a proxy in front",
        "log of errors" },
    { "http-01", "unauthorized", "192.0.2.7: Invalid response from http://x/a: \"<!DOCTYPE html>\\n<html\"",
        "192.0.2.7", "a web page came", "as files" },
    { "http-01", "incorrectResponse",
        "The key authorization file from the server did not match this challenge. Expected", NULL,
        "another answer than ours", "this machine alone" },
    { "http-01", "unauthorized", "no words that we know", NULL, "not what was put there", "from outside" },
    { "http-01", "dns", "DNS problem: NXDOMAIN looking up A for x - check that a DNS record exists for this domain",
        NULL, "does not exist in the public DNS", "leave the name out" },
    { "http-01", "dns", "no valid A records found for x; no valid AAAA records found for x", NULL, "no address",
        "leave the name out" },
    { "http-01", "dns", "DNS problem: SERVFAIL looking up A for x", NULL, "DNSSEC", "DS record" },
    { "http-01", "dns", "DNS problem: query timed out looking up A for x", NULL, "do not answer", "UDP and TCP" },
    { "http-01", "dns", "words", NULL, "DNS lookup", "public DNS" },
    { "http-01", "caa", "CAA record for x prevents issuance", NULL, "CAA record", "allow this CA" },
    { "http-01", "serverInternal", "words", NULL, "trouble of its own", "later" },
    { "tls-alpn-01", "unauthorized", "Cannot negotiate ALPN protocol \"acme-tls/1\" for tls-alpn-01 challenge", NULL,
        "does not answer the challenge", "ends TLS" },
    { "tls-alpn-01", "connection", "192.0.2.7: Connection refused", NULL, "at port 443", "reach port 443" },
    { "dns-01", "unauthorized", "No TXT record found at _acme-challenge.x", NULL, "cannot be seen", "wait longer" },
    { "dns-01", "dns", "DNS problem: NXDOMAIN looking up TXT for _acme-challenge.x", NULL, "cannot be seen",
        "dig TXT" },
    { "dns-01", "unauthorized", "Incorrect TXT record \"a\" (and 1 more) found at _acme-challenge.x", NULL,
        "none has the value", "remove the old records" },
    { "dns-01", "unauthorized", "Correct value not found for DNS challenge", NULL, "cannot be seen", "dig" },
    { "dns-01", "unauthorized", "words", NULL, "did not find the value", "all name servers" },
    { "new-01", "later", "words", NULL, "", "" },
};

TEST(what_the_words_mean)
{
    for (size_t i = 0; i < COUNT(failures); i++) {
        AUTO(free)
        char *record = failures[i].address == NULL
                           ? xstrdup("")
                           : xprintf(",\"validationRecord\":[{\"addressUsed\":\"%s\"}]", failures[i].address);
        AUTO(buf_clear) struct buf detail = BUF(4096);
        AUTO(free) char *body = NULL;
        AUTO(authz_clear) struct authz authz = { 0 };
        struct explanation explanation;
        struct error err = { 0 };

        for (const char *at = failures[i].detail; *at != '\0'; at++)
            buf_putf(&detail, "%s%c", *at == '"' || *at == '\\' ? "\\" : "", *at);
        body = xprintf(
            "{\"status\":\"invalid\"," ID ",\"challenges\":[{\"type\":\"%s\",\"url\":\"" CA
            "/c/1\",\"status\":\"invalid\",\"token\":\"abc\",\"error\":{\"type\":\"urn:ietf:params:acme:error:%s\","
            "\"detail\":\"%s\"}%s}]}",
            failures[i].type, failures[i].problem, buf_text(&detail), record);
        REQUIRE(authz_parse(view_of(body), &authz, &err), "%s: %s", failures[i].detail, err.why);
        explanation = authz_explain(&authz);
        CHECK(strstr(explanation.means, failures[i].means) != NULL, "%s: %s", failures[i].detail, explanation.means);
        CHECK(strstr(explanation.attempt, failures[i].attempt) != NULL, "%s: %s", failures[i].detail,
            explanation.attempt);
        CHECK((explanation.means[0] == '\0') == (failures[i].means[0] == '\0'), "%s", failures[i].detail);
    }
}

TEST(without_a_reason_nothing_is_guessed)
{
    AUTO(authz_clear) struct authz authz = { 0 };
    struct error err = { 0 };

    REQUIRE(authz_parse(view_of(INVALID), &authz, &err), "%s", err.why);
    CHECK_TEXT(authz_explain(&authz).means, "", "means");
    CHECK_TEXT(authz_explain(&authz).attempt, "", "attempt");
}

#define FAILED(type, problem)                                                                                          \
    "{\"status\":\"invalid\"," ID ",\"challenges\":[{\"type\":\"dns-01\",\"url\":\"" CA                                \
    "/c/0\",\"status\":\"pending\",\"token\":\"abc\"},"                                                                \
    "{\"type\":\"" type "\",\"url\":\"" CA "/c/"                                                                       \
    "1\",\"status\":\"invalid\",\"token\":\"abc\",\"error\":{\"type\":\"urn:ietf:params:acme:error:" problem           \
    "\",\"detail\":\"192.0.2.7: its "                                                                                  \
    "words\"},\"validationRecord\":[{\"addressUsed\":\"192.0.2.7\"},{\"addressUsed\":"                                 \
    "\"2001:db8::7\"},{\"addressUsed\":\"192.0.2.7\"}]}]}"

static const struct {
    const char *name, *body, *problem, *what, *why, *next;
} tellings[] = {
    { "http-01, no connection", FAILED("http-01", "connection"), "connection",
        "authorization of example.org by http-01", "its words (the CA used the address 192.0.2.7, 2001:db8::7)",
        "AAAA record" },
    { "http-01, wrong answer", FAILED("http-01", "unauthorized"), "unauthorized", "http-01", "its words",
        "/.well-known/acme-challenge/" },
    { "tls-alpn-01", FAILED("tls-alpn-01", "tls"), "tls", "tls-alpn-01", "its words", "port 443" },
    { "another type", FAILED("new-01", "unauthorized"), "unauthorized", "by other", "its words", "" },
    { "dns-01", FAILED("dns-01", "unauthorized"), "unauthorized", "dns-01", "its words", "name servers" },
    { "CAA", FAILED("http-01", "caa"), "caa", "http-01", "CAA record", "CAA" },
    { "no reason", INVALID, "", "authorization of example.org", "'invalid' and gives no reason", "" },
    { "expired", "{\"status\":\"expired\"," ID ",\"wildcard\":true}", "", "authorization of *.example.org", "'expired'",
        "" },
};

TEST(authz_to_error)
{
    for (size_t i = 0; i < COUNT(tellings); i++) {
        AUTO(authz_clear) struct authz authz = { 0 };
        struct error err = { 0 };

        REQUIRE(authz_parse(view_of(tellings[i].body), &authz, &err), "%s: %s", tellings[i].name, err.why);
        CHECK(!authz_to_error(&authz, &err), "%s", tellings[i].name);
        CHECK_INT(err.kind, ERROR_ACME, tellings[i].name);
        CHECK_TEXT(err.problem, tellings[i].problem, tellings[i].name);
        CHECK(strstr(err.what, tellings[i].what) != NULL, "%s: %s", tellings[i].name, err.what);
        CHECK(strstr(err.why, tellings[i].why) != NULL, "%s: %s", tellings[i].name, err.why);
        CHECK(strstr(err.next, tellings[i].next) != NULL, "%s: %s", tellings[i].name, err.next);
        CHECK((authz_error(&authz) != NULL) == (tellings[i].problem[0] != '\0'), "%s", tellings[i].name);
    }
}

TEST_MAIN()
