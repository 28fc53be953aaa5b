/* dns: look at the ways to change records of a zone, and try them. */
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/dns_trial.h"
#include "recipe/document.h"

#define PAGE_MAX (4 * 1024 * 1024)

static bool check(struct context *context, struct error *err)
{
    const struct list *words = &context->settings->operands;
    AUTO(description_free) struct description *description = NULL;
    AUTO(free) char *keys = NULL;

    if (words->len != 2)
        return error_set(err, ERROR_USAGE, "dns check needs to know which file");
    TRY(description_read(DESCRIBES_DNS, words->at[1], &description, err));
    keys = document_keys(description);
    ui_say(context->ui, "%s describes dns-%s (%s). It needs: %s.", words->at[1], description->name, description->title,
        keys[0] != '\0' ? keys : "nothing");
    return true;
}

static bool document(struct context *context, struct error *err)
{
    AUTO(buf_clear) struct buf page = BUF(PAGE_MAX);

    TRY(document_page(&page, err));
    ui_write(context->ui, buf_view(&page));
    return true;
}

static bool dns_run(struct context *context, struct error *err)
{
    const struct list *words = &context->settings->operands;
    const char *action = words->len > 0 ? words->at[0] : "";

    if (strcmp(action, "check") == 0)
        return check(context, err);
    if (strcmp(action, "test") == 0)
        return dns_trial(context, err);
    if (strcmp(action, "document") == 0)
        return document(context, err);
    (void)error_set(err, ERROR_USAGE,
        action[0] == '\0' ? "dns needs to know what to do (test, check)" : "dns has no action \"%s\"", action);
    return error_next(err, "dns test PROVIDER -d NAME --dns-PROVIDER-credentials FILE, or dns check FILE");
}

/* `dns test` may leave a trace. */
static bool only_reads(const struct settings *settings)
{
    return settings->operands.len == 0 || strcmp(settings->operands.at[0], "test") != 0;
}

static const enum option_topic topics[] = { TOPIC_DNS, TOPIC_HIDDEN };

static const char *const actions[] = { "test", "check", NULL };

const struct command cmd_dns = {
    .verb = {
        .name = "dns",
        .summary = "Try a DNS provider, or check the description of one",
        .usage = "test PROVIDER -d NAME [--dns-PROVIDER-credentials FILE] | check FILE",
        .text = "`dns test` puts a TXT record for a challenge of NAME into its zone, as an order would, looks whether the provider "
                "lists it and whether all name servers have it, and removes it again; it says at which step something is "
                "wrong. No CA is asked. `dns check` reads a description of a provider (docs/dns-providers-format.md) and says "
                "where it is wrong. `plugins dns` lists the providers.",
        .topics = topics,
        .actions = actions,
        .max_operands = 2,
        .ours = true,
    },
    .store_needs = STORE_CREATE | STORE_LOCK,
    .only_reads = only_reads,
    .without_store = true,
    .run = dns_run,
};
