#include "audit/audit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>

#include "audit/files.h"
#include "audit/head.h"
#include "audit/syslog.h"
#include "audit/trail.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/mutex.h"
#include "base/text.h"

#define LOCK_WAIT_MS 3000 /* once; a writer who has kept us waiting for that long is not waited for again */
#define WAITING_MAX 1000  /* acts that could not be written yet */
#define URGENT_MAX 100    /* heads that a run tells by themselves: the system's log takes only so many in a time */
#define WHAT_MAX 600      /* bytes of what is told beside a head */

static struct mutex mutex = MUTEX_INIT; /* guards all below */
static struct {
    bool begun;
    bool has_failed; /* an act that failed was told */
    char *dir, *command, *socket;
    struct audit_trail trail;
    struct audit_who who;
    struct list waiting;  /* bodies of acts that are not written yet */
    uint64_t lost;        /* acts that had no room there */
    bool is_behind;       /* the system's log does not have the head */
    unsigned urgent;      /* heads told by themselves */
    struct error failure; /* the last one to write; of no kind: there was none */
} audit;

/* ---- who ---- */

static uint32_t login_user(void)
{
    AUTO(buf_clear) struct buf text = BUF(32);
    struct error err = { 0 };
    uint64_t uid;

    if (!file_read("/proc/self/loginuid", &text, &err) ||
        !view_to_number(view_trim(buf_view(&text)), 0, UINT32_MAX, &uid))
        return UINT32_MAX;
    return (uint32_t)uid;
}

static struct audit_who find_who(void)
{
    const char *sudo = getenv("SUDO_USER");

    return (struct audit_who){ .uid = (uint32_t)getuid(),
        .login = login_user(),
        .sudo = sudo != NULL ? sudo : getenv("DOAS_USER"),
        .pid = getpid(),
        .command = audit.command };
}

void audit_begin(const char *dir, const char *command, const char *socket)
{
    MUTEX_HOLD(&mutex);

    if (audit.begun)
        return;
    audit.begun = true;
    audit.dir = file_absolute(dir);
    audit.command = xstrdup(command);
    audit.socket = xstrdup(socket);
}

/* At the first act: most runs have none. */
static void begin_trail(void)
{
    if (audit.trail.dir != NULL)
        return;
    audit.who = find_who();
    audit.trail = (struct audit_trail){ .dir = audit.dir,
        .who = &audit.who,
        .wait_ms = LOCK_WAIT_MS,
        .file_max = AUDIT_FILE_MAX,
        .files_kept = AUDIT_FILES_KEPT,
        .last = AUDIT_NO_HEAD };
}

/* ---- writing ---- */

static void put_waiting(const struct audit_said *said)
{
    AUTO(buf_clear) struct buf body = BUF(AUDIT_LINE_MAX);

    if (audit.waiting.len >= WAITING_MAX) {
        audit.lost++;
        return;
    }
    audit_line_body(said, &body);
    list_add(&audit.waiting, buf_text(&body));
}

/* Acts that had no room are told of behind those that had, once these are written. */
static void put_lost(void)
{
    char count[24];
    struct audit_said said = { .time = clock_now(), .act = ACT_ACTS_LOST, .who = &audit.who };

    (void)snprintf(count, sizeof count, "%" PRIu64, audit.lost);
    said.facts[said.count++] = (struct audit_fact){ "count", count };
    audit.lost = 0;
    put_waiting(&said);
}

static void drop_written(size_t count)
{
    for (size_t i = 0; i < count; i++)
        list_remove(&audit.waiting, 0);
    audit.is_behind = audit.is_behind || count > 0;
}

static bool write_once(void)
{
    struct error err = { 0 };
    size_t written = 0;
    bool ok;

    audit.trail.now = clock_now();
    ok = audit_trail_append(&audit.trail, &audit.waiting, &written, &err);
    drop_written(written);
    if (ok)
        return true;
    if (audit.failure.kind == ERROR_NONE)
        log_info("The audit trail could not be written, which will be tried again: %s", err.why);
    audit.failure = err;
    audit.trail.wait_ms = 0;
    return false;
}

static bool write_waiting(void)
{
    if (!write_once())
        return false;
    if (audit.lost == 0)
        return true;
    put_lost();
    return write_once();
}

