#pragma once
/*
 * Making an account at a CA: terms, contacts, external account binding.
 */
#include "lifecycle/context.h"

/*
 * Makes a key, registers it with what settings say (asking where they do not and somebody is there), and stores the
 * account. The account is stored only after the CA has accepted it. *out is the caller's.
 */
MUST_USE bool register_account(
    struct context *context, struct session *session, struct stored_account **out, struct error *err);

/* "mailto:" URIs from --email's comma list. ERROR_CONFIG for a bad address. */
MUST_USE bool contacts_of(const char *email, struct list *out, struct error *err);

/*
 * Asks for an e-mail address until there is one that could be right, or none; keeps it in settings. text: the question
 * under our own name, ended by a line feed.
 */
MUST_USE bool contacts_ask(struct context *context, const char *text, struct list *out, struct error *err);

/* The User-Agent for every request of this command, of the caller's. */
char *context_user_agent(const struct context *context) __attribute__((returns_nonnull));
