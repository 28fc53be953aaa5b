#include "lifecycle/in_use.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

#define DEPTH_MAX 8
#define FILES_MAX 20000              /* files and directories in one search */
#define FILE_MAX_BYTES (1024 * 1024) /* larger ones are data, not configuration */

/* The usual configuration directories of TLS servers. */
static const char *const usual[] = {
    "/etc/nginx",
    "/usr/local/nginx/conf",
    "/usr/local/etc/nginx",
    "/etc/angie",
    "/etc/openresty",
    "/etc/apache2",
    "/etc/apache",
    "/usr/local/apache2/conf",
    "/etc/httpd",
    "/etc/lighttpd",
    "/etc/caddy",
    "/etc/h2o",
    "/etc/haproxy",
    "/etc/hitch",
    "/etc/varnish",
    "/etc/traefik",
    "/etc/envoy",
    "/etc/squid",
    "/etc/pound",
    "/etc/stunnel",
    "/etc/stunnel4",
    "/etc/postfix",
    "/etc/exim",
    "/etc/exim4",
    "/etc/mail",
    "/etc/opensmtpd",
    "/etc/smtpd",
    "/etc/courier",
    "/etc/dovecot",
    "/etc/cyrus*",
    "/etc/imapd.conf",
    "/etc/vsftpd*",
    "/etc/proftpd*",
    "/etc/pure-ftpd",
    "/etc/mosquitto",
    "/etc/rabbitmq",
    "/etc/postgresql",
    "/etc/mysql",
    "/etc/my.cnf*",
    "/etc/mongod.conf",
    "/etc/redis",
    "/etc/openldap",
    "/etc/ldap",
    "/etc/samba",
    "/etc/prosody",
    "/etc/ejabberd",
    "/etc/matrix-synapse",
    "/etc/turnserver.conf",
    "/etc/coturn",
    "/etc/murmur.ini",
    "/etc/mumble-server.ini",
    "/etc/ircd",
    "/etc/inspircd",
    "/etc/znc",
    "/etc/cockpit",
    "/etc/webmin",
    "/etc/gitlab",
    "/etc/gitea",
    "/etc/grafana",
    "/etc/jenkins",
    "/etc/tomcat*",
    "/etc/openvpn",
    "/etc/ipsec.d",
    "/etc/swanctl",
    "/etc/freeradius",
    "/etc/raddb",
    "/etc/unbound",
    "/etc/bind",
    "/etc/knot",
    "/etc/dnsdist",
    "/etc/cups",
    "/etc/docker",
    "/etc/systemd/system",
};

struct seen { /* a file or directory that was looked into, by whatever name */
    dev_t device;
    ino_t inode;
};

struct search {
    const char *paths[2];
    struct in_use *out;
    struct seen *seen;
    size_t count, room;
};

void in_use_clear(struct in_use *uses)
{
    list_clear(&uses->places);
    uses->count = 0;
}

static void found(struct search *search, const char *path, size_t line)
{
    AUTO(free) char *place = line == 0 ? xstrdup(path) : xprintf("%s:%zu", path, line);

    if (search->out->count++ < IN_USE_PLACES)
        list_add(&search->out->places, place);
}

/* ---- one file ---- */

/* "live/a.example" is not named by "live/a.example.org". */
static bool is_name_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           byte == '-' || byte == '.' || byte == '_';
}

static bool names(struct view text, const char *needle)
{
    size_t len = strlen(needle);

    while (text.len >= len) {
        const char *at = memmem(text.at, text.len, needle, len);

        if (at == NULL)
            return false;
        text =
            (struct view){ at + 1, text.len - (size_t)(at + 1 - text.at) }; /* the next one may begin within this one */
        if (text.len < len || !is_name_byte(text.at[len - 1]))
            return true;
    }
    return false;
}

static bool names_any(const char *const paths[static 2], struct view text)
{
    return (paths[0] != NULL && names(text, paths[0])) || (paths[1] != NULL && names(text, paths[1]));
}

static bool is_comment(struct view line)
{
    line = view_trim(line);
    return view_starts(line, "#") || view_starts(line, ";") || view_starts(line, "//");
}

