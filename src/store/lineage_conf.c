/*
 * Renewal files: what a lineage's says about its paths, and what is written into it.
 *
 * Knows the keys outside of [renewalparams]; those inside are config/renewal_params.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/renewal_params.h"
#include "store/store_private.h"

#define RENEWAL_INFO "acme_renewal_info"
#define RETRY_KEY "ari_retry_after"     /* Certbot's: local time without zone */
#define CHOSEN_KEY "evercert_renew_at"  /* ours, in UTC: the instant chosen within the suggested window */

/* ---- reading ---- */

bool lineage_missing(const struct store *store, const char *name, struct error *err)
{
    AUTO(free) char *dir = store_path(store, "renewal");

    (void)error_set(err, ERROR_CONFIG, "No certificate found with name %s (expected %s/%s.conf).", name, dir,
                    name);
    return error_next(err, "the command `certificates` lists the names there are");
}

static bool read_conf(const char *path, struct conf **out, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(CONF_MAX);

    TRY(file_read(path, &text, err));
    return conf_read(buf_view(&text), path, out, err);
}

/* A path that the renewal file gives, absolute; NULL when it does not. */
static char *conf_path(const struct conf *conf, const char *key)
{
    const char *path = conf_get(conf, "", key);

    return path == NULL || path[0] == '\0' ? NULL : file_absolute(path);
}

bool lineage_open(const struct store *store, const char *name, struct lineage **out, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    char *archive_dir;

    if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL)
        return lineage_missing(store, name, err);
    lineage = lineage_new(store, name);
    if (!read_conf(lineage->conf_path, &lineage->conf, err)) {
        if (err->sys == ENOENT)
            return lineage_missing(store, name, err);
        return error_in(err, "error parsing %s", lineage->conf_path);
    }
    xreplace(&lineage->live_dir, NULL);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        free(lineage->live[kind]);
        lineage->live[kind] = conf_path(lineage->conf, kind_name((enum kind)kind));
    }
    if (lineage->live[KIND_CERT] != NULL)
        lineage->live_dir = file_dirname(lineage->live[KIND_CERT]);
    archive_dir = conf_path(lineage->conf, "archive_dir");
    if (archive_dir != NULL) {
        free(lineage->archive_dir);
        lineage->archive_dir = archive_dir;
    }
    *out = TAKE(lineage);
    return true;
}

const char *lineage_server(const struct lineage *lineage)
{
    const char *server = conf_get(lineage->conf, "renewalparams", "server");

    return server == NULL || server[0] == '\0' || strcmp(server, "None") == 0 ? NULL : server;
}

bool server_is_staging(const char *url)
{
    return strcmp(url, SERVER_STAGING) == 0 || strstr(url, "staging") != NULL;
}

/* ---- writing ---- */

bool lineage_copy_conf(const struct lineage *lineage, struct conf **out, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(2 * CONF_MAX); /* what was read may be quoted more now */

    conf_write(lineage->conf, &text);
    if (text.failed)
        return error_set(err, ERROR_STORE, "%s is too large", lineage->conf_path);
    return conf_read(buf_view(&text), lineage->conf_path, out, err);
}

void lineage_fill_conf(const struct lineage *lineage, const struct settings *settings, struct conf *conf)
{
    conf_set(conf, "", "version",
             EVERCERT_VERSION); /* a number below Certbot's, so that it takes the file without a word */
    if (conf_get(conf, "", "archive_dir") == NULL)
        conf_set(conf, "", "archive_dir", lineage->archive_dir);
    for (int kind = 0; kind < KIND_COUNT; kind++)
        if (conf_get(conf, "", kind_name((enum kind)kind)) == NULL)
            conf_set(conf, "", kind_name((enum kind)kind), lineage->live[kind]);
    renewal_params_save(settings, conf);
}

bool lineage_write_conf(const struct lineage *lineage, const struct conf *conf, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(CONF_MAX);
    struct file_access access = FILE_PUBLIC;
    struct stat st;

    if (stat(lineage->conf_path, &st) == 0)
        access = (struct file_access){ .mode = st.st_mode & 07777 };
    conf_write(conf, &text);
    if (text.failed)
        return error_set(err, ERROR_STORE, "the new %s is larger than %d bytes", lineage->conf_path,
                         CONF_MAX);
    return file_replace(lineage->conf_path, buf_view(&text), access, err);
}

/* Writes a changed copy and puts it in the place of the lineage's. */
static bool adopt_conf(struct lineage *lineage, struct conf **conf, struct error *err)
{
    TRY(lineage_write_conf(lineage, *conf, err));
    conf_free(lineage->conf);
    lineage->conf = TAKE(*conf);
    return true;
}

bool lineage_save_settings(struct lineage *lineage, const struct settings *settings, struct error *err)
{
    AUTO(conf_free) struct conf *conf = NULL;

    TRY(lineage_copy_conf(lineage, &conf, err));
    lineage_fill_conf(lineage, settings, conf);
    return adopt_conf(lineage, &conf, err);
}

/* ---- renewal information (RFC 9773) ---- */

static void set_time(struct conf *conf, const char *key, int64_t at, void (*format)(int64_t, char *))
{
    char text[CLOCK_TEXT_SIZE];

    if (at == 0) {
        conf_remove(conf, RENEWAL_INFO, key);
        return;
    }
    format(at, text);
    conf_set(conf, RENEWAL_INFO, key, text);
}

bool lineage_save_renewal_info(struct lineage *lineage, int64_t retry_at, int64_t chosen, struct error *err)
{
    AUTO(conf_free) struct conf *conf = NULL;

    TRY(lineage_copy_conf(lineage, &conf, err));
    set_time(conf, RETRY_KEY, retry_at, clock_format_local);
    set_time(conf, CHOSEN_KEY, chosen, clock_format_rfc3339);
    return adopt_conf(lineage, &conf, err);
}

static bool get_time(const struct lineage *lineage, const char *key, bool (*parse)(struct view, int64_t *),
                     int64_t *out, struct error *err)
{
    const char *text = conf_get(lineage->conf, RENEWAL_INFO, key);

    *out = 0;
    if (text == NULL || parse(view_of(text), out))
        return true;
    (void)error_set(err, ERROR_CONFIG, "%s: %s is \"%s\", which is not a time", lineage->conf_path, key,
                    text);
    return error_next(err, "remove that line; it is written anew");
}

bool lineage_renewal_info(const struct lineage *lineage, int64_t *retry_at, int64_t *chosen,
                          struct error *err)
{
    int64_t retry, at;

    TRY(get_time(lineage, RETRY_KEY, clock_parse_local, &retry, err));
    TRY(get_time(lineage, CHOSEN_KEY, clock_parse_rfc3339, &at, err));
    *retry_at = retry;
    *chosen = at;
    return true;
}
