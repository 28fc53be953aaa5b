/*
 * Completions for shells, from the table.
 */
#include <string.h>

#include "base/text.h"
#include "config/option_find.h"
#include "config/topic.h"
#include "help/help.h"

static bool takes_file(const struct option *option)
{
    return option->type == OPTION_PATH ||
           (option->value != NULL && (strcmp(option->value, "FILE") == 0 || strcmp(option->value, "DIR") == 0));
}

/* "rsa ecdsa" */
static void put_choices(const struct option *option, struct buf *out)
{
    for (size_t i = 0; option->choices[i] != NULL; i++)
        buf_putf(out, "%s%s", i > 0 ? " " : "", option->choices[i]);
}

static void put_actions(const struct verb *verb, struct buf *out)
{
    for (size_t i = 0; verb->actions[i] != NULL; i++)
        buf_putf(out, "%s%s", i > 0 ? " " : "", verb->actions[i]);
}

/* Text inside single quotes; `special` characters get a backslash in front. */
static void put_quoted(struct buf *out, const char *text, const char *special, const char *quote)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            buf_put_text(out, quote);
            continue;
        }
        if (strchr(special, *text) != NULL)
            buf_put_char(out, '\\');
        buf_put_char(out, *text);
    }
}

/* A function name may hold letters, digits and underscores. */
static void put_identifier(struct buf *out, const char *program)
{
    for (; *program != '\0'; program++)
        buf_put_char(out, strchr("-. ", *program) != NULL ? '_' : *program);
}

/* ---- bash ---- */

static void put_pattern(const struct option *option, struct buf *out)
{
    const char *bar = "";

    for (const char *letter = option->shorts; letter != NULL && *letter != '\0'; letter++, bar = "|")
        buf_putf(out, "%s-%c", bar, *letter);
    for (size_t i = 0; i < COUNT(option->names) && option->names[i] != NULL; i++, bar = "|")
        buf_putf(out, "%s--%s", bar, option->names[i]);
}

/* $verb: the subcommand, when it has actions of its own; "-" once there is one of them. */
static void put_bash_verb(const struct verb *const *verbs, struct buf *out)
{
    buf_put_text(out, "    local verb= each\n    for each in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
                      "        case \"$verb $each\" in\n");
    for (; *verbs != NULL; verbs++) {
        if ((*verbs)->actions == NULL)
            continue;
        buf_putf(out, "        ' %s') verb=%s ;;\n", (*verbs)->name, (*verbs)->name);
        for (size_t i = 0; (*verbs)->actions[i] != NULL; i++)
            buf_putf(out, "        '%s %s') verb=- ;;\n", (*verbs)->name, (*verbs)->actions[i]);
    }
    buf_put_text(out, "        esac\n    done\n");
}

static void put_bash_words(const struct verb *const *verbs, struct buf *out)
{
    buf_put_text(out, "    else\n        case \"$verb\" in\n        -) COMPREPLY=() ;;\n");
    for (size_t i = 0; verbs[i] != NULL; i++)
        if (verbs[i]->actions != NULL) {
            buf_putf(out, "        %s) COMPREPLY=($(compgen -W '", verbs[i]->name);
            put_actions(verbs[i], out);
            buf_put_text(out, "' -- \"$word\")) ;;\n");
        }
    buf_put_text(out, "        *) COMPREPLY=($(compgen -W '");
    for (size_t i = 0; verbs[i] != NULL; i++)
        buf_putf(out, "%s ", verbs[i]->name);
    buf_put_text(out, "' -- \"$word\")) ;;\n        esac\n    fi\n}\n");
}

static void write_bash(const struct verb *const *verbs, const char *program, struct buf *out)
{
    buf_put_char(out, '_');
    put_identifier(out, program);
    buf_put_text(out, "()\n{\n    local word=\"${COMP_WORDS[COMP_CWORD]}\" before=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
                      "    case \"$before\" in\n");
    for (const struct option *option = options; option->names[0] != NULL; option++) {
        if (option->topic == TOPIC_HIDDEN || !option_takes_value(option) || option->value[0] == '[')
            continue;
        buf_put_text(out, "    ");
        put_pattern(option, out);
        if (option->choices != NULL) {
            buf_put_text(out, ") COMPREPLY=($(compgen -W '");
            put_choices(option, out);
            buf_put_text(out, "' -- \"$word\")); return ;;\n");
        } else {
            buf_put_text(out, takes_file(option) ? ") COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n"
                                                 : ") COMPREPLY=(); return ;;\n");
        }
    }
    buf_put_text(out, "    esac\n");
    put_bash_verb(verbs, out);
    buf_put_text(out, "    if [[ $word == -* ]]; then\n        COMPREPLY=($(compgen -W '");
    for (const struct option *option = options; option->names[0] != NULL; option++) {
        for (size_t i = 0; option->topic != TOPIC_HIDDEN && i < COUNT(option->names) && option->names[i] != NULL; i++)
            buf_putf(out, "--%s ", option->names[i]);
    }
    buf_put_text(out, "' -- \"$word\"))\n");
    put_bash_words(verbs, out);
    buf_put_text(out, "complete -F _");
    put_identifier(out, program);
    buf_putf(out, " %s\n", program);
}

