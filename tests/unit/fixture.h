#pragma once
/*
 * All that a test of run, issuance or lifecycle works with: a store in the test's directory, settings, an account to be
 * made, a user interface that keeps what it says and has answers ready, an authenticator that plays its part, and a CA
 * in memory, whose clock all of them use. One row of a table of cases says what is otherwise:
 *
 *     static const struct { const char *name; struct setup setup; enum error_kind want; } cases[] = {
 *         { "as it should be" },
 *         { "no more orders today", { .ca.faults = { { CA_NEW_ORDER, .status = 429, .problem = "rateLimited" } } },
 *             ERROR_ACME },
 *     };
 *     for (size_t i = 0; i < COUNT(cases); i++) {
 *         AUTO(fixture_clear) struct fixture fixture;
 *
 *         fixture_open(&fixture, &cases[i].setup);
 *         ...
 *     }
 *
 * Included by test programs only, once each. One fixture at a time.
 */
#include "acme_ca.h"
#include "base/test.h"
#include "issuer.h"
#include "plugin/plugin.h"
#include "run/context.h"

/* How the authenticator named "test" behaves; all 0: what it presents is found. Names have blanks between them. */
struct plugin_ways {
    const char *types; /* ["http-01 dns-01 tls-alpn-01"] */
    bool prepare_fails, wait_fails, cleanup_fails;
    const char *present_fails; /* for these names */
    const char *never_ready;   /* for these names, waiting fails */
    const char *forgets;       /* for these names nothing is to be found, though present succeeds */
    const char *hint;
};

struct setup {
    struct ca_ways ca;
    struct plugin_ways plugin;
    const char *options; /* "allow-subset-of-names key-type=rsa": as on the command line, without dashes */
    const char *verb;    /* ["certonly"] */
    bool as_certbot;
    const char *answers; /* typed by the user, with line feeds; NULL: no user (--non-interactive) */
    int64_t now;         /* UTC seconds [FIXTURE_NOW] */
};

#define FIXTURE_NOW INT64_C(1800000000) /* 2027-01-15T08:00:00Z */
#define FIXTURE_DAY INT64_C(86400)

struct presented;

struct fixture {
    const struct setup *setup;
    struct acme_ca ca;
    struct settings *settings;
    struct answers answers; /* of the run */
    struct store *store;
    struct ui *ui;
    struct context context;
    struct buf said; /* on standard output and standard error, log messages for the terminal too */
    struct plugin_ways plugin;
    struct list plugin_trace; /* "prepare", "present a.test", "wait", "cleanup a.test", "release"; "sweep a.test" */
    struct mutex lock;        /* of the authenticator's part */
    struct presented *presented;
    const char *cue; /* when it is said, on_cue is called, once: another process is at work while the user is asked */
    void (*on_cue)(struct fixture *fixture);
    int standard_input; /* of the test program; -1: it was left alone */
    const char *dir;
};

/* dir: test_dir(). */
void fixture_open_in(struct fixture *fixture, const struct setup *setup, const char *dir);
void fixture_close(struct fixture *fixture);
static inline void fixture_open(struct fixture *fixture, const struct setup *setup)
{
    fixture_open_in(fixture, setup, test_dir());
}
/* Also checks that the client kept to RFC 8555, and removes the test's directory. */
static inline void fixture_clear(struct fixture *fixture)
{
    for (size_t i = 0; i < fixture->ca.complaints.len; i++)
        CHECK(false, "the CA complains: %s", fixture->ca.complaints.at[i]);
    fixture_close(fixture);
    test_drop_dir();
}
static inline void fixture_clear_at(struct fixture *fixture)
{
    fixture_clear(fixture);
}

/* The next run of the program: a new run, settings as they were at first; what was said and asked so far is
 * forgotten. The CA and the store stay as they are. */
void fixture_next_run(struct fixture *fixture);

/* The authenticator that plays its part, as settings name it, too. */
const struct plugin *fixture_plugin(void);
/* The calls that it got, with commas between, of the caller's. */
char *fixture_plugin_trace(struct fixture *fixture);

/* Gives options to the settings: "key-type=rsa dry-run". Ends the test when there is no such option. */
void fixture_set(struct settings *settings, const char *options, enum origin from);

/* Makes lineage NAME for names (blanks between), issued by the CA's issuer `age_s` ago for 90 days, as obtained with
 * the fixture's settings; with its key. Of the caller's. */
struct lineage *fixture_lineage(struct fixture *fixture, const char *name, const char *names, int64_t age_s);

/* A list of words, of the caller's. */
struct list fixture_words(const char *words);
/* The same as identifiers. */
struct identifiers fixture_identifiers(const char *words);
/* Whether it was said, to the user or in a warning. */
bool fixture_has_said(struct fixture *fixture, const char *text);
