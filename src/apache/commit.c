#include "apache/commit.h"

#include "web/auto_hsts.h"
#include "apache/enhancing.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/settings.h"
#include "crypto/cert.h"

#define VERIFY_MS 60000 /* for new workers, of a server with thousands of hosts */

struct group { /* of plans that are put into effect together */
    struct apache_work *work;
    struct apache_plan **plans;
    struct apache_sites *sites; /* of each plan */
    struct error **each;
    size_t count;
    struct expected *expected; /* with the plan that each is of */
    size_t *expected_of, expected_count;
};

static void group_clear(struct group *group)
{
    for (size_t i = 0; i < group->count; i++)
        apache_sites_clear(&group->sites[i]);
    for (size_t i = 0; i < group->expected_count; i++)
        free((char *)group->expected[i].address);
    free(group->sites);
    free(group->expected);
    free(group->expected_of);
}

static inline void group_clear_at(struct group *group)
{
    group_clear(group);
}

static bool has_failed(const struct group *group, size_t plan)
{
    return group->each[plan] != NULL;
}

/* ---- certificates ---- */

/* Names that have TLS at other ports alone. */
static void note_elsewhere(const struct group *group, size_t i)
{
    struct list *elsewhere = group->plans[i]->deployment->elsewhere;
    const struct apache_sites *sites = &group->sites[i];
    AUTO(list_clear) struct list here = { 0 };

    for (size_t k = 0; elsewhere != NULL && k < sites->count; k++)
        if (apache_site_is_at(group->work, &sites->at[k], group->work->ports.https))
            list_add_all(&here, &sites->at[k].names);
    for (size_t k = 0; elsewhere != NULL && k < sites->count; k++)
        for (size_t n = 0; n < sites->at[k].names.len; n++)
            if (!list_has(&here, sites->at[k].names.at[n]) && !list_has(elsewhere, sites->at[k].names.at[n]))
                list_add(elsewhere, sites->at[k].names.at[n]);
}

/* What a plan has changed is taken back when it turns out impossible, as if it had not been there. */
static void deploy_plan(struct group *group, size_t i)
{
    struct apache_work *work = group->work;
    struct apache_work_mark mark = apache_work_mark(work);
    struct error err = { 0 };

    if (apache_sites_find(work, group->plans[i], &group->sites[i], &err) &&
        apache_sites_deploy(work, group->plans[i], &group->sites[i], &err)) {
        note_elsewhere(group, i);
        return;
    }
    apache_work_undo_to(work, &mark);
    group->each[i] = error_dup(&err);
}

/* Of files that are in use, only enhancements need to know where; else what is found is looked at after the reload. */
static void find_in_use(struct group *group, size_t i)
{
    struct apache_plan *plan = group->plans[i];
    struct error err = { 0 };

    if (!apache_sites_in_use(group->work, plan, &group->sites[i], &err) && plan->deployment->enhancements != 0)
        group->each[i] = error_dup(&err);
}

static bool enhance(struct group *group, enum enhancement enhancement, struct error *err)
{
    changes_stage(group->work->changes, apache_enhancement_title(enhancement));
    for (size_t i = 0; i < group->count; i++) {
        struct apache_plan *plan = group->plans[i];

        if (has_failed(group, i) || (plan->deployment->enhancements & ENHANCEMENT(enhancement)) == 0)
            continue;
        if (apache_enhance(group->work, plan, &group->sites[i], enhancement, err))
            continue;
        group->each[i] = error_dup(err); /* what others have changed since cannot be told apart: all begin anew */
        return false;
    }
    return true;
}

static bool edit(struct group *group, struct error *err)
{
    for (size_t i = 0; i < group->count; i++) {
        list_clear(&group->plans[i]->plan.said);
        list_clear(&group->plans[i]->auto_hsts);
        if (group->plans[i]->deployment->in_use)
            find_in_use(group, i);
        else
            deploy_plan(group, i);
    }
    for (int i = 0; i < ENHANCE_COUNT; i++)
        TRY(enhance(group, (enum enhancement)i, err));
    return true;
}

