#include "apache/live_challenges.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/settings.h"

#define FOLDER "http_challenges" /* in the work directory, as Certbot has it */
#define FILE_MODE 0644           /* of answers, which the server's user reads */
#define FOLDER_MODE 0755

struct apache_live {
    struct apache_proof *at; /* owned */
    size_t count, size;
};

bool apache_challenges_are_live(const struct apache_server *server)
{
    return server->live != NULL && server->live->count > 0;
}

static void add(struct apache_server *server, const struct apache_proof *proof)
{
    struct apache_live *live;

    if (server->live == NULL)
        server->live = xcalloc(1, sizeof *server->live);
    live = server->live;
    if (live->count == live->size) {
        live->size = 2 * live->size + 8;
        live->at = xrealloc(live->at, live->size, sizeof *live->at);
    }
    live->at[live->count++] =
        (struct apache_proof){ xstrdup(proof->name), xstrdup(proof->token), xstrdup(proof->content) };
}

static bool is_same(const struct apache_proof *a, const struct apache_proof *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->token, b->token) == 0;
}

static void clear_proof(struct apache_proof *proof)
{
    free(proof->name);
    free(proof->token);
    free(proof->content);
}

static void forget(struct apache_live *live, const struct apache_proof *proof)
{
    for (size_t i = live->count; i > 0; i--)
        if (is_same(&live->at[i - 1], proof)) {
            clear_proof(&live->at[i - 1]);
            live->at[i - 1] = live->at[--live->count];
            return;
        }
}

void apache_challenges_free(struct apache_live *live)
{
    if (live == NULL)
        return;
    for (size_t i = 0; i < live->count; i++)
        clear_proof(&live->at[i]);
    free(live->at);
    free(live);
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

static void add_answers(struct apache_work *work, const char *dir, const struct apache_proof *proofs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        AUTO(free) char *path = file_join(dir, proofs[i].token);

        if (!changes_has(work->changes, path))
            changes_create(work->changes, path, view_of(proofs[i].content), FILE_MODE);
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

static bool put(struct apache_server *server, const struct apache_proof *proofs, size_t count,
    struct apache_spot *spots, struct error *err)
{
    AUTO(apache_work_close) struct apache_work work = { 0 };
    AUTO(apache_challenge_clear) struct apache_challenge challenge = { 0 };
    AUTO(free) char *dir = NULL;
    struct web_commit commit = { .service = &server->service, .tested = true };
    bool ok;

    TRY(open_folder(server, &dir, err) && apache_work_open(server, false, &work, err));
    challenge.model = work.model;
    challenge.ports = work.ports;
    challenge.dir = dir;
    challenge.facts = &work.facts;
    apache_challenge_find(&challenge, proofs, count, spots);
    TRY(choose_way(&work, &challenge, err) && check_port(&challenge, err));
    add_answers(&work, dir, proofs, count);
    TRY(edit_files(&work, &challenge, err));
    commit.changes = work.changes;
    ok = web_temporary(&commit, err);
    apache_server_forget(server);
    return ok;
}

/* All that were in place before something failed, which has taken all of it back. */
static bool put_live(struct apache_server *server, struct error *err)
{
    const struct apache_live *live = server->live;
    AUTO(free) struct apache_spot *spots = NULL;

    if (!apache_challenges_are_live(server))
        return true;
    spots = xcalloc(live->count, sizeof *spots);
    return put(server, live->at, live->count, spots, err);
}

/* ---- for orders ---- */

/* The proofs of all plans in one array, borrowed. */
static struct apache_proof *gather(void *const *plans, size_t count, size_t *total)
{
    struct apache_proof *all;

    *total = 0;
    for (size_t i = 0; i < count; i++)
        *total += ((struct apache_challenge_plan *)plans[i])->count;
    all = xcalloc(*total + 1, sizeof *all);
    *total = 0;
    for (size_t i = 0; i < count; i++) {
        const struct apache_challenge_plan *plan = plans[i];

        memcpy(all + *total, plan->proofs, plan->count * sizeof *all);
        *total += plan->count;
    }
    return all;
}

bool apache_commit_challenges(struct apache_server *server, void *const *plans, size_t count, struct error *err)
{
    size_t total;
    AUTO(free) struct apache_proof *all = gather(plans, count, &total);
    AUTO(free) struct apache_spot *spots = xcalloc(total + 1, sizeof *spots);
    const struct apache_spot *next = spots;
    struct error again = { 0 };

    if (!put(server, all, total, spots, err)) {
        if (!put_live(server, &again))
            log_warning("Apache does not answer the challenges of other certificates any more: %s", again.why);
        return error_in(err, "making Apache answer the challenges");
    }
    for (size_t i = 0; i < count; i++) {
        struct apache_challenge_plan *plan = plans[i];

        memcpy(plan->spots, next, plan->count * sizeof *next);
        next += plan->count;
    }
    for (size_t i = 0; i < total; i++)
        add(server, &all[i]);
    return true;
}

static bool is_among(const struct apache_proof *proof, const struct apache_proof *proofs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_same(&proofs[i], proof))
            return true;
    return false;
}

/* Whether others than these stay in place. */
static bool others_stay(const struct apache_server *server, const struct apache_proof *proofs, size_t count)
{
    for (size_t i = 0; server->live != NULL && i < server->live->count; i++)
        if (!is_among(&server->live->at[i], proofs, count))
            return true;
    return false;
}

bool apache_challenges_drop(
    struct apache_server *server, const struct apache_proof *proofs, size_t count, struct error *err)
{
    if (!others_stay(server, proofs, count)) {
        apache_server_forget(server);
        if (!web_temporary_end(&server->service, err))
            return error_in(err, "restoring the configuration of Apache");
    }
    for (size_t i = 0; i < count && server->live != NULL; i++)
        forget(server->live, &proofs[i]);
    return true;
}

bool apache_challenges_suspend(struct apache_server *server, struct error *err)
{
    if (!apache_challenges_are_live(server))
        return true;
    apache_server_forget(server);
    return web_temporary_end(&server->service, err);
}

bool apache_challenges_resume(struct apache_server *server, struct error *err)
{
    return put_live(server, err);
}
