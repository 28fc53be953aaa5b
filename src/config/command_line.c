/*
 * argv: first split into options with their values, by the rules of Python's argparse, then applied in order.
 * Files are read after that and fill what is left.
 */
#include "typed/code_path.h"
#include "config/command_line.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/cli_ini.h"
#include "config/option_apply.h"
#include "typed/names.h"
#include "config/option_find.h"
#include "config/option_read.h"
#include "config/plugin_options.h"

struct given {
    const struct option *option;
    const char *value; /* borrowed from argv; NULL for flags */
};

struct unknown {              /* perhaps an option of a plugin, whose directory is not known yet */
    const char *word, *value; /* borrowed from argv; value NULL when there was none */
    bool glued;               /* the value is part of the word */
    size_t before;            /* extras in front of it */
};

struct words { /* an own array of borrowed strings */
    const char **at;
    size_t len;
};

struct parse {
    struct given *givens;
    size_t count;
    struct list extras; /* words that are neither option nor value */
    struct unknown *unknowns;
    size_t unknown_count;
};

static void words_clear_at(struct words *words)
{
    free(words->at);
}

static void parse_clear_at(struct parse *parse)
{
    free(parse->givens);
    free(parse->unknowns);
    list_clear(&parse->extras);
}

/* ---- splitting ---- */

static bool is_negative_number(const char *text)
{
    size_t whole, part = 0;

    if (text[0] != '-')
        return false;
    whole = strspn(text + 1, "0123456789");
    if (text[1 + whole] == '.')
        part = 1 + strspn(text + 2 + whole, "0123456789");
    return text[1 + whole + part] == '\0' && (whole > 0 || part > 1) && part != 1;
}

/* The long option that a word names, "=value" aside; NULL when none or ambiguous. */
static const struct option *long_option(const char *word, struct error *err)
{
    return option_resolve((struct view){ word + 2, strcspn(word + 2, "=") }, err);
}

/* Whether a word can be the value of the option in front of it. */
static bool is_value(const char *word)
{
    struct error ignored = { 0 };

    if (word[0] != '-' || word[1] == '\0' || is_negative_number(word))
        return true;
    if (strchr(word, ' ') == NULL)
        return false;
    return word[1] == '-' ? long_option(word, &ignored) == NULL && ignored.kind == ERROR_NONE
                          : option_find_short(word[1]) == NULL;
}

static void give(struct parse *parse, const struct option *option, const char *value)
{
    parse->givens[parse->count++] = (struct given){ option, value };
}

/* Takes the value from the word itself (glued) or from the next word; *i moves over that. */
static bool give_value(struct parse *parse, const struct option *option, const char *glued, const struct words *words,
    size_t *i, struct error *err)
{
    if (glued == NULL) {
        bool has_next = *i + 1 < words->len && is_value(words->at[*i + 1]);

        if (!has_next && option->value[0] != '[') /* "[TOPIC]" may be left out */
            return option_fail(option, err, "expected one argument");
        if (has_next)
            glued = words->at[++*i];
    }
    give(parse, option, glued);
    return true;
}

static void keep_unknown(struct parse *parse, const struct words *words, size_t *i)
{
    const char *word = words->at[*i], *equals = strchr(word, '=');
    struct unknown *unknown = &parse->unknowns[parse->unknown_count++];

    *unknown = (struct unknown){ .word = word, .glued = equals != NULL, .before = parse->extras.len };
    if (equals != NULL)
        unknown->value = equals + 1;
    else if (*i + 1 < words->len && is_value(words->at[*i + 1]))
        unknown->value = words->at[++*i];
}

static bool parse_long(struct parse *parse, const struct words *words, size_t *i, struct error *err)
{
    const char *word = words->at[*i], *equals = strchr(word, '=');
    struct error ambiguous = { 0 };
    const struct option *option = long_option(word, &ambiguous);

    if (ambiguous.kind != ERROR_NONE) {
        *err = ambiguous;
        return false;
    }
    if (option == NULL) {
        keep_unknown(parse, words, i);
        return true;
    }
    if (option_takes_value(option))
        return give_value(parse, option, equals == NULL ? NULL : equals + 1, words, i, err);
    if (equals != NULL)
        return option_fail(option, err, "ignored explicit argument '%s'", equals + 1);
    give(parse, option, NULL);
    return true;
}

