#include "rescue/uses.h"

#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "typed/names.h"
#include "webconf/apache_tree.h"
#include "webconf/nginx_conf.h"

#define APACHE_FILES_MAX 4096

struct search {
    const char *live;
    const char *server;
    struct uses *out;
};

struct host { /* a server block or virtual host, as it is read */
    struct list names;
    struct list certs, keys;             /* paths, in their order */
    struct list cert_places, key_places; /* of each path */
};

static void host_clear_at(struct host *host)
{
    list_clear(&host->names);
    list_clear(&host->certs);
    list_clear(&host->keys);
    list_clear(&host->cert_places);
    list_clear(&host->key_places);
}

/* ---- what a host says ---- */

static void add_once(struct list *list, const char *text)
{
    if (!list_has(list, text))
        list_add(list, text);
}

/* Patterns and placeholders ("_", "~^www", ".a.example", "www.*") are no names. */
static void add_name(struct list *names, const char *text)
{
    AUTO(free) char *name = NULL;
    struct error err = { 0 };

    if ((strchr(text, '.') == NULL && strchr(text, ':') == NULL) ||
        strpbrk(is_wildcard(text) ? text + 1 : text, "*~$(") != NULL)
        return;
    if (ip_address_normalize(text, &name, &err) || (text[0] != '.' && domain_normalize(text, &name, &err)))
        add_once(names, name);
}

/* "LIVE/NAME/privkey.pem", or a path in archive/NAME: NAME, of the caller's; NULL: it is another path. */
static char *lineage_in(const char *live, const char *path)
{
    AUTO(free) char *absolute = file_absolute(path), *dir = file_dirname(absolute), *above = file_dirname(dir);
    AUTO(free) char *store = file_dirname(live), *archive = file_join(store, "archive");
    struct error err = { 0 };

    if ((strcmp(above, live) != 0 && strcmp(above, archive) != 0) || !lineage_name_check(file_basename(dir), &err))
        return NULL;
    return xstrdup(file_basename(dir));
}

static struct use *use_named(const struct search *search, const char *name)
{
    struct uses *uses = search->out;

    for (size_t i = 0; i < uses->len; i++)
        if (strcmp(uses->at[i].name, name) == 0)
            return &uses->at[i];
    if (uses->len == USES_MAX)
        return NULL;
    uses->at = xrealloc(uses->at, uses->len + 1, sizeof *uses->at);
    uses->at[uses->len] = (struct use){ .name = xstrdup(name), .server = search->server };
    return &uses->at[uses->len++];
}

static void add_pair(struct use *use, const char *cert, const char *key)
{
    for (size_t i = 0; i < use->certs.len; i++)
        if (strcmp(use->certs.at[i], cert) == 0 && strcmp(use->keys.at[i], key) == 0)
            return;
    list_add(&use->certs, cert);
    list_add(&use->keys, key);
}

/* One path of a pair, or both, may be in the directory of a certificate. */
static void note_pair(const struct search *search, const struct host *host, size_t pair)
{
    const char *cert = pair < host->certs.len ? host->certs.at[pair] : "";
    const char *key = pair < host->keys.len ? host->keys.at[pair] : "";
    const char *paths[] = { cert, key };

    for (size_t i = 0; i < COUNT(paths); i++) {
        AUTO(free) char *name = paths[i][0] == '\0' ? NULL : lineage_in(search->live, paths[i]);
        struct use *use = name == NULL ? NULL : use_named(search, name);

        if (use == NULL)
            continue;
        for (size_t k = 0; k < host->names.len; k++)
            add_name(&use->hosts, host->names.at[k]);
        add_once(&use->places, i == 0 ? host->cert_places.at[pair] : host->key_places.at[pair]);
        add_pair(use, cert, key);
    }
}

static void note(const struct search *search, const struct host *host)
{
    for (size_t pair = 0; pair < host->certs.len || pair < host->keys.len; pair++)
        note_pair(search, host, pair);
}

/* What a path with a variable leads to is known when a client comes, so it is nobody's. */
static void add_path(struct host *host, bool key, const char *path, const char *file, size_t line)
{
    AUTO(free) char *place = xprintf("%s:%zu", file, line);

    list_add(key ? &host->keys : &host->certs, path == NULL || strchr(path, '$') != NULL ? "" : path);
    list_add(key ? &host->key_places : &host->cert_places, place);
}

/* ---- nginx ---- */

static void read_nginx_server(
    const struct search *search, const struct nginx_conf *conf, const struct nginx_node *block)
{
    AUTO(host_clear) struct host host = { 0 };
    struct nginx_walk walk = nginx_walk_block(block);
    const struct nginx_node *node;

    while ((node = nginx_walk_next(&walk)) != NULL) {
        if (nginx_is(node, "server_name"))
            for (size_t i = 1; i < node->word_count; i++)
                list_add(&host.names, node->words[i].text);
        if ((nginx_is(node, "ssl_certificate") || nginx_is(node, "ssl_certificate_key")) && node->word_count > 1) {
            AUTO(free) char *path = nginx_conf_path(conf, node->words[1].text);

            add_path(&host, nginx_is(node, "ssl_certificate_key"), path, node->file->path, node->line);
        }
    }
    note(search, &host);
}

