#pragma once
/*
 * --auto-hsts: an HSTS header whose max-age grows step by step, and what Certbot remembers of it.
 *
 * The state is in .pluginstorage.json of the configuration directory, in Certbot's form:
 * {"apache": {"autohsts": {ID: {"laststep": N, "timestamp": T}}}}. What else is in that file stays. Knows nothing of
 * hosts but their ids.
 */
#include "base/bytes.h"

#define AUTO_HSTS_STEPS 7
#define AUTO_HSTS_PERMANENT 31536000     /* seconds: a year */
#define AUTO_HSTS_PAUSE_S (48 * 60 * 60) /* between two steps */

struct auto_hsts {
    char *id;     /* 32 hex digits, in the host's mark */
    int64_t step; /* the last one that was made, from 0 */
    int64_t at;   /* when, UTC seconds since 1970 */
};

struct auto_hsts_state {
    struct auto_hsts *at;
    size_t count;
};

enum auto_hsts_next { HSTS_WAIT, HSTS_GROW, HSTS_MAKE_PERMANENT };

/* max-age at a step. */
int auto_hsts_age(int64_t step);
/* What is next: the following step once the pause is over; after the last one, the next renewal makes it permanent. */
enum auto_hsts_next auto_hsts_next(const struct auto_hsts *hsts, int64_t now, bool renewed);
/* Of the caller's; NULL when there is no randomness, with the error set. */
char *auto_hsts_new_id(struct error *err);

/* A file that is not there, or says nothing of it, is an empty state. ERROR_STORE. *out is the caller's. */
MUST_USE bool auto_hsts_read(const char *config_dir, struct auto_hsts_state *out, struct error *err);
MUST_USE bool auto_hsts_write(const char *config_dir, const struct auto_hsts_state *state, struct error *err);
void auto_hsts_add(struct auto_hsts_state *state, const char *id, int64_t step, int64_t at);
void auto_hsts_remove(struct auto_hsts_state *state, size_t index);
void auto_hsts_clear(struct auto_hsts_state *state);
static inline void auto_hsts_clear_at(struct auto_hsts_state *state)
{
    auto_hsts_clear(state);
}
