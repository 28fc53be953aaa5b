#include "disk/sharing.h"

#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "disk/renewal_file.h"

/* The archive directory that the renewal file FILE in renewal_dir names, of the caller's. */
static char *archive_of(const char *renewal_dir, const char *file, const struct conf *conf)
{
    AUTO(free) char *config = file_dirname(renewal_dir);
    char *said = renewal_file_path(conf, "archive_dir");

    return said != NULL ? said : xprintf("%s/archive/%.*s", config, (int)(strlen(file) - strlen(".conf")), file);
}

bool sharing_list(const char *renewal_dir, const char *except, struct list *out, struct error *err)
{
    AUTO(list_clear) struct list files = { 0 };

    TRY(file_list_dir(renewal_dir, &files, err));
    for (size_t i = 0; i < files.len; i++) {
        AUTO(free) char *path = file_join(renewal_dir, files.at[i]), *archive = NULL;
        AUTO(conf_free) struct conf *conf = NULL;
        struct error broken = { 0 };

        if (files.at[i][0] == '.' || !text_ends(files.at[i], ".conf") || text_equal(path, except) ||
            !renewal_file_read(path, &conf, &broken))
            continue;
        archive = archive_of(renewal_dir, files.at[i], conf);
        list_add(out, archive);
    }
    return true;
}

enum sharing lineage_sharing(const struct lineage *lineage, struct error *err)
{
    AUTO(free) char *dir = file_dirname(lineage->conf_path);
    AUTO(list_clear) struct list others = { 0 };

    if (!sharing_list(dir, lineage->conf_path, &others, err))
        return SHARING_UNKNOWN;
    return list_has(&others, lineage->archive_dir) ? SHARING : SHARING_NOT;
}

bool lineage_shares_archive(const struct lineage *lineage)
{
    struct error unknown = { 0 };

    return lineage_sharing(lineage, &unknown) != SHARING_NOT;
}

bool lineage_refuse_shared(const struct lineage *lineage, struct error *err)
{
    (void)error_set(err, ERROR_STORE,
        "more than one certificate keeps versions in %s, so that nobody can tell whose they are", lineage->archive_dir);
    return error_next(
        err, "correct archive_dir in %s or in the renewal file of the other certificate", lineage->conf_path);
}
