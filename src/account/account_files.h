#pragma once
/*
 * The three JSON files of an account: their content, without their place. Private to this room.
 */
#include "account/account_store.h"

enum account_file { ACCOUNT_REGISTRATION, ACCOUNT_META, ACCOUNT_KEY };

/* Takes over what one of the three says; name is that of the text, for errors. ERROR_CONFIG. */
MUST_USE bool account_file_parse(
    enum account_file file, struct view text, const char *name, struct stored_account *to, struct error *err);

/* Reads the three from a directory, and checks that the key is the one that the account is named after. The other two
 * are done without when they cannot be read. ERROR_CONFIG. */
MUST_USE bool account_files_read(const char *dir, const char *id, struct stored_account **out, struct error *err);

/* Writes the three files into an empty directory that only its owner can enter: the key first, then the directory is
 * synced. */
MUST_USE bool account_files_create(
    const char *dir, const struct stored_account *account, const char *register_to_eff, struct error *err);

/* Replaces all but the key in a directory in which they are, or should be; of the two only those that miss. */
MUST_USE bool account_files_mend(const struct stored_account *account, struct error *err);

/* The key alone, in a directory of its own. */
MUST_USE bool account_files_create_key(const char *dir, const struct key *key, struct error *err);
MUST_USE bool account_files_read_key(const char *dir, struct key **out, struct error *err);

/* Replaces the three in a directory in which they are, or should be. */
MUST_USE bool account_files_replace(
    const char *dir, const struct stored_account *account, const char *register_to_eff, struct error *err);

/* The account's name: MD5 of the public key's PEM, hex; appended. */
MUST_USE bool account_key_id(const struct key *key, struct buf *out, struct error *err);
