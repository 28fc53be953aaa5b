#include "recipe/description.h"

#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/program.h"
#include "base/named.h"
#include "base/text.h"
#include "base/writers.h"
#include "recipe/schema.h"

#define FILE_MAX (256 * 1024)
#define SUFFIX ".json"

static const struct {
    const char *folder; /* below the configuration directory; and beside the executable: a build tree */
    const char *data;   /* of those that came with the program */
} places[] = {
    [DESCRIBES_DNS] = { "dns-providers", EVERCERT_DATADIR "/dns" },
    [DESCRIBES_FORM] = { "notify-forms", EVERCERT_DATADIR "/notify" },
};

/* ---- reading ---- */

void description_free(struct description *description)
{
    value_free_all(&description->top);
    free(description->path);
    free(description);
}

static int number_of(const struct value *top, const char *key)
{
    int64_t number = 0;

    return value_number(value_member(top, key), &number) ? (int)number : 0;
}

bool description_read(enum description_kind kind, const char *path, struct description **out, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX);
    AUTO(description_free) struct description *description = xcalloc(1, sizeof *description);

    TRY(file_read(path, &text, err));
    TRY(value_read_json(buf_view(&text), path, &description->top, err));
    TRY(schema_check(kind, &description->top, buf_view(&text), path, err));
    description->path = xstrdup(path);
    description->name = value_member_text(&description->top, "name");
    description->title = value_member_text(&description->top, "title");
    description->wait_s = number_of(&description->top, "wait");
    description->ttl = number_of(&description->top, "ttl");
    *out = TAKE(description);
    return true;
}

/* ---- where they lie ---- */

static char *beside_ourselves(enum description_kind kind)
{
    AUTO(free) char *self = program_self(), *dir = self == NULL ? NULL : file_dirname(self);

    return dir == NULL ? NULL : file_join(dir, places[kind].folder);
}

/* The directory of those that came with the program; *checked: whether its writers are to be looked at. */
static char *built_in_dir(enum description_kind kind, bool *checked)
{
    AUTO(free) char *beside = beside_ourselves(kind);

    *checked = beside == NULL || !file_is_dir(beside);
    return *checked ? xstrdup(places[kind].data) : TAKE(beside);
}

static char *own_dir(enum description_kind kind, const char *config_dir)
{
    return config_dir == NULL ? NULL : file_join(config_dir, places[kind].folder);
}

static char *file_in(const char *dir, const char *name)
{
    AUTO(free) char *file = xprintf("%s" SUFFIX, name);

    return file_join(dir, file);
}

/* Names are part of paths. */
static bool name_is_good(const char *name)
{
    size_t len = strlen(name);

    return len > 0 && len <= 40 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

/* The file of that name, NULL when there is none. */
static char *locate(enum description_kind kind, const char *config_dir, const char *name, bool *own, bool *checked)
{
    AUTO(free) char *dir = own_dir(kind, config_dir), *path = NULL;

    if (!name_is_good(name))
        return NULL;
    path = dir == NULL ? NULL : file_in(dir, name);
    *own = path != NULL && file_exists(path);
    *checked = true;
    if (*own)
        return TAKE(path);
    free(path);
    free(dir);
    dir = built_in_dir(kind, checked);
    path = file_in(dir, name);
    return file_exists(path) ? TAKE(path) : NULL;
}

bool description_exists(enum description_kind kind, const char *config_dir, const char *name)
{
    bool own, checked;
    AUTO(free) char *path = locate(kind, config_dir, name, &own, &checked);

    return path != NULL;
}

static bool check_writers(const char *path, struct error *err)
{
    AUTO(writers_clear) struct writers writers = { 0 };
    AUTO(free) char *absolute = file_absolute(path);

    if (!writers_find(absolute, &writers))
        return true;
    (void)error_set(err, ERROR_CONFIG, "%s is not used: it says where secrets are sent, and %s %s", path, writers.path,
        writers.who);
    return error_next(err, "%s", writers.mend);
}

struct entry { /* of the table of those that were asked for */
    struct named named;
    enum description_kind kind;
    const char *config_dir, *name; /* while it is made */
    struct description *description;
};

static struct named_table table = { .lock = MUTEX_INIT };

static bool make(void *item, void *arg, struct error *err)
{
    struct entry *entry = item;
    bool own = false, checked = false;
    AUTO(free) char *path = locate(entry->kind, entry->config_dir, entry->name, &own, &checked);

    (void)arg;
    if (path == NULL)
        return true;
    if (checked)
        TRY(check_writers(path, err));
    TRY(description_read(entry->kind, path, &entry->description, err));
    entry->description->overrides = own;
    if (strcmp(entry->description->name, entry->name) == 0)
        return true;
    (void)error_set(
        err, ERROR_CONFIG, "%s describes '%s': its name must be that of the file", path, entry->description->name);
    description_free(TAKE(entry->description));
    return false;
}

bool description_find(enum description_kind kind, const char *config_dir, const char *name,
    const struct description **out, struct error *err)
{
    AUTO(free) char *key = xprintf("%s\n%s\n%s", places[kind].folder, config_dir != NULL ? config_dir : "", name);
    struct entry *entry = named_get(&table, key, sizeof *entry);

    MUTEX_HOLD(&entry->named.lock);
    entry->kind = kind;
    entry->config_dir = config_dir;
    entry->name = name;
    TRY(named_make(&entry->named, make, NULL, err));
    *out = entry->description;
    return true;
}

static bool add_names(const char *dir, struct list *out, struct error *err)
{
    AUTO(list_clear) struct list files = { 0 };

    TRY(file_list_dir(dir, &files, err));
    for (size_t i = 0; i < files.len; i++) {
        size_t len = strlen(files.at[i]), end = sizeof SUFFIX - 1;
        AUTO(free) char *name = NULL;

        if (len <= end || !text_ends(files.at[i], SUFFIX))
            continue;
        name = xstrndup(files.at[i], len - end);
        if (name_is_good(name) && !list_has(out, name))
            list_add(out, name);
    }
    return true;
}

bool description_names(enum description_kind kind, const char *config_dir, struct list *out, struct error *err)
{
    bool checked;
    AUTO(free) char *own = own_dir(kind, config_dir), *built_in = built_in_dir(kind, &checked);

    if (own != NULL)
        TRY(add_names(own, out, err));
    TRY(add_names(built_in, out, err));
    list_sort(out);
    return true;
}
