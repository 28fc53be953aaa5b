#pragma once
/*
 * The real evercert-net, for tests: in the build tree it lies one folder above them. Included by test programs only.
 */
#include <limits.h>
#include <sys/socket.h>

#include "base/test.h"
#include "net/net.h"

/* Starts it; options without program. */
__attribute__((unused)) static struct net *netd_start(struct net_options options)
{
    char self[PATH_MAX] = { 0 };
    AUTO(free) char *dir = NULL, *program = NULL;
    struct net *net = NULL;
    struct error err = { 0 };

    REQUIRE(readlink("/proc/self/exe", self, sizeof self - 1) > 0, "our own program");
    dir = file_dirname(self);
    program = file_join(dir, "../evercert-net");
    options.program = program;
    REQUIRE(net_start(&options, &net, &err), "%s: %s", program, err.why);
    return net;
}

/* Sends all of it, unless the other side has gone. */
__attribute__((unused)) static void socket_put(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);

        if (sent <= 0)
            return;
        bytes += sent;
        len -= (size_t)sent;
    }
}
