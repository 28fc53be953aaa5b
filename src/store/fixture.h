#pragma once
/*
 * Shared by the tests of this room: a store in the test's directory. Included by test programs only, once each.
 */
#include "base/test_files.h"
#include "disk/test_issued.h"
#include "store/lineage_create.h"

/* Settings whose directories lie in the test's directory, of the caller's. */
__attribute__((unused)) static struct settings *settings_here(void)
{
    struct settings *settings = settings_new(&voice_certbot); /* Certbot's layout */

    free(settings->config_dir);
    free(settings->work_dir);
    free(settings->logs_dir);
    settings->config_dir = test_path("conf");
    settings->work_dir = test_path("work");
    settings->logs_dir = test_path("logs");
    xreplace(&settings->authenticator, "standalone");
    SETTING_MARK(settings, authenticator, ORIGIN_COMMAND_LINE);
    return settings;
}

/* The same for a layout, with more than one version to be kept. */
__attribute__((unused)) static struct settings *settings_of(const char *layout)
{
    struct settings *settings = settings_here();

    xreplace(&settings->store_layout, layout);
    SETTING_MARK(settings, store_layout, ORIGIN_COMMAND_LINE);
    settings->history_keep = 3;
    return settings;
}

#define OVER_LAYOUTS(layout)                                                                                           \
    for (const char *const *layout = (const char *const[]){ "certbot", "versioned", NULL }; *layout != NULL; layout++)

__attribute__((unused)) static struct store *store_here(const struct settings *settings)
{
    struct error err = { 0 };
    struct store *store = NULL;

    if (!store_open(settings, STORE_CREATE, &store, &err))
        fail_msg("store_open: %s", err.why);
    return store;
}

/* Makes lineage NAME with certificate 'a' and frees it. */
__attribute__((unused)) static void make_lineage(struct store *store, const struct settings *settings, const char *name)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct issued issued = issued_of('a');
    struct error err = { 0 };

    if (!lineage_create(store, name, &issued, settings, &lineage, &err))
        fail_msg("lineage_create %s: %s: %s", name, err.what, err.why);
}
