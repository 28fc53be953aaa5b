#pragma once
/*
 * One failure, reported once.
 *
 * Knows how an error is filled on its way up; knows nothing of terminals and exit codes (those are cmd/ and ui/).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"

/* Chooses the exit status and whether trying again can help. Callers decide by kind, never by text. */
enum error_kind {
    ERROR_NONE,
    ERROR_USAGE,    /* the command line cannot be understood: exit 2 */
    ERROR_CONFIG,   /* understood, but not possible: a bad name, file or combination */
    ERROR_NETWORK,  /* no answer, or none that we may trust */
    ERROR_ACME,     /* the CA refused */
    ERROR_STORE,    /* files of ours: permissions, disk, broken lineage */
    ERROR_PLUGIN,   /* an authenticator or installer */
    ERROR_HOOK,     /* a command of the user's */
    ERROR_CANCELED, /* Ctrl-C, or an answer that means no */
    ERROR_INTERNAL, /* our own mistake */
};

/* Fixed arrays: reporting "out of memory" must not allocate. Texts are printable and of one line. */
struct error {
    enum error_kind kind;
    char what[512];   /* the steps that failed, outermost first, joined by ": " */
    char why[4096];   /* the cause, in the words of the system, OpenSSL or the CA, with any address in them */
    char next[2560];  /* advice to the user, perhaps an address to open; "" when there is none */
    char problem[64]; /* ACME problem type without its URN prefix (RFC 8555 section 6.7), "" when none */
    size_t detail;    /* where in why the CA's own words begin, behind ours; 0 when there are none of either */
    int64_t retry_at; /* earliest useful retry, UTC seconds since 1970; 0 when unknown */
    int sys;          /* errno of the failed system call, 0 when none */
    bool expected; /* an expected answer rather than a failure: neither help nor the log is needed to understand it */
};

/* All return false, so that a failing path is one line. err may not be NULL. */

/* Starts an error afresh. why is a format; the whole text is made printable (text_printable, one line unless the
 * format itself has several), so foreign text may stand in the arguments. */
bool error_set(struct error *err, enum error_kind kind, const char *why, ...) PRINTF(3, 4);

/* Starts an error from a text of several lines, which stay lines. */
bool error_set_lines(struct error *err, enum error_kind kind, const char *why);

/* Starts an error from errno: "why: strerror". Call before anything else can change errno. */
bool error_errno(struct error *err, enum error_kind kind, const char *why, ...) PRINTF(3, 4);

/* Puts a step in front of err->what. */
bool error_in(struct error *err, const char *what, ...) PRINTF(2, 3);

/* Says what to do next; a later call replaces an earlier one. */
bool error_next(struct error *err, const char *next, ...) PRINTF(2, 3);

/* Sets the next step for the user, unless a deeper call has set one. */
bool error_next_default(struct error *err, const char *next, ...) PRINTF(2, 3);

/* The same text is an error of another kind: the caller knows whose fault it is, the step that failed did not. */
bool error_as(struct error *err, enum error_kind kind);

/* Marks the error as an expected answer rather than a failure (see expected). */
bool error_is_answer(struct error *err);

/* Notes the errno of the system call behind an error that was told in words of our own. */
bool error_sys(struct error *err, int sys);

/* Records the CA's problem document: its type (NULL: none), and the offset in err->why where its own words begin (0:
 * nowhere). */
bool error_problem(struct error *err, const char *type, size_t detail);

/* Notes the earliest useful retry, UTC seconds since 1970; 0: unknown. */
bool error_retry_at(struct error *err, int64_t at);

#ifdef __clang_analyzer__ /* it cannot know that these are always false, and would follow paths that no program takes  \
                           */
#define error_set(...) ((void)error_set(__VA_ARGS__), false)
#define error_set_lines(...) ((void)error_set_lines(__VA_ARGS__), false)
#define error_errno(...) ((void)error_errno(__VA_ARGS__), false)
#define error_in(...) ((void)error_in(__VA_ARGS__), false)
#define error_next(...) ((void)error_next(__VA_ARGS__), false)
#define error_next_default(...) ((void)error_next_default(__VA_ARGS__), false)
#define error_as(...) ((void)error_as(__VA_ARGS__), false)
#define error_is_answer(...) ((void)error_is_answer(__VA_ARGS__), false)
#define error_sys(...) ((void)error_sys(__VA_ARGS__), false)
#define error_problem(...) ((void)error_problem(__VA_ARGS__), false)
#define error_retry_at(...) ((void)error_retry_at(__VA_ARGS__), false)
#endif

void error_clear(struct error *err);
/* A copy on the heap, of the caller's (free). */
struct error *error_dup(const struct error *err) __attribute__((malloc, returns_nonnull));

/* "usage", "config" ...: stable words for logs and JSON. */
const char *error_kind_name(enum error_kind kind);
