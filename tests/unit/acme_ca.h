#pragma once
/*
 * An ACME CA in memory, for unit tests: it keeps accounts, orders and authorizations, looks at proofs, and issues
 * certificates that pass the gate. A row of a test says in what it differs from a CA that does everything at once.
 *
 * Answers to a struct transport. Thread-safe. What a client does against RFC 8555 (a nonce used twice, a "url" that is
 * another one, an account that is none) is a complaint, which the test fails for at its end.
 */

#include "acme/transport.h"
#include "base/mutex.h"

#define CA_URL "https://ca.test"
#define CA_DIRECTORY CA_URL "/dir"

enum ca_resource { /* RFC 8555 section 7.1 */
    CA_NOWHERE,    /* no such place, and the end of a list of faults */
    CA_THE_DIRECTORY,
    CA_NEW_NONCE,
    CA_NEW_ACCOUNT,
    CA_ACCOUNT,
    CA_NEW_ORDER,
    CA_ORDER,
    CA_AUTHORIZATION,
    CA_CHALLENGE,
    CA_FINALIZE,
    CA_CERTIFICATE,
    CA_ALTERNATE, /* the certificate with the other chain */
    CA_REVOKE_CERT,
    CA_KEY_CHANGE,
    CA_RENEWAL_INFO,
    CA_ISSUER, /* the issuer's certificate, by the address in ours */
    CA_RESOURCES
};

/* One thing that goes otherwise at one resource. */
struct ca_fault {
    enum ca_resource at;
    unsigned first, times; /* from which request on, counted from 1 [1], and for how many [all] */
    int status;            /* of the answer; 0: there is none, the connection breaks */
    const char *problem;   /* "rejectedIdentifier": a problem document of that type */
    const char *detail;    /* of the problem ["test"] */
    const char *of;        /* names, blanks between them: each has a subproblem of the same type */
    const char *body;      /* instead of a problem document */
    const char *headers;   /* "Name: value" lines, beside the honest ones */
    const char *without;   /* a header that is left out, in lower case */
    bool done;             /* what was asked for is done first */
    bool honest;           /* the answer is the honest one, but for its headers */
};

#define CA_FAULTS 6

/* How the CA behaves; all 0: it does everything at once. Lists of names have blanks between them, "all" is every one.
 */
struct ca_ways {
    struct ca_fault faults[CA_FAULTS];

    const char *profiles;               /* that the directory names */
    bool wants_binding;                 /* accounts are made for customers only: the directory says so */
    bool no_renewal_info;               /* which the directory does not name */
    int64_t window_from_s, window_to_s; /* suggested window, from now; both 0: from 30 to 20 days before the end */

    const char *valid;      /* names that are authorized from the start */
    const char *refuses;    /* names whose proof it refuses, whatever it finds */
    const char *refusal;    /* the problem's type ["unauthorized"] */
    const char *challenges; /* what it offers ["http-01 dns-01 tls-alpn-01"] */
    const char *asks_for;   /* a name that it wants to be proved instead of the first one ordered */
    unsigned authz_looks;   /* that find an authorization pending after its challenge was answered */

    bool hands_out_again;      /* an order for the same names that is not finished is not placed anew */
    unsigned ready_looks;      /* that find an order pending although all is proved, each after orderNotReady */
    unsigned processing_looks; /* that find it processing */
    unsigned nameless_looks;   /* that find it valid, but without the certificate's address */
    const char *order_fails;   /* once it is finalized it becomes invalid, with a problem of this type */
    unsigned anothers;         /* so many orders are finalized by another client at the moment when ours asks */

    struct {
        bool wrong_key, is_ca, alone, names_issuer, other_issuer;
        const char *names;    /* "DNS:x.test" instead of those ordered */
        int64_t from_s, to_s; /* from now [an hour ago, in 90 days] */
        const char *text;     /* this instead of any certificate */
        bool alternate;       /* there is another chain, to "Old Root" */
        int64_t date_s;       /* the CA's clock, from ours, in the answer's Date; 0: it names none */
    } certificate;
};

struct ca_account;
struct ca_authz;
struct ca_order;

/* The proof presented for a challenge, of the caller's; NULL: none. */
typedef char *(*ca_look)(void *ctx, const char *type, const char *identifier, const char *token);

struct acme_ca {
    struct ca_ways ways; /* may be changed between calls */
    struct mutex lock;
    int64_t now_ms; /* the clock of all; under the lock */
    ca_look look;   /* NULL: every proof is good */
    void *look_ctx;

    struct ca_account **accounts;
    struct ca_authz **authzs;
    struct ca_order **orders;
    size_t account_count, authz_count, order_count;

    unsigned requests[CA_RESOURCES]; /* that came */
    struct list nonces;              /* given out, and not used yet */
    unsigned nonces_made;
    struct list trace;      /* "new-order", "finalize" ...: what was asked for, but for the directory and nonces */
    struct list complaints; /* the client's violations of RFC 8555 */
    struct list revoked;    /* serial numbers, and "(key)" behind them when signed by the certificate's key */
    char *replaces;         /* of the last order that was placed, NULL: none */
    char *profile;          /* the same */
    int64_t slept_ms;       /* by all that waited */
    unsigned sleeps, interrupt_at; /* that wait is interrupted, counted from 1; 0: none */
};

void acme_ca_init(struct acme_ca *ca, const struct ca_ways *ways, int64_t now);
void acme_ca_clear(struct acme_ca *ca);
struct transport acme_ca_transport(struct acme_ca *ca);
int64_t acme_ca_now(struct acme_ca *ca);               /* UTC seconds */
bool acme_ca_sleep_ms(struct acme_ca *ca, int64_t ms); /* moves the clock; false: interrupted */
/* Forgets what it was asked so far; faults count anew. */
void acme_ca_forget_requests(struct acme_ca *ca);
/* Completes what the CA is working on. */
void acme_ca_finish_orders(struct acme_ca *ca);
/* It knows them no longer. */
void acme_ca_forget_orders(struct acme_ca *ca);
void acme_ca_forget_accounts(struct acme_ca *ca);
/* All accounts there are: the CA knows them no longer, or has deactivated them. */
void acme_ca_lose_accounts(struct acme_ca *ca);
void acme_ca_end_accounts(struct acme_ca *ca);
/* The trace with blanks between, of the caller's. */
char *acme_ca_trace(struct acme_ca *ca);
