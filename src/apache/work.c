#include "apache/work.h"

#include <arpa/inet.h>
#include <fnmatch.h>

#include "apache/enhance.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/settings.h"
#include "webconf/apache_edit.h"

#define FACTS_AGE_MS 20000 /* of what the server has said of itself: prepared, then installed */

/* ---- modules ---- */

static bool has_module(const struct apache_work *work, const char *name)
{
    AUTO(free) char *identifier = xprintf("%s_module", name);

    return apache_facts_has_module(&work->facts, identifier);
}

static void enable_module(struct apache_work *work, const char *name)
{
    const struct apache_layout *layout = &work->server->layout;
    AUTO(list_clear) struct list command = { 0 }, undo = { 0 };
    AUTO(free) char *identifier = xprintf("%s_module", name);

    if (has_module(work, name))
        return;
    list_add(&command, layout->enmod);
    list_add(&command, name);
    list_add(&undo, layout->dismod);
    list_add(&undo, "-f");
    list_add(&undo, name);
    changes_command(work->changes, &command, &undo);
    list_add(&work->facts.modules, identifier);
    log_info("Enabling the Apache module %s", name);
}

/* Those that a module needs, as its package says, each enabled by name so that each is disabled again. */
static void enable_needed(struct apache_work *work, const char *name)
{
    static const char *const of_ssl[] = { "socache_shmcb", "setenvif", "mime" };

    for (size_t i = 0; strcmp(name, "ssl") == 0 && i < COUNT(of_ssl); i++)
        enable_module(work, of_ssl[i]);
}

bool apache_work_module(struct apache_work *work, const char *name, struct error *err)
{
    const struct apache_layout *layout = &work->server->layout;
    AUTO(free) char *file = xprintf("%s/mods-available/%s.load", layout->root, name);

    if (has_module(work, name))
        return true;
    if (layout->enmod != NULL && layout->dismod != NULL && apache_handles_modules(work->server->settings) &&
        file_exists(file)) {
        enable_needed(work, name);
        enable_module(work, name);
        return true;
    }
    (void)error_set(err, ERROR_PLUGIN, "Apache lacks the module mod_%s, and it cannot be enabled from here", name);
    return error_next(err, "install and enable mod_%s, then try again", name);
}

/* ---- the configuration ---- */

static bool listens_on(const struct apache_model *model, int port)
{
    for (size_t i = 0; i < model->listen_count; i++)
        if (model->listens[i].port == port)
            return true;
    return false;
}

static bool open_work(struct apache_work *work, bool needs_tls, struct error *err)
{
    struct apache_server *server = work->server;

    TRY(apache_server_ask(server, FACTS_AGE_MS, &work->facts, err));
    TRY(!needs_tls || apache_work_module(work, "ssl", err));
    TRY(apache_server_load(server, &work->facts, &work->conf, err));
    work->model = apache_model_new(work->conf, work->ports.https);
    work->listens = listens_on(work->model, work->ports.https);
    return true;
}

bool apache_work_open(struct apache_server *server, bool needs_tls, struct apache_work *out, struct error *err)
{
    *out = (struct apache_work){
        .server = server,
        .changes = changes_new(),
        .ports = { server->settings->http_01_port, server->settings->https_port },
    };
    if (open_work(out, needs_tls, err))
        return true;
    apache_work_close(out);
    return false;
}

void apache_work_close(struct apache_work *work)
{
    for (size_t i = 0; i < work->made_count; i++)
        free(work->made[i].place.path);
    free(work->made);
    list_clear(&work->enabled);
    if (work->model != NULL)
        apache_model_free(work->model);
    if (work->conf != NULL)
        apache_conf_free(work->conf);
    changes_free(work->changes);
    apache_facts_clear(&work->facts);
    *work = (struct apache_work){ 0 };
}

