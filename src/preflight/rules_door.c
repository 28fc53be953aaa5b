/*
 * Rules about the addresses of a name and the ports at which the CA asks for proofs.
 */
#include <string.h>

#include "base/mem.h"
#include "base/address.h"
#include "preflight/finding.h"
#include "preflight/judge.h"

#define PORT_HTTP 80

/* ---- addresses ---- */

static void count_places(const struct list *addresses, size_t *inside, const char **which)
{
    for (size_t i = 0; i < addresses->len; i++)
        if (address_place_of_text(addresses->at[i]) != ADDRESS_PUBLIC) {
            (*inside)++;
            *which = addresses->at[i];
        }
}

/* How many of the name's addresses are no public ones; *which is one of them. */
static size_t inside_of(const struct facts *facts, const char **which)
{
    size_t inside = 0;

    if (facts->identifier->type == IDENTIFIER_IP) {
        *which = facts->host;
        return address_purpose(facts->host) != NULL;
    }
    count_places(&facts->v4.found, &inside, which);
    count_places(&facts->v6.found, &inside, which);
    return inside;
}

static size_t addresses_of(const struct facts *facts)
{
    return facts->identifier->type == IDENTIFIER_IP ? 1 : facts->v4.found.len + facts->v6.found.len;
}

bool judge_all_inside(const struct facts *facts)
{
    const char *which;
    size_t inside = inside_of(facts, &which);

    return inside > 0 && inside == addresses_of(facts);
}

static const char *place_in_words(const struct facts *facts, const char *address)
{
    const struct address_purpose *purpose = address_purpose(address);

    return facts->identifier->type == IDENTIFIER_IP && purpose != NULL
               ? purpose->what
               : address_place_name(address_place_of_text(address));
}

static void rule_places(const struct judge *judge)
{
    const struct facts *facts = judge->facts;
    const char *which = "";
    size_t inside = inside_of(facts, &which);
    bool all = inside > 0 && inside == addresses_of(facts);
    bool confirmed = facts->identifier->type == IDENTIFIER_IP || (facts->v4.confirmed && facts->v6.confirmed);
    struct say say = {
        .code = all ? "private-address" : "private-address-too",
        .severity = PREFLIGHT_WARNING,
        .name = judge_name(judge),
        .why = all ? "no way leads there from a CA on the Internet" : "the CA may choose that one, and not get there",
        .remedy = "give the name public addresses alone, or prove control by DNS",
    };

    /* A CA of the same site gets there. */
    if (inside == 0 || !judge->around->ca_is_public)
        return;
    if (all)
        say.severity = judge_certain(judge, confirmed && judge->around->request->server != SERVER_ANYBODYS);
    finding_addf(judge->out, &say, "%s is %s", which, place_in_words(facts, which));
}

/* ---- ports ---- */

static bool is_v6(const struct door *door)
{
    return strchr(door->address, ':') != NULL;
}

static bool is_tried(const struct door *door)
{
    return door->state != DOOR_UNTRIED && door->state != DOOR_UNREACHABLE;
}

/* Where nobody listens yet, a refusal is as good as an answer: the way there is open. */
static bool answers(const struct judge *judge, const struct door *door)
{
    const struct preflight_request *request = judge->around->request;
    int ours = door->port == PORT_HTTP ? request->http_port : request->tls_port;

    if (door->state == DOOR_REFUSED)
        return request->server == SERVER_OURS && ours == door->port;
    return door->state == DOOR_OPEN || (request->server == SERVER_OURS && is_tried(door) && door->state != DOOR_SILENT);
}

/* The first door of that family, or of any, that answers or that does not; NULL: there is none. */
static const struct door *door_that(const struct judge *judge, bool v6, bool v4, bool does)
{
    for (size_t i = 0; i < judge->facts->door_count; i++) {
        const struct door *door = &judge->facts->doors[i];

        if ((is_v6(door) ? v6 : v4) && is_tried(door) && answers(judge, door) == does)
            return door;
    }
    return NULL;
}