/* -i is Certbot's for an installer, and none is called like an address. */
static const struct option *short_option_for(const struct option *option, const char *value)
{
    return option->addresses != NULL && value != NULL && ip_addresses_are_meant(value) ? option_find(option->addresses)
                                                                                       : option;
}

/* "-n", "-nq", "-nd a.example", "-da.example", "-d=a.example". */
static bool parse_short(struct parse *parse, const struct words *words, size_t *i, struct error *err)
{
    const char *word = words->at[*i];
    const struct option *option = option_find_short(word[1]), *next;

    if (option == NULL) {
        list_add(&parse->extras, word);
        return true;
    }
    for (const char *letter = word + 1;; letter++, option = next) {
        if (option_takes_value(option)) {
            const char *glued = letter[1] == '\0' ? NULL : letter[1] == '=' ? letter + 2 : letter + 1;

            TRY(give_value(parse, option, glued, words, i, err));
            parse->givens[parse->count - 1].option = short_option_for(option, parse->givens[parse->count - 1].value);
            return true;
        }
        give(parse, option, NULL);
        if (letter[1] == '\0')
            return true;
        next = option_find_short(letter[1]);
        if (next == NULL)
            return option_fail(option, err, "ignored explicit argument '%s'", letter + 1);
    }
}

static bool parse_words(const struct words *words, struct parse *parse, struct error *err)
{
    size_t letters = 0;

    for (size_t i = 0; i < words->len; i++)
        letters += 1 + strlen(words->at[i]); /* a cluster gives an option a letter */
    parse->givens = xcalloc(letters + 1, sizeof *parse->givens);
    parse->unknowns = xcalloc(words->len + 1, sizeof *parse->unknowns);
    for (size_t i = 0; i < words->len; i++) {
        const char *word = words->at[i];

        if (strcmp(word, "--") == 0) {
            for (; i < words->len; i++)
                list_add(&parse->extras, words->at[i]);
            break;
        }
        if (text_starts(word, "--"))
            TRY(parse_long(parse, words, &i, err));
        else if (word[0] == '-' && word[1] != '\0' && !is_negative_number(word))
            TRY(parse_short(parse, words, &i, err));
        else
            list_add(&parse->extras, word);
    }
    return true;
}

/* ---- the subcommand ---- */

static const struct verb *find_verb(const struct verb *const *verbs, const char *word)
{
    for (; *verbs != NULL; verbs++) {
        if (strcmp((*verbs)->name, word) == 0 || text_equal((*verbs)->alias, word))
            return *verbs;
    }
    return NULL;
}

/* Takes the first word that is a subcommand of Certbot's out of words; NULL when there is none. */
static const struct verb *take_verb(const struct verb *const *verbs, struct words *words)
{
    for (size_t i = 0; i < words->len; i++) {
        const struct verb *verb = find_verb(verbs, words->at[i]);

        if (verb != NULL && !verb->ours) {
            words->len--;
            memmove(&words->at[i], &words->at[i + 1], (words->len - i) * sizeof *words->at);
            return verb;
        }
    }
    return NULL;
}

/* NULL when none is near. */
static const char *nearest_verb(const struct verb *const *verbs, const char *word)
{
    const char *best = NULL;
    size_t best_distance = 3;

    for (; *verbs != NULL; verbs++) {
        size_t distance = text_distance((*verbs)->name, word);

        if (distance > 0 && distance < best_distance) { /* 0: a second subcommand */
            best = (*verbs)->name;
            best_distance = distance;
        }
    }
    return best;
}

static void add_unknown(struct list *to, const struct unknown *unknown)
{
    list_add(to, unknown->word);
    if (unknown->value != NULL && !unknown->glued)
        list_add(to, unknown->value);
}

