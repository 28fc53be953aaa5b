#include "apache/sites.h"

#include "apache/copy.h"
#include "apache/deploy.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/settings.h"
#include "crypto/cert.h"

/* ---- finding them ---- */

void apache_sites_clear(struct apache_sites *sites)
{
    for (size_t i = 0; i < sites->count; i++) {
        free(sites->at[i].place.path);
        list_clear(&sites->at[i].names);
    }
    free(sites->at);
    *sites = (struct apache_sites){ 0 };
}

static struct apache_site *site_of(const struct apache_work *work, struct apache_sites *sites, size_t vhost)
{
    const struct apache_vhost *host = &work->model->vhosts[vhost];

    for (size_t i = 0; i < sites->count; i++)
        if (sites->at[i].vhost == vhost)
            return &sites->at[i];
    sites->at = xrealloc(sites->at, sites->count + 1, sizeof *sites->at);
    sites->at[sites->count] =
        (struct apache_site){ .vhost = vhost, .place = { xstrdup(host->node->file->real), host->ordinal } };
    return &sites->at[sites->count++];
}

static bool no_host(const char *name, bool any, struct error *err)
{
    (void)error_set(err, ERROR_PLUGIN,
        any ? "No virtual host has the name %s, and several could be meant"
            : "There is no virtual host that could serve %s",
        name);
    return error_next(err, "give the one that is to serve it a ServerName or ServerAlias %s, then try again", name);
}

static bool choose(const struct apache_work *work, const struct apache_plan *plan, size_t name,
    struct apache_chosen *chosen, struct error *err)
{
    const struct identifier *identifier = &plan->deployment->names->at[name];
    enum apache_choice choice = apache_choose(work->model, identifier, &work->ports, chosen);
    const struct apache_place *answer = apache_plan_answer(plan, name);
    const struct apache_vhost *vhost;

    if (choice == APACHE_CHOSEN)
        return true;
    if (answer == NULL)
        return no_host(identifier->value, choice == APACHE_AMBIGUOUS, err);
    vhost = apache_model_find(work->model, answer->path, answer->ordinal);
    if (vhost == NULL)
        return error_set(err, ERROR_PLUGIN, "The virtual host for %s that was in %s is not there any more",
            identifier->value, answer->path);
    apache_chosen_add(chosen, (size_t)(vhost - work->model->vhosts));
    return true;
}

static bool find_sites(
    const struct apache_work *work, const struct apache_plan *plan, struct apache_sites *sites, struct error *err)
{
    const struct identifiers *names = plan->deployment->names;

    for (size_t i = 0; i < names->len; i++) {
        AUTO(apache_chosen_clear) struct apache_chosen chosen = { 0 };
        AUTO(free) char *name = xstrdup(names->at[i].value);

        text_lower(name);
        TRY(choose(work, plan, i, &chosen, err));
        for (size_t j = 0; j < chosen.count; j++) {
            if (work->model->vhosts[chosen.at[j]].macro)
                return error_set(err, ERROR_PLUGIN, "%s is served by a virtual host that a macro makes", name);
            list_add(&site_of(work, sites, chosen.at[j])->names, name);
        }
    }
    return true;
}

bool apache_sites_find(
    const struct apache_work *work, const struct apache_plan *plan, struct apache_sites *out, struct error *err)
{
    if (find_sites(work, plan, out, err))
        return true;
    apache_sites_clear(out);
    return false;
}

/* ---- what a host has already ---- */

struct asked { /* of the items of a host */
    const struct apache_vhost *vhost;
    const char *path;
};

static bool is_of_file(const struct apache_item *item, void *arg)
{
    const struct asked *asked = arg;

    return text_equal(item->node->file->real, asked->path) || text_equal(item->node->file->path, asked->path);
}

/* An option that the file of TLS options sets, too, in a file that the host includes. */
static bool is_own_option(const struct apache_item *item, void *arg)
{
    const struct asked *asked = arg;

    return apache_is_tls_option(item->node) && item->node->file != asked->vhost->node->file && !is_of_file(item, arg);
}

static bool is_certificate(const struct apache_item *item, void *arg)
{
    const struct asked *asked = arg;

    return apache_item_is(item, "SSLCertificateFile") && text_equal(apache_item_word(item, 1), asked->path);
}

bool apache_vhost_uses(const struct apache_work *work, const struct apache_vhost *vhost, const char *cert)
{
    struct asked asked = { vhost, cert };

    return apache_vhost_directive(work->model, vhost, is_certificate, &asked) != NULL;
}

