#include "ops/notify_socket.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/bytes.h"
#include "base/log.h"

/* The socket's address; 0: there is none that can be used. '@' stands for the NUL byte of an abstract one. */
static socklen_t address_of(const char *name, struct sockaddr_un *out)
{
    size_t len = name == NULL ? 0 : strlen(name);

    if (len < 2 || len >= sizeof out->sun_path || (name[0] != '/' && name[0] != '@'))
        return 0;
    *out = (struct sockaddr_un){ .sun_family = AF_UNIX };
    memcpy(out->sun_path, name, len);
    if (name[0] == '@')
        out->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

void notify_socket_say(const char *lines)
{
    struct sockaddr_un address;
    socklen_t len = address_of(getenv("NOTIFY_SOCKET"), &address);
    /* Nothing that is told may be lost, so a queue that is full is waited for; not for ever. */
    const struct timeval longest = { .tv_sec = 2 };
    AUTO(close) int fd = len == 0 ? -1 : socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (len == 0)
        return;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &longest, sizeof longest) != 0 ||
        sendto(fd, lines, strlen(lines), MSG_NOSIGNAL, (struct sockaddr *)&address, len) < 0)
        log_debug("the service manager could not be told: %s", strerror(errno));
}

int64_t notify_socket_watchdog_ms(void)
{
    const char *pid = getenv("WATCHDOG_PID");
    uint64_t usec, number;

    if (!view_to_number(view_of(getenv("WATCHDOG_USEC")), 1, INT64_MAX / 2, &usec))
        return 0;
    if (pid != NULL && (!view_to_number(view_of(pid), 1, INT32_MAX, &number) || (pid_t)number != getpid()))
        return 0;
    return usec < 1000 ? 1 : (int64_t)(usec / 1000);
}
