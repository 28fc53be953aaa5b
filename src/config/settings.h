#pragma once
/*
 * Settings: the value of every option, and where it came from.
 *
 * One plain struct that everything reads; only config/ fills it from text. The rows of config/options.c name
 * its members.
 */
#include "base/bytes.h"
#include "voice/voice.h"

enum origin { /* where a setting's value came from; all but the default count as "set by the user" */
    ORIGIN_DEFAULT,
    ORIGIN_RENEWAL, /* restored from renewal/NAME.conf */
    ORIGIN_FILE,    /* cli.ini or -c */
    ORIGIN_COMMAND_LINE,
    ORIGIN_RUNTIME, /* an answer to a prompt, or derived */
};

enum tristate { UNDECIDED = -1, NO = 0, YES = 1 };

struct webroot_map { /* side by side: names[i] is served from roots[i] */
    struct list names, roots;
};

/* DNS services that Certbot has plugins for; settings.c has their names. */
enum dns_provider {
    DNS_CLOUDFLARE,
    DNS_DIGITALOCEAN,
    DNS_DNSIMPLE,
    DNS_DNSMADEEASY,
    DNS_GEHIRN,
    DNS_GOOGLE,
    DNS_LINODE,
    DNS_LUADNS,
    DNS_NSONE,
    DNS_OVH,
    DNS_RFC2136,
    DNS_ROUTE53,
    DNS_SAKURACLOUD,
    DNS_PROVIDER_COUNT,
};

struct plugin_option { /* of a third-party plugin; see plugin_options.h */
    char *plugin;      /* for which it was given; NULL when it was restored */
    char *key;         /* "example_root" */
    char *value;
    enum origin origin;
};

struct plugin_options {
    struct plugin_option *at;
    size_t len;
};

#define SETTINGS_MAX_OPTIONS 255

struct settings {
    const struct voice *voice; /* by which name the program was called; no option */
    struct list operands;      /* words behind the subcommand; no option */
    /* general */
    char *config_dir, *work_dir, *logs_dir;
    struct list config_files;
    int verbose;
    int verbose_level; /* -1: verbose counts; else the terminal's log level is 30 - 10 * verbose_level */
    bool quiet, debug, non_interactive, force_interactive, yes, json, online;
    int max_log_backups;
    bool preconfigured_renewal, strict_permissions;
    int lock_timeout_s;
    char *store_layout; /* of new lineages: "certbot" or "versioned" */
    int history_keep;   /* how many superseded versions to keep; 0: those that Certbot keeps */
    /* backups */
    char *backup_dir; /* NULL: WORK/store-backups */
    int backup_keep;
    bool with_logs;
    bool with_keys, collect; /* incident */
    bool with_outside_files;
    char *backup_passphrase_file;
    struct list backup_recipients, backup_keys; /* paths */
    /* the CA */
    char *server;
    bool staging, dry_run, break_my_certs, no_verify_ssl;
    char *user_agent, *user_agent_comment;
    int issuance_timeout_s;
    bool debug_challenges;
    enum tristate preflight; /* a look at what would fail, before an order */
    /* identifiers and lineage choice */
    struct list domains, ip_addresses;
    bool ip_auto;            /* no option: --ip-address auto, this machine's own */
    struct list ip_services; /* that tell them, "none" for none; empty: the usual ones */
    bool allow_private_ip;   /* the CA is a private one, and may certify what no public one does */
    char *cert_name;         /* the last --cert-name */
    struct list cert_names;  /* all of them; no row of the table */
    bool keep, expand, force_renewal, renew_with_new_domains, duplicate, allow_subset_of_names;
    char *csr_path;
    /* keys */
    char *key_type; /* "rsa" or "ecdsa" */
    int rsa_key_size;
    char *elliptic_curve;
    bool reuse_key, new_key, must_staple;
    /* access to the files: names or numbers, octal modes; NULL and "" ask for nothing */
    char *key_owner, *key_group, *key_mode, *cert_owner, *cert_group, *cert_mode;
    /* account */
    char *email;
    bool register_without_email, agree_tos;
    enum tristate eff_email;
    char *account;
    char *eab_kid, *eab_hmac_key, *eab_hmac_key_file, *eab_hmac_alg;
    /* issuance */
    struct list preferred_challenges; /* "http-01", "dns-01", "tls-alpn-01" */
    char *preferred_chain, *required_profile, *preferred_profile;
    int http_01_port;
    char *http_01_address;
    int tls_alpn_01_port;
    char *tls_alpn_01_address;
    int https_port;
    /* hooks and renewal */
    char *pre_hook, *post_hook, *deploy_hook;
    bool validate_hooks, directory_hooks, run_deploy_hooks, disable_renew_updates, autorenew, random_sleep;
    int jobs; /* 0: four per processor, at most 64 */
    /* alarms */
    struct list notify;
    char *notify_file, *notify_at, *notify_from, *notify_sendmail;
    int notify_every_h, notify_after;
    bool notify_plain_http;
    /* revocation and files */
    char *cert_path, *key_path, *fullchain_path, *chain_path;
    char *reason;
    enum tristate delete_after_revoke;
    bool force;                     /* delete what a server's configuration still names */
    struct list server_config_dirs; /* where to look for that, instead of the usual places */
    bool fix;                       /* doctor repairs */
    char *schedule_root;            /* what stands for / where a schedule is concerned; NULL: / */
    /* status */
    bool nagios;
    char *prometheus, *html;        /* files to write, "-" is standard output; NULL: none */
    int warn_below, critical_below; /* percent of a certificate's life that is left */
    /* looking from outside */
    char *hosts_file, *starttls, *expect_cert_name; /* NULL: none */
    struct list addresses;                          /* to ask, instead of those that a name has */
    bool all_addresses;
    int watch_timeout_s;
    char *ct_url;
    int max_age_h, ct_requests, ct_pause_s;
    struct list also_stores; /* whose certificates are known, too */
    bool subdomains;
    char *note;
    /* the audit trail */
    char *since;       /* a date, an instant, or how long ago; NULL: all */
    char *act;         /* NULL: all */
    int last;          /* how many; 0: all */
    bool journal;      /* compare with the journal, too */
    struct list heads; /* "12:HASH" */
    char *heads_from;  /* a file of the system's log, "-" is standard input; NULL: none */
    /* plugins */
    char *authenticator, *installer, *configurator;
    struct list plugin_flags; /* "standalone" for --standalone; settings_resolve makes the two above of them */
    char *plugin_dir;         /* of third-party plugins */
    struct plugin_options plugin_options; /* no row of the table */
    bool plugins_init, plugins_prepare, plugins_authenticators, plugins_installers;
    struct list webroot_path;
    struct webroot_map webroot_map;
    bool names_before_webroot; /* no option: names stood in front of the first --webroot-path */
    char *manual_auth_hook, *manual_cleanup_hook;
    char *nginx_server_root, *nginx_ctl;
    int nginx_sleep_s;
    char *apache_enmod, *apache_dismod, *apache_le_vhost_ext, *apache_server_root, *apache_vhost_root;
    char *apache_logs_root, *apache_challenge_location, *apache_handle_modules, *apache_handle_sites;
    char *apache_ctl, *apache_bin;
    struct {
        char *credentials;
        int propagation_s;
    } dns[DNS_PROVIDER_COUNT];
    char *dns_google_project;
    int dns_propagation_limit_s, dns_persist_days;
    struct {
        char *path, *protocol, *credentials, *cleanup;
        int propagation_s, limit_s;
    } dns_script;
    /* installer enhancements */
    enum tristate redirect, hsts, uir, staple_ocsp;
    bool auto_hsts, security_headers;
    int checkpoints;

