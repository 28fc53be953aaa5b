#include "nginx/plan.h"

#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/settings.h"
#include "crypto/cert.h"
#include "nginx/targets.h"

void nginx_plan_free(struct nginx_install_plan *plan)
{
    if (plan == NULL)
        return;
    while (plan->looked != NULL) {
        struct nginx_looked *next = plan->looked->next;

        free(plan->looked->path);
        free(plan->looked);
        plan->looked = next;
    }
    deployment_free(plan->deployment);
    list_clear(&plan->wildcard_names);
    list_clear(&plan->uncovered);
    list_clear(&plan->plan.said);
    free(plan->template_path);
    free(plan->template_names);
    free(plan);
}

/* ---- files ---- */

void nginx_files_find(const struct nginx_server *server, struct nginx_files *out)
{
    const char *dir = server->settings->config_dir;
    struct managed_facts facts = managed_facts_nginx(server->facts.version, server->facts.openssl);
    AUTO(free) char *live = file_join(dir, "live");
    struct error ignored;

    *out = (struct nginx_files){
        .options_path = managed_file_path(dir, MANAGED_OPTIONS_NGINX),
        .dhparams_path = managed_file_path(dir, MANAGED_DHPARAMS),
        .live_dir = xprintf("%s/", live),
        .options = BUF(FILE_MAX_TEXT),
    };
    if (!file_read(out->options_path, &out->options, &ignored)) {
        buf_clear(&out->options);
        buf_put(&out->options, managed_file_text(MANAGED_OPTIONS_NGINX, &facts));
    }
}

void nginx_files_clear(struct nginx_files *files)
{
    free(files->options_path);
    free(files->dhparams_path);
    free(files->live_dir);
    buf_clear(&files->options);
}

static bool covers_all(const struct cert *cert, const struct identifiers *names)
{
    for (size_t i = 0; i < names->len; i++) {
        bool covered = false;

        for (size_t k = 0; k < cert->names.len && !covered; k++)
            covered = nginx_name_is_covered(names->at[i].value, cert->names.at[k]);
        if (!covered)
            return false;
    }
    return true;
}

static void read_cert(const struct nginx_install_plan *plan, const char *path, struct nginx_cert *out)
{
    AUTO(buf_clear) struct buf pem = BUF(FILE_MAX_TEXT);
    AUTO(cert_free) struct cert *cert = NULL;
    struct error ignored;

    *out = (struct nginx_cert){ 0 };
    if (!file_read(path, &pem, &ignored) || !cert_from_pem(buf_view(&pem), path, &cert, &ignored))
        return;
    out->known = cert->key_known;
    out->type = cert->key_type;
    out->covers = cert->not_after > (int64_t)time(NULL) && covers_all(cert, plan->deployment->names);
}

/* Each file once: hundreds of blocks may name the same. */
static void look(void *arg, const char *path, struct nginx_cert *out)
{
    struct nginx_install_plan *plan = arg;
    struct nginx_looked *looked = plan->looked;

    while (looked != NULL && strcmp(looked->path, path) != 0)
        looked = looked->next;
    if (looked == NULL) {
        looked = xcalloc(1, sizeof *looked);
        looked->path = xstrdup(path);
        read_cert(plan, path, &looked->cert);
        looked->next = plan->looked;
        plan->looked = looked;
    }
    *out = looked->cert;
}

struct nginx_task nginx_plan_task(struct nginx_install_plan *plan, const struct nginx_files *files)
{
    return (struct nginx_task){
        .deployment = plan->deployment,
        .ports = plan->ports,
        .options_path = files->options_path,
        .dhparams_path = files->dhparams_path,
        .options = buf_view(&files->options),
        .live_dir = files->live_dir,
        .look = look,
        .look_arg = plan,
        .wildcard_names = plan->has_wildcard_names ? &plan->wildcard_names : NULL,
        .template_path = plan->template_path,
        .template_names = plan->template_names,
        .uncovered = &plan->uncovered,
    };
}

/* ---- questions ---- */