/* Everything that the table does not explain, in its order. */
static struct list all_extras(const struct parse *parse)
{
    struct list all = { 0 };

    for (size_t i = 0, k = 0; i <= parse->extras.len; i++) {
        for (; k < parse->unknown_count && parse->unknowns[k].before == i; k++)
            add_unknown(&all, &parse->unknowns[k]);
        if (i < parse->extras.len)
            list_add(&all, parse->extras.at[i]);
    }
    return all;
}

static bool fail_extras(const struct list *extras, const struct verb *const *verbs, struct error *err)
{
    AUTO(free) char *all = list_join(extras, " ");
    const char *near;

    (void)error_set(err, ERROR_USAGE, "unrecognized arguments: %s", all);
    for (size_t i = 0; i < extras->len; i++) {
        const char *word = extras->at[i];

        if (text_starts(word, "--") && word[2] != '\0') {
            near = option_suggest((struct view){ word + 2, strcspn(word + 2, "=") });
            return near == NULL ? false : error_next(err, "did you mean --%s?", near);
        }
    }
    near = nearest_verb(verbs, extras->at[0]);
    return near == NULL ? false : error_next(err, "did you mean %s?", near);
}

/* The first of the words that are no options names the subcommand (NULL: it does not), the others are its operands;
 * what it does not take is left in surplus. */
static const struct verb *take_operands(
    const struct list *extras, const struct verb *const *verbs, struct list *operands, struct list *surplus)
{
    const struct verb *verb = extras->len == 0 ? verbs[0] : find_verb(verbs, extras->at[0]);

    for (size_t i = 1; verb != NULL && i < extras->len; i++)
        list_add(i <= verb->max_operands && extras->at[i][0] != '-' ? operands : surplus, extras->at[i]);
    return verb;
}

/*
 * Certbot takes the first word that equals a subcommand, even where it is the value of an option. So do we,
 * unless that leaves an error and a reading that spares values does not.
 */
static bool split(const struct words *words, const struct verb *const *verbs, const struct verb **verb,
    struct parse *parse, struct list *operands, struct error *err)
{
    AUTO(words_clear) struct words left = { xcalloc(words->len + 1, sizeof *words->at), words->len };
    AUTO(parse_clear) struct parse spared = { 0 };
    AUTO(list_clear) struct list extras = { 0 };
    struct error ignored = { 0 };
    const struct verb *found;
    bool ok;

    memcpy(left.at, words->at, words->len * sizeof *words->at);
    found = take_verb(verbs, &left);
    *verb = found == NULL ? verbs[0] : found;
    ok = parse_words(&left, parse, err);
    if (ok && parse->extras.len == 0)
        return true;
    if (parse_words(words, &spared, &ignored)) {
        AUTO(list_clear) struct list surplus = { 0 };

        list_clear(operands);
        found = take_operands(&spared.extras, verbs, operands, &surplus);
        if (found != NULL && surplus.len == 0) {
            struct parse swap = *parse;

            *verb = found;
            *parse = spared;
            spared = swap;
            return true;
        }
        if (found != NULL && (found->max_operands > 0 || found->ours))
            return fail_extras(&surplus, verbs, err);
    }
    extras = all_extras(parse);
    return ok ? fail_extras(&extras, verbs, err) : false;
}

/* ---- files ---- */

static bool fail_to_open(const char *path, const struct error *reason, const struct voice *voice, struct error *err)
{
    const char *why = reason->sys != 0 ? strerror(reason->sys) : reason->why;

    if (voice->numbers_errors && reason->sys != 0) /* as Python tells an error of the system */
        return error_set(err, ERROR_USAGE, "Unable to open config file: %s. Error: [Errno %d] %s: '%s'", path,
            reason->sys, why, path);
    return error_set(err, ERROR_USAGE, "Unable to open config file: %s. Error: %s", path, why);
}

