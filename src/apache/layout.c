#include "apache/layout.h"

#include <strings.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/settings.h"

#define OS_RELEASE_MAX (64 * 1024)

enum trait {
    MODULE_TOOLS = 1, /* a2enmod and a2dismod */
    RESTARTS = 2,     /* "restart" is tried when "graceful" fails */
    READS_VHOSTS = 4, /* the directory of virtual hosts counts in any case */
    SINCE_NINE = 8,   /* from release 9 on, httpd answers what the control script refuses to */
    SYSCONFIG = 16,   /* OPTIONS in /etc/sysconfig/httpd */
    CONF_D = 32,      /* APACHE2_OPTS in /etc/conf.d/apache2 */
};

/* Paths below root, "" for root itself. */
struct row {
    const char *ids; /* of os-release, each between blanks */
    const char *root, *vhosts, *glob, *logs, *control, *server, *unit;
    unsigned traits;
};

static const struct row rows[] = {
    { " debian ubuntu linuxmint ", "/etc/apache2", "sites-available", NULL, "/var/log/apache2", "apache2ctl", NULL,
        "apache2.service", MODULE_TOOLS },
    { " rhel centos ol oracle cloudlinux scientific amazon amzn rocky almalinux ", "/etc/httpd", "conf.d", "*.conf",
        "/var/log/httpd", "apachectl", NULL, "httpd.service", RESTARTS | READS_VHOSTS | SINCE_NINE | SYSCONFIG },
    { " fedora ", "/etc/httpd", "conf.d", "*.conf", "/var/log/httpd", "apachectl", "httpd", "httpd.service",
        RESTARTS | READS_VHOSTS | SYSCONFIG },
    { " gentoo ", "/etc/apache2", "vhosts.d", "*.conf", "/var/log/apache2", "apache2ctl", "apache2", "apache2.service",
        RESTARTS | READS_VHOSTS | CONF_D },
    { " opensuse opensuse-leap opensuse-tumbleweed suse sles ", "/etc/apache2", "vhosts.d", "*.conf",
        "/var/log/apache2", "apachectl", NULL, "apache2.service", 0 },
    { " arch archlinux ", "/etc/httpd", "conf", "*.conf", "/var/log/httpd", "apachectl", NULL, "httpd.service", 0 },
    { " alpine ", "/etc/apache2", "conf.d", "*.conf", "/var/log/apache2", "apachectl", NULL, NULL, 0 },
    { " void ", "/etc/apache", "extra", "*.conf", "/var/log/httpd", "apachectl", NULL, NULL, 0 },
    { " darwin ", "/etc/apache2", "other", "*.conf", "/var/log/apache2", "apachectl", NULL, NULL, 0 },
    { " freebsd ", "/usr/local/etc/apache24", "Includes", "*.conf", "/var/log", "apachectl", NULL, NULL, 0 },
    { "", "/etc/apache2", "sites-available", NULL, "/var/log/apache2", "apache2ctl", NULL, "apache2.service", 0 },
};

/* ---- os-release ---- */

void apache_os_release(struct buf *out)
{
    struct error err = { 0 };

    if (!file_read("/etc/os-release", out, &err) && !file_read("/usr/lib/os-release", out, &err))
        buf_cut(out, 0);
}

static struct view without_quotes(struct view value)
{
    if (value.len >= 2 && (value.at[0] == '"' || value.at[0] == '\'') && value.at[value.len - 1] == value.at[0])
        return (struct view){ value.at + 1, value.len - 2 };
    return value;
}

/* The last value of a key, "" when it has none. */
static struct view value_of(struct view os_release, const char *key)
{
    struct view line, found = { "", 0 };

    while (view_cut(&os_release, '\n', &line)) {
        struct view name;

        if (view_cut(&line, '=', &name) && line.at != NULL && view_is(view_trim(name), key))
            found = without_quotes(view_trim(line));
    }
    return found;
}

static const struct row *row_of(struct view id)
{
    AUTO(free) char *word = xprintf(" %.*s ", (int)id.len, id.at);

    text_lower(word);
    for (size_t i = 0; id.len > 0 && i < COUNT(rows) - 1; i++)
        if (strstr(rows[i].ids, word) != NULL)
            return &rows[i];
    return NULL;
}

static const struct row *row_for(struct view os_release)
{
    const struct row *found = row_of(value_of(os_release, "ID"));
    struct view alike = value_of(os_release, "ID_LIKE"), word;

    if (found != NULL)
        return found;
    while (view_cut(&alike, ' ', &word)) {
        const struct row *row = row_of(word);

        found = row != NULL ? row : found;
    }
    return found != NULL ? found : &rows[COUNT(rows) - 1];
}

