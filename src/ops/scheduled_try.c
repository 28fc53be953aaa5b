#include "ops/scheduled_try.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "config/command_line.h"
#include "config/option_find.h"

/* The first word that looks as an option, and is none; of the caller's. NULL: that is not what is wrong. */
static char *find_unknown(const struct list *words)
{
    for (size_t i = 1; i < words->len; i++) {
        struct view word = view_of(words->at[i]);
        struct error ambiguous = { 0 };

        word.len = strcspn(word.at, "=");
        if (text_starts(word.at, "--") && word.len > 2 &&
            option_resolve((struct view){ word.at + 2, word.len - 2 }, &ambiguous) == NULL)
            return view_dup(word);
    }
    return NULL;
}

/* The program takes its arguments as it gets them: in an array of its own. */
static bool understands(const struct list *words, const struct verb *const *verbs, struct error *err)
{
    AUTO(command_line_clear) struct command_line line = { 0 };
    AUTO(free) char **argv = xcalloc(words->len + 1, sizeof *argv);

    for (size_t i = 0; i < words->len; i++)
        argv[i] = words->at[i];
    TRY(command_line_read((int)words->len, argv, verbs, voice_of(argv[0]), &line, err));
    return line.settings == NULL || line.verb == NULL || settings_check(line.settings, line.verb, err);
}

static void tell(const struct scheduled_entry *entry, const struct error *why, struct findings *findings)
{
    AUTO(free) char *unknown = why->kind == ERROR_USAGE ? find_unknown(&entry->words) : NULL;
    struct finding *finding;

    finding = findings_add(findings, "schedule-command-wrong", HEALTH_ERROR, NULL,
        "it ends before anything is renewed, each time", "%s runs a command that is not understood%s%s", entry->where,
        unknown != NULL        ? ": there is no option "
        : why->what[0] != '\0' ? ": what is wrong stands in "
                               : "",
        unknown != NULL ? unknown : why->what);
    finding->path = entry->where[0] == '/' ? xstrdup(entry->where) : NULL;
    finding_answer(finding, "mend it, and run that command once by hand: it says what is wrong with it");
}

void scheduled_try(const struct scheduled_entries *entries, const struct verb *const *verbs, struct findings *findings)
{
    for (size_t i = 0; i < entries->len; i++) {
        const struct scheduled_entry *entry = &entries->at[i];
        struct error why = { 0 };

        if (entry->who == SCHEDULED_US && entry->words.len > 0 && !understands(&entry->words, verbs, &why))
            tell(entry, &why, findings);
    }
}
