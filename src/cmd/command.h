#pragma once
/*
 * Subcommands: one file each, one row in commands.c. Options in, lifecycle called, result printed; no logic of their
 * own.
 */
#include "config/option.h"
#include "run/context.h"

struct command {
    struct verb verb;
    unsigned store_needs;                                /* enum store_need */
    bool (*only_reads)(const struct settings *settings); /* NULL: it never does. Else it works on a read-only store */
    bool leaves_no_trace; /* when it only reads: no directory, lock, log or finished work either */
    bool without_store;   /* goes on where the store or the log cannot be opened: context->store is NULL then */
    bool without_log;     /* has neither store nor log open: it runs for months, or every minute */
    bool (*run)(struct context *context, struct error *err);
    /* Tells of a failure in a form of its own, and returns the exit status; 0: it is told as all are. NULL: the same.
     */
    int (*tell_failure)(struct ui *ui, const struct settings *settings, const struct error *failure);
    /* Called when it cannot be begun (its settings do not fit together, the store is locked), where that matters to
     * others than the caller; context->store may be NULL. NULL: it does not. */
    void (*not_begun)(struct context *context, const struct error *err);
};

extern const struct command *const commands[]; /* ended by NULL; the first is the default */

struct plugin;
extern const struct plugin *const command_plugins[]; /* built in, for plugins_use */
struct plugin_source;
extern const struct plugin_source command_plugin_source; /* and by descriptions, for plugins_from */

/* The verbs of all commands in the same order, ended by NULL, of the caller's. */
const struct verb **command_verbs(void) __attribute__((returns_nonnull));
const struct command *command_of(const struct verb *verb);

/* For only_reads. */
static inline bool command_always_reads(const struct settings *settings __attribute__((unused)))
{
    return true;
}

extern const struct command cmd_run, cmd_certonly, cmd_renew, cmd_certificates, cmd_revoke, cmd_delete, cmd_doctor,
    cmd_reconfigure, cmd_install, cmd_enhance, cmd_rollback, cmd_register, cmd_update_account, cmd_unregister,
    cmd_preflight, cmd_caa, cmd_ip, cmd_show_account, cmd_plugins, cmd_history, cmd_store, cmd_dns, cmd_schedule,
    cmd_daemon, cmd_config, cmd_configure, cmd_setup, cmd_status, cmd_notify, cmd_audit, cmd_ct, cmd_watch, cmd_backup,
    cmd_emergency, cmd_incident;
