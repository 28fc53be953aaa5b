/*
 * The issuer of a certificate that a CA sends alone: where it is found, and what is said of it.
 */
#include "issuance/issuer.h"

#include "base/text.h"
#include "crypto/csr.h"
#include "fixture.h"

#define MAX ((size_t)1 << 20)

enum known { NOWHERE, IN_THE_LINEAGE, IN_ANOTHER_LINEAGE, IN_A_BROKEN_LINEAGE };

/* A certificate for a.test without its issuer, as the gate has let it pass. */
static void accept_alone(struct fixture *fixture, bool says_where, bool other_issuer, struct accepted *out)
{
    AUTO(list_clear) struct list dns = fixture_words("a.test");
    AUTO(identifiers_clear) struct identifiers identifiers = identifiers_of(&dns, NULL);
    AUTO(buf_clear) struct buf csr = BUF(MAX), pem = BUF(MAX);
    AUTO(key_free) struct key *key = NULL;
    int64_t now = acme_ca_now(&fixture->ca);
    struct error err = { 0 };

    REQUIRE(key_generate((struct key_params){ .type = KEY_EC, .curve = "secp256r1" }, &key, &err) &&
                csr_make(key, &identifiers, false, &csr, &err),
        "%s", err.why);
    issuer_sign(&(struct certificate_order){ .csr = buf_view(&csr),
                    .from = now - 60,
                    .to = now + 86400,
                    .other_issuer = other_issuer,
                    .issuer_url = says_where ? CA_URL "/issuer" : NULL },
        &pem);
    REQUIRE(accept_chain(buf_view(&pem), &(struct accept_order){ .csr = buf_view(&csr), .now = now }, out, &err),
        "%s: %s", err.what, err.why);
}

static void break_lineage(const char *name)
{
    AUTO(free) char *relative = xprintf("conf/renewal/%s.conf", name), *path = test_path(relative);
    struct error err = { 0 };

    REQUIRE(file_replace(path, view_of("cert = /nowhere\n"), FILE_PUBLIC, &err), "%s", err.why);
}

struct row {
    const char *name;
    struct ca_ways ca;
    enum known known;
    bool says_where, other_issuer;
    const char *why;  /* NULL: it is found, or does not matter */
    const char *told; /* of the warning */
    bool alone;       /* and stays so */
    bool asked;       /* its address */
};

static void check_row(const struct row *row)
{
    const struct setup setup = { .ca = row->ca };
    AUTO(fixture_clear) struct fixture fixture;
    AUTO(accepted_clear) struct accepted accepted = { 0 };
    AUTO(lineage_free) struct lineage *lineage = NULL, *other = NULL;
    struct session *session;
    struct error err = { 0 };
    bool ok;

    fixture_open(&fixture, &setup);
    if (row->known == IN_THE_LINEAGE)
        lineage = fixture_lineage(&fixture, "a.test", "a.test", 86400);
    if (row->known == IN_ANOTHER_LINEAGE || row->known == IN_A_BROKEN_LINEAGE)
        other = fixture_lineage(&fixture, "b.test", "b.test", 86400);
    if (row->known == IN_A_BROKEN_LINEAGE)
        break_lineage("b.test");
    accept_alone(&fixture, row->says_where, row->other_issuer, &accepted);
    REQUIRE(context_session(&fixture.context, CA_DIRECTORY, &session, &err), "%s", err.why);
    ok = issuer_find(&fixture.context, session, lineage, &accepted, &err);
    CHECK(ok == (row->why == NULL) && (ok || err.kind == ERROR_NETWORK), "%s: %s: %s", row->name, err.what, err.why);
    CHECK(ok || strstr(err.why, row->why) != NULL || strstr(err.what, row->why) != NULL, "%s: %s: %s", row->name,
        err.what, err.why);
    CHECK((accepted.chain.len == 0) == (!ok || row->alone), "%s: %s", row->name, buf_text(&accepted.chain));
    CHECK(!ok || (accepted.warnings.len == 1 && strstr(accepted.warnings.at[0], row->told) != NULL), "%s: %s",
        row->name, accepted.warnings.len == 0 ? "(nothing)" : accepted.warnings.at[0]);
    CHECK_INT(fixture.ca.requests[CA_ISSUER] > 0, row->asked, row->name);
}

TEST(an_issuer_is_looked_for)
{
    static const struct row rows[] = {
        { .name = "as before", .known = IN_THE_LINEAGE, .says_where = true, .told = "it is the same as before" },
        { .name = "as in another lineage",
            .known = IN_ANOTHER_LINEAGE,
            .says_where = true,
            .told = "it was taken from the certificate b.test" },
        { .name = "at its address",
            .says_where = true,
            .asked = true,
            .told = "it was fetched from " CA_URL "/issuer" },
        { .name = "a lineage that is broken is no help",
            .known = IN_A_BROKEN_LINEAGE,
            .says_where = true,
            .asked = true,
            .told = "it was fetched from" },
        { .name = "nobody knows", .alone = true, .told = "nothing says where to find it, so the chain is empty" },
        { .name = "of the same name, but it has not signed this",
            .known = IN_ANOTHER_LINEAGE,
            .other_issuer = true,
            .alone = true,
            .told = "the chain is empty" },
        { .name = "there was one before, and there is none now",
            .known = IN_THE_LINEAGE,
            .other_issuer = true,
            .why = "which is not known here and for which the certificate names no address" },
    };

    for (size_t i = 0; i < COUNT(rows); i++)
        check_row(&rows[i]);
}

TEST(what_is_at_its_address_is_not_believed)
{
    static const struct row rows[] = {
        { .name = "no answer", .ca.faults = { { CA_ISSUER } }, .why = "fetching that" },
        { .name = "not found",
            .ca.faults = { { CA_ISSUER, .status = 404, .body = "none" } },
            .why = "HTTP status 404" },
        { .name = "a page",
            .ca.faults = { { CA_ISSUER, .status = 200, .body = "<html>" } },
            .why = "is not the issuer's certificate" },
        { .name = "nothing",
            .ca.faults = { { CA_ISSUER, .status = 200, .body = "" } },
            .why = "is not the issuer's certificate" },
        { .name = "one that has not signed it", .other_issuer = true, .why = "is not the issuer's certificate" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct row row = rows[i];

        row.says_where = row.asked = true;
        check_row(&row);
    }
}

TEST_MAIN()