/* ---- what the server is to show afterwards ---- */

static enum probe_key key_of(const struct pair *pair)
{
    AUTO(buf_clear) struct buf pem = BUF(FILE_MAX_TEXT);
    AUTO(cert_free) struct cert *cert = NULL;
    const char *path = pair->fullchain != NULL ? pair->fullchain : pair->cert;
    struct error err = { 0 };

    if (!file_read(path, &pem, &err) || !cert_from_pem(buf_view(&pem), path, &cert, &err) || !cert->key_known)
        return PROBE_ANY;
    return cert->key_type == KEY_RSA ? PROBE_RSA : PROBE_ECDSA;
}

static const struct apache_address *tls_address(const struct apache_vhost *vhost, int port)
{
    for (size_t i = 0; i < vhost->address_count; i++)
        if (vhost->addresses[i].port == port)
            return &vhost->addresses[i];
    return vhost->address_count > 0 ? &vhost->addresses[0] : NULL;
}

static void expect(struct group *group, size_t plan, const struct apache_site *site, const char *name,
    const struct pair *pair, enum probe_key key)
{
    const struct apache_vhost *vhost = &group->work->model->vhosts[site->vhost];
    const struct apache_address *address = tls_address(vhost, group->work->ports.https);
    int port = address == NULL || site->is_copy || address->port == 0 ? group->work->ports.https : address->port;
    static const struct apache_address any = { .host = (char *)"*" };
    size_t size = group->expected_count;

    if ((size & (size - 1)) == 0) { /* full at each power of two */
        group->expected = xrealloc(group->expected, size == 0 ? 1 : 2 * size, sizeof *group->expected);
        group->expected_of = xrealloc(group->expected_of, size == 0 ? 1 : 2 * size, sizeof *group->expected_of);
    }
    group->expected_of[size] = plan;
    group->expected[group->expected_count++] = (struct expected){
        .name = name,
        .is_ip = vhost->name == NULL && strspn(name, "0123456789.") == strlen(name),
        .address = apache_work_address(group->work, address != NULL ? address : &any, port),
        .port = port,
        .fullchain = pair->fullchain != NULL ? pair->fullchain : pair->cert,
        .key = key,
    };
}

static bool is_address(const struct deployment *deployment, const char *name)
{
    for (size_t i = 0; i < deployment->names->len; i++)
        if (deployment->names->at[i].type == IDENTIFIER_IP && strcmp(deployment->names->at[i].value, name) == 0)
            return true;
    return false;
}

/* A wildcard cannot be asked for: a name of the host stands for it. */
static const char *name_to_ask(const struct apache_work *work, const struct apache_site *site, const char *name)
{
    const struct apache_vhost *vhost = &work->model->vhosts[site->vhost];

    if (!text_starts(name, "*."))
        return name;
    if (vhost->name != NULL && apache_wildcard_covers(name, vhost->name))
        return vhost->name;
    for (size_t i = 0; i < vhost->aliases.len; i++)
        if (apache_wildcard_covers(name, vhost->aliases.at[i]) && strpbrk(vhost->aliases.at[i], "*?") == NULL)
            return vhost->aliases.at[i];
    return NULL;
}

static void expect_site(struct group *group, size_t plan, const struct apache_site *site)
{
    const struct deployment *deployment = group->plans[plan]->deployment;
    const struct apache_vhost *vhost = &group->work->model->vhosts[site->vhost];

    for (size_t j = 0; j < deployment->pair_count; j++) {
        const struct pair *pair = &deployment->pairs[j];
        enum probe_key key = key_of(pair);

        if (deployment->in_use &&
            !apache_vhost_uses(group->work, vhost, pair->fullchain != NULL ? pair->fullchain : pair->cert))
            continue; /* obtained, but never installed here */
        for (size_t i = 0; i < site->names.len; i++) {
            const char *name = name_to_ask(group->work, site, site->names.at[i]);

            if (name == NULL)
                continue;
            expect(group, plan, site, name, pair, key);
            group->expected[group->expected_count - 1].is_ip = is_address(deployment, name);
        }
    }
}

