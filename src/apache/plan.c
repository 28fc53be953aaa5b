#include "apache/plan.h"

#include "base/log.h"
#include "base/mem.h"

void apache_plan_free(struct apache_plan *plan)
{
    deployment_free(plan->deployment);
    for (size_t i = 0; i < plan->answer_count; i++)
        free(plan->answers[i].place.path);
    free(plan->answers);
    list_clear(&plan->plan.said);
    list_clear(&plan->auto_hsts);
    free(plan);
}

const struct apache_place *apache_plan_answer(const struct apache_plan *plan, size_t name)
{
    for (size_t i = 0; i < plan->answer_count; i++)
        if (plan->answers[i].name == name)
            return &plan->answers[i].place;
    return NULL;
}

/* ---- asking ---- */

static char *describe(const struct apache_vhost *vhost)
{
    AUTO(buf_clear) struct buf out = BUF(65536);

    buf_putf(&out, "%s | ", vhost->node->file->path);
    if (vhost->name != NULL)
        buf_putf(&out, "%s ", vhost->name);
    for (size_t i = 0; i < vhost->aliases.len; i++)
        buf_putf(&out, "%s ", vhost->aliases.at[i]);
    for (size_t i = 0; vhost->name == NULL && vhost->aliases.len == 0 && i < vhost->address_count; i++) {
        apache_address_put(&vhost->addresses[i], vhost->addresses[i].port, &out);
        buf_put_char(&out, ' ');
    }
    buf_putf(&out, "| %s | %s", vhost->tls ? "HTTPS" : "", vhost->enabled ? "Enabled" : "");
    return buf_take(&out);
}

static bool ask_for(const struct apache_model *model, struct ui *ui, const char *name, const struct apache_vhost **out,
    struct error *err)
{
    AUTO(list_clear) struct list choices = { 0 };
    AUTO(free) size_t *which = xcalloc(model->count + 1, sizeof *which);
    AUTO(free)
    char *text =
        xprintf("No virtual host has %s as ServerName, ServerAlias or address. Which one is to serve it?", name);
    const struct question question = { .text = text, .forced = true };
    size_t answer;

    for (size_t i = 0; i < model->count; i++) {
        AUTO(free) char *choice = NULL;

        if (model->vhosts[i].macro)
            continue;
        choice = describe(&model->vhosts[i]);
        which[choices.len] = i;
        list_add(&choices, choice);
    }
    if (choices.len == 0) /* only macros make hosts: what the commit says of it is all that can be said */
        return true;
    TRY(ui_menu(ui, &question, &choices, 0, &answer, err));
    *out = &model->vhosts[which[answer]];
    return true;
}

static void note_answer(struct apache_plan *plan, size_t name, const struct apache_vhost *vhost)
{
    plan->answers = xrealloc(plan->answers, plan->answer_count + 1, sizeof *plan->answers);
    plan->answers[plan->answer_count++] =
        (struct apache_answer){ name, { xstrdup(vhost->node->file->real), vhost->ordinal } };
}

/* One answer does for all names that no host has: else each of a hundred would be asked for. */
static bool ask_for_all(const struct apache_work *work, struct ui *ui, struct apache_plan *plan, struct error *err)
{
    const struct identifiers *names = plan->deployment->names;
    const struct apache_vhost *answer = NULL;

    for (size_t i = 0; i < names->len; i++) {
        AUTO(apache_chosen_clear) struct apache_chosen chosen = { 0 };

        if (apache_choose(work->model, &names->at[i], &work->ports, &chosen) != APACHE_AMBIGUOUS)
            continue;
        if (answer == NULL)
            TRY(ask_for(work->model, ui, names->at[i].value, &answer, err));
        if (answer == NULL)
            return true;
        note_answer(plan, i, answer);
    }
    return true;
}

bool apache_plan_make(struct apache_server *server, struct ui *ui, const struct deployment *deployment,
    struct apache_plan **out, struct error *err)
{
    AUTO(apache_plan_free) struct apache_plan *plan = xcalloc(1, sizeof *plan);
    AUTO(apache_work_close) struct apache_work work = { 0 };

    plan->plan.kind = WEB_PLAN_INSTALL;
    plan->deployment = deployment_dup(deployment);
    if (!deployment->in_use && ui_is_interactive(ui))
        TRY(apache_work_open(server, false, &work, err) && ask_for_all(&work, ui, plan, err));
    *out = TAKE(plan);
    return true;
}
