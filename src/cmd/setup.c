/* setup: from a fresh machine to a certificate in use, renewed and watched over. */
#include "ops/setup.h"

#include "cmd/command.h"

static bool setup_run(struct context *context, struct error *err)
{
    const struct setup_ways ways = {
        .obtain = { &cmd_certonly.verb, cmd_certonly.run },
        .install = { &cmd_run.verb, cmd_run.run },
        .schedule = { &cmd_schedule.verb, cmd_schedule.run },
        .status = { &cmd_status.verb, cmd_status.run },
    };

    return setup(context, &ways, err);
}

static const enum option_topic topics[] = { TOPIC_INSTALL, TOPIC_NOTIFY, TOPIC_HIDDEN };

const struct command cmd_setup = {
    .verb = {
        .name = "setup",
        .summary = "Set everything up: certificate, web server, renewals, alarms",
        .usage = "[--yes] [-d DOMAIN] [-m EMAIL] [options]",
        .text = "Looks which web server is here, asks for an e-mail address and which of its names are to have a certificate, "
                "obtains it, has the server use it, schedules renewals, and has alarms go to that address, or to what --notify "
                "names. Called again, it completes what is missing. With --yes nothing is asked: all names of the web "
                "server's configuration are taken unless -d or --ip-address name some, and the terms of the CA are "
                "agreed to.",
        .topics = topics,
        .ours = true,
        .traits = VERB_OBTAINS_TOO | VERB_FINDS_ADDRESSES | VERB_REDIRECTS,
    },
    .store_needs = STORE_CREATE | STORE_LOCK,
    .run = setup_run,
};
