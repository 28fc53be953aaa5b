/* configure: change the settings of all commands. */
#include <string.h>

#include "base/mem.h"
#include "cmd/command.h"
#include "config/cli_ini.h"
#include "config/option_find.h"
#include "ops/settings_file.h"
#include "ops/settings_shown.h"

#define CHANGES_MAX 64

struct changes {
    struct setting_change at[CHANGES_MAX];
    size_t len;
    struct list words; /* that they point into */
};

static void changes_clear_at(struct changes *changes)
{
    list_clear(&changes->words);
}

/* Of "name=value"; "name=" is away with it. */
static bool add(struct changes *changes, const char *word, struct error *err)
{
    struct setting_change *change = &changes->at[changes->len];
    struct error unclear = { 0 };
    const struct option *option;
    struct view name;
    char *own, *sign;

    if (changes->len == CHANGES_MAX)
        return error_set(err, ERROR_USAGE, "more than %d settings at once", CHANGES_MAX);
    list_add(&changes->words, word);
    own = changes->words.at[changes->words.len - 1];
    sign = strchr(own, '=');
    if (sign == NULL || sign == own)
        return error_set(err, ERROR_USAGE, "\"%s\" is no setting: configure takes OPTION=VALUE, as in jobs=4", word);
    *sign = '\0';
    change->name = own;
    change->value = sign[1] == '\0' ? NULL : sign + 1;
    name = view_of(change->name);
    option = cli_ini_option(&name, &unclear); /* also by a shortened name, as the file has it */
    if (option != NULL && option->secret && change->value != NULL)
        return error_set(err, ERROR_USAGE,
            "%s is secret, and a command line can be seen by others: write it into the file by hand", option->names[0]);
    changes->len++;
    return true;
}

/* ---- asking ---- */

static const struct asked { /* what most people want to set once */
    const char *option, *question;
} asked[] = {
    { "email", "E-mail address that the CA may write to" },
    { "key-type", "Type of new keys, ecdsa or rsa" },
    { "preferred-challenges", "How to prove control, in order of preference: http, tls-alpn, dns" },
    { "history-keep", "How many versions of a certificate to keep" },
};

static bool ask_one(struct context *context, const struct asked *row, struct changes *changes, struct error *err)
{
    AUTO(free) char *now = option_text(context->settings, option_find(row->option));
    AUTO(free)
    char *text = xprintf("%s%s%s%s", row->question, now != NULL && now[0] != '\0' ? " [" : "", now != NULL ? now : "",
        now != NULL && now[0] != '\0' ? "]" : "");
    AUTO(free) char *answer = NULL;
    AUTO(free) char *word = NULL;
    struct question question = { .text = text, .has_default = true, .forced = true };

    TRY(ui_text(context->ui, &question, "", &answer, err));
    if (answer[0] == '\0')
        return true;
    word = xprintf("%s=%s", row->option, answer);
    return add(changes, word, err);
}

static bool ask(struct context *context, struct changes *changes, struct error *err)
{
    if (!ui_may_ask(context->ui))
        return error_set(err, ERROR_USAGE, "configure needs to know what to set: OPTION=VALUE, as in jobs=4");
    ui_explain(context->ui, "An empty answer leaves a setting as it is.");
    for (size_t i = 0; i < COUNT(asked); i++)
        TRY(ask_one(context, &asked[i], changes, err));
    return true;
}

/* ---- the command ---- */

static bool configure_run(struct context *context, struct error *err)
{
    const struct list *words = &context->settings->operands;
    AUTO(free) char *path = settings_file_of(context->settings);
    AUTO(changes_clear) struct changes changes = { 0 };
    bool changed = false;

    if (path == NULL)
        return error_set(
            err, ERROR_CONFIG, "there is no home directory to keep settings in; name a file with --config");
    for (size_t i = 0; i < words->len; i++)
        TRY(add(&changes, words->at[i], err));
    if (words->len == 0)
        TRY(ask(context, &changes, err));
    TRY(settings_file_change(path, changes.at, changes.len, &changed, err));
    ui_say(context->ui, changed ? "%s was changed." : "%s says so already.", path);
    return true;
}

static const enum option_topic topics[] = { TOPIC_PATHS, TOPIC_HIDDEN };

const struct command cmd_configure = {
    .verb = {
        .name = "configure",
        .summary = "Change the settings that all commands go by",
        .usage = "[OPTION=VALUE] [OPTION=] ...",
        .text = "Sets options in the configuration file, or, with nothing behind the sign, takes them out; asks for the most "
                "common ones when none are given. Root changes /etc/letsencrypt/cli.ini, others their own cli.ini, and --config "
                "names another file. Comments and all other lines stay. A value that the option cannot have is refused "
                "before anything is written. `config show` lists what is in effect.",
        .topics = topics,
        .max_operands = CHANGES_MAX,
        .ours = true,
    },
    .without_store = true,
    .run = configure_run,
};