static const struct {
    const char *code, *what, *why, *remedy;
} states[] = {
    [DOOR_REFUSED] = { "port-refused", "nothing listens there", "the CA asks at that port, and at no other",
        "start the web server, or open and forward the port to it" },
    [DOOR_SILENT] = { "port-silent", "nothing takes the connection",
        "most often a firewall, or a router that forwards nothing; or it is one that answers only from outside",
        "open the port to everybody: CAs ask from several places, which change" },
    [DOOR_MUTE] = { "not-http", "what listens there gives no answer that could be read",
        "the CA asks there in plain HTTP (at port 443 in TLS)", "see which program has the port" },
    [DOOR_TLS] = { "tls-on-port-80", "it speaks TLS there",
        "the CA asks at port 80 in plain HTTP, and in TLS only where a redirect leads to port 443",
        "let the server speak HTTP at port 80" },
};

static void add_state(const struct judge *judge, const struct door *door)
{
    enum preflight_severity severity = judge->around->request->server == SERVER_ANYBODYS && door->state == DOOR_REFUSED
                                           ? PREFLIGHT_NOTE
                                           : PREFLIGHT_WARNING;
    const struct say say = { states[door->state].code, severity, judge_name(judge), NULL, states[door->state].why,
        states[door->state].remedy };

    finding_addf(judge->out, &say, "port %d of %s: %s", door->port, door->address, states[door->state].what);
}

/* CAs prefer IPv6, and most of them do not come back by IPv4 (RFC 8555 says nothing of it). */
static void rule_answers(const struct judge *judge)
{
    const struct door *v6_closed = door_that(judge, true, false, false);
    const struct door *v4_closed = door_that(judge, false, true, false);
    const struct door *v6_open = door_that(judge, true, false, true), *v4_open = door_that(judge, false, true, true);

    if (v6_closed != NULL && v4_open != NULL)
        finding_addf(judge->out,
            &(struct say){ .code = "ipv6-unanswered",
                .severity = PREFLIGHT_WARNING,
                .name = judge_name(judge),
                .why = "CAs prefer IPv6, and may not try the other one",
                .remedy = "let the server answer on IPv6, too, or remove the AAAA record if it leads to another "
                          "machine" },
            "its IPv6 address %s does not answer at port %d (%s), while %s does", v6_closed->address, v6_closed->port,
            states[v6_closed->state].what, v4_open->address);
    else if (v6_closed != NULL && v6_open == NULL)
        add_state(judge, v6_closed);
    if (v4_closed != NULL && (v4_open != NULL || v6_open != NULL))
        finding_addf(judge->out,
            &(struct say){ .code = "ipv4-unanswered",
                .severity = PREFLIGHT_NOTE,
                .name = judge_name(judge),
                .why = "a CA that has no IPv6, or chooses this one, gets no answer",
                .remedy = "let the server answer there, too, or remove the A record" },
            "its address %s does not answer at port %d (%s)", v4_closed->address, v4_closed->port,
            states[v4_closed->state].what);
    else if (v4_closed != NULL)
        add_state(judge, v4_closed);
}

/* ---- a server of our own ---- */

static void add_elsewhere(const struct judge *judge, const struct door *door)
{
    AUTO(free) char *remedy = xprintf("see that port %d of that address leads to this machine", door->port);

    finding_addf(judge->out,
        &(struct say){ .code = "answers-elsewhere",
            .severity = PREFLIGHT_NOTE,
            .name = judge_name(judge),
            .why =
                "that is no address of this machine: it may be a proxy or router that forwards the CA's question, or "
                "another machine",
            .remedy = remedy },
        "port %d of %s answers, although nothing listens for it here", door->port, door->address);
}

static void rule_own(const struct judge *judge, const struct door *door)
{
    const struct preflight_request *request = judge->around->request;
    int ours = door->port == PORT_HTTP ? request->http_port : request->tls_port;

    if (ours != door->port || !is_tried(door) || door->state == DOOR_REFUSED || door->state == DOOR_SILENT)
        return;
    if (door->is_own)
        finding_addf(judge->out,
            &(struct say){ .code = "port-taken",
                .severity = PREFLIGHT_WARNING,
                .name = judge_name(judge),
                .why = "the standalone server needs the port for itself",
                .remedy = "use --webroot, --nginx or --apache with the server that runs, or stop it (--pre-hook, "
                          "--post-hook)" },
            "another program answers at port %d of %s already", door->port, door->address);
    else
        add_elsewhere(judge, door);
}

