/* Facts in, codes out: one row for each thing that may be found, and for what must not be. */
#include "base/test.h"

#include "acme/authz.h"
#include "preflight/finding.h"
#include "preflight/rules.h"

#define OURS "https://ca.example/acct/7"
#define DOORS 4

struct seen { /* a lookup */
    enum lookup_what what;
    const char *found[2], *alias;
    int rcode, ede; /* ede 0: none */
    bool bogus, confirmed;
};

struct row {
    const char *name;
    const char *identifier, *types; /* NULL: "a.example", "http-01" */
    bool is_ip, at_home, anybodys;  /* at_home: the CA is not in public */
    enum proof_server server;       /* 0: SERVER_FILES */
    int http_port;                  /* 0: 80 */
    struct seen v4, v6, caa, proof_zone;
    struct delegation proof; /* its texts borrowed */
    const char *circle;      /* why the record can be nowhere */
    const char *issue;       /* value of a CAA record */
    struct door doors[DOORS];
    int64_t clock_ahead_s;
    bool silent;
    const char *want; /* "code severity", with commas between */
    const char *what; /* stands in what the last one says; NULL: anything */
};

#define V4 .v4 = { .what = LOOKUP_FOUND, .found = { "203.0.113.5" } }
#define V4_PUBLIC .v4 = { .what = LOOKUP_FOUND, .found = { "5.6.7.8" } }, .v6 = { .what = LOOKUP_NOTHING }
#define BOTH                                                                                                           \
    .v4 = { .what = LOOKUP_FOUND, .found = { "5.6.7.8" } }, .v6 = { .what = LOOKUP_FOUND, .found = { "2a00:1::1" } }
#define DOOR4(...)                                                                                                     \
    {                                                                                                                  \
        .address = (char *)"5.6.7.8", .port = 80, __VA_ARGS__                                                          \
    }
#define DOOR6(...)                                                                                                     \
    {                                                                                                                  \
        .address = (char *)"2a00:1::1", .port = 80, __VA_ARGS__                                                        \
    }
#define AT "_acme-challenge.a.example"
#define PROOF(...)                                                                                                     \
    {                                                                                                                  \
        .name = AT, .place = (char *)__VA_ARGS__                                                                       \
    }
#define OPEN(number) .state = DOOR_OPEN, .status = (number)

