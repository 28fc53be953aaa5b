/*
 * The four live links of Certbot's layout: which version they mean, and making them lead there.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "disk/certbot_links.h"
#include "disk/certbot_versions.h"
#include "disk/version_dir.h"
#include "health/private.h"
#include "store/lineage_conf.h"
#include "store/lineage_waiting.h"

enum live_state {
    LIVE_GOOD, /* a link to a file of its kind in archive_dir */
    LIVE_MISSING,
    LIVE_DANGLING,  /* a link that leads nowhere */
    LIVE_ELSEWHERE, /* a link to a file that is not in archive_dir */
    LIVE_FILE,      /* a file */
};

/* The path that a link leads to, folded as text; NULL when it is none. Of the caller's. */
static char *target_of(const char *link)
{
    AUTO(free) char *text = NULL, *dir = NULL, *path = NULL;
    struct error err = { 0 };

    if (!file_read_link(link, &text, &err))
        return NULL;
    dir = file_dirname(link);
    path = text[0] == '/' ? xstrdup(text) : file_join(dir, text);
    return file_absolute(path);
}

static enum live_state state_of(const struct subject *subject, int kind, unsigned *version)
{
    const char *live = subject->lineage->live[kind];
    AUTO(free) char *target = target_of(live);
    AUTO(free) char *dir = target == NULL ? NULL : file_dirname(target);
    struct version_file file = { 0 };

    *version = 0;
    if (target == NULL)
        return file_exists(live) ? LIVE_FILE : LIVE_MISSING;
    if (version_parse(file_basename(target), &file) && file.kind == (enum kind)kind)
        *version = file.version;
    if (!file_exists(target))
        return LIVE_DANGLING;
    return strcmp(dir, subject->lineage->archive_dir) == 0 && *version != 0 ? LIVE_GOOD : LIVE_ELSEWHERE;
}

/* Whether what is at a live path can stand for that version: nothing contradicts it. */
static bool may_be(
    const struct subject *subject, int kind, enum live_state state, unsigned named, const struct parts *parts)
{
    AUTO(free) char *id = xprintf("%u", named);

    switch (state) {
    case LIVE_MISSING:
        return true;
    case LIVE_GOOD:
    case LIVE_DANGLING:
        return named == 0 || strcmp(id, parts->id) == 0;
    case LIVE_ELSEWHERE:
    case LIVE_FILE:
        break;
    }
    return health_same_content(subject->lineage->live[kind], parts->path[kind]);
}

/* ---- repairing ---- */

static char *link_text(const struct lineage *lineage, const char *path)
{
    AUTO(free) char *live_above = file_dirname(lineage->live_dir);
    AUTO(free) char *root = file_dirname(live_above);
    AUTO(free) char *archive_above = file_dirname(lineage->archive_dir);
    AUTO(free) char *archive_root = file_dirname(archive_above);

    if (strcmp(root, archive_root) != 0)
        return xstrdup(path);
    return xprintf(
        "../../%s/%s/%s", file_basename(archive_above), file_basename(lineage->archive_dir), file_basename(path));
}

static bool make_live_dir(const char *dir, struct error *err)
{
    AUTO(free) char *above = file_dirname(dir);

    TRY(file_mkdirs(above, LIVE_MODE, err));
    TRY(file_mkdirs(dir, 0755, err));
    return layout_write_readme(dir, "", NULL, err);
}

/* Puts a link in place in one step: the live path has either the old entry or the link. */
static bool put_link(const struct lineage *lineage, int kind, const char *path, struct error *err)
{
    const char *link = lineage->live[kind];
    AUTO(free) char *dir = file_dirname(link);
    AUTO(free) char *fresh = xprintf("%s/.%s.new", dir, file_basename(link));
    AUTO(free) char *text = link_text(lineage, path);

    if (!file_is_dir(dir))
        TRY(make_live_dir(dir, err));
    TRY(file_remove(fresh, err));
    if (symlink(text, fresh) != 0)
        return file_error(err, "create the link", fresh);
    if (rename(fresh, link) == 0)
        return file_sync_dir(dir, err);
    (void)file_error(err, "replace", link);
    (void)unlink(fresh);
    return false;
}

