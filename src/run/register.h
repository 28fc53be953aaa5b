#pragma once
/*
 * Making an account at a CA: terms, contacts, external account binding.
 */
#include "run/context.h"

/*
 * Makes a key, registers it with what settings say (asking the user for the rest, if possible), and stores the account.
 * given: the key, which is taken over; NULL: one that was kept by an earlier run, or a new one. The key is on disk
 * before the CA is asked; the account is stored after the CA has accepted it. *out is the caller's.
 */
MUST_USE bool register_account(struct context *context, struct session *session, struct key *given,
    struct stored_account **out, struct error *err);

/*
 * The account of a key whose address is not known here, or that the CA says it does not know: finds it by the key,
 * finishes a change of its key that was cut short, or registers the key again, or, when the account is at its end for
 * ever, removes its files and makes another one. anew: whether it may do the last two; else ERROR_ACME says how they
 * are done. lost: as it was loaded; what is on disk now is looked at. Under account_store_lock, but for a trial, which
 * changes nothing. *out is the caller's, or NULL when the account is well as it is.
 */
MUST_USE bool recover_account(struct context *context, struct session *session, const struct stored_account *lost,
    bool anew, struct stored_account **out, struct error *err);

/* A key for an account, of the kind that is made under this name. *out is the caller's. */
MUST_USE bool account_key_make(const struct context *context, struct key **out, struct error *err);

/* "mailto:" URIs from --email's comma list. ERROR_CONFIG for a bad address. */
MUST_USE bool contacts_of(const struct voice *voice, const char *email, struct list *out, struct error *err);

/*
 * Asks for an e-mail address until there is one that could be right, or none; keeps it in the answers. text: the
 * question under our own name, ended by a line feed.
 */
MUST_USE bool contacts_ask(struct context *context, const char *text, struct list *out, struct error *err);

/* The address that was answered, else what settings say; NULL: none. Borrowed. */
const char *context_email(const struct context *context);

/* The User-Agent for every request of this command, of the caller's. */
char *context_user_agent(const struct context *context) __attribute__((returns_nonnull));
