#include "audit/syslog.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "base/mem.h"

#define PRIORITY (10 * 8 + 5) /* authpriv, notice: RFC 3164 section 4.1.1 */

/* The C library's syslog() waits for a reader that is slow, and may write to the console; this does neither. */
bool syslog_send(const char *socket_path, const char *text)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    AUTO(close) int fd = -1;
    AUTO(free) char *message = NULL;
    char stamp[32] = "";
    time_t now = time(NULL);
    struct tm tm = { 0 };

    errno = ENAMETOOLONG;
    if (strlen(socket_path) >= sizeof to.sun_path)
        return false;
    memcpy(to.sun_path, socket_path, strlen(socket_path) + 1);
    (void)localtime_r(&now, &tm);
    (void)strftime(stamp, sizeof stamp, "%b %e %H:%M:%S", &tm);
    message = xprintf("<%d>%s evercert[%lld]: %s", PRIORITY, stamp, (long long)getpid(), text);
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0 &&
           send(fd, message, strlen(message), MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)strlen(message);
}
