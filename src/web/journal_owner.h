#pragma once
/*
 * Whose files a journal has, or the backup that it has become: a run of another server may have to restore them.
 */
#include "web/commit.h"

struct journal_owner {
    bool is_another;    /* not the server that asks */
    struct list reload; /* the command by which it reads its files; empty: nobody has signed (Certbot signs none) */
    char *pid_file;     /* of its process; NULL: not known */
    bool start_again;   /* it was running, and may end of a reload: to be started should it be found stopped */
};
void journal_owner_clear(struct journal_owner *owner);
static inline void journal_owner_clear_at(struct journal_owner *owner)
{
    journal_owner_clear(owner);
}

/* Notes it in the journal in that directory, which is there. */
MUST_USE bool journal_sign(const struct web_service *service, const char *dir, struct error *err);
/* What was noted; *out is empty before, and the caller's. What cannot be read counts as not signed: this server's. */
void journal_owner_find(const struct web_service *service, const char *dir, struct journal_owner *out);