static const struct row rows[] = {
    { "all is well", V4_PUBLIC, .doors = { DOOR4(OPEN(404)) }, .want = "" },

    /* proofs that are not possible */
    { "a wildcard by http", "*.a.example", .want = "wildcard-needs-dns failure", .what = "http-01 alone" },
    { "a wildcard by http, at home", "*.a.example", .at_home = true, .want = "wildcard-needs-dns warning" },
    { "a wildcard by DNS", "*.a.example", "dns-01", .proof_zone = { .what = LOOKUP_FOUND }, .want = "" },
    { "a wildcard by DNS as the second choice", "*.a.example", "http-01,dns-01", .want = "" },
    { "an address by DNS", "5.6.7.8", "dns-01", .is_ip = true, .want = "address-needs-server failure" },
    { "an address by http", "5.6.7.8", .is_ip = true, .doors = { DOOR4(OPEN(404)) }, .want = "" },
    { "an address inside", "10.0.0.1", .is_ip = true, .want = "private-address failure" },
    { "an address inside, at home", "10.0.0.1", .is_ip = true, .at_home = true, .want = "" },
    { "an unknown proof", NULL, "teapot-01", .want = "" },

    /* names */
    { "no such name", .v4 = { .what = LOOKUP_NO_NAME }, .v6 = { .what = LOOKUP_NO_NAME },
        .want = "name-unknown warning", .what = "does not exist in DNS" },
    { "no such name, for certain", .v4 = { .what = LOOKUP_NO_NAME, .confirmed = true },
        .v6 = { .what = LOOKUP_NO_NAME, .confirmed = true }, .want = "name-unknown failure",
        .what = "say the name servers" },
    { "no such name, and a hook that may make it", .anybodys = true,
        .v4 = { .what = LOOKUP_NO_NAME, .confirmed = true }, .v6 = { .what = LOOKUP_NO_NAME, .confirmed = true },
        .want = "name-unknown warning" },
    { "no such name, and a CA at home", .at_home = true, .v4 = { .what = LOOKUP_NO_NAME, .confirmed = true },
        .v6 = { .what = LOOKUP_NO_NAME, .confirmed = true }, .want = "name-unknown warning" },
    { "no such name, and a record proves", NULL, "dns-01", .proof_zone = { .what = LOOKUP_FOUND }, .want = "" },
    { "no address", .v4 = { .what = LOOKUP_NOTHING }, .v6 = { .what = LOOKUP_NOTHING }, .want = "no-address warning" },
    { "an alias to nowhere", .v4 = { .what = LOOKUP_NO_NAME, .alias = "gone.example" },
        .v6 = { .what = LOOKUP_NO_NAME, .alias = "gone.example" }, .want = "name-unknown warning",
        .what = "alias (CNAME) of gone.example, which does not exist" },
    { "IPv6 alone", .v4 = { .what = LOOKUP_NOTHING }, .v6 = { .what = LOOKUP_FOUND, .found = { "2a00:1::1" } },
        .doors = { DOOR6(OPEN(404)) }, .want = "" },
    { "a private address", .v4 = { .what = LOOKUP_FOUND, .found = { "192.168.0.5" } }, .v6 = { .what = LOOKUP_NOTHING },
        .want = "private-address warning", .what = "192.168.0.5 is a private address" },
    { "a private address, for certain", .v4 = { .what = LOOKUP_FOUND, .found = { "192.168.0.5" }, .confirmed = true },
        .v6 = { .what = LOOKUP_NOTHING, .confirmed = true }, .want = "private-address failure" },
    { "one of two is private", .v4 = { .what = LOOKUP_FOUND, .found = { "5.6.7.8", "127.0.0.1" }, .confirmed = true },
        .v6 = { .what = LOOKUP_NOTHING, .confirmed = true }, .want = "private-address-too warning" },
    { "a private address, at home", .at_home = true, .v4 = { .what = LOOKUP_FOUND, .found = { "192.168.0.5" } },
        .want = "" },

    /* failures of DNS */
    { "SERVFAIL", .v4 = { .what = LOOKUP_FAILED, .rcode = DNS_SERVFAIL, .ede = 22 },
        .v6 = { .what = LOOKUP_FAILED, .rcode = DNS_SERVFAIL }, .want = "lookup-failed warning",
        .what = "SERVFAIL: no name server of the zone can be reached" },
    { "of AAAA alone", V4, .v6 = { .what = LOOKUP_FAILED, .rcode = DNS_REFUSED }, .at_home = true,
        .want = "lookup-failed note", .what = "REFUSED" },
    { "nothing in time", .v4 = { .what = LOOKUP_SILENT }, .v6 = { .what = LOOKUP_SILENT },
        .want = "lookup-failed warning", .what = "nothing in time" },
    { "silent resolvers", .silent = true, .v4 = { .what = LOOKUP_SILENT }, .v6 = { .what = LOOKUP_SILENT },
        .caa = { .what = LOOKUP_SILENT }, .want = "resolvers-silent note" },
    { "DNSSEC", .v4 = { .what = LOOKUP_FAILED, .rcode = DNS_SERVFAIL, .bogus = true, .ede = 7 },
        .v6 = { .what = LOOKUP_FAILED, .rcode = DNS_SERVFAIL, .bogus = true },
        .caa = { .what = LOOKUP_FAILED, .rcode = DNS_SERVFAIL, .bogus = true }, .want = "dnssec-bogus warning",
        .what = "(a signature has expired)" },
    { "DNSSEC of the record's zone", NULL, "dns-01", .proof_zone = { .what = LOOKUP_FAILED, .bogus = true },
        .want = "dnssec-bogus warning", .what = "DNSSEC is broken" },
    { "CAA fails", V4_PUBLIC, .caa = { .what = LOOKUP_FAILED, .rcode = DNS_SERVFAIL }, .want = "caa-failed warning" },
    { "the record's zone fails", NULL, "dns-01", .proof_zone = { .what = LOOKUP_FAILED, .rcode = DNS_SERVFAIL },
        .want = "challenge-failed warning" },
    { "the record's name is an alias", NULL, "dns-01", .proof = PROOF("x.acme.example"), .want = "challenge-alias note",
        .what = "is an alias (CNAME) of x.acme.example" },
    { "the record's name is a wildcard's alias", NULL, "dns-01", .proof = PROOF("x.acme.example", .by_wildcard = true),
        .want = "challenge-alias note", .what = "is an alias (CNAME of a wildcard) of x.acme.example" },
    { "the record's name is no alias", NULL, "dns-01", .proof = PROOF(AT, .state = ZONED_SAYS), .want = "" },
    { "servers of the record's zone are not reached", NULL, "dns-01",
        .proof = PROOF(AT, .state = ZONED_SILENT, .unseen = (char *)"silence"), .want = "" },
    { "servers of the record's zone are of no use", NULL, "dns-01",
        .proof = PROOF(AT, .state = ZONED_LAME, .unseen = (char *)"ns answers with REFUSED"),
        .want = "challenge-unanswered warning", .what = "of " AT " (ns answers with REFUSED)" },
    { "CNAMEs in a circle", NULL, "dns-01", .proof = PROOF("x.acme.example"), .circle = "it leads back",
        .want = "challenge-circle warning", .what = "it leads back" },

    /* CAA */
    { "permitted", V4_PUBLIC, .caa = { .what = LOOKUP_FOUND }, .issue = "ca.example", .want = "" },
    { "not permitted", V4_PUBLIC, .caa = { .what = LOOKUP_FOUND }, .issue = "other.example",
        .want = "caa-forbids warning", .what = "(issue) permit other.example alone" },
    { "not permitted, for certain", V4_PUBLIC, .caa = { .what = LOOKUP_FOUND, .confirmed = true },
        .issue = "other.example", .want = "caa-forbids failure" },
    { "not permitted, at home", V4_PUBLIC, .at_home = true, .caa = { .what = LOOKUP_FOUND, .confirmed = true },
        .issue = ";", .want = "caa-forbids warning", .what = "permit nobody" },
    { "another account", V4_PUBLIC, .caa = { .what = LOOKUP_FOUND, .confirmed = true },
        .issue = "ca.example; accounturi=https://ca.example/acct/8", .want = "caa-account failure" },
    { "our account", V4_PUBLIC, .caa = { .what = LOOKUP_FOUND }, .issue = "ca.example; accounturi=" OURS, .want = "" },
    { "another proof", V4_PUBLIC, .caa = { .what = LOOKUP_FOUND, .confirmed = true },
        .issue = "ca.example; validationmethods=dns-01", .want = "caa-method failure",
        .what = "want dns-01 as a proof" },

    /* ports */
    { "IPv6 is dead", BOTH, .doors = { DOOR4(OPEN(404)), DOOR6(.state = DOOR_SILENT) },
        .want = "ipv6-unanswered warning", .what = "2a00:1::1 does not answer at port 80" },
    { "IPv6 speaks TLS", BOTH, .doors = { DOOR4(OPEN(404)), DOOR6(.state = DOOR_TLS) },
        .want = "ipv6-unanswered warning" },
    { "no IPv6 here", BOTH, .doors = { DOOR4(OPEN(404)), DOOR6(.state = DOOR_UNREACHABLE) }, .want = "" },
    { "IPv4 is dead", BOTH, .doors = { DOOR4(.state = DOOR_REFUSED), DOOR6(OPEN(404)) },
        .want = "ipv4-unanswered note" },
    { "both are dead", BOTH, .doors = { DOOR4(.state = DOOR_REFUSED), DOOR6(.state = DOOR_SILENT) },
        .want = "port-silent warning, port-refused warning" },
    { "refused", V4_PUBLIC, .doors = { DOOR4(.state = DOOR_REFUSED) }, .want = "port-refused warning",
        .what = "port 80 of 5.6.7.8: nothing listens there" },
    { "refused, and a hook may start it", V4_PUBLIC, .anybodys = true, .doors = { DOOR4(.state = DOOR_REFUSED) },
        .want = "port-refused note" },
    { "silent", V4_PUBLIC, .doors = { DOOR4(.state = DOOR_SILENT) }, .want = "port-silent warning" },
    { "no HTTP", V4_PUBLIC, .doors = { DOOR4(.state = DOOR_MUTE) }, .want = "not-http warning" },
    { "TLS", V4_PUBLIC, .doors = { DOOR4(.state = DOOR_TLS, .status = 400) }, .want = "tls-on-port-80 warning" },
    { "TLS, for nginx", V4_PUBLIC, .server = SERVER_ADAPTED, .doors = { DOOR4(.state = DOOR_TLS) },
        .want = "tls-on-port-80 warning" },
    { "no time was left", V4_PUBLIC, .doors = { DOOR4(.state = DOOR_UNTRIED) }, .want = "" },

    /* a server of our own */
    { "nobody listens yet", V4_PUBLIC, .server = SERVER_OURS, .doors = { DOOR4(.state = DOOR_REFUSED) }, .want = "" },
    { "a firewall", V4_PUBLIC, .server = SERVER_OURS, .doors = { DOOR4(.state = DOOR_SILENT) },
        .want = "port-silent warning" },
    { "somebody listens", V4_PUBLIC, .server = SERVER_OURS, .doors = { DOOR4(OPEN(200), .is_own = true) },
        .want = "port-taken warning" },
    { "somebody listens elsewhere", V4_PUBLIC, .server = SERVER_OURS, .doors = { DOOR4(OPEN(502)) },
        .want = "answers-elsewhere note" },
    { "somebody forwards", V4_PUBLIC, .server = SERVER_OURS, .http_port = 8080,
        .doors = { DOOR4(OPEN(502), .is_own = true) }, .want = "" },
    { "nobody forwards", V4_PUBLIC, .server = SERVER_OURS, .http_port = 8080, .doors = { DOOR4(.state = DOOR_REFUSED) },
        .want = "port-refused warning" },
    { "IPv6 is dropped", BOTH, .server = SERVER_OURS,
        .doors = { DOOR4(.state = DOOR_REFUSED), DOOR6(.state = DOOR_SILENT) }, .want = "ipv6-unanswered warning" },

    /* what a web server answers */
    { "away", V4_PUBLIC, .doors = { DOOR4(OPEN(301), .way = WAY_AWAY, .url = (char *)"https://b.example/") },
        .want = "redirect-away warning", .what = "redirects to another host (https://b.example/)" },
    { "to another port", V4_PUBLIC,
        .doors = { DOOR4(OPEN(301), .way = WAY_REFUSED, .url = (char *)"https://a.example:8443/") },
        .want = "redirect-refused warning" },
    { "in a circle", V4_PUBLIC, .doors = { DOOR4(OPEN(301), .way = WAY_ENDLESS, .url = (char *)"http://a.example/") },
        .want = "redirect-endless warning" },
    { "to a dead port", V4_PUBLIC, .doors = { DOOR4(OPEN(301), .way = WAY_DEAD, .url = (char *)"https://a.example/") },
        .want = "redirect-dead warning" },
    { "to https", V4_PUBLIC, .doors = { DOOR4(OPEN(301), .url = (char *)"https://a.example/") }, .want = "" },
    { "away, and nginx is told otherwise", V4_PUBLIC, .server = SERVER_ADAPTED,
        .doors = { DOOR4(OPEN(301), .way = WAY_AWAY, .url = (char *)"https://b.example/") }, .want = "" },
    { "a password", V4_PUBLIC, .doors = { DOOR4(OPEN(401)) }, .want = "answer-refused warning" },
    { "a rule", V4_PUBLIC, .doors = { DOOR4(OPEN(403)) }, .want = "answer-refused warning" },
    { "a dead application", V4_PUBLIC, .doors = { DOOR4(OPEN(502)) }, .want = "server-failing warning" },
    { "a login", V4_PUBLIC, .doors = { DOOR4(OPEN(200), .page = PAGE_LOGIN) }, .want = "login-page warning" },
    { "a page", V4_PUBLIC, .doors = { DOOR4(OPEN(200), .page = PAGE_WEB) }, .want = "page-for-everything note" },
    { "the same at two addresses", BOTH, .doors = { DOOR4(OPEN(503)), DOOR6(OPEN(503)) },
        .want = "server-failing warning" },
    { "others at two addresses", BOTH, .doors = { DOOR4(OPEN(404)), DOOR6(OPEN(503)) },
        .want = "server-failing warning", .what = "2a00:1::1 answers with HTTP status 503" },

    /* the clock */
    { "a minute", V4, .at_home = true, .clock_ahead_s = 60, .want = "" },
    { "ten minutes", V4, .at_home = true, .clock_ahead_s = -600, .want = "clock-off note",
        .what = "10 minutes ahead of" },
    { "two days", V4, .at_home = true, .clock_ahead_s = 172800, .want = "clock-off warning",
        .what = "2880 minutes behind" },
};

