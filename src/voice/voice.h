#pragma once
/*
 * The two names of the program: called as certbot it has Certbot's words and habits, called as evercert its own. All
 * that depends on the name is a row of table.h; nothing else asks by which name the program was called.
 *
 * Knows words; knows nothing of their use.
 */
#include "base/error.h"

struct said {         /* an error; {1}, {2} ... are filled in */
    const char *why;  /* NULL: the error that there is stays */
    const char *next; /* advice; NULL: none */
};

struct voice {
#define WORD(member, certbot, own) const char *member;
#define ERROR(member, certbot, certbot_next, own, own_next) struct said member;
#define HABIT(member, certbot, own) bool member;
#include "voice/table.h"
#undef WORD
#undef ERROR
#undef HABIT
};

extern const struct voice voice_certbot, voice_own;

/* Chooses the voice by the name that the program was called by (argv[0]): certbot-auto, letsencrypt-auto, certbot-3 and
 * certbot.distrib are names that Certbot has had. NULL: our own. */
const struct voice *voice_of(const char *argv0);

/* text with values in place of {1}, {2} ..., each made printable and one line; of the caller's. values end with NULL.
 */
char *voice_fill(const char *text, const char *const *values) __attribute__((returns_nonnull));
#define VOICE_FILL(text, ...) voice_fill(text, (const char *const[]){ __VA_ARGS__, NULL })

/* Sets the error with its advice, both filled with values; false. Where nothing is to be said err stays. */
bool voice_error(struct error *err, enum error_kind kind, struct said said, const char *const *values);
#define VOICE_ERROR(err, kind, said, ...) voice_error(err, kind, said, (const char *const[]){ __VA_ARGS__, NULL })
