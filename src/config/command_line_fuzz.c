/* Words end in line feeds. What is refused must say why; what is taken has a subcommand or asks for help. */
#include <stdlib.h>

#include "base/log.h"
#include "config/command_line.h"
#include "config/test_verbs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct verb *const verbs[] = { &verb_run, &verb_certonly, &verb_renew, NULL };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(command_line_clear) struct command_line line = { 0 };
    AUTO(list_clear) struct list words = { 0 };
    struct view rest = { (const char *)data, size }, word;
    struct error err = { 0 };

    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    log_terminal_level(LOG_LEVEL_CRITICAL);
    list_add(&words, "evercert");
    while (size > 0 && words.len < 200 && view_cut(&rest, '\n', &word))
        list_add_view(&words, word);
    if (!command_line_read((int)words.len, words.at, verbs, size % 2 == 0 ? &voice_certbot : &voice_own, &line, &err)) {
        if (err.why[0] == '\0' || err.kind == ERROR_NONE || (line.verb == NULL) != (line.settings == NULL))
            abort();
        return 0;
    }
    if (line.verb == NULL && !line.help && !line.version)
        abort();
    if (line.verb != NULL &&
        (!settings_check(line.settings, line.verb, &err) || !settings_resolve(line.settings, line.verb, &err)) &&
        err.why[0] == '\0')
        abort();
    return 0;
}
