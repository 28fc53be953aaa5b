#include "apache/redirecting.h"

#include "apache/enhance.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

static bool has_port(const struct apache_vhost *vhost, const char *host, int port)
{
    for (size_t i = 0; i < vhost->address_count; i++)
        if ((vhost->addresses[i].port == port || vhost->addresses[i].port == 0) &&
            strcmp(vhost->addresses[i].host, host) == 0)
            return true;
    return false;
}

/* The first host at an address of the TLS host's, with the http port: it answers for names that no host has. Only one
 * without a name is taken: another one is somebody's site. */
static void choose_unnamed(const struct apache_work *work, const struct apache_vhost *tls, struct apache_chosen *out)
{
    for (size_t i = 0; i < tls->address_count; i++)
        for (size_t j = 0; j < work->model->count; j++) {
            const struct apache_vhost *vhost = &work->model->vhosts[j];

            if (vhost->tls || !vhost->enabled || !has_port(vhost, tls->addresses[i].host, work->ports.http))
                continue;
            if (vhost->name == NULL && !vhost->macro)
                apache_chosen_add(out, j);
            break;
        }
}

static void choose_plain(const struct apache_work *work, const struct apache_site *site, struct apache_chosen *out)
{
    const struct apache_vhost *vhost = &work->model->vhosts[site->vhost];

    if (site->is_copy) {
        apache_chosen_add(out, site->vhost);
        return;
    }
    apache_choose_plain(work->model, vhost, &work->ports, out);
    if (out->count == 0)
        choose_unnamed(work, vhost, out);
}

/* Whether a wildcard of the certificate covers one of the host's names, or is one of its patterns. */
static bool is_covered(const struct apache_vhost *vhost, const char *wildcard)
{
    if (vhost->name != NULL && apache_wildcard_covers(wildcard, vhost->name))
        return true;
    for (size_t i = 0; i < vhost->aliases.len; i++)
        if (apache_wildcard_covers(wildcard, vhost->aliases.at[i]) || strcmp(wildcard, vhost->aliases.at[i]) == 0)
            return true;
    return false;
}

/* The names of the site that this host has, too. One without a name answers for all. */
static void names_at(const struct apache_vhost *vhost, const struct list *names, struct list *out)
{
    for (size_t i = 0; i < names->len; i++) {
        const char *name = names->at[i];
        bool here = text_starts(name, "*.") ? is_covered(vhost, name) : apache_vhost_has_name(vhost, name);

        if ((vhost->name == NULL || here) && !list_has(out, name))
            list_add(out, name);
    }
}

static bool redirect_host(
    struct apache_work *work, const struct apache_vhost *vhost, const struct list *names, struct error *err)
{
    struct apache_place place = { vhost->node->file->real, vhost->ordinal };
    AUTO(apache_edit_close) struct apache_edit edit = { 0 };

    TRY(apache_work_edit(work, &place, &edit, err));
    apache_redirect(&edit, names);
    return patch_is_empty(&edit.patch) ||
           (apache_work_module(work, "rewrite", err) && apache_work_keep(work, &place, &edit, err));
}

/* ---- a host of its own ---- */

static bool listens_for_http(const struct apache_work *work)
{
    for (size_t i = 0; i < work->model->listen_count; i++)
        if (work->model->listens[i].port == work->ports.http)
            return true;
    return false;
}

static void http_addresses(const struct apache_work *work, const struct apache_vhost *vhost, struct list *out)
{
    for (size_t i = 0; i < vhost->address_count; i++) {
        AUTO(buf_clear) struct buf text = BUF(1024);

        apache_address_put(&vhost->addresses[i], work->ports.http, &text);
        if (!list_has(out, buf_text(&text)))
            list_add(out, buf_text(&text));
    }
}

static bool put_file(struct apache_work *work, const char *path, struct view text, struct error *err)
{
    struct view before;

    if (!changes_has(work->changes, path)) {
        changes_create(work->changes, path, text, 0644);
        return true;
    }
    TRY(changes_read(work->changes, path, &before, err));
    changes_set(work->changes, path, text);
    return true;
}

static bool make_host(struct apache_work *work, const struct apache_site *site, struct error *err)
{
    const struct apache_layout *layout = &work->server->layout;
    const char *dir = layout->new_dir != NULL && file_is_dir(layout->new_dir) ? layout->new_dir : layout->vhost_dir;
    AUTO(free) char *path = xprintf("%s/le-redirect-%s.conf", dir, site->names.at[0]);
    AUTO(list_clear) struct list addresses = { 0 };
    AUTO(buf_clear) struct buf text = BUF(APACHE_EDIT_MAX);
    struct apache_redirect_host host = { &addresses, &site->names, layout->log_dir };

    if (!listens_for_http(work)) {
        log_warning(
            "Apache does not listen on port %d, so nothing is redirected from there to https", work->ports.http);
        return true;
    }
    if (!file_is_dir(dir))
        return error_set(err, ERROR_PLUGIN, "There is no directory %s for a host that redirects to https", dir);
    http_addresses(work, &work->model->vhosts[site->vhost], &addresses);
    apache_redirect_host_put(&host, &text);
    TRY(apache_work_module(work, "rewrite", err));
    return put_file(work, path, buf_view(&text), err) && apache_work_enable(work, path, NULL, err);
}

bool apache_redirect_site(
    struct apache_work *work, struct apache_plan *plan, const struct apache_site *site, struct error *err)
{
    AUTO(apache_chosen_clear) struct apache_chosen plain = { 0 };

    (void)plan;
    if (!apache_site_is_at(work, site, work->ports.https)) /* nobody is sent to where nobody may listen */
        return true;
    choose_plain(work, site, &plain);
    if (plain.count == 0)
        return make_host(work, site, err);
    for (size_t i = 0; i < plain.count; i++) {
        const struct apache_vhost *vhost = &work->model->vhosts[plain.at[i]];
        AUTO(list_clear) struct list names = { 0 };

        if (site->is_copy) /* it was chosen for all of them */
            list_add_all(&names, &site->names);
        else
            names_at(vhost, &site->names, &names);
        TRY(redirect_host(work, vhost, &names, err));
    }
    return true;
}
