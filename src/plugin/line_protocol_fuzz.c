/* Answers of plugins. What is refused says why, as the plugin's fault; what is taken can be used as it is. */
#include <stdlib.h>
#include <string.h>

#include "config/plugin_options.h"
#include "plugin/line_protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_description(const struct line_description *about)
{
    if (about->description == NULL || (!about->authenticator && !about->installer) ||
        (about->authenticator && about->types.len == 0) || about->option_count > LINE_MAX_OPTIONS)
        abort();
    for (size_t i = 0; i < about->option_count; i++)
        if (!plugin_name_is_good(view_of(about->options[i].name)))
            abort();
    for (int i = 0; i < LINE_REQUEST_COUNT; i++)
        if (about->limit_s[i] < 1 || about->limit_s[i] > 3600)
            abort();
}

/* Either no proof has changed, or each has a state that it can have, and a reason where it failed. */
static void check_results(struct view line)
{
    struct proof proofs[2] = { { 0 } }, *all[] = { &proofs[0], &proofs[1] };
    struct error err = { 0 };
    bool ok = line_read_results(line, all, 2, PROOF_READY, &err);

    if (!ok && (err.kind != ERROR_PLUGIN || err.why[0] == '\0'))
        abort();
    for (size_t i = 0; i < 2; i++) {
        if (ok ? proofs[i].state != PROOF_READY && proofs[i].state != PROOF_FAILED : proofs[i].state != PROOF_WANTED)
            abort();
        if ((proofs[i].state == PROOF_FAILED) != (proofs[i].error != NULL) ||
            (proofs[i].output != NULL && strlen(proofs[i].output) > LINE_MAX_STATE))
            abort();
        proof_clear(&proofs[i]);
    }
}

/* An answer that was not understood marks no deployment as failed. */
static void check_installed(struct view line)
{
    struct error err = { 0 }, *each[2] = { NULL, NULL };

    if (!line_read_installed(line, 2, each, &err) && (err.kind != ERROR_PLUGIN || err.why[0] == '\0'))
        abort();
    for (size_t i = 0; i < 2; i++) {
        if (each[i] != NULL && (each[i]->kind != ERROR_PLUGIN || each[i]->why[0] == '\0'))
            abort();
        free(each[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(line_description_clear) struct line_description about = { 0 };
    AUTO(free) char *state = NULL;
    struct view line = { (const char *)data, size };
    struct error err = { 0 };

    if (line_read_description(line, "example", &about, &err))
        check_description(&about);
    else if (err.kind != ERROR_PLUGIN || err.why[0] == '\0' || about.description != NULL)
        abort();
    error_clear(&err);
    if (!line_read_answer(line, &state, &err) && (err.kind != ERROR_PLUGIN || err.why[0] == '\0' || state != NULL))
        abort();
    if (state != NULL && strlen(state) > LINE_MAX_STATE)
        abort();
    check_results(line);
    check_installed(line);
    return 0;
}
