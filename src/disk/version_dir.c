#include "disk/version_dir.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "disk/layout.h"
#include "disk/meta.h"

#define STAMP "20261122T052357Z-" /* the form of what stands before the serial number */
#define NEXT ".next"

/* ---- names ---- */

char *version_id(const struct cert *cert)
{
    char date[CLOCK_TEXT_SIZE];

    clock_format_compact(cert->not_before, date);
    return xprintf("%s-%s", date, cert->serial);
}

bool version_id_is(struct view name)
{
    static const char form[] = STAMP;
    size_t len = strlen(form);

    if (name.len <= len)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        bool digit = name.at[i] >= '0' && name.at[i] <= '9';

        if (i >= len                           ? !digit && (name.at[i] < 'a' || name.at[i] > 'f')
            : form[i] >= '0' && form[i] <= '9' ? !digit
                                               : name.at[i] != form[i])
            return false;
    }
    return true;
}

static bool has_form(const char *name, const char *prefix, const char *suffix, struct view *id)
{
    if (!text_starts(name, prefix) || !text_ends(name, suffix) || strlen(name) <= strlen(prefix) + strlen(suffix))
        return false;
    *id = (struct view){ name + strlen(prefix), strlen(name) - strlen(prefix) - strlen(suffix) };
    return version_id_is(*id);
}

bool version_is_next(const char *name, struct view *id)
{
    struct view found;

    if (!has_form(name, "", NEXT, &found))
        return false;
    *id = found;
    return true;
}

bool version_is_new(const char *name, struct view *id)
{
    struct view found;

    if (!has_form(name, ".", ".new", &found) && !has_form(name, ".", NEXT ".new", &found))
        return false;
    *id = found;
    return true;
}

bool version_is_leftover(const char *name)
{
    struct view id;

    return version_is_new(name, &id) || has_form(name, ".", ".gone", &id) || has_form(name, ".", NEXT ".gone", &id);
}

bool version_has_file(const char *name)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *file = xprintf("%s.pem", kind_name((enum kind)kind));

        if (strcmp(name, file) == 0)
            return true;
    }
    return strcmp(name, META_NAME) == 0;
}

/* ---- reading ---- */

bool version_dir_id(const char *dir, char **id, struct error *err)
{
    AUTO(free) char *path = version_file(dir, KIND_CERT);
    AUTO(buf_clear) struct buf pem = BUF(FILE_MAX_TEXT);
    AUTO(cert_free) struct cert *cert = NULL;

    TRY(file_read(path, &pem, err));
    if (!cert_from_pem(buf_view(&pem), path, &cert, err))
        return error_as(err, ERROR_STORE);
    *id = version_id(cert);
    return true;
}

bool version_dir_is_whole(const char *dir)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *path = version_file(dir, (enum kind)kind);

        if (!file_exists(path))
            return false;
    }
    return true;
}

bool version_file_same(const char *a, const char *b, bool *same, struct error *err)
{
    AUTO(buf_clear) struct buf left = BUF_SECRET(FILE_MAX_TEXT), right = BUF_SECRET(FILE_MAX_TEXT);

    TRY(file_read(a, &left, err));
    TRY(file_read(b, &right, err));
    *same = view_equal(buf_view(&left), buf_view(&right));
    return true;
}

bool version_dir_equal(const char *a, const char *b)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *left = version_file(a, (enum kind)kind);
        AUTO(free) char *right = version_file(b, (enum kind)kind);
        struct error unreadable = { 0 };
        bool same;

        if (!version_file_same(left, right, &same, &unreadable) || !same)
            return false;
    }
    return true;
}

/* ---- writing ---- */

static bool write_meta(const char *dir, const struct issued *issued, const struct access *access, struct error *err)
{
    AUTO(free) char *path = file_join(dir, META_NAME);
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);

    TRY(meta_text(issued, &text, err));
    return access_create(path, buf_view(&text), access->cert, err);
}

static bool write_files(const char *dir, const struct issued *issued, const struct access *access, struct error *err)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *path = version_file(dir, (enum kind)kind);

        TRY(access_create_part(path, (enum kind)kind, issued_part(issued, (enum kind)kind), access, err));
    }
    TRY(write_meta(dir, issued, access, err));
    return file_sync_dir(dir, err);
}

bool version_dir_write(const char *dir, const struct issued *issued, const struct access *access, struct error *err)
{
    struct error removing = { 0 };

    if (mkdir(dir, 0755) != 0)
        return file_error(err, "create the directory", dir);
    if (write_files(dir, issued, access, err))
        return true;
    (void)!remove_version_tree(dir, &removing); /* the error that led here is the one to report */
    return false;
}

/* ---- removing ---- */

bool version_dir_drop(const char *archive, const char *name, struct error *err)
{
    AUTO(free) char *dir = file_join(archive, name);
    AUTO(free) char *gone = version_is_leftover(name) ? xstrdup(dir) : file_beside(dir, "gone");

    if (strcmp(dir, gone) != 0 && rename(dir, gone) != 0 && errno != ENOENT) {
        if (errno != EXDEV) /* in the lower layer of an overlay: it cannot be renamed, only emptied */
            return file_error(err, "remove", dir);
        TRY(remove_version_tree(dir, err));
    }
    return remove_version_tree(gone, err);
}
