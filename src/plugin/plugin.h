#pragma once
/*
 * Plugins: authenticators prove control of identifiers, installers make servers use certificates.
 *
 * A built-in plugin is a file and a row of plugins.c. Plugins know settings, the network calls and the user interface;
 * never the protocol, the store or another plugin.
 */
#include "config/answers.h"
#include "net/net.h"
#include "plugin/company.h"
#include "plugin/installer.h"
#include "ui/ui.h"

enum proof_kind {
    PROOF_FILE,     /* a file that a web server delivers */
    PROOF_RECORD,   /* a TXT record, until the CA has looked */
    PROOF_ALPN,     /* a certificate by TLS for acme-tls/1 */
    PROOF_STANDING, /* a TXT record that stays for orders to come: it is never cleaned up */
};

enum proof_state {
    PROOF_WANTED,    /* nothing of it is in place */
    PROOF_PRESENTED, /* its presenting has begun */
    PROOF_READY,     /* the CA can see it */
    PROOF_FAILED,    /* see error; something of it may be in place */
};

/* A challenge to be solved, as data. The caller owns all of it, and frees it after cleanup. */
struct proof {
    const char *type; /* "http-01", "dns-01" ... */
    enum proof_kind kind;
    const char *identifier; /* without "*." */
    bool is_ip, wildcard;
    const char *token;                  /* PROOF_FILE: the file's name; NULL where the type has none */
    const char *key_authorization;      /* PROOF_FILE: the file's content; NULL where the type has no token */
    uint8_t digest[NET_DIGEST_SIZE];    /* PROOF_ALPN: SHA-256 of the key authorization (RFC 8737 section 3) */
    const char *record_name;            /* of the TXT record, without final dot; else NULL */
    const char *record_value;           /* its value; else NULL */
    const char *account_url;            /* of the account that orders */
    struct list issuers;                /* dns-persist-01: the names that the record may have for the CA */
    const struct list *all_identifiers; /* of all proofs of this order, in their order */
    size_t remaining;                   /* proofs that follow this one */

    /* Set by the authenticator, freed by the caller with proof_clear. */
    enum proof_state state;
    struct error *error; /* why it is PROOF_FAILED; else NULL */
    char *output;        /* needed by cleanup: the output of the auth hook, the state of a plugin; may be NULL */
    char *place;         /* where it is to be put, in the authenticator's own words (see plan); may be NULL */
};

/* Makes it PROOF_FAILED, with that reason. */
void proof_fail(struct proof *proof, const struct error *why);
/* Frees the error once it was reported; the state of the proof stays. */
void proof_forget_error(struct proof *proof);
/* Frees what an authenticator has set; it is PROOF_WANTED then. */
void proof_clear(struct proof *proof);

/*
 * For authenticators that do one after the other: each step that succeeds makes its proof `done`, each that fails
 * PROOF_FAILED. Stops, with false, only when the user wants no more: ERROR_CANCELED.
 */
MUST_USE bool proof_each(void *self, struct proof *const *proofs, size_t count, enum proof_state done,
    bool (*step)(void *self, struct proof *proof, struct error *err), struct error *err);

/* The way to the network process, which is started when it is first asked for: who needs it only sometimes asks only
 * then. A value to be copied, valid to the end of the run, shared objects' ends included; in any thread. */
struct plugin_net {
    bool (*get)(void *run, struct net **out, struct error *err);
    void *run;
};
/* *out is NULL where a test plays what is outside: then nothing is to be asked of the network. */
MUST_USE static inline bool plugin_net_get(const struct plugin_net *net, struct net **out, struct error *err)
{
    *out = NULL;
    return net->get == NULL || net->get(net->run, out, err);
}

struct plugin;

struct plugin_context {          /* borrowed; outlives the plugin's use */
    const struct plugin *plugin; /* the one that is prepared: several may share their functions */
    const struct settings *settings;
    struct answers
        *answers;    /* of this order: what the user answers, to be saved for renewal; NULL: nothing is proved */
    struct net *net; /* the same as of when_needed, already there; NULL: nothing is proved */
    struct plugin_net when_needed; /* of this run; always there */
    struct ui *ui;
    struct list *hook_env; /* gets the environment of a hook for hooks that run later; NULL: not wanted */
    void (*note)(
        void *note_arg); /* called when a proof has got its output, as it is to be found after a crash; or NULL */
    void *note_arg;
    struct company company; /* orders that may come to be presented */
    void *shared;           /* the object that plugin->share made; NULL: none */
};

/*
 * Shared by all uses of a plugin in one run, in whatever thread: one object for each text of key. It is made when the
 * first of them is prepared, and ended with the run, before the network process is.
 */
