#include "apache/enhancing.h"

#include "web/auto_hsts.h"
#include "apache/enhance.h"
#include "apache/redirecting.h"
#include "base/file.h"
#include "base/mem.h"

/* By enum enhancement; the first five as Certbot calls them, or in its manner. */
static const char *const titles[ENHANCE_COUNT] = {
    [ENHANCE_HSTS] = "Add enhancement Strict-Transport-Security",
    [ENHANCE_REDIRECT] = "Add enhancement redirect",
    [ENHANCE_STAPLE_OCSP] = "Add enhancement staple-ocsp",
    [ENHANCE_UIR] = "Add enhancement Upgrade-Insecure-Requests",
    [ENHANCE_SECURITY_HEADERS] = "Add enhancement security-headers",
    [ENHANCE_AUTO_HSTS] = "Enabling AutoHSTS",
};

const char *apache_enhancement_title(enum enhancement enhancement)
{
    return titles[enhancement];
}

bool apache_enhances(enum enhancement enhancement)
{
    return titles[enhancement] != NULL;
}

/* ---- headers ---- */

struct asked {
    const struct apache_vhost *vhost;
    const char *header;
};

/* In a file that the host includes: its own is looked at when it is edited. */
static bool is_header_elsewhere(const struct apache_item *item, void *arg)
{
    const struct asked *asked = arg;

    return item->node->file != asked->vhost->node->file && apache_is_header(item->node, asked->header);
}

static bool has_hsts(const struct apache_site *site, struct error *err)
{
    (void)error_set(err, ERROR_PLUGIN, "%s sends a Strict-Transport-Security header already", site->names.at[0]);
    return error_next(err, "leave --auto-hsts out, or take that header out of the configuration first");
}

static bool put_headers(struct apache_work *work, const struct apache_site *site, const struct apache_header *headers,
    size_t count, struct error *err)
{
    const struct apache_vhost *vhost = &work->model->vhosts[site->vhost];
    AUTO(apache_edit_close) struct apache_edit edit = { 0 };

    TRY(apache_work_edit(work, &site->place, &edit, err));
    for (size_t i = 0; i < count; i++) {
        struct asked asked = { vhost, headers[i].name };

        apache_header_put(
            &edit, &headers[i], apache_vhost_directive(work->model, vhost, is_header_elsewhere, &asked) != NULL);
    }
    return patch_is_empty(&edit.patch) ||
           (apache_work_module(work, "headers", err) && apache_work_keep(work, &site->place, &edit, err));
}

/* The set, without HSTS where that grows step by step. */
static bool put_security_headers(
    struct apache_work *work, const struct apache_plan *plan, const struct apache_site *site, struct error *err)
{
    size_t first = plan->deployment->enhancements & ENHANCEMENT(ENHANCE_AUTO_HSTS) ? 1 : 0;

    return put_headers(work, site, apache_security_headers + first, APACHE_SECURITY_HEADERS - first, err);
}

/* ---- stapling ---- */

static bool has_cache(const struct apache_work *work)
{
    for (size_t i = 0; i < work->conf->enabled_count; i++)
        if (apache_item_is(&work->conf->items[i], "SSLStaplingCache"))
            return true;
    return false;
}

/* The cache is the whole server's: one is added only where there is none in any file. It lies beside the pid file. */
static bool put_cache(struct apache_work *work, const char *path, struct error *err)
{
    AUTO(free)
    char *dir = work->facts.pid_file != NULL && work->facts.pid_file[0] == '/' ? file_dirname(work->facts.pid_file)
                                                                               : xstrdup("/var/run/apache2");
    AUTO(free) char *line = xprintf("SSLStaplingCache shmcb:%s/stapling_cache(128000)", dir);
    AUTO(list_clear) struct list lines = { 0 };

    if (work->has_stapling || has_cache(work))
        return true;
    work->has_stapling = true;
    list_add(&lines, line);
    return apache_work_put_for_ssl(work, path, &lines, err);
}

static bool staple(struct apache_work *work, const struct apache_site *site, struct error *err)
{
    AUTO(apache_edit_close) struct apache_edit edit = { 0 };

    TRY(apache_work_edit(work, &site->place, &edit, err));
    apache_staple(&edit);
    TRY(apache_work_keep(work, &site->place, &edit, err));
    return apache_work_module(work, "socache_shmcb", err) && put_cache(work, site->place.path, err);
}

/* ---- --auto-hsts ---- */

static bool begin_auto_hsts(
    struct apache_work *work, struct apache_plan *plan, const struct apache_site *site, struct error *err)
{
    const struct apache_vhost *vhost = &work->model->vhosts[site->vhost];
    struct asked asked = { vhost, apache_header_hsts.name };
    AUTO(apache_edit_close) struct apache_edit edit = { 0 };
    AUTO(free) char *id = NULL;

    TRY(apache_work_edit(work, &site->place, &edit, err));
    id = auto_hsts_id(edit.vhost);
    if (id[0] != '\0') /* it has begun before */
        return true;
    for (const struct apache_node *node = apache_edit_find(&edit, NULL, "Header"); node != NULL;
         node = apache_edit_find(&edit, node, "Header"))
        if (apache_is_header(node, apache_header_hsts.name))
            return has_hsts(site, err);
    if (apache_vhost_directive(work->model, vhost, is_header_elsewhere, &asked) != NULL)
        return has_hsts(site, err);
    free(id);
    id = auto_hsts_new_id(err);
    if (id == NULL)
        return false;
    auto_hsts_begin(&edit, id, auto_hsts_age(0));
    list_add(&plan->auto_hsts, id);
    return apache_work_module(work, "headers", err) && apache_work_keep(work, &site->place, &edit, err);
}

static bool enhance_site(struct apache_work *work, struct apache_plan *plan, const struct apache_site *site,
    enum enhancement enhancement, struct error *err)
{
    switch (enhancement) {
    case ENHANCE_HSTS:
        return put_headers(work, site, &apache_header_hsts, 1, err);
    case ENHANCE_REDIRECT:
        return apache_redirect_site(work, plan, site, err);
    case ENHANCE_STAPLE_OCSP:
        return staple(work, site, err);
    case ENHANCE_UIR:
        return put_headers(work, site, &apache_header_uir, 1, err);
    case ENHANCE_SECURITY_HEADERS:
        return put_security_headers(work, plan, site, err);
    case ENHANCE_AUTO_HSTS:
        return begin_auto_hsts(work, plan, site, err);
    case ENHANCE_COUNT:
        break;
    }
    return true;
}

bool apache_enhance(struct apache_work *work, struct apache_plan *plan, const struct apache_sites *sites,
    enum enhancement enhancement, struct error *err)
{
    for (size_t i = 0; i < sites->count; i++)
        TRY(enhance_site(work, plan, &sites->at[i], enhancement, err));
    return true;
}
