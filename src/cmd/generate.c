/*
 * A program of the build only: writes the manual page (scdoc) and the shell completions from the tables of options and
 * commands.
 *
 *     generate manual TEMPLATE    the template with its line "@OPTIONS@" replaced
 *     generate bash|zsh|fish      the completion script
 */
#include <string.h>

#include "base/file.h"
#include "cmd/command.h"
#include "config/help.h"

#define OUTPUT_MAX (4 * 1024 * 1024)

static bool put_manual(const struct verb *const *verbs, const char *path, struct buf *out, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);
    struct view rest, line;

    TRY(file_read(path, &text, err));
    rest = view_trim(buf_view(&text));
    while (view_cut(&rest, '\n', &line)) {
        if (view_is(line, "@OPTIONS@")) {
            help_write_manual(verbs, out);
            continue;
        }
        buf_put(out, line);
        buf_put_char(out, '\n');
    }
    return true;
}

static bool generate(int argc, char **argv, struct buf *out, struct error *err)
{
    AUTO(free) const struct verb **verbs = command_verbs();

    if (argc == 3 && strcmp(argv[1], "manual") == 0)
        return put_manual(verbs, argv[2], out, err);
    if (argc == 2 && help_write_completion(verbs, "evercert", argv[1], out))
        return true;
    return error_set(err, ERROR_USAGE, "usage: generate manual TEMPLATE | bash | zsh | fish");
}

int main(int argc, char **argv)
{
    AUTO(buf_clear) struct buf out = BUF(OUTPUT_MAX);
    struct error err = { 0 };

    if (!generate(argc, argv, &out, &err)) {
        fprintf(stderr, "generate: %s\n", err.why);
        return 1;
    }
    return fwrite(out.at, 1, out.len, stdout) == out.len && fflush(stdout) == 0 ? 0 : 1;
}
