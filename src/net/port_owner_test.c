/* Who has a port: this test itself, and nobody. */
#include "net/port_owner.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/test.h"
#include "net/listen.h"

static int port_of(int fd)
{
    struct sockaddr_in at;
    socklen_t len = sizeof at;

    return getsockname(fd, (struct sockaddr *)&at, &len) == 0 ? ntohs(at.sin_port) : -1;
}

TEST(port_owner_finds_ourselves)
{
    AUTO(free) char *mine = xprintf("(process %d)", (int)getpid());
    AUTO(free) char *owner = NULL;
    AUTO(free) char *nobody = NULL;
    int fds[MESSAGE_MAX_SOCKETS], port;
    struct error err = { 0 };
    size_t count;

    REQUIRE(listen_open("127.0.0.1", 0, fds, &count, &err), "%s", err.why);
    port = port_of(fds[0]);
    owner = port_owner(port);
    CHECK(owner != NULL && strstr(owner, mine) != NULL, "%s", owner);
    (void)close(fds[0]);
    nobody = port_owner(port);
    CHECK(nobody == NULL, "a closed port belongs to %s", nobody);
}

TEST_MAIN()
