#include "typed/names.h"

#include <ctype.h>
#include <string.h>

#include "base/address.h"
#include "base/mem.h"
#include "base/text.h"
#include "typed/international.h"

#define DOMAIN_MAX 255 /* RFC 1035 section 2.3.4, as Certbot counts it */
#define LABEL_MAX 63
#define LINEAGE_MAX 250    /* file names have 255 bytes at most, and the renewal file's ends in ".conf" */
#define EMAIL_MAX 254      /* RFC 5321 section 4.5.3.1.3, less the brackets */
#define EMAIL_LOCAL_MAX 64 /* RFC 5321 section 4.5.3.1.1 */

bool is_wildcard(const char *name)
{
    return text_starts(name, "*.");
}

/* ---- domains ---- */

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
    if (address_is(domain)) {
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

/* ---- IP addresses ---- */

/* An IPv6 address without the brackets that URLs put around it. */
static char *without_brackets(const char *text)
{
    size_t len = strlen(text);

    if (len < 2 || text[0] != '[' || text[len - 1] != ']' || memchr(text, ':', len) == NULL)
        return xstrdup(text);
    return xstrndup(text + 1, len - 2);
}

/* What else was given along with the address. Returns false. */
static bool explain_address(const char *text, struct error *err)
{
    const char *colon = strchr(text, ':');

    if (strchr(text, '%') != NULL)
        return error_next(err,
            "leave out the zone (%s): it names an interface of this machine, and is no part of the address that a "
            "certificate has",
            strchr(text, '%'));
    if (strchr(text, '/') != NULL)
        return error_next(err, "give one address alone: no URL, and no network");
    if (strstr(text, "]:") != NULL || (colon != NULL && text[0] != '[' && strchr(colon + 1, ':') == NULL))
        return error_next(err, "leave out the port: a certificate is for all ports of an address");
    return false;
}

bool ip_address_normalize(const char *text, char **out, struct error *err)
{
    AUTO(free) char *bare = without_brackets(text);
    char shown[ADDRESS_TEXT_SIZE];

    if (!address_canonical(bare, shown)) {
        (void)error_set(err, ERROR_CONFIG, "'%s' does not appear to be an IPv4 or IPv6 address", text);
        return explain_address(text, err);
    }
    *out = xstrdup(shown);
    return true;
}

/* All of it that stands in front of a zone can stand in addresses, and it is no plain word or number. */
static bool is_address_meant(struct view text)
{
    bool parted = false;

    for (size_t i = 0; i < text.len && text.at[i] != '%'; i++) {
        unsigned char c = (unsigned char)text.at[i];

        if (strchr(".:", c) != NULL)
            parted = true;
        else if (!isxdigit(c) && strchr("[]", c) == NULL)
            return false;
    }
    return parted;
}

bool ip_addresses_are_meant(const char *text)
{
    struct view rest = view_of(text), part;

    while (view_cut(&rest, ',', &part))
        if (!is_address_meant(view_trim(part)))
            return false;
    return true;
}

/* ---- e-mail ---- */

/* Characters of an atom (RFC 5322 section 3.2.3), without those that a mailto URL gives a meaning of their own. */
static bool is_atom_char(char c)
{
    return isalnum((unsigned char)c) || (c != '\0' && strchr("!$&'*+-/=^_`{|}~", c) != NULL);
}

static bool is_host_char(char c)
{
    return isalnum((unsigned char)c) || c == '-';
}

/* Words of such characters with single dots between them, none longer than that. */
static bool is_dotted(struct view text, bool (*is_part)(char c), size_t longest)
{
    struct view rest = text, word;

    while (view_cut(&rest, '.', &word)) {
        if (word.len == 0 || word.len > longest)
            return false;
        for (size_t i = 0; i < word.len; i++)
            if (!is_part(word.at[i]))
                return false;
    }
    return true;
}

/* Why no CA takes the address; NULL: it may. */
static const char *email_fault(const char *text)
{
    struct view rest = view_of(text), local, domain;

    if (!is_ascii(text))
        return "has letters that CAs do not take: only those of ASCII";
    if (rest.len > EMAIL_MAX)
        return "is longer than an address can be";
    if (!view_cut(&rest, '@', &local) || rest.at == NULL || view_has(rest, '@'))
        return "";
    domain = rest;
    if (local.len > EMAIL_LOCAL_MAX)
        return "has more than 64 characters in front of the @";
    return is_dotted(local, is_atom_char, EMAIL_LOCAL_MAX) && is_dotted(domain, is_host_char, LABEL_MAX) ? NULL : "";
}

/* The same for everybody: what breaks messages and lists apart. */
static const char *email_plain_fault(const char *text)
{
    const char *at = strrchr(text, '@');
    size_t len = strlen(text);
    bool ok = at != NULL && at != text && at[1] != '\0' && at[1] != '.' && text[len - 1] != '.' && len <= EMAIL_MAX &&
              strstr(at, "..") == NULL && strchr(text, '@') == at;

    for (size_t i = 0; ok && i < len; i++)
        ok = (unsigned char)text[i] > ' ' && text[i] != 0x7f && strchr("<>(),;:\\\"[]", text[i]) == NULL;
    return ok ? NULL : "";
}

bool email_check(const char *text, bool strictly, struct error *err)
{
    const char *fault = strictly ? email_fault(text) : email_plain_fault(text);

    if (fault == NULL)
        return true;
    (void)error_set(err, ERROR_CONFIG, "%s is not a valid e-mail address%s%s", text[0] == '\0' ? "an empty text" : text,
        fault[0] == '\0' ? "" : ": it ", fault);
    return error_next(err, "give one like admin@example.com, or --register-unsafely-without-email");
}

/* ---- lineages ---- */

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
