#pragma once
/*
 * A web server as authenticator (http-01, RFC 8555 section 8.3): the server itself answers, by a few lines in its
 * configuration, which are gone once the CA has looked.
 */
#include "webplugin/plugin.h"

struct web_challenge_plan { /* of one order; kept by it until the commit returns */
    struct web_plan plan;   /* WEB_PLAN_CHALLENGE */
    struct web_answer *answers;
    struct web_spot *spots; /* one for each: set by the commit */
    size_t count;
};

/* For the rows of all plugins whose shared object begins with a struct web_plugin. */
extern const struct authenticator web_authenticator;