/* The names that it is to get: neither wildcards nor IPv6 addresses, which are no names to httpd. */
static void missing_names(const struct apache_vhost *vhost, const struct list *names, struct list *out)
{
    for (size_t i = 0; i < names->len; i++)
        if (!text_starts(names->at[i], "*.") && strchr(names->at[i], ':') == NULL &&
            !apache_vhost_has_name(vhost, names->at[i]) && !list_has(out, names->at[i]))
            list_add(out, names->at[i]);
}

/* ---- certificates of another type of key ---- */

/* NULL when it cannot be read. Of the caller's. */
static struct cert *read_cert(const char *path)
{
    AUTO(buf_clear) struct buf pem = BUF(FILE_MAX_TEXT);
    struct cert *cert = NULL;
    struct error err = { 0 };

    return file_read(path, &pem, &err) && cert_from_pem(buf_view(&pem), path, &cert, &err) ? cert : NULL;
}

static bool key_type_of(const char *path, enum key_type *type)
{
    AUTO(cert_free) struct cert *cert = read_cert(path);

    if (cert == NULL || !cert->key_known)
        return false;
    *type = cert->key_type;
    return true;
}

struct live { /* our own live directory, and the types of key that are being installed */
    const char *config_dir;
    bool types[2];
};

static struct live live_of(const struct apache_work *work, const struct deployment *deployment)
{
    struct live live = { .config_dir = work->server->settings->config_dir };

    for (size_t i = 0; i < deployment->pair_count; i++) {
        const struct pair *pair = &deployment->pairs[i];
        enum key_type type;

        if (key_type_of(pair->fullchain != NULL ? pair->fullchain : pair->cert, &type))
            live.types[type == KEY_RSA] = true;
    }
    return live;
}

static bool stays(void *arg, const char *cert_path)
{
    const struct live *live = arg;
    AUTO(free) char *dir = xprintf("%s/live/", live->config_dir);
    enum key_type type;

    return text_starts(cert_path, dir) && key_type_of(cert_path, &type) && !live->types[type == KEY_RSA];
}

/* ---- giving them the certificate ---- */

static bool is_in(const struct identifiers *names, const char *name)
{
    for (size_t i = 0; i < names->len; i++)
        if (strcmp(names->at[i].value, name) == 0 || apache_wildcard_covers(names->at[i].value, name))
            return true;
    return false;
}

/* Names of the host's that the certificate which is there is for, and the new one is not: clients will not trust it. */
static void warn_of_lost(const struct apache_vhost *vhost, const struct apache_edit *edit,
    const struct apache_certificate *certificate, const struct identifiers *names)
{
    for (const struct apache_node *node = apache_edit_find(edit, NULL, "SSLCertificateFile"); node != NULL;
         node = apache_edit_find(edit, node, "SSLCertificateFile")) {
        const char *path = apache_node_word(node, 1);
        AUTO(cert_free) struct cert *cert = read_cert(path);

        if (cert == NULL || (certificate->stays != NULL && certificate->stays(certificate->arg, path)))
            continue;
        for (size_t i = 0; i < cert->dns.len; i++)
            if (apache_vhost_has_name(vhost, cert->dns.at[i]) && !is_in(names, cert->dns.at[i]))
                log_warning(
                    "%s is served by the same virtual host, and is not in the new certificate", cert->dns.at[i]);
    }
}

static bool has_name_as(const struct apache_node *vhost, const char *name)
{
    for (const struct apache_node *node = vhost->child; node != NULL; node = node->next) {
        AUTO(free) char *own = NULL;

        for (size_t i = 1; apache_node_is(node, "ServerAlias") && i < node->word_count; i++)
            if (apache_alias_matches(apache_node_word(node, i), name))
                return true;
        if (!apache_node_is(node, "ServerName"))
            continue;
        own = apache_name_of(apache_node_word(node, 1));
        if (strcmp(own, name) == 0)
            return true;
    }
    return false;
}

/* A copy of an earlier run has names that its original lacks. */
static void drop_present(const struct apache_node *vhost, struct list *names)
{
    for (size_t i = names->len; i > 0; i--)
        if (has_name_as(vhost, names->at[i - 1]))
            list_remove(names, i - 1);
}

static bool deploy(
    struct apache_work *work, const struct apache_plan *plan, const struct apache_site *site, struct error *err)
{
    const struct apache_vhost *vhost = &work->model->vhosts[site->vhost];
    const struct deployment *deployment = plan->deployment;
    AUTO(free) char *options = apache_server_options_file(work->server);
    AUTO(list_clear) struct list names = { 0 };
    AUTO(apache_edit_close) struct apache_edit edit = { 0 };
    struct live live = live_of(work, deployment);
    struct asked asked = { vhost, options };
    struct apache_certificate certificate = {
        .pairs = deployment->pairs,
        .pair_count = deployment->pair_count,
        .options_file = options,
        .includes_options = apache_vhost_directive(work->model, vhost, is_of_file, &asked) != NULL,
        .has_own_options = apache_vhost_directive(work->model, vhost, is_own_option, &asked) != NULL,
        .has_name = vhost->name != NULL,
        .names = &names,
        .stays = deployment->keeps_other_type ? stays : NULL,
        .arg = &live,
    };

