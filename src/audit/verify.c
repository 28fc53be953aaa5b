#include "audit/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>

#include "audit/reader.h"
#include "base/file.h"
#include "base/mem.h"

struct walk {
    struct audit_verdict *verdict;
    const struct audit_heads *heads;
    size_t head_at;                     /* the first head that is not compared yet */
    bool *found;                        /* of the heads without a number, which are the first ones: it is there */
    size_t unnumbered;                  /* how many they are */
    char before_first[AUDIT_HASH_SIZE]; /* the hash of the line that stood in front of all, as the first one has it */
    const char *file;                   /* in which the last line stands */
    uint64_t line;
    bool knows_hash;  /* of the last line */
    bool damaged;     /* the last line cannot be read, and nothing was said of it yet */
    uint64_t unknown; /* lines that cannot be read, since the last one that can */
};

/* ---- problems ---- */

PRINTF(4, 5)
static void report(struct walk *walk, const char *file, uint64_t line, const char *format, ...)
{
    struct audit_verdict *verdict = walk->verdict;
    char *what = NULL;
    va_list args;

    if (verdict->problem_count++ >= AUDIT_PROBLEMS_KEPT)
        return;
    va_start(args, format);
    if (vasprintf(&what, format, args) < 0)
        what = xstrdup(format);
    va_end(args);
    verdict->problems[verdict->problem_count - 1] =
        (struct audit_problem){ .file = xstrdup(file), .line = line, .what = what };
}

/* A line that nobody closed. */
static void report_damaged(struct walk *walk)
{
    if (walk->damaged)
        report(walk, walk->file, walk->line, "cannot be read: it was changed, or damaged");
    walk->damaged = false;
}

/* ---- one line ---- */

static void check_number(struct walk *walk, const struct audit_link *link, uint64_t number)
{
    uint64_t last = walk->verdict->last.seq;

    if (link->seq > last && link->seq <= last + 1 + walk->unknown)
        return; /* what is missing are those that cannot be read */
    if (link->seq > last + 2)
        report(walk, walk->file, number, "lines %" PRIu64 " to %" PRIu64 " are missing in front of it", last + 1,
            link->seq - 1);
    else if (link->seq == last + 2)
        report(walk, walk->file, number, "line %" PRIu64 " is missing in front of it", last + 1);
    else if (view_is(link->act, audit_act_name(ACT_TRAIL_BEGUN)))
        report(walk, walk->file, number,
            "a new trail begins here, as the one that ends with line %" PRIu64 " was not there, or could not be read",
            last);
    else
        report(walk, walk->file, number,
            "line %" PRIu64 " stands behind line %" PRIu64 ": lines were put in another order, or in a second time",
            link->seq, last);
}

/* The first line of all: what stood in front of it is not here any more, unless it is the first that ever was. */
static void check_first(struct walk *walk, const struct audit_link *link, uint64_t number)
{
    const struct audit_head none = AUDIT_NO_HEAD;

    walk->verdict->first = link->seq;
    walk->verdict->first_at = link->time;
    memcpy(walk->before_first, link->prev, AUDIT_HASH_SIZE);
    if (link->seq == 1 && strcmp(link->prev, none.hash) != 0)
        report(walk, walk->file, number, "it is line 1, but has the hash of a line before it");
}

/* before: where the line before it stands. */
static void check_link(
    struct walk *walk, const struct audit_link *link, uint64_t number, const char *before, uint64_t before_line)
{
    const struct audit_verdict *verdict = walk->verdict;
    bool follows = !walk->knows_hash || walk->unknown > 0 || strcmp(link->prev, verdict->last.hash) == 0;

    if (verdict->first == 0)
        check_first(walk, link, number);
    else if (link->seq != verdict->last.seq + 1)
        check_number(walk, link, number);
    else if (!follows)
        report(walk, before, before_line, "it was changed, or its hash in line %" PRIu64 " behind it", link->seq);
    if (link->time < verdict->last_at)
        walk->verdict->clock_back++;
}

