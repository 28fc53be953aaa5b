/* Tests finding the owner of a port: this test itself, and none. */
#include "net/port_owner.h"

#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "base/test.h"
#include "net/listen.h"

static int port_of(int fd)
{
    struct sockaddr_in6 at; /* larger */
    socklen_t len = sizeof at;

    return getsockname(fd, (struct sockaddr *)&at, &len) == 0 ? ntohs(at.sin6_port) : -1; /* at one place in both */
}

TEST(port_owner_finds_ourselves)
{
    AUTO(free) char *mine = xprintf("(process %d)", (int)getpid());
    AUTO(free) char *owner = NULL;
    AUTO(free) char *nobody = NULL, *elsewhere = NULL, *everywhere = NULL;
    bool ours;
    int fds[MESSAGE_MAX_SOCKETS], port;
    struct error err = { 0 };
    size_t count;

    REQUIRE(listen_open(RESPONDER_HTTP, "127.0.0.1", 0, fds, &count, &err), "%s", err.why);
    port = port_of(fds[0]);
    owner = port_owner("127.0.0.1", port, &ours);
    CHECK(owner != NULL && strstr(owner, mine) != NULL, "%s", owner);
    CHECK(!ours, "a test is no run of the program");
    elsewhere = port_owner("127.0.0.2", port, &ours);
    CHECK(elsewhere == NULL, "127.0.0.2 is not in its way: %s", elsewhere);
    everywhere = port_owner(NULL, port, &ours);
    CHECK(everywhere != NULL && strstr(everywhere, mine) != NULL, "who wants all addresses meets it: %s", everywhere);
    (void)close(fds[0]);
    nobody = port_owner(NULL, port, &ours);
    CHECK(nobody == NULL, "a closed port belongs to %s", nobody);
}

/* The name of the process tells, as it does for whoever looks at a list of processes. */
TEST(another_run_of_ours)
{
    static const struct {
        const char *comm;
        bool ours;
    } cases[] = { { "evercert-net", true }, { "evercert", true }, { "certbot", true }, { "nginx", false },
        { "evercert-nets", false } };
    int fds[MESSAGE_MAX_SOCKETS], port;
    struct error err = { 0 };
    size_t count;

    REQUIRE(listen_open(RESPONDER_HTTP, "::1", 0, fds, &count, &err) ||
                listen_open(RESPONDER_HTTP, "127.0.0.1", 0, fds, &count, &err),
        "%s", err.why);
    port = port_of(fds[0]);
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(free) char *owner = NULL;
        bool ours;

        REQUIRE(prctl(PR_SET_NAME, cases[i].comm) == 0, "prctl");
        owner = port_owner("", port, &ours);
        CHECK(owner != NULL && strstr(owner, cases[i].comm) != NULL, "%s", owner);
        CHECK(ours == cases[i].ours, "%s", cases[i].comm);
    }
    (void)close(fds[0]);
}

TEST_MAIN()
