#include "apache/grow_hsts.h"

#include "web/auto_hsts.h"
#include "apache/enhance.h"
#include "apache/work.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/settings.h"

static bool has_key(const struct apache_item *item, void *arg)
{
    return apache_item_is(item, "SSLCertificateKeyFile") && text_equal(apache_item_word(item, 1), arg);
}

static bool is_renewed(const struct apache_work *work, const struct apache_vhost *vhost,
    const struct deployment *const *renewed, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < renewed[i]->pair_count; j++)
            if (renewed[i]->pairs[j].key != NULL &&
                apache_vhost_directive(work->model, vhost, has_key, (void *)renewed[i]->pairs[j].key) != NULL)
                return true;
    return false;
}

static const struct apache_vhost *find_marked(const struct apache_work *work, const char *id)
{
    for (size_t i = 0; i < work->model->count; i++) {
        AUTO(free) char *own = auto_hsts_id(work->model->vhosts[i].node);

        if (!work->model->vhosts[i].macro && strcmp(own, id) == 0)
            return &work->model->vhosts[i];
    }
    return NULL;
}

/* Whether the host goes on in the state. */
static bool grow_one(struct apache_work *work, struct auto_hsts *hsts, const struct apache_vhost *vhost,
    enum auto_hsts_next next, bool *stays, struct error *err)
{
    struct apache_place place = { vhost->node->file->real, vhost->ordinal };
    AUTO(apache_edit_close) struct apache_edit edit = { 0 };
    int age = next == HSTS_GROW ? auto_hsts_age(hsts->step + 1) : AUTO_HSTS_PERMANENT;

    *stays = next == HSTS_GROW;
    TRY(apache_work_edit(work, &place, &edit, err));
    if (!auto_hsts_set(&edit, age)) {
        log_warning("The header of --auto-hsts is not in %s any more; it is left alone from now on", place.path);
        *stays = false;
        return true;
    }
    if (next == HSTS_MAKE_PERMANENT)
        auto_hsts_end(&edit);
    hsts->step++;
    hsts->at = clock_now();
    changes_stage(work->changes, next == HSTS_GROW ? "Increased HSTS max-age values" : "Made HSTS max-age permanent");
    return apache_work_keep(work, &place, &edit, err);
}

static bool grow_all(struct apache_work *work, struct auto_hsts_state *state, const struct deployment *const *renewed,
    size_t count, enum auto_hsts_next kind, struct error *err)
{
    for (size_t i = 0; i < state->count;) {
        const struct apache_vhost *vhost = find_marked(work, state->at[i].id);
        enum auto_hsts_next next =
            auto_hsts_next(&state->at[i], clock_now(), vhost != NULL && is_renewed(work, vhost, renewed, count));
        bool stays = vhost != NULL;

        if (vhost == NULL)
            log_warning("No virtual host has the id %s: --auto-hsts leaves it alone", state->at[i].id);
        else if (next == kind)
            TRY(grow_one(work, &state->at[i], vhost, next, &stays, err));
        if (stays)
            i++;
        else
            auto_hsts_remove(state, i);
    }
    return true;
}

bool apache_grow_hsts(
    struct apache_server *server, const struct deployment *const *renewed, size_t count, struct error *err)
{
    const char *dir = server->settings->config_dir;
    AUTO(auto_hsts_clear) struct auto_hsts_state state = { 0 };
    AUTO(apache_work_close) struct apache_work work = { 0 };
    struct web_commit commit = { .service = &server->plugin.service, .tested = true };
    bool due = false;

    TRY(auto_hsts_read(dir, &state, err));
    for (size_t i = 0; i < state.count; i++)
        due |= auto_hsts_next(&state.at[i], clock_now(), count > 0) != HSTS_WAIT;
    if (!due)
        return true;
    TRY(apache_work_open(server, false, &work, err));
    TRY(grow_all(&work, &state, renewed, count, HSTS_MAKE_PERMANENT, err));
    TRY(grow_all(&work, &state, renewed, count, HSTS_GROW, err));
    commit.changes = work.changes;
    TRY(changes_are_empty(work.changes) || web_commit(&commit, err));
    apache_server_forget(server);
    return auto_hsts_write(dir, &state, err);
}
