#pragma once
/*
 * What was seen of one server, and what is to be thought of it. Pure: the clock and the store are passed in.
 */
#include "net/probe.h"
#include "outlook/host.h"
#include "outlook/stored.h"
#include "run/revocation.h"
#include "status/cert.h"

struct remark {       /* something about a server that is not as it should be, or worth knowing */
    const char *code; /* stable, for programs: docs/transparency.md has them all. Static */
    enum level level;
    char *what; /* a part of a sentence */
};

struct sight { /* one host at one address */
    const struct host *host;
    char *address; /* NULL: none is known */
    char *failure; /* nothing was seen: why; NULL otherwise */
    struct probed seen;
    struct cert *cert; /* the server's own; NULL: none, or it cannot be read */
    enum revocation revocation;
    char *lineage; /* of the store, that has this certificate, or its key; NULL: none */
    bool newest;   /* it is the one that is live there */
    struct remark *remarks;
    size_t remark_count;
    enum level level; /* the gravest of them */
};

void sight_clear(struct sight *sight);

struct expectation {
    struct thresholds thresholds; /* parts of a life */
    int64_t now;
    const struct stored *stored; /* certificates of our own */
    const char *lineage;         /* that each server is to show; NULL: whichever */
};

/* Fills what stands behind `revocation` of one of which the rest is known. */
void sight_judge(struct sight *sight, const struct expectation *expected);

/* Adds one remark. what is the sight's. */
void sight_remark(struct sight *sight, const char *code, enum level level, char *what);
/* Compares those of one host, which stand together: whether its addresses show different certificates. */
void sight_compare(struct sight *at, size_t count);
