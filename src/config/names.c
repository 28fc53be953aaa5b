#include "config/names.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "config/international.h"

#define DOMAIN_MAX 255 /* RFC 1035 section 2.3.4, as Certbot counts it */
#define LABEL_MAX 63
#define LINEAGE_MAX 250 /* file names have 255 bytes at most, and the renewal file's ends in ".conf" */
#define EMAIL_MAX 254   /* RFC 5321 section 4.5.3.1.3, less the brackets */

bool is_wildcard(const char *name)
{
    return text_starts(name, "*.");
}

static bool is_ip_address(const char *text)
{
    unsigned char bytes[16];

    return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

static bool check_labels(const char *domain, struct error *err)
{
    struct view rest = view_of(domain), label;

    while (view_cut(&rest, '.', &label)) {
        if (label.len == 0)
            return error_set(
                err, ERROR_CONFIG, "Requested domain %s is not a FQDN because it contains an empty label.", domain);
        if (label.len > LABEL_MAX)
            return error_set(err, ERROR_CONFIG, "Requested domain %s is not a FQDN because label %.*s is too long.",
                domain, (int)label.len, label.at);
    }
    return true;
}

static bool is_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text >= 0x80)
            return false;
    return true;
}

/* Characters that are never part of a host name, and do harm in a file name or on a terminal. */
static bool check_bytes(const char *text, struct error *err)
{
    if (is_ascii(text))
        return true;
    (void)error_set(err, ERROR_CONFIG,
        "Non-ASCII domain names not supported. To issue for an "
        "Internationalized Domain Name, use Punycode.");
    return error_next(err, "convert the name first (idn2 %s prints it), then use the form that starts with xn--", text);
}

static bool check_no_url(const char *domain, struct error *err)
{
    if (!text_starts(domain, "http://") && !text_starts(domain, "https://"))
        return true;
    return error_set(err, ERROR_CONFIG,
        "Requested name %s appears to be a URL, not a FQDN. Try again without the "
        "leading \"%s\".",
        domain, text_starts(domain, "https") ? "https://" : "http://");
}

bool domain_normalize(const char *text, char **out, struct error *err)
{
    AUTO(free) char *domain = xstrdup(text);
    size_t len = strlen(domain);

    TRY(check_bytes(text, err));
    text_lower(domain);
    if (len > 0 && domain[len - 1] == '.')
        domain[--len] = '\0';
    TRY(check_no_url(domain, err));
    if (is_ip_address(domain)) {
        (void)error_set(err, ERROR_CONFIG,
            "Requested name %s is an IP address. The Let's Encrypt certificate authority "
            "will not issue certificates for a bare IP address.",
            domain);
        return error_next(err, "if your CA issues for addresses, give it with --ip-address %s", domain);
    }
    if (len > DOMAIN_MAX)
        return error_set(err, ERROR_CONFIG, "Requested domain %s is not a FQDN because it is too long.", domain);
    TRY(check_labels(domain, err));
    for (size_t i = 0; i < len; i++) {
        if (domain[i] <= ' ' || domain[i] == 0x7f || strchr("/\\,\"'", domain[i]) != NULL)
            return error_set(
                err, ERROR_CONFIG, "Requested domain %s contains a character that no domain name has.", domain);
    }
    *out = TAKE(domain);
    return true;
}

bool domain_read(const char *text, bool international, char **out, struct error *err)
{
    AUTO(free) char *ascii = NULL;

    if (!international || is_ascii(text))
        return domain_normalize(text, out, err);
    return check_no_url(text, err) && international_to_ascii(text, &ascii, err) && domain_normalize(ascii, out, err);
}

bool ip_address_normalize(const char *text, char **out, struct error *err)
{
    char shown[INET6_ADDRSTRLEN];
    unsigned char bytes[16];
    int family = inet_pton(AF_INET, text, bytes) == 1 ? AF_INET : AF_INET6;

    if ((family == AF_INET6 && inet_pton(AF_INET6, text, bytes) != 1) ||
        inet_ntop(family, bytes, shown, sizeof shown) == NULL)
        return error_set(err, ERROR_CONFIG, "'%s' does not appear to be an IPv4 or IPv6 address", text);
    *out = xstrdup(shown);
    return true;
}

bool email_check(const char *text, struct error *err)
{
    const char *at = strrchr(text, '@');
    size_t len = strlen(text);
    bool ok = at != NULL && at != text && at[1] != '\0' && at[1] != '.' && text[len - 1] != '.' && len <= EMAIL_MAX &&
              strstr(at, "..") == NULL && strchr(text, '@') == at;

    for (size_t i = 0; ok && i < len; i++) {
        if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f || strchr("<>(),;:\\\"[]", text[i]) != NULL)
            ok = false;
    }
    if (ok)
        return true;
    (void)error_set(err, ERROR_CONFIG, "%s is not a valid e-mail address", text[0] == '\0' ? "an empty text" : text);
    return error_next(err, "give one like admin@example.com, or --register-unsafely-without-email");
}

char *lineage_name_of(const char *identifier)
{
    return xstrdup(is_wildcard(identifier) ? identifier + 2 : identifier);
}

bool lineage_name_check(const char *name, struct error *err)
{
    size_t len = strlen(name);

    if (strchr(name, '/') != NULL)
        return error_set(err, ERROR_CONFIG,
            "The provided certname cannot be used as a lineage name because it contains an illegal character "
            "(i.e. filepath separator).");
    if (len == 0 || name[0] == '.')
        return error_set(err, ERROR_CONFIG,
            "The certificate name '%s' cannot be used: it becomes a file name, so it may not be empty or start with a "
            "dot",
            name);
    if (len > LINEAGE_MAX) {
        (void)error_set(
            err, ERROR_CONFIG, "The certificate name '%.40s...' is longer than %d bytes", name, LINEAGE_MAX);
        return error_next(err, "choose a shorter one with --cert-name");
    }
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)name[i] < ' ' || name[i] == 0x7f)
            return error_set(err, ERROR_CONFIG, "The certificate name '%s' holds a control character", name);
    }
    return true;
}
