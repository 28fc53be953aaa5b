#include "cmd/command.h"

#include "base/mem.h"

const struct command *const commands[] = {
    &cmd_run,
    &cmd_certonly,
    &cmd_renew,
    &cmd_certificates,
    &cmd_revoke,
    &cmd_delete,
    &cmd_status,
    &cmd_schedule,
    &cmd_daemon,
    &cmd_doctor,
    &cmd_emergency,
    &cmd_incident,
    &cmd_preflight,
    &cmd_caa,
    &cmd_ip,
    &cmd_reconfigure,
    &cmd_install,
    &cmd_enhance,
    &cmd_rollback,
    &cmd_register,
    &cmd_update_account,
    &cmd_unregister,
    &cmd_show_account,
    &cmd_plugins,
    &cmd_history,
    &cmd_store,
    &cmd_backup,
    &cmd_dns,
    &cmd_notify,
    &cmd_audit,
    &cmd_ct,
    &cmd_watch,
    &cmd_config,
    &cmd_configure,
    &cmd_setup,
    NULL,
};

const struct verb **command_verbs(void)
{
    const struct verb **verbs = xcalloc(COUNT(commands), sizeof *verbs);

    for (size_t i = 0; commands[i] != NULL; i++)
        verbs[i] = &commands[i]->verb;
    return verbs;
}

const struct command *command_of(const struct verb *verb)
{
    for (size_t i = 0; commands[i] != NULL; i++)
        if (&commands[i]->verb == verb)
            return commands[i];
    return NULL;
}
