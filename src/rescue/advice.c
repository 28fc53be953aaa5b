/*
 * The commands that lead back, for one certificate.
 */
#include <stdarg.h>

#include "base/mem.h"
#include "base/text.h"
#include "ops/unit_text.h"
#include "rescue/emergency.h"

static void put_option(struct list *words, const char *option, const char *value)
{
    list_add(words, option);
    list_add(words, value);
}

/* Where the store is not where all expect it, commands have to say so. */
static void put_places(struct list *words, const struct settings *settings)
{
    if (SETTING_IS_SET(settings, config_dir))
        put_option(words, "--config-dir", settings->config_dir);
    if (SETTING_IS_SET(settings, work_dir))
        put_option(words, "--work-dir", settings->work_dir);
    if (SETTING_IS_SET(settings, logs_dir))
        put_option(words, "--logs-dir", settings->logs_dir);
}

/* By what it was opened here. */
static void put_openers(struct list *words, const struct settings *settings)
{
    if (settings->backup_passphrase_file != NULL)
        put_option(words, "--backup-passphrase-file", settings->backup_passphrase_file);
    for (size_t i = 0; i < settings->backup_keys.len; i++)
        put_option(words, "--backup-key", settings->backup_keys.at[i]);
}

/* Words up to a NULL, then where the store is. */
__attribute__((sentinel)) static void add(const struct emergency *emergency, struct list *commands, ...)
{
    AUTO(list_clear) struct list words = { 0 };
    AUTO(free) char *command = NULL;
    const char *word;
    va_list args;

    list_add(&words, "evercert");
    va_start(args, commands);
    while ((word = va_arg(args, const char *)) != NULL)
        list_add(&words, word);
    va_end(args);
    put_places(&words, emergency->context->settings);
    command = unit_command(&words, QUOTING_SHELL);
    list_add(commands, command);
}

char *emergency_restore_command(const struct emergency *emergency, const struct trouble *trouble)
{
    AUTO(list_clear) struct list words = { 0 };

    put_option(&words, "evercert", "backup");
    put_option(&words, "restore", trouble->backup.path);
    put_option(&words, "--cert-name", trouble->name);
    if (text_ends(trouble->backup.path, ".cms"))
        put_openers(&words, emergency->context->settings);
    put_places(&words, emergency->context->settings);
    return unit_command(&words, QUOTING_SHELL);
}

static void add_restore(const struct emergency *emergency, const struct trouble *trouble, struct list *commands)
{
    AUTO(free) char *command = trouble->backup.path == NULL ? NULL : emergency_restore_command(emergency, trouble);

    if (command != NULL)
        list_add(commands, command);
}

void emergency_advice(const struct emergency *emergency, const struct trouble *trouble, struct list *commands)
{
    bool first = trouble_is_broken(trouble->kind) && trouble->backup.not_after > context_now(emergency->context);

    if (first) /* its certificate is still good */
        add_restore(emergency, trouble, commands);
    switch (trouble->kind) {
    case TROUBLE_NONE:
        return;
    case TROUBLE_BROKEN:
    case TROUBLE_LOST:
    case TROUBLE_NO_RENEWAL:
        if (trouble->keeps != NULL && trouble->kind != TROUBLE_NO_RENEWAL)
            add(emergency, commands, "doctor", "--cert-name", trouble->name, NULL);
        else
            add(emergency, commands, "emergency", "--yes", "--cert-name", trouble->name, NULL);
        break;
    case TROUBLE_BAD_RENEWAL:
        add(emergency, commands, "doctor", "--cert-name", trouble->name, NULL);
        break;
    case TROUBLE_GUESSED: /* shows whether it is right, and says so in the file */
        add(emergency, commands, "renew", "--force-renewal", "--cert-name", trouble->name, NULL);
        break;
    case TROUBLE_FOREIGN: /* its own files are to be put back */
        return;
    case TROUBLE_STOP_GAP:
    case TROUBLE_EXPIRED:
        add(emergency, commands, "renew", "--cert-name", trouble->name, NULL);
        break;
    }
    if (!first)
        add_restore(emergency, trouble, commands);
}
