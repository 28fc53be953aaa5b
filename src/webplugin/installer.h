#pragma once
/*
 * A web server as installer: what is the same for all of them, as functions for the rows of a struct installer
 * (plugin/installer.h). The self of an installer is the struct plugin_context that it was prepared with.
 */
#include "webplugin/plugin.h"

MUST_USE bool web_installer_recover(const struct plugin_context *context, struct error *err);
MUST_USE bool web_installer_prepare(const struct plugin_context *context, void **self, struct error *err);
MUST_USE bool web_installer_prepare_rollback(const struct plugin_context *context, void **self, struct error *err);
bool web_installer_is_running(void *self);
bool web_installer_takes_addresses(void *self);
/* plans: each begins with a struct web_plan. What is in effect is told to the user. */
MUST_USE bool web_installer_commit(
    void *self, void *const *plans, size_t count, struct error **each, struct error *err);
MUST_USE bool web_installer_rollback(void *self, int checkpoints, struct error *err);
