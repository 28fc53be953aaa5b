#include "backup/sealing.h"

#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"

/* A passphrase or a key that any user of the machine may read keeps nothing secret. */
static bool check_secret(const char *path, struct error *err)
{
    struct stat st;

    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || (st.st_mode & S_IRWXO) == 0)
        return true; /* what cannot be read is told where it is */
    (void)error_set(err, ERROR_CONFIG, "%s is a secret, and open to all users of this machine (mode %04o)", path,
        (unsigned)st.st_mode & 07777);
    return error_next(err, "chmod 600 %s", path);
}

/* The first line, without its end. */
static bool read_passphrase(const char *path, struct buf *out, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF_SECRET(FILE_MAX_TEXT);
    struct view rest, line;

    *out = BUF_SECRET(SEAL_PASSPHRASE_MAX + 1);
    TRY(check_secret(path, err));
    TRY(file_read_given(path, &text, err));
    rest = buf_view(&text);
    if (!view_cut(&rest, '\n', &line))
        line = view_of("");
    if (line.len > 0 && line.at[line.len - 1] == '\r')
        line.len--;
    buf_put(out, line);
    if (line.len == 0)
        return error_set(err, ERROR_CONFIG, "%s has no passphrase in its first line", path);
    return !out->failed || error_set(err, ERROR_CONFIG, "the first line of %s is longer than any passphrase", path);
}

static bool read_certs(const struct list *paths, struct sealing *out, struct error *err)
{
    for (size_t i = 0; i < paths->len; i++) {
        AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);
        struct cert *cert = NULL;

        TRY(file_read_given(paths->at[i], &text, err));
        TRY(cert_from_pem(buf_view(&text), paths->at[i], &cert, err));
        out->certs = xrealloc(out->certs, out->certs_len + 1, sizeof(struct cert *));
        out->certs[out->certs_len++] = cert;
    }
    return true;
}

static bool read_keys(const struct list *paths, struct sealing *out, struct error *err)
{
    for (size_t i = 0; i < paths->len; i++) {
        AUTO(buf_clear) struct buf text = BUF_SECRET(KEY_PEM_MAX);
        struct key *key = NULL;

        TRY(check_secret(paths->at[i], err));
        TRY(file_read_given(paths->at[i], &text, err));
        TRY(key_from_pem(buf_view(&text), paths->at[i], &key, err));
        out->keys = xrealloc(out->keys, out->keys_len + 1, sizeof(struct key *));
        out->keys[out->keys_len++] = key;
    }
    return true;
}

bool sealing_read(const struct settings *settings, struct sealing *out, struct error *err)
{
    AUTO(sealing_clear) struct sealing read = { 0 };

    if (settings->backup_passphrase_file != NULL)
        TRY(read_passphrase(settings->backup_passphrase_file, &read.passphrase, err));
    TRY(read_certs(&settings->backup_recipients, &read, err));
    TRY(read_keys(&settings->backup_keys, &read, err));
    *out = read;
    read = (struct sealing){ 0 };
    return true;
}

void sealing_clear(struct sealing *sealing)
{
    buf_clear(&sealing->passphrase);
    for (size_t i = 0; i < sealing->certs_len; i++)
        cert_free(sealing->certs[i]);
    for (size_t i = 0; i < sealing->keys_len; i++)
        key_free(sealing->keys[i]);
    free(sealing->certs);
    free(sealing->keys);
    *sealing = (struct sealing){ 0 };
}

bool sealing_is_wanted(const struct sealing *sealing)
{
    return sealing->passphrase.len > 0 || sealing->certs_len > 0;
}

struct seal_to sealing_to(const struct sealing *sealing)
{
    return (struct seal_to){ .passphrase = buf_view(&sealing->passphrase),
        .certs = (const struct cert *const *)sealing->certs,
        .certs_len = sealing->certs_len };
}

struct unseal_by sealing_by(const struct sealing *sealing)
{
    return (struct unseal_by){ .passphrase = buf_view(&sealing->passphrase),
        .keys = (const struct key *const *)sealing->keys,
        .keys_len = sealing->keys_len };
}
