/* Tests which hosts are asked, in which order, how often, and the result when they are silent. */
#include "run/revocation.h"

#include <stdatomic.h>
#include <utime.h>

#include "base/file.h"
#include "base/log.h"
#include "base/parallel.h"
#include "base/test.h"
#include "base/text.h"
#include "run/revocation_answers.h"
#include "run/revocation_memory.h"

#define OCSP_URL "http://ocsp.example/"
#define CA_URL "https://ca.example/directory"
#define CRL_URL "http://crl.example/7.crl"

struct answer { /* of one server; zero: nobody answers */
    int status;
    const char *body; /* base64, or plain text when is_text */
    bool is_text;
    enum error_kind kind; /* of no answer [ERROR_NETWORK] */
};

struct run_outside {
    struct answer ocsp, crl;
    atomic_int ocsp_asked, crl_asked;
};

static bool play(void *self, const struct http_request *request, struct http_response *out, struct error *err)
{
    struct run_outside *outside = self;
    bool is_ocsp = strcmp(request->url, OCSP_URL) == 0;
    const struct answer *answer = is_ocsp ? &outside->ocsp : &outside->crl;

    CHECK_TEXT(request->named_by, CA_URL, "whose certificate names the address");
    atomic_fetch_add(is_ocsp ? &outside->ocsp_asked : &outside->crl_asked, 1);
    if (is_ocsp) {
        CHECK(request->method == HTTP_POST && request->body.len > 60, "a POST of %zu bytes", request->body.len);
        CHECK_TEXT(request->content_type, "application/ocsp-request", "type");
        CHECK_INT(request->timeout_ms, 10000, "the time-out");
    } else {
        CHECK_TEXT(request->url, CRL_URL, "list");
        CHECK(request->method == HTTP_GET && request->max_body > HTTP_MAX_BODY, "lists are large");
    }
    if (answer->status == 0)
        return error_set(err, answer->kind == ERROR_NONE ? ERROR_NETWORK : answer->kind, "nobody there");
    out->status = answer->status;
    out->body = BUF(HTTP_MAX_BODY);
    if (answer->is_text)
        buf_put_text(&out->body, answer->body);
    else if (answer->body != NULL)
        REQUIRE(buf_put_unbase64(&out->body, view_of(answer->body)), "base64");
    return true;
}

static int64_t now(void *self)
{
    (void)self;
    return FUZZ_NOW;
}

static struct cert *leaf_cert(void)
{
    struct cert *leaf = NULL;
    struct error err = { 0 };

    log_terminal_level(LOG_LEVEL_CRITICAL);
    REQUIRE(cert_from_pem(view_of(fuzz_leaf_pem), "leaf", &leaf, &err), "%s", err.why);
    CHECK_TEXT(leaf->ocsp_url, OCSP_URL, "leaf");
    CHECK_TEXT(leaf->crl_url, CRL_URL, "leaf");
    return leaf;
}

static bool ask(struct revocation_memory *memory, struct run_outside *outside, const struct cert *leaf,
    const char *chain, enum revocation *out, struct error *err)
{
    struct transport transport = { .http = play, .now = now, .self = outside };

    return revocation_ask(memory, &transport, "leaf.pem", CA_URL, leaf, view_of(chain), out, err);
}

#define SAYS(what)                                                                                                     \
    {                                                                                                                  \
        .status = 200, .body = (what)                                                                                  \
    }
#define SILENT                                                                                                         \
    {                                                                                                                  \
        0                                                                                                              \
    }
#define FAILS(code)                                                                                                    \
    {                                                                                                                  \
        .status = (code), .body = "sorry", .is_text = true                                                             \
    }
#define GARBAGE                                                                                                        \
    {                                                                                                                  \
        .status = 200, .body = "<html>hello</html>", .is_text = true                                                   \
    }
#define UNAUTHORIZED SAYS("MAMKAQY=")

