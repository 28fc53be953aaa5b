/*
 * Answering challenges: apache/challenge.h put into effect, in the clerk's thread.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "apache/challenge.h"
#include "apache/private.h"
#include "apache/work.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/settings.h"

#define FOLDER "http_challenges" /* in the work directory, as Certbot has it */
#define FILE_MODE 0644           /* of answers, which the server's user reads */
#define FOLDER_MODE 0755

/* In lower case; an address in the one form that hosts are compared in. */
char *apache_host(const struct proof *proof)
{
    char *name, canonical[INET6_ADDRSTRLEN];
    struct in6_addr address;

    if (proof->is_ip && inet_pton(AF_INET6, proof->identifier, &address) == 1 &&
        inet_ntop(AF_INET6, &address, canonical, sizeof canonical) != NULL)
        return xstrdup(canonical);
    name = xstrdup(proof->identifier);
    text_lower(name);
    return name;
}

/* ---- files ---- */

/* The directory of the answers, made when it is missing, without links; of the caller's. */
static bool open_folder(const struct apache_server *server, char **out, struct error *err)
{
    AUTO(free) char *path = file_join(server->settings->work_dir, FOLDER);

    if (!file_is_dir(path)) {
        TRY(file_mkdirs(path, FOLDER_MODE, err));
        if (chmod(path, FOLDER_MODE) != 0) /* whatever the umask: the server's user is to read there */
            return file_error(err, "change the mode of", path);
    }
    *out = realpath(path, NULL);
    return *out != NULL || file_error(err, "find", path);
}

static void add_answers(struct apache_work *work, const char *dir, const struct web_answer *answers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        AUTO(free) char *path = file_join(dir, answers[i].token);

        if (!changes_has(work->changes, path))
            changes_create(work->changes, path, view_of(answers[i].content), FILE_MODE);
    }
}

/* The file must still be what the edits were worked out from. */
static bool set_text(
    struct apache_work *work, const struct apache_file *file, const struct patch *patch, struct error *err)
{
    struct view text, before = apache_tree_text(file->tree);
    AUTO(buf_clear) struct buf out = BUF(APACHE_EDIT_MAX);

    if (patch_is_empty(patch))
        return true;
    TRY(changes_read(work->changes, file->path, &text, err));
    if (!view_equal(text, before))
        return error_set(err, ERROR_STORE, "%s was changed by somebody else at this moment", file->path);
    patch_apply(patch, before, &out);
    if (out.failed)
        return error_set(err, ERROR_PLUGIN, "%s would become too large", file->path);
    changes_set(work->changes, file->path, buf_view(&out));
    return true;
}

static bool edit_files(struct apache_work *work, const struct apache_challenge *challenge, struct error *err)
{
    for (struct apache_file *file = work->conf->files; file != NULL; file = file->next) {
        AUTO(patch_clear) struct patch patch = { 0 };

        for (size_t i = 0; i < challenge->count; i++)
            if (challenge->targets[i].file == file)
                apache_challenge_edit(challenge, i, &patch);
        if (file == work->conf->files)
            apache_challenge_listen(challenge, &patch);
        TRY(set_text(work, file, &patch, err));
    }
    return true;
}

/* ---- what has to be there ---- */

/* By mod_rewrite where it is needed and can be had. */
static bool choose_way(struct apache_work *work, struct apache_challenge *challenge, struct error *err)
{
    if (!apache_challenge_needs_rules(challenge) || apache_facts_has_module(&work->facts, "rewrite_module"))
        return true;
    return apache_work_module(work, "rewrite", err) || apache_challenge_use_alias(challenge);
}

/* Apache ends when it is to listen where another program does. */
static bool check_port(const struct apache_challenge *challenge, struct error *err)
{
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons((uint16_t)challenge->ports.http) };
    AUTO(close) int fd = challenge->listens ? -1 : socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int yes = 1;

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        bind(fd, (const struct sockaddr *)&any, sizeof any) == 0 || errno != EADDRINUSE)
        return true;
    (void)error_set(
        err, ERROR_PLUGIN, "Apache does not listen on port %d, and another program does", challenge->ports.http);
    return error_next(err, "have that program pass on /.well-known/acme-challenge/ to Apache, and give the port on "
                           "which Apache listens with --http-01-port; or prove control by --webroot");
}

bool apache_answer(void *self, const struct web_answer *answers, size_t count, struct web_spot *spots,
    struct error **each, struct error *err)
{
    struct apache_server *server = self;
    AUTO(apache_work_close) struct apache_work work = { 0 };
    AUTO(apache_challenge_clear) struct apache_challenge challenge = { 0 };
    AUTO(free) char *dir = NULL;
    struct web_commit commit = { .service = &server->plugin.service, .tested = true };
    bool ok;

    (void)each; /* nothing is one answer's fault */
    TRY(open_folder(server, &dir, err) && apache_work_open(server, false, &work, err));
    challenge.model = work.model;
    challenge.ports = work.ports;
    challenge.dir = dir;
    challenge.facts = &work.facts;
    apache_challenge_find(&challenge, answers, count, spots);
    TRY(choose_way(&work, &challenge, err) && check_port(&challenge, err));
    add_answers(&work, dir, answers, count);
    TRY(edit_files(&work, &challenge, err));
    commit.changes = work.changes;
    ok = web_temporary(&commit, err);
    apache_server_forget(server);
    return ok;
}