/* The head goes where others have no hands; what it stands for is on the disk first. */
static void tell_head(const char *what)
{
    AUTO(free) char *path = file_join(audit.dir, AUDIT_NAME);
    AUTO(free) char *text = audit_head_text(&audit.trail.last, path, what);
    struct error err = { 0 };

    if (!audit_trail_sync(audit.dir, &err))
        log_debug("%s", err.why);
    if (!syslog_send(audit.socket, text))
        log_debug("The system's log does not take the head of the audit trail: %s", strerror(errno));
    audit.is_behind = false;
}

static char *words_of(const struct audit_said *said)
{
    AUTO(free) char *name = said->lineage != NULL ? text_printable_dup(view_of(said->lineage), WHAT_MAX, false) : NULL;
    AUTO(free)
    char *sudo = audit.who.sudo != NULL ? text_printable_dup(view_of(audit.who.sudo), WHAT_MAX, false) : NULL;

    return xprintf("act=%s%s%s result=%s uid=%" PRIu32 "%s%s", audit_act_name(said->act),
        name != NULL ? " lineage=" : "", name != NULL ? name : "", said->failure == NULL ? "done" : "failed",
        audit.who.uid, sudo != NULL ? " sudo=" : "", sudo != NULL ? sudo : "");
}

static void put(struct audit_said *said, va_list facts)
{
    const char *name;

    while (said->count < AUDIT_FACTS_MAX && (name = va_arg(facts, const char *)) != NULL)
        said->facts[said->count++] = (struct audit_fact){ name, va_arg(facts, const char *) };

    MUTEX_HOLD(&mutex);
    if (!audit.begun)
        return;
    begin_trail();
    said->time = clock_now();
    said->who = &audit.who;
    audit.has_failed = audit.has_failed || said->failure != NULL;
    put_waiting(said);
    if (write_waiting() && audit_act_is_urgent(said->act) && audit.urgent < URGENT_MAX) {
        AUTO(free) char *what = words_of(said);

        audit.urgent++;
        tell_head(what);
    }
}

void audit_done(enum audit_act act, const char *lineage, ...)
{
    struct audit_said said = { .act = act, .lineage = lineage };
    va_list facts;

    va_start(facts, lineage);
    put(&said, facts);
    va_end(facts);
}

void audit_failed(enum audit_act act, const char *lineage, const struct error *err, ...)
{
    AUTO(free) char *why = xprintf("%s%s%s", err->what, err->what[0] != '\0' ? ": " : "", err->why);
    struct audit_said said = { .act = act, .lineage = lineage, .failure = why };
    va_list facts;

    va_start(facts, err);
    put(&said, facts);
    va_end(facts);
}

static bool has_failed(void)
{
    MUTEX_HOLD(&mutex);

    return audit.has_failed;
}

void audit_command_failed(const struct error *err)
{
    if (!has_failed())
        audit_failed(ACT_COMMAND_FAILED, NULL, err, NULL);
}

/* ---- the end ---- */

/* What is lost for good is told where the head would have been, and to the user. */
static void tell_lost(void)
{
    uint64_t count = audit.waiting.len + audit.lost;
    AUTO(free) char *text = NULL;

    if (count == 0)
        return;
    text = xprintf("audit trail not written: %" PRIu64 " acts: %s", count, audit.failure.why);
    log_warning("%" PRIu64 " acts are missing in the audit trail: %s", count, audit.failure.why);
    if (!syslog_send(audit.socket, text))
        log_debug("The system's log does not take it either: %s", strerror(errno));
}

void audit_end(void)
{
    MUTEX_HOLD(&mutex);

    if (audit.waiting.len + audit.lost > 0)
        (void)write_waiting();
    if (audit.is_behind)
        tell_head("");
    tell_lost();
    list_clear(&audit.waiting);
    xreplace(&audit.dir, NULL);
    xreplace(&audit.command, NULL);
    xreplace(&audit.socket, NULL);
    audit.trail = (struct audit_trail){ 0 };
    audit.lost = audit.urgent = 0;
    audit.begun = audit.has_failed = audit.is_behind = false;
    error_clear(&audit.failure);
}
