/*
 * Starting and stopping the network process, and what it says of itself.
 */
#include "net/net.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/mutex.h"
#include "net/private.h"
#include "net/process.h"
#include "net/trust.h"

#define CONNECT_TIMEOUT_MS 15000
#define SILENCE_TIMEOUT_MS 45000

_Static_assert(NET_LACKS_SIZE == MESSAGE_MAX_LACKS + 1, "what READY says fits");

static bool send_hello(struct net *net, const struct net_options *options, struct error *err)
{
    AUTO(buf_clear) struct buf bundle = BUF(MESSAGE_MAX_BUNDLE);
    AUTO(buf_clear) struct buf frame = BUF(MESSAGE_MAX_BUNDLE + MESSAGE_MAX_USER_AGENT + 256);
    struct message_hello hello = {
        .user_agent = view_of(options->user_agent),
        .no_verify = options->no_verify,
        .connect_timeout_ms =
            (uint32_t)(options->connect_timeout_ms > 0 ? options->connect_timeout_ms : CONNECT_TIMEOUT_MS),
        .silence_timeout_ms =
            (uint32_t)(options->silence_timeout_ms > 0 ? options->silence_timeout_ms : SILENCE_TIMEOUT_MS),
    };

    if (!options->no_verify)
        TRY(trust_read(getenv, &hello.trust, &bundle, err));
    hello.bundle = buf_view(&bundle);
    if (hello.user_agent.len > MESSAGE_MAX_USER_AGENT || view_has(hello.user_agent, '\n') ||
        view_has(hello.user_agent, '\r'))
        return error_set(err, ERROR_CONFIG, "the user agent is longer than %d bytes or has a line end in it",
            MESSAGE_MAX_USER_AGENT);

    net->hello = channel_next_id(net->channel);
    message_put_hello(&frame, net->hello, &hello);
    return channel_send(net->channel, net->hello, buf_view(&frame), NULL, 0, err);
}

bool net_start(const struct net_options *options, struct net **out, struct error *err)
{
    AUTO(free) char *path = NULL;
    AUTO(net_stop) struct net *net = NULL;
    pid_t pid;
    int fd;

    TRY(process_find(options->program, &path, err));
    TRY(process_start(path, &pid, &fd, err));
    net = xcalloc(1, sizeof *net);
    net->pid = (int)pid;
    net->channel = channel_new(fd, pid);
    mutex_init(&net->ready_lock);
    mutex_init(&net->lock);
    TRY(send_hello(net, options, err));

    *out = TAKE(net);
    return true;
}

void net_stop(struct net *net)
{
    if (net == NULL)
        return;
    channel_free(net->channel);
    mutex_destroy(&net->ready_lock);
    mutex_destroy(&net->lock);
    for (size_t i = 0; i < COUNT(net->places); i++)
        free(net->places[i].where);
    free(net);
}

int net_pid(const struct net *net)
{
    return net->pid;
}

char *net_protection_describe(const struct net_protection *protection)
{
    AUTO(free)
    char *landlock =
        protection->landlock > 0 ? xprintf("Landlock (version %u)", protection->landlock) : xstrdup("no Landlock");

    return xprintf("user %u, %s, %s%s%s", protection->uid, landlock,
        protection->seccomp ? "a filter of system calls" : "no filter of system calls",
        protection->lacks[0] != '\0' ? "; " : "", protection->lacks);
}

static void log_protection(const struct net_protection *protection)
{
    AUTO(free) char *text = net_protection_describe(protection);

    if (protection->lacks[0] != '\0')
        log_warning("The network process runs with fewer protections than usual: %s", text);
    else
        log_debug("The network process is locked in: %s", text);
}

/* Under ready_lock. */
static bool await_ready(struct net *net, struct error *err)
{
    AUTO(answer_clear) struct answer answer = { 0 };
    struct message_ready ready;

    TRY(channel_wait(net->channel, net->hello, MESSAGE_READY, PRIVATE_ANSWER_MS, &answer, err));
    if (!message_get_ready(answer.frame.fields, &ready))
        return channel_violated(net->channel, "broken READY", err);
    net->protection = (struct net_protection){ ready.landlock, ready.seccomp, ready.uid, "" };
    memcpy(net->protection.lacks, ready.lacks, sizeof ready.lacks);
    net->ready = true;
    log_protection(&net->protection);
    return true;
}

bool net_protection(struct net *net, struct net_protection *out, struct error *err)
{
    MUTEX_HOLD(&net->ready_lock);

    if (!net->ready)
        TRY(await_ready(net, err));
    *out = net->protection;
    return true;
}

void private_note_protection(struct net *net)
{
    struct net_protection ignored;
    struct error failed = { 0 };

    if (!net_protection(net, &ignored, &failed)) /* a Ctrl-C meanwhile: the next call sees that, too */
        log_debug("how the network process is protected is not known: %s", failed.why);
}

bool private_ask(
    struct net *net, uint32_t id, const struct buf *frame, const int *fds, size_t fd_count, struct error *err)
{
    AUTO(answer_clear) struct answer answer = { 0 };

    TRY(channel_send(net->channel, id, buf_view(frame), fds, fd_count, err));
    TRY(channel_wait(net->channel, id, MESSAGE_DONE, PRIVATE_ANSWER_MS, &answer, err));
    if (!message_get_empty(answer.frame.fields))
        return channel_violated(net->channel, "broken DONE", err);
    private_note_protection(net);
    return true;
}
