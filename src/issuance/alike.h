#pragma once
/*
 * Orders of one account for the same names are worked on one after the other.
 *
 * A CA may hand a pending or ready order out again when the same names are ordered (Let's Encrypt does). Of two that
 * are at work on one order at the same time only one has its CSR taken; the other would be told of a certificate that
 * is not for its key.
 */
#include "run/turns.h"
#include "store/store.h"

struct alike; /* a turn; ends with alike_leave, in the same thread */

/*
 * Waits until no other thread, and no other process with this store, is at such an order. Some minutes at most: then it
 * goes on, as what an order brings is checked anyway. Gives the job back meanwhile (turn; NULL: there is none).
 * ERROR_CANCELED. *out is the caller's.
 */
MUST_USE bool alike_enter(struct store *store, const struct turn *turn, const char *account_url,
    const struct list *names, struct alike **out, struct error *err);
void alike_leave(struct alike *alike); /* NULL is fine */
DEFINE_AUTO(struct alike, alike_leave)