static bool point_to_version(const struct lineage *lineage, const char *dir, unsigned version, struct error *err)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *path = version_path(dir, (enum kind)kind, version);
        AUTO(free) char *target = target_of(lineage->live[kind]);

        if (target == NULL || strcmp(target, path) != 0)
            TRY(put_link(lineage, kind, path, err));
    }
    return true;
}

static bool repair_links(struct health *health, const struct finding *finding, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;

    TRY(lineage_open(health->store, finding->lineage, &lineage, err));
    return point_to_version(lineage, finding->from, (unsigned)finding->number, err);
}

/* Over nothing: what has the name already is the same, from a repair that was cut short, or stays. */
static bool copy_into_version(const char *live, const char *path, struct file_access access, struct error *err)
{
    AUTO(buf_clear) struct buf content = BUF_SECRET(FILE_MAX_TEXT);
    AUTO(free) char *fresh = xprintf("%s.new", path);
    bool same;

    if (!file_exists(path))
        return file_read(live, &content, err) && file_create_whole(path, fresh, buf_view(&content), access, err);
    TRY(version_file_same(live, path, &same, err));
    if (same)
        return true;
    (void)error_set(err, ERROR_STORE, "%s is there already, and is not what is live", path);
    return error_next(err, "run doctor again: it may not have seen all that is there");
}

/* Copies live files that belong to no version into a new version, and makes the links lead to it. */
static bool repair_adopt(struct health *health, const struct finding *finding, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL;

    TRY(lineage_open(health->store, finding->lineage, &lineage, err));
    TRY(file_mkdirs(lineage->archive_dir, 0755, err));
    for (int i = 0; i < KIND_COUNT; i++) { /* the key first: a version that was cut short can be completed */
        static const enum kind order[] = { KIND_PRIVKEY, KIND_FULLCHAIN, KIND_CHAIN, KIND_CERT };
        enum kind kind = order[i];
        AUTO(free) char *path = version_path(lineage->archive_dir, kind, (unsigned)finding->number);
        struct file_access access = kind == KIND_PRIVKEY ? FILE_PRIVATE : FILE_PUBLIC;

        TRY(copy_into_version(lineage->live[kind], path, access, err));
    }
    return point_to_version(lineage, lineage->archive_dir, (unsigned)finding->number, err);
}

/* ---- checking ---- */

/* Whether the four that are live belong together. */
static bool live_is_whole(const struct lineage *lineage, struct cert **leaf)
{
    AUTO(cert_free) struct cert *cert = health_read_cert(lineage->live[KIND_CERT]);
    AUTO(cert_free) struct cert *first = health_read_cert(lineage->live[KIND_FULLCHAIN]);
    AUTO(cert_free) struct cert *issuer = health_read_cert(lineage->live[KIND_CHAIN]);

    if (cert == NULL || first == NULL || issuer == NULL || !health_is_issuer(cert, issuer) ||
        !view_equal(buf_view(&cert->der), buf_view(&first->der)) || !health_key_fits(lineage->live[KIND_PRIVKEY], cert))
        return false;
    *leaf = TAKE(cert);
    return true;
}

static const char *const why_links =
    "renewal goes by these links: without them it refuses the certificate, or renews it where no server looks";

static void offer_newest(struct finding *finding, const struct parts *newest)
{
    if (newest != NULL)
        finding_answer(finding, "make the links lead to version %s, the newest in %s, and lose what is live now",
            newest->id, newest->dir);
}

/* Live holds files, or links to files, that are in no version. */
static void judge_unknown(struct subject *subject, const char *code, const char *what)
{
    const struct lineage *lineage = subject->lineage;
    const struct parts *newest = subject_newest_whole(subject);
    AUTO(cert_free) struct cert *leaf = NULL, *kept = newest == NULL ? NULL : health_read_cert(newest->path[KIND_CERT]);
    struct finding *finding = health_break(subject, code, lineage->live_dir, why_links,
        "%s, and no version in %s is the same", what, lineage->archive_dir);
    unsigned long next =
        subject->version_count == 0 ? 1 : strtoul(subject->versions[subject->version_count - 1].id, NULL, 10) + 1;

    finding->number = next;
    if (live_is_whole(lineage, &leaf)) {
        finding_answer(finding, "keep what is live as version %lu, and make the links lead there", next);
        if (kept == NULL || kept->not_before < leaf->not_before)
            finding->repair = repair_adopt;
        else
            offer_newest(finding, newest);
        return;
    }
    offer_newest(finding, newest);
    finding_answer(finding, "put the files of one version into %s", lineage->live_dir);
}