    missing_names(vhost, &site->names, &names);
    TRY(apache_work_edit(work, &site->place, &edit, err));
    drop_present(edit.vhost, &names);
    if (vhost->tls && !vhost->mixed)
        warn_of_lost(vhost, &edit, &certificate, deployment->names);
    apache_deploy(&edit, &certificate);
    return apache_work_keep(work, &site->place, &edit, err);
}

/* ---- copies ---- */

static bool has_server_name(const struct apache_node *vhost, const struct list *names)
{
    for (const struct apache_node *node = vhost->child; node != NULL; node = node->next)
        if (apache_node_is(node, "ServerName")) {
            AUTO(free) char *own = apache_name_of(apache_node_word(node, 1));

            if (list_has(names, own))
                return true;
        }
    return false;
}

/* The copy of an earlier run in a text that the server did not read: by its name, which is one of the site's where the
 * host has none. SIZE_MAX: none. */
static size_t find_copy(const struct apache_tree *tree, const struct apache_vhost *vhost, const struct list *site_names)
{
    AUTO(list_clear) struct list names = { 0 };
    const struct apache_node *node;

    if (vhost->name != NULL)
        list_add(&names, vhost->name);
    else
        list_add_all(&names, site_names);
    for (size_t i = 0; (node = apache_vhost_in(tree, i)) != NULL; i++)
        if (has_server_name(node, &names))
            return i;
    return SIZE_MAX;
}

static bool append_copy(struct apache_work *work, const struct apache_site *site, const char *path, struct view block,
    size_t *ordinal, struct error *err)
{
    const struct apache_vhost *vhost = &work->model->vhosts[site->vhost];
    AUTO(apache_tree_free) struct apache_tree *tree = NULL;
    AUTO(buf_clear) struct buf text = BUF(APACHE_EDIT_MAX);
    struct view before;

    TRY(changes_read(work->changes, path, &before, err) && apache_parse(before, path, &tree, err));
    *ordinal = find_copy(tree, vhost, &site->names);
    if (*ordinal != SIZE_MAX)
        return true;
    *ordinal = apache_vhosts_in(tree);
    buf_put(&text, before);
    if (before.len > 0 && before.at[before.len - 1] != '\n')
        buf_put_text(&text, text_line_end_at(before, before.len));
    buf_put(&text, block);
    if (text.failed)
        return error_set(err, ERROR_PLUGIN, "%s would be too large", path);
    changes_set(work->changes, path, buf_view(&text));
    return true;
}

static void tell_copied(struct apache_plan *plan, const struct apache_copied *copied, const char *path)
{
    AUTO(free) char *text = NULL;

    if (!copied->rewrites && !copied->redirects && !copied->once_in_server)
        return;
    text = xprintf("Made comments in %s: %s%s%s.", path,
        copied->rewrites || copied->redirects ? "redirects to https, which would lead to themselves there" : "",
        copied->once_in_server && (copied->rewrites || copied->redirects) ? "; " : "",
        copied->once_in_server ? "directives that may stand only once in a server" : "");
    list_add(&plan->plan.said, text);
}

static bool make_copy(struct apache_work *work, struct apache_plan *plan, struct apache_site *site,
    struct apache_place *out, struct error *err)
{
    const struct apache_vhost *vhost = &work->model->vhosts[site->vhost];
    const struct apache_layout *layout = &work->server->layout;
    const char *dir = layout->new_dir != NULL && file_is_dir(layout->new_dir) ? layout->new_dir : NULL;
    AUTO(free) char *path = apache_copy_path(site->place.path, dir, layout->extension);
    AUTO(buf_clear) struct buf block = BUF(APACHE_EDIT_MAX);
    AUTO(list_clear) struct list names = list_dup(&site->names);
    struct apache_copy copy = { .port = work->ports.https, .names = &names };
    struct apache_copied copied = { 0 };
    struct view text;
    size_t ordinal = 0;

    if (vhost->name != NULL)
        list_add(&names, vhost->name);
    list_add_all(&names, &vhost->aliases);
    TRY(changes_read(work->changes, site->place.path, &text, err));
    TRY(apache_copy_text(text, site->place.path, site->place.ordinal, &copy, &copied, &block, err));
    if (changes_has(work->changes, path))
        TRY(append_copy(work, site, path, buf_view(&block), &ordinal, err));
    else
        changes_create_like(work->changes, path, buf_view(&block), site->place.path);
    tell_copied(plan, &copied, path);
    site->needs_original = copied.needs_original;
    *out = (struct apache_place){ TAKE(path), ordinal };
    return true;
}

