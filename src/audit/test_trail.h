#pragma once
/*
 * For tests: a trail in the test's directory. Included by test programs only, once each.
 */
#include <errno.h>

#include "audit/trail.h"
#include "audit/verify.h"
#include "base/mem.h"
#include "base/test_files.h"

static const struct audit_who somebody = { .uid = 0, .login = UINT32_MAX, .pid = 7, .command = "test" };

/* What a process that begins knows of the trail: nothing. */
__attribute__((unused)) static struct audit_trail trail_here(void)
{
    return (struct audit_trail){ .dir = test_dir(),
        .who = &somebody,
        .now = 1796096731,
        .file_max = AUDIT_FILE_MAX,
        .files_kept = AUDIT_FILES_KEPT,
        .last = AUDIT_NO_HEAD };
}

/* Appends acts; returns how many are whole in the file. */
__attribute__((unused)) static size_t append(struct audit_trail *trail, size_t count, struct error *err)
{
    AUTO(list_clear) struct list bodies = { 0 };
    struct audit_said said = { .time = trail->now, .act = ACT_KEY_MADE, .lineage = "example.org", .who = &somebody };
    size_t written = 0;

    for (size_t i = 0; i < count; i++) {
        AUTO(buf_clear) struct buf body = BUF(AUDIT_LINE_MAX);

        audit_line_body(&said, &body);
        list_add(&bodies, buf_text(&body));
    }
    error_clear(err);
    if (!audit_trail_append(trail, &bodies, &written, err) && written == count)
        fail_msg("all is written, and %s", err->why);
    return written;
}

/* The same by a process of its own. */
__attribute__((unused)) static void append_anew(size_t count)
{
    struct audit_trail trail = trail_here();
    struct error err = { 0 };

    CHECK_INT(append(&trail, count, &err), count, err.why);
}

/* The trail's content, of the caller's. */
__attribute__((unused)) static char *trail_text(const char *name)
{
    AUTO(free) char *path = test_path(name);

    return read_text(path);
}

__attribute__((unused)) static void write_trail(const char *name, const char *text)
{
    AUTO(free) char *path = test_path(name);

    write_text(path, text);
}

__attribute__((unused)) static void rename_trail(const char *from, const char *to)
{
    AUTO(free) char *old = test_path(from);
    AUTO(free) char *new = test_path(to);

    REQUIRE(rename(old, new) == 0, "%s: %s", from, strerror(errno));
}

/* "audit.log:3: was changed; ..." of the caller's; "" for a trail that is whole. heads may be NULL. */
__attribute__((unused)) static char *problems_with(const struct audit_heads *heads)
{
    AUTO(audit_verdict_clear) struct audit_verdict verdict = { 0 };
    AUTO(list_clear) struct list lines = { 0 };
    struct error err = { 0 };

    REQUIRE(audit_verify(test_dir(), heads, &verdict, &err), "%s", err.why);
    for (size_t i = 0; i < verdict.problem_count && i < AUDIT_PROBLEMS_KEPT; i++) {
        const struct audit_problem *problem = &verdict.problems[i];
        AUTO(free) char *line = xprintf("%s:%d: %s", problem->file, (int)problem->line, problem->what);

        list_add(&lines, line);
    }
    return list_join(&lines, "; ");
}

__attribute__((unused)) static void check_whole(const char *name)
{
    AUTO(free) char *problems = problems_with(NULL);

    CHECK_TEXT(problems, "", name);
}

/* The number of the newest line. */
__attribute__((unused)) static uint64_t last_number(void)
{
    AUTO(audit_verdict_clear) struct audit_verdict verdict = { 0 };
    struct error err = { 0 };

    REQUIRE(audit_verify(test_dir(), NULL, &verdict, &err), "%s", err.why);
    return verdict.last.seq;
}