/* The newest whole version that nothing contradicts. */
static const struct parts *find_version(
    const struct subject *subject, const enum live_state states[KIND_COUNT], const unsigned named[KIND_COUNT])
{
    for (size_t i = subject->version_count; i-- > 0;) {
        bool fits = parts_are_whole(&subject->versions[i]);

        for (int kind = 0; kind < KIND_COUNT && fits; kind++)
            fits = may_be(subject, kind, states[kind], named[kind], &subject->versions[i]);
        if (fits)
            return &subject->versions[i];
    }
    return NULL;
}

bool health_links_lead_to(const struct lineage *lineage, const char *dir)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *to = links_dir(lineage, (enum kind)kind);

        if (to == NULL || strcmp(to, dir) != 0)
            return false;
    }
    return true;
}

/* Whether the live certificate has the lineage's names. */
static bool shows_own(const struct lineage *lineage)
{
    AUTO(cert_free) struct cert *live = health_read_cert(lineage->live[KIND_CERT]);

    return live != NULL && lineage_has_names(lineage, live);
}

/* Whether both directories of both were exchanged: what is live is right for both, and leads into the directory that is
 * named after the other. */
static bool are_crossed(const struct lineage *lineage, const struct lineage *other)
{
    return other->layout->live_are_links && other->live[KIND_CERT] != NULL &&
           health_links_lead_to(lineage, other->archive_dir) && health_links_lead_to(other, lineage->archive_dir) &&
           shows_own(lineage) && shows_own(other);
}

static bool write_archive_dir(const struct lineage *lineage, const char *dir, struct error *err)
{
    AUTO(conf_free) struct conf *conf = NULL;

    TRY(lineage_copy_conf(lineage, &conf, err));
    conf_set(conf, "", "archive_dir", dir);
    return lineage_write_conf(lineage, conf, err);
}

/* Exchanges the archive directories in the two renewal files. Until both are written the two share one, which no other
 * run repairs. The live files stay in place; exchanging the directories would interrupt them. */
static bool repair_crossed(struct health *health, const struct finding *finding, struct error *err)
{
    AUTO(lineage_free) struct lineage *lineage = NULL, *other = NULL;

    TRY(lineage_open(health->store, finding->lineage, &lineage, err));
    TRY(lineage_open(health->store, finding->to, &other, err));
    if (!are_crossed(lineage, other))
        return error_set(err, ERROR_STORE, "%s has changed meanwhile", lineage->live_dir);
    return write_archive_dir(other, lineage->archive_dir, err) && write_archive_dir(lineage, other->archive_dir, err);
}

static bool judge_crossed(struct subject *subject, const char *dir, const char *other_name)
{
    const struct lineage *lineage = subject->lineage;
    AUTO(lineage_free) struct lineage *other = NULL;
    struct error err = { 0 };
    struct finding *finding;

    if (!lineage_open(subject->health->store, other_name, &other, &err) || !are_crossed(lineage, other))
        return false;
    finding = health_break(subject, "archive-exchanged", lineage->conf_path,
        "what is live and renewed is right, but `delete` would take the other certificate's files",
        "%s names %s as archive_dir, but the versions of %s are in %s, and those of %s the other way round",
        lineage->conf_path, lineage->archive_dir, subject->name, dir, other_name);
    finding_answer(finding, "write archive_dir = %s into %s, where what is live leads, and %s into %s", dir,
        lineage->conf_path, lineage->archive_dir, other->conf_path);
    finding->to = xstrdup(other_name);
    if (subject->health->mode == HEALTH_REVIVE) /* the other one is not locked */
        finding_answer(finding, "exchange the directories in archive/, and then those in live/");
    else
        finding->repair = repair_crossed;
    return true;
}

