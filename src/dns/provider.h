#pragma once
/*
 * Providers: ways to change TXT records in somebody's zone. One authenticator (dns_authenticator) serves all of them.
 *
 * A provider knows its API, or its protocol, and credentials; it knows nothing of challenges, orders and waiting.
 */
#include "plugin/plugin.h"

enum txt_state { TXT_WANTED, TXT_DONE, TXT_FAILED };

struct txt {                /* one TXT value of one name; borrowed texts */
    const char *name;       /* where it is to be, without final dot: after CNAMEs were followed */
    const char *value;      /* without quotes */
    const char *identifier; /* whose control it proves, for messages */
    struct proof *proof;    /* all of it, for what runs others' hooks; may set output, in add alone */
    enum txt_state state;
    struct error *error; /* why it is TXT_FAILED; of the authenticator's, once txt_fail has set it */
};

static inline void txt_done(struct txt *txt)
{
    txt->state = TXT_DONE;
}
/* Makes it TXT_FAILED, with a copy of that reason. */
void txt_fail(struct txt *txt, const struct error *why);

struct provider {
    const char *name; /* of the plugin: "dns-rfc2136", "dns-cloudflare" */
    int wait_s;       /* how long records take to spread by experience, where that cannot be looked at */
    /*
     * Reads and checks credentials (dns/credentials.h), asking the user where none are given; no network yet. The
     * context ends before *self does: only its plugin, and a copy of when_needed, outlive it. ERROR_PLUGIN.
     */
    bool (*open)(const struct plugin_context *context, const struct provider *provider, void **self, struct error *err);
    /*
     * Each record is TXT_DONE or TXT_FAILED then; where a call returns false, its error is that of all that are still
     * TXT_WANTED. All values of one record set go in one change; other values on these names stay. To add what is
     * there, and to remove what is not, succeeds. Called by several threads at once with the same self.
     */
    bool (*add)(void *self, struct txt *const *txts, size_t count, struct error *err);
    bool (*remove)(void *self, struct txt *const *txts, size_t count, struct error *err);
    void (*close)(void *self);
};

struct dns_plugin { /* its plugin has dns_authenticator and dns_share */
    struct plugin plugin;
    const struct provider *provider;
};

/* Types dns-01 and dns-account-01. The plugin of its contexts is that of a struct dns_plugin. */
extern const struct authenticator dns_authenticator;
/* What open has given for the share of that context, which prepare or plan has opened; NULL: it is not open. */
void *dns_provider_opened(const struct plugin_context *context);
/* One provider, opened when it is first needed, for each set of options of the plugin in a run. */
extern const struct plugin_share dns_share;
