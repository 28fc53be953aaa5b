#pragma once
/*
 * Shared by the checks.
 */
#include "disk/layout.h"
#include "health/health.h"

#define LIVE_MODE 0700 /* of live/ itself, when it has to be made again */

/* ---- which lineage uses which directory ---- */

struct claim {
    char *dir, *lineage;
};

struct claims {
    struct claim *at;
    size_t len, room;
    bool sorted;
};

struct health {
    struct store *store;
    const struct settings *settings;
    enum health_mode mode;
    bool whole;             /* the whole store is examined, not one lineage */
    bool has_room;          /* if so: for a new version, where a lineage's directories have no other finding */
    struct list open_paths; /* if so: whose contents decide what root runs, and others may write to */
    int64_t now;
    int64_t newest_begin; /* of the certificates that were examined */
    struct claims claims; /* of all renewal files, once claims_known */
    bool claims_known;
    struct error claims_trouble; /* why those may not be all; of kind ERROR_NONE when they are */
    struct list accounts;        /* in renewal files: their IDs */
    struct list good_accounts;   /* "ID SERVER" of those that were found to be well */
    struct list strays[2];       /* directories in live/ and archive/ that no lineage claims, once strays_known */
    bool strays_known;
    struct error strays_trouble;       /* why those may not be all; of kind ERROR_NONE when they are */
    const struct rehearsal *rehearsal; /* NULL: there is none */
    struct findings *out;
};

enum stray { STRAY_LIVE, STRAY_ARCHIVE };

void health_claim(struct health *health, const char *name, const struct lineage *lineage);
/* Reads all renewal files, once in an examination: a repair gives a lineage no directory that another had. */
void health_learn_claims(struct health *health);
/* The lineage other than `name` whose renewal file names that directory, NULL when none does. Borrowed. */
const char *health_other_user(struct health *health, const char *dir, const char *name);
/* Directories in live/ or archive/ that no renewal file names, as far as they can be read: whose else they may be,
 * claims_trouble tells. Borrowed. */
const struct list *health_strays(struct health *health, enum stray which);
void health_stray_is_used(struct health *health, const char *dir); /* it was given to a lineage */
void health_forget_claims(struct health *health);

/* ---- one lineage ---- */

struct parts { /* the files of one version, or of what is left of one */
    char *id, *dir;
    char *path[KIND_COUNT];
    bool there[KIND_COUNT];
    bool live; /* the versioned layout's live directory */
};

struct subject {
    struct health *health;
    const char *name;
    struct lineage *lineage; /* as its renewal file has it; NULL when that cannot be read */
    struct error reading;    /* why */
    struct parts *versions;  /* the oldest first, the live directory last */
    size_t version_count;
    bool goes_by_live; /* the newer version is damaged beyond repair, and was reported */
    bool broken;       /* so that what comes later in the table would only stumble over it */
};

bool parts_are_whole(const struct parts *parts);
/* Fills versions from what is on disk now. */
void subject_list_versions(struct subject *subject);
void subject_forget_versions(struct subject *subject);
/* The newest that has all four files; NULL when none has. */
const struct parts *subject_newest_whole(const struct subject *subject);
/* Whether the issuer that the leaf names is the subject of the other. Cheap: no signature is checked. */
bool health_is_issuer(const struct cert *leaf, const struct cert *issuer);
/* Replaces a file, which keeps its mode and owner; where there is none, a key is its owner's alone. */
MUST_USE bool health_replace(const char *path, enum kind kind, struct view content, struct error *err);
/* Appends the first certificate of a PEM file, or all that follow it; false when they are not there. */
bool health_cut_fullchain(const char *path, bool first, struct buf *out);

/* Adds a finding about a lineage (subject) or the store (subject NULL). The pointer lives until the next one is added.
 */
struct finding *health_find(struct health *health, const struct subject *subject, const char *code,
    enum health_severity severity, const char *path, const char *why, const char *what, ...) PRINTF(7, 8);
/* The same as an error that keeps later checks from being run. */
struct finding *health_break(
    struct subject *subject, const char *code, const char *path, const char *why, const char *what, ...) PRINTF(5, 6);
void findings_cut(struct findings *findings, size_t len); /* forgets those behind the first len */
void finding_clear(struct finding *finding);