/* ---- what a web server answers ---- */

static const struct {
    const char *code, *what, *why, *remedy;
} ways[] = {
    [WAY_AWAY] = { "redirect-away", "redirects to another host", "the CA goes there, and asks it for the proof",
        "leave /.well-known/acme-challenge/ out of the redirects, unless that host has the proof" },
    [WAY_REFUSED] = { "redirect-refused", "redirects to where CAs do not go",
        "they follow http and https to the ports 80 and 443 of names, and nothing else",
        "leave /.well-known/acme-challenge/ out of the redirects" },
    [WAY_ENDLESS] = { "redirect-endless", "redirects in a circle", "CAs give up after ten",
        "leave /.well-known/acme-challenge/ out of the redirects" },
    [WAY_DEAD] = { "redirect-dead", "redirects to https, and port 443 of it does not speak TLS",
        "the CA goes there, and gets no answer",
        "leave /.well-known/acme-challenge/ out of the redirects, or mend port 443" },
};

static bool rule_way(const struct judge *judge, const struct door *door)
{
    const struct say say = { ways[door->way].code, PREFLIGHT_WARNING, judge_name(judge), NULL, ways[door->way].why,
        ways[door->way].remedy };

    if (door->way == WAY_STAYS)
        return false;
    finding_addf(judge->out, &say, "%s %s (%s)", door->address, ways[door->way].what, door->url);
    return true;
}

/* Nobody has put anything at that address, so that 404 is what a server says that is in order. */
static void rule_status(const struct judge *judge, const struct door *door)
{
    struct say say = { .severity = PREFLIGHT_WARNING, .name = judge_name(judge) };

    if (door->status == 401 || door->status == 403) {
        say.code = "answer-refused";
        say.why = "a rule or a password may keep the CA from the proof, too";
        say.remedy = "allow everybody to read /.well-known/acme-challenge/";
    } else if (door->status >= 500) {
        say.code = "server-failing";
        say.why = "the server, or one behind it, does not work";
        say.remedy = "look into its log of errors";
    } else if (door->status < 300 && door->page == PAGE_LOGIN) {
        say.code = "login-page";
        say.why = "an application answers for every address, before files are looked at";
        say.remedy = "let the server deliver /.well-known/acme-challenge/ as files, without the application";
    } else if (door->status < 300) {
        say.code = "page-for-everything";
        say.severity = PREFLIGHT_NOTE;
        say.why = "it does no harm as long as files come first";
        say.remedy = "let the server deliver /.well-known/acme-challenge/ as files";
    } else {
        return;
    }
    finding_addf(judge->out, &say,
        "%s answers with HTTP status %d%s for a file below /.well-known/acme-challenge/ that does not exist",
        door->address, door->status, door->page == PAGE_LOGIN ? " and a page that asks for a password" : "");
}

static bool is_told_already(const struct judge *judge, const struct door *door)
{
    for (const struct door *at = judge->facts->doors; at < door; at++)
        if (at->state == DOOR_OPEN && at->status == door->status && at->way == door->way && at->page == door->page)
            return true;
    return false;
}

void judge_doors(const struct judge *judge)
{
    enum proof_server server = judge->around->request->server;

    rule_places(judge);
    rule_answers(judge);
    for (size_t i = 0; i < judge->facts->door_count; i++) {
        const struct door *door = &judge->facts->doors[i];

        if (server == SERVER_OURS)
            rule_own(judge, door);
        else if (server == SERVER_FILES && door->port == PORT_HTTP && door->state == DOOR_OPEN &&
                 !is_told_already(judge, door) && !rule_way(judge, door))
            rule_status(judge, door);
    }
}
