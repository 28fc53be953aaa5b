#pragma once
/*
 * The context of a command: settings, store, user interface, and the ways to the CAs, opened when first used.
 */

#include "acme/account.h"
#include "acme/transport.h"
#include "base/mutex.h"
#include "config/answers.h"
#include "config/settings.h"
#include "config/verb.h"
#include "net/net.h"
#include "plugin/plugin.h"
#include "account/account_store.h"
#include "store/store.h"
#include "ui/ui.h"

struct reloads;
struct revocation_memory;
struct shares;
struct turn;

struct run; /* shared by all workers of one command: network process, CAs, hooks that ran */

/* Values that a lineage's hooks hand on to later hooks, as Certbot's hooks do through its own environment. */
struct hook_trail {
    struct list post;      /* commands to run at the end of `renew`, each once */
    char *renewed_lineage; /* the live directory given to the last deploy hook; NULL: none has run */
    struct list env;       /* the environment that the manual authenticator's last hook was given */
};

/* Whoever wants to know of a certificate just before it becomes live. False: it does not. */
struct before_live {
    bool (*tell)(void *self, const struct cert *cert, struct error *err);
    void *self;
};

struct context {
    const struct settings *settings; /* of the command; a lineage under renewal has its own */
    struct answers *answers;         /* determined besides the settings; a lineage under renewal has its own */
    struct store *store;
    struct ui *ui;
    struct run *run;
    const struct verb *verb;               /* the subcommand's row */
    const struct voice *voice;             /* by which name the program was called */
    const char *arguments;                 /* of the command line, as it was typed */
    const struct turn *turn;               /* of a lineage under renewal; NULL: no other works at the same time */
    struct hook_trail *trail;              /* of a lineage under renewal; NULL: the run's */
    const struct before_live *before_live; /* NULL: nobody wants to know */
    int exit_status;         /* of the program, if the command succeeds: 0, unless it is asked for another */
    struct reloads *reloads; /* where a run over many lineages puts reloads off to its end; NULL: each at once */
};

/* The outside of a run: transports to CAs, and the clock. Called from many threads. */
struct outside {
    bool (*transport)(void *self, struct transport *out, struct error *err); /* for each CA, when it is first needed */
    int64_t (*now)(void *self);                                              /* UTC seconds since 1970 */
    bool (*sleep_ms)(void *self, int64_t ms); /* false at once when the user interrupts */
    void *self;
};

/* outside is copied; NULL: the network process and the machine's clocks. A test plays another one. */
struct run *run_new(const struct outside *outside) __attribute__((returns_nonnull));
/* Ends the network process and forgets accounts and sessions. NULL is fine. */
void run_free(struct run *run);
DEFINE_AUTO(struct run, run_free)

/* The network process, started at the first call; NULL where a test plays what is outside. Thread-safe; borrowed. */
MUST_USE bool context_net(struct context *context, struct net **out, struct error *err);
/* The same for plugins, which ask when they need it: for the rest of the run, without a context. */
struct plugin_net context_net_when_needed(struct context *context);
/* The way to CAs and to other servers; valid as long as the run. Thread-safe. */
MUST_USE bool context_transport(struct context *context, struct transport *out, struct error *err);
int64_t context_now(const struct context *context); /* UTC seconds since 1970 */
/* Waits; ERROR_CANCELED at once when the user interrupts. */
MUST_USE bool context_sleep_ms(const struct context *context, int64_t ms, struct error *err);

/* Objects that the plugins of this run share (run/shares.h). Borrowed. */
struct shares *run_shares(struct run *run);

/* The run's knowledge of revoked certificates (run/revocation.h). Borrowed. */
struct revocation_memory *run_revocation(struct run *run);

/* An account that is ready to sign at its CA. Borrowed from the run, which keeps it until the end. */
struct ca {
    struct session *session;
    struct stored_account *account;
    struct signer signer;
    struct jwk jwk;
    struct identity who;
    char *thumbprint;
    struct ca *successor; /* the CA does not know this one (any more), and that has taken its place; NULL: it is well */
};

/* The session with a CA, opened once in a run; when that failed, every later call fails alike at once. Thread-safe. */
MUST_USE bool context_session(struct context *context, const char *url, struct session **out, struct error *err);

/*
 * The account for settings->server: the one settings name, the only one, the one the user chooses, or a new one.
 * One that a renewal file names and that is not here any more gives way to the newest there is. Marks
 * answers->account. Thread-safe; two workers never register twice.
 */
MUST_USE bool context_account(struct context *context, struct ca **out, struct error *err);
/* Chooses it without asking the CA anything, unless two are one whose change of key was cut short; only where there is
 * none, one is made. */
MUST_USE bool context_choose_account(struct context *context, struct error *err);
/* The same without making one: *out is NULL when there is none. */
MUST_USE bool context_existing_account(struct context *context, struct ca **out, struct error *err);
/*
 * *err is what the CA has refused to *ca. If that is because the account is unknown to it, or known by another address,
 * tries to get another one (register.h), and returns true with it in *ca and *err cleared: what was refused can be
 * tried again. Without --agree-tos none is registered. Thread-safe.
 */
MUST_USE bool context_recover_account(struct context *context, struct ca **ca, struct error *err);
/* The same for what concerns that very account: none is registered, whatever settings say. */
MUST_USE bool context_find_account_again(struct context *context, struct ca **ca, struct error *err);
/* *ca has become `account`, which is taken over in any case. */
MUST_USE bool context_replace_account(
    struct context *context, struct ca **ca, struct stored_account *account, struct error *err);

/* The run's mutex for the user's commands: pre-hooks, deploy-hooks and prompts happen one at a time. */
struct mutex *run_hook_lock(struct run *run);
struct list *run_pre_hooks_run(struct run *run); /* command strings that ran; under the lock */

/* The trail of this context. One that is not the run's belongs to its lineage until hook_trail_join. */
struct hook_trail *context_trail(struct context *context);
/* Puts a lineage's trail behind the run's, as if it had run after all before it, and clears it. */
void hook_trail_join(struct run *run, struct hook_trail *trail);
void hook_trail_clear(struct hook_trail *trail);