/* A head of a line that is not here any more; of the last of them the first line that is has the hash. */
static void compare_older(struct walk *walk, const struct audit_head *head, uint64_t number)
{
    if (head->seq + 1 != walk->verdict->first)
        walk->verdict->older++;
    else if (strcmp(head->hash, walk->before_first) == 0)
        walk->verdict->compared++;
    else
        report(walk, walk->file, number,
            "there is another head of line %" PRIu64
            ", which stood in front of it: it, or a line before it, was changed",
            head->seq);
}

static void compare_heads(struct walk *walk, const struct audit_head *line, uint64_t number)
{
    const struct audit_heads *heads = walk->heads;
    struct audit_verdict *verdict = walk->verdict;

    for (size_t i = 0; i < walk->unnumbered; i++)
        walk->found[i] = walk->found[i] || strcmp(heads->at[i].hash, line->hash) == 0;
    for (; walk->head_at < heads->count && heads->at[walk->head_at].seq <= line->seq; walk->head_at++) {
        const struct audit_head *head = &heads->at[walk->head_at];

        if (head->seq < verdict->first)
            compare_older(walk, head, number);
        else if (head->seq < line->seq)
            report(walk, walk->file, number, "there is a head of line %" PRIu64 ", which is missing", head->seq);
        else if (strcmp(head->hash, line->hash) == 0)
            verdict->compared++;
        else
            report(walk, walk->file, number, "there is another head of it: it, or a line before it, was changed");
    }
}

/* A line that can be read. */
static void take_link(struct walk *walk, const char *file, uint64_t number, const struct audit_link *link,
    const char hash[static AUDIT_HASH_SIZE])
{
    const char *before = walk->file;
    uint64_t before_line = walk->line;
    struct audit_verdict *verdict = walk->verdict;
    bool closes = walk->damaged && view_is(link->act, audit_act_name(ACT_LINE_TORN)) &&
                  strcmp(link->prev, verdict->last.hash) == 0;

    if (closes) {
        walk->damaged = false;
        walk->unknown--;
    }
    report_damaged(walk);
    verdict->torn += view_is(link->act, audit_act_name(ACT_LINE_TORN));
    walk->file = file;
    walk->line = number;
    check_link(walk, link, number, before, before_line);
    verdict->last.seq = link->seq;
    verdict->last_at = link->time;
    memcpy(verdict->last.hash, hash, AUDIT_HASH_SIZE);
    walk->knows_hash = true;
    walk->unknown = 0;
    compare_heads(walk, &verdict->last, number);
}

static bool take_line(struct walk *walk, const char *file, const struct audit_raw *raw, struct error *err)
{
    char hash[AUDIT_HASH_SIZE];
    struct audit_link link;

    walk->verdict->lines++;
    walk->verdict->ends_torn = raw->all.at[raw->all.len - 1] != '\n';
    TRY(audit_hash(raw->all, hash, err));
    if (!raw->too_long && audit_line_link(raw->all, &link)) {
        take_link(walk, file, raw->number, &link, hash);
        return true;
    }
    report_damaged(walk);
    walk->file = file;
    walk->line = raw->number;
    walk->damaged = true;
    walk->unknown++;
    walk->knows_hash = !raw->too_long;
    memcpy(walk->verdict->last.hash, hash, sizeof hash);
    return true;
}

/* ---- files ---- */

static bool walk_file(struct walk *walk, const char *path, struct error *err)
{
    AUTO(audit_reader_close) struct audit_reader *reader = NULL;
    struct audit_raw raw;

    walk->verdict->files++;
    TRY(audit_reader_open(path, &reader, err));
    for (;;) {
        TRY(audit_reader_next(reader, &raw, err));
        if (raw.at_end)
            return true;
        TRY(take_line(walk, file_basename(path), &raw, err));
    }
}

