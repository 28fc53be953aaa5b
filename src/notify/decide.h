#pragma once
/*
 * What a target is told now, of what is the case, what it was told before, and the time. Pure.
 *
 * A message is sent when something is to be told for the first time, has become worse, is over, or has lasted for so
 * long that it is repeated; then it has everything that is not well, so that later repetitions come together. What
 * comes and goes is told once in the time between repetitions, and no target gets more than MEMORY_SENT messages a day.
 * One that took none of the last three is tried once an hour.
 */
#include "typed/fractions.h"
#include "notify/memory.h"

struct fact { /* about one lineage, or what stands in its place */
    const char *name;
    enum trouble trouble;
    bool unknown;                  /* nothing was found out this time: all stays as it was */
    bool attempted;                /* this run has met it, and not only remembered */
    bool once;                     /* told as it becomes worse, but not repeated */
    unsigned patience;             /* runs in a row before it is told, where that is more than policy->after */
    const char *why;               /* of one line; NULL: nothing is known */
    int64_t not_before, not_after; /* of the certificate, UTC seconds; 0: not known */
};

struct facts {
    struct fact *at; /* by name, in byte order */
    size_t len;
    bool whole;   /* of all lineages there are: what was told of others concerns what is no more */
    bool foreign; /* of all certificates of others, instead: what was told of lineages is left alone, else of these */
    const char *self; /* the name of the fact about the target itself, which is not told to it; NULL: there is none */
};

struct policy {
    struct fractions at;
    int64_t every_s;     /* 0: nothing is repeated */
    unsigned after;      /* runs */
    bool counts_nothing; /* runs cannot be counted: nothing waits for more of them */
};

/* How far the certificate has come: 0, or how many of the fractions have passed, one more once it has expired. */
unsigned level_of(const struct fact *fact, const struct policy *policy, int64_t now);

enum tidings {
    TIDINGS_FIRST,
    TIDINGS_WORSE,
    TIDINGS_STILL, /* to be repeated */
    TIDINGS_ALSO,  /* told not long ago: stands in the message, but is no reason for one */
    TIDINGS_WELL,
    TIDINGS_GONE, /* there is no such lineage any more */
};

struct item {
    const char *name;        /* borrowed from the facts, or from what was known */
    const struct fact *fact; /* NULL: gone */
    enum tidings tidings;
    enum trouble trouble; /* of what is over: what it was */
    unsigned level, runs;
    int64_t since;
};

struct news {
    struct item *at; /* the worst first, what is over last */
    size_t len;
    size_t bad; /* so many of them are not well */
    bool tell;  /* else there is no reason to say anything */
};

void news_clear(struct news *news);
static inline void news_clear_at(struct news *news)
{
    news_clear(news);
}

/*
 * *told is what is known once the message has been taken, *untold when nothing is said or nobody took it. Both are the
 * caller's, as *news; all three must be zero. before and facts must outlive the news.
 */
void news_decide(const struct facts *facts, const struct memory *before, const struct policy *policy, int64_t now,
    struct news *news, struct memory *told, struct memory *untold);
