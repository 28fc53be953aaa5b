#pragma once
/*
 * Listening sockets, opened with our rights before they are handed to the network process.
 */
#include "base/error.h"
#include "net/message.h"

/*
 * Opens port on address (NULL or "": every address of this machine, "localhost": its loopback addresses; IPv6 first and
 * then IPv4, one of the two may fail). The sockets are the caller's. ERROR_PLUGIN with Certbot's sentences and, where
 * it can be found out, the program that has the port. responder: whose options to name then.
 */
MUST_USE bool listen_open(enum responder responder, const char *address, int port, int fds[static MESSAGE_MAX_SOCKETS],
    size_t *count, struct error *err);
