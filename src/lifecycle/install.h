#pragma once
/*
 * Installing: making a server use a certificate, what it can add to that, and making it read renewed files.
 */
#include "run/context.h"
#include "plugin/plugin.h"

struct installation { /* an installer made ready */
    const struct plugin *plugin;
    struct plugin_context plugin_context;
    void *self;
};

/*
 * Chooses the installer, which answers have then, and prepares it, before anything is asked of a CA; for `run`
 * the authenticator, too. What an earlier run has left half done in the server's configuration is undone. For
 * `rollback`, the server's configuration may be broken, and out has no plugin when there is none: then there is nothing
 * to take back.
 */
MUST_USE bool installation_open(struct context *context, struct installation *out, struct error *err);
void installation_close(struct installation *installation);
static inline void installation_close_at(struct installation *installation)
{
    installation_close(installation);
}

struct pair lineage_pair(const struct lineage *lineage); /* the live files; borrowed */

/* Makes the server use the certificate for all names, with the enhancements that settings ask for, which are added to
 * the deployment, and reload; all of it or nothing. */
MUST_USE bool installation_deploy(
    struct context *context, struct installation *installation, struct deployment *deployment, struct error *err);

/* Enhancements alone, of a deployment that is in use. One that the installer cannot do, and that was not refused, is
 * reported and passed over. */
MUST_USE bool installation_enhance(
    struct context *context, struct installation *installation, struct deployment *deployment, struct error *err);

/* Refuses IP addresses where the installer does not take them. */
MUST_USE bool installation_check_names(const struct context *context, const struct installation *installation,
    const struct identifiers *names, struct error *err);

/* Adds the names that the installer's server has sites for, to be offered where none are given. */
MUST_USE bool installation_names(const struct installation *installation, struct list *out, struct error *err);

/* The same of the installer in use, which is made ready for it; adds nothing where there is none. */
MUST_USE bool installer_names(struct context *context, struct list *out, struct error *err);

/* Tries whether a plugin's installer can be made ready here. *running: whether its server is, as far as can be known;
 * NULL: nobody asks. */
MUST_USE bool installer_check(struct context *context, const struct plugin *plugin, bool *running, struct error *err);

/* Takes back what installers have changed last: so many checkpoints as settings say. */
MUST_USE bool installation_rollback(struct context *context, struct installation *installation, struct error *err);

/* Whether settings ask for any enhancement. */
bool enhancements_requested(const struct settings *settings);

/* Refuses enhancements that settings ask for and that the installer cannot add, before anything is changed. Under the
 * name certbot only those at which Certbot fails. */
MUST_USE bool installation_check_enhancements(
    const struct context *context, const struct installation *installation, struct error *err);

/* Refuses, before issuance, --must-staple (RFC 7633) where the installer cannot make its server staple OCSP answers. */
MUST_USE bool installation_check_staple(struct context *context, struct installation *installation, struct error *err);

/*
 * Makes the server of the installer in use read renewed files again, those of all deployments (which are in use) at
 * once. Warns when there is no such installer. step: also performs the installer's step, unless settings forbid it; a
 * failure of that is logged. True: the server has read all of them, except those with an error in each[] (NULL before;
 * allocated, the caller's). False: it has read none, unless each[] says otherwise.
 */
MUST_USE bool installer_renewed(struct context *context, const struct deployment *const *deployments, size_t count,
    bool step, struct error **each, struct error *err);

/* Whether the installer of that name (NULL is none) is to be made ready at each renewal, also when nothing was due:
 * something may be left to be undone, or change with time. */
bool installer_acts_at_renewals(const char *name);
