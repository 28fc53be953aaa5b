/*
 * Which program listens on a TCP port: /proc/net/tcp has the socket's inode, /proc/PID/fd who holds it.
 */
#include "net/port_owner.h"

#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define STATE_LISTEN 0x0A /* TCP_LISTEN in the state column */
#define MAX_NAME 64

/* Looks for a listener in one of the tables; 0 when there is none. */
static uint64_t find_inode(const char *table, int port)
{
    AUTO(fclose) FILE *file = fopen(table, "re");
    char line[512];

    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        unsigned local, state;
        uint64_t inode;

        /* sl local:port remote:port state tx:rx timer:when retransmits uid timeout inode */
        if (sscanf(line, " %*u: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*x:%*x %*x:%*x %*x %*u %*u %" SCNu64, &local,
                &state, &inode) == 3 &&
            (int)local == port && state == STATE_LISTEN && inode != 0)
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

static char *describe(const char *pid)
{
    AUTO(free) char *path = xprintf("/proc/%s/comm", pid);
    AUTO(fclose) FILE *file = fopen(path, "re");
    char comm[MAX_NAME] = "", name[MAX_NAME];

    if (file == NULL || fgets(comm, sizeof comm, file) == NULL)
        return xprintf("process %s", pid);
    comm[strcspn(comm, "\n")] = '\0';
    text_printable(name, sizeof name, view_of(comm), false);
    /* cppcheck-suppress resourceLeak ; AUTO closes it */
    return xprintf("%s (process %s)", name, pid);
}

char *port_owner(int port)
{
    uint64_t inode = find_inode("/proc/net/tcp", port);
    AUTO(free) char *wanted = NULL;
    char *owner = NULL;
    struct dirent *entry;
    DIR *proc;

    if (inode == 0)
        inode = find_inode("/proc/net/tcp6", port);
    if (inode == 0)
        return NULL;
    wanted = xprintf("socket:[%" PRIu64 "]", inode);
    proc = opendir("/proc");
    while (proc != NULL && owner == NULL && (entry = readdir(proc)) != NULL)
        if (isdigit((unsigned char)entry->d_name[0]) && holds(entry->d_name, wanted))
            owner = describe(entry->d_name);
    if (proc != NULL)
        (void)closedir(proc);
    return owner;
}
