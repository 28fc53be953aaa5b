/* Listening sockets: Certbot's words for each failure, and both kinds of address. */
#include "net/listen.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/test.h"

static int port_of(int fd)
{
    struct sockaddr_in at;
    socklen_t len = sizeof at;

    return getsockname(fd, (struct sockaddr *)&at, &len) == 0 ? ntohs(at.sin_port) : -1;
}

TEST(listen_says_who_has_the_port)
{
    AUTO(free) char *mine = xprintf("(process %d)", (int)getpid());
    AUTO(free) char *words = NULL;
    int fds[MESSAGE_MAX_SOCKETS], more[MESSAGE_MAX_SOCKETS], port;
    struct error err = { 0 };
    size_t count = 0, none = 99;

    REQUIRE(listen_open(RESPONDER_HTTP, "127.0.0.1", 0, fds, &count, &err), "%s", err.why);
    port = port_of(fds[0]);
    CHECK(!listen_open(RESPONDER_HTTP, "127.0.0.1", port, more, &none, &err), "the port is taken");
    CHECK_INT(none, 99, "*count was touched");
    words =
        xprintf("Could not bind TCP port %d because it is already in use by another process on this system (such as a "
                "web server). Please stop the program in question and then try again.",
            port);
    CHECK_TEXT(err.why, words, "Certbot's words");
    CHECK_INT(err.kind, ERROR_PLUGIN, "kind");
    CHECK(strstr(err.next, mine) != NULL, "%s", err.next);
    (void)close(fds[0]);
}

TEST(listen_refuses_what_is_no_address)
{
    static const struct {
        const char *name, *address, *why;
    } cases[] = {
        { "a name", "localhost.localdomain", "not an IP address" },
        { "half an address", "127.0.0", "not an IP address" },
        { "another machine's", "203.0.113.1", "no address 203.0.113.1" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        int fds[MESSAGE_MAX_SOCKETS];
        struct error err = { 0 };
        size_t count = 0;

        CHECK(!listen_open(RESPONDER_HTTP, cases[i].address, 0, fds, &count, &err), "%s", cases[i].name);
        CHECK(strstr(err.why, cases[i].why) != NULL, "%s: %s", cases[i].name, err.why);
    }
}

TEST(listen_on_all_addresses_serves_ipv4)
{
    int fds[MESSAGE_MAX_SOCKETS], client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct sockaddr_in6 bound;
    socklen_t len = sizeof bound;
    struct error err = { 0 };
    size_t count = 0;

    REQUIRE(listen_open(RESPONDER_HTTP, "", 0, fds, &count, &err), "%s", err.why);
    REQUIRE(getsockname(fds[count - 1], (struct sockaddr *)&bound, &len) == 0, "bound");
    at.sin_port = bound.sin6_port; /* at the same place in both kinds of address */
    CHECK(connect(client, (struct sockaddr *)&at, sizeof at) == 0, "IPv4 reaches it");
    (void)close(client);
    for (size_t i = 0; i < count; i++)
        (void)close(fds[i]);
}

TEST(listen_on_localhost_is_for_this_machine_alone)
{
    int fds[MESSAGE_MAX_SOCKETS];
    struct error err = { 0 };
    size_t count = 0;

    REQUIRE(listen_open(RESPONDER_HTTP, "localhost", 0, fds, &count, &err), "%s", err.why);
    for (size_t i = 0; i < count; i++) {
        struct sockaddr_storage bound;
        socklen_t len = sizeof bound;

        CHECK(getsockname(fds[i], (struct sockaddr *)&bound, &len) == 0, "bound");
        CHECK(bound.ss_family == AF_INET6 ? IN6_IS_ADDR_LOOPBACK(&((struct sockaddr_in6 *)&bound)->sin6_addr)
                                          : ((struct sockaddr_in *)&bound)->sin_addr.s_addr == htonl(INADDR_LOOPBACK),
            "socket %zu", i);
        (void)close(fds[i]);
    }
}

TEST_MAIN()
