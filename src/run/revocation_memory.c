#include "run/revocation_memory.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/mutex.h"
#include "base/text.h"
#include "crypto/crl.h"
#include "crypto/key.h"

#define SILENT_FILE "silent"
#define SILENT_MAX 256 /* hosts in the file */
#define SILENT_BYTES (SILENT_MAX * 512)
#define LIST_END ".crl"

struct silence {
    char *host;
    int64_t until; /* UTC seconds; 0: for this run */
};

struct revocation_memory {
    struct mutex lock; /* guards all but the sources */
    char *dir;         /* NULL: nothing is kept */
    struct silence silent[SILENT_MAX];
    size_t silent_count;
    struct list answered;       /* hosts */
    struct list asking;         /* hosts that are asked for the first time */
    struct condition asked;     /* one of them less */
    int64_t wasted_ms;          /* during which a thread waited for a silent host */
    int64_t wasted_till_ms;     /* of clock_monotonic_ms: what is counted already */
    struct named_table sources; /* of lists */
};

struct revocation_memory *revocation_memory_new(void)
{
    struct revocation_memory *memory = xcalloc(1, sizeof *memory);

    mutex_init(&memory->lock);
    mutex_init(&memory->sources.lock);
    condition_init(&memory->asked);
    return memory;
}

static void source_clear(void *source)
{
    crl_free(((struct crl_source *)source)->crl);
}

void revocation_memory_free(struct revocation_memory *memory)
{
    if (memory == NULL)
        return;
    named_clear(&memory->sources, source_clear);
    mutex_destroy(&memory->sources.lock);
    for (size_t i = 0; i < memory->silent_count; i++)
        free(memory->silent[i].host);
    list_clear(&memory->answered);
    list_clear(&memory->asking);
    condition_destroy(&memory->asked);
    free(memory->dir);
    mutex_destroy(&memory->lock);
    free(memory);
}

char *revocation_host(const char *url)
{
    const char *start = strstr(url, "://");
    size_t len = start == NULL ? strlen(url) : (size_t)(start - url) + 3;

    return xstrndup(url, len + strcspn(url + len, "/?#"));
}

/* ---- silent hosts; with the lock held ---- */

static bool is_silent(const struct revocation_memory *memory, const char *host)
{
    for (size_t i = 0; i < memory->silent_count; i++)
        if (strcmp(memory->silent[i].host, host) == 0)
            return true;
    return false;
}

static void add_silent(struct revocation_memory *memory, const char *host, int64_t until)
{
    if (is_silent(memory, host))
        return;
    if (memory->silent_count == SILENT_MAX) { /* the oldest goes */
        free(memory->silent[0].host);
        memmove(&memory->silent[0], &memory->silent[1], (SILENT_MAX - 1) * sizeof memory->silent[0]);
        memory->silent_count--;
    }
    memory->silent[memory->silent_count++] = (struct silence){ xstrdup(host), until };
}

/* Reads one line "UNTIL HOST". Times further ahead than we write come from a wrong clock, and are ignored. */
static void take_silent_line(struct revocation_memory *memory, struct view line, int64_t now)
{
    AUTO(free) char *host = NULL;
    struct view rest = line, time;
    int64_t until;

    if (!view_cut(&rest, ' ', &time) || rest.at == NULL || rest.len == 0 || view_has(rest, '\0') ||
        !clock_parse_rfc3339(time, &until) || until <= now || until > now + SILENCE_KEPT_S)
        return;
    host = view_dup(rest);
    add_silent(memory, host, until);
}

static void load_silent(struct revocation_memory *memory, int64_t now)
{
    AUTO(buf_clear) struct buf text = BUF(SILENT_BYTES);
    AUTO(free) char *path = file_join(memory->dir, SILENT_FILE);
    struct error err = { 0 };
    struct view rest, line;

    if (!file_exists(path))
        return;
    if (!file_read(path, &text, &err)) {
        log_debug("what was remembered of silent hosts cannot be read: %s", err.why);
        return;
    }
    rest = buf_view(&text);
    while (view_cut(&rest, '\n', &line))
        take_silent_line(memory, line, now);
}

static bool keep_file(const struct revocation_memory *memory, const char *name, struct view content)
{
    AUTO(free) char *path = file_join(memory->dir, name);
    struct error err = { 0 };

    if (file_mkdirs(memory->dir, 0755, &err) && file_replace(path, content, FILE_PUBLIC, &err))
        return true;
    log_debug("what was learned about revocation is not remembered: %s", err.why);
    return false;
}

static void save_silent(const struct revocation_memory *memory)
{
    AUTO(buf_clear) struct buf text = BUF(SILENT_BYTES);

    for (size_t i = 0; i < memory->silent_count; i++) {
        char until[CLOCK_TEXT_SIZE];

        if (memory->silent[i].until == 0) /* in this run only */
            continue;
        clock_format_rfc3339(memory->silent[i].until, until);
        buf_putf(&text, "%s %s\n", until, memory->silent[i].host);
    }
    if (!text.failed) /* too long only with host names beyond any valid length: not saved then */
        (void)keep_file(memory, SILENT_FILE, buf_view(&text));
}

