#pragma once
/*
 * Finds the program that listens on a TCP port of this machine, as far as /proc tells. Knows nothing of our own
 * sockets.
 */
#include <stdbool.h>

/*
 * "nginx (process 812)" or so, of the caller's; NULL when it cannot be found out (other user's, other system). address:
 * the address to be listened on, NULL or "" for all; listeners on other addresses alone do not matter. *ours: it is
 * another run of this program or of Certbot, which will be done with it soon.
 */
char *port_owner(const char *address, int port, bool *ours);
