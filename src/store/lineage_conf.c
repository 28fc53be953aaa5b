/*
 * Renewal files: what a lineage's says about its paths, and what is written into it.
 *
 * Knows the keys outside of [renewalparams]; those inside are config/renewal_params.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/renewal_params.h"
#include "disk/layouts.h"
#include "disk/renewal_file.h"
#include "store/lineage_conf.h"
#include "store/lineage_new.h"

#define KNOWN_MAJOR 5 /* of the Certbot whose renewal files we know */
#define KNOWN_MINOR 5
#define NEW_KEY "evercert_new"         /* in the file of a lineage until its first version is complete */
#define REVOKED_KEY "evercert_revoked" /* in that of what is deleted because its certificate was revoked */
#define GUESSED_KEY "evercert_guessed" /* in a file that was made up, until a certificate was obtained as it says */
#define RENEWAL_INFO "acme_renewal_info"
#define RETRY_KEY "ari_retry_after" /* Certbot's: local time without zone */
/* Ours, in UTC: the instant chosen within the suggested window, of which certificate (its serial number), and when the
 * CA last said that window. */
#define CHOSEN_KEY "evercert_renew_at"
#define SERIAL_KEY "evercert_renew_of"
#define SAID_KEY "evercert_renew_said"

/* ---- reading ---- */

bool lineage_missing(const struct store *store, const char *name, struct error *err)
{
    AUTO(free) char *path = store_conf_path(store, name);

    if (file_is_closed(path, err))
        return false;
    (void)error_set(err, ERROR_CONFIG, "No certificate found with name %s (expected %s).", name, path);
    return error_next(err, "the command `certificates` lists the names there are");
}

static bool next_number(struct view *rest, uint64_t *out)
{
    struct view part;

    return view_cut(rest, '.', &part) && view_to_number(part, 0, UINT32_MAX, out);
}

bool lineage_is_of_later_version(const struct lineage *lineage)
{
    const char *version = conf_get(lineage->conf, "", "version");
    struct view rest = view_of(version);
    uint64_t major = 0, minor = 0;

    if (version == NULL || !next_number(&rest, &major))
        return false;
    if (!next_number(&rest, &minor))
        minor = 0;
    return major > KNOWN_MAJOR || (major == KNOWN_MAJOR && minor > KNOWN_MINOR);
}

/* Certbot's own way with files of a later version: it says so, and goes on. */
static void note_version(const struct lineage *lineage)
{
    if (lineage_is_of_later_version(lineage))
        log_info(
            "Attempting to parse the version %s renewal configuration file found at %s with version %s of Evercert. "
            "This might not work.",
            conf_get(lineage->conf, "", "version"), lineage->conf_path, EVERCERT_VERSION);
}

/* Certbot's files say nothing of it. */
static bool read_layout(struct lineage *lineage, struct error *err)
{
    const char *name = conf_get(lineage->conf, "", LINEAGE_LAYOUT_KEY);

    if (name == NULL)
        return true;
    lineage->layout = layout_find(name);
    if (lineage->layout != NULL)
        return true;
    return error_set(err, ERROR_STORE, "%s: %s is \"%s\", a layout that this version does not know", lineage->conf_path,
        LINEAGE_LAYOUT_KEY, name);
}

bool lineage_open(const struct store *store, const char *name, struct lineage **out, struct error *err)
{
    AUTO(free) char *path = NULL;

    if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL)
        return lineage_missing(store, name, err);
    path = store_conf_path(store, name);
    if (lineage_open_conf(store, name, path, out, err))
        return true;
    if (err->sys == ENOENT && file_is_link(path)) {
        (void)error_set(err, ERROR_STORE, "%s is a link that leads nowhere", path);
        return error_next(err, "put back what it led to, or remove it: the certificate is not renewed without it");
    }
    return err->sys == ENOENT ? lineage_missing(store, name, err) : error_in(err, "error parsing %s", path);
}

bool lineage_read_conf(const struct store *store, const char *name, struct conf **out, struct error *err)
{
    AUTO(free) char *path = store_conf_path(store, name);

    return renewal_file_read(path, out, err);
}

bool lineage_open_conf(
    const struct store *store, const char *name, const char *conf_path, struct lineage **out, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = lineage_bare(store, name, layout_find(NULL));
    char *archive_dir;

    TRY(renewal_file_read(conf_path, &lineage->conf, err));
    TRY(read_layout(lineage, err));
    note_version(lineage);
    for (int kind = 0; kind < KIND_COUNT; kind++)
        lineage->live[kind] = renewal_file_path(lineage->conf, kind_name((enum kind)kind));
    if (lineage->live[KIND_CERT] != NULL)
        lineage->live_dir = file_dirname(lineage->live[KIND_CERT]);
    archive_dir = renewal_file_path(lineage->conf, "archive_dir");
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

char *store_server_of(struct store *store, const char *name)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct error unreadable = { 0 };

    return lineage_open(store, name, &lineage, &unreadable) ? xstrdup_or_null(lineage_server(lineage)) : NULL;
}

