#pragma once
/*
 * Waiting until a server answers challenges of http-01 that were put in place by a reload.
 */
#include "web/verify.h"

struct web_answer { /* to a challenge, that a server is to give */
    char *host;     /* a name in lower case, or an address, as this server compares it (struct web_kind) */
    char *token, *content;
};

struct web_spot { /* where a server can be asked whether it answers: a numeric address; "" when there is no such */
    char address[64];
    int port;
};

struct web_question {
    const char *address; /* numeric, of this machine; "": it cannot be asked from here */
    int port;
    const char *host; /* a name or an IP address */
    const char *token, *content;
};

/*
 * Asks until each is answered, and for a moment more, as old workers take connections beside the new ones. What is not
 * seen to be answered within limit_ms is a warning: it may be so for the CA. ERROR_PLUGIN when the log tells that the
 * reload was refused; ERROR_CANCELED. Where none can be asked, waits a second. name: of the server, for people. net
 * NULL: nobody is asked.
 */
#define WEB_ANSWER_MS 10000 /* that a reload may take until all is answered */
MUST_USE bool web_wait_until_answered(struct net *net, const char *name, const struct web_question *questions,
    size_t count, const struct web_log *log, int64_t limit_ms, struct error *err);