static void fill(struct lookup *to, const struct seen *from)
{
    *to = (struct lookup){ .what = from->what,
        .rcode = from->rcode,
        .ede = from->ede == 0 ? -1 : from->ede,
        .bogus = from->bogus,
        .confirmed = from->confirmed };
    for (size_t i = 0; i < COUNT(from->found) && from->found[i] != NULL; i++)
        list_add(&to->found, from->found[i]);
    if (from->alias != NULL)
        list_add(&to->aliases, from->alias);
}

static void add_issue(struct caa_set *set, const char *value)
{
    AUTO(buf_clear) struct buf data = BUF(1024);

    buf_put(&data, (struct view){ "\0\5issue", 7 });
    buf_put_text(&data, value);
    caa_add(set, buf_view(&data));
}

static void list_types(const char *types, struct list *out)
{
    struct view rest = view_of(types != NULL ? types : "http-01"), type;

    while (view_cut(&rest, ',', &type))
        list_add_view(out, type);
}

/* The proof that preflight.c would choose is the first that fits; here it is said by the row's types and name. */
static enum challenge_type type_of(const struct row *row, const struct list *types)
{
    bool is_wildcard = row->identifier != NULL && row->identifier[0] == '*';

    for (size_t i = 0; i < types->len; i++) {
        bool is_dns = strncmp(types->at[i], "dns", 3) == 0;

        if ((!is_wildcard || is_dns) && (!row->is_ip || !is_dns))
            return challenge_type_of(types->at[i]);
    }
    return CHALLENGE_OTHER;
}

