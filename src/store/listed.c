#include "store/listed.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "disk/layout.h"
#include "store/checked.h"
#include "store/lineage_conf.h"
#include "store/store_private.h"

#define FILE_NAME "listed" /* below the work directory */
#define SETTLED_S 3        /* no file system tells times of change less exactly */
#define RECORD_MAX (1024 * 1024)

/* A record: its length and the digest of facts and text; then the text: the renewal file's name and the version, each
 * ended by a NUL, and the summary. The version is "" where the live files bear no number. */
struct head {
    uint8_t digest[CHECKED_DIGEST];
    uint32_t len; /* of the whole record */
};

enum place { RENEWAL, LIVE, ARCHIVE, FILES, PLACES = FILES + KIND_COUNT };

struct fact { /* of equal sizes, so that there is nothing between them */
    uint64_t dev, inode, size, sec, nsec;
};

struct listed {
    bool usable;
    int dir[FILES]; /* CONF/renewal, CONF/live and CONF/archive; -1 when it is not there */
    char *live_dir, *path;
    int64_t settled;              /* what was changed after it is not recorded */
    struct buf header, old, next; /* the file's first lines; all of the last and of the next one */
    size_t at;                    /* in old: the next record */
};

/* ---- opening ---- */

static int open_dir(const struct store *store, const char *part)
{
    AUTO(free) char *path = store_path(store, part);

    return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void load(struct listed *listed)
{
    struct error err = { 0 };

    if (!file_exists(listed->path) || !checked_is_ours(listed->path))
        return;
    if (!file_read(listed->path, &listed->old, &err)) {
        log_debug("%s is not used: %s", listed->path, err.why);
        buf_cut(&listed->old, 0);
    } else if (!view_starts(buf_view(&listed->old), buf_text(&listed->header))) {
        log_debug("%s is not used: it is of another version, or of another store", listed->path);
        buf_cut(&listed->old, 0);
    }
    listed->at = listed->header.len;
}

struct listed *listed_open(const struct store *store, int64_t now)
{
    struct listed *listed = xcalloc(1, sizeof *listed);

    listed->usable = store_has_no_leftovers(store);
    listed->dir[RENEWAL] = open_dir(store, "renewal");
    listed->dir[LIVE] = open_dir(store, "live");
    listed->dir[ARCHIVE] = open_dir(store, "archive");
    listed->live_dir = store_path(store, "live");
    listed->path = file_join(store_work_dir(store), FILE_NAME);
    listed->settled = now - SETTLED_S;
    listed->header = BUF(FILE_MAX_TEXT);
    listed->old = listed->next = BUF(LISTED_MAX);
    buf_putf(&listed->header, "evercert %s: found, and due by what, in the last listing of\n%s\n", EVERCERT_VERSION,
        listed->live_dir);
    buf_put(&listed->next, buf_view(&listed->header));
    if (listed->usable)
        load(listed);
    return listed;
}

void listed_close(struct listed *listed)
{
    if (listed == NULL)
        return;
    for (size_t i = 0; i < COUNT(listed->dir); i++)
        close_at(&listed->dir[i]);
    free(listed->live_dir);
    free(listed->path);
    buf_clear(&listed->header);
    buf_clear(&listed->old);
    buf_clear(&listed->next);
    free(listed);
}

/* ---- looking at the files ---- */

/* Their paths, against the directory of FILES that is in it. */
static char *path_of(enum place place, const char *name, const char *version)
{
    if (place == RENEWAL)
        return xprintf("%s.conf", name);
    if (place < FILES)
        return xstrdup(name);
    return xprintf("%s/%s%s.pem", name, kind_name((enum kind)(place - FILES)), version);
}

static enum place above(enum place place, const char *version)
{
    if (place < FILES)
        return place;
    return version[0] == '\0' ? LIVE : ARCHIVE;
}

/* Links are not followed: where one stands for a file or directory, nothing is said. *newest: the latest change. */
static bool look(
    const struct listed *listed, const char *name, const char *version, struct fact facts[PLACES], int64_t *newest)
{
    *newest = INT64_MIN;
    for (enum place place = RENEWAL; place < PLACES; place++) {
        AUTO(free) char *path = path_of(place, name, version);
        bool is_dir = place == LIVE || place == ARCHIVE;
        struct stat st;

        if (fstatat(listed->dir[above(place, version)], path, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
            !(is_dir ? S_ISDIR(st.st_mode) : S_ISREG(st.st_mode)))
            return false;
        facts[place] = (struct fact){ st.st_dev, st.st_ino, (uint64_t)st.st_size, (uint64_t)st.st_ctim.tv_sec,
            (uint64_t)st.st_ctim.tv_nsec };
        if (st.st_ctim.tv_sec > *newest)
            *newest = st.st_ctim.tv_sec;
    }
    return true;
}

static bool name_record(const struct fact facts[PLACES], struct view text, uint8_t out[CHECKED_DIGEST])
{
    struct error err = { 0 };

    return checked_name("listed", (struct view){ (const char *)facts, PLACES * sizeof *facts }, text, out, &err);
}

/* ---- records ---- */

static struct view text_of(struct view record)
{
    return (struct view){ record.at + sizeof(struct head), record.len - sizeof(struct head) };
}

/* The next one of the last listing; empty at the end, also of what is damaged. */
static struct view next_record(const struct listed *listed)
{
    struct view rest;
    struct head head;

    if (listed->at >= listed->old.len || listed->old.len - listed->at < sizeof head)
        return (struct view){ NULL, 0 };
    rest = (struct view){ listed->old.at + listed->at, listed->old.len - listed->at };
    memcpy(&head, rest.at, sizeof head);
    if (head.len <= sizeof head || head.len > rest.len || rest.at[head.len - 1] != '\0')
        return (struct view){ NULL, 0 };
    return (struct view){ rest.at, head.len };
}

struct view listed_find(struct listed *listed, const char *name)
{
    AUTO(free) char *file = xprintf("%s.conf", name);

    for (;;) {
        struct view record = next_record(listed);
        int order = record.len == 0 ? 1 : strcmp(text_of(record).at, file);

        if (order > 0)
            return (struct view){ NULL, 0 };
        listed->at += record.len;
        if (order == 0)
            return record;
    }
}

size_t listed_count(const struct store *store)
{
    AUTO(listed_close) struct listed *listed = listed_open(store, 0);
    size_t count = 0;

    if (!listed->usable) /* as where there is no live directory */
        load(listed);
    while (next_record(listed).len > 0) {
        listed->at += next_record(listed).len;
        count++;
    }
    return count;
}

static char *live_path(const struct listed *listed, const char *name, enum kind kind)
{
    return xprintf("%s/%s/%s.pem", listed->live_dir, name, kind_name(kind));
}

bool listed_recall(const struct listed *listed, const char *name, struct view record, struct summary **out)
{
    uint8_t digest[CHECKED_DIGEST];
    struct fact facts[PLACES];
    struct view rest, file, version;
    int64_t newest;

    if (record.len == 0)
        return false;
    rest = text_of(record);
    if (!view_cut(&rest, '\0', &file) || !view_cut(&rest, '\0', &version) || rest.at == NULL ||
        !look(listed, name, version.at, facts, &newest) || !name_record(facts, text_of(record), digest) ||
        memcmp(digest, record.at + offsetof(struct head, digest), sizeof digest) != 0 || !summary_get(rest, out))
        return false;
    (*out)->fullchain = live_path(listed, name, KIND_FULLCHAIN);
    (*out)->privkey = live_path(listed, name, KIND_PRIVKEY);
    return true;
}

/* Whether what the listing shows depends on nothing but the files that are looked at. */
static bool is_usual(const struct listed *listed, const struct lineage *lineage, const char *version)
{
    if (!lineage->alone || lineage->unsettled || lineage->behind || lineage->pending_deployment ||
        lineage_is_of_later_version(lineage))
        return false;
    for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
        AUTO(free) char *live = live_path(listed, lineage->name, kind);
        AUTO(free)
        char *file = xprintf(
            "%s/%s%s.pem", version[0] == '\0' ? lineage->live_dir : lineage->archive_dir, kind_name(kind), version);

        if (strcmp(lineage->live[kind], live) != 0 || strcmp(lineage->current[kind], file) != 0)
            return false;
    }
    return true;
}

void listed_record(
    const struct listed *listed, const struct lineage *lineage, const struct summary *summary, struct buf *record)
{
    const char *version = lineage->layout->live_are_links ? lineage->version : "";
    AUTO(buf_clear) struct buf text = BUF(RECORD_MAX);
    struct fact facts[PLACES];
    struct head head;
    int64_t newest;

    if (!listed->usable || !is_usual(listed, lineage, version) ||
        !look(listed, lineage->name, version, facts, &newest) || newest > listed->settled)
        return;
    buf_putf(&text, "%s.conf%c%s%c", lineage->name, '\0', version, '\0');
    summary_put(summary, &text);
    if (text.failed || !name_record(facts, buf_view(&text), head.digest))
        return;
    head.len = (uint32_t)(sizeof head + text.len);
    buf_put(record, (struct view){ (const char *)&head, sizeof head });
    buf_put(record, buf_view(&text));
}

/* ---- the next listing's ---- */

void listed_keep(struct listed *listed, struct view record)
{
    if (record.len <= listed->next.max - listed->next.len)
        buf_put(&listed->next, record);
}

void listed_save(const struct listed *listed)
{
    struct error err = { 0 };
    bool is_empty = listed->old.len == 0 && listed->next.len == listed->header.len;

    if (!listed->usable || is_empty || view_equal(buf_view(&listed->old), buf_view(&listed->next)))
        return;
    if (!file_replace(listed->path, buf_view(&listed->next), FILE_PRIVATE, &err))
        log_debug("what was listed is not remembered: %s", err.why);
}
