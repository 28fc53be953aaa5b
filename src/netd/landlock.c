/*
 * Landlock: which files the network process can still read. All other access to the file system is gone.
 *
 * The numbers are those of the kernel's interface, which newer kernels extend; written down here because the headers of
 * a build machine are often older than the kernel that the program meets.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "netd/sandbox.h"

#ifndef SYS_landlock_create_ruleset /* the same numbers on every architecture */
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

#define VERSION_FLAG 1U
#define RULE_PATH_BENEATH 1

#define FS_READ_FILE (1ULL << 2)
#define FS_READ_DIR (1ULL << 3)
#define FS_FIRST ((1ULL << 13) - 1) /* ABI 1: execute, write, read, list, remove and make of each kind */
#define FS_REFER (1ULL << 13)       /* ABI 2 */
#define FS_TRUNCATE (1ULL << 14)    /* ABI 3 */
#define FS_IOCTL_DEV (1ULL << 15)   /* ABI 5 */
#define NET_BIND_TCP (1ULL << 0)    /* ABI 4: our listening sockets are bound already */
#define SCOPE_ABSTRACT (1ULL << 0)  /* ABI 6: no abstract Unix sockets of others */
#define SCOPE_SIGNAL (1ULL << 1)    /* ABI 6: no signals to others */

struct ruleset {
    uint64_t fs, net, scope;
};

struct path_beneath {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

/* Public files that resolving names and checking certificates need; a missing one is fine. Links are followed once,
 * here: what they lead to is what can be read. */
static const char *const readable[] = {
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/host.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/run/systemd/resolve",
    "/run/NetworkManager",
    "/run/resolvconf", /* resolv.conf leads there, to changing files */
    "/etc/ssl/openssl.cnf",
    "/etc/pki/tls/openssl.cnf",
    "/etc/crypto-policies",
    "/etc/ssl/certs",
    "/etc/pki/tls/certs",
    "/etc/pki/ca-trust/extracted",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ca-certificates",
    "/var/lib/ca-certificates",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates", /* where the links of those directories lead */
    "/etc/ld.so.cache",
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64", /* modules of the resolver and of OpenSSL */
    "/dev/urandom",
};

/* False with errno: the rule could not be added. */
static bool allow(int ruleset, const char *path)
{
    AUTO(close) int fd = open(path, O_PATH | O_CLOEXEC);
    struct path_beneath rule = { .allowed = FS_READ_FILE, .parent = fd };
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0)
        return true;
    if (S_ISDIR(st.st_mode))
        rule.allowed |= FS_READ_DIR;
    return syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) == 0;
}

static int make_ruleset(long version)
{
    struct ruleset handled = { .fs = FS_FIRST };
    size_t size = sizeof handled.fs;

    if (version >= 2)
        handled.fs |= FS_REFER;
    if (version >= 3)
        handled.fs |= FS_TRUNCATE;
    if (version >= 5)
        handled.fs |= FS_IOCTL_DEV;
    if (version >= 4) {
        handled.net = NET_BIND_TCP;
        size += sizeof handled.net;
    }
    if (version >= 6) {
        handled.scope = SCOPE_ABSTRACT | SCOPE_SIGNAL;
        size += sizeof handled.scope;
    }
    return (int)syscall(SYS_landlock_create_ruleset, &handled, size, 0);
}

void landlock_enter(struct message_ready *out)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, VERSION_FLAG);
    AUTO(close) int ruleset = -1;

    if (version <= 0) { /* not in this kernel, or switched off (EOPNOTSUPP); other errors mean that it is forbidden */
        if (errno != ENOSYS && errno != EOPNOTSUPP)
            sandbox_lack(out, errno, "Landlock is not to be had");
        return;
    }
    ruleset = make_ruleset(version);
    for (size_t i = 0; ruleset >= 0 && i < COUNT(readable); i++)
        if (!allow(ruleset, readable[i])) {
            sandbox_lack(out, errno, "Landlock takes no rules");
            return;
        }
    if (ruleset < 0 || syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
        sandbox_lack(out, errno, "Landlock is not to be had");
    else
        out->landlock = (uint32_t)(version > MESSAGE_MAX_LANDLOCK ? MESSAGE_MAX_LANDLOCK : version);
}