static char *codes_of(const struct preflight *preflight)
{
    AUTO(buf_clear) struct buf out = BUF(4096);

    for (size_t i = 0; i < preflight->len; i++)
        buf_putf(&out, "%s%s %s", i > 0 ? ", " : "", preflight->at[i].code,
            preflight_severity_name(preflight->at[i].severity));
    return buf_take(&out);
}

static void play(const struct row *row, struct preflight *out)
{
    AUTO(list_clear) struct list types = { 0 };
    char *name = (char *)(row->identifier != NULL ? row->identifier : "a.example"), *ca = (char *)"ca.example";
    const struct identifier identifier = { row->is_ip ? IDENTIFIER_IP : IDENTIFIER_DNS, name };
    const struct directory directory = { .caa_identities = { &ca, 1 } };
    struct preflight_request request = { .types = &types,
        .server = row->anybodys      ? SERVER_ANYBODYS
                  : row->server != 0 ? row->server
                                     : SERVER_FILES,
        .http_port = row->http_port != 0 ? row->http_port : 80,
        .tls_port = 443,
        .directory = &directory,
        .account_url = OURS,
        .has_clock = true,
        .clock_ahead_s = row->clock_ahead_s };
    const struct surroundings around = { &request, row->silent, !row->at_home };
    struct facts facts = { .identifier = &identifier,
        .host = name[0] == '*' ? name + 2 : name,
        .caa_at = (char *)"a.example",
        .proof_at = (char *)AT,
        .proof = row->proof,
        .doors = (struct door *)row->doors };
    struct error circle = { 0 };

    list_types(row->types, &types);
    facts.type = type_of(row, &types);
    fill(&facts.v4, &row->v4);
    fill(&facts.v6, &row->v6);
    fill(&facts.caa, &row->caa);
    fill(&facts.proof_zone, &row->proof_zone);
    if (row->circle != NULL) {
        (void)error_set(&circle, ERROR_CONFIG, "%s", row->circle);
        facts.proof.error = &circle;
    }
    if (row->issue != NULL)
        add_issue(&facts.caa.caa, row->issue);
    while (facts.door_count < DOORS && row->doors[facts.door_count].address != NULL)
        facts.door_count++;
    rules_apply(&around, &facts, 1, 1, out);
    lookup_clear(&facts.v4);
    lookup_clear(&facts.v6);
    lookup_clear(&facts.caa);
    lookup_clear(&facts.proof_zone);
}

