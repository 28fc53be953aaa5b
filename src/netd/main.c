/*
 * evercert-net: the network process. Started by evercert with one socket, works for it until it goes.
 */
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/sanitizer.h"
#include "netd/sandbox.h"
#include "netd/service.h"

#if SANITIZED_ADDRESS
/* The search for leaks stops the process with ptrace, which the lock-in forbids; netd/service_test looks for leaks. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}
#endif

#define STACK_SIZE ((size_t)1 << 20) /* of a resolver's thread, whatever the limit of who started us */

enum { EXIT_LOCK_IN = 2, EXIT_VIOLATED = 3, EXIT_BY_HAND = 64 };

/* Signals for our parent are for it to act on: while it cleans up, it needs us. We go when its socket does. */
static void ignore_signals(void)
{
    static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2, SIGXFSZ };

    for (size_t i = 0; i < COUNT(ignored); i++)
        (void)signal(ignored[i], SIG_IGN);
}

static bool started_by_evercert(void)
{
    int type = 0;
    socklen_t len = sizeof type;

    return getsockopt(MESSAGE_SOCKET, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM;
}

/* Tells the privileged process why nothing will come of it. */
static void report_failure(const struct error *err)
{
    AUTO(buf_clear) struct buf frame = BUF(MESSAGE_MAX_WHY + MESSAGE_MAX_NEXT + 64);
    struct message_failed failed = { MESSAGE_FAILURE_NETWORK, view_of(err->why), view_of(err->next) };

    message_put_failed(&frame, 0, &failed);
    (void)!write(MESSAGE_SOCKET, frame.at, frame.len);
}

/* Many names are resolved at once, within the limit of the address space. */
static void narrow_threads(void)
{
    pthread_attr_t attributes;

    if (pthread_attr_init(&attributes) != 0)
        return;
    if (pthread_attr_setstacksize(&attributes, STACK_SIZE) == 0)
        (void)pthread_setattr_default_np(&attributes);
    (void)pthread_attr_destroy(&attributes);
}

int main(void)
{
    struct message_ready ready = { 0 };
    struct error err = { 0 };

    if (!started_by_evercert()) {
        (void)fputs("evercert-net is started by evercert; it does nothing on its own\n", stderr);
        return EXIT_BY_HAND;
    }
    ignore_signals();
#ifdef M_ARENA_MAX
    (void)mallopt(M_ARENA_MAX, 1); /* the resolver's threads need no heaps of their own */
#endif
    narrow_threads();
    if (!sandbox_enter(&ready, &err)) {
        report_failure(&err);
        return EXIT_LOCK_IN;
    }
    return service_run(MESSAGE_SOCKET, &ready) ? 0 : EXIT_VIOLATED;
}
