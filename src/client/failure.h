#pragma once
/*
 * Explains a failed exchange to an administrator: the cause, and what to do about it.
 */
#include "base/bytes.h"
#include "client/transfer.h"

struct failure {
    enum message_failure kind;
    char why[MESSAGE_MAX_WHY], next[MESSAGE_MAX_NEXT];
};

/* Describes a failure from libcurl's result and the transfer's state; proxy variables in the environment count as a
 * proxy. */
void failure_describe(CURLcode result, const struct transfer *transfer, struct failure *out);
/* A sentence about the server: "HOST <what>". */
void failure_of_server(const struct transfer *transfer, const char *what, struct failure *out);
