#include "cmd/report.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "ops/daemon_state.h"
#include "ops/scheduled.h"
#include "plugin/plugin.h"

#define URLS_MAX (1024 * 1024)

static bool certbot_can_read(const struct lineage *lineage)
{
    return strcmp(lineage_layout(lineage), "certbot") == 0;
}

/* preconfigured-renewal of packagers promises Certbot's timer, so by our own name it is looked what there is. */
static void say_scheduled(struct context *context, const struct lineage *lineage)
{
    AUTO(free) char *where = NULL;
    enum scheduled by = scheduled_for(context->settings, &where);

    if (daemon_is_running(context->settings->config_dir))
        ui_say(context->ui, "It is renewed in the background: the daemon is at work.");
    else if (by == SCHEDULED_US)
        ui_say(context->ui, "It is renewed in the background: %s runs Evercert.", where);
    else if (by == SCHEDULED_CERTBOT && certbot_can_read(lineage))
        ui_say(
            context->ui, "It is renewed in the background: %s runs Certbot, which reads this certificate, too.", where);
}

/* Advice for the user on how to have the certificate renewed; NULL when a timer or cron job does. Of the caller's. */
static char *advise_schedule(const struct context *context, const struct lineage *lineage)
{
    AUTO(free) char *where = NULL;
    enum scheduled by = scheduled_for(context->settings, &where);

    if (by == SCHEDULED_US || daemon_is_running(context->settings->config_dir) ||
        (by == SCHEDULED_CERTBOT && certbot_can_read(lineage)))
        return NULL;
    if (by == SCHEDULED_CERTBOT)
        return xprintf(
            "%s runs `certbot renew`, and Certbot cannot read this certificate: let it run `evercert -q renew` "
            "instead. Or give the certificate Certbot's layout: evercert store convert --layout certbot "
            "--cert-name %s",
            where, lineage->name);
    return xstrdup(
        "Have it renewed by itself: `evercert schedule install` puts a systemd timer or a line of cron's in place that "
        "runs `evercert renew` as often as it needs.");
}

void report_saved(struct context *context, const struct obtain_result *result)
{
    const struct lineage *lineage = result->lineage;
    char date[CLOCK_TEXT_SIZE];

    clock_format_date(lineage->cert->not_after, date);
    ui_say(context->ui,
        "\nSuccessfully received certificate.\nCertificate is saved at: %s\nKey is saved at:         %s\n"
        "This certificate expires on %s.\nThese files will be updated when the certificate renews.",
        lineage->live[KIND_FULLCHAIN], lineage->live[KIND_PRIVKEY], date);
    if (context->voice->looks_for_schedule)
        say_scheduled(context, lineage);
    else if (context->settings->preconfigured_renewal)
        ui_say(context->ui, "%s has set up a scheduled task to automatically renew this certificate in the background.",
            context->voice->program);
}

void report_next_steps(struct context *context, const struct obtain_result *result)
{
    AUTO(settings_free) struct settings *settings = settings_with(context->settings, context->answers);
    AUTO(list_clear) struct list steps = { 0 };
    AUTO(free) char *advice = NULL;
    const char *step = NULL;

    if (context->voice->tells_more && result->what == OBTAINED_NEW && settings->installer == NULL)
        list_add(&steps, "Name the two files in the configuration of your web server (nginx: ssl_certificate and "
                         "ssl_certificate_key), and reload it.");
    if (plugin_is_by_hand(settings))
        step = "This certificate will not be renewed automatically. Autorenewal of --manual certificates requires the "
               "use of an "
               "authentication hook script (--manual-auth-hook) but one was not provided. To renew this certificate, "
               "repeat "
               "this same command before the certificate's expiry date.";
    else if (context->verb->traits & VERB_SCHEDULES)
        step = NULL;
    else if (context->voice->looks_for_schedule)
        step = advice = advise_schedule(context, result->lineage);
    else if (!context->settings->preconfigured_renewal)
        step = "The certificate will need to be renewed before it expires. Certbot can automatically renew the "
               "certificate "
               "in the background, but you may need to take steps to enable that functionality. See "
               "https://certbot.org/renewal-setup for instructions.";
    if (step != NULL)
        list_add(&steps, step);
    ui_next_steps(context->ui, &steps);
}

char *report_urls(const struct identifiers *names)
{
    AUTO(buf_clear) struct buf text = BUF(URLS_MAX);

    for (size_t i = 0; i < names->len; i++) {
        const char *between = "";

        if (i > 0)
            between = i + 1 < names->len ? ", " : names->len == 2 ? " and " : ", and ";
        buf_putf(&text, "%shttps://%s", between, names->at[i].value);
    }
    return buf_take(&text);
}

void report_https(struct context *context, const struct identifiers *names, const struct list *elsewhere)
{
    AUTO(identifiers_clear) struct identifiers enabled = identifiers_dup(names);
    AUTO(free) char *urls = NULL, *others = list_join(elsewhere, ", ");

    for (size_t i = enabled.len; i > 0; i--)
        if (list_has(elsewhere, enabled.at[i - 1].value))
            identifiers_remove(&enabled, i - 1);
    urls = report_urls(&enabled);
    if (enabled.len > 0)
        ui_say(context->ui, "Congratulations! You have successfully enabled HTTPS on %s", urls);
    if (elsewhere->len > 0)
        log_warning(
            "The certificate is installed, but the server has TLS for these names at other ports than %d alone: "
            "%s. Unless something passes that port on to it, https:// does not lead there; HTTP is not redirected.",
            context->settings->https_port, others);
}

void report_put_time(struct buf *text, int64_t at)
{
    char stamp[CLOCK_TEXT_SIZE];

    clock_format_rfc3339(at, stamp);
    buf_putf(text, "%.10s %.8s+00:00", stamp, stamp + 11);
}

const char *report_key_type(enum key_type type)
{
    return type == KEY_RSA ? "RSA" : "ECDSA";
}

void report_out_summary(struct out *out, const struct summary *summary)
{
    out_texts(out, "identifiers", &summary->names);
    out_text(out, "serial", summary->serial);
    out_text(out, "key_type", summary->key_type == KEY_RSA ? "rsa" : "ecdsa");
    out_number(out, "key_bits", summary->key_bits);
    out_text(out, "issuer", summary->issuer);
    out_time(out, "not_before", summary->not_before);
    out_time(out, "not_after", summary->not_after);
}

void report_document(struct context *context, struct out *out)
{
    while (out->depth > 0)
        out_end(out);
    buf_put_char(out->to, '\n');
    ui_write(context->ui, buf_view(out->to));
}