/* ---- zsh ---- */

static void put_zsh_option(const struct option *option, const char *name, struct buf *out)
{
    buf_putf(out, "        '*%s[", name);
    put_quoted(out, option->help, "[]:\\", "'\\''");
    buf_put_char(out, ']');
    if (option_takes_value(option)) {
        buf_putf(out, "%s:", option->value[0] == '[' ? ":" : "");
        put_quoted(out, option->value, "[]:\\", "'\\''");
        buf_put_char(out, ':');
        if (option->choices != NULL) {
            buf_put_char(out, '(');
            put_choices(option, out);
            buf_put_char(out, ')');
        } else if (takes_file(option)) {
            buf_put_text(out, "_files");
        }
    }
    buf_put_text(out, "' \\\n");
}

static void write_zsh(const struct verb *const *verbs, const char *program, struct buf *out)
{
    char name[128];

    buf_putf(out, "#compdef %s\n\n_", program);
    put_identifier(out, program);
    buf_put_text(
        out, "()\n{\n    local curcontext=\"$curcontext\" state line\n    typeset -A opt_args\n    _arguments -C \\\n");
    for (const struct option *option = options; option->names[0] != NULL; option++) {
        if (option->topic == TOPIC_HIDDEN)
            continue;
        for (const char *letter = option->shorts; letter != NULL && *letter != '\0'; letter++) {
            (void)snprintf(name, sizeof name, "-%c", *letter);
            put_zsh_option(option, name, out);
        }
        for (size_t i = 0; i < COUNT(option->names) && option->names[i] != NULL; i++) {
            (void)snprintf(name, sizeof name, "--%s", option->names[i]);
            put_zsh_option(option, name, out);
        }
    }
    buf_put_text(out, "        '1:subcommand:((");
    for (size_t i = 0; verbs[i] != NULL; i++) {
        buf_putf(out, "%s\\:\"", verbs[i]->name);
        put_quoted(out, verbs[i]->summary, "[]:\\\"", "'\\''");
        buf_put_text(out, "\" ");
    }
    buf_put_text(
        out, "))' \\\n        '2:action:->action' && return\n    [[ $state == action ]] && case $line[1] in\n");
    for (; *verbs != NULL; verbs++)
        if ((*verbs)->actions != NULL) {
            buf_putf(out, "    %s) compadd ", (*verbs)->name);
            put_actions(*verbs, out);
            buf_put_text(out, " ;;\n");
        }
    buf_put_text(out, "    esac\n}\n\n_");
    put_identifier(out, program);
    buf_put_text(out, " \"$@\"\n");
}

/* ---- fish ---- */

static void write_fish(const struct verb *const *verbs, const char *program, struct buf *out)
{
    buf_putf(out, "complete -c %s -f\n", program);
    for (size_t i = 0; verbs[i] != NULL; i++) {
        buf_putf(out, "complete -c %s -n __fish_use_subcommand -a %s -d '", program, verbs[i]->name);
        put_quoted(out, verbs[i]->summary, "\\", "\\'");
        buf_put_text(out, "'\n");
        if (verbs[i]->actions == NULL)
            continue;
        buf_putf(out, "complete -c %s -n '__fish_seen_subcommand_from %s; and not __fish_seen_subcommand_from ",
            program, verbs[i]->name);
        put_actions(verbs[i], out);
        buf_put_text(out, "' -a '");
        put_actions(verbs[i], out);
        buf_put_text(out, "'\n");
    }
    for (const struct option *option = options; option->names[0] != NULL; option++) {
        if (option->topic == TOPIC_HIDDEN)
            continue;
        buf_putf(out, "complete -c %s", program);
        for (const char *letter = option->shorts; letter != NULL && *letter != '\0'; letter++)
            buf_putf(out, " -s %c", *letter);
        for (size_t i = 0; i < COUNT(option->names) && option->names[i] != NULL; i++)
            buf_putf(out, " -l %s", option->names[i]);
        if (option_takes_value(option) && option->value[0] != '[')
            buf_put_text(out, takes_file(option) ? " -r -F" : " -x");
        if (option->choices != NULL) {
            buf_put_text(out, " -a '");
            put_choices(option, out);
            buf_put_char(out, '\'');
        }
        buf_put_text(out, " -d '");
        put_quoted(out, option->help, "\\", "\\'");
        buf_put_text(out, "'\n");
    }
}

bool help_write_completion(const struct verb *const *verbs, const char *program, const char *shell, struct buf *out)
{
    if (strcmp(shell, "bash") == 0)
        write_bash(verbs, program, out);
    else if (strcmp(shell, "zsh") == 0)
        write_zsh(verbs, program, out);
    else if (strcmp(shell, "fish") == 0)
        write_fish(verbs, program, out);
    else
        return false;
    return true;
}