bool server_is_staging(const char *url)
{
    return strcmp(url, SERVER_STAGING) == 0 || strstr(url, "staging") != NULL;
}

/* ---- writing ---- */

bool lineage_copy_conf(const struct lineage *lineage, struct conf **out, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(2 * CONF_MAX); /* values may have more quotes than when read */

    conf_write(lineage->conf, &text);
    if (text.failed)
        return error_set(err, ERROR_STORE, "%s is too large", lineage->conf_path);
    return conf_read(buf_view(&text), lineage->conf_path, out, err);
}

bool lineage_is_unchanged(const struct lineage *before, const struct lineage *now)
{
    const struct lineage *both[] = { before, now };
    struct buf text[] = { BUF(2 * CONF_MAX), BUF(2 * CONF_MAX) };
    struct error err = { 0 };
    bool same = before->layout == now->layout && strcmp(before->version, now->version) == 0 &&
                before->pending_deployment == now->pending_deployment &&
                view_equal(buf_view(&before->cert->der), buf_view(&now->cert->der));

    for (size_t i = 0; i < COUNT(both) && same; i++) {
        AUTO(conf_free) struct conf *conf = NULL;

        same = lineage_copy_conf(both[i], &conf, &err);
        if (!same)
            break;
        conf_remove_section(conf, RENEWAL_INFO);
        conf_write(conf, &text[i]);
    }
    same = same && view_equal(buf_view(&text[0]), buf_view(&text[1]));
    buf_clear(&text[0]);
    buf_clear(&text[1]);
    return same;
}

void lineage_set_layout(struct conf *conf, const struct layout *layout)
{
    if (layout == layout_find(NULL))
        conf_remove(conf, "", LINEAGE_LAYOUT_KEY);
    else
        conf_set(conf, "", LINEAGE_LAYOUT_KEY, layout->name);
}

void lineage_fill_conf(const struct lineage *lineage, const struct settings *settings, struct conf *conf)
{
    conf_remove(conf, "", NEW_KEY);
    conf_remove(conf, "", REVOKED_KEY);
    conf_remove(conf, "", GUESSED_KEY);
    conf_set(
        conf, "", "version", EVERCERT_VERSION); /* a number below Certbot's, so that it takes the file without a word */
    if (conf_get(conf, "", "archive_dir") == NULL)
        conf_set(conf, "", "archive_dir", lineage->archive_dir);
    for (int kind = 0; kind < KIND_COUNT; kind++)
        if (conf_get(conf, "", kind_name((enum kind)kind)) == NULL)
            conf_set(conf, "", kind_name((enum kind)kind), lineage->live[kind]);
    lineage_set_layout(conf, lineage->layout);
    renewal_params_save(settings, conf);
}

/* "renewal/.NAME.conf.new" */
static char *temporary_path(const struct lineage *lineage)
{
    AUTO(free) char *dir = file_dirname(lineage->conf_path);
    AUTO(free) char *path = file_join(dir, lineage->name);

    return file_beside(path, "conf.new");
}

bool lineage_drop_temporary(const struct lineage *lineage, struct error *err)
{
    AUTO(free) char *path = temporary_path(lineage);

    return file_remove(path, err);
}

bool lineage_create_conf(const struct lineage *lineage, const struct settings *settings, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(CONF_MAX);
    AUTO(free) char *temporary = temporary_path(lineage);
    AUTO(conf_free) struct conf *conf = conf_new();

    lineage_fill_conf(lineage, settings, conf);
    conf_set(conf, "", NEW_KEY, "True");
    conf_write(conf, &text);
    if (text.failed)
        return error_set(err, ERROR_STORE, "the new %s is larger than %d bytes", lineage->conf_path, CONF_MAX);
    return file_create_whole(lineage->conf_path, temporary, buf_view(&text), FILE_PUBLIC, err);
}

bool lineage_is_unfinished(const struct store *store, const char *name)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    struct error err = { 0 };

    /* An empty file is none of ours, as ours appear whole: that name is taken. */
    return lineage_open(store, name, &lineage, &err) && conf_get(lineage->conf, "", NEW_KEY) != NULL;
}

bool lineage_write_conf(const struct lineage *lineage, const struct conf *conf, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(CONF_MAX);
    AUTO(free) char *temporary = temporary_path(lineage);
    struct file_access access = FILE_PUBLIC;
    struct stat st;

    if (stat(lineage->conf_path, &st) == 0)
        access = (struct file_access){ .mode = st.st_mode & 07777 };
    conf_write(conf, &text);
    if (text.failed)
        return error_set(err, ERROR_STORE, "the new %s is larger than %d bytes", lineage->conf_path, CONF_MAX);
    return file_replace_by(lineage->conf_path, temporary, buf_view(&text), access, err);
}

