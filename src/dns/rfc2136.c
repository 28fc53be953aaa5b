#include "dns/rfc2136.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "dns/credentials.h"
#include "dns/options.h"
#include "dns/update_zones.h"

/*
 * Updates of a name server by its administrator's key.
 *
 * Knows Certbot's credentials file, in which zone of the server a name is, and that all values of a zone go in one
 * update.
 */
#define WAIT_S 60
#define PORT 53

static const struct credential keys[] = {
    { .key = "name", .hint = "TSIG key name" },
    { .key = "secret", .hint = "TSIG key secret" },
    { .key = "server", .hint = "The target DNS server" },
    { .key = "port", .hint = "its port, 53 by default", .optional = true },
    { .key = "algorithm", .hint = "HMAC-MD5, HMAC-SHA1, HMAC-SHA224 ... HMAC-SHA512", .optional = true },
    { .key = "sign_query", .hint = "true: questions after zones are signed, too", .optional = true },
};

static const struct credentials_form form = {
    .plugin = "dns-rfc2136", .label = "RFC 2136 credentials INI file", .keys = keys, .count = COUNT(keys)
};

struct rfc2136 { /* of a run */
    char *address;
    struct tsig_key key;
    struct plugin_net net;
    struct update_zones zones; /* borrows all of it */
};

/* ---- credentials ---- */

static bool is_address(const char *text)
{
    char bare[INET6_ADDRSTRLEN];
    size_t len = strcspn(text, "%"); /* "fe80::1%eth0" */
    unsigned char out[sizeof(struct in6_addr)];

    if (len >= sizeof bare)
        return false;
    (void)snprintf(bare, sizeof bare, "%.*s", (int)len, text);
    return inet_pton(AF_INET6, bare, out) == 1 || (text[len] == '\0' && inet_pton(AF_INET, bare, out) == 1);
}

/* "HMAC-SHA512" in any case. */
static bool read_algorithm(const char *text, enum digest *out, struct error *err)
{
    const char *prefix = "HMAC-";

    if (strncasecmp(text, prefix, strlen(prefix)) == 0 && digest_find(view_of(text + strlen(prefix)), out))
        return true;
    (void)error_set(err, ERROR_PLUGIN, "Unknown algorithm: %s.", text);
    return error_next(err, "dns_rfc2136_algorithm is HMAC-MD5 (the default), HMAC-SHA1, HMAC-SHA224, HMAC-SHA256, "
                           "HMAC-SHA384 or HMAC-SHA512");
}

static bool read_secret(const char *text, struct buf *out, struct error *err)
{
    *out = BUF_SECRET(TSIG_MAX_SECRET);
    if (buf_put_unbase64(out, view_of(text)) && out->len > 0)
        return true;
    (void)error_set(err, ERROR_PLUGIN, "dns_rfc2136_secret is no key in base64");
    return error_next(err, "copy it as the name server's configuration has it, between its quotes");
}

static bool read_port(const char *text, int *out, struct error *err)
{
    uint64_t number = PORT;

    if (text != NULL && !view_to_number(view_of(text), 1, 65535, &number))
        return error_set(err, ERROR_PLUGIN, "dns_rfc2136_port is no port: %s", text);
    *out = (int)number;
    return true;
}

/* What a run needs of the credentials; arg is a struct rfc2136, and what an earlier look has put there goes. */
static bool read_all(const struct credentials *credentials, void *arg, struct error *err)
{
    const char *address = credentials_get(credentials, "server"),
               *algorithm = credentials_get(credentials, "algorithm");
    const char *signs = credentials_get(credentials, "sign_query");
    struct rfc2136 *self = arg;

    if (!is_address(address))
        return error_set(err, ERROR_PLUGIN,
            "The configured target DNS server (%s) is not a valid IPv4 or IPv6 address. A hostname is not allowed.",
            address);
    tsig_key_clear(&self->key);
    self->key.algorithm = DIGEST_MD5;
    if (algorithm != NULL)
        TRY(read_algorithm(algorithm, &self->key.algorithm, err));
    TRY(read_port(credentials_get(credentials, "port"), &self->zones.server.port, err));
    TRY(read_secret(credentials_get(credentials, "secret"), &self->key.secret, err));
    xreplace(&self->key.name, credentials_get(credentials, "name"));
    xreplace(&self->address, address);
    self->zones.server.signs_questions = signs != NULL && strcasecmp(signs, "true") == 0;
    return true;
}

static void close_it(void *arg)
{
    struct rfc2136 *self = arg;

    tsig_key_clear(&self->key);
    update_zones_clear(&self->zones);
    free(self->address);
    free(self);
}
DEFINE_AUTO(struct rfc2136, close_it)

static bool open_it(const struct plugin_context *context, const struct provider *provider __attribute__((unused)),
    void **out, struct error *err)
{
    AUTO(close_it) struct rfc2136 *self = xcalloc(1, sizeof *self);
    AUTO(credentials_free) struct credentials *credentials = NULL;

    update_zones_init(&self->zones);
    TRY(credentials_load(context, &form, read_all, self, &credentials, err));
    self->net = context->when_needed;
    self->zones.server.address = self->address;
    self->zones.server.key = &self->key;
    self->zones.server.ask = update_ask_by_net;
    self->zones.server.way = &self->net;
    *out = TAKE(self);
    return true;
}

/* ---- as dns/provider.h wants it ---- */

static bool add(void *self, struct txt *const *txts, size_t count, struct error *err)
{
    return update_zones_change(&((struct rfc2136 *)self)->zones, UPDATE_ADD, txts, count, err);
}

static bool remove_them(void *self, struct txt *const *txts, size_t count, struct error *err)
{
    return update_zones_change(&((struct rfc2136 *)self)->zones, UPDATE_REMOVE, txts, count, err);
}

static const struct provider rfc2136 = {
    .name = "dns-rfc2136",
    .wait_s = WAIT_S,
    .open = open_it,
    .add = add,
    .remove = remove_them,
    .close = close_it,
};

/* Menus offer it to who has credentials: what else they offer is what this machine has. */
static bool is_here(const struct settings *settings)
{
    bool is_set;

    return dns_option(settings, rfc2136.name, "credentials", &is_set) != NULL;
}

const struct dns_plugin plugin_dns_rfc2136 = {
    .plugin = { .name = "dns-rfc2136",
        .description = "With signed updates (RFC 2136) of a name server of your own: BIND, Knot, PowerDNS ...",
        .authenticator = &dns_authenticator,
        .is_here = is_here,
        .share = &dns_share },
    .provider = &rfc2136,
};