bool in_use_next(struct in_use_lines *lines, const char *const paths[static 2])
{
    struct view line;

    while (view_cut(&lines->rest, '\n', &line)) {
        lines->number++;
        if (names_any(paths, line) && !is_comment(line))
            return true;
    }
    return false;
}

static void search_file(struct search *search, const char *path)
{
    AUTO(buf_clear) struct buf text = BUF_SECRET(FILE_MAX_BYTES); /* passwords of servers may be in it */
    struct in_use_lines lines = { 0 };
    struct error err = { 0 };

    if (!file_read(path, &text, &err) || !names_any(search->paths, buf_view(&text)))
        return;
    lines.rest = buf_view(&text);
    while (in_use_next(&lines, search->paths))
        found(search, path, lines.number);
}

/* ---- trees ---- */

static bool is_new(struct search *search, const struct stat *st)
{
    for (size_t i = 0; i < search->count; i++)
        if (search->seen[i].inode == st->st_ino && search->seen[i].device == st->st_dev)
            return false;
    if (search->count == search->room) {
        search->room = search->room == 0 ? 256 : 2 * search->room;
        search->seen = xrealloc(search->seen, search->room, sizeof *search->seen);
    }
    search->seen[search->count++] = (struct seen){ st->st_dev, st->st_ino };
    return true;
}

/* A link into the certificate's directories is a use of its own; one to a file of configuration is followed. */
static bool is_link_to_lineage(struct search *search, const char *path)
{
    AUTO(free) char *text = NULL, *dir = NULL, *joined = NULL, *target = NULL;
    struct error err = { 0 };

    if (!file_is_link(path) || !file_read_link(path, &text, &err))
        return false;
    dir = file_dirname(path);
    joined = text[0] == '/' ? xstrdup(text) : file_join(dir, text);
    target = file_absolute(joined);
    if (!names_any(search->paths, view_of(target)))
        return false;
    found(search, path, 0);
    return true;
}

static void search_tree(struct search *search, const char *path, int depth)
{
    AUTO(list_clear) struct list entries = { 0 };
    struct error err = { 0 };
    struct stat st;

    if (search->count >= FILES_MAX || depth > DEPTH_MAX || is_link_to_lineage(search, path) || stat(path, &st) != 0 ||
        !is_new(search, &st))
        return;
    if (S_ISREG(st.st_mode) && st.st_size <= FILE_MAX_BYTES) {
        search_file(search, path);
    } else if (S_ISDIR(st.st_mode) && file_list_dir(path, &entries, &err)) {
        for (size_t i = 0; i < entries.len; i++) {
            AUTO(free) char *below = file_join(path, entries.at[i]);

            search_tree(search, below, depth + 1);
        }
    }
}

static void search_usual(struct search *search)
{
    for (size_t i = 0; i < COUNT(usual); i++) {
        glob_t matches = { 0 };

        if (glob(usual[i], GLOB_NOSORT, NULL, &matches) == 0)
            for (size_t k = 0; k < matches.gl_pathc; k++)
                search_tree(search, matches.gl_pathv[k], 0);
        globfree(&matches);
    }
}

/* Where the servers have their configuration that the lineage was installed in. */
static void search_own(struct search *search, const struct lineage *lineage)
{
    static const char *const roots[] = { "nginx_server_root", "apache_server_root", "apache_vhost_root" };

    for (size_t i = 0; lineage->conf != NULL && i < COUNT(roots); i++) {
        const char *root = conf_get(lineage->conf, "renewalparams", roots[i]);

        if (text_is_given(root))
            search_tree(search, root, 0);
    }
}

void in_use_find(const struct lineage *lineage, const struct list *dirs, struct in_use *out)
{
    struct search search = { .paths = { lineage->live_dir, lineage->archive_dir }, .out = out };

    in_use_clear(out);
    for (size_t i = 0; dirs != NULL && i < dirs->len; i++)
        search_tree(&search, dirs->at[i], 0);
    if (dirs == NULL || dirs->len == 0) {
        search_own(&search, lineage);
        search_usual(&search);
    }
    free(search.seen);
}
