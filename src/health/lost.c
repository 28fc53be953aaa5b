/*
 * A store whose renewal files are gone, all of them: it looks as one in which there is nothing to renew.
 */
#include <errno.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "health/private.h"
#include "store/listed.h"
#include "store/store_private.h"

static const char why_lost[] = "nothing here is renewed any more, and every certificate expires";

/* Files of certificates, of whichever layout: what users keep there is none, and stays when a certificate is deleted.
 */
static bool has_certificate(const char *dir)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error unreadable = { 0 };

    if (!file_list_dir(dir, &names, &unreadable))
        return false;
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *of_version = xprintf("%s/%s/cert.pem", dir, names.at[i]);
        struct stat st;

        if ((text_starts(names.at[i], "cert") && text_ends(names.at[i], ".pem")) || lstat(of_version, &st) == 0)
            return true;
    }
    return false;
}

/* Directories of lineages in live/ or archive/: how many, and one of them. */
static size_t count_lineages(const struct store *store, const char *part, char **one)
{
    AUTO(free) char *dir = store_path(store, part);
    AUTO(list_clear) struct list names = { 0 };
    struct error unreadable = { 0 };
    size_t count = 0;

    if (!file_list_dir(dir, &names, &unreadable))
        return 0;
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(dir, names.at[i]);

        if (names.at[i][0] == '.' || !has_certificate(path))
            continue;
        if (count++ == 0)
            xreplace(one, names.at[i]);
    }
    return count;
}

/* Whether there is a renewal file, or one that is being deleted; also where that cannot be told. */
static bool has_renewal_file(const char *dir)
{
    AUTO(list_clear) struct list names = { 0 };
    struct error unreadable = { 0 };

    if (!file_list_dir(dir, &names, &unreadable))
        return true;
    for (size_t i = 0; i < names.len; i++)
        if (text_ends(names.at[i], ".gone") || (names.at[i][0] != '.' && text_ends(names.at[i], ".conf")))
            return true;
    return false;
}

char *health_lost(struct store *store)
{
    static const char *const parts[] = { "live", "archive" };
    AUTO(free) char *dir = store_path(store, "renewal");
    struct stat st;

    if (has_renewal_file(dir))
        return NULL;
    for (size_t i = 0; i < COUNT(parts); i++) {
        AUTO(free) char *one = NULL, *where = store_path(store, parts[i]);
        size_t count = count_lineages(store, parts[i], &one);
        AUTO(free) char *more = count > 1 ? xprintf(" and %zu more", count - 1) : xstrdup("");

        if (count > 0)
            return xprintf("there is no renewal file in %s, but certificates in %s: %s%s", dir, where, one, more);
    }
    if (stat(dir, &st) == 0 || errno != ENOENT || listed_count(store) == 0)
        return NULL;
    return xprintf("%s is not there, but %zu certificate(s) were when they were last listed", dir, listed_count(store));
}

void health_tell_lost(struct store *store, struct findings *out)
{
    AUTO(free) char *what = health_lost(store);
    struct finding *finding;

    if (what == NULL)
        return;
    finding = findings_add(out, "renewal-files-lost", HEALTH_ERROR, NULL, why_lost, "%s", what);
    finding->path = store_path(store, "renewal");
    finding_answer(finding, "see that the file system is mounted on which %s is to be", store_config_dir(store));
    finding_answer(finding, "put the renewal files back from a backup");
    finding_answer(finding,
        "obtain the certificates anew, with certonly or run; what is in live and archive has to give way first");
}

void check_lost(struct health *health)
{
    health_tell_lost(health->store, health->out);
}
