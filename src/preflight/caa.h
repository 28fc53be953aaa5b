#pragma once
/*
 * CAA records (RFC 8659, RFC 8657): which CAs may issue for a name, for which of their accounts, and after which proof.
 *
 * Knows records and rules; asks nobody.
 */
#include "base/bytes.h"

#define CAA_MAX_RECORDS 64 /* of a set; those behind them count as unreadable */
#define CAA_MAX_VALUE 2048 /* bytes of a value */

struct caa_record {
    bool critical; /* whoever does not understand the tag must not issue */
    char *tag;     /* in lower case */
    struct buf value;
};

struct caa_set { /* the records of one name */
    struct caa_record *at;
    size_t len;
    size_t unreadable; /* how many could not be read, or were too many */
};
/* Adds a record from its data (RFC 8659 section 4.1); one that cannot be read is counted. */
void caa_add(struct caa_set *set, struct view data);
void caa_clear(struct caa_set *set);
static inline void caa_clear_at(struct caa_set *set)
{
    caa_clear(set);
}

struct caa_issuer {     /* the value of "issue" or "issuewild" (RFC 8659 section 4.2) */
    char *domain;       /* in lower case; "": nobody */
    char *account;      /* accounturi (RFC 8657 section 3); NULL: any */
    char *methods;      /* validationmethods (section 4), with commas between; NULL: any */
    bool unsatisfiable; /* it is malformed, or says one of them twice: it permits nothing */
};
void caa_issuer_read(struct view value, struct caa_issuer *out);
void caa_issuer_clear(struct caa_issuer *issuer);
static inline void caa_issuer_clear_at(struct caa_issuer *issuer)
{
    caa_issuer_clear(issuer);
}

struct caa_asked {
    const struct list *identities; /* names by which records mean the CA */
    const char *account;           /* URL of the account; NULL: there is none yet */
    const char *method;            /* of the proof: "http-01" */
    bool wildcard;
};

enum caa_verdict {       /* the later ones are nearer to a permission */
    CAA_CRITICAL,        /* a critical record that is not understood */
    CAA_FORBIDDEN,       /* others may issue, or nobody */
    CAA_ACCOUNT,         /* the CA may, for another account */
    CAA_METHOD,          /* the CA may, after another proof */
    CAA_ACCOUNT_UNKNOWN, /* the CA may, for one account, and which ours is will be known later */
    CAA_CA_UNKNOWN,      /* some CA may, and ours does not say its names */
    CAA_ALLOWED,
};

struct caa_ruling {
    enum caa_verdict verdict;
    const char *tag; /* whose records decide: "issue" or "issuewild"; NULL: none does */
    char *culprit;   /* CRITICAL: the tag; FORBIDDEN: who may, with commas between, "" nobody; ACCOUNT and
                        ACCOUNT_UNKNOWN: whose account; METHOD: the proofs; else NULL */
};
void caa_judge(const struct caa_set *set, const struct caa_asked *asked, struct caa_ruling *out);
void caa_ruling_clear(struct caa_ruling *ruling);
static inline void caa_ruling_clear_at(struct caa_ruling *ruling)
{
    caa_ruling_clear(ruling);
}

/* Appends a record as in a zone file: `0 issue "ca.example"`. */
void caa_put_text(const struct caa_record *record, struct buf *out);
