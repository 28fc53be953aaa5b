#include "web/journal_owner.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "web/checkpoint_dir.h"

/* RELOAD has a command, and a second one, that is none: the pid file ("" where it is not known), and START_AGAIN. */
#define START_AGAIN "start"

void journal_owner_clear(struct journal_owner *owner)
{
    list_clear(&owner->reload);
    free(owner->pid_file);
    *owner = (struct journal_owner){ 0 };
}

static struct list reload_words(const struct web_server *server)
{
    struct list words = { 0 };

    for (char *const *word = server->reload; word != NULL && *word != NULL; word++)
        list_add(&words, *word);
    return words;
}

static struct list process_words(const struct web_server *server)
{
    struct list words = { 0 };

    list_add(&words, server->pid_file != NULL ? server->pid_file : "");
    if (server->may_end && web_is_running(server))
        list_add(&words, START_AGAIN);
    return words;
}

bool journal_sign(const struct web_service *service, const char *dir, struct error *err)
{
    AUTO(list_clear) struct list words = reload_words(service->server), process = { 0 };
    AUTO(buf_clear) struct buf text = BUF(CHECKPOINT_LIST_MAX);

    if (words.len == 0)
        return true;
    process = process_words(service->server);
    command_put(&words, &text);
    command_put(&process, &text);
    return checkpoint_write_list(dir, CHECKPOINT_RELOAD, buf_view(&text), err);
}

/* The same words, or the same program by another path: /sbin and /usr/sbin are one directory on many systems. */
static bool is_same_command(const struct list *a, const struct list *b)
{
    AUTO(free) char *real_a = NULL, *real_b = NULL;

    if (a->len != b->len || a->len == 0)
        return a->len == b->len;
    for (size_t i = 1; i < a->len; i++)
        if (strcmp(a->at[i], b->at[i]) != 0)
            return false;
    if (strcmp(a->at[0], b->at[0]) == 0)
        return true;
    real_a = realpath(a->at[0], NULL);
    real_b = realpath(b->at[0], NULL);
    return real_a != NULL && real_b != NULL && strcmp(real_a, real_b) == 0;
}

static void take_process(const struct list *words, struct journal_owner *out)
{
    if (words->at[0][0] == '/')
        out->pid_file = xstrdup(words->at[0]);
    out->start_again = words->len > 1 && strcmp(words->at[1], START_AGAIN) == 0;
}

void journal_owner_find(const struct web_service *service, const char *dir, struct journal_owner *out)
{
    AUTO(list_clear) struct list ours = reload_words(service->server);
    AUTO(commands_clear) struct commands lines = { 0 };
    AUTO(buf_clear) struct buf text = BUF(CHECKPOINT_LIST_MAX);
    struct error ignored = { 0 };

    if (!checkpoint_read_list(dir, CHECKPOINT_RELOAD, &text, &ignored) || !commands_parse(buf_view(&text), &lines) ||
        lines.len == 0 || lines.at[0].at[0][0] == '\0')
        return;
    out->reload = list_dup(&lines.at[0]);
    out->is_another = !is_same_command(&out->reload, &ours);
    if (lines.len > 1)
        take_process(&lines.at[1], out);
}