static bool read_file(const char *path, bool needed, struct settings *settings, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(FILE_MAX_TEXT);
    struct error reason = { 0 };
    struct stat st;

    if (!needed && lstat(path, &st) != 0)
        return true;                                 /* an unreadable file may name the CA to use */
    if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) /* it may name hooks and the directory of plugins */
        TRY(code_path_check(path, settings->voice->refuses_shared_code, err));
    if (!file_read_given(path, &text, &reason) && reason.kind == ERROR_CANCELED)
        return error_set(err, reason.kind, "%s", reason.why);
    if (reason.kind != ERROR_NONE)
        return fail_to_open(path, &reason, settings->voice, err);
    return cli_ini_read(buf_view(&text), path, settings, err);
}

static bool read_files(struct settings *settings, const struct verb *verb, struct error *err)
{
    AUTO(free) char *user = cli_ini_of_user();
    const struct list *given = &settings->config_files; /* the last one counts, as with Certbot */
    struct error later = { 0 };                         /* behind one that is wrong, which is told */
    bool ok = read_file(CLI_INI_SYSTEM, false, settings, err);

    if (user != NULL)
        ok = read_file(user, false, settings, ok ? err : &later) && ok;
    if (given->len > 0 && given->at[given->len - 1][0] != '\0') /* empty: a variable of a script's that is not set */
        ok = read_file(given->at[given->len - 1], true, settings, ok ? err : &later) && ok;
    if ((verb->traits & VERB_SAVED_NAMES) && SETTING_ORIGIN(settings, domains) == ORIGIN_FILE) {
        list_clear(&settings->domains); /* meant for certonly; renew goes by what each certificate has */
        SETTING_MARK(settings, domains, ORIGIN_DEFAULT);
    }
    return ok;
}

/* ---- the whole ---- */

/* The one option that matters beside --help: the topic may be a program in that directory. */
static void find_plugin_dir(const struct words *words, struct settings *settings)
{
    static const char name[] = "--plugin-dir";

    for (size_t i = 0; i < words->len; i++) {
        AUTO(free) char *path = NULL;

        if (strcmp(words->at[i], name) == 0 && i + 1 < words->len)
            path = file_absolute(words->at[i + 1]);
        else if (text_starts(words->at[i], name) && words->at[i][sizeof name - 1] == '=')
            path = file_absolute(words->at[i] + sizeof name);
        if (path != NULL)
            xreplace(&settings->plugin_dir, path);
    }
}

/* Help is asked for: the topic is the word behind; a subcommand's own page where it stands beside. */
static bool find_help(const struct words *words, const struct verb *const *verbs, struct command_line *out)
{
    for (size_t i = 0; i < words->len && !out->help; i++) {
        bool is_help = strcmp(words->at[i], "--help") == 0 || strcmp(words->at[i], "-h") == 0 ||
                       (i == 0 && strcmp(words->at[i], "help") == 0);

        if (!is_help)
            continue;
        out->help = true;
        if (i + 1 < words->len && words->at[i + 1][0] != '-')
            out->help_topic = xstrdup(words->at[i + 1]);
    }
    for (size_t i = 0;
         out->help && out->help_topic == NULL && out->settings->voice->helps_with_subcommand && i < words->len; i++) {
        const struct verb *verb = find_verb(verbs, words->at[i]);

        if (verb != NULL)
            out->help_topic = xstrdup(verb->name);
    }
    if (out->help)
        find_plugin_dir(words, out->settings);
    return out->help;
}

/* Applies options in their order; --help and --version, found by a prefix or in a cluster, end it. */
static bool apply_all(const struct parse *parse, struct command_line *line, struct error *err)
{
    for (size_t i = 0; i < parse->count; i++) {
        const struct given *given = &parse->givens[i];

        if (given->option->asks == ASKS_HELP) {
            line->help = true;
            line->help_topic = xstrdup_or_null(given->value);
            return true;
        }
        if (given->option->asks == ASKS_VERSION) {
            line->version = true;
            return true;
        }
        TRY(option_apply(line->settings, given->option, given->value, ORIGIN_COMMAND_LINE, err));
    }
    return true;
}

/* Now that the directory of plugins is known, options that belong to no plugin are refused. */
static bool settle_unknowns(
    struct settings *settings, const struct parse *parse, const struct verb *const *verbs, struct error *err)
{
    AUTO(list_clear) struct list extras = { 0 };

