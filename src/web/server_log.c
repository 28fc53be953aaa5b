#include "web/server_log.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "base/text.h"

#define MAX_NEWS (64 * 1024) /* bytes at the end of the log */
#define MAX_LINES 4
#define MAX_LINE 400
#define NGINX_TRIES "bind() to " /* the beginning of a line that is not nginx's last word */

void web_log_mark(struct web_log *log, const char *path)
{
    struct stat st;

    log->path = xstrdup_or_null(path);
    if (path == NULL || stat(path, &st) != 0)
        return;
    log->dev = st.st_dev;
    log->ino = st.st_ino;
    log->end = st.st_size;
}

void web_log_clear(struct web_log *log)
{
    free(log->path);
    *log = (struct web_log){ 0 };
}

static bool read_at(int fd, off_t from, size_t len, struct buf *out)
{
    char *to = buf_room(out, len);
    ssize_t got = 1;
    size_t have = 0;

    while (to != NULL && have < len && got > 0) {
        got = pread(fd, to + have, len - have, from + (off_t)have);
        have += got > 0 ? (size_t)got : 0;
    }
    if (to != NULL)
        buf_grow(out, have);
    return to != NULL && got >= 0;
}

/* What was appended; all of a log that was begun anew. A pipe or a device is not waited for. */
static bool read_news(const struct web_log *log, struct buf *out)
{
    AUTO(close) int fd = log->path == NULL ? -1 : open(log->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat st;
    off_t from = log->end;

    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return false;
    if (st.st_dev != log->dev || st.st_ino != log->ino || st.st_size < log->end)
        from = 0;
    if (st.st_size - from > MAX_NEWS)
        from = st.st_size - MAX_NEWS;
    return read_at(fd, from, (size_t)(st.st_size - from), out);
}

/* "2026/11/30 15:08:07 [emerg] 71#71: bind() to 0.0.0.0:443 failed (98: Address already in use)" */
static bool words_of_nginx(struct view line, struct view *words)
{
    static const char mark[] = " [emerg] ";
    const char *at = memmem(line.at, line.len, mark, sizeof mark - 1), *colon;

    if (at == NULL)
        return false;
    *words = (struct view){ at + sizeof mark - 1, line.len - (size_t)(at + sizeof mark - 1 - line.at) };
    colon = memmem(words->at, words->len, ": ", 2);
    if (colon != NULL)
        *words = (struct view){ colon + 2, words->len - (size_t)(colon + 2 - words->at) };
    return true;
}

static bool is_refusing(struct view group)
{
    static const char *const levels[] = { ":emerg]", ":alert]", ":crit]" };

    for (size_t i = 0; i < COUNT(levels); i++)
        if (group.len > strlen(levels[i]) &&
            memcmp(group.at + group.len - strlen(levels[i]), levels[i], strlen(levels[i])) == 0)
            return true;
    return false;
}

/* "[Mon Nov 30 15:08:07 2026] [ssl:emerg] [pid 71:tid 71] AH02561: Failed to configure certificate" */
static bool words_of_apache(struct view line, struct view *words)
{
    bool refusing = false;

    while (line.len > 0 && line.at[0] == '[') {
        const char *end = memchr(line.at, ']', line.len);
        struct view group;

        if (end == NULL)
            return false;
        group = (struct view){ line.at, (size_t)(end + 1 - line.at) };
        refusing = refusing || is_refusing(group);
        if (view_starts(group, "[client "))
            return false;
        line = view_trim((struct view){ end + 1, line.len - group.len });
    }
    *words = line;
    return refusing && line.len > 0;
}

static void collect(struct view news, struct list *words)
{
    struct view line, said;

    while (words->len < MAX_LINES && view_cut(&news, '\n', &line)) {
        AUTO(free) char *text = NULL;

        if (!words_of_nginx(line, &said) && !words_of_apache(line, &said))
            continue;
        text = text_printable_dup(view_trim(said), MAX_LINE, false);
        if (!list_has(words, text))
            list_add(words, text);
    }
}

static struct list refusals(const struct web_log *log)
{
    AUTO(buf_clear) struct buf news = BUF(MAX_NEWS);
    struct list words = { 0 };

    if (read_news(log, &news))
        collect(buf_view(&news), &words);
    return words;
}

char *web_log_refusal(const struct web_log *log)
{
    AUTO(list_clear) struct list words = refusals(log);

    return words.len > 0 ? list_join(&words, "; ") : NULL;
}

bool web_log_has_refused(const struct web_log *log)
{
    AUTO(list_clear) struct list words = refusals(log);

    for (size_t i = 0; i < words.len; i++)
        if (!text_starts(words.at[i], NGINX_TRIES))
            return true;
    return false;
}

bool web_log_says(const struct web_log *log, const char *words)
{
    AUTO(buf_clear) struct buf news = BUF(MAX_NEWS);

    return read_news(log, &news) && memmem(news.at, news.len, words, strlen(words)) != NULL;
}

bool web_log_tell(const struct web_log *log, const char *name, struct error *err)
{
    AUTO(free) char *words = web_log_refusal(log);
    size_t len = strlen(err->why);

    if (words != NULL)
        (void)snprintf(
            err->why + len, sizeof err->why - len, "%s%s's error log says: %s", len > 0 ? "; " : "", name, words);
    return false;
}
