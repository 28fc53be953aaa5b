#include "dns/rfc2136.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/mutex.h"
#include "base/text.h"
#include "dns/credentials.h"
#include "dns/options.h"
#include "dns/update_server.h"

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
    struct update_server server; /* borrows both */
    struct mutex lock;           /* guards what follows */
    struct list zones, no_zones; /* what the server has said of names */
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
    TRY(read_port(credentials_get(credentials, "port"), &self->server.port, err));
    TRY(read_secret(credentials_get(credentials, "secret"), &self->key.secret, err));
    xreplace(&self->key.name, credentials_get(credentials, "name"));
    xreplace(&self->address, address);
    self->server.signs_questions = signs != NULL && strcasecmp(signs, "true") == 0;
    return true;
}

static void close_it(void *arg)
{
    struct rfc2136 *self = arg;

    tsig_key_clear(&self->key);
    list_clear(&self->zones);
    list_clear(&self->no_zones);
    mutex_destroy(&self->lock);
    free(self->address);
    free(self);
}
DEFINE_AUTO(struct rfc2136, close_it)

static bool open_it(const struct plugin_context *context, const struct provider *provider __attribute__((unused)),
    void **out, struct error *err)
{
    AUTO(close_it) struct rfc2136 *self = xcalloc(1, sizeof *self);
    AUTO(credentials_free) struct credentials *credentials = NULL;

    mutex_init(&self->lock);
    TRY(credentials_load(context, &form, read_all, self, &credentials, err));
    self->server.address = self->address;
    self->server.key = &self->key;
    self->server.net = context->when_needed;
    *out = TAKE(self);
    return true;
}

/* ---- zones ---- */

static bool known(struct rfc2136 *self, const char *name, bool *is_zone)
{
    MUTEX_HOLD(&self->lock);
    *is_zone = list_has(&self->zones, name);
    return *is_zone || list_has(&self->no_zones, name);
}

static bool is_zone(struct rfc2136 *self, const char *name, bool *is, struct error *err)
{
    if (known(self, name, is))
        return true;
    TRY(update_server_has_zone(&self->server, name, is, err));
    MUTEX_HOLD(&self->lock);
    list_add(*is ? &self->zones : &self->no_zones, name);
    return true;
}

static bool no_zone(const struct rfc2136 *self, const char *name, const struct list *tried, struct error *err)
{
    AUTO(free) char *names = list_join(tried, "', '");

    (void)error_set(err, ERROR_PLUGIN, "Unable to determine base domain for %s using names: ['%s'].", name, names);
    return error_next(err,
        "the name server %s says of none of these that it is authoritative: name the server where the zone is "
        "changed%s",
        self->address,
        self->server.signs_questions
            ? ""
            : ", and where it has views, say dns_rfc2136_sign_query = true for the key to choose one");
}

/* The longest zone that a name is in, beginning with the name itself: `_acme-challenge...` may be a zone of its own.
 * *zone is a part of name. */
static bool find_zone(struct rfc2136 *self, const char *name, const char **zone, struct error *err)
{
    AUTO(list_clear) struct list tried = { 0 };

    for (const char *at = name; at != NULL && *at != '\0'; at = strchr(at, '.')) {
        bool found;

        at += *at == '.';
        list_add(&tried, at);
        TRY(is_zone(self, at, &found, err));
        if (found) {
            *zone = at;
            return true;
        }
    }
    return no_zone(self, name, &tried, err);
}

/* ---- changes ---- */

/* Failures that the next value would have as well: nobody answers, or the user wants no more. */
static bool is_of_all(const struct error *err)
{
    return err->kind == ERROR_NETWORK || err->kind == ERROR_CANCELED;
}

/* Updates the zone with those of the values that belong to it, as many as go into one. */
static bool change_some(struct rfc2136 *self, enum update_action action, const char *zone, struct txt *const *txts,
    size_t count, struct error *err)
{
    struct error why = { 0 };
    bool done = update_server_change(&self->server, zone, action, txts, count, &why);

    if (!done && is_of_all(&why)) {
        *err = why;
        return false;
    }
    for (size_t i = 0; i < count; i++)
        if (done)
            txt_done(txts[i]);
        else
            txt_fail(txts[i], &why);
    return true;
}

static bool change_zone(struct rfc2136 *self, enum update_action action, const char *const *zones,
    struct txt *const *txts, size_t count, const char *zone, struct error *err)
{
    struct txt *some[UPDATE_MAX_VALUES];
    size_t len = 0;

    for (size_t i = 0; i < count; i++) {
        if (txts[i]->state != TXT_WANTED || zones[i] == NULL || strcasecmp(zones[i], zone) != 0)
            continue;
        some[len++] = txts[i];
        if (len == COUNT(some)) {
            TRY(change_some(self, action, zone, some, len, err));
            len = 0;
        }
    }
    return len == 0 || change_some(self, action, zone, some, len, err);
}

static bool find_zones(
    struct rfc2136 *self, struct txt *const *txts, size_t count, const char **zones, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        struct error why = { 0 };

        if (txts[i]->state != TXT_WANTED || find_zone(self, txts[i]->name, &zones[i], &why))
            continue;
        if (is_of_all(&why)) {
            *err = why;
            return false;
        }
        txt_fail(txts[i], &why);
    }
    return true;
}

static bool change(
    struct rfc2136 *self, enum update_action action, struct txt *const *txts, size_t count, struct error *err)
{
    AUTO(free) const char **zones = xcalloc(count + 1, sizeof *zones); /* side by side with txts */

    TRY(find_zones(self, txts, count, zones, err));
    for (size_t i = 0; i < count; i++)
        if (txts[i]->state == TXT_WANTED && zones[i] != NULL)
            TRY(change_zone(self, action, zones, txts, count, zones[i], err));
    return true;
}

static bool add(void *self, struct txt *const *txts, size_t count, struct error *err)
{
    return change(self, UPDATE_ADD, txts, count, err);
}

static bool remove_them(void *self, struct txt *const *txts, size_t count, struct error *err)
{
    return change(self, UPDATE_REMOVE, txts, count, err);
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
