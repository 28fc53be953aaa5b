/* ip: by which addresses this machine is reached. */
#include "base/mem.h"
#include "cmd/command.h"
#include "cmd/report.h"
#include "lifecycle/own_address.h"

#define TEXT_MAX ((size_t)1024 * 1024)

static bool is_chosen(const struct public_addresses *all, const struct public_address *address)
{
    return address == public_address_choose(all, false) || address == public_address_choose(all, true);
}

static const char *standing(const struct public_addresses *all, const struct public_address *address)
{
    if (is_chosen(all, address))
        return "--ip-address auto takes it";
    if (address->is_passing)
        return "a temporary one: it will be another tomorrow";
    return address->sure ? "one of several: name it with --ip-address" : "not sure: a single service says so";
}

/* ---- for people ---- */

static void put_address(struct buf *text, const struct public_addresses *all, const struct public_address *address)
{
    AUTO(free) char *by = list_join(&address->by, ", ");

    buf_putf(text, "%s\n", address->address);
    if (address->is_own)
        buf_put_text(text, "  an interface of this machine has it\n");
    if (address->by.len > 0)
        buf_putf(text, "  seen by %s\n", by);
    buf_putf(text, "  %s\n", standing(all, address));
}

static void say_text(struct context *context, const struct public_addresses *all)
{
    AUTO(buf_clear) struct buf text = BUF(TEXT_MAX);

    for (size_t i = 0; i < all->len; i++)
        put_address(&text, all, &all->at[i]);
    if (all->len == 0)
        buf_put_text(&text, "No public address was found.\n");
    for (size_t i = 0; i < all->answer_count; i++)
        if (all->answers[i].why != NULL)
            buf_putf(&text, "No answer of use from %s: %s\n", all->answers[i].url, all->answers[i].why);
    ui_say(context->ui, "%.*s", (int)text.len - 1, text.at);
}

/* ---- for scripts ---- */

static void say_json(struct context *context, const struct public_addresses *all)
{
    AUTO(buf_clear) struct buf text = BUF(TEXT_MAX);
    struct out out = out_pretty_to(&text);

    out_object(&out, NULL);
    out_array(&out, "addresses");
    for (size_t i = 0; i < all->len; i++) {
        out_object(&out, NULL);
        out_text(&out, "address", all->at[i].address);
        out_bool(&out, "interface", all->at[i].is_own);
        out_bool(&out, "temporary", all->at[i].is_passing);
        out_texts(&out, "seen_by", &all->at[i].by);
        out_bool(&out, "sure", all->at[i].sure);
        out_bool(&out, "chosen", is_chosen(all, &all->at[i]));
        out_end(&out);
    }
    out_end(&out);
    out_array(&out, "services");
    for (size_t i = 0; i < all->answer_count; i++) {
        out_object(&out, NULL);
        out_text(&out, "url", all->answers[i].url);
        out_text(&out, "address", all->answers[i].address);
        out_text(&out, "error", all->answers[i].why);
        out_end(&out);
    }
    report_document(context, &out);
}

static bool ip_run(struct context *context, struct error *err)
{
    AUTO(public_addresses_clear) struct public_addresses all = { 0 };

    TRY(own_addresses_look(context, &all, err));
    if (context->settings->json)
        say_json(context, &all);
    else
        say_text(context, &all);
    if (public_address_choose(&all, false) != NULL || public_address_choose(&all, true) != NULL)
        return true;
    (void)error_set(err, ERROR_CONFIG, "no address of this machine's could be made sure of");
    return error_is_answer(err);
}

static const enum option_topic topics[] = { TOPIC_CERTIFICATE, TOPIC_HIDDEN };

const struct command cmd_ip = {
    .verb = {
        .name = "ip",
        .summary = "Find the public IP addresses of this machine",
        .usage = "[--ip-service URL] [--json]",
        .text = "Looks for the addresses that a certificate for this machine can have: those of its interfaces, and those by "
                "which services on the Internet see it. An address counts where an interface has it or two services of "
                "different operators agree; --ip-address auto takes it then. The exit status is 1 when there is none. "
                "docs/ip-certificates.md tells what to do with it.",
        .topics = topics,
        .ours = true,
    },
    .store_needs = STORE_CREATE | STORE_LOCK,
    .only_reads = command_always_reads,
    .without_store = true,
    .run = ip_run,
};