static const struct {
    const char *name;
    struct answer ocsp, crl;
    bool no_ocsp, no_crl;
    int ocsp_asked, crl_asked;
    enum revocation want;
} cases[] = {
    { "nobody answers", SILENT, SILENT, false, false, 1, 1, REVOCATION_UNKNOWN },
    { "both are broken", FAILS(500), FAILS(404), false, false, 1, 1, REVOCATION_UNKNOWN },
    { "both talk nonsense", GARBAGE, GARBAGE, false, false, 1, 1, REVOCATION_UNKNOWN },
    { "answers that are for the other question", SAYS(crl_listed), SAYS(ocsp_revoked), false, false, 1, 1,
        REVOCATION_UNKNOWN },
    { "revoked, but with HTTP status 500", { .status = 500, .body = ocsp_revoked },
        { .status = 403, .body = crl_listed }, false, false, 1, 1, REVOCATION_UNKNOWN },
    { "the responder does not know it, no list", SAYS(ocsp_unknown), SILENT, false, true, 1, 0, REVOCATION_UNKNOWN },
    { "revoked by OCSP", SAYS(ocsp_revoked), SAYS(crl_empty), false, false, 1, 0, REVOCATION_REVOKED },
    { "good by OCSP", SAYS(ocsp_good), SAYS(crl_listed), false, false, 1, 0, REVOCATION_GOOD },
    { "OCSP fails, listed", FAILS(502), SAYS(crl_listed), false, false, 1, 1, REVOCATION_REVOKED },
    { "OCSP is silent, listed", SILENT, SAYS(crl_listed), false, false, 1, 1, REVOCATION_REVOKED },
    { "OCSP refuses, listed", UNAUTHORIZED, SAYS(crl_listed), false, false, 1, 1, REVOCATION_REVOKED },
    { "unknown to OCSP, listed", SAYS(ocsp_unknown), SAYS(crl_listed), false, false, 1, 1, REVOCATION_REVOKED },
    { "unknown to OCSP, not listed", SAYS(ocsp_unknown), SAYS(crl_empty), false, false, 1, 1, REVOCATION_GOOD },
    { "no OCSP, listed", SILENT, SAYS(crl_listed), true, false, 0, 1, REVOCATION_REVOKED },
    { "no OCSP, not listed", SILENT, SAYS(crl_empty), true, false, 0, 1, REVOCATION_GOOD },
};

TEST(who_is_asked_and_believed)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(revocation_memory_free) struct revocation_memory *memory = revocation_memory_new();
        AUTO(cert_free) struct cert *leaf = leaf_cert();
        struct run_outside outside = { .ocsp = cases[i].ocsp, .crl = cases[i].crl };
        enum revocation got = (enum revocation)77;
        struct error err = { 0 };

        if (cases[i].no_ocsp)
            xreplace(&leaf->ocsp_url, NULL);
        if (cases[i].no_crl)
            xreplace(&leaf->crl_url, NULL);
        CHECK(ask(memory, &outside, leaf, fuzz_issuer_pem, &got, &err), "%s: %s", cases[i].name, err.why);
        CHECK_INT(got, cases[i].want, cases[i].name);
        CHECK_INT(outside.ocsp_asked, cases[i].ocsp_asked, cases[i].name);
        CHECK_INT(outside.crl_asked, cases[i].crl_asked, cases[i].name);
    }
}

TEST(a_chain_that_is_not_its_own)
{
    static const char *const chains[] = { "", "nothing", fuzz_leaf_pem };

    for (size_t i = 0; i < COUNT(chains); i++) {
        AUTO(revocation_memory_free) struct revocation_memory *memory = revocation_memory_new();
        AUTO(cert_free) struct cert *leaf = leaf_cert();
        struct run_outside outside = { .ocsp = SAYS(ocsp_revoked), .crl = SAYS(crl_listed) };
        enum revocation got = (enum revocation)77;
        struct error err = { 0 };

        CHECK(ask(memory, &outside, leaf, chains[i], &got, &err), "chain %zu: %s", i, err.why);
        CHECK_INT(got, REVOCATION_UNKNOWN, "chain");
        CHECK_INT(outside.ocsp_asked + outside.crl_asked, 0, "asked");
    }
}

struct crowd {
    struct revocation_memory *memory;
    struct run_outside *outside;
    const struct cert *leaf;
    atomic_int revoked, failed;
};

static void ask_in_crowd(void *ctx, size_t index)
{
    struct crowd *crowd = ctx;
    struct error err = { 0 };
    enum revocation got = REVOCATION_UNKNOWN;

    (void)index;
    if (!ask(crowd->memory, crowd->outside, crowd->leaf, fuzz_issuer_pem, &got, &err))
        atomic_fetch_add(&crowd->failed, 1);
    if (got == REVOCATION_REVOKED)
        atomic_fetch_add(&crowd->revoked, 1);
}

TEST(many_certificates_share_a_list)
{
    AUTO(revocation_memory_free) struct revocation_memory *memory = revocation_memory_new();
    AUTO(cert_free) struct cert *leaf = leaf_cert();
    struct run_outside outside = { .ocsp = SAYS(ocsp_unknown), .crl = SAYS(crl_listed) };
    struct crowd crowd = { .memory = memory, .outside = &outside, .leaf = leaf };

    parallel_wait_for(200, 8, ask_in_crowd, &crowd);
    CHECK_INT(crowd.revoked, 200, "revoked");
    CHECK_INT(outside.crl_asked, 1, "a list is fetched once");
    CHECK_INT(outside.ocsp_asked, 200, "OCSP is asked about each");
}