    unsigned char origin[SETTINGS_MAX_OPTIONS]; /* enum origin, by row of the table; see settings_origin */

    /* Files that were read, and by row of the table which of them, and which line, set it last; see settings_place. */
    struct list files;
    unsigned reading; /* the line that is being read in the last of them; 0: none */
    unsigned char file[SETTINGS_MAX_OPTIONS];
    unsigned line[SETTINGS_MAX_OPTIONS];
};

/* All defaults, of the caller's, for settings_free. voice NULL: our own. */
struct settings *settings_new(const struct voice *voice) __attribute__((returns_nonnull));
/* A deep copy: a lineage's own settings start as one of the command's. */
struct settings *settings_dup(const struct settings *settings) __attribute__((returns_nonnull));
void settings_free(struct settings *settings);
DEFINE_AUTO(struct settings, settings_free)

struct option; /* a row of the table: config/option.h */
/* The row that holds the default of a member: the first that has it. */
const struct option *option_owner(const struct option *option);
/* Back to the default of the table, keeping the origin. */
void option_reset(struct settings *settings, const struct option *option);

/* Where a member's value came from; options that share a member (--reuse-key, --no-reuse-key) share the
 * answer. With the rules of derived settings: account counts as set when server is, server when dry_run or
 * staging is, webroot_map when webroot_path is. */
enum origin settings_origin(const struct settings *settings, size_t offset);
enum origin settings_own_origin(const struct settings *settings, size_t offset); /* without those rules */
void settings_mark(struct settings *settings, size_t offset, enum origin origin);
/* The file and line that a value of ORIGIN_FILE stands in; NULL when it is not known. *file is borrowed. */
const char *settings_place(const struct settings *settings, size_t offset, unsigned *line);
#define SETTING_ORIGIN(from, member) settings_origin(from, offsetof(struct settings, member))
#define SETTING_IS_SET(from, member) (SETTING_ORIGIN(from, member) != ORIGIN_DEFAULT)
#define SETTING_MARK(in, member, from) settings_mark(in, offsetof(struct settings, member), from)

/* The level at or above which log messages reach the terminal (enum log_level), of -v, -q and
 * --verbose-level. */
int settings_terminal_level(const struct settings *settings);

#define SERVER_PRODUCTION "https://acme-v02.api.letsencrypt.org/directory"
#define SERVER_STAGING "https://acme-staging-v02.api.letsencrypt.org/directory"