struct plugin_share {
    char *(*key)(const struct plugin *plugin, const struct settings *settings); /* of the caller's */
    /* The context is that of the first use, and ends with it: only plugin, and a copy of when_needed, outlive it. Has
     * no net where that use is to check, to sweep or to install. */
    bool (*make)(const struct plugin_context *context, void **shared, struct error *err);
    void (*end)(void *shared); /* no plugin uses it any more */
};

enum proof_server {  /* which server answers the CA at a name's port 80 or 443 */
    SERVER_ANYBODYS, /* it depends on a person or a program of the user's, who may change anything on the way */
    SERVER_FILES,    /* one that is up, and delivers files of a directory */
    SERVER_ADAPTED,  /* one that is up, and is told what to answer when the time comes */
    SERVER_OURS,     /* nobody yet: we shall listen */
};

/*
 * A way to prove control of identifiers (RFC 8555 section 8). One `self` serves one order, in one thread; several
 * orders may run at once in other threads. Called as prepare, then plan, present and wait with proofs of the order, all
 * of them at once, cleanup, release.
 *
 * A proof has a state and an error of its own: one that fails says nothing of the others. Where a function returns
 * false, that is about all of them.
 */
struct authenticator {
    const char *const *types; /* best first; NULL ends the list */
    enum proof_server server;
    bool (*prepare)(const struct plugin_context *context, void **self, struct error *err);
    /* Before anything is put in place, or recorded: sets place to what sweep will need, asking the user and waiting for
     * other orders if need be. What cannot be planned is PROOF_FAILED. NULL: sweep needs nothing but the proofs. */
    bool (*plan)(void *self, struct proof *const *proofs, size_t count, struct error *err);
    /* Puts them in place, quickly: each is PROOF_PRESENTED then, or PROOF_FAILED. One whose presenting has not begun
     * stays PROOF_WANTED. */
    bool (*present)(void *self, struct proof *const *proofs, size_t count, struct error *err);
    /* Waits until the CA can see them: each is PROOF_READY then, or PROOF_FAILED. NULL: at once. */
    bool (*wait)(void *self, struct proof *const *proofs, size_t count, struct error *err);
    bool waits_long; /* for minutes, maybe, and without holding anything that other orders wait for */
    /* present and cleanup may take long, too, and the plugin sees to it that not too many do so at once: they and wait
     * are called without holding a job. */
    bool presents_slowly;
    /* What several orders present is put in place, and taken away, at once, so that present waits for others
     * (context->company): it, wait and cleanup are called without holding anything that they need to come to it. */
    bool presents_together;
    /* Cleans up the proofs that are not PROOF_WANTED, also after presenting failed half way. Each is PROOF_WANTED then,
     * or PROOF_FAILED; may be called again, and must then succeed. */
    bool (*cleanup)(void *self, struct proof *const *proofs, size_t count, struct error *err);
    /* The same of what an interrupted run has left; nothing is prepared, and the settings are those of that run. What
     * is not there any more, or never was, is cleaned up. NULL: what it puts in place is gone with the process. */
    bool (*sweep)(const struct plugin_context *context, struct proof *const *proofs, size_t count, struct error *err);
    void (*release)(void *self);
    /* Whether with these settings a person acts by hand, so that renewal cannot run unattended; NULL: never. */
    bool (*by_hand)(const struct settings *settings);
    /* Advice for a failed validation: one or two sentences on what to check. Of the caller's. */
    char *(*hint)(void *self, const char *type);
};

struct plugin {
    const char *name;                          /* as in --authenticator and in renewal/NAME.conf */
    const char *description;                   /* one line for menus and `plugins` */
    bool hidden;                               /* not in menus and not listed */
    const struct authenticator *authenticator; /* NULL: it is none */
    const struct installer *installer;
    /* Whether the server that it works with is installed on this machine, as far as can be told without running
     * anything: else it is not offered. NULL: there is nothing that could be missing. */
    bool (*is_here)(const struct settings *settings);
    const struct plugin_share *share; /* NULL: its uses have nothing in common */
    const char *path;                 /* of a third-party plugin's program; NULL: built in */
};

/* Built in; ended by NULL, sorted by name: menus and `plugins` show this order. Which there are is for the program to
 * say (cmd/plugin_table.c), so that rooms above this one can have rows, too; until it has, there are none. The table is
 * borrowed until the end of the program, or of a test. */
