#include "notify/memory.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#define NAME_MAX_LEN 512
#define COUNT_MAX 1000000
#define WHY_MAX 512

static const char *const trouble_words[TROUBLE_COUNT] = { [TROUBLE_NONE] = "none",
    [TROUBLE_RENEWAL] = "renewal",
    [TROUBLE_DELIVERY] = "delivery",
    [TROUBLE_LATE] = "late",
    [TROUBLE_RUN] = "run",
    [TROUBLE_TARGET] = "target",
    [TROUBLE_FOREIGN] = "foreign" };

static const char *const standing_words[] = { "untold", "told", "well" };

const char *trouble_word(enum trouble trouble)
{
    return trouble_words[trouble];
}

void memory_clear(struct memory *memory)
{
    for (size_t i = 0; i < memory->len; i++)
        free(memory->at[i].name);
    free(memory->at);
    free(memory->failing.why);
    *memory = (struct memory){ 0 };
}

void memory_add(struct memory *memory, const struct known *known)
{
    if (memory->len == memory->room) {
        memory->room = memory->room == 0 ? 16 : memory->room * 2;
        memory->at = xrealloc(memory->at, memory->room, sizeof *memory->at);
    }
    memory->at[memory->len] = *known;
    memory->at[memory->len++].name = xstrdup(known->name);
}

void memory_note_sent(struct memory *memory, int64_t now)
{
    if (memory->sent_len == MEMORY_SENT) {
        memory->sent_len--;
        for (size_t i = 0; i < memory->sent_len; i++)
            memory->sent[i] = memory->sent[i + 1];
    }
    memory->sent[memory->sent_len++] = now;
}

void memory_note_result(struct memory *memory, int64_t now, const char *why)
{
    if (why == NULL) {
        memory->failing.since = memory->failing.last = 0;
        memory->failing.times = 0;
    } else {
        memory->failing.since = memory->failing.times == 0 ? now : memory->failing.since;
        memory->failing.last = now;
        memory->failing.times += memory->failing.times < COUNT_MAX;
        memory->sent_len -= memory->sent_len > 0 && memory->sent[memory->sent_len - 1] == now;
    }
    free(memory->failing.why);
    memory->failing.why = why == NULL ? NULL : text_printable_dup(view_of(why), WHY_MAX, false);
}

struct memory memory_dup(const struct memory *memory)
{
    struct memory copy = *memory;

    copy.at = NULL;
    copy.len = copy.room = 0;
    copy.failing.why = xstrdup_or_null(memory->failing.why);
    for (size_t i = 0; i < memory->len; i++)
        memory_add(&copy, &memory->at[i]);
    return copy;
}

/* ---- reading ---- */

static bool read_word(struct view word, const char *const *words, size_t count, unsigned *out)
{
    for (size_t i = 0; i < count; i++)
        if (view_is(word, words[i])) {
            *out = (unsigned)i;
            return true;
        }
    return false;
}

static bool read_time(struct view text, int64_t *out)
{
    *out = 0;
    return view_is(text, "-") || clock_parse_rfc3339(text, out);
}

static bool read_count(struct view text, unsigned *out)
{
    uint64_t number;

    if (!view_to_number(text, 0, COUNT_MAX, &number))
        return false;
    *out = (unsigned)number;
    return true;
}

/* "renewal told SINCE TOLD LEVEL RUNS NAME"; a name may have blanks. */
static bool read_known(struct view line, struct memory *out)
{
    struct view part[6] = { 0 };
    unsigned trouble, standing;
    struct known known = { 0 };
    AUTO(free) char *name = NULL;

    for (size_t i = 0; i < COUNT(part); i++)
        TRY(view_cut(&line, ' ', &part[i]));
    if (line.at == NULL || line.len == 0 || line.len > NAME_MAX_LEN ||
        !read_word(part[0], trouble_words, TROUBLE_COUNT, &trouble) || trouble == TROUBLE_NONE ||
        !read_word(part[1], standing_words, COUNT(standing_words), &standing))
        return false;
    known.trouble = (enum trouble)trouble;
    known.standing = (enum standing)standing;
    TRY(read_time(part[2], &known.since) && read_time(part[3], &known.told));
    TRY(read_count(part[4], &known.level) && read_count(part[5], &known.runs));
    known.name = name = view_dup(line);
    memory_add(out, &known);
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct known *)a)->name, ((const struct known *)b)->name);
}

/* In order, and of two of a name the first. */
static void settle(struct memory *memory)
{
    size_t kept = 0;

    if (memory->len > 1)
        qsort(memory->at, memory->len, sizeof *memory->at, by_name);
    for (size_t i = 0; i < memory->len; i++) {
        if (kept > 0 && strcmp(memory->at[kept - 1].name, memory->at[i].name) == 0)
            free(memory->at[i].name);
        else
            memory->at[kept++] = memory->at[i];
    }
    memory->len = kept;
}

/* "failing SINCE TIMES WHY" */
static bool read_failing(struct view line, struct memory *out)
{
    struct view part[3] = { 0 };
    unsigned times;
    int64_t since;

    for (size_t i = 0; i < COUNT(part); i++)
        TRY(view_cut(&line, ' ', &part[i]));
    TRY(line.at != NULL && clock_parse_rfc3339(part[1], &since) && read_count(part[2], &times) && times > 0);
    free(out->failing.why);
    out->failing.why = text_printable_dup(line, WHY_MAX, false);
    out->failing.since = since;
    out->failing.times = times;
    return true;
}

void memory_parse(struct view text, struct memory *out)
{
    struct view line = { 0 };

    while (view_cut(&text, '\n', &line)) {
        int64_t at;

        if (memchr(line.at, '\0', line.len) != NULL)
            continue;
        if (view_starts(line, "failing "))
            (void)!read_failing(line, out);
        else if (view_starts(line, "failed "))
            (void)!clock_parse_rfc3339((struct view){ line.at + 7, line.len - 7 }, &out->failing.last);
        else if (!view_starts(line, "sent "))
            (void)!read_known(line, out);
        else if (clock_parse_rfc3339((struct view){ line.at + 5, line.len - 5 }, &at))
            memory_note_sent(out, at);
    }
    settle(out);
}

/* ---- writing ---- */

static void put_time(int64_t at, struct buf *out)
{
    char text[CLOCK_TEXT_SIZE] = "-";

    if (at != 0)
        clock_format_rfc3339(at, text);
    buf_putf(out, "%s ", text);
}

static void put_line(const char *word, int64_t at, struct buf *out)
{
    char text[CLOCK_TEXT_SIZE];

    clock_format_rfc3339(at, text);
    buf_putf(out, "%s %s\n", word, text);
}

void memory_format(const struct memory *memory, struct buf *out)
{
    for (size_t i = 0; i < memory->sent_len; i++)
        put_line("sent", memory->sent[i], out);
    if (memory->failing.times > 0) {
        buf_put_text(out, "failing ");
        put_time(memory->failing.since, out);
        buf_putf(out, "%u %s\n", memory->failing.times, memory->failing.why);
        put_line("failed", memory->failing.last, out);
    }
    for (size_t i = 0; i < memory->len; i++) {
        const struct known *known = &memory->at[i];

        buf_putf(out, "%s %s ", trouble_words[known->trouble], standing_words[known->standing]);
        put_time(known->since, out);
        put_time(known->told, out);
        buf_putf(out, "%u %u %s\n", known->level, known->runs, known->name);
    }
}