struct apache_work_mark apache_work_mark(struct apache_work *work)
{
    return (struct apache_work_mark){ changes_mark(work->changes), work->made_count, work->enabled.len, work->listens };
}

void apache_work_undo_to(struct apache_work *work, const struct apache_work_mark *mark)
{
    changes_undo_to(work->changes, mark->changes);
    while (work->made_count > mark->made)
        free(work->made[--work->made_count].place.path);
    while (work->enabled.len > mark->enabled)
        list_remove(&work->enabled, work->enabled.len - 1);
    work->listens = mark->listens;
}

/* ---- edits ---- */

bool apache_work_edit(
    struct apache_work *work, const struct apache_place *place, struct apache_edit *out, struct error *err)
{
    struct view text;

    return changes_read(work->changes, place->path, &text, err) &&
           apache_edit_open(text, place->path, place->ordinal, out, err);
}

bool apache_work_keep(
    struct apache_work *work, const struct apache_place *place, const struct apache_edit *edit, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(APACHE_EDIT_MAX);

    if (patch_is_empty(&edit->patch))
        return true;
    apache_edit_put(edit, &text);
    if (text.failed)
        return error_set(err, ERROR_PLUGIN, "%s would be too large", place->path);
    changes_set(work->changes, place->path, buf_view(&text));
    return true;
}

bool apache_work_put_for_ssl(struct apache_work *work, const char *path, const struct list *lines, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(APACHE_EDIT_MAX);
    struct view before;

    TRY(changes_read(work->changes, path, &before, err));
    apache_put_for_ssl(before, lines, &text);
    if (text.failed)
        return error_set(err, ERROR_PLUGIN, "%s would be too large", path);
    changes_set(work->changes, path, buf_view(&text));
    return true;
}

/* ---- what the server reads ---- */

/* Whether an include with that pattern, an absolute path, reads the file: the pattern names it or a directory above. */
static bool pattern_covers(const char *pattern, const char *path)
{
    AUTO(free) char *below = xprintf("%s/*", pattern);

    return fnmatch(pattern, path, FNM_PATHNAME | FNM_PERIOD) == 0 || fnmatch(below, path, FNM_PERIOD) == 0;
}

static bool is_included(const struct apache_work *work, const char *path)
{
    for (const struct apache_file *file = work->conf->files; file != NULL; file = file->next) {
        if (!file->enabled || file->real == NULL)
            continue;
        for (const struct apache_node *node = apache_tree_first(file->tree); node != NULL;
             node = apache_node_after(node)) {
            AUTO(free) char *pattern = NULL;

            if (!apache_node_is(node, "Include") && !apache_node_is(node, "IncludeOptional"))
                continue;
            pattern = apache_conf_path(work->conf, apache_node_word(node, 1));
            if (pattern_covers(pattern, path))
                return true;
        }
    }
    return false;
}

static bool append_include(struct apache_work *work, const char *path, struct error *err)
{
    AUTO(patch_clear) struct patch patch = { 0 };
    AUTO(buf_clear) struct buf text = BUF(APACHE_EDIT_MAX);
    AUTO(free) char *line = apache_line("Include", path);
    const char *main_file = work->server->layout.main_file;
    struct view before;

    TRY(changes_read(work->changes, main_file, &before, err));
    apache_append(&patch, before, NULL, line);
    patch_apply(&patch, before, &text);
    if (text.failed)
        return error_set(err, ERROR_PLUGIN, "%s would be too large", main_file);
    changes_set(work->changes, main_file, buf_view(&text));
    return true;
}

/* sites-enabled/NAME; the server reads that directory in the order of names. Of the caller's. */
static char *link_for(const char *dir, const char *path, const char *behind)
{
    const char *name = file_basename(path), *other = behind != NULL ? file_basename(behind) : "";
    AUTO(free) char *last = xprintf("zz-%s", name);
    AUTO(free) char *other_dir = behind != NULL ? file_dirname(behind) : NULL;

    if (text_equal(other_dir, dir) && strcmp(name, other) < 0 && strcmp(last, other) > 0)
        name = last;
    return file_join(dir, name);
}

