#pragma once
/*
 * Shared by the choice of an authenticator and that of an installer. For choose.c and choose_installer.c.
 */
#include "plugin/plugin.h"

enum role { ROLE_AUTHENTICATOR = 1, ROLE_INSTALLER = 2 };

/* The plugin of that name, which must have all the roles. ERROR_PLUGIN in Certbot's words. */
MUST_USE bool choose_named(const struct settings *settings, struct ui *ui, const char *name, unsigned roles,
    const struct plugin **out, struct error *err);

/*
 * The only visible plugin that has all the roles, else what the user chooses; *out is NULL when there is none.
 * ERROR_CANCELED when the user chooses none; ERROR_CONFIG when no user can be asked: not even the only one is taken
 * then, since tomorrow there could be two.
 */
MUST_USE bool choose_from_menu(const struct settings *settings, struct ui *ui, unsigned roles, const char *question,
    const struct plugin **out, struct error *err);

/* No plugin is named and no user can be asked: ERROR_CONFIG. */
bool choose_nothing_named(const struct ui *ui, unsigned roles, struct error *err);
