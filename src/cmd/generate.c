/*
 * A program of the build only: writes the manual page (scdoc) and the shell completions from the tables of options and
 * commands, and lets the tests look into tables and parser.
 *
 *     generate manual TEMPLATE          the template with its lines "@COMMANDS@" and "@OPTIONS@" replaced
 *     generate verbs                    the names of the subcommands, one a line
 *     generate page VERB                the manual page of one of them
 *     generate bash|zsh|fish [NAME]     the completion script, for a program of that name
 *     generate options                  the tables as JSON
 *     generate parse                    for each line of standard input, a command line as a JSON array: what the
 * parser makes of it, one JSON object a line
 */
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "cmd/command.h"
#include "cmd/generate_json.h"
#include "help/help.h"

#define OUTPUT_MAX (4 * 1024 * 1024)

static bool put_manual(const struct verb *const *verbs, const char *path, struct buf *out, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);
    struct view rest, line;

    TRY(file_read(path, &text, err));
    rest = view_trim(buf_view(&text));
    while (view_cut(&rest, '\n', &line)) {
        if (view_is(line, "@COMMANDS@")) {
            help_write_manual_commands(verbs, out);
        } else if (view_is(line, "@OPTIONS@")) {
            help_write_manual_options(out);
        } else {
            buf_put(out, line);
            buf_put_char(out, '\n');
        }
    }
    return true;
}

static void put_names(const struct verb *const *verbs, struct buf *out)
{
    for (; *verbs != NULL; verbs++)
        buf_putf(out, "%s\n", (*verbs)->name);
}

static bool put_page(const struct verb *const *verbs, const char *name, struct buf *out, struct error *err)
{
    while (*verbs != NULL && strcmp((*verbs)->name, name) != 0)
        verbs++;
    if (*verbs == NULL)
        return error_set(err, ERROR_USAGE, "there is no subcommand %s", name);
    help_write_manual_page(*verbs, out);
    return true;
}

/* Answers are written at once: a line can end in a warning on standard error, which then stands between the right ones.
 */
static bool answer_lines(const struct verb *const *verbs, struct error *err)
{
    AUTO(free) char *line = NULL;
    size_t size = 0;
    ssize_t len;

    while ((len = getline(&line, &size, stdin)) > 0) {
        AUTO(buf_clear) struct buf answer = BUF(OUTPUT_MAX);

        TRY(generate_parse(verbs, (struct view){ line, (size_t)len }, &answer, err));
        if (fwrite(answer.at, 1, answer.len, stdout) != answer.len || fflush(stdout) != 0)
            return error_set(err, ERROR_INTERNAL, "cannot write to standard output");
    }
    return true;
}

static bool generate(int argc, char **argv, struct buf *out, struct error *err)
{
    AUTO(free) const struct verb **verbs = command_verbs();

    if (argc == 3 && strcmp(argv[1], "manual") == 0)
        return put_manual(verbs, argv[2], out, err);
    if (argc == 3 && strcmp(argv[1], "page") == 0)
        return put_page(verbs, argv[2], out, err);
    if (argc == 2 && strcmp(argv[1], "verbs") == 0) {
        put_names(verbs, out);
        return true;
    }
    if (argc == 2 && strcmp(argv[1], "parse") == 0)
        return answer_lines(verbs, err);
    if (argc == 2 && strcmp(argv[1], "options") == 0) {
        generate_tables(verbs, out);
        return true;
    }
    if ((argc == 2 || argc == 3) && help_write_completion(verbs, argc == 3 ? argv[2] : "evercert", argv[1], out))
        return true;
    return error_set(
        err, ERROR_USAGE, "usage: generate manual TEMPLATE | verbs | page VERB | bash | zsh | fish | options | parse");
}

int main(int argc, char **argv)
{
    AUTO(buf_clear) struct buf out = BUF(OUTPUT_MAX);
    struct error err = { 0 };

    if (!generate(argc, argv, &out, &err)) {
        fprintf(stderr, "generate: %s\n", err.why);
        return 1;
    }
    return (out.len == 0 || fwrite(out.at, 1, out.len, stdout) == out.len) && fflush(stdout) == 0 ? 0 : 1;
}
