/*
 * Answering challenges: nginx/challenge.h put into effect, in the clerk's thread.
 */
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "config/settings.h"
#include "net/port_owner.h"
#include "nginx/challenge.h"
#include "nginx/server.h"

/* As it stands in the Host field of who asks. */
char *nginx_host(const struct proof *proof)
{
    bool ipv6 = proof->is_ip && strchr(proof->identifier, ':') != NULL;
    char *host = xprintf(ipv6 ? "[%s]" : "%s", proof->identifier);

    text_lower(host);
    return host;
}

static bool set_texts(
    const struct nginx_conf *conf, const struct patch *patches, struct changes *changes, struct error *err)
{
    for (size_t i = 0; i < conf->count; i++) {
        AUTO(buf_clear) struct buf text = BUF(NGINX_TEXT_MAX);

        if (patch_is_empty(&patches[i]))
            continue;
        patch_apply(&patches[i], conf->files[i]->text, &text);
        if (text.failed)
            return error_set(err, ERROR_CONFIG, "%s would become too long", conf->files[i]->path);
        changes_set(changes, conf->files[i]->path, buf_view(&text));
    }
    return true;
}

/* Another server that has the port, of the caller's; NULL when there is none. */
static char *other_server(int port)
{
    bool ours;
    AUTO(free) char *owner = port_owner(NULL, port, &ours);

    return owner != NULL && !text_starts(owner, "nginx") ? TAKE(owner) : NULL;
}

/* Edits the configuration as it is on disk. */
static bool edit(struct nginx_server *server, struct nginx_conf *conf, const struct web_answer *answers, size_t count,
    struct web_spot *spots, struct error **each, struct changes *changes, struct error *err)
{
    struct nginx_http http = { .ports = { server->settings->http_01_port, server->settings->https_port } };
    AUTO(nginx_model_free) struct nginx_model *model = nginx_model_new(conf);
    bool has_port = nginx_challenge_has_port(model, http.ports.http), ok;
    AUTO(free) char *other = has_port ? NULL : other_server(http.ports.http);
    struct patch *patches = xcalloc(conf->count, sizeof *patches);

    if (!web_challenges_are_live(&server->plugin))
        server->port_unused = !has_port;
    http.unused = server->port_unused;
    http.other = other;
    ok = nginx_challenge_edit(model, &http, answers, count, patches, spots, each, err) &&
         set_texts(conf, patches, changes, err);
    for (size_t i = 0; i < conf->count; i++)
        patch_clear(&patches[i]);
    free(patches);
    return ok;
}

bool nginx_answer(void *self, const struct web_answer *answers, size_t count, struct web_spot *spots,
    struct error **each, struct error *err)
{
    struct nginx_server *server = self;
    AUTO(nginx_reading_clear) struct nginx_reading reading = { 0 };
    struct web_commit commit = { .service = &server->plugin.service };

    TRY(nginx_read(server, &reading, err));
    TRY(edit(server, reading.conf, answers, count, spots, each, reading.changes, err));
    commit.changes = reading.changes;
    commit.tested = nginx_is_tested(server, &reading);
    TRY(web_temporary(&commit, err));
    if (!changes_are_empty(reading.changes)) /* tested once written: what is added next need not test it before */
        server->tested = nginx_conf_stamp_now(reading.conf);
    return true;
}
