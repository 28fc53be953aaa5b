/*
 * Finds the program that listens on a TCP port: /proc/net/tcp has the socket's inode, /proc/PID/fd the process that
 * holds it.
 */
#include "net/port_owner.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"

#define STATE_LISTEN 0x0A /* TCP_LISTEN in the state column */
#define MAX_NAME 64

/* An address as the tables have it: words of 32 bits in the machine's order, in hexadecimal. */
static void format_v4(const struct in_addr *address, char out[static 33])
{
    (void)snprintf(out, 33, "%08X", address->s_addr);
}

static void format_v6(const struct in6_addr *address, char out[static 33])
{
    uint32_t words[4];

    memcpy(words, address, sizeof words);
    (void)snprintf(out, 33, "%08X%08X%08X%08X", words[0], words[1], words[2], words[3]);
}

static bool is_everywhere(const char *hex)
{
    return hex[strspn(hex, "0")] == '\0';
}

/* Whether a listener at `hex` prevents listening at `address`. */
static bool is_in_the_way(const char *hex, const char *address)
{
    struct in_addr v4;
    struct in6_addr v6;
    char wanted[33] = "";

    if (address == NULL || address[0] == '\0' || is_everywhere(hex))
        return true;
    if (strcmp(address, "localhost") == 0)
        address = "127.0.0.1";
    if (inet_pton(AF_INET, address, &v4) == 1)
        format_v4(&v4, wanted);
    else if (inet_pton(AF_INET6, address, &v6) == 1)
        format_v6(&v6, wanted);
    return is_everywhere(wanted) || strcasecmp(hex, wanted) == 0 ||
           (strlen(hex) == 32 && strlen(wanted) == 8 && strcasecmp(hex + 24, wanted) == 0); /* IPv4 in an IPv6 socket */
}

/* Looks for a listener in one of the tables; 0 when there is none. */
static uint64_t find_inode(const char *table, const char *address, int port)
{
    AUTO(fclose) FILE *file = fopen(table, "re");
    char line[512];

    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        unsigned local, state;
        char hex[33];
        uint64_t inode;

        /* sl local:port remote:port state tx:rx timer:when retransmits uid timeout inode */
        if (sscanf(line, " %*u: %32[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*x:%*x %*x:%*x %*x %*u %*u %" SCNu64, hex,
                &local, &state, &inode) == 4 &&
            (int)local == port && state == STATE_LISTEN && inode != 0 && is_in_the_way(hex, address))
            return inode;
    }
    return 0;
}

static bool holds(const char *pid, const char *wanted)
{
    AUTO(free) char *path = xprintf("/proc/%s/fd", pid);
    DIR *dir = opendir(path);
    struct dirent *entry;
    bool found = false;

    while (dir != NULL && !found && (entry = readdir(dir)) != NULL) {
        char target[64];
        ssize_t len = readlinkat(dirfd(dir), entry->d_name, target, sizeof target - 1);

        if (len > 0) {
            target[len] = '\0';
            found = strcmp(target, wanted) == 0;
        }
    }
    if (dir != NULL)
        (void)closedir(dir);
    return found;
}

static char *describe(const char *pid, bool *ours)
{
    static const char *const own[] = { "evercert-net", "evercert", "certbot" };
    AUTO(free) char *path = xprintf("/proc/%s/comm", pid);
    AUTO(fclose) FILE *file = fopen(path, "re");
    char comm[MAX_NAME] = "", name[MAX_NAME];

    if (file == NULL || fgets(comm, sizeof comm, file) == NULL)
        return xprintf("process %s", pid);
    comm[strcspn(comm, "\n")] = '\0';
    text_printable(name, sizeof name, view_of(comm), false);
    for (size_t i = 0; i < COUNT(own); i++)
        *ours = *ours || strcmp(comm, own[i]) == 0;
    /* cppcheck-suppress resourceLeak ; AUTO closes it */
    return xprintf("%s (process %s)", name, pid);
}

char *port_owner(const char *address, int port, bool *ours)
{
    uint64_t inode = find_inode("/proc/net/tcp", address, port);
    AUTO(free) char *wanted = NULL;
    char *owner = NULL;
    struct dirent *entry;
    DIR *proc;

    *ours = false;
    if (inode == 0)
        inode = find_inode("/proc/net/tcp6", address, port);
    if (inode == 0)
        return NULL;
    wanted = xprintf("socket:[%" PRIu64 "]", inode);
    proc = opendir("/proc");
    while (proc != NULL && owner == NULL && (entry = readdir(proc)) != NULL)
        if (isdigit((unsigned char)entry->d_name[0]) && holds(entry->d_name, wanted))
            owner = describe(entry->d_name, ours);
    if (proc != NULL)
        (void)closedir(proc);
    return owner;
}
