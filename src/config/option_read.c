#include "config/option_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>

#include "base/address.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/url.h"
#include "typed/file_mode.h"
#include "typed/fractions.h"
#include "typed/names.h"
#include "config/webroot_map.h"
#include "json/doc.h"

/* ---- refusing ---- */

static void put_shorts(const struct option *option, struct buf *names)
{
    for (const char *letter = option->shorts; letter != NULL && *letter != '\0'; letter++)
        buf_putf(names, "%s-%c", names->len > 0 ? "/" : "", *letter);
}

bool option_fail(const struct option *option, struct error *err, const char *reason, ...)
{
    AUTO(buf_clear) struct buf names = BUF(512);
    char text[512];
    va_list args;

    if (!option->long_first)
        put_shorts(option, &names);
    for (size_t i = 0; i < COUNT(option->names) && option->names[i] != NULL; i++)
        buf_putf(&names, "%s--%s", names.len > 0 ? "/" : "", option->names[i]);
    if (option->long_first)
        put_shorts(option, &names);
    va_start(args, reason);
    (void)vsnprintf(text, sizeof text, reason, args);
    va_end(args);
    return error_set(err, ERROR_USAGE, "argument %s: %s", buf_text(&names), text);
}

/* ---- nothing to keep ---- */

bool read_nothing(struct settings *settings, const struct option *option, const char *value, struct error *err)
{
    (void)settings, (void)option, (void)value, (void)err;
    return true;
}

bool read_deprecated(struct settings *settings, const struct option *option, const char *value, struct error *err)
{
    (void)settings, (void)value, (void)err;
    log_warning("Use of --%s is deprecated.", option->names[0]);
    return true;
}

/* ---- names ---- */

static void add_once(struct list *list, const char *text)
{
    if (!list_has(list, text))
        list_add(list, text);
}

bool read_domains(struct settings *settings, const struct option *option, const char *value, struct error *err)
{
    struct view rest = view_of(value), part;

    (void)option;
    while (view_cut(
        &rest, ',', &part)) { /* "" is one name, too, and a wrong one: a variable of a script's that is not set */
        AUTO(free) char *text = view_dup(view_trim(part));
        AUTO(free) char *domain = NULL;

        TRY(domain_read(text, settings->voice->takes_international_names, &domain, err));
        add_once(&settings->domains, domain);
    }
    return true;
}

bool read_cert_name(struct settings *settings, const struct option *option, const char *value, struct error *err)
{
    (void)option, (void)err;
    if (value[0] != '\0')
        add_once(&settings->cert_names, value);
    return true;
}

bool read_ip_address(struct settings *settings, const struct option *option, const char *value, struct error *err)
{
    struct view rest = view_of(value), part;

    (void)option;
    while (view_cut(&rest, ',', &part)) {
        AUTO(free) char *text = view_dup(view_trim(part));
        AUTO(free) char *address = NULL;

        if (strcmp(text, "auto") == 0 && settings->voice->finds_addresses) {
            settings->ip_auto = true;
            continue;
        }
        TRY(ip_address_normalize(text, &address, err));
        add_once(&settings->ip_addresses, address);
    }
    return true;
}

bool read_asked_address(struct settings *settings, const struct option *option, const char *value, struct error *err)
{
    struct view rest = view_of(value), part;

    (void)option;
    while (view_cut(&rest, ',', &part)) {
        AUTO(free) char *text = view_dup(view_trim(part));
        AUTO(free) char *address = NULL;

        TRY(ip_address_normalize(text, &address, err));
        add_once(&settings->addresses, address);
    }
    return true;
}

static bool check_service(const struct option *option, const char *url, struct error *err)
{
    AUTO(free) char *host = url_host(url);

    if (strcmp(url, "none") == 0)
        return true;
    if (host == NULL)
        return option_fail(option, err, "'%s' is neither the URL of a service nor none", url);
    if (strncasecmp(url, "https:", 6) == 0 || strcmp(host, "localhost") == 0 ||
        address_place_of_text(host) == ADDRESS_LOOPBACK)
        return true;
    return option_fail(option, err, "'%s' is not https: anybody on the way could answer", url);
}

bool check_ct_url(struct settings *settings, const struct option *option, const char *value, struct error *err)
{
    (void)settings;
    TRY(check_service(option, value, err));
    return strstr(value, "{name}") != NULL || option_fail(option, err, "'%s' has no {name} in it", value);
}

bool read_ip_service(struct settings *settings, const struct option *option, const char *value, struct error *err)
{
    struct view rest = view_of(value), part;

    while (view_cut(&rest, ',', &part)) {
        AUTO(free) char *url = view_dup(view_trim(part));

        TRY(check_service(option, url, err));
        add_once(&settings->ip_services, url);
    }
    return true;
}

/* ---- challenges ---- */

static const struct challenge_word {
    const char *name, *short_name;
    bool ours; /* Certbot does not know it */
} challenge_words[] = {
    { "http-01", "http", false },
    { "dns-01", "dns", false },
    { "tls-alpn-01", "tls-alpn", true },
    { "dns-account-01", "dns-account", true },
    { "dns-persist-01", "dns-persist", true },
};

static const struct challenge_word *find_challenge(struct view text)
{
    for (size_t i = 0; i < COUNT(challenge_words); i++)
        if (view_is(text, challenge_words[i].name) || view_is(text, challenge_words[i].short_name))
            return &challenge_words[i];
    return NULL;
}

