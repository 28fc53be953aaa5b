#pragma once
/*
 * Accounts on disk: CONF/accounts/SERVERPATH/ID/{private_key,regr,meta}.json, as Certbot reads
 * and writes them.
 */
#include "crypto/jws.h"
#include "store/lineage_lock.h"
#include "store/store.h"

struct stored_account {
    char *id; /* MD5 of the public key's PEM, hex */
    char *dir;
    char *url; /* the account at the CA (kid); NULL when it is not known here: the CA finds it by the key */
    char *creation_host;
    int64_t created; /* UTC seconds */
    bool no_meta;    /* the last two could not be read, and are guessed */
    struct key *key;
};
void stored_account_free(struct stored_account *account); /* NULL is fine */
DEFINE_AUTO(struct stored_account, stored_account_free)

/* "HOST@CREATION (first 4 hex of ID)", of the caller's. */
char *stored_account_slug(const struct stored_account *account) __attribute__((returns_nonnull));

/* Ids of the usable accounts for a server, oldest first: those whose key can be read. Reuses the accounts of the
 * server's older name as Certbot does. */
MUST_USE bool account_store_ids(struct store *store, const char *server, struct list *out, struct error *err);
/* ERROR_CONFIG "Account at PATH does not exist". */
MUST_USE bool account_store_load(
    struct store *store, const char *server, const char *id, struct stored_account **out, struct error *err);
/* Whether an account can be used, changing nothing. False with the reason in *why, and then *newest, of the caller's,
 * is the newest account of that server that can; NULL when there is none. */
MUST_USE bool account_store_look(
    struct store *store, const char *server, const char *id, char **newest, struct error *why);
/* Writes a new account's files, the key (0400) first and whole; contacts for a pending newsletter sign-up may
 * be NULL. On success *out is the caller's; key is taken over in any case. */
MUST_USE bool account_store_save(struct store *store, const char *server, struct key *key, const char *url,
    const char *register_to_eff, struct stored_account **out, struct error *err);
/*
 * A key is on disk before the CA is asked to register it, so that no account is lost to what happens afterwards: it is
 * kept beside the accounts until account_store_save makes one of it, or account_store_forget_key, when the CA has
 * refused it. Keeping one that has an account here does nothing.
 */
MUST_USE bool account_store_keep_key(struct store *store, const char *server, const struct key *key, struct error *err);
/* The key that an earlier run kept, of the caller's; *out is NULL when there is none. */
MUST_USE bool account_store_kept_key(struct store *store, const char *server, struct key **out, struct error *err);
MUST_USE bool account_store_forget_key(
    struct store *store, const char *server, const struct key *key, struct error *err);
/*
 * Another key for the account `id`: on disk before the CA is asked, beside the accounts, under a name that tells which
 * one it is for. It is used for that one only. All of this under account_store_lock.
 *
 * prepare: key is taken over in any case; *out is the caller's, and has no URL yet.
 * prepared: the directories of all that were prepared for it, for load_prepared.
 * adopt: the CA has the key; in one step it is an account. What it takes the place of is account_store_remove's.
 */
MUST_USE bool account_store_prepare(struct store *store, const char *server, const char *id, struct key *key,
    struct stored_account **out, struct error *err);
MUST_USE bool account_store_prepared(
    struct store *store, const char *server, const char *id, struct list *out, struct error *err);
MUST_USE bool account_store_load_prepared(const char *dir, struct stored_account **out, struct error *err);
MUST_USE bool account_store_adopt(struct stored_account *next, const char *url, struct error *err);
MUST_USE bool account_store_forget_prepared(const struct stored_account *next, struct error *err);
/* Takes over the address that the CA names, and writes what of the files says another or is missing. */
MUST_USE bool account_store_mend(struct stored_account *account, const char *url, struct error *err);
/* Removes an account, and the keys prepared for it. */
MUST_USE bool account_store_remove(struct store *store, const char *server, const char *id, struct error *err);
/* Whether a directory beside accounts is a leftover of interrupted work that is not needed. */
bool account_store_is_rest(const char *name);
/* Removes those of a server; locks only if there are any. */
MUST_USE bool account_store_sweep(struct store *store, const char *server, struct error *err);
bool account_store_is_empty(struct store *store); /* no account for any server */
