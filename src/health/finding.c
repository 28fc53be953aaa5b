/*
 * Findings: adding them, adding answers, counting them.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "health/private.h"

const char *health_severity_name(enum health_severity severity)
{
    static const char *const names[] = { "note", "warning", "error" };

    return names[severity];
}

void finding_clear(struct finding *finding)
{
    free(finding->lineage);
    free(finding->path);
    free(finding->what);
    free(finding->failed);
    free(finding->from);
    free(finding->to);
    list_clear(&finding->answers);
}

void findings_cut(struct findings *findings, size_t len)
{
    while (findings->len > len)
        finding_clear(&findings->at[--findings->len]);
}

void findings_clear(struct findings *findings)
{
    findings_cut(findings, 0);
    free(findings->at);
    *findings = (struct findings){ 0 };
}

size_t findings_open(const struct findings *findings)
{
    size_t open = 0;

    for (size_t i = 0; i < findings->len; i++)
        open += !findings->at[i].repaired && findings->at[i].severity != HEALTH_NOTE;
    return open;
}

static struct finding *add(struct findings *out, const char *lineage)
{
    if (out->len == out->room) {
        out->room = out->room == 0 ? 16 : 2 * out->room;
        out->at = xrealloc(out->at, out->room, sizeof *out->at);
    }
    out->at[out->len] = (struct finding){ .lineage = xstrdup_or_null(lineage) };
    return &out->at[out->len++];
}

PRINTF(1, 0)
static char *text_of(const char *format, va_list args)
{
    char text[2048];

    (void)vsnprintf(text, sizeof text, format, args);
    return xstrdup(text);
}

PRINTF(7, 0)
static struct finding *fill(struct health *health, const struct subject *subject, const char *code,
    enum health_severity severity, const char *path, const char *why, const char *what, va_list args)
{
    struct finding *finding = add(health->out, subject == NULL ? NULL : subject->name);

    finding->code = code;
    finding->severity = severity;
    finding->path = xstrdup_or_null(path);
    finding->why = why;
    finding->what = text_of(what, args);
    return finding;
}

struct finding *findings_add(struct findings *findings, const char *code, enum health_severity severity,
    const char *lineage, const char *why, const char *what, ...)
{
    struct finding *finding = add(findings, lineage);
    va_list args;

    finding->code = code;
    finding->severity = severity;
    finding->why = why;
    va_start(args, what);
    finding->what = text_of(what, args);
    va_end(args);
    return finding;
}

struct finding *health_find(struct health *health, const struct subject *subject, const char *code,
    enum health_severity severity, const char *path, const char *why, const char *what, ...)
{
    struct finding *finding;
    va_list args;

    va_start(args, what);
    finding = fill(health, subject, code, severity, path, why, what, args);
    va_end(args);
    return finding;
}

struct finding *health_break(
    struct subject *subject, const char *code, const char *path, const char *why, const char *what, ...)
{
    struct finding *finding;
    va_list args;

    va_start(args, what);
    finding = fill(subject->health, subject, code, HEALTH_ERROR, path, why, what, args);
    va_end(args);
    subject->broken = true;
    return finding;
}

void finding_answer(struct finding *finding, const char *answer, ...)
{
    AUTO(free) char *text = NULL;
    va_list args;

    va_start(args, answer);
    text = text_of(answer, args);
    va_end(args);
    list_add(&finding->answers, text);
}
