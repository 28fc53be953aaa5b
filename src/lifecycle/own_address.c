#include "lifecycle/own_address.h"

#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/addresses.h"

bool own_addresses_look(struct context *context, struct public_addresses *out, struct error *err)
{
    const struct settings *settings = context->settings;
    const struct ip_question question = {
        .services = &settings->ip_services,
        .takes_private = settings->allow_private_ip || server_is_private(settings->server),
    };
    struct net *net;

    TRY(context_net(context, &net, err));
    public_addresses_find(net, &question, out);
    if (interrupt_check(err))
        return true;
    public_addresses_clear(out);
    return false;
}

/* What was found all the same, so that the user can choose. Returns false. */
static bool fail(const struct public_addresses *all, struct error *err)
{
    AUTO(list_clear) struct list found = { 0 };
    AUTO(free) char *joined = NULL;

    for (size_t i = 0; i < all->len; i++)
        list_add(&found, all->at[i].address);
    for (size_t i = 0; i < all->answer_count; i++)
        if (all->answers[i].why != NULL)
            log_info("%s: %s", all->answers[i].url, all->answers[i].why);
    joined = list_join(&found, ", ");
    (void)error_set(err, ERROR_CONFIG, "no address of this machine's could be made sure of%s%s",
        found.len > 0 ? "; what was found: " : "", joined);
    return error_next(err,
        "look at `evercert ip`, and give the address with --ip-address, or services that know it with --ip-service");
}

bool own_addresses_add(struct context *context, struct identifiers *names, struct error *err)
{
    AUTO(public_addresses_clear) struct public_addresses all = { 0 };
    bool any = false;

    TRY(own_addresses_look(context, &all, err));
    for (int v6 = 0; v6 <= 1; v6++) {
        const struct public_address *chosen = public_address_choose(&all, v6 != 0);
        const struct identifier identifier = { IDENTIFIER_IP, chosen == NULL ? NULL : chosen->address };

        if (chosen == NULL)
            continue;
        any = true;
        ui_say(context->ui, "This machine's %s address is %s: %s.", v6 != 0 ? "IPv6" : "IPv4", chosen->address,
            chosen->is_own ? "one of its interfaces has it" : "several services have seen it");
        if (!identifiers_has(names, &identifier))
            identifiers_add(names, IDENTIFIER_IP, chosen->address);
    }
    return any || fail(&all, err);
}