bool apache_work_enable(struct apache_work *work, const char *path, const char *behind, struct error *err)
{
    const struct apache_file *file = apache_conf_file(work->conf, path);
    AUTO(free) char *dir = xprintf("%s/sites-enabled", work->server->layout.root);
    AUTO(free) char *link = link_for(dir, path, behind);

    if ((file != NULL && file->enabled) || list_has(&work->enabled, path) || is_included(work, path))
        return true;
    list_add(&work->enabled, path);
    if (!work->server->layout.has_links || !file_is_dir(dir))
        return append_include(work, path, err);
    if (!changes_has(work->changes, link)) /* else the server does not follow it */
        changes_link(work->changes, link, path);
    return true;
}

/* ---- listening ---- */

/* The lines for each address where the server listens now: "Listen 443" where one of them is every address. */
static void listen_lines(const struct apache_work *work, struct list *out)
{
    const struct apache_model *model = work->model;
    const char *protocol = work->ports.https == 443 ? "" : " https";
    bool all = model->listen_count == 0;

    for (size_t i = 0; i < model->listen_count; i++)
        all |= strcmp(model->listens[i].host, "*") == 0;
    for (size_t i = 0; i < model->listen_count && !all; i++) {
        AUTO(buf_clear) struct buf line = BUF(1024);

        buf_put_text(&line, "Listen ");
        apache_address_put(&model->listens[i], work->ports.https, &line);
        buf_put_text(&line, protocol);
        if (!list_has(out, buf_text(&line)))
            list_add(out, buf_text(&line));
    }
    if (all) {
        AUTO(free) char *line = xprintf("Listen %d%s", work->ports.https, protocol);

        list_add(out, line);
    }
}

bool apache_work_listen(struct apache_work *work, struct error *err)
{
    AUTO(free) char *ports = file_join(work->server->layout.root, "ports.conf");
    AUTO(list_clear) struct list lines = { 0 };
    const struct apache_file *file = apache_conf_file(work->conf, ports);

    if (work->listens)
        return true;
    listen_lines(work, &lines);
    work->listens = true;
    return apache_work_put_for_ssl(
        work, file != NULL && file->enabled ? ports : work->server->layout.main_file, &lines, err);
}

static bool is_ip(const char *host)
{
    struct in6_addr bytes;

    return inet_pton(AF_INET, host, &bytes) == 1 || inet_pton(AF_INET6, host, &bytes) == 1;
}

char *apache_work_address(const struct apache_work *work, const struct apache_address *address, int port)
{
    const struct apache_model *model = work->model;
    const char *found = NULL;

    if (is_ip(address->host))
        return xstrdup(address->host);
    for (size_t i = 0; i < model->listen_count; i++) {
        const struct apache_address *listen = &model->listens[i];

        if (listen->port != port)
            continue;
        if (strcmp(listen->host, "*") == 0 || strcmp(listen->host, "0.0.0.0") == 0)
            return xstrdup("127.0.0.1");
        if (found == NULL && is_ip(listen->host))
            found = strcmp(listen->host, "::") == 0 ? "::1" : listen->host;
    }
    return xstrdup(found != NULL ? found : "127.0.0.1");
}

/* ---- hosts that were made ---- */

const struct apache_place *apache_work_made(const struct apache_work *work, size_t vhost)
{
    for (size_t i = 0; i < work->made_count; i++)
        if (work->made[i].vhost == vhost)
            return &work->made[i].place;
    return NULL;
}

void apache_work_note_made(struct apache_work *work, size_t vhost, const char *path, size_t ordinal)
{
    work->made = xrealloc(work->made, work->made_count + 1, sizeof *work->made);
    work->made[work->made_count++] = (struct apache_made){ vhost, { xstrdup(path), ordinal } };
}
