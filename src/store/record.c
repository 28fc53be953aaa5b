#include "store/record.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "disk/layout.h"
#include "store/store_private.h"

#define SUFFIX ".txt"
#define MAKE_TRIES 10

char *record_path(const struct store *store, const struct record_kind *kind, const char *name)
{
    AUTO(free) char *file = xprintf("%s" SUFFIX, name);

    return store_path_in(store, kind->folder, file);
}

/* Another process that removes the last record also removes the folder, perhaps between our two steps. */
static bool write_record(const char *folder, const char *path, struct view text, struct error *err)
{
    AUTO(free) char *temporary = file_beside(path, "new");

    for (int i = 0; i < MAKE_TRIES; i++) {
        if (mkdir(folder, 0700) != 0 && errno != EEXIST)
            return file_error(err, "create the directory", folder);
        if (file_replace_by(path, temporary, text, FILE_PRIVATE, err))
            return true;
        if (err->sys != ENOENT)
            return false;
        error_clear(err);
    }
    errno = ENOENT;
    return file_error(err, "write", path);
}

bool record_save(
    struct store *store, const struct record_kind *kind, const char *name, const void *from, struct error *err)
{
    AUTO(free) char *folder = store_path(store, kind->folder), *path = record_path(store, kind, name);
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);

    fields_format(kind->fields, kind->count, from, &text);
    if (text.failed)
        return error_set(err, ERROR_STORE, "the record of %s is larger than %d bytes", kind->what, FILE_MAX_TEXT);
    TRY(write_record(folder, path, buf_view(&text), err));
    return file_sync_dir(store_config_dir(store), err);
}

bool record_load(const struct store *store, const struct record_kind *kind, const char *name, void *out, bool *found,
    struct error *err)
{
    AUTO(free) char *path = record_path(store, kind, name);
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);

    *found = false;
    if (!file_read(path, &text, err)) {
        if (err->sys != ENOENT && err->sys != ENOTDIR)
            return false;
        error_clear(err);
        return true;
    }
    if (!fields_parse(kind->fields, kind->count, buf_view(&text), out, err))
        return error_in(err, "reading %s", path);
    *found = true;
    return true;
}

bool record_remove(struct store *store, const struct record_kind *kind, const char *name, struct error *err)
{
    AUTO(free) char *folder = store_path(store, kind->folder), *path = record_path(store, kind, name);
    AUTO(free) char *temporary = file_beside(path, "new");

    TRY(file_remove(path, err));
    TRY(file_remove(temporary, err));
    return file_remove_dir_if_empty(folder, err);
}

bool record_is_there(const struct store *store, const struct record_kind *kind, const char *name)
{
    AUTO(free) char *path = record_path(store, kind, name);

    return file_exists(path);
}

bool record_any(const struct store *store, const struct record_kind *kind)
{
    AUTO(free) char *folder = store_path(store, kind->folder);

    return file_is_dir(folder);
}

bool record_names(const struct store *store, const struct record_kind *kind, struct list *out, struct error *err)
{
    AUTO(free) char *folder = store_path(store, kind->folder);
    AUTO(list_clear) struct list files = { 0 };

    TRY(file_list_dir(folder, &files, err));
    list_clear(out);
    for (size_t i = 0; i < files.len; i++)
        if (files.at[i][0] != '.' && text_ends(files.at[i], SUFFIX))
            list_add_view(out, (struct view){ files.at[i], strlen(files.at[i]) - strlen(SUFFIX) });
    return true;
}
