#include "store/compromised.h"

#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

#define FOLDER ".compromised"
#define NEW_KEY "new-key"
#define SUFFIX ".pem"
#define DIR_MODE 0700
#define HASH_TEXT_MAX 128

void compromised_clear(struct compromised *compromised)
{
    list_clear(&compromised->serials);
    list_clear(&compromised->keys);
    free(compromised->new_key);
    *compromised = (struct compromised){ 0 };
}

static char *folder(const struct store *store)
{
    return file_join(store_config_dir(store), FOLDER);
}

char *compromised_dir(const struct store *store, const char *name)
{
    return xprintf("%s/%s/%s", store_config_dir(store), FOLDER, name);
}

char *compromised_path(const struct store *store, const char *name, const char *serial)
{
    return xprintf("%s/%s/%s/%s%s", store_config_dir(store), FOLDER, name, serial, SUFFIX);
}

static bool load_one(const char *path, struct view serial, int64_t now, struct compromised *out, struct error *err)
{
    AUTO(buf_clear) struct buf pem = BUF(FILE_MAX_TEXT);
    AUTO(cert_free) struct cert *cert = NULL;
    AUTO(free) char *key = NULL;

    TRY(file_read(path, &pem, err) && cert_from_pem(buf_view(&pem), path, &cert, err));
    if (cert->not_after <= now)
        return true;
    list_add_view(&out->serials, serial);
    key = cert_key_hash(cert);
    if (!list_has(&out->keys, key))
        list_add(&out->keys, key);
    return true;
}

static bool load_new_key(const char *path, struct compromised *out, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(HASH_TEXT_MAX);

    TRY(file_read(path, &text, err));
    out->new_key = view_dup(view_trim(buf_view(&text)));
    return true;
}

bool compromised_load(
    const struct store *store, const char *name, int64_t now, struct compromised *out, struct error *err)
{
    AUTO(free) char *dir = compromised_dir(store, name);
    AUTO(list_clear) struct list files = { 0 };

    TRY(file_list_dir(dir, &files, err));
    for (size_t i = 0; i < files.len; i++) {
        AUTO(free) char *path = file_join(dir, files.at[i]);
        struct view serial = { files.at[i], strlen(files.at[i]) - (sizeof SUFFIX - 1) };

        if (strcmp(files.at[i], NEW_KEY) == 0)
            TRY(load_new_key(path, out, err));
        else if (text_ends(files.at[i], SUFFIX))
            TRY(load_one(path, serial, now, out, err));
    }
    return true;
}

static bool put(const struct store *store, const char *name, const char *path, struct view content, struct error *err)
{
    AUTO(free) char *dir = compromised_dir(store, name);

    TRY(file_mkdirs(dir, DIR_MODE, err));
    return file_replace(path, content, FILE_PRIVATE, err);
}

bool compromised_add(
    const struct store *store, const char *name, const char *serial, struct view pem, struct error *err)
{
    AUTO(free) char *path = compromised_path(store, name, serial);

    return put(store, name, path, pem, err);
}

bool compromised_set_new_key(const struct store *store, const char *name, const char *hash, struct error *err)
{
    AUTO(free) char *dir = compromised_dir(store, name), *path = file_join(dir, NEW_KEY);
    AUTO(free) char *line = xprintf("%s\n", hash);

    return put(store, name, path, view_of(line), err);
}

bool compromised_remove(const struct store *store, const char *name, const char *serial, struct error *err)
{
    AUTO(free) char *path = compromised_path(store, name, serial);

    return file_remove(path, err);
}

bool compromised_drop(const struct store *store, const char *name, struct error *err)
{
    AUTO(free) char *dir = compromised_dir(store, name), *all = folder(store);

    return file_remove_tree(dir, err) && file_remove_dir_if_empty(all, err);
}

bool compromised_names(const struct store *store, struct list *out, struct error *err)
{
    AUTO(free) char *all = folder(store);

    return file_list_dir(all, out, err);
}
