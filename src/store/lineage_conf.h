#pragma once
/*
 * Renewal files: reading one, what it says outside of the settings in it, and writing it.
 */
#include "store/store.h"

/* ---- reading ---- */

/* The error for a name that has no renewal file. Returns false. */
bool lineage_missing(const struct store *store, const char *name, struct error *err);

/* Whether a renewal file was made for a certificate that never came: an interrupted lineage_create of ours. An
 * empty file is none: its name is taken, as for Certbot. */
bool lineage_is_unfinished(const struct store *store, const char *name);

#define LINEAGE_LAYOUT_KEY "store_layout" /* in renewal files of all layouts but Certbot's, which keeps it as it is */

/* The renewal file of a lineage, which need not load. *out is the caller's, for conf_free. */
MUST_USE bool lineage_read_conf(const struct store *store, const char *name, struct conf **out, struct error *err);

/* The server in the renewal file, NULL when it names none. Borrowed until the lineage is saved or gets a
 * version. */
const char *lineage_server(const struct lineage *lineage);
/* The same, of the caller's, without loading the lineage: NULL also when its renewal file cannot be read. */
char *store_server_of(struct store *store, const char *name);

bool server_is_staging(const char *url); /* the staging URL, or "staging" in it */

/* Compares two loads of a lineage: whether everything that decisions depend on is the same. Renewal information does
 * not count. */
bool lineage_is_unchanged(const struct lineage *before, const struct lineage *now);

/* ---- writing ---- */

/* Rewrites the renewal file with settings (reconfigure). */
MUST_USE bool lineage_save_settings(struct lineage *lineage, const struct settings *settings, struct error *err);

/* Has the renewal file name the account `to` where it names `from` of that server. With the lineage locked. */
MUST_USE bool lineage_change_account(
    struct store *store, const char *name, const char *server, const char *from, const char *to, struct error *err);

/* Call before a lineage is deleted because its certificate was revoked, so that an interrupted deletion can be
 * finished. */
MUST_USE bool lineage_mark_revoked(const struct lineage *lineage, struct error *err);

/* Renewal information (RFC 9773) saved for the newest version's certificate. UTC seconds; 0: not known. */
struct renewal_memory {
    int64_t retry_at; /* not to be asked for before */
    int64_t instant;  /* chosen in the suggested window */
    int64_t said_at;  /* when the CA last sent that window */
};
MUST_USE bool lineage_save_renewal_info(
    struct lineage *lineage, const struct renewal_memory *memory, struct error *err);
/* All zero when the saved values belong to another certificate (an older version was made live, or files were restored
 * from a backup). A new version starts without any. ERROR_CONFIG when they are unreadable. */
MUST_USE bool lineage_renewal_info(const struct lineage *lineage, struct renewal_memory *out, struct error *err);

/* ---- for loading, making, converting or repairing a lineage ---- */

/* Reads renewal/NAME.conf only: conf, archive_dir and the live paths that it names (live_dir and the others
 * are NULL). */
MUST_USE bool lineage_open(const struct store *store, const char *name, struct lineage **out, struct error *err);

/* The same from another file than renewal/NAME.conf. */
MUST_USE bool lineage_open_conf(
    const struct store *store, const char *name, const char *conf_path, struct lineage **out, struct error *err);

/* Whether the file was written by a later Certbot than the one we know: then each reading says so. */
bool lineage_is_of_later_version(const struct lineage *lineage);

/* An independent copy of the lineage's renewal file, to be changed and then written. */
MUST_USE bool lineage_copy_conf(const struct lineage *lineage, struct conf **out, struct error *err);
/* Says in conf which layout the lineage has. */
void lineage_set_layout(struct conf *conf, const struct layout *layout);
/* Puts what is always in a renewal file, and the settings that are saved, into conf. */
void lineage_fill_conf(const struct lineage *lineage, const struct settings *settings, struct conf *conf);
/* The renewal file of a lineage that is being made: whole at once. err->sys is EEXIST when the name is taken. */
MUST_USE bool lineage_create_conf(const struct lineage *lineage, const struct settings *settings, struct error *err);
/* Whether lineage_mark_revoked was called; the next settings that are saved take it back. */
bool lineage_is_marked_revoked(const struct lineage *lineage);
/* Says in the renewal file that the authenticator or the CA in it is a guess, as the file was lost; the next version,
 * or settings that are saved, take it back. */
MUST_USE bool lineage_mark_guessed(struct lineage *lineage, struct error *err);
bool lineage_is_guessed(const struct lineage *lineage);
/* Whether its making was cut short before its renewal file said that it is complete; and saying so. */
bool lineage_is_new(const struct lineage *lineage);
MUST_USE bool lineage_finish_new(struct lineage *lineage, struct error *err);
/* Removes what writing a renewal file may have left. */
MUST_USE bool lineage_drop_temporary(const struct lineage *lineage, struct error *err);
/* Replaces the renewal file, keeping its mode. */
MUST_USE bool lineage_write_conf(const struct lineage *lineage, const struct conf *conf, struct error *err);