    for (size_t i = 0; i < parse->unknown_count; i++) {
        const struct unknown *unknown = &parse->unknowns[i];
        struct view name = { unknown->word + 2, strcspn(unknown->word + 2, "=") };
        bool taken;

        plugin_flag_give(settings, name, ORIGIN_COMMAND_LINE, &taken);
        if (taken && unknown->value != NULL) /* a word that is none of its */
            list_add(&extras, unknown->glued ? unknown->word : unknown->value);
        if (!taken)
            TRY(plugin_option_give(settings, name, unknown->value, ORIGIN_COMMAND_LINE, &taken, err));
        if (!taken)
            add_unknown(&extras, unknown);
    }
    return extras.len == 0 ? true : fail_extras(&extras, verbs, err);
}

bool command_line_read(int argc, char **argv, const struct verb *const *verbs, const struct voice *voice,
    struct command_line *out, struct error *err)
{
    AUTO(command_line_clear) struct command_line line = { .settings = settings_new(voice) };
    AUTO(words_clear) struct words words = { xcalloc((size_t)argc + 1, sizeof *words.at), 0 };
    AUTO(parse_clear) struct parse parse = { 0 };
    const struct verb *verb;
    bool ok = true;

    for (int i = 1; i < argc; i++)
        words.at[words.len++] = argv[i];
    if (!find_help(&words, verbs, &line)) {
        TRY(split(&words, verbs, &verb, &parse, &line.settings->operands, err));
        TRY(apply_all(&parse, &line, err));
        if (!line.help && !line.version) {
            line.verb = verb;
            ok = read_files(line.settings, verb, err) && settle_unknowns(line.settings, &parse, verbs, err) &&
                 settings_derive(line.settings, verb, err);
        }
    }
    *out = line;
    line = (struct command_line){ 0 };
    return ok;
}

void command_line_clear(struct command_line *line)
{
    free(line->help_topic);
    settings_free(line->settings);
    *line = (struct command_line){ 0 };
}

/* Whether the option's value is secret: also that of a plugin's option, which the table does not know. */
static bool is_secret(const char *word)
{
    struct error ambiguous = { 0 };
    const struct option *option;

    if (!text_starts(word, "--") || word[2] == '\0')
        return false;
    option = long_option(word, &ambiguous);
    return option == NULL || option->secret;
}

/* The secret part of argv[i]: a value behind its option, or behind the sign in one word. NULL: none. */
static char *secret_in(char *const *argv, int i)
{
    char *equals = strchr(argv[i], '=');

    if (i > 1 && is_secret(argv[i - 1]) && strchr(argv[i - 1], '=') == NULL)
        return argv[i];
    return equals != NULL && is_secret(argv[i]) ? equals + 1 : NULL;
}

void command_line_hide(int argc, char **argv)
{
    AUTO(free) char **secrets = xcalloc((size_t)argc + 1, sizeof *secrets);

    for (int i = 1; i < argc; i++) /* all are found before one is changed: each is known by the word before it */
        secrets[i] = secret_in(argv, i);
    for (int i = 1; i < argc; i++)
        if (secrets[i] != NULL)
            memset(secrets[i], '*', strlen(secrets[i]));
}

static char *join_arguments(int argc, char *const *argv, const char *separator)
{
    AUTO(list_clear) struct list words = { 0 };

    for (int i = 1; i < argc; i++) {
        const char *secret = secret_in(argv, i);
        AUTO(free)
        char *shown = secret == NULL ? xstrdup(argv[i]) : xprintf("%.*s(secret)", (int)(secret - argv[i]), argv[i]);

        list_add(&words, shown);
    }
    return list_join(&words, separator);
}

char *command_line_describe(int argc, char *const *argv)
{
    AUTO(free) char *joined = join_arguments(argc, argv, "', '");

    return argc < 2 ? xstrdup("[]") : xprintf("['%s']", joined);
}

char *command_line_join(int argc, char *const *argv)
{
    return join_arguments(argc, argv, " ");
}
