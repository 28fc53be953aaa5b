/* caa: CAA records to paste, and what those that are there permit. */
#include "preflight/caa_advice.h"

#include "base/mem.h"
#include "base/parallel.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/report.h"
#include "lifecycle/names_asked.h"
#include "lifecycle/versions.h"

#define TEXT_MAX ((size_t)16 * 1024 * 1024)
#define THREADS 16

struct advices {
    struct caa_advice *at;
    size_t len;
};

static void advices_clear_at(struct advices *advices)
{
    for (size_t i = 0; i < advices->len; i++)
        caa_advice_clear(&advices->at[i]);
    free(advices->at);
}

/* ---- gathering ---- */

struct looking {
    struct net *net;
    const struct caa_wanted *wanted;
    struct caa_advice *at;
};

static void look(void *ctx, size_t index)
{
    const struct looking *looking = ctx;

    caa_look(looking->net, looking->wanted, &looking->at[index]);
}

static bool no_identity(const struct settings *settings, struct error *err)
{
    (void)error_set(err, ERROR_CONFIG,
        "the CA at %s does not say which name CAA records have to give for it (caaIdentities)", settings->server);
    return error_next(err, "look for that name in its documentation");
}

/* The names of a lineage, or of the command line. What is there is looked at by the names that are new. */
static bool add_names(struct context *context, const char *lineage, struct advices *all, struct error *err)
{
    AUTO(names_asked_clear) struct names_asked asked = { 0 };
    struct caa_wanted wanted = { .email = context->settings->email };
    size_t before = all->len;
    struct looking looking;

    TRY(names_asked(context, lineage, &asked, err));
    if (asked.session == NULL || session_directory(asked.session)->caa_identities.len == 0)
        return no_identity(asked.settings, err);
    wanted.names = &asked.names;
    wanted.types = &asked.types;
    wanted.identities = &session_directory(asked.session)->caa_identities;
    wanted.account = asked.account_url;
    caa_advise(&wanted, &all->at, &all->len);
    if (all->len == before) /* addresses alone, or names that are there already */
        return true;
    looking = (struct looking){ .wanted = &wanted, .at = &all->at[before] };
    TRY(context_net(context, &looking.net, err));
    parallel_wait_for(all->len - before, THREADS, look, &looking);
    return true;
}

static bool gather(struct context *context, struct advices *all, struct error *err)
{
    const struct settings *settings = context->settings;
    AUTO(list_clear) struct list names = { 0 };

    if (settings->domains.len > 0)
        return add_names(context, NULL, all, err);
    TRY(versions_lineages(context, settings->cert_name, &names, err));
    for (size_t i = 0; i < names.len; i++)
        TRY(add_names(context, names.at[i], all, err));
    return true;
}

/* ---- for people ---- */

static void put_now(struct buf *text, const struct caa_advice *advice)
{
    const struct caa_now *now = &advice->now;

    if (now->alias != NULL)
        buf_putf(text,
            "; %s is an alias (CNAME) of %s: no other records can stand beside it. They belong there, or to a "
            "name above.\n",
            advice->name, now->alias);
    if (!now->known)
        buf_putf(text, "; What is there now could not be looked up.\n");
    else if (now->at == NULL)
        buf_putf(text, "; There are no CAA records now: every CA may issue.\n");
    else
        buf_putf(text, "; Now those of %s count, which %s%s%s:\n", now->at,
            now->allows ? "permit this" : "do not permit this (", now->reason, now->allows ? "" : ")");
    for (size_t i = 0; i < now->texts.len; i++)
        buf_putf(text, ";   CAA %s\n", now->texts.at[i]);
}

static void put_advice(struct buf *text, const struct caa_advice *advice)
{
    put_now(text, advice);
    for (size_t i = 0; i < advice->records.len; i++) {
        buf_putf(text, "%s. IN CAA ", advice->name);
        caa_put_text(&advice->records.at[i], text);
        buf_put_char(text, '\n');
    }
    buf_put_text(text, "; The same for software that does not know CAA (RFC 3597):\n");
    for (size_t i = 0; i < advice->records.len; i++) {
        buf_putf(text, "; %s. IN TYPE257 ", advice->name);
        caa_put_generic(&advice->records.at[i], text);
        buf_put_char(text, '\n');
    }
}

static void say_text(struct context *context, const struct advices *all)
{
    AUTO(buf_clear) struct buf text = BUF(TEXT_MAX);

    for (size_t i = 0; i < all->len; i++) {
        if (i > 0)
            buf_put_char(&text, '\n');
        put_advice(&text, &all->at[i]);
    }
    ui_say(context->ui, "%.*s", text.len > 0 ? (int)text.len - 1 : 0, buf_text(&text));
}

/* ---- for scripts ---- */

static void out_records(struct out *out, const struct caa_set *records)
{
    out_array(out, "records");
    for (size_t i = 0; i < records->len; i++) {
        AUTO(buf_clear) struct buf generic = BUF(4 * CAA_MAX_VALUE);

        caa_put_generic(&records->at[i], &generic);
        out_object(out, NULL);
        out_number(out, "flags", records->at[i].critical ? 128 : 0);
        out_text(out, "tag", records->at[i].tag);
        out_view(out, "value", buf_view(&records->at[i].value));
        out_text(out, "generic", buf_text(&generic));
        out_end(out);
    }
    out_end(out);
}

static void out_advice(struct out *out, const struct caa_advice *advice)
{
    const struct caa_now *now = &advice->now;

    out_object(out, NULL);
    out_text(out, "name", advice->name);
    out_records(out, &advice->records);
    out_object(out, "now");
    out_bool(out, "known", now->known);
    out_text(out, "at", now->at);
    out_text(out, "alias", now->alias);
    out_texts(out, "records", &now->texts);
    out_bool(out, "allows", now->allows);
    out_text(out, "reason", text_is_given(now->reason) ? now->reason : NULL);
    out_end(out);
    out_end(out);
}

static void say_json(struct context *context, const struct advices *all)
{
    AUTO(buf_clear) struct buf text = BUF(TEXT_MAX);
    struct out out = out_pretty_to(&text);

    out_object(&out, NULL);
    out_array(&out, "names");
    for (size_t i = 0; i < all->len; i++)
        out_advice(&out, &all->at[i]);
    report_document(context, &out);
}

/* ---- the command ---- */

static bool caa_command(struct context *context, struct error *err)
{
    AUTO(advices_clear) struct advices all = { 0 };

    TRY(gather(context, &all, err));
    if (context->settings->json)
        say_json(context, &all);
    else if (all.len == 0)
        ui_say(context->ui, "No certificates found.");
    else
        say_text(context, &all);
    return true;
}

static const enum option_topic topics[] = { TOPIC_CERTIFICATE, TOPIC_ACCOUNT, TOPIC_HIDDEN };

const struct command cmd_caa = {
    .verb = {
        .name = "caa",
        .summary = "Print CAA records that let this CA and account alone issue",
        .usage = "[-d DOMAIN] [--cert-name NAME] [--email ADDRESS] [--json]",
        .text = "Prints, for the names given or those of all certificates here, CAA records (RFC 8659, RFC 8657) to paste "
                "into the zone: for the CA, the account and the challenge that are in use, and for nobody else; and what "
                "the records that are there now permit. With --email they say where CAs report what others ask for.",
        .topics = topics,
        .ours = true,
    },
    .store_needs = STORE_CREATE | STORE_LOCK,
    .only_reads = command_always_reads,
    .run = caa_command,
};
