#include "ops/command_words.h"

#include <string.h>

#define WORD_MAX_LEN (64 * 1024)

void command_words_clear(struct command_words *command)
{
    list_clear(&command->words);
    command->is_certain = false;
}

struct reading {
    struct view rest;
    enum quoting quoting;
    struct command_words *out;
    struct buf word;
    bool has_word; /* also an empty one, in quotes */
    bool is_over;  /* the command */
};

static bool more(const struct reading *reading)
{
    return reading->rest.len > 0;
}

/* The byte that comes; NUL at the end. */
static char peek(const struct reading *reading)
{
    return more(reading) ? reading->rest.at[0] : '\0';
}

static char take(struct reading *reading)
{
    char byte = peek(reading);

    if (more(reading))
        reading->rest = (struct view){ reading->rest.at + 1, reading->rest.len - 1 };
    return byte;
}

static void put(struct reading *reading, char byte)
{
    buf_put_char(&reading->word, byte);
    reading->has_word = true;
}

static void end_word(struct reading *reading)
{
    if (reading->has_word)
        list_add(&reading->out->words, buf_text(&reading->word));
    buf_cut(&reading->word, 0);
    reading->has_word = false;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

/* ---- the shell, and cron in front of it ---- */

/* cron ends the command at % and gives the program what follows; \% is one that stays. */
static bool takes_percent(struct reading *reading, char byte)
{
    if (reading->quoting != QUOTING_CRON || byte != '%')
        return false;
    reading->rest.len = 0;
    reading->is_over = true;
    return true;
}

static void take_escaped(struct reading *reading, bool in_quotes)
{
    char next = peek(reading);

    if (!more(reading))
        return;
    if (in_quotes && strchr("$`\"\\\n", next) == NULL && !(reading->quoting == QUOTING_CRON && next == '%'))
        put(reading, '\\');
    if (next != '\n')
        put(reading, next);
    (void)take(reading);
}

static void take_single(struct reading *reading)
{
    reading->has_word = true;
    while (more(reading) && !reading->is_over) {
        char byte = take(reading);

        if (byte == '\'')
            return;
        if (reading->quoting == QUOTING_CRON && byte == '\\' && peek(reading) == '%')
            put(reading, take(reading));
        else if (!takes_percent(reading, byte))
            put(reading, byte);
    }
    reading->out->is_certain = false; /* the quotation does not end here */
}

static void take_double(struct reading *reading)
{
    reading->has_word = true;
    while (more(reading) && !reading->is_over) {
        char byte = take(reading);

        if (byte == '"')
            return;
        if (byte == '\\') {
            take_escaped(reading, true);
            continue;
        }
        reading->out->is_certain = reading->out->is_certain && byte != '$' && byte != '`';
        if (!takes_percent(reading, byte))
            put(reading, byte);
    }
    reading->out->is_certain = false;
}

/* ">file", "2>&1", "<<x": they are no words of the command. */
static void take_redirection(struct reading *reading)
{
    struct view word = buf_view(&reading->word);
    size_t digits = 0;

    while (digits < word.len && word.at[digits] >= '0' && word.at[digits] <= '9')
        digits++;
    if (digits == word.len) { /* the descriptor */
        buf_cut(&reading->word, 0);
        reading->has_word = false;
    }
    end_word(reading);
    while (more(reading) && strchr("<>&| \t", peek(reading)) != NULL)
        (void)take(reading);
    while (more(reading) && strchr(" \t\r\n;&|()<>", peek(reading)) == NULL)
        (void)take(reading);
}

static void take_shell(struct reading *reading)
{
    char byte = take(reading);

    if (byte == '\0')
        reading->out->is_certain = false;
    else if (is_blank(byte))
        end_word(reading);
    else if (strchr("\n;&|()", byte) != NULL)
        reading->is_over = true;
    else if (byte == '#' && !reading->has_word)
        while (more(reading) && peek(reading) != '\n')
            (void)take(reading);
    else if (byte == '<' || byte == '>')
        take_redirection(reading);
    else if (byte == '\\')
        take_escaped(reading, false);
    else if (byte == '\'')
        take_single(reading);
    else if (byte == '"')
        take_double(reading);
    else if (!takes_percent(reading, byte)) {
        reading->out->is_certain = reading->out->is_certain && byte != '$' && byte != '`';
        put(reading, byte);
    }
}

/* ---- systemd ---- */

/* Both of them stand for themselves where they stand twice (systemd.unit(5), systemd.service(5)). */
static void put_doubled(struct reading *reading, char byte)
{
    if ((byte == '%' || byte == '$') && peek(reading) == byte)
        (void)take(reading);
    else if (byte == '%' || byte == '$' || byte == '\0')
        reading->out->is_certain = false;
    put(reading, byte);
}

static void take_systemd_quoted(struct reading *reading, char quote)
{
    reading->has_word = true;
    while (more(reading)) {
        char byte = take(reading);

        if (byte == quote)
            return;
        if (byte == '\\' && more(reading)) {
            byte = take(reading);
            reading->out->is_certain = reading->out->is_certain && strchr("\"'\\ ", byte) != NULL;
            put(reading, byte);
        } else {
            put_doubled(reading, byte);
        }
    }
    reading->out->is_certain = false;
}

static void take_systemd(struct reading *reading)
{
    char byte = take(reading);

    if (byte == ';' && !reading->has_word && (!more(reading) || is_blank(peek(reading))))
        reading->is_over = true;
    else if (is_blank(byte) || byte == '\n')
        end_word(reading);
    else if ((byte == '"' || byte == '\'') && !reading->has_word)
        take_systemd_quoted(reading, byte);
    else if (byte == '\\' && more(reading)) {
        byte = take(reading);
        reading->out->is_certain = reading->out->is_certain && strchr("\"'\\ ", byte) != NULL;
        put(reading, byte);
    } else
        put_doubled(reading, byte);
}

/* ---- property lists ---- */

#define OPENS "<string>"

static const struct {
    const char *entity;
    char byte;
} entities[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&quot;", '"' }, { "&apos;", '\'' } };

