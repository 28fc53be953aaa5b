/* preflight: what will fail, without an order. */
#include "preflight/preflight.h"

#include "base/log.h"
#include "base/mem.h"
#include "cmd/command.h"
#include "cmd/report.h"
#include "issuance/first_look.h"
#include "lifecycle/names_asked.h"

#define TEXT_MAX ((size_t)1024 * 1024)

static size_t count_open(const struct preflight *found)
{
    size_t open = 0;

    for (size_t i = 0; i < found->len; i++)
        open += found->at[i].severity != PREFLIGHT_NOTE;
    return open;
}

/* ---- for people ---- */

static void put_look(struct buf *text, const struct preflight *found, const struct preflight_look *look)
{
    size_t findings = 0;

    buf_putf(text, "%s (%s%s%s)\n", look->name, look->proof != NULL ? look->proof : "no proof is possible",
        look->seen[0] != '\0' ? "; " : "", look->seen);
    for (size_t i = 0; i < found->len; i++)
        if (found->at[i].name == look->name) {
            first_look_put(text, &found->at[i]);
            findings++;
        }
    if (findings == 0)
        buf_put_text(text, "  Nothing was found that would keep a certificate from being issued.\n");
}

static void say_text(struct context *context, const struct preflight *found)
{
    AUTO(buf_clear) struct buf text = BUF(TEXT_MAX);

    for (size_t i = 0; i < found->len; i++)
        if (found->at[i].name == NULL)
            first_look_put(&text, &found->at[i]);
    for (size_t i = 0; i < found->look_count; i++)
        put_look(&text, found, &found->looks[i]);
    ui_say(context->ui, "%.*s", (int)text.len - 1, text.at);
}

/* ---- for scripts ---- */

static void out_finding(struct out *out, const struct preflight_finding *finding)
{
    out_object(out, NULL);
    out_text(out, "code", finding->code);
    out_text(out, "severity", preflight_severity_name(finding->severity));
    out_text(out, "name", finding->name);
    out_text(out, "what", finding->what);
    out_text(out, "why", finding->why);
    out_text(out, "remedy", finding->remedy);
    out_end(out);
}

static void say_json(struct context *context, const struct preflight *found)
{
    AUTO(buf_clear) struct buf text = BUF(TEXT_MAX);
    struct out out = out_pretty_to(&text);

    out_object(&out, NULL);
    out_bool(&out, "clear", count_open(found) == 0);
    out_array(&out, "names");
    for (size_t i = 0; i < found->look_count; i++) {
        out_object(&out, NULL);
        out_text(&out, "name", found->looks[i].name);
        out_text(&out, "proof", found->looks[i].proof);
        out_text(&out, "seen", found->looks[i].seen);
        out_end(&out);
    }
    out_end(&out);
    out_array(&out, "findings");
    for (size_t i = 0; i < found->len; i++)
        out_finding(&out, &found->at[i]);
    report_document(context, &out);
}

/* ---- the command ---- */

static bool preflight_command(struct context *context, struct error *err)
{
    AUTO(names_asked_clear) struct names_asked asked = { 0 };
    AUTO(preflight_clear) struct preflight found = { 0 };
    const struct settings *settings = context->settings;
    bool has_names = settings->domains.len > 0 || settings->ip_addresses.len > 0 || settings->ip_auto;
    struct first_look look = { .asked = true };

    TRY(names_asked(context, has_names ? NULL : settings->cert_name, &asked, err));
    look.names = &asked.names;
    look.types = &asked.types;
    look.plugin = asked.plugin;
    look.session = asked.session;
    look.account_url = asked.account_url;
    TRY(first_look(&asked.context, &look, &found, err));
    if (settings->json)
        say_json(context, &found);
    else
        say_text(context, &found);
    if (count_open(&found) == 0)
        return true;
    (void)error_set(err, ERROR_CONFIG, "%zu thing(s) may keep a certificate from being issued", count_open(&found));
    return error_is_answer(err);
}

static const enum option_topic topics[] = { TOPIC_CERTIFICATE, TOPIC_STANDALONE, TOPIC_WEBROOT, TOPIC_MANUAL,
    TOPIC_HIDDEN };

const struct command cmd_preflight = {
    .verb = {
        .name = "preflight",
        .summary = "Say what will keep a CA from issuing, without asking it to",
        .usage = "[-d DOMAIN] [--cert-name NAME] [options] [--json]",
        .text = "Looks at the names as the CA would: at their addresses, CAA records, DNSSEC, the ports at which proofs "
                "are asked for, and at the clock; with the authenticator and challenges that the options name, or "
                "those of --cert-name. Places no order and needs no account. The exit status is 1 when a warning or a "
                "failure was found; notes do not count. docs/preflight.md lists the codes.",
        .topics = topics,
        .ours = true,
        .traits = VERB_FINDS_ADDRESSES,
    },
    .store_needs = STORE_CREATE | STORE_LOCK,
    .only_reads = command_always_reads,
    .without_store = true, /* an ordinary user may look, too */
    .run = preflight_command,
};
