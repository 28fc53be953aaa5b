#pragma once
/*
 * What a service that searches the logs of Certificate Transparency (RFC 6962) tells of certificates: the JSON of
 * crt.sh, and of services that answer alike. An array of objects, as long as it may be: it is read as it comes, and
 * nothing is kept of it but the object that is being read.
 *
 * A certificate and its precertificate are told of as two, unless the service was asked to join them: they have the
 * same serial number and issuer (RFC 6962 section 3.1).
 */
#include "base/bytes.h"

#define LOGGED_OBJECT_MAX (512 * 1024)         /* bytes of what is told of one certificate */
#define LOGGED_MAX ((size_t)512 * 1024 * 1024) /* of an answer */
#define LOGGED_NAMES_MAX 1000
#define LOGGED_TEXT_MAX 512 /* of an issuer's name, or a name that it is for */

struct logged {
    int64_t id;         /* by which the service knows it */
    char *serial;       /* hexadecimal, without leading zeros */
    char *issuer;       /* its whole name, as text */
    char *issuer_cn;    /* the common name in it, "" when there is none */
    struct list names;  /* those that were found, in lower case: not all that it has, perhaps */
    int64_t not_before; /* UTC seconds; 0: not told */
    int64_t not_after;
    int64_t count; /* how many of the service's findings it stands for, at least 1 */
};

void logged_clear(struct logged *logged);
static inline void logged_clear_at(struct logged *logged)
{
    logged_clear(logged);
}

struct logged_reader {
    void (*take)(void *ctx, const struct logged *logged);
    void *ctx;
    size_t bytes, unreadable; /* so far; unreadable: certificates of which something is missing or wrong */
    int64_t found;            /* the sum of their counts */
    /* private */
    struct buf object;
    int state, depth;
    bool in_string, escaped;
};

void logged_begin(struct logged_reader *reader, void (*take)(void *ctx, const struct logged *logged), void *ctx);
/* Takes the next piece of the answer, and tells of each certificate that is complete. ERROR_NETWORK when it is no such
 * answer, or too long. */
MUST_USE bool logged_take(struct logged_reader *reader, struct view piece, struct error *err);
/* After the last one. ERROR_NETWORK when something is missing. */
MUST_USE bool logged_end(struct logged_reader *reader, struct error *err);
void logged_reader_clear(struct logged_reader *reader);
static inline void logged_reader_clear_at(struct logged_reader *reader)
{
    logged_reader_clear(reader);
}

/* The common name in a name written as "C=US, O=\"Example, Inc.\", CN=R3"; of the caller's, "" when there is none. */
char *logged_common_name(const char *name) __attribute__((returns_nonnull));