TEST(rules)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(preflight_clear) struct preflight found = { 0 };
        AUTO(free) char *codes = NULL;

        play(&rows[i], &found);
        codes = codes_of(&found);
        CHECK_TEXT(codes, rows[i].want, rows[i].name);
        if (rows[i].what != NULL && found.len > 0)
            CHECK(strstr(found.at[found.len - 1].what, rows[i].what) != NULL, "%s: %s", rows[i].name,
                found.at[found.len - 1].what);
        for (size_t j = 0; j < found.len; j++)
            CHECK(
                found.at[j].why[0] != '\0' && found.at[j].remedy[0] != '\0', "%s: %s", rows[i].name, found.at[j].code);
    }
}

TEST(names_that_are_left_out)
{
    AUTO(preflight_clear) struct preflight found = { 0 };
    const struct list types = { 0 };
    const struct preflight_request request = { .types = &types };
    const struct surroundings around = { &request, false, true };

    rules_apply(&around, NULL, 0, 3, &found);
    REQUIRE(found.len == 1, "%zu", found.len);
    CHECK_TEXT(found.at[0].code, "names-left-out", "code");
    CHECK_TEXT(found.at[0].what, "0 of 3 names were looked at", "what");
    CHECK_INT(found.at[0].severity, PREFLIGHT_NOTE, "severity");
}

TEST(what_others_say_is_printable)
{
    AUTO(preflight_clear) struct preflight found = { 0 };
    const struct row row = { .name = "",
        V4_PUBLIC,
        .doors = { DOOR4(OPEN(301), .way = WAY_AWAY, .url = (char *)"https://b.example/\x1b[2J\n") } };

    play(&row, &found);
    REQUIRE(found.len == 1, "%zu", found.len);
    CHECK(strchr(found.at[0].what, '\x1b') == NULL && strchr(found.at[0].what, '\n') == NULL, "%s", found.at[0].what);
}

TEST_MAIN()
