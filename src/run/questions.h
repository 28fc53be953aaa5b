#pragma once
/*
 * Questions before a certificate is obtained, in Certbot's words.
 *
 * Each is answered by an option, by a default without interaction, or by the user.
 */
#include "run/context.h"

/* The names, when none were given: those that the user marks of the ones offered; with none offered (or NULL), those
 * that are typed. */
MUST_USE bool question_names(
    struct context *context, const struct list *offered, struct identifiers *out, struct error *err);

/* A lineage's name: --cert-name, else the user chooses under text. ERROR_CONFIG when there are none. *out is the
 * caller's. */
MUST_USE bool question_cert_name(struct context *context, const char *text, char **out, struct error *err);

/* Names of lineages that the user marks under text, one at least. ERROR_CONFIG when there are none to mark, or no user
 * can be asked. */
MUST_USE bool question_cert_names(struct context *context, const char *text, struct list *out, struct error *err);

/* The certificate is there already and not due: *renew says whether to replace it all the same. */
MUST_USE bool question_same_names(
    struct context *context, const struct lineage *lineage, bool *renew, struct error *err);

/* The names differ: expand says that the lineage's are a part of the wanted ones. Fails when the user says no. */
MUST_USE bool question_changed_names(struct context *context, const struct lineage *lineage,
    const struct identifiers *wanted, bool expand, struct error *err);

/*
 * Whether the user asks for another profile or chain than the lineage was obtained with; says so. Always false under
 * the name certbot, as Certbot then waits for the renewal that is due. Nothing is asked.
 */
bool question_other_options(struct context *context, const struct lineage *lineage);

/* The configured key type differs from the lineage's: it changes only on confirmation, else settings take the
 * lineage's. Without a terminal --key-type is confirmation enough, but under the name certbot. */
MUST_USE bool question_key_type(
    struct context *context, const struct lineage *lineage, bool *changes, struct error *err);
