#include <string.h>

#include "base/child.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/program.h"
#include "base/text.h"
#include "typed/code_path.h"
#include "plugin/plugin.h"

/* The first word of a command; of the caller's. */
static char *program_of(const char *command)
{
    struct view text = view_trim(view_of(command));

    return xstrndup(text.at, strcspn(text.at, " \t\r\n\v\f"));
}

static bool is_found(const char *program, const char *directories)
{
    AUTO(free) char *path = program_find(program, directories);

    return path != NULL;
}

/* Certbot's words, on lines of their own. */
static bool not_found(const char *name, const char *program, const char *path, struct error *err)
{
    AUTO(free)
    char *text = xprintf("Unable to find %s command %s in the PATH.\n(PATH is %s)\nSee also the "
                         "--disable-hook-validation option.",
        name, program, path);

    return error_set_lines(err, ERROR_HOOK, text);
}

bool hook_check(const char *name, const char *command, struct error *err)
{
    AUTO(free) char *program = program_of(command), *path = program_directories(), *kind = xstrdup(name);

    if (program[0] == '\0' || is_found(program, path))
        return true;
    if (!file_exists(program))
        return not_found(name, program, path, err);
    if (text_ends(kind, "-hook"))
        kind[strlen(kind) - strlen("-hook")] = '\0';
    /* Certbot says it in this odd order, and scripts look for it */
    (void)error_set(err, ERROR_HOOK, "%s-hook command %s exists, but is not executable.", program, kind);
    return error_next(err, "chmod +x %s, or run it through its interpreter: \"sh %s\"", program, program);
}

bool hook_check_writers(const char *command, bool refuse, struct error *err)
{
    AUTO(free) char *program = program_of(command == NULL ? "" : command);

    return strchr(program, '/') == NULL || code_path_check(program, refuse, err);
}

/* Foreign text for people: printable, each line that is not blank one blank further in, and a word about what is
 * missing. Of the caller's. */
static char *indented(struct view text, size_t dropped)
{
    AUTO(free) char *shown = text_printable_dup(text, CHILD_MAX_OUTPUT, true);
    AUTO(buf_clear) struct buf out = BUF(SIZE_MAX);
    struct view rest = view_of(shown), line;

    while (view_cut(&rest, '\n', &line))
        buf_putf(&out, "%s%s%.*s", out.len > 0 ? "\n" : "", view_trim(line).len > 0 ? " " : "", (int)line.len, line.at);
    if (dropped > 0)
        buf_putf(&out, "\n [%zu bytes more, which were not kept]", dropped);
    return buf_take(&out);
}

/* On a terminal the hook is announced: one that takes minutes must not look like a hang. */
static void announce(struct ui *ui, const char *name, const char *command)
{
    if (ui_is_terminal(ui) && ui_voice(ui)->announces_hooks)
        ui_say(ui, "Running %s command: %s", name, command);
    else
        log_info("Running %s command: %s", name, command);
}

/* The environment of a hook: env, and a PATH in which its program is. */
static struct list environment(const char *command, const struct list *env)
{
    AUTO(free) char *program = program_of(command), *path = program_directories();
    struct list all = { 0 };

    if (env != NULL)
        list_add_all(&all, env);
    if (!is_found(program, getenv("PATH")) && is_found(program, path)) {
        AUTO(free) char *entry = xprintf("PATH=%s", path);

        list_add(&all, entry);
    }
    return all;
}

bool hook_run(struct ui *ui, const char *name, const char *label, const char *command, const struct list *env,
    char **output, int *status, struct error *err)
{
    AUTO(child_result_clear) struct child_result result = { 0 };
    AUTO(list_clear) struct list all = environment(command, env);
    struct view said, complained;

    announce(ui, name, command);
    if (!child_shell(command, &all, &result, err))
        return error_in(err, "%s", label);
    said = view_trim(buf_view(&result.out));
    complained = view_trim(buf_view(&result.err));
    if (result.status != 0)
        log_warning("%s reported error code %d", label, result.status);
    if (said.len > 0) {
        AUTO(free) char *text = indented(said, result.out_dropped);

        ui_say(ui, "%s ran with output:\n%s", label, text);
    }
    if (complained.len > 0) {
        AUTO(free) char *text = indented(complained, result.err_dropped);

        log_warning("%s ran with error output:\n%s", label, text);
    }
    if (output != NULL)
        *output = view_dup(said);
    if (status != NULL)
        *status = result.status;
    return true;
}
