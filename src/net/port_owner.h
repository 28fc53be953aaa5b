#pragma once
/*
 * Which program listens on a TCP port of this machine, as far as /proc tells. Knows nothing of our own sockets.
 */

/* "nginx (process 812)" or so, of the caller's; NULL when it cannot be found out (other user's, other system). */
char *port_owner(int port);
