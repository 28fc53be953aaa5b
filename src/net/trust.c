/*
 * Reads the certification authorities that the user's environment names.
 */
#include "net/trust.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

#define BEGIN "-----BEGIN "

const char *const trust_system_directories[] = {
    "/etc/ssl/certs",     /* Debian, SUSE, Alpine, Gentoo, Arch */
    "/etc/pki/tls/certs", /* Fedora and kin, where it holds hashes */
    NULL,
};

const char *const trust_system_bundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    NULL,
};

static bool is_system_directory(const char *path)
{
    AUTO(free) char *absolute = file_absolute(path);

    for (size_t i = 0; trust_system_directories[i] != NULL; i++)
        if (strcmp(absolute, trust_system_directories[i]) == 0)
            return true;
    return false;
}

static const char *find_text(struct view in, const char *text)
{
    return in.len == 0 ? NULL : memmem(in.at, in.len, text, strlen(text));
}

/*
 * Appends the certificates of a PEM text and nothing else: a key in the same file must not reach the network process.
 * Returns whether there was one.
 */
static bool put_certificates(struct buf *bundle, struct view text)
{
    static const char *const labels[] = { "CERTIFICATE-----", "TRUSTED CERTIFICATE-----", "X509 CERTIFICATE-----" };
    const char *begin, *end;
    bool found = false;

    while ((begin = find_text(text, BEGIN)) != NULL) {
        struct view label = { begin + strlen(BEGIN), text.len - (size_t)(begin - text.at) - strlen(BEGIN) };
        bool wanted = false;

        for (size_t i = 0; i < COUNT(labels); i++)
            wanted |= view_starts(label, labels[i]);
        end = find_text(label, wanted ? "-----END " : "\n");
        if (end == NULL)
            return found;
        if (wanted && find_text((struct view){ label.at, (size_t)(end - label.at) }, BEGIN) == NULL) {
            const char *line = memchr(end, '\n', label.len - (size_t)(end - label.at));

            end = line != NULL ? line : label.at + label.len;
            buf_put(bundle, (struct view){ begin, (size_t)(end - begin) });
            buf_put_char(bundle, '\n');
            found = true;
        } else if (wanted) {
            end = label.at; /* the end of another block: this one was cut short */
        }
        text = (struct view){ end, text.len - (size_t)(end - text.at) };
    }
    return found;
}

/* Appends what a file holds. */
static bool read_file(const char *path, struct buf *bundle, bool *found, struct error *err)
{
    AUTO(buf_clear) struct buf content = BUF_SECRET(MESSAGE_MAX_BUNDLE);

    TRY(file_read(path, &content, err));
    *found |= put_certificates(bundle, buf_view(&content));
    return true;
}

/* Appends what a directory holds; files that are no certificates are no concern of ours. */
static bool read_directory(const char *path, struct buf *bundle, bool *found, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    TRY(file_list_dir(path, &names, err));
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *file = file_join(path, names.at[i]);
        struct error ignored = { 0 };

        if (!file_is_dir(file))
            (void)!read_file(file, bundle, found, &ignored);
    }
    return true;
}

/* Appends the certificates at path, which the variable `name` holds. */
static bool read_named(const char *name, const char *path, struct buf *bundle, struct error *err)
{
    bool found = false;

    if (!file_exists(path))
        (void)file_error(err, "read", path);
    else if (file_is_dir(path) ? read_directory(path, bundle, &found, err) : read_file(path, bundle, &found, err))
        (void)error_set(err, ERROR_CONFIG, "%s holds no certificate in PEM form", path);
    if (bundle->failed)
        (void)error_set(err, ERROR_CONFIG, "%s holds more than %d bytes of certificates", path, MESSAGE_MAX_BUNDLE);
    else if (found) {
        error_clear(err);
        return true;
    }
    (void)error_as(err, ERROR_CONFIG);
    (void)error_next(err, "set %s to a file or directory of CA certificates, or unset it", name);
    return error_in(err, "CA certificates named by %s", name);
}

/* Reads one variable: a path, or for SSL_CERT_DIR several with colons between (as OpenSSL reads it). */
static bool read_variable(const char *name, const char *value, bool *system, struct buf *bundle, struct error *err)
{
    bool many = strcmp(name, "SSL_CERT_DIR") == 0;
    struct view rest = view_of(value), part;

    while (many ? view_cut(&rest, ':', &part) : (part = rest).len > 0) {
        AUTO(free) char *path = view_dup(part);

        if (!many)
            rest.len = 0;
        if (path[0] == '\0')
            continue;
        if (is_system_directory(path))
            *system = true;
        else
            TRY(read_named(name, path, bundle, err));
    }
    return true;
}

bool trust_read(char *(*get)(const char *name), enum message_trust *trust, struct buf *bundle, struct error *err)
{
    static const char *const groups[][2] = {
        /* the first group with a value decides; its parts add up */
        { "REQUESTS_CA_BUNDLE", NULL },
        { "CURL_CA_BUNDLE", NULL },
        { "SSL_CERT_FILE", "SSL_CERT_DIR" },
    };
    bool found = false, system = false;

    for (size_t g = 0; g < COUNT(groups) && !found; g++) {
        for (size_t i = 0; i < 2 && groups[g][i] != NULL; i++) {
            const char *value = get(groups[g][i]);

            if (value == NULL || value[0] == '\0')
                continue;
            found = true;
            TRY(read_variable(groups[g][i], value, &system, bundle, err));
        }
    }
    if (bundle->len == 0)
        *trust = MESSAGE_TRUST_SYSTEM;
    else
        *trust = system ? MESSAGE_TRUST_BOTH : MESSAGE_TRUST_BUNDLE;
    return true;
}
