#include "web/command.h"

#include <string.h>

#include "base/child.h"
#include "base/mem.h"
#include "base/text.h"
#include "web/commit.h"
#include "web/private.h"
#include "web/start.h"

struct command {
    char *program, **argv; /* its words are borrowed */
};

static void command_clear_at(struct command *command)
{
    free(command->program);
    free(command->argv);
}

static bool find(const struct list *words, const struct web_service *service, struct command *out, struct error *err)
{
    TRY(web_program_find(words->at[0], service->voice->refuses_shared_code, &out->program, err));
    out->argv = xcalloc(words->len + 1, sizeof *out->argv);
    memcpy(out->argv, words->at, words->len * sizeof *out->argv);
    out->argv[0] = out->program;
    return true;
}

bool web_command(const struct list *words, const struct web_service *service, struct error *err)
{
    AUTO(command_clear) struct command command = { 0 };
    AUTO(child_result_clear) struct child_result result = { 0 };
    AUTO(free) char *said = NULL;

    TRY(find(words, service, &command, err));
    TRY(web_run(service->server, command.argv, WEB_RUN_MS, &result, err));
    if (result.status == 0)
        return true;
    said = text_printable_dup(buf_view(result.err.len > 0 ? &result.err : &result.out), WEB_MAX_SAID, true);
    return web_failed(command.argv, result.status, said, err);
}

bool web_command_start(
    const struct list *words, const char *pid_file, const struct web_service *service, struct error *err)
{
    const struct web_server server = { .name = words->at[0], .pid_file = pid_file, .env = service->server->env };
    AUTO(command_clear) struct command command = { 0 };

    return find(words, service, &command, err) && web_start(&server, command.argv, err);
}