TEST(silence_costs_one_time_out)
{
    AUTO(revocation_memory_free) struct revocation_memory *memory = revocation_memory_new();
    AUTO(cert_free) struct cert *leaf = leaf_cert();
    struct run_outside outside = { .ocsp = SILENT, .crl = SILENT };
    struct crowd crowd = { .memory = memory, .outside = &outside, .leaf = leaf };

    parallel_wait_for(50, 1, ask_in_crowd, &crowd);
    CHECK_INT(crowd.failed, 0, "silence is no failure");
    CHECK_INT(outside.ocsp_asked, 1, "OCSP");
    CHECK_INT(outside.crl_asked, 1, "list");
}

/* An interrupt ends the command; it says nothing about the host. */
TEST(interrupted)
{
    AUTO(revocation_memory_free) struct revocation_memory *memory = revocation_memory_new();
    AUTO(cert_free) struct cert *leaf = leaf_cert();
    struct run_outside outside = { .ocsp = { .kind = ERROR_CANCELED }, .crl = SAYS(crl_listed) };
    enum revocation got = (enum revocation)77;
    struct error err = { 0 };

    CHECK(!ask(memory, &outside, leaf, fuzz_issuer_pem, &got, &err) && err.kind == ERROR_CANCELED, "OCSP");
    CHECK(got == (enum revocation)77 && outside.crl_asked == 0, "asked on");
    outside.ocsp = (struct answer)FAILS(500);
    outside.crl = (struct answer){ .kind = ERROR_CANCELED };
    CHECK(!ask(memory, &outside, leaf, fuzz_issuer_pem, &got, &err) && err.kind == ERROR_CANCELED, "list");
    outside.crl = (struct answer)SAYS(crl_listed);
    CHECK(ask(memory, &outside, leaf, fuzz_issuer_pem, &got, &err), "afterwards");
    CHECK_INT(got, REVOCATION_REVOKED, "afterwards");
}

/* A list that was fetched is used by later runs: without asking while it is fresh, and afterwards where nobody answers.
 */
TEST(a_list_is_kept_for_later_runs)
{
    static const struct {
        const char *name;
        int64_t age_s;
        struct answer crl;
        int asked;
        enum revocation want;
    } runs[] = {
        { "fresh", 60, SILENT, 0, REVOCATION_REVOKED },
        { "not fresh, and nobody answers", 7200, SILENT, 1, REVOCATION_REVOKED },
        { "not fresh, and a new one is there", 7200, SAYS(crl_empty), 1, REVOCATION_GOOD },
    };
    AUTO(free) char *dir = test_path("memory");

    for (size_t i = 0; i < COUNT(runs); i++) {
        AUTO(revocation_memory_free)
        struct revocation_memory *first = revocation_memory_new(), *second = revocation_memory_new();
        AUTO(cert_free) struct cert *leaf = leaf_cert();
        AUTO(list_clear) struct list names = { 0 };
        AUTO(free) char *path = NULL;
        struct run_outside before = { .crl = SAYS(crl_listed) }, after = { .crl = runs[i].crl };
        struct utimbuf times = { FUZZ_NOW - runs[i].age_s, FUZZ_NOW - runs[i].age_s };
        enum revocation got = REVOCATION_UNKNOWN;
        struct error err = { 0 };

        xreplace(&leaf->ocsp_url, NULL);
        revocation_memory_use(first, dir, FUZZ_NOW);
        CHECK(ask(first, &before, leaf, fuzz_issuer_pem, &got, &err) && got == REVOCATION_REVOKED, "%s", err.why);
        REQUIRE(file_list_dir(dir, &names, &err) && names.len == 1, "%s", err.why);
        path = file_join(dir, names.at[0]);
        REQUIRE(utime(path, &times) == 0, "%s", path);

        revocation_memory_use(second, dir, FUZZ_NOW);
        CHECK(ask(second, &after, leaf, fuzz_issuer_pem, &got, &err), "%s: %s", runs[i].name, err.why);
        CHECK_INT(got, runs[i].want, runs[i].name);
        CHECK_INT(after.crl_asked, runs[i].asked, runs[i].name);
        REQUIRE(file_remove_tree(dir, &err), "%s", err.why);
    }
}

TEST(who_can_be_asked_about)
{
    static char url[] = "http://x.example/";
    static const struct {
        const char *name;
        struct cert cert;
        bool want;
    } certs[] = {
        { "no URL", { .not_after = FUZZ_NOW + 1 }, false },
        { "OCSP", { .not_after = FUZZ_NOW + 1, .ocsp_url = url }, true },
        { "list", { .not_after = FUZZ_NOW + 1, .crl_url = url }, true },
        { "expired", { .not_after = FUZZ_NOW, .ocsp_url = url, .crl_url = url }, false },
    };

    for (size_t i = 0; i < COUNT(certs); i++)
        CHECK_INT(revocation_can_be_asked(&certs[i].cert, FUZZ_NOW), certs[i].want, certs[i].name);
}

TEST_MAIN()
