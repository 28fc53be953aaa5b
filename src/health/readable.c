/*
 * Files that this user may not read, or this disk cannot: nothing is reported about them, and nothing concluded.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "health/private.h"

static _Thread_local struct error trouble; /* kind is ERROR_NONE: there was none */

/* Whether the error hides something. Entries that are absent, or of another kind than expected, are reported by the
 * checks. */
static bool hides_something(int sys)
{
    static const int numbers[] = { 0, ENOENT, ENOTDIR, EISDIR, ELOOP, ENAMETOOLONG, EINVAL, ENXIO, ENODEV, EFBIG };

    for (size_t i = 0; i < COUNT(numbers); i++)
        if (sys == numbers[i])
            return false;
    return true;
}

void health_forget_trouble(void)
{
    trouble = (struct error){ 0 };
}

void health_note_trouble(const struct error *err)
{
    if (trouble.kind == ERROR_NONE && hides_something(err->sys))
        trouble = *err;
}

bool health_list_dir(const char *dir, struct list *out)
{
    struct error err = { 0 };

    if (file_list_dir(dir, out, &err))
        return true;
    health_note_trouble(&err);
    return false;
}

const char *health_trouble(void)
{
    return trouble.kind == ERROR_NONE ? NULL : trouble.why;
}

/* ---- telling ---- */

static void answer_hidden(struct finding *finding, const char *path, int sys)
{
    struct stat st;

    if (sys != EACCES && sys != EPERM)
        finding_answer(finding, "see to the disk, and run this again");
    else if (stat(path, &st) == 0)
        finding_answer(finding, "run this as root, or as user %u, whose it is", (unsigned)st.st_uid);
    else
        finding_answer(finding, "run this as root, or as the user whose it is");
}

void health_tell_trouble(struct health *health, const struct subject *subject, size_t from)
{
    const char *path = subject == NULL ? store_config_dir(health->store) : subject->lineage->conf_path;
    struct finding *finding;

    for (size_t i = from; i < health->out->len; i++)
        if (strcmp(health->out->at[i].code, "not-readable") == 0)
            return;
    if (trouble.kind == ERROR_NONE)
        return;
    finding = health_find(
        health, subject, "not-readable", HEALTH_ERROR, path, "what was found may not be all", "%s", trouble.why);
    answer_hidden(finding, "", trouble.sys);
}

/* ---- a lineage ---- */

/* 0 or errno. A pipe in its place does not hold us up. */
static int try_to_read(const char *path)
{
    AUTO(close) int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

    return fd < 0 ? errno : 0;
}

bool health_report_hidden(struct subject *subject, const char *path, int sys)
{
    struct finding *finding;

    if (!hides_something(sys))
        return false;
    finding = health_break(subject, "not-readable", path, "nothing else can be said of this certificate",
        "%s cannot be read: %s", path, strerror(sys));
    answer_hidden(finding, path, sys);
    return true;
}

void check_hidden(struct subject *subject)
{
    const struct lineage *lineage = subject->lineage;
    const char *const paths[] = { lineage->live_dir, lineage->archive_dir, lineage->live[KIND_CERT],
        lineage->live[KIND_CHAIN], lineage->live[KIND_FULLCHAIN], lineage->live[KIND_PRIVKEY] };

    for (size_t i = 0; i < COUNT(paths); i++)
        if (paths[i] != NULL && health_report_hidden(subject, paths[i], try_to_read(paths[i])))
            return;
}
