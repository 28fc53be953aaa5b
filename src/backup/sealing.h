#pragma once
/*
 * By what backups are encrypted and opened: the files that options name.
 */
#include "config/settings.h"
#include "crypto/seal.h"

struct sealing {
    struct buf passphrase; /* secret; empty: none */
    struct cert **certs;
    struct key **keys;
    size_t certs_len, keys_len;
};

/* Reads what --backup-passphrase-file, --backup-recipient and --backup-key name. ERROR_CONFIG. */
MUST_USE bool sealing_read(const struct settings *settings, struct sealing *out, struct error *err);
void sealing_clear(struct sealing *sealing);
static inline void sealing_clear_at(struct sealing *sealing)
{
    sealing_clear(sealing);
}

/* Whether a new backup is to be encrypted, and for whom; borrowed. */
bool sealing_is_wanted(const struct sealing *sealing);
struct seal_to sealing_to(const struct sealing *sealing);
/* What opens a backup; borrowed. */
struct unseal_by sealing_by(const struct sealing *sealing);