void plugins_use(const struct plugin *const *table);
extern const struct plugin *const *plugins; /* that one; only read */
/* Plugins that are built in beside the table, made when they are asked for. */
struct plugin_source {
    bool (*exists)(const struct settings *settings, const char *name); /* by a look at files alone */
    /* *out is NULL when there is none of that name; it lives until the end of the program. */
    bool (*find)(const struct settings *settings, const char *name, const struct plugin **out, struct error *err);
};
void plugins_from(const struct plugin_source *source); /* borrowed, as the table */
bool plugin_source_has(const struct settings *settings, const char *name);
MUST_USE bool plugin_source_find(
    const struct settings *settings, const char *name, const struct plugin **out, struct error *err);
const struct plugin *plugin_find(const char *name); /* built in; NULL when there is none */

/* Whether a person does by hand what the authenticator of settings asks for. */
bool plugin_is_by_hand(const struct settings *settings);

/* Identifies the server that settings->installer configures: two lineages have the same server when these texts are
 * equal. Runs no plugin. Of the caller's. */
char *plugin_server(const struct settings *settings) __attribute__((returns_nonnull));

/*
 * The plugin of that name, built in or a program in settings->plugin_dir; *out is NULL when there is none. Lives until
 * the end of the program. ERROR_PLUGIN when the program is not fit to be run or is no plugin, or needs an option;
 * ERROR_USAGE when it was given one that it does not have.
 */
MUST_USE bool plugin_look_up(
    const struct settings *settings, const char *name, const struct plugin **out, struct error *err);

#define PLUGINS_MAX 128
/* All that menus show, in their order: built in, then programs, which are run to say what they are (those not fit are
 * warned about); returns how many. settings NULL: built in alone. */
size_t plugin_list(const struct settings *settings, const struct plugin *found[static PLUGINS_MAX]);

/* A line for each option of a third-party plugin: "Option: --NAME-root (required): help", in front of it a line feed.
 */
void plugin_put_options(const struct plugin *plugin, struct buf *to);

/* The page of help of a third-party plugin, which is run to say what it is; *found is false when there is no such
 * program. ERROR_PLUGIN when it is not fit to be run or is no plugin. */
MUST_USE bool plugin_put_help(const struct settings *settings, const char *name, unsigned columns, struct buf *to,
    bool *found, struct error *err);

/*
 * The authenticator to use: what settings name or was chosen before, else what the user chooses from a menu, which is
 * kept in answers. ERROR_PLUGIN with Certbot's words when it is unknown or no authenticator; ERROR_CONFIG when none is
 * named and no user can be asked; ERROR_CANCELED when the user chooses none.
 */
MUST_USE bool plugin_choose_authenticator(const struct settings *settings, struct answers *answers, struct ui *ui,
    const struct plugin **out, struct error *err);

/*
 * The installer to use: what settings name, else the only visible one, else what the user chooses from a menu under
 * question; *out is NULL when there is none to choose, or the user chooses none. Other errors as above. What was chosen
 * is kept in answers.
 */
MUST_USE bool plugin_choose_installer(const struct settings *settings, struct answers *answers, struct ui *ui,
    const char *question, const struct plugin **out, struct error *err);

/*
 * Both, for `run`, and one plugin for both where neither or the same is named. An authenticator that installs nothing,
 * without an installer, is refused with advice: ERROR_CONFIG. Results and other errors as above.
 */
MUST_USE bool plugin_choose_for_run(const struct settings *settings, struct answers *answers, struct ui *ui,
    const struct plugin **installer, struct error *err);

/*
 * The authenticator's challenge types in the order to try, filtered and reordered by --preferred-challenges.
 * ERROR_CONFIG "None of the preferred challenges are supported by the selected plugin". out is cleared by the caller.
 */
MUST_USE bool plugin_challenge_types(
    const struct plugin *plugin, const struct settings *settings, struct list *out, struct error *err);

/*
 * The first word of a hook's command must be an executable file, or be found in PATH or in the directories of system
 * programs, which a cron's PATH often lacks. name: "pre-hook", "manual-auth-hook" ... ERROR_HOOK. A command that is
 * NULL or empty is fine.
 */
MUST_USE bool hook_check(const char *name, const char *command, struct error *err);

/* The program of a command that root is to run, where the command names it by its path: ERROR_CONFIG when others may
 * write it or put another in its place; a warning under the name certbot. NULL is fine. */
MUST_USE bool hook_check_writers(const char *command, bool refuse, struct error *err);
/*
 * Runs it and reports what it printed as Certbot does; name is "deploy-hook" or so, label what the report calls it:
 * "Hook 'deploy-hook'". A failing hook is reported, not an error: ERROR_HOOK only when it cannot be run. env as in
 * child_shell; PATH is extended for a program that is found in this way only. *output (may be NULL) gets its trimmed
 * standard output, of the caller's; *status (may be NULL) its exit status.
 */
MUST_USE bool hook_run(struct ui *ui, const char *name, const char *label, const char *command, const struct list *env,
    char **output, int *status, struct error *err);