static void describe_block(const struct nginx_block *block, struct list *choices)
{
    AUTO(free) char *names = nginx_block_names(block), *place = nginx_block_place(block);
    AUTO(free)
    char *text = xprintf("%s | %s%s", names[0] != '\0' ? names : "(no name)", place, block->tls ? " | TLS" : "");

    list_add(choices, text);
}

/* Which of the names that a wildcard covers are to have the certificate: all, or those that the user takes. */
static bool ask_for_names(
    struct ui *ui, const struct nginx_model *model, struct nginx_install_plan *plan, struct error *err)
{
    const struct question question = {
        .text = "Which of these names should be served with the wildcard certificate?",
        .has_default = true,
        .canceled = "No names were chosen, exiting.",
    };
    const struct identifiers *names = plan->deployment->names;
    AUTO(list_clear) struct list covered = { 0 };
    AUTO(free) bool *chosen = NULL;

    for (size_t i = 0; i < names->len; i++)
        if (identifier_is_wildcard(&names->at[i]))
            nginx_names_covered(model, names->at[i].value, &covered);
    if (covered.len < 2 || !ui_may_ask(ui))
        return true;
    chosen = xcalloc(covered.len, sizeof *chosen);
    TRY(ui_checklist(ui, &question, &covered, chosen, err));
    plan->has_wildcard_names = true;
    for (size_t i = 0; i < covered.len; i++)
        if (chosen[i])
            list_add(&plan->wildcard_names, covered.at[i]);
    return true;
}

/* No block has a name, and there is no single default: the user may say which one it is to be made like. */
static bool ask_for_template(
    struct ui *ui, const struct nginx_model *model, struct nginx_install_plan *plan, struct error *err)
{
    AUTO(free) char *text = xprintf("%s\nWhich server block should one for it be made like?", err->why);
    const struct question question = {
        .text = text,
        .forced = true,
        .canceled = "No server block was chosen, exiting.",
    };
    AUTO(list_clear) struct list choices = { 0 };
    size_t chosen;

    for (size_t i = 0; i < model->count; i++)
        describe_block(&model->blocks[i], &choices);
    if (choices.len == 0 || !ui_may_ask(ui))
        return false;
    error_clear(err);
    TRY(ui_menu(ui, &question, &choices, 0, &chosen, err));
    plan->template_path = xstrdup(model->blocks[chosen].node->file->path);
    plan->template_names = nginx_block_names(&model->blocks[chosen]);
    return true;
}

/* Whether all names have blocks, or can get one. */
static bool settle(struct ui *ui, const struct nginx_model *model, struct nginx_install_plan *plan, struct error *err)
{
    struct nginx_files none = { 0 };
    struct nginx_task task;
    AUTO(nginx_targets_clear) struct nginx_targets targets = { 0 };

    TRY(ask_for_names(ui, model, plan, err));
    task = nginx_plan_task(plan, &none);
    if (nginx_targets_find(model, &task, &targets, err))
        return true;
    return targets.missing.len > 0 && ask_for_template(ui, model, plan, err);
}

bool nginx_plan_make(const struct plugin_context *context, const struct deployment *deployment,
    struct nginx_install_plan **out, struct error *err)
{
    struct nginx_server *server = context->shared;
    AUTO(nginx_plan_free) struct nginx_install_plan *plan = xcalloc(1, sizeof *plan);
    AUTO(nginx_reading_clear) struct nginx_reading reading = { 0 };
    AUTO(nginx_model_free) struct nginx_model *model = NULL;

    plan->plan.kind = WEB_PLAN_INSTALL;
    plan->deployment = deployment_dup(deployment);
    plan->ports = (struct nginx_ports){ context->settings->http_01_port, context->settings->https_port };
    if (!deployment->in_use && ui_may_ask(context->ui)) { /* else nothing is to be settled before the commit */
        TRY(nginx_read(server, &reading, err));
        model = nginx_model_new(reading.conf);
        TRY(settle(context->ui, model, plan, err));
        nginx_keep(server, &reading);
    }
    *out = TAKE(plan);
    return true;
}
