#include "dns/update_server.h"

#include <strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "crypto/key.h"
#include "dns/rcode.h"

#define QUESTION_MS 15000 /* by TCP */
#define UPDATE_MS 45000   /* a server may sign the zone anew before it answers */
#define UDP_MS 5000
#define UDP_MAX 1232 /* bytes that pass without being cut into fragments */

/* ---- ways ---- */

bool update_ask_by_net(void *way, const struct dns_question *question, struct dns_answer *answer, struct error *err)
{
    struct net *net;

    TRY(plugin_net_get(way, &net, err));
    if (net == NULL)
        return error_set(err, ERROR_INTERNAL, "no network to ask the name server by");
    return net_dns(net, question, answer, err);
}

/* By TCP, and by UDP where no connection comes about; what is asked may come twice then, and does no harm. */
static bool ask(
    const struct update_server *server, struct view message, int tcp_ms, struct dns_answer *answer, struct error *err)
{
    struct dns_question question = {
        .server = server->address, .port = server->port, .tcp = true, .message = message, .timeout_ms = tcp_ms
    };
    struct error again = { 0 };

    if (server->ask(server->way, &question, answer, err))
        return true;
    if (err->kind != ERROR_NETWORK || message.len > UDP_MAX)
        return false;
    log_debug("%s by TCP; asking by UDP", err->why);
    question.tcp = false;
    question.timeout_ms = UDP_MS;
    return server->ask(server->way, &question, answer, &again);
}

static bool reach(
    const struct update_server *server, struct view message, int tcp_ms, struct dns_answer *answer, struct error *err)
{
    if (ask(server, message, tcp_ms, answer, err))
        return true;
    if (err->kind == ERROR_NETWORK)
        (void)error_next(err, "look whether a name server answers at %s port %d, by TCP, and lets this machine ask",
            server->address, server->port);
    return false;
}

/* ---- what the codes mean ---- */

static bool refused(const struct update_server *server, const char *zone, const char *name, struct error *err)
{
    (void)error_set(err, ERROR_PLUGIN,
        "Received response from server: REFUSED. It does not let the key %s change TXT records of %s",
        server->key->name, name);
    return error_next(err,
        "allow it there. BIND: in zone \"%s\", update-policy { grant %s name %s. TXT; }; Knot: an acl with "
        "update-owner-name; PowerDNS: TSIG-ALLOW-DNSUPDATE, or its policy script; it says so of a wrong secret, too",
        zone, server->key->name, name);
}

static bool explain(
    const struct update_server *server, int rcode, const char *zone, const char *name, struct error *err)
{
    char room[RCODE_NAME_SIZE];

    if (rcode == DNS_REFUSED)
        return refused(server, zone, name, err);
    (void)error_set(err, ERROR_PLUGIN, "Received response from server: %s", rcode_name(rcode, room));
    switch (rcode) {
    case RCODE_NOTAUTH:
        return error_next(err,
            "either the key %s may not change the zone %s there, or the server is not its primary: "
            "allow the key, or name the server where the zone is changed",
            server->key->name, zone);
    case RCODE_NOTZONE:
        return error_next(err, "the server says that %s is not in its zone %s: look for a zone below it", name, zone);
    case DNS_NOTIMP:
        return error_next(
            err, "the server takes no updates: turn them on, or name the server where the zone is changed");
    case DNS_SERVFAIL:
        return error_next(
            err, "the server's log says why it failed; often it may not write the zone's file or journal");
    case DNS_FORMERR:
        return error_next(
            err, "the server does not understand updates, or TSIG: name the server where the zone is changed");
    default:
        return error_next(err, "the server's log may say why");
    }
}

/* ---- exchanges ---- */

/* The code of the bytes, which may be signed, not what the network process has made of them. */
static int rcode_of(const struct dns_answer *answer)
{
    return (unsigned char)answer->wire.at[3] & 0xf;
}

