#pragma once
/*
 * Addresses of name servers: as text, and from /etc/resolv.conf.
 */
#include <sys/socket.h>

#include "base/bytes.h"
#include "net/message.h"

struct name_server {
    struct sockaddr_storage at;
    socklen_t len;
    char text[MESSAGE_MAX_SERVER + 1];
};

#define NAME_SERVERS_MAX 3 /* so many does every resolver read */

/* "192.0.2.53", "2001:db8::53", "fe80::1%eth0". False when it is none. */
MUST_USE bool name_server_read(struct view text, uint16_t port, struct name_server *out);

/* Reads the servers of a resolv.conf(5); without any, that of this machine. Returns how many, at least one. */
size_t name_servers_of(struct view text, uint16_t port, struct name_server out[static NAME_SERVERS_MAX]);

/* The system's, as its file has them now. */
size_t name_servers_of_system(uint16_t port, struct name_server out[static NAME_SERVERS_MAX]);
