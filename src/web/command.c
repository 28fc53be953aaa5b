#include "web/command.h"

#include <string.h>

#include "base/child.h"
#include "base/mem.h"
#include "base/text.h"
#include "web/commit.h"
#include "web/private.h"

bool web_command(const struct list *words, const struct web_service *service, struct error *err)
{
    AUTO(free) char *program = NULL, *said = NULL;
    AUTO(free) char **argv = xcalloc(words->len + 1, sizeof *argv);
    AUTO(child_result_clear) struct child_result result = { 0 };

    TRY(web_program_find(words->at[0], service->voice->refuses_shared_code, &program, err));
    memcpy(argv, words->at, words->len * sizeof *argv);
    argv[0] = program;
    TRY(web_run(service->server, argv, WEB_RUN_MS, &result, err));
    if (result.status == 0)
        return true;
    said = text_printable_dup(buf_view(result.err.len > 0 ? &result.err : &result.out), WEB_MAX_SAID, true);
    return web_failed(argv, result.status, said, err);
}
