#include "outlook/host.h"

#include "base/address.h"
#include "base/mem.h"
#include "base/text.h"
#include "typed/names.h"

#define PORT_HTTPS 443
#define PORT_MAX 65535

/* Protocols: how TLS begins (NULL: at once), and the port it has, which also tells the protocol. */
static const struct protocol {
    const char *name, *starttls;
    int port, second_port; /* 0: none */
} protocols[] = {
    { "https", NULL, PORT_HTTPS, 0 },
    { "tls", NULL, PORT_HTTPS, 0 },
    { "smtps", NULL, 465, 0 },
    { "imaps", NULL, 993, 0 },
    { "pop3s", NULL, 995, 0 },
    { "ldaps", NULL, 636, 0 },
    { "ftps", NULL, 990, 0 },
    { "smtp", "smtp", 25, 587 },
    { "imap", "imap", 143, 0 },
    { "pop3", "pop3", 110, 0 },
    { "ftp", "ftp", 21, 0 },
    { "sieve", "sieve", 4190, 0 },
    { "xmpp", "xmpp", 5222, 0 },
    { "xmpp-server", "xmpp-server", 5269, 0 },
    { "ldap", "ldap", 389, 0 },
    { "postgres", "postgres", 5432, 0 },
    { "mysql", "mysql", 3306, 0 },
};

void hosts_clear(struct hosts *hosts)
{
    for (size_t i = 0; i < hosts->len; i++)
        free(hosts->at[i].name);
    free(hosts->at);
    *hosts = (struct hosts){ 0 };
}

static const struct protocol *protocol_named(struct view name)
{
    for (size_t i = 0; i < COUNT(protocols); i++)
        if (view_is(name, protocols[i].name))
            return &protocols[i];
    return NULL;
}

/* NULL: at that port TLS begins at once, as far as is known. */
static const struct protocol *protocol_at(int port)
{
    for (size_t i = 0; i < COUNT(protocols); i++)
        if (protocols[i].starttls != NULL && (protocols[i].port == port || protocols[i].second_port == port))
            return &protocols[i];
    return NULL;
}

/* ---- one host ---- */

struct parts {                       /* of what was written */
    const struct protocol *protocol; /* NULL: none */
    char *name;
    char *port; /* in the same memory as name; NULL: none */
};

static void parts_clear_at(struct parts *parts)
{
    free(parts->name);
}

/* Leaves in name what stands between the protocol and a path. */
static bool take_protocol(const char *text, struct parts *out, struct error *err)
{
    const char *mark = strstr(text, "://");

    if (mark == NULL) {
        out->name = xstrdup(text);
        return true;
    }
    out->protocol = protocol_named((struct view){ text, (size_t)(mark - text) });
    out->name = xstrndup(mark + 3, strcspn(mark + 3, "/?#"));
    if (out->protocol != NULL)
        return true;
    (void)error_set(err, ERROR_CONFIG, "%s: a protocol that is not known", text);
    return error_next(err, "https, tls, smtps, imaps, pop3s, ldaps and ftps begin TLS at once; smtp, imap, pop3, ftp, "
                           "sieve, xmpp, xmpp-server, ldap, postgres and mysql by STARTTLS");
}

/* Cuts the port off the name, and brackets. */
static bool take_port(const char *text, struct parts *out, struct error *err)
{
    char *close = out->name[0] == '[' ? strchr(out->name, ']') : NULL;
    char *colon = strchr(close == NULL ? out->name : close, ':');

    if (close != NULL && close[1] != '\0' && close + 1 != colon)
        return error_set(err, ERROR_CONFIG, "%s: only a port may stand behind an address in brackets", text);
    if (colon != NULL && (close != NULL || strchr(colon + 1, ':') == NULL)) { /* with more it is an IPv6 address */
        *colon = '\0';
        out->port = colon + 1;
    }
    if (close != NULL) {
        *close = '\0';
        memmove(out->name, out->name + 1, strlen(out->name));
    }
    return true;
}

static bool read_name(const char *name, const char *text, struct host *out, struct error *err)
{
    bool ok;

    if (name[0] == '\0')
        return error_set(err, ERROR_CONFIG, "%s: no host is named", text);
    out->is_ip = ip_addresses_are_meant(name) && strchr(name, ',') == NULL;
    ok = out->is_ip ? ip_address_normalize(name, &out->name, err) : domain_read(name, true, &out->name, err);
    if (ok && is_wildcard(out->name)) {
        ok = error_set(err, ERROR_CONFIG, "%s: no server has the name of a wildcard", text);
        free(out->name);
    }
    return ok;
}

static bool read_port(
    const struct parts *parts, const char *text, const char *starttls, struct host *out, struct error *err)
{
    const struct protocol *protocol = parts->protocol;
    uint64_t port = 0;

    if (parts->port != NULL && !view_to_number(view_of(parts->port), 1, PORT_MAX, &port))
        return error_set(err, ERROR_CONFIG, "%s: a port is a number from 1 to %d", text, PORT_MAX);
    if (protocol == NULL && starttls != NULL)
        protocol = protocol_named(view_of(starttls));
    if (protocol == NULL && port != 0)
        protocol = protocol_at((int)port);
    out->port = port != 0 ? (int)port : protocol != NULL ? protocol->port : PORT_HTTPS;
    out->starttls = protocol == NULL ? NULL : protocol->starttls;
    return true;
}

bool hosts_add(struct hosts *hosts, const char *text, const char *starttls, struct error *err)
{
    AUTO(parts_clear) struct parts parts = { 0 };
    struct host host = { 0 };

    if (hosts->len == HOSTS_MAX)
        return error_set(err, ERROR_CONFIG, "more than %d hosts", HOSTS_MAX);
    TRY(take_protocol(text, &parts, err) && take_port(text, &parts, err));
    TRY(read_port(&parts, text, starttls, &host, err));
    TRY(read_name(parts.name, text, &host, err));
    hosts->at = xrealloc(hosts->at, hosts->len + 1, sizeof *hosts->at);
    hosts->at[hosts->len++] = host;
    return true;
}

bool hosts_add_lines(struct hosts *hosts, struct view text, const char *name, const char *starttls, struct error *err)
{
    struct view line;

    for (size_t number = 1; view_cut(&text, '\n', &line); number++) {
        AUTO(free) char *host = NULL;

        line = view_trim(line);
        if (line.len == 0 || line.at[0] == '#')
            continue;
        if (view_has(line, '\0'))
            return error_set(err, ERROR_CONFIG, "%s, line %zu: not a text", name, number);
        host = view_dup(line);
        if (!hosts_add(hosts, host, starttls, err))
            return error_in(err, "%s, line %zu", name, number);
    }
    return true;
}

char *host_text(const struct host *host)
{
    bool brackets = strchr(host->name, ':') != NULL;

    return xprintf("%s%s%s:%d", brackets ? "[" : "", host->name, brackets ? "]" : "", host->port);
}
