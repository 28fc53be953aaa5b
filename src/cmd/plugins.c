/* plugins: the ways to prove control and to install. */
#include <string.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "cmd/command.h"
#include "cmd/report.h"
#include "lifecycle/install.h"
#include "recipe/document.h"

#define LISTING_MAX (256 * 1024)

/* Certbot's names for the code of its plugins: images that install them look for these lines. */
static const struct {
    const char *plugin, *code;
} entry_points[] = {
    { "apache", "certbot_apache._internal.entrypoint:ENTRYPOINT" },
    { "dns-cloudflare", "certbot_dns_cloudflare._internal.dns_cloudflare:Authenticator" },
    { "dns-digitalocean", "certbot_dns_digitalocean._internal.dns_digitalocean:Authenticator" },
    { "dns-dnsimple", "certbot_dns_dnsimple._internal.dns_dnsimple:Authenticator" },
    { "dns-dnsmadeeasy", "certbot_dns_dnsmadeeasy._internal.dns_dnsmadeeasy:Authenticator" },
    { "dns-gehirn", "certbot_dns_gehirn._internal.dns_gehirn:Authenticator" },
    { "dns-google", "certbot_dns_google._internal.dns_google:Authenticator" },
    { "dns-linode", "certbot_dns_linode._internal.dns_linode:Authenticator" },
    { "dns-luadns", "certbot_dns_luadns._internal.dns_luadns:Authenticator" },
    { "dns-nsone", "certbot_dns_nsone._internal.dns_nsone:Authenticator" },
    { "dns-ovh", "certbot_dns_ovh._internal.dns_ovh:Authenticator" },
    { "dns-rfc2136", "certbot_dns_rfc2136._internal.dns_rfc2136:Authenticator" },
    { "dns-route53", "certbot_dns_route53._internal.dns_route53:Authenticator" },
    { "dns-sakuracloud", "certbot_dns_sakuracloud._internal.dns_sakuracloud:Authenticator" },
    { "manual", "certbot._internal.plugins.manual:Authenticator" },
    { "nginx", "certbot_nginx._internal.configurator:NginxConfigurator" },
    { "standalone", "certbot._internal.plugins.standalone:Authenticator" },
    { "webroot", "certbot._internal.plugins.webroot:Authenticator" },
};

/* Those of Certbot that are described, in front of the rest: the list stays sorted by name. */
static size_t list_all(const struct settings *settings, const struct plugin *all[static PLUGINS_MAX])
{
    const struct plugin *others[PLUGINS_MAX];
    size_t other_count = plugin_list(settings, others), count = 0, next = 0;

    for (size_t i = 0; i <= COUNT(entry_points); i++) {
        const char *name = i < COUNT(entry_points) ? entry_points[i].plugin : NULL;
        const struct plugin *found = NULL;
        struct error err = { 0 };

        while (next < other_count && (name == NULL || others[next]->path == NULL) &&
               (name == NULL || strcmp(others[next]->name, name) <= 0) && count < PLUGINS_MAX)
            all[count++] = others[next++];
        if (name == NULL || plugin_find(name) != NULL || count == PLUGINS_MAX)
            continue;
        if (!plugin_source_find(settings, name, &found, &err))
            log_warning("%s cannot be used: %s", name, err.why);
        if (found != NULL)
            all[count++] = found;
    }
    return count;
}

/* What stands behind "Entry point:"; of the caller's. */
static char *entry_point(const struct settings *settings, const struct plugin *plugin)
{
    for (size_t i = 0; settings->voice->lists_entry_points && i < COUNT(entry_points); i++)
        if (strcmp(entry_points[i].plugin, plugin->name) == 0)
            return xprintf(
                "EntryPoint(name='%s', value='%s', group='certbot.plugins')", plugin->name, entry_points[i].code);
    return xstrdup(plugin->path != NULL ? plugin->path : "built in");
}

static bool is_listed(const struct settings *settings, const struct plugin *plugin)
{
    if (settings->plugins_prepare && plugin->is_here != NULL && !plugin->is_here(settings))
        return false;
    return (!settings->plugins_authenticators || plugin->authenticator != NULL) &&
           (!settings->plugins_installers || plugin->installer != NULL);
}

/* Whether it works here: installers that are built in depend on the server that there is. No program is tried that the
 * user has not chosen. */
static void put_trial(struct context *context, const struct plugin *plugin, struct buf *text)
{
    struct error err = { 0 };

    if (plugin->installer == NULL || plugin->path != NULL || installer_check(context, plugin, NULL, &err))
        buf_put_text(text, "\nPrep: True");
    else
        buf_putf(text, "\nPrep: %s", err.why);
}

static void put_plugin(struct context *context, const struct plugin *plugin, struct buf *text)
{
    const struct settings *settings = context->settings;
    AUTO(free) char *entry = entry_point(settings, plugin);

    buf_putf(text, "%s* %s\nDescription: %s\nInterfaces: %s%sPlugin\nEntry point: %s", text->len > 0 ? "\n\n" : "",
        plugin->name, plugin->description, plugin->authenticator != NULL ? "Authenticator, " : "",
        plugin->installer != NULL ? "Installer, " : "", entry);
    plugin_put_options(plugin, text);
    if (settings->plugins_init || settings->plugins_prepare)
        buf_putf(text, "\nInitialized: %s", plugin->name);
    if (settings->plugins_prepare)
        put_trial(context, plugin, text);
}

/* `plugins dns`: all providers, with what each needs. */
static bool list_dns(struct context *context, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(LISTING_MAX * 8);
    struct out out = out_pretty_to(&text);

    if (!context->settings->json) {
        TRY(document_list(context->settings, &text, err));
        ui_write(context->ui, buf_view(&text));
        return true;
    }
    out_object(&out, NULL);
    TRY(document_json(context->settings, &out, err));
    report_document(context, &out);
    return true;
}

static bool plugins_run(struct context *context, struct error *err)
{
    const struct list *words = &context->settings->operands;
    AUTO(buf_clear) struct buf text = BUF(LISTING_MAX);

    const struct plugin *all[PLUGINS_MAX];
    size_t count;

    if (words->len > 0 && strcmp(words->at[0], "dns") == 0)
        return list_dns(context, err);
    if (words->len > 0)
        return error_set(err, ERROR_USAGE, "plugins has no action \"%s\" (dns)", words->at[0]);
    count = list_all(context->settings, all);

    for (size_t i = 0; i < count; i++)
        if (is_listed(context->settings, all[i]))
            put_plugin(context, all[i], &text);
    TRY(interrupt_check(err));
    ui_frame(context->ui, true, text.len > 0 ? buf_text(&text) : "No plugins");
    return true;
}

static const char *const actions[] = { "dns", NULL };

static const enum option_topic topics[] = { TOPIC_PLUGINS, TOPIC_HIDDEN };

const struct command cmd_plugins = {
    .verb = {
        .name = "plugins",
        .summary = "List the plugins: ways to prove control of a name, and to install",
        .usage = "[--authenticators] [--installers] | dns [--json]",
        .text = "Lists what -a and -i can name. `plugins dns` lists all DNS providers, with what each needs.",
        .actions = actions,
        .max_operands = 1,
        .topics = topics,
    },
    .store_needs = STORE_CREATE | STORE_LOCK,
    .without_store = true, /* an ordinary user may look, too */
    .run = plugins_run,
};
