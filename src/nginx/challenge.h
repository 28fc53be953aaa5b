#pragma once
/*
 * The edits by which nginx answers http-01 challenges (RFC 8555 section 8.3). Pure: a model and answers in, patches
 * out.
 *
 * For each address at the http port, the block that answers the name there gets a location for the challenge's exact
 * path, which wins over all others, and in front of its directives a rewrite that keeps its own rewrites away from it.
 * So does a block that has the name at a TLS address of the https port, or at a socket in the file system: a server in
 * front may send challenges there. Where nothing listens at the http port, a block of our own does, and the name is
 * answered at every port without TLS: the network may lead requests to one of these.
 */
#include "nginx/choice.h"
#include "webplugin/answering.h"
#include "webconf/patch.h"

struct nginx_http { /* what is known of the ports */
    struct nginx_ports ports;
    bool unused;       /* nothing of the user's listens at the http port */
    const char *other; /* the server that has it then, borrowed; NULL: none */
};

/*
 * patches: one for each file of the configuration. spots: one for each answer. With another server at the http port,
 * what nginx answers behind it has to do: ERROR_PLUGIN for what is not answered at all, in each, which has a NULL for
 * each answer before, and the last of them in err. What is there already (of an earlier call) is not added again.
 */
MUST_USE bool nginx_challenge_edit(const struct nginx_model *model, const struct nginx_http *http,
    const struct web_answer *answers, size_t count, struct patch *patches, struct web_spot *spots, struct error **each,
    struct error *err);

/* Whether some block listens at the http port. */
bool nginx_challenge_has_port(const struct nginx_model *model, int http_port);
