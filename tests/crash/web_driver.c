/*
 * One change of a server's configuration, and nothing else, with a server that takes everything: so that a test can
 * look at its checkpoints, or kill it.
 *
 *     web-driver WORK ROOT commit      two stages over ROOT/nginx.conf and ROOT/sites-enabled/one, which may be a link:
 *                                      a comment more in each, a new file ROOT/new.conf, a link to it
 *     web-driver WORK ROOT temporary   a comment in ROOT/nginx.conf, a new file ROOT/challenge.conf
 *     web-driver WORK ROOT end         takes that back, and leaves it to others to tell the server
 *     web-driver WORK ROOT recover     takes back what was left unfinished
 *     web-driver WORK ROOT rollback N
 *
 * Exit status 1 and the error on standard error when it fails.
 */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "web/commit.h"

static bool takes_all(const struct web_server *server, struct error *err)
{
    (void)server;
    (void)err;
    return true;
}

static bool reloads(const struct web_server *server, struct web_log *log, struct error *err)
{
    if (log != NULL)
        web_log_mark(log, NULL);
    return takes_all(server, err);
}

static const struct web_calls calls = { takes_all, reloads, NULL };

static bool add_comment(struct changes *changes, const char *path, const char *comment, struct error *err)
{
    AUTO(buf_clear) struct buf text = BUF(CHANGES_FILE_MAX);
    struct view old;

    TRY(changes_read(changes, path, &old, err));
    buf_putf(&text, "# %s\n", comment);
    buf_put(&text, old);
    changes_set(changes, path, buf_view(&text));
    return true;
}

static bool commit(const struct web_service *service, const char *root, struct error *err)
{
    AUTO(changes_free) struct changes *changes = changes_new();
    AUTO(free) char *main_conf = file_join(root, "nginx.conf"), *site = file_join(root, "sites-enabled/one");
    AUTO(free) char *new_conf = file_join(root, "new.conf"), *link = file_join(root, "sites-enabled/new");
    struct web_commit commit = { .service = service, .changes = changes };

    TRY(add_comment(changes, site, "deployed", err));
    changes_create(changes, new_conf, view_of("# new\n"), 0644);
    changes_link(changes, link, "../new.conf");
    TRY(add_comment(changes, main_conf, "deployed", err));
    changes_stage(changes, "Add enhancement redirect");
    TRY(add_comment(changes, site, "redirected", err));
    return web_commit(&commit, err);
}

static bool temporary(const struct web_service *service, const char *root, struct error *err)
{
    AUTO(changes_free) struct changes *changes = changes_new();
    AUTO(free) char *main_conf = file_join(root, "nginx.conf"), *challenge = file_join(root, "challenge.conf");
    struct web_commit commit = { .service = service, .changes = changes };

    changes_create(changes, challenge, view_of("# a challenge\n"), 0644);
    TRY(add_comment(changes, main_conf, "challenge", err));
    return web_temporary(&commit, err);
}

static bool run(
    const struct web_service *service, const char *root, const char *what, const char *count, struct error *err)
{
    if (strcmp(what, "commit") == 0)
        return commit(service, root, err);
    if (strcmp(what, "temporary") == 0)
        return temporary(service, root, err);
    if (strcmp(what, "end") == 0)
        return web_temporary_end(service, err);
    if (strcmp(what, "recover") == 0)
        return web_recover(service, err);
    if (strcmp(what, "rollback") == 0 && count != NULL)
        return web_rollback(service, (int)strtol(count, NULL, 10), NULL, NULL, err);
    return error_set(err, ERROR_USAGE, "no such change: %s", what);
}

int main(int argc, char **argv)
{
    const struct web_server server = { .name = "nginx" };
    struct web_service service = { .server = &server, .voice = &voice_own, .calls = &calls };
    struct error err = { 0 };

    if (argc < 4)
        return 2;
    service.work_dir = argv[1];
    if (run(&service, argv[2], argv[3], argv[4], &err))
        return 0;
    (void)fprintf(stderr, "%s: %s\n%s\n", err.what, err.why, err.next);
    return 1;
}