/* Whoever makes up a trail may have it begin behind all heads. */
static void report_none_compared(struct walk *walk, const char *file)
{
    const struct audit_heads *heads = walk->heads;

    if (walk->verdict->older > 0 && walk->verdict->older == heads->count)
        report(walk, file, 0,
            "the newest head is of line %" PRIu64 ", and the trail begins with line %" PRIu64
            ": nothing could be compared",
            heads->at[heads->count - 1].seq, walk->verdict->first);
}

/* A line that was cut short at the very end is no damage: the next writer will say what it is. */
static void end_walk(struct walk *walk)
{
    struct audit_verdict *verdict = walk->verdict;
    const char *file = walk->file != NULL ? walk->file : AUDIT_NAME;

    if (!verdict->ends_torn)
        report_damaged(walk);
    for (size_t i = 0; i < walk->unnumbered; i++) {
        verdict->compared += walk->found[i];
        if (!walk->found[i])
            report(walk, file, 0, "no line has the hash %s", walk->heads->at[i].hash);
    }
    for (; walk->head_at < walk->heads->count; walk->head_at++)
        report(walk, file, walk->line, "there is a head of line %" PRIu64 ": lines behind this one were taken away",
            walk->heads->at[walk->head_at].seq);
    report_none_compared(walk, file);
}

static void begin_walk(struct walk *walk, const struct audit_heads *heads)
{
    walk->heads = heads;
    walk->verdict->last = AUDIT_NO_HEAD;
    while (walk->unnumbered < heads->count && heads->at[walk->unnumbered].seq == 0)
        walk->unnumbered++;
    walk->head_at = walk->unnumbered;
    walk->found = xcalloc(walk->unnumbered + 1, sizeof *walk->found);
}

bool audit_verify(const char *dir, const struct audit_heads *heads, struct audit_verdict *out, struct error *err)
{
    static const struct audit_heads none;
    AUTO(audit_files_clear) struct audit_files files = { 0 };
    AUTO(audit_verdict_clear) struct audit_verdict verdict = { 0 };
    struct walk walk = { .verdict = &verdict };
    bool ok = true;

    TRY(audit_files_find(dir, &files, err));
    begin_walk(&walk, heads != NULL ? heads : &none);
    for (size_t i = 0; ok && i < files.count; i++) {
        ok = walk_file(&walk, files.at[i].path, err);
        if (!ok && err->kind != ERROR_CANCELED && err->kind != ERROR_INTERNAL) {
            report(&walk, file_basename(files.at[i].path), 0, "%s", err->why);
            error_clear(err);
            ok = true;
        }
    }
    end_walk(&walk);
    free(walk.found);
    TRY(ok);
    *out = verdict;
    verdict = (struct audit_verdict){ 0 };
    return true;
}

bool audit_verify_end(const char *dir, int64_t size, struct audit_verdict *out, struct error *err)
{
    static const struct audit_heads none;
    AUTO(free) char *path = file_join(dir, AUDIT_NAME);
    AUTO(audit_verdict_clear) struct audit_verdict verdict = { 0 };
    struct walk walk = { .verdict = &verdict };
    AUTO(audit_reader_close) struct audit_reader *reader = NULL;
    struct audit_raw raw = { 0 };
    bool ok = audit_reader_open(path, &reader, err) && audit_reader_to_end(reader, size, err);

    if (!ok && err->sys == ENOENT) {
        error_clear(err);
        *out = (struct audit_verdict){ 0 };
        return true;
    }
    begin_walk(&walk, &none);
    while (ok && !raw.at_end)
        ok = audit_reader_next(reader, &raw, err) && (raw.at_end || take_line(&walk, AUDIT_NAME, &raw, err));
    end_walk(&walk);
    free(walk.found);
    TRY(ok);
    *out = verdict;
    verdict = (struct audit_verdict){ 0 };
    return true;
}

void audit_verdict_clear(struct audit_verdict *verdict)
{
    for (size_t i = 0; i < AUDIT_PROBLEMS_KEPT; i++) {
        free(verdict->problems[i].file);
        free(verdict->problems[i].what);
    }
    *verdict = (struct audit_verdict){ 0 };
}
