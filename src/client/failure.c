/*
 * Explains failed exchanges.
 */
#include "client/failure.h"

#include <errno.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/address.h"

#define HOST_SIZE 300

/* Host and port of a URL, for messages; user and password are left out. */
static void host_of(const struct transfer *transfer, char out[static HOST_SIZE])
{
    const char *start = strstr(transfer->url, "://"), *at;
    struct view host;

    if (start == NULL) {
        text_printable(out, HOST_SIZE, view_of(transfer->url), false);
        return;
    }
    host = (struct view){ start + 3, strcspn(start + 3, "/?#") };
    at = memrchr(host.at, '@', host.len);
    if (at != NULL)
        host = (struct view){ at + 1, host.len - (size_t)(at + 1 - host.at) };
    text_printable(out, HOST_SIZE, host, false);
}

static void say(struct failure *out, const char *next, const char *format, ...) PRINTF(3, 4);
static void say(struct failure *out, const char *next, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(out->why, sizeof out->why, format, args);
    va_end(args);
    (void)snprintf(out->next, sizeof out->next, "%s", next);
    out->kind = MESSAGE_FAILURE_NETWORK;
}

void failure_of_server(const struct transfer *transfer, const char *what, struct failure *out)
{
    char host[HOST_SIZE];

    host_of(transfer, host);
    say(out, "", "%s %s", host, what);
}

/* libcurl's own sentence, or its general one for the code. */
static const char *detail(CURLcode result, const struct transfer *transfer)
{
    return transfer->error[0] != '\0' ? transfer->error : curl_easy_strerror(result);
}

static void describe_trust(const struct transfer *transfer, const char *host, struct failure *out)
{
    long verdict = X509_V_OK;

    (void)curl_easy_getinfo(transfer->easy, CURLINFO_SSL_VERIFYRESULT, &verdict);
    switch (verdict) {
    case X509_V_OK: /* a good chain, for another name: libcurl may look at that first and leave no verdict */
    case X509_V_ERR_UNSPECIFIED:
        say(out, "check the address; if it is right, its operator must correct the certificate",
            "the TLS certificate of %s is for another name (%s)", host,
            detail(CURLE_PEER_FAILED_VERIFICATION, transfer));
        return;
    case X509_V_ERR_CERT_HAS_EXPIRED:
        say(out, "check the clock of this machine; if it is right, the operator of that server must renew",
            "the TLS certificate of %s has expired", host);
        return;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        say(out, "check the clock of this machine", "the TLS certificate of %s is not valid yet", host);
        return;
    case X509_V_ERR_APPLICATION_VERIFICATION: /* trust_store.c */
        say(out, "its operator must put the names into the certificate (subject alternative names)",
            "the TLS certificate of %s does not say for which hosts it is: a common name does not count", host);
        return;
    default:
        say(out,
            "if this CA is a private one, name its root certificate in SSL_CERT_FILE or REQUESTS_CA_BUNDLE; check "
            "the clock of this machine, and that the package ca-certificates is installed",
            "the TLS certificate of %s is not trusted (%s)", host, X509_verify_cert_error_string(verdict));
        return;
    }
}

static bool has_proxy(void)
{
    static const char *const names[] = { "http_proxy", "https_proxy", "all_proxy" };

    for (size_t i = 0; i < COUNT(names); i++)
        if (getenv(names[i]) != NULL)
            return true;
    return false;
}

/* Describes a failure where a proxy may be the cause: libcurl's own sentence says which side failed. */
static bool describe_proxy(CURLcode result, const struct transfer *transfer, const char *host, struct failure *out)
{
    bool connecting =
        result == CURLE_COULDNT_CONNECT || result == CURLE_COULDNT_RESOLVE_PROXY || result == CURLE_PROXY ||
        (transfer->phase != PHASE_CONNECTED && (result == CURLE_RECV_ERROR || result == CURLE_SEND_ERROR));

    if (!connecting || !has_proxy())
        return false;
    say(out, "check the proxy that the environment names (https_proxy, http_proxy, all_proxy; no_proxy for exceptions)",
        "no connection to %s by way of the proxy (%s)", host, detail(result, transfer));
    return true;
}

static void describe_connect(const struct transfer *transfer, const char *host, struct failure *out)
{
    long sys = 0;

    (void)curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &sys);
    if (sys == ECONNREFUSED)
        say(out, "check the address and port, and that the server is up", "%s refused the connection", host);
    else if (sys == ENETUNREACH || sys == EHOSTUNREACH || sys == EADDRNOTAVAIL)
        say(out, "check this machine's network (route, firewall, IPv6)", "%s cannot be reached (%s)", host,
            strerror((int)sys));
    else
        say(out, "check the address, and the firewall between", "cannot connect to %s (%s)", host,
            sys != 0 ? strerror((int)sys) : detail(CURLE_COULDNT_CONNECT, transfer));
    out->kind = message_failure_of_errno((int)sys);
}

