#pragma once
/*
 * Credentials of DNS plugins: Certbot's credentials files, systemd's credentials, variables of the environment.
 *
 * One source is used, the first of these that has something: the file of --NAME-credentials; files of systemd's
 * $CREDENTIALS_DIRECTORY, either `NAME-credentials`, which is such a file, or `dns_NAME_KEY`, the bare value of a key;
 * the environment. Else the user is asked for a file. Values are wiped when they are freed and never shown.
 */
#include "plugin/plugin.h"

struct credential {   /* one property */
    const char *key;  /* without the plugin's prefix: "api_token" for dns_cloudflare_api_token */
    const char *hint; /* what it should be: "API token for Cloudflare account" */
    bool optional;
    const char *old; /* whole names that files may have for it as well, with blanks between; NULL: none */
    const char *env; /* variables that may have it, with blanks between; NULL: none but the name in upper case */
};

struct credentials_form {
    const char *plugin; /* "dns-cloudflare" */
    const char *label;  /* what the question calls the file: "Cloudflare credentials INI file" */
    const struct credential *keys;
    size_t count;
};

struct credentials;

/* Certbot's plugins check what they have read, and ask again where it is not good. ERROR_PLUGIN. */
typedef bool credentials_check(const struct credentials *credentials, void *arg, struct error *err);

/*
 * Reads them from where they are given. check (may be NULL) gets what was read, with all properties that are not
 * optional. A path that the user answers with is kept in context->answers, for renewals. ERROR_PLUGIN names all
 * properties that are missing or empty; ERROR_CONFIG when nothing is given and nobody can be asked. form is borrowed
 * until credentials_free.
 */
MUST_USE bool credentials_load(const struct plugin_context *context, const struct credentials_form *form,
    credentials_check *check, void *arg, struct credentials **out, struct error *err);
void credentials_free(struct credentials *credentials); /* wipes */
DEFINE_AUTO(struct credentials, credentials_free)

/* NULL: not there, or empty. Borrowed. */
const char *credentials_get(const struct credentials *credentials, const char *key);
/* For messages: "credentials configuration file /etc/dns.ini", "the environment". Borrowed. */
const char *credentials_source(const struct credentials *credentials);

/* The text of a credentials file; path is for messages. Properties may be missing. ERROR_PLUGIN. */
MUST_USE bool credentials_read(struct view text, const char *path, const struct credentials_form *form,
    struct credentials **out, struct error *err);

/*
 * For a file of another syntax. Reads it into out, a secret buffer; warns of permissions for others. path is that of
 * --NAME-credentials. ERROR_PLUGIN in Certbot's words when it is not there.
 */
MUST_USE bool credentials_read_file(const char *path, struct buf *out, struct error *err);
/* Asks for the path of such a file until try accepts it, and keeps it in context->answers. Errors as credentials_load.
 */
MUST_USE bool credentials_ask_path(const struct plugin_context *context, const struct credentials_form *form,
    bool (*try)(const char *path, void *arg, struct error *err), void *arg, struct error *err);