/* What a host with both kinds of addresses had for TLS is its copy's now. */
static bool leave_addresses(struct apache_work *work, const struct apache_site *site, struct error *err)
{
    AUTO(apache_edit_close) struct apache_edit edit = { 0 };

    if (!work->model->vhosts[site->vhost].mixed)
        return true;
    TRY(apache_work_edit(work, &site->place, &edit, err));
    apache_leave_addresses(&edit, work->ports.https, 443);
    return apache_work_keep(work, &site->place, &edit, err);
}

/* The copy of a host is made once in a group, for the first deployment that needs it. */
static bool copy_site(struct apache_work *work, struct apache_plan *plan, struct apache_site *site, struct error *err)
{
    const struct apache_place *made = apache_work_made(work, site->vhost);
    struct apache_place place;

    if (made != NULL) {
        place = (struct apache_place){ xstrdup(made->path), made->ordinal };
    } else {
        TRY(make_copy(work, plan, site, &place, err) && leave_addresses(work, site, err));
        apache_work_note_made(work, site->vhost, place.path, place.ordinal);
    }
    free(site->place.path);
    site->place = place;
    site->is_copy = true;
    return apache_work_listen(work, err);
}

/* The file of the host that answers at the copy's address for names that no host has: it is to stay the first one, but
 * where it comes with this run, too. */
static const char *first_host(const struct apache_work *work, const struct apache_site *site)
{
    const struct apache_vhost *copied = &work->model->vhosts[site->vhost];

    for (size_t i = 0; i < work->model->count; i++) {
        const struct apache_vhost *vhost = &work->model->vhosts[i];

        for (size_t j = 0; vhost->tls && !vhost->mixed && vhost->enabled && j < vhost->address_count; j++)
            if (vhost->addresses[j].port == work->ports.https && copied->address_count > 0 &&
                strcmp(vhost->addresses[j].host, copied->addresses[0].host) == 0)
                return list_has(&work->enabled, vhost->node->file->real) ? NULL : vhost->node->file->path;
    }
    return NULL;
}

/* The file that the server is to read before this one; NULL: any. */
static const char *read_before(const struct apache_work *work, const struct apache_site *site)
{
    const char *original = work->model->vhosts[site->vhost].node->file->path, *first;

    if (!site->is_copy)
        return NULL;
    first = first_host(work, site);
    if (!site->needs_original || (first != NULL && strcmp(file_basename(first), file_basename(original)) > 0))
        return first;
    return original;
}

static bool check_pairs(const struct deployment *deployment, struct error *err)
{
    for (size_t i = 0; i < deployment->pair_count; i++)
        if (deployment->pairs[i].key == NULL ||
            (deployment->pairs[i].fullchain == NULL && deployment->pairs[i].cert == NULL))
            return error_set(err, ERROR_PLUGIN, "Apache needs the paths of a certificate and of its key");
    return true;
}

bool apache_sites_deploy(
    struct apache_work *work, struct apache_plan *plan, struct apache_sites *sites, struct error *err)
{
    TRY(check_pairs(plan->deployment, err));
    for (size_t i = 0; i < sites->count; i++) {
        struct apache_site *site = &sites->at[i];

        if (!work->model->vhosts[site->vhost].tls || work->model->vhosts[site->vhost].mixed)
            TRY(copy_site(work, plan, site, err));
        TRY(deploy(work, plan, site, err));
        TRY(apache_work_enable(work, site->place.path, read_before(work, site), err));
        for (size_t j = 0; j < site->names.len; j++) {
            AUTO(free)
            char *text = xprintf("Successfully deployed certificate for %s to %s", site->names.at[j], site->place.path);

            list_add(&plan->plan.said, text);
        }
    }
    return true;
}

bool apache_sites_in_use(
    const struct apache_work *work, const struct apache_plan *plan, struct apache_sites *sites, struct error *err)
{
    TRY(apache_sites_find(work, plan, sites, err));
    for (size_t i = 0; i < sites->count; i++) {
        if (work->model->vhosts[sites->at[i].vhost].tls)
            continue;
        (void)error_set(err, ERROR_PLUGIN, "No virtual host with TLS serves %s", sites->at[i].names.at[0]);
        apache_sites_clear(sites);
        return error_next(err, "install its certificate first");
    }
    return true;
}

bool apache_site_is_at(const struct apache_work *work, const struct apache_site *site, int port)
{
    const struct apache_vhost *vhost = &work->model->vhosts[site->vhost];

    for (size_t i = 0; !site->is_copy && i < vhost->address_count; i++)
        if (vhost->addresses[i].port == port || vhost->addresses[i].port == 0)
            return true;
    return site->is_copy; /* it was made for that port */
}
