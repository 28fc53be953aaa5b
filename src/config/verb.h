#pragma once
/*
 * Subcommands, as settings, --help and what happens to certificates see them. One row each, beside what it does
 * (src/cmd).
 */
#include <stdbool.h>
#include <stddef.h>

enum option_topic { /* where --help shows it */
    TOPIC_GENERAL,
    TOPIC_AUTOMATION,
    TOPIC_SECURITY,
    TOPIC_TESTING,
    TOPIC_PATHS,
    TOPIC_CERTIFICATE,
    TOPIC_ACCOUNT,
    TOPIC_RENEW,
    TOPIC_NOTIFY,
    TOPIC_BACKUP,
    TOPIC_REVOKE,
    TOPIC_PLUGINS,
    TOPIC_STANDALONE,
    TOPIC_WEBROOT,
    TOPIC_MANUAL,
    TOPIC_NGINX,
    TOPIC_APACHE,
    TOPIC_DNS,
    TOPIC_INSTALL,
    TOPIC_STATUS,
    TOPIC_AUDIT,
    TOPIC_OUTLOOK,
    TOPIC_HIDDEN, /* accepted, on no help page */
};

/* Properties of a subcommand that settings and the handling of certificates depend on. */
enum verb_trait {
    VERB_UNATTENDED = 1 << 0,   /* asks nothing: as with --non-interactive, and refuses --force-interactive */
    VERB_SAVED_NAMES = 1 << 1,  /* goes by the names that certificates have: refuses others but those of a web root */
    VERB_MANY = 1 << 2,         /* works on many lineages: post-hooks wait for its end, reloads are announced */
    VERB_RESTORES = 1 << 3,     /* goes by the options of the renewal file */
    VERB_DRY_RUN = 1 << 4,      /* knows --dry-run */
    VERB_TRIAL = 1 << 5,        /* is a dry run itself, saving apart */
    VERB_CSR = 1 << 6,          /* takes --csr, and has default paths for the files of such a certificate */
    VERB_OBTAINS_ONLY = 1 << 7, /* has no use for an installer */
    VERB_OBTAINS_TOO = 1 << 8,  /* chooses an authenticator along with the installer */
    VERB_INSTALLS =
        1 << 9, /* needs an installer; a missing one is an expected answer (error_expected), not a failure */
    VERB_REDIRECTS = 1 << 10,       /* sends visitors to HTTPS unless told not to */
    VERB_FORCE = 1 << 11,           /* knows --force, under our own name */
    VERB_SCHEDULES = 1 << 13,       /* sees to it that renewals run: nobody need be told to */
    VERB_ROLLS_BACK = 1 << 12,      /* needs no working installer: what is broken may be what it takes back */
    VERB_FINDS_ADDRESSES = 1 << 14, /* knows --ip-address auto */
};

/* Traits of `renew`, and of commands that show what it would do. */
#define VERB_TRAITS_RENEW (VERB_UNATTENDED | VERB_SAVED_NAMES | VERB_MANY | VERB_RESTORES | VERB_DRY_RUN)

/* A subcommand as the parser and --help see it. */
struct verb {
    const char *name;
    const char *alias;               /* hidden second name, NULL: none */
    const char *summary;             /* one line for the overview */
    const char *usage;               /* "[options] [-d DOMAIN] ..." */
    const char *text;                /* a paragraph for its own help page */
    const enum option_topic *topics; /* its pages of options, in order; ended by TOPIC_HIDDEN */
    size_t max_operands;             /* words beside options that it takes (settings->operands), as usage names them */
    bool ours;                       /* Certbot does not have it: its name may be the value of an option there */
    const char *const *actions;      /* values of its first operand other than a name, ended by NULL; NULL: none */
    unsigned traits;                 /* enum verb_trait */
    const char *installer_question;  /* which of several installers to use; NULL: asked as for installing */
};
