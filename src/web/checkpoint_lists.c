#include "web/checkpoint_lists.h"

#include "base/mem.h"

void paths_parse(struct view text, struct list *out)
{
    struct view line;

    while (view_cut(&text, '\n', &line)) {
        if (line.len > 0 && line.at[line.len - 1] == '\r')
            line.len--;
        if (line.len > 0)
            list_add_view(out, line);
    }
}

bool path_fits_line(const char *path)
{
    return path[0] == '/' && strpbrk(path, "\r\n") == NULL;
}

/* ---- commands ---- */

static void word_put(const char *word, struct buf *out)
{
    if (word[0] != '\0' && strpbrk(word, ",\"\r\n") == NULL) {
        buf_put_text(out, word);
        return;
    }
    buf_put_char(out, '"');
    for (; *word != '\0'; word++) {
        if (*word == '"')
            buf_put_char(out, '"');
        buf_put_char(out, *word);
    }
    buf_put_char(out, '"');
}

void command_put(const struct list *command, struct buf *out)
{
    for (size_t i = 0; i < command->len; i++) {
        if (i > 0)
            buf_put_char(out, ',');
        word_put(command->at[i], out);
    }
    buf_put_text(out, "\r\n");
}

struct scan { /* where a CSV text is read */
    const char *at, *end;
};

static bool is_line_end(char byte)
{
    return byte == '\r' || byte == '\n';
}

/* Behind an opening quote; false when none closes it. */
static bool scan_quoted(struct scan *scan, struct buf *word)
{
    while (scan->at < scan->end) {
        char byte = *scan->at++;

        if (byte == '"' && (scan->at == scan->end || *scan->at != '"'))
            return true;
        if (byte == '"')
            scan->at++;
        buf_put_char(word, byte);
    }
    return false;
}

static bool scan_word(struct scan *scan, struct list *command)
{
    AUTO(buf_clear) struct buf word = BUF(CHECKPOINT_LIST_MAX);

    if (scan->at < scan->end && *scan->at == '"') {
        scan->at++;
        TRY(scan_quoted(scan, &word));
    }
    while (scan->at < scan->end && *scan->at != ',' && !is_line_end(*scan->at))
        buf_put_char(&word, *scan->at++);
    if (command->len == CHECKPOINT_WORDS_MAX)
        return false;
    list_add_view(command, buf_view(&word));
    return true;
}

static bool scan_command(struct scan *scan, struct list *command)
{
    TRY(scan_word(scan, command));
    while (scan->at < scan->end && *scan->at == ',') {
        scan->at++;
        TRY(scan_word(scan, command));
    }
    return true;
}

bool commands_parse(struct view text, struct commands *out)
{
    struct scan scan = { text.at, text.at + text.len };

    for (;;) {
        AUTO(list_clear) struct list command = { 0 };

        while (scan.at < scan.end && is_line_end(*scan.at))
            scan.at++;
        if (scan.at == scan.end)
            return true;
        TRY(scan_command(&scan, &command));
        commands_add(out, &command);
    }
}

void commands_add(struct commands *commands, const struct list *command)
{
    commands->at = xrealloc(commands->at, commands->len + 1, sizeof *commands->at);
    commands->at[commands->len++] = list_dup(command);
}

void commands_clear(struct commands *commands)
{
    for (size_t i = 0; i < commands->len; i++)
        list_clear(&commands->at[i]);
    free(commands->at);
    *commands = (struct commands){ 0 };
}
