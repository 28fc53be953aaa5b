#pragma once
/*
 * Hosts to be watched, as users write them: on a command line, or one a line in a file.
 *
 *     example.org  mail.example.org:143  192.0.2.1  [2001:db8::1]:8443  2001:db8::1  smtp://mx.example.org:2525
 */
#include "base/bytes.h"

#define HOSTS_MAX 10000
#define HOSTS_FILE_MAX (1024 * 1024) /* bytes of a file of hosts */

struct host {
    char *name;           /* a DNS name, international ones in their ASCII form; or an IP address */
    bool is_ip;           /* canonical, without brackets */
    int port;             /* 1 to 65535 */
    const char *starttls; /* how TLS begins there, as of struct probe; NULL: at once. Static */
};

struct hosts {
    struct host *at;
    size_t len;
};

void hosts_clear(struct hosts *hosts);
static inline void hosts_clear_at(struct hosts *hosts)
{
    hosts_clear(hosts);
}

/*
 * HOST, HOST:PORT, or PROTOCOL://HOST[:PORT]; a path behind it is left out. An IPv6 address with a port stands in
 * brackets. How TLS begins: as PROTOCOL says (https, tls, smtps ... at once; smtp, imap ... by STARTTLS), else as
 * `starttls` (NULL: not given), else as is usual at that port. Without a port it is the protocol's, else 443.
 * ERROR_CONFIG.
 */
MUST_USE bool hosts_add(struct hosts *hosts, const char *text, const char *starttls, struct error *err);

/* One a line; empty lines and those that begin with # do not count. ERROR_CONFIG names the line; name is that of the
 * file. */
MUST_USE bool hosts_add_lines(
    struct hosts *hosts, struct view text, const char *name, const char *starttls, struct error *err);

/* "mail.example.org:143", "[2001:db8::1]:443"; of the caller's. */
char *host_text(const struct host *host) __attribute__((returns_nonnull));