static void put_xml(struct reading *reading)
{
    for (size_t i = 0; i < COUNT(entities); i++) {
        size_t len = strlen(entities[i].entity);

        if (!view_starts(reading->rest, entities[i].entity))
            continue;
        reading->rest = (struct view){ reading->rest.at + len, reading->rest.len - len };
        put(reading, entities[i].byte);
        return;
    }
    reading->out->is_certain = reading->out->is_certain && peek(reading) != '&' && peek(reading) != '\0';
    put(reading, take(reading));
}

/* The next element of text. */
static void take_plist(struct reading *reading)
{
    if (!view_starts(reading->rest, OPENS)) {
        (void)take(reading);
        return;
    }
    reading->rest = (struct view){ reading->rest.at + strlen(OPENS), reading->rest.len - strlen(OPENS) };
    reading->has_word = true;
    while (more(reading) && peek(reading) != '<')
        put_xml(reading);
    end_word(reading);
}

/* ---- whichever it is ---- */

static void take_next(struct reading *reading)
{
    switch (reading->quoting) {
    case QUOTING_SYSTEMD:
        take_systemd(reading);
        break;
    case QUOTING_CRON:
    case QUOTING_SHELL:
        take_shell(reading);
        break;
    case QUOTING_PLIST:
        take_plist(reading);
        break;
    }
}

bool command_words_next(struct view *text, enum quoting quoting, struct command_words *out)
{
    struct reading reading = { .rest = *text, .quoting = quoting, .out = out, .word = BUF(WORD_MAX_LEN) };

    command_words_clear(out);
    while (out->words.len == 0 && more(&reading)) {
        out->is_certain = true;
        reading.is_over = false;
        while (more(&reading) && !reading.is_over)
            take_next(&reading);
        end_word(&reading);
    }
    if (reading.word.failed)
        out->is_certain = false;
    buf_clear(&reading.word);
    *text = reading.rest;
    return out->words.len > 0;
}