/* The first number of VERSION_ID, 0 when there is none. */
static unsigned release_of(struct view os_release)
{
    struct view value = value_of(os_release, "VERSION_ID"), number;
    uint64_t release;

    if (!view_cut(&value, '.', &number) || !view_to_number(number, 0, 100000, &release))
        return 0;
    return (unsigned)release;
}

void apache_options_read(struct view text, const char *key, struct list *defines)
{
    struct view rest = value_of(text, key), word;
    bool behind = false;

    while (view_cut(&rest, ' ', &word)) {
        if (word.len == 0)
            continue;
        if (behind || (word.len > 2 && view_starts(word, "-D")))
            list_add_view(defines, behind ? word : (struct view){ word.at + 2, word.len - 2 });
        behind = !behind && view_is(word, "-D");
    }
}

/* ---- the layout ---- */

static bool is_no(const char *text)
{
    return text[0] == '\0' || strcasecmp(text, "false") == 0 || strcasecmp(text, "no") == 0 ||
           strcasecmp(text, "off") == 0 || strcmp(text, "0") == 0 || strcasecmp(text, "none") == 0;
}

bool apache_handles_modules(const struct settings *settings)
{
    return settings->apache_handle_modules == NULL || !is_no(settings->apache_handle_modules);
}

static char *given_or(const char *given, const char *otherwise)
{
    return xstrdup_or_null(text_is_given(given) ? given : otherwise);
}

/* An absolute path; below root where `name` is one of the table. */
static char *dir_of(const char *given, const char *root, const char *name)
{
    if (text_is_given(given))
        return file_absolute(given);
    return name[0] == '\0' ? xstrdup(root) : file_join(root, name);
}

/* Fedora before 29 is as the others of its family; release 0 is not known. */
static const char *server_of(const struct row *row, unsigned release)
{
    if ((row->traits & SINCE_NINE) && release >= 9)
        return "httpd";
    return strcmp(row->ids, " fedora ") == 0 && release > 0 && release < 29 ? NULL : row->server;
}

void apache_layout_choose(struct view os_release, const struct settings *settings, struct apache_layout *out)
{
    const struct row *row = row_for(os_release);
    bool tools = row->traits & MODULE_TOOLS, own = text_is_given(settings->apache_ctl);
    const char *server = own ? NULL : server_of(row, release_of(os_release));

    out->root = dir_of(settings->apache_server_root, row->root, "");
    out->vhost_dir = dir_of(NULL, out->root, row->vhosts);
    out->vhost_glob = row->glob;
    out->vhosts_read = row->traits & READS_VHOSTS;
    out->new_dir = text_is_given(settings->apache_vhost_root) ? file_absolute(settings->apache_vhost_root) : NULL;
    out->extension = given_or(settings->apache_le_vhost_ext, "-le-ssl.conf");
    out->log_dir = given_or(settings->apache_logs_root, row->logs);
    out->control = given_or(settings->apache_ctl, row->control);
    out->server = given_or(settings->apache_bin, server);
    out->restart = row->traits & RESTARTS ? xstrdup(out->control) : NULL;
    out->enmod = given_or(settings->apache_enmod, tools ? "a2enmod" : NULL);
    out->dismod = given_or(settings->apache_dismod, tools ? "a2dismod" : NULL);
    out->has_links = tools || row == &rows[COUNT(rows) - 1];
    out->options_file = row->traits & SYSCONFIG ? "/etc/sysconfig/httpd"
                        : row->traits & CONF_D  ? "/etc/conf.d/apache2"
                                                : NULL;
    out->options_key = row->traits & SYSCONFIG ? "OPTIONS" : row->traits & CONF_D ? "APACHE2_OPTS" : NULL;
    out->unit = own || text_is_given(settings->apache_server_root) ? NULL : row->unit;
}

void apache_layout_clear(struct apache_layout *layout)
{
    char **owned[] = { &layout->root, &layout->main_file, &layout->vhost_dir, &layout->new_dir, &layout->extension,
        &layout->log_dir, &layout->control, &layout->server, &layout->restart, &layout->enmod, &layout->dismod };

    for (size_t i = 0; i < COUNT(owned); i++) {
        free(*owned[i]);
        *owned[i] = NULL;
    }
}

bool apache_layout_find(struct apache_layout *layout, struct error *err)
{
    static const char *const names[] = { "apache2.conf", "httpd.conf", "conf/httpd.conf" };

    for (size_t i = 0; i < COUNT(names); i++) {
        AUTO(free) char *path = file_join(layout->root, names[i]);

        if (file_exists(path)) {
            free(layout->main_file);
            layout->main_file = TAKE(path);
            return true;
        }
    }
    (void)error_set(
        err, ERROR_PLUGIN, "There is no Apache configuration in %s: neither apache2.conf nor httpd.conf", layout->root);
    return error_next(err, "name its directory with --apache-server-root");
}
