#include "disk/certbot_versions.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

#define ALL_KINDS ((1U << KIND_COUNT) - 1)

bool version_parse(const char *file_name, struct version_file *out)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        size_t len = strlen(kind_name((enum kind)kind));
        struct view number;
        uint64_t version;

        if (strncmp(file_name, kind_name((enum kind)kind), len) != 0)
            continue;
        number = (struct view){ file_name + len, strspn(file_name + len, "0123456789") };
        if (number.len == 0 || number.at[0] == '0' || strcmp(number.at + number.len, ".pem") != 0 ||
            !view_to_number(number, 1, VERSION_MAX, &version))
            return false;
        *out = (struct version_file){ (unsigned)version, (enum kind)kind };
        return true;
    }
    return false;
}

char *version_path(const char *dir, enum kind kind, unsigned version)
{
    AUTO(free) char *name = xprintf("%s%u.pem", kind_name(kind), version);

    return file_join(dir, name);
}

static int compare(const void *left, const void *right)
{
    const struct version_file *a = left, *b = right;

    if (a->version != b->version)
        return a->version < b->version ? -1 : 1;
    return (int)a->kind - (int)b->kind;
}

/* Adds the files of the kinds whose directory is dirs[first], unless an earlier kind has had that directory
 * listed. */
static bool list_one(char *const dirs[KIND_COUNT], int first, struct versions *out, struct error *err)
{
    AUTO(list_clear) struct list names = { 0 };

    for (int kind = 0; kind < first; kind++)
        if (strcmp(dirs[kind], dirs[first]) == 0)
            return true;
    TRY(file_list_dir(dirs[first], &names, err));
    out->at = xrealloc(out->at, out->len + names.len, sizeof *out->at);
    for (size_t i = 0; i < names.len; i++)
        if (version_parse(names.at[i], &out->at[out->len]) && strcmp(dirs[out->at[out->len].kind], dirs[first]) == 0)
            out->len++;
    return true;
}

bool versions_list(char *const dirs[KIND_COUNT], struct versions *out, struct error *err)
{
    AUTO(versions_clear) struct versions found = { 0 };

    for (int kind = 0; kind < KIND_COUNT; kind++)
        TRY(list_one(dirs, kind, &found, err));
    if (found.len > 0)
        qsort(found.at, found.len, sizeof *found.at, compare);
    *out = found;
    found = (struct versions){ 0 };
    return true;
}

void versions_clear(struct versions *versions)
{
    free(versions->at);
    *versions = (struct versions){ 0 };
}

bool versions_have(const struct versions *versions, struct version_file file)
{
    return versions->len > 0 && bsearch(&file, versions->at, versions->len, sizeof *versions->at, compare) != NULL;
}

unsigned versions_newest(const struct versions *versions)
{
    return versions->len == 0 ? 0 : versions->at[versions->len - 1].version;
}

unsigned versions_newest_complete(const struct versions *versions)
{
    unsigned kinds = 0, version = 0;

    for (size_t i = versions->len; i-- > 0;) {
        if (versions->at[i].version != version)
            kinds = 0;
        version = versions->at[i].version;
        kinds |= 1U << versions->at[i].kind;
        if (kinds == ALL_KINDS)
            return version;
    }
    return 0;
}