struct useless_record { /* about a lineage that is no more */
    const char *code, *what;
    bool (*repair)(struct health *health, const struct finding *finding, struct error *err); /* of finding->from */
};
/* Notes those of the names that are no lineage's: health_orphans.c. */
void health_tell_useless(struct health *health, const struct list *names,
    char *(*path)(const struct store *store, const char *name), const struct useless_record *record);

/* ---- certificates and keys in files ---- */

/* NULL when it is not there or none. Of the caller's. */
struct cert *health_read_cert(const char *path);
/* The certificate of the newest version in an archive directory of either layout; NULL when there is none. Of the
 * caller's. */
struct cert *health_archive_cert(const char *dir);
bool health_same_content(const char *a, const char *b);
bool health_key_fits(const char *key_path, const struct cert *cert);
/* The one other file with the key of a certificate: in the versions, in its recorded order, or in CONF/keys; false when
 * there is none, or several that differ. */
bool health_find_key(const struct subject *subject, const struct cert *cert, const char *except, char **path);
/* Whether the four live links of Certbot's layout lead into that directory. */
bool health_links_lead_to(const struct lineage *lineage, const char *dir);
/* Moves a file out of the way into archive_dir, unless its content is that of another key there. */
MUST_USE bool health_set_aside(const struct lineage *lineage, const char *path, struct error *err);

/* ---- what could not be read: health_readable.c ---- */

/* Notes errors that checks ignore: where something could not be read, nothing is repaired on the strength of it. */
void health_note_trouble(const struct error *err);
void health_forget_trouble(void);
/* file_list_dir that notes why not. */
bool health_list_dir(const char *dir, struct list *out);
/* An error when anything could not be examined, so that no lineage is called sound without a look; unless one of the
 * findings from `from` on says so already. subject NULL: of the store. */
void health_tell_trouble(struct health *health, const struct subject *subject, size_t from);
/* Reports, as an error that ends the checks, what is there but hidden; false when errno says anything else of it. */
bool health_report_hidden(struct subject *subject, const char *path, int sys);
const char *health_trouble(void); /* the first since then, NULL when there was none; borrowed */

/* ---- the checks ---- */

void check_renewal_file(struct subject *subject); /* paths.c */
void check_conversion(struct subject *subject);   /* leftovers.c */
void check_first(struct subject *subject);
void check_paths(struct subject *subject);         /* paths.c */
void check_hidden(struct subject *subject);        /* readable.c */
void check_directories(struct subject *subject);   /* dirs.c */
void check_unsettled(struct subject *subject);     /* leftovers.c */
void check_version_files(struct subject *subject); /* parts.c */
void check_archive_users(struct subject *subject); /* foreign.c */
void check_exchanged(struct subject *subject);
void check_superseded(struct subject *subject);
void check_live_links(struct subject *subject);        /* links.c */
void check_live_files(struct subject *subject);        /* live.c */
void check_match(struct subject *subject);             /* match.c */
void check_newest(struct subject *subject);            /* live.c */
void check_order(struct subject *subject);             /* orders.c */
void check_trace(struct subject *subject);             /* traces.c */
void check_delivery(struct subject *subject);          /* delivery.c */
void check_persist(struct subject *subject);           /* persist.c */
void check_room(struct subject *subject);              /* room.c */
void check_failures(struct subject *subject);          /* failures.c */
void check_renewal(struct subject *subject);           /* health.c */
void check_stop_gap(struct subject *subject);          /* stop_gap.c */
void check_compromised(struct subject *subject);       /* compromised.c */
void check_modes(struct subject *subject);             /* access.c */
void check_lineage_leftovers(struct subject *subject); /* leftovers.c */
void check_account(struct subject *subject);           /* accounts.c */

void check_store_room(struct health *health);  /* room.c */
void check_store_modes(struct health *health); /* access.c */
void check_code_paths(struct health *health);
void check_account_key(struct health *health, const char *path);
void check_store_leftovers(struct health *health); /* leftovers.c */
void check_deletions(struct health *health);       /* deletions.c */
void check_orders(struct health *health);          /* orders.c */
void check_traces(struct health *health);          /* traces.c */
void check_deliveries(struct health *health);      /* delivery.c */
void check_compromises(struct health *health);     /* compromised.c */
void check_stray_failures(struct health *health);  /* failures.c */
void check_accounts(struct health *health);        /* accounts.c */
void check_strays(struct health *health);          /* orphans.c */
void check_lost(struct health *health);            /* lost.c */
void check_old_requests(struct health *health);
void check_clock(struct health *health);
