#pragma once
/*
 * For tests: lineages whose certificates are made when they are needed, so that they are as old as the test wants.
 * Included by test programs only, once each.
 */
#include "crypto/fixture.h"
#include "run/stage.h"

#define DAY 86400

struct made {                 /* members that are 0 or NULL have the default in brackets */
    const char *san;          /* ["DNS:a.test"] */
    int64_t age_s, left_s;    /* since it began to be valid, and until it ends [a day, 80 days] */
    const char *serial, *key; /* ["0a"; "P-256"; "RSA"] */
    const char *ocsp;         /* "OCSP;URI:http://..." */
};

/* The texts live until the next call. */
__attribute__((unused)) static struct issued issue(const struct made *made)
{
    static struct buf cert, chain, fullchain, privkey;
    static EVP_PKEY *ca;
    char from[FIXTURE_INSTANT_SIZE], to[FIXTURE_INSTANT_SIZE];
    EVP_PKEY *pkey = fixture_key(made->key == NULL ? "P-256" : made->key);
    AUTO(key_free) struct key *key = NULL;
    struct error err = { 0 };
    int64_t now = clock_now();

    cert.len = chain.len = fullchain.len = privkey.len = 0;
    cert.max = chain.max = fullchain.max = privkey.max = 64 * 1024;
    if (ca == NULL)
        ca = fixture_key("P-256");
    fixture_pem(
        &(struct fixture){
            .key = pkey,
            .signer = ca,
            .issuer = "CA",
            .san = made->san == NULL ? "DNS:a.test" : made->san,
            .serial = made->serial == NULL ? "0a" : made->serial,
            .not_before = fixture_instant(now - (made->age_s == 0 ? DAY : made->age_s), from),
            .not_after = fixture_instant(now + (made->left_s == 0 ? 80 * DAY : made->left_s), to),
            .ocsp = made->ocsp,
        },
        &cert);
    fixture_pem(&(struct fixture){ .key = ca, .subject = "CA", .basic = "critical,CA:TRUE" }, &chain);
    REQUIRE(key_wrap(pkey, "made", &key, &err) && key_to_pem(key, &privkey, &err), "%s", err.why);
    buf_put(&fullchain, buf_view(&cert));
    buf_put(&fullchain, buf_view(&chain));
    return (struct issued){ .cert = buf_view(&cert),
        .chain = buf_view(&chain),
        .fullchain = buf_view(&fullchain),
        .privkey = buf_view(&privkey) };
}

/* A new lineage with the stage's settings; of the caller's. */
__attribute__((unused)) static struct lineage *add_lineage(
    struct stage *stage, const char *name, const struct made *made)
{
    struct issued issued = issue(made);
    struct lineage *lineage = NULL;
    struct error err = { 0 };

    REQUIRE(lineage_create(stage->store, name, &issued, stage->settings, &lineage, &err), "%s: %s: %s", name, err.what,
        err.why);
    return lineage;
}

/* The same without a look at it. */
__attribute__((unused)) static void put_lineage(struct stage *stage, const char *name, const struct made *made)
{
    lineage_free(add_lineage(stage, name, made));
}

__attribute__((unused)) static void add_issued(
    struct stage *stage, struct lineage *lineage, const struct issued *issued)
{
    struct error err = { 0 };

    REQUIRE(lineage_add_version(stage->store, lineage, issued, stage->settings, &err), "%s: %s", err.what, err.why);
}

__attribute__((unused)) static void add_version(struct stage *stage, struct lineage *lineage, const struct made *made)
{
    struct issued issued = issue(made);

    add_issued(stage, lineage, &issued);
}