/* Says which limit ran out: libcurl has one code for all. */
static void describe_timeout(const struct transfer *transfer, const char *host, struct failure *out)
{
    switch (transfer->phase) {
    case PHASE_WAITING:
        say(out, "try again later", "%s was not asked in time: earlier requests kept all connections to it busy", host);
        return;
    case PHASE_RESOLVING:
        say(out, "check the DNS servers that /etc/resolv.conf of this machine names",
            "the name of %s was not resolved in time", host);
        return;
    case PHASE_CONNECTING:
        say(out, "check the address, and whether a firewall drops the packets", "no connection to %s within %.3g s",
            host, transfer->connect_ms / 1000.0);
        out->kind = MESSAGE_FAILURE_SILENT;
        return;
    case PHASE_CONNECTED:
        say(out, "try again later", "%s did not finish its answer in time", host);
        return;
    }
}

static bool describe_limit(const struct transfer *transfer, const char *host, struct failure *out)
{
    switch (transfer->limit) {
    case LIMIT_NONE:
        return false;
    case LIMIT_BODY:
        say(out, "", "the answer of %s is larger than the %zu bytes that are accepted", host, transfer->max_body);
        return true;
    case LIMIT_HEADERS:
        say(out, "", "the answer of %s has too many header fields", host);
        return true;
    case LIMIT_SILENCE:
        say(out, "try again later", "%s took the request and then sent nothing for %.3g s", host,
            transfer->silence_ms / 1000.0);
        return true;
    case LIMIT_PLACE:
        say(out, "", "%s is %s, to which no address inside a certificate is followed", host,
            address_place_name(transfer->guard.refused));
        return true;
    }
    return false;
}

/* Certificates that one request brings along, and those that the server misses: its alert (RFC 8446 section 6.2) comes
 * when the request is under way already. */
static bool describe_own(CURLcode result, const struct transfer *transfer, const char *host, struct failure *out)
{
    /* libcurl 8.23 has another result where key and certificate do not belong together, with the same words. */
    if (result == CURLE_SSL_CERTPROBLEM || strstr(transfer->error, "unable to set private key") != NULL)
        say(out, "check that both are PEM, without a password, and belong together",
            "the certificate or the key by which %s is to know us cannot be used", host);
    else if (result == CURLE_SSL_CACERT_BADFILE)
        say(out, "check that it has certificates in PEM", "there is no certificate in what is to vouch for %s", host);
    else if (strstr(transfer->error, "certificate required") != NULL)
        say(out, "name a client certificate and its key", "%s answers only to clients with a certificate that it knows",
            host);
    else
        return false;
    return true;
}

void failure_describe(CURLcode result, const struct transfer *transfer, struct failure *out)
{
    char host[HOST_SIZE];

    host_of(transfer, host);
    if (describe_limit(transfer, host, out) || describe_proxy(result, transfer, host, out) ||
        describe_own(result, transfer, host, out))
        return;
    switch ((int)result) { /* libcurl's codes, to which newer versions add */
    case CURLE_COULDNT_RESOLVE_HOST:
        say(out, "check the name, and the DNS servers that /etc/resolv.conf of this machine names",
            "the name of %s cannot be resolved", host);
        return;
    case CURLE_COULDNT_CONNECT:
        describe_connect(transfer, host, out);
        return;
    case CURLE_OPERATION_TIMEDOUT:
        describe_timeout(transfer, host, out);
        return;
    case CURLE_PEER_FAILED_VERIFICATION:
        describe_trust(transfer, host, out);
        return;
    case CURLE_SSL_CONNECT_ERROR:
        say(out, "check that the address is one that speaks https (TLS 1.2 or newer)", "no TLS connection to %s (%s)",
            host, detail(result, transfer));
        return;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        if (transfer->phase == PHASE_CONNECTED)
            say(out, "check the address", "%s does not answer in HTTP", host);
        else
            say(out, "check the address", "not a web address that can be used: %s", host);
        return;
    case CURLE_WEIRD_SERVER_REPLY:
        say(out, "check the address", "%s does not answer in HTTP (%s)", host, detail(result, transfer));
        return;
    case CURLE_BAD_CONTENT_ENCODING:
        say(out, "", "the answer of %s is compressed in a way that cannot be read (%s)", host,
            detail(result, transfer));
        return;
    case CURLE_OUT_OF_MEMORY: /* libcurl before 8.6 means a header field that is longer than it takes */
    case 100:                 /* CURLE_TOO_LARGE, since 8.6 */
        say(out, "", "the answer of %s has too long a header field", host);
        return;
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
        say(out, "try again later; if it stays, see whether something between (proxy, firewall) breaks connections",
            "%s broke the connection before its answer was complete", host);
        return;
    default:
        say(out, "", "no answer from %s (%s)", host, detail(result, transfer));
        return;
    }
}