static bool put_id(unsigned *id, struct error *err)
{
    unsigned char bytes[2];

    TRY(random_bytes(bytes, sizeof bytes, err));
    *id = (unsigned)bytes[0] << 8 | bytes[1];
    return true;
}

/* An answer without a signature is only good for saying no. */
static bool check_answer(
    const struct update_server *server, const struct dns_answer *answer, struct view mac, struct error *err)
{
    if (answer->tsig_at > 0)
        return tsig_verify(buf_view(&answer->wire), answer->tsig_at, server->key, mac, clock_now(), err);
    if (rcode_of(answer) != DNS_NOERROR)
        return true;
    (void)error_set(err, ERROR_NETWORK, "the answer of %s is not signed, so that it may be anybody's", server->address);
    return error_next(
        err, "look what stands between this machine and the server: a server signs what it does for a key");
}

static bool update(const struct update_server *server, const char *zone, enum update_action action,
    struct txt *const *txts, size_t count, struct error *err)
{
    AUTO(buf_clear) struct buf message = BUF(DNS_MAX_MESSAGE), mac = BUF(DIGEST_MAX);
    AUTO(dns_answer_clear) struct dns_answer answer = { 0 };
    unsigned id;
    int rcode;

    TRY(put_id(&id, err));
    TRY(update_put(&message, id, zone, action, txts, count, err));
    TRY(tsig_sign(&message, server->key, view_of(NULL), clock_now(), &mac, err));
    TRY(reach(server, buf_view(&message), UPDATE_MS, &answer, err));
    TRY(check_answer(server, &answer, buf_view(&mac), err));
    rcode = rcode_of(&answer);
    return rcode == DNS_NOERROR || explain(server, rcode, zone, txts[0]->name, err);
}

bool update_server_change(const struct update_server *server, const char *zone, enum update_action action,
    struct txt *const *txts, size_t count, struct error *err)
{
    if (update(server, zone, action, txts, count, err))
        return true;
    return error_in(err, "Encountered error %s TXT record", action == UPDATE_ADD ? "adding" : "deleting");
}

static bool is_soa_of(const struct dns_answer *answer, const char *name)
{
    if (answer->rcode != DNS_NOERROR || !answer->aa)
        return false;
    for (size_t i = 0; i < answer->len; i++)
        if (answer->at[i].section == DNS_IN_ANSWER && answer->at[i].type == DNS_SOA &&
            strcasecmp(answer->at[i].name, name) == 0)
            return true;
    return false;
}

/* A zone that is being loaded or has expired: the zone above it, if the server has that, is not the one. */
static bool cannot_tell(const struct update_server *server, const char *name, struct error *err)
{
    (void)error_set(err, ERROR_PLUGIN, "the name server %s cannot tell whether it has the zone %s (SERVFAIL)",
        server->address, name);
    return error_next(err, "it may be starting, or have no valid copy of the zone: its log says why; try again then");
}

bool update_server_has_zone(const struct update_server *server, const char *name, bool *has, struct error *err)
{
    AUTO(buf_clear) struct buf message = BUF(DNS_MAX_MESSAGE), mac = BUF(DIGEST_MAX);
    AUTO(dns_answer_clear) struct dns_answer answer = { 0 };

    TRY(dns_put_question(&message, name, DNS_SOA, 0, err));
    if (server->signs_questions)
        TRY(tsig_sign(&message, server->key, view_of(NULL), clock_now(), &mac, err));
    if (!reach(server, buf_view(&message), QUESTION_MS, &answer, err) ||
        (server->signs_questions && !check_answer(server, &answer, buf_view(&mac), err)))
        return error_in(err, "Encountered error when making query");
    if (rcode_of(&answer) == DNS_SERVFAIL)
        return cannot_tell(server, name, err);
    *has = is_soa_of(&answer, name);
    log_debug("%s says %sof the zone %s", server->address, *has ? "" : "nothing ", name);
    return true;
}