const char *challenge_name(struct view text)
{
    const struct challenge_word *word = find_challenge(text);

    return word == NULL ? NULL : word->name;
}

bool read_challenges(struct settings *settings, const struct option *option, const char *value, struct error *err)
{
    AUTO(list_clear) struct list unknown = { 0 };
    AUTO(free) char *joined = NULL;
    struct view rest = view_of(value), part;

    while (view_cut(&rest, ',', &part)) {
        const struct challenge_word *word = find_challenge(view_trim(part));

        if (word != NULL && (!word->ours || settings->voice->prefers_own_types))
            list_add(&settings->preferred_challenges, word->name);
        else
            list_add_view(&unknown, view_trim(part));
    }
    if (unknown.len == 0)
        return true;
    joined = list_join(&unknown, ", ");
    (void)option_fail(option, err, "Unrecognized challenges: %s", joined);
    return error_next(err, "%s", settings->voice->known_challenges);
}

/* ---- webroot ---- */

static bool check_dir(const char *path, struct error *err)
{
    if (file_is_dir(path))
        return true;
    return error_set(err, ERROR_PLUGIN, "%s does not exist or is not a directory", path);
}

/*
 * A directory is for the names behind it. So the next one (or the end) settles the names known by then;
 * several directories and names in front of the first cannot be told apart.
 */
bool read_webroot_path(struct settings *settings, const struct option *option, const char *value, struct error *err)
{
    AUTO(free) char *path = file_absolute(value);
    bool has_names = settings->domains.len + settings->ip_addresses.len > 0;

    (void)option;
    TRY(check_dir(value, err));
    if (settings->webroot_path.len > 0 && settings->names_before_webroot) {
        (void)error_set(err, ERROR_PLUGIN,
            "If you specify multiple webroot paths, one of them must precede all --domain "
            "and --ip-address flags");
        return error_next(
            err, "write -w DIR in front of the names it is for: -w /srv/a -d a.example -w /srv/b -d b.example");
    }
    if (settings->webroot_path.len > 0)
        webroot_map_complete(settings);
    else
        settings->names_before_webroot = has_names;
    list_add(&settings->webroot_path, path);
    return true;
}

/* Reads one member of the map: its names (with commas) are requested, too. */
static bool read_map_entry(struct settings *settings, const char *names, const char *root, struct error *err)
{
    AUTO(free) char *path = file_absolute(root);
    struct view rest = view_of(names), part;

    TRY(check_dir(root, err));
    while (view_cut(&rest, ',', &part)) {
        AUTO(free) char *text = view_dup(view_trim(part));
        AUTO(free) char *name = NULL;

        if (ip_address_normalize(text, &name, err)) {
            add_once(&settings->ip_addresses, name);
        } else {
            error_clear(err);
            TRY(domain_read(text, settings->voice->takes_international_names, &name, err));
            add_once(&settings->domains, name);
        }
        webroot_map_put(&settings->webroot_map, name, path);
    }
    return true;
}

bool read_webroot_map(struct settings *settings, const struct option *option, const char *value, struct error *err)
{
    AUTO(doc_free) struct doc *doc = NULL;
    struct error inner = { 0 };
    const struct node *root;
    const char *names;

    if (!doc_read(view_of(value), "the map", &doc, &inner))
        return option_fail(option, err, "%s", inner.why);
    if (!node_is_object(doc_root(doc)))
        return option_fail(option, err, "the map is not an object: {\"DOMAIN,DOMAIN\": \"DIR\"}");
    for (size_t i = 0; node_each(doc_root(doc), i, &names, &root); i++) {
        if (!node_is_string(root))
            return option_fail(option, err, "the directory of %s is not a string", names);
        TRY(read_map_entry(settings, names, node_text(root), err));
    }
    return true;
}

/* ---- checks ---- */

bool check_readable(struct settings *settings, const struct option *option, const char *value, struct error *err)
{
    AUTO(free) char *path = file_absolute(value); /* of an empty text: the working directory */
    AUTO(close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    (void)settings;
    if (fd < 0)
        return option_fail(option, err, "%s", strerror(errno));
    return !file_is_dir(path) || option_fail(option, err, "%s", strerror(EISDIR));
}

bool check_user_agent_comment(
    struct settings *settings, const struct option *option, const char *value, struct error *err)
{
    (void)settings;
    return strpbrk(value, "()") == NULL || option_fail(option, err, "may not contain parentheses");
}

/* "" asks for nothing: what a cli.ini asks for is left to each file again. */
bool check_file_mode(struct settings *settings, const struct option *option, const char *value, struct error *err)
{
    const char *why = NULL;
    mode_t mode;

    (void)settings;
    return value[0] == '\0' || file_mode_parse(value, &mode, &why) || option_fail(option, err, "%s", why);
}

bool check_fractions(struct settings *settings, const struct option *option, const char *value, struct error *err)
{
    struct fractions ignored;

    (void)settings;
    return fractions_read(value, &ignored) ||
           option_fail(
               option, err, "must be at most %d rising fractions between 0 and 1, such as 0.75,0.9", FRACTIONS_MAX);
}

bool check_address(struct settings *settings, const struct option *option, const char *value, struct error *err)
{
    struct error why = { 0 };

    return value[0] == '\0' || email_check(value, settings->voice->holds_email_to_rules, &why) ||
           option_fail(option, err, "%s", why.why);
}