/* The links lead into the archive of another lineage: its files are never taken for this one's. */
static bool judge_others(struct subject *subject, const enum live_state states[KIND_COUNT])
{
    const struct lineage *lineage = subject->lineage;
    AUTO(free) char *dir = links_dir(lineage, KIND_CERT);
    const char *other = dir == NULL || states[KIND_CERT] != LIVE_ELSEWHERE
                            ? NULL
                            : health_other_user(subject->health, dir, subject->name);
    const struct parts *newest = subject_newest_whole(subject);
    AUTO(cert_free) struct cert *own = newest == NULL ? NULL : health_read_cert(newest->path[KIND_CERT]);
    struct finding *finding;

    if (other == NULL)
        return false;
    if (judge_crossed(subject, dir, other))
        return true;
    finding = health_break(subject, "live-of-another", lineage->live_dir,
        "servers show the certificate of another name, and renewal refuses it",
        "the links lead into %s, where the versions of %s are", dir, other);
    if (own != NULL && lineage_has_names(lineage, own) && strcmp(newest->dir, lineage->archive_dir) == 0) {
        finding_answer(finding, "make the links lead to version %s in %s", newest->id, newest->dir);
        finding->number = strtoul(newest->id, NULL, 10);
        finding->from = xstrdup(newest->dir);
        finding->repair = repair_links;
        return true;
    }
    offer_newest(finding, newest);
    finding_answer(finding, "`delete --cert-name` it after correcting its paths, if %s is the one that is used", other);
    return true;
}

static const struct {
    const char *code, *what;
} words[] = {
    [LIVE_MISSING] = { "live-link-missing", "links are missing" },
    [LIVE_DANGLING] = { "live-link-dangling", "links lead to files that are not there" },
    [LIVE_ELSEWHERE] = { "live-link-elsewhere", "links lead out of the archive directory of this certificate" },
    [LIVE_FILE] = { "live-link-flattened", "files stand where links should be" },
};

/* Links that all work, but not to one version: the newest whole one is what Certbot would make live. */
static bool are_all_good(const enum live_state states[KIND_COUNT])
{
    for (int kind = 0; kind < KIND_COUNT; kind++)
        if (states[kind] != LIVE_GOOD)
            return false;
    return true;
}

/* A directory that was moved on purpose, with all four links into it, works; nothing says that it is to be undone. */
static bool judge_moved_archive(struct subject *subject, const enum live_state states[KIND_COUNT])
{
    AUTO(free) char *target = target_of(subject->lineage->live[KIND_CERT]);
    AUTO(free) char *dir = target == NULL ? NULL : file_dirname(target);
    struct finding *finding;

    for (int kind = 0; kind < KIND_COUNT; kind++)
        if (states[kind] != LIVE_ELSEWHERE)
            return false;
    if (file_is_dir(subject->lineage->archive_dir))
        return false;
    finding = health_find(subject->health, subject, "archive-elsewhere", HEALTH_WARNING, subject->lineage->archive_dir,
        "deleting and repairing go by the renewal file",
        "the renewal file names %s, which is not there; "
        "the links lead to %s",
        subject->lineage->archive_dir, dir);
    finding_answer(finding, "write archive_dir = %s into %s", dir, subject->lineage->conf_path);
    finding_answer(finding, "move %s to %s, and run this again", dir, subject->lineage->archive_dir);
    return true;
}

void check_live_links(struct subject *subject)
{
    enum live_state states[KIND_COUNT], worst = LIVE_GOOD;
    unsigned named[KIND_COUNT];
    const struct parts *version;
    struct finding *finding;

    if (!subject->lineage->layout->live_are_links)
        return;
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        states[kind] = state_of(subject, kind, &named[kind]);
        if (states[kind] > worst)
            worst = states[kind];
    }
    if (are_all_good(states) || judge_moved_archive(subject, states))
        return;
    version = find_version(subject, states, named);
    if (version == NULL && judge_others(subject, states))
        return;
    if (version == NULL) {
        judge_unknown(subject, words[worst].code, words[worst].what);
        return;
    }
    finding = health_break(subject, words[worst].code, subject->lineage->live_dir, why_links, "%s in %s",
        words[worst].what, subject->lineage->live_dir);
    finding_answer(finding, "make the links lead to version %s in %s%s", version->id, version->dir,
        worst == LIVE_FILE || worst == LIVE_ELSEWHERE ? ", whose content is the same" : "");
    finding->number = strtoul(version->id, NULL, 10);
    finding->from = xstrdup(version->dir);
    finding->repair = repair_links;
}