static void expect_all(struct group *group)
{
    for (size_t i = 0; i < group->count; i++)
        for (size_t j = 0; !has_failed(group, i) && j < group->sites[i].count; j++)
            expect_site(group, i, &group->sites[i].at[j]);
}

/* ---- in effect ---- */

/* Of a single plan, the whole says more: with what the server's log has of it. */
static void blame(struct group *group, struct error **each)
{
    for (size_t i = 0; i < group->expected_count; i++) {
        size_t plan = group->expected_of[i];

        if (each[i] != NULL && group->each[plan] == NULL && group->count > 1)
            group->each[plan] = TAKE(each[i]);
        free(each[i]);
    }
}

/* Its files are new: the server has to read them, though nothing is to be changed. */
static bool is_renewal(const struct deployment *deployment)
{
    return deployment->in_use && deployment->enhancements == 0;
}

static bool commit(struct group *group, struct error *err)
{
    struct apache_work *work = group->work;
    struct apache_server *server = work->server;
    AUTO(free) struct error **each = NULL;
    bool any = false, in_use = false, ok;
    struct web_commit commit = {
        .service = &server->plugin.service, .changes = work->changes, .tested = true, .verify_ms = VERIFY_MS
    };

    for (size_t i = 0; i < group->count; i++) {
        any |= !has_failed(group, i);
        in_use |= !has_failed(group, i) && is_renewal(group->plans[i]->deployment);
    }
    if (!any)
        return true;
    TRY(plugin_net_get(&server->net, &commit.net, err));
    expect_all(group);
    each = xcalloc(group->expected_count + 1, sizeof(*each));
    commit.force_reload = in_use;
    commit.expected = group->expected;
    commit.expected_count = commit.net != NULL ? group->expected_count : 0; /* NULL: a test plays what is outside */
    commit.each = each;
    ok = web_commit(&commit, err);
    blame(group, each);
    if (!changes_are_empty(work->changes))
        apache_server_forget(server);
    return ok;
}

static bool remember_hsts(const struct group *group, struct error *err)
{
    const char *dir = group->work->server->settings->config_dir;
    AUTO(auto_hsts_clear) struct auto_hsts_state state = { 0 };
    size_t before;

    TRY(auto_hsts_read(dir, &state, err));
    before = state.count;
    for (size_t i = 0; i < group->count; i++)
        for (size_t j = 0; !has_failed(group, i) && j < group->plans[i]->auto_hsts.len; j++)
            auto_hsts_add(&state, group->plans[i]->auto_hsts.at[j], 0, clock_now());
    return state.count == before || auto_hsts_write(dir, &state, err);
}

static bool wants_hsts(const struct group *group)
{
    for (size_t i = 0; i < group->count; i++)
        if (group->plans[i]->deployment->enhancements & ENHANCEMENT(ENHANCE_AUTO_HSTS))
            return true;
    return false;
}

bool apache_commit(void *self, void *const *plans, size_t count, struct error **each, struct error *err)
{
    AUTO(apache_work_close) struct apache_work work = { 0 };
    AUTO(group_clear) struct group group = { .work = &work, .plans = (struct apache_plan **)plans, .each = each };
    bool needs_tls = false;

    for (size_t i = 0; i < count; i++)
        needs_tls |= !group.plans[i]->deployment->in_use;
    TRY(apache_work_open(self, needs_tls, &work, err));
    group.sites = xcalloc(count + 1, sizeof *group.sites);
    group.count = count;
    return edit(&group, err) && commit(&group, err) && (!wants_hsts(&group) || remember_hsts(&group, err));
}