/* Writes a changed copy and puts it in the place of the lineage's. */
static bool adopt_conf(struct lineage *lineage, struct conf **conf, struct error *err)
{
    TRY(lineage_write_conf(lineage, *conf, err));
    conf_free(lineage->conf);
    lineage->conf = TAKE(*conf);
    return true;
}

bool lineage_mark_revoked(const struct lineage *lineage, struct error *err)
{
    AUTO(conf_free) struct conf *conf = NULL;

    TRY(lineage_copy_conf(lineage, &conf, err));
    conf_set(conf, "", REVOKED_KEY, "True");
    return lineage_write_conf(lineage, conf, err);
}

bool lineage_is_marked_revoked(const struct lineage *lineage)
{
    return text_equal(conf_get(lineage->conf, "", REVOKED_KEY), "True");
}

bool lineage_is_new(const struct lineage *lineage)
{
    return conf_get(lineage->conf, "", NEW_KEY) != NULL;
}

bool lineage_finish_new(struct lineage *lineage, struct error *err)
{
    AUTO(conf_free) struct conf *conf = NULL;

    if (!lineage_is_new(lineage))
        return true;
    TRY(lineage_copy_conf(lineage, &conf, err));
    conf_remove(conf, "", NEW_KEY);
    return adopt_conf(lineage, &conf, err);
}

bool lineage_mark_guessed(struct lineage *lineage, struct error *err)
{
    AUTO(conf_free) struct conf *conf = NULL;

    TRY(lineage_copy_conf(lineage, &conf, err));
    conf_set(conf, "", GUESSED_KEY, "True");
    return adopt_conf(lineage, &conf, err);
}

bool lineage_is_guessed(const struct lineage *lineage)
{
    return text_equal(conf_get(lineage->conf, "", GUESSED_KEY), "True");
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

bool lineage_save_renewal_info(struct lineage *lineage, const struct renewal_memory *memory, struct error *err)
{
    AUTO(conf_free) struct conf *conf = NULL;

    TRY(lineage_copy_conf(lineage, &conf, err));
    set_time(conf, RETRY_KEY, memory->retry_at, clock_format_local);
    set_time(conf, CHOSEN_KEY, memory->instant, clock_format_rfc3339);
    set_time(conf, SAID_KEY, memory->said_at, clock_format_rfc3339);
    if (memory->instant != 0)
        conf_set(conf, RENEWAL_INFO, SERIAL_KEY, lineage->cert->serial);
    else
        conf_remove(conf, RENEWAL_INFO, SERIAL_KEY);
    return adopt_conf(lineage, &conf, err);
}

static bool get_time(const struct lineage *lineage, const char *key, bool (*parse)(struct view, int64_t *),
    int64_t *out, struct error *err)
{
    const char *text = conf_get(lineage->conf, RENEWAL_INFO, key);

    *out = 0;
    if (text == NULL || parse(view_of(text), out))
        return true;
    (void)error_set(err, ERROR_CONFIG, "%s: %s is \"%s\", which is not a time", lineage->conf_path, key, text);
    return error_next(err, "remove that line; it is written anew");
}

bool lineage_renewal_info(const struct lineage *lineage, struct renewal_memory *out, struct error *err)
{
    const char *serial = conf_get(lineage->conf, RENEWAL_INFO, SERIAL_KEY);
    struct renewal_memory memory;

    TRY(get_time(lineage, RETRY_KEY, clock_parse_local, &memory.retry_at, err));
    TRY(get_time(lineage, CHOSEN_KEY, clock_parse_rfc3339, &memory.instant, err));
    TRY(get_time(lineage, SAID_KEY, clock_parse_rfc3339, &memory.said_at, err));
    if (memory.instant != 0 && (serial == NULL || strcmp(serial, lineage->cert->serial) != 0))
        memory = (struct renewal_memory){ 0 };
    *out = memory;
    return true;
}

bool lineage_change_account(
    struct store *store, const char *name, const char *server, const char *from, const char *to, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;
    AUTO(conf_free) struct conf *conf = NULL;

    TRY(lineage_open(store, name, &lineage, err));
    if (!text_equal(lineage_server(lineage), server) ||
        !text_equal(conf_get(lineage->conf, "renewalparams", "account"), from))
        return true;
    TRY(lineage_copy_conf(lineage, &conf, err));
    conf_set(conf, "renewalparams", "account", to);
    return lineage_write_conf(lineage, conf, err);
}
