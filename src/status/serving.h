#pragma once
/*
 * What a server shows, in comparison with what the store has for it. Pure.
 */
#include "crypto/cert.h"
#include "status/cert.h"

/* Whether a name is among them, or one of their wildcards covers it: it stands for one label. */
bool names_cover(const struct list *names, const char *name);
/* Whether that certificate is for a name or address: its wildcards stand for one label. */
bool cert_is_for(const struct cert *cert, const char *name);

/* shown: the server's own certificate, as it came; ours: the one that is live, for the lineage that `name` is of. Sets
 * how, what, key and not_after of *out. */
void serving_judge(struct view shown, const struct cert *ours, const char *name, int64_t now, struct served *out);