void revocation_memory_use(struct revocation_memory *memory, const char *dir, int64_t now)
{
    MUTEX_HOLD(&memory->lock);

    if (memory->dir == NULL) {
        memory->dir = xstrdup(dir);
        load_silent(memory, now);
    }
}

/* ---- hosts to ask ---- */

bool revocation_has_waited(struct revocation_memory *memory)
{
    MUTEX_HOLD(&memory->lock);
    return memory->wasted_ms >= SILENCE_DEAR_MS;
}

bool revocation_may_ask(struct revocation_memory *memory, const char *host)
{
    bool may, known;
    MUTEX_HOLD(&memory->lock);

    while (
        list_has(&memory->asking, host)) /* for some seconds, and not when the user interrupts: who asks returns then */
        condition_wait(&memory->asked, &memory->lock);
    known = list_has(&memory->answered, host);
    may = !is_silent(memory, host) && (known || memory->wasted_ms < SILENCE_BUDGET_MS);
    if (may && !known)
        list_add(&memory->asking, host);
    return may;
}

/* With the lock held. */
static void end_asking(struct revocation_memory *memory, const char *host)
{
    for (size_t i = 0; i < memory->asking.len; i++)
        if (strcmp(memory->asking.at[i], host) == 0) {
            list_remove(&memory->asking, i);
            condition_broadcast(&memory->asked);
            return;
        }
}

void revocation_note_nothing(struct revocation_memory *memory, const char *host)
{
    MUTEX_HOLD(&memory->lock);

    end_asking(memory, host);
}

void revocation_note_answer(struct revocation_memory *memory, const char *host)
{
    MUTEX_HOLD(&memory->lock);

    if (!list_has(&memory->answered, host))
        list_add(&memory->answered, host);
    end_asking(memory, host);
}

void revocation_note_silence(
    struct revocation_memory *memory, const char *host, int64_t begun_ms, int64_t ended_ms, int64_t now)
{
    bool is_dear = ended_ms - begun_ms >= SILENCE_DEAR_MS; /* a refusal costs nothing: the next run may ask again */

    MUTEX_HOLD(&memory->lock);
    if (begun_ms < memory->wasted_till_ms)
        begun_ms = memory->wasted_till_ms; /* others waited at the same time */
    if (ended_ms > begun_ms) {
        memory->wasted_ms += ended_ms - begun_ms;
        memory->wasted_till_ms = ended_ms;
    }
    add_silent(memory, host, is_dear ? now + SILENCE_KEPT_S : 0);
    if (is_dear && memory->dir != NULL)
        save_silent(memory);
    end_asking(memory, host);
}

/* ---- lists ---- */

/* "DIGEST.crl"; NULL when nothing is kept. */
static char *name_of_list(const struct revocation_memory *memory, const char *url)
{
    AUTO(buf_clear) struct buf digest = BUF(64);
    AUTO(buf_clear) struct buf name = BUF(64 + sizeof LIST_END);
    struct error err = { 0 };

    if (memory->dir == NULL || !digest_sha256(view_of(url), &digest, &err))
        return NULL;
    buf_put_hex(&name, (struct view){ digest.at, 16 });
    buf_put_text(&name, LIST_END);
    return buf_take(&name);
}

bool revocation_list_kept(
    const struct revocation_memory *memory, const char *url, int64_t now, int64_t max_age_s, struct buf *out)
{
    AUTO(free) char *name = name_of_list(memory, url);
    AUTO(free) char *path = name == NULL ? NULL : file_join(memory->dir, name);
    struct error err = { 0 };
    struct stat st;

    if (path == NULL || stat(path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_mtime > now ||
        now - st.st_mtime > max_age_s)
        return false;
    if (file_read(path, out, &err))
        return true;
    log_debug("a revocation list that was kept cannot be read: %s", err.why);
    return false;
}

/* Makes room for one more: the list that was written first goes. */
static void drop_oldest_list(const struct revocation_memory *memory)
{
    AUTO(list_clear) struct list names = { 0 };
    AUTO(free) char *oldest = NULL;
    struct error err = { 0 };
    time_t since = 0;
    size_t count = 0;

    if (!file_list_dir(memory->dir, &names, &err))
        return;
    for (size_t i = 0; i < names.len; i++) {
        AUTO(free) char *path = file_join(memory->dir, names.at[i]);
        struct stat st;

        if (!text_ends(names.at[i], LIST_END) || lstat(path, &st) != 0)
            continue;
        count++;
        if (oldest == NULL || st.st_mtime < since) {
            since = st.st_mtime;
            xreplace(&oldest, path);
        }
    }
    if (count >= LISTS_KEPT && !file_remove(oldest, &err))
        log_debug("an old revocation list stays: %s", err.why);
}

void revocation_keep_list(const struct revocation_memory *memory, const char *url, struct view list)
{
    AUTO(free) char *name = name_of_list(memory, url);
    AUTO(free) char *path = name == NULL ? NULL : file_join(memory->dir, name);

    if (name == NULL || list.len > LISTS_KEPT_BYTES)
        return;
    if (!file_exists(path))
        drop_oldest_list(memory);
    (void)keep_file(memory, name, list);
}

struct crl_source *revocation_source(struct revocation_memory *memory, const char *url)
{
    return named_get(&memory->sources, url, sizeof(struct crl_source));
}
