#pragma once
/*
 * Installing: making a server use a certificate, and what it can add to that.
 */
#include "run/context.h"
#include "plugin/plugin.h"

struct installation { /* an installer made ready */
    const struct plugin *plugin;
    struct plugin_context plugin_context;
    void *self;
};

/*
 * Chooses the installer and prepares it, before anything is asked of a CA; for `run` the authenticator, too.
 * For `rollback`, out has no plugin when there is none: then there is nothing to take back.
 */
MUST_USE bool installation_open(struct context *context, struct installation *out, struct error *err);
void installation_close(struct installation *installation);
static inline void installation_close_at(struct installation *installation)
{
    installation_close(installation);
}

struct install_paths { /* borrowed */
    const char *cert, *key, *chain, *fullchain;
};

/* Deploys for every name and adds the enhancements that settings ask for, then reloads the server. A failure
 * undoes everything. IP addresses are refused. */
MUST_USE bool installation_deploy(struct context *context, struct installation *installation, const struct list *names,
    struct install_paths paths, struct error *err);

/* Enhancements alone. One that the installer cannot do is reported and passed over. */
MUST_USE bool installation_enhance(
    struct context *context, struct installation *installation, const struct list *names, struct error *err);

/* Whether settings ask for any enhancement. */
bool enhancements_requested(const struct settings *settings);

/* --auto-hsts is an enhancement that none of our installers can add: refused before anything is changed. */
MUST_USE bool installation_check_auto_hsts(const struct context *context, struct error *err);

/* What --must-staple promises in the certificate, the server must do: refused before issuance if not. */
MUST_USE bool installation_check_staple(struct context *context, struct installation *installation, struct error *err);

/* Reloads the server of the installer that settings name, after a certificate was saved; none named is fine,
 * and one that is not there is warned about. */
MUST_USE bool installer_restart(struct context *context, struct error *err);