/* Server blocks stand in http; the certificate may be above them, in http itself. */
static void read_nginx_http(const struct search *search, const struct nginx_conf *conf, const struct nginx_node *http)
{
    struct nginx_walk walk = nginx_walk_block(http);
    const struct nginx_node *node;

    read_nginx_server(search, conf, http);
    while ((node = nginx_walk_next(&walk)) != NULL)
        if (node->block && !node->raw && nginx_is(node, "server"))
            read_nginx_server(search, conf, node);
}

static void read_nginx(const struct settings *settings, struct search *search)
{
    AUTO(free) char *main = NULL;
    AUTO(nginx_conf_free) struct nginx_conf *conf = NULL;
    struct nginx_walk walk;
    const struct nginx_node *node;
    struct error err = { 0 };

    if (settings->nginx_server_root == NULL)
        return;
    main = file_join(settings->nginx_server_root, "nginx.conf");
    if (!file_exists(main))
        return;
    if (!nginx_conf_load(main, NULL, &conf, &err)) {
        log_info("What nginx uses cannot be told: %s", err.why);
        return;
    }
    walk = nginx_walk_main(conf);
    while ((node = nginx_walk_next(&walk)) != NULL)
        if (node->block && !node->raw && (nginx_is(node, "http") || nginx_is(node, "stream")))
            read_nginx_http(search, conf, node);
}

/* ---- Apache ---- */

static const char *const apache_roots[] = { "/etc/apache2", "/etc/httpd" };
static const char *const apache_dirs[] = { "", "conf", "conf.d", "conf-enabled", "sites-enabled", "vhosts.d" };

static void read_apache_host(const struct search *search, const struct apache_node *section, const char *file)
{
    AUTO(host_clear) struct host host = { 0 };

    for (const struct apache_node *node = section->child; node != NULL; node = node->next) {
        bool names = apache_node_is(node, "ServerName") || apache_node_is(node, "ServerAlias");

        for (size_t i = 1; names && i < node->word_count; i++)
            list_add(&host.names, apache_node_word(node, i));
        if ((apache_node_is(node, "SSLCertificateFile") || apache_node_is(node, "SSLCertificateKeyFile")) &&
            node->word_count > 1)
            add_path(&host, apache_node_is(node, "SSLCertificateKeyFile"), apache_node_word(node, 1), file, node->line);
    }
    note(search, &host);
}

static void read_apache_file(const struct search *search, const char *path)
{
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);
    AUTO(apache_tree_free) struct apache_tree *tree = NULL;
    struct error err = { 0 };

    if (!file_read(path, &text, &err) || !apache_parse(buf_view(&text), path, &tree, &err)) {
        log_debug("%s: %s", path, err.why);
        return;
    }
    for (const struct apache_node *node = apache_tree_first(tree); node != NULL; node = apache_node_after(node))
        if (apache_node_is(node, "VirtualHost"))
            read_apache_host(search, node, path);
}

static void read_apache_dir(const struct search *search, const char *dir, size_t *files)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error err = { 0 };

    if (!file_list_dir(dir, &names, &err))
        return;
    for (size_t i = 0; i < names.len && *files < APACHE_FILES_MAX; i++) {
        AUTO(free) char *path = file_join(dir, names.at[i]);
        size_t len = strlen(names.at[i]);

        if (len < 5 || strcmp(names.at[i] + len - 5, ".conf") != 0)
            continue;
        ++*files;
        read_apache_file(search, path);
    }
}

static void read_apache_root(const struct search *search, const char *root, size_t *files)
{
    for (size_t i = 0; i < COUNT(apache_dirs); i++) {
        AUTO(free) char *dir = apache_dirs[i][0] == '\0' ? xstrdup(root) : file_join(root, apache_dirs[i]);

        read_apache_dir(search, dir, files);
    }
}

static void read_apache(const struct settings *settings, const struct search *search)
{
    size_t files = 0;

    if (text_is_given(settings->apache_server_root))
        read_apache_root(search, settings->apache_server_root, &files);
    for (size_t i = 0; !text_is_given(settings->apache_server_root) && i < COUNT(apache_roots); i++)
        read_apache_root(search, apache_roots[i], &files);
    if (text_is_given(settings->apache_vhost_root))
        read_apache_dir(search, settings->apache_vhost_root, &files);
}

void uses_find(const struct settings *settings, const char *live, struct uses *out)
{
    struct search search = { .live = live, .out = out, .server = "nginx" };

    read_nginx(settings, &search);
    search.server = "apache";
    read_apache(settings, &search);
}

const struct use *uses_of(const struct uses *uses, const char *name)
{
    for (size_t i = 0; i < uses->len; i++)
        if (strcmp(uses->at[i].name, name) == 0)
            return &uses->at[i];
    return NULL;
}

bool uses_have(const struct uses *uses, const char *server)
{
    for (size_t i = 0; i < uses->len; i++)
        if (strcmp(uses->at[i].server, server) == 0)
            return true;
    return false;
}

void uses_clear(struct uses *uses)
{
    for (size_t i = 0; i < uses->len; i++) {
        free(uses->at[i].name);
        list_clear(&uses->at[i].hosts);
        list_clear(&uses->at[i].places);
        list_clear(&uses->at[i].certs);
        list_clear(&uses->at[i].keys);
    }
    free(uses->at);
    *uses = (struct uses){ 0 };
}
