#pragma once
/*
 * Objects shared by uses of one plugin in one run (plugin->share): one object for each text of the plugin's key, made
 * when it is first wanted. Thread-safe.
 */
#include "plugin/plugin.h"

struct shares;

struct shares *shares_new(void) __attribute__((returns_nonnull));
void shares_free(struct shares *shares); /* ends all objects, the last one first; NULL is fine */
DEFINE_AUTO(struct shares, shares_free)

/* Sets context->shared for its plugin and settings; NULL where the plugin shares nothing. Borrowed until shares_free.
 * One that could not be made fails alike at every later call, unless the user had interrupted. */
MUST_USE bool shares_get(struct shares *shares, struct plugin_context *context, struct error *err);
